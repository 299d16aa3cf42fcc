"""Conversations of real encoders, rebuilt from what their sources send, in their order, chunk streams and quirks."""

from collections.abc import Callable
from typing import Any

import pytest

from rtmp.events import (
    AudioReceived,
    Event,
    MetadataReceived,
    PublishFinished,
    PublishRequested,
    VideoReceived,
)
from rtmp.messages import Message
from rtmp.session import DENIED, ServerSession, State
from tests.rtmp.client import (
    AVC_CONFIG,
    C0C1,
    C2,
    amf,
    audio_config,
    audio_frame,
    chunks,
    command,
    control,
    message,
    metadata,
    nal,
    read_replies,
    results,
    set_chunk_size,
    statuses,
    text,
    video_config,
    video_frame,
)


class Conversation:
    """A client that waits for the answers it needs before it goes on."""

    def __init__(self) -> None:
        self.session = ServerSession()
        self.events: list[Event] = []
        self._sent = b""

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.events += self.session.receive_data(piece)
        self._sent += self.session.data_to_send()

    def accept(self) -> None:
        assert self.session.state is State.DECIDING
        self.session.accept()
        self.say(b"")

    @property
    def replies(self) -> list[Message]:
        return read_replies(self._sent)

    def expect_start(self, stream_id: int = 1) -> None:
        (status,) = statuses(self.replies)
        assert status["code"] == "NetStream.Publish.Start"
        assert status["stream_id"] == stream_id


def media(events: list[Event]) -> list[tuple[str, int]]:
    names = {VideoReceived: "v", AudioReceived: "a"}
    return [
        (names[type(event)], event.dts_ms)
        for event in events
        if isinstance(event, VideoReceived | AudioReceived)
    ]


def obs_greeting(talk: Conversation, *, app: str = "live", key: str = "KEY") -> None:
    url = f"rtmp://127.0.0.1:1935/{app}"
    connect = {
        "app": app,
        "type": "nonprivate",
        "flashVer": "FMLE/3.0 (compatible; FMSc/1.0)",
        "swfUrl": url,
        "tcUrl": url,
    }
    talk.say(C0C1, C2)
    talk.say(set_chunk_size(4096), command("connect", 1, connect, size=4096))
    assert 1 in results(talk.replies)
    talk.say(
        command("releaseStream", 2, None, key, fmt=1, time=0, size=4096),
        command("FCPublish", 3, None, key, fmt=1, time=0, size=4096),
        command("createStream", 4, None, fmt=1, time=0, size=4096),
    )
    assert results(talk.replies)[4] == [None, 1.0]
    talk.say(command("publish", 5, None, key, "live", csid=4, stream_id=1, size=4096))


def obs_media(*, time: int, step: int, count: int) -> list[bytes]:
    """All media on chunk stream 4: metadata and time 0 with full headers, then the smallest header that fits."""
    big = nal(9000)
    return [
        message(metadata({"duration": 0, "videocodecid": 7, "encoder": "obs"}), type_id=18, size=4096),
        message(audio_config(), type_id=8, size=4096),
        message(video_config(), size=4096),
        message(video_frame(big), time=time, size=4096),
        *[message(video_frame(big, keyframe=False), fmt=2, time=step, size=4096)] * count,
    ]


def test_obs() -> None:
    talk = Conversation()
    obs_greeting(talk)
    assert talk.events == [PublishRequested("live", "KEY", "FMLE/3.0 (compatible; FMSc/1.0)")]
    talk.accept()
    talk.expect_start()
    talk.say(*obs_media(time=0, step=33, count=3))
    assert [type(event) for event in talk.events[1:4]] == [MetadataReceived, AudioReceived, VideoReceived]
    assert media(talk.events) == [("a", 0), ("v", 0), ("v", 0), ("v", 33), ("v", 66), ("v", 99)]
    talk.say(
        command("FCUnpublish", 6, None, "KEY", fmt=1, size=4096),
        command("deleteStream", 7, None, 1, fmt=1, size=4096),
    )
    assert talk.events[-1] == PublishFinished()


@pytest.mark.parametrize(
    ("app", "key"),
    [("live/KEY", ""), ("live/KEY", "?clientConfigId=a-b"), ("live", "KEY?user=u&pass=p"), ("live/", "KEY")],
    ids=["key in the server field", "the same with multitrack", "user and password", "trailing slash"],
)
def test_obs_url_spellings(app: str, key: str) -> None:
    talk = Conversation()
    obs_greeting(talk, app=app, key=key)
    assert talk.events == [PublishRequested("live", "KEY", "FMLE/3.0 (compatible; FMSc/1.0)")]


