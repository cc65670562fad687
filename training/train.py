"""Train both towers: first the text tower on frozen teacher features, then the vision tower, then both.

    python3 train.py text   --minutes 5
    python3 train.py vision --minutes 80
    python3 train.py text   --minutes 8  --teacher maps --start vision --name text2
    python3 train.py vision --minutes 85 --teacher maps --start vision --text text2 --name vision2

`vision` starts from random weights, or from those of `--start`, and is taught by (a) the image vectors that the text
stage's adapter makes of the teacher's features, (b) the teacher's soft labels through a head that is thrown away,
(c) the captions, (d) with `--teacher maps`, the teacher's features of each cell of the picture. From `--joint` of the
way on the text tower learns along. The learning rate follows the share of `--minutes` (or of `--views` pictures) that
is used up, so a run ends when it should on any machine. Every stage writes a checkpoint each two minutes and goes on
from it when started again.
"""
from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from common import DATA, SEED, WORK, device, seed_all
from data import cover, crop, degrade, jitter, load_images, load_meta, normalise, random_boxes
from model import Adapter, TextConfig, TextTower, VisionConfig, VisionTower
from tokenizer import Tokenizer, name_vectors, names

# How often a picture of each source is drawn, relative to one of MiniPlaces.
WEIGHTS = {"flickr8k": 1.6, "tinyimagenet": 0.45, "camvid": 0.7, "jnbli-package": 2.0, "tuxpaint": 0.7,
           "vehicle-types": 1.2, "car-color": 1.0, "daynight": 1.5, "weather": 1.3, "imagenet-sample": 1.2,
           "imagenette": 0.8}
# How much each part of the loss counts; `--weights dense=1,soft=0.5` changes some.
LOSSES = {"aim": 2.0, "soft": 1.0, "dense": 0.0, "bank": 0.5, "bank_joint": 0.25, "pair": 0.7, "name": 0.5, "class": 0.3,
          "stay": 0.3}
GRID = 256  # principal components of the teacher's cells that the student's cells are to follow
PREFIXES = ("a video of ", "a frame of ", "a photo showing ", "a picture of ", "there is ", "show me ", "find ",
            "a view of ", "the moment with ", "a blurry photo of ", "a small picture of ", "a photo of ", "a picture showing ")


