"""What a route of the API is: its types, who may use it, and who answers. The OpenAPI document is made from the same. Pure."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import msgspec

from common.principals import Principal

P = TypeVar("P", bound=msgspec.Struct)
Q = TypeVar("Q", bound=msgspec.Struct)
B = TypeVar("B", bound=msgspec.Struct)

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No path parameters, no query, or no body."""


NOTHING = Nothing()


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route."""

    anonymous: bool = False
    """Anybody. What somebody is shown may still depend on who they are."""
    scope: str | None = None
    """What a token must have; a session needs nothing. Without it, and not for anybody: sessions only."""
    any_token: bool = False
    """Tokens are let in whatever their scopes."""
    apps: bool = False
    """Apps are let in, too, in their own name."""


ANYBODY = Access(anonymous=True)
SESSION_ONLY = Access()
LOGGED_IN = Access(any_token=True)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from."""

    principal: Principal
    address: str
    """Of the client, as far as our proxies tell."""
    user_agent: str


@dataclass(frozen=True, slots=True)
class UploadKind:
    """What a route takes that reads its body itself, as bytes: after it saw who asks, and whether there is room."""

    content_types: tuple[str, ...]
    max_bytes: int
    about: str
    """One sentence for the documentation."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A body as it was sent."""

    content_type: str
    """One of the route's; parameters are left out."""
    data: bytes = field(repr=False)


def _no_upload() -> Awaitable[Upload]:
    raise AssertionError("the route takes no upload")


@dataclass(frozen=True, slots=True)
class Call(Generic[P, Q, B]):
    """One request whose fields have been checked against the types of its route."""

    caller: Caller
    path: P
    query: Q
    body: B
    read_upload: Callable[[], Awaitable[Upload]] = _no_upload
    """Reads the body of a route with `upload`; raises `ApiProblemError` for one that is too large or of another type."""

    @property
    def user_id(self) -> int:
        """Who is logged in. Only for routes that are not for anybody."""
        user_id = self.caller.principal.user_id
        assert user_id is not None  # the gateway let nobody else in
        return user_id


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that an answer sets, for one path; pages cannot read it, and no other site sends it."""

    name: str
    value: str = field(repr=False)
    path: str
    max_age_s: int
    domain: str | None = None
    """`None`: for the host that set it only."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    body: msgspec.Struct | None = None
    """`None`: nothing, with status 204."""
    session: str | None = None
    """What the session cookie becomes; '' removes it, `None` leaves it."""
    cookies: tuple[Cookie, ...] = ()
    """Other cookies that it sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[P, Q, B]):
    """One method of one path below `/api`."""

    method: Method
    route: str
    """As OpenAPI writes it: `/channels/{login}`."""
    tag: str
    summary: str
    handle: Callable[[Call[P, Q, B]], Awaitable[Answer]]
    answer: Any = None
    """Type of the body; `None`: an empty one."""
    status: int = 200
    or_nothing: str | None = None
    """Why the answer may also be an empty one with status 204; `None`: it never is, beside `answer`."""
    access: Access = ANYBODY
    path: type[P] = Nothing  # type: ignore[assignment]  # a default of a type variable (PEP 696) needs Python 3.13
    query: type[Q] = Nothing  # type: ignore[assignment]  # as above
    body: type[B] = Nothing  # type: ignore[assignment]  # as above
    upload: UploadKind | None = None
    """Instead of `body`."""
    problems: tuple[int, ...] = ()
    """Statuses it refuses with, beside those that follow from its types."""


AnyEndpoint = Endpoint[Any, Any, Any]