def test_obs_stops_at_denied() -> None:
    talk = Conversation()
    obs_greeting(talk)
    talk.session.reject(DENIED, "Unknown stream key.")
    talk.say(b"")
    (status,) = statuses(talk.replies)
    # One of the seven codes that OBS knows as final (rtmp.c), so that it shows its dialog and does not retry.
    assert status["code"] == "NetStream.Publish.Denied"


def test_obs_since_30_2_uses_fmt_3_when_the_delta_repeats_even_after_fmt_0() -> None:
    talk = Conversation()
    obs_greeting(talk)
    talk.accept()
    frame = video_frame()
    talk.say(
        message(frame, time=33), message(frame, fmt=3), message(frame, fmt=3), message(frame, fmt=2, time=34)
    )
    assert media(talk.events) == [("v", 33), ("v", 66), ("v", 99), ("v", 133)]


@pytest.mark.parametrize("written", [False, True], ids=["up to 30.0", "since 30.1"])
def test_obs_after_four_hours_and_forty_minutes(written: bool) -> None:  # noqa: FBT001
    talk = Conversation()
    obs_greeting(talk)
    talk.accept()
    start = 0xFFFFFF + 1
    body = video_frame(nal(9000))
    talk.say(
        message(body, time=start, size=4096, extended_in_continuations=written),
        message(body, fmt=1, time=33, size=4096),
    )
    assert media(talk.events) == [("v", start), ("v", start + 33)]


def test_obs_up_to_30_1_with_additional_media() -> None:
    """Twitch VOD track: AMF0 data that ends in an AMF3 byte array (MediaMTX issue 2986)."""
    talk = Conversation()
    obs_greeting(talk)
    talk.accept()
    additional = (
        text("additionalMedia") + b"\x03\x00\x02id" + text("stream0") + b"\x00\x05media\x11\x0c\x05\xaf\x00"
    )
    talk.say(message(additional, type_id=18, size=4096), message(video_frame(), size=4096))
    assert media(talk.events) == [("v", 0)]


def ffmpeg_greeting(talk: Conversation, **extra: Any) -> None:
    talk.say(b"\x03" + bytes.fromhex("00000000 09007c02") + bytes(1528), C2)
    connect = {
        "app": "live",
        "type": "nonprivate",
        "flashVer": "FMLE/3.0 (compatible; Lavf61.7.100)",
        "tcUrl": "rtmp://127.0.0.1:1935/live",
        **extra,
    }
    talk.say(command("connect", 1, connect))
    # It echoes the server's chunk size and uses it from then on.
    talk.say(set_chunk_size(65536))
    talk.say(
        command("releaseStream", 2, None, "KEY", size=65536),
        command("FCPublish", 3, None, "KEY", size=65536),
        command("createStream", 4, None, size=65536),
    )
    talk.say(command("publish", 5, None, "KEY", "live", csid=8, stream_id=1, size=65536))


@pytest.mark.parametrize(
    "extra", [{}, {"fourCcList": ["hvc1", "av01", "vp09"]}], ids=["plain", "with fourCcList"]
)
def test_ffmpeg(extra: dict[str, Any]) -> None:
    talk = Conversation()
    ffmpeg_greeting(talk, **extra)
    assert talk.events == [PublishRequested("live", "KEY", "FMLE/3.0 (compatible; Lavf61.7.100)")]
    assert results(talk.replies)[4] == [None, 1.0]
    talk.accept()
    talk.expect_start()
    big = {"size": 65536}
    talk.say(
        message(metadata({"width": 1920.0}), type_id=18, csid=4, **big),
        message(video_config(), csid=6, **big),
        message(audio_config(), type_id=8, csid=4, **big),
        message(video_frame(nal(100_000)), csid=6, **big),
        message(audio_frame(), type_id=8, csid=4, **big),
        message(video_frame(nal(9000), keyframe=False), fmt=1, time=33, csid=6, **big),
        # ffmpeg writes fmt 3 whenever the timestamp field repeats, whatever the format before.
        message(video_frame(nal(9000), keyframe=False), fmt=3, csid=6, **big),
        message(audio_frame(), fmt=2, time=21, csid=4, **big),
    )
    assert media(talk.events) == [
        ("v", 0), ("a", 0), ("v", 0), ("a", 0), ("v", 33), ("v", 66), ("a", 21),
    ]  # fmt: skip
    talk.say(command("FCUnpublish", 6, None, "KEY", **big), command("deleteStream", 7, None, 1, **big))
    assert talk.events[-1] == PublishFinished()


def test_ffmpeg_time_that_runs_backwards_comes_as_a_smaller_absolute_time() -> None:
    talk = Conversation()
    ffmpeg_greeting(talk)
    talk.accept()
    talk.say(*(message(video_frame(), time=time, csid=6) for time in (5000, 4990, 5020)))
    assert media(talk.events) == [("v", 5000), ("v", 4990), ("v", 5020)]


