"""Words that are emotes, and the fragments that a message becomes. Pure.

A message is cut once, where it is said; every client gets the same fragments.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chatd.events import Fragment
from chatd.speech import split_mentions
from common.queries.emotes import SITE, Emote, Tier

_SPACE = Fragment("text", " ")
_INVISIBLE = " \u034f\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\U000e0000"


@dataclass(frozen=True, slots=True)
class Known:
    """An emote as it goes into a message."""

    fragment: Fragment
    tier: Tier


@dataclass(frozen=True, slots=True)
class Chest:
    """Emotes of a channel, of the site, or those that somebody may use everywhere."""

    by_code: Mapping[str, Known]
    sets: frozenset[str]
    is_locked: bool
    """Whether any needs a tier."""


def chest_of(found: Iterable[Emote]) -> Chest:
    """Lay emotes out by code."""
    by_code = {emote.code: Known(_fragment(emote), emote.tier) for emote in found}
    return Chest(
        by_code,
        frozenset(known.fragment.emote_set_id for known in by_code.values()),
        any(known.tier for known in by_code.values()),
    )


def _fragment(emote: Emote) -> Fragment:
    return Fragment(
        "emote",
        emote.code,
        emote_id=str(emote.id),
        emote_set_id=emote.set_id,
        owner_id=emote.channel_id or SITE,
        is_animated=emote.is_animated,
    )


def cut(
    text: str, words: Sequence[str], hits: Mapping[str, Fragment], known: Callable[[str], int | None]
) -> tuple[Fragment, ...]:
    """Cut a text into fragments. `words`: it, split at spaces; `hits`: which of them are emotes; `known`: see `split_mentions`."""
    if not hits:
        return split_mentions(text, known) if "@" in text else (Fragment("text", text),)
    pieces: list[Fragment] = []
    at = start = 0
    for word in words:
        found = hits.get(word)
        if found is not None:
            _add_text(pieces, text[start:at], known)
            pieces.append(found)
            start = at + len(word)
        at += len(word) + 1
    _add_text(pieces, text[start:], known)
    return tuple(pieces)


def _add_text(pieces: list[Fragment], text: str, known: Callable[[str], int | None]) -> None:
    if text == " ":
        pieces.append(_SPACE)
    elif "@" in text:
        pieces += split_mentions(text, known)
    elif text:
        pieces.append(Fragment("text", text))


def is_emote_only(fragments: Sequence[Fragment]) -> bool:
    """Say whether a message holds emotes and nothing else that can be seen."""
    emote = False
    for piece in fragments:
        if piece.type == "emote":
            emote = True
        elif piece.type != "text" or piece.text.strip(_INVISIBLE):
            return False
    return emote
