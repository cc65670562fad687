"""Write the model card, README.md in the model's folder, from what the measuring commands left in the work folder.

    python3 card.py [--name CHECKPOINT]

Run after: evaluate.py, evaluate.py --onnx, --compare, --robust and --sides, calibrate.py, and
`evaluate-onnx.mjs time MODEL_DIR WORK/time.json`. WORK/ablation.json makes a table where it is there: a list of
{"name", "what", "figures": {name: fraction}}. No figure stands in this file.
"""
from __future__ import annotations

import argparse
import json
from typing import Any

import torch
from torch import nn

from common import DATA, MODEL_DIR, WORK
from data import load_meta, rows
from evaluate import PLAIN

ORIGIN = {
    "flickr8k": "Flickr8k, five human captions each", "miniplaces": "MiniPlaces, 100 scenes",
    "tinyimagenet": "Tiny ImageNet, 199 classes, 64 px", "imagenet-sample": "one ImageNet picture a class",
    "imagenette": "Imagenette, 10 classes", "pacs-photo": "PACS, photo domain", "weather": "Multi-class Weather Dataset",
    "flowers": "TensorFlow flower photos", "tuxpaint": "Tux Paint stamps (cut-outs)", "daynight": "day and night webcams (AMOS)",
    "camvid": "CamVid, a driving car's view", "jnbli-package": "parcels", "car-color": "cars in 9 colours, web-crawled",
    "vehicle-types": "10 kinds of vehicle, web-crawled",
}
LICENCE = {
    "L-flickr8k": "users' copyright; distributed for non-commercial research and education only",
    "L-places2": "no image licence; known to be offered for non-commercial research and education",
    "L-imagenet": "ImageNet terms: non-commercial research and education; owners keep copyright",
    "L-pacs": "no licence stated; research benchmark", "L-none-web": "no licence stated anywhere: treat as unlicensed",
    "L-weather": "believed CC BY 4.0; the repository used states none", "L-tfflowers": "CC BY 2.0 a picture; the attribution list was not in the repository used",
    "L-tuxpaint": "GPL-2 or later", "L-camvid": "CC BY-NC 4.0 text for the software, \"personal and research use only\"; none for CamVid itself",
    "L-udacity": "repository MIT; the webcams' own terms are not stated", "L-none": "no licence stated",
}


# Shown in the table of robustness and in the one of input sides.
HEADLINE = ("R@1", "R@5", "R@10", "top-1", "top-5", "mean AP")


def pct(x: float) -> str:
    return f"{100 * x:.1f}"


def markdown(head: list[str], body: list[list[str]]) -> str:
    """A table."""
    return "\n".join("| " + " | ".join(r) + " |" for r in (head, ["---"] * len(head), *body))


def data_table(meta: list[dict[str, Any]], licences: dict[str, str]) -> str:
    """Sources, how many pictures of each were trained on and kept out, and terms."""
    lines = ["| source | trained on | kept out | terms |", "|---|---|---|---|"]
    for source in sorted({r["source"] for r in meta}, key=lambda s: -sum(r["source"] == s for r in meta)):
        mine = [r for r in meta if r["source"] == source]
        train = sum(r["split"] == "train" for r in mine)
        licence = licences[source]
        lines.append(f"| {ORIGIN.get(source, source)} | {train:,} | {len(mine) - train:,} | {LICENCE.get(licence, licence)} |")
    return "\n".join(lines)


def work(name: str) -> tuple[float, float]:
    """Millions of parameters, and millions of multiplications and additions a picture, of a checkpoint's vision tower."""
    from export import load

    vision, _, _ = load(name)
    macs = 0

    def count(layer: nn.Module, _: Any, out: torch.Tensor) -> None:
        nonlocal macs
        macs += out[0].numel() * layer.weight[0].numel()

    for layer in vision.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(count)
    with torch.no_grad():
        vision(torch.zeros(1, 3, vision.config.side, vision.config.side))
    return sum(p.numel() for p in vision.parameters()) / 1e6, macs / 1e6


