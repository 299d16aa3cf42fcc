"""Playlist text: delta updates a player can merge, reports, the multivariant playlist, and what rendering costs."""

import gzip
import re

import pytest

from common.media import Packet
from hls.answers import Directives, PlaylistReady
from hls.dates import date_text
from hls.stream import HlsSettings
from tests.hls import encoder, m3u8
from tests.hls.encoder import AUDIO, OTHER_VIDEO, VIDEO, interleave
from tests.hls.player import Show

SKIP = Directives(skip="YES")


def both(seconds: float, start_s: float = 0.0, gop: int = 60) -> list[Packet]:
    return interleave(
        encoder.video(seconds, start_s=start_s, gop=gop), encoder.audio(seconds, start_s=start_s)
    )


def get(show: Show, name: str, directives: Directives | None = None) -> PlaylistReady:
    answer = show.stream.playlist(name, directives or Directives())
    assert isinstance(answer, PlaylistReady), answer
    return answer


def read(show: Show, name: str, directives: Directives | None = None) -> m3u8.ReadPlaylist:
    return m3u8.read(get(show, name, directives).plain.decode())


@pytest.mark.parametrize("skip", ["YES", "v2"])
@pytest.mark.parametrize("window_s", [40.0, 600.0])
def test_a_delta_update_merges_to_the_full_playlist(window_s: float, skip: str) -> None:
    show = Show(settings=HlsSettings(window_s=window_s, memory_s=window_s))
    show.watch = False
    show.play(both(50))
    for _ in range(20):
        old = {name: read(show, name) for name in ("video", "audio")}
        packets = both(1.1, start_s=show.now - 100)
        show.play(packets)
        for name in ("video", "audio"):
            full, delta = read(show, name), read(show, name, Directives(skip=skip))
            assert delta.skipped > 5
            assert len(delta.text) < len(full.text)
            merged = m3u8.merge(old[name], delta)
            assert [(s.msn, s.uri, s.duration, s.date_s) for s in merged] == [
                (s.msn, s.uri, s.duration, s.date_s) for s in full.all_segments
            ]
            assert delta.parts == full.parts
            assert delta.segments[0].init == "init-1.mp4", "MAP is printed again"


@pytest.mark.parametrize("seconds", [60, 61.9])
def test_f2_the_skip_boundary_is_counted_from_the_end_of_the_last_whole_segment(seconds: float) -> None:
    show = Show(settings=HlsSettings(memory_s=600))
    show.watch = False
    show.play(both(seconds))
    delta = read(show, "video", SKIP)
    assert delta.growing is not None
    assert 24 <= delta.duration < 24 + 2.1, "whatever there is of the one that grows"
    assert delta.media_sequence == 1


def test_nothing_is_skipped_while_it_cannot_be() -> None:
    show = Show(settings=HlsSettings(memory_s=600))
    show.watch = False
    show.play(both(20))
    assert get(show, "video", SKIP) is get(show, "video")
    show.play(both(30, start_s=20))
    assert read(show, "video", SKIP).skipped
    show.finish()
    assert not read(show, "video", SKIP).skipped, "F4"


def test_a_listed_discontinuity_does_not_stop_delta_updates() -> None:
    show = Show(settings=HlsSettings(memory_s=600))
    show.watch = False
    show.play(both(40))
    assert read(show, "audio", SKIP).skipped
    show.stream.encoder_returned(show.now)
    show.configure(OTHER_VIDEO)
    show.play(both(60))
    for name in ("video", "audio"):
        assert read(show, name, SKIP).skipped


def test_each_variant_is_rendered_once_per_version() -> None:
    show = Show(settings=HlsSettings(memory_s=600))
    show.watch = False
    show.play(both(50))
    full, delta = get(show, "video"), get(show, "video", SKIP)
    assert get(show, "video") is full
    assert get(show, "video", SKIP) is delta
    assert len({full.etag, delta.etag, get(show, "audio").etag}) == 3
    for ready in (full, delta):
        assert gzip.decompress(ready.gzip) == ready.plain
    show.play(both(1, start_s=50))
    assert get(show, "video") is not full
    assert get(show, "video").etag != full.etag


def test_reports_name_the_other_rendition_and_where_it_stands() -> None:
    show = Show()
    show.play(both(7.1))
    for name, other in (("video", "audio"), ("audio", "video")):
        (report,) = read(show, name).reports
        there = read(show, other)
        assert report["URI"] == f"../{other}/index.m3u8"
        assert there.growing is not None
        assert int(report["LAST-MSN"]) == there.growing.msn
        assert int(report["LAST-PART"]) == len(there.growing.parts) - 1


def test_parts_are_listed_for_three_target_durations() -> None:
    show = Show(watch=False)
    show.play(both(40))
    playlist = read(show, "video")
    with_parts = [segment for segment in playlist.segments if segment.parts]
    growing = sum(part.duration for part in playlist.growing.parts) if playlist.growing else 0
    assert 12 <= sum(segment.duration or 0 for segment in with_parts) + growing <= 14.1
    assert with_parts == playlist.segments[-len(with_parts) :]


