"""The doctor's study: its page is that of its numbers, what it holds, and that a first line can be wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from invariance.doctor import CAUSES
from tools.doctor_study.__main__ import page, scored
from tools.doctor_study.known import known
from tools.doctor_study.planted import Planted, healthy, planted

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return json.loads((DOCS / "doctor_study.json").read_text(encoding="utf-8"))


def test_the_page_is_that_of_the_numbers_and_every_case_is_scored(rows: list[dict[str, Any]]) -> None:
    cases = [*planted(), *healthy()]
    assert {row["name"]: tuple(row["planted"]) for row in rows} == {case.name: case.causes for case in cases}
    assert {cause for case in cases for cause in case.causes} <= {*CAUSES}
    assert (DOCS / "doctor_study.md").read_text(encoding="utf-8") == page(rows, len(cases))


def test_nine_first_lines_of_ten_are_right_and_what_is_offered_mends(rows: list[dict[str, Any]]) -> None:
    sick, well = ([row for row in rows if bool(row["planted"]) is bad] for bad in (True, False))
    assert len(sick) >= 100
    assert sum(row["right"] for row in sick) >= 0.9 * len(sick)
    assert len(well) >= 50
    assert all(row["right"] for row in well)
    assert all(row["passes"] for row in sick if row.get("passes") is not None)


def test_a_wrong_first_line_is_not_right() -> None:
    name, causes, build = next(entry for entry in known() if entry[0].startswith("a loud channel"))
    assert causes == ("filters",)
    assert scored(Planted(name, causes, build))["right"]
    assert not scored(Planted(name, ("padding",), build))["right"]
    assert not scored(Planted(name, (), build))["right"]
