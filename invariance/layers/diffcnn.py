r"""DiffCNN: convolution, sign nonlinearity and log-determinant layer on the Jacobian field (Kan et al.).

A Jacobian field is "b c 3 2 h w": colour, then (∂x, ∂y). Under the pointwise action $J \mapsto JM$ the first two layers
are equivariant and the last one is invariant; `invariance_proofs.diffcnn` says under which hypotheses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import ArgumentError, ArgumentTypeError
from ..jacobians import PaddingMode, Scheme, jacobian
from .log_determinants import log_determinants, orientation
from .normal import columns, cross, is_rounding, squared_columns, squared_length

__all__ = ["JacobianConv2d", "JacobianFront", "JacobianHead", "LogDetInvariant", "SignNonlinearity"]


class JacobianFront(nn.Module):
    """Images "b 3 h w" to their Jacobian field "b 1 3 2 h w" (Kan et al., section 2.1); see `invariance.jacobians`."""

    def __init__(self, scheme: Scheme = "central", *, padding_mode: PaddingMode = "replicate") -> None:
        super().__init__()
        self.scheme: Scheme = scheme
        self.padding_mode: PaddingMode = padding_mode

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 3 2 h w"]:
        return jacobian(images, self.scheme, padding_mode=self.padding_mode)

    def extra_repr(self) -> str:
        return f"{self.scheme}, padding_mode={self.padding_mode}"


class JacobianConv2d(nn.Module):
    r"""$(J \star W)_c(i) = \sum_{c',k} w_{cc',k}\, J_{c'}(i+k)$, $w_{cc',k} = R(\alpha)\,\mathrm{diag}(s)\,R(\beta)$
    (Kan et al., eq. 1).

    The scales $s_{cc'} \in \mathbb{R}^3$ are shared by the K² taps of a kernel, the Euler angles are not: $3 + 6K^2$
    parameters for each pair of channels. `symmetric` asks for $R(\alpha)\,\mathrm{diag}(s)\,R(\alpha)^\top$ and so for
    $3 + 3K^2$ (Remark 1). The taps multiply from the left, the action from the right, so the two commute wherever the
    action is constant on the window: everywhere for constant fields, and for fields constant on K×K blocks with
    `stride=K` and no padding (Theorem 2).

    Initial angles are uniform, scales positive and of the size that keeps the variance of $J$.

    Args:
        dilation: distance of the taps in pixels, so that a footprint can stay fixed while the grid is refined.
        generator: source of the initial parameters; torch's global one where none is given.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        symmetric: bool = False,
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        sizes = {
            "in_channels": in_channels,
            "out_channels": out_channels,
            "kernel_size": kernel_size,
            "stride": stride,
            "dilation": dilation,
        }
        for name, value in sizes.items():
            if value < 1:
                raise ArgumentError(name, value, "a positive integer")
        if padding < 0:
            raise ArgumentError("padding", padding, "a number of pixels ≥ 0")
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, kernel_size
        self.stride, self.padding, self.dilation, self.symmetric = stride, padding, dilation, symmetric

        def uniform(*shape: int) -> Tensor:
            return torch.rand(shape, generator=generator).to(device=device, dtype=dtype or torch.get_default_dtype())

        taps = (out_channels, in_channels, kernel_size, kernel_size)
        self.scale = nn.Parameter((0.5 + uniform(*taps[:2], 3)) / math.sqrt(in_channels * kernel_size**2))
        self.left = nn.Parameter(math.tau * uniform(*taps, 3))
        self.right = None if symmetric else nn.Parameter(math.tau * uniform(*taps, 3))

    @property
    def weight(self) -> Float[Tensor, "out in k k 3 3"]:
        """The taps $w_{cc',k}$; those of one kernel have the same singular values $|s|$."""
        left = _rotation(self.left)
        right = left.mT if self.right is None else _rotation(self.right)
        return (left * self.scale[:, :, None, None, None, :]) @ right

    def forward(self, jac: Float[Tensor, "b in 3 2 h w"]) -> Float[Tensor, "b out 3 2 h2 w2"]:
        _check_field(jac)
        if jac.shape[1] != self.in_channels:
            raise ArgumentError("jac.shape", tuple(jac.shape), f"{self.in_channels} channels on axis 1")
        # Colour joins the channels and ∂x, ∂y become a depth of two that no tap crosses: one call, no copy.
        kernel = self.weight.permute(0, 4, 1, 5, 2, 3).flatten(2, 3).flatten(0, 1).unsqueeze(2)
        out = F.conv3d(
            jac.flatten(1, 2),
            kernel,
            stride=(1, self.stride, self.stride),
            padding=(0, self.padding, self.padding),
            dilation=(1, self.dilation, self.dilation),
        )
        return out.unflatten(1, (self.out_channels, 3))

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, dilation={self.dilation}, symmetric={self.symmetric}"
        )


