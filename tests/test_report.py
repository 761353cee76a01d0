"""The main job, once, in full: everything agrees, and the page needs nothing beside itself."""

import json
import re
from pathlib import Path

import pytest
import torch
from browser import browser_tab, needs_browser
from ledger_once import ledger_entries

from invariance.images import AnalyticImage
from invariance.measure import Claim, invariance_curve
from invariance.report import build_report, steps
from invariance.report.networks import networks, seeded
from invariance.report.result import measured_curves


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def report(folder: Path) -> tuple[bool, list[str], str, dict]:
    ticks: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("invariance_proofs.ledger.verify", lambda: list(ledger_entries().values()))
        holds = build_report(folder, tick=ticks.append)
    page = (folder / "index.html").read_text(encoding="utf-8")
    return holds, ticks, page, json.loads((folder / "report.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("claim", ["invariant", "equivariant"])
def test_curves_measured_together_are_those_measured_alone(claim: Claim):
    nets = networks()
    images = AnalyticImage.random(4, generator=seeded())
    asked = {"warp": "smooth", "scales": (0.01, 0.1), "draws": 2, "claim": claim, "size": 24}
    for curve, (name, net) in zip(measured_curves(nets, images, **asked, batch=3), nets.items(), strict=True):
        alone = invariance_curve(net, images, generator=seeded(), label=name, **asked)
        assert curve.label == name
        for part in ("difference", "spread", "defined", "undefined"):
            torch.testing.assert_close(getattr(curve, part), getattr(alone, part), rtol=1e-12, atol=0)


def test_everything_comes_out_as_recorded_and_predicted(report):
    holds, ticks, _, data = report
    assert holds
    assert sorted(ticks) == sorted(steps())
    assert data["ledger"]["agreed"]
    assert all(finding["agrees"] for finding in data["findings"])


def test_the_page_is_self_contained(report):
    _, _, page, data = report
    assert not re.search(r"""(src|href)\s*=\s*["']?(?!["']?(?:data:|#))""", page)
    assert page.count("data:image/png;base64,") == len(data["figures"]) + 1  # the explorer's still picture
    places = re.findall(r'href="#([^"]+)"', page)
    assert len(places) == len(data["figures"]) + 3
    assert all(page.count(f'id="{place}"') == 1 for place in places)
    for entry in data["ledger"]["entries"]:
        assert f">{entry['id']}" in page


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_read_on_a_phone_and_on_a_desk(report, folder: Path, width: int):
    with browser_tab() as tab:
        tab.open(folder / "index.html", width=width)
        assert tab.overflow() == 0
        assert tab.complaints() == []
        assert tab.value("[...document.images].every(i => i.id === 'explorer-still' || i.hidden || i.complete)")
        assert tab.value("document.querySelectorAll('details[open]').length") == 0
        tab.value("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert tab.overflow() == 0  # the tables scroll in their boxes
        ledger = "document.querySelector('table.ledger')"
        wide = tab.value(f"{ledger}.scrollWidth - {ledger}.parentElement.clientWidth")
        assert wide > 0 if width == 390 else wide == 0
        narrowest = tab.value("Math.min(...[...document.querySelectorAll('h2 + figure img')].map(i => i.width))")
        assert narrowest > 0.85 * min(width, 700)


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


def test_what_exactness_costs_is_the_study_of_the_page(report):
    shown = report[3]["figures"]["price"]["data"]
    study = json.loads(
        (Path(__file__).resolve().parents[1] / "docs" / "promise_study.json").read_text(encoding="utf-8")
    )
    assert shown["certificates"] == study["certificates"]
    alike = {row["model"]: row["clean"] for row in study["trained"] if (row["training"], row["epochs"]) == (45_000, 4)}
    front = {row["name"]: row["clean"] for row in shown["front"]}
    for name in ("surface", "surface-2", "surface-4", "surface-8", "surface+cnn", "cnn"):
        assert front[name] == alike[name]


def test_the_dropped_term_stays_under_its_bound(report):
    data = report[3]["figures"]["dropped_term"]["data"]
    for measured, bound in zip(data["measured"], data["bound"], strict=True):
        assert all(m <= b for m, b in zip(measured, bound, strict=True))
