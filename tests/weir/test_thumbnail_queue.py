"""Whose turn it is for a new picture, and what happens when there are more streams than time."""

import uuid

import pytest

from common.media import AudioConfig, Packet, Track, VideoConfig
from weir.thumbnail_queue import EVERY_S, FIRST_AFTER_S, LONGEST_PAUSE_S, Shot, ShotQueue, Tap
from weir.thumbnail_wire import MAX_KEYFRAME_BYTES

CONFIG = VideoConfig("avc1", b"avcC", "avc1.42c01e", 640, 360)
SOUND = AudioConfig("mp4a", b"", "mp4a.40.2", 48_000, 2)


def keyframe(data: bytes = b"idr") -> Packet:
    return Packet(Track.VIDEO, 0, 0, keyframe=True, data=data)


class Studio:
    """A queue with streams that send keyframes."""

    def __init__(self, *, max_waiting: int = 16, max_bytes: int = 10_000) -> None:
        self.offers = 0
        self.queue = ShotQueue(on_offer=self._count, max_waiting=max_waiting, max_bytes=max_bytes)

    def _count(self) -> None:
        self.offers += 1

    def tap(self, number: int = 0) -> Tap:
        tap = Tap(self.queue, uuid.UUID(int=number))
        tap.configure(CONFIG)
        return tap

    def pictured(self, number: int, at: float) -> Tap:
        """A stream that had a picture then."""
        tap = self.tap(number)
        tap.done(at)
        return tap

    def take(self, now: float) -> Shot:
        shot = self.queue.take(now)
        assert shot is not None
        return shot


@pytest.fixture
def studio() -> Studio:
    return Studio()


def test_the_first_keyframe_of_a_stream_is_taken_half_a_second_later(studio: Studio) -> None:
    tap = studio.tap()
    tap.keyframe(keyframe(), 10)
    assert studio.offers == 1
    assert studio.queue.take(10) is None
    assert studio.queue.next_ready_at() == 10 + FIRST_AFTER_S
    shot = studio.take(10 + FIRST_AFTER_S)
    assert (shot.tap, shot.taken_at, shot.question.keyframe) == (tap, 10, b"idr")
    assert shot.question.extradata == b"avcC"
    assert len(studio.queue) == studio.queue.size_bytes == 0


def test_the_next_one_is_taken_20_s_after_that_keyframe(studio: Studio) -> None:
    tap = studio.tap()
    tap.keyframe(keyframe(), 10)
    shot = studio.take(11)
    for now in (11, 12, 10 + EVERY_S - 0.1):
        tap.keyframe(keyframe(), now)
    assert len(studio.queue) == 0, "not even while it is worked on"
    tap.done(shot.taken_at)
    tap.keyframe(keyframe(), 10 + EVERY_S)
    assert studio.take(10 + EVERY_S).taken_at == 10 + EVERY_S


def test_of_a_stream_the_newest_keyframe_waits(studio: Studio) -> None:
    tap = studio.pictured(1, at=0)
    for now in (20, 22, 24):
        tap.keyframe(keyframe(b"%d" % now), now)
    assert len(studio.queue) == 1
    assert studio.take(24).question.keyframe == b"24"


def test_a_stream_without_video_has_no_picture(studio: Studio) -> None:
    tap = Tap(studio.queue, uuid.UUID(int=1))
    tap.configure(SOUND)
    tap.keyframe(keyframe(), 0)
    assert len(studio.queue) == 0


def test_the_newest_configuration_is_what_a_keyframe_is_decoded_with(studio: Studio) -> None:
    tap = studio.tap()
    tap.configure(VideoConfig("hvc1", b"hvcC", "hvc1", 640, 360))
    tap.configure(SOUND)
    tap.keyframe(keyframe(), 0)
    question = studio.take(1).question
    assert (question.codec, question.extradata) == ("hvc1", b"hvcC")


def test_what_waits_is_bounded_in_number(studio: Studio) -> None:
    studio = Studio(max_waiting=3)
    for number in range(10):
        studio.tap(number).keyframe(keyframe(), number)
    assert len(studio.queue) == 3
    assert studio.queue.skipped == 7
    assert [studio.take(99).tap.stream_id.int for _ in range(3)] == [0, 1, 2], "who came first is first"


def test_what_waits_is_bounded_in_bytes() -> None:
    studio = Studio(max_bytes=1000)
    for number in range(10):
        studio.tap(number).keyframe(keyframe(bytes(400)), number)
    assert len(studio.queue) == 2
    assert studio.queue.size_bytes <= 1000


def test_a_keyframe_that_no_message_holds_is_left(studio: Studio) -> None:
    studio.tap().keyframe(keyframe(bytes(MAX_KEYFRAME_BYTES + 1)), 0)
    assert len(studio.queue) == 0


def test_the_stream_whose_picture_is_the_oldest_comes_first(studio: Studio) -> None:
    for number, pictured_at in ((1, 5.0), (2, 3.0), (3, 4.0)):
        studio.pictured(number, pictured_at).keyframe(keyframe(), 30)
    assert [studio.take(30).tap.stream_id.int for _ in range(3)] == [2, 3, 1]


def test_a_stream_without_a_picture_comes_before_all_that_have_one(studio: Studio) -> None:
    studio.pictured(1, 0).keyframe(keyframe(), 30)
    studio.tap(2).keyframe(keyframe(), 31)
    assert studio.take(40).tap.stream_id.int == 2


def test_a_full_queue_gives_its_place_to_who_is_due_for_longer() -> None:
    studio = Studio(max_waiting=1)
    late, later = studio.pictured(1, 9), studio.pictured(2, 1)
    late.keyframe(keyframe(), 30)
    later.keyframe(keyframe(), 31)
    assert len(studio.queue) == 1
    assert studio.take(31).tap is later
    late.keyframe(keyframe(), 32)
    assert studio.take(32).tap is late, "it stayed due"


def test_every_one_of_500_streams_gets_its_turn_though_there_is_time_for_half_of_them() -> None:
    """Each sends a keyframe every 2 s; a picture takes 0.08 s, so a round takes 40 s and not 20."""
    studio = Studio(max_waiting=16, max_bytes=1_000_000)
    taps = [studio.tap(number) for number in range(500)]
    pictures = dict.fromkeys(range(500), 0)
    for step in range(3000):
        now = step * 0.08
        for tap in taps[step % 25 :: 25]:
            tap.keyframe(keyframe(), now)
        if shot := studio.queue.take(now):
            shot.tap.done(shot.taken_at)
            pictures[shot.tap.stream_id.int] += 1
    assert sum(pictures.values()) > 2900
    assert max(pictures.values()) - min(pictures.values()) <= 1


def test_a_stream_that_is_over_leaves_the_queue(studio: Studio) -> None:
    tap = studio.tap()
    tap.keyframe(keyframe(), 0)
    tap.close()
    assert studio.queue.take(99) is None
    assert studio.queue.size_bytes == 0


def test_a_stream_whose_keyframes_give_no_picture_is_tried_ever_less_often(studio: Studio) -> None:
    tap, taken_at, waits = studio.tap(), 0.0, []
    for _ in range(8):
        tap.keyframe(keyframe(), taken_at)
        tap.failed(studio.take(taken_at + 1).taken_at)
        waits.append(tap.due_at - taken_at)
        taken_at = tap.due_at
    assert waits == [1, 20, 40, 80, 160, 320, 640, LONGEST_PAUSE_S]
    tap.keyframe(keyframe(), taken_at)
    tap.done(studio.take(taken_at).taken_at)
    assert tap.due_at - taken_at == EVERY_S
