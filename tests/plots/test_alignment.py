"""The figures draw what was measured, and name what they cannot draw."""

import numpy as np
import pytest
import torch
from torch import nn

from invariance.errors import ArgumentError
from invariance.layers.gaussian import GaussianConv2d, GaussianMixture, gaussian_network, matched_filters, strokes
from invariance.measure.alignment import align_features
from invariance.measure.feature_maps import feature_maps
from invariance.measure.field_of_view import field_of_view
from invariance.plots.alignment import plot_alignment
from invariance.plots.feature_maps import plot_feature_maps
from invariance.plots.field_of_view import plot_field_of_view
from invariance.warps import Projective

BAR = strokes([[((-0.3, 0.0), (0.3, 0.1))]])
FILTERS = matched_filters(BAR)
TURN = Projective.affine(torch.tensor([[[0.0, -1.0], [1.0, 0.0]]], dtype=torch.float64))


def test_residuals_are_drawn_by_depth_with_their_intervals(generator: torch.Generator):
    images = GaussianMixture.random(4, generator=generator, terms=2)
    found = {
        name: {
            depth: align_features(
                gaussian_network([0.0] * depth, elongation=elongation),
                images,
                TURN,
                generator=generator,
                size=6,
                starts=0,
            )
            for depth in (1, 2)
        }
        for name, elongation in (("round", 1.0), ("long", 3.0))
    }
    ax = plot_alignment(found)
    handles, labels = ax.get_legend_handles_labels()
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["round", "long", "rounding: aligned"]
    drawn = [float(y) for line in ax.lines if line.get_label() == "_nolegend_" for y in np.asarray(line.get_ydata())]
    expected = [a.residual for by_depth in found.values() for a in by_depth.values()]
    assert len(handles) == len(labels) == 3
    assert set(expected) <= set(drawn)
    assert ax.get_ylim()[0] < 1e-16
    with pytest.raises(ArgumentError, match="alignments"):
        plot_alignment({"nothing": {}})


def test_feature_maps_share_one_scale():
    maps = feature_maps(nn.Sequential(GaussianConv2d(FILTERS)), BAR, TURN, size=16)
    figure = plot_feature_maps(maps, channels=["bar"], title="a bar")
    pictures = [ax.images[0] for ax in figure.axes if ax.images]
    assert len(pictures) == 6
    top = float(maps.features.abs().max())
    assert {picture.get_clim() for picture in pictures[1::2]} == {(-top, top)}
    with pytest.raises(ArgumentError, match="channels"):
        plot_feature_maps(maps, channels=["one", "two"])


def test_responses_without_a_sign_start_at_zero():
    maps = feature_maps(GaussianConv2d(BAR), BAR, TURN, size=16)
    figure = plot_feature_maps(maps, channels=["bar"])
    assert figure.axes[1].images[0].get_clim()[0] == 0


def test_the_field_of_view_is_a_box_at_each_scale():
    view = field_of_view(GaussianConv2d(FILTERS), FILTERS, BAR, (0.5, 1.0, 2.0), size=32)
    figure = plot_field_of_view(view, shown=(0.5, 2.0), title="a bar")
    boxes = [ax.patches[0].get_extents() for ax in figure.axes if ax.patches]
    assert len(boxes) == 2
    curves = figure.axes[-1].lines
    assert np.asarray(curves[0].get_ydata()).tolist() == view.high.tolist()
    assert np.asarray(curves[1].get_ydata())[0] == view.high[1]
    for shown in ((), (0.7,)):
        with pytest.raises(ArgumentError, match="shown"):
            plot_field_of_view(view, shown=shown)
