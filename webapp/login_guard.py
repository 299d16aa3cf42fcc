"""Who may try a password now: failures by address and by account. Pure.

A try is counted before the password is looked at, and taken back when it was right: otherwise a hundred tries at once would
all find the way open while the first is still being hashed.
"""

from common.backoff import Backoff
from common.limits import is_loopback


class LoginGuard:
    """Failures of addresses, so that one machine cannot try many accounts, and of accounts, so that many cannot try one.

    This machine is exempt from the first, as from all limits by address: everybody may be behind a proxy on it.
    """

    def __init__(self) -> None:
        self._addresses = Backoff(free=20, first_wait_s=5.0, longest_wait_s=300.0)
        # Short: whoever wants to lock somebody out must not be able to for long.
        self._accounts = Backoff(free=10, first_wait_s=2.0, longest_wait_s=60.0)

    def begin(self, address: str, login: str, now: float) -> float:
        """Count a try; give the seconds to wait when it must not be made, and is not counted; 0.0: go on."""
        account = _account(login)
        exempt = is_loopback(address)
        waits = [self._accounts.wait_s(account, now), 0.0 if exempt else self._addresses.wait_s(address, now)]
        if max(waits) > 0:
            return max(waits)
        self._accounts.failed(account, now)
        if not exempt:
            self._addresses.failed(address, now)
        return 0.0

    def was_right(self, address: str, login: str) -> None:
        """Take the try back. The account starts anew; the address does not, it may have an account of its own to do so."""
        self._accounts.succeeded(_account(login))
        self._addresses.forgiven(address)

    def was_undecided(self, address: str, login: str) -> None:
        """Take the try back where nobody could say whether it was right: the database is away, or too many log in."""
        self._accounts.forgiven(_account(login))
        self._addresses.forgiven(address)


def _account(login: str) -> str:
    return f"account {login.lower()}"
