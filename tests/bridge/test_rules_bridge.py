"""The rules' exact references against torch's own layers: what is proved there is what runs here."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from invariance.groups import P4
from invariance.layers import GroupBatchNorm2d
from invariance.models import build
from invariance_proofs.diffcnn.table1 import CLEAN, TABLE
from invariance_proofs.gcnn.s_cost import COUNTS, NETWORKS, total
from invariance_proofs.rules.grid import BAR, EDGE, LAPLACE, moments
from invariance_proofs.rules.padding import MODES, padded
from invariance_proofs.rules.permutations import TABLES, TOKENS, attention
from invariance_proofs.rules.resize import reads, written
from invariance_proofs.rules.windows import Window, keeps_flips, lengths, sees, whole

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("n", "a", "b"), [(4, 1, 2), (5, 3, 3), (3, 0, 2)])
def test_padding(mode: str, n: int, a: int, b: int) -> None:
    x = torch.arange(1.0, n + 1)[None, None]
    found = F.pad(x, (a, b), mode="constant" if mode == "zeros" else mode)[0, 0]
    want = [0.0 if j is None else x[0, 0, j].item() for j in padded(mode, n, a, b)]
    assert found.tolist() == want


@pytest.mark.parametrize("method", ["nearest", "nearest-exact", "linear"])
@pytest.mark.parametrize(("n", "m"), [(4, 8), (5, 7), (6, 2), (4, 2), (3, 1)])
def test_resizing(method: str, n: int, m: int) -> None:
    x = torch.arange(n, dtype=torch.float64) ** 2
    found = F.interpolate(x[None, None], size=m, mode=method)[0, 0]
    want = [sum(float(w) * x[j].item() for j, w in reads(method, i, n, m).items()) for i in range(m)]
    torch.testing.assert_close(found, torch.tensor(want, dtype=torch.float64))


@pytest.mark.parametrize(("n", "m"), [(4, 8), (5, 7), (6, 2)])
def test_resizing_with_aligned_corners(n: int, m: int) -> None:
    x = torch.arange(n, dtype=torch.float64) ** 2
    found = F.interpolate(x[None, None], size=m, mode="linear", align_corners=True)[0, 0]
    want = [sum(float(w) * x[j].item() for j, w in reads("align_corners", i, n, m).items()) for i in range(m)]
    torch.testing.assert_close(found, torch.tensor(want, dtype=torch.float64))


def test_a_scale_factor_is_used_as_such() -> None:
    x = torch.arange(5, dtype=torch.float64) ** 2
    found = F.interpolate(x[None, None], scale_factor=1.5, mode="linear", recompute_scale_factor=False)[0, 0]
    want = [sum(float(w) * x[j].item() for j, w in reads("linear", i, 5, 7, Fraction(2, 3)).items()) for i in range(7)]
    torch.testing.assert_close(found, torch.tensor(want, dtype=torch.float64))


@pytest.mark.parametrize(("k", "s", "p", "e"), [(3, 2, 1, 1), (4, 2, 1, 0), (2, 3, 0, 2)])
def test_transposed_convolutions(k: int, s: int, p: int, e: int) -> None:
    x, w = torch.tensor([1.0, 4.0, 9.0]), torch.arange(2.0, k + 2)
    found = F.conv_transpose1d(x[None, None], w[None, None], stride=s, padding=p, output_padding=e)[0, 0]
    assert found.tolist() == written([int(v) for v in x], [int(v) for v in w], s, p, e)


WINDOWS = [Window(2, 2, 1), Window(3, 2, 1), Window(3, 3, 1, 2), Window(2, 2, ceil=True)]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_windows_and_pools(window: Window) -> None:
    """Both ways: the flip of a row commutes with the pool exactly where the remainder is 0."""
    pool = nn.MaxPool1d(window.k, window.s, window.p, window.d, ceil_mode=window.ceil)
    for n in range(5, 12):
        x = torch.tensor([float((7 * i * i) % 23) for i in range(n)])[None, None]
        assert pool(x).shape[-1] == lengths([window], n)[-1]
        commutes = torch.equal(pool(x.flip(-1)), pool(x).flip(-1))
        assert sees([window], n)
        assert keeps_flips([window], n) == (whole([window], n) == 0)
        assert commutes >= keeps_flips([window], n)


@pytest.mark.parametrize("table", TABLES)
def test_attention(table: str) -> None:
    y = torch.tensor(TOKENS, dtype=torch.float64) + torch.tensor(TABLES[table], dtype=torch.float64)
    query = y[:, :1] * torch.tensor(2.0, dtype=torch.float64).log()
    found = F.scaled_dot_product_attention(query[None], y[None, :, :1], y[None], scale=1.0)[0]
    want = [[float(v) for v in row] for row in attention(TOKENS, TABLES[table])]
    torch.testing.assert_close(found, torch.tensor(want, dtype=torch.float64))


@pytest.mark.parametrize(("psi", "order"), [(EDGE, 1), (BAR, 2), (LAPLACE, 4)])
def test_the_error_of_a_rotated_convolution_is_predicted(psi: dict, order: int) -> None:
    """f(x, y) = exp(x) cos(2y), a rotation by 0.7, at (0.3, -0.2): the defect follows the closed form."""
    theta = torch.tensor(0.7, dtype=torch.float64)
    c, s = theta.cos(), theta.sin()
    R = torch.stack([torch.stack([c, -s]), torch.stack([s, c])])
    x = torch.tensor([0.3, -0.2], dtype=torch.float64)

    def f(at: torch.Tensor) -> torch.Tensor:
        return at[0].exp() * (2 * at[1]).cos()

    def defect(h: float) -> torch.Tensor:
        taps = [(w, torch.tensor(k, dtype=torch.float64)) for k, w in psi.items()]
        return torch.stack([w * (f(R @ (x + h * k)) - f(R @ x + h * k)) for w, k in taps]).sum()

    ratio = defect(2e-2) / defect(1e-2)
    assert abs(ratio / 2**order - 1) < 0.05
    mu, M = (torch.tensor([[float(v) for v in row] for row in part.rows], dtype=torch.float64) for part in moments(psi))
    at = R @ x
    e, cos, sin = at[0].exp(), (2 * at[1]).cos(), (2 * at[1]).sin()
    gradient = torch.stack([e * cos, -2 * e * sin])
    hessian = torch.stack([torch.stack([e * cos, -2 * e * sin]), torch.stack([-2 * e * sin, -4 * e * cos])])
    h = 1e-2
    first = gradient @ (R - torch.eye(2, dtype=torch.float64)) @ mu[:, 0]
    predicted = h * first + h * h / 2 * (hessian @ (R @ M @ R.T - M)).trace()
    assert abs(defect(h) - predicted) < 20 * h**3


def test_the_printed_table_is_the_kept_one() -> None:
    kept = json.loads((ROOT / "invariance/experiments/table/claimed.json").read_text(encoding="utf-8"))["diffcnn"]
    names = dict(zip(CLEAN, ("cnn", "st-cnn", "cpab-cnn", "rotdcf-cnn", "diffcnn-cnn"), strict=True))
    rows = {row["model"]: row for row in kept["rows"]}
    for name, model in names.items():
        assert round(100 * rows[model]["clean"]) == CLEAN[name]
        for kind, table in TABLE.items():
            assert tuple(round(100 * v) for v in rows[model][kind]) == table[name]


@pytest.mark.parametrize(
    ("network", "model"),
    [
        *(("All-CNN Z2", "allcnn-z2"), ("All-CNN p4", "allcnn-p4"), ("All-CNN p4m", "allcnn-p4m")),
        *(("ResNet44 Z2", "resnet44-z2"), ("ResNet44 p4m", "resnet44-p4m"), ("Z2CNN", "z2cnn"), ("P4CNN", "p4cnn")),
        ("P4CNN, rotation pooling", "p4cnn-autorotation"),
    ],
)
def test_parameter_counts(network: str, model: str) -> None:
    layers, order = NETWORKS[network]
    with torch.device("meta"):
        built = build(model)
    assert sum(p.numel() for p in built.parameters()) == total(layers, order) == COUNTS[network]


def test_batch_norm_of_a_feature_map_under_a_turn_of_each_sample() -> None:
    """G11.samples on torch: each sample turned its own way; with planar statistics it fails."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 1, 4, 5, 5, dtype=torch.float64, generator=generator)
    turned = torch.cat([P4.act(k, sample[None]) for k, sample in zip((0, 1, 3), x, strict=True)])

    def defect(norm: nn.Module, fold: bool) -> float:
        def layer(y: torch.Tensor) -> torch.Tensor:
            return norm(y.flatten(1, 2)).view_as(y) if fold else norm(y)

        back = torch.cat([P4.act(k, sample[None]) for k, sample in zip((0, 1, 3), layer(x), strict=True)])
        return (layer(turned) - back).abs().max().item()

    assert defect(GroupBatchNorm2d(P4, 1).double(), fold=False) < 1e-12
    assert defect(nn.BatchNorm2d(4).double(), fold=True) > 1e-2
