"""What is printed is drawn in the colour of the network it is said of."""

from dataclasses import replace
from pathlib import Path

from invariance.experiments.table import load_table
from invariance.experiments.table.figure import draw_table

KEPT = Path(__file__).parents[3] / "results/diffcnn/diffcnn.json"


def test_options_leave_a_network_its_claim() -> None:
    table = load_table(KEPT)
    names = {row.model.partition(":")[0]: f"{row.model.partition(':')[0]}:width=9" for row in table.rows}
    rows = [replace(row, model=spec, label=spec) for row, spec in zip(table.rows, names.values(), strict=True)]
    panel = draw_table(replace(table, rows=tuple(rows))).axes[0]
    colours = {str(line.get_label()): line.get_color() for line in panel.lines}
    for spec in names.values():
        assert colours[f"{spec}, claimed"] == colours[spec] != "black"
    assert len({colours[spec] for spec in names.values()}) == len(names)
