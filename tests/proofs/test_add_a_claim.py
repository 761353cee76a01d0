"""The page for newcomers does what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from invariance.cli import main
from invariance_proofs import verify
from invariance_proofs.ledger import DuplicateStatementError, NoStatementError, in_file, in_package, select
from invariance_proofs.statement import Grade, Verdict

PAGE = (Path(__file__).parents[2] / "docs" / "add_a_claim.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(from .*?)```", PAGE, re.DOTALL)[0]
RECORDED = "grade=Grade.LISTED"


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    file = tmp_path / "claims.py"
    file.write_text(CODE)
    return file


def status(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["invariance", "verify", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_first_run(claims: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(monkeypatch, "--file", claims) == 1
    said = "pooling.shift: PROVED, listed sizes only; recorded is PROVED, decided. one route"
    assert said in PAGE
    assert said in capsys.readouterr().out


def test_recorded(claims: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert RECORDED in PAGE
    text = CODE.replace("    verdict=Verdict.PROVED,\n", f"    verdict=Verdict.PROVED,\n    {RECORDED},\n")
    claims.write_text(text.replace("    Hypothesis,\n", "    Grade,\n    Hypothesis,\n", 1))
    assert status(monkeypatch, "--file", claims) == 0
    assert "1 entry, all as recorded" in capsys.readouterr().out
    (entry,) = verify(in_file(claims), jobs=2)
    assert (entry.verdict, entry.grade, entry.sizes) == (Verdict.PROVED, Grade.LISTED, "n = 2, 4, 6, 8")


def test_it_can_fail(claims: Path) -> None:
    body = re.search(r"(def commutes.*?Evidence:\n)(.*?)\n\n\n", CODE, re.DOTALL)
    assert body
    claims.write_text(CODE.replace(body[2], '    return Evidence(True, "yes")'))
    (entry,) = verify(in_file(claims))
    assert entry.reason == "control came out wrong: mutant shift = 1 [rows of 0 and 1] holds, yes"
    assert entry.reason in PAGE


def test_bad_files_and_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, empty = tmp_path / "broken.py", tmp_path / "empty.py"
    broken.write_text("1 / 0")
    empty.write_text("x = 1")
    for file, why in ((broken, "ZeroDivisionError"), (empty, r"no Statement\(")):
        with pytest.raises(NoStatementError, match=why):
            in_file(file)
        assert status(monkeypatch, "--file", file) == 2
    with pytest.raises(NoStatementError, match="cannot be imported"):
        in_package("no_such_package_of_claims")
    with pytest.raises(NoStatementError, match="no module of it"):
        in_package("invariance_proofs.routes")


def test_a_package_and_the_long_form_of_an_id() -> None:
    statements = in_package("invariance_proofs.gcnn")
    assert {said.paper.key for said in statements} == {"gcnn"}
    (said,) = select("gcnn:G8.literal")
    assert said in statements
    assert select("gcnn") == statements


def test_a_missing_tool_is_status_three(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("invariance_proofs.routes.smt.find_spec", lambda name: None)
    assert status(monkeypatch, "--only", "diffcnn:C4.c") == 3
    assert "z3 did not run (pip install 'invariance-toolkit[smt]')" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"]])
def test_no_proofs_are_imported_without_need(arguments: list[str]) -> None:
    code = (
        "import atexit, sys; from invariance.cli import main; ours = lambda m: m.startswith('invariance_proofs'); "
        "atexit.register(lambda: print(*filter(ours, sys.modules), file=sys.stderr)); "
        f"sys.argv = ['invariance', *{arguments!r}]; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stderr.strip()


def test_a_folder_of_the_users_does_not_shadow_the_proofs(tmp_path: Path) -> None:
    (tmp_path / "proofs").mkdir()
    (tmp_path / "proofs" / "__init__.py").write_text("raise ImportError('the user's own')")
    code = "from invariance_proofs.ledger import select; print(select('T2.d')[0].key)"
    path = f"{tmp_path}:{Path(__file__).parents[2]}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": path}
    )
    assert done.stdout == "diffcnn:T2.d\n"


HELPED = "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom my_helper import NAME\n"
LAYER = "\n\n@dataclass(frozen=True)\nclass Layer:\n    k: int = 2\n"


def test_a_file_has_dataclasses_and_what_lies_beside_it(claims: Path) -> None:
    claims.with_name("my_helper.py").write_text("NAME = 1")
    claims.write_text(HELPED + CODE + LAYER)
    (said,) = in_file(claims)
    assert said.id == "pooling.shift"


def test_a_package_lies_in_the_working_folder(claims: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = claims.parent / "claims_of_mine"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "one.py").write_text(CODE)
    monkeypatch.chdir(claims.parent)
    (said,) = in_package("claims_of_mine")
    assert said.id == "pooling.shift"


@pytest.mark.parametrize("name", ["out.md", "out/folklore.md"])
def test_no_page_of_the_users_is_overwritten(claims: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    mine = claims.parent / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("# My own page\n")
    assert status(monkeypatch, "--file", claims, "--markdown", claims.parent / "out.md") == 2
    assert mine.read_text() == "# My own page\n"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"folklore",', '"../folklore",', "key"),
        ("routes=(Route(", "routes=Route(", "tuple is wanted"),
        ("Method.EXHAUSTIVE", '"exhaustive"', "Method is wanted"),
        ("verdict=Verdict.PROVED", 'verdict="PROVED"', "Verdict is wanted"),
        ('summary="', 'summary="two\\n', "one line is wanted"),
    ],
)
def test_wrong_kinds_are_one_line(
    claims: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], old: str, new: str, why: str
) -> None:
    assert CODE.count(old) == 1
    text = CODE.replace(old, new)
    claims.write_text(text.replace('over="n"),),', 'over="n"),') if old.startswith("routes") else text)
    assert status(monkeypatch, "--file", claims) == 2
    said = capsys.readouterr().err.strip()
    assert why in said
    assert "\n" not in said


def test_two_papers_of_one_key(claims: Path) -> None:
    again = 'OTHER = replace(POOLING, id="again", paper=replace(PAPER, name="Another"))\n'
    claims.write_text(f"from dataclasses import replace\n{CODE}{again}")
    with pytest.raises(DuplicateStatementError, match="the key of two papers"):
        in_file(claims)


def test_no_file_is_called_minus(claims: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(claims.parent)
    assert status(monkeypatch, "--file", claims, "--json", "-") == 2
    assert not Path("-").exists()
