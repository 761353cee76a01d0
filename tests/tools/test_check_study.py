"""A slice of the study of `check`, and what the whole of it found."""

import json
from pathlib import Path

import pytest

from tools.check_study.kinds import KINDS, found
from tools.check_study.page import alarms, missed, page
from tools.check_study.study import SLIGHT, alarm, miss, modules, new_study, run
from tools.check_study.subject import FAMILIES, FAULTS

DOCS = Path(__file__).parents[2] / "docs"
LADDERS = ["areas under shear", "ratios of integrals"]
EXACT = [name for name, family in FAMILIES.items() if "continuous" not in family.__module__]
PLANTED = [name for name, build in FAULTS.items() if "continuous" not in build.__module__]
SEED = 10_000  # further than the study goes


@pytest.fixture(scope="module")
def study():
    return json.loads((DOCS / "check_study.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [*EXACT, *LADDERS])
def test_symmetric_modules_raise_no_alarm(name: str):
    verdict, error = alarm(name, SEED)
    assert verdict == "consistent", (name, error)


@pytest.mark.parametrize("name", PLANTED[5::95])  # one in a hundred
def test_planted_faults_are_found(name: str):
    planted = miss(name)
    assert planted["size"] >= SLIGHT
    assert planted["sound"][0] == "consistent"
    assert planted["faulty"][0] == "violated"
    assert planted["slight size"] == pytest.approx(SLIGHT, rel=1e-6)
    assert planted["slight"][0] == "violated"


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_one_kind_of_images_shows_is_found(kind: str):
    assert found(kind, SEED)


def test_the_study_is_as_large_as_it_says(study):
    checks = sum(len(seeds) for seeds in study["alarms"].values())
    assert checks >= 2000
    assert set(study["alarms"]) <= set(FAMILIES)
    assert alarms(study) == []
    large = [name for name, fault in study["faults"].items() if fault["size"] >= SLIGHT]
    assert len(large) >= 100
    assert missed(study) == []


def test_the_page_is_that_of_the_results(study):
    assert (DOCS / "check_study.md").read_text(encoding="utf-8") == page(study)


def test_results_are_taken_up_and_those_of_other_sources_are_not(tmp_path: Path):
    file = tmp_path / "study.json"
    study = new_study(file)
    study["alarms"] = {name: {str(seed): ["violated", 1.0]} for name, seed in modules(2)}
    kept = []
    assert list(run(study, alarms=3, misses=0, workers=1, keep=kept.append, limits=False)) == [0]  # one more
    assert kept == [study]
    assert len(alarms(study)) == 2
    file.write_text(json.dumps(study))
    assert new_study(file) == study
    file.write_text(json.dumps(study | {"sources": "others"}))
    assert new_study(file)["alarms"] == {}


def test_a_miss_and_an_alarm_are_named():
    study = {
        "alarms": {"lifting layer": {"3": ["violated", 0.1], "4": ["consistent", 0.0]}},
        "faults": {
            "a": {"size": 0.5, "sound": ["consistent", 0], "faulty": ["consistent", 0], "slight": ["violated", 1]},
            "b": {"size": 0.5, "sound": ["violated", 0], "faulty": ["violated", 0], "slight": ["undecided", 1]},
            "c": {"size": 1e-3, "sound": ["consistent", 0], "faulty": ["consistent", 0]},
        },
    }
    assert alarms(study) == ["lifting layer, seed 3", "sound: b"]
    assert missed(study) == ["a (faulty)", "b (slight)"]
