"""The kit for a card, with the CPU in its place."""

import json
from pathlib import Path

import pytest

from tools.gpu.__main__ import main
from tools.gpu.figures import FIGURES, limits
from tools.gpu.kept import Kept, pack, unpack
from tools.gpu.machine import Machine
from tools.gpu.trainings import QUEUE, Training, run_queue
from tools.gpu.wheels import missing

DRY = Machine("cpu", "CPU")


def test_the_queue_has_the_papers_runs_once_each():
    names = [training.name for training in QUEUE]
    assert len(set(names)) == len(names)
    assert names[0] == "kan/cnn-0"
    assert sum(name.startswith("rotmnist/theirs-") for name in names) == 15
    assert sum(name.startswith("kan/") for name in names) == 30


def test_a_failed_figure_does_not_cost_the_others(monkeypatch, tmp_path: Path, capsys):
    def broken(machine: Machine) -> dict[str, object]:
        raise RuntimeError("no such kernel")

    for name in list(FIGURES):
        monkeypatch.delitem(FIGURES, name)
    monkeypatch.setitem(FIGURES, "broken", broken)
    monkeypatch.setitem(FIGURES, "limits", limits)
    arguments = ["--dry", "--only", "figures", "--minutes", "1", "--out", str(tmp_path)]
    assert main(arguments) == 1
    kept = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert kept["results"]["broken"] == {"failed": "RuntimeError: no such kernel"}
    assert kept["results"]["limits"]["copy_gb_per_s"] > 0
    assert kept["machine"]["card"] == "CPU"
    assert main(arguments) == 0  # what is kept is not measured again
    assert "limits" not in capsys.readouterr().out.rpartition("CPU, torch")[2]


def test_results_of_another_card_are_not_gone_on_with(tmp_path: Path):
    first = Kept(tmp_path / "x.json", DRY.about())
    first.add("a", {"b": 1})
    assert "a" in Kept(tmp_path / "x.json", DRY.about())
    assert "a" not in Kept(tmp_path / "x.json", DRY.about() | {"card": "another"})


def test_runs_survive_being_packed(tmp_path: Path):
    runs = tmp_path / "runs" / "kan" / "cnn-0"
    runs.mkdir(parents=True)
    (runs / "state").write_bytes(b"x" * 1000)
    pack(tmp_path / "runs", tmp_path)
    unpack(tmp_path, tmp_path / "again")
    assert (tmp_path / "again" / "kan" / "cnn-0" / "state").read_bytes() == b"x" * 1000


def test_a_training_that_fails_is_told(tmp_path: Path):
    training = Training("one", "cnn", {"seed": 0})
    result = run_queue((training,), tmp_path, tmp_path / "runs", DRY, side=1, until=float("inf"))
    assert "data_batch_1.bin: missing" in result["failed"]["one"]


def test_without_a_card_it_says_what_to_type(monkeypatch, tmp_path: Path, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["--out", str(tmp_path)]) == 2
    assert "make gpu DRY=1" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("--minutes", "0"), ("--minutes", "nan"), ("--side", "0")])
def test_options_out_of_range_are_refused(option: str, value: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as raised:
        main(["--dry", option, value])
    assert raised.value.code == 2
    assert option in capsys.readouterr().err


def test_a_folder_of_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "figures.json").write_text("[1]", encoding="utf-8")
    assert main(["--dry", "--out", str(tmp_path)]) == 2
    assert "figures.json" in capsys.readouterr().err


def test_wheels_are_named_with_their_versions(monkeypatch):
    import tools.gpu.wheels as wheels

    monkeypatch.setattr(wheels, "_here", lambda name: name != "jaxtyping")
    assert missing("jaxtyping==0.3.11\nnumpy==2.4.6\n") == ["jaxtyping==0.3.11"]
