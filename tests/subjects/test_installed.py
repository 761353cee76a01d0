"""What is skipped where a package is missing must not be missing where the tests are run for all."""

import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.lock import ALONE, pins

ROOT = Path(__file__).parents[2]


def test_the_development_extra_has_the_subjects():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (ours,) = (entry for entry in extras["dev"] if entry.startswith("invariance-toolkit["))
    assert "subjects" in ours.removeprefix("invariance-toolkit[").removesuffix("]").split(",")
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert all(f"{entry.partition('>=')[0]}==" in pinned for entry in extras["subjects"])


def test_what_comes_without_dependencies_is_pinned_and_installed_by_make():
    pinned = pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    assert ALONE.items() <= pinned.items()
    assert "--require-hashes --no-deps --requirement hashes.txt" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_pin_has_hashes_and_every_hash_is_of_a_pin():
    pinned, hashed = (pins((ROOT / name).read_text(encoding="utf-8")) for name in ("constraints.txt", "hashes.txt"))
    assert pinned == hashed
    blocks = (ROOT / "hashes.txt").read_text(encoding="utf-8").split("\n    --hash=sha256:")
    assert len(blocks) > len(pinned)


def test_everything_that_is_asked_for_is_pinned():
    """With --no-deps pip does not see what is missing."""
    pinned = pins((ROOT / "constraints.txt").read_text(encoding="utf-8")).keys()
    for name in pinned - ALONE.keys():
        try:
            needed = map(Requirement, metadata.requires(name) or ())
        except metadata.PackageNotFoundError:  # another version's dependency
            continue
        for requirement in needed:
            if (requirement.marker is None or requirement.marker.evaluate({"extra": ""})) and name != "torch":
                assert canonicalize_name(requirement.name) in pinned, f"{name} needs {requirement}"
