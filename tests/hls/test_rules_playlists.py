"""Rules about playlists and media, by their ids: one broadcast with all that happens, every reload of it kept.

Beside these, `tests.hls.m3u8` holds every playlist of every other test against most of the rules.
"""

import re
from itertools import pairwise
from typing import Any

import pytest

from hls.answers import Directives, PlaylistReady
from hls.date_ranges import DateRange
from hls.stream import HlsSettings
from tests.hls import boxes, encoder, m3u8
from tests.hls.encoder import AUDIO, OTHER_VIDEO, VIDEO, interleave
from tests.hls.player import WALL_S, Show, timescale_of

NAMES = ("video", "audio")
TD = 4
LINE = re.compile(r"#EXT[^:\n]*(?::.+)?|[!-~]+\.m4s")


class Broadcast(Show):
    """Remembers every reload of both renditions, with its time, and delta updates beside them."""

    def __init__(self) -> None:
        self.reloads: dict[str, list[tuple[float, m3u8.ReadPlaylist]]] = {name: [] for name in NAMES}
        self.deltas: list[tuple[str, m3u8.ReadPlaylist, m3u8.ReadPlaylist]] = []
        """What was asked for, the full playlist, the delta update."""
        super().__init__([VIDEO, AUDIO], settings=HlsSettings(window_s=40, memory_s=40))

    def _see(self, name: str, playlist: m3u8.ReadPlaylist) -> None:
        super()._see(name, playlist)
        self.reloads[name].append((self.now, playlist))
        for skip in ("YES", "v2"):
            answer = self.stream.playlist(name, Directives(skip=skip))
            assert isinstance(answer, PlaylistReady)
            self.deltas.append((skip, playlist, m3u8.read(answer.plain.decode())))

    def all(self) -> list[m3u8.ReadPlaylist]:
        return [playlist for name in NAMES for _, playlist in self.reloads[name]]

    def each_two(self) -> list[tuple[m3u8.ReadPlaylist, m3u8.ReadPlaylist]]:
        return [(a, b) for name in NAMES for (_, a), (_, b) in pairwise(self.reloads[name])]


def both(seconds: float, b_frames: int = 0) -> list[Any]:
    return interleave(encoder.video(seconds, b_frames=b_frames), encoder.audio(seconds))


@pytest.fixture(scope="module")
def seen() -> Broadcast:
    """Frames that are dropped, a silence, a new size, a marker, a sliding window, an end."""
    show = Broadcast()
    show.play(interleave(encoder.video(14, dropped=range(100, 300, 30)), encoder.audio(14)))
    show.stream.add_date_range(DateRange(id="m", start_s=WALL_S + show.now, duration_s=1.5), show.now)
    show.stream.encoder_left(show.now)
    show.look()
    show.wait(4)
    show.stream.encoder_returned(show.now)
    show.configure(OTHER_VIDEO)
    show.configure(AUDIO)
    show.wait(0.5)
    show.play(both(60, b_frames=2))
    show.finish()
    return show


# Media


def test_a1_a9_media_continues_and_segments_are_their_parts(seen: Broadcast) -> None:
    for name in NAMES:
        seen.check_media(name)
        seen.check_segments(name)


def test_a2_every_video_segment_starts_with_an_independent_frame(seen: Broadcast) -> None:
    for segment in seen.segments["video"].values():
        assert segment.gap or segment.parts[0].independent or segment.parts[0].gap


def test_a3_a4_init_sections_hold_one_track_and_no_samples(seen: Broadcast) -> None:
    assert len(seen.inits["video"]) == 2
    for name in NAMES:
        for data in seen.inits[name].values():
            init = boxes.root(data)
            assert [box.kind for box in init.children] == ["ftyp", "moov"]
            assert init.one("moov").children[-1].kind == "mvex"
            assert init.one("moov/trak/mdia/minf/stbl/stts").body == bytes(8)


def test_a5_a6_fragments_have_tfdt_and_relative_addresses(seen: Broadcast) -> None:
    """`boxes.fragments` asserts default-base-is-moof, no absolute offset, and a 64-bit tfdt."""
    for name in NAMES:
        for part, data in seen.media(name):
            assert part.gap or len(boxes.fragments(data)) == 1


def test_a8_a_map_applies_to_every_segment(seen: Broadcast) -> None:
    for playlist in seen.all():
        assert all(segment.init for segment in playlist.all_segments)


