"""`python -m tools.gpu`: on a machine that lacks packages it says so before anything is imported that needs them."""

from __future__ import annotations

import sys

from .wheels import missing_here

if __name__ == "__main__":
    if lacking := missing_here():
        print(
            f"gpu: not installed: {', '.join(lacking)}; `make gpu-wheels` says how to carry them along", file=sys.stderr
        )
        sys.exit(2)
    from .command import main

    sys.exit(main())
