"""What mkdocs is told: the repository's own pages under their own names, so that one link serves both.

README.md is the start; `docs`, `results`, `notebooks` and the files of the project keep their paths. The reference and
the notebooks are made here. Formulae become MathML, which browsers draw without a program from elsewhere.
"""

from __future__ import annotations

import html
import posixpath
import re
import struct
import tomllib
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from invariance.report.explorer import explorer_page
from tools.site import notebooks, reference
from tools.site.docstrings import displayed

__all__ = ["on_config", "on_files", "on_page_content", "on_page_markdown"]

ROOT = Path(__file__).parents[2]
_SHOWN = (
    "docs/*.md",
    "docs/ledger/*.md",
    "docs/images/*",
    "docs/*.json",
    "results/*/*",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
)

_EXPLORER = """# Drag a warp

<iframe src="../assets/drag_a_warp.html" title="Drag a warp" class="explorer"></iframe>

[In a window of its own](../assets/drag_a_warp.html); `invariance report` has it, too.
"""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Every page of the reference among the contents; those of the repository that have no place there at the end."""
    sections = {title: entry for entry in config.nav or [] if isinstance(entry, dict) for title in entry}
    sections["Reference"]["Reference"] = ["api/index.md", *({room: f"api/{room}.md"} for room in reference.ROOMS)]
    listed = str(config.nav)
    for title, pattern in {"Results": "results/*/*.md", "Project": "docs/*.md"}.items():
        pages = sorted(str(file.relative_to(ROOT)) for file in ROOT.glob(pattern))
        sections[title][title].extend(name for name in pages if f"'{name}'" not in listed)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages and pictures of the repository, the notebooks, the reference."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    repository = about["tool"]["invariance"]["repository"]

    def add(name: str, content: str | bytes) -> None:
        files.append(File.generated(config, name, content=content))

    add("index.md", (ROOT / "README.md").read_text(encoding="utf-8"))
    for pattern in _SHOWN:
        for file in sorted(ROOT.glob(pattern)):
            files.append(File.generated(config, str(file.relative_to(ROOT)), abs_src_path=str(file)))
    for file in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text, pictures = notebooks.page(file, execute=config.extra.get("execute", False))
        title, _, rest = text.partition("\n")
        name = f"notebooks/{file.name}"
        add(f"notebooks/{file.stem}.md", f"{title}\n\n{notebooks.badges(name, repository)}{rest}")
        add(name, file.read_bytes())
        for picture, content in pictures.items():
            add(f"notebooks/{picture}", content)
    for name, text in reference.pages():
        add(name, text)
    add("assets/drag_a_warp.html", explorer_page())
    add("docs/explorer.md", _EXPLORER)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to notebooks lead to their pages; in the ledger [a](b) is a formula; sessions are shown as such."""
    path = page.file.src_uri
    if path.startswith("docs/ledger"):
        markdown = _without_links(markdown)
    if not path.startswith("notebooks/"):
        markdown = re.sub(r"\.ipynb\)", ".md)", markdown)
    parts = re.split(r"(?ms)(^```.*?^```)", markdown)
    markdown = "".join(part if k % 2 else displayed(part) for k, part in enumerate(parts))  # code stays
    return markdown.replace("```python\n>>> ", "```pycon\n>>> ")


def _without_links(markdown: str) -> str:
    """Brackets of formulae are no links; code, and the links of the contents, stay."""
    code_or_link = r"(?ms)(^```.*?^```|`[^`\n]*`|\[[^\]\n]*\]\(ledger/[^)\n]*\))"
    parts = re.split(code_or_link, markdown)
    return "".join(part if k % 2 else part.replace("[", "\\[") for k, part in enumerate(parts))


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    r"""\(…\) and \[…\] of `pymdownx.arithmatex` as MathML; pictures of several panels are known as wide ones."""

    def sized(found: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.dest_uri), found[1]))
        picture = files.get_file_from_path(place)
        width = _legible(picture.content_bytes) if picture is not None and place.endswith(".png") else None
        return f'<img class="wide" style="--legible: {width}px"{found[0].removeprefix("<img")}' if width else found[0]

    content = re.sub(r'<img [^>]*?src="([^":]+)"', sized, content)

    def drawn(found: re.Match[str]) -> str:
        tag, text = found[1], html.unescape(found[2]).strip()
        block = text.startswith("\\[")
        formula = text[2:-2].strip().replace("\\arg", "\\operatorname{arg}")
        mathml = convert(formula, display="block" if block else "inline")
        return f'<{tag} class="arithmatex">{mathml}</{tag}>'

    return re.sub(r'<(span|div) class="arithmatex">(.*?)</\1>', drawn, content, flags=re.DOTALL)


def _legible(picture: bytes) -> int | None:
    """Of a PNG, how many pixels wide its words can be read on a phone; None where that is no more than a phone is.

    A row of panels is read at a height of 300, a grid of panels, which is drawn with 1,500 pixels or more, at 900.
    """
    width, height = struct.unpack(">II", picture[16:24])
    return round(300 * width / height) if width > 2 * height else 900 if width >= 1500 else None
