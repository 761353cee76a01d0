"""Jansson, Maydanskiy, Finnveden, Lindeberg: what spatial transformations of feature maps cannot do.

(T_h F)(x) = F(T_h⁻¹x) and Λ_λ f = σ(f ∗ λ + b). A file per row: `theorem1*` (one layer: J1), `theorem2*` (which filters
are invariant: J2), `theorem3*` (many layers: J3), `diffcnn*` (the network of the other paper as an operator: J4),
`figure2` and `figure3` (J5, J6). A word after a dot (J1.sign) is a reading or a part of that row.

`simple` is the exact reference: images and filters that are constant on polygons.
"""

from invariance_proofs.route import Paper

PAPER = Paper(
    "jansson",
    "Jansson et al.",
    r"""@misc{jansson-2020,
  title         = {Inability of spatial transformations of {CNN} feature maps to support invariant recognition},
  author        = {Jansson, Ylva and Maydanskiy, Maksim and Finnveden, Lukas and Lindeberg, Tony},
  year          = {2020},
  eprint        = {2004.14716},
  archiveprefix = {arXiv}
}""",
)
