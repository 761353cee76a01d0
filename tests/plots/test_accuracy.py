"""Accuracy and predictions as figures: everything where it was measured, claims hollow, legends off the data."""

import numpy as np
import pytest
import torch

from invariance.errors import ArgumentError
from invariance.measure import AccuracyCurve
from invariance.plots import figure_of, plot_accuracy, plot_predictions

SCALES, MOVED = (0.0, 0.01, 0.1), (0.0, 0.25, 2.5)


def curve(label: str, accuracies: tuple[float, ...], runs: int = 1, moved: tuple[float, ...] = MOVED) -> AccuracyCurve:
    correct = torch.stack([torch.arange(200) < 200 * a for a in accuracies]).expand(runs, -1, -1)
    return AccuracyCurve(label, "affine", SCALES, moved, correct)


def lines(ax) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {line.get_label(): (np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in ax.get_lines()}


def test_curves_are_drawn_at_their_displacement():
    ax = plot_accuracy([curve("cnn", (0.8, 0.75, 0.5)), curve("st-cnn", (0.85, 0.8, 0.6))], chance=0.1)
    x, y = lines(ax)["cnn"]
    np.testing.assert_allclose(x, MOVED)
    np.testing.assert_allclose(y, [80, 75, 50])
    assert "pixels" in ax.get_xlabel()
    assert "%" in ax.get_ylabel()
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0\n0", "0.25\n0.01", "2.5\n0.1"]
    np.testing.assert_allclose(lines(ax)["chance"][1], 10)


def test_claims_are_hollow_and_in_the_colour_of_their_network():
    claims = {"cnn": {None: 0.85, 0.01: 0.38, 0.7: 0.1}, "rotdcf-cnn": {0.1: 0.56}, "st-cnn": {0.1: 0.45}}
    ax = plot_accuracy([curve("cnn", (0.8, 0.75, 0.5))], claimed=claims, clean={"cnn": 0.81})
    found = {line.get_label(): line for line in ax.get_lines()}
    claim = found["cnn, claimed"]
    x, y = lines(ax)["cnn, claimed"]
    assert x[1] == 0.25
    assert x[0] < 0
    np.testing.assert_allclose(y, [85, 38])
    assert claim.get_markerfacecolor() == "none"
    assert claim.get_linestyle() == "None"
    assert claim.get_color() == found["cnn"].get_color()
    told_apart = {(found[label].get_color(), found[label].get_marker()) for label in found if "claimed" in str(label)}
    assert len(told_apart) == 3
    left, right = ax.get_xlim()
    assert left < x[0]
    assert right > 2.5


def test_bands_are_the_intervals():
    one = curve("cnn", (0.8, 0.75, 0.5))
    ax = plot_accuracy([one])
    (band,) = ax.collections
    heights = np.asarray(band.get_paths()[0].vertices)[:, 1]
    low, high = one.interval(generator=torch.Generator().manual_seed(0))
    assert heights.min() == pytest.approx(100 * float(low.min()))
    assert heights.max() == pytest.approx(100 * float(high.max()))


def test_the_legend_is_off_the_data():
    ax = plot_accuracy([curve("a rather long label for a network", (0.8, 0.75, 0.5))])
    figure_of(ax).draw_without_rendering()
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_window_extent().x0 >= ax.get_window_extent().x1


@pytest.mark.bad_input
def test_curves_of_different_warps_do_not_share_axes():
    with pytest.raises(ArgumentError, match="same warps"):
        plot_accuracy([curve("a", (0.8, 0.7, 0.6)), curve("b", (0.8, 0.7, 0.6), moved=(0.0, 0.3, 3.0))])
    with pytest.raises(ArgumentError, match="at least one"):
        plot_accuracy([])
    with pytest.raises(ArgumentError, match="a row for each scale"):
        AccuracyCurve("a", "affine", (0.1,), (1.5,), torch.ones(1, 2, 5, dtype=torch.bool))


def test_accuracy_averages_runs_and_keeps_them():
    both = torch.stack((torch.ones(1, 10, dtype=torch.bool), torch.zeros(1, 10, dtype=torch.bool)))
    found = AccuracyCurve("a", "affine", (0.1,), (1.5,), both)
    assert found.accuracy.tolist() == [0.5]
    assert found.by_run.tolist() == [[1.0], [0.0]]
    # Every image is right in half of the runs: no image is uncertain.
    assert found.interval(generator=torch.Generator().manual_seed(0)).tolist() == [[0.5], [0.5]]


def test_predictions_say_right_and_wrong():
    picture = torch.rand(3, 8, 8)
    answers = [[{"cnn": "cat"}, {"cnn": "cat"}], [{}, {"cnn": "dog"}]]
    figure = plot_predictions(
        [[picture, picture], [None, picture[:1]]],
        answers,
        truth="cat",
        row_labels=["a", "b"],
        column_labels=["I", "J"],
    )
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert texts == ["cnn: cat ✓", "cnn: cat ✓", "cnn: dog ✗"]
    assert [ax.get_ylabel() for ax in figure.axes if ax.axison] == ["", "a", "b"]


@pytest.mark.bad_input
def test_predictions_want_as_many_answers_as_pictures():
    with pytest.raises(ArgumentError, match="1 rows of 2"):
        plot_predictions([[torch.rand(3, 4, 4)]], [[{}]], truth="a", row_labels=["r"], column_labels=["a", "b"])


def test_each_run_of_several_is_a_dot_beside_the_mean_and_a_single_run_is_none():
    ax = plot_accuracy([curve("one", (0.9, 0.8, 0.7)), curve("three", (0.8, 0.7, 0.6), runs=3)])
    dots = [line for line in ax.lines if line.get_marker() == "." and len(np.asarray(line.get_xdata()))]
    assert [np.asarray(line.get_ydata()).tolist() for line in dots] == [[80.0, 70.0, 60.0]] * 3
    mean = next(line for line in ax.lines if line.get_label() == "three")
    assert dots[0].get_color() == mean.get_color()
    assert (dots[0].get_transform().transform((1, 50)) > mean.get_transform().transform((1, 50)))[0]
    assert "each run of several" in ax.get_legend_handles_labels()[1]
    assert "each run of several" not in plot_accuracy([curve("one", (0.9, 0.8, 0.7))]).get_legend_handles_labels()[1]
