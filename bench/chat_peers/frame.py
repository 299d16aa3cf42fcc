"""What both servers in Python say: the same envelope as weir's, so that each sends as many bytes."""

import itertools
import json
import time

_numbers = itertools.count(1)


def answer_join(request: dict[str, str]) -> str:
    """Say that somebody is in the room."""
    metadata = {"message_id": f"a-{next(_numbers)}", "message_type": "response"}
    return _dump({"metadata": metadata, "payload": {"request_id": request["id"], "ok": True}})


def notification(request: dict[str, str]) -> str:
    """Tell a message."""
    number, kind, text = next(_numbers), "channel.chat.message", request["text"]
    metadata = {
        "message_id": f"1-0011223344556677-{number}",
        "message_type": "notification",
        "message_timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "subscription_type": kind,
    }
    event = {
        "broadcaster_user_id": "1",
        "broadcaster_user_login": "bench",
        "chatter_user_id": "12",
        "chatter_user_login": "bencher10",
        "chatter_user_name": "bencher10",
        "color": "",
        "badges": [{"set_id": "moderator", "id": "1", "info": ""}],
        "roles": ["moderator"],
        "message_id": f"019ab3c4-0000-7000-8000-{number:012}",
        "message": {
            "text": text,
            "fragments": [{"type": "text", "text": text, "emote": None, "mention": None}],
        },
        "message_type": "text",
        "is_first": False,
        "nonce": "",
        "reply": None,
    }
    subscription = {"type": kind, "version": "1", "condition": {"broadcaster_user_id": "1"}}
    payload = {"subscription": subscription, "event": event, "epoch": "0011223344556677", "offset": number}
    return _dump({"metadata": metadata, "payload": payload})


def _dump(frame: object) -> str:
    return json.dumps(frame, separators=(",", ":"))
