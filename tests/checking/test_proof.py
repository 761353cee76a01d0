"""`check(..., prove=True)`: a proof beside the measurement, on the same question."""

from torch import nn

from invariance.checking import check


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
