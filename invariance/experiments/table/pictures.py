r"""Figures 1 and 3 of Kan et al. from trained networks, as data.

Figure 1: an image and its warped copy, what the first convolution of the CNN makes of them, and DiffCNN's U. Figure 3:
an image under every warp of the protocol, and what each network takes it for. The image is the first one of its class
that all networks classify right as it is; nothing is looked for beyond that.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ...errors import ArgumentError, one_of
from ...files import write_json
from ...layers import LogDetInvariant
from ...measure.layer_calls import layer_calls
from ...measure.warping import inside
from ...warps import Projective, warp_images
from ..data import Dataset, to_float
from ..evaluation import Cell, Protocol, draw, warped
from ..kept import parsing, read_kept

__all__ = ["FORMAT", "Fields", "Pictures", "load_pictures", "predictions", "representation"]

FORMAT = "invariance pictures 1"


@dataclass(frozen=True, eq=False)
class Fields:
    r"""Up to three channels of a layer for an image I and for I∘φ.

    Attributes:
        layer: what they are.
        values: of I, then of I∘φ, each field in units of its standard deviation over I.
        fixed, moved: relative L² difference of F(I∘φ) to F(I) and to F(I)∘φ, over all channels and the pixels whose
            source is in the image: what invariance and covariance would make 0.
    """

    layer: str
    values: Float[Tensor, "2 k h w"]
    fixed: float
    moved: float


@dataclass(frozen=True, eq=False)
class Pictures:
    """An image under warps, and what networks take each for.

    Attributes:
        image: its number in the test set.
        label: its class.
        warps: (family, σ) of each picture; (None, 0) is the image itself.
        answers: the classes that each network, by name, sees in them.
        fields: of the network's layer that figure 1 shows, by name; empty for figure 3.
    """

    image: int
    label: str
    warps: tuple[tuple[str | None, float], ...]
    pictures: Float[Tensor, "n c h w"]
    answers: dict[str, tuple[str, ...]]
    fields: dict[str, Fields]
    protocol: Protocol

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` is the inverse."""
        return {
            "format": FORMAT,
            "image": self.image,
            "label": self.label,
            "warps": [list(warp) for warp in self.warps],
            "pictures": _pack(self.pictures),
            "answers": {name: list(seen) for name, seen in self.answers.items()},
            "fields": {
                name: {"layer": f.layer, "values": _pack(f.values), "fixed": f.fixed, "moved": f.moved}
                for name, f in self.fields.items()
            },
            "protocol": self.protocol.to_dict(),
        }

    @classmethod
    def from_dict(cls, content: Any) -> Pictures:
        """The inverse of `to_dict`.

        Raises:
            ResultError: not of this format.
        """
        with parsing(content, FORMAT):
            fields = {
                name: Fields(f["layer"], _unpack(f["values"]), f["fixed"], f["moved"])
                for name, f in content["fields"].items()
            }
            answers = {name: tuple(seen) for name, seen in content["answers"].items()}
            warps = tuple((family, float(scale)) for family, scale in content["warps"])
            pictures = _unpack(content["pictures"])
            if any(len(seen) != len(warps) for seen in answers.values()) or len(pictures) != len(warps):
                raise ValueError("as many answers and pictures as warps")
            protocol = Protocol.from_dict(content["protocol"])
            return cls(content["image"], content["label"], warps, pictures, answers, fields, protocol)

    def save(self, path: str | Path) -> None:
        """As JSON."""
        write_json(path, self.to_dict())


def load_pictures(path: str | Path) -> Pictures:
    """The pictures in a JSON file.

    Raises:
        ResultError: the file is missing, is not JSON, or holds something else.
    """
    return read_kept(path, Pictures.from_dict)


@torch.inference_mode()
def predictions(
    classifiers: Mapping[str, nn.Module], test: Dataset, protocol: Protocol, *, label: str = "cat"
) -> Pictures:
    """Figure 3: the first image of class `label` that all classify right, under every family and scale σ > 0.

    The draws are those of the table.

    Raises:
        ArgumentError: an unknown class.
    """
    cells = [(cell.family, cell.scale) for cell in protocol.cells if cell.family is None or cell.scale > 0]
    return _pictures(classifiers, test, protocol, label, cells, layers=False)


