"""Pack the captioned pictures once, fix the held-out lists, and cut augmented batches.

Everything is written below the work folder:

    images.npy   uint8   [N, 128, 128, 3]  whole pictures squashed to a square
    meta.json    per picture: shard, file, source, label, split, aspect, captions

Run:  python3 data.py
"""
from __future__ import annotations

import gzip
import hashlib
import io
import json
import multiprocessing as mp
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from common import DATA, EMBED, IMAGE_MEAN, IMAGE_STD, PACK, VIEW_ASPECT, VIEW_SHARE, WORK

Row = dict[str, Any]


def rows(data: Path = DATA) -> list[Row]:
    """The rows of captions.jsonl.gz in file order."""
    with gzip.open(data / "captions.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


def split_rows(table: list[Row]) -> list[str]:
    """One of "train", "dev" (flickr8k's) or "held" for each row.

    Held out: of every class of every labelled source with at least ten pictures, the tenth whose
    sha1("framesift:" + shard + "/" + file) is lowest. The rule needs no list and no random state.
    """
    split = ["dev" if row["split"] == "dev" else "train" for row in table]
    groups: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for i, row in enumerate(table):
        if row.get("label"):
            key = hashlib.sha1(f"framesift:{row['shard']}/{row['file']}".encode()).hexdigest()
            groups[row["source"], row["label"]].append((key, i))
    for members in groups.values():
        for _, i in sorted(members)[: len(members) // 10]:
            split[i] = "held"
    return split


def _decode(job: tuple[str, list[tuple[int, str]], str, int]) -> None:
    path, files, target, total = job
    out = np.lib.format.open_memmap(target, mode="r+")
    assert out.shape[0] == total
    with zipfile.ZipFile(path) as archive:
        for i, name in files:
            picture = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
            out[i] = np.asarray(picture.resize((PACK, PACK), Image.BICUBIC, reducing_gap=None))
    out.flush()


def pack() -> None:
    """Decode every picture into images.npy and write meta.json."""
    WORK.mkdir(parents=True, exist_ok=True)
    table = rows()
    split = split_rows(table)
    target = WORK / "images.npy"
    np.lib.format.open_memmap(target, "w+", np.uint8, (len(table), PACK, PACK, 3)).flush()
    shards: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for i, row in enumerate(table):
        shards[row["shard"]].append((i, row["file"]))
    jobs = [(str(DATA / s), files[k : k + 2000], str(target), len(table))
            for s, files in shards.items() for k in range(0, len(files), 2000)]
    with mp.Pool() as pool:
        pool.map(_decode, jobs, chunksize=1)
    meta = [
        {
            "shard": row["shard"], "file": row["file"], "source": row["source"], "label": row.get("label"),
            "split": part, "aspect": 1.33 if row.get("aspect") == "squashed" else row["w"] / row["h"],
            "captions": row["captions"],
        }
        for row, part in zip(table, split)
    ]
    (WORK / "meta.json").write_text(json.dumps(meta))
    print({part: split.count(part) for part in ("train", "dev", "held")})


def load_meta() -> list[Row]:
    """meta.json as a list of rows."""
    return json.loads((WORK / "meta.json").read_text())


def load_images() -> np.ndarray:
    """The packed pictures, memory-mapped: uint8 [N, 128, 128, 3]."""
    return np.load(WORK / "images.npy", mmap_mode="r")


def random_boxes(aspect: np.ndarray, area: tuple[float, float], rng: np.random.Generator,
                 ratio: tuple[float, float] = (0.75, 1.9)) -> np.ndarray:
    """Crop boxes (x0, y0, x1, y1) in fractions of the picture, float32 [n, 4].

    `aspect` [n] is the true width:height of each picture. A crop whose content has the ratio r is
    shown squashed by r; r is drawn up to 1.9 because clips are 16:9 and are squashed whole.
    """
    n = len(aspect)
    size = rng.uniform(*area, n)
    r = np.exp(rng.uniform(np.log(ratio[0]), np.log(ratio[1]), n))
    w = np.minimum(1.0, np.sqrt(size * r / aspect))
    h = np.minimum(1.0, np.sqrt(size * aspect / r))
    x = rng.uniform(0, 1, n) * (1 - w)
    y = rng.uniform(0, 1, n) * (1 - h)
    return np.stack([x, y, x + w, y + h], 1).astype(np.float32)


def crop(pictures: torch.Tensor, boxes: torch.Tensor, flip: torch.Tensor, side: int) -> torch.Tensor:
    """Cut boxes out of float pictures [n, 3, H, W] and resample to [n, 3, side, side], bilinear."""
    n = pictures.shape[0]
    x0, y0, x1, y1 = boxes.unbind(1)
    theta = torch.zeros(n, 2, 3, device=pictures.device)
    theta[:, 0, 0] = (x1 - x0) * torch.where(flip, -1.0, 1.0)
    theta[:, 1, 1] = y1 - y0
    theta[:, 0, 2] = x0 + x1 - 1
    theta[:, 1, 2] = y0 + y1 - 1
    grid = F.affine_grid(theta, [n, 3, side, side], align_corners=False)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def jitter(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Colour, contrast, brightness, grey, blur and noise on pictures [n, 3, s, s] in 0..1, each at random."""
    n, dev = x.shape[0], x.device

    def u(low: float, high: float, p: float, neutral: float) -> torch.Tensor:
        value = torch.rand(n, generator=rng, device=rng.device) * (high - low) + low
        value[torch.rand(n, generator=rng, device=rng.device) >= p] = neutral
        return value.view(n, 1, 1, 1).to(dev)

    grey = (x * torch.tensor([0.299, 0.587, 0.114], device=dev).view(1, 3, 1, 1)).sum(1, keepdim=True)
    saturation = u(0.5, 1.4, 0.6, 1.0)
    saturation[(torch.rand(n, generator=rng, device=rng.device) < 0.05).view(n, 1, 1, 1).to(dev)] = 0.0
    contrast = u(0.65, 1.3, 0.6, 1.0)
    brightness = u(0.6, 1.35, 0.6, 1.0)
    mean = grey.mean((2, 3), keepdim=True)
    tint = 1 + (torch.rand(n, 3, 1, 1, generator=rng, device=rng.device).to(dev) - 0.5) * 0.12
    a = saturation * contrast * brightness * tint  # the three are affine in x: one pass over the batch
    b = (1 - saturation) * contrast * brightness * tint
    x = x * a + grey * b + (mean * (1 - contrast)) * brightness * tint
    soft = torch.nonzero(torch.rand(n, generator=rng, device=rng.device) < 0.15).view(-1).to(dev)
    if len(soft):
        side = x.shape[-1]
        small = F.interpolate(x[soft], scale_factor=0.5, mode="bilinear", align_corners=False)
        x[soft] = F.interpolate(small, size=(side, side), mode="bilinear", align_corners=False)
    return x.clamp_(0, 1)


def _dct() -> torch.Tensor:
    """The orthonormal 8-point DCT-II matrix [8, 8]."""
    k, t = torch.arange(8.0)[:, None], torch.arange(8.0)[None]
    m = torch.cos((2 * t + 1) * k * torch.pi / 16) / 2
    m[0] /= 2**0.5
    return m


def blocks(x: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
    """The look of a strongly compressed video on [n, 3, s, s] in 0..1: 8×8 DCT, coefficients rounded to `strength` [n] × (1 + u + v).

    Edges that do not fill a block stay as they are.
    """
    n, _, height, width = x.shape
    h, w = height // 8, width // 8
    m = _dct().to(x)
    tiles = x[:, :, : 8 * h, : 8 * w].reshape(n, 3, h, 8, w, 8).transpose(3, 4)
    step = (1 + torch.arange(8.0)[:, None] + torch.arange(8.0)[None]).to(x) * strength.view(n, 1, 1, 1, 1, 1)
    rounded = ((m @ tiles @ m.T) / step).round_() * step
    out = x.clone()
    out[:, :, : 8 * h, : 8 * w] = (m.T @ rounded @ m).transpose(3, 4).reshape(n, 3, 8 * h, 8 * w)
    return out.clamp_(0, 1)


def motion(x: torch.Tensor, length: int, angle: float) -> torch.Tensor:
    """Pictures [n, 3, s, s] blurred along a line of `length` pixels at `angle` radians."""
    t = torch.linspace(-0.5, 0.5, 4 * length) * (length - 1)
    side = length | 1
    kernel = torch.zeros(side, side)
    at = (torch.stack([torch.sin(torch.tensor(angle)) * t, torch.cos(torch.tensor(angle)) * t]) + side // 2).round().long()
    kernel.index_put_((at[0], at[1]), torch.ones(len(t)), accumulate=True)
    kernel = (kernel / kernel.sum()).to(x).expand(3, 1, side, side).contiguous()
    return F.conv2d(F.pad(x, (side // 2,) * 4, mode="reflect"), kernel, groups=3)


def degrade(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """What cameras do to pictures [n, 3, s, s] in 0..1, each to some: motion blur, compression blocks, darkness with noise."""
    n, side = x.shape[0], x.shape[-1]

    def some(p: float) -> torch.Tensor:
        return torch.nonzero(torch.rand(n, generator=rng, device=rng.device) < p).view(-1).to(x.device)

    for _ in range(2):
        pick = some(0.04)
        if len(pick):
            length = int(torch.randint(3, max(4, side // 10), (1,), generator=rng, device=rng.device))
            x[pick] = motion(x[pick], length, float(torch.rand(1, generator=rng, device=rng.device)) * torch.pi)
    pick = some(0.08)
    if len(pick):
        gain = (0.1 + 0.4 * torch.rand(len(pick), 1, 1, 1, generator=rng, device=rng.device)).to(x.device)
        noise = torch.randn(len(pick), 3, side, side, generator=rng, device=rng.device).to(x.device)
        x[pick] = (x[pick] * gain + 0.02 * noise).clamp_(0, 1)
    pick = some(0.10)
    if len(pick):
        x[pick] = blocks(x[pick], (0.01 + 0.05 * torch.rand(len(pick), generator=rng, device=rng.device)).to(x.device))
    return x


def cover(boxes: np.ndarray, bins: int, cells: int, flip: np.ndarray) -> np.ndarray:
    """How much each cell of a picture's grid gives to each cell of a crop's grid, rows adding up to 1.

    boxes (x0, y0, x1, y1) [n, 4] in fractions of the picture, flip bool [n] mirrors the crop;
    float32 [n, bins × bins, cells × cells], both grids in rows from the top left.
    """
    edges = np.arange(bins + 1) / bins

    def axis(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        at = (low[:, None] + (high - low)[:, None] * edges) * cells
        start, end = at[:, :-1, None], at[:, 1:, None]
        cell = np.arange(cells)
        share = np.clip(np.minimum(end, cell + 1) - np.maximum(start, cell), 0, None)
        return share / share.sum(-1, keepdims=True)

    across, down = axis(boxes[:, 0], boxes[:, 2]), axis(boxes[:, 1], boxes[:, 3])
    across[flip] = across[flip, ::-1]
    both = down[:, :, None, :, None] * across[:, None, :, None, :]
    return both.reshape(len(boxes), bins * bins, cells * cells).astype(np.float32)


def normalise(x: torch.Tensor) -> torch.Tensor:
    """Pictures in 0..1 [n, 3, s, s] to the model's input."""
    mean = torch.tensor(IMAGE_MEAN, device=x.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGE_STD, device=x.device).view(1, 3, 1, 1)
    return (x - mean) / std


def to_input(pictures: np.ndarray) -> np.ndarray:
    """Pictures uint8 [n, side, side, 3] to the model's input float32 [n, 3, side, side]."""
    mean, std = np.array(IMAGE_MEAN, np.float32), np.array(IMAGE_STD, np.float32)
    return np.ascontiguousarray(((pictures.astype(np.float32) / 255 - mean) / std).transpose(0, 3, 1, 2))


def view_boxes(aspect: float, views: int) -> list[tuple[float, float, float, float]]:
    """Where a picture (true width:height `aspect`) is cut, as lib/pixels/views.ts does: boxes in fractions of it."""
    if views < 2 or max(aspect, 1 / aspect) < VIEW_ASPECT:
        return [(0.0, 0.0, 1.0, 1.0)]
    starts = [(1 - VIEW_SHARE) * k / (views - 1) for k in range(views)]
    return [(s, 0.0, s + VIEW_SHARE, 1.0) if aspect > 1 else (0.0, s, 1.0, s + VIEW_SHARE) for s in starts]


@dataclass(frozen=True)
class Input:
    """What a model wants: the side of a whole picture, and number and side of the views of a wide or tall one."""

    side: int
    views: int = 1
    view_side: int = 128

    @property
    def key(self) -> str:
        return f"-{self.side}" + (f"x{self.views}x{self.view_side}" if self.views > 1 else "")


def cut_views(pictures: np.ndarray, aspects: list[float], wanted: Input) -> tuple[list[np.ndarray], list[int]]:
    """Views of whole pictures uint8 [n, 128, 128, 3], each uint8 [side, side, 3], and how many each picture has."""
    out, counts = [], []
    for picture, aspect in zip(pictures, aspects):
        boxes = view_boxes(aspect, wanted.views)
        side = wanted.view_side if len(boxes) > 1 else wanted.side
        for x0, y0, x1, y1 in boxes:
            part = Image.fromarray(picture).crop((round(x0 * PACK), round(y0 * PACK), round(x1 * PACK), round(y1 * PACK)))
            out.append(np.asarray(part.resize((side, side), Image.BICUBIC)))
        counts.append(len(boxes))
    return out, counts


def by_side(views: list[np.ndarray], encode: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Vectors of views of several sides, `encode` being given stacks of one side."""
    sides = np.array([len(v) for v in views])
    out = np.empty((len(views), EMBED), np.float32)
    for side in np.unique(sides):
        own = np.flatnonzero(sides == side)
        out[own] = encode(np.stack([views[i] for i in own]))
    return out


def mean_views(vectors: np.ndarray, counts: list[int]) -> np.ndarray:
    """Means of the unit vectors of each picture's views: [m, 512] to [n, 512]."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    starts = np.cumsum([0, *counts[:-1]])
    return np.add.reduceat(unit, starts) / np.array(counts)[:, None]


if __name__ == "__main__":
    pack()
