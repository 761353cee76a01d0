"""What a certificate says: motions of tensors, and the digests of a model and of the certificate itself."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["FORMAT", "RefusedError", "fingerprint", "motion", "need", "seal"]

FORMAT = "invariance proof 1"


class RefusedError(ValueError):
    """The certificate does not prove what it says; the message names the part."""


def need(holds: Any, part: str) -> None:
    if not bool(holds):
        raise RefusedError(part)


def fingerprint(model: nn.Module) -> str:
    """SHA-256 over the name, dtype, shape and bytes of every parameter and buffer, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted({**dict(model.named_parameters()), **dict(model.named_buffers())}.items()):
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def motion(said: Any, part: str) -> tuple[Tensor, Tensor]:
    """π and s on the entries of one sample: π(i)_a = tables[a][i_turn[a]]; a block over the axes that it ties."""
    shape, turn, block = said["shape"], said["turn"], said["block"]
    rank, tied = len(shape), block["axes"] if block else []
    strides = [math.prod(shape[a + 1 :]) for a in range(rank)]
    index, scale = torch.zeros(shape, dtype=torch.long), torch.ones(shape, dtype=torch.float64)

    def listed(runs: list[list[int]]) -> Tensor:
        return torch.tensor([first + step * k for first, step, count in runs for k in range(count)], dtype=torch.long)

    def along(values: Tensor, axis: int) -> Tensor:
        return values.view([-1 if a == axis else 1 for a in range(rank)])

    for a in set(range(rank)) - set(tied):
        index = index + along(listed(said["tables"].get(str(a), [[0, 1, shape[a]]])) * strides[a], turn[a])
    for a, factors in said["scales"].items():
        scale = scale * along(torch.tensor(factors, dtype=torch.float64), int(a))
    if block:
        inner = [shape[a] if a in tied else 1 for a in range(rank)]
        for p, a in zip(torch.unravel_index(listed(block["index"]), [shape[a] for a in tied]), tied, strict=True):
            index = index + p.view(inner) * strides[a]
        scale = scale * torch.tensor(block["scale"], dtype=torch.float64).view(inner) if block["scale"] else scale
    index, scale = index.flatten(), scale.flatten()
    need(torch.equal(index.sort().values, torch.arange(math.prod(shape))), f"{part}: no permutation")
    need((scale.frexp().mantissa.abs() == 0.5).all(), f"{part}: factors other than signs and powers of two")
    return index, scale


def seal(certificate: dict[str, Any]) -> str:
    """SHA-256 over everything but the seal: a change by accident or by hand shows, whatever it is."""
    rest = {key: value for key, value in certificate.items() if key != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
