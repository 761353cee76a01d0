"""Transformers without positions, under permutations of the tokens."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.check_study.subject import randomised

from ..subject import Motion, Subject, family
from .sets import permutations


class Encoder(nn.Module):
    """torch's own encoder, then each token's numbers, or their mean."""

    def __init__(self, draw: random.Random, width: int, heads: int) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            width,
            heads,
            2 * width,
            activation=draw.choice(["relu", "gelu"]),
            batch_first=True,
            norm_first=draw.random() < 0.5,
        )
        self.body = nn.TransformerEncoder(layer, draw.randint(1, 3), enable_nested_tensor=False)
        self.pool, self.head = draw.random() < 0.6, nn.Linear(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        return self.head(x.mean(1) if self.pool else x)


@family
def transformer_encoders(draw: random.Random) -> Subject:
    n, heads = draw.randint(3, 8), draw.choice([1, 2, 4])
    width = heads * draw.randint(2, 4)
    return Subject(randomised(Encoder(draw, width, heads)), ((n, width),), f"points {n}", permutations(n, (1,)))


class Attention(nn.Module):
    """As timm writes it: one linear layer for q, k and v, the fused operation or its three steps."""

    def __init__(self, width: int, heads: int, fused: bool) -> None:
        super().__init__()
        self.heads, self.fused = heads, fused
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        if self.fused:
            x = F.scaled_dot_product_attention(q, k, v)
        else:
            x = ((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)).softmax(-1) @ v
        return self.proj(x.transpose(1, 2).reshape(b, n, c))


class Block(nn.Module):
    """Pre-norm, with a scale a layer in some."""

    def __init__(self, draw: random.Random, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, draw.random() < 0.6)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.scale = nn.Parameter(torch.rand(width)) if draw.random() < 0.3 else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.attention(self.norm1(x))
        x = x + (y if self.scale is None else y * self.scale)
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    """Patches of an image, or tokens; a class token or the mean; no positions."""

    def __init__(self, draw: random.Random, channels: int, patch: int | None) -> None:
        super().__init__()
        heads = draw.choice([1, 2, 3])
        width = heads * draw.choice([2, 4])
        self.patch = nn.Conv2d(channels, width, patch, stride=patch) if patch else None
        self.embed = nn.Linear(channels, width)
        self.cls = nn.Parameter(torch.randn(1, 1, width)) if draw.random() < 0.6 else None
        self.blocks = nn.Sequential(*(Block(draw, width, heads) for _ in range(draw.randint(1, 3))))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x) if self.patch is None else self.patch(x).flatten(2).transpose(1, 2)
        if self.cls is not None:
            x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1)
        x = self.norm(self.blocks(x))
        return self.head(x.mean(1) if self.cls is None else x[:, 0])


def rows_of_patches(patch: int, rows: int) -> dict[str, Motion]:
    """Rows of patches change places: a permutation of the image's rows."""

    def moved(order: list[int]) -> Motion:
        where = torch.tensor([patch * r + i for r in order for i in range(patch)])
        return lambda x: (x.index_select(2, where),)

    return {"swap": moved([1, 0, *range(2, rows)]), "cycle": moved([*range(1, rows), 0])}


@family
def vits(draw: random.Random) -> Subject:
    if draw.random() < 0.3:
        patch, rows = draw.choice([2, 3]), draw.randint(2, 4)
        side = patch * rows
        group = f"rows {rows} of {patch}"
        return Subject(randomised(ViT(draw, 3, patch)), ((3, side, side),), group, rows_of_patches(patch, rows))
    n, d = draw.randint(3, 9), draw.randint(2, 6)
    return Subject(randomised(ViT(draw, d, None)), ((n, d),), f"points {n}", permutations(n, (1,)))
