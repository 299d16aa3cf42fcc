"""One client that speaks Twitch's IRC: logs it in, joins its channels, carries what it says to the room and answers."""

import math
from functools import partial

import trio

from chatd.book import ChannelFacts
from chatd.chat import Answer, Said, Utterance
from chatd.client import MAX_ROOMS, Client, Services
from chatd.commands import Obeyed, obey_outside
from chatd.delivery import RoomName
from chatd.events import Chatter
from chatd.irc_lines import IrcLineError, decode_line
from chatd.irc_render import (
    Capabilities,
    render_event,
    render_global_user_state,
    render_join,
    render_notice,
    render_part,
    render_room_state,
    render_user_state,
)
from chatd.irc_session import (
    SERVER,
    BrokeRules,
    IrcSession,
    JoinRequested,
    LoginRequested,
    MessageRequested,
    PartRequested,
    QuitRequested,
    Request,
)
from chatd.link import CLOSE_POLICY, Link, LinkClosedError
from chatd.rules import Dropped
from chatd.setting_commands import Settled
from chatd.wires import IrcWire, frame_lines
from common.bus import BusUnavailableError
from common.db import DatabaseUnavailableError, StatementTimeoutError
from common.principals import ANONYMOUS, Principal
from common.queries.emotes import SITE_SET

LOGIN_S = 15.0
"""From the first byte to NICK."""
READ_SCOPES = ("chat:read", "user:read:chat", "chat:edit", "user:write:chat")
WRITE_SCOPES = ("chat:edit", "user:write:chat")
_UNAVAILABLE = (DatabaseUnavailableError, StatementTimeoutError, BusUnavailableError)


