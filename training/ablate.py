"""What each idea of the recipe gives: short runs that differ in one thing, measured alike.

    python3 ablate.py                     every variant that has no figures yet, one after the other
    python3 ablate.py captions dense      only these (two such commands may run side by side)

`scratch` variants train the vision tower from random weights on SCRATCH_VIEWS pictures at 80 px with the text tower
held fixed; `later` variants go on from the first vision run for LATER_VIEWS pictures at 96 px; `text` variants go on
from the first text tower for TEXT_VIEWS pictures and are measured with the frozen teacher as the picture tower,
the ceiling of what is distilled. One process and one seed each: differences below about one point are noise.
Figures go to ablation.json in the work folder, whence the model card takes them.
"""
from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import torch

from common import HERE, WORK
from evaluate import PLAIN, Bench, Model, headline, torch_model, unit
from model import Adapter, TextConfig, TextTower
from tokenizer import Tokenizer

SCRATCH_VIEWS, LATER_VIEWS, TEXT_VIEWS = 30_000, 24_000, 40_000
COMMON = ["--teacher", "maps", "--workers", "1", "--batch", "96", "--degrade", "--fresh"]
STAGES = {
    "scratch": ["vision", "--views", str(SCRATCH_VIEWS), "--side", "80", "--sides", "0:80", "--joint", "2", "--text", "text3", *COMMON],
    "later": ["vision", "--views", str(LATER_VIEWS), "--side", "96", "--sides", "0:96", "--joint", "0.5", "--lr", "6e-4",
              "--start", "vision", "--text", "text2", *COMMON],
    "text": ["text", "--views", str(TEXT_VIEWS), "--lr", "8e-4", "--start", "vision", "--batch", "512", "--teacher", "maps",
             "--weights", "class=0.5", "--fresh"],
}
# name: (stage, what it is, arguments beyond the stage's)
VARIANTS: dict[str, tuple[str, str, list[str]]] = {
    "recipe": ("scratch", "the recipe", []),
    "captions": ("scratch", "no distillation: captions alone", ["--weights", "aim=0,soft=0,bank=1", "--plain"]),
    "no-soft": ("scratch", "without the teacher's soft labels", ["--weights", "soft=0"]),
    "no-aim": ("scratch", "without the adapter's image vectors", ["--weights", "aim=0"]),
    "dense": ("scratch", "the teacher's features of each cell followed too", ["--weights", "dense=2"]),
    "views": ("scratch", "two fixed teacher views a picture (160 px) instead of any crop of its map (224 px)", ["--teacher", "views"]),
    "small": ("scratch", "64 px instead of 80", ["--side", "64", "--sides", "0:64"]),
    "later-recipe": ("later", "the recipe", []),
    "later-dense": ("later", "the teacher's features of each cell followed too", ["--weights", "dense=2"]),
    "uniform": ("later", "every picture drawn alike often", ["--uniform"]),
    "clean": ("later", "no motion blur, blocks or darkness", ["--clean"]),
    "frozen-text": ("later", "text tower not learning along", ["--joint", "2"]),
    "text-recipe": ("text", "the recipe", []),
    "text-views": ("text", "two fixed teacher views a picture (160 px)", ["--teacher", "views"]),
    "text-no-names": ("text", "without CLIP's own vectors of 2,148 names", ["--names", "0"]),
    "text-no-class": ("text", "without the names of the teacher's classes", ["--weights", "class=0"]),
}


def train(name: str) -> None:
    """Run one variant; its log lies beside its checkpoint."""
    stage, _, changes = VARIANTS[name]
    arguments = [*STAGES[stage], *changes]
    if "--clean" in changes:
        arguments = [a for a in arguments if a not in ("--clean", "--degrade")]
    with open(WORK / f"ablate-{name}.log", "w") as log:
        subprocess.run([sys.executable, "-W", "ignore", str(HERE / "train.py"), *arguments, "--name", f"ablate-{name}"],
                       check=True, stdout=log, stderr=log, env=os.environ | {"OMP_NUM_THREADS": "1"})


class Ceiling(Model):
    """A text stage's checkpoint: the frozen teacher with the adapter for pictures, and the text tower."""

    def __init__(self, name: str) -> None:
        state = torch.load(WORK / f"{name}.pt", map_location="cpu")
        tower, self.adapter = TextTower(TextConfig(**state["config"])).eval(), Adapter().eval()
        tower.load_state_dict(state["text"]), self.adapter.load_state_dict(state["adapter"])
        self.maps = state.get("teacher") == "maps"
        self.features = np.load(WORK / ("teacher_maps.npy" if self.maps else "teacher_features.npy"), mmap_mode="r")[0]
        tokenizer = Tokenizer()

        @torch.no_grad()
        def texts(strings: list[str]) -> np.ndarray:
            return np.concatenate([tower(torch.from_numpy(tokenizer.batch(strings[k : k + 100]))).numpy()
                                   for k in range(0, len(strings), 100)])

        digest = hashlib.sha256((WORK / f"{name}.pt").read_bytes()).hexdigest()[:12]
        super().__init__(name, f"{name}-{digest}", lambda images: images, texts)

    @torch.no_grad()
    def pictures(self, rows: np.ndarray, condition: str = PLAIN) -> np.ndarray:
        """Of whole pictures `rows` [n] as they are."""
        assert condition == PLAIN
        parts = []
        for k in range(0, len(rows), 200):
            part = np.asarray(self.features[rows[k : k + 200]], np.float32)
            parts.append(self.adapter(torch.from_numpy(part.mean(1) * (6 / 255) if self.maps else part)).numpy())
        return unit(np.concatenate(parts))


def measure(name: str) -> dict[str, dict[str, float]]:
    """Figures of a variant's averaged weights ("figures") and of its last ("last"); the latter not for text."""
    bench, checkpoint = Bench(), f"ablate-{name}"
    if VARIANTS[name][0] == "text":
        return {"figures": headline(bench.figures(Ceiling(checkpoint)))}
    return {"figures": headline(bench.figures(torch_model(checkpoint))),
            "last": headline(bench.figures(torch_model(checkpoint, False)))}


def main() -> None:
    torch.set_num_threads(1)
    path = WORK / "ablation.json"
    rows = {r["name"]: r for r in json.loads(path.read_text())} if path.exists() else {}
    for name in sys.argv[1:] or [n for n in VARIANTS if n not in rows]:
        train(name)
        stage, what, _ = VARIANTS[name]
        measured = measure(name)
        # Read again: another command may have written meanwhile.
        rows = {r["name"]: r for r in json.loads(path.read_text())} if path.exists() else {}
        rows[name] = {"name": name, "stage": stage, "what": what, **measured}
        path.write_text(json.dumps([rows[n] for n in VARIANTS if n in rows], indent=1))
        print(f"{name:14} " + "   ".join(f"{kind}: " + "  ".join(f"{k} {100*v:.1f}" for k, v in rows[name][kind].items())
                                        for kind in ("figures", "last") if kind in rows[name]), flush=True)


if __name__ == "__main__":
    main()
