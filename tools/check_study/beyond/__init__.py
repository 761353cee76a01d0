"""The study beyond images: groups × fields × claims, on networks that are symmetric by construction, and with faults.

`python -m tools.check_study.beyond` runs it, in one process, and takes it up where it ended.
"""
