"""What `weir doctor` finds: plain values. Pure."""

import enum
from dataclasses import asdict, dataclass


class Level(enum.Enum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Works, but not well, or not for everybody."""
    PROBLEM = "problem"
    """Something does not work until it is put right."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    check: str
    """What was looked at, in a word or three."""
    level: Level
    text: str
    """What was found."""
    advice: str = ""
    """What to do about it; empty where nothing needs doing."""

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self) | {"level": self.level.value}


def ok(check: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(check, Level.OK, text)


def warning(check: str, text: str, advice: str) -> Finding:
    """Works, but."""
    return Finding(check, Level.WARNING, text, advice)


def problem(check: str, text: str, advice: str) -> Finding:
    """Does not work until."""
    return Finding(check, Level.PROBLEM, text, advice)
