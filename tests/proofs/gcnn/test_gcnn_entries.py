"""The rows on group CNNs: which there are, what they say, and that faults planted in the definitions are seen."""

from collections.abc import Callable
from typing import Any

import pytest
from ledger_once import ledger_entries

from invariance_proofs.entry import Entry
from invariance_proofs.gcnn import functions, g2_translation, g4_lifting, g5_group, g9_cosets, layers
from invariance_proofs.gcnn.motions import Motion
from invariance_proofs.judge import run
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.words import Word
from invariance_proofs.statement import Statement, Verdict

PROVED = [
    *("G1", "G1.action", "G2", "G3", "G3.isotropic", "G4", "G5", "G6", "G7", "G8", "G8.stride", "G8.chain"),
    *("G9", "G9.plane", "G10", "G11", "G11.batch", "G11.planar", "G11.samples"),
]
REFUTED = ["G3.literal", "G8.full", "G8.literal"]


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {name: entry for name, entry in ledger_entries().items() if name.startswith("G")}


def test_rows(entries: dict[str, Entry]) -> None:
    verdicts = {name: entry.verdict for name, entry in entries.items()}
    assert verdicts == dict.fromkeys(PROVED, Verdict.PROVED) | dict.fromkeys(REFUTED, Verdict.REFUTED)


def test_rows_for_every_group_have_a_route_for_every_group(entries: dict[str, Entry]) -> None:
    for name in ("G1.action", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G9", "G10"):
        assert "symbolic size" in entries[name].methods


def test_the_smallest_counterexamples(entries: dict[str, Entry]) -> None:
    assert entries["G3.literal"].counterexample == {
        "f": {"(0, 0)": 1},
        "psi": {"(0, 1)": 1},
        "r": [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
        "left": {"(0, -1)": 1},
        "right": {"(1, 0)": 1},
    }
    stride = entries["G8.literal"].counterexample
    assert stride
    assert (stride["f"], stride["psi"], stride["stride"]) == ([[1, 0], [0, 0]], [[1]], 2)


def not_inverted(self: Any) -> Any:
    return self


def swapped_composition(self: Motion, x: Any) -> Any:
    if isinstance(x, Motion):
        return original(x, self)
    return original(self, x)


original = Motion.__call__


@pytest.mark.parametrize(
    ("owner", "name", "fault"),
    [
        (Motion, "__invert__", not_inverted),
        (Motion, "__call__", swapped_composition),
        (Word, "__invert__", not_inverted),
    ],
    ids=["motions do not invert", "products are swapped", "words do not invert"],
)
@pytest.mark.parametrize("said", [g4_lifting.G4, g5_group.G5], ids=lambda said: said.id)
def test_a_wrong_group_is_seen(
    said: Statement, owner: type, name: str, fault: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, fault)
    assert run(said).verdict is Verdict.UNKNOWN


def test_wrong_layers_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(g5_group, "act", lambda group, h, f: tuple(layers.turn(h, image) for image in f))
        assert run(g5_group.G5).verdict is Verdict.UNKNOWN
    with monkeypatch.context() as patch:
        patch.setattr(g4_lifting, "lift", lambda group, f, psi, padding: [layers.convolve(f, psi, 1, 1)] * len(group))
        assert run(g4_lifting.G4).verdict is Verdict.UNKNOWN
    with monkeypatch.context() as patch:
        patch.setattr(g2_translation, "convolve", one_sided)
        assert run(g2_translation.G2).verdict is Verdict.UNKNOWN
    with monkeypatch.context() as patch:
        patch.setattr(g9_cosets, "pool", lambda f, over, reduce=max: functions.pool(f, list(over)[:1], reduce))
        assert run(g9_cosets.G9).verdict is Verdict.UNKNOWN


def one_sided(channels: Any, kernels: Any, stride: int = 1, padding: int = 0) -> Matrix:
    """A layer that weighs the rows by their place."""
    out = layers.convolve(channels, kernels, stride, padding)
    return Matrix.of([i * x for x in row] for i, row in enumerate(out.rows))
