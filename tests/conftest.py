"""Profiles and fixtures that every test may use."""

import os
import resource
import sys
from collections.abc import Iterator

import jaxtyping
import pytest
import torch
from hypothesis import Phase, settings

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("nightly", deadline=None, max_examples=2000)
settings.register_profile("unshrunk", settings.get_profile("ci"), phases=[Phase.explicit, Phase.generate])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def _unchecked_bad_input(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests of bad input want the library's own error, not that of the run-time shape checker."""
    unchecked = request.node.get_closest_marker("bad_input") is not None
    jaxtyping.config.update("jaxtyping_disable", unchecked)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(autouse=True)
def _memory_as_before() -> Iterator[None]:
    """A command bounds the memory of its process, which here goes on."""
    limit = resource.getrlimit(resource.RLIMIT_DATA)
    yield
    resource.setrlimit(resource.RLIMIT_DATA, limit)


@pytest.fixture(autouse=True)
def _proofs_where_asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of tests check small networks; a proof that nobody asked for takes an export each."""
    proof = sys.modules.get("invariance.checking.proof")
    if proof is not None and request.node.get_closest_marker("unasked") is None:
        monkeypatch.setattr(proof, "ENTRIES", 0)


LONG = (
    *("test_report.py", "test_drill.py", "test_allcnn.py", "test_sweep.py", "test_distributed.py"),
    *("test_your_own_layer.md", "results.md"),
)
"""Files of few tests that take long: begun first, so that no process waits for them in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (item.path.suffix != ".ipynb", item.path.name not in LONG))


@pytest.fixture
def card() -> str:
    """The device of the tests marked `gpu`: a card, or the CPU in its place, which runs the same code."""
    return "cuda" if torch.cuda.is_available() else "cpu"


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
