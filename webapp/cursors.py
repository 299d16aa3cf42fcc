"""Cursors: where the next page of a list begins, signed, so that nobody builds or edits one.

A cursor holds the sort key of the last row, not a count, so that rows which come and go shift nothing. It is for one list.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import msgspec
import trio

from common.db import Executor
from common.queries.site_secrets import obtain_site_secret
from webapp.fields import Page, PageQuery, Pagination
from webapp.problems import ApiProblemError

NOT_OURS = "This cursor is not one that this list gave."
_TAG_BYTES = 16

Position = list[int | str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class HasId(Protocol):
    """A row of a list that is sorted by its ids."""

    @property
    def id(self) -> int:
        """Unique in the list."""


R = TypeVar("R", bound=HasId)
Row = TypeVar("Row")
T = TypeVar("T")


def seal(key: bytes, name: str, position: Position) -> str:
    """Make the cursor of a list called `name` that goes on behind `position`."""
    payload = msgspec.msgpack.encode(position)
    return base64.urlsafe_b64encode(_tag(key, name, payload) + payload).decode().rstrip("=")


def unseal(key: bytes, name: str, cursor: str) -> Position | None:
    """Read a cursor; `None` when it was not made with this key for this list."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        return None
    tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(key, name, payload)):
        return None
    return msgspec.msgpack.decode(payload, type=Position)


def micros(moment: datetime) -> int:
    """Give a time as a cursor holds it, exactly: microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(since_1970_us: int) -> datetime:
    """Give back what `micros` was given."""
    return _EPOCH + timedelta(microseconds=since_1970_us)


def _tag(key: bytes, name: str, payload: bytes) -> bytes:
    return hmac.digest(key, name.encode() + b"\0" + payload, hashlib.sha256)[:_TAG_BYTES]


class Cursors:
    """Makes and reads cursors with a key that all web nodes share; it is fetched when first needed."""

    def __init__(self, db: Executor) -> None:
        self._db = db
        self._key: bytes | None = None

    async def write(self, name: str, *position: int | str) -> str:
        """Make a cursor; see `seal`. Raises `DatabaseUnavailableError` when the key is not there yet."""
        return seal(await self._shared_key(), name, list(position))

    async def read(self, name: str, cursor: str) -> Position:
        """Read a cursor; see `unseal`. Raises `ApiProblemError` for one that is not ours."""
        position = unseal(await self._shared_key(), name, cursor)
        if position is None:
            raise ApiProblemError(400, NOT_OURS)
        return position

    async def last_id(self, name: str, query: PageQuery) -> int | None:
        """Give the id behind which a page begins, in lists that are sorted by it; `None`: the first page."""
        place = await self.place(name, query.after, tuple[int])
        return None if place is None else place[0]

    async def place(self, name: str, after: str | None, shape: type[T]) -> T | None:
        """Give the sort key behind which a page begins, a tuple of this type; `None`: the first page."""
        if after is None:
            await trio.lowlevel.checkpoint_if_cancelled()
            return None
        try:
            return msgspec.convert(await self.read(name, after), shape)
        except msgspec.ValidationError:  # signed by an older release, which sorted the list by something else
            raise ApiProblemError(400, NOT_OURS) from None

    async def page(self, name: str, query: PageQuery, found: Sequence[R], show: Callable[[R], T]) -> Page[T]:
        """Make a page of rows, of which one more was asked for than it holds: that one tells that there are more."""
        more = await self.more(name, query.first, found, lambda row: [row.id])
        return Page([show(row) for row in found[: query.first]], more)

    async def more(
        self, name: str, first: int, found: Sequence[Row], place: Callable[[Row], Position]
    ) -> Pagination:
        """Say how to go on behind the first `first` rows of `found`, by the sort key of the last of them.

        One row more was asked for than the page holds: without it this is the last page.
        """
        if len(found) <= first:
            await trio.lowlevel.checkpoint_if_cancelled()
            return Pagination()
        return Pagination(await self.write(name, *place(found[first - 1])))

    async def _shared_key(self) -> bytes:
        if self._key is not None:
            await trio.lowlevel.checkpoint_if_cancelled()
        else:
            self._key = await obtain_site_secret(self._db, "cursors")
        return self._key
