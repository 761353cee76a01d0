"""`check(..., prove=True)`: a proof beside the measurement, on the same question."""

from typing import Any

import pytest
from torch import nn

from invariance.checking import check, profile


def test_a_proof_stands_beside_the_measurement() -> None:
    layer = nn.Conv2d(1, 2, 1)
    report = check(layer, input_shape=(1, 5, 5), group="p4", claim="equivariant", prove=True)
    assert report.verdict == "consistent"
    assert report.proof is not None
    assert report.proof.verdict == "proved"
    assert "for all inputs proved" in str(report)


def test_where_there_is_none_it_is_said_why() -> None:
    report = check(nn.Conv2d(1, 1, 3), input_shape=(1, 5, 5), group="p4", claim="equivariant", prove=True)
    assert report.proof is not None
    assert report.proof.verdict == "not proved"
    assert "no filter" in str(report)
    assert "no proof" in str(check(lambda x: x, input_shape=(1, 5, 5), group="p4", claim="equivariant", prove=True))


@pytest.mark.unasked
def test_a_small_network_is_proved_without_being_asked() -> None:
    layer = nn.Conv2d(1, 2, 1)
    question: dict[str, Any] = {"group": "p4", "claim": "equivariant"}
    report = check(layer, input_shape=(1, 5, 5), **question)
    assert report.proof is not None
    assert "for all inputs proved" in str(report)
    assert report.to_json() == check(layer, input_shape=(1, 5, 5), **question).to_json()
    assert check(layer, input_shape=(1, 129, 129), images=2, **question).proof is None
    assert check(nn.Conv2d(1, 2, 3), input_shape=(1, 5, 5), **question).proof is None


@pytest.mark.unasked
def test_a_profile_says_what_is_proved() -> None:
    lines = {(line.group, line.claim): line for line in profile(nn.Conv2d(3, 4, 1), input_shape=(3, 5, 5)).lines}
    assert lines["p4m", "equivariant"].proved
    assert lines["shifts(5, 5)", "equivariant"].proved
    assert lines["p4m", "invariant"].proved is None
    assert lines["C(8)", "equivariant"].proved is None
