"""What the figures ask: the page's sentences, the names of classes, and camera words with the pictures that show them."""
from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

Row = dict[str, Any]

# As in lib/query/prompts.ts: a query of so many words or fewer is a name, and is put into these sentences.
SHORT_QUERY_WORDS = 3
TEMPLATES = ("a photo of {}", "a picture showing {}", "{}")
UNCOUNTED = re.compile(r"\b(?:grass|snow|rain|water|sand|smoke|fire|fog|ice|food|traffic|furniture|night|daylight|people|"
                       r"children|men|women)$", re.I)


def with_article(name: str) -> str:
    """"red car" → "a red car"; plurals, substances and phrases stay as they are."""
    if " " in name and re.search(r"\b(?:in|on|at|of|with|and|by)\b", name, re.I):
        return name
    if UNCOUNTED.search(name) or (re.search(r"s$", name, re.I) and not re.search(r"(?:ss|us)$", name, re.I)):
        return name
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def prompts_for(query: str) -> list[str]:
    """The texts whose mean vector stands for a query without question words, as the page makes them."""
    caption = re.sub(r"[?!.]+$", "", " ".join(query.split())).strip()
    if len(caption.split(" ")) > SHORT_QUERY_WORDS:
        return [caption]
    name = caption if re.match(r"(?:an?|the|some|two|three)\s", caption, re.I) else with_article(caption)
    return [t.format(name) for t in TEMPLATES]


# Sources whose captions are made from the class alone, so that a word of any picture's captions holds for all of its class.
# A caption counts for the class when this share of its pictures have it: annotated objects are rarer than that.
BY_CLASS = {"tinyimagenet", "imagenette", "pacs-photo", "vehicle-types", "car-color", "weather", "flowers", "daynight",
            "jnbli-package", "miniplaces"}
CLASS_SHARE = 0.04
# Scenes: what is there besides the scene itself is not said.
SCENES = {"miniplaces", "camvid"}


def class_names(meta: list[Row]) -> dict[tuple[str, str], str]:
    """A name for each (source, label): its commonest caption that is not "a photo …", such as "an abbey" or "night"."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in meta:
        if row["label"]:
            counts[row["source"], row["label"]].update(c for c in row["captions"] if not c.startswith("a photo "))
    return {key: c.most_common(1)[0][0] for key, c in counts.items()}


def shown_texts(meta: list[Row], rows: np.ndarray) -> list[str]:
    """For each of `rows` all that is said about it, lower case, a caption a line; for sources of BY_CLASS also of its class."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    sizes: Counter[tuple[str, str]] = Counter()
    for row in meta:
        if row["source"] in BY_CLASS:
            key = row["source"], row["label"]
            sizes[key] += 1
            counts[key].update(set(row["captions"]))
    common = {k: [c for c, n in v.items() if n >= CLASS_SHARE * sizes[k]] for k, v in counts.items()}
    return ["\n".join([*meta[i]["captions"], *common.get((meta[i]["source"], meta[i]["label"]), [])]).lower() for i in rows]


@dataclass(frozen=True)
class Word:
    """Which pictures show a camera word, as patterns over shown_texts, tried in this order.

    shown: it is there.  denied: it is not.  unsure: it may be there unsaid, the picture is left out.  What matches none
    is taken not to show it if its captions could have said so: `by` "labels" any picture, "objects" all but SCENES; the
    rest is left out. With "captions" only pictures with human captions are asked at all, and those of `also`.
    """

    shown: str
    by: str
    unsure: str = "(?!)"
    denied: str = "(?!)"
    also: tuple[str, ...] = ()


