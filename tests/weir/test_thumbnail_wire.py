"""Messages between a media process and its child that makes thumbnails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.thumbnail_wire import (
    ANSWER_HEAD,
    MAX_CONFIG_BYTES,
    MAX_JPEG_BYTES,
    MAX_KEYFRAME_BYTES,
    QUESTION_HEAD,
    Question,
    WireError,
    encode_answer,
    read_answer_head,
    read_question_head,
)


@given(st.sampled_from(["avc1", "hvc1", "av01", "vp09"]), st.binary(max_size=100), st.binary(max_size=100))
def test_a_question_is_read_as_it_was_asked(codec: str, extradata: bytes, keyframe: bytes) -> None:
    message = Question(codec, extradata, keyframe).encode()  # type: ignore[arg-type]  # one of them
    head, body = message[: QUESTION_HEAD.size], message[QUESTION_HEAD.size :]
    assert read_question_head(head) == (codec, len(extradata), len(keyframe))
    assert body == extradata + keyframe


@given(st.binary(min_size=QUESTION_HEAD.size, max_size=QUESTION_HEAD.size))
def test_any_head_of_a_question_is_read_or_refused(head: bytes) -> None:
    try:
        _, config_bytes, keyframe_bytes = read_question_head(head)
    except WireError:
        return
    assert config_bytes <= MAX_CONFIG_BYTES
    assert keyframe_bytes <= MAX_KEYFRAME_BYTES


@given(st.binary(min_size=ANSWER_HEAD.size, max_size=ANSWER_HEAD.size))
def test_whatever_a_child_that_was_taken_over_says_little_is_read(head: bytes) -> None:
    try:
        _, size = read_answer_head(head)
    except WireError:
        return
    assert size <= MAX_JPEG_BYTES


def test_an_answer_is_a_picture_or_a_reason() -> None:
    assert read_answer_head(encode_answer(b"jpeg")[: ANSWER_HEAD.size]) == (True, 4)
    assert read_answer_head(encode_answer(None, "ä")[: ANSWER_HEAD.size]) == (False, 2)
    assert len(encode_answer(None, "x" * 10_000)) == ANSWER_HEAD.size + 500


def test_an_answer_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(WireError):
        read_answer_head(ANSWER_HEAD.pack(True, MAX_JPEG_BYTES + 1))
