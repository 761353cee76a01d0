"""The kit for a card, with the CPU in its place."""

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from invariance.errors import ArgumentError, OutputError
from invariance.experiments.options import TrainOptions
from invariance.models import build_spec
from tools.gpu.command import PARTS, main
from tools.gpu.deadline import Deadline
from tools.gpu.figures import FIGURES, limits
from tools.gpu.kept import Kept, pack, unpack
from tools.gpu.machine import Machine
from tools.gpu.noise import write_noise
from tools.gpu.page import ROOT as KEPT
from tools.gpu.page import main as write_from_the_command_line
from tools.gpu.page import page, write_pages
from tools.gpu.tables import MADE, make_tables
from tools.gpu.trainings import KINDS, QUEUE, Training, _next, readable, run_queue
from tools.gpu.wheels import missing, told

DRY = Machine("cpu", "CPU")
ROOT = Path(__file__).parents[2]


def test_the_queue_has_the_papers_runs_once_each():
    names = [training.name for training in QUEUE]
    assert len(set(names)) == len(names)
    assert names[0] == "kan/cnn-0"
    assert sum(name.startswith("rotmnist/theirs/") for name in names) == 15
    assert sum(name.startswith("kan/") for name in names) == 30
    asked = {(t.model, tuple(sorted((k, str(v)) for k, v in t.options.items()))) for t in QUEUE}
    assert len(asked) == len(QUEUE)


def test_each_training_of_the_queue_can_be_asked_for():
    for training in QUEUE:
        given: Any = {name: value for name, value in training.options.items() if name not in ("dataset", "train_on")}
        TrainOptions(training.model, training.data, **given)
    for model in {training.model for training in QUEUE}:
        build_spec(model)


def test_the_whole_of_it_on_the_cpu(tmp_path: Path):
    out, work = tmp_path / "out", tmp_path / "work"
    assert main(["--dry", "--minutes", "10", "--out", str(out), "--work", str(work), "--note", "noise"]) == 0
    kept = {p: json.loads((out / f"{p}-cpu.json").read_text(encoding="utf-8"))["results"] for p in PARTS}
    assert kept["tests"]["all"]["passed"] > 0
    assert set(kept["figures"]) == set(FIGURES)
    assert {name: run["finished"] for name, run in kept["trainings"]["all"]["runs"].items()} == {
        training.name: True for training in KINDS
    }
    assert set(kept["tables"]["all"]["made"]) == {MADE[training.folder][1] for training in KINDS}
    for training in KINDS:
        record = json.loads((work / "runs" / training.name / "record.json").read_text(encoding="utf-8"))
        assert record["options"]["seed"] == training.options.get("seed", 0)
        assert {"code", "versions", "hardware"} <= set(record)
    (written,) = write_pages(out)
    assert "Failed" not in written.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["[]", '{"results": []}', "{"])
def test_a_page_of_something_else(text: str, monkeypatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "figures-cpu.json").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["page", str(tmp_path)])
    assert write_from_the_command_line() == 2
    assert capsys.readouterr().err.startswith(f"page: folder = {tmp_path}: results of `make gpu` are wanted")


def test_what_failed_is_tried_again_and_costs_nothing_of_the_rest(monkeypatch, tmp_path: Path, capsys):
    def broken(machine: Machine) -> dict[str, object]:
        raise RuntimeError("no such kernel")

    for name in list(FIGURES):
        monkeypatch.delitem(FIGURES, name)
    monkeypatch.setitem(FIGURES, "broken", broken)
    monkeypatch.setitem(FIGURES, "limits", limits)
    arguments = ["--dry", "--only", "figures", "--minutes", "1", "--out", str(tmp_path)]
    assert main(arguments) == 1
    kept = json.loads((tmp_path / "figures-cpu.json").read_text(encoding="utf-8"))
    assert kept["results"]["broken"] == {"failed": "RuntimeError: no such kernel"}
    assert kept["results"]["limits"]["copy_gb_per_s"] > 0
    assert {"card", "code", "versions", "cuda", "seed", "date"} <= set(kept["machine"])
    assert main(arguments) == 1
    again = capsys.readouterr().out.rpartition("CPU, torch")[2]
    assert "broken" in again
    assert "limits" not in again


