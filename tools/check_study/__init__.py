"""How often is `check` wrong? False alarms over modules known to be symmetric, misses over planted faults.

    python -m tools.check_study --alarms 2000

`symmetric/` builds the modules, `faults/` breaks them, `study` asks `check`, `page` writes what came out.
"""