class IrcClient(Client):
    """A bot, or a chat program."""

    echoes = False

    def __init__(self, link: Link, services: Services, address: str) -> None:
        super().__init__(link, services, address, IrcWire(link.framing, Capabilities()))
        self._session = IrcSession()
        self._token: str | None = None
        self._is_over = False
        self._before_login = trio.CancelScope()

    async def run(self) -> None:
        """Talk, until either side ends it."""
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            with self._before_login as scope:
                scope.deadline = trio.current_time() + LOGIN_S
                while not self._session.logged_in and not self._is_over:
                    await self._listen()
            while self._session.logged_in and not self._is_over:
                await self._listen()
        except LinkClosedError:
            return
        except IrcLineError as error:
            self._write([f":{SERVER} NOTICE * :{error}"])
        finally:
            self.leave_all()
        await self._link.close(CLOSE_POLICY, "")

    def ping(self) -> None:
        """Ask for a PONG. twurple and TwitchIO need the parameter."""
        self._write([f"PING :{SERVER}"])

    def reconnect(self) -> None:
        """Ask the client to come back elsewhere; the caller closes the connection a little later."""
        self._write([f":{SERVER} RECONNECT"])

    async def _listen(self) -> None:
        for text in await self._link.receive():
            for line in text.split("\n"):  # a WebSocket message may hold several
                await self._requests.wait()  # each of them: those that ask for nothing cost time, too
                for request in self._session.receive_line(decode_line(line.encode())):
                    await self._handle(request)
                self._negotiated()
                self._write(self._session.data_to_send())
                if self._is_over:
                    return

    async def _handle(self, request: Request) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        match request:
            case LoginRequested():
                await self._log_in(request)
            case JoinRequested():
                await self._join(request.login)
            case PartRequested():
                self._part(request.login)
            case MessageRequested():
                await self._say(request)
            case BrokeRules():
                self._write([f":{SERVER} NOTICE * :{request.reason}"])
                self._is_over = True
            case QuitRequested():
                self._is_over = True

    def _negotiated(self) -> None:
        """Follow what capabilities were asked for: a member whose wire changes joins its rooms anew."""
        wanted = self._session.capabilities
        wants = Capabilities(
            tags="twitch.tv/tags" in wanted,
            commands="twitch.tv/commands" in wanted,
            membership="twitch.tv/membership" in wanted,
        )
        wire = IrcWire(self._link.framing, wants)
        if wire != self._wire:
            self._services.rooms.change(self._rooms.values(), self, partial(setattr, self, "_wire", wire))

    @property
    def _wants(self) -> Capabilities:
        assert isinstance(self._wire, IrcWire)
        return self._wire.wants

    async def _log_in(self, request: LoginRequested) -> None:
        await trio.lowlevel.checkpoint()
        principal: Principal | None = ANONYMOUS
        if request.token is not None:
            try:
                principal = await self._services.identify(request.token) if request.token else None
            except _UNAVAILABLE:
                self._write([f":{SERVER} NOTICE * :Chat cannot log you in at the moment; try again."])
                self._is_over = True
                return
        if principal is None or (request.token is not None and not _may(principal, READ_SCOPES)):
            self._session.reject()
            self._is_over = True
            return
        self._token = request.token
        self.principal = principal
        if not self.sit_down():
            self._write([f":{SERVER} NOTICE * :Too many connections of this account"])
            self._is_over = True
            return
        self._session.accept(principal.login or request.nick)
        # What came in one piece with the login, such as many JOINs, may take its time.
        self._before_login.deadline = math.inf
        if principal.user_id is not None:
            self._negotiated()
            self._write(self._session.data_to_send())
            if self._wants.commands:
                sets = await self._emote_sets(None)
                self._write([render_global_user_state(_stranger(principal), emote_sets=sets)])

    async def _join(self, login: str) -> None:
        services = self._services
        await self._joins.wait()
        await services.turns.wait()
        self._negotiated()
        try:
            facts = await services.book.channel(login)
            if facts is None:
                self._notice(
                    RoomName(login, 0),
                    "msg_channel_suspended",
                    "This channel does not exist or has been suspended.",
                )
                return
            name = facts.name
            if len(self._rooms) >= MAX_ROOMS and name.channel_id not in self._rooms:
                self._notice(
                    name, "msg_too_many_channels", f"A connection reads at most {MAX_ROOMS} channels."
                )
                return
            me = await self._me(name)
            sets = await self._emote_sets(name)
            await services.rooms.join(name, self)
        except _UNAVAILABLE:
            self._notice(
                RoomName(login, 0), "msg_unavailable", "Chat is not available at the moment; try again."
            )
            return
        self._rooms[name.channel_id] = name
        self._write(self._greeting(facts, me, sets))

    def _greeting(self, facts: ChannelFacts, me: Chatter | None, emote_sets: str) -> list[str]:
        """The order matters: tmi.js takes the ROOMSTATE right behind USERSTATE, or its own JOIN, for that of its join."""
        lines = render_join(self._session.nick, facts.name)
        if self._wants.commands:
            if me is not None:
                lines.append(render_user_state(me, facts.name, emote_sets=emote_sets))
            lines.append(render_room_state(facts.state, facts.name, with_tags=self._wants.tags))
        return lines

    async def _me(self, name: RoomName) -> Chatter | None:
        """How the client looks in a room; `None` for a mere reader."""
        if self.principal.user_id is None:
            await trio.lowlevel.checkpoint()
            return None
        presence = await self._services.book.presence(self.principal, name.channel_id)
        return presence.chatter if presence else None

    async def _emote_sets(self, name: RoomName | None) -> str:
        """Which emotes the client may use in a room; `None`: anywhere. Only the site's, where that cannot be told now."""
        await trio.lowlevel.checkpoint()
        if self.principal.user_id is None or not self._wants.commands:
            return SITE_SET
        services = self._services
        try:
            here = await services.book.presence(self.principal, name.channel_id) if name else None
            channel_id = name.channel_id if name else None
            standing = here.standing if here else None
            return await services.chat.emotes.sets(standing, channel_id, self.principal.user_id)
        except _UNAVAILABLE:
            return SITE_SET

    def _part(self, login: str) -> None:
        for name in list(self._rooms.values()):
            if name.login == login:
                self._services.rooms.leave(name, self)
                del self._rooms[name.channel_id]
                self._write([render_part(self._session.nick, name)])

    async def _say(self, request: MessageRequested) -> None:
        await trio.lowlevel.checkpoint()
        try:
            facts = await self._services.book.channel(request.login)
            principal = await self._still_me()
        except _UNAVAILABLE:
            self._notice(
                RoomName(request.login, 0),
                "msg_unavailable",
                "Chat is not available at the moment; try again.",
            )
            return
        if principal is None:
            self._session.reject()
            self._is_over = True
            return
        if principal.user_id is not None and not _may(principal, WRITE_SCOPES):
            name = facts.name if facts else RoomName(request.login, 0)
            self._notice(name, "no_permission", "The token lacks the scope chat:edit.")
            return
        if facts is None:
            await self._say_outside(principal, request)
            return
        said = Utterance(request.text, request.is_action, request.nonce, request.reply_to, self.connection_id)
        await self._tell(facts.name, await self._services.chat.say(principal, facts, said), request.nonce)

    async def _say_outside(self, principal: Principal, request: MessageRequested) -> None:
        """Do what needs no room, in a channel that there is not."""
        await trio.lowlevel.checkpoint()
        name = RoomName(request.login, 0)
        try:
            answer = await obey_outside(self._services.chat.desk, principal, request.text)
        except _UNAVAILABLE:
            self._notice(name, "msg_unavailable", "Chat is not available at the moment; try again.")
            return
        self._notice(name, answer.code, answer.message)

    async def _tell(self, name: RoomName, answer: Answer, nonce: str) -> None:
        """Say what became of a message or a command."""
        await trio.lowlevel.checkpoint()
        match answer:
            case Said():
                if self._wants.commands:
                    emote_sets = await self._emote_sets(name)
                    state = render_user_state(
                        answer.chatter, name, message_id=answer.id, nonce=nonce, emote_sets=emote_sets
                    )
                    self._write([state])
            case Obeyed(code="clear_success"):
                pass  # Twitch says nothing: tmi.js knows it by the CLEARCHAT
            case Settled() if answer.tell is not None:
                self._write(render_event(answer.tell, name, self._wants))
            case Settled() if self.reads(name.channel_id) and not answer.is_other:
                pass  # the room says it
            case Obeyed() | Dropped():
                self._notice(name, answer.code, answer.message)

    async def _still_me(self) -> Principal | None:
        """Look the token up again: it may have been revoked since. `None`: it was."""
        if self._token is None:
            await trio.lowlevel.checkpoint()
            return self.principal
        return await self._services.identify(self._token)

    def _notice(self, name: RoomName, code: str, text: str) -> None:
        if self._wants.commands:
            self._write([render_notice(code, text, name, with_tags=self._wants.tags)])

    def _write(self, lines: list[str]) -> None:
        if lines:
            self.offer(frame_lines(lines, self._link.framing))


def _may(principal: Principal, scopes: tuple[str, ...]) -> bool:
    return any(principal.has_scope(scope) for scope in scopes)


def _stranger(principal: Principal) -> Chatter:
    """How somebody looks outside of any room."""
    assert principal.user_id is not None
    roles = frozenset({principal.site_role}) if principal.site_role else frozenset()
    return Chatter(principal.user_id, principal.login, principal.display_name, roles=roles)
