"""Train both towers on one GPU, the teacher looking at the very views that the student sees. All pictures lie in GPU memory.

    FRAMESIFT_TRAINING_DATA=PACKED python3 train_gpu.py --seconds 490 --out v3                      from random weights
    FRAMESIFT_TRAINING_DATA=PACKED python3 train_gpu.py --seconds 540 --out v4 --start v3 --clean 0.55 --mix 0.65

PACKED is what pack.py wrote, carried to the machine. --out and --start are folders of vision_final.pt, text_final.pt and
heads_final.pt below the work folder; export.py --name OUT exports one.

Each view is cropped, coloured and partly mixed with another (blended, halves, set small into it). The teacher sees that
view, the student a harmed copy. From --clean of the time on views are clean, captions of people come first and the
teacher rests. Losses: the teacher's soft labels and features, the vector that an adapter makes of the features, captions
both ways with hard negatives, names of the teacher's classes, labels, and CLIP's text vectors of 2,148 names. The
checkpoint that framesift-clip-v3 comes from saw 10,000 views a second on an H200.
"""
from __future__ import annotations

import argparse
import copy
import io
import math
import os
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from common import DATA, SEED, WORK, device, seed_all
from data import crop, degrade, jitter, normalise, random_boxes
from model import Adapter, TextConfig, TextTower, VisionConfig, VisionTower
from teacher import Teacher, weights as teacher_weights
from train import groups, shape, unit

CONFIG = VisionConfig(side=160, stem=(24, 48), stages=[
    ("basic", 96, 96, 1, 2), ("neck", 320, 128, 6, 2), ("neck", 768, 224, 4, 2)])
SIDE = 160  # of the pictures in memory, and of what the teacher sees
# How often a picture of each source is drawn, relative to one.
DRAWN = {"flickr8k": 1.6, "tinyimagenet": 0.4, "camvid": 0.6, "jnbli-package": 2.0, "tuxpaint": 0.4, "vehicle-types": 0.9,
         "car-color": 0.9, "imagenet-sample": 1.5, "imagenette": 0.7, "miniplaces": 0.85, "pacs-photo": 0.8,
         "new:corel5k": 0.8, "new:intel-scenes": 0.5, "new:csc411-scenes": 0.5, "new:scene15-grey": 0.5,
         "new:osram-person": 1.2, "new:fire-rf": 1.2, "new:coco-tiny": 3.0, "new:coco128": 3.0, "new:coco-tiny2": 3.0,
         "new:pexels-rooms": 2.0, "new:imagen200": 1.5, "new:nips2017": 1.5, "new:imagenet-sample": 1.5}
PEOPLES, OTHERS = 2.4, 0.6  # in clean views: captions that people wrote, and others
LOSSES = {"soft": 1.0, "feature": 1.0, "aim": 1.0, "pair": 1.0, "adapter_pair": 0.5, "name": 0.5, "class": 1.2, "label": 1.0}
BLEND, HALVES, INSET = 0.12, 0.16, 0.10  # shares of views that are mixed
SURE_AREA = 0.3  # of a picture: of a smaller crop its caption may not be true
TEMPERATURE = 2.0
MOST_SCALE = 60.0


def decode(job: tuple[str, list[str]]) -> np.ndarray:
    """Pictures of a zip, uint8 [n, SIDE, SIDE, 3]."""
    path, members = job
    out = np.empty((len(members), SIDE, SIDE, 3), np.uint8)
    with zipfile.ZipFile(path) as archive:
        for k, name in enumerate(members):
            picture = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
            out[k] = np.asarray(picture.resize((SIDE, SIDE), Image.BICUBIC))
    return out


