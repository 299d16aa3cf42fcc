"""Counting tries of a password around the work that looks at it: `LoginGuard` says who may, this tells who may not."""

import contextlib
import math
from collections.abc import Iterator

import trio

from common.credentials import HashingBusyError
from common.db import DatabaseUnavailableError, StatementTimeoutError
from webapp.login_guard import LoginGuard
from webapp.problems import ApiProblemError


@contextlib.contextmanager
def counted_try(guard: LoginGuard, address: str, account: str) -> Iterator[None]:
    """Count a try whose password is looked at in the block, unless the block cannot say whether it is right.

    Raises:
        ApiProblemError: 429, with the time to wait, and the block is not run.
    """
    wait_s = guard.begin(address, account, trio.current_time())
    if wait_s > 0:
        raise ApiProblemError(
            429, "Too many wrong passwords; wait a little.", retry_after_s=math.ceil(wait_s)
        )
    try:
        yield
    except (DatabaseUnavailableError, StatementTimeoutError, HashingBusyError):
        guard.was_undecided(address, account)
        raise
