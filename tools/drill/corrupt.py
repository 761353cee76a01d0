"""Files that are broken, or made to harm, given to the readers of the commands."""

from __future__ import annotations

import copy
import io
import json
import random
import shutil
import signal
import traceback
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from .outcome import MARK, Ending, faults_of, run

__all__ = ["corrupt_files"]

EVIL = f"__import__('pathlib').Path('{MARK}').touch()"
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1.0, 1e308, 2**63, 2**64, 10**30, -(2**70), "", "x", "\0", "9" * 5000, EVIL),
    *([], {}, [[]], [1, 2], {"class": "Popen"}, "../../etc/passwd", "/dev/zero", "\ud800", "torch.os.system"),
)
_TEXTS = (b"NaN", b"Infinity", b"-Infinity", b"1e400", b"undefined", b"1e308", b'"', b"[", b"}", b"\xff\xfe", b"\0")


def corrupt_files(stage: Path, work: Path, count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """(what, what is wrong) for each of `count` files; every eighth goes through its whole command."""
    targets = list(_readers(stage).items())
    for number in range(count):
        random_numbers = random.Random(f"{seed} {number}")
        name, (read, command, allowed) = targets[number % len(targets)]
        original = (stage / name).read_bytes()
        content = _mutated(name, original, random_numbers)
        if number // len(targets) % 8 == 0:
            yield f"{name} #{number}", _through_command(stage, work, name, content, command, allowed)
        else:
            yield f"{name} #{number}", _through_reader(work / Path(name).name, content, read)


def _readers(stage: Path) -> dict[str, tuple[Callable[[Path], object], tuple[str, ...], set[int]]]:
    """By file: its reader, the command that reads it, and the statuses that it may have."""
    from invariance.comparing.stream import array_of
    from invariance.experiments.checkpoint import load_state, load_tensors
    from invariance.experiments.data.cifar10 import read_cifar10
    from invariance.experiments.data.files import read_bytes
    from invariance.experiments.data.mnist import read_idx
    from invariance.experiments.table import load_table
    from invariance.measure.comparison import load
    from invariance.pictures import photographs
    from invariance.proving.checker import RefusedError, verify
    from invariance.reading import read_json
    from invariance.records import read_record
    from invariance.targets import load_program, load_target
    from invariance.testing.replay import _Record

    from .stage import TABLE, TRAIN

    train = (*TRAIN, "--out", "run")
    check = ("check", "TARGET", "--input", "3,8,8", "--group", "p4")
    curve = (
        "curve",
        "--output",
        "c.png",
        "--model",
        "plain-cnn",
        "--images",
        "pictures",
        "--size",
        "9",
        "--scales",
        "0.1",
    )
    verdicts = {0, 1, 2, 3}
    net: Any = load_target(f"{stage / 'nets.py'}:Sum")

    arrays = ("curve", "--output", "c.png", "--model", "nets.py:Scores", "--scales", "0.1", "--size", "9")
    arrays += ("--images", "images.npy", "--labels", "labels.npy")

    def question(path: Path) -> None:
        record = _Record.read(path)
        if record.kind == "check":
            record.question()

    def pictures(path: Path) -> None:
        folder = path.parent / "one"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        path.rename(folder / path.name)
        photographs(9, folder=folder)

    def certificate(path: Path) -> None:
        with suppress(RefusedError):
            verify(read_json("--verify", path), net)

    def images(path: Path) -> None:
        read_idx(path, read_bytes(path), axes=3)

    def labels(path: Path) -> None:
        read_idx(path, read_bytes(path), axes=1)

    return {
        "bad.json": (question, ("replay", "bad.json"), verdicts),
        "good.json": (question, ("replay", "good.json"), verdicts),
        "worst.json": (question, ("replay", "worst.json"), verdicts),
        "proof.json": (
            certificate,
            ("prove", "nets.py:Sum", "--input", "3,8,8", "--verify", "proof.json"),
            {0, 2},
        ),
        "curve.json": (load, ("plot", "curve.json", "--output", "drawn.png"), {0, 2}),
        "table/rotmnist.json": (load_table, (*TABLE, "--runs", "table/runs"), {0, 2}),
        "images.npy": (lambda path: array_of("--images", path), arrays, {0, 2}),
        "labels.npy": (lambda path: array_of("--labels", path), arrays, {0, 2}),
        "net.pt2": (load_program, tuple("net.pt2" if part == "TARGET" else part for part in check), verdicts),
        "run/record.json": (lambda path: read_record("record", path, "run"), train, {0, 2}),
        "run/state.safetensors": (load_state, train, {0, 2}),
        "run/model.safetensors": (load_tensors, tuple("run" if p == "TARGET" else p for p in check), verdicts),
        "pictures/a.png": (pictures, curve, {0, 2}),
        "pictures/b.jpg": (pictures, curve, {0, 2}),
        "data/mnist/train-images-idx3-ubyte.gz": (images, (*train[:-1], "new"), {0, 2}),
        "data/mnist/t10k-labels-idx1-ubyte": (labels, (*train[:-1], "new"), {0, 2}),
        "data/cifar-10-binary.tar.gz": (
            lambda path: read_cifar10(path.parent),
            ("train", "cnn:width=2", "--data", "data", "--epochs", "1", "--out", "new"),
            {0, 2},
        ),
    }


def _through_reader(path: Path, content: bytes, read: Callable[[Path], object]) -> list[str]:
    """In this process, with an alarm."""
    from invariance.errors import ArgumentError, ArgumentTypeError

    def ring(*_: object) -> None:
        raise TimeoutError

    path.write_bytes(content)
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(60)
    found = []
    try:
        read(path)
    except (ArgumentError, ArgumentTypeError):
        pass
    except TimeoutError:
        found.append("hang")
    except BaseException as error:
        found.append(f"traceback: {type(error).__name__}: {str(error)[:120]} {_place(error)}")
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    if Path(MARK).exists() or (path.parent / MARK).exists():
        found.append("execution")
        for place in (Path(MARK), path.parent / MARK):
            place.unlink(missing_ok=True)
    return found


def _place(error: BaseException) -> str:
    """Where it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"({Path(last.filename).name}, line {last.lineno})"


def _through_command(
    stage: Path, work: Path, name: str, content: bytes, command: tuple[str, ...], allowed: set[int]
) -> list[str]:
    copy = work / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(stage, copy)
    (copy / name).write_bytes(content)
    ending: Ending = run(command, copy)
    found = faults_of(ending, allowed, copy)
    return [f"{kind}: {' '.join(command)}: {ending.status} {ending.error[-200:]}" for kind in found]


def _mutated(name: str, original: bytes, random_numbers: random.Random) -> bytes:
    if name.endswith(".json") and random_numbers.random() < 0.8:
        return _mutated_json(original, random_numbers)
    if name.endswith(".safetensors") and random_numbers.random() < 0.6:
        return _mutated_tensors(original, random_numbers)
    if name.endswith(".pt2") and random_numbers.random() < 0.8:
        return _mutated_program(original, random_numbers)
    return _mutated_bytes(original, random_numbers)


def _mutated_bytes(original: bytes, random_numbers: random.Random) -> bytes:
    content = bytearray(original)
    kind = random_numbers.randrange(6)
    at = random_numbers.randrange(len(content))
    if kind == 0:
        return bytes(content[:at])
    if kind == 1:
        content[at] ^= 1 << random_numbers.randrange(8)
    elif kind == 2:
        content[at : at + 1] = random_numbers.randbytes(random_numbers.randrange(1, 400))
    elif kind == 3:
        del content[at : at + random_numbers.randrange(1, 400)]
    elif kind == 4:
        for _ in range(20):
            content[random_numbers.randrange(len(content))] = random_numbers.randrange(256)
    else:
        return random_numbers.choice(
            (b"", b"\0" * 100, b"\x1f\x8b" + bytes(content[:50]), b"[" * 10**6, b"{}", b"null")
        )
    return bytes(content)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


def _mutated_json(original: bytes, random_numbers: random.Random) -> bytes:
    data = json.loads(original)
    for _ in range(random_numbers.choice((1, 1, 1, 2, 4))):
        path = random_numbers.choice(list(_places(data)))
        if not path:
            if random_numbers.random() < 0.1:
                data = copy.deepcopy(random_numbers.choice(_VALUES))
            continue
        parent = data
        with suppress(KeyError, IndexError, TypeError):
            for key in path[:-1]:
                parent = parent[key]
            if random_numbers.random() < 0.3:
                del parent[path[-1]]
            else:
                parent[path[-1]] = copy.deepcopy(random_numbers.choice(_VALUES))
    text = json.dumps(data).encode()
    if random_numbers.random() < 0.1:
        at = random_numbers.randrange(len(text))
        return text[:at] + random_numbers.choice(_TEXTS) + text[at:]
    return text


def _mutated_tensors(original: bytes, random_numbers: random.Random) -> bytes:
    """Other values, dtypes, shapes, or what is said about them; sometimes with a right checksum of its own."""
    import torch
    from safetensors.torch import load, save

    size = int.from_bytes(original[:8], "little")
    about = json.loads(json.loads(original[8 : 8 + size])["__metadata__"]["kept"])
    tensors = load(original)
    name = random_numbers.choice(sorted(tensors))
    tensor = tensors[name]
    match random_numbers.randrange(6):
        case 0:
            tensors[name] = torch.full_like(tensor, float("nan")) if tensor.is_floating_point() else tensor + 1
        case 1:
            tensors[name] = tensor.to(random_numbers.choice((torch.float64, torch.float16, torch.int64)))
        case 2:
            tensors[name] = tensor.reshape(-1)[:1].clone()
        case 3:
            tensors.pop(name)
        case 4:
            tensors["weights/of a stranger"] = tensor.clone()
        case 5:
            about["about"] = _mutated_json(about["about"].encode(), random_numbers).decode("utf-8", "replace")
    if random_numbers.random() < 0.3:
        from invariance.experiments.checkpoint import _digest

        about["sha256"] = _digest(tensors, about["about"])
    return save(tensors, metadata={"kept": json.dumps(about)})


def _mutated_program(original: bytes, random_numbers: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(original)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    jsons = [name for name in entries if name.endswith(".json")]
    name = random_numbers.choice(jsons)
    kind = random_numbers.randrange(7)
    if kind < 3:
        entries[name] = _mutated_json(entries[name], random_numbers)
    elif kind == 3:
        text = entries[next(n for n in jsons if n.endswith("model.json"))].decode()
        old = random_numbers.choice(("Symbol('", "torch.ops.aten.relu.default", "builtins.tuple", '"x"', "conv2d"))
        new = random_numbers.choice((f"{EVIL} + Symbol('", "torch.os.system", "9**9**9**9", "x=" + EVIL, "os.Popen"))
        entries[next(n for n in jsons if n.endswith("model.json"))] = text.replace(old, new.replace('"', "'")).encode()
    elif kind == 4:
        entries[name.replace(".json", random_numbers.choice((".JSON", ".Json", ".json/x", "")))] = entries[name]
    elif kind == 5:
        entries[random_numbers.choice(("net/../x", "/x", "net/data/weights/model.pt", "net/x.so", "x"))] = b"x"
    else:
        del entries[random_numbers.choice(sorted(entries))]
    file = io.BytesIO()
    with zipfile.ZipFile(
        file, "w", random_numbers.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    ) as out:
        for entry, content in entries.items():
            out.writestr(entry, content)
    return file.getvalue()
