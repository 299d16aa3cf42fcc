"""Real media of every codec through a stream: what decoders make of it, what the multivariant playlist says."""

from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import av
import pytest

from common.media import MediaConfig, Packet, VideoConfig
from hls.answers import PlaylistReady
from tests.hls import codecs, encoder, m3u8
from tests.hls.encoder import AUDIO, VIDEO, interleave
from tests.hls.player import Show

PAIRS = [
    ("avc1", "mp4a"),
    ("hvc1", "mp4a"),
    ("av01", "Opus"),
    ("vp09", "Opus"),
    ("avc1", "fLaC"),
    ("avc1", "ac-3"),
    ("hvc1", "ec-3"),
]


def play(*names: str) -> tuple[Show, dict[str, codecs.Encoded]]:
    media = {("video" if one in codecs.VIDEO_CODECS else "audio"): codecs.encoded(one) for one in names}
    show = Show([one.config for one in media.values()])
    show.play(interleave(*(one.packets for one in media.values())))
    show.finish()
    return show, media


def decode(data: bytes) -> list[float]:
    """Times of the frames; any error of the decoder fails."""
    with av.open(BytesIO(data), "r", format="mp4") as container:
        container.streams[0].codec_context.options = {"err_detect": "explode"}
        times = []
        for frame in container.decode(container.streams[0]):
            assert isinstance(frame, av.VideoFrame | av.AudioFrame)
            assert frame.time is not None
            times.append(frame.time)
    return times


def variants(show: Show) -> list[dict[str, str]]:
    answer = show.stream.multivariant()
    assert isinstance(answer, PlaylistReady)
    tag = "#EXT-X-STREAM-INF:"
    return [
        m3u8.attributes(line.removeprefix(tag))
        for line in answer.plain.decode().splitlines()
        if line.startswith(tag)
    ]


@pytest.mark.parametrize("names", PAIRS, ids="+".join)
def test_joined_segments_decode_whole(names: tuple[str, str]) -> None:
    show, media = play(*names)
    for name, sent in media.items():
        show.check_segments(name)
        show.check_no_jumps(name)
        assert not any(part.gap for part, _ in show.media(name))
        samples = [one.data for fragment in show.check_media(name) for one in fragment.samples]
        assert samples == [packet.data for packet in sent.packets][: len(samples)]
        assert len(sent.packets) - len(samples) <= (name == "audio") * 24
        times = decode(show.inits[name]["init-1.mp4"] + b"".join(data for _, data in show.media(name)))
        assert all(a < b for a, b in pairwise(times))
        assert len(samples) - 2 <= len(times) <= len(samples)


@pytest.mark.parametrize("codec", codecs.VIDEO_CODECS)
def test_every_segment_decodes_alone(codec: str) -> None:
    show, _ = play(codec)
    counts = [
        len(decode(show.inits["video"]["init-1.mp4"] + show.load("video", segment.uri or "")))
        for segment in show.playlists["video"].segments
    ]
    assert sum(counts) == 180
    assert "INDEPENDENT-SEGMENTS" in show.playlists["video"].head


@pytest.mark.parametrize("codec", codecs.AUDIO_CODECS)
def test_audio_alone(codec: str) -> None:
    show, media = play(codec)
    assert [one["CODECS"] for one in variants(show)] == [media["audio"].config.rfc6381]
    data = show.inits["audio"]["init-1.mp4"] + b"".join(data for _, data in show.media("audio"))
    assert len(decode(data)) >= len(media["audio"].packets) - 2


@pytest.mark.parametrize("names", PAIRS, ids="+".join)
def test_codecs_have_their_registered_names(names: tuple[str, str]) -> None:
    """Safari knows Opus and fLaC by these alone (shaka-player #6607, Jellyfin #8546); hls.js and shaka take any case."""
    show, media = play(*names)
    with_video, alone = variants(show)
    assert with_video["CODECS"] == f"{media['video'].config.rfc6381},{media['audio'].config.rfc6381}"
    assert alone["CODECS"] == media["audio"].config.rfc6381
    assert with_video["CODECS"].split(",")[1].startswith(names[1])
    assert (with_video["RESOLUTION"], with_video["FRAME-RATE"]) == ("128x96", "30.000")


@pytest.mark.parametrize(("transfer", "expected"), [(2, None), (1, None), (16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_announced(transfer: int, expected: str | None) -> None:
    config = replace(VIDEO, transfer=transfer)
    show = Show((config,))
    show.play(encoder.video(5))
    assert variants(show)[0].get("VIDEO-RANGE") == expected


def again(packets: list[Packet], after_s: int) -> list[Packet]:
    ticks = after_s * 90_000
    return [Packet(one.track, one.dts + ticks, one.pts + ticks, one.keyframe, one.data) for one in packets]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("avc1", "mp4a"), ("hvc1", "mp4a")),
        (("avc1", "mp4a"), ("avc1", "Opus")),
        (("av01", "Opus"), ("vp09", "fLaC")),
        (("vp09", "ac-3"), ("avc1", "mp4a")),
    ],
    ids="+".join,
)
@pytest.mark.parametrize("reconnects", [True, False], ids=["after a reconnect", "on the way"])
def test_another_codec_is_a_discontinuity_with_a_new_init_section(
    before: tuple[str, str], after: tuple[str, str], *, reconnects: bool
) -> None:
    show = Show([codecs.encoded(name).config for name in before])
    show.play(interleave(*(codecs.encoded(name).packets for name in before)))
    head = show.playlists["video"].head
    if reconnects:
        show.stream.encoder_left(show.now)
        show.wait(2)
        show.stream.encoder_returned(show.now)
    configs: list[MediaConfig] = [codecs.encoded(name).config for name in after]
    for config in configs:
        show.configure(config)
    show.play(
        interleave(*(again(codecs.encoded(name).packets, 0 if reconnects else 6) for name in after)),
        at=show.now + 1 / 30,
    )
    show.finish()
    for index, name in enumerate(("video", "audio")):
        changed = before[index] != after[index]
        show.check_media(name)
        playlist = show.playlists[name]
        for tag in ("TARGETDURATION", "SERVER-CONTROL", "PART-INF"):
            assert playlist.head[tag] == head[tag], "E1"
        (first,) = [one for one in playlist.segments if one.discontinuity]
        assert first.init == ("init-2.mp4" if changed else "init-1.mp4")
        later = b"".join(
            show.load(name, one.uri or "")
            for one in playlist.segments
            if one.msn >= first.msn and not one.gap
        )
        assert (
            len(decode(show.inits[name][first.init] + later))
            >= len(codecs.encoded(after[index]).packets) * 0.8
        )
    assert variants(show)[0]["CODECS"] == ",".join(config.rfc6381 for config in configs), "what comes now"


def test_another_size_and_frame_rate_are_told_to_who_comes_now() -> None:
    show = Show((VIDEO, AUDIO))
    show.play(interleave(encoder.video(6), encoder.audio(6)))
    show.stream.encoder_left(show.now)
    show.stream.encoder_returned(show.now)
    small = VideoConfig("avc1", VIDEO.extradata, VIDEO.rfc6381, 854, 480)
    show.configure(small)
    show.configure(AUDIO)
    show.play(interleave(encoder.video(6, fps=60, gop=120), encoder.audio(6)))
    assert (variants(show)[0]["RESOLUTION"], variants(show)[0]["FRAME-RATE"]) == ("854x480", "60.000")
    show.finish()
    assert "init-2.mp4" in show.inits["video"]
    show.check_media("video")
