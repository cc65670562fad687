"""Measure a checkpoint or the shipped ONNX files on pictures kept out of training.

    python3 evaluate.py                          the torch checkpoint that export.py leaves (--name)
    python3 evaluate.py --onnx                   the files in the model's folder, onnxruntime-web (WASM) under node
    python3 evaluate.py --compare                checkpoint against these files: cosines, and points each figure differs by
    python3 evaluate.py --robust [--onnx]        the main figures under blur, compression, darkness, grey and crops
    python3 evaluate.py --sides 96 112 128 160   the main figures of the checkpoint at other input sides

Side and number of views (lib/pixels/views.ts) are those of the model's preprocessor_config.json, unless --side and --views say
otherwise.

* text→image retrieval on flickr8k's 1,000 dev pictures with five captions each
* zero-shot top-1/top-5 by class name on the held-out tenth of each labelled source (data.split_rows), and over all
  classes: each picture is judged among the classes of its own source, and every class counts the same
* average precision of camera words over dev and held-out pictures; queries.WORDS says which show them

A query's vector is the mean of the unit vectors of the page's sentences (queries.TEMPLATES). Everything is deterministic.
Vectors are kept in the work folder's `vectors/`, named by a digest of the weights, and used again.
"""
from __future__ import annotations

import argparse
import hashlib
import io
import json
import subprocess
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch
from PIL import Image

from common import EMBED, HERE, MODEL_DIR, PACK, SEED, WORK
from data import Input, by_side, cut_views, load_images, load_meta, mean_views, motion, to_input
from queries import FEWEST, TEMPLATES, WORDS, class_names, judge, prompts_for, shown_texts

Row = dict[str, Any]
PLAIN = "plain"
SIDES = (96, 112, 128, 160)


