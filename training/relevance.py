"""Fit from which cosine on a frame is a possible or a strong match, and write both into config.json.

    python3 relevance.py

A clip is imitated by 8 pictures drawn from those held out of training: a clip has many frames and few scenes.
`possible` is reached by 85 % of the pictures that show a name: below it, the page says that nothing looks like that.
`strong` is exceeded by chance, in clips that do not show the name, only one time in twenty. One level for all
questions is coarse: standardising by background phrases or by the clip did no better on the same pictures.
"""
from __future__ import annotations

import json
from typing import Any

import numpy as np

from common import MODEL_DIR, SEED, WORK
from data import load_meta
from evaluate import PLURAL, WORDS, onnx_encoders, unit
from tokenizer import pretokens

SCENES = 8
CLIPS = 400
POSSIBLE_RECALL = 0.85
STRONG_FALSE = 0.05
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
            chance.append(cosines[random.choice(without, SCENES, replace=False)].max())
            present.append(cosines[random.choice(with_it)])
    missing, seen = np.array(chance), np.array(present)
    possible, strong = np.quantile(seen, 1 - POSSIBLE_RECALL), np.quantile(missing, 1 - STRONG_FALSE)
    lines = [f"{label:9} cosine >= {level:.3f}: {100 * (seen >= level).mean():.0f} % of pictures that show the name, "
             f"{100 * (missing >= level).mean():.0f} % of clips of {SCENES} that do not"
             for label, level in (("possible", possible), ("strong", strong))]
    print(f"{len(scores)} names, {len(rows)} held-out pictures, {CLIPS} clips a name", *lines, sep="\n")
    (WORK / "relevance.json").write_text(json.dumps(lines))
    path = MODEL_DIR / "config.json"
    config = json.loads(path.read_text())
    config["framesift"]["relevance"] = {"possible": round(float(possible), 3), "strong": round(float(strong), 3)}
    path.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
