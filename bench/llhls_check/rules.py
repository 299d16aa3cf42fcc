"""The complete table: importing this module fills `verdicts.RULES`. Pure."""

from bench.llhls_check import (
    rules_changes,
    rules_low_latency,
    rules_media,
    rules_multivariant,
    rules_players,
    rules_profile,
    rules_renditions,
    rules_requests,
    rules_text,
)
from bench.llhls_check.verdicts import RULES, Level, Rule

__all__ = ["GROUPS", "LEVELS", "RULES", "ordered"]

MODULES = (
    rules_media,
    rules_text,
    rules_low_latency,
    rules_multivariant,
    rules_changes,
    rules_renditions,
    rules_requests,
    rules_profile,
    rules_players,
)

GROUPS = {
    "A": "Media files",
    "B": "Playlist text",
    "C": "Low-latency tags",
    "D": "Multivariant playlist",
    "E": "Changes over time, and renditions against each other",
    "F": "Delivery directives and hints",
    "G": "Low-latency profile",
    "H": "What players need beyond the draft",
}
LEVELS = {Level.MUST: "must", Level.SHOULD: "should", Level.RECOMMENDED: "recommended"}


def ordered() -> list[Rule]:
    """All rules, by group and number."""
    return sorted(RULES.values(), key=lambda one: (one.id[0], int(one.id[1:])))