def test_tests_that_are_cut_off_have_not_passed(tmp_path: Path):
    arguments = ["--dry", "--only", "tests", "--minutes", "0.0001", "--out", str(tmp_path)]
    assert [main(arguments) for _ in range(2)] == [1, 1]


def test_results_of_another_card_stay(tmp_path: Path):
    first = Kept(tmp_path, "x", DRY.about())
    first.add("a", {"b": 1})
    other = Kept(tmp_path, "x", DRY.about() | {"card": "NVIDIA H100 80GB HBM3"})
    assert not other.done("a")
    other.add("c", {"b": 2})
    assert Kept(tmp_path, "x", DRY.about()).done("a")
    assert (tmp_path / "x-nvidia-h100-80gb-hbm3.json").exists()


def test_a_dry_run_is_kept_apart(monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    for name in list(FIGURES):
        monkeypatch.delitem(FIGURES, name)
    assert main(["--dry", "--only", "figures"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["build"]


def test_a_data_set_that_is_not_there_costs_no_training(tmp_path: Path):
    write_noise(tmp_path)
    (tmp_path / "mnist" / "t10k-images-idx3-ubyte").unlink()
    left, unread = readable(QUEUE, tmp_path)
    assert {training.data for training in left} == {"cifar10"}
    assert "t10k-images-idx3-ubyte" in unread["rotmnist"]


@pytest.mark.parametrize(("option", "wanted"), [("--out", "a folder"), ("--work", "a folder"), ("--data", "images")])
def test_folders_that_cannot_be_used(option: str, wanted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["--dry", "--out", str(tmp_path / "out"), option, str(tmp_path / "file")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"gpu: {option} = ")
    assert wanted in said
    assert said.count("\n") == 1


def test_a_full_disk_is_told(monkeypatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def full(path: Path, content: object) -> None:
        raise OutputError("file", path, "a file that can be written (No space left on device); nothing is lost")

    monkeypatch.setattr("tools.gpu.kept.write_json", full)
    assert main(["--dry", "--only", "figures", "--out", str(tmp_path)]) == 2
    assert "No space left" in capsys.readouterr().err


def test_told_to_end_it_stops_its_trainings_and_keeps_them(tmp_path: Path):
    line = [sys.executable, "-m", "tools.gpu", "--dry", "--only", "trainings"]
    line += [f"--out={tmp_path / 'out'}", f"--work={tmp_path / 'work'}"]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT, text=True)
    logs = tmp_path / "work" / "logs"
    while process.poll() is None and not (logs.exists() and len(list(logs.iterdir())) == len(KINDS)):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert (tmp_path / "out" / "trainings-cpu.json").exists()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            assert str(tmp_path).encode() not in (entry / "cmdline").read_bytes()


def test_runs_survive_being_packed(tmp_path: Path):
    runs = tmp_path / "runs" / "kan" / "cnn-0"
    runs.mkdir(parents=True)
    (runs / "state").write_bytes(b"x" * 1000)
    pack(tmp_path / "runs", tmp_path)
    unpack(tmp_path, tmp_path / "again")
    assert (tmp_path / "again" / "kan" / "cnn-0" / "state").read_bytes() == b"x" * 1000


def test_an_archive_that_is_cut_off_leaves_no_half_of_the_runs(tmp_path: Path):
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "state").write_bytes(b"x" * 30_000)
    (archive,) = pack(runs, tmp_path)
    archive.write_bytes(archive.read_bytes()[:12_000])
    with pytest.raises(ArgumentError, match=r"runs-0\.tar"):
        unpack(tmp_path, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_training_that_fails_is_told(tmp_path: Path):
    training = Training("one", "cnn", {"seed": 0})
    result = run_queue((training,), tmp_path, tmp_path / "runs", DRY, side=1, deadline=Deadline(60))
    assert "data_batch_1.bin: missing" in result["failed"]["one"]


def test_without_a_card_it_says_what_to_type(monkeypatch, tmp_path: Path, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["--out", str(tmp_path)]) == 2
    assert "make gpu DRY=1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"), [("--minutes", "0"), ("--minutes", "nan"), ("--minutes", "ten"), ("--side", "0")]
)
def test_options_out_of_range_are_refused(option: str, value: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as raised:
        main(["--dry", option, value])
    assert raised.value.code == 2
    assert f"{option}: {value}: a" in capsys.readouterr().err


def test_a_folder_of_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "figures-cpu.json").write_text("[1]", encoding="utf-8")
    assert main(["--dry", "--out", str(tmp_path)]) == 2
    assert "figures-cpu.json" in capsys.readouterr().err


def test_wheels_are_named_with_their_versions(monkeypatch):
    import tools.gpu.wheels as wheels

    monkeypatch.setattr(wheels, "_here", lambda name: name != "jaxtyping")
    assert missing("jaxtyping==0.3.11\nnumpy==2.4.6\n") == ["jaxtyping==0.3.11"]


def test_the_list_of_wheels_is_a_file_of_requirements():
    assert told([]).startswith("#")
    *comments, last = told(["click==8.5.1"]).splitlines()
    assert last == "click==8.5.1"
    assert any("pip download" in line for line in comments)
    assert all(line.startswith("#") for line in comments)


def test_each_page_is_that_of_the_figures_beside_it():
    figures = sorted(KEPT.glob("figures-*.json"))
    assert figures
    for path in figures:
        told = path.with_name(path.name.removeprefix("figures-")).with_suffix(".md")
        assert told.read_text(encoding="utf-8") == page(path)


def test_a_page_of_a_dry_run(monkeypatch, tmp_path: Path):
    def broken(machine: Machine) -> dict[str, object]:
        raise RuntimeError("no such kernel")

    for name in set(FIGURES) - {"limits", "stage"}:
        monkeypatch.delitem(FIGURES, name)
    monkeypatch.setitem(FIGURES, "broken", broken)
    assert main(["--dry", "--only", "figures", "--out", str(tmp_path)]) == 1
    (written,) = write_pages(tmp_path)
    said = written.read_text(encoding="utf-8")
    assert said.startswith("# On a card: CPU")
    assert "Failed: RuntimeError: no such kernel" in said
    assert "| both |" in said


def test_runs_that_are_done_are_packed_without_their_state(tmp_path: Path):
    for name, finished in (("done", True), ("begun", False)):
        run = tmp_path / "runs" / name
        run.mkdir(parents=True)
        (run / "state.safetensors").write_bytes(b"x")
        (run / "record.json").write_text(json.dumps({"finished": finished}), encoding="utf-8")
    pack(tmp_path / "runs", tmp_path / "gone" / "since")
    unpack(tmp_path / "gone" / "since", tmp_path / "again")
    assert not (tmp_path / "again" / "done" / "state.safetensors").exists()
    assert (tmp_path / "again" / "begun" / "state.safetensors").exists()


def test_narrow_trainings_find_places_that_wide_ones_do_not():
    wide = [training for training in QUEUE if training.wide][:8]
    narrow = [training for training in QUEUE if not training.wide][:8]
    assert _next(wide + narrow, wide[:4], 12) == wide[0]
    assert _next(wide + narrow, wide[:5], 12) == narrow[0]
    assert _next(wide, wide[:5], 12) is None
    assert _next(wide + narrow, wide[:5] + narrow[:7], 12) is None


def test_tables_that_cannot_be_made(tmp_path: Path):
    name, data = "rotmnist/theirs/p4cnn-0", write_noise(tmp_path)
    given = QUEUE, {name}, data, tmp_path / "none", tmp_path / "out", DRY
    assert make_tables(*given, deadline=Deadline(0.001))["waiting"] == ["rotmnist-authors"]
    gone = make_tables(*given, deadline=Deadline(60))
    assert "a folder of training runs" in gone["failed"]["rotmnist-authors"]


def test_each_training_of_the_queue_is_in_a_table():
    assert {training.folder for training in QUEUE} == set(MADE)


def test_an_earlier_deadline_ends_with_the_later_one():
    later = Deadline(100)
    earlier = later.less(99.5)
    assert 0 < earlier.left() <= 0.5
    earlier.end()
    assert later.left() == 0


def test_what_is_said_of_the_images_is_in_the_record(tmp_path: Path):
    line = QUEUE[0].command(tmp_path, tmp_path, DRY, "JPEG re-encoding")
    assert "--note=JPEG re-encoding" in line
    assert not any(word.startswith("--note") for word in QUEUE[0].command(tmp_path, tmp_path, DRY))
