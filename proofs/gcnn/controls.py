"""Data that turn a true sentence about motions into a false one: the mutants of several rows."""

from __future__ import annotations

from invariance_proofs.gcnn.functions import move
from invariance_proofs.statement import Formula

__all__ = ["BACK", "FORWARD", "PSI", "PSI_TURNED", "PSI_TURNED_BACK"]

FORWARD = Formula.of(lambda u: u, u="L_u")
BACK = Formula("L_{u⁻¹}", lambda u: ~u)
"""By what the output moves when u moves the input."""

PSI = Formula("ψ", lambda r, psi: psi)
PSI_TURNED = Formula("L_r ψ", move)
PSI_TURNED_BACK = Formula("L_{r⁻¹} ψ", lambda r, psi: move(~r, psi))
