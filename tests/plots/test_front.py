"""The front of accuracy against invariance."""

import numpy as np
import pytest

from invariance.plots import plot_front


def test_the_front_goes_through_what_is_joined():
    rows = [
        {"name": "surface", "clean": 0.4, "errors": [0.1, 0.2], "carried": [1e-7, 1e-7], "joined": True},
        {"name": "surface-2", "clean": 0.5, "errors": [0.3, 0.2], "carried": [], "joined": True},
        {"name": "cnn", "clean": 0.8, "errors": [0.4, 0.5], "carried": [], "joined": False},
    ]
    ax = plot_front(rows, title="front")
    joined = ax.get_lines()[-1]
    assert np.asarray(joined.get_xdata()) == pytest.approx([0.15, 0.25])
    assert np.asarray(joined.get_ydata()) == pytest.approx([40, 50])
    assert [text.get_text() for text in ax.texts] == ["cnn", "surface-2", "surface"]
