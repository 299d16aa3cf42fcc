"""Writes the JSON Schema of the chat protocol: `python -m chatd.schema_page > docs/chat-schema.json`."""

import json
import sys
from typing import Any, get_args

import msgspec

from chatd.json_events import Event
from chatd.json_frames import Frame, Payload
from chatd.json_requests import Request

REF = "#/$defs/{name}"


def schema() -> dict[str, Any]:
    """Give the schema of all messages: those of clients are `Request`, those of the server `Frame`."""
    payloads, events = get_args(Payload), get_args(Event)
    (request, frame, *_), definitions = msgspec.json.schema_components(
        [Request, Frame, *payloads, *events], ref_template=REF
    )
    definitions["Frame"]["properties"]["payload"] = _any_of(payloads)
    definitions["Notification"]["properties"]["event"] = _any_of(events)
    definitions["Request"] = request
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Chat over WebSocket",
        "oneOf": [{"$ref": REF.format(name="Request")}, frame],
        "$defs": dict(sorted(definitions.items())),
    }


def _any_of(types: tuple[type, ...]) -> dict[str, Any]:
    return {"anyOf": [{"$ref": REF.format(name=one.__name__)} for one in types]}


if __name__ == "__main__":
    json.dump(schema(), sys.stdout, indent=1)
    sys.stdout.write("\n")
