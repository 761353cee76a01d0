"""Elements of finite groups."""

from __future__ import annotations

from hypothesis import strategies as st

from ...groups import SplitGroup

__all__ = ["group_elements", "symmetries"]


def group_elements(group: SplitGroup) -> st.SearchStrategy[int]:
    """Elements of H by index; simplest the identity, 0."""
    return st.integers(0, group.order - 1)


def symmetries(*groups: SplitGroup) -> st.SearchStrategy[tuple[SplitGroup, int]]:
    """One of the groups and an element of it; simplest the identity of the first one."""
    return st.sampled_from(groups).flatmap(lambda group: st.tuples(st.just(group), group_elements(group)))
