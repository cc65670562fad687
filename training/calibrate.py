"""Fit how likely a picture is to show what a query asks, from its cosine: two numbers for each kind of query.

    python3 calibrate.py [--model DIR]     the shipped files of a model's folder (default: common.MODEL_DIR), whatever trained it
    python3 calibrate.py --name CHECKPOINT a torch checkpoint in the work folder, whose vectors evaluate.py has made already

Needs what data.py packs. Writes calibration.json (version 2) into the model's folder:

    likelihood = 1 / (1 + exp(-(slope * (cosine - common . query) + intercept)))

for a query's vector (queries.prompts_for) and a picture's, both of unit length; `common` is COMMON times the mean of the
pictures' vectors. Only `text` is measured; queries that are pictures have nothing to be fitted on. Fitted by logistic regression on the pictures kept out of training, with
three kinds of queries: camera words (queries.WORDS), names of classes, and flickr8k captions. Each query counts the
same within its kind, short ones (words and names) as much together as captions, and the pictures that show it make up
PRIOR of its weight. Everything reported is of queries and pictures that were not in the fit: both are dealt into FOLDS
parts, and the pairs of part i of the queries and part j of the pictures are judged by numbers fitted without either.

Levels are chosen on imitated clips of SCENES pictures: a clip has many frames and few scenes. `perScenes` says how the
log-odds of the best scene that POSSIBLE_RECALL of the clips showing the thing reach rises with the logarithm of the
number of scenes, up to SCENES. `strong` is exceeded by
chance in at most STRONG_FALSE of clips that do not show the thing; POSSIBLE_RECALL of the pictures that show it reach
`possible`, UNLIKELY_RECALL of them `unlikely`. All are judged on short queries.
"""
from __future__ import annotations

import argparse
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from common import MODEL_DIR, SEED, WORK
from evaluate import Bench, Model, onnx_model, torch_model
from queries import FEWEST, SCENES as SCENE_SOURCES
from tokenizer import pretokens

PRIOR = 0.1
COMMON = 0.7  # share of the mean picture that is taken off; found on clips, which lie nearer to it than these pictures do
FOLDS = 5
NEGATIVES = 200  # pictures that do not show it, drawn for each query of a fit
SCENES = 8
CLIPS = 200
UNLIKELY_RECALL = 0.98
POSSIBLE_RECALL = 0.85
STRONG_FALSE = 0.05
RIDGE = 1e-4
BINS = 10
LEVELS = ("unlikely", "possible", "strong")
KINDS = ("word", "name", "caption")
STOP = set("a an the of in on at with and to is are by for from his her its their".split())
OVERLAP = 0.4  # of a caption's words, by rarity, that another picture's captions may have and still not show it


@dataclass
class Query:
    kind: str  # "word", "name" or "caption"
    text: str
    shows: np.ndarray  # int8 [pictures]: 1 shows it, 0 does not, -1 not known


def stem(word: str) -> str:
    """Plural and singular alike."""
    return re.sub(r"(?<=\w{3})s$", "", word)


