"""Terms that a channel blocks, made ready to be looked for in messages: RE2, so nothing that people write takes long. Pure.

A term is a phrase, in which `*` stands for any letters within a word, and which counts as whole words only: `ass` is not in
`class`, `ass*` is in `assets`. Or it is a regular expression of RE2, of which a channel may have few, and none that is large.
Both are compared in the form of `common.sameness`, in which capitals, full-width letters and invisible ones make no difference.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import re2

from common.sameness import sameness

MAX_TERMS = 10_000
"""Of one channel."""
MAX_REGEXES = 100
MIN_LETTERS = 2
MAX_LETTERS = 500
MAX_STARS = 8
MAX_SIZE = 1_000
"""Instructions of a regular expression, once compiled. A message costs at most its bytes times those of all of them."""
MAX_SIZE_OF_ALL = 10_000
CHUNK = 2_000
"""Phrases that are compiled in one go, which other threads wait for: some 20 ms."""
MAX_MEMORY = 16 << 20
"""Bytes for what is compiled of one chunk, and for the states that looking for it leads to."""

_GAPS = re.compile(r"[\W_]+")
_ASCII_GAPS = "".join(chr(code) if chr(code).isalnum() else " " for code in range(128))
_SIGNS = re.compile(r"[^\w\s*]|_")
_NO_LETTER = r"[^\pL\pN_]"


class BadTermError(ValueError):
    """A term cannot be blocked; the text says why, to whom wanted it."""


@dataclass(frozen=True, slots=True)
class Term:
    """What is blocked."""

    text: str
    is_regex: bool = False


def check_term(term: Term) -> int:
    """Say how large a term is as a regular expression; 0 for a phrase. Raises `BadTermError`."""
    if not MIN_LETTERS <= len(term.text) <= MAX_LETTERS:
        raise BadTermError(f"A term has {MIN_LETTERS} to {MAX_LETTERS} characters.")
    if not term.is_regex:
        _check_phrase(term.text)
        return 0
    try:
        found = re2.compile(term.text, _options(1 << 20))
    except re2.error as error:
        raise BadTermError(f"This is no regular expression of RE2: {_reason(error)}.") from None
    size: int = found.programsize
    if size > MAX_SIZE:
        raise BadTermError(f"This regular expression is too large: {size} steps, the most is {MAX_SIZE}.")
    if found.search("") is not None:
        raise BadTermError("This regular expression is found in every message.")
    return size


def _check_phrase(text: str) -> None:
    letters = sameness(text).replace("*", "").replace(" ", "")
    if len(letters) < MIN_LETTERS:
        raise BadTermError(f"A term needs at least {MIN_LETTERS} characters beside *.")
    if text.count("*") > MAX_STARS:
        raise BadTermError(f"A term has at most {MAX_STARS} times *.")


def _reason(error: Exception) -> str:
    [reason] = error.args or ("",)
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    return text or "it cannot be read"


def _options(memory: int, *, case_sensitive: bool = False) -> re2.Options:
    options = re2.Options()
    options.max_mem = memory
    options.never_capture = True
    options.log_errors = False
    options.case_sensitive = case_sensitive
    return options


# Looking for them --------------------------------------------------------------------------------------------------------

Form = Literal["exact", "words", "signs", "regex"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Patterns that are compiled together, and the form of messages that they are looked for in."""

    form: Form
    patterns: tuple[str, ...]

    def compile(self) -> "Sieve":
        """Compile them. Takes a while, during which other threads wait; call it in a thread, and others' between two."""
        if self.form == "exact":
            return Sieve(self.form, frozenset(self.patterns))
        found = re2.Set.SearchSet(_options(MAX_MEMORY, case_sensitive=self.form != "regex"))
        for pattern in self.patterns:
            with suppress(re2.error):  # what another version took is left out
                found.Add(pattern)
        found.Compile()
        return Sieve(self.form, found)


