"""The allocator is told where there is one to tell, and nothing breaks where there is none."""

import ctypes
import sys

import pytest

from invariance.experiments.memory import keep_freed_memory


def test_the_c_library_is_told_what_to_keep(monkeypatch: pytest.MonkeyPatch):
    told: dict[int, int] = {}

    class Library:
        def __init__(self, name: None) -> None:
            pass

        def mallopt(self, option: int, value: int) -> int:
            told[option] = value
            return 1

    monkeypatch.setattr(ctypes, "CDLL", Library)
    monkeypatch.setattr(sys, "platform", "linux")
    assert keep_freed_memory()
    assert told == {-1: 2**31 - 1, -2: 2**28, -3: 2**31 - 1}


def test_other_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    monkeypatch.setattr(sys, "platform", "linux")
    assert not keep_freed_memory()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()