def zero_table(shipped: dict[str, Any], checkpoint: dict[str, Any]) -> str:
    """Zero-shot by source and over all classes."""
    body = [[ORIGIN.get(s, s), str(r["classes"]), f"{r['pictures']:,}", pct(r["top1"]),
             pct(r["top5"]) if r["classes"] > 5 else "–", pct(checkpoint["zero_shot"][s]["top1"])] for s, r in shipped["zero_shot"].items()]
    o = shipped["zero_shot_overall"]
    body.append(["**over the held-out classes**", str(o["classes"]), f"{o['pictures']:,}", f"**{pct(o['top1'])}**",
                 f"**{pct(o['top5'])}**", pct(checkpoint["zero_shot_overall"]["top1"])])
    return markdown(["source", "classes", "pictures", "top-1", "top-5", "top-1 checkpoint"], body)


def word_table(shipped: dict[str, Any]) -> str:
    """Average precision by word, best first."""
    asked = sorted(((w, r) for w, r in shipped["words"].items() if "ap" in r), key=lambda kv: -kv[1]["ap"])
    return markdown(["word", "average precision", "show it", "of", "chance"],
                    [[w, pct(r["ap"]), str(r["positives"]), f"{r['pictures']:,}", pct(r["positives"] / r["pictures"])] for w, r in asked])


def drops(table: dict[str, dict[str, float]], base: str, first: str, note: dict[str, str]) -> str:
    """Headline figures by row, with points lost against row `base`."""
    def cell(name: str, key: str) -> str:
        value = table[name][key]
        return pct(value) if name == base else f"{pct(value)} ({100 * (value - table[base][key]):+.1f})"

    keys = [k for k in HEADLINE if k in table[base]]
    title = lambda name: f"{name}: {note[name]}" if name in note else name
    return markdown([first, *keys], [[title(name), *(cell(name, k) for k in keys)] for name in table])


def calibration_table(report: dict[str, Any]) -> str:
    """What the levels reach on imitated clips, by kind of query."""
    body = [[group, *(pct(c[level][k]) for level in report["levels"] for k in ("recall", "false"))] for group, c in report["clips"].items()]
    return markdown(["queries", *(f"{level}: {k}" for level in report["levels"] for k in ("found", "false"))], body)


def reliability_table(report: dict[str, Any]) -> str:
    """Said and true likelihood by bin."""
    bins = report["bins"]
    return markdown(["likelihood", *(f"{100 * b['from']:.0f}+" for b in bins)],
                    [[title, *(pct(b[key]) for b in bins)] for title, key in (("share of pairs", "share"), ("said", "said"), ("true", "true"))])


STAGES = {"scratch": "Vision tower from random weights, text tower held fixed", "later": "Going on from the first vision run",
          "text": "Text tower, measured with the frozen teacher as picture tower: the ceiling of the distillation"}


def ablation() -> str:
    """A section of WORK/ablation.json, or nothing."""
    path = WORK / "ablation.json"
    if not path.exists():
        return ""
    keys = ("R@10", "top-1", "mean AP")
    parts = []
    for stage, title in STAGES.items():
        found = [r for r in json.loads(path.read_text()) if r["stage"] == stage]
        if not found:
            continue
        base = found[0]["figures"]
        body = [[r["what"], *(pct(r["figures"][k]) + (f" ({100 * (r['figures'][k] - base[k]):+.1f})" if r is not found[0] else "")
                              for k in keys)] for r in found]
        if "last" in found[0]:
            body.append(["the recipe, last weights instead of averaged ones",
                         *(f"{pct(found[0]['last'][k])} ({100 * (found[0]['last'][k] - base[k]):+.1f})" for k in keys)])
        parts.append(f"{title}:\n\n{markdown(['', *keys], body)}\n")
    return ("\n## What each idea gives\n\n`python3 training/ablate.py`: short runs that differ in one thing, per cent, and points against the recipe in\n"
            "the first row. They are a small fraction of a full run, one seed each: differences below about one point are noise.\n\n"
            + "\n".join(parts))


