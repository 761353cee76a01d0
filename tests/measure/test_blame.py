"""The place that breaks a symmetry is named, in a layer or between layers, and nothing that is innocent."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.errors import ArgumentError
from invariance.groups import P4
from invariance.measure import Fault, LayerwiseReport, acted_element, blame_layers, layerwise_error
from invariance.symmetry import Symmetry
from tools.check_study.blame.cost import cost
from tools.check_study.blame.networks import four_fold

WIDTH = 4


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def noise(size: int = 16, seed: int = 1) -> Tensor:
    return torch.randn((2, 3, size, size), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def blamed(model: nn.Module) -> tuple[Fault, ...]:
    return layerwise_error(model.double().eval(), noise(), P4).faults


def ramp(x: Tensor) -> Tensor:
    return torch.linspace(0.5, 1, x.shape[-1], dtype=x.dtype)


class Between(nn.Module):
    """Symmetric layers, with code between two of them."""

    def __init__(self, code: Callable[[Tensor], Tensor], second: nn.Module | None = None) -> None:
        super().__init__()
        self.code = code
        self.conv, self.second = four_fold(3, WIDTH), second or four_fold(WIDTH, WIDTH)
        self.relu, self.head = nn.ReLU(), nn.Linear(WIDTH, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.code(self.conv(x))
        return self.head(self.relu(self.second(y)).mean((-2, -1)))


def adds_in_place(x: Tensor) -> Tensor:
    x += ramp(x)
    return x


def writes_a_canvas(x: Tensor) -> Tensor:
    canvas = x.new_zeros((*x.shape[:-1], x.shape[-1] + 1))
    canvas[..., 1:] = x
    return canvas


def writes_through_a_view(x: Tensor) -> Tensor:
    canvas = x.new_zeros((*x.shape[:-1], x.shape[-1] + 1))
    canvas[..., 1:].copy_(x)
    return canvas


def in_windows(x: Tensor) -> Tensor:
    windows = x.unflatten(3, (4, 4)).unflatten(2, (4, 4)).exp()
    return (windows / windows.sum((3, 5), keepdim=True)).flatten(4).flatten(2, 3)


def turned_and_added(x: Tensor) -> Tensor:
    return torch.stack([torch.rot90(torch.rot90(x, k, (2, 3)) * ramp(x), -k, (2, 3)) for k in range(4)]).sum(0)


FAULTS: dict[str, Callable[[Tensor], Tensor]] = {
    "a slice": lambda x: x[..., 1:],
    "a louder slice": lambda x: torch.cat((x[..., :-2], 1.5 * x[..., -2:]), -1),
    "positions, in place": adds_in_place,
    "padding on one side": lambda x: F.pad(x, (1, 0, 1, 0)),
    "padding by hand": writes_a_canvas,
    "padding by hand, through a view": writes_through_a_view,
    "coordinates": lambda x: torch.cat((x[:, 1:], ramp(x).expand_as(x[:, :1])), 1),
    "half of the channels mirrored": lambda x: torch.cat((x[:, :2], x[:, 2:].flip(-1)), 1),
    "a sum along rows": lambda x: x + x.cumsum(-1),
    "a sort along rows": lambda x: x.sort(-1).values,
    "the real part of a filter's output": lambda x: torch.fft.ifft2(torch.fft.fft2(x) * (1 + ramp(x))).real,
    "the neighbour's maximum": lambda x: torch.maximum(x, x.roll(1, -1)),
}

INNOCENT: dict[str, Callable[[Tensor], Tensor]] = {
    "a slice put together again": lambda x: torch.cat((x[..., :-2], x[..., -2:]), -1),
    "a cyclic shift there and back": lambda x: x.roll((2, 3), (2, 3)).tanh().roll((-2, -3), (2, 3)),
    "padding that is cut off again": lambda x: F.pad(x, (1, 0)).tanh()[..., 1:],
    "mirrored there and back": lambda x: x.flip(-1).square().flip(-1),
    "windows": in_windows,
    "a sum over the group": turned_and_added,
}


@pytest.mark.parametrize("name", FAULTS)
def test_code_between_layers_is_named(name: str):
    (fault,) = blamed(Between(FAULTS[name]))
    assert fault.between == ("conv", "second")
    assert fault.layer == ""
    assert fault.code is not None
    assert fault.code.file == __file__


@pytest.mark.parametrize("name", INNOCENT)
def test_what_is_mended_is_not_blamed(name: str):
    assert blamed(Between(INNOCENT[name])) == ()
    (fault,) = blamed(Between(INNOCENT[name], nn.Conv2d(WIDTH, WIDTH, 3)))
    assert fault.layer == "second"


def test_the_lines_are_those_of_the_fault():
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.relu = four_fold(3, WIDTH), nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            y = self.conv(x)
            y = y * 2
            y = y + ramp(y)
            return self.relu(y)

    (fault,) = blamed(nn.Sequential(Block(), nn.Flatten()))
    assert fault.layer == "0"
    assert fault.code is not None
    assert fault.code.source == "y = y + ramp(y)"
    assert fault.sentence.startswith(f"the code of {fault.code.function} of 0 between 0.conv and 0.relu: E = ")
    assert "test_blame.py, line " in fault.sentence


@pytest.mark.parametrize("name", ["positions, in place", "padding on one side", "half of the channels mirrored"])
def test_a_fault_behind_another_is_named_too(name: str):
    first, second = blamed(Between(FAULTS[name], nn.Conv2d(WIDTH, WIDTH, 3)))
    assert first.between == ("conv", "second")
    assert (second.layer, second.kind, second.between) == ("second", "Conv2d", None)


class Symmetrised(nn.Module):
    """A layer of any kind, summed over some quarter turns."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.turns, self.conv = turns, nn.Conv2d(WIDTH, WIDTH, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return sum(torch.rot90(self.conv(torch.rot90(x, k, (2, 3))).relu(), -k, (2, 3)) for k in range(self.turns)) + x


