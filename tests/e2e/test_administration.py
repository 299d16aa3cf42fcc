"""Running a site with curl alone: suspending, ending a stream, test pictures and events, with real encoders."""

import http.cookiejar
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from common.embedded_pg import cluster_status
from tests.e2e.harness import FFMPEG_NEW, WEIR, Encoder, Weir, get, left_over, poll

pytestmark = pytest.mark.real

PASSWORD = "correct horse"


class Person:
    """Somebody with a cookie jar."""

    def __init__(self, web: str, login: str) -> None:
        self.web = web
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        self.login = login

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"{self.web}/api{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={} if body is None else {"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def log_in(self) -> None:
        assert self.ask("POST", "/sessions", {"login": self.login, "password": PASSWORD})[0] == 201

    def events(self) -> list[str]:
        """What was told of one's channel, the oldest first."""
        _, found = self.ask("GET", f"/channels/{self.login}/events")
        return [event["type"] for event in reversed(found["data"])]


def admin_of(weir: Weir) -> Person:
    subprocess.run(
        [WEIR, "user", "add", "boss", "--admin", "--password-stdin"],
        env=weir.environment, input=PASSWORD, text=True, check=True, timeout=60, capture_output=True,
    )  # fmt: skip
    boss = Person(weir.web, "boss")
    boss.log_in()
    return boss


def streamer_of(weir: Weir) -> tuple[Person, str]:
    """Somebody who signed up, and a key of theirs."""
    anna = Person(weir.web, "anna")
    assert anna.ask("POST", "/users", {"login": "anna", "password": PASSWORD})[0] == 201
    status, made = anna.ask("POST", "/channels/anna/keys", {"label": "obs"})
    assert status == 201
    return anna, made["data"][0]["stream_key"]


def is_live(weir: Weir, login: str) -> bool:
    return bool(json.loads(get(f"{weir.web}/api/streams?user_login={login}")[1])["data"])


def refusal(weir: Weir, key: str, clip: Path) -> str:
    """What an encoder prints that is not let in."""
    command = [
        FFMPEG_NEW, "-v", "info", "-re", "-i", str(clip), "-t", "5", "-c", "copy", "-f", "flv", f"{weir.rtmp}/{key}"
    ]  # fmt: skip
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    return done.stderr


def test_a_suspended_streamer_goes_off_air_and_is_refused_with_a_sentence(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder], clip: Path
) -> None:
    weir = weir_factory()
    boss, (anna, key) = admin_of(weir), streamer_of(weir)
    encoder = publish(f"{weir.rtmp}/{key}")
    poll("live", lambda: is_live(weir, "anna"))
    poll("playable", lambda: get(f"{weir.hls}/hls/anna/index.m3u8")[0] == 200)
    status, told = boss.ask("PUT", "/admin/users/anna/suspension", {"reason": "spam"})
    assert (status, told["data"][0]["suspension_reason"]) == (200, "spam")
    assert not is_live(weir, "anna")
    poll("the encoder has left", lambda: encoder.process.poll() is not None, 10)
    assert get(f"{weir.hls}/hls/anna/index.m3u8")[0] == 404
    assert anna.ask("GET", "/users/me")[0] == 401
    assert "This account is suspended and cannot go live" in refusal(weir, key, clip)
    assert boss.ask("DELETE", "/admin/users/anna/suspension")[0] == 204
    publish(f"{weir.rtmp}/{key}")
    poll("live again", lambda: is_live(weir, "anna"))


