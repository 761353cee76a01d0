"""How often is the right place blamed? Faults planted in layers and in the code between them, in random networks.

    python -m tools.check_study.blame --faults 240

`networks` and `sets` build networks that are symmetric by construction, `slips` are the faults, `study` plants them.
"""