class Captions:
    """All distinct captions, and which picture has which.

    texts    list of C strings
    of_row   int64 [N, 6]: caption numbers of each picture, repeated to fill
    training numbers of the captions of training pictures
    """

    def __init__(self, meta: list[dict[str, Any]], tokenizer: Tokenizer) -> None:
        number: dict[str, int] = {}
        lists = []
        for row in meta:
            lists.append([number.setdefault(c.strip(), len(number)) for c in row["captions"]])
        self.texts = list(number)
        self.of_row = np.array([(l * 6)[:6] for l in lists], np.int64)
        self.count = np.array([min(len(l), 6) for l in lists])
        self.training = np.unique(self.of_row[[row["split"] == "train" for row in meta]])
        self.tokenizer = tokenizer

    def draw(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One caption number for each row [n]."""
        return self.of_row[rows, rng.integers(0, self.count[rows])]

    def strings(self, chosen: np.ndarray, rng: np.random.Generator, wrap: float) -> list[str]:
        """Their texts, some with words a person searching would put before."""
        out = []
        for c in chosen:
            text = self.texts[c]
            if rng.random() < wrap:
                bare = text
                for start in ("a photo of ", "a picture of ", "an image of ", "a view of "):
                    bare = bare[len(start):] if bare.lower().startswith(start) else bare
                if rng.random() < 0.4:
                    for article in ("a ", "an ", "the "):
                        bare = bare[len(article):] if bare.lower().startswith(article) else bare
                    text = bare
                else:
                    text = PREFIXES[rng.integers(len(PREFIXES))] + bare
            out.append(text)
        return out


def encode_texts(tower: TextTower, tokenizer: Tokenizer, texts: list[str], chunk: int, dev: torch.device,
                 limit: int = 32) -> torch.Tensor:
    """Unit vectors [n, 512] of texts; encoded in chunks of like length, so little padding is computed."""
    ids = tokenizer.batch(texts, limit)
    length = (ids == tokenizer.end).argmax(1) + 1
    order = np.argsort(length, kind="stable")
    parts = []
    for k in range(0, len(order), chunk):
        pick = order[k : k + chunk]
        part = torch.from_numpy(ids[pick, : length[pick].max()]).to(dev)
        parts.append(tower(part).float())
    back = torch.from_numpy(np.argsort(order, kind="stable")).to(dev)
    return F.normalize(torch.cat(parts)[back], dim=-1)


def matches(captions: Captions, rows: np.ndarray, chosen: np.ndarray) -> torch.Tensor:
    """Which of the captions [m] belong to which of the rows [n]: bool [n, m]."""
    hit = np.zeros((len(rows), len(chosen)), bool)
    for k in range(captions.of_row.shape[1]):
        hit |= captions.of_row[rows, k][:, None] == chosen[None]
    return torch.from_numpy(hit)


def contrast(logits: torch.Tensor, hit: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Two-way contrastive loss of logits [n, n]: `hit` pairs share the target, other `same`-label pairs are left out."""
    logits = logits.masked_fill(same & ~hit, -1e4)
    target = hit.float()
    a = -(F.log_softmax(logits, 1) * target / target.sum(1, keepdim=True)).sum(1)
    b = -(F.log_softmax(logits, 0) * target / target.sum(0, keepdim=True)).sum(0)
    return (a.mean() + b.mean()) / 2


class Sampler:
    """Draws training rows by source weight, and knows labels."""

    def __init__(self, meta: list[dict[str, Any]], rng: np.random.Generator, uniform: bool = False) -> None:
        self.rows = np.array([i for i, row in enumerate(meta) if row["split"] == "train"])
        weight = np.array([1.0 if uniform else WEIGHTS.get(meta[i]["source"], 1.0) for i in self.rows])
        self.cumulative = np.cumsum(weight / weight.sum())
        labels = {l: k for k, l in enumerate(sorted({r["label"] for r in meta if r["label"]}))}
        self.label = np.array([labels[r["label"]] if r["label"] else -1 - i for i, r in enumerate(meta)])
        self.rng = rng

    def draw(self, n: int) -> np.ndarray:
        """Row numbers [n] from a stratified draw over the weights."""
        points = (np.arange(n) + self.rng.random(n)) / n
        rows = self.rows[np.minimum(np.searchsorted(self.cumulative, points), len(self.rows) - 1)]
        return self.rng.permutation(rows)

    def same(self, rows: np.ndarray) -> torch.Tensor:
        """Which pairs of rows share a label: bool [n, n]."""
        return torch.from_numpy(self.label[rows][:, None] == self.label[rows][None])


class NamePull:
    """Names and where CLIP's own text tower puts them, with the mean of all names taken out."""

    def __init__(self) -> None:
        vectors = name_vectors()
        vectors = vectors - vectors.mean(0, keepdims=True)
        self.vectors = torch.from_numpy(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        self.names = names()

    def loss(self, tower: TextTower, tokenizer: Tokenizer, n: int, rng: np.random.Generator, dev: torch.device) -> torch.Tensor:
        pick = rng.choice(len(self.names), n, replace=False)
        prompts = ("a {}", "a {}", "{}", "a photo of a {}", "the {}")
        texts = [prompts[rng.integers(len(prompts))].format(self.names[i]) for i in pick]
        vectors = encode_texts(tower, tokenizer, texts, 128, dev, 24)
        return (1 - (vectors * self.vectors[pick].to(dev)).sum(1)).mean()


class ClassNames:
    """The names of the teacher's classes: what they look like is in its soft labels of our pictures."""

    PROMPTS = ("a photo of a {}", "a {}", "{}", "a picture showing a {}")

    def __init__(self) -> None:
        lines = (DATA / "teacher" / "imagenet_labels.txt").read_text().splitlines()
        self.names = [[name.strip() for name in line.split(",")] for line in lines]

    def loss(self, tower: TextTower, tokenizer: Tokenizer, z: torch.Tensor, labels: torch.Tensor, scale: torch.Tensor,
             count: int, rng: np.random.Generator) -> torch.Tensor:
        """Cross entropy of pictures z [n, 512] over `count` names, against the teacher's logits [n, 1001].

        Pictures count by how sure the teacher is; class 0, its background, is left out.
        """
        sure, top = labels.softmax(-1).max(-1)
        seen = np.unique(top.cpu().numpy())
        rest = rng.permutation(np.setdiff1d(np.arange(1, len(self.names)), seen))
        pick = np.sort(np.concatenate([seen[seen > 0], rest[: max(0, count - len(seen))]]))
        texts = [self.PROMPTS[rng.integers(len(self.PROMPTS))].format(self.names[c][rng.integers(len(self.names[c]))])
                 for c in pick]
        with autocast(z.device):
            t = encode_texts(tower, tokenizer, texts, 128, z.device, 24)
        wish = labels[:, torch.from_numpy(pick).to(z.device)].softmax(-1)
        lost = -((z @ t.T * scale).log_softmax(-1) * wish).sum(1)
        return (lost * sure).sum() / sure.sum()


@dataclass
class Shown:
    """Crops of some pictures and what the teacher says of them."""

    boxes: np.ndarray  # [n, 4]
    flip: np.ndarray  # bool [n]
    features: torch.Tensor  # [n, 1280]
    cells: torch.Tensor | None = None  # [n, 49, 1280], of the whole pictures

    def grid(self, bins: int) -> torch.Tensor:
        """The teacher's features of each part of the crops: [n, bins × bins, 1280]."""
        assert self.cells is not None
        side = round(self.cells.shape[1] ** 0.5)
        return torch.from_numpy(cover(self.boxes, bins, side, self.flip)).to(self.cells) @ self.cells


class FixedViews:
    """The whole picture and one crop of each, which the teacher saw as they are."""

    def __init__(self, aspect: np.ndarray) -> None:
        self.aspect = aspect
        self.features = np.load(WORK / "teacher_features.npy", mmap_mode="r")
        self.boxes = np.load(WORK / "teacher_boxes.npy")

    def draw(self, rows: np.ndarray, rng: np.random.Generator, dev: torch.device) -> Shown:
        view = rng.integers(0, 2, len(rows))
        wide = random_boxes(self.aspect[rows], (0.7, 1.0), rng)
        near = np.clip(self.boxes[view, rows] + rng.uniform(-0.04, 0.04, (len(rows), 4)), 0, 1).astype(np.float32)
        features = torch.from_numpy(self.features[view, rows]).to(dev).float()
        return Shown(np.where((view == 0)[:, None], wide, near), rng.random(len(rows)) < 0.5, features)


class MapViews:
    """Any crop of a picture, by the teacher's cells below it: as many views as are drawn, for one run of the teacher."""

    def __init__(self, aspect: np.ndarray) -> None:
        self.aspect = aspect
        self.maps = np.load(WORK / "teacher_maps.npy", mmap_mode="r")[0]

    def draw(self, rows: np.ndarray, rng: np.random.Generator, dev: torch.device) -> Shown:
        whole = random_boxes(self.aspect[rows], (0.75, 1.0), rng)
        part = random_boxes(self.aspect[rows], (0.35, 0.9), rng)
        boxes = np.where(rng.random((len(rows), 1)) < 0.6, whole, part)
        cells = torch.from_numpy(self.maps[rows]).to(dev).float() * (6 / 255)
        shown = Shown(boxes, rng.random(len(rows)) < 0.5, torch.empty(0), cells)
        shown.features = shown.grid(1)[:, 0]
        return shown

    def components(self, pictures: int = 500) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean [1280] and principal components [1280, GRID] of cells."""
        rows = np.sort(np.random.default_rng(SEED).choice(len(self.maps), pictures, replace=False))
        cells = torch.from_numpy(self.maps[rows]).float().view(-1, self.maps.shape[-1]) * (6 / 255)
        mean = cells.mean(0)
        _, vectors = torch.linalg.eigh((cells - mean).T @ (cells - mean))
        return mean, vectors[:, -GRID:].contiguous()


def groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Optimiser groups: no weight decay on vectors and embeddings."""
    yes, no = [], []
    for name, p in model.named_parameters():
        (no if p.ndim < 2 or "token" in name or "position" in name else yes).append(p)
    return [{"params": yes, "weight_decay": decay}, {"params": no, "weight_decay": 0.0}]


def shape(progress: float, warm: float = 0.03) -> float:
    """One-cycle learning rate factor: linear up to `warm`, cosine down to zero."""
    if progress < warm:
        return (progress + 0.002) / (warm + 0.002)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warm) / (1 - warm))))


