"""Put measured tables into the model card, README.md in the model's folder, between its markers.

    python3 card.py [--name CHECKPOINT] [--beside LABEL=FIGURES.json]

What people wrote about the model (method, what each idea gave, terms of further pictures) stands in the card itself and is
left alone; `<!-- NAME -->` to `<!-- /NAME -->` is replaced. Run after evaluate.py --name CHECKPOINT and calibrate.py, whose
reports lie in the work folder. --beside adds a column of another model's figures, as evaluate.py writes them. No figure
stands in this file.
"""
from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any, Callable

from common import DATA, MODEL_DIR, WORK
from data import load_meta, rows

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

Figures = dict[str, Any]


def pct(x: float) -> str:
    return f"{100 * x:.1f}"


def markdown(head: list[str], body: list[list[str]]) -> str:
    """A table."""
    return "\n".join("| " + " | ".join(r) + " |" for r in (head, ["---"] * len(head), *body))


def data_table() -> str:
    """Sources of captions.jsonl.gz, how many pictures of each were trained on and kept out, and terms."""
    meta, licences = load_meta(), {r["source"]: r["license"] for r in rows(DATA)}
    body = []
    for source in sorted(licences, key=lambda s: -sum(r["source"] == s for r in meta)):
        mine = [r for r in meta if r["source"] == source]
        train = sum(r["split"] == "train" for r in mine)
        body.append([ORIGIN.get(source, source), f"{train:,}", f"{len(mine) - train:,}", LICENCE.get(licences[source], licences[source])])
    return markdown(["source", "trained on", "kept out", "terms"], body)


def main_table(models: dict[str, Figures]) -> str:
    """Retrieval, zero-shot over all classes and words, a column a model."""
    def row(title: str, of: Callable[[Figures], list[float]]) -> list[str]:
        return [title, *(" / ".join(pct(x) for x in of(f)) for f in models.values())]

    first = next(iter(models.values()))
    ranks = ("R@1", "R@5", "R@10")
    return markdown(["", *models], [
        row("text → image, Flickr8k dev, R@1 / 5 / 10", lambda f: [f["retrieval"][k] for k in ranks]),
        row("image → text, R@1 / 5 / 10", lambda f: [f["image_to_text"][k] for k in ranks]),
        row(f"zero-shot over {first['zero_shot_overall']['classes']} held-out classes, top-1 / 5",
            lambda f: [f["zero_shot_overall"][k] for k in ("top1", "top5")]),
        row("camera words, mean AP", lambda f: [f["mean_ap"]])])


def zero_table(models: dict[str, Figures]) -> str:
    """Zero-shot top-1 by source."""
    first = next(iter(models.values()))
    return markdown(["source", "classes", "pictures", *models],
                    [[ORIGIN.get(s, s), str(r["classes"]), f"{r['pictures']:,}", *(pct(f["zero_shot"][s]["top1"]) for f in models.values())]
                     for s, r in first["zero_shot"].items()])


def word_table(models: dict[str, Figures]) -> str:
    """Average precision by word, best first."""
    first = next(iter(models.values()))
    asked = sorted(((w, r) for w, r in first["words"].items() if "ap" in r), key=lambda kv: -kv[1]["ap"])
    return markdown(["word", *models, "show it", "of"],
                    [[w, *(pct(f["words"][w]["ap"]) for f in models.values()), str(r["positives"]), f"{r['pictures']:,}"] for w, r in asked])


def level_table(report: Figures) -> str:
    """What the levels reach on imitated clips, by kind of query."""
    whole = lambda x: f"{100 * x:.0f}"
    return markdown(["queries", *(f"{level}: {k}" for level in report["levels"] for k in ("found", "false"))],
                    [[group, *(whole(c[level][k]) for level in report["levels"] for k in ("recall", "false"))] for group, c in report["clips"].items()])


def replaced(card: str, name: str, text: str) -> str:
    """The card with `text` between the markers of `name`."""
    pattern = re.compile(rf"<!-- {name} -->.*?<!-- /{name} -->", re.S)
    if not pattern.search(card):
        raise SystemExit(f"{MODEL_DIR / 'README.md'} has no <!-- {name} --> … <!-- /{name} -->.")
    return pattern.sub(lambda _: f"<!-- {name} -->\n\n{text}\n\n<!-- /{name} -->", card)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="v3_final", help="name of the checkpoint")
    parser.add_argument("--beside", action="append", default=[], metavar="LABEL=FILE", help="another model's figures")
    args = parser.parse_args()
    read = lambda path: json.loads(Path(path).read_text())
    config = read(MODEL_DIR / "config.json")["framesift"]
    report = read(WORK / f"calibration_{config['name']}.json")
    models = {config["name"]: read(WORK / f"figures_{args.name}.json")}
    models |= {label: read(path) for label, _, path in (b.partition("=") for b in args.beside)}
    sizes = {p.name: p.stat().st_size for p in MODEL_DIR.rglob("*") if p.is_file() and p.name not in ("README.md", "golden.json")}
    calibration = read(MODEL_DIR / "calibration.json")
    text = calibration["text"]
    parts = {
        "version": f"Version {config['version']}, revision `{config['revision']}` (sha256 of the two ONNX files, shortened). Vision "
                   f"{sizes['vision_model.onnx'] / 1e6:.2f} MB, text {sizes['text_model.onnx'] / 1e6:.2f} MB, with everything else {sum(sizes.values()) / 1e6:.1f} MB.",
        "data": data_table(), "figures": main_table(models), "zero-shot": zero_table(models), "words": word_table(models),
        "levels": f"A logistic of {text['slope']:.2f} · (cosine − common · query) {text['intercept']:+.2f}, if {100 * calibration['prior']:.0f} % of the pictures asked "
                  f"about show it; expected calibration error {pct(calibration['ece'])}. The levels \"unlikely\", \"possible\" and \"strong\" are "
                  f"{100 * calibration['unlikely']:.1f} %, {100 * calibration['possible']:.0f} % and {100 * calibration['strong']:.0f} %; \"possible\" rises by "
                  f"{calibration['perScenes']:.2f} log-odds for each natural logarithm of scenes. Judged on imitated clips of {report['scenes']} scenes:\n\n"
                  + level_table(report),
    }
    path = MODEL_DIR / "README.md"
    if not path.exists():
        raise SystemExit(f"{path} is missing: copy the card of public/models/framesift-clip-v3 there and change what it says.")
    card = path.read_text()
    for name, made in parts.items():
        card = replaced(card, name, made)
    path.write_text(card)


if __name__ == "__main__":
    main()
