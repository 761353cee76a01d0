"""Networks of others on points, graphs, sets, sequences and volumes: symmetric as they stand, and with a slip."""

from collections.abc import Callable
from typing import Any

import jaxtyping
import pytest
import torch
from subjects.third_party import e3nn, egnn, escnn, geometric, heterogeneous
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.checking import check
from invariance.fields.adapters.escnn import fiber
from invariance.symmetry import Symmetry

Built = tuple[Any, Symmetry, dict[str, Any]]


@pytest.fixture(autouse=True)
def _unchecked() -> None:
    """Shapes of arguments are not looked at: smaller checks run the same functions with that."""
    jaxtyping.config.update("jaxtyping_disable", True)


class Slip(nn.Module):
    """A network, and what a slip makes of what comes out of it, given what went in."""

    def __init__(self, net: nn.Module, slip: Callable[..., Any] | None) -> None:
        super().__init__()
        self.net, self.slip = net, slip

    def forward(self, *inputs: Any) -> Any:
        outputs = self.net(*inputs)
        return outputs if self.slip is None else self.slip(outputs, *inputs)


def linear(wrong: bool) -> Built:
    o3, _ = e3nn()
    layer = o3.Linear("4x0e+3x1o+2x2e", "5x0e+2x1o+1x2e")
    biased = (lambda y, x: y + 0.02 * F.one_hot(torch.tensor(6), y.shape[1])) if wrong else None
    return Slip(layer, biased), Symmetry("O(3)", layer.irreps_in, layer.irreps_out), {}


def tensor_product(wrong: bool) -> Built:
    o3, _ = e3nn()

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = o3.FullyConnectedTensorProduct("2x0e+2x1o", "1x0e+1x1o", "3x0e+2x1o+1x1e")
            self.two = o3.FullyConnectedTensorProduct("3x0e+2x1o+1x1e", "1x0e+1x1o", "2x0e+1x1o+1x2e")

        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return self.two(self.one(x, y), y)

    net = Network()
    claimed = "irreps:2x0e+1x1e+1x2e" if wrong else net.two.irreps_out
    return net, Symmetry("O(3)", (net.one.irreps_in1, net.one.irreps_in2), claimed), {}


def gate(wrong: bool) -> Built:
    _, layers = e3nn()
    layer = layers.Gate("4x0e", [torch.tanh], "2x0e", [torch.sigmoid], "2x1o")
    entrywise = (lambda y, x: y + 0.05 * y.sin()) if wrong else None
    return Slip(layer, entrywise), Symmetry("O(3)", layer.irreps_in, layer.irreps_out), {}


def equivariant_graph(wrong: bool) -> Built:
    layer = egnn()(dim=5, num_nearest_neighbors=3)
    drift = (lambda out, h, x: (out[0], out[1] + 0.01 * out[0][..., :3])) if wrong else None
    tree = ("nodes:6x5", "points:6")
    return Slip(layer, drift), Symmetry("E(3) x S(6)", tree, tree), {}