def autocast(dev: torch.device) -> Any:
    return torch.autocast(dev.type, dtype=torch.bfloat16)


def save(path: Path, state: dict[str, Any]) -> None:
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)


def losses_of(args: argparse.Namespace) -> dict[str, float]:
    """LOSSES, with what --weights changes."""
    changed = dict(pair.split("=") for pair in args.weights.split(",") if pair)
    assert set(changed) <= set(LOSSES), f"--weights knows {', '.join(LOSSES)}"
    return LOSSES | {k: float(v) for k, v in changed.items()}


def unit(x: torch.Tensor) -> torch.Tensor:
    return F.normalize(x.float(), dim=-1)


def stage_text(args: argparse.Namespace) -> None:
    """Text tower and adapter on frozen teacher features; then the vectors of all captions are kept."""
    dev, rng = device(), np.random.default_rng([SEED + 1, args.seed])
    seed_all(SEED + 1)
    meta, tokenizer = load_meta(), Tokenizer()
    captions, sampler, pull, classes = Captions(meta, tokenizer), Sampler(meta, rng), NamePull(), ClassNames()
    aspect = np.array([row["aspect"] for row in meta])
    views = MapViews(aspect) if args.teacher == "maps" else FixedViews(aspect)
    head = np.load(WORK / "teacher_head.npz")
    head_w, head_b = torch.from_numpy(head["w"]).to(dev), torch.from_numpy(head["b"]).to(dev)
    weights = losses_of(args)
    text, adapter = TextTower(TextConfig(len(tokenizer.vocab))).to(dev), Adapter().to(dev)
    scale = nn.Parameter(torch.tensor(math.log(1 / 0.07), device=dev))
    if args.start:  # a finished text stage, or a vision stage's text tower and the adapter that it was taught by
        state = torch.load(WORK / f"{args.start}.pt", map_location=dev)
        text.load_state_dict(state.get("mean_text") or state["text"])
        taught = state if "adapter" in state else torch.load(WORK / f"{state.get('text_name', 'text')}.pt", map_location=dev)
        adapter.load_state_dict(taught["adapter"])
        scale.data.fill_(state["scale"])
    optimiser = torch.optim.AdamW(groups(text, 0.1) + groups(adapter, 0.1) + [{"params": [scale], "weight_decay": 0.0}],
                                  lr=args.lr, betas=(0.9, 0.98))
    path, used, seen = WORK / f"{args.name}.pt", 0.0, 0
    if path.exists() and not args.fresh:
        state = torch.load(path, map_location=dev)
        text.load_state_dict(state["text"]), adapter.load_state_dict(state["adapter"])
        optimiser.load_state_dict(state["optimiser"])
        scale.data.fill_(state["scale"])
        used, seen = state["used"], state["seen"]
    last = saved = time.time()
    running: dict[str, float] = defaultdict(float)
    step, progress = 0, seen / args.views if args.views else used / (60 * args.minutes)
    while progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = args.lr * shape(progress)
        rows = np.sort(sampler.draw(args.batch))
        x = views.draw(rows, rng, dev).features
        chosen = captions.draw(rows, rng)
        with autocast(dev):
            t = encode_texts(text, tokenizer, captions.strings(chosen, rng, 0.2), 128, dev, 28)
            z = unit(adapter(x))
            name_loss = pull.loss(text, tokenizer, 192, rng, dev)
        losses = {"pair": contrast(z @ t.T * scale.exp(), matches(captions, rows, chosen).to(dev), sampler.same(rows).to(dev)),
                  "name": name_loss}
        if weights["class"]:
            losses["class"] = classes.loss(text, tokenizer, z, x @ head_w.T + head_b, scale.exp(), 256, rng)
        share = {"pair": 1.0, "name": args.names, "class": weights["class"]}
        loss = sum(share[k] * v for k, v in losses.items())
        assert isinstance(loss, torch.Tensor)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(text.parameters(), 1.0)
        optimiser.step()
        scale.data.clamp_(max=math.log(60.0))
        now = time.time()
        used, last, step, seen = used + now - last, now, step + 1, seen + len(rows)
        progress = seen / args.views if args.views else used / (60 * args.minutes)
        for k, v in losses.items():
            running[k] += v.item()
        if step % 25 == 0:
            print(f"text {used/60:.1f} min  {seen} pictures  " + "  ".join(f"{k} {v/25:.3f}" for k, v in running.items())
                  + f"  scale {scale.exp().item():.1f}", flush=True)
            running.clear()
        if now - saved > 120 or progress >= 1:
            save(path, {"text": text.state_dict(), "adapter": adapter.state_dict(), "scale": scale.item(), "used": used,
                        "seen": seen, "optimiser": optimiser.state_dict(), "config": vars(text.config), "teacher": args.teacher})
            saved = now
    text.eval()
    with torch.no_grad(), autocast(dev):
        parts = [encode_texts(text, tokenizer, captions.texts[k : k + 2000], 250, dev).cpu().numpy().astype(np.float16)
                 for k in range(0, len(captions.texts), 2000)]
    np.save(WORK / f"{args.name}_captions.npy", np.concatenate(parts))
    print("text stage done", flush=True)


