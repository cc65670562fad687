"""Fit from which cosine on a frame is a possible or a strong match, and write both into config.json.

    python3 relevance.py

A clip is imitated by 32 pictures drawn from those held out of training. For a name that none of them shows,
the best cosine is what chance gives: `possible` is exceeded in a fifth of such clips, `strong` in a fiftieth.
Printed beside them: how often a clip that does show the name once gets it above each.
"""
from __future__ import annotations

import json
from typing import Any

import numpy as np

from common import MODEL_DIR, SEED
from data import load_meta
from evaluate import PLURAL, WORDS, onnx_encoders, unit
from tokenizer import pretokens

FRAMES = 32
CLIPS = 400
POSSIBLE_FALSE = 0.20
STRONG_FALSE = 0.02
# The page's own sentences for a bare name (lib/query/prompts.ts).
TEMPLATES = ("a photo of {}", "a picture showing {}", "{}")


def name_scores(meta: list[dict[str, Any]], rows: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each word that 5 or more of `rows` show: cosines [rows] and which rows show it [rows]."""
    pictures, texts = onnx_encoders()
    vectors = pictures(np.array(rows))
    prompts = texts([t.format(name) for name in WORDS.values() for t in TEMPLATES])
    queries = unit(prompts.reshape(len(WORDS), len(TEMPLATES), -1).mean(1))
    tokens = [{w for c in meta[i]["captions"] for w in pretokens(c)} for i in rows]
    out = []
    for query, word in zip(queries, WORDS):
        forms = set(PLURAL.get(word, (word, f"{word}s")))
        shows = np.array([bool(forms & t) for t in tokens])
        if shows.sum() >= 5:
            out.append((vectors @ query, shows))
    return out


def main() -> None:
    meta = load_meta()
    rows = [i for i, r in enumerate(meta) if r["split"] == "held"]
    scores = name_scores(meta, rows)
    random = np.random.default_rng(SEED)
    chance, present = [], []
    for cosines, shows in scores:
        without, with_it = np.flatnonzero(~shows), np.flatnonzero(shows)
        for _ in range(CLIPS):
            chance.append(cosines[random.choice(without, FRAMES, replace=False)].max())
            present.append(cosines[random.choice(with_it)])
    possible, strong = np.quantile(chance, [1 - POSSIBLE_FALSE, 1 - STRONG_FALSE])
    seen = np.array(present)
    print(f"{len(scores)} names, {len(rows)} held-out pictures, {CLIPS} clips of {FRAMES} a name")
    for label, level, false in (("possible", possible, POSSIBLE_FALSE), ("strong", strong, STRONG_FALSE)):
        print(f"{label:9} cosine >= {level:.3f}: {100 * false:.0f} % of clips without it, {100 * (seen >= level).mean():.1f} % of frames with it")
    path = MODEL_DIR / "config.json"
    config = json.loads(path.read_text())
    config["framesift"]["relevance"] = {"possible": round(float(possible), 3), "strong": round(float(strong), 3)}
    path.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
