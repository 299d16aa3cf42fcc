"""What chat messages are found by: trigrams of their words (`common/trigrams.py`) as numbers, each mixed with its channel. Pure.

With the channel in them, a search in one channel never meets what was said in another: an index over arrays of integers,
which every PostgreSQL has, is enough. Two trigrams may share a number, and trigrams know no order; so what the index finds
is looked at once more (`Sought.is_in`).
"""

import zlib
from dataclasses import dataclass

from common.trigrams import MAX_QUERY, MAX_TEXT, fold, needle, stored_grams, words

_GOLDEN = 0x9E3779B1
"""An odd number whose multiples spread over 32 bits (Knuth, TAOCP 6.4)."""
_LAST = 150
"""Characters of the second part of a text that is longer than what is folded at once: no word of a chat is longer."""


def channel_salt(channel_id: int) -> int:
    """Give the 32 bits that mark the trigrams of a channel."""
    return (channel_id * _GOLDEN) & 0xFFFFFFFF


def gram_number(gram: str, salt: int) -> int:
    """Give the number of a trigram in a channel, as a signed integer of 32 bits."""
    number = zlib.crc32(gram.encode("utf-8", "surrogatepass")) ^ salt
    return number - (1 << 32) if number >> 31 else number


def message_grams(text: str, channel_id: int) -> list[int]:
    """Give the numbers to store for a message, each once, sorted."""
    salt = channel_salt(channel_id)
    parts = [text] if len(text) <= MAX_TEXT else [text[:MAX_TEXT], text[MAX_TEXT - _LAST :]]
    return sorted({gram_number(gram, salt) for gram in stored_grams(*parts)})


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for in the messages of a channel."""

    grams: list[int]
    """What every message contains that is meant, and some others do."""
    words: tuple[str, ...]
    """Folded; each begins a word of the message, or stands within one of a script without spaces."""

    def is_in(self, text: str) -> bool:
        """Say whether a message is meant."""
        there = words(fold(text)) + (words(fold(text[MAX_TEXT - _LAST :])) if len(text) > MAX_TEXT else [])
        return all(any(_fits(word, found) for found in there) for word in self.words)


def sought(text: str, channel_id: int) -> Sought | None:
    """Take apart what somebody typed; `None` when there is nothing to look for in it, or a single letter."""
    found = needle(text)
    if found is None:
        return None
    salt = channel_salt(channel_id)
    asked = words(fold(text[:MAX_QUERY])[:MAX_QUERY])
    return Sought(sorted({gram_number(gram, salt) for gram in found.grams}), tuple(dict.fromkeys(asked)))


def _fits(word: str, found: str) -> bool:
    return found.startswith(word) or (word in found and not word.isascii())