class Together:
    """Gradients averaged over worker processes of one machine, through shared memory.

    Processes with one thread each keep both cores of a small machine busy where threads inside one convolution
    wait for each other. Worker 0 keeps the clock and the checkpoints.
    """

    def __init__(self, rank: int, world: int, shared: torch.Tensor, clock: torch.Tensor, gate: Any) -> None:
        self.rank, self.world, self.shared, self.clock, self.gate = rank, world, shared, clock, gate
        self.turn = 0

    def average(self, parameters: list[nn.Parameter], now: float) -> float:
        """Average the gradients in place; gives worker 0's `now` to all."""
        if self.world == 1:
            return now
        parameters = [p for p in parameters if p.grad is not None]
        board = self.shared[self.turn % 2]  # two boards, so that one meeting a step is enough
        flat = torch.cat([p.grad.reshape(-1) for p in parameters])
        board[self.rank, : len(flat)] = flat
        if self.rank == 0:
            self.clock[self.turn % 2] = now
        self.gate.wait()
        flat = board[:, : len(flat)].mean(0)
        now = float(self.clock[self.turn % 2])
        at = 0
        for p in parameters:
            p.grad.copy_(flat[at : at + p.numel()].view(p.shape))
            at += p.numel()
        self.turn += 1
        return now


