"""The whole way: packets in, playlists and fragments out, checked on every reload by a parser of its own."""

from fractions import Fraction

import pytest

from common.media import MediaConfig, Packet, Track
from hls.stream import HlsSettings
from tests.hls import encoder
from tests.hls.player import Show

EncodedMedia = tuple[list[MediaConfig], list[Packet]]


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("fps", [24, 25, encoder.NTSC, 30, 50, 60])
def test_every_frame_rate_gives_legal_playlists_and_joined_fragments(
    fps: Fraction | int, b_frames: int
) -> None:
    show = Show()
    frames = encoder.video(8, fps=fps, gop=round(2 * fps), b_frames=b_frames)
    show.play(encoder.interleave(frames, encoder.audio(8)))
    show.finish()
    for name in ("video", "audio"):
        show.check_no_jumps(name)
        show.check_segments(name)
    assert show.stream.info is not None
    assert show.stream.info.fps == pytest.approx(float(fps), abs=0.001)
    sent = [frame.data for frame in frames]
    got = [s.data for f in show.check_media("video") for s in f.samples]
    assert got == sent


def test_a_thousand_parts_join() -> None:
    show = Show(settings=HlsSettings(window_s=20))
    packets = encoder.interleave(encoder.video(340, fps=encoder.NTSC, b_frames=2), encoder.audio(340))
    show.watch = False
    for packet in packets:
        show.now = 100 + packet.dts / 90_000
        show.stream.push(packet, show.now)
        if packet.track is Track.VIDEO and packet.keyframe:
            show.watch = True
            show.look()
            show.watch = False
    show.watch = True
    show.finish()
    for name in ("video", "audio"):
        assert len(show.media(name)) > 1000
        show.check_no_jumps(name)
    video = show.check_media("video")
    assert video[-1].end - video[0].base == pytest.approx(340 * 90_000, abs=9000)
