"""The kernel of a GPU against the same in torch, by Triton's interpreter where there is no card."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from layers.jacobian_networks import field

from invariance.layers import log_determinants as peer
from invariance.layers.log_determinants import log_determinants, orientation
from invariance.layers.normal import noise_of

pytest.importorskip("triton", reason="Triton is not installed")
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not (INTERPRETED or torch.cuda.is_available()), reason="neither a card nor TRITON_INTERPRET=1"),
]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("eps", [0.0, 0.1])
@pytest.mark.parametrize("cayley", [None, (0.0, 0.0, 0.0), (0.8, -1.1, 0.4)])
def test_the_kernel_agrees(cayley, eps, dtype):
    card = "cpu" if INTERPRETED else "cuda"
    jac = field(2, 4, 3, 2, 11, 13).to(dtype)
    jac[..., :3, :] = 0
    jac[:, 1, :, 1, 5] = 2 * jac[:, 1, :, 0, 5]
    a = None if cayley is None else torch.tensor(cayley, dtype=dtype)
    out, kept, signs = (
        part.cpu() for part in _kernels().fused(jac.to(card), None if a is None else a.to(card), eps, noise_of(dtype))
    )
    expected, expected_kept = log_determinants(jac, a, eps)
    assert torch.equal(kept, expected_kept)
    assert a is None or torch.equal(signs, orientation(jac, a))
    tolerance = 1e-11 if dtype == torch.float64 else 1e-3
    torch.testing.assert_close(out, expected, rtol=tolerance, atol=tolerance)


def _kernels() -> Any:
    """Without the checks of shapes that the tests' import puts around every function: Triton reads their source."""
    spec = importlib.util.spec_from_file_location("fused", Path(peer.__file__).with_name("fused.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
