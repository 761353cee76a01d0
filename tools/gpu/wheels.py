"""`make gpu-wheels`: what a machine without a network lacks, as names with versions to be carried along."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = ("safetensors", "pytest", "hypothesis", "jaxtyping", "beartype")  # beyond what the library itself asks for


def missing(constraints: str) -> list[str]:
    """`name==version` of each package of the constraints that the kit needs and this machine has not.

    A package that is there in another version counts as there: the kit's tests say whether it will do.
    """
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", constraints, re.MULTILINE))
    asked = {_name(line) for line in _required("invariance-toolkit")} | set(EXTRAS)
    found: dict[str, str] = {}
    queue = sorted(asked - {"torch"})
    while queue:
        name = queue.pop()
        if name in found or _here(name):
            continue
        found[name] = pinned.get(name, "")
        queue += [_name(line) for line in _required(name)]
    return [f"{name}=={version}" if version else name for name, version in sorted(found.items())]


def _required(name: str) -> list[str]:
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        lines = _declared() if name == "invariance-toolkit" else []
    return [line for line in lines if "extra ==" not in line]


def _declared() -> list[str]:
    import tomllib

    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]


def _name(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match is not None
    return match[0].lower().replace("_", "-")


def _here(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def missing_here() -> list[str]:
    """`missing` by the versions that the project is tested with."""
    return missing((ROOT / "constraints.txt").read_text(encoding="utf-8"))


def told(lacking: list[str]) -> str:
    """A file of requirements that says what to do with it.

    What these packages ask for in turn is not known where they are not installed; pip finds it out.
    """
    if not lacking:
        return "# nothing is missing: make gpu"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return "\n".join(
        (
            "# kept as wheels.txt; with a network, then without one:",
            f"#   pip download --dest wheels --python-version {python} --only-binary :all: --requirement wheels.txt",
            "#   pip install --no-index --find-links wheels --requirement wheels.txt",
            *lacking,
        )
    )


if __name__ == "__main__":
    print(told(missing_here()))