def failures(f: dict[str, Any]) -> tuple[str, str, str]:
    """The worst queries, confusions and words, as lists."""
    retrieval = "\n".join(f"* “{r['query']}” finds “{r['found']}” (the right picture comes at {r['rank']})" for r in f["retrieval"])
    zero = "\n".join(f"* {r['is']} is taken for {r['taken_for']} ({r['times']} of {r['of']})" for r in f["zero_shot"] if r["times"] > 1)
    words = "\n".join(f"* “{r['word']}”: before the better half of its pictures ({r['right']}) come {r['wrong']} others, most often "
                      f"{'; '.join(r['instead'])}" for r in sorted(f["words"], key=lambda r: -r["wrong"]) if r["wrong"] > r["right"])
    return retrieval, zero, words


def seen_by(name: str) -> str:
    """A sentence for each vision run that led to a checkpoint."""
    out, run = [], name.removesuffix("_final")
    while run:
        state = torch.load(WORK / f"{run}.pt", map_location="cpu")
        out.append(f"{state['seen']:,} augmented pictures in {state['used'] / 60:.0f} minutes")
        run = state.get("start", "")
    return f"It saw {', then '.join(reversed(out))}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="vision_final", help="name of the checkpoint")
    args = parser.parse_args()
    config = json.loads((MODEL_DIR / "config.json").read_text())
    model = config["framesift"]["name"]
    read = lambda name: json.loads((WORK / f"{name}.json").read_text())
    checkpoint, shipped, close, speed = read(f"figures_{args.name}"), read(f"figures_{model}"), read(f"compare_{model}"), read("time")
    robust, sides, report = read(f"robust_{args.name}"), read(f"sides_{args.name}"), read(f"calibration_{model}")
    calibration = json.loads((MODEL_DIR / "calibration.json").read_text())
    state = torch.load(WORK / f"{args.name}.pt", map_location="cpu")
    meta = load_meta()
    licences = {r["source"]: r["license"] for r in rows(DATA)}
    sizes = {p.name: p.stat().st_size for p in MODEL_DIR.rglob("*") if p.is_file()}
    side = config["vision_config"]["image_size"]
    parameters, macs = work(args.name)
    both = lambda key, title: [title, *(pct(f[key][k]) for f in (shipped, checkpoint) for k in ("R@1", "R@5", "R@10"))]
    few = [f"“{w}” ({r['positives']})" for w, r in shipped["words"].items() if "ap" not in r]
    ms = lambda r: f"{r['median']:.1f} ms ({r['low']:.1f} to {r['high']:.1f})"
    bad_queries, bad_classes, bad_words = failures(shipped["failures"])
    weak = sorted(((w, r["ap"]) for w, r in shipped["words"].items() if "ap" in r), key=lambda kv: kv[1])[:6]
    asked = report["queries"]
    download = sum(v for k, v in sizes.items() if k not in ("README.md", "golden.json"))
    text = TEMPLATE.format(
        model=model, trained=f"{sum(r['split'] == 'train' for r in meta):,}", download=f"{download / 1e6:.1f}",
        vision=f"{sizes['vision_model.onnx'] / 1e6:.2f}", text=f"{sizes['text_model.onnx'] / 1e6:.2f}", side=side,
        revision=config["framesift"]["revision"], version=config["framesift"]["version"], seen=seen_by(args.name),
        parameters=f"{parameters:.1f}", macs=f"{macs:.0f}",
        layers=config["text_config"]["num_hidden_layers"], width=config["text_config"]["hidden_size"], data=data_table(meta, licences),
        retrieval=markdown(["", "R@1", "R@5", "R@10", "R@1 checkpoint", "R@5", "R@10"],
                           [both("retrieval", "text → image"), both("image_to_text", "image → text")]),
        zero=zero_table(shipped, checkpoint), five=shipped["zero_shot_overall"]["top5_classes"], words=word_table(shipped),
        mean_ap=pct(shipped["mean_ap"]),
        mean_ap_torch=pct(checkpoint["mean_ap"]), few=f" Too few pictures show {' and '.join(few)} to say." if few else "",
        robust=drops(robust["rows"], PLAIN, "pictures", robust["strength"]), seed=robust["seed"],
        sides=drops(sides, str(side) if str(side) in sides else next(iter(sides)), "side", {}),
        image_cos=f"{close['image_mean']:.4f}", image_low=f"{close['image_lowest']:.4f}", text_cos=f"{close['text_mean']:.4f}",
        text_low=f"{close['text_lowest']:.4f}",
        points=f"{close['most_points']:.2f}", points_any=f"{close['most_points_any']:.2f}", most_any=close["most_any"],
        frame=ms(speed["frame"]), query=ms(speed["query"]), open_vision=ms(speed["openVision"]), open_text=ms(speed["openText"]),
        runs=speed["runs"], calls=speed["calls"], threads=speed["threads"], first=f"{speed['openVision']['first'] + speed['openText']['first']:.0f}",
        prior=f"{100 * calibration['prior']:.0f}", short=f"{asked['word'] + asked['name']:,}",
        captions=f"{asked['caption']:,}", scenes=report["scenes"], calibration=calibration_table(report),
        reliability=reliability_table(report), ece=pct(calibration["ece"]), slope=f"{calibration['text']['slope']:.2f}", intercept=f"{calibration['text']['intercept']:.2f}",
        levels=f"{100 * calibration['unlikely']:.0f} %, {100 * calibration['possible']:.0f} % and {100 * calibration['strong']:.0f} %",
        ablation=ablation(), bad_queries=bad_queries, bad_classes=bad_classes, bad_words=bad_words,
        weak=", ".join(f"{w} ({pct(v)})" for w, v in weak),
        vocab=f"{config['text_config']['vocab_size']:,}", context=config["text_config"]["max_position_embeddings"])
    (MODEL_DIR / "README.md").write_text(text)


