"""What is wrong with how a message looks: shouting, repetition, walls of text, signs and emotes, marks that pile up. Pure.

Each has three levels; what a level allows stands in its table. Emotes are not text: their codes may be in capitals, and
six of the same are no repetition. A message is looked at in time in line with its length.
"""

import re
import string
from typing import Final, Literal

from chatd.content import Draft
from chatd.standing import Automod, Level
from common.sameness import MARKS

Fault = Literal["zalgo", "length", "caps", "repetition", "symbols"]

_CAPS: Final = {Level.low: (20, 0.9), Level.medium: (12, 0.75), Level.high: (8, 0.6)}
"""Letters that it takes, and the share of them in capitals that is too much."""
_LENGTH: Final = {Level.low: 400, Level.medium: 300, Level.high: 200}
"""Characters that are not too many."""
_RUN: Final = {Level.low: 25, Level.medium: 15, Level.high: 9}
"""As many of the same character in a row are too many."""
_WORDS: Final = {Level.low: (12, 0.2), Level.medium: (8, 0.3), Level.high: (6, 0.5)}
"""Words that it takes, and the share of different ones among them that is too little."""
_SIGNS: Final = {Level.low: (20, 0.8), Level.medium: (14, 0.6), Level.high: (8, 0.45)}
"""Signs that it takes, and the share of what is no space that is too much."""
_EMOTES: Final = {Level.low: 20, Level.medium: 12, Level.high: 6}
"""Emotes that are not too many."""
_ZALGO: Final = {
    # Of Thai, which is written with up to two, more than it has a use for are piled up as well.
    level: re.compile(f"[{MARKS}\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{{{most}}}")
    for level, most in ((Level.low, 6), (Level.medium, 5), (Level.high, 4))
}
_MARK: Final = re.compile(f"[{MARKS}]")
_MANY_MARKS: Final = {Level.low: (30, 0.5), Level.medium: (20, 0.4), Level.high: (10, 0.3)}
"""Marks that it takes, and the share of all characters that is too much."""

_UPPER, _LOWER = string.ascii_uppercase.encode(), string.ascii_lowercase.encode()
_NO_SIGNS = (string.ascii_letters + string.digits).encode()
_NO_SIGN: Final = re.compile(r"[\w\s]+")


def find_fault(draft: Draft, automod: Automod) -> Fault | None:
    """Say what is wrong with how a message looks; `None`: nothing."""
    if automod.length and len(draft.text) > _LENGTH[automod.length]:
        return "length"
    if automod.zalgo and not draft.text.isascii() and _is_zalgo(draft.text, automod.zalgo):
        return "zalgo"
    text, emotes = _without_emotes(draft)
    if automod.symbols and (emotes > _EMOTES[automod.symbols] or _is_signs(text, automod.symbols)):
        return "symbols"
    if automod.caps and _is_shouted(text, automod.caps):
        return "caps"
    if automod.repetition and _is_repeated(text, automod.repetition):
        return "repetition"
    return None


def _without_emotes(draft: Draft) -> tuple[str, int]:
    """Give what is left of the text, and how many emotes there were."""
    rest = [piece.text for piece in draft.fragments if piece.type != "emote"]
    emotes = len(draft.fragments) - len(rest)
    return ("".join(rest), emotes) if emotes else (draft.text, 0)


def _is_shouted(text: str, level: Level) -> bool:
    fewest, share = _CAPS[level]
    if len(text) < fewest:
        return False
    if text.isascii():
        data = text.encode()
        upper = len(data) - len(data.translate(None, _UPPER))
        lower = len(data) - len(data.translate(None, _LOWER))
    else:
        upper, lower = sum(map(str.isupper, text)), sum(map(str.islower, text))
    return upper + lower >= fewest and upper > share * (upper + lower)


def _is_repeated(text: str, level: Level) -> bool:
    if _has_run(text, _RUN[level]):
        return True
    fewest, share = _WORDS[level]
    words = text.lower().split()
    return len(words) >= fewest and len(set(words)) < share * len(words)


def _has_run(text: str, size: int) -> bool:
    """Say whether a character stands `size` times in a row: then it stands at one of every `size` places."""
    candidates = set(text[size - 1 :: size])
    candidates.discard(" ")
    return any(one * size in text for one in candidates)


def _is_signs(text: str, level: Level) -> bool:
    fewest, share = _SIGNS[level]
    if len(text) < fewest:
        return False
    if text.isascii():
        data = text.encode().translate(None, b" ")
        signs, seen = len(data.translate(None, _NO_SIGNS)), len(data)
    else:
        # Marks are judged by their own rule: of scripts that need them they are half of what is written.
        seen = len(text) - text.count(" ")
        signs = len(_MARK.sub("", _NO_SIGN.sub("", text)))
    return signs >= fewest and signs > share * seen


def _is_zalgo(text: str, level: Level) -> bool:
    if _ZALGO[level].search(text) is not None:
        return True
    fewest, share = _MANY_MARKS[level]
    marks = len(text) - len(_MARK.sub("", text))
    return marks >= fewest and marks > share * len(text)
