"""The first table of docs/results.md says what the kept records say."""

import json
import re
from pathlib import Path

from invariance.experiments.table import Table, claimed, load_table

ROOT = Path(__file__).parents[2]


def _rows() -> list[list[str]]:
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    lines = page[page.index("| claim |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+\.\d+", text)]


def _table(folder: str, name: str) -> Table:
    return load_table(ROOT / "results" / folder / f"{name}.json")


def _error(folder: str, label: str) -> float:
    (row,) = (row for row in _table(folder, "rotmnist").rows if row.label == label)
    return round(100 * (1 - float(row.accuracy[0])), 2)


def _by_seed(label: str) -> list[float]:
    """Mean and standard deviation of the errors of the seeds, by the protocol of the authors' code."""
    (row,) = (row for row in _table("rotmnist-authors", "rotmnist").rows if row.label == label)
    errors = 100 * (1 - row.by_run[:, 0])
    return [round(float(errors.mean()), 2), round(float(errors.std()), 2)]


def test_kan_table_1():
    table, rows = _table("diffcnn", "diffcnn"), _rows()
    of = {row.model: row for row in table.rows}
    small, larger = table.cell("affine", 0.01), table.cell("affine", 0.1)
    for row, model in zip(rows[:2], ("cnn", "diffcnn-cnn"), strict=True):
        assert _numbers(row[3]) == [round(100 * float(of[model].accuracy[cell]), 1) for cell in (0, small)]
    assert _numbers(rows[2][3]) == [round(100 * of[m].loss(larger)[0], 1) for m in ("diffcnn-cnn", "cnn")]
    assert all(100 * row.loss(small)[0] < 2 for row in table.rows)


def test_kan_table_1_by_the_papers_protocol():
    table, rows = _table("diffcnn-paper", "diffcnn"), _rows()
    cnn = next(row for row in table.rows if row.model == "cnn")
    options = cnn.runs[0].training["options"]
    assert [options[name] for name in ("width", "epochs", "batch", "schedule")] == [128, 100, 100, "constant"]
    assert _numbers(rows[0][2]) == [round(100 * float(cnn.accuracy[c]), 1) for c in (0, table.cell("affine", 0.01))]
    assert _numbers(rows[2][2]) == [round(100 * cnn.loss(table.cell("affine", 0.1))[0], 1)]
    kept = json.loads((ROOT / "results/gpu/trainings-nvidia-h100-80gb-hbm3.json").read_text(encoding="utf-8"))
    begun = kept["results"]["all"]["runs"]["kan/diffcnn-cnn-0"]
    assert f"{begun['epochs']} of 100 epochs" in rows[1][2]
    assert _numbers(rows[1][2]) == [round(100 * begun["best"]["validation_accuracy"], 1)]


def test_cohen_and_welling_table_1():
    p4cnn, z2cnn, pooling = _rows()[3:6]
    assert _numbers(p4cnn[2]) == _by_seed("p4cnn")
    assert _numbers(z2cnn[2]) == _by_seed("z2cnn")
    assert _numbers(pooling[2]) == _by_seed("p4cnn-autorotation:norm_first=True")
    assert _numbers(p4cnn[3]) == [_error("rotmnist", "p4cnn")]
    assert _numbers(z2cnn[3]) == [_error("rotmnist", "z2cnn")]
    assert _numbers(pooling[3]) == [_error("rotmnist", "p4cnn-autorotation")]


def test_cohen_and_welling_table_2():
    table = _table("cifar-gcnn", "cifar-gcnn")
    assert _numbers(_rows()[6][3]) == [round(100 * (1 - float(row.accuracy[0])), 2) for row in table.rows]


def test_what_is_printed_is_what_the_claims_are():
    errors = {
        (t, c.model): round(100 * (1 - c.clean), 2)
        for t in ("rotmnist", "cifar-gcnn")
        for c in claimed(t).rows
        if c.augment in ("none", "any")
    }
    told = [_numbers(row[1])[0] for row in _rows()[3:6]] + _numbers(_rows()[6][1])
    models = [("rotmnist", m) for m in ("p4cnn", "z2cnn", "p4cnn-autorotation")]
    models += [("cifar-gcnn", m) for m in ("allcnn-z2", "allcnn-p4", "allcnn-p4m", "resnet44-z2", "resnet44-p4m")]
    assert told == [errors[model] for model in models]


def test_what_is_not_run_has_no_number_and_is_no_refutation():
    for claim, _, theirs, _, verdict in _rows():
        assert not re.search("not reproduc", verdict), claim
        if not _numbers(theirs):
            assert re.match("not run|begun", theirs), claim


def test_what_is_said_of_the_tests_on_a_card():
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    kept = json.loads((ROOT / "results/gpu/tests-nvidia-h100-80gb-hbm3.json").read_text(encoding="utf-8"))
    found = kept["results"]["all"]
    assert f"{found['passed']} of {found['passed'] + len(found['failed'])} tests passed" in page


def test_the_differences_that_are_told_are_those_of_the_tables():
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    printed = {"p4cnn": 2.28, "p4cnn-autorotation": 3.21}
    by_text = [_error("rotmnist", model) - mean for model, mean in printed.items()]
    assert f"worse than printed**, by {by_text[0]:.1f} and {by_text[1]:.1f} points" in page
    means = [
        {row.model: 100 * (1 - float(row.accuracy[0])) for row in _table(folder, "rotmnist").rows}
        for folder in ("rotmnist-authors", "rotmnist-meant")
    ]
    better = sorted(means[0][model] - means[1][model] for model in means[0])
    assert f"better than by (ii), by {better[0]:.1f} to {better[-1]:.1f} points" in page
    off = means[0]["p4cnn"] - printed["p4cnn"]
    assert f"P4CNN is {off:.2f} points above" in page
    assert f"{off:.2f} above" in _rows()[3][4]
