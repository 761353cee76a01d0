"""Every vertex moved for itself: the search that comes nearest to a certificate, and does not break it."""

import pytest
import torch
from certifying.subjects import network, pictures
from torch import Tensor

from invariance.certifying import bound_of, certified_radius, worst_vertices, worst_warp
from invariance.certifying.attack import Mesh, margin_of
from invariance.certifying.vertices import _areas, _triangles

SIZE = (10, 10)


@pytest.mark.parametrize("discretisation", ["quads", "triangles"])
def test_within_its_radius_no_image_changes_its_class(discretisation: str, generator: torch.Generator):
    """200 images and sharp windows, the vertices of each moved as far as its own radius allows: they come near, and the
    margin never falls below what was proved. Five times as far a third of the classes is lost: the search can."""
    net = network(generator, discretisation=discretisation, sharpness=1000.0)
    mesh = Mesh.of(pictures(200, generator), net)
    still = mesh.moved(mesh.vertices)
    radius, bound = certified_radius(net, still), bound_of(net, still)
    assert (radius > 0).all()
    margin, lowest = margin_of(bound.logits, bound.logits.argmax(1)), bound.lowest_margins(radius).amin(1)
    found = worst_vertices(net, mesh, SIZE, radius, steps=2, floor=lambda _: lowest)
    assert not found.changed.any()
    assert found.excess is not None
    assert found.excess <= 0
    assert (found.displacement <= radius).all()
    assert ((margin - found.margin) / margin).max() > 0.5
    assert worst_vertices(net, mesh, SIZE, 5 * radius, steps=2).changed.double().mean() > 0.3


def test_the_places_are_those_of_a_homeomorphism(generator: torch.Generator):
    """Far enough for folds: no triangle turns over, corners stay, and sides stay sides."""
    net = network(generator)
    mesh = Mesh.of(pictures(8, generator), net)
    found = worst_vertices(net, mesh, SIZE, torch.full((8,), 0.3, dtype=torch.float64), steps=3)
    assert (_areas(found.vertices, _triangles(SIZE)) > 0).all()

    def rim(places: Tensor) -> tuple[Tensor, Tensor]:
        x, y = places.unflatten(2, SIZE).unbind(1)
        return x[..., [0, -1]], y[..., [0, -1], :]

    for moved, rest in zip(rim(found.vertices), rim(mesh.vertices), strict=True):
        assert torch.equal(moved, rest.expand_as(moved))
    assert found.displacement.min() > 0.1


def test_it_finds_more_than_the_families(generator: torch.Generator):
    net = network(generator)
    mesh = Mesh.of(pictures(20, generator), net)
    found = worst_vertices(net, mesh, SIZE, torch.full((20,), 0.05, dtype=torch.float64), steps=3)
    assert (found.margin < worst_warp(net, mesh, "smooth", 0.05, generator=generator, steps=9).margin).all()


def test_a_search_has_its_gradients_where_none_are_kept(generator: torch.Generator):
    net = network(generator)
    mesh, reach = Mesh.of(pictures(2, generator), net), torch.full((2,), 0.05).double()
    vertices, warp = (
        lambda: worst_vertices(net, mesh, SIZE, reach, steps=1),
        lambda: worst_warp(net, mesh, "smooth", 0.05, generator=torch.Generator().manual_seed(0), steps=2),
    )
    for search in (vertices, warp):
        expected = search().margin
        with torch.no_grad():
            assert torch.equal(search().margin, expected)


def test_without_windows_there_is_nothing_to_find(generator: torch.Generator):
    net = network(generator, windows=1)
    found = worst_vertices(net, Mesh.of(pictures(3, generator), net), SIZE, torch.full((3,), 0.1).double())
    assert found.tried == 0
    assert not found.changed.any()
