"""The long description and the addresses of the project, from the one place where its address is written down.

`pyproject.toml` has it as `repository` in `[tool.invariance]`. Links of README.md are relative, as in the repository;
an index has no files beside the text, so they become absolute there. While no address is known, pictures are left out
and links become their words.
"""

import re
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent


def description(text: str, repository: str) -> str:
    """`text` with links that hold anywhere."""

    def linked(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        if "://" in target or target.startswith("#"):
            return found[0]
        if not repository:
            return "" if picture else words
        return f"{picture}[{words}]({repository}/{'raw' if picture else 'blob'}/main/{target})"

    return re.sub(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", linked, text)


def addresses(repository: str) -> dict[str, str]:
    """What an index shows beside the text."""
    names = {"Source": "", "Issues": "/issues", "Changes": "/blob/main/CHANGELOG.md"}
    return {name: repository + path for name, path in names.items()} if repository else {}


if __name__ == "__main__":
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    address = about["tool"]["invariance"]["repository"].rstrip("/")
    setup(
        long_description=description((ROOT / "README.md").read_text(encoding="utf-8"), address),
        long_description_content_type="text/markdown",
        project_urls=addresses(address),
    )
