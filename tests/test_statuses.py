"""Nothing but a verdict leaves with the status of one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from invariance import cli
from invariance.cli import commands
from invariance.errors import ArgumentError
from invariance.verdicts import BAD_INPUT, INTERRUPTED, OUR_FAULT


def status(monkeypatch: pytest.MonkeyPatch, error: BaseException | None, *arguments: str) -> int:
    @click.command()
    def check() -> None:
        if error is not None:
            exec(ours, {"error": error})

    ours = compile("raise error", str(Path(cli.__file__).with_name("check.py")), "exec")
    check.params.append(commands._TRACEBACK)
    monkeypatch.setitem(commands.cli.commands, "check", check)
    monkeypatch.setattr(type(commands.cli), "get_command", lambda self, ctx, name: self.commands.get(name))
    monkeypatch.setattr(sys, "argv", ["invariance", "check", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return int(stopped.value.code or 0)


class Mute(BaseException):
    """Its message cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no")


ERRORS = {
    "one without words": (Mute(), OUR_FAULT, "Mute: its message fails with RuntimeError"),
    "nothing": (None, 0, ""),
    "a user's": (ArgumentError("x", 1, "two"), BAD_INPUT, "invariance: x = 1: two"),
    "ours": (KeyError("x"), OUR_FAULT, "a fault of invariance, please report what --traceback shows: KeyError: 'x'"),
    "an assertion": (AssertionError(), OUR_FAULT, "AssertionError"),
    "sys.exit(0)": (SystemExit(0), BAD_INPUT, "os.exec (0)"),
    "sys.exit(1)": (SystemExit(1), BAD_INPUT, "os.exec (1)"),
    "memory": (MemoryError(), BAD_INPUT, "out of memory"),
    "torch's memory": (RuntimeError("DefaultCPUAllocator: can't allocate memory"), BAD_INPUT, "out of memory"),
    "a full disk": (OSError(28, "No space left on device"), BAD_INPUT, "No space left on device"),
    "Ctrl-C": (KeyboardInterrupt(), INTERRUPTED, ""),
}


@pytest.mark.parametrize(("error", "expected", "said"), ERRORS.values(), ids=ERRORS)
def test_every_exception_is_a_line_and_a_status(monkeypatch, capsys, error, expected: int, said: str):
    assert status(monkeypatch, error) == expected
    shown = capsys.readouterr().err
    assert said in shown
    assert len(shown.split("\n")) <= 2


def test_an_exception_of_a_user_s_code_is_theirs(monkeypatch, capsys, tmp_path: Path):
    """Also where it is raised in a library that their code calls."""
    code = "import json\nfrom torch import nn\nclass Net(nn.Module):\n def extra_repr(self): json.loads('{')\n"
    (tmp_path / "theirs.py").write_text(code + "def symmetry(): json.loads('{')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["invariance", "check", "theirs.py:Net", "--symmetry", "theirs.py:symmetry"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == BAD_INPUT
    assert "the code in theirs.py, line 5 fails: JSONDecodeError" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["--nonsense", "check nowhere.py:x --input 3,8,8 --group p4 --traceback", "groups"])
@pytest.mark.parametrize("where", ["2>/dev/full >/dev/full", "2>&1 | true"])
def test_what_cannot_be_said_changes_no_status(words: str, where: str):
    """On a full disk, or where nobody reads it, stderr fails as stdout does."""
    command = f"sleep 0.2; {sys.executable} -m invariance {words}"
    line = f"({command}) {where}; exit ${{PIPESTATUS[0]}}"
    folder = Path(__file__).parents[1]
    assert subprocess.run(["bash", "-c", line], check=False, cwd=folder).returncode in (BAD_INPUT, 141)


def test_the_traceback_is_shown_on_request(monkeypatch, capsys):
    assert status(monkeypatch, KeyError("x"), "--traceback") == OUR_FAULT
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_is_swallowed_counts_all_the_same(monkeypatch, capsys, number: int):
    class SwallowedError(Exception):
        pass

    @click.command()
    def check() -> None:
        try:
            os.kill(os.getpid(), number)
        except KeyboardInterrupt as error:
            raise SwallowedError from error

    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore
    before = signal.getsignal(number)
    monkeypatch.setattr(type(commands.cli), "get_command", lambda self, ctx, name: check)
    monkeypatch.setattr(sys, "argv", ["invariance", "check"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == INTERRUPTED
    assert capsys.readouterr().err == ""
    assert signal.getsignal(number) == before


SWALLOWED = """
try: SEND
except BaseException: pass
while True: time.sleep(0.1)
"""

ONE_CALL = """
import hashlib, threading
from pathlib import Path
from invariance.files import _beside
with _beside(Path("kept")):
    threading.Timer(0.1, lambda: SEND).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
"""
"""Minutes without a step of Python's own in between, as in a call of torch; a file is half written."""

INTERRUPTED_IN = {"raised in code from a string": "SEND", "swallowed": SWALLOWED, "in one long call": ONE_CALL}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("sent", INTERRUPTED_IN.values(), ids=INTERRUPTED_IN)
def test_an_interrupt_ends_the_command_with_its_status(tmp_path: Path, sent: str, number: int):
    """Also in code from a string, as of dataclasses: `python -m` ends by SIGINT then, whatever it exits with."""
    sent = sent.replace("SEND", f"os.kill(os.getpid(), {int(number)})")
    code = "import os, sys, time\nsys.argv[1:] = ['groups']\nimport click\nfrom invariance import cli\n"
    code += "cli.ending.PATIENCE = 0.5\n"
    code += f"cli._run = lambda asked: exec({sent!r})\ncli.main()\n"
    (tmp_path / "interrupted.py").write_text(code, encoding="utf-8")
    python = [sys.executable, "-c", "import signal, os, sys\nsignal.signal(2, signal.default_int_handler)\n"]
    python[-1] += "os.execv(sys.executable, [sys.executable, '-m', 'interrupted'])"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(Path(__file__).parents[1])))}
    ran = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert (ran.returncode, ran.stderr) == (INTERRUPTED, "")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".partial"] == []


