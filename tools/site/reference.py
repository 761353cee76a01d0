"""The reference: a page for each room of the library, with every public name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

__all__ = ["ROOMS", "pages", "place_of", "public_names"]

ROOT = Path(__file__).parents[2]
_NAMED = ast.FunctionDef | ast.ClassDef

ROOMS = {
    "invariance.checking": "Is a network invariant or equivariant? Measured, and judged.",
    "invariance.proving": "Is it for all inputs? From its weights.",
    "invariance.testing": "For tests: assertions, the smallest counterexample.",
    "invariance.testing.strategies": "Of hypothesis: warps, fields and images that shrink.",
    "invariance.doctor": "Why does it lack a symmetry, and what mends it?",
    "invariance.certifying": "For how many pixels does no diffeomorphism change an answer?",
    "invariance.symmetrize": "A network that has it, from any network.",
    "invariance.comparing": "Several networks under one family of warps.",
    "invariance.measure": "Errors, intervals, ladders, curves, floors and bounds.",
    "invariance.measure.comparison": "What several networks under one family come to, kept.",
    "invariance.watching": "E over a training.",
    "invariance.symmetry": "The question: a group, fields in, fields out.",
    "invariance.groups": "Groups.",
    "invariance.fields": "What a tensor is, and how it moves.",
    "invariance.warps": "Maps of the plane.",
    "invariance.images": "Images known at every point.",
    "invariance.pictures": "Pictures from files.",
    "invariance.jacobians": "Derivatives of images.",
    "invariance.actions": "Matrices at every pixel.",
    "invariance.layers": "The papers' layers.",
    "invariance.layers.gaussian": "Mixtures of Gaussians, convolved exactly.",
    "invariance.models": "The papers' networks.",
    "invariance.sizes": "Image sizes that keep a strided network equivariant.",
    "invariance.plots": "Measurements, drawn.",
    "invariance.plots.style": "Colours, markers, axes.",
    "invariance.report": "The page of the main job.",
    "invariance.targets": "Networks named by a string.",
    "invariance.experiments.data": "Data sets.",
    "invariance.experiments.options": "What a training is told.",
    "invariance.experiments.fit": "A training.",
    "invariance.experiments.run": "What a training leaves in its folder, read again.",
    "invariance.experiments.sweep": "Many trainings, here or on a cluster.",
    "invariance.experiments.evaluation": "Accuracy under warps.",
    "invariance.experiments.layers": "E of every layer of trained networks.",
    "invariance.experiments.table": "The papers' tables.",
    "invariance.experiments.table.figure": "A table, drawn.",
    "invariance.experiments.table.forensic": "Which change before the warp gives a printed row?",
    "invariance.experiments.table.pictures": "What networks see in a warped image.",
    "invariance.fields.adapters.escnn": "Representations of escnn as fields.",
    "invariance.errors": "What is raised on purpose.",
    "invariance_proofs": "Claims, decided by machine.",
    "invariance_proofs.statement": "What a claim is.",
    "invariance_proofs.ledger": "Claims, found, chosen and run.",
    "invariance_proofs.judge": "How it is decided.",
    "invariance_proofs.entry": "What came out.",
    "invariance_proofs.explain": "An entry in full.",
    "invariance_proofs.routes.identity": "Route: polynomial identities.",
    "invariance_proofs.routes.exact": "Route: exact numbers, case by case.",
    "invariance_proofs.routes.symbolic": "Route: sizes that are symbols.",
    "invariance_proofs.routes.smt": "Route: z3.",
    "invariance_proofs.routes.algebraic": "Route: algebraic numbers.",
    "invariance_proofs.routes.intervals": "Route: intervals.",
    "invariance_proofs.routes.sampling": "Route: random points of a finite field.",
    "invariance_proofs.routes.rewriting": "Route: equations of maps.",
    "invariance_proofs.routes.words": "Route: words of a group.",
    "invariance_proofs.routes.coq": "Route: Coq.",
    "pytest_invariance": "The pytest plugin.",
}


def public_names(room: str) -> list[str]:
    """`__all__` of the package or module, read without importing it."""
    place = ROOT.joinpath(*room.split("."))
    files = (place / "__init__.pyi", place / "__init__.py", place.with_suffix(".py"))
    tree = ast.parse(next(file for file in files if file.is_file()).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return list(ast.literal_eval(node.value))
    raise ValueError(f"{room} has no __all__")


def pages() -> Iterator[tuple[str, str]]:
    """The path and the Markdown of each page."""
    lines = ["# Reference", ""]
    lines += [f"- [`{room}`]({room}.md): {told}" for room, told in ROOMS.items()]
    lines += ["", "## From `invariance` itself", ""]
    lines += [f"- [`{name}`][{place}]" for name, place in _first_names()]
    yield "api/index.md", "\n".join((*lines, ""))
    for room, told in ROOMS.items():
        blocks = [f"::: {place}\n" for name in public_names(room) if (place := place_of(room, name))]
        yield f"api/{room}.md", "\n".join([f"# {room}", "", told, "", *blocks])


def place_of(room: str, name: str) -> str | None:
    """Where a name of a room is found in its sources; None of a room in the room.

    A function in a file of its own name is hidden by that file, as `check` in `checking/check.py` would be.
    """
    place = ROOT.joinpath(*room.split("."), name)
    if place.is_dir():
        return None
    file = place.with_suffix(".py")
    if not file.is_file():
        return f"{room}.{name}"
    defined = {node.name for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, _NAMED)}
    return f"{room}.{name}.{name}" if name in defined else None


def _first_names() -> Iterator[tuple[str, str]]:
    """What `from invariance import …` gives, and where it is explained."""
    tree = ast.parse((ROOT / "invariance" / "__init__.pyi").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if (place := place_of(f"invariance.{node.module}", alias.name)) is not None:
                    yield alias.name, place
