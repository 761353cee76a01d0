"""A function in a process of its own."""

import os
import time

import pytest
import torch

from invariance.errors import ArgumentError
from invariance.report.aside import Aside, dealt
from invariance.report.measured import _a_core_left


def where() -> int:
    return os.getpid()


def refuses() -> None:
    raise ArgumentError("images", "none", "photographs")


def ends() -> None:
    os._exit(7)


def sleeps() -> None:
    time.sleep(600)


def test_it_runs_elsewhere():
    with Aside(where) as aside:
        assert aside.result() != os.getpid()


def test_what_it_raised_is_raised_here():
    with Aside(refuses) as aside, pytest.raises(ArgumentError, match="images = none: photographs"):
        aside.result()


def test_a_process_that_ends_is_told():
    with Aside(ends) as aside, pytest.raises(RuntimeError, match="the process of ends ended with status 7"):
        aside.result()


def test_what_nobody_waits_for_is_ended():
    with Aside(sleeps) as aside:
        process = aside._process
    assert not process.is_alive()


def test_what_is_waited_for_is_still_there():
    with Aside(where) as first, Aside(lambda: (first.wait(), first._answer.poll())[1]) as second:
        assert second.result()
        first.wait()
        assert first.result() not in (os.getpid(), None)


def test_what_ends_without_an_answer_is_not_waited_for():
    with Aside(ends) as aside:
        aside.wait()


def test_without_fork_it_runs_here(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    with Aside(where) as aside:
        assert aside.result() == os.getpid()


def test_what_is_dealt_is_had_once():
    words = tuple(map(str, range(200)))
    with dealt(words) as given:
        with Aside(lambda: list(given)) as aside:
            here = list(given)
            there = aside.result()
        assert sorted(here + there, key=int) == list(words)
        assert here == sorted(here, key=int)
        assert there == sorted(there, key=int)


def test_what_is_dealt_without_fork_is_had_here(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    with dealt("abc") as given, Aside(lambda: list(given)) as aside:
        assert next(given) == "a"
        assert aside.result() == ["b", "c"]
        assert list(given) == []


def test_torch_leaves_a_core_and_takes_it_back():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with _a_core_left():
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
