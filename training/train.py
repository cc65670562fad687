"""Train both towers: first the text tower on frozen teacher features, then the vision tower, then both.

    python3 train.py text   --minutes 5
    python3 train.py vision --minutes 70

`vision` starts from random weights and is taught by (a) the image vectors that the text stage's adapter
makes of the teacher's features, (b) the teacher's soft labels through a head that is thrown away, (c) the
captions. From `--joint` of the way on the text tower learns along. The learning rate follows the share
of `--minutes` (or of `--views` pictures) that is used up, so a run ends when it should on any machine. Every
stage writes a checkpoint each two minutes and goes on from it when started again.
"""
from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from common import SEED, WORK, device, seed_all
from data import crop, jitter, load_meta, normalise, random_boxes
from model import Adapter, TextConfig, TextTower, VisionConfig, VisionTower
from tokenizer import Tokenizer, name_vectors, names

# How often a picture of each source is drawn, relative to one of MiniPlaces.
WEIGHTS = {"flickr8k": 1.6, "tinyimagenet": 0.45, "camvid": 0.7, "jnbli-package": 2.0, "tuxpaint": 0.7,
           "vehicle-types": 1.2, "car-color": 1.0, "daynight": 1.5, "weather": 1.3, "imagenet-sample": 1.2,
           "imagenette": 0.8}
PREFIXES = ("a video of ", "a frame of ", "a photo showing ", "a picture of ", "there is ", "show me ", "find ",
            "a view of ", "the moment with ", "a blurry photo of ", "a small picture of ")


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

    def __init__(self, meta: list[dict[str, Any]], rng: np.random.Generator) -> None:
        self.rows = np.array([i for i, row in enumerate(meta) if row["split"] == "train"])
        weight = np.array([WEIGHTS.get(meta[i]["source"], 1.0) for i in self.rows])
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


def unit(x: torch.Tensor) -> torch.Tensor:
    return F.normalize(x.float(), dim=-1)


