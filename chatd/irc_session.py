"""One IRC client's conversation with us, from CAP and PASS to QUIT, as Twitch's server leads it. Pure: lines in, requests out.

Not a general IRC server: no nicknames to choose, no operators, no modes. What libraries trip over is in `docs/bots.md`; the
texts below are those they compare.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from chatd.irc_lines import IrcLine, one_line, parse_line

SERVER = "tmi.twitch.tv"
"""Our name on the wire. tmi.js handles most lines only from a server of exactly this name."""

CAPABILITIES = ("twitch.tv/tags", "twitch.tv/commands", "twitch.tv/membership")
"""All we offer: twurple would ask for, and then rely on, any other it knows."""

MAX_LINES_BEFORE_LOGIN = 30
ANONYMOUS_NICK = re.compile(r"justinfan\d+")
_CHANNEL = re.compile(r"#([a-z0-9_]{3,25})")
_ACTION = re.compile(r"\x01ACTION ([^\x01]+)\x01?")


@dataclass(frozen=True, slots=True)
class LoginRequested:
    """Answer with `accept` or `reject`."""

    nick: str
    """In lower case."""
    token: str | None
    """`None`: anonymous, which may read."""


@dataclass(frozen=True, slots=True)
class JoinRequested:
    """Wants to read a channel."""

    login: str


@dataclass(frozen=True, slots=True)
class PartRequested:
    """Does not want to read it any more."""

    login: str


@dataclass(frozen=True, slots=True)
class MessageRequested:
    """Wants to say something. Slash commands are in the text."""

    login: str
    text: str
    is_action: bool
    nonce: str
    reply_to: str
    """Id of the message that is answered; '' for none."""


@dataclass(frozen=True, slots=True)
class QuitRequested:
    """Says good-bye."""


@dataclass(frozen=True, slots=True)
class BrokeRules:
    """Does what no client of ours does; the connection ends."""

    reason: str


Request = LoginRequested | JoinRequested | PartRequested | MessageRequested | QuitRequested | BrokeRules


class IrcSession:
    """Reads what one client says. Lines we owe it pile up in `data_to_send`."""

    def __init__(self) -> None:
        self.capabilities: frozenset[str] = frozenset()
        """Which of `CAPABILITIES` the client has asked for."""
        self.nick = ""
        """Set once the login was accepted."""
        self._password: str | None = None
        self._asked = False
        self._early_lines = 0
        self._out: list[str] = []
        self._commands: dict[str, Callable[[IrcLine], list[Request]]] = {
            "CAP": self._on_cap,
            "PASS": self._on_pass,
            "NICK": self._on_nick,
            "PING": self._on_ping,
            "JOIN": self._on_join,
            "PART": self._on_part,
            "PRIVMSG": self._on_privmsg,
            "QUIT": self._on_quit,
        }

    @property
    def logged_in(self) -> bool:
        """Whether the login was accepted."""
        return self.nick != ""

    def receive_line(self, text: str) -> list[Request]:
        """Read a line; what it asks for, if we cannot answer it alone."""
        if not self.logged_in:
            self._early_lines += 1
            if self._early_lines > MAX_LINES_BEFORE_LOGIN:
                return [BrokeRules("too many lines before the login")]
        line = parse_line(text)
        handle = self._commands.get(line.command) if line else None
        # USER, PONG, CAP END and what generic clients say besides need no answer.
        return handle(line) if handle and line else []

    def data_to_send(self) -> list[str]:
        """Take the lines owed to the client, without line breaks."""
        out, self._out = self._out, []
        return out

    def accept(self, nick: str) -> None:
        """Welcome the client under the name that its token is for, whatever it called itself."""
        self.nick = nick
        self._reply(f"001 {nick} :Welcome, GLHF!")
        self._reply(f"002 {nick} :Your host is {SERVER}")
        self._reply(f"003 {nick} :This server is rather new")
        self._reply(f"004 {nick} :-")
        self._reply(f"375 {nick} :-")
        self._reply(f"372 {nick} :You are in a maze of twisty passages, all alike.")
        self._reply(f"376 {nick} :>")

    def reject(self) -> None:
        """Refuse the login; the caller closes the connection.

        Two lines, because tmi.js stops trying on either, twurple knows only the first and TwitchIO only the second.
        """
        self._reply("NOTICE * :Login authentication failed")
        self._reply("NOTICE * :Login unsuccessful")

    def _reply(self, text: str) -> None:
        self._out.append(f":{SERVER} {text}")

    def _on_cap(self, line: IrcLine) -> list[Request]:
        match line.param(0).upper():
            case "LS" | "LIST":
                offered = CAPABILITIES if line.param(0).upper() == "LS" else sorted(self.capabilities)
                self._reply(f"CAP * {line.param(0).upper()} :{' '.join(offered)}")
            case "REQ":
                self._request_capabilities(" ".join(line.params[1:]))
            case _:
                pass  # END: registration does not wait for it
        return []

    def _request_capabilities(self, wanted: str) -> None:
        """All of them or none. The answer repeats the request as it was: twurple compares the two as texts."""
        names = wanted.split()
        known = all(name in CAPABILITIES for name in names)
        if known:
            self.capabilities |= frozenset(names)
        self._reply(f"CAP * {'ACK' if known else 'NAK'} :{one_line(wanted)}")

    def _on_pass(self, line: IrcLine) -> list[Request]:
        self._password = line.param(0)
        return []

    def _on_nick(self, line: IrcLine) -> list[Request]:
        if self._asked:
            return []
        self._asked = True
        nick = line.param(0).lower()
        if ANONYMOUS_NICK.fullmatch(nick):
            return [LoginRequested(nick, None)]  # whatever the password: tmi.js sends one
        if not self._password:
            self._reply("NOTICE * :Improperly formatted auth")
        return [LoginRequested(nick, (self._password or "").removeprefix("oauth:"))]

    def _on_ping(self, line: IrcLine) -> list[Request]:
        if line.params:
            self._reply(f"PONG {SERVER} :{one_line(line.params[-1])}")
        else:
            self._out.append(f"PONG :{SERVER}")  # the one line without a prefix: tmi.js takes no other here
        return []

    def _on_join(self, line: IrcLine) -> list[Request]:
        return [JoinRequested(login) for login in self._channels(line)]

    def _on_part(self, line: IrcLine) -> list[Request]:
        return [PartRequested(login) for login in self._channels(line)]

    def _channels(self, line: IrcLine) -> list[str]:
        if not self.logged_in:
            return []
        found = (_CHANNEL.fullmatch(name.strip().lower()) for name in line.param(0).split(","))
        return list(dict.fromkeys(match[1] for match in found if match))

    def _on_privmsg(self, line: IrcLine) -> list[Request]:
        channel = _CHANNEL.fullmatch(line.param(0).lower())
        if not self.logged_in or channel is None:
            return []
        text = line.param(1)
        action = _ACTION.fullmatch(text)
        return [
            MessageRequested(
                login=channel[1],
                text=action[1] if action else text,
                is_action=action is not None,
                nonce=line.tags.get("client-nonce", ""),
                reply_to=line.tags.get("reply-parent-msg-id", ""),
            )
        ]

    def _on_quit(self, _line: IrcLine) -> list[Request]:
        return [QuitRequested()]
