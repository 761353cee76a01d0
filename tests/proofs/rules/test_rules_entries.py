"""The rules that a prover of networks cites: which there are, how firmly they stand, and the route they rest on."""

import pytest
from ledger_once import ledger_entries

from invariance_proofs.entry import Entry
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.rules.windows import Window, composed, keeps_flips, whole
from invariance_proofs.statement import Grade, StatementError, Verdict

FOR_ALL_MAPS = {"composition", "generators", "sum", "gate", "invariance"}
MODULO = {
    *("activation", "activation.odd", "circular-stride", "deep-sets", "generators", "grid-defect", "lie-derivative"),
    *("normalisation", "polyphase", "reduction", "resize.nearest", "tensor-product"),
}
DECIDED = {
    *(FOR_ALL_MAPS - MODULO),
    "attention",
    "contraction",
    "convolution",
    "kernel",
    "relabelling",
    "resize.linear",
    "shortcut",
    "transposed",
}
LISTED = {"kernel.dimension", "padding", "pooled-sum", "positions", "unet"}
GRADES = {
    **dict.fromkeys((*DECIDED, "windows", "windows.rounding"), Grade.DECIDED),
    **dict.fromkeys(LISTED, Grade.LISTED),
    **dict.fromkeys(MODULO, Grade.MODULO),
}


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {name: entry for name, entry in ledger_entries().items() if entry.statement.key.startswith("rules:")}


def test_rows(entries: dict[str, Entry]) -> None:
    assert {name: entry.grade for name, entry in entries.items()} == GRADES
    assert {entry.verdict for entry in entries.values()} == {Verdict.PROVED}


def test_what_is_said_of_all_maps_is(entries: dict[str, Entry]) -> None:
    assert all("all maps" in entries[name].sizes for name in FOR_ALL_MAPS)


def test_rewriting_says_no_without_the_rule() -> None:
    rules = ["F(a(x)) = b(F(x))", "G(b(x)) = c(G(x))"]
    assert follows("G(F(a(x))) = c(G(F(x)))", rules).holds
    assert not follows("G(F(a(x))) = c(G(F(x)))", rules[:1]).holds
    assert not follows("G(F(a(x))) = G(F(x))", rules).holds


def test_a_variable_that_occurs_twice_must_match_twice() -> None:
    assert follows("m(a, a) = a", ["m(x, x) = x"]).holds
    assert not follows("m(a, b) = a", ["m(x, x) = x"]).holds


def test_rules_without_end_are_refused() -> None:
    with pytest.raises(StatementError, match="without end"):
        follows("a(x) = x", ["a(x) = a(a(x))"])
    with pytest.raises(StatementError, match="terms are made of"):
        follows("x - y = x", [])


def test_composed_windows_of_known_networks() -> None:
    """VGG's first two stages and AlexNet's first four windows: receptive fields 16 and 67, as published."""
    vgg = [Window(3, 1, 1), Window(3, 1, 1), Window(2, 2)] * 2
    assert composed(vgg)[:2] == (16, 4)
    assert composed([Window(11, 4), Window(3, 2), Window(5, 1, 2), Window(3, 2)]) == (67, 16, 16)
    assert keeps_flips(vgg, 8)
    assert whole(vgg, 9)
    assert not keeps_flips(vgg, 9)
