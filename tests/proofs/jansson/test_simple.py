"""The exact reference for one continuous layer: areas, convolution and affine maps of images on polygons."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invariance_proofs.jansson.powers import power
from invariance_proofs.jansson.simple import INVERTIBLE, Simple, area, box, inverse, meet, reach, transformed
from invariance_proofs.matrix import Matrix

TRIANGLE = ((0, 0), (3, 1), (1, 2))
matrices = st.sampled_from(INVERTIBLE)
whole = st.integers(-4, 4)
points = st.tuples(whole, whole)


def test_area_of_a_triangle_and_of_nothing():
    assert area(TRIANGLE) == Fraction(5, 2)
    assert area(()) == 0


@given(matrices, points)
def test_area_scales_with_the_absolute_determinant(A: Matrix, t: tuple[int, int]):
    assert area(transformed(TRIANGLE, A, t)) == abs(A.det()) * area(TRIANGLE)


@given(matrices, points)
def test_the_intersection_is_symmetric_and_moves_along(A: Matrix, t: tuple[int, int]):
    other = box(0, 0, 2, 1)
    moved = meet(transformed(TRIANGLE, A, t), transformed(other, A, t))
    assert area(meet(TRIANGLE, other)) == area(meet(other, TRIANGLE)) == area(moved) / abs(A.det())


def test_the_intersection_by_hand():
    assert area(meet(box(0, 0, 2, 2), ((1, 1), (3, 1), (1, 3)))) == 1
    assert meet(box(0, 0, 1, 1), box(2, 0, 3, 1)) == ()


def in_fractions(polygon, other):
    """`meet` by its plain formula: every cut point as a fraction."""
    for (a, b), (c, d) in zip(other, (*other[1:], other[0]), strict=True):
        side = [(c - a) * (y - b) - (d - b) * (x - a) for x, y in polygon]
        kept = []
        for n, ((x, y), s) in enumerate(zip(polygon, side, strict=True)):
            (u, v), r = polygon[n - 1], side[n - 1]
            if r * s < 0:
                share = Fraction(r, r - s)
                kept.append((u + share * (x - u), v + share * (y - v)))
            kept += [(x, y)] if s >= 0 else []
        polygon = tuple(kept)
    return polygon


@given(matrices, st.tuples(st.fractions(-2, 2, max_denominator=7), st.fractions(-2, 2, max_denominator=5)))
def test_the_intersection_in_whole_numbers_is_that_in_fractions(A: Matrix, t: tuple[Fraction, Fraction]):
    other = transformed(TRIANGLE, A, t)
    plain, found = in_fractions(TRIANGLE, other), meet(TRIANGLE, other)
    assert found == plain or area(plain) == area(found) == 0


@given(matrices, st.integers(-9, 9))
def test_a_power_is_the_product(A: Matrix, n: int):
    by_one = Matrix.identity(2)
    for _ in range(abs(n)):
        by_one = by_one @ (A if n > 0 else inverse(A))
    assert power(A, n) == by_one


@given(matrices, points)
def test_the_inverse_undoes_the_map(A: Matrix, x: tuple[int, int]):
    assert reach(inverse(A), reach(A, x)) == x


def test_convolution_of_two_unit_squares_is_the_tent():
    square = Simple.on(box(0, 0, 1, 1))
    for x in (Fraction(k, 4) for k in range(-1, 10)):
        tent = max(0, 1 - abs(x - 1))
        assert square.convolved(square, (x, 1)) == tent
        assert square.convolved(square, (x, Fraction(1, 2))) == tent / 2


@given(points)
def test_convolution_commutes_and_is_linear(x: tuple[int, int]):
    f, g = Simple.on(TRIANGLE), Simple(((2, box(-1, -1, 0, 1)), (-1, box(0, 0, 2, 1))))
    assert f.convolved(g, x) == g.convolved(f, x)
    assert (3 * f + g).convolved(f, x) == 3 * f.convolved(f, x) + g.convolved(f, x)


def test_the_integral_of_a_convolution_over_whole_shifts_of_pixels():
    image, kernel = Simple.pixels([[1, 0], [2, 3]]), Simple.pixels([[1, -1, 4]])
    total = sum(image.convolved(kernel, (x, y)) for x in range(-1, 7) for y in range(-1, 5))
    assert total == image.integral() * kernel.integral() == 24


def test_pixels_have_the_first_row_on_top():
    image = Simple.pixels([[5, 0], [0, 7]])
    half = Fraction(1, 2)
    assert [image((x + half, y + half)) for y in (1, 0) for x in (0, 1)] == [5, 0, 0, 7]


@given(matrices, points)
def test_a_moved_image_has_its_values_at_the_moved_points(A: Matrix, t: tuple[int, int]):
    f, x = Simple.on(TRIANGLE), (Fraction(4, 3), 1)
    assert f.moved(A, t)(reach(A, x, t)) == f(x) == 1


def test_restriction_keeps_what_is_inside():
    f = Simple.on(box(0, 0, 2, 2), box(5, 5, 6, 6))
    assert f.restricted(box(1, 1, 3, 3)).integral() == 1


def test_a_singular_matrix_has_no_inverse():
    with pytest.raises(ZeroDivisionError):
        inverse(Matrix.diagonal(1, 0))
