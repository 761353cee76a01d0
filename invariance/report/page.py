"""Templates of this folder, filled."""

from __future__ import annotations

from typing import Any

__all__ = ["rendered"]


def rendered(template: str, **content: Any) -> str:
    """The template with the content; what is no markup is escaped, and a name that is missing is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("invariance.report", "."), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template(template).render(**content)
