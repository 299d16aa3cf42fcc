"""Requests become values of the types of their route, or a problem that says what is wrong. Pure.

No text with control characters gets in: PostgreSQL takes no NUL, and the others are for steering terminals and mail.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, get_origin, get_type_hints

import msgspec

from webapp.problems import ApiProblemError

T = TypeVar("T", bound=msgspec.Struct)

MAX_VALUES = 100
"""Of one parameter that may be repeated, as on Helix."""


def parse_body(body_type: type[T], content_type: str, raw: bytes) -> T:
    """Read JSON. Its nesting is bounded by the type: what a type does not have is refused before it is read."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        # Also what keeps forms of other sites out: without asking first, browsers send three types, and not this one.
        raise ApiProblemError(415, "The body must be JSON: set Content-Type: application/json.")
    try:
        body = msgspec.json.decode(raw, type=body_type)
    except msgspec.ValidationError as error:
        raise ApiProblemError(400, f"{error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ApiProblemError(400, "The body is not valid JSON.") from None
    return _printable(body)


def parse_query(query_type: type[T], given: Mapping[str, Sequence[str]]) -> T:
    """Read query parameters; those of a list type may be repeated."""
    hints = _hints(query_type)
    values: dict[str, Any] = {}
    for name, texts in given.items():
        if name not in hints:
            raise ApiProblemError(400, f"There is no parameter {name[:50]!r} here.")
        if len(texts) > MAX_VALUES:
            raise ApiProblemError(400, f"At most {MAX_VALUES} values of {name} are allowed.")
        if get_origin(hints[name]) is list:
            values[name] = texts
        elif len(texts) == 1:
            values[name] = texts[0]
        else:
            raise ApiProblemError(400, f"The parameter {name} is there more than once.")
    return _printable(_convert(query_type, values, 400))


_hints = cache(get_type_hints)
"""Parsing annotations takes longer than anything else that happens to a small request here."""


def parse_path(path_type: type[T], given: Mapping[str, str]) -> T:
    """Read what stands in the path; where that cannot be, there is nothing."""
    return _printable(_convert(path_type, given, 404), 404)


def _convert(wanted: type[T], values: Mapping[str, Any], status: int) -> T:
    try:
        return msgspec.convert(values, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise ApiProblemError(status, f"{error}." if status == 400 else "There is nothing here.") from None


def _printable(value: T, status: int = 400) -> T:
    """Refuse control characters. A type names in its class variable `multi_line` the fields that may have several lines."""
    multi_line: frozenset[str] = getattr(value, "multi_line", frozenset())
    for name in value.__struct_fields__:
        found = getattr(value, name)
        for text in found if isinstance(found, list) else [found]:
            plain = text.replace("\n", "") if isinstance(text, str) and name in multi_line else text
            if isinstance(plain, str) and any(
                unicodedata.category(letter) in {"Cc", "Cs"} for letter in plain
            ):
                raise ApiProblemError(status, f"{name} must not hold control characters.")
    return value
