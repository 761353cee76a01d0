"""Measurements: errors, curves against scale, refinement ladders. Judging them is left to `invariance.testing`.

`__init__.pyi` lists the names. Each is imported when it is first asked for: `check` needs few of them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