def test_a10_parts_are_numbered_within_their_parent(seen: Broadcast) -> None:
    """LAST-PART counts from 0 within segment LAST-MSN."""
    for name, other in (NAMES, NAMES[::-1]):
        answer = seen.playlists[name].reports[0]
        there = seen.playlists[other]
        assert int(answer["LAST-MSN"]) == there.segments[-1].msn
        assert int(answer["LAST-PART"]) == len(there.segments[-1].parts) - 1


# Text


def test_b2_b4_lines_are_tags_or_names_without_stray_space(seen: Broadcast) -> None:
    for playlist in seen.all():
        lines = playlist.text.split("\n")
        assert lines[0] == "#EXTM3U"
        assert all(LINE.fullmatch(line) for line in lines[:-1])
        assert "EXT-X-STREAM-INF" not in playlist.text


def test_b5_g11_versions_are_no_higher_than_needed(seen: Broadcast) -> None:
    versions = {playlist.head["VERSION"] for playlist in seen.all()}
    assert versions == {"6"}
    for skip, _, delta in seen.deltas:
        needed = "6" if not delta.skipped else "10" if skip == "v2" else "9"
        assert delta.head["VERSION"] == needed


def test_b8_b10_b11_tags_come_once_and_before_the_first_segment(seen: Broadcast) -> None:
    for playlist in seen.all():
        first = playlist.text.index("#EXT-X-MAP")
        for tag in m3u8.ONCE - {"INDEPENDENT-SEGMENTS"}:
            assert len(re.findall(rf"^#EXT-X-{tag}\b", playlist.text, re.MULTILINE)) == 1
            assert playlist.text.index(f"#EXT-X-{tag}") < first


def test_b9_no_segment_rounds_to_more_than_the_target_duration(seen: Broadcast) -> None:
    for playlist in seen.all():
        assert all(int((segment.duration or 0) + 0.5) <= TD for segment in playlist.segments)


def test_b13_discontinuity_where_the_encoding_changes(seen: Broadcast) -> None:
    for one, two in pairwise(seen.segments["video"].values()):
        assert two.discontinuity == (one.init != two.init)


def test_b15_absent_media_is_marked_with_its_length(seen: Broadcast) -> None:
    for name in NAMES:
        gaps = [part for part, _ in seen.media(name) if part.gap]
        assert sum(part.duration for part in gaps) == pytest.approx(4.5, abs=0.2)


# Low latency


def test_c1_c2_c3_c4_e18_server_control_is_whole_and_the_same_everywhere_for_ever(seen: Broadcast) -> None:
    assert len({(one.head["SERVER-CONTROL"], one.head["PART-INF"]) for one in seen.all()}) == 1
    control = m3u8.attributes(seen.all()[0].head["SERVER-CONTROL"])
    part_target = seen.all()[0].part_target
    assert control["CAN-BLOCK-RELOAD"] == control["CAN-SKIP-DATERANGES"] == "YES"
    assert float(control["CAN-SKIP-UNTIL"]) == 6 * TD
    assert float(control["HOLD-BACK"]) == 3 * TD
    assert float(control["PART-HOLD-BACK"]) == pytest.approx(3 * part_target)


def test_c5_c6_parts_are_as_long_as_they_may_be(seen: Broadcast) -> None:
    for playlist in seen.all():
        m3u8.check_parts(playlist, playlist.part_target)


def test_c7_independent_parts_say_so(seen: Broadcast) -> None:
    for part, data in seen.media("video"):
        if not part.gap:
            (fragment,) = boxes.fragments(data)
            assert part.independent == any(sample.keyframe for sample in fragment.samples)


def test_c8_parts_that_do_not_exist_are_gap_parts(seen: Broadcast) -> None:
    for name in NAMES:
        for part, data in seen.media(name):
            assert part.gap == (not data)


def test_c9_what_applies_to_a_parent_comes_before_its_first_part(seen: Broadcast) -> None:
    for playlist in seen.all():
        tags = re.findall(
            r"^#EXT-X-(PART|MAP|DISCONTINUITY|PROGRAM-DATE-TIME)(?=[:\n])|^(s\d+)",
            playlist.text,
            re.MULTILINE,
        )
        for (one, uri), (two, _) in pairwise(tags):
            assert uri or not (one == "PART" and two not in {"PART", ""})


