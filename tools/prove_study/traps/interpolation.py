"""Interpolation by nearest entries (10) and by weights (11)."""

from __future__ import annotations

from torch.nn import functional as F

from ..subject import trap
from .asked import image

for mode, kind, sizes in (
    ("nearest", "10", (3, 4, 8, 12)),
    ("nearest-exact", "10", (2, 3, 4, 9)),
    ("bilinear", "11", (4, 7, 9)),
    ("bicubic", "11", (4, 7, 11)),
    ("area", "10", (2, 4, 5)),
):
    for size in sizes:
        trap(f"{kind}: {mode} from 6 to {size}")(
            lambda mode=mode, size=size: image(lambda x: F.interpolate(x, size=size, mode=mode), "either")
        )
trap("10: nearest to half")(lambda: image(lambda x: F.interpolate(x, scale_factor=0.5)))
trap("10: nearest-exact to half")(lambda: image(lambda x: F.interpolate(x, scale_factor=0.5, mode="nearest-exact")))
trap("10: nearest-exact to a third")(
    lambda: image(lambda x: F.interpolate(x, scale_factor=1 / 3, mode="nearest-exact"), "either")
)
trap("11: bilinear, scale_factor=1.5 at 5")(
    lambda: image(lambda x: F.interpolate(x, scale_factor=1.5, mode="bilinear"), size=5)
)
trap("11: bilinear, size=7 at 5")(lambda: image(lambda x: F.interpolate(x, size=7, mode="bilinear"), "either", size=5))
trap("11: bilinear with corners, size=7 at 5")(
    lambda: image(lambda x: F.interpolate(x, size=7, mode="bilinear", align_corners=True), "either", size=5)
)
trap("11: bilinear, scale_factor=1.5 at 5, recomputed")(
    lambda: image(
        lambda x: F.interpolate(x, scale_factor=1.5, mode="bilinear", recompute_scale_factor=True), "either", size=5
    )
)
trap("11: antialiased")(
    lambda: image(lambda x: F.interpolate(x, size=4, mode="bilinear", antialias=True), "either", size=7)
)
