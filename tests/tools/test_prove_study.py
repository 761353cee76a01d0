"""The population of the study of `prove`, and a slice of the study."""

import random

import pytest
import torch
from torch import Tensor, nn

from tools.prove_study import families, traps, tried  # noqa: F401  (they enter themselves in the lists)
from tools.prove_study.ask import Answer, ask
from tools.prove_study.faults import LAYERS, WEIGHTS, of_the_check_study, plant_layer, plant_weight
from tools.prove_study.groups import CUBE, FINITE, tied
from tools.prove_study.oracle import FAR, error
from tools.prove_study.study import wrong
from tools.prove_study.subject import FAMILIES, TRAPS, Subject, drawn

TRAPPED = sorted(name for name, build in TRAPS.items() if build().wanted == "refused")
SLICE = [*(n for n in TRAPPED if n.startswith(("4:", "5:", "6:", "21:"))), *TRAPPED[::5]]


def unordered(subject: Subject) -> float:
    """How far the sorted outputs of a moved input are from those of the input: 0 under every permutation of entries."""
    model = subject.model.double()
    inputs = [
        torch.randn(2, *s, generator=torch.Generator().manual_seed(1), dtype=torch.float64) for s in subject.shapes
    ]
    with torch.no_grad():
        straight = model(*inputs).flatten(1).sort(1).values
        moved = [model(*motion(*inputs)).flatten(1).sort(1).values for motion in subject.motions.values()]
    return max(float((y - straight).abs().max() / straight.abs().max()) for y in moved)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", sorted(set(FAMILIES) - {"steerable networks"}))
def test_families_are_symmetric(name: str, seed: int):
    assert unordered(drawn(FAMILIES[name], seed)) < 1e-12


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - {"steerable networks"}))
def test_other_weights_fit_the_same_architecture(name: str):
    first, second = (drawn(FAMILIES[name], 1, weights=w).model.state_dict() for w in (0, 1))
    assert {k: v.shape for k, v in first.items()} == {k: v.shape for k, v in second.items()}
    assert not all(torch.equal(first[k], second[k]) for k in first)


def test_a_fault_is_seen():
    subject = drawn(FAMILIES["resnets with symmetric filters"], 1)
    noisy = [plant_weight(subject, "noise of 3 %", random.Random(i))[0] for i in range(5)]
    assert max(map(unordered, noisy)) > 1e-6
    planted = plant_layer(subject, "a position table", random.Random(0))
    assert planted is not None
    assert unordered(planted) > 1e-6


@pytest.mark.parametrize("name", WEIGHTS)
def test_weight_faults_change_one_tensor(name: str):
    subject = drawn(FAMILIES["pointnet"], 2)
    planted, which = plant_weight(subject, name, random.Random(3))
    before, after = subject.model.state_dict(), planted.model.state_dict()
    assert [k for k in before if not torch.equal(before[k], after[k])] in ([], [which])


def test_every_layer_fault_runs():
    for i, name in enumerate(LAYERS):
        planted = plant_layer(drawn(FAMILIES["grammar"], i), name, random.Random(i))
        assert planted is not None
        assert isinstance(planted.model(torch.randn(2, *planted.shapes[0])), Tensor)


def test_the_faults_of_the_check_study_are_there():
    assert len(dict(of_the_check_study())) >= 250


def test_orbits_have_one_value():
    for group in (*FINITE.values(), CUBE):
        values = torch.randn(2, *(4,) * group.dims, generator=torch.Generator().manual_seed(0))
        same = tied(values, [lambda x, g=g, group=group: group.grid(g, x) for g in group.grids])
        for g in group.grids:
            assert torch.equal(group.grid(g, same), same)


def test_the_oracle_refutes():
    flip, still = {"flip": lambda x: (x.flip(1),)}, {"flip": lambda y: y}
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    assert error(Subject(nn.Identity(), ((4, 1),), "", flip), {"flip": lambda y: y.flip(1)}) == 0
    assert error(Subject(model, ((4, 1),), "", flip), still) > FAR
    mixing = Subject(traps.Plain(lambda x: x - x.mean(0)), ((4, 1),), "", {"nothing": lambda x: (x,)})
    assert error(mixing, {"nothing": lambda y: y}) > FAR
    assert wrong(Subject(model, ((4, 1),), "", {}, "refused"), Answer("proved")) == "must not be proved"


def test_rounding_refutes_nothing_and_one_bit_does():
    flip, still = {"flip": lambda x: (x.flip(1),)}, {"flip": lambda y: y}

    def weighted(*weights: float) -> Subject:
        table = torch.tensor(weights, dtype=torch.float64)
        return Subject(traps.Plain(lambda x: (table.to(x) * x).sum(1)), ((3,),), "", flip)

    nothing = Subject(traps.Plain(lambda x: (x * 0.3).sum(1) - 0.3 * x.sum(1)), ((3,),), "", flip)
    assert error(nothing, still) == 0  # it is 0, but for rounding
    assert error(weighted(0.3, 0.1, 0.3), still) <= FAR
    assert error(weighted(0.3, 0.1, 0.3 + 2**-25), still) > FAR


@pytest.mark.parametrize("name", sorted(set(SLICE)))
def test_traps_are_not_proved(name: str):
    assert ask(TRAPS[name]()).verdict != "proved"


def test_published_architectures_are_asked():
    assert tried.ask(tried.TRIED["LSTM of torch, 5 tokens"])["verdict"] == "not proved"


def test_what_a_proof_says_is_held_to_numbers():
    """The motion of the output that the certificate states, factors and all."""
    subject = TRAPS["16: tanh"]()
    answer = ask(subject)
    assert answer.verdict == "proved"
    assert wrong(subject, answer) is None