def sides(text: str) -> list[tuple[float, int]]:
    """ "0:96,0.6:112" to [(0.0, 96), (0.6, 112)]."""
    return [(float(a), int(b)) for a, b in (p.split(":") for p in text.split(","))]


def stage_vision(args: argparse.Namespace, team: Together) -> None:
    """The vision tower from random weights, at the end with the text tower."""
    dev = device()
    seed_all(SEED + 2)  # the same first weights in every worker
    if team.world > 1:
        torch.set_num_threads(1)
    meta, tokenizer, images = load_meta(), Tokenizer(), load_images()
    rng = np.random.default_rng(SEED + 2)
    captions, sampler, pull, classes = Captions(meta, tokenizer), Sampler(meta, rng, args.uniform), NamePull(), ClassNames()
    batch = args.batch // team.world
    aspect = np.array([row["aspect"] for row in meta])
    views = MapViews(aspect) if args.teacher == "maps" else FixedViews(aspect)
    weights = losses_of(args)
    bank = torch.from_numpy(np.load(WORK / f"{args.text}_captions.npy")).to(dev)
    head = np.load(WORK / "teacher_head.npz")
    head_w, head_b = torch.from_numpy(head["w"]).to(dev), torch.from_numpy(head["b"]).to(dev)
    first = torch.load(WORK / f"{args.text}.pt", map_location=dev)
    adapter = Adapter().to(dev).eval()
    adapter.load_state_dict(first["adapter"])
    text = TextTower(TextConfig(**first["config"])).to(dev)
    text.load_state_dict(first["text"])
    vision = VisionTower(VisionConfig(side=args.side)).to(dev, memory_format=torch.channels_last)
    soft_head = nn.Linear(vision.width, 1001).to(dev)
    grid_head = nn.Linear(vision.width, GRID).to(dev)
    dense = isinstance(views, MapViews) and weights["dense"] > 0
    if dense:
        cell_mean, cell_basis = (v.to(dev) for v in views.components())
    scale = nn.Parameter(torch.tensor(float(first["scale"]), device=dev))
    if args.start:
        state = torch.load(WORK / f"{args.start}.pt", map_location=dev)
        vision.load_state_dict(state["mean_vision"]), soft_head.load_state_dict(state["soft_head"])
    optimiser = torch.optim.AdamW(
        [dict(g, part="vision") for m in (vision, soft_head, grid_head) for g in groups(m, args.decay)]
        + [{"params": [scale], "weight_decay": 0.0, "part": "vision"}]
        + [dict(g, part="text") for g in groups(text, 0.05)], lr=args.lr, betas=(0.9, 0.99))
    mean_vision, mean_text = copy.deepcopy(vision), copy.deepcopy(text)
    path, used, seen, step = WORK / f"{args.name}.pt", 0.0, 0, 0
    if path.exists() and not args.fresh:
        state = torch.load(path, map_location=dev)
        vision.load_state_dict(state["vision"]), text.load_state_dict(state["text"])
        mean_vision.load_state_dict(state["mean_vision"]), mean_text.load_state_dict(state["mean_text"])
        soft_head.load_state_dict(state["soft_head"]), grid_head.load_state_dict(state["grid_head"])
        optimiser.load_state_dict(state["optimiser"])
        scale.data.fill_(state["scale"])
        used, seen, step = state["used"], state["seen"], state["step"]
    rng = sampler.rng = np.random.default_rng([SEED + 2, args.seed, step, team.rank])
    draw = torch.Generator().manual_seed(SEED + 2 + 1000 * step + team.rank)
    plan = sides(args.sides)
    running: dict[str, float] = defaultdict(float)

    def how_far() -> float:
        return seen / args.views if args.views else used / (60 * args.minutes)

    last = saved = time.time()
    progress = how_far()
    while progress < 1:
        joint = progress >= args.joint
        factor = shape(progress)
        for group in optimiser.param_groups:
            group["lr"] = args.lr * factor if group["part"] == "vision" else (args.text_lr * factor if joint else 0.0)
        side = [s for start, s in plan if progress >= start][-1]
        rows = np.sort(sampler.draw(batch))
        with torch.no_grad():
            shown = views.draw(rows, rng, dev)
            x = torch.from_numpy(images[rows]).to(dev).permute(0, 3, 1, 2).float() / 255
            x = crop(x, torch.from_numpy(shown.boxes).to(dev), torch.from_numpy(shown.flip).to(dev), side)
            x = jitter(x, draw)
            if args.degrade:
                x = degrade(x, draw)
            x = normalise(x).contiguous(memory_format=torch.channels_last)
            labels = shown.features @ head_w.T + head_b
            soft = (labels / args.temperature).softmax(-1)
            aim = unit(adapter(shown.features))
        chosen = captions.draw(rows, rng)
        with autocast(dev):
            cells = vision.body(x)
            pooled = cells.mean((2, 3))
            z = unit(vision.project(pooled))
            if dense:
                followed = unit(grid_head(cells.flatten(2).mT))
            guess = soft_head(pooled).float()
            if joint:
                t = encode_texts(text, tokenizer, captions.strings(chosen, rng, 0.2), 64, dev, 28)
                name_loss = pull.loss(text, tokenizer, 64, rng, dev)
        losses = {}
        losses["aim"] = (1 - (z * aim).sum(1)).mean()
        losses["soft"] = F.kl_div((guess / args.temperature).log_softmax(-1), soft, reduction="batchmean")
        if dense:
            with torch.no_grad():
                lead = unit((shown.grid(cells.shape[-1]) - cell_mean) @ cell_basis)
            losses["dense"] = (1 - (followed * lead).sum(-1)).mean()
        rescale = scale.exp()
        own = bank[chosen].float()
        extra = rng.choice(captions.training, args.bank)
        rivals = torch.cat([own, bank[extra].float()])
        hit = matches(captions, rows, np.concatenate([chosen, extra])).to(dev).float()
        with torch.no_grad():
            teacher = (aim @ rivals.T * 25.0).softmax(-1)
            wish = hit / hit.sum(1, keepdim=True)
            if not args.plain:
                wish = 0.5 * teacher + 0.5 * wish
        losses["bank"] = -((z @ rivals.T * rescale).log_softmax(-1) * wish).sum(1).mean()
        if joint:
            losses["pair"] = contrast(z @ t.T * rescale, hit[:, : len(rows)].bool(), sampler.same(rows).to(dev))
            losses["name"] = name_loss
            losses["stay"] = (1 - (t * own).sum(1)).mean()
            if weights["class"]:
                losses["class"] = classes.loss(text, tokenizer, z, labels, rescale, 96, rng)
        loss = sum(weights["bank_joint" if joint and k == "bank" else k] * v for k, v in losses.items() if weights[k])
        assert isinstance(loss, torch.Tensor)
        optimiser.zero_grad()
        loss.backward()
        if not joint:
            for p in text.parameters():
                p.grad = None
        now = time.time()
        used, last, seen = used + now - last, now, seen + batch * team.world
        following = team.average([p for g in optimiser.param_groups for p in g["params"]], how_far())
        nn.utils.clip_grad_norm_(vision.parameters(), 3.0)
        if joint:
            nn.utils.clip_grad_norm_(text.parameters(), 1.0)
        optimiser.step()
        scale.data.clamp_(max=math.log(60.0))
        step, progress = step + 1, following
        if team.rank:
            continue
        if step % 4 == 0 or progress >= 1:
            keep = min(args.mean**4, (4 + step) / (40 + step))
            with torch.no_grad():
                pairs = [(mean_vision, vision)] + ([(mean_text, text)] if joint else [])
                for slow, fast in pairs:
                    for a, b in zip(slow.state_dict().values(), fast.state_dict().values()):
                        a.lerp_(b, 1 - keep) if a.dtype.is_floating_point else a.copy_(b)
        for k, v in losses.items():
            running[k] += v.item()
        if step % 50 == 0:
            print(f"vision {used/60:.1f} min  {seen} pictures ({seen/used:.0f}/s)  {side} px  "
                  + "  ".join(f"{k} {v/50:.3f}" for k, v in running.items()) + f"  scale {rescale.item():.1f}", flush=True)
            running.clear()
        if now - saved > 120 or progress >= 1:
            save(path, {"vision": vision.state_dict(), "mean_vision": mean_vision.state_dict(), "text": text.state_dict(),
                        "mean_text": mean_text.state_dict(), "soft_head": soft_head.state_dict(),
                        "grid_head": grid_head.state_dict(), "scale": scale.item(), "text_name": args.text,
                        "start": args.start,
                        "optimiser": optimiser.state_dict(), "used": used, "seen": seen, "step": step,
                        "vision_config": vars(vision.config), "text_config": vars(text.config)})
            saved = now
    if team.rank == 0:
        print("vision stage done", flush=True)


