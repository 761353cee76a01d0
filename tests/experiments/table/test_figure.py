"""What is printed is drawn in the colour of the network it is said of."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from invariance.cli.plot import plot
from invariance.errors import ResultError
from invariance.experiments.drawing import draw_kept
from invariance.experiments.table import load_table
from invariance.experiments.table.figure import draw_table
from invariance.experiments.words import in_words

KEPT = Path(__file__).parents[3] / "results/diffcnn/diffcnn.json"


def test_options_leave_a_network_its_claim() -> None:
    table = load_table(KEPT)
    names = {row.model.partition(":")[0]: f"{row.model.partition(':')[0]}:width=9" for row in table.rows}
    rows = [replace(row, model=spec, label=spec) for row, spec in zip(table.rows, names.values(), strict=True)]
    panel = draw_table(replace(table, rows=tuple(rows))).axes[0]
    colours = {str(line.get_label()): line.get_color() for line in panel.lines}
    words = [in_words(spec) for spec in names.values()]
    for told in words:
        assert colours[f"{told}, claimed"] == colours[told] != "black"
    assert len({colours[told] for told in words}) == len(names)


def test_no_colour_twice_and_no_specification_in_the_kept_figures() -> None:
    for kept in (KEPT, KEPT.parents[1] / "ablation/ablation.json"):
        for panel in draw_kept(kept).axes:
            drawn = [line for line in panel.lines if line.get_linestyle() == "-" and np.size(line.get_xdata()) > 2]
            assert len({str(line.get_color()) for line in drawn}) == len(drawn) == len(load_table(kept).rows)
            assert not any(":" in str(line.get_label()) for line in drawn)


def test_equal_curves_are_both_seen() -> None:
    panel = draw_kept(KEPT).axes[0]
    widths = [
        line.get_linewidth() for line in panel.lines if line.get_linestyle() == "-" and np.size(line.get_xdata()) > 2
    ]
    assert all(under > over for under, over in pairwise(widths))


def test_what_a_table_kept_is_drawn_again(tmp_path: Path) -> None:
    figure = KEPT.with_name("diffcnn-figure-3.json")
    run = CliRunner().invoke(plot, [str(figure), "--output", str(tmp_path / "a.png")], standalone_mode=False)
    assert run.exception is None
    assert (tmp_path / "a.png").stat().st_size > 0
    with pytest.raises(ResultError, match="a table of warped images"):
        draw_kept(KEPT.parents[1] / "rotmnist/rotmnist.json")
