"""Pack pictures and tables for train_gpu.py, so that they can be carried to a GPU machine in parts of at most 64 MiB.

    python3 pack.py OUT [--limit N]

Reads captions.jsonl.gz and captions-new.jsonl.gz of the data folder with their zips. OUT gets part-N.zip (WebP pictures,
named by their row), tables.npz (splits, labels and token ids of everything that training reads), and teacher/.
"""
from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from common import DATA, SEED
from data import rows, split_rows
from tokenizer import Tokenizer, name_vectors, names

PART_BYTES = 60 * 2**20
QUALITY = 72
HELD_NEW = 67  # every so many pictures of captions-new.jsonl.gz are kept out of training
CAPTION_TOKENS, NAME_TOKENS = 30, 16
MOST_CAPTIONS = 6
BARE = ("a photo of ", "a picture of ", "an image of ", "a view of ", "a photo showing ", "a picture showing ", "a photo with ")
ARTICLES = ("a ", "an ", "the ")
PREFIXES = ("a video of ", "a frame of ", "a photo showing ", "a picture of ", "there is ", "show me ", "find ", "a view of ",
            "the moment with ", "a blurry photo of ", "a photo of ", "a picture showing ", "a camera view of ", "a photo with ")
NAME_PROMPTS = ("a photo of a {}", "a {}", "{}", "a picture showing a {}")
COLOURS = ("red", "blue", "green", "yellow", "white", "black", "brown", "orange", "pink", "purple", "grey")
OPPOSITES = (
    ("man", "woman"), ("men", "women"), ("boy", "girl"), ("boys", "girls"), ("dog", "cat"), ("dogs", "cats"),
    ("car", "bicycle"), ("bus", "truck"), ("inside", "outside"), ("indoors", "outdoors"), ("standing", "sitting"),
    ("walking", "lying"), ("running", "sleeping"), ("snow", "grass"), ("beach", "street"), ("water", "sand"),
    ("day", "night"), ("one", "three"), ("two", "several"), ("young", "old"), ("left", "right"), ("hat", "helmet"),
    ("shirt", "jacket"), ("horse", "cow"), ("bike", "skateboard"), ("bicycle", "motorcycle"), ("ball", "frisbee"),
    ("kitchen", "bathroom"), ("child", "adult"), ("children", "adults"), ("empty", "crowded"), ("sunny", "rainy"))


def without(text: str, starts: tuple[str, ...]) -> str:
    """A text without the first of these beginnings that it has."""
    start = next((s for s in starts if text.lower().startswith(s)), "")
    return text[len(start):]


def changed(text: str, rng: random.Random) -> str | None:
    """A hard negative: the text with one word changed so that it is no longer true; None where no word is known to do it."""
    words = text.split()
    at = [i for i, w in enumerate(words) if w in COLOURS or w in SWAP]
    if not at:
        return None
    i = rng.choice(at)
    words[i] = rng.choice([c for c in COLOURS if c != words[i]]) if words[i] in COLOURS else SWAP[words[i]]
    return " ".join(words)


SWAP: dict[str, str] = {}
for _a, _b in OPPOSITES:
    SWAP.setdefault(_a, _b)
    SWAP.setdefault(_b, _a)


def pictures() -> list[dict[str, Any]]:
    """One row a picture of both caption files: shard, file, source, label, split, aspect, captions, human."""
    table = rows()
    out = [dict(shard=r["shard"], file=r["file"], source=r["source"], label=r.get("label"), split=part,
                aspect=1.33 if r.get("aspect") == "squashed" else r["w"] / r["h"], captions=r["captions"],
                human=r["source"] == "flickr8k") for r, part in zip(table, split_rows(table))]
    path = DATA / "captions-new.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt") as lines:
            for k, line in enumerate(lines):
                r = json.loads(line)
                out.append(dict(shard=r["shard"], file=r["file"], source=f"new:{r['source']}", label=r.get("label"),
                                split="held" if k % HELD_NEW == 0 else "train",
                                aspect=float(np.clip(r["w"] / max(1, r["h"]), 0.4, 3)), captions=r["captions"],
                                human=r["caption_type"].startswith("human")))
    return out


