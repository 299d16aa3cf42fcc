"""From bytes to a publication, without any I/O."""

import pytest

from common.ingest import StreamMetadata
from common.media import AudioConfig, Packet, Track, VideoConfig
from rtmp.capabilities import ClientCapabilities
from rtmp.errors import LocalProtocolError, RemoteProtocolError
from rtmp.events import PublishRequested
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.multitrack import ExtraTrack
from rtmp.pump import PublisherPump
from tests.rtmp.client import (
    HANDSHAKE,
    audio_config,
    audio_frame,
    command,
    connect,
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


def test_what_the_encoder_says_of_itself_can_be_read() -> None:
    pump = PublisherPump(RtmpLimits(), RtmpStats())
    pump.receive(HANDSHAKE + connect(fourCcList=["hvc1"], capsEx=2))
    assert pump.client_capabilities == ClientCapabilities(frozenset({"hvc1"}), 2)


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


def test_codecs_in_metadata_are_hints_as_numbers_or_fourccs_and_gate_nothing() -> None:
    pump, publication, stats = admitted()
    for codecs in (
        {"videocodecid": 7, "audiocodecid": 10},
        {"videocodecid": 1635135537, "audiocodecid": 0x4F707573},
    ):
        pump.receive(message(metadata(codecs), type_id=18))
    pump.receive(message(video_config()) + message(audio_config(), type_id=8))
    first, second, video, audio = publication.items
    assert first == StreamMetadata({"videocodecid": 7.0, "audiocodecid": 10.0})
    assert second == StreamMetadata({"videocodecid": 1635135537.0, "audiocodecid": 1332770163.0})
    assert isinstance(video, VideoConfig)
    assert isinstance(audio, AudioConfig)
    assert stats.undecodable_total == 0


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
    pump.receive(message(b"\x91vvc1\0\0\0x") * 3)
    assert pump.notices == ["VVC video is not supported and is dropped"]
    assert (publication.items, stats.undecodable_total) == ([], 0)


def test_tracks_beside_the_first_are_counted_and_noted_once_a_kind() -> None:
    pump, publication, _ = admitted()
    hevc, aac = b"hvc1", b"mp4a"
    pump.receive(message(video_config()) + message(b"\x96\x00" + hevc + b"\x01record"))
    pump.receive(message(video_frame()) + message(b"\x96\x01" + hevc + b"\x01\x00\x00\x08frame"))
    pump.receive(message(b"\xa6\x03" + hevc + b"\x02frame") * 2)
    pump.receive(message(b"\x95\x01" + aac + b"\x05sound", type_id=8))
    assert pump.notices == [
        "HEVC video in track 1 is counted but not published: only track 0 is",
        "AAC audio in track 5 is counted but not published: only track 0 is",
    ]
    assert pump.link.extra_tracks == 3
    assert pump.extra_tracks == (
        ExtraTrack(Track.VIDEO, 1, "hvc1", packets=1, bytes=5),
        ExtraTrack(Track.VIDEO, 2, "hvc1", packets=2, bytes=10),
        ExtraTrack(Track.AUDIO, 5, "mp4a", packets=1, bytes=5),
    )
    assert len(publication.items) == 2


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