@dataclass(frozen=True, slots=True)
class Sieve:
    """A batch, compiled."""

    form: Form
    found: Any
    """The words of `exact`; else a `re2.Set`."""


def batches(terms: Iterable[Term]) -> list[Batch]:
    """Sort terms by how they are looked for. Terms that cannot be (`check_term`) must not be among them."""
    exact: list[str] = []
    words: list[str] = []
    signs: dict[tuple[bool, bool], list[str]] = {}
    regexes: list[str] = []
    for term in terms:
        folded = sameness(term.text)
        if term.is_regex:
            regexes.append(term.text)
        elif _SIGNS.search(folded):
            edges = (_is_letter(folded[0]), _is_letter(folded[-1]))
            signs.setdefault(edges, []).append(_starred(folded))
        elif "*" not in folded and " " not in folded:
            exact.append(folded)
        else:
            words.append(_phrase(folded))
    found = [Batch("exact", tuple(exact))] if exact else []
    found += [Batch("words", tuple(chunk)) for chunk in _chunks(words)]
    found += [
        Batch("signs", (_within(edges, chunk),)) for edges, of in signs.items() for chunk in _chunks(of)
    ]
    return found + ([Batch("regex", tuple(regexes))] if regexes else [])


def _chunks(patterns: Sequence[str]) -> list[Sequence[str]]:
    return [patterns[start : start + CHUNK] for start in range(0, len(patterns), CHUNK)]


def _is_letter(character: str) -> bool:
    return character != "*" and _GAPS.match(character) is None


def _starred(text: str) -> str:
    return "[^ ]*".join(re2.escape(piece) for piece in text.split("*"))


def _phrase(folded: str) -> str:
    """Make the pattern of a phrase without signs, for messages in which a space stands before and behind every word."""
    start = "" if folded.startswith("*") else " "
    end = "" if folded.endswith("*") else " "
    return start + _starred(" ".join(folded.strip("*").split())) + end


def _within(edges: tuple[bool, bool], patterns: Sequence[str]) -> str:
    """Make one pattern of several with signs. Where they begin or end with a letter, none may stand before or behind."""
    start = f"(?:^|{_NO_LETTER})" if edges[0] else ""
    end = f"(?:$|{_NO_LETTER})" if edges[1] else ""
    return f"{start}(?:{'|'.join(patterns)}){end}"


def _words(folded: str) -> list[str]:
    """Give the words of a message, without what stands between them."""
    gapped = folded.translate(_ASCII_GAPS) if folded.isascii() else _GAPS.sub(" ", folded)
    return gapped.split()


class Screen:
    """What a channel blocks, ready to be looked for."""

    def __init__(self, sieves: Iterable[Sieve] = ()) -> None:
        by_form: dict[Form, list[Any]] = {}
        for sieve in sieves:
            by_form.setdefault(sieve.form, []).append(sieve.found)
        self._by_form = by_form

    def __bool__(self) -> bool:
        """Whether anything is blocked."""
        return bool(self._by_form)

    def blocks(self, text: str, folded: str) -> bool:
        """Say whether a term is in a message, given as it is and as `sameness` has it."""
        by_form = self._by_form
        if not by_form:
            return False
        exact, phrases = by_form.get("exact"), by_form.get("words")
        if exact is not None or phrases is not None:
            words = _words(folded)
            if exact is not None and not exact[0].isdisjoint(words):
                return True
            form = f" {' '.join(words)} ".encode()
            if phrases is not None and any(one.Match(form) for one in phrases):
                return True
        if (signs := by_form.get("signs")) is not None:
            form = folded.encode()
            if any(one.Match(form) for one in signs):
                return True
        if (regexes := by_form.get("regex")) is not None:
            forms = {text.encode(), folded.encode()} if text.lower() != folded else {folded.encode()}
            return any(one.Match(form) for one in regexes for form in forms)
        return False


def screen_of(terms: Iterable[Term]) -> Screen:
    """Compile terms here and now: for few."""
    return Screen(batch.compile() for batch in batches(terms))
