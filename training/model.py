"""The two towers. Shapes: n pictures or texts, t tokens, s the picture's side, 512 the shared space."""
from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn

from common import CONTEXT, EMBED


@dataclass
class TextConfig:
    vocab: int = 6656
    width: int = 192
    layers: int = 4
    heads: int = 6
    context: int = CONTEXT


@dataclass
class VisionConfig:
    side: int = 128
    stem: tuple[int, int] = (32, 64)
    # (kind, channels, inner channels, blocks, stride); "basic" = two 3×3, "neck" = 1×1, 3×3, 1×1
    stages: list[tuple[str, int, int, int, int]] = field(default_factory=lambda: [
        ("basic", 128, 128, 1, 2), ("neck", 320, 128, 5, 2), ("neck", 640, 192, 3, 2)])
    squeeze: int = 16  # a gate on the channels of "neck" blocks, from channels / squeeze; 0: none


class Block(nn.Module):
    """Pre-LayerNorm transformer block with a causal mask: [n, t, width] to the same."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        n, t, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.transpose(-1, -2) * (w // self.heads) ** -0.5 + mask
        x = x + self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, w))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class TextTower(nn.Module):
    """Token ids int64 [n, t] to vectors [n, 512], taken at the first end token (the highest id)."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocab, config.width)
        self.position = nn.Parameter(torch.randn(config.context, config.width) * 0.01)
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.project = nn.Linear(config.width, EMBED, bias=False)
        mask = torch.full((config.context, config.context), -1e4).triu(1)
        self.register_buffer("mask", mask, persistent=False)
        nn.init.normal_(self.token.weight, std=0.02)
        for block in self.blocks:
            for layer in (block.out, block.down):
                nn.init.normal_(layer.weight, std=config.width**-0.5 * (2 * config.layers) ** -0.5)
            nn.init.normal_(block.qkv.weight, std=config.width**-0.5)
            nn.init.normal_(block.up.weight, std=(2 * config.width) ** -0.5)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        t = ids.shape[1]
        x = self.token(ids) + self.position[:t]
        for block in self.blocks:
            x = block(x, self.mask[:t, :t])
        x = x[torch.arange(x.shape[0], device=x.device), ids.argmax(-1)]
        return self.project(self.norm(x))


def conv(cin: int, cout: int, k: int, stride: int = 1) -> nn.Sequential:
    """Convolution without bias, then BatchNorm."""
    return nn.Sequential(nn.Conv2d(cin, cout, k, stride, k // 2, bias=False), nn.BatchNorm2d(cout))


class Gate(nn.Module):
    """Squeeze-and-excitation: channels of [n, c, h, w] weighed by their means."""

    def __init__(self, width: int, squeeze: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, width // squeeze), nn.Linear(width // squeeze, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        g = self.up(F.relu(self.down(x.mean((2, 3)))))
        return x * torch.sigmoid(g)[:, :, None, None]


class Residual(nn.Module):
    """ResNet block, "basic" or "neck" (bottleneck, stride in its 3×3, gated)."""

    def __init__(self, kind: str, cin: int, cout: int, inner: int, stride: int, squeeze: int = 0) -> None:
        super().__init__()
        relu = nn.ReLU(inplace=True)
        if kind == "basic":
            layers = [conv(cin, inner, 3, stride), relu, conv(inner, cout, 3)]
        else:
            layers = [conv(cin, inner, 1), relu, conv(inner, inner, 3, stride), relu, conv(inner, cout, 1)]
        nn.init.zeros_(layers[-1][1].weight)
        if squeeze and kind == "neck":
            layers.append(Gate(cout, squeeze))
        self.body = nn.Sequential(*layers)
        self.skip = conv(cin, cout, 1) if cin != cout or stride > 1 else nn.Identity()
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skip = F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False) if self.stride > 1 else x
        return F.relu(self.body(x) + self.skip(skip), inplace=True)


class VisionTower(nn.Module):
    """Normalised pictures [n, 3, s, s] to vectors [n, 512]."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        a, c = config.stem
        relu = nn.ReLU(inplace=True)
        layers: list[nn.Module] = [conv(3, a, 3, 2), relu, conv(a, c, 3, 2), relu]
        for kind, width, inner, blocks, stride in config.stages:
            for k in range(blocks):
                layers.append(Residual(kind, c, width, inner, stride if k == 0 else 1, config.squeeze))
                c = width
        for layer in layers:
            for m in layer.modules():
                if isinstance(m, nn.Conv2d):
                    nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
        self.body = nn.Sequential(*layers)
        self.width = c
        self.project = nn.Linear(c, EMBED)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Pooled features [n, width] before the projection."""
        return self.body(x).mean((2, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.project(self.features(x))


class Adapter(nn.Module):
    """Teacher features [n, 1280] to the shared space [n, 512]; thrown away after training."""

    def __init__(self, width: int = 1024) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(1280)
        self.up, self.down = nn.Linear(1280, width), nn.Linear(width, EMBED)
        self.skip = nn.Linear(1280, EMBED)
        self.drop = nn.Dropout(0.3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.drop(self.norm(x))
        return self.skip(x) + self.down(self.drop(F.gelu(self.up(x))))
