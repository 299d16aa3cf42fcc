"""From bytes to a publication, without any I/O."""

import pytest

from common.ingest import StreamMetadata
from common.media import AudioConfig, Packet, Track, VideoConfig
from rtmp.errors import LocalProtocolError, RemoteProtocolError
from rtmp.events import PublishRequested
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.pump import PublisherPump
from tests.rtmp.client import (
    audio_config,
    audio_frame,
    command,
    greeting,
    message,
    metadata,
    read_replies,
    statuses,
    video_config,
    video_frame,
)
from tests.rtmp.recorder import RecordingPublication


def admitted() -> tuple[PublisherPump, RecordingPublication, RtmpStats]:
    stats = RtmpStats()
    pump, publication = PublisherPump(RtmpLimits(), stats), RecordingPublication()
    pump.receive(greeting())
    pump.accept(publication)
    return pump, publication, stats


def test_request_waits_for_its_answer() -> None:
    pump = PublisherPump(RtmpLimits(), RtmpStats())
    pump.receive(greeting()[:-1])
    assert not pump.request
    pump.receive(greeting()[-1:])
    assert pump.request == PublishRequested("live", "KEY", "Test/1.0")


def test_media_goes_to_the_publication_in_order() -> None:
    pump, publication, stats = admitted()
    data = (
        message(metadata({"width": 1920}), type_id=18)
        + message(video_config())
        + message(audio_config(), type_id=8)
        + message(video_frame(cts_ms=10), time=20)
        + message(audio_frame(), type_id=8, time=21)
    )
    pump.receive(data)
    hints, video, audio, picture, sound = publication.items
    assert hints == StreamMetadata({"width": 1920.0})
    assert isinstance(video, VideoConfig)
    assert isinstance(audio, AudioConfig)
    assert isinstance(picture, Packet)
    assert (picture.track, picture.dts, picture.pts) == (Track.VIDEO, 1800, 2700)
    assert isinstance(sound, Packet)
    assert (sound.track, sound.dts) == (Track.AUDIO, 1890)
    assert stats.received_bytes_total == len(greeting()) + len(data)
    assert pump.notices == []


def test_media_sent_before_the_answer_reaches_the_publication() -> None:
    pump, publication = PublisherPump(RtmpLimits(), RtmpStats()), RecordingPublication()
    pump.receive(greeting() + message(video_config()))
    pump.accept(publication)
    assert len(publication.items) == 1


def test_what_cannot_be_decoded_is_counted_and_noted_once() -> None:
    pump, publication, stats = admitted()
    broken = message(video_frame()) + message(b"\x11", type_id=18) + message(b"x", type_id=99)
    pump.receive(broken)
    pump.receive(message(video_config()) + message(video_frame()))
    assert stats.undecodable_total == 3
    assert pump.notices == ["dropped what cannot be decoded, first: video frame before a configuration"]
    assert len(publication.items) == 2


def test_codec_that_cannot_be_used_is_noted_once() -> None:
    pump, publication, stats = admitted()
    pump.receive(message(b"\x91hvc1\0\0\0x") * 3)
    assert pump.notices == ["HEVC video is not supported and is dropped"]
    assert (publication.items, stats.undecodable_total) == ([], 0)


def test_good_bye_is_noticed() -> None:
    pump, _, _ = admitted()
    assert not pump.finished
    pump.receive(command("FCUnpublish", 6, None, "KEY"))
    assert pump.finished


def test_media_before_a_violation_reaches_the_publication() -> None:
    pump, publication, _ = admitted()
    with pytest.raises(RemoteProtocolError):
        pump.receive(message(video_config()) + message(b"a", fmt=3, csid=40))
    assert len(publication.items) == 1


def test_rejection_is_denied_with_the_description() -> None:
    pump = PublisherPump(RtmpLimits(), RtmpStats())
    pump.receive(greeting())
    pump.reject("Because.")
    (status,) = statuses(read_replies(pump.data_to_send()))
    assert (status["code"], status["description"]) == ("NetStream.Publish.Denied", "Because.")


def test_end_is_told_unless_the_encoder_left_first() -> None:
    pump, _, _ = admitted()
    pump.data_to_send()
    pump.end("Your stream key was revoked.")
    (status,) = statuses(read_replies(pump.data_to_send(), handshake=False))
    assert status["description"] == "Your stream key was revoked."
    pump, _, _ = admitted()
    pump.data_to_send()
    pump.receive(command("deleteStream", 7, None, 1))
    pump.end("Your stream key was revoked.")
    assert pump.data_to_send() == b""


def test_answer_before_the_question_is_our_bug() -> None:
    pump = PublisherPump(RtmpLimits(), RtmpStats())
    with pytest.raises(LocalProtocolError):
        pump.accept(RecordingPublication())