class Tables:
    """Everything that is drawn from, on the device.

    pixels uint8 [N, SIDE, SIDE, 3]; captions int64 [N, 6] numbers of each picture's texts; texts [3, C, t] as said, bare, and
    with words before; wrong [C, t] with one word changed; label_texts, class_texts, name_texts [prompts, n, t]
    """

    def __init__(self, folder: Path, dev: torch.device) -> None:
        table = np.load(folder / "tables.npz")
        where = {int(m): str(p) for p in sorted(folder.glob("part-*.zip")) for m in zipfile.ZipFile(p).namelist()}
        keep = np.array(sorted(where))
        jobs, places = [], []
        for path in sorted(set(where.values())):
            mine = [k for k, i in enumerate(keep) if where[int(i)] == path]
            for start in range(0, len(mine), 500):
                places.append(mine[start : start + 500])
                jobs.append((path, [str(keep[k]) for k in places[-1]]))
        pixels = torch.empty((len(keep), SIDE, SIDE, 3), dtype=torch.uint8)
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            for place, some in zip(places, pool.map(decode, jobs)):
                pixels[place] = torch.from_numpy(some)
        self.pixels, self.dev, self.end = pixels.to(dev), dev, int(table["end"])
        self.vocabulary = int(table["vocabulary"])
        move = lambda name: torch.from_numpy(np.ascontiguousarray(table[name])).to(dev)
        self.aspect, self.split, human = table["aspect"][keep], table["split"][keep], table["human"][keep]
        self.captions, self.caption_count = move("captions")[keep], move("caption_count")[keep]
        self.label = move("label")[keep]
        self.texts, self.wrong, self.has_wrong = self._cut(move("texts"), 24), self._cut(move("wrong"), 24), move("has_wrong")
        self.label_texts, self.class_texts = self._cut(move("label_texts"), 14), self._cut(move("class_texts"), 14)
        self.name_texts, self.name_vectors = self._cut(move("name_texts"), 12), move("name_vectors").float()
        self.source = move("source")[keep]
        sources = [str(s) for s in table["sources"]]
        # Which labels a source has: those of others are often true too.
        self.own = torch.zeros(len(sources), self.label_texts.shape[1], device=dev)
        labelled = self.label >= 0
        self.own[self.source[labelled], self.label[labelled]] = 1.0
        self.train = np.flatnonzero(self.split == 0)
        weight = np.array([DRAWN.get(sources[s], 1.0) for s in table["source"][keep][self.train]])
        by_people = human[self.train]
        self.cumulative = np.cumsum(weight / weight.sum())
        clean = np.where(by_people, np.maximum(weight, 0.8) * PEOPLES, weight * OTHERS)
        self.cumulative_clean = np.cumsum(clean / clean.sum())

    def _cut(self, ids: torch.Tensor, most: int) -> torch.Tensor:
        """Token rows [..., t] cut to the longest of them or to `most`, the end kept."""
        length = min(most, int(((ids == self.end).int().argmax(-1) + 1).max()))
        out = ids[..., :length].clone()
        out[..., length - 1] = self.end
        return out

    def draw(self, n: int, clean: bool, rng: np.random.Generator) -> np.ndarray:
        """Rows [n] of training pictures, a stratified draw."""
        points = (np.arange(n) + rng.random(n)) / n
        cumulative = self.cumulative_clean if clean else self.cumulative
        return rng.permutation(self.train[np.minimum(np.searchsorted(cumulative, points), len(self.train) - 1)])


