"""Types of single fields that several routes share, with the limits that the API tells and checks. Pure."""

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

MAX_ID = 2**63 - 1
DEFAULT_PAGE = 20
MAX_PAGE = 100
MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_LENGTH = 200

T = TypeVar("T")

Login = Annotated[
    str, Meta(pattern="^[A-Za-z0-9_]{3,25}$", description="3 to 25 letters, digits or underscores.")
]
Password = Annotated[str, Meta(min_length=MIN_PASSWORD_LENGTH, max_length=MAX_PASSWORD_LENGTH)]
GivenPassword = Annotated[str, Meta(max_length=MAX_PASSWORD_LENGTH, description="The one of now.")]
Email = Annotated[
    str,
    Meta(max_length=254, pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"),
]
Label = Annotated[str, Meta(max_length=100, description="What it is for, in words of your own.")]
Secret = Annotated[str, Meta(min_length=20, max_length=100, description="From the link; works once.")]
Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
IdText = Annotated[str, Meta(pattern="^[0-9]{1,19}$", description="A number, as text.")]
PageSize = Annotated[int, Meta(ge=1, le=MAX_PAGE, description="How many at most.")]
CursorText = Annotated[
    str,
    Meta(
        max_length=500, description="`pagination.cursor` of the page before; opaque, and only for this list."
    ),
]
Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class Pagination(msgspec.Struct, frozen=True, omit_defaults=True):
    """How to go on; without `cursor` this is the last page."""

    cursor: str | msgspec.UnsetType = msgspec.UNSET


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list."""

    data: list[T]
    pagination: Pagination = Pagination()


class CountedPage(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list whose length is known."""

    data: list[T]
    total: int
    pagination: Pagination = Pagination()


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page of a list."""

    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class Data(msgspec.Struct, Generic[T], frozen=True):
    """A list that comes whole, often of one."""

    data: list[T]


def rfc3339(moment: datetime) -> str:
    """A time with its zone as UTC, to the millisecond: `2026-01-02T03:04:05.678Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rfc3339_or_none(moment: datetime | None) -> str | None:
    """As `rfc3339`; `None` stays."""
    return None if moment is None else rfc3339(moment)
