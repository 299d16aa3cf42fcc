"""A streamer's channel over the API, with a real encoder: what is live follows at once, and a rotated key ends its publisher."""

import json
from collections.abc import Callable

import pytest

from tests.e2e.harness import Encoder, Weir, get, poll
from tests.e2e.test_administration import is_live, streamer_of

pytestmark = pytest.mark.real


def test_a_running_stream_shows_a_new_title_and_a_rotated_key_ends_it(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    weir = weir_factory()
    anna, key = streamer_of(weir)
    encoder = publish(f"{weir.rtmp}/{key}")
    poll("live", lambda: is_live(weir, "anna"))
    change = {"title": "<b>New</b>", "tags": ["Retro"], "game_id": "1", "is_mature": True}
    status, body = anna.ask("PATCH", "/channels/anna", {**change, "broadcaster_language": "pt-br"})
    assert status == 200
    assert body["data"][0]["is_live"]
    [stream] = json.loads(get(f"{weir.web}/api/streams")[1])["data"]
    assert {name: stream[name] for name in (*change, "language")} == {**change, "language": "pt-BR"}

    [old] = anna.ask("GET", "/channels/anna/keys")[1]["data"]
    status, body = anna.ask("POST", f"/channels/anna/keys/{old['id']}/rotation")
    assert status == 201
    poll("the publisher is gone", lambda: encoder.process.poll() is not None, 5)
    refused = publish(f"{weir.rtmp}/{key}")
    poll("the old key is refused", lambda: refused.process.poll() is not None, 10)
    publish(f"{weir.rtmp}/{body['data'][0]['stream_key']}")
    poll("live with the new key", lambda: is_live(weir, "anna"))


def test_roles_and_blocks_stand_where_people_look(weir_factory: Callable[..., Weir]) -> None:
    weir = weir_factory()
    anna, _ = streamer_of(weir)
    for login in ("berta", "troll"):
        assert weir.cli("user", "add", login).returncode == 0
    assert anna.ask("PUT", "/channels/anna/moderators/berta")[0] == 204
    assert anna.ask("PATCH", "/channels/anna/chat/settings", {"slow_mode": True})[0] == 200
    assert anna.ask("PUT", "/users/me/blocks/troll")[0] == 204
    _, log = anna.ask("GET", "/channels/anna/moderation-log")
    assert [(deed["action"], deed["actor_login"]) for deed in log["data"]] == [
        ("slow", "anna"),
        ("mod", "anna"),
    ]
    assert log["data"][1]["details"].items() >= {"user_login": "berta", "door": "api"}.items()