class SignNonlinearity(nn.Module):
    r"""$\Phi(J) = J$ if $\det(J^\top A J) > 0$ and $-J$ otherwise, $A \in SO(3)$ by the Cayley map (Kan et al., eq. 3).

    With $n = j_1 \times j_2$ and the Cayley vector $a$, $\det(J^\top A J) = n^\top A n$ has the sign of
    $(1 - |a|^2)\,|n|^2 + 2\,(a \cdot n)^2$, which is what is evaluated. So Φ is the identity wherever $n \ne 0$ as long
    as $|a| \le 1$ (rotations by at most 90°; at |a| = 1 but for $n \perp a$), and no gradient ever reaches $a$.
    Equivariant wherever $\det M \ne 0$ (Corollary 3).

    With a `surrogate` τ the output is the same, and $a$ gets the gradient that $\tanh(q/\tau)$ would give in place of
    the sign, $q = 1 - |a|^2 + 2\,(a \cdot n/|n|)^2$. It is zero at a = 0, so the start must be elsewhere.

    Args:
        cayley: the initial vector $a$; A turns by $2 \arctan |a|$ about it.
        surrogate: the width τ > 0, or None for the true gradient, 0.
    """

    def __init__(self, cayley: Sequence[float] = (0.0, 0.0, 0.0), *, surrogate: float | None = None) -> None:
        super().__init__()
        if surrogate is not None and not 0 < surrogate < math.inf:
            raise ArgumentError("surrogate", surrogate, "a finite width > 0, or None")
        self.surrogate = surrogate
        if len(cayley) != 3 or not all(math.isfinite(a) for a in cayley):
            raise ArgumentError("cayley", tuple(cayley), "three finite numbers")
        self.cayley = nn.Parameter(torch.tensor(cayley, dtype=torch.get_default_dtype()))

    @property
    def rotation(self) -> Float[Tensor, "3 3"]:
        r"""$A = (I - S)(I + S)^{-1}$ with $S v = a \times v$: a rotation by $-2\arctan|a|$ about $a$."""
        x, y, z = self.cayley.unbind()
        zero = torch.zeros_like(x)
        skew = torch.stack((zero, -z, y, z, zero, -x, -y, x, zero)).view(3, 3)
        one = torch.eye(3, dtype=skew.dtype, device=skew.device)
        return torch.linalg.solve(one + skew, one - skew)

    def forward(self, jac: Float[Tensor, "b c 3 2 h w"]) -> Float[Tensor, "b c 3 2 h w"]:
        return jac * self.signs(jac)[:, :, None, None]

    def signs(self, jac: Float[Tensor, "b c 3 2 h w"]) -> Float[Tensor, "b c h w"]:
        """1 where Φ(J) = J, −1 where it is −J."""
        _check_field(jac)
        with torch.no_grad():  # it is locally constant in J
            signs = orientation(jac, self.cayley)
        if self.surrogate is None or not torch.is_grad_enabled():
            return signs
        with torch.no_grad():
            wide = jac if jac.dtype.itemsize > 2 else jac.float()
            normal, square = cross(*columns(wide)), squared_columns(wide)
            length = squared_length(normal)
            flat = is_rounding(length, square, square, jac.dtype)
        a = self.cayley.to(length.dtype)
        along = a[0] * normal[0] + a[1] * normal[1] + a[2] * normal[2]
        form = ((1 - a.square().sum()) * length + 2 * along * along).masked_fill(flat, 0)
        soft = (form / length.where(length > 0, 1) / self.surrogate).tanh().to(jac.dtype)
        return signs + (soft - soft.detach())

    def extra_repr(self) -> str:
        return "" if self.surrogate is None else f"surrogate={self.surrogate}"


