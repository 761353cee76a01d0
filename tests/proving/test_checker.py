"""The checker verifies what is proved, refuses what was altered, and shares no code with the prover."""

import ast
import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from invariance.cli import main
from invariance.proving import Generator, MovingGroup, Program, checker, prove, prove_program, question_of, trace
from invariance.proving.checker import RefusedError, seal, verify
from invariance.symmetry import Symmetry
from tools.prove_study import families  # noqa: F401  (they enter themselves in the list)
from tools.prove_study.altered import alterations, refused
from tools.prove_study.ask import Question
from tools.prove_study.subject import FAMILIES, drawn

ASKED = ["circular networks", "deep sets", "graph networks", "p4cnn", "transformer encoders", "unets", "volumes"]


class Small(nn.Module):
    """Symmetric under p4m: filters of ones."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 2)
        nn.init.ones_(self.conv.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.conv(x).relu().mean((2, 3)))


@pytest.fixture(scope="module")
def proved():
    model = Small()
    report = prove(model, input_shape=(3, 5, 5), group="p4m", claim="invariant")
    return model, json.loads(json.dumps(report.certificate()))


@pytest.mark.parametrize("name", ASKED)
def test_proofs_are_verified(name: str):
    subject = drawn(FAMILIES[name], 3)
    answer = Question(subject).ask(subject.model)
    assert answer.certificate is not None
    assert len(verify(json.loads(json.dumps(answer.certificate)), subject.model)) == len(subject.motions)


def test_one_field_changed_is_refused(proved):
    """Every leaf of the file, as an accident leaves it, and sealed anew: more than 200 altered certificates."""
    model, certificate = proved
    program = checker.exported(model, certificate["inputs"])
    assert refused(certificate, model, program) is None
    tried = [(path, c) for sealed in (False, True) for path, c in alterations(certificate, sealed=sealed)]
    assert len(tried) >= 200
    assert [path for path, changed in tried if refused(changed, model, program) is None] == []


def test_a_motion_that_is_not_that_of_the_weights(proved):
    model, certificate = proved
    wrong = json.loads(json.dumps(certificate))
    for found in wrong["generators"][0]["steps"].values():
        if found["shape"] == [1, 4, 5, 5]:  # channels the other way round: the biases differ
            found["parts"].append({"axes": [1], "index": [[3, -1, 4]]})
    said = refused(wrong | {"seal": seal(wrong)}, model)
    assert said is not None
    assert "conv2d" in said


@pytest.mark.parametrize("count", [-1, 0, 10**12])
def test_numbers_of_places_that_are_none(count: int):
    """Refused before a list of them is made."""
    said = {"shape": [4], "parts": [{"axes": [0], "index": [[0, 1, 4], [0, 1, count]]}]}
    with pytest.raises(RefusedError, match="places"):
        checker.motion(said)


def test_a_step_that_is_left_out(proved):
    model, certificate = proved
    cut = json.loads(json.dumps(certificate))
    del cut["generators"][0]["steps"]["conv2d"]
    assert "no motion is stated" in str(refused(cut | {"seal": seal(cut)}, model))


class Odd(nn.Module):
    """Two filters that are negatives of each other, and an odd function."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1, bias=False)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor([1.3, -1.3]).view(2, 1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x).tanh()


@cache
def graphs_of_tanh(shape: tuple[int, ...]) -> tuple[Program, torch.export.ExportedProgram]:
    """As the prover and as the checker export it."""
    return trace(nn.Tanh(), (shape,)), checker.exported(nn.Tanh(), [list(shape)])


@pytest.mark.parametrize(
    ("group", "shape"),
    [
        *((g, (2, 5, 5)) for g in ("p2", "p4", "p4m", "pm", "cm", "flip", "flips", "translation", "translation/2")),
        *((g, (1, 3, 3, 3)) for g in ("cube", "cube-and-mirrors", "cube * sign")),
        *((g, (4, 4)) for g in ("permutations", "permutations@1", "pairs", "channels * sign", "sign")),
    ],
)
def test_every_group_that_has_a_name(group: str, shape: tuple[int, ...]):
    program, again = graphs_of_tanh(shape)
    report = prove_program(program, question_of(group, shape, "equivariant", None))
    found = json.loads(json.dumps(report.certificate()))
    assert len(verify(found, nn.Tanh(), again)) == len(report.generators)
    other = found | {"group": "pm * pm * pm"}
    assert refused(other | {"seal": seal(other)}, nn.Tanh(), again) is not None