def queries(bench: Bench) -> list[Query]:
    """All queries, with the pictures that show them."""
    out = [Query("word", w, shows) for w, shows in bench.judged.items() if (shows == 1).sum() >= FEWEST]
    said = [{stem(w) for w in pretokens(t)} for t in bench.shown]
    has: dict[str, np.ndarray] = {}

    def pictures_with(word: str) -> np.ndarray:
        if word not in has:
            has[word] = np.array([word in s for s in said])
        return has[word]

    source = np.array([r["source"] for r in bench.kept])
    label = np.array([r["label"] or "" for r in bench.kept])
    for s, members in bench.sources.items():
        for c in sorted({bench.kept[k]["label"] for k in members}):
            name = bench.names[s, c]
            shows = np.zeros(len(source), np.int8)
            # Another source's picture that has a word of the name may show it, and scenes do not say what else they show.
            for word in {stem(w) for w in pretokens(name)} - STOP:
                shows[pictures_with(word)] = -1
            if s not in SCENE_SOURCES:
                shows[np.isin(source, list(SCENE_SOURCES))] = -1
            shows[(source == s) & (label != c)] = 0
            shows[(source == s) & (label == c)] = 1
            out.append(Query("name", name, shows))
    rarity = {w: math.log(len(bench.dev) / (1 + sum(w in said[k] for k in bench.dev))) for k in bench.dev for w in said[k]}
    for k in bench.dev:
        caption = bench.kept[k]["captions"][0]
        words = {stem(w) for w in pretokens(caption) if w.isalpha()} - STOP
        if not words:
            continue
        total = sum(max(rarity[w], 0.1) for w in words)
        shared = sum(max(rarity[w], 0.1) * pictures_with(w) for w in words) / total
        shows = np.full(len(source), -1, np.int8)
        shows[bench.dev] = np.where(shared[bench.dev] > OVERLAP, -1, 0)
        shows[k] = 1
        out.append(Query("caption", caption, shows))
    return out


def cosines(queries: np.ndarray, pictures: np.ndarray, common: np.ndarray) -> np.ndarray:
    """Of every query with every picture, less what the query has in common with any: [queries, pictures]."""
    return ((queries @ pictures.T) - (queries @ common)[:, None]).astype(np.float64)


