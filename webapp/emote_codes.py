"""How emotes are called: codes of the site, and codes of channels, which begin with the channel's prefix. Pure.

A prefix is lower case and a capital letter ends it, so `annaLove` is Love of whoever has `anna`; no prefix is the beginning of
another channel's code by accident. Letters are ASCII: what looks alike among those, the database tells apart from nothing.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from webapp.problems import ApiProblemError

Code = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9]{1,25}$",
        description="Letters and digits. Of a channel's emote the prefix may be left out: `Love` becomes `annaLove`.",
    ),
]
Prefix = Annotated[
    str,
    Meta(
        pattern="^[a-z][a-z0-9]{2,9}$", description="3 to 10 letters and digits, lower case, a letter first."
    ),
]

_SITE_CODE = re.compile(r"[A-Za-z0-9]{3,25}")
_REST = re.compile(r"[A-Z][A-Za-z0-9]*")
MAX_CODE = 25
MAX_PREFIX = 10
_CANDIDATES = 100


def site_code(given: str) -> str:
    """Check the code of an emote for everybody. Raises `ApiProblemError`."""
    if not _SITE_CODE.fullmatch(given):
        raise ApiProblemError(422, "A code has 3 to 25 letters and digits.")
    return given


def channel_code(prefix: str, given: str) -> str:
    """Give the code of a channel's emote, whether it was given with the prefix or without. Raises `ApiProblemError`."""
    rest = given.removeprefix(prefix) if not given[:1].isupper() else given
    code = prefix + rest
    if not _REST.fullmatch(rest) or len(code) > MAX_CODE:
        raise ApiProblemError(
            422,
            f"A code of this channel is {prefix} and a word of letters and digits that begins with a capital letter;"
            f" {MAX_CODE} characters in all.",
        )
    return code


def prefixes_for(login: str, channel_id: int) -> Iterator[str]:
    """Suggest prefixes for a channel, the best first; there is an end to them."""
    letters = re.sub(r"[^a-z0-9]|^[0-9]+", "", login.lower().replace("_", ""))
    base = (letters if len(letters) >= 3 else f"{letters}emote")[:MAX_PREFIX]
    yield base
    for number in itertools.chain(range(2, _CANDIDATES), [channel_id % 100_000]):
        yield f"{base[: MAX_PREFIX - len(str(number))]}{number}"
