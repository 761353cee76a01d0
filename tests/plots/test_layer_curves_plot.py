"""The figure of layers has a line for each scale, at the errors of the curves, and parts planes from the rest."""

import numpy as np
import pytest
import torch

from invariance.errors import ArgumentError
from invariance.measure import Claim, InvarianceCurve
from invariance.plots import plot_layer_curves


def curve(factor: float, claim: Claim, scales: tuple[float, ...] = (0.0, 0.01, 0.1)) -> InvarianceCurve:
    difference = (factor * torch.tensor(scales).double()).square()[:, None, None].expand(3, 1, 2)
    counts = torch.ones_like(difference, dtype=torch.int64)
    return InvarianceCurve("layer", claim, scales, difference, torch.ones(2).double(), counts, counts)


def test_a_line_for_each_positive_scale():
    curves = {"front": curve(1, "equivariant"), "features": curve(2, "equivariant"), "logits": curve(3, "invariant")}
    ax = plot_layer_curves(curves, title="net")
    small, large, border = ax.get_lines()
    np.testing.assert_allclose(np.asarray(small.get_ydata()), [0.01, 0.02, 0.03])
    np.testing.assert_allclose(np.asarray(large.get_ydata()), [0.1, 0.2, 0.3])
    assert list(np.asarray(border.get_xdata())) == [1.5, 1.5]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["front", "features", "logits"]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["σ = 0.01", "σ = 0.1"]


def test_one_kind_of_layer_needs_no_border():
    assert len(plot_layer_curves({"a": curve(1, "equivariant"), "b": curve(2, "equivariant")}).get_lines()) == 2


@pytest.mark.parametrize("curves", [{}, {"a": curve(1, "invariant"), "b": curve(1, "invariant", (0.0, 0.1, 0.2))}])
def test_curves_of_different_scales_have_no_common_lines(curves: dict[str, InvarianceCurve]):
    with pytest.raises(ArgumentError, match="curves of the same scales"):
        plot_layer_curves(curves)
