r"""One description of a split group $G = \mathbb{Z}^2 \rtimes H$: everything the layers need is derived from it.

An element is $g = (t, h): x \mapsto A(h)\,x + t$, so $(t, h)(t', h') = (t + A(h)t', hh')$. It acts on functions on the
plane and on G by $(L_g f)(x) = f(g^{-1}x)$, with $L_g L_h = L_{gh}$ (Cohen & Welling 2016, section 4.4).

Pixel coordinates are $x$ = (row, column) about the centre of the image, the paper's $(u, v)$; there the paper's matrix
of a quarter turn is `torch.rot90(k=1, dims=(-2, -1))`, counter-clockwise on the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Shaped
from torch import Tensor

from ..errors import ArgumentError
from .axioms import Matrix, Table, check_group, check_representation, integers, multiply

__all__ = ["Matrix", "SplitGroup"]


@dataclass(frozen=True)
class SplitGroup:
    r"""$\mathbb{Z}^2 \rtimes H$ by the product table of H and its action on $\mathbb{Z}^2$ by integer matrices.

    Elements of H are the indices 0 to |H| − 1, 0 the identity. A *subgroup* is a tuple of such indices in rising order.

    Args:
        name: what errors and `repr` call the group.
        product: `product[g][h]` = gh.
        matrices: `matrices[g]` = A(g), in a basis of the lattice; for groups of pixel permutations (row, column).

    Raises:
        ArgumentError: the table is no group, or the matrices are no homomorphism; the axiom and the elements are named.
        SingularError: a matrix is not invertible over the integers.
    """

    name: str
    product: Table
    matrices: tuple[Matrix, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "product", integers("product", self.product))
        matrices = tuple(integers(f"matrices[{g}]", matrix) for g, matrix in enumerate(self.matrices))
        object.__setattr__(self, "matrices", matrices)
        check_group(self.product)
        check_representation(self.matrices, self.product)

    @classmethod
    def from_matrices(cls, name: str, matrices: Sequence[Matrix]) -> SplitGroup:
        """The group that distinct matrices form, identity first; their order is that of the elements."""
        index = {matrix: g for g, matrix in enumerate(matrices)}
        if len(index) < len(matrices):
            raise ArgumentError("matrices", tuple(matrices), "distinct: else give the product table too")
        try:
            product = tuple(tuple(index[multiply(a, b)] for b in matrices) for a in matrices)
        except KeyError as outside:
            raise ArgumentError("matrices", outside.args[0], "closed: this product is not among them") from None
        return cls(name, product, tuple(matrices))

    @property
    def order(self) -> int:
        """|H|, the length of the group axis."""
        return len(self.product)

    @property
    def elements(self) -> range:
        r"""The numbers $0, \dots, |H| - 1$ of the elements of H; 0 is the identity."""
        return range(self.order)

    @cached_property
    def inverse(self) -> tuple[int, ...]:
        """`inverse[g]` = g⁻¹."""
        return tuple(row.index(0) for row in self.product)

    def homogeneous(self, element: int, translation: tuple[int, int] = (0, 0)) -> tuple[tuple[int, ...], ...]:
        """The 3×3 integer matrix of (t, h); products of these matrices are the products of G."""
        (a, b), (c, d) = self.matrices[self._check(element)]
        return (a, b, translation[0]), (c, d, translation[1]), (0, 0, 1)

    # --- subgroups

    def generate(self, generators: Iterable[int]) -> tuple[int, ...]:
        """The smallest subgroup of H that contains the generators; of none, the trivial one."""
        steps = [self._check(g) for g in generators]
        found = {0}
        while grown := {self.product[g][h] for g in found for h in steps} - found:
            found |= grown
        return tuple(sorted(found))

    def subgroups(self) -> list[tuple[int, ...]]:
        """All subgroups of H, the smallest first."""
        found, new = {(0,)}, {(0,)}
        while new:
            new = {self.generate((*group, g)) for group in new for g in self.elements} - found
            found |= new
        return sorted(found, key=lambda group: (len(group), group))

    def left_cosets(self, subgroup: Iterable[int]) -> tuple[tuple[int, ...], ...]:
        """gK in the order of their smallest elements."""
        return self._cosets(subgroup, lambda g, k: self.product[g][k])

    def right_cosets(self, subgroup: Iterable[int]) -> tuple[tuple[int, ...], ...]:
        """Kg in the order of their smallest elements."""
        return self._cosets(subgroup, lambda g, k: self.product[k][g])

    def restrict(self, subgroup: Iterable[int]) -> SplitGroup:
        """The split group of a subgroup of H, its elements renumbered in the order of H."""
        chosen = self.check_subgroup(subgroup)
        matrices = tuple(self.matrices[g] for g in chosen)
        product = tuple(tuple(chosen.index(self.product[g][h]) for h in chosen) for g in chosen)
        return SplitGroup(f"{self.name}{list(chosen)}", product, matrices)

    def check_subgroup(self, subgroup: Iterable[int]) -> tuple[int, ...]:
        """The subgroup with its elements in rising order.

        Raises:
            ArgumentError: not a subgroup of H; the smallest one that contains it is named.
        """
        chosen = tuple(sorted(subgroup))
        closure = self.generate(chosen)
        if chosen != closure:
            raise ArgumentError("subgroup", chosen, f"a subgroup of {self.name}, such as {closure} that these generate")
        return chosen

    # --- the action on arrays

    @cached_property
    def permutes_pixels(self) -> bool:
        """Whether H maps the square pixel grid onto itself: every matrix is a signed permutation."""
        return all(sorted(map(abs, row)) == [0, 1] for matrix in self.matrices for row in matrix)

    def act_on_plane(self, element: int, images: Shaped[Tensor, "*batch h w"]) -> Shaped[Tensor, "*batch h2 w2"]:
        """$(L_g f)(x) = f(A(g)^{-1}x)$ about the centre of the image: pixels change places, no value is computed.

        Raises:
            ArgumentError: the element is none of H, or H does not permute the pixels of the square grid.
        """
        self._check(element)
        self.check_pixels()
        turned = self.matrices[element][0][0] == 0
        mirrored = [axis for axis, row in zip((-2, -1), self.matrices[element], strict=True) if sum(row) < 0]
        return (images.mT if turned else images).flip(mirrored)

    def act(
        self,
        element: int,
        features: Shaped[Tensor, "*batch group h w"],
        *,
        subgroup: Iterable[int] = (0,),
    ) -> Shaped[Tensor, "*batch group h2 w2"]:
        r"""$(L_g f)(x, h) = f(A(g)^{-1}x, g^{-1}h)$: the regular action on feature maps, axis −3 the group.

        With a subgroup K of H the axis holds functions on the left cosets $hK$ instead, in the order of `left_cosets`,
        as coset pooling leaves them.

        Raises:
            ArgumentError: the element is none of H, axis −3 has the wrong length, or H does not permute pixels.
        """
        cosets = self.left_cosets(subgroup)
        if features.ndim < 3 or features.shape[-3] != len(cosets):
            raise ArgumentError("features.shape", tuple(features.shape), f"{len(cosets)} elements on axis −3")
        back = self.product[self.inverse[self._check(element)]]
        where = {h: i for i, coset in enumerate(cosets) for h in coset}
        order = torch.tensor([where[back[coset[0]]] for coset in cosets], device=features.device)
        return self.act_on_plane(element, features.index_select(-3, order))

    def check_pixels(self) -> None:
        """Raises ArgumentError where H does not permute the pixels of the square grid."""
        if not self.permutes_pixels:
            raise ArgumentError(
                "group", self.name, "matrices that are signed permutations: it maps square pixels between pixels"
            )

    def _check(self, element: int) -> int:
        if element not in self.elements:
            raise ArgumentError("element", element, f"one of the {self.order} elements 0 to {self.order - 1}")
        return element

    def _cosets(self, subgroup: Iterable[int], times: Callable[[int, int], int]) -> tuple[tuple[int, ...], ...]:
        chosen = self.check_subgroup(subgroup)
        return tuple(sorted({tuple(sorted(times(g, k) for k in chosen)) for g in self.elements}))

    def __repr__(self) -> str:
        return f"SplitGroup({self.name})"