def stage_text(args: argparse.Namespace) -> None:
    """Text tower and adapter on frozen teacher features; then vectors of every picture and caption are kept."""
    dev, rng = device(), np.random.default_rng(SEED + 1)
    seed_all(SEED + 1)
    meta, tokenizer = load_meta(), Tokenizer()
    captions, sampler, pull = Captions(meta, tokenizer), Sampler(meta, rng), NamePull()
    features = np.load(WORK / "teacher_features.npy", mmap_mode="r")
    views = len(features)
    text, adapter = TextTower(TextConfig(len(tokenizer.vocab))).to(dev), Adapter().to(dev)
    scale = nn.Parameter(torch.tensor(math.log(1 / 0.07), device=dev))
    optimiser = torch.optim.AdamW(groups(text, 0.1) + groups(adapter, 0.1) + [{"params": [scale], "weight_decay": 0.0}],
                                  lr=args.lr, betas=(0.9, 0.98))
    path, used, seen = WORK / "text.pt", 0.0, 0
    if path.exists() and not args.fresh:
        state = torch.load(path, map_location=dev)
        text.load_state_dict(state["text"]), adapter.load_state_dict(state["adapter"])
        optimiser.load_state_dict(state["optimiser"])
        scale.data.fill_(state["scale"])
        used, seen = state["used"], state["seen"]
    last = saved = time.time()
    running: dict[str, float] = defaultdict(float)
    step, progress = 0, used / (60 * args.minutes)
    while progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = args.lr * shape(progress)
        rows = sampler.draw(args.batch)
        view = rng.integers(0, views, len(rows))
        x = torch.from_numpy(np.stack([features[v, r] for v, r in zip(view, rows)])).to(dev).float()
        chosen = captions.draw(rows, rng)
        with autocast(dev):
            t = encode_texts(text, tokenizer, captions.strings(chosen, rng, 0.2), 128, dev, 28)
            z = unit(adapter(x))
            name_loss = pull.loss(text, tokenizer, 192, rng, dev)
        logits = z @ t.T * scale.exp()
        pair_loss = contrast(logits, matches(captions, rows, chosen).to(dev), sampler.same(rows).to(dev))
        loss = pair_loss + args.names * name_loss
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(text.parameters(), 1.0)
        optimiser.step()
        scale.data.clamp_(max=math.log(60.0))
        now = time.time()
        used, last, step, seen = used + now - last, now, step + 1, seen + len(rows)
        progress = used / (60 * args.minutes)
        running["pair"] += pair_loss.item()
        running["names"] += name_loss.item()
        if step % 25 == 0:
            print(f"text {used/60:.1f} min  {seen} pictures  " + "  ".join(f"{k} {v/25:.3f}" for k, v in running.items())
                  + f"  scale {scale.exp().item():.1f}", flush=True)
            running.clear()
        if now - saved > 120 or progress >= 1:
            save(path, {"text": text.state_dict(), "adapter": adapter.state_dict(), "scale": scale.item(), "used": used,
                        "seen": seen, "optimiser": optimiser.state_dict(), "config": vars(text.config)})
            saved = now
    text.eval(), adapter.eval()
    with torch.no_grad():
        n = features.shape[1]
        out = np.zeros((views, n, 512), np.float16)
        for v in range(views):
            for k in range(0, n, 2000):
                x = torch.from_numpy(np.asarray(features[v, k : k + 2000])).to(dev).float()
                out[v, k : k + 2000] = unit(adapter(x)).cpu().numpy()
        np.save(WORK / "image_vectors.npy", out)
        with autocast(dev):
            parts = [encode_texts(text, tokenizer, captions.texts[k : k + 2000], 250, dev).cpu().numpy().astype(np.float16)
                     for k in range(0, len(captions.texts), 2000)]
        np.save(WORK / "caption_vectors.npy", np.concatenate(parts))
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
    meta, tokenizer, images = load_meta(), Tokenizer(), np.load(WORK / "images.npy")
    rng = np.random.default_rng(SEED + 2)
    captions, sampler, pull = Captions(meta, tokenizer), Sampler(meta, rng), NamePull()
    batch = args.batch // team.world
    aspect = np.array([row["aspect"] for row in meta])
    features = np.load(WORK / "teacher_features.npy")
    boxes = np.load(WORK / "teacher_boxes.npy")
    targets = np.load(WORK / "image_vectors.npy")
    bank = torch.from_numpy(np.load(WORK / "caption_vectors.npy")).to(dev)
    head = np.load(WORK / "teacher_head.npz")
    head_w, head_b = torch.from_numpy(head["w"]).to(dev), torch.from_numpy(head["b"]).to(dev)
    first = torch.load(WORK / "text.pt", map_location=dev)
    text = TextTower(TextConfig(**first["config"])).to(dev)
    text.load_state_dict(first["text"])
    vision = VisionTower(VisionConfig(side=args.side)).to(dev, memory_format=torch.channels_last)
    soft_head = nn.Linear(vision.width, 1001).to(dev)
    scale = nn.Parameter(torch.tensor(float(first["scale"]), device=dev))
    optimiser = torch.optim.AdamW(
        [dict(g, part="vision") for g in groups(vision, args.decay) + groups(soft_head, args.decay)]
        + [{"params": [scale], "weight_decay": 0.0, "part": "vision"}]
        + [dict(g, part="text") for g in groups(text, 0.05)], lr=args.lr, betas=(0.9, 0.99))
    mean_vision, mean_text = copy.deepcopy(vision), copy.deepcopy(text)
    path, used, seen, step = WORK / f"{args.name}.pt", 0.0, 0, 0
    if path.exists() and not args.fresh:
        state = torch.load(path, map_location=dev)
        vision.load_state_dict(state["vision"]), text.load_state_dict(state["text"])
        mean_vision.load_state_dict(state["mean_vision"]), mean_text.load_state_dict(state["mean_text"])
        soft_head.load_state_dict(state["soft_head"]), optimiser.load_state_dict(state["optimiser"])
        scale.data.fill_(state["scale"])
        used, seen, step = state["used"], state["seen"], state["step"]
    rng = sampler.rng = np.random.default_rng([SEED + 2, step, team.rank])
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
        view = rng.integers(0, 2, len(rows))
        wide = random_boxes(aspect[rows], (0.7, 1.0), rng)
        near = np.clip(boxes[view, rows] + rng.uniform(-0.04, 0.04, (len(rows), 4)), 0, 1).astype(np.float32)
        box = torch.from_numpy(np.where((view == 0)[:, None], wide, near)).to(dev)
        flip = torch.rand(len(rows), generator=draw).to(dev) < 0.5
        with torch.no_grad():
            x = torch.from_numpy(images[rows]).to(dev).permute(0, 3, 1, 2).float() / 255
            x = normalise(jitter(crop(x, box, flip, side), draw)).contiguous(memory_format=torch.channels_last)
            f = torch.from_numpy(features[view, rows]).to(dev).float()
            soft = (f @ head_w.T + head_b).div(args.temperature).softmax(-1)
            aim = torch.from_numpy(targets[view, rows]).to(dev).float()
        chosen = captions.draw(rows, rng)
        with autocast(dev):
            pooled = vision.features(x)
            z = unit(vision.project(pooled))
            guess = soft_head(pooled).float()
            if joint:
                t = encode_texts(text, tokenizer, captions.strings(chosen, rng, 0.2), 64, dev, 28)
                name_loss = pull.loss(text, tokenizer, 64, rng, dev)
        losses = {}
        losses["aim"] = (1 - (z * aim).sum(1)).mean()
        losses["soft"] = F.kl_div((guess / args.temperature).log_softmax(-1), soft, reduction="batchmean")
        rescale = scale.exp()
        own = bank[chosen].float()
        extra = rng.choice(captions.training, args.bank)
        rivals = torch.cat([own, bank[extra].float()])
        hit = matches(captions, rows, np.concatenate([chosen, extra])).to(dev).float()
        with torch.no_grad():
            teacher = (aim @ rivals.T * 25.0).softmax(-1)
            wish = 0.5 * teacher + 0.5 * hit / hit.sum(1, keepdim=True)
        losses["bank"] = -((z @ rivals.T * rescale).log_softmax(-1) * wish).sum(1).mean()
        if joint:
            losses["pair"] = contrast(z @ t.T * rescale, hit[:, : len(rows)].bool(), sampler.same(rows).to(dev))
            losses["name"] = name_loss
            losses["stay"] = (1 - (t * own).sum(1)).mean()
        weight = {"aim": 2.0, "soft": 1.0, "bank": 0.5 if not joint else 0.25, "pair": 0.7, "name": 0.5, "stay": 0.3}
        loss = sum(weight[k] * v for k, v in losses.items())
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
                        "mean_text": mean_text.state_dict(), "soft_head": soft_head.state_dict(), "scale": scale.item(),
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
    parser.add_argument("--name", default="vision", help="name of the checkpoint")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes of the vision stage on a CPU")
    parser.add_argument("--fresh", action="store_true", help="ignore a checkpoint")
    args = parser.parse_args()
    print(json.dumps(vars(args)), flush=True)
    stage_text(args) if args.stage == "text" else run_vision(args)


if __name__ == "__main__":
    main()
