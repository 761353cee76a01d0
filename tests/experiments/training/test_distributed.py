"""Two processes on the CPU: the same training as one, and a single writer."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from experiments.training.synthetic import splits
from safetensors.torch import load_file

from invariance.errors import ArgumentError
from invariance.experiments import trainer
from invariance.experiments.classifier import Classifier
from invariance.experiments.distributed import Processes
from invariance.experiments.fit import train
from invariance.experiments.options import TrainOptions
from invariance.experiments.record import new_record

OPTIONS = TrainOptions("cnn", "synthetic", epochs=2, width=2, augment="crop-flip", batch=64)
RUN = """
import sys
from pathlib import Path
from experiments.training.test_distributed import both
both(Path(sys.argv[1]))
"""


class Plain(torch.nn.Module):
    """No batch norm, and float64: sharding changes the order of sums alone, and Adam's roots do not blow that up."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = torch.nn.Conv2d(3, 4, 3), torch.nn.Linear(4 * 30 * 30, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.conv(images.double()).relu().flatten(1)).float()


def plain_classifier(*_) -> Classifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Classifier(Plain().double(), torch.zeros(3), torch.ones(3))


def both(out: Path) -> None:
    torch.set_num_threads(1)
    train(OPTIONS, splits(201), out / "batch-norm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_classifier", plain_classifier)
        train(OPTIONS, splits(201), out / "plain")


def test_two_processes_train_as_one(tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "OMP_NUM_THREADS": "1",
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    command = [sys.executable, "-c", RUN, str(tmp_path / "two")]
    started = [subprocess.Popen(command, env=environment | {"RANK": str(rank)}) for rank in range(2)]
    both(tmp_path / "one")
    try:
        assert [process.wait(timeout=300) for process in started] == [0, 0]
    finally:  # one waits for ever for the other that failed
        for process in started:
            process.kill()
    one, two = (load_file(tmp_path / count / "plain/state.safetensors") for count in ("one", "two"))
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-5, atol=1e-8)
    records = [json.loads((tmp_path / count / "plain/record.json").read_text()) for count in ("one", "two")]
    losses = [[entry["train_loss"] for entry in record["history"]] for record in records]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert [record["hardware"]["processes"] for record in records] == [1, 2]
    assert records[0]["best"] == records[1]["best"]
    assert json.loads((tmp_path / "two/batch-norm/record.json").read_text())["finished"]


def test_shares_partition_a_batch():
    parts = [Processes(torch.device("cpu"), rank, 3).share(torch.arange(10)) for rank in range(3)]
    assert torch.equal(torch.cat(parts), torch.arange(10))
    assert {len(part) for part in parts} == {3, 4}


def test_a_step_has_an_image_for_each_process():
    data, cpu = splits(200), torch.device("cpu")
    options = TrainOptions("cnn", "synthetic", width=2, batch=2)
    record = new_record(options, data, device=cpu, processes=3)
    with pytest.raises(ArgumentError, match=r"batch = 2: .* 3 processes"):
        trainer.Trainer(options, record, data.train, data.validation, Processes(cpu, 0, 3))
