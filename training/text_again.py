"""Train the text tower and the vision tower's last layer on, over the frozen trunk's features; half an hour on two cores.

    export FRAMESIFT_TRAINING_DATA=PACKED                                  what pack.py wrote
    python3 text_again.py features --start v3                              goes on where it was stopped
    python3 text_again.py train --start v3 --minutes 30 --out v3text       a checkpoint every two minutes
    python3 text_again.py mean --start v3 --other v3text --share 0.6 --out v3mean

Checkpoints are folders of train_gpu.py's form below the work folder. A picture's features are those of the whole at the
model's side or, at random, the mean over its two views (common.VIEW_SHARE), so that the text tower learns both.

Losses: captions both ways with hard negatives, against a queue of texts and further pictures; the starting checkpoint's
own cosines of pictures with captions and with names of classes, so that what is in no caption is not forgotten; CLIP's
text vectors of 2,148 names. `mean` is WiSE-FT (arXiv 2109.01903): the mean of the weights before and after.
"""
from __future__ import annotations

import argparse
import copy
import io
import shutil
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from common import DATA, SEED, WORK, seed_all
from data import Input, to_input, view_boxes
from export import load, load_state
from model import TextTower, VisionTower
from train import groups, shape, unit

VIEWS = Input(side=160, views=2, view_side=128)
BATCH, FURTHER, QUEUE, NAMES = 320, 1024, 1280, 112
CHUNK = 512  # pictures between two writes of the features
WEIGHTS = {"pair": 0.2, "own": 0.3, "known": 0.6, "name": 0.5}
PEOPLES = 0.46  # share of the drawn pictures whose captions people wrote
SCALE = 29.0  # of the starting checkpoint's cosines


def squares(picture: Image.Image, aspect: float) -> list[np.ndarray]:
    """The whole picture and, where it has any, its views, as the page makes them."""
    width, height = picture.size
    out = [np.asarray(picture.resize((VIEWS.side, VIEWS.side), Image.BICUBIC))]
    boxes = view_boxes(aspect, VIEWS.views)
    if len(boxes) > 1:
        for x0, y0, x1, y1 in boxes:
            part = picture.crop((round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height)))
            out.append(np.asarray(part.resize((VIEWS.view_side, VIEWS.view_side), Image.BICUBIC)))
    return out


@torch.no_grad()
def features(start: str) -> None:
    """WORK/START/features.npy, float16 [N, 2, width]: of the whole picture, and the mean over its views."""
    vision = load(start)[0]
    aspects = np.load(DATA / "tables.npz")["aspect"]
    where = {int(m): p for p in sorted(DATA.glob("part-*.zip")) for m in zipfile.ZipFile(p).namelist()}
    path, done = WORK / start / "features.npy", WORK / start / "features.done"
    if not path.exists():
        np.lib.format.open_memmap(path, "w+", np.float16, (len(aspects), 2, vision.width)).flush()
    out = np.lib.format.open_memmap(path, "r+")
    first, archives, started = int(done.read_text()) if done.exists() else 0, {}, time.monotonic()
    run = lambda squares: vision.features(torch.from_numpy(to_input(np.stack(squares)))).numpy()
    for begin in range(first, len(aspects), CHUNK):
        rows = [i for i in range(begin, min(begin + CHUNK, len(aspects))) if i in where]
        cut = []
        for i in rows:
            if where[i] not in archives:
                archives[where[i]] = zipfile.ZipFile(where[i])
            cut.append(squares(Image.open(io.BytesIO(archives[where[i]].read(str(i)))).convert("RGB"), aspects[i]))
        for k in range(0, len(rows), 32):
            some = range(k, min(k + 32, len(rows)))
            whole = run([cut[j][0] for j in some])
            parts = [p for j in some for p in cut[j][1:]]
            seen = run(parts) if parts else np.empty((0, whole.shape[1]))
            at = 0
            for n, j in enumerate(some):
                count = len(cut[j]) - 1
                out[rows[j]] = whole[n], seen[at : at + count].mean(0) if count else whole[n]
                at += count
        out.flush()
        done.write_text(str(begin + CHUNK))
        print(f"{begin + len(rows):,} of {len(aspects):,}, {1000 * (time.monotonic() - started) / (begin + CHUNK - first):.1f} ms each", flush=True)


