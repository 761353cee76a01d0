"""The study beyond images: its page is that of its numbers, what it holds, and that it can fail."""

import json
from pathlib import Path
from typing import Any

import pytest

from invariance.groups import KINDS
from tools.check_study.beyond.averaged import AVERAGED
from tools.check_study.beyond.case import drawn
from tools.check_study.beyond.classical import CLASSICAL
from tools.check_study.beyond.page import alarms, missed, page
from tools.check_study.beyond.study import SIZE, alarm, faults_of, size_of, weakened

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    return json.loads((DOCS / "beyond_images_study.json").read_text(encoding="utf-8"))


def test_the_page_is_that_of_the_numbers(study: dict[str, Any]) -> None:
    assert (DOCS / "beyond_images_study.md").read_text(encoding="utf-8") == page(study)


def test_no_false_alarm_and_no_miss(study: dict[str, Any]) -> None:
    assert sum(len(seeds) for seeds in study["alarms"].values()) >= 4000
    assert sum(len(faults) for seeds in study["faults"].values() for faults in seeds.values()) >= 300
    assert (alarms(study), missed(study)) == ([], [])


def test_every_group_of_the_list_has_a_fault_that_is_found(study: dict[str, Any]) -> None:
    found = {name for name, seeds in study["faults"].items() if any(seeds.values())}
    heads = {name.partition("(")[0] for name in found}
    assert {*KINDS} <= heads
    assert {*study["faults"]} == {*AVERAGED, *CLASSICAL} == {*study["alarms"]}


@pytest.mark.parametrize("name", ["flips", "S(3)", "SE(2)", "hue", "S(12), a graph at a time"])
def test_a_network_by_construction_and_with_a_fault(name: str) -> None:
    assert alarm(name, 2)[0] in ("consistent", "undefined")
    for seed in range(4):
        case = drawn(name, seed)
        assert size_of(case.model, case, seed) < 1e-9
        weak = [found for _, faulty in faults_of(case, seed) if (found := weakened(faulty, case, seed))]
        assert all(SIZE <= size <= 1.1 * SIZE for _, size in weak)
        if weak:
            return
    raise AssertionError("no fault breaks it")
