"""Synchronous views for Quart, run on the event loop: Quart itself would start a thread for each."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import trio

P = ParamSpec("P")
R = TypeVar("R")


def inline(view: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Make a view that only computes callable as Quart wants it. It must be quick and must not block."""

    @wraps(view)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        await trio.lowlevel.checkpoint()
        return view(*args, **kwargs)

    return call
