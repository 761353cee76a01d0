"""The torch layers and the exact reference agree on integer inputs: equality, not closeness."""

from fractions import Fraction
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from invariance.groups import GROUPS as TORCH_GROUPS
from invariance.groups import P4 as TORCH_P4
from invariance.groups import SplitGroup
from invariance.layers.gconv import (
    CosetPool,
    GroupBatchNorm2d,
    GroupConv2d,
    GroupMaxPool2d,
    GroupPool,
    LiftingConv2d,
    Subsample,
)
from invariance.sizes import exact_sizes
from invariance_proofs.gcnn.functions import pool
from invariance_proofs.gcnn.g8_chain import ALL_CNN, offset
from invariance_proofs.gcnn.g11_norm import affine, standardise
from invariance_proofs.gcnn.layers import act, expanded, group_layer, lift, turn
from invariance_proofs.gcnn.motions import GROUPS
from invariance_proofs.gcnn.windows import Layer
from invariance_proofs.matrix import Matrix

PIXEL_GROUPS = [name for name in GROUPS if TORCH_GROUPS[name].permutes_pixels]
SIZES = [(k, s, p) for k, s, p in product((1, 2, 3, 4), (1, 2, 3), (0, 1, 2)) if (k, s, p) != (1, 1, 2)]


def integers(generator: torch.Generator, *shape: int) -> Tensor:
    """Small whole numbers: every sum of products of theirs is exact in float64."""
    return torch.randint(-9, 10, shape, generator=generator).double()


def exact(image: Tensor) -> Matrix:
    return Matrix.of([int(x) for x in row] for row in image.tolist())


def maps(features: Tensor) -> tuple[Matrix, ...]:
    """ "group h w" as one feature map of the reference."""
    return tuple(map(exact, features))


def tensor(images: tuple[Matrix, ...] | list[Matrix]) -> Tensor:
    return torch.tensor([[list(map(float, row)) for row in image.rows] for image in images], dtype=torch.float64)


@pytest.mark.parametrize("name", GROUPS)
def test_the_groups_are_the_same(name: str) -> None:
    group, motions = TORCH_GROUPS[name], GROUPS[name]
    assert group.matrices == tuple(((g.a, g.b), (g.c, g.d)) for g in motions)
    assert group.product == tuple(tuple(motions.index(g(h)) for h in motions) for g in motions)
    assert group.inverse == tuple(motions.index(~g) for g in motions)
    for i, g in enumerate(motions):
        assert group.homogeneous(i, (5, -2)) == g._replace(u=5, v=-2).matrix().rows


@pytest.mark.parametrize("name", PIXEL_GROUPS)
@pytest.mark.parametrize("shape", [(3, 3), (4, 4), (2, 5), (1, 1)])
def test_actions(name: str, shape: tuple[int, int], generator: torch.Generator) -> None:
    group, motions = TORCH_GROUPS[name], GROUPS[name]
    image, feature = integers(generator, *shape), integers(generator, group.order, *shape)
    for i, g in enumerate(motions):
        assert exact(group.act_on_plane(i, image)) == turn(g, exact(image))
        assert maps(group.act(i, feature)) == act(motions, g, maps(feature))