LEFT_BEHIND = {
    "a thread that does not end": "__import__('threading').Thread(target=time.sleep, args=(1e6,)).start()",
    "a function for the exit": "__import__('atexit').register(lambda: sys.exit(1))",
    "a signal that comes late": "globals().update(late=Late())",
}


@pytest.mark.parametrize("left", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_what_a_model_leaves_behind_changes_no_status(left: str):
    """Nor does it hold the program up."""
    code = "import os, sys, time\nfrom invariance import cli\ncli.ending.PATIENCE = 0.2\n"
    code += "class Late:\n def __del__(self, end=os.kill, process=os.getpid()): end(process, 15)\n"
    code += f"cli._run = lambda asked: ({left}, 3)[1]\ncli.main()"
    folder = Path(__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=folder, check=False, timeout=60).returncode == 3


EXITS = {
    "while it is imported": ("exits.py:x", "SystemExit: 0"),
    "while it is built": ("nets.py:Built", "SystemExit: 1"),
    "while it runs": ("nets.py:runs", "os._exit or os.exec (1)"),
    "for good": ("nets.py:ends", "os._exit or os.exec (7)"),
    "for another program": ("nets.py:becomes", "os._exit or os.exec ('/bin/false')"),
}


def test_a_forked_process_ends_as_it_likes(monkeypatch):
    def fork(asked: dict[str, bool]) -> int:
        if (child := os.fork()) == 0:
            os._exit(7)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    monkeypatch.setattr(cli, "_run", fork)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 7


@pytest.mark.parametrize("command", ["check", "profile", "prove"])
@pytest.mark.parametrize(("target", "said"), EXITS.values(), ids=EXITS)
def test_a_model_that_calls_exit_has_no_verdict(monkeypatch, capsys, tmp_path: Path, command, target, said: str):
    (tmp_path / "exits.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    nets = "import os, sys\nfrom torch import nn\nclass Built(nn.Module):\n def __init__(self): sys.exit(1)\n"
    for name, end in (("runs", "sys.exit(1)"), ("ends", "os._exit(7)"), ("becomes", "os.execl('/bin/false', 'false')")):
        nets += f"class {name}(nn.Module):\n def forward(self, x): {end}\n"
    (tmp_path / "nets.py").write_text(nets, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    group = () if command == "profile" else ("--group", "p4")
    monkeypatch.setattr(sys, "argv", ["invariance", command, target, "--input", "3,8,8", *group])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == BAD_INPUT
    assert said in capsys.readouterr().err


def test_help_imports_neither_torch_nor_the_proofs():
    code = "import sys\nsys.argv = ['invariance', '--help']\nfrom invariance.cli import main\ntry: main()\nfinally: "
    code += "assert not {'torch', 'numpy', 'sympy', 'invariance_proofs'} & sys.modules.keys()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "Exit status" in run.stdout


def test_a_reader_that_stops_is_no_verdict(tmp_path: Path):
    command = f"{sys.executable} -m invariance --help | true; exit ${{PIPESTATUS[0]}}"
    assert subprocess.run(["bash", "-c", command], check=False, cwd=tmp_path).returncode in (0, 141)


def test_svg_has_the_same_bytes_again(tmp_path: Path):
    from invariance.plots import figure_of, save_figure
    from invariance.plots.style import axes

    for name in ("a.svg", "b.svg"):
        ax = axes(None)
        ax.plot([0, 1], [0, 1], marker="o")
        save_figure(figure_of(ax), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


HUNGRY = """
from torch import nn
class Hungry(nn.Module):
    def forward(self, x):
        if len(x) > LIMIT:
            raise MemoryError
        return x.mean((1, 2, 3))[:, None]
"""


@pytest.mark.parametrize("command", ["check", "profile", "doctor"])
def test_batches_become_smaller_where_memory_is_short(monkeypatch, capsys, tmp_path: Path, command: str):
    """First by the estimate, in bytes; then because the model takes more."""
    (tmp_path / "hungry.py").write_text(HUNGRY.replace("LIMIT", "3"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("invariance.cli.batches.available_memory", lambda: 4 * 8 * 48 * 6)
    group = () if command == "profile" else ("--group", "p4")
    monkeypatch.setattr(sys, "argv", ["invariance", command, "hungry.py:Hungry", "--input", "3,4,4", *group])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 0
    said = capsys.readouterr().err
    assert "--batch = 8: 6 instead, for want of memory" in said
    assert "--batch = 6: 3 instead" in said
    monkeypatch.setattr("invariance.memory.available_memory", lambda: 4 * 8 * 48)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == BAD_INPUT
    assert "--batch = 2 samples of 48 numbers: less" in capsys.readouterr().err
