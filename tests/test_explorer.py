"""The part of the report that is dragged: in a real browser, against the layers of this library."""

from pathlib import Path

import pytest
import torch
from browser import Tab, browser_tab, needs_browser

from invariance.report.explorer import contents, exact_output, explorer_page, images
from invariance.warps import Projective, Warp

POINTS = [[0.2, -0.1], [-0.5, 0.4], [0.05, 0.7]]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("explorer") / "explorer.html"
    file.write_text(explorer_page(), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def tab():
    with browser_tab() as tab:
        yield tab


def outputs(tab: Tab, net: str, warp: str) -> torch.Tensor:
    at = f"explorer.output(explorer.data.networks['{net}'], explorer.data.images[0], {warp}, x, y)"
    asked = f"{POINTS}.map(([x, y]) => {at})"
    return torch.tensor(tab.value(asked), dtype=torch.float64).T


def shear(slope: float) -> Warp:
    return Projective(torch.tensor([[[1, slope, 0], [0, 1, 0], [0, 0, 1]]], dtype=torch.float64))


@needs_browser
@pytest.mark.parametrize(("net", "kernel"), [("DiffCNN, K = 1", 1), ("DiffCNN, K = 3", 3)])
def test_it_computes_what_the_layers_compute(tab: Tab, page: Path, net: str, kernel: int):
    tab.open(page, width=1280)
    points = torch.tensor(POINTS, dtype=torch.float64)
    image = images()[:1]
    assert torch.allclose(outputs(tab, net, "explorer.identity"), exact_output(kernel, image, points), atol=1e-9)
    sheared = "explorer.families['shear']([0.5, 0.5], [0.3, 0.5])"  # x + s y with s = (0.5 − 0.3) / 0.5
    assert torch.allclose(outputs(tab, net, sheared), exact_output(kernel, image, points, shear(0.4)), atol=1e-9)


@needs_browser
def test_every_family_takes_the_point_along_and_has_its_derivative(tab: Tab, page: Path):
    tab.open(page, width=1280)
    lost = tab.value("""(() => {
      const p = [0.3, -0.25], q = [0.4, -0.35], h = 1e-6, lost = [];
      for (const [name, family] of Object.entries(explorer.families)) {
        const warp = family(p, q), [x, y] = [0.23, 0.41], [a, b, c, d] = warp.d(x, y);
        const step = (dx, dy, k) => warp.at(x + dx, y + dy)[k] - warp.at(x - dx, y - dy)[k];
        const along = (dx, dy) => [0, 1].map((k) => step(dx, dy, k) / (2 * h));
        const [fx, fy] = [along(h, 0), along(0, h)];
        if (Math.max(...[fx[0] - a, fy[0] - b, fx[1] - c, fy[1] - d].map(Math.abs)) > 1e-7) lost.push(name + ": dφ");
        if (!(a * d - b * c > 0)) lost.push(name + ": folds");
        const at = warp.at(...q);
        const there = Math.hypot(at[0] - p[0], at[1] - p[1]) < 1e-12;
        if (["pull a point", "turn and scale"].includes(name) && !there) lost.push(name);
      }
      return lost;
    })()""")
    assert lost == []


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_warp_is_dragged_and_u_moves_along_with_one_tap_alone(tab: Tab, page: Path, width: int):
    tab.open(page, width=width)
    assert tab.overflow() == 0
    text = "document.querySelector('[data-part={}]').textContent"
    x, y = tab.centre("canvas[data-part=image]")
    tab.drag((x - 30, y - 20), (x + 20, y + 15))
    start, end = tab.value("[explorer.state.from, explorer.state.to]")
    assert end[0] > start[0] + 0.1
    assert tab.value(text.format("equivariance")) == "0, to rounding"
    assert float(tab.value(text.format("invariance"))) > 0.1
    tab.choose("[data-part=net]", "DiffCNN, K = 3")
    assert float(tab.value(text.format("equivariance"))) > 0.05
    before = float(tab.value(text.format("invariance")))
    tab.hover(*tab.centre("circle[data-t='0.03']"))
    assert float(tab.value(text.format("invariance"))) < before
    assert "0.03 of the drag" in tab.value(text.format("told"))
    tab.choose("[data-part=family]", "turn")
    tab.hover(*tab.centre("canvas[data-part=image]"))
    assert "of the image; U" in tab.value(text.format("told"))
    assert tab.complaints() == []


@needs_browser
def test_without_scripts_a_picture_is_seen(tab: Tab, page: Path):
    tab.open(page, width=390, scripts=False)
    seen = tab.value(
        "[document.getElementById('explorer').hidden, document.querySelector('#explorer-still img').width]"
    )
    assert seen[0]
    assert seen[1] > 300
    tab.open(page, width=390)


def test_the_page_is_one_file(page: Path):
    text = page.read_text(encoding="utf-8")
    assert "http" not in text.replace("http-equiv", "")
    assert len(contents()["networks"]["DiffCNN, K = 3"]) == 9
    assert "</script>" not in text.partition('id="explorer-data">')[2].partition("</script>")[0]
