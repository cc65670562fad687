"""Measure a checkpoint or the shipped ONNX files on pictures kept out of training.

    python3 evaluate.py                          the torch checkpoint that export.py leaves
    python3 evaluate.py --onnx                   public/models/…, onnxruntime-web (WASM) under node
    python3 evaluate.py --compare                cosine between these two on the dev pictures and captions

* text→image retrieval on flickr8k's 1,000 dev pictures with five captions each
* zero-shot top-1/top-5 by class name on the held-out tenth of each labelled source (data.split_rows)
* average precision of camera words over all held-out pictures; a picture counts as positive where one of its
  captions has the word
"""
from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter, defaultdict
from typing import Any, Callable

import numpy as np
import torch
from PIL import Image

from common import HERE, MODEL_DIR, WORK
from data import load_images, load_meta, squash
from tokenizer import Tokenizer, pretokens

Encoder = Callable[[Any], np.ndarray]
WORDS = {
    "car": "a car", "truck": "a truck", "bus": "a bus", "van": "a van", "taxi": "a taxi", "bicycle": "a bicycle",
    "motorcycle": "a motorcycle", "ambulance": "an ambulance", "boat": "a boat", "train": "a train", "dog": "a dog",
    "cat": "a cat", "bird": "a bird", "horse": "a horse", "elephant": "an elephant", "flower": "a flower",
    "beach": "a beach", "kitchen": "a kitchen", "bedroom": "a bedroom", "office": "an office", "bathroom": "a bathroom",
    "forest": "a forest", "desert": "a desert", "mountain": "a mountain", "street": "a street", "bridge": "a bridge",
    "house": "a house", "building": "a building", "snow": "snow", "rain": "rain", "night": "night", "sunrise": "a sunrise",
    "package": "a package", "umbrella": "an umbrella", "food": "food", "river": "a river",
}
PLURAL = {"car": ("car", "cars"), "snow": ("snow", "snowy"), "rain": ("rain", "rainy"), "night": ("night",)}


def unit(x: np.ndarray) -> np.ndarray:
    """Rows to unit length."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def recall(sim: np.ndarray, owner: np.ndarray) -> dict[str, float]:
    """R@1/5/10 of sim [texts, pictures], `owner` [texts] the right picture's column."""
    own = sim[np.arange(len(owner)), owner][:, None]
    rank = (sim > own).sum(1)
    return {f"R@{k}": float((rank < k).mean()) for k in (1, 5, 10)}


