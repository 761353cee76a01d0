"""Every error the library raises on purpose: each names the argument, the value it had and what is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CheckpointError",
    "DataError",
    "DegenerateError",
    "DivergedError",
    "FoldingError",
    "ImageReadError",
    "MissingExtraError",
    "OutputError",
    "ResultError",
    "RunError",
    "SingularError",
    "UndefinedError",
    "meant",
    "one_of",
    "reason_of",
]


class _NamedError(Exception):
    def __init__(self, argument: str, value: object, wanted: str) -> None:
        super().__init__(argument, value, wanted)

    def __str__(self) -> str:
        argument, value, wanted = self.args
        return f"{argument} = {_brief(' '.join(str(value).split()))}: {wanted}"


def reason_of(error: BaseException, longest: int = 200) -> str:
    """What an exception of somebody else's code says, on one line; its class may fail to.

    >>> reason_of(ValueError("two\\n lines"))
    'two lines'
    """
    try:
        return " ".join(str(error).split())[:longest]
    except BaseException as another:
        return f"its message fails with {type(another).__name__}"


def meant(value: str, names: Iterable[str]) -> str:
    """The beginning of an answer to a name that is none; capitals are no difference.

    >>> meant("rotatoin", ["rotation", "scale"])
    'did you mean rotation? '
    """
    known = {name.lower(): name for name in names}
    close = get_close_matches(value.lower(), known, 1)
    return f"did you mean {known[close[0]]}? " if close else ""


def one_of(value: object, names: Iterable[object]) -> str:
    """What is wanted where something else than a known name was given: the nearest of them, and all.

    >>> one_of("Rotation", ["rotation", "scale"])
    'did you mean rotation? one of rotation, scale'
    """
    listed = [str(name) for name in names]
    return f"{meant(str(value), listed)}one of {', '.join(listed)}"


def _brief(value: str) -> str:
    """Both ends of what is longer than a line."""
    return value if len(value) <= 300 else f"{value[:200]} … {value[-60:]}"


class ArgumentError(_NamedError, ValueError):
    """An argument has a value or a shape that the mathematics does not allow.

    >>> raise ArgumentError("sigma", -0.1, "a scale is a finite number ≥ 0")
    Traceback (most recent call last):
        ...
    invariance.errors.ArgumentError: sigma = -0.1: a scale is a finite number ≥ 0
    """


class ArgumentTypeError(_NamedError, TypeError):
    """An argument is of the wrong type or dtype."""


class SingularError(ArgumentError):
    """A matrix or a field of matrices leaves GL(2): singular somewhere, or not finite."""


class FoldingError(ArgumentError):
    """A map of the plane folds: it is not certified to be invertible on the domain."""


class DegenerateError(ArgumentError):
    """The data carry nothing to measure: every pixel is degenerate, or there are no samples."""


class UndefinedError(ArgumentError):
    """The quantity asked for is 0/0, such as the normalised error of a constant map."""


class ImageReadError(ArgumentError):
    """An image file or folder is missing, empty, unreadable or not in colour."""


class MissingExtraError(ArgumentError):
    """A library that comes with an extra is not installed; says which, and the command that installs it."""

    def __str__(self) -> str:
        what, library, command = self.args
        return f"{what}: {library} is not installed: {command}"


class OutputError(ArgumentError):
    """A file cannot be written: a full disk, no permission. What was there before is kept."""


class DataError(ArgumentError):
    """A file of a data set is missing, truncated or corrupt, or could not be fetched; says what to do about it."""


class CheckpointError(ArgumentError):
    """A file of a training run is missing, corrupt or of another format."""


class RunError(ArgumentError):
    """A folder holds a training run with other options, or is no folder."""


class ResultError(ArgumentError):
    """A file of kept results is missing, unreadable, or of another format; or results that do not belong together."""


class DivergedError(ArgumentError):
    """Training left the finite numbers."""
