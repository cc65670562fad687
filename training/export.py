"""Fold, quantise and write the ONNX towers and the model's folder from a checkpoint.

    python3 export.py --name vision                     WORK/vision.pt, as train.py leaves it
    python3 export.py --name v3 --views 2 --view-side 128    WORK/v3/vision_final.pt and text_final.pt of train_gpu.py

A folder of two files is exported as it stands; BatchNorm of train.py's averaged weights is measured anew first. --views
says into how many pieces a wide or tall picture is cut (common.VIEW_SHARE, decision 023).

Weights of convolutions and matrix products are kept as int8 with one float scale an output channel (a token an
embedding row), and are widened in the graph by Cast and Mul, which onnxruntime folds when a session is created:
the download is small. `npm run models:ranges` has to follow an export: without ranges all arithmetic is float32 (decision 055). The exact weights are kept
as NAME_final.pt beside the checkpoint, to measure against.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from common import CONTEXT, EMBED, IMAGE_MEAN, IMAGE_STD, MODEL_DIR, NAME, SEED, VIEW_SHARE, WORK
from data import crop, jitter, load_images, load_meta, normalise, random_boxes
from model import TextConfig, TextTower, VisionConfig, VisionTower
from train import Sampler

VERSION = "3.0.0"
OPSET = 14


def widened(state: dict[str, Any]) -> dict[str, Any]:
    """Weights kept as float16 as float32."""
    return {k: v.float() if torch.is_tensor(v) and v.dtype == torch.half else v for k, v in state.items()}


def load_state(name: str) -> dict[str, Any]:
    """A checkpoint: one file of train.py's, or a folder of train_gpu.py's with a file for each tower."""
    folder = WORK / name
    if not folder.is_dir():
        return torch.load(WORK / f"{name}.pt", map_location="cpu")
    vision, text = (torch.load(folder / f"{tower}_final.pt", map_location="cpu") for tower in ("vision", "text"))
    state = {**text, **vision}
    return {**state, "mean_vision": widened(state["mean_vision"]), "mean_text": widened(state["mean_text"])}


def load(name: str, averaged: bool = True) -> tuple[VisionTower, TextTower, dict[str, Any]]:
    """Both towers of a checkpoint, averaged weights, in eval mode."""
    state = load_state(name)
    vision = VisionTower(VisionConfig(**state["vision_config"]))
    text = TextTower(TextConfig(**state["text_config"]))
    vision.load_state_dict(state["mean_vision" if averaged else "vision"])
    text.load_state_dict(state["mean_text" if averaged else "text"])
    return vision.eval(), text.eval(), state


def recalibrate(vision: VisionTower, pictures: int = 3072) -> None:
    """Measure BatchNorm's means and variances anew, at the final side, for averaged weights."""
    images, meta = load_images(), load_meta()
    rng = np.random.default_rng(SEED)
    sampler = Sampler(meta, rng)
    draw = torch.Generator().manual_seed(SEED)
    aspect = np.array([row["aspect"] for row in meta])
    norms = [m for m in vision.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    vision.train()
    with torch.no_grad():
        for _ in range(pictures // 128):
            rows = np.sort(sampler.draw(128))
            boxes = torch.from_numpy(random_boxes(aspect[rows], (0.7, 1.0), rng))
            x = torch.from_numpy(images[rows]).permute(0, 3, 1, 2).float() / 255
            flip = torch.rand(len(rows), generator=draw) < 0.5
            vision(normalise(jitter(crop(x, boxes, flip, vision.config.side), draw)))
    vision.eval()


def fold(module: nn.Module) -> None:
    """Fold every Sequential(Conv2d, BatchNorm2d) into one convolution, in place."""
    for child in module.children():
        fold(child)
    if isinstance(module, nn.Sequential) and len(module) == 2 and isinstance(module[1], nn.BatchNorm2d):
        module[0] = fuse_conv_bn_eval(module[0], module[1])
        module[1] = nn.Identity()


def quantise(model: onnx.ModelProto) -> None:
    """Replace large float initializers by int8 ones that Cast and Mul widen, in place.

    The best of some clipping points is taken for each channel, by squared error.
    """
    graph = model.graph
    users: dict[str, onnx.NodeProto] = {}
    for node in graph.node:
        for name in node.input:
            users[name] = node
    head: list[onnx.NodeProto] = []
    kept: list[onnx.TensorProto] = []
    for init in graph.initializer:
        w = numpy_helper.to_array(init)
        if w.dtype != np.float32 or w.ndim < 2 or w.size < 4096:
            kept.append(init)
            continue
        node = users[init.name]
        transposed = any(a.name == "transB" and a.i for a in node.attribute)
        axis = 0 if node.op_type in ("Conv", "Gather") or transposed or node.op_type == "Add" else w.ndim - 1
        rest = tuple(i for i in range(w.ndim) if i != axis)
        top = np.abs(w).max(axis=rest, keepdims=True).clip(1e-8)
        best, error = top / 127, np.full(top.shape, np.inf)
        for share in np.linspace(0.7, 1.0, 16):
            scale = top * share / 127
            e = ((np.clip(np.rint(w / scale), -127, 127) * scale - w) ** 2).sum(axis=rest, keepdims=True)
            best, error = np.where(e < error, scale, best), np.minimum(e, error)
        q = np.clip(np.rint(w / best), -127, 127).astype(np.int8)
        kept.append(numpy_helper.from_array(q, f"{init.name}_int8"))
        kept.append(numpy_helper.from_array(best.astype(np.float32), f"{init.name}_scale"))
        head.append(helper.make_node("Cast", [f"{init.name}_int8"], [f"{init.name}_wide"], to=TensorProto.FLOAT))
        head.append(helper.make_node("Mul", [f"{init.name}_wide", f"{init.name}_scale"], [init.name]))
    nodes = head + list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    onnx.checker.check_model(model)


def tidy(path: Path) -> onnx.ModelProto:
    """Load an exported graph without the exporter's doc strings."""
    model = onnx.load(str(path))
    for node in model.graph.node:
        node.doc_string = ""
        for attribute in node.attribute:  # the side is a multiple of 32: no odd maps, and WebGPU has no ceil_mode
            if attribute.name == "ceil_mode":
                attribute.i = 0
    model.producer_name, model.producer_version = "framesift-training", VERSION
    return model


def write_onnx(vision: VisionTower, text: TextTower, folder: Path, tag: str = "", int8: bool = True) -> None:
    """vision_model.onnx, for squares of any multiple of 32, and text_model.onnx."""
    folder.mkdir(parents=True, exist_ok=True)
    fold(vision)
    side = vision.config.side
    jobs = (
        (vision, torch.zeros(2, 3, side, side), "pixel_values", "image_embeds", {0: "n", 2: "height", 3: "width"}, "vision_model"),
        (text, torch.zeros(2, 9, dtype=torch.int64), "input_ids", "text_embeds", {0: "n", 1: "t"}, "text_model"),
    )
    for tower, example, given, got, axes, stem in jobs:
        path = folder / f"{stem}{tag}.onnx"
        torch.onnx.export(tower, (example,), str(path), opset_version=OPSET, input_names=[given], output_names=[got],
                          dynamic_axes={given: axes, got: {0: "n"}}, do_constant_folding=True)
        model = tidy(path)
        if int8:
            quantise(model)
        onnx.save(model, str(path))


def write_configs(vision: VisionTower, text: TextTower, scale: float, folder: Path, views: int, view_side: int) -> None:
    """config.json and preprocessor_config.json."""
    vocab = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    start, end = vocab["<|startoftext|>"], vocab["<|endoftext|>"]
    digest = hashlib.sha256()
    for stem in ("vision_model", "text_model"):
        digest.update((folder / "onnx" / f"{stem}.onnx").read_bytes())
    side, t = vision.config.side, text.config
    config = {
        "architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": EMBED, "logit_scale_init_value": scale,
        "logit_scale": scale,
        "text_config": {"model_type": "clip_text_model", "hidden_size": t.width, "num_hidden_layers": t.layers,
                        "num_attention_heads": t.heads, "intermediate_size": 4 * t.width, "hidden_act": "gelu",
                        "max_position_embeddings": CONTEXT, "vocab_size": len(vocab), "bos_token_id": start,
                        "eos_token_id": end, "pad_token_id": end, "projection_dim": EMBED},
        "vision_config": {"model_type": "clip_vision_model", "image_size": side, "num_channels": 3, "projection_dim": EMBED,
                          "hidden_size": vision.width, "backbone": "resnet"},
        "framesift": {"name": NAME, "version": VERSION, "revision": digest.hexdigest()[:12],
                      "weights": "int8 initializers widened to float32"},
    }
    preprocessor = {
        "image_processor_type": "CLIPImageProcessor", "do_convert_rgb": True, "do_resize": True,
        "size": {"height": side, "width": side}, "resample": 3, "do_center_crop": False,
        "crop_size": {"height": side, "width": side}, "do_rescale": True, "rescale_factor": 1 / 255,
        "do_normalize": True, "image_mean": list(IMAGE_MEAN), "image_std": list(IMAGE_STD),
    }
    if views > 1:  # Framesift's own key (lib/pixels/views.ts)
        preprocessor["views"] = {"count": views, "share": VIEW_SHARE, "size": view_side}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="vision", help="name of the checkpoint")
    parser.add_argument("--views", type=int, default=1, help="pieces of a wide or tall picture whose mean is its vector")
    parser.add_argument("--view-side", type=int, default=128, help="side of each piece, a multiple of 32")
    args = parser.parse_args()
    vision, text, state = load(args.name)
    if not (WORK / args.name).is_dir():
        recalibrate(vision)
    kept = {k: state[k] for k in ("scale", "used", "seen", "step", "vision_config", "text_config") if k in state}
    torch.save({**kept, "mean_vision": vision.state_dict(), "mean_text": text.state_dict()}, WORK / f"{args.name}_final.pt")
    write_onnx(vision, text, WORK / "ship")
    (MODEL_DIR / "onnx").mkdir(parents=True, exist_ok=True)
    for stem in ("vision_model", "text_model"):  # moved whole, so that a page that is open never reads half a file
        shutil.copy(WORK / "ship" / f"{stem}.onnx", MODEL_DIR / "onnx" / f"{stem}.part")
        (MODEL_DIR / "onnx" / f"{stem}.part").rename(MODEL_DIR / "onnx" / f"{stem}.onnx")
    write_configs(vision, text, state["scale"], MODEL_DIR, args.views, args.view_side)
    for path in sorted(MODEL_DIR.rglob("*")):
        if path.is_file():
            print(f"{path.stat().st_size:>9,}  {path.relative_to(MODEL_DIR)}")


if __name__ == "__main__":
    main()