def write_pictures(meta: list[dict[str, Any]], out: Path) -> None:
    """part-N.zip, none larger than PART_BYTES."""
    opened: dict[str, zipfile.ZipFile] = {}
    target, size, part = None, 0, 0
    for i, row in enumerate(meta):
        if row["shard"] not in opened:
            opened[row["shard"]] = zipfile.ZipFile(DATA / row["shard"])
        shard = opened[row["shard"]]
        file = io.BytesIO()
        Image.open(io.BytesIO(shard.read(row["file"]))).convert("RGB").save(file, "WEBP", quality=QUALITY, method=4)
        picture = file.getvalue()
        if target is None or size + len(picture) + 120 > PART_BYTES:
            if target:
                target.close()
            target, size, part = zipfile.ZipFile(out / f"part-{part}.zip", "w", zipfile.ZIP_STORED), 0, part + 1
        target.writestr(str(i), picture)
        size += len(picture) + 120
    if target:
        target.close()


def write_tables(meta: list[dict[str, Any]], out: Path) -> None:
    """tables.npz: see `Tables` of train_gpu.py for what is in it."""
    tokenizer, rng, word_rng = Tokenizer(), np.random.default_rng(SEED), random.Random(SEED)

    def ids(texts: list[str], length: int) -> np.ndarray:
        made = tokenizer.batch(texts, length)
        full = np.full((len(texts), length), tokenizer.end, np.int16)
        full[:, : made.shape[1]] = made
        return full

    number: dict[str, int] = {}
    captions, count = np.zeros((len(meta), MOST_CAPTIONS), np.int64), np.zeros(len(meta), np.int64)
    for i, row in enumerate(meta):
        own = [number.setdefault(c.strip().lower(), len(number)) for c in row["captions"]][:MOST_CAPTIONS]
        captions[i], count[i] = (own * MOST_CAPTIONS)[:MOST_CAPTIONS], len(own)
    texts = list(number)
    bare = [without(t, BARE) for t in texts]
    wrong = [changed(t, word_rng) for t in texts]
    labels = sorted({r["label"] for r in meta if r["label"]})
    sources = sorted({r["source"] for r in meta})
    classes = [[n.strip() for n in line.split(",")]
               for line in (DATA / "teacher" / "imagenet_labels.txt").read_text().splitlines()]
    vectors = name_vectors()
    vectors = vectors - vectors.mean(0)
    np.savez_compressed(
        out / "tables.npz",
        split=np.array([("train", "dev", "held").index(r["split"]) for r in meta], np.int8),
        aspect=np.array([r["aspect"] for r in meta], np.float32), human=np.array([r["human"] for r in meta]),
        source=np.array([sources.index(r["source"]) for r in meta]), sources=np.array(sources),
        label=np.array([labels.index(r["label"]) if r["label"] else -1 for r in meta], np.int64), labels=np.array(labels),
        captions=captions, caption_count=count,
        texts=np.stack([ids(texts, CAPTION_TOKENS), ids([without(t, ARTICLES) for t in bare], CAPTION_TOKENS),
                        ids([PREFIXES[rng.integers(len(PREFIXES))] + t for t in bare], CAPTION_TOKENS)]),
        wrong=ids([w or "" for w in wrong], CAPTION_TOKENS), has_wrong=np.array([w is not None for w in wrong]),
        label_texts=np.stack([ids([p.format(name.replace("_", " ")) for name in labels], NAME_TOKENS) for p in NAME_PROMPTS]),
        class_texts=np.stack([ids([p.format(c[k % len(c)]) for c in classes], NAME_TOKENS) for p in NAME_PROMPTS for k in range(3)]),
        name_texts=np.stack([ids([p.format(n) for n in names()], NAME_TOKENS) for p in ("a {}", "{}", "a photo of a {}")]),
        name_vectors=(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16),
        end=tokenizer.end, vocabulary=len(tokenizer.vocab))
    print(f"{len(meta):,} pictures, {len(texts):,} captions, {len(labels):,} labels")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--limit", type=int, help="this many pictures, drawn evenly, to try it out")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    meta = pictures()
    if args.limit:
        meta = meta[:: max(1, len(meta) // args.limit)]
    write_tables(meta, args.out)
    write_pictures(meta, args.out)
    shutil.copytree(DATA / "teacher", args.out / "teacher", dirs_exist_ok=True)


if __name__ == "__main__":
    main()
