"""The server's side of the conversation: order, answers, limits, and any split of the bytes (one state machine, so one file)."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmp.errors import LocalProtocolError, RemoteProtocolError
from rtmp.events import (
    AudioReceived,
    Event,
    MessageDropped,
    MetadataReceived,
    PublishFinished,
    PublishRequested,
    VideoReceived,
)
from rtmp.limits import RtmpLimits
from rtmp.messages import (
    Acknowledgement,
    Command,
    SetPeerBandwidth,
    UserControl,
    WindowAcknowledgementSize,
)
from rtmp.session import DENIED, ServerSession, State
from tests.rtmp.client import (
    C0C1,
    C2,
    HANDSHAKE,
    amf,
    chunks,
    command,
    connect,
    control,
    ecma_array,
    greeting,
    message,
    metadata,
    publish,
    read_replies,
    results,
    set_chunk_size,
    statuses,
    text,
    video_frame,
)
from tests.rtmp.drive import drive


def publishing(**limits: Any) -> ServerSession:
    session = ServerSession(RtmpLimits(**limits))
    session.receive_data(greeting())
    session.accept()
    session.data_to_send()
    return session


# -- the way to a publish request --------------------------------------------------------------------------------


def test_handshake_is_answered_at_once() -> None:
    session = ServerSession()
    assert session.receive_data(C0C1) == []
    assert len(session.data_to_send()) == 3073
    session.receive_data(C2)
    assert session.data_to_send() == b""
    assert session.state is State.GREETING


def test_connect_is_answered_with_everything_that_clients_look_for() -> None:
    session = ServerSession()
    session.receive_data(HANDSHAKE + connect())
    sent = session.data_to_send()
    window, bandwidth, result = read_replies(sent)
    assert window == WindowAcknowledgementSize(2_500_000)
    assert bandwidth == SetPeerBandwidth(2_500_000, 2)
    assert isinstance(result, Command)
    assert (result.name, result.transaction_id, result.stream_id) == ("_result", 1, 0)
    properties, information = result.arguments
    assert isinstance(properties, dict)
    assert properties["capabilities"] == 31
    assert str(properties["fmsVer"]).startswith("FMS/3,")
    assert isinstance(information, dict)
    assert information["level"] == "status"
    assert information["code"] == "NetConnection.Connect.Success"
    assert information["objectEncoding"] == 0


def test_large_chunk_size_is_announced_before_the_connect_result() -> None:
    session = ServerSession()
    session.receive_data(HANDSHAKE + connect())
    sent = session.data_to_send()
    announcement = bytes.fromhex("02000000000004010000000000010000")
    assert announcement in sent
    assert sent.index(announcement) < sent.index(b"_result")


def test_create_stream_is_answered_with_a_number() -> None:
    session = ServerSession()
    session.receive_data(HANDSHAKE + connect() + command("createStream", 4, None))
    assert results(read_replies(session.data_to_send()))[4] == [None, 1.0]


def test_calls_without_a_transaction_id_are_not_answered() -> None:
    session = ServerSession()
    session.receive_data(HANDSHAKE + connect())
    session.data_to_send()
    session.receive_data(command("releaseStream", 0, None, "k") + command("FCPublish", 0, None, "k"))
    assert session.data_to_send() == b""


def test_publish_is_reported_and_nothing_is_promised() -> None:
    session = ServerSession()
    events = session.receive_data(greeting("KEY"))
    assert events == [PublishRequested("live", "KEY", "Test/1.0")]
    assert session.state is State.DECIDING
    assert statuses(read_replies(session.data_to_send())) == []


def test_stream_key_stays_out_of_reprs() -> None:
    assert "SECRET" not in repr(ServerSession().receive_data(greeting("SECRET")))


def test_accept_says_start_on_the_stream_of_the_request() -> None:
    session = ServerSession()
    session.receive_data(
        HANDSHAKE + connect() + command("publish", 5, None, "KEY", "live", stream_id=7, csid=8)
    )
    session.data_to_send()
    session.accept()
    begin, start = read_replies(session.data_to_send(), handshake=False)
    assert begin == UserControl(0, 7)
    (status,) = statuses([start])
    assert (status["stream_id"], status["level"], status["code"]) == (
        7,
        "status",
        "NetStream.Publish.Start",
    )
    assert isinstance(start, Command)
    assert start.transaction_id == 0
    assert start.arguments[0] is None


def test_reject_says_why_and_reads_nothing_more() -> None:
    session = ServerSession()
    session.receive_data(greeting())
    session.data_to_send()
    session.reject(DENIED, "Unknown stream key.")
    (status,) = statuses(read_replies(session.data_to_send(), handshake=False))
    assert status == {
        "stream_id": 1,
        "level": "error",
        "code": "NetStream.Publish.Denied",
        "description": "Unknown stream key.",
    }
    assert session.receive_data(message(video_frame()) + b"\xff" * 5000) == []
    assert session.data_to_send() == b""


def test_verdict_without_a_request_is_our_bug() -> None:
    session = ServerSession()
    with pytest.raises(LocalProtocolError):
        session.accept()
    with pytest.raises(LocalProtocolError):
        session.reject(DENIED, "x")
    with pytest.raises(LocalProtocolError):
        session.end(DENIED, "x")
    session.receive_data(greeting())
    session.accept()
    with pytest.raises(LocalProtocolError):
        session.accept()


def test_media_sent_without_waiting_for_the_answer_is_kept() -> None:
    session = ServerSession()
    events = session.receive_data(greeting() + message(video_frame(), time=40))
    assert [type(event) for event in events] == [PublishRequested]
    assert session.receive_data(message(b"\xaf\x01x", type_id=8, csid=6, time=41)) == []
    session.accept()
    assert session.receive_data(b"") == [VideoReceived(40, video_frame()), AudioReceived(41, b"\xaf\x01x")]


# -- while publishing ----------------------------------------------------------------------------------------------


def test_media_is_reported_on_one_endless_clock() -> None:
    session = publishing()
    data = (
        message(b"v1", time=0xFFFFFFF0)
        + message(b"a1", type_id=8, csid=6, time=0xFFFFFFF8)
        + message(b"v2", fmt=1, time=0x20)
        + message(b"a2", type_id=8, csid=6, time=0x11)
    )
    assert session.receive_data(data) == [
        VideoReceived(0xFFFFFFF0, b"v1"),
        AudioReceived(0xFFFFFFF8, b"a1"),
        VideoReceived(0x100000010, b"v2"),
        AudioReceived(0x100000011, b"a2"),
    ]


def test_commands_do_not_move_the_clock() -> None:
    session = publishing()
    session.receive_data(message(b"v", time=0x90000000))
    session.receive_data(message(metadata({"a": 1}), type_id=18, csid=5, time=0))
    session.receive_data(command("_checkbw", 9, None))
    assert session.receive_data(message(b"v", time=0x90000010)) == [VideoReceived(0x90000010, b"v")]


@pytest.mark.parametrize(
    "payload",
    [
        metadata({"width": 1920, "encoder": "x", "stereo": True, "nested": {"a": 1}, "list": [1]}),
        text("onMetaData") + amf({"width": 1920, "encoder": "x", "stereo": True, "none": None}),
        b"\x00" * 18 + metadata({"width": 1920, "encoder": "x", "stereo": True}),
    ],
    ids=["@setDataFrame", "bare", "Uniview camera"],
)
def test_metadata_hints(payload: bytes) -> None:
    expected: list[Event] = [MetadataReceived({"width": 1920.0, "encoder": "x", "stereo": True})]
    assert publishing().receive_data(message(payload, type_id=18)) == expected
    assert publishing().receive_data(message(b"\0" + payload, type_id=15)) == expected


@pytest.mark.parametrize(
    "payload", [text("onTextData") + amf({"text": "x"}), text("|RtmpSampleAccess"), amf(1)]
)
def test_other_data_messages_are_ignored(payload: bytes) -> None:
    assert publishing().receive_data(message(payload, type_id=18)) == []


@pytest.mark.parametrize(
    "data",
    [
        message(text("@setDataFrame") + text("onMetaData") + b"\x11", type_id=18),
        message(b"\xff", type_id=18),
        message(b"", type_id=20),
        message(b"x", type_id=77),
        message(b"\x11\x01", type_id=17),
        message(b"\0\0", type_id=3),
        message(b"\x08\x00\x00\x09" + bytes(8), type_id=22),
        message(b"\x0a\x00\x00\x00\x01" * 12_000, type_id=20, csid=3),
        message(b"\x03\x00\x01a" * 15_000, type_id=18),
    ],
)
def test_undecodable_messages_are_counted_and_dropped(data: bytes) -> None:
    session = publishing()
    dropped, video = session.receive_data(data + message(b"v"))
    assert isinstance(dropped, MessageDropped)
    assert video == VideoReceived(0, b"v")


def test_data_message_too_long_to_look_at_is_dropped() -> None:
    session = publishing(max_command_bytes=5000)
    dropped, video = session.receive_data(message(bytes(6000), type_id=18) + message(b"v"))
    assert dropped == MessageDropped("6000 bytes in a message of type 18")
    assert video == VideoReceived(0, b"v")


def test_aggregate_is_taken_apart() -> None:
    head = b"\x09\x00\x00\x02\x00\x00\x07\x00\x00\x00\x00"
    session = publishing()
    assert session.receive_data(message(head + b"v!" + bytes(4), type_id=22, time=90)) == [
        VideoReceived(90, b"v!")
    ]


def test_ping_is_answered_with_its_own_value() -> None:
    session = publishing()
    session.receive_data(control(4, bytes.fromhex("000600000d0f")))
    assert read_replies(session.data_to_send(), handshake=False) == [UserControl(7, 0xD0F)]


def test_other_user_control_messages_are_not_answered() -> None:
    session = publishing()
    assert session.receive_data(control(4, bytes.fromhex("00030000000100000bb8")) + control(4, b"\0")) == []
    assert session.data_to_send() == b""


def test_acknowledgement_is_the_running_total() -> None:
    session = ServerSession()
    before = greeting() + control(5, (10_000).to_bytes(4, "big"))
    session.receive_data(greeting())
    session.accept()
    session.receive_data(control(5, (10_000).to_bytes(4, "big")))
    session.data_to_send()
    frame = message(bytes(9000))
    session.receive_data(frame)
    total = len(before) + len(frame)
    assert read_replies(session.data_to_send(), handshake=False) == [Acknowledgement(total)]
    session.receive_data(frame)
    assert session.data_to_send() == b""
    session.receive_data(frame)
    assert read_replies(session.data_to_send(), handshake=False) == [Acknowledgement(total + 2 * len(frame))]


def test_tiny_window_gives_one_acknowledgement_a_read() -> None:
    session = publishing()
    session.receive_data(control(5, b"\0\0\0\1"))
    session.data_to_send()
    session.receive_data(message(bytes(5000)))
    assert len(read_replies(session.data_to_send(), handshake=False)) == 1


def test_player_is_told_that_there_is_nothing_to_play() -> None:
    session = ServerSession()
    session.receive_data(HANDSHAKE + connect() + command("play", 6, None, "KEY", stream_id=1))
    (status,) = statuses(read_replies(session.data_to_send()))
    assert status["code"] == "NetStream.Play.StreamNotFound"


# -- the end ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "good_bye",
    [
        command("FCUnpublish", 6, None, "KEY"),
        command("deleteStream", 7, None, 1),
        command("deleteStream", 0, None, "KEY"),
        command("deleteStream", 0, None),
        command("closeStream", 0, None, stream_id=1),
    ],
    ids=["FCUnpublish", "deleteStream", "GStreamer's deleteStream", "bare deleteStream", "closeStream"],
)
def test_good_bye_finishes_once_and_nothing_follows(good_bye: bytes) -> None:
    session = publishing()
    assert session.receive_data(good_bye + good_bye + message(b"v")) == [PublishFinished()]
    assert session.state is State.OVER
    assert session.receive_data(good_bye) == []


def test_delete_of_another_stream_does_not_finish() -> None:
    assert publishing().receive_data(command("deleteStream", 7, None, 3)) == []


def test_good_bye_before_publishing_is_ignored() -> None:
    session = ServerSession()
    assert session.receive_data(HANDSHAKE + connect() + command("deleteStream", 2, None, 1)) == []
    assert session.state is State.GREETING


def test_end_by_the_platform_is_told_to_the_encoder() -> None:
    session = publishing()
    session.end(DENIED, "Your stream key was revoked.")
    (status,) = statuses(read_replies(session.data_to_send(), handshake=False))
    assert (status["level"], status["description"]) == ("error", "Your stream key was revoked.")
    assert session.receive_data(message(b"v")) == []


# -- violations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (HANDSHAKE + publish(), "publish before connect"),
        (HANDSHAKE + connect() + connect(), "connect sent twice"),
        (HANDSHAKE + connect() + message(video_frame()), "media before publish"),
        (HANDSHAKE + connect() + message(b"\xaf\x01", type_id=8), "media before publish"),
        (HANDSHAKE + connect() + message(b"", type_id=22), "media before publish"),
        (HANDSHAKE + chunks(bytes(16_000_000), type_id=20)[0], "limit 65536"),
        (HANDSHAKE + connect() + command("x", 0, None) * 101, "101 messages in"),
        (HANDSHAKE + connect() + command("x", 0, "y" * 9000) * 8, "8 messages in"),
        (HANDSHAKE + set_chunk_size(0), "chunk size 0"),
        (HANDSHAKE + set_chunk_size(128) * 65, "only change the framing"),
        (HANDSHAKE + control(2, bytes(4)) * 65, "only change the framing"),
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP"),
    ],
)
def test_violation_before_publish(data: bytes, reason: str) -> None:
    _, _, failure = drive([data])
    assert reason in failure


def test_messages_that_only_change_the_framing_count_before_publish() -> None:
    session = ServerSession()
    session.receive_data(HANDSHAKE + connect())
    for _ in range(64):
        session.receive_data(set_chunk_size(128) * 60)
    with pytest.raises(RemoteProtocolError, match="bytes without a publish request"):
        session.receive_data(set_chunk_size(128) * 60)


def test_storm_of_chunk_sizes_is_a_violation_and_a_few_at_each_read_are_none() -> None:
    session = publishing()
    for _ in range(100):
        assert session.receive_data(set_chunk_size(128) * 60) == []
    with pytest.raises(RemoteProtocolError, match="only change the framing"):
        session.receive_data(set_chunk_size(128) * 65)


def test_flood_of_chunks_of_a_byte_is_a_violation() -> None:
    session = publishing()
    session.receive_data(set_chunk_size(1))
    for csid in (10, 11):
        session.receive_data(chunks(bytes(60_000), csid=csid, size=1)[0])
    with pytest.raises(RemoteProtocolError, match="too many chunks for their size"):
        session.receive_data(b"\xca\x00\xcb\x00" * 15_000)


@pytest.mark.parametrize("size", [1, 20, 128])
def test_small_chunks_of_one_message_after_the_other_are_none(size: int) -> None:
    session = publishing()
    session.receive_data(set_chunk_size(size))
    assert len(session.receive_data(message(bytes(30_000), size=size) * 2)) == 2


def test_flood_of_empty_messages_is_a_violation() -> None:
    session = publishing()
    session.receive_data(message(b""))
    events = session.receive_data(b"\xc4" * 60_000)
    assert len(events) == 1024 + 60_000 // 16
    assert str(session.failure) == "too many messages for their size"


def test_second_publish_is_a_violation() -> None:
    with pytest.raises(RemoteProtocolError, match="publish sent twice"):
        publishing().receive_data(publish())


def test_too_much_data_before_the_verdict_is_a_violation() -> None:
    session = ServerSession()
    session.receive_data(greeting())
    with pytest.raises(RemoteProtocolError, match="before publish was answered"):
        session.receive_data(bytes(200_000))


def test_larger_messages_are_allowed_once_accepted() -> None:
    frame = message(bytes(1_000_000))
    (event,) = publishing().receive_data(frame)
    assert isinstance(event, VideoReceived)
    with pytest.raises(RemoteProtocolError, match="limit 8388608"):
        publishing().receive_data(chunks(bytes(8_388_609))[0])


def test_what_came_before_a_violation_is_returned_first() -> None:
    session = publishing()
    events = session.receive_data(message(b"v") + message(b"a", fmt=3, csid=9))
    assert events == [VideoReceived(0, b"v")]
    assert session.failure is not None
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match="starts with"):
            session.receive_data(b"")


# -- properties ------------------------------------------------------------------------------------------------------


STREAM = (
    greeting()
    + message(metadata({"width": 320.0}), type_id=18)
    + message(video_frame(), time=10)
    + message(b"\xaf\x01" + bytes(300), type_id=8, csid=6, time=12)
    + set_chunk_size(60)
    + message(video_frame(bytes(700)), fmt=1, time=30, size=60)
    + command("FCUnpublish", 6, None, "KEY", size=60)
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_packet_boundaries_never_change_events_or_answers(points: list[int]) -> None:
    marks = [0, *sorted(points), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(marks)]
    assert drive(pieces) == drive([STREAM])


def test_byte_by_byte_gives_the_same_events_and_answers() -> None:
    whole = drive([STREAM])
    assert whole[0][-1] == PublishFinished()
    assert len(whole[0]) == 6
    assert drive([STREAM[i : i + 1] for i in range(len(STREAM))]) == whole


@given(st.binary(max_size=300), st.integers(0, len(STREAM)))
def test_garbage_anywhere_raises_only_the_remote_fault(garbage: bytes, position: int) -> None:
    data = STREAM[:position] + garbage + STREAM[position:]
    assert drive([data]) == drive([data[i : i + 700] for i in range(0, len(data), 700)])


def test_connect_object_may_be_an_ecma_array_with_keys_in_lower_case() -> None:
    payload = (
        text("connect") + amf(1) + ecma_array({"app": "live", "flashver": "x", "tcurl": "rtmp://h/live"})
    )
    session = ServerSession()
    events = session.receive_data(HANDSHAKE + message(payload, type_id=20) + publish())
    assert events == [PublishRequested("live", "KEY", "x")]