class Twice(nn.Module):
    """Two graph convolutions, from `Data` to features of nodes."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, data: Any) -> Tensor:
        return self.second(torch.relu(self.first(data.x, data.edge_index)), data.edge_index)


def _numbered(y: Tensor, *_: Any) -> Tensor:
    return y + 0.02 * torch.arange(len(y), dtype=y.dtype)[:, None]


def graph(kind: str, group: str = "S(8) x S(20, edges)") -> Callable[[bool], Built]:
    def build(wrong: bool) -> Built:
        layers, data = geometric()
        options: dict[str, Any] = {}
        if kind == "PNAConv":
            kinds = {"aggregators": ["mean", "min", "max", "std"], "scalers": ["identity", "amplification"]}
            options = kinds | {"deg": torch.tensor([0, 2, 3, 3, 1])}
        net = Twice(getattr(layers, kind)(5, 6, **options), getattr(layers, kind)(6, 7, **options))
        given = data(x="nodes:8x5", edge_index="edges:8x20")
        return Slip(net, _numbered if wrong else None), Symmetry(group, given, "nodes:8x7", batched=False), {}

    return build


def data_in_and_out(wrong: bool) -> Built:
    layers, data = geometric()

    class Update(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = layers.GraphConv(5, 6)

        def forward(self, graph: Any) -> Any:
            graph = graph.clone()
            graph.x = self.conv(graph.x, graph.edge_index)
            graph.x = _numbered(graph.x) if wrong else graph.x
            return graph

    trees = [data(x=f"nodes:8x{width}", edge_index="edges:8x20") for width in (5, 6)]
    return Update(), Symmetry("S(8)", trees[0], trees[1], batched=False), {}


def graphs_in_a_batch(wrong: bool) -> Built:
    layers, data = geometric()

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = layers.GraphConv(5, 6), nn.Linear(6, 3)

        def forward(self, graph: Any) -> tuple[Tensor, Tensor]:
            hidden = self.conv(graph.x, graph.edge_index).tanh()
            hidden = _numbered(hidden) if wrong else hidden
            return self.head(layers.global_add_pool(hidden, graph.batch)), hidden

    given = data(x="nodes:8x5", edge_index="edges:8x20")
    return Classifier(), Symmetry("S(8)", given, ("invariant", "nodes:8x6")), {}


def two_kinds_of_nodes(batched: bool) -> Callable[[bool], Built]:
    def build(wrong: bool) -> Built:
        layers, _ = geometric()
        kinds, given = ("atoms", "in", "rings"), heterogeneous()
        given["atoms"].x, given["rings"].x = "nodes:6x4:on=atoms", "nodes:4x3:on=rings"
        given[kinds].edge_index = "links:6x4x10:on=atoms:to=rings"

        class Network(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.conv = layers.SAGEConv((4, 3), 5)

            def forward(self, graph: Any) -> Tensor:
                rings = self.conv((graph["atoms"].x, graph["rings"].x), graph[kinds].edge_index)
                return _numbered(rings) if wrong else rings

        group = "S(6, atoms) x S(4, rings)"
        return Network(), Symmetry(group, given, "nodes:4x5:on=rings", batched=batched), {}

    return build


def steerable(turns: int, group: str, tolerance: float) -> Callable[[bool], Built]:
    def build(wrong: bool) -> Built:
        package = escnn()
        space = package.gspaces.rot2dOnR2(turns, **({"maximum_frequency": 2} if turns < 0 else {}))
        fields = [space.irrep(k) for k in range(3)] if turns < 0 else [space.regular_repr]
        kinds = [package.nn.FieldType(space, held) for held in ([space.trivial_repr], fields)]
        conv = package.nn.R2Conv(*kinds, kernel_size=7, padding=3).eval()
        if wrong:
            conv.filter = conv.filter.detach() * torch.linspace(0.5, 1.5, 7)
        symmetry = Symmetry(group, fiber(conv.in_type, 33), fiber(conv.out_type, 33))
        return conv, symmetry, {"tolerance": tolerance}

    return build


class Encoder(nn.Module):
    def __init__(self, positions: bool) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.places = nn.Parameter(0.1 * torch.randn(6, 8), requires_grad=False) if positions else None

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        hidden = x if self.places is None else x + self.places
        return self.layer(hidden, src_key_padding_mask=~mask) * mask[..., None]


def encoder(wrong: bool) -> Built:
    return Encoder(wrong), Symmetry("S(6)", ("nodes:6x8", "mask:6"), "nodes:6x8"), {}


class PointNet(nn.Module):
    """Qi et al. 2017 without its transformers: an MLP of each point, the maximum over points."""

    def __init__(self, centred: bool, pool: str) -> None:
        super().__init__()
        self.each, self.all = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 16)), nn.Linear(16, 4)
        self.centred, self.pool = centred, pool

    def forward(self, x: Tensor) -> Tensor:
        if self.centred:
            x = x - x.mean(1, keepdim=True)
        held = self.each(x)
        return self.all(held.amax(1) if self.pool == "max" else held.sum(1))


def deep_sets(wrong: bool) -> Built:
    first = (lambda y, x: y + 0.01 * x[:, :1, :1].mean(1)) if wrong else None
    return Slip(PointNet(False, "sum"), first), Symmetry("S(7)", "points:7"), {}


def point_net(wrong: bool) -> Built:
    return PointNet(not wrong, "max"), Symmetry("translations(3) x S(7)", "points:7:scale=5"), {}


def audio(wrong: bool) -> Built:
    padding = "zeros" if wrong else "circular"
    layers = [nn.Conv1d(1, 4, 9, padding=4, padding_mode=padding), nn.ReLU(), nn.Conv1d(4, 4, 5, padding=2)]
    layers[-1] = nn.Conv1d(4, 4, 5, padding=2, padding_mode=padding)
    return nn.Sequential(*layers), Symmetry("shifts(64)", "sequence:1x64", "sequence:4x64"), {}


class UNet3d(nn.Module):
    """Two levels with a skip; filters that depend on the distance alone, but for one tap where it is wrong."""

    def __init__(self, wrong: bool) -> None:
        super().__init__()
        self.down, self.deep, self.up = (nn.Conv3d(a, b, 3, padding=1) for a, b in ((1, 4), (4, 4), (8, 2)))
        line = torch.arange(-1, 2).square()
        shell = line[:, None, None] + line[:, None] + line
        for conv in (self.down, self.deep, self.up):
            values = torch.randn(*conv.weight.shape[:2], 4) / 8
            conv.weight.data = values[..., shell]
        if wrong:
            self.deep.weight.data[0, 0, 0, 1, 1] *= 2

    def forward(self, x: Tensor) -> Tensor:
        high = self.down(x).relu()
        low = self.deep(F.max_pool3d(high, 2)).relu().repeat_interleave(2, 2).repeat_interleave(2, 3)
        return self.up(torch.cat((high, low.repeat_interleave(2, 4)), 1))


def unet(wrong: bool) -> Built:
    return UNet3d(wrong), Symmetry("cube", "volume:1x4x4x4", "volume:2x4x4x4"), {}


class Panorama(nn.Module):
    """An equirectangular image: longitude wraps, latitude does not."""

    def __init__(self, wrong: bool) -> None:
        super().__init__()
        self.conv, self.wraps = nn.Conv2d(2, 3, 3), not wrong

    def forward(self, x: Tensor) -> Tensor:
        wrapped = F.pad(x, (1, 1, 0, 0), mode="circular" if self.wraps else "constant")
        return self.conv(F.pad(wrapped, (0, 0, 1, 1)))


def panorama(wrong: bool) -> Built:
    return Panorama(wrong), Symmetry("shifts(1, 12)", "image:2x6x12", "image:3x6x12"), {}


SUBJECTS: dict[str, Callable[[bool], Built]] = {
    "e3nn, o3.Linear": linear,
    "e3nn, tensor products": tensor_product,
    "e3nn, gate": gate,
    "egnn-pytorch": equivariant_graph,
    "torch_geometric, GCN": graph("GCNConv"),
    "torch_geometric, GAT": graph("GATConv"),
    "torch_geometric, PNA": graph("PNAConv", "S(8)"),
    "torch_geometric, Data in and out": data_in_and_out,
    "torch_geometric, a Batch of graphs": graphs_in_a_batch,
    "torch_geometric, HeteroData": two_kinds_of_nodes(batched=False),
    "torch_geometric, a Batch of HeteroData": two_kinds_of_nodes(batched=True),
    "escnn, C(8)": steerable(8, "C(8)", 0.1),
    "escnn, SO(2)": steerable(-1, "SO(2)", 0.1),
    "transformer encoder": encoder,
    "DeepSets": deep_sets,
    "PointNet": point_net,
    "audio CNN": audio,
    "U-Net in space": unet,
    "panorama": panorama,
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_as_it_stands_and_with_a_slip(name: str) -> None:
    verdicts = []
    for wrong in (False, True):
        torch.manual_seed(0)
        model, symmetry, options = SUBJECTS[name](wrong)
        report = check(model, symmetry, **options)
        verdicts.append(report.verdict)
        assert "Lie algebra was left out" not in str(report), report
        if wrong and "geometric" in name:
            assert any(said.startswith("first broken by the code of") for said in report.diagnosis), report
    assert verdicts == ["consistent", "violated"]


def rotation(generator: torch.Generator) -> Tensor:
    turned = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=torch.float64))[0]
    return turned * torch.linalg.det(turned).sign()


def normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


INVERSE = "it moves by the inverse action: Rᵀ for R, rows for columns"


def test_rows_for_columns_in_a_test_of_e3nn() -> None:
    o3, _ = e3nn()
    layer = o3.Linear("4x0e+3x1o", "5x0e+2x1o")
    into, out = layer.irreps_in.D_from_matrix, layer.irreps_out.D_from_matrix
    forgotten = Symmetry.of(elements=rotation, act=lambda r, x: x @ into(r).T, act_out=lambda r, y: y @ out(r),
                            sample=lambda batch, generator: normal(generator, batch, 13))  # fmt: skip
    assert any(said.startswith(f"output: consistent if {INVERSE}") for said in check(layer, forgotten).diagnosis)


def test_rows_for_columns_in_a_test_of_egnn() -> None:
    layer = egnn()(dim=5)

    def sample(batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return normal(generator, batch, 6, 5), normal(generator, batch, 6, 3)

    def act(r: Tensor, x: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return x[0], x[1] @ r

    turned = Symmetry.of(elements=rotation, act=act, act_out=lambda r, y: act(r.T, y), sample=sample)
    assert any(said.startswith(f"output [1]: consistent if {INVERSE}") for said in check(layer, turned).diagnosis)
