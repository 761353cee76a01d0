"""Linear maps by the names that people have for them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .parts import Affine

__all__ = ["name_of_affine"]

_PLANE = {
    (1, 0, 0, -1): "flip of rows",
    (-1, 0, 0, 1): "flip of columns",
    (0, 1, 1, 0): "transposition",
    (0, -1, -1, 0): "anti-transposition",
}
_AXES = {2: "xy", 3: "xyz"}
_CLOSE = 1e-9


def name_of_affine(part: Affine) -> str:
    """ "90°" (counter-clockwise on the screen, y downwards), "120° about (1, 1, 1)", "scaling by 0.8", …"""
    moved = None if part.translation is None or not part.translation.abs().max() > 0 else part.translation
    turned = "" if part.dimension and Affine(part.matrix).is_identity else _linear(part.matrix)
    shift = "" if moved is None else f"translation by {_tuple(moved)}"
    return " and ".join(filter(None, (turned, shift))) or "identity"


def _linear(matrix: Tensor) -> str:
    n = len(matrix)
    if n == 1:
        return "reversal" if float(matrix) == -1 else f"scaling by {float(matrix):.4g}"
    gram = matrix @ matrix.mT
    scale = float(gram.trace() / n) ** 0.5
    if (gram - scale**2 * torch.eye(n, dtype=matrix.dtype)).abs().max() > _CLOSE * scale**2:
        return f"linear map {[[round(v, 3) + 0.0 for v in row] for row in matrix.tolist()]}"
    grown = "" if abs(scale - 1) < _CLOSE else f"scaling by {scale:.4g}"
    unit = matrix / scale
    turned = "" if Affine(unit).is_identity else {2: _plane, 3: _space}.get(n, _any)(unit)
    return " and ".join(filter(None, (turned, grown)))


def _plane(matrix: Tensor) -> str:
    (a, b), (c, _) = matrix.tolist()
    if known := _PLANE.get(tuple(round(v, 9) + 0 for v in matrix.flatten().tolist())):  # pyright: ignore[reportArgumentType, reportCallIssue]
        return known
    if torch.linalg.det(matrix) > 0:
        return f"{_degrees(math.atan2(b, a))}°"
    return f"reflection in the line at {_degrees(-math.atan2(c, a) / 2, 180)}°"


def _space(matrix: Tensor) -> str:
    proper = matrix if torch.linalg.det(matrix) > 0 else -matrix
    cosine = min(1.0, max(-1.0, (float(proper.trace()) - 1) / 2))
    angle = math.acos(cosine)
    if angle < 1e-6:
        return "inversion"
    if proper is not matrix and angle > math.pi - 1e-6:
        return f"reflection across {_direction(_axis(proper, angle))}"
    turn = f"{_degrees(angle)}° about {_direction(_axis(proper, angle))}"
    return turn if proper is matrix else f"{turn} and inversion"


def _axis(proper: Tensor, angle: float) -> Tensor:
    if angle < math.pi - 1e-6:
        return torch.stack([proper[2, 1] - proper[1, 2], proper[0, 2] - proper[2, 0], proper[1, 0] - proper[0, 1]])
    outer = (proper + torch.eye(3, dtype=proper.dtype)) / 2  # a half turn is 2aaᵀ − 1
    return outer[:, int(outer.diagonal().argmax())]


def _direction(axis: Tensor) -> str:
    scaled = axis / axis.abs().max()
    whole = (scaled - scaled.round()).abs().max() < 1e-6
    if whole and int(scaled.round().abs().sum()) == 1 and float(scaled.sum()) > 0:
        return _AXES[3][int(scaled.argmax())]
    return _tuple(scaled.round()) if whole else _tuple(scaled)


def _any(matrix: Tensor) -> str:
    kind = "rotation" if torch.linalg.det(matrix) > 0 else "rotation with a reflection"
    return f"a {kind} of {len(matrix)}-dimensional space"


def _tuple(values: Tensor) -> str:
    return f"({', '.join(f'{round(v, 2) + 0.0:g}' for v in values.tolist())})"


def _degrees(angle: float, full: float = 360) -> str:
    return f"{round(math.degrees(angle) % full, 4):g}"
