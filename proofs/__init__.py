"""Every claim of the papers, settled by machine with exact arithmetic: no torch, no floats.

`statement`  what a claim is: clauses, hypotheses, routes with mutants, controls; `evidence` and `route` are its parts
`judge`      runs one statement and derives verdict and grade; `scope`, `independence` and `outcome` help
`ledger`     finds, selects and runs them all
`explain`    one entry in full, as Markdown
`matrix`     small matrices over any commutative ring
`routes`     ways to decide: polynomial normal forms, free algebra, words, maps of any kind, intervals, z3, Coq, …
`diffcnn`    Kan et al., one row of the paper a file; `diffcnn.layers` is the exact reference of the layers
`jansson`    Jansson et al., on images that are constant on polygons
`gcnn`       Cohen & Welling and the seminar on them
`rules`      what keeps a symmetry in any network: the theorems that a prover of networks cites

A new statement is one new file in the sub-package of its paper; nothing lists it. `verify` runs statements of any
origin: `docs/add_a_claim.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from invariance_proofs.ledger import verify

__all__ = ["verify"]


def __getattr__(name: str) -> Any:
    """`verify` on first use: the ledger imports this package."""
    if name == "verify":
        from invariance_proofs.ledger import verify

        return verify
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
