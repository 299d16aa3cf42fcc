"""Fragments, read by a parser of their own, compared with libavformat's, and decoded by a real decoder."""

from collections.abc import Callable
from io import BytesIO

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import MediaConfig, Packet
from hls.cuts import Sample
from hls.fragments import FragmentError, fragment
from tests.hls import boxes, oracle
from tests.hls.encoder import AUDIO, AUDIO_44, VIDEO
from tests.hls.player import Show

Encoded = Callable[[int], tuple[list[MediaConfig], list[Packet]]]
FAR = 90_000 * 3600 * 24 * 40
"""Forty days: beyond 32 bits of ticks."""


def frames(
    count: int, keys: set[int], *, start: int = FAR, step: int = 3003, b_frames: int = 0
) -> tuple[Sample, ...]:
    """Video; with B-frames, one in three is decoded two frames early."""
    return tuple(
        Sample(
            start + step * index,
            step * (3 if index % (b_frames + 1) == 0 else index % 2) if b_frames else 0,
            step,
            index in keys,
            b"frame %d" % index * (index + 1),
        )
        for index in range(count)
    )


def sounds(count: int, *, start: int = FAR, size: int = 0) -> tuple[Sample, ...]:
    return tuple(
        Sample(start + 1024 * index, 0, 1024, True, bytes([index]) * (size or index % 7 + 1))
        for index in range(count)
    )


SHAPES: dict[str, tuple[MediaConfig, tuple[Sample, ...]]] = {
    "no B-frames": (VIDEO, frames(10, {0})),
    "B-frames": (VIDEO, frames(10, {0}, b_frames=2)),
    "no keyframe": (VIDEO, frames(10, set())),
    "a keyframe later": (VIDEO, frames(10, {4})),
    "many keyframes": (VIDEO, frames(10, {0, 1, 3, 6, 9})),
    "keyframes only": (VIDEO, frames(10, set(range(10)))),
    "one sample": (VIDEO, frames(1, {0})),
    "one sample that is no keyframe": (VIDEO, frames(1, set())),
    "at the very start": (VIDEO, frames(3, {0}, start=0)),
    "uneven": (
        VIDEO,
        (Sample(5, 0, 2970, True, b"a"), Sample(2975, 9, 3060, False, b"b"), Sample(6035, 0, 1, False, b"c")),
    ),
    "audio": (AUDIO, sounds(16)),
    "audio of 44.1 kHz": (AUDIO_44, sounds(15)),
    "audio of one size": (AUDIO, sounds(16, size=300)),
    "one audio frame": (AUDIO, sounds(1)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_fragment_says_what_libavformat_says(shape: str) -> None:
    config, samples = SHAPES[shape]
    _, theirs = oracle.init_and_fragment(config, samples, 7)
    (ours,) = boxes.fragments(fragment(samples, 7))
    assert [ours] == boxes.fragments(theirs)
    assert ours.samples == [
        boxes.ReadSample(one.dts, one.cts, one.duration, one.keyframe, one.data) for one in samples
    ]
    assert (ours.sequence, ours.track, ours.base) == (7, 1, samples[0].dts)


def flags(data: bytes) -> list[int]:
    (part,) = boxes.fragments(data)
    return [sample.flags for sample in part.samples]


@pytest.mark.parametrize("shape", SHAPES)
def test_sample_flags_are_libavformats(shape: str) -> None:
    config, samples = SHAPES[shape]
    assert flags(fragment(samples, 1)) == flags(oracle.init_and_fragment(config, samples, 1)[1])


SAMPLE = st.tuples(
    st.integers(-(1 << 31), (1 << 31) - 1), st.integers(0, 0xFFFFFFFF), st.booleans(), st.binary(max_size=20)
)


@given(st.lists(SAMPLE, min_size=1, max_size=12), st.integers(0, 1 << 63), st.integers(0, 0xFFFFFFFF))
def test_any_samples_are_read_back(
    rows: list[tuple[int, int, bool, bytes]], start: int, sequence: int
) -> None:
    samples, at = [], start
    for cts, duration, key, data in rows:
        samples.append(Sample(at, cts, duration, key, data))
        at += duration
    (read,) = boxes.fragments(fragment(samples, sequence))
    assert (read.sequence, read.base) == (sequence, start)
    assert [(s.dts, s.cts, s.duration, s.keyframe, s.data) for s in read.samples] == [
        (s.dts, s.cts, s.duration, s.keyframe, s.data) for s in samples
    ]


class Huge(bytes):
    """Claims to be as long as a part can never be."""

    def __len__(self) -> int:
        return 1 << 32


class Half(bytes):
    """Two of them are too much."""

    def __len__(self) -> int:
        return 1 << 31


@pytest.mark.parametrize(
    "samples",
    [
        (),
        (Sample(1 << 64, 0, 1, True, b"a"),),
        (Sample(-1, 0, 1, True, b"a"),),
        (Sample(0, 1 << 31, 1, True, b"a"),),
        (Sample(0, 0, -1, True, b"a"),),
        (Sample(0, 0, 1 << 32, True, b"a"),),
        (Sample(0, 0, 1, True, Huge()),),
        tuple(Sample(at, 0, 1, True, Half()) for at in range(2)),
    ],
)
def test_what_does_not_fit_its_field_is_refused(samples: tuple[Sample, ...]) -> None:
    with pytest.raises(FragmentError):
        fragment(samples, 1)


def test_a_fragment_of_megabytes_is_whole() -> None:
    samples = tuple(Sample(3000 * index, 0, 3000, index == 0, bytes([index]) * 900_000) for index in range(4))
    (part,) = boxes.fragments(fragment(samples, 1))
    assert [sample.data for sample in part.samples] == [sample.data for sample in samples]


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
