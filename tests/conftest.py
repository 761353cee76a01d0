"""Profiles and fixtures that every test may use."""

import os
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not torch.cuda.is_available():
        for item in items:
            if "gpu" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs CUDA"))


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
