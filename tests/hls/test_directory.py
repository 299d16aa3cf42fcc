"""Which stream a channel shows, and how long an ended one stays."""

from bench.memory_stream import MemoryStream
from hls.directory import Directory


def test_channel_shows_its_newest_stream_and_older_ones_stay_reachable() -> None:
    directory = Directory(linger_s=60)
    first, second = MemoryStream("one"), MemoryStream("two")
    directory.add("anna", first)
    assert directory.get("anna") is first
    directory.end("anna", 100)
    assert directory.get("anna") is None
    directory.add("anna", second)
    assert directory.get("anna") is second
    assert directory.find("anna", "one") is first
    assert directory.find("anna", "two") is second
    assert directory.find("berta", "one") is None
    assert directory.find("anna", "three") is None


def test_e8_playlists_of_an_ended_stream_go_first_and_its_media_a_window_later() -> None:
    directory = Directory(playlists_s=20, linger_s=60)
    stream = MemoryStream("one")
    directory.add("anna", stream)
    assert not directory.is_withdrawn(stream)
    directory.end("anna", 100)
    directory.expire(119)
    assert not directory.is_withdrawn(stream)
    directory.expire(120)
    assert directory.is_withdrawn(stream)
    directory.expire(179)
    assert directory.find("anna", "one") is stream
    assert not stream.closed
    directory.expire(180)
    assert directory.find("anna", "one") is None
    assert stream.closed


def test_current_stream_never_expires() -> None:
    directory = Directory(linger_s=1)
    stream = MemoryStream("one")
    directory.add("anna", stream)
    directory.expire(1e9)
    assert directory.get("anna") is stream


def test_encoder_that_comes_and_goes_fills_no_memory() -> None:
    directory = Directory(linger_s=60, max_ended=2)
    streams = [MemoryStream(str(i)) for i in range(5)]
    for stream in streams:
        directory.add("anna", stream)
        directory.end("anna", 0)
    assert [stream.closed for stream in streams] == [True, True, True, False, False]


def test_stream_that_was_replaced_without_an_end_lingers_from_the_next_look_on() -> None:
    directory = Directory(playlists_s=20, linger_s=40)
    first = MemoryStream("one")
    directory.add("anna", first)
    directory.add("anna", MemoryStream("two"))
    directory.expire(100)
    assert directory.find("anna", "one") is first
    directory.expire(160)
    assert first.closed


def test_ending_an_offline_channel_is_harmless() -> None:
    Directory().end("anna", 0)
