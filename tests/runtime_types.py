"""The run-time checker of shapes and types: beartype, with int accepted where float is asked for (PEP 484)."""

from beartype import BeartypeConf, beartype

typechecker = beartype(conf=BeartypeConf(is_pep484_tower=True))