def test_c11_delta_updates_have_one_skip_tag_and_v2_names_removed_ranges(seen: Broadcast) -> None:
    some = 0
    for skip, full, delta in seen.deltas:
        tags = re.findall(r"^#EXT-X-SKIP:(.*)", delta.text, re.MULTILINE)
        assert len(tags) == (1 if delta.skipped else 0)
        assert (delta.removed_ranges is not None) == (skip == "v2" and delta.skipped > 0)
        assert delta.skipped or delta.text == full.text
        some += bool(delta.removed_ranges)
    assert some, "the marker left the window"


def test_c12_g2_the_next_part_is_hinted_by_the_name_it_gets(seen: Broadcast) -> None:
    """Also when it turns out to be a GAP part, or the first one behind a DISCONTINUITY."""
    kinds = set()
    for old, new in seen.each_two():
        if new.ended:
            continue
        (hint,) = [hint["URI"] for hint in old.hints if hint["TYPE"] == "PART"]
        known = {part.uri for part in old.parts}
        fresh = [part for part in new.parts if part.uri not in known]
        if fresh:
            assert fresh[0].uri == hint
            segment = next(one for one in new.all_segments if fresh[0] in one.parts)
            kinds.add((fresh[0].gap, segment.discontinuity))
    assert kinds == {(False, False), (True, False), (False, True)}
    assert not seen.playlists["video"].hints, "none with ENDLIST"


def test_c12_g2_at_most_one_init_section_is_hinted_and_then_used(seen: Broadcast) -> None:
    hinted = {hint["URI"] for playlist in seen.all() for hint in playlist.hints if hint["TYPE"] == "MAP"}
    assert hinted == {"init-2.mp4"}
    assert "init-2.mp4" in seen.inits["video"]
    for playlist in seen.all():
        assert len([hint for hint in playlist.hints if hint["TYPE"] == "MAP"]) <= 1


def test_c13_g3_every_playlist_reports_every_other(seen: Broadcast) -> None:
    for name, other in (NAMES, NAMES[::-1]):
        for _, playlist in seen.reloads[name]:
            (report,) = playlist.reports
            assert report["URI"] == f"../{other}/index.m3u8"
            assert {"LAST-MSN", "LAST-PART"} < set(report)


# Changes


def test_e1_nothing_that_is_frozen_changes(seen: Broadcast) -> None:
    for tag in ("TARGETDURATION", "PART-INF", "SERVER-CONTROL"):
        assert len({playlist.head[tag] for playlist in seen.all()}) == 1


def test_e2_a_reload_only_appends_and_drops_what_is_old(seen: Broadcast) -> None:
    """The lines of segments and parts of a reload are a run of the lines of the one before, and new ones."""
    for old, new in seen.each_two():
        m3u8.check_reload(old, new)
        before, after = (
            re.findall(r"^(?:s\d+\.m4s|#EXT-X-PART:.*)", one.text, re.MULTILINE) for one in (old, new)
        )
        segments = [line for line in before if line.startswith("s")]
        kept = [line for line in after if line.startswith("s")]
        overlap = [line for line in kept if line in segments]
        assert overlap == segments[len(segments) - len(overlap) :]
        assert kept[: len(overlap)] == overlap


def test_e5_the_next_part_comes_within_part_target(seen: Broadcast) -> None:
    """Also while the encoder is away, and when another one begins. (That silence is waited out: `test_gaps`.)"""
    for name in NAMES:
        times = [(now, playlist) for now, playlist in seen.reloads[name] if not playlist.ended]
        newest: dict[str, float] = {}
        for now, playlist in times:
            newest.setdefault(playlist.parts[-1].uri, now)
        waits = [b - a for a, b in pairwise(newest.values())]
        assert max(waits) <= seen.playlists[name].part_target + 0.04


def test_e6_every_discontinuity_has_a_date(seen: Broadcast) -> None:
    for playlist in seen.all():
        assert all(segment.date_s is not None for segment in playlist.all_segments)


def test_e8_the_end_is_announced(seen: Broadcast) -> None:
    for name in NAMES:
        assert seen.playlists[name].text.count("#EXT-X-ENDLIST\n") == 1
        assert seen.playlists[name].growing is None


def test_e10_e11_sequences_follow_what_was_removed(seen: Broadcast) -> None:
    for old, new in seen.each_two():
        removed = [one for one in old.segments if one.msn < new.media_sequence]
        assert new.media_sequence - old.media_sequence == len(removed)
        raised = int(new.head["DISCONTINUITY-SEQUENCE"]) - int(old.head["DISCONTINUITY-SEQUENCE"])
        assert raised == sum(one.discontinuity for one in removed)
    assert seen.playlists["video"].head["DISCONTINUITY-SEQUENCE"] == "1"


