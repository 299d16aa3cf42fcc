"""The schema that is published is that of the code, and describes what really goes over the wire."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from chatd.delivery import Delivery, RoomName
from chatd.events import ChatCleared, RoomChanged, RoomState
from chatd.json_frames import JsonWire
from chatd.schema_page import schema

PUBLISHED = Path(__file__).parents[2] / "docs" / "chat-schema.json"


def only(name: str) -> dict[str, Any]:
    return schema() | {"oneOf": [{"$ref": f"#/$defs/{name}"}]}


def test_the_published_schema_is_that_of_the_code() -> None:
    assert json.loads(PUBLISHED.read_text()) == schema(), "run `make docs`"


@pytest.mark.parametrize("event", [ChatCleared(7, 1), RoomChanged(1, RoomState(), RoomState(slow_mode=True))])
def test_frames_keep_to_it(event: Any) -> None:
    data = JsonWire().encode(RoomName("anna", 7), [Delivery(3, event, "e")])
    frame = json.loads(data[data.index(b"{") :])
    assert jsonschema_rs.is_valid(only("Frame"), frame)
    assert not jsonschema_rs.is_valid(only("Frame"), frame | {"metadata": {}})


@pytest.mark.parametrize(
    ("request_", "is_valid"),
    [
        ({"type": "join", "id": "1", "channel": "anna"}, True),
        ({"type": "join", "id": "1", "channel": "an na"}, False),
        ({"type": "send", "id": "1", "channel": "anna", "text": "hi"}, True),
        ({"type": "send", "id": "1", "channel": "anna", "text": ""}, False),
    ],
)
def test_requests_keep_to_it(request_: dict[str, str], is_valid: bool) -> None:  # noqa: FBT001  # pytest gives it
    assert jsonschema_rs.is_valid(only("Request"), request_) is is_valid
