"""The doctor names the cause in its first line, and a change after which the check passes; symmetrised networks."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from invariance import Symmetry, check, diagnose, symmetrize
from invariance.doctor import Case
from invariance.doctor.diagnose import blamed
from invariance.doctor.overrides import Overridden, SymmetricFilters, balanced_padding, centred_sampling, polyphase
from invariance.errors import ArgumentError, ArgumentTypeError


def symmetric(inputs: int, outputs: int, size: int = 3, **options: Any) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, size, **options).double()
    conv.weight = nn.Parameter(sum((conv.weight.detach().rot90(k, (2, 3)) for k in range(1, 4)), conv.weight.detach()))
    return conv


def net(*middle: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(symmetric(1, 3, padding=1), nn.Tanh(), *middle, nn.AdaptiveAvgPool2d(1), nn.Flatten()).double()


CAUSES = {
    "training mode": lambda: net(nn.Dropout(0.5)),
    "size and stride": lambda: net(symmetric(3, 3, padding=1, stride=2), nn.Tanh()),
    "padding": lambda: net(nn.ZeroPad2d((2, 0, 1, 1)), symmetric(3, 3), nn.Tanh()),
}


@pytest.mark.parametrize(("cause", "build"), CAUSES.items(), ids=CAUSES)
def test_the_cause_is_in_the_first_line_and_its_mend_makes_the_check_pass(cause: str, build):
    found = diagnose(build(), input_shape=(1, 8, 8), group="p4")
    assert found.causes == (cause,)
    assert str(found).splitlines()[0].startswith(f"cause: {cause}")
    assert found.mended is not None
    assert check(found.mended.model, **found.mended.options).verdict == "consistent"


def test_a_healthy_network_has_no_cause():
    found = diagnose(net(), input_shape=(1, 8, 8), group="p4")
    assert found.healthy
    assert str(found) == "no cause: it has the symmetry"
    assert found.to_dict()["causes"] == []


def test_faults_that_hide_each_other_are_found_together():
    torch.manual_seed(0)
    strided = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    found = diagnose(strided.double(), input_shape=(1, 8, 8), group="p4")
    assert set(found.causes) == {"filters", "size and stride"}
    assert "together with" in found.first_line
    assert found.mended is not None
    assert check(found.mended.model, **found.mended.options).verdict == "consistent"
    errors = [step.outcome.verdict for step in found.steps]
    assert errors == ["violated", "consistent"]


@pytest.mark.parametrize("written", ["with a kernel of its own", "with a layer"])
def test_a_sum_over_the_group_that_lacks_an_element_is_a_fault_of_the_code(written: str):
    class Turns(nn.Module):
        def __init__(self, turns: int) -> None:
            super().__init__()
            self.conv, self.turns = nn.Conv2d(1, 1, 3, padding=1, bias=False).double(), turns

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            kernel = torch.linspace(-1, 1, 9, dtype=x.dtype).exp().view(1, 1, 3, 3)

            def filtered(y: torch.Tensor) -> torch.Tensor:
                return self.conv(y) if written == "with a layer" else F.conv2d(y, kernel, padding=1)

            turned = [filtered(x.rot90(k, (2, 3))).rot90(-k, (2, 3)) for k in range(self.turns)]
            return torch.stack(turned).sum(0).tanh().mean((2, 3))

    torch.manual_seed(0)
    assert diagnose(Turns(4), input_shape=(1, 8, 8), group="p4").healthy
    assert diagnose(Turns(3), input_shape=(1, 8, 8), group="p4").causes[0] in ("code", "layer")  # not its filters
    after = nn.Sequential(Turns(4), nn.Identity())
    assert SymmetricFilters(after, "p4")(torch.randn(2, 1, 8, 8).double()).shape == (2, 1)  # all poses: no complaint


def test_a_transpose_on_the_way_is_the_inverse_action():
    class Transposed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = symmetric(1, 2, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(x).mT

    found = diagnose(Transposed(), input_shape=(1, 8, 8), group="p4", claim="equivariant")
    assert found.causes == ("action in the test",)
    assert found.mended is not None
    assert found.mended.examined().holds


def test_branches_of_one_stride_take_one_phase():
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.long, self.short = nn.Conv2d(1, 3, 3, 2, 1), nn.Conv2d(1, 3, 1, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = F.max_pool2d((self.long(x) + self.short(x)).relu(), 3, 2, 1)
            return y.square().mean((2, 3))

    torch.manual_seed(0)
    found = diagnose(Residual().double(), input_shape=(1, 8, 8), group="translation")
    assert found.causes == ("aliasing",)
    assert found.mended is not None


def test_a_stride_that_no_change_mends_is_still_the_cause():
    class Halves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pool = nn.MaxPool2d(2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.interpolate(self.pool(x), scale_factor=2)

    halves = Halves()
    asked = Case(halves, {"input_shape": (1, 16, 16), "group": "translation", "claim": "equivariant"})
    assert blamed(asked.examined(), halves)[0] == "aliasing"


def test_a_saved_program_is_changed_as_its_source_would_be():
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Upsample(scale_factor=1.5), symmetric(2, 2), nn.Flatten(2))
    shapes = ({0: torch.export.Dim("batch", min=1, max=64)},)
    program = torch.export.export(net.double().eval(), (torch.ones(2, 1, 8, 8).double(),), dynamic_shapes=shapes)
    x = torch.randn(2, 1, 8, 8).double()
    saved = program.module()
    for made in (lambda of: SymmetricFilters(of, "p4"), lambda of: Overridden(of, centred_sampling("nearest-exact"))):
        torch.testing.assert_close(made(saved)(x), made(net)(x))
        assert not torch.allclose(made(saved)(x), net(x))


def test_where_no_layer_breaks_it_the_claim_is_wrong():
    found = diagnose(nn.Sequential(nn.Tanh(), nn.Flatten()), input_shape=(1, 4, 4), group="p4")
    assert found.first_line.startswith("cause: claim, no layer breaks it, but the output moves otherwise than claimed")


def test_what_is_not_decided_says_why():
    found = diagnose(nn.Sequential(nn.Flatten(), nn.Threshold(999, 0)), input_shape=(1, 4, 4), group="p4")
    first, second = str(found).splitlines()[:2]
    assert (first, "the same for all inputs" in second) == ("no cause found: undefined", True)


def test_a_twin_that_differs_is_the_cause():
    class Branches(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x.square().mean((2, 3))
            return y + x[..., 0, 0] if torch.compiler.is_exporting() else y

    found = diagnose(Branches(), variants=("exported",), input_shape=(1, 8, 8), group="p4")
    assert found.first_line.startswith("cause: variant, exported (E = ")


def test_what_no_question_fits_is_said():
    with pytest.raises(ArgumentError, match="group = p17"):
        diagnose(net(), input_shape=(1, 8, 8), group="p17")
    with pytest.raises(ArgumentError, match=r"^input_shape = \(1, 8\)"):
        diagnose(net(), input_shape=(1, 8), group="p4")
    with pytest.raises(ArgumentError, match="variants = quick: some of float64"):
        diagnose(net(nn.Dropout(0.5)), input_shape=(1, 8, 8), group="p4", variants=("quick",))


def test_replaced_operations_do_what_they_are_named_after():
    torch.manual_seed(0)
    conv, x = nn.Conv2d(2, 3, 3, padding=1, stride=2).double(), torch.randn(2, 2, 8, 8).double()
    phased = Overridden(lambda y: F.max_pool2d(conv(y).tanh(), 2).sum((2, 3)), polyphase())
    torch.testing.assert_close(phased(x), phased(x.roll((1, 3), (2, 3))), rtol=0, atol=1e-12)
    turned = SymmetricFilters(nn.Conv2d(2, 3, 3).double(), "p4")
    torch.testing.assert_close(turned(x.rot90(1, (2, 3))), turned(x).rot90(1, (2, 3)))
    even = Overridden(lambda y: F.pad(y, (2, 0, 0, 4)), balanced_padding())
    assert torch.equal(even(x), F.pad(x, (1, 1, 2, 2)))


@pytest.mark.parametrize("how", ["mean", "max", "canonical"])
def test_any_network_can_be_symmetrised(how):
    torch.manual_seed(0)
    flat = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).double()
    made = symmetrize(flat, Symmetry("p4m", "image:1x8x8"), how=how)
    x = torch.randn(4, 1, 8, 8).double()
    torch.testing.assert_close(made(x.rot90(1, (2, 3))), made(x), rtol=0, atol=1e-14)
    torch.testing.assert_close(made(x.flip(-1)), made(x), rtol=0, atol=1e-14)
    assert made.passes == (1 if how == "canonical" else 8)
    assert not torch.allclose(made(x)[0], made(x)[1])


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("symmetry", "how", "said"),
    [
        (Symmetry("SO(3)", "points:4"), "mean", "at most 48 elements"),
        (Symmetry("C(8)", "image:1x9x9"), "mean", "moves entries to entries"),
        (Symmetry("p4", "image:1x8x8", "image:1x8x8"), "max", "how = max"),
        (Symmetry("p4", "image:1x8x8"), "median", "how = median"),
    ],
)
def test_what_cannot_be_symmetrised(symmetry: Symmetry, how, said: str):
    with pytest.raises(ArgumentError, match=said):
        symmetrize(nn.Identity(), symmetry, how=how)


@pytest.mark.bad_input
def test_what_symmetrised_networks_cannot_compute_says_what_to_type():
    turns = Symmetry("p4", "image:1x8x6")
    wide = torch.randn(2, 1, 8, 6)
    with pytest.raises(ArgumentTypeError, match="net = NoneType: a module"):
        symmetrize(None, turns)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentError, match=r"how = canonical: mean: of \(1, 8, 6\)"):
        symmetrize(lambda x: x.mean((2, 3)), turns, how="canonical")(wide)

    def classes(x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3)).argmax(1)

    with pytest.raises(ArgumentTypeError, match=r"net\(inputs\) = torch.int64: numbers that have a mean"):
        symmetrize(classes, turns)(wide)
    assert symmetrize(classes, turns, how="max")(wide).shape == (2,)