def test_a_forgotten_element_of_a_sum_over_the_group_is_the_fault_of_the_sum():
    (fault,) = blamed(nn.Sequential(four_fold(3, WIDTH), Symmetrised(3), four_fold(WIDTH, WIDTH)))
    assert fault.layer == "1"
    assert fault.between is not None
    assert blamed(nn.Sequential(four_fold(3, WIDTH), Symmetrised(4), four_fold(WIDTH, WIDTH))) == ()


def test_a_sum_over_the_group_behind_a_fault_is_not_blamed():
    net = nn.Sequential(four_fold(3, WIDTH), nn.Conv2d(WIDTH, WIDTH, 3), Symmetrised(4), four_fold(WIDTH, WIDTH))
    assert [fault.layer for fault in blamed(net)] == ["1"]


class ConvNeXt(nn.Module):
    def __init__(self, depthwise: nn.Module) -> None:
        super().__init__()
        self.depthwise, self.norm, self.linear = depthwise, nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        y = F.gelu(self.linear(self.norm(self.depthwise(x).permute(0, 2, 3, 1))))
        return x + y.permute(0, 3, 1, 2)


def test_channels_last_is_a_layout_and_no_fault():
    blocks = [ConvNeXt(four_fold(WIDTH, WIDTH)) for _ in range(3)]
    report = layerwise_error(nn.Sequential(four_fold(3, WIDTH), *blocks).double(), noise(), P4)
    assert report.faults == ()
    norms = [layer for layer in report.layers if layer.kind == "LayerNorm"]
    assert {layer.action for layer in norms} == {"channels stay (channels last)"}
    blocks[1].depthwise = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
    blocks[2].depthwise = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
    assert [f.layer for f in blamed(nn.Sequential(four_fold(3, WIDTH), *blocks))] == ["2.depthwise", "3.depthwise"]