WORDS = {
    "person": Word(
        r"\b(m[ae]n|wom[ae]n|people|persons?|boys?|girls?|child|children|kids?|bab(y|ies)|toddlers?|infants?|guys?|lad(y|ies)|"
        r"gentlem[ae]n|adults?|teen\w*|youths?|males?|females?|couples?|crowds?|famil(y|ies)|friends|someone|players?|"
        r"pedestrians?|\w*cyclists?|bikers?|riders?|skiers?|\w*boarders?|surfers?|climbers?|hikers?|swimmers?|divers?|dancers?|"
        r"soldiers?|police\w*|workers?|runners?|athletes?|wrestlers?|racers?|jockeys?|cowboys?|musicians?|performers?|"
        r"tourists?|fans|brides?|students?|teams?|fisherm[ae]n|drivers?|skaters?|spectators?|kayakers?|rollerbladers?)\b",
        "captions", r"\b(race|racing|cars?|\w*bikes?|motorcycles?|boats?|kayaks?|canoes?|horses?|tents?|parade|parachut\w*|"
        r"hands?|face|owner|leash|scooter|group|wearing|holding)\b",
        "street seen from a driving car", ("camvid",)),  # CamVid's captions name people from labelled pixels
    "car": Word(r"(?<!driving )(?<!train )(?<!cable )\bcars?\b(?! park)|limousine|station wagon|sports? car|convertible|\btaxis?\b",
                "objects", r"\b(vans?|vehicles?|traffic|trucks?|street|roads?|parking|car|racing|race|rickshaw|driv\w*|ambulance|"
                r"bus|parked|highway|parking meter)\b"),
    "red car": Word(r"\bred (\w+ )?cars?\b", "objects", r"\bcars?\b|limousine|convertible|wagon|\bvans?\b|traffic|parked|parking|rac(e|ing)\b",
                    r"\b(black|blue|brown|green|pink|silver|white|yellow) car\b"),
    "truck": Word(r"\b(trucks?|lorr(y|ies)|pickups?)\b", "labels",
                  r"\bvans?\b|ambulance|construction|fire station|highway|parking|parked|petrol station|traffic|driving car|runway|driveway"),
    "bus": Word(r"(?<!inside of a )\bbus(es)?\b(?! (interior|stop|station|shelter))", "labels",
                r"\bbus\b|\bvans?\b|highway|parking|traffic|driving car|runway|airport|city street"),
    "bicycle": Word(r"\b(bicycl\w*|cyclists?|cycling|bmx|mountain bik\w*)\b", "labels",
                    r"\b(bik\w+|biker?s?|pedal\w*|unicycl\w*|tricycl\w*|rickshaw|parking|parked|street market)\b|driving car"),
    "motorcycle": Word(r"\b(motor ?cycl\w*|motor ?bik\w*|dirt ?bik\w*|motocross|mopeds?)\b", "labels",
                       r"\b(bik(e|es|er|ers|ing)|atv|quad|parking|parked|rickshaw|street market)\b|driving car"),
    "dog": Word(r"(?<!hot )\bdogs?\b|\bpupp(y|ies)\b|\b(poodle|retriever|terrier|chihuahua|collie|greyhounds?|dachshund|bulldog|beagle)\b",
                "labels", r"\b(animals|pets?)\b"),
    "cat": Word(r"\b(cats?|kittens?|kitty)\b", "labels", r"\b(animals|pets?)\b"),
    "bird": Word(r"\b(birds?|(sea)?gulls?|pigeons?|ducks?|ge?ese|goose|swans?|parrots?|eagles?|hawks?|owls?|penguins?|chickens?|roosters?|"
                 r"flamingos?|pelicans?|herons?|egrets?|storks?|albatross|peacocks?|ostrich|crows?)\b", "labels",
                 r"\b(animals|feathers?|coast|harbor|swamp|birdhouse)\b"),
    "package": Word(r"\b(packages?|parcels?|cardboard (box|package)(es)?|delivery box(es)?)\b", "labels",
                    r"\b(box(es)?|crates?|cartons?|cardboard|mail\w*|supermarket|assembly line)\b"),
    "umbrella": Word(r"\b(umbrellas?|parasols?)\b", "labels",
                     r"\brain(?!forest)|market|swimming pool|coast\b|\bbeach|restaurant|coffee shop|campsite|golf course|amusement park"),
    "snow": Word(r"\bsnow(?!y mountain peak)(y|s|ing|ed|balls?|storm|drifts?|banks?|m[ae]n|mobiles?|shoes?|suits?|[- ]?covered)?\b", "objects",
                 r"snow|\bski|\bsled|\bice\b|iceberg|glacier|mountain|volcano|winter|\bcold\b"),
    "rain": Word(r"\b(rain|rains|raining|rainy|rainstorm|downpour)\b(?! ?(coat|gear|boots?|jacket|forest))", "objects",
                 r"umbrella|\bwet\b|puddle|storm|\brain|cloudy|overcast|\bmist|\bfog|soak|\bnight\b"),
    "night": Word(r"\bnight(?! ?(tables?|stand|gown|club))s?\b|night.?time|after dark", "objects",
                  r"\bdark(?! (glasses|hair|blue|green|brown|skin|red|gr[ae]y|colou?red|clothing|coat|jacket|shirt|suit|dog))|"
                  r"\b(evening|dusk|sunset|sunrise|dawn|silhouett\w*|concert|stage|fireworks?|campfire|candle|torch|neon|lights|lit)\b"),
    "empty street": Word(r"\b(empty|deserted) (city )?(street|road)\b", "captions", r"street|road|sidewalk|alley|path|highway"),
    "kitchen": Word(r"\bkitchen\b(?! utensils)", "labels",
                    r"\b(cook\w*|chef|stove|oven|sink|refrigerator|fridge|wok|frying pan|bak(es|ing)|counter|kitchen)\b"),
    "beach": Word(r"\bbeach(es)?\b(?! ?(ball|towel|chair))", "labels",
                  r"\b(beach|coast|\w*shore|sand|sandy|sea|ocean|surf\w*|waves?|bikini|lakeside|lighthouse)\b", r"\bdesert\b"),
    "grass": Word(r"\b(grass\w*|lawns?)\b", "captions",
                  r"\b(fields?|parks?|\w*yards?|meadows?|gardens?|hills?|hillside|soccer|football|baseball|golf|rugby|lacrosse|cricket|"
                  r"pasture|farm|countryside|weeds|plants?|green|frisbee|tents?|camp\w*|woods|forests?|trees?|bush\w*|paths?|trails?|hay|"
                  r"leaves|outdoors?|outside|ground|horses?|hurdles?|playground|flowers?)\b"),
    "water": Word(r"\bwater(?! ?(bottle|guns?|melon|slide|tower|fountain))\b|\b(rivers?|lakes?|oceans?|seas?|ponds?|creeks?|streams?|"
                  r"waterfalls?|surf(s|ing|er|ers)?|wakeboard\w*|kayak\w*|canoe\w*|rafting)\b|(?<!empty )\bpools?\b(?! table)|\bwaves\b(?! (at|his|her))",
                  "captions", r"\b(water|swim\w*|wet|splash\w*|beach\w*|\w*shore|boats?|bath\w*|fountain|hose|sprinklers?|docks?|piers?|sail\w*|"
                  r"fish\w*|waves?|bridge|puddles?|mud\w*|pool|rain\w*|div(e|es|ing|er)|coast|harbor|sand|surf\w*)\b"),
}
FEWEST = 5  # positives, for an average precision


def judge(word: Word, texts: list[str], sources: list[str]) -> np.ndarray:
    """1 shows it, 0 does not, -1 left out: int8 [pictures], of shown_texts and their sources."""
    shown, denied, unsure = (re.compile(p) for p in (word.shown, word.denied, word.unsure))
    out = np.full(len(texts), -1, np.int8)
    for k, (text, source) in enumerate(zip(texts, sources)):
        if word.by == "captions" and source != "flickr8k" and source not in word.also:
            continue
        if shown.search(text):
            out[k] = 1
        elif denied.search(text) or not (unsure.search(text) or (word.by == "objects" and source in SCENES)):
            out[k] = 0
    return out