def test_e12_parts_are_listed_near_the_end_only(seen: Broadcast) -> None:
    for playlist in seen.all():
        edge_s = sum(part.duration for part in playlist.growing.parts) if playlist.growing else 0.0
        for segment in reversed(playlist.segments):
            assert abs(edge_s - 3 * TD) < 0.002 or bool(segment.parts) == (edge_s <= 3 * TD)
            edge_s += segment.duration or 0


def test_e13_the_window_is_never_shorter_than_three_target_durations(seen: Broadcast) -> None:
    for playlist in seen.all():
        assert playlist.media_sequence == 1 or playlist.duration >= 3 * TD


def test_e14_media_stays_for_its_duration_and_the_longest_playlist_after_its_removal() -> None:
    show = Show(settings=HlsSettings(window_s=20, memory_s=20), watch=False)
    show.play(both(19))
    longest = 0.0
    while (playlist := _read(show, "video")).media_sequence == 1:
        longest = max(longest, playlist.duration)
        show.wait(0.1)
    removed_at = show.now
    for name in NAMES:
        show.load(name, "s1.m4s")
        show.load(name, "p0.m4s")
    show.wait(longest + 1.9)
    for name in NAMES:
        show.load(name, "s1.m4s")
        show.load(name, "p0.m4s")
    show.wait_until(removed_at + longest + 20)
    with pytest.raises(AssertionError, match="404"):
        show.load("video", "s1.m4s")


def test_e16_e17_g6_renditions_stand_together(seen: Broadcast) -> None:
    for name, other in (NAMES, NAMES[::-1]):
        there = iter(seen.reloads[other])
        at, twin = next(there)
        for now, playlist in seen.reloads[name]:
            while at < now:
                at, twin = next(there)
            if at == now and abs(twin.media_sequence - playlist.media_sequence) <= 1:
                m3u8.check_renditions(playlist, twin)
    video, audio = (seen.playlists[name] for name in NAMES)
    for tag in ("TARGETDURATION", "MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"):
        assert video.head[tag] == audio.head[tag]


def test_e16_the_same_moment_has_the_same_media_time(seen: Broadcast) -> None:
    """Picture and sound of a segment begin within a part of each other, on one time line."""
    for msn, segment in seen.segments["video"].items():
        twin = seen.segments["audio"][msn]
        if segment.gap or twin.gap:
            continue
        starts = []
        for name, one in (("video", segment), ("audio", twin)):
            data = seen.parts[name][one.parts[0].uri][1]
            (fragment,) = boxes.fragments(data)
            starts.append(fragment.base / timescale_of(seen.inits[name][one.init or ""]))
        assert starts[0] == pytest.approx(starts[1], abs=seen.playlists["video"].part_target)


# Delta updates


def test_f1_f2_a_delta_update_skips_what_is_older_than_the_boundary(seen: Broadcast) -> None:
    some = 0
    for _, full, delta in seen.deltas:
        if full.ended:
            assert not delta.skipped, "F4"
            continue
        edge_s = 0.0  # the end of the last parent
        older = 0
        for segment in reversed(full.segments):
            older += edge_s > 6 * TD
            edge_s += segment.duration or 0
        assert delta.skipped == older
        some += older > 0
        kept = [
            segment for segment in full.all_segments if segment.msn >= full.media_sequence + delta.skipped
        ]
        assert delta.all_segments == kept, "all tags of kept segments stay"
    assert some > 100


def test_f3_a_v2_update_leaves_out_old_ranges(seen: Broadcast) -> None:
    v2 = [(full, delta) for skip, full, delta in seen.deltas if skip == "v2" and delta.skipped]
    assert any(full.ranges and not delta.ranges for full, delta in v2)
    assert any(full.ranges and delta.ranges for full, delta in v2)
    for skip, full, delta in seen.deltas:
        assert skip == "v2" or delta.ranges == full.ranges


# All of it


def test_g1_every_playlist_is_dated(seen: Broadcast) -> None:
    assert all("#EXT-X-PROGRAM-DATE-TIME:" in playlist.text for playlist in seen.all())


def _read(show: Show, name: str) -> m3u8.ReadPlaylist:
    answer = show.stream.playlist(name, Directives())
    assert isinstance(answer, PlaylistReady)
    return m3u8.read(answer.plain.decode())
