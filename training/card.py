"""Write the model card, README.md in the model's folder, from the measured figures.

Run after evaluate.py (checkpoint and --onnx), evaluate.py --compare and `evaluate-onnx.mjs time MODEL_DIR time.json`.

    python3 card.py
"""
from __future__ import annotations

import argparse
import json
import math
from typing import Any

import torch

from common import DATA, MODEL_DIR, WORK
from data import load_meta

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


def pct(x: float) -> str:
    return f"{100 * x:.1f}"


def data_table(meta: list[dict[str, Any]], licences: dict[str, str]) -> str:
    """Sources, how many pictures of each were trained on and kept out, and terms."""
    lines = ["| source | trained on | kept out | terms |", "|---|---|---|---|"]
    for source in sorted({r["source"] for r in meta}, key=lambda s: -sum(r["source"] == s for r in meta)):
        mine = [r for r in meta if r["source"] == source]
        train = sum(r["split"] == "train" for r in mine)
        licence = licences[source]
        lines.append(f"| {ORIGIN.get(source, source)} | {train:,} | {len(mine) - train:,} | {LICENCE.get(licence, licence)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="vision_final")
    args = parser.parse_args()
    read = lambda name: json.loads((WORK / name).read_text())
    checkpoint, shipped, close, speed = read(f"figures_{args.name}.json"), read("figures_onnx.json"), read("compare.json"), read("time.json")
    config = json.loads((MODEL_DIR / "config.json").read_text())
    state = torch.load(WORK / f"{args.name}.pt", map_location="cpu")
    from data import rows

    licences = {r["source"]: r["license"] for r in rows(DATA)}
    sizes = {p.name: p.stat().st_size for p in MODEL_DIR.rglob("*") if p.is_file()}
    download = sum(v for k, v in sizes.items() if k not in ("README.md", "golden.json"))
    side = config["vision_config"]["image_size"]
    zero = "\n".join(
        f"| {ORIGIN.get(s, s)} | {r['classes']} | {r['pictures']:,} | {pct(r['top1'])} | {pct(r['top5']) if r['classes'] > 5 else '–'} | "
        f"{pct(checkpoint['zero_shot'][s]['top1'])} |" for s, r in shipped["zero_shot"].items())
    words = sorted(shipped["words"].items(), key=lambda kv: -kv[1]["ap"])
    word_table = "\n".join(f"| {w} | {pct(r['ap'])} | {r['positives']} | {100 * r['positives'] / HELD:.1f} |" for w, r in words)
    weak = ", ".join(f"{w} ({pct(r['ap'])})" for w, r in words[-8:])
    both = lambda key, title: "| " + " | ".join(
        [title] + [pct(shipped[key][k]) for k in ("R@1", "R@5", "R@10")] + [pct(checkpoint[key][k]) for k in ("R@1", "R@5", "R@10")]) + " |"
    text = TEMPLATE.format(
        download=f"{download / 1e6:.1f}", vision=f"{sizes['vision_model.onnx'] / 1e6:.2f}", text=f"{sizes['text_model.onnx'] / 1e6:.2f}",
        side=side, revision=config["framesift"]["revision"], version=config["framesift"]["version"], seen=f"{state['seen']:,}",
        minutes=f"{state['used'] / 60:.0f}", data=data_table(load_meta(), licences), text_image=both("retrieval", "text → image"), image_text=both("image_to_text", "image → text"),
        zero=zero, words=word_table, mean_ap=pct(shipped["mean_ap"]), mean_ap_torch=pct(checkpoint["mean_ap"]), weak=weak,
        image_cos=f"{close['image_mean']:.4f}", image_low=f"{close['image_lowest']:.4f}", text_cos=f"{close['text_mean']:.4f}",
        text_low=f"{close['text_lowest']:.4f}", frame=f"{speed['frame']:.1f}", frame_best=f"{speed['frameBest']:.1f}",
        relevance="\n".join(json.loads((WORK / "relevance.json").read_text())),
        query=f"{speed['query']:.1f}", query_best=f"{speed['queryBest']:.1f}", scale=f"{math.exp(state['scale']):.1f}",
        held=f"{HELD:,}", vocab=f"{config['text_config']['vocab_size']:,}", context=config["text_config"]["max_position_embeddings"])
    (MODEL_DIR / "README.md").write_text(text)


HELD = 4097
TEMPLATE = """# framesift-clip-v1

A small CLIP-like dual encoder that comes with Framesift: pictures and short English texts to 512-d vectors whose cosine
says how well they fit. Trained from random weights on about 45,600 pictures. It downloads {download} MB and runs in
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
| `golden.json` | a self-test: a picture by formula and a phrase with their vectors |

## Data

The pictures are **not** included here or anywhere in the project. Most of them come under research or non-commercial terms,
and some have no stated licence. Whoever uses these weights commercially has to judge this for themselves.

{data}

Besides pictures: text vectors of OpenAI CLIP ViT-B/32 for 2,148 object names (from facebookresearch/Detic, Apache-2.0; CLIP: MIT)
and, as a teacher, MobileNetV2 1.0/224 (from google-coral/test_data, Apache-2.0). The teacher's weights are not part of this model.

## Method

The text tower (4 layers, width 192) is trained contrastively on frozen teacher features, with names pulled towards CLIP's own
text vectors (less their mean). The vision tower (a ResNet of 3.9 M parameters, 192 MMAC a frame) starts from random weights and
is taught by the image vectors that stage gives, the teacher's soft labels and the captions; for the last quarter both towers learn
together. It saw {seen} augmented pictures in {minutes} minutes on two CPU cores that did other work besides. Everything is in `training/`; one command,
`training/run.sh`, repeats it. Weights are stored as int8 with one scale for each output channel and computed in float32.

## Figures

All on pictures kept out of training. "Shipped" is the ONNX files here under onnxruntime-web's WASM provider
(`python3 training/evaluate.py --onnx`), "checkpoint" the torch weights before int8 (`python3 training/evaluate.py`).

Retrieval, Flickr8k's 1,000 dev pictures with five captions each, per cent:

| | R@1 | R@5 | R@10 | R@1 checkpoint | R@5 | R@10 |
|---|---|---|---|---|---|---|
{text_image}
{image_text}

Chance is 0.1 / 0.5 / 1.0.

Zero-shot by class name (one prompt a class) on the held-out tenth of each labelled source, per cent. These are the sources
the model was trained on, so the figures say how it does on more of the same, not on new kinds of pictures (webcam and CamVid
frames kept out even come from the cameras trained on):

| source | classes | pictures | top-1 | top-5 | top-1 checkpoint |
|---|---|---|---|---|---|
{zero}

Average precision of one-word queries ("a car", "snow") over all {held} held-out pictures; a picture counts where one of its
captions has the word. The last column is what a random order would get. Mean {mean_ap} (checkpoint {mean_ap_torch}):

| word | average precision | positives | chance |
|---|---|---|---|
{words}

Shipped against checkpoint (`python3 training/evaluate.py --compare`): mean cosine {image_cos} for pictures (lowest {image_low}),
{text_cos} for texts (lowest {text_low}).

Time (`node training/evaluate-onnx.mjs time public/models/framesift-clip-v1`, onnxruntime-web 1.30.0, WASM, 2 threads, 2 Zen 4 cores):
{frame} ms a frame at batch 8 (best {frame_best}), {query} ms a query (best {query_best}). Repeated runs
gave medians of 12 to 16 ms a frame; work beside it on the same cores raised them to as much as 46 ms.

Match levels, which the page uses for its words (`python3 training/relevance.py`; held-out pictures, one-word queries):

```
{relevance}
```

## What it is bad at

* Anything its 45,600 pictures do not show. Lowest average precision above: {weak}.
* Small things in a frame: it sees {side}×{side} pixels. A parcel at the far end of a drive is a few pixels.
* Numbers, written words, left and right, actions, who does what, negation ("no car" finds cars).
* Cats, of which it saw mostly 64-pixel pictures; trains, boats and mountains; parcels, which it takes for any plain box or wall.
* Colours other than of cars; faces and identities (not trained for, and not to be used for).
* Few training pictures of parcels, umbrellas, rain, night and doors.
* Languages other than English. Words that no caption has fall apart into unfamiliar pieces.
* A cosine is not a probability, and one level for all questions is coarse (see match levels above). The trained
  temperature is 1/{scale}.
* It has the biases of web pictures and their captions.

Licence of the weights: that of the project, as far as the project can give one; see the terms of the data above.
"""

if __name__ == "__main__":
    main()
