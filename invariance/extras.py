"""Libraries that only some of the work needs, and the extra that each comes with."""

from __future__ import annotations

from types import TracebackType

from .errors import MissingExtraError

__all__ = ["DISTRIBUTION", "EXTRAS", "NeededFor"]

DISTRIBUTION = "invariance-toolkit"
"""What pip installs; the name `invariance` is another project's there."""

EXTRAS = {
    "dask": "cluster",
    "joblib": "cluster",
    "pandas": "frames",
    "pooch": "data",
    "pytorch_lightning": "watching",
    "safetensors": "train",
    "skimage": "photographs",
    "torchmetrics": "watching",
    "tqdm": "data",
    "transformers": "trainer",
    "z3": "smt",
}
"""The extra by the name under which a library is imported."""


class NeededFor:
    """`with NeededFor("to_frame"): import pandas`: where the library is missing, says how it is installed.

    Raises:
        MissingExtraError: names what was asked for, the library, and the command that installs it.
    """

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not isinstance(error, ModuleNotFoundError):
            return
        library = (error.name or "").partition(".")[0]
        if library in EXTRAS:
            raise MissingExtraError(self.what, library, f"pip install '{DISTRIBUTION}[{EXTRAS[library]}]'") from error
