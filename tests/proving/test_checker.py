"""The checker verifies what is proved, refuses what was altered, and shares no code with the prover."""

import ast
import json
import random
from pathlib import Path

import pytest
import torch
from torch import nn

from invariance.cli import main
from invariance.proving import checker, prove
from invariance.proving.checker import RefusedError, seal, verify
from tools.prove_study import families  # noqa: F401  (they enter themselves in the list)
from tools.prove_study.altered import altered, refused, same
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
    model, certificate = proved
    for seed in range(3):
        changed, path = altered(certificate, random.Random(seed), sealed=False)
        assert refused(changed, model), path
    for seed in range(6):
        changed, path = altered(certificate, random.Random(seed), sealed=True)
        assert refused(changed, model) or same(changed, certificate), path


def test_a_motion_that_is_not_that_of_the_weights(proved):
    model, certificate = proved
    step = next(s for s in certificate["generators"][0]["steps"].values() if s["shape"] == [1, 4, 5, 5])
    wrong = json.loads(json.dumps(certificate))
    for found in wrong["generators"][0]["steps"].values():
        if found == step:
            found["tables"]["1"] = [[3, -1, 4]]  # channels the other way round: the biases differ
    said = refused(wrong | {"seal": seal(wrong)}, model)
    assert said is not None
    assert "bias" in said


def test_the_part_is_named(proved):
    model, certificate = proved
    for change, part in (
        ({"fingerprint": "0"}, "fingerprint"),
        ({"format": "other"}, "format"),
        ({"group": "p4"}, "group"),
        ({"group": "flips"}, "motion of flips"),
        ({"torch": "1.0"}, "seal"),
        ({"generators": []}, "generators"),
    ):
        with pytest.raises(RefusedError, match=part):
            verify(certificate | change, model)
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
    assert "filters" in said


def test_the_checker_knows_nothing_of_the_prover():
    files = sorted(Path(checker.__file__).parent.glob("*.py"))
    own = {f.stem for f in files}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert node.level == 1
                assert node.module in own
            elif isinstance(node, ast.ImportFrom | ast.Import):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
                assert all(not name.startswith("invariance") for name in names)


def test_on_the_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def run(*arguments: str) -> object:
        monkeypatch.setattr("sys.argv", ["invariance", "prove", "invariance.models:P4CNN", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        return stopped.value.code

    file = str(tmp_path / "proof.json")
    assert run("--input", "1,28,28", "--group", "p4", "--certificate", file) == 0
    assert run("--verify", file) == 0
    assert run("--verify", file, "--seed", "1") == 2
