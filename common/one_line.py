"""Texts that people see on one line: without what steers others' text, and '' when there is nothing to see. Pure."""

import unicodedata
from typing import Final

from common.sameness import IGNORABLE

_BIDIRECTIONAL: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    """Give a text with its spaces run together, without controls, surrogates and bidirectional overrides."""
    if not text.isascii() or not text.isprintable():
        text = "".join(letter for letter in text if letter.isspace() or not _is_steering(letter))
    found = " ".join(text.split())
    return found if IGNORABLE.sub("", found).strip() else ""


def _is_steering(letter: str) -> bool:
    return letter in _BIDIRECTIONAL or unicodedata.category(letter) in {"Cc", "Cs"}