def logistic(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weights [features + 1], the bias first, of pairs x [n, features], y 0 or 1, w their weights (sum 1), by Newton's method."""
    mean, spread = np.average(x, axis=0, weights=w), x.std(0) + 1e-9
    z = np.column_stack([np.ones(len(x)), (x - mean) / spread])
    beta = np.zeros(z.shape[1])
    ridge = RIDGE * np.diag([0.0, *np.ones(x.shape[1])])
    for _ in range(30):
        p = 1 / (1 + np.exp(-z @ beta))
        step = np.linalg.solve((z * (w * p * (1 - p))[:, None]).T @ z + ridge, z.T @ (w * (p - y)) + ridge @ beta)
        beta -= step
        if np.abs(step).max() < 1e-8:
            break
    return np.concatenate([[beta[0] - (beta[1:] * mean / spread).sum()], beta[1:] / spread])


@dataclass
class Pairs:
    """Sampled pairs: cosine x [n, 1], y, weights, the part of their query and picture, the query's kind."""

    x: np.ndarray
    y: np.ndarray
    w: np.ndarray
    query_part: np.ndarray
    picture_part: np.ndarray
    kind: np.ndarray

    def take(self, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        w = self.w[mask]
        return self.x[mask], self.y[mask], w / w.sum()


def sample(cosine: np.ndarray, asked: list[Query], query_part: np.ndarray, picture_part: np.ndarray) -> Pairs:
    """All that show and NEGATIVES that do not, for every query."""
    rng = np.random.default_rng(SEED)
    kinds = [q.kind == "caption" for q in asked]
    share = {k: 0.5 / max(1, kinds.count(k)) for k in (True, False)}
    x, y, w, qp, pp, kind = [], [], [], [], [], []
    for k, q in enumerate(asked):
        with_it, without = np.flatnonzero(q.shows == 1), np.flatnonzero(q.shows == 0)
        without = rng.choice(without, min(NEGATIVES, len(without)), replace=False)
        both = np.concatenate([with_it, without])
        x.append(cosine[k, both][:, None])
        y.append((q.shows[both] == 1).astype(np.float64))
        w.append(np.where(y[-1] == 1, PRIOR / len(with_it), (1 - PRIOR) / len(without)) * share[q.kind == "caption"])
        qp.append(np.full(len(both), query_part[k]))
        pp.append(picture_part[both])
        kind.append(np.full(len(both), q.kind))
    return Pairs(*(np.concatenate(v) for v in (x, y, w, qp, pp, kind)))


def crossed(pairs: Pairs) -> dict[tuple[int, int], np.ndarray]:
    """Intercept and slope fitted without query part i and picture part j, for every (i, j)."""
    return {(i, j): logistic(*pairs.take((pairs.query_part != i) & (pairs.picture_part != j)))
            for i in range(FOLDS) for j in range(FOLDS)}


def predict(pairs: Pairs, fits: dict[tuple[int, int], np.ndarray]) -> np.ndarray:
    """Probabilities of pairs by numbers that saw neither their query nor their picture."""
    p = np.empty(len(pairs.y))
    for (i, j), beta in fits.items():
        mask = (pairs.query_part == i) & (pairs.picture_part == j)
        p[mask] = 1 / (1 + np.exp(-(beta[0] + pairs.x[mask, 0] * beta[1])))
    return p


def log_loss(p: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    p = p.clip(1e-9, 1 - 1e-9)
    return float(-(w * np.where(y == 1, np.log(p), np.log1p(-p))).sum() / w.sum())


def reliability(p: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, list[dict[str, float]]]:
    """Expected calibration error over BINS equal bins, and the bins."""
    at = np.minimum((p * BINS).astype(int), BINS - 1)
    rows, error = [], 0.0
    for b in range(BINS):
        mask = at == b
        if mask.any():
            share, said, true = w[mask].sum() / w.sum(), np.average(p[mask], weights=w[mask]), np.average(y[mask], weights=w[mask])
            error += share * abs(said - true)
            rows.append({"from": b / BINS, "share": float(share), "said": float(said), "true": float(true)})
    return float(error), rows


def clips(score: list[np.ndarray], asked: list[Query], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best score of clips that do not show the query, scores of pictures that do, and the best of clips with one: [queries, CLIPS] each."""
    missing, present, among = (np.empty((len(asked), CLIPS)) for _ in range(3))
    for k, (s, q) in enumerate(zip(score, asked)):
        with_it, without = np.flatnonzero(q.shows == 1), np.flatnonzero(q.shows == 0)
        others = s[without[rng.integers(len(without), size=(CLIPS, SCENES))]]
        missing[k], present[k] = others.max(1), s[rng.choice(with_it, CLIPS)]
        among[k] = np.maximum(present[k], others[:, 1:].max(1))
    return missing, present, among


def per_scenes(present: np.ndarray, among: np.ndarray) -> float:
    """By how much `possible` rises, in log-odds, for each natural logarithm of scenes."""
    alone, best = np.quantile(present, 1 - POSSIBLE_RECALL), np.quantile(among, 1 - POSSIBLE_RECALL)
    return float((math.log(best / (1 - best)) - math.log(alone / (1 - alone))) / math.log(SCENES))


def levels(missing: np.ndarray, present: np.ndarray) -> dict[str, float]:
    """Scores that separate what is said of a match."""
    return {"unlikely": float(np.quantile(present, 1 - UNLIKELY_RECALL)), "possible": float(np.quantile(present, 1 - POSSIBLE_RECALL)), "strong": float(np.quantile(missing, 1 - STRONG_FALSE))}


def judge_levels(score: list[np.ndarray], asked: list[Query], part: np.ndarray) -> dict[str, Any]:
    """Levels from all short queries, and what levels from other parts of the queries reach, by kind of query."""
    missing, present, among = clips(score, asked, np.random.default_rng(SEED))
    kinds = np.array([q.kind for q in asked])
    short = kinds != "caption"
    reached = {level: (np.empty(present.shape, bool), np.empty(missing.shape, bool)) for level in LEVELS}
    for i in range(FOLDS):
        for level, at in levels(missing[short & (part != i)], present[short & (part != i)]).items():
            reached[level][0][part == i], reached[level][1][part == i] = present[part == i] >= at, missing[part == i] >= at
    groups = {"short": short, **{k: kinds == k for k in KINDS}}
    return {"levels": levels(missing[short], present[short]), "per_scenes": per_scenes(present[short], among[short]),
            "clips": {g: {level: {"recall": float(found[mask].mean()), "false": float(false[mask].mean())}
                          for level, (found, false) in reached.items()} for g, mask in groups.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=MODEL_DIR, help="a model's folder as export.py makes it")
    parser.add_argument("--name", help="vectors of this checkpoint instead of the folder's files")
    parser.add_argument("--side", type=int, help="side of pictures that are not cut, for the checkpoint: that of the views, as frames are wide")
    args = parser.parse_args()
    bench = Bench()
    model = torch_model(args.name, True, args.side) if args.name else onnx_model(args.model)
    asked = queries(bench)
    rng = np.random.default_rng(SEED)
    texts = sorted({q.text for q in asked})
    part = dict(zip(texts, rng.permutation(len(texts)) % FOLDS))
    query_part, picture_part = np.array([part[q.text] for q in asked]), rng.permutation(len(bench.rows)) % FOLDS
    vectors = model.pictures(bench.rows)
    common = (COMMON * vectors.mean(0)).round(5)
    cosine = cosines(model.queries([q.text for q in asked]), vectors, common)
    pairs = sample(cosine, asked, query_part, picture_part)
    fits = crossed(pairs)
    p = predict(pairs, fits)
    error, bins = reliability(p, pairs.y, pairs.w)
    kinds = {k: {"log_loss": log_loss(p[m], pairs.y[m], pairs.w[m]), "ece": reliability(p[m], pairs.y[m], pairs.w[m])[0]}
             for k in KINDS for m in [pairs.kind == k]}
    score = []
    for q in range(len(asked)):
        betas = np.stack([fits[query_part[q], j] for j in range(FOLDS)])[picture_part]
        score.append(1 / (1 + np.exp(-(betas[:, 0] + betas[:, 1] * cosine[q]))))
    judged = judge_levels(score, asked, query_part)

    intercept, slope = logistic(*pairs.take(np.ones(len(pairs.y), bool)))
    calibration = {"version": 2, "text": {"slope": round(float(slope), 5), "intercept": round(float(intercept), 5)},
                   "prior": PRIOR, **{k: round(v, 4) for k, v in judged["levels"].items()},
                   "perScenes": round(judged["per_scenes"], 3), "ece": round(error, 4)}
    shipped = {**calibration, "text": {**calibration["text"], "common": [round(float(x), 5) for x in common]}}
    (args.model / "calibration.json").write_text(json.dumps(shipped) + "\n")
    report = {"queries": {k: sum(q.kind == k for q in asked) for k in KINDS}, "pictures": len(bench.rows), "prior": PRIOR,
              "scenes": SCENES, "log_loss": log_loss(p, pairs.y, pairs.w), "ece": error, "bins": bins, "kinds": kinds, **judged}
    name = json.loads((args.model / "config.json").read_text())["framesift"]["name"]
    (WORK / f"calibration_{name}.json").write_text(json.dumps(report, indent=1))
    print(show(report), calibration, sep="\n")


def show(report: dict[str, Any]) -> str:
    """The report as lines."""
    lines = [f"queries {report['queries']}, {report['pictures']} pictures, prior {report['prior']}"]
    both = lambda r: f"{r['log_loss']:.4f} / {100 * r['ece']:.2f} %"
    lines.append(f"log loss / calibration error {both(report)}   " + "  ".join(f"{k} {both(v)}" for k, v in report["kinds"].items()))
    for level, at in report["levels"].items():
        lines.append(f"{level:9} >= {at:.3f}  " + "  ".join(
            f"{g}: {100 * v[level]['recall']:.0f} % found, {100 * v[level]['false']:.0f} % false" for g, v in report["clips"].items()))
    lines.append("said → true, per cent: " + "  ".join(f"{100 * b['said']:.0f} → {100 * b['true']:.0f}" for b in report["bins"]))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
