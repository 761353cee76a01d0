"""Certificates against what they are defined to be, computed another way."""

import math

import torch

from invariance.warps import Projective, Smooth

MIRROR = Projective.affine(torch.tensor([[[-1.0, 0.0], [0.0, 1.0]]]).double())
SINGULAR = Projective.affine(torch.tensor([[[1.0, 1.0], [1.0, 1.0]]]).double())


def test_two_mirrors_preserve_the_orientation():
    assert int((MIRROR @ MIRROR).certificate().orientation) == 1


def test_two_folds_are_still_folds():
    assert not bool((SINGULAR @ SINGULAR).certificate().invertible)


def test_the_smooth_margin_is_that_of_the_largest_singular_value(generator: torch.Generator):
    warp = Smooth(0.02 * torch.randn(3, 2, 2, 2, generator=generator, dtype=torch.float64))
    axis = torch.linspace(-1, 1, 17, dtype=torch.float64)
    points = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1).flatten(0, 1)[None]
    gradient = warp.jacobian(points) - torch.eye(2, dtype=torch.float64)
    bound = torch.linalg.svdvals(gradient)[..., 0].amax(1) / math.cos(math.pi / 16) ** 2
    torch.testing.assert_close(warp.certificate().margin, (1 - bound) ** 2, rtol=1e-9, atol=0)
