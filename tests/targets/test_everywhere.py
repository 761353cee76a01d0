"""Every kind of target in every command that takes one: libraries, saved programs, folders of trainings."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from experiments.training.synthetic import splits
from torch import nn

from invariance.cli import main
from invariance.experiments.fit import train
from invariance.experiments.options import TrainOptions


def means() -> nn.Module:
    """Invariant under p4, whatever its weights are."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4), nn.Tanh())


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """By kind; timm and torchvision are stand-ins, which make `means` for any name but one."""
    folder = tmp_path_factory.mktemp("targets")

    def make(name: str, **options: Any) -> nn.Module:
        if name == "resnet19":
            raise RuntimeError(f"Unknown model ({name})")
        assert options in ({"pretrained": False}, {"weights": None})
        return means()

    timm, vision, vision_models = (ModuleType(name) for name in ("timm", "torchvision", "torchvision.models"))
    timm.create_model = vision_models.get_model = make  # pyright: ignore[reportAttributeAccessIssue]
    vision.models = vision_models  # pyright: ignore[reportAttributeAccessIssue]
    shapes = ({0: torch.export.Dim("batch", min=1, max=64)},)
    torch.manual_seed(0)
    program = torch.export.export(means().eval(), (torch.ones(2, 3, 8, 8),), dynamic_shapes=shapes)
    torch.export.save(program, folder / "net.pt2")
    train(TrainOptions("cnn", "synthetic", epochs=1, width=2, batch=64), splits(64), folder / "run")
    with pytest.MonkeyPatch.context() as patch:
        for module in (timm, vision, vision_models):
            patch.setitem(sys.modules, module.__name__, module)
        yield {
            "timm": "timm:resnet18",
            "torchvision": "torchvision:resnet18",
            "a saved program": str(folder / "net.pt2"),
            "the folder of a training": str(folder / "run"),
        }


@pytest.fixture
def invariance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["invariance", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out + said.err

    return run


KINDS = ("timm", "torchvision", "a saved program", "the folder of a training")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # torch's own, of its programs
@pytest.mark.parametrize("kind", KINDS)
def test_every_command_takes_it(kind: str, targets: dict[str, str], invariance: Callable[..., tuple[int, str]]) -> None:
    target, trained = targets[kind], kind == "the folder of a training"
    size = "32" if trained else "8"
    question = (target, "--input", f"3,{size},{size}", "--group", "p2")
    status, said = invariance("check", *question, "--json", "check.json")
    assert status == (1 if trained else 0), said
    assert invariance("replay", "check.json", "--trust")[0] == status
    status, said = invariance("prove", *question, "--no-search")
    assert status == (3 if trained else 0), said
    assert trained or invariance("doctor", *question)[0] == 0
    status, said = invariance("profile", target, "--input", f"3,{size},{size}", "--json", "profile.json")
    assert status == 0, said
    lines = {(x["group"], x["claim"]): x["status"] for x in json.loads(Path("profile.json").read_text())["lines"]}
    assert lines["p2", "invariant"] == ("broken" if trained else "to rounding")
    warp = ("--warp", "rotation", "--scales", "180", "--images", "analytic", "--size", size)
    status, said = invariance("curve", "--output", "c.png", "--model", f"net={target}", *warp)
    assert status == 0, said
    error = json.loads(Path("c.json").read_text(encoding="utf-8"))["curves"][0]["difference"]
    assert (max(x for draw in error[0] for x in draw) > 1e-9) == trained
    status, said = invariance("table", "diffcnn", "--model", target)
    assert status == 2
    assert "for any other, type: invariance curve --model" in said or "--data" in said


@pytest.mark.bad_input
def test_what_a_library_does_not_make_is_said(
    targets: dict[str, str], invariance: Callable[..., tuple[int, str]]
) -> None:
    for name in ("timm", "torchvision"):
        status, said = invariance("check", f"{name}:resnet19", "--input", "3,8,8", "--group", "p4")
        assert status == 2
        assert f"TARGET = {name}:resnet19: a network that {name} makes" in said