def test_an_ended_broadcast_does_not_come_back_by_itself(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder], clip: Path
) -> None:
    weir = weir_factory()
    boss, (anna, key) = admin_of(weir), streamer_of(weir)
    assert anna.ask("DELETE", "/channels/anna/stream")[0] == 409
    encoder = publish(f"{weir.rtmp}/{key}")
    poll("live", lambda: is_live(weir, "anna"))
    assert boss.ask("DELETE", "/channels/anna/stream?reason=No%20adverts.")[0] == 204
    assert not is_live(weir, "anna")
    poll("the encoder has left", lambda: encoder.process.poll() is not None, 10)
    sentence = "The staff of this site ended this broadcast: No adverts. It can begin again in"
    assert sentence in refusal(weir, key, clip)
    _, log = anna.ask("GET", "/channels/anna/moderation-log")
    assert [(deed["action"], deed["actor_login"], deed["details"]) for deed in log["data"]] == [
        ("end_stream", "boss", {"reason": "No adverts."})
    ]
    assert anna.events() == ["stream.online", "stream.offline"]


def test_the_demo_can_be_ended_like_any_broadcast(weir_factory: Callable[..., Weir]) -> None:
    weir = weir_factory(command="demo")
    boss = admin_of(weir)
    poll("live", lambda: is_live(weir, "demo"))
    assert boss.ask("DELETE", "/channels/demo/stream")[0] == 204
    poll("the child has ended", lambda: any("demo_ended" in line for line in weir.errors))
    assert not is_live(weir, "demo")
    assert weir.stop() == 0


