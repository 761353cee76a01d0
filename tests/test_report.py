"""The main job, once, in full: everything agrees, and the page needs nothing beside itself."""

import json
import re
from pathlib import Path

import pytest

from invariance.report import build_report, steps


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[bool, list[str], str, dict]:
    folder: Path = tmp_path_factory.mktemp("report")
    ticks: list[str] = []
    holds = build_report(folder, tick=ticks.append)
    page = (folder / "index.html").read_text(encoding="utf-8")
    return holds, ticks, page, json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_everything_comes_out_as_recorded_and_predicted(report):
    holds, ticks, _, data = report
    assert holds
    assert ticks == steps()
    assert data["ledger"]["agreed"]
    assert all(finding["agrees"] for finding in data["findings"])


def test_the_page_is_self_contained(report):
    _, _, page, data = report
    assert not re.search(r"""(src|href)\s*=\s*["']?(?!["']?data:)""", page)
    assert page.count("data:image/png;base64,") == len(data["figures"])
    for entry in data["ledger"]["entries"]:
        assert f">{entry['id']}" in page


def test_the_curves_say_what_theory_says(report):
    figures = report[3]["figures"]
    assert figures["block_fields"]["data"]["slopes"].keys() == {
        "DiffCNN, K = 3, stride 1",
        "DiffCNN, K = 3, stride 1, live sign layer",
        "plain CNN, 3×3",
    }
    smooth = figures["smooth_fields"]["data"]["slopes"]
    assert "DiffCNN, K = 1" not in smooth
    assert smooth["plain CNN, 3×3"][0] == pytest.approx(1, abs=0.05)
    assert smooth["DiffCNN, K = 3, stride 3"][0] == pytest.approx(1, abs=0.15)
    assert smooth["DiffCNN, K = 3, stride 1, live sign layer"][0] == pytest.approx(0.5, abs=0.1)


def test_the_ladders_tell_one_tap_from_a_window(report):
    verdicts = {name: ladder["verdict"] for name, ladder in report[3]["figures"]["refinement"]["data"].items()}
    assert verdicts == {
        "DiffCNN, K = 1": "consistent",
        "DiffCNN, K = 3, taps one pixel apart": "consistent",
        "DiffCNN, K = 3, taps 1/8 apart": "violated",
        "plain CNN, taps 1/8 apart": "violated",
    }


def test_the_integral_over_the_surface_is_invariant_in_the_limit(report):
    found = report[3]["figures"]["promise"]["data"]
    assert [ladder["verdict"] for ladder in found.values()] == ["consistent", "violated", "violated"]
    assert found["integral over the surface"]["order_interval"][0] > 1.5


def test_the_dropped_term_stays_under_its_bound(report):
    data = report[3]["figures"]["dropped_term"]["data"]
    for measured, bound in zip(data["measured"], data["bound"], strict=True):
        assert all(m <= b for m, b in zip(measured, bound, strict=True))
