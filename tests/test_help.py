"""Help: short lists under headings, in words that name what can be typed, and without waiting for torch."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from invariance.checking.question import CHECKED_GROUPS
from invariance.cli.commands import COMMANDS, cli
from invariance.cli.parameters import GROUP_NAMES, WARP_NAMES
from invariance.warps import MOTIONS, WARP_FAMILIES

LONGEST = 14
"""Options under one heading; `--help` itself, and where an error is from, come with the rest."""


def help_of(*command: str) -> str:
    return CliRunner().invoke(cli, [*command, "--help"]).output


def sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    title = ""
    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            title = line.removesuffix(":")
        elif title and line.startswith("  -"):
            found.setdefault(title, []).append(line)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_told_once_and_no_list_is_long(name: str):
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    told = sections(help_of(name))
    assert max(map(len, told.values())) <= LONGEST
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert all(option.help for option in options)
    assert sum(map(len, told.values())) == len(options) + 1  # --help


def test_commands_are_told_whole():
    text = help_of()
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert "..." not in text.partition("Of a network")[2]


def test_the_words_for_groups_and_warps_are_the_names_there_are():
    assert GROUP_NAMES.split(", ") == list(CHECKED_GROUPS)
    assert WARP_NAMES.split(", ") == [*WARP_FAMILIES, *MOTIONS]


def test_help_imports_no_torch():
    asked = "import sys; from invariance.cli.commands import cli; cli(['--help'], standalone_mode=False)"
    code = f"{asked}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_check_imports_what_it_needs():
    unasked = {"scipy", "matplotlib", "sympy", "hypothesis", "invariance.measure.blame", "invariance.measure.theory"}
    code = f"import sys; from invariance import check; sys.exit(bool({unasked!r} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
