"""Random questions, most of them senseless: each ends in a report or in an error that names its argument."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from invariance.checking import check
from invariance.errors import ArgumentError, ArgumentTypeError

MODELS: list[Any] = [
    torch.relu,
    lambda x: x.mean(),
    lambda x: x.mean((1, 2, 3)) if x.ndim == 4 else x.flatten(1).mean(1),
    lambda x: x.flatten(1)[:, :2],
    lambda x: x / 0,
    lambda x: (x, x),
    lambda x: x.long(),
    lambda x: x[:0],
    lambda x: x[..., :0],
    lambda x: x + torch.rand_like(x),
    lambda x: x.repeat(2, *[1] * (x.ndim - 1)),
    lambda x: x.unsqueeze(-1),
    lambda x: torch.zeros(len(x), 3),
    lambda x: x.sub_(x.mean(0)),
    lambda x: x.to(torch.bfloat16),
    lambda x: 1 // 0,
    lambda: 0,
    nn.Conv2d(3, 2, 3),
    nn.Conv2d(1, 2, 3, padding=1, stride=2),
    nn.Sequential(nn.Flatten(), nn.LazyLinear(3)),
    nn.BatchNorm2d(3),
    nn.Dropout(),
    nn.Embedding(4, 2),
    nn.LSTM(5, 5, batch_first=True),
]
CHOICES: dict[str, list[Any]] = {
    "input_shape": [
        (3, 6, 6),
        (1, 5, 7),
        (3, 1, 9),
        (2, 2, 2),
        (1, 1, 1),
        (3, 9),
        (5,),
        (),
        (1, 4, 6, 6),
        (0, 3, 3),
        7,
        "no",
    ],
    "group": ["p4", "p4m", "pm", "translation", "batch", "colour-gain", "block-fields", "P4", "p3", None, 5],
    "claim": ["invariant", "equivariant", "covariant", None],
    "action": [None, None, "scalar", "regular", "jacobian", "spin", lambda g, y: y, lambda g, y: y[:1]],
    "sizes": [None, None, (6,), (5, 8), 9, ()],
    "images": [None, 2, 3, 1, 0],
    "batch": [8, 1, 2, 0],
    "dtype": [torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.int64, "float64"],
    "device": ["cpu", "cpu", "cpu", "banana"],
    "tolerance": [None, None, 0.1, -1.0],
    "border": ["ignored", "counted", "eaten"],
    "inputs": [None, None, None, torch.rand(3, 3, 6, 6), torch.rand(2), "folder", [], {"x": torch.rand(2, 3, 6, 6)}],
    "eval": [False, True],
}


@pytest.mark.bad_input
@pytest.mark.parametrize("seed", range(0, 500, 50))
def test_every_question_is_answered_or_refused(seed: int):
    for number in range(seed, seed + 50):
        draw = random.Random(number)
        asked = {name: draw.choice(values) for name, values in CHOICES.items()}
        for name in draw.sample(list(CHOICES), 8):  # most of it sound, so that more is reached
            asked[name] = CHOICES[name][0]
        try:
            report = check(draw.choice(MODELS), **asked)
        except (ArgumentError, ArgumentTypeError):
            continue
        assert isinstance(report.to_json(), str)
        assert isinstance(str(report), str)
        assert isinstance(report.rows[0].floor, float)


def test_a_tensor_is_not_changed():
    x = torch.rand(3, 3, 6, 6)
    before: Tensor = x.clone()
    check(lambda y: y.mul_(0.5), input_shape=(3, 6, 6), group="p4", claim="equivariant", inputs=x)
    assert torch.equal(x, before)
