"""Invariance and equivariance of convolutional networks: claims verified, layers, warps, measurements.

The rooms: `images`, `pictures`, `jacobians`, `actions`, `warps`, `groups` move things; `layers`, `models` compute;
`measure` compares; `testing` judges; `plots` shows. The proofs are a package of their own, `invariance_proofs`.

`__init__.pyi` lists the public names. Each is imported with its room when it is first asked for, so that what needs no
torch does not wait for it.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
