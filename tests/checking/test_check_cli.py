"""`invariance check` and `replay` as a user types them: tables, files, exit statuses, one line for every mistake."""

import json
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from invariance.cli import main

NETS = """
import torch
from torch import nn
from invariance import P4, P4ConvP4, P4ConvZ2
from invariance.layers import GroupPool

class Good(nn.Sequential):
    def __init__(self):
        super().__init__(P4ConvZ2(3, 4, 3, padding=1), nn.ReLU(), GroupPool(P4))

class Strided(nn.Sequential):
    def __init__(self):
        super().__init__(P4ConvZ2(3, 4, 3, padding=1, stride=2), GroupPool(P4))

class Dropped(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3), nn.Dropout())

class Head(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(192, 2))

def constant(x):
    return torch.ones_like(x)

def pair(x):
    return x, x

def nothing(x):
    return x * float("nan")

def vector(x):
    return x.mean((-2, -1))
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["invariance", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def check(
    monkeypatch: pytest.MonkeyPatch, name: str, *options: object, group: str = "p4", size: str = "3,16,16"
) -> int:
    return run(monkeypatch, "check", f"nets.py:{name}", "--input", size, "--group", group, *options)


def test_layers_are_listed_and_drawn(monkeypatch, capsys, tmp_path):
    picture = tmp_path / "layers.png"
    assert check(monkeypatch, "Strided", "--claim", "equivariant", "--layers", "--plot", picture) == 1
    out = capsys.readouterr().out
    assert "0 (P4ConvZ2)" in out
    assert "broken" in out
    assert "p4 is broken first by 0 (P4ConvZ2): E = " in out
    assert picture.read_bytes()[1:4] == b"PNG"
    assert check(monkeypatch, "Good", "--claim", "equivariant", "--layers", group="translation") == 0
    assert "shift by (0, 1): no layer of 3 compared is off" in capsys.readouterr().out
    assert check(monkeypatch, "Good", "--claim", "equivariant", "--layers", "--sizes", "16", group="rotation") == 3
    assert "is broken first by 0 (P4ConvZ2)" in capsys.readouterr().out


def test_a_function_has_no_layers(monkeypatch, capsys):
    assert check(monkeypatch, "vector", "--layers") == 2
    assert "model = function: a module" in capsys.readouterr().err


def test_consistent_is_status_zero(monkeypatch, capsys):
    assert check(monkeypatch, "Good", "--claim", "equivariant") == 0
    out = capsys.readouterr().out
    assert "p4, equivariant: consistent" in out
    assert all(name in out for name in ("90°", "180°", "270°", "floor", "worst case"))


def test_violated_is_status_one_and_names_the_stride(monkeypatch, capsys):
    assert check(monkeypatch, "Strided", "--claim", "equivariant") == 1
    out = capsys.readouterr().out
    assert "exact at 15, 17; broken at 16: 0 (P4ConvZ2)" in out
    assert "simplest image: AnalyticImage.from_waves([[[(1, 0, 1.0, 0.0)]" in out
    assert check(monkeypatch, "Strided", "--claim", "equivariant", "--sizes", "15,17") == 0


def test_undefined_is_status_three(monkeypatch, capsys):
    assert check(monkeypatch, "constant", "--plot", "constant.png") == 3
    assert "constant, not equivariant" in capsys.readouterr().out
    assert Path("constant.png").is_file()


def test_measured_is_status_three(monkeypatch, capsys):
    options = ("--claim", "equivariant", "--sizes", "16,24,32,48,64", "--images", 3)
    assert check(monkeypatch, "Good", *options, group="rotation", size="3,32,32") == 3
    out = capsys.readouterr().out
    assert "measured, E = " in out
    assert "tolerance=" in out


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_report_is_replayed(monkeypatch, capsys, dtype: str):
    options = ("--claim", "equivariant", "--json", "r.json", "--plot", "r.svg", "--seed", 3, "--dtype", dtype)
    assert check(monkeypatch, "Strided", *options) == 1
    data = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert (data["target"], data["target_seed"], data["verdict"]) == ("nets.py:Strided", 3, "violated")
    assert "<svg" in Path("r.svg").read_text(encoding="utf-8")
    assert run(monkeypatch, "replay", "r.json") == 1
    assert capsys.readouterr().out.strip().endswith("as recorded, to the last bit")
    assert run(monkeypatch, "replay", "r.json", "--target", "nets.py:Good") == 0
    assert "other than recorded" in capsys.readouterr().out


def test_a_worst_case_is_replayed(monkeypatch, capsys):
    from invariance.testing import search_worst

    case = search_worst(nn.ReLU(), "shear", 20, input_shape=(3, 8, 8), claim="invariant").at("torch:relu")
    Path("w.json").write_text(case.to_json(), encoding="utf-8")
    assert run(monkeypatch, "replay", "w.json") == 2  # torch is not below the working directory
    assert "--trust" in capsys.readouterr().err
    assert run(monkeypatch, "replay", "w.json", "--trust") == 1
    said = capsys.readouterr()
    assert said.out.strip().endswith("as recorded, to the last bit")
    assert "imports torch:relu, from " in said.err


@pytest.mark.parametrize("what", ["folder", "file", "module"])
def test_code_elsewhere_is_not_run_unless_it_is_trusted(monkeypatch, tmp_path_factory, capsys, what: str):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    evil = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\nfrom torch.nn import ReLU"
    (elsewhere / "stranger.py").write_text(evil, encoding="utf-8")
    monkeypatch.syspath_prepend(str(elsewhere))
    assert check(monkeypatch, "Good", "--claim", "equivariant", "--json", "r.json") == 0
    data = json.loads(Path("r.json").read_text(encoding="utf-8"))
    names = {"folder": "stranger.py:ReLU", "file": f"{elsewhere}/stranger.py:ReLU", "module": "stranger:ReLU"}
    data |= {"target": names[what], "folder": str(elsewhere) if what == "folder" else ""}
    Path("r.json").write_text(json.dumps(data), encoding="utf-8")
    capsys.readouterr()
    assert run(monkeypatch, "replay", "r.json") == 2
    assert "--trust" in capsys.readouterr().err
    assert not (elsewhere / "ran").exists()
    assert run(monkeypatch, "replay", "r.json", "--trust") in (0, 1)
    assert (elsewhere / "ran").exists()


@pytest.mark.parametrize("named", [{"target": "none.pt2", "test": "{0}/stranger.py"}, {"target": "os:abort"}])
def test_neither_a_test_in_place_of_a_model_nor_what_has_no_file(monkeypatch, tmp_path_factory, capsys, named):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    evil = "from pathlib import Path\nPath(__file__).with_name('ran').touch()"
    (elsewhere / "stranger.py").write_text(evil, encoding="utf-8")
    assert check(monkeypatch, "Good", "--claim", "equivariant", "--json", "r.json") == 0
    data = json.loads(Path("r.json").read_text(encoding="utf-8"))
    data |= {name: value.format(elsewhere) for name, value in named.items()}
    Path("r.json").write_text(json.dumps(data), encoding="utf-8")
    assert run(monkeypatch, "replay", "r.json") == 2
    assert "--trust" in capsys.readouterr().err
    assert not (elsewhere / "ran").exists()


MISTAKES = {
    "target": (["check", "nets.py:Bad", "--input", "3,8,8", "--group", "p4"], "there is no Bad"),
    "import": (["check", "no.such:Net", "--input", "3,8,8", "--group", "p4"], "imports (ModuleNotFoundError"),
    "input": (["check", "nets.py:Good", "--input", "3,x,8", "--group", "p4"], "--input = 3,x,8"),
    "no input": (["check", "nets.py:Good", "--group", "p4"], "--input = None"),
    "group": (["check", "nets.py:Good", "--input", "3,8,8", "--group", "p5"], "group = p5"),
    "claim": (["check", "nets.py:Good", "--input", "3,8,8", "--group", "p4", "--claim", "nice"], "claim = nice"),
    "dtype": (["check", "nets.py:Good", "--input", "3,8,8", "--group", "p4", "--dtype", "int8"], "dtype = torch.int8"),
    "no dtype": (["check", "nets.py:Good", "--input", "3,8,8", "--group", "p4", "--dtype", "relu"], "--dtype = relu"),
    "device": (["check", "nets.py:Good", "--input", "3,8,8", "--group", "p4", "--device", "abacus"], "--device"),
    "plot": (["check", "nets.py:Good", "--input", "3,8,8", "--group", "p4", "--plot", "x.gif"], ".png or .svg"),
    "no folder": (
        ["check", "nets.py:Good", "--input", "3,8,8", "--group", "p4", "--json", "a/b.json"],
        "there is no a",
    ),
    "batch": (["check", "nets.py:Good", "--input", "3,8,8", "--group", "p4", "--batch", "0"], "batch = 0"),
    "size that is refused": (
        ["check", "nets.py:Head", "--input", "3,8,8", "--group", "rotation", "--sizes", "8,16,24,32"],
        "--input = (3, 16, 16): a shape and dtype that the model takes",
    ),
    "channels": (
        ["check", "nets.py:Good", "--input", "5,8,8", "--group", "p4"],
        "a shape and dtype that the model",
    ),
    "tuple": (["check", "nets.py:pair", "--input", "3,8,8", "--group", "p4"], "model(inputs) = tuple"),
    "NaN": (["check", "nets.py:nothing", "--input", "3,8,8", "--group", "p4"], "NaN or infinite in"),
    "dropout": (
        ["check", "nets.py:Dropped", "--input", "3,8,8", "--group", "p4"],
        "1 (Dropout) is on: ask again with --eval\n",
    ),
    "claim that does not fit": (
        ["check", "nets.py:vector", "--input", "3,8,8", "--group", "p4", "--claim", "equivariant"],
        "model(inputs).shape = (4, 3): (batch, channels, height, width)",
    ),
    "one sample at a time, twice": (
        ["check", "nets.py:vector", "--symmetry", "mine.py:it", "--unbatched"],
        "--symmetry = mine.py:it: given alone",
    ),
    "missing file": (["replay", "missing.json"], "missing.json"),
    "file of something else": (["replay", "nets.py"], "FILE = nets.py"),
}


OF_IMAGES = ["--inputs .", "--range 0,1", "--sizes 8,9", "--local", "--fibre regular", "--block 3", "--budget 5",
             "--border counted", "--input 3,8,8"]  # fmt: skip


@pytest.mark.bad_input
@pytest.mark.parametrize("option", OF_IMAGES)
def test_options_of_images_are_refused_beside_fields(monkeypatch, capsys, option: str):
    fields = ["--group", "O(3)", "--in", "points:4"]
    assert run(monkeypatch, "check", "nets.py:vector", *fields, *option.split()) == 2
    assert capsys.readouterr().err.startswith(f"invariance: {option.split()[0]} = ")


@pytest.mark.bad_input
@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_one_line_and_status_two(monkeypatch, capsys, arguments, said: str):
    assert run(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "content", ["{}", '{"kind": "song"}', '{"kind": "check", "rows": []}', '{"kind": "warp"}', "[]"]
)
def test_files_of_other_content_are_one_line(monkeypatch, capsys, content: str):
    Path("x.json").write_text(content, encoding="utf-8")
    assert run(monkeypatch, "replay", "x.json", *([] if "check" not in content else ["--target", "nets.py:Good"])) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_saved_program_is_checked(monkeypatch, capsys):
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)).eval()
    torch.export.save(torch.export.export(net, (torch.ones(1, 3, 8, 8),)), "net.pt2")
    for group, status in (("p4m", 0), ("colour-gain", 1)):
        assert run(monkeypatch, "check", "net.pt2", "--input", "3,8,8", "--group", group) == status
    assert "p4m, invariant: consistent" in capsys.readouterr().out


@pytest.mark.gpu
@pytest.mark.parametrize("group", ["rotation", "smooth", "translation", "colour-gain"])
def test_every_group_is_checked_on_the_gpu(monkeypatch, card: str, group: str):
    options = ("--claim", "equivariant", "--sizes", "16", "--json", "r.json", "--batch", 64)
    statuses = [check(monkeypatch, "Good", *options, "--device", device, group=group) for device in ("cpu", card)]
    assert statuses[0] == statuses[1]


@pytest.mark.gpu
def test_the_gpu_agrees_with_the_cpu(monkeypatch, card: str):
    for name, device in (("here", "cpu"), ("there", card)):
        options = ("--claim", "equivariant", "--device", device, "--json", f"{name}.json", "--batch", 64)
        assert check(monkeypatch, "Strided", *options) == 1
    first, second = (json.loads(Path(f"{d}.json").read_text(encoding="utf-8"))["rows"] for d in ("here", "there"))
    assert [row["error"] for row in first] == pytest.approx([row["error"] for row in second], rel=1e-9, abs=1e-12)


def test_small_motions_are_told_with_bandwidth_border_and_stability(monkeypatch, capsys):
    asked = ("check", "torch.nn:Flatten", "--group", "flip-lr", "--local", "--input")
    assert run(monkeypatch, *asked, "1,8,8") == 1
    told = capsys.readouterr().out
    assert {"bandwidth", "border", "stability"} <= {line.partition(":")[0] for line in told.splitlines()}
    assert run(monkeypatch, *asked, "1,8,6") == 2
    assert "--local = (1, 8, 6)" in capsys.readouterr().err
