"""Texts that people write for others to read: kept as they are typed, refused where they play tricks on readers. Pure.

Nothing is escaped or stripped here: texts leave the API as JSON, and pages show them as text.
"""

import re
import unicodedata

from common.trigrams import fold
from webapp.problems import ApiProblemError

MAX_MARKS = 8
"""Marks and invisible characters in a row. No script stacks more; a flag of six hidden letters is the longest emoji part.
Hundreds of them climb over the lines above and below."""

_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Explicit directions (UAX #9): one that is not closed turns round what stands behind it on the page. What Arabic and Hebrew
need beside them, U+200E and U+200F, has no such effect."""

_HIDDEN = {"Mn", "Me", "Cf"}
_STEERING = {"Cc", "Cs", "Zl", "Zp"}


def check_text(name: str, text: str, *, lines: bool = False) -> str:
    """Give `text` back, or refuse with 400 what may not stand in the field called `name`; `lines`: it may have several."""
    run = 0
    for letter in text:
        category = unicodedata.category(letter)
        if category in _STEERING and not (lines and letter in "\n\t"):
            raise ApiProblemError(400, f"{name} must not hold control characters.")
        run = run + 1 if category in _HIDDEN else 0
        if run > MAX_MARKS:
            raise ApiProblemError(400, f"{name} stacks more than {MAX_MARKS} marks on one letter.")
    if _BIDI.search(text):
        raise ApiProblemError(400, f"{name} must not hold characters that override the direction of text.")
    return text


def check_tags(tags: list[str]) -> list[str]:
    """Give tags back, or refuse with 400: each is one word, and there once, whatever the case of its letters."""
    seen = set()
    for tag in tags:
        check_text("tags", tag)
        if any(letter.isspace() for letter in tag):
            raise ApiProblemError(400, "A tag is one word: tags must not hold spaces.")
        if tag.casefold() in seen:
            raise ApiProblemError(400, f"The tag {tag} is there twice.")
        seen.add(tag.casefold())
    return tags


_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?")


def canonical_language(tag: str) -> str:
    """Give a language tag (BCP 47: language, script, region) in its usual case, `zh-Hant-TW`; '' stays, for none.

    Refused with 400 are tags of another form. Whether the language exists is not looked up: there are 8 000, and more each year.
    """
    if tag == "":
        return ""
    match = _LANGUAGE.fullmatch(tag)
    if match is None:
        raise ApiProblemError(
            400, "broadcaster_language must be a language tag such as en, pt-BR or zh-Hant."
        )
    language, script, region = match.groups()
    parts = [language.lower(), (script or "").title(), (region or "").upper()]
    return "-".join(part for part in parts if part)


def check_display_name(name: str, login: str) -> str:
    """Give how a login is to be shown, composed (NFC), or refuse with 400 what is not that login written differently.

    Case, width and accents may differ (`Änna` for `anna`); other letters may not, so that nobody passes for somebody else.
    """
    composed = unicodedata.normalize("NFC", name)
    plain = all(letter == "_" or letter.isalpha() or letter.isdecimal() for letter in composed)
    if not plain or fold(composed) != login:
        raise ApiProblemError(
            400, f"display_name must be {login}, in other cases of letters or with accents."
        )
    return composed
