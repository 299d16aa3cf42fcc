"""Init sections of every codec: their boxes, and libavformat's for comparison."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import AudioConfig, MediaConfig, VideoConfig
from hls.fragments import FragmentError, Muxer
from tests.hls import boxes, codecs, oracle
from tests.hls.encoder import AUDIO, AUDIO_44, VIDEO

ALL = sorted(codecs.ENCODERS)


def moov(config: MediaConfig) -> boxes.Box:
    return boxes.root(Muxer(config).init).one("moov")


@pytest.mark.parametrize("codec", ALL)
def test_it_has_one_track_and_no_samples(codec: str) -> None:
    init = boxes.root(Muxer(codecs.encoded(codec).config).init)
    assert [box.kind for box in init.children] == ["ftyp", "moov"]
    assert b"iso6" in init.one("ftyp").body[8:]
    assert (b"av01" in init.one("ftyp").body[8:]) == (codec == "av01")
    found = init.one("moov")
    assert len(found.all("trak")) == len(found.all("mvex/trex")) == 1
    assert found.one("mvhd").body[16:20] == found.one("trak/tkhd").body[20:24] == bytes(4), "durations"
    table = found.one("trak/mdia/minf/stbl")
    for kind in ("stts", "stsc", "stco"):
        assert table.one(kind).body == bytes(8)
    assert not found.all("trak/edts")


@pytest.mark.parametrize("codec", ALL)
def test_the_decoder_configuration_is_written_as_libavformat_writes_it(codec: str) -> None:
    media = codecs.encoded(codec)
    ours = codecs.config_box(moov(media.config), codec)
    if codec == "mp4a":
        rates = slice(22, 30)  # libavformat writes the bit rates that it encoded with
        assert ours[rates] == bytes(8)
        assert (ours[: rates.start], ours[rates.stop :]) == (
            media.record[: rates.start],
            media.record[rates.stop :],
        )
    else:
        assert ours == media.record


@pytest.mark.parametrize("config", [VIDEO, AUDIO, AUDIO_44])
def test_all_other_boxes_say_what_libavformat_says(config: MediaConfig) -> None:
    theirs = boxes.root(oracle.init_and_fragment(config, [], 1)[0]).one("moov")
    ours = moov(config)
    for path in ("tkhd", "mdia/mdhd", "mdia/minf/dinf/dref", "mdia/minf/stbl/stsz"):
        assert ours.one("trak/" + path).body == theirs.one("trak/" + path).body, path
    assert ours.one("trak/mdia/hdlr").body[:12] == theirs.one("trak/mdia/hdlr").body[:12]
    assert ours.one("mvex/trex").body == theirs.one("mvex/trex").body
    assert ours.one("mvhd").body == theirs.one("mvhd").body
    header = "vmhd" if isinstance(config, VideoConfig) else "smhd"
    assert ours.one("trak/mdia/minf/" + header).body == theirs.one("trak/mdia/minf/" + header).body
    entry = 8 + 8 + (codecs.VISUAL_ENTRY_BYTES if config is VIDEO else codecs.AUDIO_ENTRY_BYTES)
    stsds = [one.one("trak/mdia/minf/stbl/stsd").body for one in (ours, theirs)]
    assert stsds[0][:8] == stsds[1][:8]
    assert stsds[0][12:entry] == stsds[1][12:entry], "all of the sample entry but its size and boxes"


@pytest.mark.parametrize(("config", "timescale"), [(VIDEO, 90_000), (AUDIO, 48_000), (AUDIO_44, 44_100)])
def test_the_timescale_is_90_khz_or_the_sample_rate(config: MediaConfig, timescale: int) -> None:
    body = moov(config).one("trak/mdia/mdhd").body
    assert Muxer(config).timescale == int.from_bytes(body[12:16], "big") == timescale


def test_sound_of_more_than_65535_hz_has_its_rate_in_its_record() -> None:
    config = AudioConfig("fLaC", codecs.encoded("fLaC").config.extradata, "fLaC", 96_000, 2)
    entry = boxes.parse(moov(config).one("trak/mdia/minf/stbl/stsd").body[8:])[0]
    assert struct.unpack(">I", entry.body[24:28]) == (0,)


def test_opus_of_more_channels_carries_its_mapping() -> None:
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 6, 312, 48000, -256, 1) + bytes([4, 2, 0, 4, 1, 2, 3, 5])
    record = codecs.config_box(moov(AudioConfig("Opus", head, "opus", 48000, 6)), "Opus")
    assert record == struct.pack(">BBHIhB", 0, 6, 312, 48000, -256, 1) + bytes([4, 2, 0, 4, 1, 2, 3, 5])


STEREO = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 312, 48000, 0, 0)


@pytest.mark.parametrize(
    "config",
    [
        replace(AUDIO, sample_rate=0),
        replace(AUDIO, sample_rate=-5),
        replace(AUDIO, channels=0),
        replace(AUDIO, channels=1 << 16),
        replace(AUDIO, extradata=b"\x11"),
        replace(AUDIO, samples_per_frame=0),
        replace(AUDIO, samples_per_frame=48_001),
        replace(VIDEO, width=0, height=0),
        replace(VIDEO, width=1 << 40),
        replace(VIDEO, extradata=b""),
        replace(VIDEO, extradata=b"\x02" + VIDEO.extradata[1:]),
        replace(VIDEO, extradata=VIDEO.extradata + bytes(1 << 21)),
        VideoConfig("hvc1", VIDEO.extradata[:20], "hvc1", 64, 48),
        VideoConfig("av01", b"\x01\x00\x0c\x00", "av01", 64, 48),
        VideoConfig("vp09", bytes(7), "vp09", 64, 48),
        AudioConfig("Opus", STEREO[:-1], "opus", 48000, 2),
        AudioConfig("Opus", b"OpusTags" + STEREO[8:], "opus", 48000, 2),
        AudioConfig("Opus", STEREO[:8] + b"\x10" + STEREO[9:], "opus", 48000, 2),
        AudioConfig("Opus", STEREO[:-1] + b"\x01\x02", "opus", 48000, 2),
        AudioConfig("fLaC", bytes(33), "fLaC", 48000, 2),
        AudioConfig("ac-3", bytes(2), "ac-3", 48000, 2),
        AudioConfig("ec-3", bytes(4), "ec-3", 48000, 2),
    ],
)
def test_unusable_configurations_are_refused(config: MediaConfig) -> None:
    with pytest.raises(FragmentError):
        Muxer(config)


@given(st.sampled_from(ALL), st.binary(max_size=60), st.integers(-1, 1 << 33), st.integers(-1, 1 << 17))
def test_any_configuration_is_written_or_refused(codec: str, record: bytes, rate: int, size: int) -> None:
    for video in codecs.VIDEO_CODECS:
        if video == codec:
            write_or_refuse(VideoConfig(video, record, codec, size, 48))
    for audio in codecs.AUDIO_CODECS:
        if audio == codec:
            write_or_refuse(AudioConfig(audio, record, codec, rate, size))


def write_or_refuse(config: MediaConfig) -> None:
    try:
        init = Muxer(config).init
    except FragmentError:
        return
    assert [box.kind for box in boxes.parse(init)] == ["ftyp", "moov"]
