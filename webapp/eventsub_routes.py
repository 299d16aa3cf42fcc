"""Routes about subscriptions of EventSub: making, listing and removing them, as Helix has it.

The last word on whether somebody may hear of something is the database's (`eventsub_objection`), which is asked again as long as a
subscription lives; what can be said without it is said here, in plain words.
"""

import uuid
from typing import Annotated, Literal

import msgspec
import trio
from msgspec import Meta

from common.db import Database, Executor, UniqueViolationError
from common.egress_policy import EgressPolicy, UnusableUrlError, parse_target
from common.principals import Principal
from common.queries import eventsub, eventsub_sessions, oauth_apps
from common.queries.eventsub import NewSubscription, Owner, Subscription, Totals
from webapp.cursors import Cursors
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.eventsub_messages import shown_subscription
from webapp.eventsub_types import EVENT_TYPES, Topic, UnknownTopicError, find_topic
from webapp.fields import MAX_PAGE, CursorText, Id, PageSize, Pagination, Timestamp
from webapp.problems import ApiProblemError

PATH = "/eventsub/subscriptions"
_ANY_PROGRAM = Access(any_token=True, apps=True)
_OBJECTIONS = {
    "user_removed": "There is no such user, or they may not read there.",
    "authorization_revoked": "The person that this is about has not allowed the app to hear of it.",
    "moderator_removed": "That is for the owner of the channel and its moderators.",
}

ConditionValue = Annotated[str, Meta(max_length=40)]


class NewTransport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to tell: to a webhook (`callback`, `secret`), or over a session of the WebSocket (`session_id`)."""

    method: Literal["webhook", "websocket"]
    callback: Annotated[str, Meta(max_length=1000)] | None = None
    """An address that begins with https://."""
    secret: Annotated[str, Meta(pattern="^[ -~]{10,100}$")] | None = None
    """10 to 100 characters that sign what is sent."""
    session_id: Annotated[str, Meta(pattern="^[a-z0-9]{1,100}$")] | None = None


class SubscriptionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to tell, and how."""

    type: Annotated[str, Meta(extra_json_schema={"enum": sorted(EVENT_TYPES)})]
    version: Annotated[str, Meta(max_length=10)]
    condition: Annotated[dict[ConditionValue, ConditionValue], Meta(max_length=5)]
    """Whose events; its fields depend on the type."""
    transport: NewTransport


class ShownTransport(msgspec.Struct, frozen=True, omit_defaults=True):
    """How it is told."""

    method: Literal["webhook", "websocket"]
    callback: str | msgspec.UnsetType = msgspec.UNSET
    session_id: str | msgspec.UnsetType = msgspec.UNSET
    connected_at: Timestamp | msgspec.UnsetType = msgspec.UNSET
    disconnected_at: Timestamp | msgspec.UnsetType = msgspec.UNSET


class ShownSubscription(msgspec.Struct, frozen=True):
    """A subscription."""

    id: str
    status: str
    """`enabled`, or why it is not."""
    type: str
    version: str
    cost: int
    condition: dict[str, str]
    transport: ShownTransport
    created_at: Timestamp


class SubscriptionList(msgspec.Struct, frozen=True):
    """Subscriptions, and how many there are in all."""

    data: list[ShownSubscription]
    total: int
    total_cost: int
    max_total_cost: int
    pagination: Pagination = Pagination()


class SubscriptionsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of one's subscriptions."""

    status: Annotated[str, Meta(max_length=60)] | None = None
    type: Annotated[str, Meta(max_length=60)] | None = None
    user_id: Id | None = None
    """In the condition."""
    subscription_id: uuid.UUID | None = None
    first: PageSize = MAX_PAGE
    after: CursorText | None = None


