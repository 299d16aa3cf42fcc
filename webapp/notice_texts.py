"""What notices say: one wording for the site's list, for push messages and for e-mail. Pure."""

from dataclasses import dataclass
from typing import Any

from common.queries.notices import PERSONAL
from common.queries.outbox import ChannelEvent

ONLINE = "stream.online"


@dataclass(frozen=True, slots=True)
class Wording:
    """A notice in words."""

    title: str
    """One line."""
    text: str
    """More; '' where there is none."""


def wording(kind: str, display_name: str, details: dict[str, Any]) -> Wording:
    """Say a notice in words.

    Args:
        kind: the notice's type.
        display_name: of the channel it is about.
        details: of the notice.

    """
    if kind == ONLINE:
        return Wording(f"{display_name} is live", one_line(str(details.get("title", ""))))
    return Wording(
        one_line(str(details.get("title", ""))) or display_name, one_line(str(details.get("text", "")))
    )


def kind_and_details(event_type: str, event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Give type and details of the notice that tells an event of the outbox."""
    if event_type == PERSONAL:
        return str(event["kind"]), {"title": event["title"], "text": event["text"]}
    return event_type, {"stream_id": event["id"], "title": event.get("title", "")}


def recipient_of(event: ChannelEvent) -> int:
    """Give whom a personal event concerns."""
    return int(event.event["user_id"])


def one_line(text: str) -> str:
    """Put a text on one line, without characters that would end a header or turn the text around."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