def test_signs_are_held_to_the_weights():
    report = prove(Odd(), input_shape=(1, 3, 3), group="p4 * sign")
    assert verify(report.certificate(), Odd())
    found = json.loads(json.dumps(report.certificate()))
    parts = found["generators"][1]["steps"]["conv2d"]["parts"]
    assert parts == [{"axes": [1], "index": [[1, -1, 2]]}]  # the channels change places
    parts[:] = [{"axes": [1], "index": [[0, 1, 2]], "factors": [-1.0, -1.0]}]  # or both change sign, which is as true
    assert "tanh" in str(refused(found | {"seal": seal(found)}, Odd()))
    found["generators"][1]["steps"]["tanh"]["parts"] = parts
    assert refused(found | {"seal": seal(found)}, Odd()) is None
    parts[0]["factors"] = [1.0, -1.0]
    assert "conv2d" in str(refused(found | {"seal": seal(found)}, Odd()))


def test_a_weight_that_is_too_small_to_be_seen():
    model = nn.Linear(2, 1, bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 1.0]]))
    found = prove(model, input_shape=(2,), group="permutations", claim="invariant").certificate()
    for other in (1e-300, 2.0**61, 2.0**-128, 1 + 2.0**-52, -1.0):
        with torch.no_grad():
            model.weight[0, 0] = other
        changed = found | {"fingerprint": checker.fingerprint(model)}
        assert "linear" in str(refused(changed | {"seal": seal(changed)}, model)), other