def test_the_first_date_is_when_the_first_frame_arrived() -> None:
    show = Show()
    began = show.now
    show.play(interleave(encoder.video(8, b_frames=2), encoder.audio(8)))
    video, audio = read(show, "video").segments[0], read(show, "audio").segments[0]
    assert video.date_s == pytest.approx(1_790_000_000 + began, abs=0.001)
    assert audio.date_s == pytest.approx((video.date_s or 0) - 1 / 30, abs=0.002), (
        "same mapping to media time"
    )


def test_the_multivariant_playlist_lists_video_with_audio_and_audio_alone() -> None:
    show = Show()
    show.play(interleave(encoder.video(10, size=5000), encoder.audio(10, size=300)))
    answer = show.stream.multivariant()
    assert isinstance(answer, PlaylistReady)
    lines = answer.plain.decode().splitlines()
    assert lines[:2] == ["#EXTM3U", "#EXT-X-VERSION:4"]
    media = m3u8.attributes(lines[2].removeprefix("#EXT-X-MEDIA:"))
    assert (media["TYPE"], media["GROUP-ID"], media["URI"]) == ("AUDIO", "audio", "stream/audio/index.m3u8")
    assert (lines[4], lines[6]) == ("stream/video/index.m3u8", "stream/audio/index.m3u8")
    variant, alone = (
        m3u8.attributes(line.removeprefix("#EXT-X-STREAM-INF:")) for line in (lines[3], lines[5])
    )
    assert variant["CODECS"] == "avc1.640028,mp4a.40.2"
    assert (variant["RESOLUTION"], variant["FRAME-RATE"]) == ("1920x1080", "30.000")
    assert alone["CODECS"] == "mp4a.40.2"
    assert int(variant["AVERAGE-BANDWIDTH"]) == pytest.approx(8 * (30 * 5000 + 48000 / 1024 * 300), rel=0.03)
    assert int(variant["BANDWIDTH"]) > int(variant["AVERAGE-BANDWIDTH"])
    assert int(alone["BANDWIDTH"]) < 200_000


def bandwidths(show: Show) -> list[int]:
    answer = show.stream.multivariant()
    assert isinstance(answer, PlaylistReady)
    return [int(one) for one in re.findall(r":BANDWIDTH=(\d+)", answer.plain.decode())]


def test_d2_a_quiet_beginning_does_not_make_a_promise_that_is_broken_soon() -> None:
    """An AAC encoder gives silence 20 kbit/s and sound more; the first segments say little about the next ones."""
    show = Show()
    show.play(interleave(encoder.video(3, size=5000), encoder.audio(3, size=52)))
    both_bps, audio_bps = bandwidths(show)
    assert audio_bps > 1.6 * 8 * 52 * 48000 / 1024
    assert 1.4 < both_bps / (8 * 30 * 5000) < 1.7, "not so much that a player would take the audio alone"
    show.play(interleave(encoder.video(20, size=5000), encoder.audio(20, size=52)))
    assert 1.2 < bandwidths(show)[0] / (8 * 30 * 5000) < 1.35, "what lasted is believed"


def test_lines_of_a_new_configuration_stand_in_the_order_players_need() -> None:
    show = Show()
    show.play(both(6))
    show.stream.encoder_returned(show.now)
    show.configure(OTHER_VIDEO)
    show.configure(AUDIO)
    show.play(both(6))
    text = read(show, "video").text
    assert re.search(
        r'#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init-2.mp4"\n#EXT-X-PROGRAM-DATE-TIME:\S+\n#EXT-X-PART:', text
    )


def test_a_playlist_whose_segment_just_ended_has_no_empty_one() -> None:
    """hls.js #7962: tags of a segment without parts confuse it; `m3u8.read` fails on them."""
    show = Show([VIDEO])
    show.play(encoder.video(6.05))
    assert read(show, "video").growing is None


@pytest.mark.parametrize(
    ("date_s", "text"),
    [(0.0, "1970-01-01T00:00:00.000Z"), (1_790_000_000.9996, "2026-09-21T14:13:21.000Z")],
)
def test_dates_have_milliseconds_and_a_zone(date_s: float, text: str) -> None:
    assert date_text(date_s) == text


@pytest.mark.parametrize("burst_s", [0.5, 5.0])
def test_a_burst_at_the_start_does_not_put_dates_into_the_future(burst_s: float) -> None:
    """ffmpeg -re begins with half a second at once; the first second is looked at, who sends more is not live."""
    show = Show()
    packets = both(9 + burst_s)
    at_once = [packet for packet in packets if packet.dts < burst_s * 90_000]
    show.burst(at_once)
    show.play(packets[len(at_once) :], at=show.now)
    first = read(show, "video").segments[0]
    assert first.date_s == pytest.approx(1_790_000_000 + 100 - min(burst_s, 1.0), abs=0.04)


def test_dates_do_not_drift_over_many_connections_that_begin_with_a_burst() -> None:
    show = Show()
    packets = both(9)
    for _ in range(5):
        show.burst([packet for packet in packets if packet.dts < 45_000])
        show.play([packet for packet in packets if packet.dts >= 45_000])
        show.stream.encoder_left(show.now)
        show.wait(2)
        show.stream.encoder_returned(show.now)
    playlist = read(show, "video")
    last = playlist.all_segments[-1]
    assert last.date_s is not None
    assert last.date_s - 1_790_000_000 < show.now + 0.6
