"""The drill: corrupt files, wrong command lines and kills, and what the commands make of them.

`python -m tools.drill` runs all of it from a seed and writes `docs/reliability.md`; `--part N` runs an N-th of it.
Nothing may come out with a traceback, with status 4, later than in a minute, or with the status of a verdict that was
not reached; nothing that a file carries may run; no file may be lost or left half written.
"""
