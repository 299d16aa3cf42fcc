"""When an issue is told and when it is over: with hysteresis, so that nothing flaps. Pure; the clock is passed in."""

from collections.abc import Iterable
from dataclasses import dataclass

from weir.stream_issues import Issue, Rule

CLEAR_S = 20.0
"""An issue is over when it was not so for this long."""

MAX_TOLD = 1000
"""Issues told about one broadcast; what comes after is not worth a row."""


@dataclass(frozen=True, slots=True)
class IssueBegan:
    """An issue is told from now on."""

    issue: Issue


@dataclass(frozen=True, slots=True)
class IssueEnded:
    """It is over."""

    type: str


IssueEvent = IssueBegan | IssueEnded


@dataclass(slots=True)
class _Seen:
    issue: Issue
    since: float
    last: float
    told: bool = False


class IssueTracker:
    """The issues of one broadcast."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._told = 0

    @property
    def current(self) -> tuple[Issue, ...]:
        """What is told now, as it was first measured."""
        return tuple(seen.issue for seen in self._seen.values() if seen.told)

    def update(self, found: Iterable[tuple[Rule, Issue]], now: float) -> list[IssueEvent]:
        """Take note of what is so now; returns what that changes."""
        events: list[IssueEvent] = []
        for rule, issue in found:
            seen = self._seen.setdefault(issue.type, _Seen(issue, now, now))
            seen.last = now
            if not seen.told and now - seen.since >= rule.after_s and self._told < MAX_TOLD:
                seen.told, seen.issue = True, issue
                self._told += 1
                events.append(IssueBegan(issue))
        for kind, seen in list(self._seen.items()):
            # What is not told yet must hold all the time until it is.
            if now - seen.last >= CLEAR_S or (not seen.told and seen.last < now):
                del self._seen[kind]
                events += [IssueEnded(kind)] * seen.told
        return events

    def end(self) -> list[IssueEvent]:
        """The broadcast is over, and all of its issues."""
        events: list[IssueEvent] = [IssueEnded(kind) for kind, seen in self._seen.items() if seen.told]
        self._seen.clear()
        return events
