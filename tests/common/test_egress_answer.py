"""Answers are read however the bytes are cut, and never beyond their bounds."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.egress_answer import MAX_HEAD_BYTES, AnswerError, AnswerReader, EgressAnswer, HeadTooBigError

CHUNKED = (
    b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nx-a: 2\r\n\r\n"
    b"5\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: y\r\n\r\n"
)


def read(data: bytes, *, cuts: list[int] | None = None, max_bytes: int = 100) -> AnswerReader:
    reader = AnswerReader(max_bytes=max_bytes)
    places = sorted({0, len(data), *(cut % len(data) for cut in cuts or [])})
    for begin, end in itertools.pairwise(places):
        reader.push(data[begin:end])
    return reader


@given(st.lists(st.integers(min_value=0)))
def test_where_packets_end_changes_nothing(cuts: list[int]) -> None:
    reader = read(CHUNKED, cuts=cuts)
    assert reader.answer == EgressAnswer(
        200, {"transfer-encoding": "chunked", "x-a": "1, 2"}, b"hello world", is_cut=False
    )
    assert reader.keep_alive


def test_byte_by_byte() -> None:
    assert read(CHUNKED, cuts=list(range(len(CHUNKED)))).answer == read(CHUNKED).answer


def test_no_body_is_no_body() -> None:
    reader = read(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert reader.answer == EgressAnswer(204, {}, b"")
    assert reader.answer.is_success
    assert reader.keep_alive


def test_the_end_of_the_connection_ends_a_body_of_unknown_length() -> None:
    reader = read(b"HTTP/1.1 500 Oh\r\n\r\nabc")
    reader.end()
    assert reader.answer == EgressAnswer(500, {}, b"abc")
    assert not reader.keep_alive


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nX: y",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_none(data: bytes) -> None:
    reader = read(data)
    with pytest.raises(AnswerError):
        reader.end()


@pytest.mark.parametrize(
    "head", [b"Content-Length: 101\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n65\r\n"]
)
def test_a_long_body_is_cut_with_its_first_byte_beyond(head: bytes) -> None:
    reader = AnswerReader(max_bytes=100)
    reader.push(b"HTTP/1.1 200 OK\r\n" + head + b"a" * 101)
    assert reader.answer is not None
    assert reader.answer.body == b"a" * 100
    assert reader.answer.is_cut


def test_an_endless_head_is_refused() -> None:
    reader = AnswerReader(max_bytes=100)
    reader.push(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(HeadTooBigError):  # noqa: PT012 # one of them
        for number in range(MAX_HEAD_BYTES):
            reader.push(b"X-%d: y\r\n" % number)


def test_endless_informational_answers_are_refused() -> None:
    with pytest.raises(AnswerError, match="informational"):
        read(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20)


@pytest.mark.parametrize(
    "surplus", [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", b"HTTP", b"HTTP/1.1 500 No\r\n\r\n"]
)
def test_a_connection_that_brings_more_than_one_answer_is_not_used_again(surplus: bytes) -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" + surplus)
    assert reader.answer == EgressAnswer(200, {"content-length": "2"}, b"hi")
    assert not reader.keep_alive


def test_a_change_of_protocol_is_refused() -> None:
    with pytest.raises(AnswerError, match="protocol"):
        read(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")


@given(st.binary(min_size=1, max_size=300))
def test_garbage_raises_only_the_remote_fault_error(data: bytes) -> None:
    reader = AnswerReader(max_bytes=100)
    try:
        reader.push(data)
        reader.push(b"HTTP/1.1 200 OK\r\n" + data)
        reader.end()
    except AnswerError:
        return
