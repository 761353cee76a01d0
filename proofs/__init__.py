"""Every claim of the papers, settled by machine with exact arithmetic: no torch, no floats.

`statement`  what a claim is: hypotheses, routes that decide it, controls that must fail
`judge`      runs one statement and derives its verdict
`ledger`     finds, selects and runs them all
`explain`    one entry in full, as Markdown
`matrix`     small matrices over any commutative ring
`routes`     ways to decide: polynomial normal forms, free algebra, words, Schwartz–Zippel, z3, Coq
`diffcnn`    Kan et al., one row of the paper a file; `diffcnn.layers` is the exact reference of the layers
`jansson`    Jansson et al., on images that are constant on polygons
`gcnn`       Cohen & Welling and the seminar on them

A new statement is one new file in the sub-package of its paper; nothing lists it.
"""