class Windows(nn.Module):
    """Swin's attention, in windows of 4 shifted by 2."""

    def __init__(self, bias: bool) -> None:
        super().__init__()
        self.norm, self.qkv, self.out = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        generator = torch.Generator().manual_seed(0)
        self.bias = nn.Parameter(torch.randn((16, 16), generator=generator)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        y = self.norm(x.permute(0, 2, 3, 1)).roll((-2, -2), (1, 2))
        y = y.view(b, h // 4, 4, w // 4, 4, c).transpose(2, 3).reshape(-1, 16, c)
        query, key, value = self.qkv(y).chunk(3, -1)
        scores = query @ key.mT
        if self.bias is not None:
            scores = scores + self.bias
        y = self.out(scores.softmax(-1) @ value)
        y = y.view(b, h // 4, w // 4, 4, 4, c).transpose(2, 3).reshape(b, h, w, c).roll((2, 2), (1, 2))
        return x + y.permute(0, 3, 1, 2)


def test_windows_are_no_fault_but_a_bias_in_them_is():
    net = nn.Sequential(four_fold(3, WIDTH), Windows(False), Windows(False), four_fold(WIDTH, WIDTH))
    report = layerwise_error(net.double(), noise(), P4)
    assert report.faults == ()
    inner = next(layer for layer in report.layers if layer.layer == "1.qkv")
    assert inner.reason == "its entries are the same, in another order"
    (fault,) = blamed(nn.Sequential(four_fold(3, WIDTH), Windows(False), Windows(True), four_fold(WIDTH, WIDTH)))
    assert fault.layer == "2"
    assert fault.code is not None
    assert fault.code.source == "scores = scores + self.bias"


def test_a_reshape_is_never_to_blame():
    (fault,) = blamed(nn.Sequential(four_fold(3, 8), nn.Flatten(), nn.Linear(8 * 16 * 16, 5)))
    assert (fault.layer, fault.kind) == ("2", "Linear")


class Misread(nn.Module):
    """Channels read as places, or rows as channels, before a layer that is not to blame."""

    def __init__(self, *, tokens: bool) -> None:
        super().__init__()
        self.first, self.tokens = four_fold(3, 8), tokens
        self.then = nn.LayerNorm(8) if tokens else four_fold(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        shape = (len(y), 256, 8) if self.tokens else y.shape
        y = y.reshape(shape) if self.tokens else y.permute(0, 2, 3, 1).reshape(shape)
        return self.then(y)


@pytest.mark.parametrize("tokens", [True, False])
def test_but_one_that_reads_an_axis_as_another_is(tokens: bool):
    (fault,) = blamed(Misread(tokens=tokens))
    assert fault.between == ("first", "then")
    assert fault.code is not None
    assert "reshape(shape)" in fault.code.source


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_modules_are_seen_as_they_were_written():
    torch._dynamo.reset()
    net = nn.Sequential(four_fold(3, WIDTH), nn.ReLU(), nn.Conv2d(WIDTH, 3, 3).double())
    assert [fault.layer for fault in blamed(torch.compile(net))] == ["2"]  # pyright: ignore[reportArgumentType]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripted_modules_say_why_no_layer_is_named():
    scripted = torch.jit.script(nn.Sequential(nn.Conv2d(WIDTH, 3, 3), nn.ReLU()).double())
    (fault,) = blamed(nn.Sequential(four_fold(3, WIDTH), scripted))
    assert fault.layer == "1"
    assert "hidden by torch.jit.script: check the module it was made from" in fault.sentence
    (whole,) = blamed(torch.jit.script(nn.Sequential(nn.Conv2d(3, 3, 3)).double()))
    assert whole.kind == "RecursiveScriptModule"


def test_what_comes_about_unseen_is_run_as_a_whole():
    class Unseen(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.from_numpy(x.numpy() * ramp(x).numpy())

    assert [fault.layer for fault in blamed(nn.Sequential(four_fold(3, WIDTH), Unseen()))] == ["1"]


def test_the_lines_where_values_leave_torch_are_named():
    def in_numpy(x: Tensor) -> Tensor:
        return torch.from_numpy(x.numpy() * ramp(x).numpy())

    (fault,) = blamed(nn.Sequential(Between(in_numpy, four_fold(WIDTH, WIDTH)), nn.Flatten()))
    assert fault.between == ("0.conv", "0.second")
    assert fault.code is not None
    assert "x.numpy()" in fault.code.source


def test_the_layers_of_a_parallel_model_are_those_of_its_module():
    net = nn.Sequential(four_fold(3, WIDTH), nn.Conv2d(WIDTH, 3, 3).double())
    assert [fault.layer for fault in blamed(nn.DataParallel(net))] == ["1"]


def test_an_order_that_is_no_action_is_told_with_its_line():
    class Mirrored(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.cat((x[:, :2], x[:, 2:].flip(-1)), 1)

    report = layerwise_error(nn.Sequential(four_fold(3, WIDTH), Mirrored()), noise(), P4)
    assert report.faults == ()
    assert report.action.startswith("its entries come in another order (test_blame.py, line ")


@pytest.mark.bad_input
def test_numbers_read_out_of_tensors_are_refused_where_they_differ():
    class Branches(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * x[0, 0, 0, 0].item()

    with pytest.raises(ArgumentError, match=r"reads .* out of a tensor .*one path for all images"):
        blamed(Branches())


def points(bad: str = "") -> nn.Module:
    class Layer(nn.Module):
        def __init__(self, bad: str) -> None:
            super().__init__()
            self.edge, self.step, self.node, self.bad = nn.Linear(11, 6), nn.Linear(6, 1), nn.Linear(11, 5), bad

        def forward(self, position: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
            towards = position[:, :, None] - position[:, None]
            distance = towards.square().sum(-1, keepdim=True)
            if self.bad == "another norm":
                distance = towards.abs().sum(-1, keepdim=True)
            pairs = features[:, :, None].expand(-1, -1, 6, -1), features[:, None].expand(-1, 6, -1, -1)
            message = self.edge(torch.cat((*pairs, distance), -1)).tanh()
            if self.bad == "order":
                message = message * torch.linspace(0, 1, 6, dtype=message.dtype)[:, None]
            position = position + (towards * self.step(message)).mean(2)
            if self.bad == "drift":
                position = position + position.new_tensor([1.0, 0, 0])
            return position, features + self.node(torch.cat((features, message.sum(2)), -1)).tanh()

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList((Layer(""), Layer(bad)))

        def forward(self, position: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
            for layer in self.layers:
                position, features = layer(position, features)
            return position, features

    return Network().double()


def under(symmetry: Symmetry, model: nn.Module) -> LayerwiseReport:
    generator = torch.Generator().manual_seed(3)
    inputs = symmetry.sample(3, generator)
    element = acted_element(symmetry, symmetry.group.sample(generator), inputs)
    return blame_layers(model, inputs, [element], tolerance=4e-10, symmetry=str(symmetry.group))


SPACE = "position=points:6,features=scalars:6x5"
ITEMS = "position=nodes:6x3,features=nodes:6x5"


@pytest.mark.parametrize(
    ("group", "fields", "bad", "line"),
    [
        ("O(3)", SPACE, "another norm", "distance = towards.abs().sum(-1, keepdim=True)"),
        ("O(3)", SPACE, "drift", "position = position + position.new_tensor([1.0, 0, 0])"),
        ("SE(3)", SPACE, "another norm", "distance = towards.abs().sum(-1, keepdim=True)"),
        ("S(6)", ITEMS, "order", "message = message * torch.linspace(0, 1, 6, dtype=message.dtype)[:, None]"),
    ],
)
def test_points_and_nodes(group: str, fields: str, bad: str, line: str):
    symmetry = Symmetry(group, fields, fields)
    assert under(symmetry, points()).faults == ()
    (fault,) = under(symmetry, points(bad)).faults
    assert fault.layer == "layers.1"
    assert fault.code is not None
    assert fault.code.source == line


def test_hidden_points_move_by_the_matrix_and_hidden_nodes_by_the_permutation():
    actions = {layer.layer: layer.action for layer in under(Symmetry("SE(3)", SPACE, SPACE), points()).layers}
    assert actions["layers.0"] == "positions on axis 2"
    assert actions["layers.0.edge"] == "stays"
    nodes = {layer.layer: layer.action for layer in under(Symmetry("S(6)", ITEMS, ITEMS), points()).layers}
    assert nodes["layers.0"] == "permuted on axis 1"
    assert nodes["layers.0.edge"] == "permuted on axes 1, 2"


def test_a_sequence_moves_with_its_grid():
    class Late(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(3, 4, 3, padding=1, padding_mode="circular")

        def forward(self, x: Tensor) -> Tensor:
            y = self.conv(x).tanh()
            return y * ramp(y)

    symmetry = Symmetry("shifts(12)", "sequence:3x12", "sequence:4x12")
    conv = nn.Conv1d(3, 3, 5, padding=2, padding_mode="circular")
    report = under(symmetry, nn.Sequential(conv, Late()).double())
    (fault,) = report.faults
    assert (fault.layer, fault.between) == ("1", ("1.conv", None))
    assert report.layers[0].action == "moves with the grid"


def test_a_deep_network_costs_ten_passes_at_most():
    found = cost(32)
    assert found.passes <= 10
    names = [fault.layer for fault in found.report.faults]
    assert names[:2] == ["conv1", "maxpool"]
    assert all(name.endswith(("conv2", "downsample.0")) for name in names[2:])
