"""A newcomer's first hour: two networks and a folder of pictures of one's own, from curves to a mended network."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from invariance.cli import main

NETS = """
import torch
from torch import nn

def symmetric(inputs, outputs, **options):
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, **options)
    conv.weight = nn.Parameter(sum(conv.weight.detach().rot90(k, (2, 3)) for k in range(4)) / 4)
    return conv

def head():
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 2)

def ours():
    return nn.Sequential(symmetric(3, 6, stride=2), nn.ReLU(), nn.Dropout(0.5), symmetric(6, 6), nn.ReLU(), *head())

def grey():
    return nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), *head())

def theirs():
    return nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), *head())
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with networks, and pictures in a folder for each class."""
    monkeypatch.chdir(tmp_path)
    Path("nets.py").write_text(NETS, encoding="utf-8")
    for label in ("dark", "light"):
        Path("pictures", label).mkdir(parents=True)
        for i in range(4):
            coarse = np.random.default_rng([i, label == "light"]).integers(0, 200, (5, 6, 3), dtype=np.uint8)
            picture = Image.fromarray(coarse + 55 * (label == "light")).resize((48, 40), Image.Resampling.BICUBIC)
            picture.save(Path("pictures", label, f"{i}.{'png' if i else 'jpg'}"))
    return tmp_path


@pytest.fixture
def invariance(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["invariance", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out + said.err

    return run


def test_the_first_hour(desk: Path, invariance):
    images = ("--images", "pictures", "--size", 16)
    both = ("--model", "ours=nets.py:ours", "--model", "theirs=nets.py:theirs", *images)
    curves = {
        "angle": ("--warp", "rotation", "--scales", "0,90,180,360"),
        "scale": ("--warp", "scale", "--scales", "0.5,2"),
        "smooth": ("--warp", "smooth", "--scales", "0.1", "--draws", 1),
    }
    for name, warp in curves.items():
        status, said = invariance("curve", "--output", f"{name}.png", *both, *warp)
        assert status == 0, said
    with Path("angle.csv").open(encoding="utf-8") as file:
        rows = {(row["label"], float(row["scale"])): row for row in csv.DictReader(file)}
    assert float(rows["theirs", 90]["error"]) > 0.01
    assert float(rows["theirs", 360]["error"]) < 1e-9
    assert float(rows["ours", 180]["consistency"]) <= 1
    assert rows["ours", 0]["accuracy"] == rows["ours", 360]["accuracy"]

    status, _ = invariance("plot", "angle.json", "angle.json", "--output", "again.pdf", "--measure", "error")
    assert status == 0
    assert Path("again.pdf").read_bytes().startswith(b"%PDF")
    status, said = invariance("plot", "angle.json", "scale.json", "--output", "no.svg")
    assert status == 2
    assert "FILE = scale.json: left out: it holds measurements of other warp than angle.json" in said
    first = next(Path("pictures").rglob("*.png"))
    mine = first.read_bytes()
    for name in (first, Path("mine.pdf")):
        name.write_bytes(mine if name == first else b"%PDF-1.4\n" + bytes(9000))
        status, said = invariance("plot", "angle.json", "--output", name)
        assert (status, "was not written by this command" in said) == (2, True)
    for name in ("again.pdf", "again.svg", "again.svg"):  # what it drew itself, it draws again
        assert invariance("plot", "angle.json", "--output", name, "--measure", "error")[0] == 0

    status, said = invariance("profile", "nets.py:theirs", "--input", "3,6,6", "--json", "profile.json")
    assert status == 0
    assert "broken" in said

    status, said = invariance("doctor", "nets.py:ours", "--input", "3,16,16", "--group", "p4", "--json", "doctor.json")
    assert status == 1
    assert said.splitlines()[0].startswith("cause: training mode")
    changes = [mend["change"] for mend in json.loads(Path("doctor.json").read_text(encoding="utf-8"))["mends"]]
    assert any("eval()" in change for change in changes)
    assert any("17×17" in change for change in changes)
    status, said = invariance("check", "nets.py:ours", "--input", "3,17,17", "--group", "p4", "--eval")
    assert status == 0, said


def test_the_same_in_python(desk: Path):
    from invariance import compare, diagnose, load, plot_comparison, save
    from invariance.plots import save_figure
    from invariance.targets import load_target

    nets = {name: load_target(f"nets.py:{name}") for name in ("ours", "theirs")}
    found = compare(nets, Path("pictures"), warp="rotation", scales=(90,), size=17, floor=False)
    assert float(found.value("ours")[0]) < 1e-5 < float(found.value("theirs")[0])
    save(found, "kept.json")
    save_figure(plot_comparison(load("kept.json")), Path("kept.png"))
    diagnosis = diagnose(nets["theirs"], input_shape=(3, 16, 16), group="p4")
    assert diagnosis.causes[0] == "filters"
    assert diagnosis.mended is not None
    assert diagnosis.mended.examined().holds


@pytest.mark.filterwarnings("ignore")
def test_a_training_is_watched_and_its_checkpoints_compared(desk: Path, invariance):
    lightning = pytest.importorskip("pytorch_lightning")
    from safetensors.torch import save_file

    from invariance.pictures import PictureFolder
    from invariance.targets import load_target
    from invariance.watching import LightningWatch

    folder = PictureFolder(Path("pictures"), 16)
    assert folder.labels is not None
    data = torch.utils.data.TensorDataset(folder[0:8].float(), folder.labels)

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = load_target("nets.py:theirs")

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x)

        def training_step(self, batch, index: int) -> torch.Tensor:
            return torch.nn.functional.cross_entropy(self(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=0.05)

    class Keeps(lightning.Callback):
        def on_train_epoch_end(self, trainer, pl_module) -> None:
            logged.append(float(trainer.callback_metrics["rotation 45/error"]))
            save_file(pl_module.net.state_dict(), f"epoch{trainer.current_epoch}.safetensors")

    logged: list[float] = []
    watch = LightningWatch(data.tensors[0], warp="rotation", scale=45, labels=data.tensors[1])
    trainer = lightning.Trainer(
        max_epochs=2, accelerator="cpu", callbacks=[watch, Keeps()], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=desk,
    )  # fmt: skip
    trainer.fit(Module(), torch.utils.data.DataLoader(data, batch_size=4))
    kept = ("epoch0.safetensors", "epoch1.safetensors")
    options = ("--warp", "rotation", "--scales", "45", "--images", "pictures", "--size", 16)
    status, said = invariance(
        "compare", *kept, "--of", "nets.py:theirs", *options, "--json", "kept.json", "--plot", "kept.png"
    )
    assert status == 0, said
    told = [float(line.split("error ")[1].split(" ")[0]) for line in said.splitlines()]
    assert told == pytest.approx(logged, rel=0.01)
    status, said = invariance("compare", *kept, "--of", "nets.py:ours", *options)
    assert status == 2
    assert "a checkpoint of this architecture" in said


MISTAKES = {
    "accuracy without labels": (["curve", "--output", "x.png", "--model", "a=nets.py:theirs", "--images", "images.npy",
                                 "--measure", "accuracy"], "--measure = accuracy: labels"),
    "a scale of nothing": (["curve", "--output", "x.png", "--model", "nets.py:theirs", "--images", "pictures", "--warp",
                            "scale", "--scales", "0,1"], "each above 0"),
    "measurements in another file's place": (["compare", "nets.py:theirs", "--json", "taken.json"], "taken.json is"),
    "a measure that is none": (["curve", "--output", "x.png", "--measure", "beauty"], "--measure = beauty"),
    "a file that is no measurement": (["plot", "nets.py", "--output", "x.png"], "FILE = nets.py"),
    "another file in its place": (["curve", "--output", "taken.png", "--model", "plain-cnn"], "taken.json"),
    "a checkpoint by itself": (["compare", "nets.py", "--of", "nets.py:ours"], "CHECKPOINT = nets.py"),
    "no label": (["curve", "--output", "x.png", "--model", "=nets.py:ours"], "--model"),
    "decibels of what stays": (["curve", "--output", "x.png", "--decibels", "2"], "--claim equivariant"),
    "an array of another kind": (["curve", "--output", "x.png", "--images", "torn.npy"], "--images = torn.npy"),
    "a question without a group": (["doctor", "nets.py:ours", "--input", "3,16,16"], "--group = None: a group such"),
    "a question without a shape": (["doctor", "nets.py:ours", "--group", "p4"], "--input = None: the shape"),
    "a shape of another kind": (["doctor", "nets.py:ours", "--input", "3,16", "--group", "p4"], "--input = (3, 16):"),
    "weights without their network": (["compare", "epoch.safetensors"], "--of = None: the network whose weights epoch"),
    "a network that is not there": (["curve", "--output", "x.png", "--model", "none.py:net"], "--model = none.py:net"),
    "a size at which warps fold": (["curve", "--output", "x.png", "--model", "nets.py:theirs", "--images", "images.npy",
                                    "--scales", "50"], "--scales = 50.0: a size at which warps do not fold"),
    "labels of another number": (["curve", "--output", "x.png", "--model", "nets.py:theirs", "--images", "images.npy",
                                  "--labels", "labels.npy"], "--labels = (3,): (4,), one for each image"),
}  # fmt: skip


P4 = "--input 3,9,9 --group p4"
TYPED = {
    "a command nearby": ("chek nets.py:ours", "No such command 'chek': did you mean check?; see `invariance --help`"),
    "a value with spaces": ("check nets.py:ours --input 3, 9, 9", "words with spaces in them are put in quotes"),
    "a shape with crosses": ("check nets.py:ours --input 3x9x9 --group p4", "commas, such as 3,33,33"),
    "a shape with its batch": ("check nets.py:ours --input 1,3,9,9 --group p4", "--input = (1, 3, 9, 9)"),
    "advice in options": ("check nets.py:ours --input 1,3,9,9 --group p4", "--fibre regular for (C, |H|"),
    "a batch, proved": ("prove nets.py:ours --input 1,3,9,9 --group p4", "it is --input 3,9,9"),
    "a batch, surveyed": ("profile nets.py:ours --input 1,3,9,9", "it is --input 3,9,9"),
    "a group that is none": ("check nets.py:ours --input 3,9,9 --group rot90", "--group = rot90"),
    "a claim that is none": (f"check nets.py:ours {P4} --claim same", "--claim = same"),
    "one picture in place of a folder": (
        f"check nets.py:ours {P4} --inputs pictures/dark/1.png",
        "--inputs = pictures/dark/1.png",
    ),
    "a file without a name": (f"check nets.py {P4}", "such as nets.py:symmetric, nets.py:"),
    "a name nearby": (f"check nets.py:Ours {P4}", "did you mean ours?"),
    "pickled weights": (f"check nets.py:ours@w.pt {P4}", "safetensors.torch.save_file("),
    "a pickled network": (f"check net.pth {P4}", "safetensors.torch.save_file("),
    "colours for a grey network": (
        "curve --output x.png --model nets.py:grey --images pictures --size 16",
        "takes one channel: --channels 1",
    ),
    "scales with colons": ("curve --output x.png --scales 0.1:0.5", "commas, such as 0.1,0.2"),
    "a warp nearby": (
        "curve --output x.png --model nets.py:ours --warp rotate --images pictures",
        "did you mean rotation?",
    ),
    "a claim of the ledger nearby": ("verify --only t2.d", "--only = t2.d: did you mean T2.d"),
    "a data set nearby": ("train cnn --dataset cifar --data . --out run", "--dataset = cifar: did you mean cifar10?"),
    "a table that is none": ("table one --data .", "NAME = one: one of diffcnn"),
    "no folder of photographs": ("report --images nowhere", "--images = nowhere"),
    "no pictures": ("curve --output x.png --images nowhere", "--images = nowhere: an existing folder"),
}
"""What is typed, and what is answered."""
MISTAKES |= {name: (line.split(), said) for name, (line, said) in TYPED.items()}


@pytest.mark.bad_input
@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_one_line(desk: Path, invariance, arguments: list[str], said: str):
    np.save("images.npy", np.random.default_rng(0).random((4, 3, 8, 8)))
    np.save("labels.npy", np.array([0, 1, 0]))
    Path("torn.npy").write_bytes(b"\x93NUMPY")
    Path("taken.json").write_text("{}", encoding="utf-8")
    status, told = invariance(*arguments)
    assert status == 2
    assert said in told
    assert len(told.strip().splitlines()) == 1
    written = {"images.npy", "labels.npy", "torn.npy", "taken.json", "nets.py", "pictures", "__pycache__"}
    assert {file.name for file in desk.iterdir()} <= written  # a mistake leaves nothing behind
