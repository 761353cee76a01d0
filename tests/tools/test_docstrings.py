"""Every public name says what it is."""

import subprocess
import sys
from pathlib import Path

from tools.docstrings import silent


def test_no_public_name_is_silent():
    """In a process of its own: where the tests watch types, importing every room takes four times as long."""
    asked = [sys.executable, "-m", "tools.docstrings"]
    ran = subprocess.run(asked, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.split()) == (0, []), ran.stderr


def test_a_silent_name_is_seen(monkeypatch):
    from invariance.sizes import Window

    monkeypatch.setattr(Window, "remainder", property(lambda self: 0))
    assert list(silent(["invariance.sizes"])) == ["invariance.sizes.Window.remainder"]