class Towers(nn.Module):
    """Both towers, the adapter of the teacher's features, and two heads that are thrown away."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.vision, self.text = VisionTower(CONFIG), TextTower(TextConfig(vocabulary))
        self.adapter = Adapter()
        self.soft, self.feature = nn.Linear(self.vision.width, 1001), nn.Linear(self.vision.width, 1280)
        self.scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def encode(self, ids: torch.Tensor) -> torch.Tensor:
        return unit(self.text(ids.long()))

    def start(self, folder: Path) -> None:
        """Takes over what an earlier run left; a folder without heads_final.pt leaves the heads random."""
        read = lambda tower: torch.load(folder / f"{tower}_final.pt", map_location="cpu")
        wide = lambda state: {k: v.float() if v.dtype == torch.half else v for k, v in state.items()}
        self.vision.load_state_dict(wide(read("vision")["mean_vision"]))
        text = read("text")
        self.text.load_state_dict(wide(text["mean_text"]))
        self.scale.data.fill_(float(text["scale"]))
        if (folder / "heads_final.pt").exists():
            heads = read("heads")
            self.adapter.load_state_dict(wide(heads["adapter"]))
            self.soft.load_state_dict(wide(heads["soft_head"]))

    def save(self, folder: Path, vision: VisionTower, text: TextTower, seen: int, step: int) -> None:
        """Averaged towers and the heads, matrices as float16."""
        half = lambda state: {k: v.half().cpu() if v.dtype == torch.float32 and v.ndim >= 2 else v.cpu() for k, v in state.items()}
        folder.mkdir(parents=True, exist_ok=True)
        scale = self.scale.item()
        parts = {"vision": {"mean_vision": half(vision.state_dict()), "scale": scale, "seen": seen, "step": step,
                            "vision_config": asdict(vision.config)},
                 "text": {"mean_text": half(text.state_dict()), "scale": scale, "text_config": asdict(text.config)},
                 "heads": {"adapter": half(self.adapter.state_dict()), "soft_head": half(self.soft.state_dict())}}
        for name, part in parts.items():
            torch.save(part, folder / f"{name}_final.part")
            (folder / f"{name}_final.part").rename(folder / f"{name}_final.pt")


@dataclass
class Batch:
    """n views: what the student and the teacher see, and what each shows."""

    student: torch.Tensor
    teacher: torch.Tensor | None
    rows: torch.Tensor
    captions: torch.Tensor  # a caption's number for each view
    content: torch.Tensor  # [n, n]: how much of view i is of picture j
    sure: torch.Tensor  # [n]: 1 where a caption holds for the view


def mix(x: torch.Tensor, amount: float, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixes some of the pictures [n, 3, s, s] with others; also gives what each then shows, [n, n]."""
    n, side = len(x), x.shape[-1]
    order = torch.from_numpy(rng.permutation(n)).to(x.device)
    a, b, c = (int(n * share * amount) for share in (BLEND, HALVES, INSET))
    y, content = x.clone(), torch.eye(n, device=x.device)
    resized = lambda i, size: F.interpolate(x[i], size=size, mode="bilinear", align_corners=False)
    own, other = order[:a], order[:a].roll(1)
    share = 0.5 + 0.5 * torch.from_numpy(rng.random(a) ** 0.5).to(x)
    y[own] = x[own] * share.view(-1, 1, 1, 1) + x[other] * (1 - share).view(-1, 1, 1, 1)
    content[own, own], content[own, other] = share, 1 - share
    halved = order[a : a + b]
    for own, axis in ((halved[0::2], 3), (halved[1::2], 2)):  # side by side, and one above the other
        size = (side, side // 2) if axis == 3 else (side // 2, side)
        y[own] = torch.cat([resized(own, size), resized(own.roll(1), size)], axis)
        content[own, own], content[own, own.roll(1)] = 0.5, 0.5
    own = order[a + b : a + b + c]  # set small into another: things are small in camera pictures
    other, width = own.roll(1), int(side * rng.uniform(0.35, 0.65))
    top, left = rng.integers(0, side - width + 1, 2)
    y[own] = x[other]
    y[own, :, top : top + width, left : left + width] = resized(own, (width, width))
    content[own, own], content[own, other] = 0.5, 0.5
    return y, content


def draw_batch(tables: Tables, n: int, side: int, clean: bool, amount: float, rng: np.random.Generator,
               draws: torch.Generator) -> Batch:
    """Draws pictures, crops and changes them."""
    chosen = tables.draw(n, clean, rng)
    rows, aspect = torch.from_numpy(chosen).to(tables.dev), tables.aspect[chosen]
    kind = rng.random((n, 1))
    if clean:
        boxes = np.where(kind < 0.2, [[0, 0, 1, 1]], random_boxes(aspect, (0.6, 1.0), rng, (0.8, 1.8)))
    else:
        wide, near, close = (random_boxes(aspect, area, rng) for area in ((0.7, 1.0), (0.35, 0.9), (0.12, 0.4)))
        boxes = np.where(kind < 0.12, [[0, 0, 1, 1]], np.where(kind < 0.55, wide, np.where(kind < 0.9, near, close)))
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    flip = torch.from_numpy(rng.random(n) < 0.5).to(tables.dev)
    x = tables.pixels[rows].permute(0, 3, 1, 2).float().div_(255)
    x = jitter(crop(x, torch.from_numpy(boxes.astype(np.float32)).to(tables.dev), flip, SIDE), draws)
    shown, content = (x, torch.eye(n, device=tables.dev)) if clean else mix(x, amount, rng)
    small = F.interpolate(shown, size=(side, side), mode="bilinear", align_corners=False, antialias=True) if side < SIDE else shown.clone()
    which = (torch.from_numpy(rng.random(n)).to(tables.dev) * tables.caption_count[rows]).long()
    return Batch(normalise(degrade(small, draws)), None if clean else normalise(shown), rows,
                 tables.captions[rows].gather(1, which[:, None])[:, 0], content,
                 torch.from_numpy(area > SURE_AREA).to(tables.dev).float())


def pair_loss(z: torch.Tensor, texts: torch.Tensor, rivals: torch.Tensor, has_rival: torch.Tensor, batch: Batch,
              tables: Tables, scale: torch.Tensor) -> torch.Tensor:
    """Captions both ways. `rivals` [n, 512] are each view's own caption with one word changed."""
    hit = (tables.captions[batch.rows][:, :, None] == batch.captions).any(1)
    label = tables.label[batch.rows]
    unclear = (label[:, None] == label[None]) & (label >= 0)[:, None] & ~hit
    pure = batch.content.diagonal() > 0.99
    logits = (z @ texts.T * scale).masked_fill(unclear, -1e4)
    wrong = ((z * rivals).sum(1) * scale).masked_fill(~has_rival | ~pure, -1e4)[:, None]
    wish = (batch.content @ (hit.float() / hit.float().sum(1, keepdim=True))).masked_fill(unclear, 0) * batch.sure[:, None]
    to_text = -(torch.cat([logits, wrong], 1).log_softmax(1)[:, :-1] * wish).sum() / wish.sum().clamp(min=1)
    usable = pure & (batch.sure > 0)
    back = hit.float() * usable[:, None]
    asked = (back.sum(0) > 0).float()
    found = -(logits.masked_fill(~usable[:, None], -1e4).log_softmax(0) * back / back.sum(0, keepdim=True).clamp(min=1)).sum(0)
    return (to_text + (found * asked).sum() / asked.sum().clamp(min=1)) / 2


def losses(towers: Towers, batch: Batch, tables: Tables, teacher: nn.Module, head: tuple[torch.Tensor, torch.Tensor],
           with_labels: bool, rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """All losses of a step; names of classes and labels take turns, as their texts are half of the text tower's work."""
    dev, pick = tables.dev, lambda high, n: torch.from_numpy(rng.integers(0, high, n)).to(tables.dev)
    cuda = dev.type == "cuda"
    with torch.autocast(dev.type, dtype=torch.bfloat16, enabled=cuda):
        pooled = towers.vision.features(batch.student.contiguous(memory_format=torch.channels_last))
        z = unit(towers.vision.project(pooled))
        kind = torch.multinomial(torch.tensor([0.7, 0.15, 0.15] if batch.teacher is None else [0.6, 0.2, 0.2]),
                                 len(batch.rows), True).to(dev)
        texts, rivals = towers.encode(tables.texts[kind, batch.captions]), towers.encode(tables.wrong[batch.captions])
        scale = towers.scale.exp().clamp(max=MOST_SCALE)
        names = pick(tables.name_texts.shape[1], 256)
        named = towers.encode(tables.name_texts[pick(3, 256), names])
        out = {"name": (1 - (named * tables.name_vectors[names]).sum(1)).mean()}
        views = [z]
        if batch.teacher is not None:
            with torch.no_grad():
                seen = batch.teacher.half() if cuda else batch.teacher
                features = teacher(seen.contiguous(memory_format=torch.channels_last)).float()
                logits = features @ head[0].T + head[1]
            adapted = unit(towers.adapter(features))
            views.append(adapted)
            guess = towers.soft(pooled).float()
            out["soft"] = F.kl_div((guess / TEMPERATURE).log_softmax(-1), (logits / TEMPERATURE).softmax(-1), reduction="batchmean")
            out["feature"] = (1 - F.cosine_similarity(towers.feature(pooled).float(), features)).mean()
            out["aim"] = (1 - (z * adapted.detach()).sum(1)).mean()
            if not with_labels:
                classes = towers.encode(tables.class_texts[pick(12, 1001), torch.arange(1001, device=dev)])[1:]
                wish, sure = logits[:, 1:].softmax(-1), logits.softmax(-1).max(-1).values
                out["class"] = sum(w * (-((v @ classes.T * scale).log_softmax(-1) * wish).sum(1) * sure).sum() / sure.sum()
                                   for w, v in zip((1.0, 0.5), views))
        if with_labels:
            count = tables.label_texts.shape[1]
            labels = towers.encode(tables.label_texts[pick(4, count), torch.arange(count, device=dev)])
            label = tables.label[batch.rows]
            shown = F.one_hot(label.clamp(min=0), count).float() * (label >= 0)[:, None]
            wish = batch.content @ shown
            # Labels of other sources are often true too: half of the time they are no rivals.
            others = (((batch.content > 0).float() @ tables.own[tables.source[batch.rows]]) == 0) & bool(rng.random() < 0.5)
            out["label"] = sum(w * -((v @ labels.T * scale).masked_fill(others, -1e4).log_softmax(-1) * wish).sum() / wish.sum().clamp(min=1)
                               for w, v in zip((1.0, 0.5), views))
        for name, v in zip(("pair", "adapter_pair"), views):
            out[name] = pair_loss(v, texts, rivals, tables.has_wrong[batch.captions], batch, tables, scale)
    return out


@torch.no_grad()
def score(vision: VisionTower, text: TextTower, tables: Tables, side: int) -> dict[str, float]:
    """R@1/5/10 of the dev split's captions, and top-1/5 of all labels on the held split."""
    vision.eval(), text.eval()
    out: dict[str, float] = {}

    def pictures(rows: np.ndarray) -> torch.Tensor:
        parts = []
        for start in range(0, len(rows), 500):
            x = tables.pixels[rows[start : start + 500]].permute(0, 3, 1, 2).float() / 255
            x = F.interpolate(x, size=(side, side), mode="bilinear", align_corners=False, antialias=True) if side != SIDE else x
            parts.append(unit(vision(normalise(x))))
        return torch.cat(parts)

    dev = np.flatnonzero(tables.split == 1)
    if len(dev):
        queries = torch.cat([unit(text(tables.texts[0, tables.captions[dev, k]].long())) for k in range(5)])
        sim = queries @ pictures(dev).T
        own = torch.arange(len(dev), device=tables.dev).repeat(5)
        rank = (sim > sim.gather(1, own[:, None])).sum(1)
        out |= {f"R@{k}": float((rank < k).float().mean()) for k in (1, 5, 10)}
    held = np.flatnonzero((tables.split == 2) & (tables.label.cpu().numpy() >= 0))
    if len(held):
        bank = unit(sum(unit(text(prompt.long())) for prompt in tables.label_texts[:3]))
        top = (pictures(held) @ bank.T).topk(5, 1).indices
        out |= {f"top-{k}": float((top[:, :k] == tables.label[held][:, None]).any(1).float().mean()) for k in (1, 5)}
    vision.train(), text.train()
    return out


def average(slow: nn.Module, fast: nn.Module, keep: float) -> None:
    """Moves averaged weights and statistics towards the current ones."""
    with torch.no_grad():
        for a, b in zip(slow.state_dict().values(), fast.state_dict().values()):
            a.lerp_(b, 1 - keep) if a.is_floating_point() else a.copy_(b)


def settle(vision: VisionTower, tables: Tables, side: int, rng: np.random.Generator, draws: torch.Generator, batches: int) -> None:
    """BatchNorm's statistics anew for the averaged weights."""
    norms = [m for m in vision.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    vision.train()
    with torch.no_grad():
        for _ in range(batches):
            vision(draw_batch(tables, 256, side, True, 0, rng, draws).student)
    for norm in norms:
        norm.momentum = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=490, help="training time, without reading the pictures")
    parser.add_argument("--steps", type=int, help="train for so many steps instead")
    parser.add_argument("--out", required=True, help="folder below the work folder")
    parser.add_argument("--start", help="folder below the work folder to go on from")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--lr", type=float, default=2e-3, help="of the vision tower")
    parser.add_argument("--text-lr", type=float, default=8e-4)
    parser.add_argument("--sides", default="0:128,0.62:160", help="input side from each share of the time on")
    parser.add_argument("--clean", type=float, default=2.0, help="share of the time from which on views are clean")
    parser.add_argument("--mix", type=float, default=1.0, help="how much is mixed, 1: 38 %% of views")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    dev, rng = device(), np.random.default_rng([SEED, args.seed])
    seed_all(SEED + args.seed)
    draws = torch.Generator(device=dev)
    draws.manual_seed(args.seed)
    torch.backends.cudnn.benchmark = torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    plan = [(float(a), int(b)) for a, b in (pair.split(":") for pair in args.sides.split(","))]
    tables = Tables(DATA, dev)
    towers = Towers(tables.vocabulary)
    if args.start:
        towers.start(WORK / args.start)
    towers.to(dev)
    towers.vision.to(memory_format=torch.channels_last)
    teacher = Teacher().to(dev).eval().requires_grad_(False)
    z, graph, _ = teacher_weights()
    last = [g for g in graph if "w" in g][-1]
    head = (torch.from_numpy(z[last["w"]].astype(np.float32).reshape(-1, 1280)).to(dev),
            torch.from_numpy(z[last["b"]].astype(np.float32)).to(dev))
    if dev.type == "cuda":
        teacher.half().to(memory_format=torch.channels_last)
    rates: list[dict[str, Any]] = []
    for modules, decay, rate in (((towers.vision, towers.soft, towers.feature), 0.05, args.lr), ((towers.text, towers.adapter), 0.1, args.text_lr)):
        rates += [{**group, "base": rate} for module in modules for group in groups(module, decay)]
    rates.append({"params": [towers.scale], "weight_decay": 0.0, "base": args.text_lr})
    optimiser = torch.optim.AdamW(rates, lr=args.lr, betas=(0.9, 0.98))
    vision, text = copy.deepcopy(towers.vision), copy.deepcopy(towers.text)
    started, step, seen, kept = time.monotonic(), 0, 0, time.monotonic()
    while True:
        progress = step / args.steps if args.steps else (time.monotonic() - started) / args.seconds
        if progress >= 1:
            break
        side, clean = [s for a, s in plan if progress >= a][-1], progress >= args.clean
        n = 2 * args.batch if clean else args.batch
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * shape(progress)
        batch = draw_batch(tables, n, side, clean, args.mix, rng, draws)
        parts = losses(towers, batch, tables, teacher, head, clean or step % 2 == 1, rng)
        weight = LOSSES | ({"pair": 2 * LOSSES["pair"], "label": LOSSES["label"] / 2} if clean else {})
        optimiser.zero_grad(set_to_none=True)
        sum(weight[k] * v for k, v in parts.items()).backward()
        nn.utils.clip_grad_norm_(towers.vision.parameters(), 3.0)
        nn.utils.clip_grad_norm_(towers.text.parameters(), 1.0)
        optimiser.step()
        step, seen = step + 1, seen + n
        for slow, fast in ((vision, towers.vision), (text, towers.text)):
            average(slow, fast, min(0.998, (2 + step) / (20 + step)))
        if step % 100 == 0 or args.steps:
            speed = seen / (time.monotonic() - started)
            print(f"{progress:.3f} step {step} side {side} {speed:.0f}/s " + " ".join(f"{k} {v.item():.3f}" for k, v in parts.items()), flush=True)
        if time.monotonic() - kept > 120:
            towers.save(WORK / args.out, vision, text, seen, step)
            kept = time.monotonic()
    settle(vision, tables, plan[-1][1], rng, draws, 20 if dev.type == "cuda" else 1)
    towers.save(WORK / args.out, vision, text, seen, step)
    print({k: round(v, 4) for k, v in score(vision, text, tables, plan[-1][1]).items()})


if __name__ == "__main__":
    main()
