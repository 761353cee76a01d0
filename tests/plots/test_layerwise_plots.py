"""Plots by layer, by bandwidth, and bounds on curves."""

import numpy as np
import pytest
import torch
from torch import nn

from invariance.errors import ArgumentError
from invariance.groups import P4
from invariance.images import AnalyticImage
from invariance.measure import Bound, InvarianceCurve, bandwidth_profile, fitted_slope, layerwise_error, local_error
from invariance.plots import plot_bandwidth, plot_invariance, plot_layerwise


def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.Conv2d(2, 2, 3, padding=1)).double()


def texts(ax) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def test_the_first_broken_layer_has_a_ring(generator: torch.Generator):
    images = torch.randn((2, 3, 8, 8), generator=generator, dtype=torch.float64)
    report = layerwise_error(net(), images, P4)
    ax = plot_layerwise({"net": report, "again": report}, title="layers")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0 (Conv2d)", "1 (ReLU)", "2 (Conv2d)"]
    assert np.asarray(ax.get_lines()[0].get_ydata())[2] == report.layers[2].error
    assert list(np.asarray(ax.get_lines()[2].get_xdata())) == [2]
    assert ax.get_yscale() == "log"
    assert texts(ax) == ["net", "tolerance 4e-10", "first broken: 2 (Conv2d)", "again", "first broken: 2 (Conv2d)"]
    with pytest.raises(ArgumentError, match="0 lists of layers"):
        plot_layerwise({})
    other = layerwise_error(nn.ReLU(), images, P4)
    with pytest.raises(ArgumentError, match="2 lists of layers"):
        plot_layerwise({"net": report, "other": other})


def test_local_errors_share_the_plot(generator: torch.Generator):
    images = AnalyticImage.random(2, generator=generator)
    reports = {along: local_error(net(), images, size=16, along=along) for along in ("rotation", "scale")}
    ax = plot_layerwise(reports)
    assert ax.get_ylabel() == "local error E per unit of t"
    assert texts(ax) == ["rotation", "scale"]


def test_bandwidths_have_their_nyquist_frequencies(generator: torch.Generator):
    profile = bandwidth_profile(net(), size=16, bandwidths=(1, 2, 3, 7), generator=generator)
    ax = plot_bandwidth(profile, title="aliasing")
    assert [text.get_text() for text in ax.texts] == ["N/2", "N/4", "N/8"]
    assert texts(ax) == ["0 (Conv2d)", "1 (ReLU)", "2 (Conv2d)"]
    assert texts(plot_bandwidth(profile, layers=["1 (ReLU)"])) == ["1 (ReLU)"]
    with pytest.raises(ArgumentError, match="names out of"):
        plot_bandwidth(profile, layers=["9"])


def test_bounds_are_drawn_with_their_verdict(generator: torch.Generator):
    scales = (0.0, 0.01, 0.1)
    error = torch.tensor(scales, dtype=torch.float64)
    difference = error.square()[:, None, None] * torch.tensor([[[0.9, 1.1]]]).double()
    counts = torch.ones_like(difference, dtype=torch.int64)
    curve = InvarianceCurve("net", "invariant", scales, difference, torch.ones(2).double(), counts, counts)
    bound = Bound("net", "Lipschitz bound", "$L|x|$", "T2.g", scales, 2 * error)
    low = Bound("net", "low bound", "$|x|/2$", "none", scales, error / 2)
    fit = fitted_slope(curve, generator=generator, predicted=1)
    ax = plot_invariance([curve], bounds=[bound, low, fit])
    np.testing.assert_allclose(np.asarray(ax.get_lines()[1].get_ydata()), [0.02, 0.2])
    assert texts(ax) == [
        "net",
        "net, Lipschitz bound\n$L|x|$: respected",
        "net, low bound\n$|x|/2$: violated",
        "net, fit: slope 1 in [1, 1]\n" + r"theory: $E \propto \sigma^{1}$: respected",
    ]
    with pytest.raises(ArgumentError, match="bounds on the curves net"):
        plot_invariance([curve], bounds=[Bound("other", "a", "b", "c", scales, error)])
