"""One client of the JSON protocol: a page, or a program. Requests are answered in their order, by their ids."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import trio
from msgspec import UNSET

from chatd.book import ChannelFacts
from chatd.chat import Said, Utterance
from chatd.client import MAX_ROOMS, Client, Services
from chatd.commands import Obeyed
from chatd.delivery import Delivery
from chatd.irc_client import WRITE_SCOPES
from chatd.json_events import Chatter, chatter, rfc3339, settings
from chatd.json_frames import (
    BadRequest,
    Channel,
    DropReason,
    Hold,
    JsonWire,
    Limits,
    MessageType,
    Metadata,
    Notice,
    Payload,
    Response,
    Session,
    SessionPayload,
    Stage,
    User,
    render_frame,
)
from chatd.json_moderation import carry_out
from chatd.json_requests import (
    BadRequestError,
    Join,
    Leave,
    ModerationRequest,
    Ping,
    Request,
    Send,
    SettingsRequest,
    parse_request,
)
from chatd.link import CLOSE_POLICY, PING_FRAME, Link, LinkClosedError
from chatd.rules import MAX_CHARACTERS, Dropped
from chatd.setting_commands import settle
from chatd.stage_doors import carry_out_stage
from chatd.stage_requests import StageRequest
from chatd.stage_views import Poll
from common.bus import BusUnavailableError, Position
from common.db import DatabaseUnavailableError, StatementTimeoutError
from common.principals import ANONYMOUS, Principal
from common.queries import polls

KEEPALIVE_S = 60
MAX_BAD_REQUESTS = 20
MODERATORS = frozenset({"broadcaster", "moderator", "staff", "admin"})
_UNAVAILABLE = (DatabaseUnavailableError, StatementTimeoutError, BusUnavailableError)
Prove = Callable[[], Awaitable[Principal | None]]
_AWAY = "Chat is not available at the moment; try again."


class JsonClient(Client):
    """A page, or a program."""

    def __init__(
        self, link: Link, services: Services, address: str, principal: Principal, prove: Prove | None
    ) -> None:
        """`prove` looks up again, with each message, what the client showed of itself; `None`: it showed nothing."""
        super().__init__(link, services, address, JsonWire())
        self.principal = principal
        self._prove = prove
        self._bad_requests = 0
        self._told = 0

    async def run(self) -> None:
        """Talk, until either side ends it."""
        await trio.lowlevel.checkpoint_if_cancelled()
        if not self.sit_down():
            await self._link.close(CLOSE_POLICY, "too many connections of this account")
            return
        self._welcome()
        try:
            while self._bad_requests < MAX_BAD_REQUESTS:
                for text in await self._link.receive():
                    await self._requests.wait()
                    await self._receive(text)
        except LinkClosedError:
            return
        finally:
            self.leave_all()
        await self._link.close(CLOSE_POLICY, "too many messages that are no requests")

    def ping(self) -> None:
        """Make the browser answer, which its script does not see."""
        self.offer(PING_FRAME)

    def reconnect(self) -> None:
        """Ask the client to come back; the caller closes the connection a little later."""
        session = Session(id=self.connection_id, status="reconnecting")
        self._tell("session_reconnect", SessionPayload(session))

    def _welcome(self) -> None:
        principal = self.principal
        user = None
        if principal.user_id is not None:
            user = User(str(principal.user_id), principal.login, principal.display_name)
        session = Session(
            id=self.connection_id,
            status="connected",
            keepalive_timeout_seconds=KEEPALIVE_S,
            user=user,
            limits=Limits(MAX_ROOMS, MAX_CHARACTERS),
        )
        self._tell("session_welcome", SessionPayload(session))

    async def _receive(self, text: str) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            request = parse_request(text)
        except BadRequestError as error:
            self._bad_requests += 1
            self._tell("error", BadRequest("bad_request", str(error)))
            return
        try:
            await self._handle(request)
        except _UNAVAILABLE:
            self._refuse(request.id, Dropped("msg_unavailable", _AWAY))

    async def _handle(self, request: Request) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        match request:
            case Join():
                await self._join(request)
            case Leave():
                self._leave(request)
            case Send():
                await self._send(request)
            case Ping():
                self._answer(Response(request_id=request.id, ok=True))
            case _:
                await self._moderate(request)

    async def _join(self, request: Join) -> None:
        await self._joins.wait()
        await self._services.turns.wait()
        facts = await self._services.book.channel(request.channel.lower())
        if facts is None:
            self._refuse(request.id, Dropped("msg_room_not_found", "There is no such channel."))
            return
        name = facts.name
        if len(self._rooms) >= MAX_ROOMS and name.channel_id not in self._rooms:
            text = f"A connection reads at most {MAX_ROOMS} channels."
            self._refuse(request.id, Dropped("msg_too_many_channels", text))
            return
        me = await self._me(facts)
        before = await self._services.chat.stage.of(name)
        vote = await self._vote(before.poll)
        since = Position(request.since.epoch, request.since.offset) if request.since else None
        joined = await self._services.rooms.join(name, self, since=since, lines=request.history)
        self._rooms[name.channel_id] = name
        if self._only_views(me):
            self._services.rooms.view(name, self, self.principal.user_id or 0)
            self._services.rooms.sample(name.channel_id, facts.rules.automod.sampling_rate)
        missed = joined.missed
        staged = (
            self._services.chat.stage.known(name) or before
        )  # what changed since was told before it was in
        self._answer(
            Response(
                request_id=request.id,
                ok=True,
                channel=Channel(str(name.channel_id), name.login, facts.display_name),
                epoch=joined.position.epoch,
                offset=joined.position.offset,
                recovered=missed is not None,
                history=len(joined.lines) if request.history else UNSET,
                settings=settings(facts.state),
                you=me,
                stage=Stage(
                    pin=staged.pin,
                    poll=staged.poll,
                    # Who comes while another poll begins has not voted in it.
                    vote=vote if staged.poll and before.poll and staged.poll.id == before.poll.id else None,
                    raid=staged.raid,
                ),
            )
        )
        self._tell_missed(facts, missed or joined.lines)

    def _tell_missed(self, facts: ChannelFacts, missed: list[Delivery]) -> None:
        if missed:
            self.offer(self._services.renderings.encode(self._wire, facts.name, missed))

    async def _me(self, facts: ChannelFacts) -> Chatter | None:
        if self.principal.user_id is None:
            await trio.lowlevel.checkpoint()
            return None
        presence = await self._services.book.presence(self.principal, facts.name.channel_id)
        return chatter(presence.chatter) if presence else None

    async def _vote(self, poll: Poll | None) -> str | None:
        """Say what somebody has voted for in the poll that runs, so that a page that is loaded again need not forget it."""
        if poll is None or self.principal.user_id is None:
            await trio.lowlevel.checkpoint()
            return None
        choice = await polls.select_vote(self._services.chat.votes.db, UUID(poll.id), self.principal.user_id)
        return None if choice is None else str(choice)

    def _only_views(self, me: Chatter | None) -> bool:
        """Whether this is the page of somebody who does not moderate the room; programs are told everything."""
        return self.principal.kind != "token" and (me is None or MODERATORS.isdisjoint(me.roles))

    def _leave(self, request: Leave) -> None:
        for name in list(self._rooms.values()):
            if name.login == request.channel.lower():
                self._services.rooms.leave(name, self)
                del self._rooms[name.channel_id]
        self._answer(Response(request_id=request.id, ok=True))

    async def _writer(
        self, request: Send | ModerationRequest | SettingsRequest | StageRequest
    ) -> tuple[Principal, ChannelFacts] | None:
        """Say who writes where; `None`: it was refused."""
        facts = await self._services.book.channel(request.channel.lower())
        principal = self.principal if self._prove is None else await self._prove() or ANONYMOUS
        if facts is None:
            self._refuse(request.id, Dropped("msg_room_not_found", "There is no such channel."))
            return None
        if principal.user_id is not None and not any(map(principal.has_scope, WRITE_SCOPES)):
            self._refuse(request.id, Dropped("no_permission", "The token lacks the scope user:write:chat."))
            return None
        return principal, facts

    async def _moderate(self, request: ModerationRequest | SettingsRequest | StageRequest) -> None:
        found = await self._writer(request)
        if found is None:
            return
        principal, facts = found
        if principal.user_id is None:
            self._refuse(request.id, Dropped("msg_not_logged_in", "Log in to write here."))
            return
        desk = self._services.chat.desk
        if isinstance(request, SettingsRequest):
            done: Obeyed | Dropped | list[Hold] = await settle(desk, principal, facts, request)
        elif isinstance(request, StageRequest):
            done = await carry_out_stage(desk, self._services.chat.votes, principal, facts, request)
        else:
            done = await carry_out(desk, principal, facts, request)
        match done:
            case Obeyed():
                self._answer(Response(request_id=request.id, ok=True, notice=Notice(done.code, done.message)))
            case Dropped():
                self._refuse(request.id, done)
            case _:
                self._answer(Response(request_id=request.id, ok=True, holds=done))

    async def _send(self, request: Send) -> None:
        found = await self._writer(request)
        if found is None:
            return
        principal, facts = found
        said = Utterance(
            request.text, nonce=request.nonce, reply_to=request.reply_parent_message_id, door="json"
        )
        answer = await self._services.chat.say(principal, facts, said)
        match answer:
            case Said():
                self._answer(
                    Response(
                        request_id=request.id,
                        ok=True,
                        is_sent=True,
                        message_id=answer.id,
                        epoch=answer.position.epoch,
                        offset=answer.position.offset,
                    )
                )
            case Obeyed():
                notice = Notice(answer.code, answer.message)
                self._answer(Response(request_id=request.id, ok=True, is_sent=False, notice=notice))
            case Dropped():
                self._refuse(request.id, answer)

    def _refuse(self, request_id: str, dropped: Dropped) -> None:
        reason = DropReason(dropped.code, dropped.message, dropped.seconds_left)
        self._answer(Response(request_id=request_id, ok=False, drop_reason=reason))

    def _answer(self, response: Response) -> None:
        self._tell("response", response)

    def _tell(self, message_type: MessageType, payload: Payload) -> None:
        now_ms = self._services.unix_ms()
        self._told += 1
        metadata = Metadata(
            message_id=f"{self.connection_id}-{self._told}",
            message_type=message_type,
            message_timestamp=rfc3339(now_ms),
        )
        self.offer(render_frame(metadata, payload))
