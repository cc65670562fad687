"""Features of the teacher (MobileNetV2, ImageNet-1001) of every picture.

The teacher is read from its .npz (`graph_json` and weights), built as an ONNX graph and run by
onnxruntime-node through teacher.mjs; with CUDA the same graph runs as a torch module. Its soft labels are
a linear map of the features, so only features are kept:

    teacher_boxes.npy     float32 [V, N, 4]     crop of each view; view 0 is the whole picture
    teacher_features.npy  float16 [V, N, 1280]
    teacher_head.npz      w float32 [1001, 1280], b float32 [1001]
    teacher_maps.npy      uint8   [1, N, 49, 1280] with --maps: the 7×7 cells before pooling, of the whole picture at
                                                224 px; 255 stands for 6, the end of relu6

Run:  python3 teacher.py [--maps]
"""
from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from common import DATA, HERE, SEED, WORK
from data import load_images, load_meta, random_boxes

FEATURES = 1280
SIDE = 160
MAP_SIDE = 224
CELLS = 7
VIEWS = 2
BATCH = 50
Graph = list[dict[str, Any]]


def weights() -> tuple[Any, Graph, dict[str, Any]]:
    """The teacher's arrays, its list of operations and its meta data."""
    z = np.load(next((DATA / "teacher").glob("*.float.npz")))
    meta = json.loads(bytes(z["graph_json"]))
    return z, meta["graph"], meta


def to_onnx(path: Path, side: int = SIDE, maps: bool = False) -> None:
    """Write the teacher as ONNX: uint8 [n, side, side, 3] to float32 [n, 1280], or to maps uint8 [n, cells, 1280]."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    z, graph, meta = weights()
    nodes: list[Any] = []
    inits: list[Any] = []

    def const(name: str, value: np.ndarray) -> str:
        inits.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    const("scale", np.float32(1 / 127.5)), const("one", np.float32(1)), const("lo", np.float32(0)), const("hi", np.float32(6))
    nodes.append(helper.make_node("Cast", ["pixels"], ["f"], to=TensorProto.FLOAT))
    nodes.append(helper.make_node("Mul", ["f", "scale"], ["g"]))
    nodes.append(helper.make_node("Sub", ["g", "one"], ["h"]))
    nodes.append(helper.make_node("Transpose", ["h"], ["x0"], perm=[0, 3, 1, 2]))
    value = {meta["input_id"]: "x0"}
    for k, g in enumerate(graph):
        ins = [value[i] for i in g["ins"] if i in value]
        out = f"v{g['outs'][0]}"
        if g["op"] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            w = z[g["w"]].astype(np.float32)
            depthwise = g["op"].startswith("DEPTH")
            w = w.transpose(3, 0, 1, 2) if depthwise else w.transpose(0, 3, 1, 2)
            raw = f"{out}_raw" if g.get("act") == "relu6" else out
            nodes.append(helper.make_node(
                "Conv", [ins[0], const(f"w{k}", w), const(f"b{k}", z[g["b"]].astype(np.float32))], [raw],
                strides=g["stride"], auto_pad="SAME_UPPER", group=w.shape[0] if depthwise else 1))
            if raw != out:
                nodes.append(helper.make_node("Clip", [raw, "lo", "hi"], [out]))
        elif g["op"] == "ADD":
            nodes.append(helper.make_node("Add", ins, [out]))
        elif g["op"] in ("MEAN", "AVERAGE_POOL_2D"):
            if maps:
                const("levels", np.float32(255 / 6)), const("cells", np.array([0, -1, FEATURES]))
                nodes.append(helper.make_node("Mul", [ins[0], "levels"], ["m0"]))
                nodes.append(helper.make_node("Round", ["m0"], ["m1"]))
                nodes.append(helper.make_node("Cast", ["m1"], ["m2"], to=TensorProto.UINT8))
                nodes.append(helper.make_node("Transpose", ["m2"], ["m3"], perm=[0, 2, 3, 1]))
                nodes.append(helper.make_node("Reshape", ["m3", "cells"], ["features"]))
            else:
                nodes.append(helper.make_node("ReduceMean", ins[:1], ["features"], axes=[2, 3], keepdims=0))
            break
        else:
            nodes.append(helper.make_node("Identity", ins[:1], [out]))
        value[g["outs"][0]] = out
    model = helper.make_model(
        helper.make_graph(
            nodes, "teacher",
            [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", side, side, 3])],
            [helper.make_tensor_value_info("features", TensorProto.UINT8, ["n", "cells", FEATURES]) if maps
             else helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", FEATURES])], inits),
        opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


class Teacher(nn.Module):
    """The same network in torch: float pictures [n, 3, s, s] in -1..1 to features [n, 1280], or to maps [n, cells, 1280]."""

    def __init__(self, maps: bool = False) -> None:
        super().__init__()
        self.maps = maps
        z, self.graph, self.meta = weights()
        for g in self.graph:
            if "w" in g:
                w = torch.from_numpy(z[g["w"]].astype(np.float32))
                w = w.permute(3, 0, 1, 2) if g["op"].startswith("DEPTH") else w.permute(0, 3, 1, 2)
                self.register_buffer(g["w"], w.contiguous())
                self.register_buffer(g["b"], torch.from_numpy(z[g["b"]].astype(np.float32)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value = {self.meta["input_id"]: x}
        for g in self.graph:
            a = [value[i] for i in g["ins"] if i in value]
            y = a[0]
            if "CONV" in g["op"]:
                w, b = getattr(self, g["w"]), getattr(self, g["b"])
                pad = [max((-(-n // s) - 1) * s + k - n, 0)
                       for n, s, k in zip(y.shape[2:], g["stride"], w.shape[2:])]
                y = F.pad(y, (pad[1] // 2, pad[1] - pad[1] // 2, pad[0] // 2, pad[0] - pad[0] // 2))
                y = F.conv2d(y, w, b, g["stride"], groups=w.shape[0] if g["op"].startswith("DEPTH") else 1)
            elif g["op"] == "ADD":
                y = a[0] + a[1]
            elif g["op"] in ("MEAN", "AVERAGE_POOL_2D"):
                return y.flatten(2).mT if self.maps else y.mean((2, 3))
            value[g["outs"][0]] = y.clamp(0, 6) if g.get("act") == "relu6" else y
        raise ValueError("the teacher's graph has no pooling")


def head() -> None:
    """Keep the linear map from features to the 1,001 classes' logits."""
    z, graph, _ = weights()
    last = [g for g in graph if "w" in g][-1]
    np.savez(WORK / "teacher_head.npz", w=z[last["w"]].astype(np.float32).reshape(-1, FEATURES),
             b=z[last["b"]].astype(np.float32))


