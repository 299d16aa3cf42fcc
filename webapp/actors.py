"""Callers as those who do deeds for the staff see them: how the log names them, what they may do, what they are told."""

from collections.abc import Iterator
from contextlib import contextmanager

from common.audit import Actor, ActorKind, AddressHashes
from common.db import Executor
from common.principals import Principal
from common.rights import Right, may
from common.site_staff import LastAdminError, NoSuchAccountError, NotAllowedError, NotLiveError
from webapp.endpoint import Caller
from webapp.problems import ApiProblemError


class Actors:
    """Names callers."""

    def __init__(self, db: Executor) -> None:
        self._hashes = AddressHashes(db)

    async def of(self, caller: Caller) -> Actor:
        """Name the caller of a request. Raises `DatabaseUnavailableError`."""
        principal = caller.principal
        kind: ActorKind = "staff" if principal.site_role else "user"
        if principal.kind == "token":
            kind = "api"
        return Actor(kind, principal.user_id, await self._hashes.of(caller.address))


def require_site_right(principal: Principal, right: Right) -> None:
    """Refuse with 403 who may not do this to the site."""
    if not may(principal, right):
        who = "administrators" if right is Right.MANAGE_SITE else "the staff"
        raise ApiProblemError(403, f"That is for {who} of the site.")


@contextmanager
def reasons_told() -> Iterator[None]:
    """Tell the caller why a deed (`common.site_staff`) was not done."""
    try:
        yield
    except NoSuchAccountError as error:
        raise ApiProblemError(404, str(error)) from None
    except NotAllowedError as error:
        raise ApiProblemError(403, str(error)) from None
    except (LastAdminError, NotLiveError) as error:
        raise ApiProblemError(409, str(error)) from None
