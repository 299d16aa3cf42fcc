"""IRC lines: parsed from text, written to text. Pure.

The grammar is RFC 1459 with IRCv3 message tags; lengths are those of the tags specification and of Twitch, whose bodies
hold 500 characters of up to four bytes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MAX_TAGS_BYTES = 4096
"""Of what a client sends, the `@` and the space included (IRCv3 message tags)."""
MAX_BODY_BYTES = 2200
"""Of the rest of a line: a message of 500 characters, its channel and its command."""
MAX_LINE_BYTES = MAX_TAGS_BYTES + MAX_BODY_BYTES
MAX_PARAMS = 15

_ESCAPES = str.maketrans({";": r"\:", " ": r"\s", "\\": "\\\\", "\r": r"\r", "\n": r"\n"})
_UNESCAPES = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_BREAKS = str.maketrans({"\r": " ", "\n": " ", "\0": None})


class IrcLineError(Exception):
    """The peer sent what is no IRC line, or one that is too long; the text says which. The connection is closed."""


@dataclass(frozen=True, slots=True)
class IrcLine:
    """One line of a client."""

    command: str
    """In capitals."""
    params: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    """Unescaped."""

    def param(self, index: int) -> str:
        """Give a parameter; '' when it is not there."""
        return self.params[index] if index < len(self.params) else ""


def parse_line(text: str) -> IrcLine | None:
    """Read a line without its line break; `None` for one that says nothing.

    A prefix is skipped: a client has none to give. Tags without a value are ''. More than 15 words are not read.
    """
    tags: dict[str, str] = {}
    if text.startswith("@"):
        head, _, text = text[1:].partition(" ")
        tags = _parse_tags(head)
    text = text.lstrip(" ")
    if text.startswith(":"):
        text = text.partition(" ")[2].lstrip(" ")
    command, *params = _words(text)
    return IrcLine(command.upper(), tuple(params), tags) if command else None


def _words(text: str) -> list[str]:
    """Command and parameters; the last one may hold spaces, if a colon stands before it."""
    words: list[str] = []
    while text and len(words) < MAX_PARAMS:
        if text.startswith(":") and words:
            words.append(text[1:])
            break
        word, _, text = text.partition(" ")
        words.append(word)
        text = text.lstrip(" ")
    return words or [""]


def _parse_tags(head: str) -> dict[str, str]:
    pairs = (tag.partition("=") for tag in head.split(";") if tag)
    return {name: unescape_tag(value) for name, _, value in pairs}


def escape_tag(value: str) -> str:
    """Escape the value of a tag."""
    return value.translate(_ESCAPES)


def unescape_tag(value: str) -> str:
    """Read the value of a tag; a lone backslash at the end is dropped, before another character it means nothing."""
    if "\\" not in value:
        return value
    found: list[str] = []
    letters = iter(value)
    for letter in letters:
        if letter == "\\":
            after = next(letters, "")
            found.append(_UNESCAPES.get(after, after))
        else:
            found.append(letter)
    return "".join(found)


def one_line(text: str) -> str:
    """Take out of a text what would end the line it is put in."""
    return text.translate(_BREAKS)


def render_tags(pairs: Iterable[tuple[str, str]]) -> str:
    """Write tags, with the `@` and the space; values are escaped. Every tag gets its `=`: TwitchIO splits there."""
    return f"@{';'.join(f'{name}={escape_tag(value)}' for name, value in pairs)} "


class LineReader:
    """Cuts the bytes of a TCP connection into lines. A line may end with CR LF or LF alone."""

    def __init__(self) -> None:
        self._partial = b""

    def receive(self, data: bytes) -> list[str]:
        """Feed bytes; give the lines they completed. Raises `IrcLineError`: the connection is over."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > MAX_LINE_BYTES:
            raise IrcLineError(f"a line of more than {MAX_LINE_BYTES} bytes")
        return [decode_line(line) for line in lines]


def decode_line(line: bytes) -> str:
    """Check the length of a line and read it as UTF-8; what is none becomes U+FFFD, as people paste anything."""
    line = line.removesuffix(b"\r")
    if len(line) > MAX_LINE_BYTES:
        raise IrcLineError(f"a line of {len(line)} bytes; at most {MAX_LINE_BYTES} are taken")
    return line.decode("utf-8", "replace")


def emote_places(pieces: Iterable[tuple[str, str]], shift: int = 0) -> str:
    """Say where emotes stand: `ID:FIRST-LAST,FIRST-LAST/ID:...`, inclusive, counted in code points of the body that is sent.

    Args:
        pieces: of the text, in order: the id of an emote ('': it is none), and what it reads.
        shift: how many code points of the body stand before it.

    """
    places: dict[str, list[str]] = {}
    for emote, text in pieces:
        if emote:
            places.setdefault(emote, []).append(f"{shift}-{shift + len(text) - 1}")
        shift += len(text)
    return "/".join(f"{emote}:{','.join(found)}" for emote, found in places.items())
