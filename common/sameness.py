"""What two texts share that look alike. Pure: repeated messages and blocked terms are compared in this form."""

import re
import unicodedata

from common.lookalikes import LATIN, LOOKALIKES

IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
"""Letters that nobody sees: joiners, marks of direction, variation selectors, tags, fillers."""
MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
"""Marks for any letter. Those of one script alone are not among them: they are part of its words."""
_HIDDEN = re.compile(f"{IGNORABLE.pattern[:-1]}{MARKS}]")
_BLOCKS = (range(0x80, 0x3200), range(0xFE00, 0x10000), range(0xE0000, 0xE1000))
_ANY_HIDDEN = frozenset(chr(code) for block in _BLOCKS for code in block if _HIDDEN.match(chr(code)))
_MOST_ROUNDS = 5


def sameness(text: str) -> str:
    """Give a text without what hides in it, letters that look alike as one, in one case. Doing it twice changes nothing.

    Looking alike: NFKC, and letters of other scripts that could be Latin ones (`common.lookalikes`), in every word of
    whatever script: a word is then the same however its writer mixed them. Marks that make no letter with the one before go.
    """
    if text.isascii():
        return text.lower().strip()
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = set(folded)
    if not _ANY_HIDDEN.isdisjoint(letters) or not unicodedata.is_normalized("NFKC", folded):
        folded = _without_hidden(text)
        letters = set(folded)
    # Many times faster than `str.translate`, which looks every character up.
    for letter in LOOKALIKES & letters:
        folded = folded.replace(letter, LATIN[letter])
    return folded.strip()


def _without_hidden(text: str) -> str:
    """Take out what hides, until nothing changes: it may have kept two signs from being one."""
    text = IGNORABLE.sub("", text)
    for _ in range(_MOST_ROUNDS):
        before = text
        text = _HIDDEN.sub("", unicodedata.normalize("NFKC", text).casefold())
        if text == before:
            break
    return text
