"""Every client's conversation as bytes: said in turns, in one breath, byte by byte, and cut anywhere."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.media import AudioConfig, Packet, Track, VideoConfig
from rtmp.events import AudioReceived, Event, PublishFinished, PublishRequested, VideoReceived
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.pump import PublisherPump
from rtmp.session import ServerSession
from tests.rtmp.client import read_replies, results, statuses
from tests.rtmp.drive import drive
from tests.rtmp.recorder import RecordingPublication
from tests.rtmp.sequences import SEQUENCES, Media

pytestmark = pytest.mark.parametrize("name", SEQUENCES)


def media(events: list[Event]) -> tuple[tuple[str, int], ...]:
    return tuple(
        ("v" if isinstance(event, VideoReceived) else "a", event.dts_ms)
        for event in events
        if isinstance(event, VideoReceived | AudioReceived)
    )


def test_client_gets_the_answers_that_it_waits_for(name: str) -> None:
    client = SEQUENCES[name]
    session = ServerSession()
    sent = b""
    for turn in client.turns[:-1]:
        assert session.receive_data(turn) == []
        answer = session.data_to_send()
        assert answer
        sent += answer
    (asked,) = session.receive_data(client.turns[-1])
    assert isinstance(asked, PublishRequested)
    assert (asked.app, asked.key) == (client.app, client.key)
    replies = read_replies(sent + session.data_to_send())
    assert 0 not in results(replies), "nobody asked for an answer to transaction 0"
    # ffmpeg takes only a number for the stream that it asked for last.
    assert results(replies)[max(results(replies))] == [None, 1.0]
    assert statuses(replies) == []
    session.accept()
    events = session.receive_data(client.body)
    (status,) = statuses(read_replies(session.data_to_send(), handshake=False))
    assert (status["code"], status["stream_id"]) == ("NetStream.Publish.Start", 1)
    assert media(events) == client.heard
    assert session.receive_data(client.good_bye) == [PublishFinished()] * bool(client.good_bye)


def test_media_comes_out(name: str) -> None:
    client = SEQUENCES[name]
    stats = RtmpStats()
    pump = PublisherPump(RtmpLimits(), stats)
    pump.receive(client.opening)
    publication = RecordingPublication()
    pump.accept(publication)
    pump.receive(client.body)
    pump.receive(client.good_bye)
    assert pump.finished == bool(client.good_bye)
    if client.media is None:
        return
    tracks = [packet.track for packet in publication.of(Packet)]
    assert client.media == Media(
        video_configs=len(publication.of(VideoConfig)),
        audio_configs=len(publication.of(AudioConfig)),
        pictures=tracks.count(Track.VIDEO),
        sounds=tracks.count(Track.AUDIO),
        dropped=stats.undecodable_total,
    )


def test_bytes_may_come_one_by_one(name: str) -> None:
    whole = SEQUENCES[name].whole
    # Long frames are runs of one byte: a few hundred at either end of a packet say as much as all of them.
    single = [whole[i : i + 1] for i in range(3000, min(len(whole), 20_000))]
    events, sent, failure = drive([whole])
    assert failure == ""
    assert drive([whole[:3000], *single, whole[20_000:]]) == (events, sent, failure)


@settings(max_examples=15)  # a client; the deep search over all of them is that of tests/fuzz
@given(st.lists(st.integers(0, 200_000), max_size=20))
def test_packet_boundaries_change_nothing(name: str, points: list[int]) -> None:
    whole = SEQUENCES[name].whole
    marks = [0, *sorted(point % (len(whole) + 1) for point in points), len(whole)]
    assert drive([whole[a:b] for a, b in pairwise(marks)]) == drive([whole])


def test_rejected_client_is_told_so_on_its_stream_and_hears_nothing_else(name: str) -> None:
    client = SEQUENCES[name]
    session = ServerSession()
    session.receive_data(client.opening)
    session.data_to_send()
    session.reject("NetStream.Publish.Denied", "Unknown stream key.")
    (status,) = statuses(read_replies(session.data_to_send(), handshake=False))
    assert (status["level"], status["code"], status["stream_id"]) == ("error", "NetStream.Publish.Denied", 1)
    assert session.receive_data(client.body + client.good_bye) == []
    assert session.data_to_send() == b""
