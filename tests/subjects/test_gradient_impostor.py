"""The gradient's magnitude and an impostor with 10 % anisotropy: equal on one grid, told apart by the ladder."""

import pytest
from torch import Tensor

from invariance.checking import CheckReport, check


def magnitude(anisotropy: float, images: Tensor) -> Tensor:
    r"""$\sqrt{I_x^2 + (1 + a) I_y^2}$ by central differences."""
    step = images.shape[-1] / 4
    dx, dy = ((images.roll(-1, axis) - images.roll(1, axis)) * step for axis in (-1, -2))
    return (dx.square() + (1 + anisotropy) * dy.square()).sqrt()


def asked(anisotropy: float, *, pooled: bool, **options) -> CheckReport:
    def model(images: Tensor) -> Tensor:
        field = magnitude(anisotropy, images)
        return (field.square() + 0.01).sqrt().mean((-2, -1)) if pooled else field

    claim = "invariant" if pooled else "equivariant"
    return check(model, input_shape=(1, 32, 32), group="rotation", claim=claim, **options)


@pytest.mark.parametrize("pooled", [True, False])
def test_the_ladder_tells_them_apart(pooled: bool):
    true, impostor = (asked(anisotropy, pooled=pooled, sizes=(32, 48, 64, 96, 128)) for anisotropy in (0, 0.1))
    assert true.verdict == "consistent"
    assert impostor.verdict == "violated"
    assert any(row.limit_interval is not None and row.limit_interval[0] > 0 for row in impostor.rows)


def test_one_grid_cannot():
    true, impostor = (asked(anisotropy, pooled=False, sizes=(32,)) for anisotropy in (0, 0.1))
    assert true.verdict == impostor.verdict == "measured"
    assert all(row.interval is not None for row in (*true.rows, *impostor.rows))
