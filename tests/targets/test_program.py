"""Saved programs from strangers: whatever is in the file, nothing of it runs but operators on the list."""

import json
import re
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from invariance.errors import ArgumentError
from invariance.targets import exported_program, load_program
from invariance.targets.expressions import canonical, is_arithmetic
from tools.pure_operators import LIST, pure_operators

Entries = dict[str, bytes]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.rest = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rest(self.conv(x))[:, :, : x.shape[2] // 2, ::2].reshape(x.shape[0], -1, x.shape[3])


@pytest.fixture(scope="module")
def net() -> Net:
    torch.manual_seed(0)
    return Net().eval()


@pytest.fixture(scope="module")
def entries(net: Net, tmp_path_factory: pytest.TempPathFactory) -> Entries:
    batch, half = torch.export.Dim("batch", min=1, max=64), torch.export.Dim("half", min=4, max=256)
    path = tmp_path_factory.mktemp("program") / "net.pt2"
    shapes = ({0: batch, 2: 2 * half},)
    torch.export.save(torch.export.export(net, (torch.ones(2, 3, 8, 8),), dynamic_shapes=shapes), path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(folder: Path, entries: Entries, *more: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    path = folder / "net.pt2"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in [*entries.items(), *more]:
            archive.writestr(name, content)
    return path


def changed(entries: Entries, change: Callable[[dict], None], name: str = "models/model.json") -> Entries:
    model = json.loads(entries[f"net/{name}"])
    change(model)
    return entries | {f"net/{name}": json.dumps(model).encode()}


def test_shapes_that_are_arithmetic_are_loaded(entries: Entries, net: Net, tmp_path: Path):
    x = torch.rand(3, 3, 12, 8)
    torch.testing.assert_close(load_program(written(tmp_path, entries))(x), net(x))


def graph(model: dict) -> dict:
    return model["graph_module"]["graph"]


EVIL = "__import__('pathlib').Path('ran').touch()"


def _expression(text: str) -> Callable[[dict], None]:
    def change(model: dict) -> None:
        graph(model)["tensor_values"]["x"]["sizes"][0]["as_expr"]["expr_str"] = text

    return change


def _name(model: dict) -> None:
    for values in (graph(model)["inputs"][-1]["as_tensor"], model["graph_module"]["signature"]["input_specs"][-1]):
        text = json.dumps(values).replace('"x"', json.dumps(f"x={EVIL}"))
        values.update(json.loads(text))
    graph(model)["tensor_values"][f"x={EVIL}"] = graph(model)["tensor_values"]["x"]


def _file(model: dict) -> None:
    node = graph(model)["nodes"][1]
    node["target"] = "torch.ops.aten.from_file.default"
    node["inputs"] = [{"name": "filename", "arg": {"as_string": "ran"}, "kind": 1}]


def _container(model: dict) -> None:
    spec = model["graph_module"]["module_call_graph"][0]["signature"]
    spec["in_spec"] = spec["in_spec"].replace("builtins.tuple", "collections.defaultdict", 1)


CHANGES = {
    "Python in a size": (_expression(EVIL), "no arithmetic"),
    "a call in a size": (_expression(f"Symbol('s7', positive={EVIL})"), "no arithmetic"),
    "a size that never ends": (_expression("9**9**9**9"), "no arithmetic"),
    "powers of powers": (_expression("Pow(Pow(Symbol('s7'), Integer(16)), Integer(16))"), "no arithmetic"),
    "a size of a million digits": (_expression("9" * 100_000), "characters"),
    "Python in a name": (_name, "is no name"),
    "Python in a key": (lambda m: graph(m)["tensor_values"].update({EVIL: graph(m)["tensor_values"]["x"]}), "a name"),
    "an operator that writes a file": (_file, "from_file"),
    "a container that is imported": (_container, "collections.defaultdict"),
    "a function of torch": (lambda m: graph(m)["nodes"][1].update(target="torch.load"), "torch.load"),
    "a bound in Python": (lambda m: m["range_constraints"].update({EVIL: {"min_val": 1, "max_val": 2}}), "arithmetic"),
    "no graph": (lambda m: m.clear(), "another form (KeyError"),
    "a graph that is none": (lambda m: m["graph_module"].update(graph=3), "another form (TypeError"),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_graphs_with_anything_else_are_refused(
    entries: Entries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[dict], None], said: str
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match=re.escape(said)):
        load_program(written(tmp_path, changed(entries, change)))
    assert not Path("ran").exists()


def test_guards_are_left_out(entries: Entries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    evil = changed(entries, lambda model: model.update(guards_code=[EVIL]))
    program = exported_program(written(tmp_path, evil))
    assert program._guards_code == []
    program.module()(torch.rand(1, 3, 8, 8))
    assert not Path("ran").exists()


def _link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("net/data/weights/weight_9")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


ADDED = {
    "other capitals": ("net/models/MODEL.JSON", "names differ in"),
    "the same name": ("net/models/model.json", "names differ in"),
    "another graph": ("net/models/other.json", "models/other.json"),
    "a library": ("net/data/aotinductor/model/x.so", "x.so"),
    "a pickle": ("net/data/weights/model.pt", "model.pt"),
    "an object": ("net/data/constants/custom_obj_0", "custom_obj_0"),
    "an absolute path": ("/etc/x", "2 folders at its top"),
    "a path to a parent": ("net/../../x", "../../x"),
    "a link": (_link(), "as a link"),
}


@pytest.mark.parametrize(("name", "said"), ADDED.values(), ids=ADDED)
def test_archives_with_anything_else_are_refused(entries: Entries, tmp_path: Path, name, said: str):
    with pytest.raises(ArgumentError, match=re.escape(said)):
        load_program(written(tmp_path, entries, (name, entries["net/models/model.json"])))


def test_a_graph_under_other_capitals_is_not_the_graph(entries: Entries, tmp_path: Path):
    renamed = {name.replace("model.json", "model.JSON"): content for name, content in entries.items()}
    with pytest.raises(ArgumentError, match=r"model\.JSON"):
        load_program(written(tmp_path, renamed))


@pytest.mark.parametrize("name", ["models/model.json", "data/weights/model_weights_config.json"])
def test_an_archive_without_a_part_says_which(entries: Entries, tmp_path: Path, name: str):
    rest = {kept: content for kept, content in entries.items() if kept != f"net/{name}"}
    with pytest.raises(ArgumentError, match=f"it has no {re.escape(name)}"):
        load_program(written(tmp_path, rest))


def test_compressed_archives_are_no_bombs(entries: Entries, tmp_path: Path):
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content + b" " * 10**6 * name.endswith("model.json"))
    with pytest.raises(ArgumentError, match="encrypted or compressed"):
        load_program(path)


@pytest.mark.parametrize("name", ["weight_0", "weight_6"])
def test_weights_that_are_missing_or_empty_are_named(entries: Entries, tmp_path: Path, name: str):
    full = f"net/data/weights/{name}"
    for broken in (entries | {full: b""}, {key: value for key, value in entries.items() if key != full}):
        with pytest.raises(ArgumentError, match=f"nothing for the tensor|{name}"):
            load_program(written(tmp_path, broken))


def test_sizes_that_square_themselves_end(entries: Entries, tmp_path: Path):
    def change(model: dict) -> None:
        nodes = graph(model)["nodes"]
        (divided,) = [node for node in nodes if node["target"] == "_operator.floordiv"]
        last = divided["outputs"][0]["as_sym_int"]["as_name"]
        for i in range(100):
            square = json.loads(json.dumps(divided))
            square |= {"target": "_operator.mul", "name": f"square_{i}"}
            square["outputs"] = [{"as_sym_int": {"as_name": f"square_{i}"}}]
            argument = {"as_sym_int": {"as_name": last}}
            square["inputs"] = [{"name": "", "arg": argument, "kind": 1}] * 2
            graph(model)["sym_int_values"][f"square_{i}"] = graph(model)["sym_int_values"][last]
            nodes.insert(nodes.index(divided) + 1 + i, square)
            last = f"square_{i}"

    model = load_program(written(tmp_path, changed(entries, change)))
    with pytest.raises(OverflowError, match="larger than 2⁶³"):
        model(torch.rand(1, 3, 8, 8))


def test_the_kept_list_is_what_the_rules_make_of_torch_s_schemas():
    assert LIST.read_text(encoding="utf-8").split() == pure_operators()


@pytest.mark.parametrize(
    "text", ["FloorDiv(Add(Symbol('s7'), Integer(-1)), Integer(2))", "2*s39", "Float('0.5', precision=53)"]
)
def test_sizes_as_torch_writes_them(text: str):
    assert canonical(canonical(text)) == canonical(text)


@pytest.mark.parametrize(
    "text",
    [
        "Float('0.5', precision=1000000000)",
        "Float('1e999999999', precision=53)",
        "Float('0.5')",
        "Symbol('s7', imaginary=True)",
        "Symbol('s7', complex=True)",
        "Symbol('s7', positive=Symbol('s8'))",
        "Symbol('s7 + s8')",
        "Integer(9223372036854775808)",
        "Pow(Symbol('s7'), Integer(1000000000))",
    ],
)
def test_numbers_and_symbols_that_torch_does_not_write(text: str):
    """Digits by the million, and facts with which sympy expands products without end."""
    with pytest.raises(ValueError, match="arithmetic"):
        canonical(text)


def test_sizes_have_a_length():
    with pytest.raises(ValueError, match="an expression of 6001 characters"):
        canonical("1" + "+1" * 3000)


_SUMS = ", ".join(f"Add(Symbol('s{2 * i}'), Symbol('s{2 * i + 1}'))" for i in range(20))


@pytest.mark.parametrize(
    "text",
    [
        f"FloorDiv(Mul({_SUMS}), Integer(2))",
        "*".join(["(s1 + s2)"] * 7),
        f"Max({_SUMS})",
    ],
)
def test_sizes_whose_divisors_sympy_would_seek_for_minutes(text: str):
    with pytest.raises(ValueError, match="arithmetic"):
        canonical(text)
    assert is_arithmetic("FloorDiv(Mul(Add(Symbol('s1'), Integer(-1)), Add(Symbol('s2'), Integer(1))), Integer(2))")


@pytest.mark.parametrize(
    "text", ["", "x.y", "s7[0]", "lambda: 1", "s7 if 1 else 2", "'s7'", "f'{s7}'", "(" * 3000 + "1", "Integer(9)**s7"]
)
def test_sizes_that_are_no_arithmetic(text: str):
    with pytest.raises(ValueError, match="arithmetic"):
        canonical(text)