TEMPLATE = """# {model}

A small CLIP-like dual encoder that comes with Framesift: pictures and short English texts to 512-d vectors whose cosine
says how well they fit. Trained from random weights on {trained} pictures. It downloads {download} MB and runs in
onnxruntime-web (WASM or WebGPU).

**Where OpenAI's CLIP can be had, it is by far the better choice.** This model is there so that the page works on its own,
offline and at once. It knows everyday scenes and objects roughly; it does not read text, count, or tell who does what to whom.

| | |
|---|---|
| version, revision | {version}, `{revision}` (sha256 of the two ONNX files, shortened) |
| picture | {side}×{side} RGB, the whole frame squashed (no crop), mean and std 0.5 |
| text | byte-level BPE of CLIP's form, {vocab} entries, at most {context} tokens, lower case |
| `onnx/vision_model.onnx` | {vision} MB: `pixel_values` float32 [n, 3, {side}, {side}] → `image_embeds` float32 [n, 512], not normalised |
| `onnx/text_model.onnx` | {text} MB: `input_ids` int64 [n, t] → `text_embeds` float32 [n, 512], not normalised |
| `calibration.json` | from a query's scores to how likely a frame shows it |
| `golden.json` | a self-test: a picture by formula and a phrase with their vectors |

## Data

The pictures are **not** included here or anywhere in the project. Most of them come under research or non-commercial terms,
and some have no stated licence. Whoever uses these weights commercially has to judge this for themselves.

{data}

Besides pictures: text vectors of OpenAI CLIP ViT-B/32 for 2,148 object names (from facebookresearch/Detic, Apache-2.0; CLIP: MIT)
and, as a teacher, MobileNetV2 1.0/224 (from google-coral/test_data, Apache-2.0). The teacher's weights are not part of this model.

## Method

The text tower ({layers} layers, width {width}) is trained contrastively on frozen teacher features, with names pulled towards CLIP's own
text vectors (less their mean), and with the names of the teacher's classes. The vision tower (a ResNet of {parameters} M parameters, {macs} MMAC
a frame) starts from random weights and is taught by the image vectors that stage gives, the teacher's soft labels and the
captions; at the end both towers learn together. {seen} Two CPU cores (Zen 4, no GPU) did this beside other
work. Everything is in `training/`; one command, `training/run.sh`, repeats it. Weights are stored as int8 with one scale for each output channel and computed in float32.

## Figures

All on pictures kept out of training, per cent. "Shipped" is the ONNX files here under onnxruntime-web's WASM provider
(`python3 training/evaluate.py --onnx`), "checkpoint" the torch weights before int8 (`python3 training/evaluate.py`).
A query is put into the page's three sentences, whose unit vectors are averaged.

Retrieval, Flickr8k's 1,000 dev pictures with five captions each (chance is 0.1 / 0.5 / 1.0):

{retrieval}

Zero-shot by class name on the held-out tenth of each labelled source. These are the sources the model was trained on, so the
figures say how it does on more of the same, not on new kinds of pictures (webcam frames kept out even come from the cameras
trained on). Over the held-out classes every class counts the same and each picture is judged among the classes of its own
source; top-5 there is of the {five} classes of sources with more than five:

{zero}

Average precision of camera words over the dev and held-out pictures; `training/queries.py` says by which captions and labels a
picture shows a word, denies it, or is left out. Chance is what a random order would get. Mean **{mean_ap}** (checkpoint {mean_ap_torch}).{few}

{words}

Shipped against checkpoint (`python3 training/evaluate.py --compare`): mean cosine {image_cos} for pictures (lowest {image_low}),
{text_cos} for texts (lowest {text_low}); retrieval, zero-shot over the held-out classes and mean average precision differ by at most
{points} points, any figure by at most {points_any} ({most_any}).

### Under bad conditions

`python3 training/evaluate.py --robust`, checkpoint, seed {seed}. R@k is text → image, top-k zero-shot over the held-out classes; in
brackets, points against the pictures as they are:

{robust}

Input side in pixels (`python3 training/evaluate.py --sides`; pictures are kept at 128 px, so a larger side adds no detail, and the
shipped file takes {side}):

{sides}

### Time

`node training/evaluate-onnx.mjs time` on onnxruntime-web (WASM, {threads} threads), median of {runs} runs of {calls} calls with lowest and
highest run: {frame} a frame at batch 8, {query} a query. Opening the towers takes {open_vision} and {open_text}, the first time
{first} ms with the runtime's own start.

### How likely a match is

`python3 training/calibrate.py` fits how likely a picture is to show what a query asks for: a logistic of {slope} · cosine + ({intercept}), if
{prior} % of the pictures asked about do, from {short} short queries (camera words and names of classes) and {captions} captions.
Everything here is of queries and pictures that were not in the fit. Expected calibration error **{ece}**; pairs of a query and a
picture by what was said and what was true:

{reliability}

It holds for pictures like those of the training sources. Frames of other cameras have lower cosines: of frames said to be 0–10 % likely
more show the thing, so the page gives words and no percentages.

The levels "unlikely", "possible" and "strong" are {levels}. Judged on imitated clips of {scenes} scenes, in per cent: "found" is the share of
pictures showing it that reach the level, "false" the share of clips without it where some scene does.

{calibration}

{ablation}
## What it is bad at

* Anything its pictures do not show. Lowest average precision above: {weak}.
* Small things in a frame: it sees {side}×{side} pixels. A parcel at the far end of a drive is a few pixels.
* Numbers, written words, left and right, actions, who does what, negation ("no car" finds cars).
* Colours other than of cars; faces and identities (not trained for, and not to be used for).
* What few training pictures show: parcels, umbrellas, rain, night, doors, empty streets.
* Languages other than English. Words that no caption has fall apart into unfamiliar pieces.
* Likelihoods were fitted on photographs like those it was trained on; on a real camera's frames they are rougher.
* It has the biases of web pictures and their captions.

Failures in words: the pictures cannot be shown here, but their captions can. The most confidently wrong dev queries:

{bad_queries}

Words that other pictures come first for:

{bad_words}

Classes of the labelled sources most often taken for one other:

{bad_classes}

Licence of the weights: that of the project, as far as the project can give one; see the terms of the data above.
"""

if __name__ == "__main__":
    main()
