"""Text as search sees it: folded, cut into words, and those into overlapping groups of three characters. Pure.

The same functions make what is stored and what is asked for. They run here and not in the database, because what a server
knows about Unicode depends on its version, its locale, and extensions that we do without.
"""

import unicodedata
from dataclasses import dataclass

MAX_TEXT = 400
"""Characters of a folded text that are looked at: a title of 140 rarely becomes longer, and compatibility forms can."""

MAX_QUERY = 100
"""Characters of a folded query that are looked at."""

_ACCENTS = dict.fromkeys(range(0x300, 0x370))
"""Combining Diacritical Marks only: taking the marks of Indic scripts or of kana away would make other words."""

_MAX_LOST_GRAMS = 4
"""Neighbouring trigrams that one slip of the finger can spoil: two exchanged letters stand in four."""

_LEAST_GRAMS = 3
"""Trigrams that a text shares at least with what finds it with a slip: two are no more than how a word begins."""


def fold(text: str) -> str:
    """Give `text` without what people do not mind when they look for it: case, accents, width and other variants."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text[:MAX_TEXT]).casefold())
    return unicodedata.normalize("NFKC", decomposed.translate(_ACCENTS)).casefold()[:MAX_TEXT]


def words(folded: str) -> list[str]:
    """Cut folded text where something stands that is no letter, digit or mark."""
    spaced = "".join(letter if unicodedata.category(letter)[0] in "LNM" else " " for letter in folded)
    return spaced.split()


def _is_ideographic(letter: str) -> bool:
    """Whether `letter` belongs to a script written without spaces: kana, Chinese characters and their neighbours."""
    return "\u3040" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff" or letter >= "\U00020000"


def word_grams(word: str, *, whole: bool = True) -> list[str]:
    """Cut a word into trigrams, in order, padded so that its beginning counts; with `whole` its end counts as well.

    Words of scripts without spaces are cut into pairs: what is looked for may stand in their middle, and be short.
    """
    if any(map(_is_ideographic, word)):
        return [word[i : i + 2] for i in range(max(1, len(word) - 1))] + (list(word) if whole else [])
    padded = f"  {word} " if whole else f"  {word}"
    return [padded[i : i + 3] for i in range(len(padded) - 2)]


def stored_grams(*texts: str) -> list[str]:
    """Give the trigrams to store for some texts: each once, sorted."""
    return sorted({gram for text in texts for word in words(fold(text)) for gram in word_grams(word)})


def name_grams(login: str, display_name: str) -> list[str]:
    """Give the trigrams of who somebody is; `the_fox` is found as `thefox` too."""
    return stored_grams(login, login.replace("_", ""), display_name)


@dataclass(frozen=True, slots=True)
class Needle:
    """A query, taken apart."""

    grams: list[str]
    """What all exact finds contain: the last letters of each word may be missing, as while somebody types."""
    joined: list[str] | None
    """What a find in one word contains, where people wrote several: `the fox` is `thefox`. `None` for one word."""
    squashed: str
    """The words without what stands between them: a login that equals it comes first."""
    head: list[str] | None
    """With `tail`: wherever one letter is wrong, missing, added or exchanged with its neighbour, one of both is still
    contained. `None` for short queries, which are taken literally."""
    tail: list[str] | None
    enough: int
    """Of `grams`, how many are at least contained after one such slip."""


def needle(text: str) -> Needle | None:
    """Take a query apart; `None` when there is nothing to look for in it, or too little: one letter is in every text."""
    asked = words(fold(text[:MAX_QUERY])[:MAX_QUERY])
    ordered = list(dict.fromkeys(gram for word in asked for gram in word_grams(word, whole=False)))
    if not ordered or ordered == [f"  {asked[0]}"]:
        return None
    head, tail = _halves(ordered)
    squashed = "".join(asked)
    joined = list(dict.fromkeys(word_grams(squashed, whole=False))) if len(asked) > 1 else None
    return Needle(ordered, joined, squashed, head, tail, max(_LEAST_GRAMS, len(ordered) - _MAX_LOST_GRAMS))


def _halves(ordered: list[str]) -> tuple[list[str] | None, list[str] | None]:
    """Split trigrams into a head and a tail so far apart that one slip cannot spoil both.

    With five or six letters there are too few for that: there not every slip in the middle is forgiven.
    """
    gap = min(_MAX_LOST_GRAMS - 1, len(ordered) - 4)
    if gap < 1:
        return None, None
    size = (len(ordered) - gap) // 2
    return ordered[:size], ordered[size + gap :]