@pytest.mark.parametrize("name", PIXEL_GROUPS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_layers(name: str, size: tuple[int, int, int], generator: torch.Generator) -> None:
    """Two channels in, two out, images of 4×5 pixels; the export as a planar convolution too."""
    kernel, stride, padding = size
    group, motions = TORCH_GROUPS[name], GROUPS[name]
    lifting = LiftingConv2d(group, 2, 2, kernel, stride, padding, bias=False, dtype=torch.float64)
    lifting.weight.data = integers(generator, *lifting.weight_shape)
    images = integers(generator, 1, 2, 4, 5)
    with torch.no_grad():
        found, planar = lifting(images), lifting.to_conv2d()(images)
    for o in range(2):
        filters = [exact(lifting.weight[o, i, 0]) for i in range(2)]
        want = tensor(lift(motions, [exact(f) for f in images[0]], filters, stride, padding))
        assert torch.equal(found[0, o], want)
    assert torch.equal(planar, found.flatten(1, 2))

    layer = GroupConv2d(group, 2, 2, kernel, stride, padding, bias=False, dtype=torch.float64)
    layer.weight.data = integers(generator, *layer.weight_shape)
    features = integers(generator, 1, 2, group.order, 4, 5)
    with torch.no_grad():
        found, planar = layer(features), layer.to_conv2d()(features.flatten(1, 2))
    for o in range(2):
        filters = [maps(layer.weight[o, i]) for i in range(2)]
        want = tensor(group_layer(motions, [maps(f) for f in features[0]], filters, stride, padding))
        assert torch.equal(found[0, o], want)
    assert torch.equal(planar, found.flatten(1, 2))


@pytest.mark.parametrize("name", PIXEL_GROUPS)
def test_filter_banks(name: str, generator: torch.Generator) -> None:
    group, motions = TORCH_GROUPS[name], GROUPS[name]
    layer = GroupConv2d(group, 2, 1, 3, bias=False, dtype=torch.float64)
    layer.weight.data = integers(generator, *layer.weight_shape)
    rows = expanded(motions, [maps(layer.weight[0, i]) for i in range(2)])
    assert torch.equal(layer.filter_bank(), torch.stack([tensor(row) for row in rows]))


@pytest.mark.parametrize("name", PIXEL_GROUPS)
def test_pooling(name: str, generator: torch.Generator) -> None:
    """Group, coset and planar pooling, and subsampling, over every subgroup."""
    group, motions = TORCH_GROUPS[name], GROUPS[name]
    features = integers(generator, 1, 1, group.order, 4, 6)
    values = dict(zip(motions, features[0, 0], strict=True))
    for subgroup in group.subgroups():
        K = [motions[k] for k in subgroup]
        for reduce in ("max", "mean"):
            found = CosetPool(group, subgroup, reduce)(features)[0, 0]
            for coset, pooled in zip(group.left_cosets(subgroup), found, strict=True):
                for i, j in product(range(4), range(6)):
                    at = pool(lambda g, i=i, j=j: Fraction(int(values[g][i, j])), K, max if reduce == "max" else mean)
                    assert {Fraction(float(pooled[i, j]))} == {at(motions[g]) for g in coset}
        kept = Subsample(group, subgroup, 2)(features)[0, 0]
        assert torch.equal(kept, torch.stack([values[k][::2, ::2] for k in K]))
    whole = CosetPool(group, tuple(group.elements))(features)[:, :, 0]
    assert torch.equal(GroupPool(group)(features), whole)


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


@pytest.mark.parametrize("name", PIXEL_GROUPS)
def test_batch_norm(name: str) -> None:
    """Half of the values 9, half 3: mean 6, variance 9, and √(9 + ε) = 4 is exact; in evaluation √(57 + ε) = 8."""
    group = TORCH_GROUPS[name]
    batch = torch.tensor([9.0, 3.0], dtype=torch.float64).repeat(2 * group.order).view(2, 1, group.order, 1, 2)
    norm = GroupBatchNorm2d(group, 1, eps=7.0).double()
    norm.load_state_dict(norm.state_dict() | {"weight": torch.tensor([2.0]), "bias": torch.tensor([-1.0])})
    reference = [maps(sample[0]) for sample in batch]
    centred, spread = standardise(reference)
    N = 4 * group.order
    assert spread == 9 * N * N
    ones = [1] * group.order
    want = [tensor(affine(f, [Fraction(2, 4 * N) * x for x in ones], [-x for x in ones])) for f in centred]
    assert torch.equal(norm(batch)[:, 0], torch.stack(want))
    running = {"running_mean": torch.tensor([7.0]), "running_var": torch.tensor([57.0])}
    norm.load_state_dict(norm.state_dict() | running)
    scale, shift = Fraction(2, 8), Fraction(-2 * 7, 8) - 1
    want = [tensor(affine(f, [scale * x for x in ones], [shift * x for x in ones])) for f in reference]
    assert torch.equal(norm.eval()(batch)[:, 0], torch.stack(want))


def net(layers: tuple[Layer, ...], group: SplitGroup = TORCH_P4) -> nn.Sequential:
    first, *rest = layers
    return nn.Sequential(
        LiftingConv2d(group, 1, 1, first.k, first.s, first.p),
        *(GroupConv2d(group, 1, 1, layer.k, layer.s, layer.p) for layer in rest),
    )


@pytest.mark.parametrize(
    "layers",
    [ALL_CNN, (Layer(2, 2), Layer(3, 2, 1)), (Layer(4, 3, 1), Layer(1, 2)), (Layer(5, 3, 2),), (Layer(3), Layer(3))],
    ids=str,
)
def test_exact_sizes_are_those_of_offset_0(layers: tuple[Layer, ...]) -> None:
    sizes = range(12, 60)
    assert exact_sizes(net(layers), sizes) == [n for n in sizes if offset(layers, n) == 0]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_stride_condition_on_torch_layers(size: tuple[int, int, int], generator: torch.Generator) -> None:
    """Both ways: the torch layer commutes with turns of integer images exactly where the remainder is 0."""
    layer = Layer(*size)
    conv = LiftingConv2d(TORCH_P4, 1, 1, layer.k, layer.s, layer.p, bias=False, dtype=torch.float64)
    conv.weight.data = integers(generator, *conv.weight_shape)
    pools = [GroupMaxPool2d(layer.k, layer.s, layer.p)] if 2 * layer.p <= layer.k else []
    for n in range(4, 9):
        image, feature = integers(generator, 1, 1, n, n), integers(generator, 1, 1, 4, n, n)
        for module, x in ((conv, image), *((some, feature) for some in pools)):
            with torch.no_grad():
                left = module(TORCH_P4.act(1, x) if x.ndim == 5 else TORCH_P4.act_on_plane(1, x))
                right = TORCH_P4.act(1, module(x))
            assert torch.equal(left, right) == (layer.remainder(n) == 0)
