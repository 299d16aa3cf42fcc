"""What libavformat wrote, read by a parser of our own, and decoded by a real decoder."""

from collections.abc import Callable
from io import BytesIO

import av
import pytest

from common.media import AudioConfig, MediaConfig, Packet, VideoConfig
from hls.cuts import Sample
from hls.fragments import FragmentError, Muxer
from tests.hls import boxes
from tests.hls.encoder import AUDIO, AUDIO_44, VIDEO
from tests.hls.player import Show

Encoded = Callable[[int], tuple[list[MediaConfig], list[Packet]]]
FAR = 90_000 * 3600 * 24 * 40
"""Forty days: beyond 32 bits of ticks."""


@pytest.mark.parametrize("config", [VIDEO, AUDIO, AUDIO_44])
def test_the_init_section_has_one_track_and_no_samples(config: MediaConfig) -> None:
    init = boxes.root(Muxer(config).init)
    assert [box.kind for box in init.children] == ["ftyp", "moov"]
    brands = init.one("ftyp").body
    assert b"iso6" in brands[8:]
    moov = init.one("moov")
    assert len(moov.all("trak")) == len(moov.all("mvex/trex")) == 1
    assert moov.one("mvhd").body[16:20] == bytes(4)
    table = moov.one("trak/mdia/minf/stbl")
    for kind in ("stts", "stsc", "stco"):
        assert table.one(kind).body == bytes(8)
    assert not moov.all("trak/edts")


def test_the_timescale_is_90_khz_or_the_sample_rate() -> None:
    for config, timescale in ((VIDEO, 90_000), (AUDIO, 48_000), (AUDIO_44, 44_100)):
        muxer = Muxer(config)
        body = boxes.root(muxer.init).one("moov/trak/mdia/mdhd").body
        assert muxer.timescale == int.from_bytes(body[12:16], "big") == timescale


def test_a_fragment_carries_its_samples_exactly() -> None:
    samples = tuple(
        Sample(FAR + 3003 * index, 3003 * (index % 3), 3003 + index, index in {0, 4}, b"sample %d" % index)
        for index in range(10)
    )
    (fragment,) = boxes.fragments(Muxer(VIDEO).fragment(samples, 7))
    assert (fragment.sequence, fragment.track, fragment.base) == (7, 1, FAR)
    assert [(s.cts, s.duration, s.keyframe, s.data) for s in fragment.samples] == [
        (s.cts, 3003, s.keyframe, s.data) for s in samples[:-1]
    ] + [(samples[-1].cts, samples[-1].duration, False, samples[-1].data)], "durations follow the stamps"


@pytest.mark.parametrize("count", [1, 2, 17])
def test_audio_fragments_too(count: int) -> None:
    samples = tuple(Sample(FAR + 1024 * index, 0, 1024, True, bytes([index])) for index in range(count))
    (fragment,) = boxes.fragments(Muxer(AUDIO).fragment(samples, 1))
    assert fragment.end == FAR + 1024 * count
    assert [sample.data for sample in fragment.samples] == [sample.data for sample in samples]


def test_a_fragment_of_megabytes_is_whole() -> None:
    samples = tuple(Sample(3000 * index, 0, 3000, index == 0, bytes([index]) * 900_000) for index in range(4))
    (fragment,) = boxes.fragments(Muxer(VIDEO).fragment(samples, 1))
    assert [sample.data for sample in fragment.samples] == [sample.data for sample in samples]


@pytest.mark.parametrize(
    "config",
    [
        AudioConfig("mp4a", b"", "mp4a.40.2", 0, 2),
        AudioConfig("mp4a", bytes.fromhex("1190"), "mp4a.40.2", -5, 2),
        VideoConfig("avc1", VIDEO.extradata, "avc1.640028", 0, 0),
        VideoConfig("avc1", VIDEO.extradata, "avc1.640028", 1 << 40, 2),
    ],
)
def test_unusable_configurations_are_refused(config: MediaConfig) -> None:
    with pytest.raises(FragmentError):
        Muxer(config)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_decoder_reads_init_and_segments_without_error(encoded: Encoded, b_frames: int) -> None:
    configs, packets = encoded(b_frames)
    show = Show(configs)
    show.play(packets)
    show.finish()
    for name in ("video", "audio"):
        show.check_no_jumps(name)
        media = show.inits[name]["init-1.mp4"] + b"".join(data for _, data in show.media(name))
        with av.open(BytesIO(media), "r", format="mp4") as container:
            container.streams[0].codec_context.options = {"err_detect": "explode"}
            times = [frame.time for frame in container.decode()]
        sent = [packet for packet in packets if packet.track.value == name]
        assert times == sorted(times)
        if name == "audio":
            assert len(sent) - 3 <= len(times) <= len(sent), "sound after the last picture is left out"
        else:
            shown = sorted((packet.pts - sent[0].dts) / 90_000 for packet in sent)
            assert times == pytest.approx(shown, abs=0.0015)


def test_every_part_can_be_decoded_when_its_segment_has_begun(encoded: Encoded) -> None:
    configs, packets = encoded(2)
    show = Show(configs)
    show.play(packets)
    show.finish()
    for segment in show.segments["video"].values():
        data = show.inits["video"]["init-1.mp4"]
        for part in segment.parts:
            data += show.parts["video"][part.uri][1]
        with av.open(BytesIO(data), "r", format="mp4") as container:
            container.streams[0].codec_context.options = {"err_detect": "explode"}
            assert sum(1 for _ in container.decode(video=0)) > 0
