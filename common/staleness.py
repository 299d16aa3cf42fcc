"""Whether what somebody looked at before they changed it is still so: then two who edit at once overwrite nothing unseen. Pure.

Compared is what the change is about, field by field: who turns slow mode on loses nothing by somebody else's links.
"""

from collections.abc import Mapping
from typing import Any

STALE = "stale"
"""The `reason` of such a refusal."""


def changed_since(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Name the fields of `was` that are otherwise `now`, in order."""
    return [name for name, value in was.items() if now.get(name) != value]


def stale_message(names: list[str]) -> str:
    """Say so to who wanted the change."""
    return f"Somebody changed this meanwhile, so nothing was done: {', '.join(names)}."