def _worker(rank: int, args: argparse.Namespace, world: int, shared: torch.Tensor, clock: torch.Tensor, gate: Any) -> None:
    stage_vision(args, Together(rank, world, shared, clock, gate))


def run_vision(args: argparse.Namespace) -> None:
    """The vision stage in `--workers` processes, or in this one."""
    if args.workers < 2 or torch.cuda.is_available():
        stage_vision(args, Together(0, 1, torch.zeros(0), torch.zeros(0), None))
        return
    import torch.multiprocessing as mp

    size = sum(p.numel() for m in (VisionTower(VisionConfig()), TextTower(TextConfig())) for p in m.parameters()) + 1_000_000
    shared = torch.zeros(2, args.workers, size).share_memory_()
    clock = torch.zeros(2, dtype=torch.float64).share_memory_()
    gate = mp.get_context("spawn").Barrier(args.workers)
    mp.spawn(_worker, (args, args.workers, shared, clock, gate), args.workers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("text", "vision"))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--views", type=int, default=0, help="schedule by pictures seen instead of by minutes")
    parser.add_argument("--batch", type=int, default=192)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--text-lr", type=float, default=3e-4)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--names", type=float, default=1.0)
    parser.add_argument("--mean", type=float, default=0.998, help="weight of the past in the averaged weights")
    parser.add_argument("--side", type=int, default=128, help="final side")
    parser.add_argument("--sides", default="0:80,0.5:96,0.9:128", help="side by share of the run")
    parser.add_argument("--joint", type=float, default=0.75, help="share of the run after which the text tower learns too")
    parser.add_argument("--temperature", type=float, default=2.0)
    parser.add_argument("--bank", type=int, default=768)
    parser.add_argument("--teacher", choices=("views", "maps"), default="views", help="what teacher.py or teacher.py --maps left")
    parser.add_argument("--weights", default="", help="changes to LOSSES: dense=1,soft=0.5")
    parser.add_argument("--plain", action="store_true", help="nothing of the teacher in the captions' targets")
    parser.add_argument("--degrade", action="store_true", help="motion blur, compression blocks and darkness on some pictures")
    parser.add_argument("--uniform", action="store_true", help="draw every picture alike often")
    parser.add_argument("--seed", type=int, default=0, help="another number draws other pictures, crops and captions")
    parser.add_argument("--start", default="", help="checkpoint of a vision stage to begin from")
    parser.add_argument("--text", default="text", help="checkpoint of the text stage that the vision stage uses")
    parser.add_argument("--name", default="", help="name of the checkpoint; the stage's own by default")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes of the vision stage on a CPU")
    parser.add_argument("--fresh", action="store_true", help="ignore a checkpoint")
    args = parser.parse_args()
    args.name = args.name or args.stage
    print(json.dumps(vars(args)), flush=True)
    stage_text(args) if args.stage == "text" else run_vision(args)


if __name__ == "__main__":
    main()
