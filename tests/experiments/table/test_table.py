"""From finished runs to a table and back from its file; what the page says of it."""

import copy
from pathlib import Path

import pytest
import torch
from experiments.table.tables import by_hand

from invariance.errors import ArgumentError, ResultError
from invariance.experiments.data import Dataset, load_splits
from invariance.experiments.evaluation import Protocol
from invariance.experiments.packed import save_packed
from invariance.experiments.run import load_run
from invariance.experiments.table import (
    TABLES,
    Row,
    Table,
    claimed,
    find_runs,
    load_table,
    make_table,
    missing_runs,
    table_kind,
    to_markdown,
)
from invariance.experiments.table import make as making

PROTOCOL = Protocol(("affine",), (0.0, 0.3))
MODELS = ("cnn", "st-cnn", "diffcnn-cnn")


@pytest.fixture(scope="module")
def test_images(folder: Path) -> Dataset:
    return load_splits("cifar10", folder).test


@pytest.fixture(scope="module")
def table(runs: Path, test_images: Dataset) -> Table:
    found = find_runs(runs, data="cifar10", models=MODELS)
    return make_table("diffcnn", found, test_images, PROTOCOL, note="synthetic", models=MODELS)


def test_rows_are_the_finished_runs_by_network_and_seed(table):
    assert [(row.model, [run.seed for run in row.runs]) for row in table.rows] == [
        ("cnn", [0, 1]),
        ("diffcnn-cnn", [0]),
    ]
    assert table.missing == ("st-cnn",)
    assert [run.name for run in table.rows[0].runs] == ["run 0", "run 1"]


def test_accuracy_is_that_of_the_network_on_disk(table, runs, test_images):
    net, _ = load_run(runs / "run 3")
    right = net(test_images.images / 255).argmax(1) == test_images.labels
    row = table.rows[1]
    assert torch.equal(row.runs[0].answers.correct[0], right)
    assert float(row.accuracy[0]) == pytest.approx(right.double().mean().item())
    assert torch.equal(row.by_run[:, 0], row.by_run[:, table.cell("affine", 0.0)])


def test_known_answers_are_not_computed_again(table, runs, test_images, monkeypatch):
    evaluated: list[int] = []

    def counting(classifiers, *arguments, **options):
        evaluated.append(len(classifiers))
        return evaluate(classifiers, *arguments, **options)

    evaluate = making.evaluate
    monkeypatch.setattr(making, "evaluate", counting)
    found = find_runs(runs, data="cifar10", models=("cnn", "diffcnn-cnn:channels=3"))
    again = make_table("diffcnn", found, test_images, PROTOCOL, note="synthetic", known=table)
    assert evaluated == [1]
    assert torch.equal(again.rows[0].accuracy, table.rows[0].accuracy)
    make_table("diffcnn", found, test_images, PROTOCOL, note="synthetic", known=again)
    assert evaluated == [1]


@pytest.mark.parametrize(
    ("protocol", "images", "said"),
    [(Protocol(("affine",), (0.0, 0.2)), 60, "scales"), (PROTOCOL, 50, "images 50")],
)
def test_a_table_of_something_else_is_not_gone_on_with(table, runs, test_images, protocol, images, said):
    found = find_runs(runs, data="cifar10", models=MODELS)
    with pytest.raises(ResultError, match=said):
        make_table("diffcnn", found, test_images[:images], protocol, note="synthetic", known=table)


def test_tables_survive_their_file(table, tmp_path):
    file = tmp_path / "table.json"
    table.save(file)
    again = load_table(file)
    (content, answers), (told, packed) = table.to_kept(), again.to_kept()
    assert content == told
    assert answers.keys() == packed.keys()
    for row, other in zip(table.rows, again.rows, strict=True):
        assert torch.equal(row.correct, other.correct)
    assert again.columns == table.columns


