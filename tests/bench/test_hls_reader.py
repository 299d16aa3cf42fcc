"""The benchmarks' viewer reads playlists and fragments rightly."""

import struct

import pytest

from bench.hls_reader import first_variant, read_playlist, sample_sizes

PLAYLIST = """#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-PART-INF:PART-TARGET=0.369
#EXT-X-MEDIA-SEQUENCE:7
#EXTINF:2.0,
seg7.m4s
#EXT-X-PART:DURATION=0.333,INDEPENDENT=YES,URI="p8.0.m4s"
#EXT-X-PART:DURATION=0.333,URI="p8.1.m4s?a=1,2"
#EXTINF:0.666,
seg8.m4s
#EXT-X-PART:DURATION=0.3,URI="p9.0.m4s",GAP=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p9.1.m4s"
"""


def test_parts_are_numbered_and_the_next_is_known() -> None:
    playlist = read_playlist(PLAYLIST)
    assert playlist.part_target_s == 0.369
    assert [(part.msn, part.index, part.uri, part.is_gap) for part in playlist.parts] == [
        (8, 0, "p8.0.m4s", False),
        (8, 1, "p8.1.m4s?a=1,2", False),
        (9, 0, "p9.0.m4s", True),
    ]
    assert (playlist.next_msn, playlist.next_part) == (9, 1)
    assert not playlist.ended
    assert read_playlist(PLAYLIST + "#EXT-X-ENDLIST\n").ended


def test_the_first_variant_is_found() -> None:
    text = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="a.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n'
    assert first_variant(text) == "v.m3u8"
    with pytest.raises(ValueError, match="no variant"):
        first_variant("#EXTM3U\n")


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def fragment(tfhd: bytes, run: bytes) -> bytes:
    traf = box(b"traf", box(b"tfhd", tfhd), box(b"trun", run))  # codespell:ignore trun
    return box(b"moof", box(b"mfhd", bytes(8)), traf) + box(b"mdat")


def test_sample_sizes_are_read_with_every_mix_of_fields() -> None:
    tfhd = struct.pack(">II", 0x020000, 1)
    sizes_only = struct.pack(">IIIII", 0x201, 2, 99, 10, 20)
    assert sample_sizes(fragment(tfhd, sizes_only)) == [10, 20]
    everything = struct.pack(">IIII", 0x000F05, 2, 99, 7) + struct.pack(">8I", 1, 30, 0, 0, 1, 40, 0, 0)
    assert sample_sizes(fragment(tfhd, everything)) == [30, 40]


def test_a_default_size_holds_for_all_samples() -> None:
    tfhd = struct.pack(">IIII", 0x020018, 1, 512, 77)
    assert sample_sizes(fragment(tfhd, struct.pack(">II", 0, 3))) == [77, 77, 77]


def test_what_is_no_fragment_is_refused() -> None:
    for data in (b"", b"hello, world", box(b"moof", box(b"traf")), box(b"moof") + bytes(8)):
        with pytest.raises(ValueError, match="no "):
            sample_sizes(data)
