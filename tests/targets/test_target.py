"""Where models are found: modules, files, exported programs; and what is said when they are not."""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import nn

from invariance.errors import ArgumentError, ArgumentTypeError, CheckpointError
from invariance.targets import load_target
from invariance.targets.symmetry import load_symmetry

SOURCE = """
from __future__ import annotations
from dataclasses import dataclass
import torch
from torch import nn
from beside import WIDTH

@dataclass
class Options:
    width: int = WIDTH

class Net(nn.Sequential):
    def __init__(self, width=WIDTH):
        super().__init__(nn.Conv2d(3, width, 3))

class Needy(nn.Module):
    def __init__(self, width):
        super().__init__()

class Holder:
    net = Net()

def build():
    from beside import WIDTH
    return Net(Options(WIDTH).width)

def function(x, power=2):
    return x ** power

def wrong():
    return 3

def broken():
    raise RuntimeError("out of luck")

number = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine_for_targets.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "beside.py").write_text("WIDTH = 4", encoding="utf-8")
    (tmp_path / "bad.py").write_text("import nothing_of_this_name", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["Net", "build", "Holder.net"])
@pytest.mark.parametrize("where", ["mine_for_targets.py", "mine_for_targets"])
def test_modules_are_found_and_built(folder: Path, where: str, name: str):
    model = load_target(f"{where}:{name}")
    assert isinstance(model, nn.Module)
    assert model(torch.ones(1, 3, 3, 3)).shape == (1, 4, 1, 1)


def test_functions_are_models(folder: Path):
    assert load_target("mine_for_targets.py:function")(torch.tensor(3.0)) == 9
    assert load_target("torch:relu") is torch.relu


def test_the_seed_is_that_of_the_parameters_and_of_nothing_else(folder: Path):
    before = torch.random.get_rng_state()
    nets = [load_target("mine_for_targets.py:Net", seed=seed) for seed in (1, 1, 2)]
    assert torch.equal(torch.random.get_rng_state(), before)
    first, second, third = (net.state_dict()["0.weight"] for net in nets if isinstance(net, nn.Module))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


MISTAKES = {
    "no colon": ("mine_for_targets", "file.py:name, package.module:name"),
    "no name": ("mine_for_targets.py:", "package.module:name"),
    "no module": ("nothing_of_this_name:x", "imports (ModuleNotFoundError"),
    "broken import": ("bad.py:x", "imports (ModuleNotFoundError: No module named 'nothing_of_this_name')"),
    "no file": ("missing.py:x", "there is no missing.py"),
    "no program": ("missing.pt2", "there is no missing.pt2"),
    "no such name": ("mine_for_targets.py:Nets", "there is no Nets"),
    "required arguments": ("mine_for_targets.py:Needy", "it has width"),
    "factory that fails": ("mine_for_targets.py:broken", "RuntimeError: out of luck"),
}


@pytest.mark.parametrize(("target", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(folder: Path, target: str, said: str):
    with pytest.raises(ArgumentError) as caught:
        load_target(target)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["number", "wrong"])
def test_what_is_not_callable_is_named(folder: Path, name: str):
    with pytest.raises(ArgumentTypeError, match="TARGET"):
        load_target(f"mine_for_targets.py:{name}")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)).eval()
    shapes = ({0: torch.export.Dim("batch", min=1, max=64)},)
    path = tmp_path_factory.mktemp("program") / "net.pt2"
    torch.export.save(torch.export.export(model, (torch.ones(2, 3, 8, 8),), dynamic_shapes=shapes), path)
    return path


def rewritten(program: Path, tmp_path: Path, change) -> Path:
    """The archive with the contents of some of its files changed."""
    path = tmp_path / "changed.pt2"
    with zipfile.ZipFile(program) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as copy:
        for name in source.namelist():
            copy.writestr(name, change(name, source.read(name)))
    return path


def test_programs_are_loaded(program: Path):
    model = load_target(str(program))
    assert model(torch.ones(3, 3, 8, 8)).shape == (3, 4, 1, 1)


def test_programs_for_one_size_of_batch_take_any(tmp_path: Path):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 2))
    program = torch.export.export(net, (torch.ones(2, 3, 3, 3),))
    torch.export.save(program, tmp_path / "net.pt2")
    model, x = load_target(str(tmp_path / "net.pt2")), torch.rand(5, 3, 3, 3)
    torch.testing.assert_close(model(x), net(x))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("torch.ops.aten.relu.default", "torch.os.system"),
        ("torch.ops.aten.relu.default", "math.sqrt"),
        ("Symbol('", "exec(chr(49)) + Symbol('"),
        ("Symbol('", "().__class__ + Symbol('"),
    ],
)
def test_programs_that_call_anything_else_are_refused(program: Path, tmp_path: Path, old: str, new: str):
    def change(name: str, content: bytes) -> bytes:
        assert "model.json" not in name or old.encode() in content
        return content.replace(old.encode(), new.encode()) if name.endswith("model.json") else content

    with pytest.raises(ArgumentError, match="tensors and torch operators only"):
        load_target(str(rewritten(program, tmp_path, change)))


class Intruder:
    def __reduce__(self):
        return os.mkdir, (os.environ["INTRUDER"],)


def test_pickles_are_not_run(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTRUDER", str(tmp_path / "intruder"))
    monkeypatch.delenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", raising=False)
    pickled = io.BytesIO()
    torch.save(Intruder(), pickled)

    def change(name: str, content: bytes) -> bytes:
        if name.endswith("weights_config.json"):
            data = json.loads(content)
            for entry in data["config"].values():
                entry["use_pickle"] = True
            return json.dumps(data).encode()
        return pickled.getvalue() if "/data/weights/weight_" in name or name.endswith("model.pt") else content

    with pytest.raises(ArgumentError, match="as a pickle, which would run code"):
        load_target(str(rewritten(program, tmp_path, change)))
    assert not (tmp_path / "intruder").exists()
    assert "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ


@pytest.mark.parametrize("content", [b"", b"not a zip"])
def test_other_files_are_no_programs(tmp_path: Path, content: bytes):
    (tmp_path / "x.pt2").write_bytes(content)
    with pytest.raises(ArgumentError, match=r"saved by torch\.export\.save"):
        load_target(str(tmp_path / "x.pt2"))


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (torch.zeros(2, 3, dtype=torch.int64), "0.weight of torch.float32, as in the network, not of torch.int64"),
        (torch.full((2, 3), 1e300, dtype=torch.float64), "0.weight is not"),  # finite as it is, but not in float32
        (torch.zeros(3, 2), r"0.weight is of shape \(3, 2\) in the file and of shape \(2, 3\)"),
        (torch.full((2, 3), 0.5, dtype=torch.float64), None),
    ],
)
def test_checkpoints_are_in_the_network_s_kind_of_number(folder: Path, weight: torch.Tensor, said: str | None):
    from safetensors.torch import save_file

    (folder / "linear.py").write_text("from torch import nn\nnet = nn.Sequential(nn.Linear(3, 2))\n", encoding="utf-8")
    save_file({"0.weight": weight, "0.bias": torch.zeros(2)}, folder / "w.safetensors")
    if said is None:
        loaded = load_target("linear.py:net@w.safetensors")
        assert torch.equal(loaded(torch.ones(1, 3)), torch.full((1, 2), 1.5))
        assert not cast(nn.Module, loaded).training
    else:
        with pytest.raises(CheckpointError, match=said):
            load_target("linear.py:net@w.safetensors")


@pytest.mark.parametrize(("source", "said"), [("mine_for_targets.py:function", "'x'"), ("builtins:iter", "'input'")])
def test_a_symmetry_is_made_by_a_function_of_nothing(folder: Path, source: str, said: str):
    with pytest.raises(ArgumentError, match=f"--symmetry = {source}: a function that is called with nothing.*{said}"):
        load_symmetry(source)


@pytest.mark.parametrize("source", ["mine_for_targets.py:Net", "mine_for_targets.py:Holder.net"])
def test_a_module_is_no_symmetry_and_is_not_called(folder: Path, source: str):
    with pytest.raises(ArgumentTypeError, match=f"--symmetry = {source}, Net: a Symmetry"):
        load_symmetry(source)
