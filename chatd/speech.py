"""What can be typed into a message: the commands that begin with a slash, and the pieces a text consists of. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from chatd.events import Fragment

DEFAULT_TIMEOUT_S = 600
MAX_REASON = 500

_MENTION = re.compile(r"@([A-Za-z0-9_]{3,25})\b")
_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
# A number ends where its digits do, so there is one way only to read a text, and a long one takes no time.
_DURATION = re.compile(r"(?:[0-9]+(?![0-9])[smhdw]?)+")
_PIECE = re.compile(r"([0-9]+)([smhdw]?)")


@dataclass(frozen=True, slots=True)
class Command:
    """A text that is an order to the room rather than a message."""

    name: str
    """In lower case, without the slash."""
    rest: str


def parse_command(text: str) -> Command | None:
    """Recognise a command: `/ban ben` or, as old bots write it, `.ban ben`; `None` for a message.

    Dots are commands only before a letter, so `...` and `.5` can be said.
    """
    if not re.match(r"/\S|\.[a-z]", text):
        return None
    name, _, rest = text[1:].partition(" ")
    return Command(name.lower(), rest.strip())


def parse_duration_s(text: str) -> int | None:
    """Read `600`, `10m` or `1h30m` as seconds; `None` for what is no duration."""
    if not _DURATION.fullmatch(text):
        return None
    return sum(int(number) * _UNITS_S[unit] for number, unit in _PIECE.findall(text))


@dataclass(frozen=True, slots=True)
class Ban:
    """`/ban LOGIN [REASON]` and `/timeout LOGIN [DURATION] [REASON]`."""

    login: str
    duration_s: int | None
    """`None`: for ever."""
    reason: str


def parse_ban(command: Command) -> Ban | None:
    """Read a ban or timeout; `None` when it names nobody."""
    login, _, rest = command.rest.partition(" ")
    login = login.removeprefix("@").lower()
    if not login:
        return None
    duration_s: int | None = None
    if command.name == "timeout":
        first, _, others = rest.strip().partition(" ")
        found = parse_duration_s(first)
        duration_s, rest = (found, others) if found is not None else (DEFAULT_TIMEOUT_S, rest)
    return Ban(login, duration_s, rest.strip()[:MAX_REASON])


def split_mentions(text: str, known: Callable[[str], int | None]) -> tuple[Fragment, ...]:
    """Cut a text into fragments. `known` gives the id of who is in the room by login; others are text."""
    pieces: list[Fragment] = []
    at = 0
    for match in _MENTION.finditer(text):
        user_id = known(match[1].lower())
        if user_id is None:
            continue
        if match.start() > at:
            pieces.append(Fragment("text", text[at : match.start()]))
        pieces.append(Fragment("mention", match[0], user_id=user_id))
        at = match.end()
    if at < len(text):
        pieces.append(Fragment("text", text[at:]))
    return tuple(pieces)
