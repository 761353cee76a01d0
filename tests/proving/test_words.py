"""Motions in the field's words."""

import numpy as np

from invariance.proving import Action
from invariance.proving.words import at_most, in_words, representation


def test_two_channels_change_places() -> None:
    assert (
        in_words(Action.of((1, 6), tables={1: np.array([0, 1, 2, 5, 4, 3])}))
        == "entries 3 and 5 of axis 0 change places"
    )


def test_a_regular_representation_is_named_with_its_layout() -> None:
    turn = np.array([1, 2, 3, 0, 5, 6, 7, 4])
    assert representation([Action.of((1, 8), tables={1: turn})], 1, "p4", 4) == (
        "regular representation of p4, channels c·4 + r, 2 times"
    )
    folded = np.array([2, 3, 4, 5, 6, 7, 0, 1])
    assert "channels r·2 + c" in str(representation([Action.of((1, 8), tables={1: folded})], 1, "p4", 4))
    halves = np.array([1, 0, 3, 2])
    assert "permutation representation of 2" in str(representation([Action.of((1, 4), tables={1: halves})], 1, "p4", 4))
    assert "trivial" in str(representation([Action.identity((1, 4))], 1, "p4", 4))


def test_reshaping_keeps_the_motion() -> None:
    rng = np.random.default_rng(0)
    order = rng.permutation(24)
    action = Action.from_dense((1, 24), order).reshaped((1, 2, 3, 4)).reshaped((1, 24))
    assert np.array_equal(action.dense()[0], order)
    turned = np.rot90(np.arange(25).reshape(1, 1, 5, 5), 1, (2, 3)).ravel()
    quarter = Action.from_dense((1, 1, 5, 5), turned)
    assert quarter.block is None
    assert quarter.turn == (0, 1, 3, 2)
    assert quarter.after(quarter).after(quarter).after(quarter).is_identity
    assert quarter.permuted((0, 1, 3, 2)).reshaped((1, 25)).reshaped((1, 1, 5, 5)).block is None


def test_factors_are_told() -> None:
    still = Action.identity((1, 3))
    assert in_words(still.scaled(1, np.array([2.0, 0.5, 1.0]))).endswith("is multiplied by powers of 2 along axis 0")
    assert in_words(still.scaled(0, np.array([-1.0]))) == "changes sign"
    assert in_words(still.scaled(0, np.array([4.0]))) == "is multiplied by 4"


def test_a_bound_is_rounded_up() -> None:
    assert [at_most(b) for b in (6.512e-06, 2.7e-7, 0.0)] == ["6.6e-06", "2.7e-07", "0.0e+00"]
