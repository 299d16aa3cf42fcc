"""The simulated viewers ask as players do, and count rightly."""

import gzip

import pytest

from bench.hls_reader import audio_rendition, read_playlist
from bench.viewers.tally import FirstSeen, Tally, milliseconds
from bench.viewers.track import Track, read_edition
from bench.viewers.wire import Head, WireError, read_head

HEAD = """#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24,CAN-SKIP-DATERANGES=YES,PART-HOLD-BACK=1.107
#EXT-X-PART-INF:PART-TARGET=0.369
"""
PATH = "/hls/ada/1/video/index.m3u8"


def playlist(msn: int, *parts: int) -> bytes:
    listed = "".join(f'#EXT-X-PART:DURATION=0.333,URI="p{number}.m4s"\n' for number in parts)
    return f'{HEAD}#EXT-X-MEDIA-SEQUENCE:{msn}\n{listed}#EXT-X-PRELOAD-HINT:TYPE=PART,URI="x"\n'.encode()


def test_the_next_reload_blocks_on_the_part_after_the_last_and_skips() -> None:
    edition = read_edition(PATH, gzip.compress(playlist(7, 40, 41)), is_gzip=True)
    assert edition.next_query == "?_HLS_msn=7&_HLS_part=2&_HLS_skip=v2"
    assert [part.path for part in edition.parts] == ["/hls/ada/1/video/p40.m4s", "/hls/ada/1/video/p41.m4s"]
    assert edition.hold_back_s == 1.107


def test_a_delta_update_counts_what_it_leaves_out() -> None:
    text = f"{HEAD}#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-SKIP:SKIPPED-SEGMENTS=10\n#EXTINF:2,\ns15.m4s\n"
    assert read_playlist(text).next_msn == 16
    assert read_playlist(text).skip == "v2"


def test_a_player_fetches_three_parts_first_and_then_each_new_one_once() -> None:
    track = Track(PATH)
    first = read_edition(PATH, playlist(7, 40, 41, 42, 43, 44), is_gzip=False)
    assert [part.place for part in track.new_parts(first)] == [(7, 2), (7, 3), (7, 4)]
    assert track.new_parts(first) == []
    second = read_edition(PATH, playlist(7, 40, 41, 42, 43, 44, 45), is_gzip=False)
    assert [part.place for part in track.new_parts(second)] == [(7, 5)]


def test_audio_of_its_own_is_found() -> None:
    tag = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="s/audio/index.m3u8"\n'
    assert audio_rendition("#EXTM3U\n" + tag) == "s/audio/index.m3u8"
    assert audio_rendition("#EXTM3U\n") is None


def test_a_wake_up_is_counted_from_the_first_answer_and_only_for_those_who_waited() -> None:
    first, tally = FirstSeen(), Tally()
    for asked, now in ((1.0, 2.0), (1.5, 2.03), (2.01, 2.02)):
        tally.playlist(first.note("v1", now), asked, now)
    assert tally.wakes == [0, pytest.approx(0.03)]
    assert tally.behind == 1


def test_parts_are_late_when_a_player_would_stall() -> None:
    tally = Tally()
    for done in (0.1, 0.3, 0.9):
        tally.part(0.0, 0.05, done, patience_s=0.774)
    assert (tally.tight, tally.late) == (2, 1)
    assert milliseconds(tally.downloads, 0.5) == pytest.approx(250)
    assert milliseconds([], 0.5) is None


def test_the_first_to_be_seen_are_forgotten_first() -> None:
    first = FirstSeen()
    for number in range(5000):
        first.note(str(number), number)
    assert first.note("4999", 9999) == 4999
    assert first.note("0", 9999) == 9999


def test_heads_are_read_and_refused() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12"
    assert read_head(head) == Head(200, 12, is_gzip=True)
    for wrong in (b"HTTP/1.1 200 OK", b"what\r\nContent-Length: 3", b"HTTP/1.1 200 OK\r\nContent-Length: x"):
        with pytest.raises(WireError):
            read_head(wrong)
