"""The rows of Jansson et al.: present, as recorded, quick, and independent of z3."""

from fractions import Fraction

import pytest
from ledger_once import ledger_entries

from invariance_proofs.entry import Entry
from invariance_proofs.jansson.diffcnn_grid import UNBOUNDED, series
from invariance_proofs.jansson.figure3 import SQUARE, STRIPES, scaled_peak
from invariance_proofs.jansson.operators import CONVOLUTION, INTEGRAL, PROPERTIES, SAMPLE, WINDOW
from invariance_proofs.jansson.powers import INTEGER, bounded, conjugate_to_orthogonal, overlap, power
from invariance_proofs.jansson.simple import inverse
from invariance_proofs.ledger import statements
from invariance_proofs.matrix import Matrix
from invariance_proofs.statement import Verdict

CLAIMS = {s.id: s for s in statements() if s.id.startswith("J")}
VERDICTS = {
    "J.filters": Verdict.CORRECTED,
    "J1": Verdict.CORRECTED,
    "J1.g": Verdict.CORRECTED,
    "J1.sign": Verdict.REFUTED,
    "J2": Verdict.CORRECTED,
    "J2.families": Verdict.CORRECTED,
    "J2.measure": Verdict.PROVED,
    "J2.n": Verdict.PROVED,
    "J3": Verdict.PROVED,
    "J3.depth": Verdict.REFUTED,
    "J3.diagram": Verdict.PROVED,
    "J3.layers": Verdict.PROVED,
    "J3.map": Verdict.REFUTED,
    "J4": Verdict.PROVED,
    "J4.grid": Verdict.PROVED,
    "J5": Verdict.PROVED,
    "J6": Verdict.PROVED,
}


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {name: entry for name, entry in ledger_entries().items() if name.startswith("J")}


def test_every_row_is_there_and_comes_out_as_recorded(entries: dict[str, Entry]):
    assert {name: entry.verdict for name, entry in entries.items()} == VERDICTS


@pytest.mark.parametrize(
    ("rows", "turns"),
    [
        ([[0, -1], [1, 0]], True),
        ([[0, 1], [1, 0]], True),
        ([[0, -1], [1, 1]], True),
        ([[-1, 0], [0, -1]], True),
        ([[1, 1], [0, 1]], False),
        ([[-1, 1], [0, -1]], False),
        ([[2, 1], [1, 1]], False),
        ([[1, 1], [1, 0]], False),
        ([[2, 0], [0, 2]], False),
    ],
)
def test_jordan_types_by_hand(rows: list[list[int]], turns: bool):
    A = Matrix.of(rows)
    assert conjugate_to_orthogonal(A) is turns
    assert bounded(A) is turns


def test_powers_add_up_and_areas_do_not_depend_on_the_direction_for_determinant_one():
    A = Matrix.of([[2, 1], [1, 1]])
    assert power(A, 3) @ power(A, -5) == power(A, -2) == power(inverse(A), 2)
    assert overlap(A, 3) == overlap(A, -3)
    assert len(INTEGER) == len({A.rows for A in INTEGER}) == 496


def test_each_operator_has_its_properties():
    found = {
        o: [name for name, holds in PROPERTIES.items() if holds(o)] for o in (CONVOLUTION, SAMPLE, WINDOW, INTEGRAL)
    }
    assert found[CONVOLUTION] == list(PROPERTIES)
    assert found[SAMPLE] == ["translation covariance", "semi-locality"]
    assert found[WINDOW] == ["continuity", "semi-locality"]
    assert found[INTEGRAL] == ["continuity", "translation covariance"]


def test_the_grid_violation_is_of_first_order_only():
    assert series(UNBOUNDED[0]).holds
    assert not series(UNBOUNDED[0], lowest=2).holds


def test_peaks_by_hand():
    one, two = Fraction(1), Fraction(2)
    assert scaled_peak(SQUARE, one) == scaled_peak(SQUARE, two) == 1
    assert scaled_peak(STRIPES, one) == 3
    assert scaled_peak(STRIPES, two) < 3
    # At 5/4 a quarter of one stripe of the template lies on a stripe of the other sign.
    assert scaled_peak(STRIPES, Fraction(5, 4)) == 3 - 2 * Fraction(1, 4)
