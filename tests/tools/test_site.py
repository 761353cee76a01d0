"""The site is built strictly, every link in it leads somewhere, and every public name is explained in it."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit
from zlib import decompress

import pytest
from browser import browser_tab, needs_browser

from tools.docstrings import NOT_INSTALLED
from tools.site import hooks
from tools.site.__main__ import SiteError, build
from tools.site.notebooks import badges, kernel_is_named, shows_its_figures
from tools.site.notebooks import page as notebook_page
from tools.site.reference import ROOMS, place_of, public_names

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(folder)
    return folder


def links(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r"""\s(?:href|src)=["']?([^"'\s>]+)""", page)]


def test_every_link_leads_to_a_page_and_a_place_in_it(site: Path):
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html") if path.name != "404.html"}
    places = {path: set(re.findall(r"""\s(?:id|name)=["']?([^"'\s>]+)""", text)) for path, text in pages.items()}
    assert len(pages) > 60
    lost = []
    for path, text in pages.items():
        for link in links(text):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (
                parts.fragment and html.unescape(unquote(parts.fragment)) not in places.get(target, {})
            ):
                lost.append((str(path.relative_to(site)), link))
    assert lost == []


def test_no_page_is_twice_among_the_contents():
    listed = re.findall(r"^ +- .*?([\w/.-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(listed) > 30
    assert len(set(listed)) == len(listed)


def test_a_page_without_a_place_among_the_contents_is_at_their_end():
    house = {"The house": "docs/architecture.md"}
    config: Any = SimpleNamespace(nav=[{"Results": []}, {"Project": [house]}, {"Reference": []}])
    results, project, _ = hooks.on_config(config).nav or []
    assert "results/diffcnn/diffcnn.md" in results["Results"]
    assert project["Project"][0] == house
    assert "docs/ledger.md" in project["Project"]
    assert "docs/architecture.md" not in project["Project"]


def test_no_formula_is_left_as_it_was_typed(site: Path):
    for page in site.rglob("*.html"):
        shown = page.read_text(encoding="utf-8").partition("<article")[2].partition("</article>")[0]
        text = re.sub(r"(?s)<(pre|code|math)\b.*?</\1>|<[^>]*>", "", shown)
        assert "$" not in text, (page, text[max(0, text.find("$") - 60) :][:120])


def test_a_page_asks_nothing_of_other_servers(site: Path):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        asked = re.findall(r"""<(?:script|img|link)\s[^>]*(?:src|href)=["']?(https?://[^"'\s>]+)""", text)
        assert not [link for link in asked if "canonical" not in link], path


def test_every_public_name_is_explained(site: Path):
    inventory = (site / "objects.inv").read_bytes()
    listed = decompress(inventory.split(b"zlib.\n", 1)[1]).decode()
    known = {line.split(" ")[0] for line in listed.splitlines()}
    wanted = {place for room in ROOMS for name in public_names(room) if (place := place_of(room, name))}
    assert wanted - known == {f"invariance.watching.{name}" for name in NOT_INSTALLED} - known


def test_what_the_pages_import_is_explained(site: Path):
    """Of examples in the guides and in the notebooks: every name of the library has its place in the reference."""
    rooms = {name for room in ROOMS for name in public_names(room)} | set(public_names("invariance"))
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
    lost = {
        (module, name)
        for page in pages
        for module, name in imported(page)
        if not module.startswith(CLAIMS) and name not in rooms and not (ROOT / module.replace(".", "/") / name).is_dir()
    }
    assert {name for name in lost if f"{name[0]}.{name[1]}" not in ROOMS} == set()


CLAIMS = (
    *(f"invariance_proofs.{paper}" for paper in ("diffcnn", "gcnn", "jansson", "rules")),
    "invariance.proving.checker",
)
"""What is explained by the ledger; and the one file that is to be read whole."""


def imported(page: Path) -> Iterator[tuple[str, str]]:
    """Modules of the library and the names that examples of a page import from them."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    else:
        text = "\n".join(re.findall(r"(?ms)^```python\n(.*?)^```", text))
    text = re.sub(r"(?m)^(>>>|\.\.\.) ?", "", text)
    for module, names in re.findall(r"from (invariance[\w.]*) import (\([^)]*\)|[^\n#]+)", text):
        yield from ((module, name) for name in re.findall(r"\w+", re.sub(r"\bas \w+", "", names)))


@needs_browser
def test_figures_of_several_panels_scroll_on_a_phone(site: Path):
    with browser_tab() as tab:
        tab.open(site / "docs" / "results.html", width=390)
        assert tab.overflow() == 0
        assert tab.value("document.querySelector('img.wide').width") > 800
        box = "document.querySelector('img.wide').parentElement"
        assert tab.value(f"{box}.scrollWidth > {box}.clientWidth")
        tab.open(site / "docs" / "results.html", width=1280)
        assert tab.value(f"{box}.scrollWidth <= {box}.clientWidth")


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_read_on_a_phone_and_on_a_desk(site: Path, width: int):
    with browser_tab() as tab:
        for page in ("index.html", "api/invariance.measure.html", "docs/ledger.html", "docs/results.html"):
            tab.open(site / page, width=width)
            assert tab.overflow() == 0, page
            assert all(
                "search" in line or "FILE_NOT_FOUND" in line for line in tab.complaints()
            )  # it asks for a server
        tab.open(site / "docs/explorer.html", width=width)
        inside = "document.querySelector('iframe').getBoundingClientRect()"
        assert tab.value(f"{inside}.right") <= width


def test_formulae_are_drawn_and_examples_are_code(site: Path):
    text = (site / "api" / "invariance.measure.html").read_text(encoding="utf-8")
    assert "<math" in text
    for page in (site / "api").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "\\(" not in text
        assert "<blockquote>" not in text  # what >>> is outside of a block of code


def test_what_leads_nowhere_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("See [that](nowhere.md).", encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: a site", encoding="utf-8")
    monkeypatch.setattr("tools.site.__main__.ROOT", tmp_path)
    with pytest.raises(SiteError, match=r"nowhere\.md"):
        build(tmp_path / "site")


def test_notebooks_open_elsewhere_once_the_project_has_an_address():
    file = "notebooks/05_test_your_own_layer.ipynb"
    assert badges(file, "") == "[The notebook itself](05_test_your_own_layer.ipynb)\n\n"
    assert "(https://colab.research.google.com/github/a/b/blob/main/notebooks/05" in badges(
        file, "https://github.com/a/b"
    )
    assert all(kernel_is_named(path) for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("file", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda file: file.stem)
def test_figures_of_a_notebook_become_pictures(file: Path):
    assert shows_its_figures(file)


def test_what_is_printed_beside_results_is_not_shown(tmp_path: Path):
    import nbformat

    cell = nbformat.v4.new_code_cell("1")
    cell.outputs = [nbformat.v4.new_output("stream", name=name, text=f"on {name}") for name in ("stdout", "stderr")]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "x.ipynb")
    text, _ = notebook_page(tmp_path / "x.ipynb", execute=False)
    assert "on stdout" in text
    assert "on stderr" not in text
