"""`docs/reliability.md`: the counts of the drill, and what the commands promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Part", "page"]

_KINDS = ("traceback", "hang", "execution", "wrong status", "file lost", "file changed", "half a file")


@dataclass(frozen=True)
class Part:
    """One kind of cases: how many there were, what went wrong how often, in how many seconds."""

    name: str
    count: int
    wrong: dict[str, int]
    seconds: float

    def __str__(self) -> str:
        said = ", ".join(f"{count} {kind}" for kind, count in self.wrong.items()) or "nothing wrong"
        return f"{self.name}: {self.count} in {self.seconds:.0f} s, {said}"


def page(parts: Sequence[Part], seed: int) -> str:
    heads = " | ".join((*_KINDS, "other"))
    rows = []
    for part in parts:
        other = sum(count for kind, count in part.wrong.items() if kind not in _KINDS)
        cells = " | ".join(str(part.wrong.get(kind, 0)) for kind in _KINDS)
        rows.append(f"| {part.name} | {part.count} | {cells} | {other} |")
    table = "\n".join((f"| cases | count | {heads} |", "|" + " --- |" * (len(_KINDS) + 3), *rows))
    return _TEXT.format(table=table, seed=seed)


_TEXT = """\
# Reliability

Written by `python -m tools.drill` (seed {seed}); `make test` runs a fortieth of all 1,200 + 800 + 84 cases.

## The drill

Every case is a command in a process of its own, or the reader of a file. Nothing may end in a traceback, in status 4,
after a minute, or with the status of a verdict that was not reached; nothing that a file carries may run; no file may
be lost or left half written.

{table}

- *Corrupt files*: records of checks, worst cases and trainings, kept curves and tables, certificates of proofs,
  weights, states, saved programs, arrays, pictures, data sets: cut off, bits flipped, values of other types and sizes,
  code in the place of names and sizes. One in eight goes through its whole command.
- *Command lines*: of every command, up to three options empty, repeated, not finite, huge, devices, pipes, folders,
  models that call `sys.exit` or fail; one in ten meets a full disk; one is the whole report.
- *Kills*: SIGINT, SIGTERM and SIGKILL at any moment of train, table, curve, report, verify, check and prove, also while
  they import. A training that is killed and started again ends in the same bits.

## Exit status

| status | meaning |
| --- | --- |
| 0 | it holds: *consistent*, *proved*; or the work is done |
| 1 | it does not hold: *violated*, *disproved*; a ledger entry other than recorded |
| 2 | the input is wrong, or there is not enough memory or disk: one line says what, and what to type instead |
| 3 | nothing was decided: *measured*, *undecided*, *undefined*, *not proved* |
| 4 | a fault of this program: one line; `--traceback` shows where |
| 130 | interrupted, by Ctrl-C or SIGTERM, at any time: within ten seconds, and at once when it is sent again |

Within ten seconds means also during one long call of torch, and where a model swallows the interrupt; a call that holds
Python's lock meanwhile, as arithmetic on integers of a million digits does, has to end first. In the first hundredths
of a second, before a line of this program is read, Python ends in its own way, with status 1; after the answer one
changes nothing.

A model has no say in the status: `sys.exit`, `os._exit` and `os.exec…` in it are status 2, a thread of it that does not
end is waited for ten seconds, and what cannot be written to stderr changes nothing. Not seen is what ends the process
from outside Python, C code that calls `exit`; nor a call of `os._exit` by what a model registers with `atexit`. A crash
in C and a kill leave with 128 and the signal's number, which is no verdict.

## What runs code of others

- `check`, `prove`, `profile`, `doctor`, `curve`, `compare` with `file.py:name` or `package.module:name` import that
  file or module, and call what it names.
- `check --symmetry FILE.py:NAME`, `curve --images FILE.py:NAME` and `verify --file FILE.py` or `--package NAME` import
  that file or package.
- `replay FILE` runs the code that FILE names: it says which, and from where, and without `--trust` only what is
  below the working directory. Of a failed test it runs pytest, which imports the `conftest.py` of its folders.
- `table --address` takes its trainings from a Dask cluster, as pickles: it trusts it.
- `timm:NAME` and `torchvision:NAME` import that library; with weights, NAME.WEIGHTS, the library downloads them.

`certify`, `report`, `train`, `plot`, `groups` and `fields` run nothing of others, nor do the commands above otherwise.

A `.pt2` program is packed anew from entries that `torch.export.save` writes, its sizes are parsed by
a grammar of integers and names, and it may call only the operators of `invariance/targets/operators.txt`, which neither
read nor write anything but their arguments. That they do so with any arguments was tried: `python -m
tools.odd_arguments` calls each with arguments that do not fit (other sizes, dtypes and strides, indices out of range,
NaN, numbers up to 2³¹) in processes that may fall, with pages that may not be read on both sides of every tensor.
Operators that fell, or that gave memory as it was found, are off the list; those of them that networks use are called
only where their arguments fit each other (`invariance/targets/trusting.py`). It is a search, on a CPU: no proof.

The folder of a training, kept results, pictures and data sets are read as data. Weights and states carry a SHA-256,
which is verified when they are loaded and resumed.

## Limits

A file of JSON may have 268 MB, a picture 10⁸ pixels and 268 MB, a file of a data set 537 MB packed or not, a saved
program 8.6 GB. What surely does not fit in memory is refused before the work, by the option that asks for it: the
size of an image or of a batch, the number of draws. Of `check`, `profile` and `doctor` the batch becomes smaller where
there is no room for it, before the work or during it, and stderr says so: what comes out for a sample does not depend
on it. A process takes no more than is free when it begins (not on machines with CUDA): what needs more later ends with
status 2, and says what to ask less of. `check` of a convolution on images of 1024 × 1024 with the default batch takes
9.8 GB, and goes on with a smaller batch where there is less.

A file that is there is replaced only where it is of the kind that the option writes, and never where the line reads it
or writes something else there. An option of one value that is given twice is refused.
"""
