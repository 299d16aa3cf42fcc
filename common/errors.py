"""The root of the errors that weir raises on purpose, and a tool for groups of them."""

from typing import TypeVar

E = TypeVar("E", bound=BaseException)


class WeirError(Exception):
    """Something a person can act on; its text is one sentence for them, shown without a traceback."""


def leaves(group: BaseExceptionGroup[E]) -> list[E]:
    """Give the errors inside a group and the groups in it, in order."""
    found: list[E] = []
    for error in group.exceptions:
        found += leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
