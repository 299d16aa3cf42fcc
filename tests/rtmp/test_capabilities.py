"""What connect and its answer say about Enhanced RTMP."""

from typing import Any

import pytest

from rtmp.capabilities import ClientCapabilities
from rtmp.session import ServerSession
from tests.rtmp.client import HANDSHAKE, amf, connect, ecma_array, read_replies, results


def connected(**extra: Any) -> tuple[ServerSession, dict[str, Any]]:
    session = ServerSession()
    assert session.receive_data(HANDSHAKE + connect(**extra)) == []
    properties, information = results(read_replies(session.data_to_send()))[1]
    assert information["code"] == "NetConnection.Connect.Success"
    return session, properties


def test_the_answer_tells_what_is_forwarded_and_which_extensions_work() -> None:
    _, properties = connected()
    assert properties["videoFourCcInfoMap"] == {"avc1": 4, "hvc1": 4, "av01": 4, "vp09": 4}
    assert properties["audioFourCcInfoMap"] == {"mp4a": 4, "Opus": 4, "fLaC": 4, "ac-3": 4, "ec-3": 4}
    assert properties["capsEx"] == 2 | 4


FFMPEG = ["av01", "avc1", "hvc1", "vp09", "Opus"]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, ClientCapabilities()),
        ({"fourCcList": FFMPEG}, ClientCapabilities(frozenset(FFMPEG))),
        ({"fourCcList": ecma_array({"0": "av01", "1": "*"})}, ClientCapabilities(frozenset({"av01", "*"}))),
        (
            {"videoFourCcInfoMap": {"hvc1": 2}, "audioFourCcInfoMap": {"Opus": 3}, "capsEx": 15},
            ClientCapabilities(frozenset({"hvc1", "Opus"}), 15),
        ),
        ({"fourCcList": "av01", "capsEx": "2"}, ClientCapabilities()),
        ({"fourCcList": [1, None, {"a": "b"}, "toolong", ""], "capsEx": -1}, ClientCapabilities()),
        ({"fourCcList": amf(None), "videoFourCcInfoMap": 7, "capsEx": float("nan")}, ClientCapabilities()),
        ({"capsEx": float("inf")}, ClientCapabilities()),
    ],
)
def test_what_the_client_says_is_noted_and_never_gates(
    extra: dict[str, Any], expected: ClientCapabilities
) -> None:
    session, properties = connected(**extra)
    assert session.client_capabilities == expected
    assert properties["capsEx"] == 6


def test_a_client_that_lists_a_thousand_codecs_is_noted_in_part() -> None:
    session, _ = connected(fourCcList=[f"{number:04}" for number in range(900)])
    assert len(session.client_capabilities.fourccs) == 32
