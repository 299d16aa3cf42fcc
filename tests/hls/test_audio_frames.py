"""Audio frames of every length beside video of every frame rate, and alone; lengths that change; codecs that change."""

from dataclasses import replace
from fractions import Fraction

import pytest

from common.media import AudioConfig, Packet
from hls.answers import MediaReady
from tests.hls import boxes, codecs, encoder
from tests.hls.encoder import AUDIO, NTSC, VIDEO, interleave
from tests.hls.player import Show

OPUS = codecs.encoded("Opus").config
FLAC = codecs.encoded("fLaC").config
AC3 = codecs.encoded("ac-3").config
assert isinstance(OPUS, AudioConfig)
assert isinstance(FLAC, AudioConfig)
assert isinstance(AC3, AudioConfig)

LENGTHS = {
    "Opus 2.5 ms": replace(OPUS, samples_per_frame=120),
    "Opus 20 ms": OPUS,
    "Opus 60 ms": replace(OPUS, samples_per_frame=2880),
    "Opus 120 ms": replace(OPUS, samples_per_frame=5760),
    "FLAC 4096": replace(FLAC, samples_per_frame=4096),
    "FLAC 4608": FLAC,
    "FLAC 16384": replace(FLAC, samples_per_frame=16_384),
    "AC-3": AC3,
}
RATES = [24, 25, NTSC, 30, 50, 60]


def play(show: Show, packets: list[Packet]) -> dict[str, list[boxes.Fragment]]:
    show.play(packets)
    show.finish()
    for name in show.stream.renditions:
        show.check_segments(name)
    return {name: show.check_media(name) for name in show.stream.renditions}


def check_whole(show: Show, config: AudioConfig, sent: list[Packet]) -> None:
    """No sound is lost but what comes after the last picture, none is stretched, and no part is a GAP."""
    fragments = show.check_media("audio")
    samples = [sample for fragment in fragments for sample in fragment.samples]
    unheard = 2 + 48_000 // 15 // config.samples_per_frame
    assert len(sent) - unheard <= len(samples) <= len(sent)
    assert [one.data for one in samples] == [one.data for one in sent[: len(samples)]]
    assert {sample.duration for sample in samples[:-1]} == {config.samples_per_frame}
    assert not any(part.gap for part, _ in show.media("audio")[:-1])


@pytest.mark.parametrize("fps", RATES, ids=lambda fps: f"{float(fps):.2f}")
@pytest.mark.parametrize("name", LENGTHS)
def test_every_length_goes_with_every_frame_rate(name: str, fps: Fraction | float) -> None:
    config = LENGTHS[name]
    sound = encoder.audio(12, config=config)
    show = Show((VIDEO, config), every=9)
    play(show, interleave(encoder.video(12, fps=fps, gop=round(2 * fps)), sound))
    check_whole(show, config, sound)
    parts = {name: [part for part, _ in show.media(name)] for name in ("video", "audio")}
    assert all(part.independent or part.gap for part in parts["audio"])
    if config.samples_per_frame < 3000:
        assert len(parts["audio"]) == len(parts["video"]), "a part of one is beside a part of the other"


@pytest.mark.parametrize("name", LENGTHS)
def test_every_length_alone(name: str) -> None:
    config = LENGTHS[name]
    sound = encoder.audio(12, config=config)
    show = Show((config,), every=9)
    play(show, sound)
    check_whole(show, config, sound)


def test_packets_of_opus_may_change_their_length_without_a_discontinuity() -> None:
    sound, packets = [], []
    for index, samples in enumerate([960, 480, 1920, 2880, 120, 960]):
        config = AudioConfig("Opus", OPUS.extradata, "Opus", 48_000, 2, samples)
        sound.append((config, encoder.audio(2.04, config=config, start_s=2.04 * index)))
        packets += sound[-1][1]
    show = Show((VIDEO, OPUS), every=9)
    video = encoder.video(12.24)
    for config, heard in sound:
        show.configure(config)
        until = heard[-1].dts
        show.play(interleave([one for one in video if one.dts <= until], heard))
        video = [one for one in video if one.dts > until]
    show.finish()
    assert list(show.inits["audio"]) == ["init-1.mp4"]
    assert not isinstance(show.stream.media("audio", "init-2.mp4"), MediaReady), "nor is another one hinted"
    assert not any(segment.discontinuity for segment in show.playlists["audio"].segments)
    played = [sample.data for fragment in show.check_media("audio") for sample in fragment.samples]
    assert len(played) >= len(packets) - 10
    assert show.stream.stats.dropped <= 1


@pytest.mark.parametrize("longer", ["FLAC 4608", "Opus 120 ms", "FLAC 16384"])
@pytest.mark.parametrize("with_video", [True, False], ids=["with video", "alone"])
def test_longer_frames_after_a_reconnect_fit_the_frozen_part_target(longer: str, *, with_video: bool) -> None:
    """What a slot holds of them is longer than PART-TARGET, so it becomes two parts; sound and picture stay together."""
    config = LENGTHS[longer]
    show = Show((VIDEO, AUDIO) if with_video else (AUDIO,), every=9)
    pictures = encoder.video(6) if with_video else []
    show.play(interleave(pictures, encoder.audio(6)))
    show.stream.encoder_left(show.now)
    show.wait(0.5)
    show.stream.encoder_returned(show.now)
    show.configure(config)
    sound = encoder.audio(40, config=config)
    fragments = play(show, interleave(encoder.video(40) if with_video else [], sound))
    assert list(show.inits["audio"]) == ["init-1.mp4", "init-2.mp4"]
    assert sum(segment.discontinuity for segment in show.segments["audio"].values()) == 1
    played = [sample for fragment in fragments["audio"] for sample in fragment.samples][-len(sound) + 8 :]
    assert {one.duration for one in played[:-4]} == {config.samples_per_frame}
    if with_video:
        ends = [fragments["video"][-1].end / 90_000, fragments["audio"][-1].end / 48_000]
        assert ends[1] == pytest.approx(ends[0], abs=0.36)


def test_sound_keeps_up_with_a_frame_rate_whose_parts_hold_no_whole_number_of_its_frames() -> None:
    """19 fps after 30: seven frames are 368 ms, seventeen of AAC 363, eighteen more than PART-TARGET."""
    show = Show((VIDEO, AUDIO), every=9)
    later = encoder.video(60, fps=19, gop=38, start_s=6)
    fragments = play(show, interleave(encoder.video(6), later, encoder.audio(66)))
    ends = [fragments["video"][-1].end / 90_000, fragments["audio"][-1].end / 48_000]
    assert ends[1] == pytest.approx(ends[0], abs=0.05)