class Samples(nn.Module):
    """Something with the batch, and a table that is not symmetric."""

    def __init__(self, function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function
        self.register_buffer("table", torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, self.get_buffer("table"))


@torch.library.custom_op("convolved_by_a_user::first", mutates_args=())
def first(x: torch.Tensor) -> torch.Tensor:
    """An operation of a user's, whose name begins as one of torch does."""
    return x.clone()


first.register_fake(torch.empty_like)


@pytest.mark.parametrize(
    ("function", "part"),
    [
        (lambda x, t: x + ((t + 1e17) - 1e17), "does not move"),
        (lambda x, t: t * (x - x.mean(0)), "mean"),
        (lambda x, t: t * x.softmax(0), "samples meet"),
        (lambda x, t: t * (x - x.roll(2, 0)), "a part of the batch"),
        (lambda x, t: x + x.flip(0), "a part of the batch"),
        (lambda x, t: x + torch.arange(3) // (3 * x.shape[0]), "size of the batch"),
        (lambda x, t: x + 0.0 * torch.rand(()), "random"),
        (lambda x, t: x.cumsum(1), "cumsum"),
        (lambda x, t: x * torch.arange(1e9, 1e9 + 3, 1.0), "numbers that are rounded"),
        (lambda x, t: x.sum(1, keepdim=True, dtype=torch.uint8) * x, "whole numbers of fractions"),
        (lambda x, t: x.squeeze(0), "the axis of the batch goes"),
        (lambda x, t: x.relu().argmax(1, keepdim=True) + x, "motion"),
        (lambda x, t: x.pow(t), "does not move"),
        (lambda x, t: torch.ops.convolved_by_a_user.first(x), "no operation of torch"),
    ],
)
def test_what_is_not_so_is_refused(function, part: str):
    """A certificate made by hand that says that every tensor turns round as the input does."""
    model = Samples(function)
    program = checker.exported(model, [[3]])
    turned = {"shape": [1, 3], "batch": [0, 1], "parts": [{"axes": [1], "index": [[2, -1, 3]]}]}
    tensors = {n: n.meta["val"].shape for n in program.graph.nodes if isinstance(n.meta.get("val"), torch.Tensor)}
    steps = {n.name: turned for n, shape in tensors.items() if shape[1:] == (3,) and shape[0] not in (1, 3)}
    found = {
        "format": checker.FORMAT,
        "fingerprint": checker.fingerprint(model),
        "inputs": [[3]],
        "places": [],
        "named": True,
        "outputs": list(program.graph_signature.user_outputs),
        "group": "flip",
        "claim": "equivariant",
        "generators": [{"name": "flip", "steps": steps}],
    }
    with pytest.raises(RefusedError, match=part):
        verify(found | {"seal": seal(found)}, model, program)


@pytest.mark.parametrize("group", ["permutations@-1", "permutations/-1"])
def test_a_group_along_the_axis_of_the_batch_is_refused(group: str):
    """On an axis of one entry it would be the identity."""
    assert not checker.generators(group, [3])


def test_a_name_says_nothing_of_several_inputs():
    class Two(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return x + y

    symmetry = Symmetry("S(3)", ("nodes:3x2", "nodes:3x2"), "nodes:3x2")
    found = json.loads(json.dumps(prove(Two(), symmetry=symmetry).certificate()))
    assert verify(found, Two())
    named = found | {"named": True, "group": "permutations"}
    assert "several inputs" in str(refused(named | {"seal": seal(named)}, Two()))


def test_a_forward_that_is_another_when_it_is_called():
    with pytest.raises(RefusedError, match="exported it is another than called"):
        checker.exported(Samples(lambda x, t: x * torch.rand(())), [[3]])


@pytest.mark.parametrize("count", [10**30, 10**9, -1, 1.5, "9"])
def test_a_table_of_more_places_than_there_are_is_refused_before_it_is_made(count: object):
    said = {"shape": [3, 5, 5], "parts": [{"axes": [2], "index": [[4, -1, count]]}]}
    with pytest.raises((RefusedError, TypeError, RuntimeError)):
        checker.motion(said)


def test_the_part_is_named(proved):
    model, certificate = proved
    for change, part in (
        ({"fingerprint": "0"}, "fingerprint"),
        ({"format": "other"}, "format"),
        ({"group": "p4"}, "group"),
        ({"group": "flips"}, "motion of flips"),
        ({"claim": "equivariant"}, "equivariant"),
        ({"torch": "1.0"}, "seal"),
        ({"generators": []}, "generators"),
    ):
        changed = certificate | change
        with pytest.raises(RefusedError, match=part):
            verify(changed if "torch" in change else changed | {"seal": seal(changed)}, model)
    with pytest.raises(RefusedError, match="cut"):
        verify({"format": checker.FORMAT}, model)
    other = Small()
    with pytest.raises(RefusedError, match="another model"):
        verify(certificate, other)


def test_one_weight_changed_in_its_last_bit(proved):
    model, certificate = proved
    with torch.no_grad():
        model.conv.weight[0, 0, 0, 0] = torch.nextafter(torch.tensor(1.0), torch.tensor(2.0))
    changed = certificate | {"fingerprint": checker.fingerprint(model)}
    said = refused(changed | {"seal": seal(changed)}, model)
    nn.init.ones_(model.conv.weight)
    assert said is not None
    assert "conv2d" in said


def test_the_checker_knows_nothing_of_the_prover():
    source = Path(str(checker.__file__)).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        assert not isinstance(node, ast.ImportFrom) or not node.level
        if isinstance(node, ast.ImportFrom | ast.Import):
            found = [node.module or ""] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
            assert all(name.split(".")[0] in {*sys.stdlib_module_names, "torch"} for name in found)


def test_on_the_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    model = tmp_path / "net.py"
    model.write_text("from torch.nn import Conv2d\n\ndef net():\n    return Conv2d(1, 2, 1)\n", encoding="utf-8")

    def run(*arguments: str) -> object:
        monkeypatch.setattr("sys.argv", ["invariance", "prove", f"{model}:net", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        return stopped.value.code

    file = str(tmp_path / "proof.json")
    assert run("--input", "1,5,5", "--group", "p4", "--certificate", file) == 0
    assert run("--verify", file) == 0
    assert run("--verify", file, "--seed", "1") == 2


FACTORS = MovingGroup("factors", None, (Generator("2, ½", lambda a: a, lambda full: {1: np.array([2.0, 0.5])}),))


@pytest.mark.parametrize(
    ("function", "group", "shape"),
    [
        (lambda x: x.clamp(min=0), FACTORS, (2,)),
        (lambda x: x.clamp(max=0), FACTORS, (2,)),
        (torch.nn.functional.logsigmoid, "channels", (2,)),
        (lambda x: x.float().double(), "sign", (2,)),
        (lambda x: nn.functional.max_pool2d(x, 3, 2, 1, return_indices=True)[0], "p4m", (1, 5, 5)),
        (lambda x: nn.functional.channel_shuffle(x, 2), "p4m", (4, 5, 5)),
        (lambda x: nn.functional.hardshrink(x), "p4m", (1, 5, 5)),
        (lambda x: nn.functional.scaled_dot_product_attention(x, x, x), "sign", (3, 2)),
    ],
)
def test_honest(function, group, shape: tuple[int, ...]):
    class Of(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return function(x)

    report = prove(Of(), input_shape=shape, group=group)
    assert report.verdict == "proved"
    assert verify(json.loads(json.dumps(report.certificate())), Of())


@pytest.mark.parametrize("pool", [nn.functional.max_pool2d, nn.functional.adaptive_max_pool2d])
def test_indices_are_no_output_without_a_motion(pool):
    class Indices(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return pool(x, 2, return_indices=True)[1]

    assert prove(Indices(), input_shape=(1, 4, 4), group="p4", search=False).verdict == "not proved"
    found = json.loads(json.dumps(prove(nn.Identity(), input_shape=(1, 4, 4), group="p4").certificate()))
    program = checker.exported(Indices(), [[1, 4, 4]])
    found |= {"outputs": list(program.graph_signature.user_outputs), "claim": "invariant"}
    (first,) = program.graph_signature.user_inputs
    found["generators"][0]["steps"] = {str(first): found["generators"][0]["steps"].popitem()[1]}
    assert "no motion is stated" in str(refused(found | {"seal": seal(found)}, Indices(), program))


STILL, TURNED = [[0, 1, 1]], [[1, -1, 2]]
ZEROS, RAMP = torch.tensor([0.0, -0.0], dtype=torch.float64), torch.tensor([1.0, 2.0], dtype=torch.float64)


def _no_pair_or_three(x: torch.Tensor) -> torch.Tensor:
    """0 for batches of two or three samples, and for no others."""
    count = torch.ones_like(x[:, 0]).sum()
    return (count - torch.ones(2).double().sum()) * (count - torch.ones(3).double().sum())


@pytest.mark.parametrize(
    ("function", "group", "shape", "steps"),
    [
        (  # a zero of an open padding is an entry of its window
            lambda x: nn.functional.max_pool1d(nn.functional.pad(x, (1, 0)), 2, 2, 0, 1, True),
            "flip",
            (1, 2),
            {"pad": "open", "max_pool1d": [[1, -1, 2]]},
        ),
        (lambda x: x.norm(0, 1), "sign", (3,), {"linalg_vector_norm": STILL}),  # counts what is not 0
        (lambda x: nn.functional.prelu(x, torch.zeros(1).double()), "channels", (2,), {"prelu": STILL}),  # is not 0
        (lambda x: x.prod(-1), "channels", (2, 3000), {"prod": STILL}),  # underflows
        (  # a table that moves
            lambda x: nn.functional.embedding((x * 0).long(), x),
            "channels",
            (2,),
            {"mul": STILL, "_to_copy": STILL, "embedding": STILL},
        ),
        (lambda x: x.triu(-2), "channels", (2,), {"triu": TURNED}),  # cuts the fourth sample
        (lambda x: nn.functional.pad(x, (0, 0, 2, -2)), "channels", (2,), {"pad": STILL}),  # sample 0 in place 2
        (lambda x: x.abs().copysign(ZEROS), "channels", (2,), {"abs_1": TURNED, "copysign": TURNED}),
        (lambda x: ZEROS**x, "channels", (2,), {"pow_1": TURNED}),
        (lambda x: (x * torch.tensor([1 + 1j, 1 + 2j])).abs(), "channels", (2,), {"mul": TURNED, "abs_1": TURNED}),
        (lambda x: x * (1 + RAMP * _no_pair_or_three(x)), "channels", (2,), {"mul_2": TURNED}),
        (lambda x: torch.ones_like(x) * RAMP, "channels", (2,), {}),
    ],
)
def test_forged(function, group: str, shape: tuple[int, ...], steps):
    class Of(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return function(x)

    model = Of()
    report = prove(nn.Identity(), input_shape=shape, group=group, claim=None if steps else "equivariant")
    found = json.loads(json.dumps(report.certificate()))
    program = checker.exported(model, [list(shape)])
    values = {n.name: n.meta["val"] for n in program.graph.nodes if isinstance(n.meta.get("val"), torch.Tensor)}
    (said,) = found["generators"]
    (first,) = program.graph_signature.user_inputs
    said["steps"] = {first: next(iter(said["steps"].values()))}
    for name, value in values.items():
        if name == first:
            continue
        if (runs := steps.get(name)) is None:
            continue
        sizes = [1, *value.shape[1:]]
        parts = [] if runs is STILL else [{"axes": [len(sizes) - 1], "index": runs}]
        said["steps"][name] = {"open": True} if runs == "open" else {"shape": sizes, "batch": [0, 1], "parts": parts}
    found |= {"outputs": list(program.graph_signature.user_outputs), "fingerprint": checker.fingerprint(model)}
    assert refused(found | {"seal": seal(found)}, model, program) is not None


def test_motions_of_the_file_itself_are_told_apart(proved):
    model, certificate = proved
    still = json.loads(json.dumps(certificate | {"named": False}))
    assert "that the file states" in verify(still | {"seal": seal(still)}, model)[0]
    for g in still["generators"]:
        for step in g["steps"].values():
            step["parts"] = []
    assert "no input moves" in str(refused(still | {"seal": seal(still)}, model))


def test_the_place_of_an_extreme_along_an_axis_that_stays():
    class Place(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.argmax(1)

    report = prove(Place(), input_shape=(3, 5, 5), group="p4")
    assert verify(report.certificate(), Place())