def unit(x: np.ndarray) -> np.ndarray:
    """Rows to unit length."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


# Robustness. Pictures are the packed 128×128 ones, before the resize to the model's side.
BLUR = 9  # pixels, along a random line
QUALITY = 8  # JPEG
GAIN, NOISE = 0.2, 3.0  # of the pixel values; standard deviation in 0..255
WIDE, TALL = 16 / 9, 9 / 16


def blur(picture: np.ndarray, aspect: float, rng: np.random.Generator) -> np.ndarray:
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    return (motion(x, BLUR, float(rng.uniform(0, np.pi)))[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)


def compress(picture: np.ndarray, aspect: float, rng: np.random.Generator) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(file))


def dim(picture: np.ndarray, aspect: float, rng: np.random.Generator) -> np.ndarray:
    return (picture * GAIN + rng.normal(0, NOISE, picture.shape)).round().clip(0, 255).astype(np.uint8)


def grey(picture: np.ndarray, aspect: float, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).convert("L").convert("RGB"))


def middle(picture: np.ndarray, aspect: float, wanted: float) -> np.ndarray:
    """The largest middle part of a picture (true width:height `aspect`) that is `wanted` wide:high, squashed to a square."""
    w, h = min(1.0, wanted / aspect) * PACK, min(1.0, aspect / wanted) * PACK
    box = ((PACK - w) / 2, (PACK - h) / 2, (PACK + w) / 2, (PACK + h) / 2)
    return np.asarray(Image.fromarray(picture).resize((PACK, PACK), Image.BICUBIC, box=box))


CONDITIONS: dict[str, tuple[str, Callable[[np.ndarray, float, np.random.Generator], np.ndarray]]] = {
    "motion blur": (f"a line of {BLUR} of {PACK} pixels, random direction", blur),
    "compression": (f"JPEG quality {QUALITY} at {PACK}×{PACK}", compress),
    "dim": (f"{GAIN} of the brightness, noise of {NOISE:g}/255", dim),
    "grey": ("luma only", grey),
    "wide crop": ("the middle 16:9 part, squashed", lambda p, a, _: middle(p, a, WIDE)),
    "tall crop": ("the middle 9:16 part, squashed", lambda p, a, _: middle(p, a, TALL)),
}


class Model:
    """Unit vectors [n, 512] of pictures and texts, kept on disk under `key`, which with `variant` names the picture tower's use."""

    def __init__(self, label: str, key: str, pictures: Callable[[np.ndarray, list[float]], np.ndarray],
                 texts: Callable[[list[str]], np.ndarray], variant: str = "") -> None:
        self.label, self.key, self.variant = label, key, variant
        self._pictures, self._texts = pictures, texts
        self._known: dict[str, np.ndarray] = {}
        self.folder = WORK / "vectors"
        self.folder.mkdir(exist_ok=True)
        if (self.folder / f"{key}-texts.npz").exists():
            kept = np.load(self.folder / f"{key}-texts.npz")
            self._known = dict(zip(kept["strings"].tolist(), kept["vectors"]))

    def pictures(self, rows: np.ndarray, condition: str = PLAIN) -> np.ndarray:
        """Of packed pictures `rows` [n], as they are or under one of CONDITIONS."""
        digest = hashlib.sha256(rows.astype(np.int64).tobytes()).hexdigest()[:8]
        path = self.folder / f"{self.key}{self.variant}-{digest}-{condition.replace(' ', '_')}.npy"
        if not path.exists():
            images, meta = load_images()[rows], load_meta()
            aspects = [meta[i]["aspect"] for i in rows]
            if condition != PLAIN:
                rng, change = np.random.default_rng(SEED), CONDITIONS[condition][1]
                images = np.stack([change(p, a, rng) for p, a in zip(images, aspects)])
                aspects = [{"wide crop": WIDE, "tall crop": TALL}.get(condition, a) for a in aspects]
            part = path.with_suffix(".part.npy")
            np.save(part, unit(self._pictures(images, aspects)).astype(np.float32))
            part.rename(path)
        return np.load(path)

    def texts(self, strings: list[str]) -> np.ndarray:
        """Of texts as they are."""
        new = sorted(set(strings) - self._known.keys(), key=lambda s: (len(s), s))  # by length: less padding
        if new:
            self._known.update(zip(new, unit(self._texts(new)).astype(np.float32)))
            part = self.folder / f"{self.key}-texts.part.npz"
            np.savez(part, strings=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
            part.rename(self.folder / f"{self.key}-texts.npz")
        return np.stack([self._known[s] for s in strings])

    def queries(self, strings: list[str]) -> np.ndarray:
        """Of queries, as the page makes them: the mean over its sentences, to unit length."""
        prompts = [prompts_for(s) for s in strings]
        self.texts([p for ps in prompts for p in ps])
        return unit(np.stack([self.texts(ps).mean(0) for ps in prompts]))


def shipped_input(folder: Path = MODEL_DIR) -> Input:
    """What the preprocessor_config.json of a model's folder says."""
    preprocessor = json.loads((folder / "preprocessor_config.json").read_text())
    views = preprocessor.get("views", {"count": 1, "size": 0})
    return Input(preprocessor["size"]["height"], views["count"], views["size"])


def torch_model(name: str, averaged: bool = True, side: int | None = None, views: int | None = None) -> Model:
    """A checkpoint, at the shipped files' or another input side and number of views."""
    from export import load
    from tokenizer import Tokenizer

    vision, text, _ = load(name, averaged)
    tokenizer, shipped = Tokenizer(), shipped_input()
    wanted = replace(shipped, side=side or shipped.side, views=views or shipped.views)
    digest = hashlib.sha256((WORK / f"{name}.pt").read_bytes()).hexdigest()[:12]

    @torch.no_grad()
    def pictures(images: np.ndarray, aspects: list[float]) -> np.ndarray:
        cut, counts = cut_views(images, aspects, wanted)
        run = lambda views: np.concatenate([vision(torch.from_numpy(to_input(views[k : k + 50]))).numpy()
                                            for k in range(0, len(views), 50)])
        return mean_views(by_side(cut, run), counts)

    @torch.no_grad()
    def texts(strings: list[str]) -> np.ndarray:
        return np.concatenate([text(torch.from_numpy(tokenizer.batch(strings[k : k + 100]))).numpy()
                               for k in range(0, len(strings), 100)])

    return Model(name, f"{name}-{digest}{'' if averaged else '-raw'}", pictures, texts, wanted.key)


def onnx_model(folder: Path = MODEL_DIR) -> Model:
    """The shipped files of a model: onnxruntime-web and @huggingface/tokenizers under node; labelled by the model's id."""
    config = json.loads((folder / "config.json").read_text())
    wanted = shipped_input(folder)
    digest = hashlib.sha256()
    for file in ("onnx/vision_model.onnx", "onnx/text_model.onnx", "tokenizer.json"):
        digest.update((folder / file).read_bytes())

    def node(kind: str, source: str, *rest: str) -> np.ndarray:
        target = WORK / "onnx_out.f32"
        subprocess.run(["node", str(HERE / "evaluate-onnx.mjs"), kind, str(folder), source, str(target), *rest], check=True)
        return np.fromfile(target, np.float32).reshape(-1, EMBED)

    def pictures(images: np.ndarray, aspects: list[float]) -> np.ndarray:
        path = WORK / "onnx_in.u8"
        cut, counts = cut_views(images, aspects, wanted)

        def run(views: np.ndarray) -> np.ndarray:
            views.tofile(path)
            return node("pictures", str(path), str(views.shape[1]))

        return mean_views(by_side(cut, run), counts)

    def texts(strings: list[str]) -> np.ndarray:
        path = WORK / "onnx_in.json"
        path.write_text(json.dumps(strings))
        return node("texts", str(path))

    return Model(config["framesift"]["name"], f"onnx-{digest.hexdigest()[:12]}", pictures, texts, wanted.key)


def recall(sim: np.ndarray, owner: np.ndarray) -> dict[str, float]:
    """R@1/5/10 of sim [texts, pictures], `owner` [texts] the right picture's column."""
    own = sim[np.arange(len(owner)), owner][:, None]
    rank = (sim > own).sum(1)
    return {f"R@{k}": float((rank < k).mean()) for k in (1, 5, 10)}


def average_precision(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under precision over recall, ranked by score [n]."""
    hits = positive[np.argsort(-score, kind="stable")]
    return float(((np.cumsum(hits) / np.arange(1, len(hits) + 1)) * hits).sum() / hits.sum())


def named(caption: str) -> bool:
    """Whether a caption may name somebody."""
    return any(w[0].isupper() for w in caption.split()[1:])


class Bench:
    """The pictures kept out of training and what is asked of them."""

    def __init__(self) -> None:
        self.meta = load_meta()
        self.rows = np.array([i for i, r in enumerate(self.meta) if r["split"] != "train"])
        kept = [self.meta[i] for i in self.rows]
        self.kept: list[Row] = kept
        self.dev = np.array([k for k, r in enumerate(kept) if r["split"] == "dev"])
        self.captions = [c for k in self.dev for c in kept[k]["captions"][:5]]
        self.owner = np.array([j for j, k in enumerate(self.dev) for _ in kept[k]["captions"][:5]])
        self.names = class_names(self.meta)
        by_source: dict[str, list[int]] = defaultdict(list)
        for k, r in enumerate(kept):
            # Tux Paint's labels are drawers ("household"), not names of what is seen
            if r["split"] == "held" and r["source"] != "tuxpaint":
                by_source[r["source"]].append(k)
        self.sources = {s: np.array(m) for s, m in sorted(by_source.items()) if len({kept[k]["label"] for k in m}) > 1}
        self.shown = shown_texts(self.meta, self.rows)
        self.judged = {w: judge(rule, self.shown, [r["source"] for r in kept]) for w, rule in WORDS.items()}

    def zero_shot(self, model: Model, vectors: np.ndarray) -> dict[str, tuple[list[str], np.ndarray, np.ndarray, np.ndarray]]:
        """By source: class names, pictures [n], class of each [n], cosines [n, classes]."""
        classes = {s: sorted({self.kept[k]["label"] for k in m}) for s, m in self.sources.items()}
        model.texts([t.format(self.names[s, c]) for s, labels in classes.items() for c in labels for t in TEMPLATES])  # in one go
        out = {}
        for source, members in self.sources.items():
            labels = classes[source]
            names = [self.names[source, label] for label in labels]
            bank = unit(np.stack([model.texts([t.format(n) for t in TEMPLATES]).mean(0) for n in names]))
            truth = np.array([labels.index(self.kept[k]["label"]) for k in members])
            out[source] = names, members, truth, vectors[members] @ bank.T
        return out

    def figures(self, model: Model, condition: str = PLAIN) -> dict[str, Any]:
        """All figures of a model, as fractions."""
        vectors = model.pictures(self.rows, condition)
        images, out = vectors[self.dev], {}
        sim = model.texts(self.captions) @ images.T
        out["retrieval"] = recall(sim, self.owner)
        best = np.where(self.owner[:, None] == np.arange(len(self.dev))[None], sim, -9).max(0)
        first = (sim.T > best[:, None]).sum(1)
        out["image_to_text"] = {f"R@{k}": float((first < k).mean()) for k in (1, 5, 10)}

        out["zero_shot"], top1s, top5s = {}, [], []
        asked = self.zero_shot(model, vectors)
        for source, (names, members, truth, cosine) in asked.items():
            order = np.argsort(-cosine, axis=1)
            top1, top5 = order[:, 0] == truth, (order[:, :5] == truth[:, None]).any(1)
            out["zero_shot"][source] = {"classes": len(names), "pictures": len(members),
                                        "top1": float(top1.mean()), "top5": float(top5.mean())}
            for c in range(len(names)):
                top1s.append(top1[truth == c].mean())
                if len(names) > 5:  # of five classes all are among the first five
                    top5s.append(top5[truth == c].mean())
        out["zero_shot_overall"] = {"classes": len(top1s), "pictures": sum(len(a[1]) for a in asked.values()),
                                    "top1": float(np.mean(top1s)), "top5": float(np.mean(top5s)), "top5_classes": len(top5s)}

        out["words"] = {}
        for word, query in zip(WORDS, model.queries(list(WORDS))):
            known = self.judged[word] >= 0
            positive = self.judged[word][known] == 1
            entry: dict[str, Any] = {"positives": int(positive.sum()), "pictures": int(known.sum())}
            if positive.sum() >= FEWEST:
                entry["ap"] = average_precision(vectors[known] @ query, positive)
            out["words"][word] = entry
        out["mean_ap"] = float(np.mean([w["ap"] for w in out["words"].values() if "ap" in w]))
        return out

    def brief(self, pictures: np.ndarray) -> list[str]:
        """For each picture its class, or the shortest of its own captions, one without a name if there is one."""
        out = []
        for r in (self.kept[k] for k in pictures):
            short = min(r["captions"], key=lambda c: (named(c), len(c)))
            out.append(short if r["source"] in ("flickr8k", "tuxpaint", "camvid") else self.names[r["source"], r["label"]])
        return out

    def failures(self, model: Model, count: int = 12) -> dict[str, Any]:
        """What the model gets most wrong, in words."""
        vectors = model.pictures(self.rows)
        images = vectors[self.dev]
        sim = model.texts(self.captions) @ images.T
        own = sim[np.arange(len(self.owner)), self.owner]
        rank, top = (sim > own[:, None]).sum(1), sim.argmax(1)
        retrieval: list[dict[str, Any]] = []
        seen: set[int] = set()
        for q in np.argsort(own - sim.max(1)):  # the most confident first
            caption, pair = self.captions[q], {int(top[q]), -1 - int(self.owner[q])}  # what it finds, whose it is
            if rank[q] < 50 or len(caption.split()) > 10 or named(caption) or pair & seen:
                continue
            seen |= pair
            found = self.brief([self.dev[top[q]]])[0]
            retrieval.append({"query": caption.strip(" ."), "rank": int(rank[q]) + 1, "found": found.strip(" .")})
            if len(retrieval) == count:
                break

        pairs: dict[tuple[str, str, str], list[float]] = defaultdict(list)
        sizes: Counter[tuple[str, str]] = Counter()
        for source, (names, _, truth, cosine) in self.zero_shot(model, vectors).items():
            for t, row in zip(truth, cosine):
                sizes[source, names[t]] += 1
                if row.argmax() != t:
                    pairs[source, names[t], names[row.argmax()]].append(float(row.max() - row[t]))
        worst = sorted(pairs, key=lambda p: (-len(pairs[p]) / sizes[p[:2]], -sum(pairs[p])))[: 2 * count]
        zero = [{"source": p[0], "is": p[1], "taken_for": p[2], "times": len(pairs[p]), "of": sizes[p[:2]]} for p in worst]

        words = []
        for word, query in zip(WORDS, model.queries(list(WORDS))):
            judged = self.judged[word]
            if (judged == 1).sum() < FEWEST:
                continue
            cosine = vectors @ query
            level = np.median(cosine[judged == 1])
            wrong = np.flatnonzero((judged == 0) & (cosine >= level))
            said = Counter(self.brief(wrong[np.argsort(-cosine[wrong])]))
            words.append({"word": word, "wrong": len(wrong), "right": int((judged == 1).sum() + 1) // 2,
                          "instead": [s.strip(" .") for s, _ in said.most_common(4)]})
        return {"retrieval": retrieval, "zero_shot": zero, "words": words}


def headline(f: dict[str, Any]) -> dict[str, float]:
    """The figures that a table over conditions shows."""
    overall = f["zero_shot_overall"]
    return {**f["retrieval"], "top-1": overall["top1"], "top-5": overall["top5"], "mean AP": f["mean_ap"]}


def flat(f: dict[str, Any]) -> dict[str, float]:
    """Every figure under one name."""
    out = {f"{part} {k}": f[part][k] for part in ("retrieval", "image_to_text") for k in f[part]}
    for s, r in {**f["zero_shot"], "overall": f["zero_shot_overall"]}.items():
        out.update({f"{s} top-1": r["top1"], f"{s} top-5": r["top5"]})
    out.update({f"AP {w}": r["ap"] for w, r in f["words"].items() if "ap" in r})
    return {**out, "mean AP": f["mean_ap"]}


def compare(bench: Bench, a: Model, b: Model) -> dict[str, float]:
    """Cosines between two models' vectors of the dev pictures and captions, and the most that a figure differs by."""
    image = (a.pictures(bench.rows)[bench.dev] * b.pictures(bench.rows)[bench.dev]).sum(1)
    text = (a.texts(bench.captions) * b.texts(bench.captions)).sum(1)
    fa, fb = bench.figures(a), bench.figures(b)
    main, every = headline(fa), flat(fa)
    most = max(every, key=lambda k: abs(every[k] - flat(fb)[k]))
    return {"image_mean": float(image.mean()), "image_lowest": float(image.min()), "text_mean": float(text.mean()),
            "text_lowest": float(text.min()), "most_points": 100 * max(abs(main[k] - headline(fb)[k]) for k in main),
            "most_points_any": 100 * abs(every[most] - flat(fb)[most]), "most_any": most}


def show(out: dict[str, Any]) -> str:
    """The figures as lines, per cent."""
    pct = lambda d: "  ".join(f"{k} {100*v:.1f}" for k, v in d.items())
    overall = out["zero_shot_overall"]
    lines = [f"text→image  {pct(out['retrieval'])}", f"image→text  {pct(out['image_to_text'])}"]
    lines += [f"zero-shot {s:16} {r['classes']:4} classes {r['pictures']:5} pictures  top-1 {100*r['top1']:.1f}  "
              f"top-5 {100*r['top5']:.1f}" for s, r in out["zero_shot"].items()]
    lines.append(f"zero-shot over the {overall['classes']} held-out classes, each counting the same, each picture among its source's "
                 f"classes: top-1 {100*overall['top1']:.1f}  top-5 {100*overall['top5']:.1f} "
                 f"(the {overall['top5_classes']} classes of sources with more than five)")
    for word, r in out["words"].items():
        ap = f"{100*r['ap']:5.1f}" if "ap" in r else f"too few pictures show it (fewer than {FEWEST})"
        lines.append(f"average precision {word:13} {ap}  {r['positives']} of {r['pictures']} pictures")
    lines.append(f"mean average precision {100*out['mean_ap']:.1f}")
    return "\n".join(lines)


def table(rows: dict[str, dict[str, float]], base: str) -> str:
    """Headline figures by row, with points lost against row `base`."""
    lines = [f"{'':14}" + "".join(f"{k:>15}" for k in rows[base])]
    for name, row in rows.items():
        change = {k: "        " if name == base else f" ({100*(v-rows[base][k]):+5.1f})" for k, v in row.items()}
        lines.append(f"{name:14}" + "".join(f"{100*v:7.1f}{change[k]}" for k, v in row.items()))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="vision_final", help="name of the checkpoint")
    parser.add_argument("--raw", action="store_true", help="the last weights, not the averaged ones")
    parser.add_argument("--onnx", action="store_true", help="the files in the model's folder (FRAMESIFT_MODEL_DIR)")
    parser.add_argument("--compare", action="store_true", help="checkpoint against the files in the model's folder")
    parser.add_argument("--robust", action="store_true", help="figures under changed pictures")
    parser.add_argument("--sides", type=int, nargs="*", help="figures of the checkpoint at these input sides")
    parser.add_argument("--side", type=int, help="input side of the checkpoint")
    parser.add_argument("--views", type=int, help="views of a picture, for the checkpoint")
    args = parser.parse_args()
    bench = Bench()

    def keep(kind: str, label: str, value: Any) -> None:
        (WORK / f"{kind}_{label}.json").write_text(json.dumps(value, indent=1))

    if args.compare:
        shipped = onnx_model()
        close = compare(bench, torch_model(args.name, True, args.side, args.views), shipped)
        keep("compare", shipped.label, close)
        print("  ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in close.items()))
    elif args.sides is not None:
        sides = args.sides or SIDES
        rows = {str(s): headline(bench.figures(torch_model(args.name, not args.raw, s, args.views))) for s in sides}
        keep("sides", args.name, rows)
        print(table(rows, str(PACK) if str(PACK) in rows else str(sides[0])))
    else:
        model = onnx_model() if args.onnx else torch_model(args.name, not args.raw, args.side, args.views)
        if args.robust:
            rows = {c: headline(bench.figures(model, c)) for c in (PLAIN, *CONDITIONS)}
            keep("robust", model.label, {"rows": rows, "strength": {c: s for c, (s, _) in CONDITIONS.items()}, "seed": SEED})
            print(*(f"{c}: {s}" for c, (s, _) in CONDITIONS.items()), table(rows, PLAIN), sep="\n")
        else:
            out = {**bench.figures(model), "failures": bench.failures(model)}
            keep("figures", model.label, out)
            print(show(out))


if __name__ == "__main__":
    main()
