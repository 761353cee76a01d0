"""The checks behind the rows on DiffCNN, where a fault in them would leave the verdict as it is."""

import pytest

from invariance_proofs.diffcnn import theorem2_f_realisable as realisable
from invariance_proofs.diffcnn.corollary3_a_sign import SQUARE, TURN
from invariance_proofs.matrix import Matrix


@pytest.mark.parametrize("lost", range(6))
def test_a_solution_that_is_no_sum_is_seen(lost: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sums = realisable.sums
    assert realisable.solutions_are_sums(3, 2, smooth=False, kept=6)
    monkeypatch.setattr(realisable, "sums", lambda n, m: [*sums(n, m)[:lost], *sums(n, m)[lost + 1 :]])
    assert not realisable.solutions_are_sums(3, 2, smooth=False, kept=6)


def test_the_rotation_of_the_examples_gives_determinants_of_both_signs() -> None:
    kept = Matrix.of([[0, 0], [1, 0], [0, 1]])
    assert (kept.T @ TURN @ kept).det() > 0 > (SQUARE.T @ TURN @ SQUARE).det()
