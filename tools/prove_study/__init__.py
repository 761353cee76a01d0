"""How often `prove` is wrong, and how often it finds a proof that exists: networks whose symmetry is known, and faults.

The study knows nothing of the prover's inside: it asks, in `ask`, and holds every proof to numbers, in `oracle`.
"""
