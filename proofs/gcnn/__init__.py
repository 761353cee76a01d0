"""Group equivariant convolutional networks: Cohen & Welling (ICML 2016), as told by seminar slides.

A file per row, G1 to G11; an id with a word after a dot (G3.literal, G8.stride) is a reading or a part of that row.

`motions` are the elements of Z² ⋊ H, `functions` the operations by their definitions, for any group; `layers` is the
exact reference of the layers on finite images, `windows` says which pixel each of their taps reads.
"""

from invariance_proofs.route import Paper

PAPER = Paper(
    "gcnn",
    "Cohen & Welling",
    r"""@inproceedings{cohen-welling-2016,
  title     = {Group Equivariant Convolutional Networks},
  author    = {Cohen, Taco S. and Welling, Max},
  booktitle = {International Conference on Machine Learning},
  year      = {2016}
}""",
)
