"""Help in sections: options under a heading that says what they are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import click

__all__ = ["Sectioned", "section"]

_TITLES: WeakKeyDictionary[click.Parameter, str] = WeakKeyDictionary()


class Sectioned(click.Command):
    """A command whose help lists the options of each `section`, and then those of none."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each option once, under its heading."""
        found: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                found.setdefault(_TITLES.get(parameter, ""), []).append(record)
        for title in sorted(found, key=lambda title: not title):
            with formatter.section(title or "Options"):
                formatter.write_dl(found[title])


def section(title: str, *options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A decorator: the options, each made by `click.option`, under a heading."""

    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
            _TITLES[function.__click_params__[-1]] = title
        return function

    return decorate