@torch.inference_mode()
def representation(
    classifiers: Mapping[str, nn.Module],
    test: Dataset,
    protocol: Protocol,
    *,
    label: str = "bird",
    family: str = "affine-shift",
    scale: float = 0.1,
) -> Pictures:
    """Figure 1: an image and one warped copy; of each network U where it has one, else its first convolution.

    Raises:
        ArgumentError: an unknown class, or a network without a convolution.
    """
    return _pictures(classifiers, test, protocol, label, [(None, 0.0), (family, scale)], layers=True)


def _pictures(
    classifiers: Mapping[str, nn.Module],
    test: Dataset,
    protocol: Protocol,
    label: str,
    warps: Sequence[tuple[str | None, float]],
    *,
    layers: bool,
) -> Pictures:
    index = _first_right(classifiers, test, label)
    image = to_float(test.images[index : index + 1]).cpu()
    size = (int(image.shape[2]), int(image.shape[3]))
    drawn = [draw(protocol, Cell(*warp), len(test), size).warp for warp in warps]
    pictures = torch.cat([image if w is None else warped(image, w[index], protocol) for w in drawn])
    answers, fields = {}, {}
    for name, net in classifiers.items():
        answers[name] = tuple(test.classes[i] for i in net.cpu()(pictures).argmax(1).tolist())
        if layers and drawn[1] is not None:
            fields[name] = _fields(*_layer(name, net, pictures), drawn[1][index])
    return Pictures(index, label, tuple(warps), pictures, answers, fields, protocol)


def _first_right(classifiers: Mapping[str, nn.Module], test: Dataset, label: str) -> int:
    """The first image of the class that all classify right, or the first of the class where there is none."""
    if label not in test.classes:
        raise ArgumentError("label", label, one_of(label, test.classes))
    number = test.classes.index(label)
    candidates = (test.labels == number).nonzero().flatten().cpu()
    if not len(candidates):
        raise ArgumentError("label", label, "a class with test images")
    for chunk in candidates.split(50):
        images = to_float(test.images[chunk]).cpu()
        right = torch.stack([net.cpu()(images).argmax(1) == number for net in classifiers.values()]).all(0)
        if right.any():
            return int(chunk[right][0])
    return int(candidates[0])


def _layer(name: str, net: nn.Module, pictures: Tensor) -> tuple[str, Tensor]:
    """U where there is one, else what the first convolution makes of the pictures."""
    calls = layer_calls(net, pictures)
    for kind, title in ((LogDetInvariant, "U"), (nn.Conv2d, "first convolution")):
        for call in calls:
            if isinstance(call.module, kind) and call.output is not None:
                return title, call.output
    raise ArgumentError("classifiers", name, "a network with a convolution")


def _fields(layer: str, output: Float[Tensor, "2 c h w"], warp: Projective) -> Fields:
    before, after = output[:1], output[1:]
    carried = warp_images(before, warp, method="bilinear", padding="border")
    height, width = before.shape[2:]
    seen = inside(warp, height, width, 1.0, before)
    return Fields(layer, _shown(output), _relative(after, before, seen), _relative(after, carried, seen))


def _relative(found: Tensor, expected: Tensor, region: Bool[Tensor, "1 1 h w"]) -> float:
    difference, size = (((x * region).square().sum()).sqrt() for x in (found - expected, expected))
    return float(difference / size) if size > 0 else 0.0


def _shown(output: Float[Tensor, "2 c h w"]) -> Float[Tensor, "2 k h w"]:
    """The (at most) three channels that vary most over the image, in units of their own deviation."""
    deviation = output[0].flatten(1).std(1)
    chosen = deviation.argsort(descending=True, stable=True)[:3]
    centred = output[:, chosen] - output[:1, chosen].mean((2, 3), keepdim=True)
    return centred / deviation[chosen].clamp(min=1e-12)[:, None, None]


def _pack(values: Tensor) -> dict[str, Any]:
    """Half precision, which a picture does not show."""
    data = values.cpu().numpy().astype("<f2").tobytes()
    return {"shape": list(values.shape), "float16": base64.b64encode(data).decode()}


def _unpack(content: Mapping[str, Any]) -> Tensor:
    data = np.frombuffer(base64.b64decode(content["float16"], validate=True), "<f2")
    return torch.from_numpy(data.astype(np.float32)).reshape(content["shape"])
