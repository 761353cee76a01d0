"""Accuracy lost is counted from the first scale, in points, at the error of the features."""

import numpy as np
import pytest
import torch

from invariance.errors import ArgumentError
from invariance.measure import InvarianceCurve
from invariance.plots import plot_accuracy_loss


def curve() -> InvarianceCurve:
    difference = torch.tensor([0.0, 0.1, 0.2]).double().square()[:, None, None].expand(3, 1, 2)
    counts = torch.ones_like(difference, dtype=torch.int64)
    return InvarianceCurve(
        "features", "invariant", (0.0, 0.01, 0.1), difference, torch.ones(2).double(), counts, counts
    )


def test_losses_are_in_points_and_start_at_nothing():
    ax = plot_accuracy_loss({"net": curve()}, {"net": (0.8, 0.75, 0.5)})
    x, y = ax.get_lines()[0].get_data()
    np.testing.assert_allclose(np.asarray(x), [0, 0.1, 0.2])
    np.testing.assert_allclose(np.asarray(y), [0, 5, 30])


@pytest.mark.parametrize("accuracy", [{}, {"other": (1.0, 1.0, 1.0)}, {"net": (1.0, 1.0)}])
def test_every_curve_needs_its_accuracies(accuracy: dict[str, tuple[float, ...]]):
    with pytest.raises(ArgumentError, match="accuracy"):
        plot_accuracy_loss({"net": curve()}, accuracy)


def test_no_two_lines_look_alike():
    names = [f"net {i}" for i in range(20)]
    ax = plot_accuracy_loss(dict.fromkeys(names, curve()), dict.fromkeys(names, (0.8, 0.75, 0.5)))
    assert len({(line.get_color(), line.get_marker()) for line in ax.get_lines()}) == 20
