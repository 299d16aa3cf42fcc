"""The table of rules, and what comes of holding an observation against it. Pure.

A rule is a function with a docstring: its first paragraph is the rule in our words, the second how it is checked. It gives
findings; none means that the rule is kept. It raises `NotApplicableError` when there is nothing to hold it against.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from inspect import cleandoc
from itertools import islice

from bench.llhls_check.observation import Observation

_KEPT = 4
"""Findings told in full for each rule; the others are counted."""
_COUNTED = 10_000


class Level(StrEnum):
    """What the draft (or Apple's authoring specification) demands."""

    MUST = "M"
    SHOULD = "S"
    RECOMMENDED = "R"


class NotApplicableError(Exception):
    """There is nothing to hold the rule against; the message says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken."""

    where: str
    what: str
    warning: bool = False
    """Less than the rule's own level: never a failure."""


Check = Callable[[Observation], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    section: str
    level: Level
    layer: str
    """What is looked at: text, reloads, renditions, boxes, requests, time."""
    check: Check

    @property
    def text(self) -> str:
        """The rule in our words."""
        return self._paragraphs()[0]

    @property
    def how(self) -> str:
        """How it is checked."""
        return self._paragraphs()[1]

    def _paragraphs(self) -> list[str]:
        return [" ".join(part.split()) for part in cleandoc(self.check.__doc__ or "").split("\n\n")]


class Outcome(StrEnum):
    PASS = "pass"
    FAIL = "FAIL"
    WARNING = "warning"
    NOT_APPLICABLE = "n/a"


@dataclass(frozen=True, slots=True)
class Verdict:
    rule: Rule
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    """The first few, failures first."""
    count: int = 0
    """Of all findings."""
    reason: str = ""
    """Why the rule is not applicable."""


RULES: dict[str, Rule] = {}


def rule(number: str, section: str, level: Level, layer: str) -> Callable[[Check], Check]:
    """Put a check into the table."""

    def register(check: Check) -> Check:
        if number in RULES:
            raise ValueError(f"rule {number} is there twice")
        RULES[number] = Rule(number, section, level, layer, check)
        return check

    return register


def judge(seen: Observation) -> list[Verdict]:
    """Hold the observation against every rule, in the order of their ids."""
    rules = sorted(RULES.values(), key=lambda one: (one.id[0], int(one.id[1:])))
    return [judge_one(one, seen) for one in rules]


def judge_one(one: Rule, seen: Observation) -> Verdict:
    """Hold the observation against one rule."""
    try:
        findings = list(islice(one.check(seen), _COUNTED))
    except NotApplicableError as why:
        return Verdict(one, Outcome.NOT_APPLICABLE, reason=str(why))
    if not findings:
        return Verdict(one, Outcome.PASS)
    serious = [found for found in findings if not found.warning and one.level is Level.MUST]
    first = [*serious, *(found for found in findings if found not in serious)][:_KEPT]
    return Verdict(one, Outcome.FAIL if serious else Outcome.WARNING, tuple(first), len(findings))


def need(things: Iterable[object], why_not: str) -> None:
    """Raise NotApplicableError unless there is anything."""
    if not any(True for _ in things):
        raise NotApplicableError(why_not)


def tell(where: str, problems: Iterable[str], *, warning: bool = False) -> Iterator[Finding]:
    """Findings at one place."""
    return (Finding(where, problem, warning) for problem in problems)
