"""Several processes under torchrun: who this one is, and the few things they tell each other."""

from __future__ import annotations

import atexit
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

__all__ = ["Processes", "join_processes"]

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """`count` processes of which this is number `rank`, computing on `device`. One process needs no process group."""

    device: torch.device
    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes and speaks."""
        return self.rank == 0

    def share(self, index: Tensor) -> Tensor:
        """This process's part of a tensor that all have; parts differ in length by at most one."""
        return index.tensor_split(self.count)[self.rank]

    def sum(self, values: Tensor) -> Tensor:
        """Elementwise sum over the processes."""
        if self.count > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def from_first(self, value: T) -> T:
        """The first process's value, in all."""
        if self.count == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, device=self.device)
        return box[0]

    def same_buffers(self, net: nn.Module) -> None:
        """The first process's buffers, such as running statistics, in all."""
        if self.count > 1:
            for buffer in net.buffers():
                dist.broadcast(buffer, src=0)

    def parallel(self, net: nn.Module) -> nn.Module:
        """Gradients averaged over the processes.

        Batch normalisation takes its statistics over all processes on CUDA (SyncBatchNorm); elsewhere torch has no such
        layer, so each process normalises its part of the batch and the running statistics are the first process's.
        """
        if self.count == 1:
            return net
        return DistributedDataParallel(net, [self.device] if self.device.type == "cuda" else None)


def join_processes(device: torch.device) -> Processes:
    """The processes that torchrun started, one CUDA device each; a single one where it did not.

    The process group outlives the call: left and made anew, a fast process would meet the old one's store.
    """
    if not dist.is_initialized() and int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes(device)
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(_leave)
    return Processes(device, dist.get_rank(), dist.get_world_size())


def _leave() -> None:
    """Together: the first process holds the store, and one that still needs it dies where it is gone."""
    if dist.get_backend() == "gloo":
        with suppress(RuntimeError):  # another process has failed already
            dist.monitored_barrier(timeout=timedelta(seconds=20))
    dist.destroy_process_group()
