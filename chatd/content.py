"""What a message says, and whether a room takes that: its length, its links, its emotes, blocked terms. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatd.events import Fragment
from chatd.links import has_link
from chatd.refusals import BLOCKED_TERM, EMOTES_ONLY, NO_LINKS, Dropped, too_long
from chatd.standing import RoomRules, Standing
from common.blocked_terms import Screen
from common.sameness import IGNORABLE, sameness

MAX_CHARACTERS = 500

_SPACES = re.compile(r"\s+")
_STEERING = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]"  # but for those that are spaces
)
NOTHING_BLOCKED = Screen()


def tidy(text: str) -> str | None:
    """Give a message as it will be said: spaces run together, ends cut; `None` if nothing is left to see.

    Text that steers others' text (bidirectional overrides, controls) and surrogates are taken out.
    """
    if text.isascii() and text.isprintable():
        return (" ".join(text.split()) if "  " in text else text.strip()) or None
    found = _SPACES.sub(" ", _STEERING.sub("", text)).strip()
    return found if IGNORABLE.sub("", found).strip() else None


@dataclass(frozen=True, slots=True)
class Draft:
    """A tidied message that is not said yet."""

    text: str
    fragments: Sequence[Fragment] = ()
    folded: str = field(init=False)
    """As `sameness` has it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", sameness(self.text))

    @property
    def is_emotes(self) -> bool:
        """Whether there is nothing but emotes in it."""
        found = False
        for fragment in self.fragments:
            if fragment.type == "emote":
                found = True
            elif fragment.type != "text" or not fragment.text.isspace():
                return False
        return found


def refuse_content(draft: Draft, standing: Standing, room: RoomRules, screen: Screen) -> Dropped | None:
    """Say why a room does not take what somebody says; `None`: it does. Moderators say what they want, but not more of it."""
    if len(draft.text) > MAX_CHARACTERS:
        return too_long(MAX_CHARACTERS)
    if standing.is_moderator:
        return None
    if room.emotes_only and not standing.is_vip and not draft.is_emotes:
        return EMOTES_ONLY
    if standing.rank < room.links_from and has_link(draft.folded):
        return NO_LINKS
    if screen.blocks(draft.text, draft.folded):
        return BLOCKED_TERM
    return None
