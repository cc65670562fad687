"""Paths, seeds and constants that every training script shares."""
from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
NAME = "framesift-clip-v3"
MODEL_DIR = Path(os.environ.get("FRAMESIFT_MODEL_DIR", HERE.parent / "public" / "models" / NAME))
WORK = Path(os.environ.get("FRAMESIFT_TRAINING_DIR", HERE / ".work"))
DATA = Path(os.environ.get("FRAMESIFT_TRAINING_DATA", HERE / "data"))

SEED = 20261
EMBED = 512  # CLIP ViT-B/32's own width, so that its text vectors can be targets
PACK = 128  # side of the packed pictures
VIEW_SHARE = 0.58  # of the longer edge that each view shows
VIEW_ASPECT = 1.2  # from this longer:shorter edge on a picture has views; as in lib/pixels/views.ts
CONTEXT = 32  # text tokens, start and end included
IMAGE_MEAN = (0.5, 0.5, 0.5)
IMAGE_STD = (0.5, 0.5, 0.5)


def seed_all(seed: int = SEED) -> None:
    """Seed Python, NumPy and torch."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def device() -> torch.device:
    """CUDA where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
