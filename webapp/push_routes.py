"""Routes about Web Push: the key that browsers subscribe with, and the browsers of an account that have."""

import base64
import binascii
import math
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import trio
from msgspec import Meta

from common.db import Database, ForeignKeyViolationError
from common.egress_policy import EgressPolicy, UnusableUrlError, parse_target
from common.queries import push
from webapp.endpoint import ANYBODY, SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Id, IdText, Timestamp, rfc3339
from webapp.pace import Pacer
from webapp.problems import ApiProblemError
from webapp.push_keys import PushKeys
from webapp.push_message import PushKeyError, check_keys

SUBSCRIPTIONS_PER_MINUTE = 20
"""By one account; pages subscribe each time they are opened."""


class PushKey(msgspec.Struct, frozen=True):
    """The site, as push services know it."""

    key: str
    """`applicationServerKey` for `PushManager.subscribe`, in base64url."""


Base64Url = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,100}={0,2}$", description="In base64url.")]


class BrowserKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What messages are encrypted with."""

    p256dh: Base64Url
    auth: Base64Url


class Subscribing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A browser, as its `PushSubscription.toJSON()` says it."""

    endpoint: Annotated[str, Meta(min_length=1, max_length=2000)]
    keys: BrowserKeys
    expirationTime: float | None = None  # noqa: N815  # the browser's name
    """Taken, and not needed: an endpoint that is over says so."""


class PushSubscription(msgspec.Struct, frozen=True):
    """A browser that is told things."""

    id: IdText
    service: str
    """Host of its push service."""
    user_agent: str
    is_current: bool
    """Whether it is the one that asks."""
    created_at: Timestamp


class SubscriptionPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which browser."""

    id: Id


class PushRoutes:
    """Web Push."""

    def __init__(self, db: Database, keys: PushKeys, policy: EgressPolicy) -> None:
        self._db = db
        self._keys = keys
        self._policy = policy
        self._pacer = Pacer(per_minute=SUBSCRIPTIONS_PER_MINUTE)

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/push/key",
                tag="Notices",
                summary="The key that a browser subscribes with.",
                handle=self._key,
                answer=Data[PushKey],
                access=ANYBODY,
            ),
            Endpoint(
                method="GET",
                route="/push/subscriptions",
                tag="Notices",
                summary="Your browsers that are told things.",
                handle=self._list,
                answer=Data[PushSubscription],
                access=SESSION_ONLY,
            ),
            Endpoint(
                method="POST",
                route="/push/subscriptions",
                tag="Notices",
                summary="Have this browser told things, until you log out in it.",
                handle=self._subscribe,
                answer=Data[PushSubscription],
                status=201,
                access=SESSION_ONLY,
                body=Subscribing,
                problems=(401, 409, 429),
            ),
            Endpoint(
                method="DELETE",
                route="/push/subscriptions/{id}",
                tag="Notices",
                summary="Have a browser told nothing any more.",
                handle=self._unsubscribe,
                status=204,
                access=SESSION_ONLY,
                path=SubscriptionPath,
            ),
        ]

    async def _key(self, _call: Call[Nothing, Nothing, Nothing]) -> Answer:
        return Answer(Data([PushKey((await self._keys.signer()).public_key)]))

    async def _list(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        found = await push.select_push_subscriptions(self._db, call.user_id)
        session_id = call.caller.principal.credential_id
        return Answer(Data([_shown(row, session_id) for row in found]))

    async def _subscribe(self, call: Call[Nothing, Nothing, Subscribing]) -> Answer:
        pace = self._pacer.spend(str(call.user_id), trio.current_time())
        if not pace.allowed:
            raise ApiProblemError(
                429, "Too many changes; wait a little.", retry_after_s=max(1, math.ceil(pace.retry_in_s))
            )
        body, session_id = call.body, call.caller.principal.credential_id
        assert session_id is not None  # sessions only
        self._check_endpoint(body.endpoint)
        p256dh, auth = _decode(body.keys.p256dh), _decode(body.keys.auth)
        try:
            check_keys(p256dh, auth)
        except PushKeyError as error:
            raise ApiProblemError(400, str(error)) from None
        try:
            made = await push.upsert_push_subscription(
                self._db,
                user_id=call.user_id,
                session_id=session_id,
                endpoint=body.endpoint,
                p256dh=p256dh,
                auth=auth,
            )
        except ForeignKeyViolationError:
            raise ApiProblemError(401, "You have just logged out.") from None
        if made is None:
            raise ApiProblemError(409, "This endpoint belongs to another browser.")
        return Answer(Data([_shown(made, session_id)]))

    def _check_endpoint(self, endpoint: str) -> None:
        """Refuse what can be seen to lead nowhere; where a name leads is judged each time something is sent there."""
        try:
            target = parse_target(endpoint)
        except UnusableUrlError as error:
            raise ApiProblemError(400, str(error)) from None
        if not target.tls and self._policy.objection(target.host, target) is not None:
            raise ApiProblemError(400, "The endpoint must begin with https://.")

    async def _unsubscribe(self, call: Call[SubscriptionPath, Nothing, Nothing]) -> Answer:
        if not await push.delete_push_subscription(
            self._db, user_id=call.user_id, subscription_id=call.path.id
        ):
            raise ApiProblemError(404, "You have no such browser.")
        return Answer()


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        raise ApiProblemError(400, "The keys are not in base64url.") from None


def _shown(row: push.PushSubscription, session_id: int | None) -> PushSubscription:
    return PushSubscription(
        id=str(row.id),
        service=urlsplit(row.endpoint).hostname or "",
        user_agent=row.user_agent,
        is_current=row.session_id == session_id,
        created_at=rfc3339(row.created_at),
    )
