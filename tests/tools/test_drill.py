"""A fortieth of the drill; all of it is `python -m tools.drill`."""

import subprocess
import sys
from pathlib import Path

import pytest

from invariance.cli.commands import COMMANDS
from tools.drill.page import page


@pytest.mark.bad_input
def test_a_fortieth_of_the_drill_finds_nothing():
    """In a process of its own: the drill forks, and a torch that knows CUDA trains in no fork of a process that has."""
    drill = (sys.executable, "-m", "tools.drill", "--part", "40", "--seed", "1", "--no-page")
    done = subprocess.run(drill, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = [line.partition(" in ")[0] for line in done.stdout.splitlines()]
    assert counts == ["corrupt files: 30", "command lines: 20", "kills: 3"], done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_says_of_every_command_whose_code_it_runs(command: str):
    said = page([], 0).partition("## What runs code of others")[2].partition("## Limits")[0]
    assert f"`{command}" in said
