"""What a stranger installs: wheel and sdist, in an environment that knows nothing of this folder."""

import os
import runpy
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import invariance
from tools.typed import USER, mistakes

ROOT = Path(__file__).parents[1]


def run(*command: object, cwd: Path, **more: str) -> str:
    env = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ} | {"OMP_NUM_THREADS": "1"} | more
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from the sdist, as an index builds it."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    names = run("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines()
    for name in names:
        if name.startswith(("invariance", "proofs/", "pytest_invariance")) or "/" not in name:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_symlink():
                (source / name).symlink_to((ROOT / name).readlink())
            elif (ROOT / name).is_file():
                (source / name).write_bytes((ROOT / name).read_bytes())
    backend = "import sys, setuptools.build_meta as b; getattr(b, sys.argv[1])(sys.argv[2])"
    run(sys.executable, "-c", backend, "build_sdist", folder, cwd=source)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    run(sys.executable, "-c", backend, "build_wheel", folder, cwd=unpacked)
    return folder


@pytest.fixture(scope="module")
def python(built: Path) -> Path:
    """Of an environment that has the wheel, and what it depends on from here."""
    venv.create(built / "env", symlinks=True)
    (wheel,) = built.glob("*.whl")
    python = built / "env" / "bin" / "python"
    here = next(path for path in map(Path, sys.path) if (path / "torch" / "__init__.py").is_file())
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=built).strip())
    command = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps", wheel)
    run(*command, cwd=built)
    (site / "dependencies.pth").write_text(f"{here}\n", encoding="utf-8")
    return python


def test_the_wheel_has_everything_and_nothing_else(built: Path):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.partition("/")[0] for name in names} == {
        "invariance",
        "invariance_proofs",
        "pytest_invariance.py",
        f"invariance_toolkit-{invariance.__version__}.dist-info",
    }
    for package, folder in (("invariance", ROOT / "invariance"), ("invariance_proofs", ROOT / "proofs")):
        for file in folder.rglob("*"):
            if file.is_file() and file.suffix in (".py", ".pyi", ".typed", ".j2", ".json", ".txt", ".v", ".js", ".css"):
                assert f"{package}/{file.relative_to(folder)}" in names


def test_what_an_index_shows(built: Path):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        about = BytesParser().parsebytes(archive.read(name))
        assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())
    assert (about["Name"], about["Version"]) == ("invariance-toolkit", invariance.__version__)
    assert about["License-Expression"] == "BSD-3-Clause"
    assert about["Description-Content-Type"] == "text/markdown"
    text = str(about.get_payload())
    assert text.startswith("# invariance")
    assert "](docs/" not in text
    assert "](results/" not in text


def test_links_become_absolute_once_the_project_has_an_address():
    described = runpy.run_path(str(ROOT / "setup.py"))
    text = "![A](docs/a.png) and [b](b.md), [c](https://c.org), [d](#d)"
    assert described["description"](text, "https://x.org/y") == (
        "![A](https://x.org/y/raw/main/docs/a.png) and [b](https://x.org/y/blob/main/b.md), [c](https://c.org), [d](#d)"
    )
    assert described["description"](text, "") == " and b, [c](https://c.org), [d](#d)"
    assert described["addresses"]("https://x.org/y")["Issues"] == "https://x.org/y/issues"
    assert described["addresses"]("") == {}


def test_the_ten_lines_run_where_the_wheel_alone_is_installed(python: Path, tmp_path: Path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = readme.partition("## In ten lines\n\n```python\n")[2].partition("```")[0]
    lines = [line[4:] for line in example.splitlines() if line.startswith((">>> ", "... "))]
    lines += ["import invariance, invariance_proofs", "print(ladder.verdict, invariance.__file__)"]
    said = run(python, "-W", "ignore", "-c", "\n".join(lines), cwd=tmp_path)
    assert said.startswith("consistent ")
    assert str(python.parents[1]) in said
    assert (
        run(python, "-m", "invariance", "--version", cwd=tmp_path) == f"invariance, version {invariance.__version__}\n"
    )
    assert not list(tmp_path.iterdir())


def test_a_type_checker_sees_the_types_of_the_wheel(python: Path):
    """`make wheel-test` asks mypy, too, which takes long to read torch."""
    found = mistakes(sys.executable, "-m", "basedpyright", "--level", "error", "--pythonpath", str(python))
    assert found == [len(USER.splitlines())]


def test_the_sdist_has_the_sources_alone(built: Path):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "pyproject.toml", "setup.py"} <= names
    assert not [name for name in names if name.startswith("tests")]  # a part of them, which could not run


CONDA = {"fastjsonschema": "python-fastjsonschema", "matplotlib": "matplotlib-base", "torch": "pytorch"}
"""Names in conda-forge that are not those of PyPI."""


def test_the_conda_recipe_says_what_the_project_says():
    import yaml

    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    recipe = yaml.safe_load((ROOT / "packaging" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    project = about["project"]
    assert recipe["package"]["name"] == project["name"]
    assert recipe["context"]["version"] == invariance.__version__
    assert recipe["about"]["license"] == project["license"]
    assert recipe["about"]["summary"] == project["description"]
    (script,) = project["scripts"].items()
    assert recipe["build"]["python"]["entry_points"] == [" = ".join(script)]
    wanted = [Requirement(entry) for entry in project["dependencies"]]
    needed = {f"{CONDA.get(each.name, each.name)} {each.specifier}" for each in wanted}
    assert set(recipe["requirements"]["run"]) == needed | {f"python {project['requires-python']}"}
    (built_by,) = map(Requirement, about["build-system"]["requires"])
    assert f"{built_by.name} {built_by.specifier}" in recipe["requirements"]["host"]


def test_the_pages_of_the_package_agree():
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"version: {invariance.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {invariance.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert about["license"] == "BSD-3-Clause"
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("BSD 3-Clause License")
