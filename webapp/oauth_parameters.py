"""Parameters as OAuth reads them: each at most once, an empty one as if it were not there, unknown ones ignored. Pure.

RFC 6749 3.1 and 3.2. Bytes that are no UTF-8 are refused rather than replaced: `state` must come back as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

MAX_PARAMETERS = 50
MAX_BYTES = 12_000
"""Of all of them, as they are sent; the head of a request has 16 KiB."""


class UnreadableParametersError(ValueError):
    """They are no parameters at all; the text says why."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What was sent."""

    values: dict[str, str] = field(default_factory=dict)
    """Those that are there once."""
    repeated: frozenset[str] = frozenset()
    """Those that are there more than once; they are not in `values`."""

    def get(self, name: str) -> str | None:
        """Give one; `None`: it is not there, or more than once."""
        return self.values.get(name)


def read_parameters(*sent: bytes) -> Parameters:
    """Read parameters that stand in one place or several (query and form).

    Raises `UnreadableParametersError`.
    """
    if sum(map(len, sent)) > MAX_BYTES:
        raise UnreadableParametersError(f"the parameters are longer than {MAX_BYTES} bytes")
    return _once(pair for part in sent for pair in _pairs(part))


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeDecodeError:
        raise UnreadableParametersError("the parameters are not percent-encoded UTF-8") from None
    except ValueError:
        raise UnreadableParametersError(f"there are more than {MAX_PARAMETERS} parameters") from None


def _once(pairs: Iterable[tuple[str, str]]) -> Parameters:
    values: dict[str, str] = {}
    repeated: set[str] = set()
    for name, value in pairs:
        if name in values:
            repeated.add(name)
        elif value:
            values[name] = value
    return Parameters(
        {name: value for name, value in values.items() if name not in repeated}, frozenset(repeated)
    )
