"""Synchronous views for Quart, run on the event loop: Quart itself would start a thread for each."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import trio

P = ParamSpec("P")
R = TypeVar("R")


def inline(view: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Make a view that only computes callable as Quart wants it. It must be quick and must not block.

    Here and in what every request goes through, where nothing is waited for a cancel is looked at, but other tasks do not get
    their turn: a full checkpoint is a round of the event loop, a twentieth of what a small answer costs.
    """

    @wraps(view)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        await trio.lowlevel.checkpoint_if_cancelled()
        return view(*args, **kwargs)

    return call