class SubscriptionId(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which subscription."""

    id: uuid.UUID


class EventSubRoutes:
    """Subscriptions."""

    def __init__(self, db: Database, cursors: Cursors, policy: EgressPolicy) -> None:
        self._db = db
        self._cursors = cursors
        self._policy = policy

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="POST",
                route=PATH,
                tag="EventSub",
                summary="Have a program be told of what happens. Scopes depend on the type: see docs/eventsub.md.",
                handle=self._create,
                answer=SubscriptionList,
                status=202,
                access=_ANY_PROGRAM,
                body=SubscriptionRequest,
                problems=(403, 409),
            ),
            Endpoint(
                method="GET",
                route=PATH,
                tag="EventSub",
                summary="The subscriptions of this app, or of this person, the newest first.",
                handle=self._list,
                answer=SubscriptionList,
                access=_ANY_PROGRAM,
                query=SubscriptionsQuery,
            ),
            Endpoint(
                method="DELETE",
                route=PATH,
                tag="EventSub",
                summary="Remove a subscription.",
                handle=self._delete,
                status=204,
                access=_ANY_PROGRAM,
                query=SubscriptionId,
                problems=(404,),
            ),
        ]

    async def _create(self, call: Call[Nothing, Nothing, SubscriptionRequest]) -> Answer:
        body, principal = call.body, call.caller.principal
        topic = _topic(body)
        self._check_transport(body.transport, principal)
        _check_person(topic, principal)
        owner = await self._owner(principal)
        async with self._db.transaction() as transaction:
            await eventsub.lock_owner(transaction, owner)
            new = await _new_subscription(transaction, topic, owner, body)
            try:
                made = await eventsub.insert_subscription(transaction, new)
            except UniqueViolationError:
                raise ApiProblemError(409, "There is such a subscription already.") from None
            objection = await eventsub.select_objection(transaction, made.number)
            if objection is not None:
                raise ApiProblemError(403, _OBJECTIONS.get(objection, "That is not allowed."))
            totals = await eventsub.select_totals(transaction, owner)
        return Answer(_list([made], totals))

    async def _list(self, call: Call[Nothing, SubscriptionsQuery, Nothing]) -> Answer:
        query, owner = call.query, await self._owner(call.caller.principal)
        name = f"eventsub {owner.app_id} {owner.user_id}"
        place = await self._cursors.place(name, query.after, tuple[int])
        found = await eventsub.select_owned(
            self._db,
            owner,
            limit=query.first + 1,
            before=None if place is None else place[0],
            status=query.status,
            type=query.type,
            user_id=query.user_id,
            id=query.subscription_id,
        )
        more = await self._cursors.more(name, query.first, found, lambda one: [one.number])
        totals = await eventsub.select_totals(self._db, owner)
        return Answer(_list(found[: query.first], totals, more))

    async def _delete(self, call: Call[Nothing, SubscriptionId, Nothing]) -> Answer:
        owner = await self._owner(call.caller.principal)
        if not await eventsub.delete_owned(self._db, owner, call.query.id):
            raise ApiProblemError(404, "You have no such subscription.")
        return Answer()

    async def _owner(self, principal: Principal) -> Owner:
        """Say whose subscriptions these are: the app's, the person's, or the person's who uses the app."""
        await trio.lowlevel.checkpoint()
        if not principal.client_id:
            token_id = principal.credential_id if principal.kind == "token" else None
            return Owner(None, principal.user_id, token_id)
        client = await oauth_apps.select_client(self._db, principal.client_id)
        if client is None:
            raise ApiProblemError(401, "There is no such app any more.")
        return Owner(client.id, principal.user_id)

    def _check_transport(self, transport: NewTransport, principal: Principal) -> None:
        if transport.method == "websocket":
            if transport.session_id is None or transport.callback is not None or transport.secret is not None:
                raise ApiProblemError(400, "The transport websocket needs session_id, and nothing else.")
            if principal.user_id is None:
                raise ApiProblemError(400, "For the transport websocket use a person's token.")
            return
        if transport.callback is None or transport.secret is None or transport.session_id is not None:
            raise ApiProblemError(400, "The transport webhook needs callback and secret, and nothing else.")
        if principal.client_id and principal.user_id is not None:
            raise ApiProblemError(400, "For the transport webhook use the app's own token.")
        try:
            objection = self._policy.early_objection(parse_target(transport.callback))
        except UnusableUrlError as error:
            raise ApiProblemError(400, str(error)) from None
        if objection is not None:
            raise ApiProblemError(400, objection)


def _topic(body: SubscriptionRequest) -> Topic:
    try:
        return find_topic(body.type, body.version, body.condition)
    except UnknownTopicError as error:
        raise ApiProblemError(400, str(error)) from None


def _check_person(topic: Topic, principal: Principal) -> None:
    """A person speaks for themselves only, and a token for what it was made for. What an app may is in the database."""
    if principal.user_id is None:
        return
    if topic.acting_id is not None and topic.acting_id != principal.user_id:
        raise ApiProblemError(403, "The person of the condition is not the one whose token this is.")
    scopes = topic.type.scopes
    if scopes and not any(principal.has_scope(scope) for scope in scopes):
        raise ApiProblemError(403, f"The token lacks the scope {' or '.join(scopes)}.")


async def _new_subscription(
    db: Executor, topic: Topic, owner: Owner, body: SubscriptionRequest
) -> NewSubscription:
    totals = await eventsub.select_totals(db, owner)
    # What somebody allowed is paid for by that, as on Twitch; what is for everybody costs one.
    cost = int(topic.acting_id is None and topic.channel_id != owner.user_id)
    if totals.total >= eventsub.MAX_OWNED or totals.total_cost + cost > eventsub.MAX_TOTAL_COST:
        raise ApiProblemError(
            429, f"There are at most {eventsub.MAX_OWNED} subscriptions; remove some first."
        )
    transport = body.transport
    connected_at = None
    if transport.session_id is not None:
        session = await eventsub_sessions.select_session(db, transport.session_id)
        if session is None:
            raise ApiProblemError(400, "There is no such session, or it is over.")
        connected_at = session.connected_at
        await _check_session(db, owner, session.id)
    return NewSubscription(
        type=topic.type.name,
        version=topic.type.version,
        condition=topic.condition,
        channel_id=topic.channel_id,
        side=topic.side,
        acting_id=topic.acting_id,
        standing=topic.type.standing,
        scopes=topic.type.scopes,
        owner=owner,
        method=transport.method,
        callback=transport.callback,
        secret=transport.secret,
        session_id=transport.session_id,
        connected_at=connected_at,
        cost=cost,
    )


async def _check_session(db: Executor, owner: Owner, session_id: str) -> None:
    holders = await eventsub_sessions.select_session_owners(db, session_id)
    if any((holder.app_id, holder.user_id) != (owner.app_id, owner.user_id) for holder in holders):
        raise ApiProblemError(400, "The session is somebody else's.")
    sessions = await eventsub_sessions.select_owner_sessions(db, owner)
    if session_id not in sessions and len(sessions) >= eventsub.MAX_WEBSOCKETS:
        raise ApiProblemError(429, f"At most {eventsub.MAX_WEBSOCKETS} sessions may have subscriptions.")
    if sessions.get(session_id, 0) >= eventsub.MAX_PER_SESSION:
        raise ApiProblemError(429, f"A session has at most {eventsub.MAX_PER_SESSION} subscriptions.")


def _list(found: list[Subscription], totals: Totals, more: Pagination | None = None) -> SubscriptionList:
    return SubscriptionList(
        data=[msgspec.convert(shown_subscription(one), ShownSubscription) for one in found],
        total=totals.total,
        total_cost=totals.total_cost,
        max_total_cost=eventsub.MAX_TOTAL_COST,
        pagination=more or Pagination(),
    )