def encode(text: TextTower, ids: np.ndarray, end: int) -> torch.Tensor:
    """Unit vectors of token rows, cut to the longest."""
    return unit(text(torch.from_numpy(ids[:, : int((ids == end).argmax(1).max()) + 1].astype(np.int64))))


def save(folder: Path, start: str, vision: VisionTower, text: TextTower, scale: float) -> None:
    """A checkpoint of train_gpu.py's form, with the heads of the one that it started from."""
    folder.mkdir(parents=True, exist_ok=True)
    half = lambda state: {k: v.half() if v.dtype == torch.float32 and v.ndim >= 2 else v for k, v in state.items()}
    for tower, module in (("vision", vision), ("text", text)):
        state: dict[str, Any] = torch.load(WORK / start / f"{tower}_final.pt", map_location="cpu")
        part = folder / f"{tower}_final.part"
        torch.save({**state, f"mean_{tower}": half(module.state_dict()), "scale": scale}, part)
        part.rename(folder / f"{tower}_final.pt")
    if (WORK / start / "heads_final.pt").exists():
        shutil.copy(WORK / start / "heads_final.pt", folder / "heads_final.pt")


def train(start: str, out: str, minutes: float, batch: int) -> None:
    """Text tower and projection; the trunk stays as it is."""
    seed_all()
    rng, table = np.random.default_rng(SEED), dict(np.load(DATA / "tables.npz"))
    end, captions, count, label = int(table["end"]), table["captions"], table["caption_count"], table["label"]
    seen = np.load(WORK / start / "features.npy", mmap_mode="r")
    vision, text, _ = load(start)
    before, frozen = copy.deepcopy(text).eval(), copy.deepcopy(vision.project).requires_grad_(False)
    scale = nn.Parameter(torch.tensor(float(load_state(start)["scale"])))
    rows = np.array([i for i in np.flatnonzero(table["split"] == 0) if seen[i, 0, 0] or seen[i].any()])
    human = table["human"][rows]
    weight = np.where(human, PEOPLES / max(1, human.sum()), (1 - PEOPLES) / max(1, (~human).sum()))
    cumulative = np.cumsum(weight / weight.sum())
    names = np.concatenate([table["class_texts"][:, 1:].reshape(-1, table["class_texts"].shape[-1]),
                            table["label_texts"].reshape(-1, table["label_texts"].shape[-1])])
    with torch.no_grad():
        known_names = torch.cat([encode(before, names[k : k + 512], end) for k in range(0, len(names), 512)])
    clip = torch.from_numpy(table["name_vectors"].astype(np.float32))

    def draw(n: int) -> np.ndarray:
        points = (np.arange(n) + rng.random(n)) / n
        return rng.permutation(rows[np.minimum(np.searchsorted(cumulative, points), len(rows) - 1)])

    rates = [{**g, "base": 4e-4} for g in groups(text, 0.1)]
    rates += [{"params": list(vision.project.parameters()), "weight_decay": 0.02, "base": 5e-4}, {"params": [scale], "weight_decay": 0.0, "base": 3e-4}]
    optimiser = torch.optim.AdamW(rates, lr=4e-4, betas=(0.9, 0.98))
    mean_text, mean_project = copy.deepcopy(text), copy.deepcopy(vision.project)
    queue, queued = torch.zeros(0, 512), np.zeros(0, np.int64)
    started, kept, step = time.monotonic(), time.monotonic(), 0
    text.train()

    def keep() -> None:
        last = copy.deepcopy(vision)
        last.project = mean_project
        save(WORK / out, start, last, mean_text, scale.item())

    while (progress := (time.monotonic() - started) / (60 * minutes)) < 1:
        for g in optimiser.param_groups:
            g["lr"] = g["base"] * shape(progress)
        own = draw(batch)
        both = np.concatenate([own, draw(FURTHER)])
        f = torch.from_numpy(seen[both, rng.integers(0, 2, len(both))].astype(np.float32))
        old = unit(frozen(f))
        z = unit(vision.project(F.dropout(f * (1 + 0.1 * torch.randn_like(f)), 0.05)))
        s = scale.exp().clamp(max=60)
        chosen = captions[own, (rng.random(batch) * count[own]).astype(int)]
        ids = table["texts"][rng.choice(3, batch, p=[0.7, 0.15, 0.15]), chosen]
        vectors, asked = encode(text, ids, end), np.concatenate([chosen, queued])
        hit = torch.from_numpy((captions[both][:, :, None] == asked).any(1))
        logits = z @ torch.cat([vectors, queue]).T * s
        same = torch.from_numpy((label[both][:, None] == label[own][None]) & (label[own] >= 0)[None]) & ~hit[:, :batch]
        rivals = torch.full((batch, 1), -1e4)
        wrong = np.flatnonzero(table["has_wrong"][chosen])[:80]
        if len(wrong):
            rivals[wrong, 0] = (z[:batch][wrong] * encode(text, table["wrong"][chosen[wrong]], end)).sum(1) * s
        x, right = logits[:batch].clone(), hit[:batch].float()
        x[:, :batch] = x[:, :batch].masked_fill(same[:batch], -1e4)
        to_text = -(torch.cat([x, rivals], 1).log_softmax(1)[:, :-1] * right / right.sum(1, keepdim=True)).sum(1).mean()
        right = hit[:, :batch].float()
        to_picture = -(logits[:, :batch].masked_fill(same, -1e4).log_softmax(0) * right / right.sum(0, keepdim=True)).sum(0).mean()
        with torch.no_grad():
            wish = (SCALE * old @ encode(before, ids, end).T).softmax(1)
        some = rng.choice(len(names), min(NAMES, len(names)), replace=False)
        listed = rng.choice(len(clip), 32, replace=False)
        parts = {"pair": to_text + to_picture,
                 "own": F.kl_div(logits[:, :batch].log_softmax(1), wish, reduction="batchmean"),
                 "known": F.kl_div((z @ encode(text, names[some], end).T * s).log_softmax(1),
                                   (SCALE * old @ known_names[some].T).softmax(1), reduction="batchmean"),
                 "name": (1 - (encode(text, table["name_texts"][rng.integers(0, 3, 32), listed], end) * clip[listed]).sum(1)).mean()}
        optimiser.zero_grad()
        sum(WEIGHTS[k] * v for k, v in parts.items()).backward()
        nn.utils.clip_grad_norm_([p for g in optimiser.param_groups for p in g["params"]], 1.0)
        optimiser.step()
        step += 1
        queue, queued = torch.cat([vectors.detach(), queue])[:QUEUE], asked[:QUEUE]
        with torch.no_grad():
            for slow, fast in ((mean_text, text), (mean_project, vision.project)):
                for a, b in zip(slow.parameters(), fast.parameters()):
                    a.lerp_(b, 1 - min(0.99, (2 + step) / (12 + step)))
        if step % 20 == 0 or step == 1:
            print(f"{progress:.3f} step {step} {batch * step / (time.monotonic() - started):.0f}/s "
                  + " ".join(f"{k} {v.item():.3f}" for k, v in parts.items()) + f" scale {s.item():.1f}", flush=True)
        if time.monotonic() - kept > 120:
            keep()
            kept = time.monotonic()
    keep()


def mean(start: str, other: str, share: float, out: str) -> None:
    """The mean of two checkpoints' weights, `share` of the other."""
    (vision, text, state), (vision2, text2, state2) = load(start), load(other)
    for a, b in ((vision, vision2), (text, text2)):
        theirs = b.state_dict()
        a.load_state_dict({k: v.lerp(theirs[k], share) if v.is_floating_point() else v for k, v in a.state_dict().items()})
    save(WORK / out, start, vision, text, (1 - share) * float(state["scale"]) + share * float(state2["scale"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("features", "train", "mean"))
    parser.add_argument("--start", required=True, help="checkpoint to go on from")
    parser.add_argument("--out", help="checkpoint to write")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--other", help="checkpoint that is mixed in by `mean`")
    parser.add_argument("--share", type=float, default=0.6, help="of the other checkpoint's weights in the mean")
    args = parser.parse_args()
    if args.stage == "features":
        features(args.start)
    elif args.stage == "train":
        train(args.start, args.out, args.minutes, args.batch)
    else:
        mean(args.start, args.other, args.share, args.out)


if __name__ == "__main__":
    main()
