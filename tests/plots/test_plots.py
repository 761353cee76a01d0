"""Figures show what they are given: right lines, right places, legends off the data."""

import numpy as np
import pytest
import torch

from invariance.errors import ArgumentError
from invariance.measure import InvarianceCurve, Ladder
from invariance.plots import figure_of, plot_bound, plot_gallery, plot_invariance, plot_ladder


def curve(label: str, factor: float, scales: tuple[float, ...] = (0.0, 0.01, 0.1)) -> InvarianceCurve:
    error = factor * torch.tensor(scales, dtype=torch.float64)
    difference = error.square()[:, None, None] * torch.tensor([[[0.5, 1.5]]]).double()
    counts = torch.ones_like(difference, dtype=torch.int64)
    return InvarianceCurve(label, "invariant", scales, difference, torch.ones(2).double(), counts, counts)


def test_curves_leave_out_scale_zero_and_keep_their_labels():
    ax = plot_invariance([curve("first", 1), curve("second", 2)], slopes=(1,), floor=curve("cubic resampling", 0.1))
    line = ax.get_lines()[0]
    np.testing.assert_allclose(np.asarray(line.get_xdata()), [0.01, 0.1])
    np.testing.assert_allclose(np.asarray(line.get_ydata()), [0.01, 0.1])
    legend = ax.get_legend()
    assert legend is not None
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ["first", "second", "cubic resampling floor", r"theory: $E \propto \sigma$"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlabel()
    assert ax.get_ylabel() == "normalised error E"


def test_the_guide_has_the_slope_it_names():
    ax = plot_invariance([curve("line", 1, (0.001, 0.002, 0.003, 0.1))], slopes=(2,))
    x, y = (np.asarray(data, dtype=float) for data in ax.get_lines()[-1].get_data())
    assert len(x) == 3
    np.testing.assert_allclose(np.diff(np.log(y)) / np.diff(np.log(x)), 2)


def test_a_line_that_is_not_drawn_is_not_in_the_legend():
    ax = plot_invariance([curve("line", 1)], slopes=(2,))
    assert [line.get_label() for line in ax.get_lines()] == ["line"]


def test_fourteen_curves_have_fourteen_colours():
    lines = plot_invariance([curve(f"{i}", 1 + i) for i in range(14)]).get_lines()
    assert len({str(line.get_color()) for line in lines}) == 14


def test_legends_do_not_cover_the_data():
    ax = plot_invariance([curve("a rather long label for a network", 1)])
    figure_of(ax).draw_without_rendering()
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_window_extent().x0 >= ax.get_window_extent().x1


def test_ladders_say_their_verdict():
    sizes = (32, 64, 128, 256)
    spread = torch.ones(4, 2).double()
    difference = (10.0 / torch.tensor(sizes)).square()[:, None].expand(4, 2).double()
    ladder = Ladder(sizes, difference, spread, 0.0, 10 / 32, 1.0, (0.0, 0.001), (0.9, 1.1), "consistent")
    ax = plot_ladder({"net": ladder}, title="refinement")
    legend = ax.get_legend()
    assert legend is not None
    (text,) = legend.get_texts()
    assert "net: consistent" in text.get_text()
    fit = ax.get_lines()[1]
    np.testing.assert_allclose(np.asarray(fit.get_ydata()), 10 / np.asarray(fit.get_xdata()))


def test_bounds_show_both_clouds():
    scales = torch.tensor([0.1, 0.2]).double()
    values = torch.tensor([[1.0, 2.0], [2.0, 4.0]]).double()
    ax = plot_bound(scales, values, 2 * values, quantity="measured", formula="bound", title="T2.g")
    np.testing.assert_allclose(np.asarray(ax.get_lines()[1].get_ydata()), [1.5, 3])
    np.testing.assert_allclose(np.asarray(ax.get_lines()[3].get_ydata()), [3, 6])


def test_a_given_axes_is_drawn_on_and_returned():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert plot_invariance([curve("line", 1)], ax=ax) is ax


def test_the_gallery_shares_the_range_of_a_column():
    picture, field = torch.rand(3, 4, 4), torch.linspace(-1, 1, 16).reshape(1, 4, 4)
    figure = plot_gallery([[picture, field], [picture, 3 * field]], row_labels=["a", "b"], column_labels=["I", "U"])
    first, second = (figure.axes[i].get_images()[0].get_clim() for i in (1, 3))
    assert first == second
    assert first[1] == pytest.approx(3, rel=0.1)


def test_bad_input_is_named():
    with pytest.raises(ArgumentError, match="at least one curve"):
        plot_invariance([])
    with pytest.raises(ArgumentError, match="at least one ladder"):
        plot_ladder({})
    with pytest.raises(ArgumentError, match="1 rows of 2 pictures"):
        plot_gallery([[torch.zeros(3, 2, 2)]], row_labels=["a"], column_labels=["I", "U"])
