"""The papers' tables, measured: from finished runs to JSON, Markdown and a figure."""

from .claims import Claim, Claims, claimed
from .kinds import TABLES, TableKind, table_kind
from .make import make_table
from .markdown import to_markdown
from .plan import missing_runs
from .resolution import smallest_difference
from .result import Row, RunResult, Table, load_table
from .runs import FinishedRun, find_runs

__all__ = [
    "TABLES",
    "Claim",
    "Claims",
    "FinishedRun",
    "Row",
    "RunResult",
    "Table",
    "TableKind",
    "claimed",
    "find_runs",
    "load_table",
    "make_table",
    "missing_runs",
    "smallest_difference",
    "table_kind",
    "to_markdown",
]