def average_precision(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under precision over recall, ranked by score [n]."""
    hits = positive[np.argsort(-score, kind="stable")]
    return float(((np.cumsum(hits) / np.arange(1, len(hits) + 1)) * hits).sum() / hits.sum())


def figures(pictures: Encoder, texts: Encoder, name: str = "") -> dict[str, Any]:
    """All figures; `pictures` takes row numbers, `texts` strings, both give unit vectors [n, 512]; kept under `name`."""
    meta = load_meta()
    out: dict[str, Any] = {}
    dev = [i for i, r in enumerate(meta) if r["split"] == "dev"]
    images = pictures(np.array(dev))
    captions = [c for i in dev for c in meta[i]["captions"][:5]]
    owner = np.array([k for k, i in enumerate(dev) for _ in meta[i]["captions"][:5]])
    described = texts(captions)
    if name:
        np.savez(WORK / f"vectors_{name}.npz", images=images, texts=described)
    sim = described @ images.T
    out["retrieval"] = recall(sim, owner)
    first = (sim.T > np.where(owner[:, None] == np.arange(len(dev))[None], sim, -9).max(0)[:, None]).sum(1)
    out["image_to_text"] = {f"R@{k}": float((first < k).mean()) for k in (1, 5, 10)}

    held = [i for i, r in enumerate(meta) if r["split"] == "held"]
    vectors = pictures(np.array(held))
    by_source: dict[str, list[int]] = defaultdict(list)
    for k, i in enumerate(held):
        by_source[meta[i]["source"]].append(k)
    out["zero_shot"] = {}
    for source, members in sorted(by_source.items()):
        prompts: dict[str, Counter[str]] = defaultdict(Counter)
        for r in meta:
            if r["source"] == source and r["split"] != "dev":
                prompts[r["label"]][r["captions"][0]] += 1
        classes = sorted({meta[held[k]]["label"] for k in members})
        if len(classes) < 2 or source == "tuxpaint":
            continue
        bank = texts([prompts[c].most_common(1)[0][0] for c in classes])
        truth = np.array([classes.index(meta[held[k]]["label"]) for k in members])
        order = np.argsort(-(vectors[members] @ bank.T), axis=1)
        out["zero_shot"][source] = {"classes": len(classes), "pictures": len(members),
                                    "top1": float((order[:, 0] == truth).mean()),
                                    "top5": float((order[:, :5] == truth[:, None]).any(1).mean())}
    out["words"] = {}
    tokens = [{w for c in meta[i]["captions"] for w in pretokens(c)} for i in held]
    queries = texts(list(WORDS.values()))
    for k, word in enumerate(WORDS):
        forms = set(PLURAL.get(word, (word, f"{word}s")))
        positive = np.array([bool(forms & t) for t in tokens])
        if positive.sum() >= 5:
            out["words"][word] = {"ap": average_precision(vectors @ queries[k], positive), "positives": int(positive.sum())}
    out["mean_ap"] = float(np.mean([w["ap"] for w in out["words"].values()]))
    return out


def torch_encoders(name: str, averaged: bool) -> tuple[Encoder, Encoder]:
    """Encoders of a checkpoint."""
    from export import load

    vision, text, _ = load(name, averaged)
    return tower_encoders(vision, text)


def tower_encoders(vision: Any, text: Any) -> tuple[Encoder, Encoder]:
    """Encoders of two torch towers in eval mode, float32."""
    dev = next(vision.parameters()).device
    images, tokenizer = load_images(), Tokenizer()

    @torch.no_grad()
    def pictures(rows: np.ndarray) -> np.ndarray:
        parts = [vision(torch.from_numpy(squash(images[rows[k : k + 100]], vision.config.side)).to(dev)).float().cpu().numpy()
                 for k in range(0, len(rows), 100)]
        return unit(np.concatenate(parts))

    @torch.no_grad()
    def texts(strings: list[str]) -> np.ndarray:
        parts = [text(torch.from_numpy(tokenizer.batch(strings[k : k + 200])).to(dev)).float().cpu().numpy()
                 for k in range(0, len(strings), 200)]
        return unit(np.concatenate(parts))

    return pictures, texts


def onnx_encoders() -> tuple[Encoder, Encoder]:
    """Encoders of the shipped files: onnxruntime-web and @huggingface/tokenizers under node."""
    images = load_images()
    side = json.loads((MODEL_DIR / "config.json").read_text())["vision_config"]["image_size"]

    def node(kind: str, source: str) -> np.ndarray:
        target = WORK / "onnx_out.f32"
        subprocess.run(["node", str(HERE / "evaluate-onnx.mjs"), kind, str(MODEL_DIR), source, str(target)], check=True)
        return unit(np.fromfile(target, np.float32).reshape(-1, 512))

    def pictures(rows: np.ndarray) -> np.ndarray:
        path = WORK / "onnx_in.u8"
        small = [np.asarray(Image.fromarray(images[i]).resize((side, side), Image.BICUBIC)) for i in rows]
        np.stack(small).tofile(path)
        return node("pictures", str(path))

    def texts(strings: list[str]) -> np.ndarray:
        path = WORK / "onnx_in.json"
        path.write_text(json.dumps(strings))
        return node("texts", str(path))

    return pictures, texts


def compare(name: str) -> dict[str, float]:
    """Mean and lowest cosine between the checkpoint's vectors and the shipped files' on the dev split, as measured last."""
    a, b = (np.load(WORK / f"vectors_{n}.npz") for n in (name, "onnx"))
    image, text = ((a[k] * b[k]).sum(1) for k in ("images", "texts"))
    return {"image_mean": float(image.mean()), "image_lowest": float(image.min()), "text_mean": float(text.mean()),
            "text_lowest": float(text.min())}


def show(out: dict[str, Any]) -> str:
    """The figures as lines."""
    pct = lambda d: "  ".join(f"{k} {100*v:.1f}" for k, v in d.items())
    lines = [f"text→image  {pct(out['retrieval'])}", f"image→text  {pct(out['image_to_text'])}"]
    lines += [f"zero-shot {s:16} {r['classes']:4} classes {r['pictures']:5} pictures  top-1 {100*r['top1']:.1f}  top-5 {100*r['top5']:.1f}"
              for s, r in out["zero_shot"].items()]
    lines.append("average precision  " + "  ".join(f"{w} {100*r['ap']:.0f} ({r['positives']})" for w, r in out["words"].items()))
    lines.append(f"mean average precision {100*out['mean_ap']:.1f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="vision_final", help="name of the checkpoint")
    parser.add_argument("--raw", action="store_true", help="the last weights, not the averaged ones")
    parser.add_argument("--onnx", action="store_true", help="the shipped files")
    parser.add_argument("--compare", action="store_true", help="cosine between checkpoint and shipped files")
    args = parser.parse_args()
    if args.compare:
        close = compare(args.name)
        (WORK / "compare.json").write_text(json.dumps(close))
        print("  ".join(f"{k} {v:.4f}" for k, v in close.items()))
        return
    name = "onnx" if args.onnx else args.name
    out = figures(*(onnx_encoders() if args.onnx else torch_encoders(args.name, not args.raw)), name)
    (WORK / f"figures_{name}.json").write_text(json.dumps(out, indent=1))
    print(show(out))


if __name__ == "__main__":
    main()