def cut(images: np.ndarray, boxes: np.ndarray, rows: range, side: int) -> np.ndarray:
    """Boxes [n, 4] of pictures as uint8 [n, side, side, 3]."""
    out = np.empty((len(rows), side, side, 3), np.uint8)
    for k, i in enumerate(rows):
        box = tuple(float(v) * images.shape[1] for v in boxes[i])
        out[k] = np.asarray(Image.fromarray(images[i]).resize((side, side), Image.BILINEAR, box=box))
    return out


def runner(side: int, maps: bool) -> Callable[[np.ndarray], np.ndarray]:
    """What takes pictures uint8 [n, side, side, 3] to features float32 [n, 1280] or maps uint8 [n, 49, 1280]."""
    if torch.cuda.is_available():
        net = Teacher(maps).cuda().eval()

        def on_gpu(x: np.ndarray) -> np.ndarray:
            y = net(torch.from_numpy(x).cuda().permute(0, 3, 1, 2).float() / 127.5 - 1)
            return (y * (255 / 6)).round().byte().cpu().numpy() if maps else y.cpu().numpy()

        return on_gpu
    graph = WORK / ("teacher_maps.onnx" if maps else "teacher.onnx")
    to_onnx(graph, side, maps)
    node = subprocess.Popen(["node", str(HERE / "teacher.mjs"), str(graph), str(side)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert node.stdin and node.stdout
    shape, kind = ((CELLS * CELLS, FEATURES), np.uint8) if maps else ((FEATURES,), np.float32)

    def on_cpu(x: np.ndarray) -> np.ndarray:
        node.stdin.write(len(x).to_bytes(4, "little") + x.tobytes())
        node.stdin.flush()
        size = len(x) * int(np.prod(shape)) * np.dtype(kind).itemsize
        return np.frombuffer(node.stdout.read(size), kind).reshape(len(x), *shape)

    return on_cpu


def main() -> None:
    maps = "--maps" in sys.argv[1:]
    head()
    images, meta = load_images(), load_meta()
    n = len(meta)
    aspect = np.array([row["aspect"] for row in meta])
    rng = np.random.default_rng(SEED)
    views = 1 if maps else VIEWS
    boxes = np.zeros((views, n, 4), np.float32)
    boxes[0] = (0, 0, 1, 1)
    for v in range(1, views):
        boxes[v] = random_boxes(aspect, (0.35, 0.9), rng)
    name, shape = ("teacher_maps", (1, n, CELLS * CELLS, FEATURES)) if maps else ("teacher_features", (views, n, FEATURES))
    if not maps:
        np.save(WORK / "teacher_boxes.npy", boxes)
    path, done = WORK / f"{name}.npy", WORK / f"{name}_done.txt"
    start = int(done.read_text()) if done.exists() and path.exists() else 0
    jobs = [(v, range(i, min(i + BATCH, n))) for v in range(views) for i in range(0, n, BATCH)]
    if start == len(jobs):
        return
    out = np.lib.format.open_memmap(path, "r+" if start else "w+", np.uint8 if maps else np.float16, shape)
    side = MAP_SIDE if maps else SIDE
    began, run = time.time(), runner(side, maps)
    with torch.no_grad():
        for k, (v, part) in enumerate(jobs):
            if k < start:
                continue
            out[v, part.start : part.stop] = run(cut(images, boxes[v], part, side))
            if (k + 1) % 50 == 0 or k + 1 == len(jobs):
                out.flush()
                done.write_text(str(k + 1))
                print(f"view {v}: {part.stop}/{n}  {(k + 1 - start) * BATCH / (time.time() - began):.0f} pictures/s", flush=True)


if __name__ == "__main__":
    main()
