"""Renew what `make install` checks downloads against: `python -m tools.lock`, with --upgrade after newer versions.

`constraints.txt` pins a version of each package; `hashes.txt` has the SHA-256 of every file that the index has of these
versions, for any machine; `hashes-local.txt` of wheels of them in the folders of PIP_FIND_LINKS, as of a torch for CPUs
alone, which are preferred where these folders are: pip prefers what the index has a hash of.
`hashes-cuda.txt` has those of the libraries that the index's torch for Linux needs besides. uv, which resolves and asks
for hashes, is installed for the purpose: `pip install uv`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["main", "pins"]

ROOT = Path(__file__).parents[1]
KEPT = {"torch": "2.13.0"}
"""Not upgraded: a newer torch is to be had with the libraries of CUDA alone, of two gigabytes."""

ALONE = {"egnn-pytorch": "0.2.8", "escnn": "1.0.11", "torch-geometric": "2.8.1"}
"""Installed without what they depend on. escnn asks for lie-learn, whose newest wheel is built for NumPy 1, and for
py3nj, which wants a Fortran compiler; both serve its groups in three dimensions alone. egnn-pytorch asks for numba, and
torch-geometric for aiohttp, which their layers never import; what they do import is in the extra `subjects`."""


def pins(text: str) -> dict[str, str]:
    """Versions by normalised name."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upgrade", action="store_true", help="renew constraints.txt, too")
    if shutil.which("uv") is None:
        sys.exit("tools.lock: uv is needed: pip install uv")
    constraints = ROOT / "constraints.txt"
    if parser.parse_args(arguments).upgrade:
        wanted = "\n".join(["setuptools", *(f"{name}=={version}" for name, version in KEPT.items())])
        found = pins(_resolved("--extra", "dev", str(ROOT / "pyproject.toml"), more=wanted)) | ALONE
        lines = [f"{name}=={version}\n" for name, version in sorted(found.items()) if not _is_of_cuda(name)]
        constraints.write_text("".join(lines), encoding="utf-8")
    text = constraints.read_text(encoding="utf-8")
    hashed = _resolved("--no-deps", "--generate-hashes", more=text)
    (ROOT / "hashes.txt").write_text("".join(_blocks(hashed)), encoding="utf-8")
    (ROOT / "hashes-local.txt").write_text("".join(_local_wheels(text)), encoding="utf-8")
    torch = pins(text)["torch"]
    beneath = _resolved("--generate-hashes", "--python-platform", "x86_64-manylinux_2_28", more=f"torch=={torch}")
    blocks = [block for block in _blocks(beneath) if next(iter(pins(block))) not in pins(text)]
    (ROOT / "hashes-cuda.txt").write_text("".join(blocks), encoding="utf-8")


def _is_of_cuda(name: str) -> bool:
    return name.startswith(("nvidia-", "cuda-")) or name == "triton"


def _resolved(*options: str, more: str) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(more)
        file.flush()
        command = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-config", "--no-sources"]
        found = subprocess.run(
            [*command, "--python-version", "3.11", *options, file.name],
            capture_output=True,
            text=True,
            check=False,
            env={key: value for key, value in os.environ.items() if not key.startswith("UV_")},
        )
    if found.returncode:
        sys.exit(f"tools.lock: {found.stderr.strip()}")
    return found.stdout


def _blocks(text: str) -> list[str]:
    return re.findall(r"^\S.*\n(?:    --hash.*\n)+", text, re.MULTILINE)


def _local_wheels(text: str) -> Iterator[str]:
    folders = [Path(place) for place in os.environ.get("PIP_FIND_LINKS", "").split() if Path(place).is_dir()]
    for wheel in sorted(wheel for folder in folders for wheel in folder.glob("*.whl")):
        project, built = wheel.name.split("-")[:2]
        if pins(text).get(project.lower().replace("_", "-")) == built.partition("+")[0]:
            yield f"{project}=={built} \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


if __name__ == "__main__":
    main()
