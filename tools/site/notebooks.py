"""Notebooks as pages: Markdown, and beside it the pictures that running the cells gives."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

__all__ = ["badges", "kernel_is_named", "page", "shows_its_figures"]


@cache
def page(file: Path, *, execute: bool) -> tuple[str, dict[str, bytes]]:
    """The Markdown of a notebook and its pictures by name; cells are run, in its folder, where that is asked for."""
    import nbformat
    from nbconvert import MarkdownExporter
    from nbconvert.preprocessors import ExecutePreprocessor

    notebook = nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)
    if execute:
        ExecutePreprocessor(timeout=900).preprocess(notebook, {"metadata": {"path": str(file.parent)}})
    for cell in notebook.cells:  # what libraries print beside the results names files of this machine
        cell.outputs = [each for each in cell.get("outputs", ()) if each.get("name") != "stderr"]
    prefix = f"{file.stem}-"
    told = {"output_files_dir": "", "unique_key": prefix.removesuffix("-")}
    text, resources = MarkdownExporter().from_notebook_node(notebook, resources=told)
    pictures = {Path(name).name: content for name, content in (resources.get("outputs") or {}).items()}
    return text, pictures


def badges(file: str, repository: str) -> str:
    """Lines at the head of a page that open the notebook elsewhere, once the repository has an address on GitHub."""
    kept = f"[The notebook itself]({Path(file).name})"
    place = repository.removeprefix("https://github.com/")
    if place == repository:
        return f"{kept}\n\n"
    return (
        f"{kept} · [open it in Colab](https://colab.research.google.com/github/{place}/blob/main/{file}) · "
        f"[in Binder](https://mybinder.org/v2/gh/{place}/main?labpath={file})\n\n"
    )


def kernel_is_named(file: Path) -> bool:
    """Whether others can run it: a notebook says which language its cells are in."""
    return "kernelspec" in json.loads(file.read_text(encoding="utf-8"))["metadata"]


def shows_its_figures(file: Path) -> bool:
    """Whether a figure at the end of a cell becomes a picture, which it does where matplotlib was told so before."""
    cells = [cell for cell in json.loads(file.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    code = "".join(line for cell in cells for line in cell["source"])
    draws = re.search(r"\bplot_|\bdraw_|\.plot\(|\.figure\b", code)
    return draws is None or "".join(cells[0]["source"]).startswith("%matplotlib inline")
