"""Count how often the training data says each word, and write word-counts.json into the model's folder.

    python3 words.py

A word is a run of letters in lower case (NFC), so "man's" counts "man" and "s", "t-shirt" counts "t" and "shirt", and
inflected forms count apart. Every caption of every training picture counts once for each word in it; captions hold the
names of the labels. So does each line of the teacher's class names and of the names with CLIP text vectors. Words that
fewer than FEWEST of these hold are left out.
"""
from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter

from common import DATA, MODEL_DIR
from pack import pictures
from tokenizer import names

FEWEST = 2
LETTERS = re.compile(r"[^\W\d_]+")


def words_of(text: str) -> set[str]:
    """The distinct words of a text."""
    return set(LETTERS.findall(unicodedata.normalize("NFC", text).lower().replace("_", " ")))


def texts() -> list[str]:
    """Every text that training pairs with a picture or with a vector."""
    out = [caption for row in pictures() if row["split"] == "train" for caption in row["captions"]]
    out += (DATA / "teacher" / "imagenet_labels.txt").read_text().splitlines()
    return out + names()


def main() -> None:
    said = texts()
    counts = Counter(word for text in said for word in words_of(text))
    kept = {w: n for w, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])) if n >= FEWEST}
    file = MODEL_DIR / "word-counts.json"
    file.write_text(json.dumps({"version": 1, "captions": len(said), "words": kept}, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(f"{len(kept):,} words of {len(said):,} texts, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