FOREIGN = {
    "another format": (lambda c, a: c.update(format="invariance table 9"), "invariance table 9"),
    "no rows": (lambda c, a: c.pop("rows"), "rows"),
    "too few images": (lambda c, a: c["data"].update(images=10), "cells of 10 images"),
    "a column less": (lambda c, a: c["columns"].pop(), "2 cells"),
    "other columns": (lambda c, a: c["columns"][2].update(scale=0.7), "not the protocol's"),
    "no runs": (lambda c, a: c["rows"][0].update(runs=[]), "runs"),
    "answers of no name": (lambda c, a: c["rows"][0]["runs"][0].update(correct="?"), "KeyError"),
    "no answers": (lambda c, a: a.clear(), "KeyError"),
    "no bits": (
        lambda c, a: a.update({name: array.astype("int64") for name, array in a.items()}),
        "cells of 60 images",
    ),
    "a cell less": (lambda c, a: a.update({name: array[1:] for name, array in a.items()}), "3 cells"),
    "a count less": (lambda c, a: c["rows"][0]["runs"][0]["undefined"].pop(), "2 counts for 3 columns"),
    "an unknown option": (lambda c, a: c["protocol"].update(colour="blue"), "colour"),
    "a wrong option": (lambda c, a: c["protocol"].update(origin="moon"), "moon"),
    "no seed": (lambda c, a: c["rows"][0]["runs"][0]["training"]["options"].pop("seed"), "seed"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize(("change", "said"), FOREIGN.values(), ids=FOREIGN)
def test_foreign_files_are_named(change, said, table, tmp_path):
    content, answers = copy.deepcopy(table.to_kept())
    change(content, answers)
    save_packed(tmp_path / "table.json", content, answers)
    with pytest.raises(ResultError, match=rf"table\.json.*{said}"):
        load_table(tmp_path / "table.json")


def test_files_that_are_no_json_are_named(tmp_path):
    for content in (None, "{", "\0", "[1, 2]"):
        file = tmp_path / "none.json"
        if content is not None:
            file.write_text(content, encoding="utf-8")
        with pytest.raises(ResultError, match=r"none\.json"):
            load_table(file)


def test_intervals_are_the_binomial_ones():
    row = by_hand([[0.8, 0.8, 0.7]]).rows[0]
    half = 1.96 * (0.7 * 0.3 / 1000) ** 0.5
    low, high = row.interval()[:, 2].tolist()
    assert (low, high) == pytest.approx((0.7 - half, 0.7 + half), abs=0.006)
    fall, low, high = row.loss(2)
    assert fall == pytest.approx(0.1)
    # Paired: only the images between are uncertain, not the two accuracies.
    half = 1.96 * (0.1 * 0.9 / 1000) ** 0.5
    assert (low, high) == pytest.approx((0.1 - half, 0.1 + half), abs=0.006)


def test_the_page_says_what_was_measured_and_what_was_claimed():
    page = to_markdown(by_hand([[0.8, 0.8, 0.7], [0.9, 0.9, 0.75]]))
    assert "1,000 test images of cifar10, JPEG re-encoding." in page
    assert "| 85.0 (83." in page
    assert "[80.0, 90.0]" in page
    assert "| *claimed: Regular CNN* | *85* | – | *37* |" in page
    assert "| 1.50 / 3.50 / 3.40 |" in page
    assert "| 1 / 2 / 0 |" in page
    assert "No finished run of st-cnn." in page
    assert "below clean" not in page
    recipe = "7 epochs, batch 100, 0.001 cosine, precision bfloat16"
    assert f"| cnn | 1 | 32 | 584,746 | {recipe} | 5 | 81.0 | 10 min | abacus | 45,000 images | 012345678 |" in page
    assert {line.count("|") for line in page.splitlines() if line.startswith("| cnn |")} == {5, 12}


def test_accuracy_lost_without_a_warp_is_flagged():
    page = to_markdown(by_hand([[0.8, 0.7, 0.7]]))
    assert "**below clean**" in page
    assert "cnn by 10.0 points" in page


def test_errors_are_shown_beside_the_printed_ones(runs, test_images):
    found = find_runs(runs, data="cifar10", models=("cnn",))
    table = make_table("cifar-gcnn", found, test_images, Protocol((), ()))
    page = to_markdown(table)
    error = 100 * (1 - float(table.rows[0].accuracy[0]))
    assert f"| cnn | {found[0].training['parameters']:,} | 2 | 1 | {error:.2f} (" in page
    assert "| *claimed: All-CNN p4m, crop-flip* |  |  |  | – | *7.04* |" in page


def test_labels_say_in_what_recipes_differ(runs, tmp_path, folder):
    from invariance.experiments.table.runs import labels

    found = find_runs(runs, data="cifar10", models=MODELS)
    other = copy.deepcopy(found[0])
    other.training["options"]["width"] = 4
    recipes = [run.recipe for run in found]
    assert list(labels([*recipes, other.recipe]).values()) == ["cnn (width 2)", "diffcnn-cnn", "cnn (width 4)"]
    assert list(labels(recipes).values()) == ["cnn", "diffcnn-cnn"]
    other = copy.deepcopy(found[0])
    other.training["data"]["train"] += 5  # nothing held out
    assert list(labels([found[0].recipe, other.recipe]).values()) == ["cnn (images 270)", "cnn (images 275)"]


def test_runs_are_added_to_those_of_a_table_that_are_not_here_any_more(table, runs, test_images):
    cut = copy.deepcopy(table)
    first = cut.rows[0]
    old = Row(first.model, first.label, first.runs[1:])
    old.runs[0].training["options"].pop("standardise")  # as a record that is older than the option
    known = Table(cut.name, cut.protocol, cut.data, cut.columns, (old,), cut.made)
    found = find_runs(runs, data="cifar10", models=("cnn", "diffcnn-cnn"))
    new = [run for run in found if run.weights != old.runs[0].weights]
    made = make_table("diffcnn", new, test_images, PROTOCOL, note="synthetic", known=known, add=True)
    assert [(row.model, [run.seed for run in row.runs]) for row in made.rows] == [
        ("cnn", [0, 1]),
        ("diffcnn-cnn", [0]),
    ]
    assert torch.equal(made.rows[0].accuracy, table.rows[0].accuracy)
    alone = make_table("diffcnn", new[:1], test_images, PROTOCOL, note="synthetic", known=known)
    assert [len(row.runs) for row in alone.rows] == [1]


def test_only_what_is_not_there_is_planned(runs):
    options = {"epochs": 1, "width": 2, "batch": 100}
    plan = missing_runs(TABLES["diffcnn"], ("cnn", "rotdcf-cnn"), (0, 2), runs, **options)
    assert [run.out.name for run in plan] == ["cnn-seed2", "rotdcf-cnn-seed0", "rotdcf-cnn-seed2"]
    plan = missing_runs(TABLES["diffcnn"], ("rotdcf-cnn", "cnn"), (0,), runs)
    assert [(run.options.model, run.options.batch, run.options.epochs) for run in plan] == [
        ("rotdcf-cnn", 32, 100),
        ("cnn", 100, 100),
    ]
    (plan,) = missing_runs(TABLES["rotmnist"], ("z2cnn",), (0,), runs)
    assert (plan.options.epochs, plan.options.batch, plan.options.data) == (300, 128, "rotmnist")


def test_mistakes_are_named(tmp_path, test_images):
    with pytest.raises(ResultError, match="--runs"):
        find_runs(tmp_path / "nowhere", data="cifar10", models=("cnn",))
    with pytest.raises(ResultError, match="at least one finished run of cnn"):
        make_table("diffcnn", [], test_images, PROTOCOL, models=("cnn",))
    with pytest.raises(ArgumentError, match="table = nope"):
        table_kind("nope")
    with pytest.raises(ArgumentError, match="cell"):
        by_hand([[0.8, 0.7, 0.7]]).cell("homography", 0.1)


def test_claims_are_the_printed_tables():
    claims = claimed("diffcnn")
    assert [row.model for row in claims.rows] == list(TABLES["diffcnn"].models)
    regular, diffcnn = claims.of("cnn"), claims.of("diffcnn-cnn")
    assert regular is not None
    assert diffcnn is not None
    assert (regular.at(None, 0.0), regular.at("affine", 0.01), regular.at("affine", 0.0)) == (0.85, 0.38, None)
    assert [diffcnn.at("homography", s) for s in (0.01, 0.05, 0.1, 0.5)] == [0.59, 0.58, 0.51, 0.15]
    assert claims.of("diffcnn-cnn:kernel_size=1") is None
    errors = {c.model: round(100 * (1 - c.clean), 2) for c in claimed("rotmnist").rows}
    assert errors == {"z2cnn": 5.03, "p4cnn": 2.28, "p4cnn-autorotation": 3.21}
    assert claimed("rotmnist").of("z2cnn", "rotation:3.14") == claimed("rotmnist").of("z2cnn") is not None
    assert claimed("cifar-gcnn").of("allcnn-p4", "flip") is None
    p4m = claimed("cifar-gcnn").of("resnet44-p4m", "crop-flip")
    assert p4m is not None
    assert round(100 * (1 - p4m.clean), 2) == 4.94