class LogDetInvariant(nn.Module):
    r"""$U_c = g_c - \bar g$, $g_c = \log\det V_c$, $V_c = (J_c - \bar J)^\top (J_c - \bar J)$ (Kan et al., eq. 4-5).

    Invariant under $J \mapsto JM$ wherever $\det M \ne 0$ and every $\det V_c \ne 0$ (Corollary 4). The determinant is
    $|d_1 \times d_2|^2$ (Lagrange's identity), which loses half as many digits as a Gram determinant.

    A pixel is degenerate where some $\det V_c$ is zero to the rounding of its field; there $U$ does not exist. `eps`
    evaluates $\log(\det V_c + \varepsilon)$ instead, which exists everywhere and is only nearly invariant; without
    it, `degenerate` decides what all channels of such a pixel get. Half-precision fields are evaluated in float32.

    Args:
        eps: ε ≥ 0, in the units of $\det V$.
        degenerate: "zero" (no output, no gradient) or "nan", used where `eps` is 0.

    Raises:
        ArgumentError: fewer than three channels. One gives $V = 0$; two give $V_1 = V_2$, so $U = 0$ for every image.
    """

    def __init__(self, *, eps: float = 0.0, degenerate: Literal["zero", "nan"] = "zero") -> None:
        super().__init__()
        if not 0 <= eps < math.inf:
            raise ArgumentError("eps", eps, "a finite number ≥ 0")
        if degenerate not in ("zero", "nan"):
            raise ArgumentError("degenerate", degenerate, "'zero' or 'nan'")
        self.eps, self.degenerate = eps, degenerate

    def forward(self, jac: Float[Tensor, "b c 3 2 h w"]) -> Float[Tensor, "b c h w"]:
        return self.after(None, jac)

    def after(
        self, sign: SignNonlinearity | None, jac: Float[Tensor, "b c 3 2 h w"], *, kernel: bool = False
    ) -> Float[Tensor, "b c h w"]:
        """U of Φ(J), which is never made; the rotation of Φ gets no gradient. `kernel` as in `JacobianHead`."""
        out, kept = self._of(jac, None if sign is None else sign.cayley, kernel=kernel)
        if self.degenerate == "nan" and not self.eps:
            out = out.masked_fill(kept == 0, math.nan)
        return out

    def degenerate_pixels(self, jac: Float[Tensor, "b c 3 2 h w"]) -> Bool[Tensor, "b h w"]:
        """Where some $\\det V_c$ is zero to rounding, so that $U$ is undefined."""
        return (self._of(jac, None)[1] == 0).any(1)

    def _of(self, jac: Tensor, cayley: Tensor | None, *, kernel: bool = False) -> tuple[Tensor, Tensor]:
        _check_field(jac)
        if jac.shape[1] < 3:
            raise ArgumentError(
                "jac.shape",
                tuple(jac.shape),
                "at least 3 channels on axis 1: one leaves V = 0, two leave V₁ = V₂ and so U = 0 for every image",
            )
        return log_determinants(jac, cayley, self.eps, kernel=kernel)

    def extra_repr(self) -> str:
        return f"eps={self.eps}" if self.eps else f"degenerate={self.degenerate}"


class JacobianHead(nn.Sequential):
    """Layers, at last `SignNonlinearity` and `LogDetInvariant`: these two in one, with the same values.

    Signs go straight into the determinants, and a field of that size less is written and read, forward and backward.
    Where a hook waits for what the sign layer gives, or its rotation is trained, layer after layer.

    Attributes:
        kernel: on a GPU the forward of both is one kernel of Triton (`fused`); not within `torch.func.vmap`. Off unless
            it is set: its first call compiles.
    """

    kernel = False

    def forward(self, input: Float[Tensor, "b in 3 2 h w"]) -> Float[Tensor, "b out h2 w2"]:
        *before, sign, log_det = self
        if (
            not (isinstance(sign, SignNonlinearity) and isinstance(log_det, LogDetInvariant))
            or sign.surrogate
            or any(layer._forward_hooks or layer._forward_pre_hooks for layer in (sign, log_det))
        ):
            return super().forward(input)
        for layer in before:
            input = layer(input)
        return log_det.after(sign, input, kernel=self.kernel and input.is_cuda)


def _rotation(angles: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3 3"]:
    """Euler angles z-y-z: smooth everywhere and onto SO(3)."""
    cos, sin = angles.cos(), angles.sin()
    (ca, cb, cc), (sa, sb, sc) = cos.unbind(-1), sin.unbind(-1)
    entries = (
        *(ca * cb * cc - sa * sc, -ca * cb * sc - sa * cc, ca * sb),
        *(sa * cb * cc + ca * sc, -sa * cb * sc + ca * cc, sa * sb),
        *(-sb * cc, sb * sc, cb),
    )
    return torch.stack(entries, dim=-1).unflatten(-1, (3, 3))


def _check_field(jac: Tensor) -> None:
    if jac.ndim != 6 or jac.shape[2:4] != (3, 2):
        raise ArgumentError("jac.shape", tuple(jac.shape), "(batch, channels, 3, 2, height, width)")
    if not jac.is_floating_point():
        raise ArgumentTypeError("jac.dtype", jac.dtype, "a floating-point dtype")
