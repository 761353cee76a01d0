"""The random architectures of the grammar."""

from __future__ import annotations

import random

from ..grammar import network
from ..subject import Subject, family


@family
def grammar(draw: random.Random) -> Subject:
    return network(draw)
