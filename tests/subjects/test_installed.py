"""What is skipped where a package is missing must not be missing where the tests are run for all."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_development_extra_has_the_subjects():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (ours,) = (entry for entry in extras["dev"] if entry.startswith("invariance["))
    assert "subjects" in ours.removeprefix("invariance[").removesuffix("]").split(",")
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert all(f"{entry.partition('>=')[0]}==" in pinned for entry in extras["subjects"])


def test_what_comes_without_dependencies_is_pinned_and_installed_by_make():
    lines = (ROOT / "requirements-nodeps.txt").read_text(encoding="utf-8").splitlines()
    assert all("==" in line for line in lines if line and not line.startswith("#"))
    assert "--no-deps --requirement requirements-nodeps.txt" in (ROOT / "Makefile").read_text(encoding="utf-8")