def test_events_over_a_reconnect_and_a_change_of_title(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    weir = weir_factory(WEIR_RECONNECT_GRACE_S="4")
    anna, key = streamer_of(weir)
    first = publish(f"{weir.rtmp}/{key}")
    poll("live", lambda: is_live(weir, "anna"))
    first.kill()
    second = publish(f"{weir.rtmp}/{key}")
    poll("connected again", lambda: "weir_publishers_resumed_total 1" in get(f"{weir.web}/metrics")[1])
    assert anna.events() == ["stream.online"]
    second.quit()
    poll("over", lambda: not is_live(weir, "anna"))
    assert anna.events() == ["stream.online", "stream.offline"]
    third = publish(f"{weir.rtmp}/{key}")
    poll("live again", lambda: is_live(weir, "anna"))
    third.kill()
    poll("given up", lambda: not is_live(weir, "anna"))
    assert anna.events() == ["stream.online", "stream.offline"] * 2


def test_the_test_picture_makes_a_channel_live_and_ends(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    weir = weir_factory()
    anna, key = streamer_of(weir)
    path = "/channels/anna/test-stream"
    assert anna.ask("GET", path)[1]["data"][0]["is_running"] is False
    status, shown = anna.ask("POST", path)
    assert (status, shown["data"][0]["is_running"]) == (201, True)
    assert anna.ask("POST", path)[0] == 409
    poll("live", lambda: is_live(weir, "anna"))
    poll("playable", lambda: get(f"{weir.hls}/hls/anna/index.m3u8")[0] == 200)
    (picture,) = [entry for entry in keys_of(anna) if entry["label"] == "test picture"]
    assert picture["revoked_at"] is None
    assert anna.ask("DELETE", path)[0] == 204
    poll("over", lambda: not is_live(weir, "anna"))
    assert anna.ask("DELETE", path)[0] == 404
    assert all(entry["revoked_at"] for entry in keys_of(anna) if entry["label"] == "test picture")
    assert anna.ask("POST", path)[0] == 201
    poll("live once more", lambda: is_live(weir, "anna"))
    publish(f"{weir.rtmp}/{key}")
    poll("taken over by an encoder", lambda: anna.ask("GET", path)[1]["data"][0]["is_running"] is False)
    assert is_live(weir, "anna")
    status, told = anna.ask("POST", path)
    assert status == 409
    assert "live already" in told["message"]


def keys_of(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.ask("GET", f"/channels/{person.login}/keys")[1]["data"]
    return found


def test_a_test_picture_ends_by_itself_and_only_so_many_run(weir_factory: Callable[..., Weir]) -> None:
    weir = weir_factory(WEIR_TEST_STREAMS="1", WEIR_TEST_STREAM_S="6")
    anna, _ = streamer_of(weir)
    other = Person(weir.web, "berta")
    assert other.ask("POST", "/users", {"login": "berta", "password": PASSWORD})[0] == 201
    assert anna.ask("POST", "/channels/anna/test-stream")[0] == 201
    assert other.ask("POST", "/channels/berta/test-stream")[0] == 503
    poll("over", lambda: not anna.ask("GET", "/channels/anna/test-stream")[1]["data"][0]["is_running"])
    poll("off air", lambda: not is_live(weir, "anna"))
    poll("room again", lambda: other.ask("POST", "/channels/berta/test-stream")[0] == 201)


def test_a_killed_server_leaves_no_test_picture_behind(
    weir_factory: Callable[..., Weir], tmp_path: Path
) -> None:
    killed = weir_factory(data_dir=tmp_path / "data")
    anna, _ = streamer_of(killed)
    path = "/channels/anna/test-stream"
    assert anna.ask("POST", path)[0] == 201
    children = psutil.Process(killed.process.pid).children(recursive=True)
    pictures = [child for child in children if "weir.testpicture" in child.cmdline()]
    assert len(pictures) == 1
    killed.process.kill()
    killed.process.wait()
    assert left_over(pictures) == []
    weir = weir_factory(data_dir=tmp_path / "data")
    anna.web = weir.web
    assert anna.ask("GET", path)[1]["data"][0]["is_running"] is False
    assert [entry["revoked_at"] is None for entry in keys_of(anna)] == [False, True]
    assert anna.ask("POST", path)[0] == 201
    poll("live again", lambda: is_live(weir, "anna"))


def test_what_one_web_node_shows_or_suspends_another_ends(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder], tmp_path: Path
) -> None:
    together = weir_factory(data_dir=tmp_path / "all")
    status = cluster_status(tmp_path / "all")
    assert status is not None
    assert status.dsn is not None
    media = urlsplit(together.rtmp)
    other = weir_factory(
        command="serve web",
        data_dir=tmp_path / "web",
        WEIR_NODE="web-2",
        WEIR_DATABASE_URL=status.dsn,
        WEIR_REDIS_URL="redis://127.0.0.1:6379/0",
        WEIR_PUBLIC_RTMP_URL=f"rtmp://{media.netloc}",
        WEIR_PUBLIC_HLS_URL=together.hls,
    )
    boss, (anna, key) = admin_of(together), streamer_of(together)
    there = Person(other.web, "anna")
    there.log_in()
    path = "/channels/anna/test-stream"
    for starter, stopper in ((there, anna), (anna, there)):
        assert starter.ask("POST", path)[0] == 201
        assert stopper.ask("POST", path)[0] == 409
        assert stopper.ask("GET", path)[1]["data"][0]["is_running"] is True
        assert stopper.ask("DELETE", path)[0] == 204
        poll("over", lambda: not is_live(together, "anna"))
        assert starter.ask("GET", path)[1]["data"][0]["is_running"] is False
    encoder = publish(f"{together.rtmp}/{key}")
    poll("live with an encoder", lambda: is_live(together, "anna"))
    boss_there = Person(other.web, "boss")
    boss_there.log_in()
    assert boss_there.ask("PUT", "/admin/users/anna/suspension", {"reason": "spam"})[0] == 200
    poll("the encoder has left", lambda: encoder.process.poll() is not None, 10)
    poll("logged out", lambda: anna.ask("GET", "/users/me")[0] == 401, 10)
    settings = {"name": "Wehr", "registration": "closed"}
    assert boss_there.ask("PATCH", "/admin/settings", settings)[0] == 200
    poll("the other node says so", lambda: boss.ask("GET", "/site")[1]["name"] == "Wehr", 10)
    body = {"login": "carla", "password": PASSWORD}
    assert Person(together.web, "carla").ask("POST", "/users", body)[0] == 403