def test_gstreamer_rtmp2sink() -> None:
    talk = Conversation()
    talk.say(C0C1, C2)
    talk.say(command("connect", 1, {"app": "live", "tcUrl": "rtmp://h/live", "flashVer": "LNX 10,0,32,18"}))
    talk.say(
        command("releaseStream", 0, None, "KEY"),
        command("FCPublish", 0, None, "KEY"),
        command("createStream", 2, None),
    )
    # Nobody asked for an answer to transaction 0.
    assert set(results(talk.replies)) == {1, 2}
    talk.say(command("publish", 3, None, "KEY", "live", csid=4, stream_id=1))
    talk.accept()
    # It matches onStatus by message stream id.
    talk.expect_start(stream_id=1)
    frame = video_frame(nal(40_000))
    interleaved = [
        piece
        for pair in zip(
            chunks(frame, csid=6, time=20),
            chunks(audio_frame(bytes(7000)), csid=5, type_id=8, time=21),
            strict=False,
        )
        for piece in pair
    ]
    done = len(interleaved) // 2
    talk.say(b"".join(interleaved), b"".join(chunks(frame, csid=6, time=20)[done:]))
    assert media(talk.events) == [("a", 21), ("v", 20)]
    assert VideoReceived(20, frame) in talk.events
    talk.say(command("FCUnpublish", 0, None, "KEY"), command("deleteStream", 0, None, "KEY"))
    assert talk.events[-1] == PublishFinished()


def test_haivision_sends_fcpublish_without_release_stream() -> None:
    talk = Conversation()
    talk.say(C0C1 + C2 + command("connect", 1, {"app": "live", "flashVer": "HaivisionKB/1.0"}))
    talk.say(command("FCPublish", 2, None, "KEY"), command("createStream", 3, None))
    assert set(results(talk.replies)) == {1, 2, 3}
    talk.say(command("publish", 4, None, "KEY", "live", stream_id=1))
    talk.accept()
    talk.expect_start()


def fmle(talk: Conversation) -> None:
    connect = {"app": "live", "flashVer": "FMLE/3.0 (compatible; FMSc/1.0)", "objectEncoding": 0}
    talk.say(C0C1, C2, command("connect", 1, connect))
    talk.say(command("releaseStream", 2, None, "KEY"), command("FCPublish", 3, None, "KEY"))
    talk.say(command("createStream", 4, None), command("publish", 5, None, "KEY", "live", stream_id=1))


def flash(talk: Conversation) -> None:
    """Straight from createStream to publish, in AMF3 messages."""

    def amf3(name: str, transaction: float, *values: Any, stream_id: int = 0) -> bytes:
        payload = b"\0" + amf(name) + amf(transaction) + b"".join(map(amf, values))
        return message(payload, type_id=17, csid=3, stream_id=stream_id)

    talk.say(C0C1, C2, command("connect", 1, {"app": "live", "objectEncoding": 3}))
    talk.say(amf3("createStream", 2, None), amf3("publish", 0, None, "KEY", "live", stream_id=1))


@pytest.mark.parametrize("client", [fmle, flash])
def test_older_clients_reach_publish(client: Callable[[Conversation], None]) -> None:
    talk = Conversation()
    client(talk)
    (request,) = talk.events
    assert isinstance(request, PublishRequested)
    assert request.key == "KEY"
    talk.accept()
    talk.expect_start()


def test_fmle_s_audio_starts_with_fmt_0_and_fmt_3() -> None:
    talk = Conversation()
    fmle(talk)
    talk.accept()
    body = b"\xaf\x01" + bytes(155)
    talk.say(message(body, type_id=8, time=26), message(body, fmt=3))
    assert media(talk.events) == [("a", 26), ("a", 52)]


def test_librtmp_pings_with_fmt_1_before_anything_else_on_that_stream() -> None:
    talk = Conversation()
    fmle(talk)
    talk.accept()
    talk.say(bytes.fromhex("420000000000060400060000 0d0f"))
    talk.say(message(video_frame()))
    assert media(talk.events) == [("v", 0)]


def test_camera_that_sends_numbers_before_its_metadata() -> None:
    talk = Conversation()
    fmle(talk)
    talk.accept()
    talk.say(message(bytes(18) + metadata({"width": 2560}), type_id=18, time=0x28))
    assert talk.events[-1] == MetadataReceived({"width": 2560.0})


def test_configuration_repeated_and_broken_messages_between_do_not_stop_a_drone() -> None:
    talk = Conversation()
    fmle(talk)
    talk.accept()
    talk.say(
        control(3, b"\0"),
        message(b"\x02\x00\x05onM", type_id=18),
        message(video_config(AVC_CONFIG)),
        message(b"", type_id=9),
        message(video_frame()),
    )
    assert media(talk.events) == [("v", 0), ("v", 0), ("v", 0)]
