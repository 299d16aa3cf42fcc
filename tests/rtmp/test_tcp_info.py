"""What TCP says about a connection: read at fixed offsets, from kernels old and new."""

import socket
import sys

import pytest

from rtmp.tcp_info import read_tcp_info


def answer(size: int, **fields: int) -> bytes:
    info = bytearray(size)
    for name, value in fields.items():
        at = int(name.removeprefix("at_"))
        info[at : at + 4] = value.to_bytes(4, sys.byteorder)
    return bytes(info)


def test_round_trip_and_disorder_are_read() -> None:
    info = answer(248, at_68=23_500, at_224=7)
    assert read_tcp_info(lambda *_: info) == (23.5, 7)


def test_an_old_kernel_does_not_know_of_disorder() -> None:
    assert read_tcp_info(lambda *_: answer(104, at_68=1000)) == (1.0, None)


def test_no_round_trip_was_measured_yet() -> None:
    assert read_tcp_info(lambda *_: answer(232)) == (None, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_INFO is Linux's")
def test_a_real_connection_has_a_round_trip() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as ours,
        server.accept()[0] as theirs,
    ):
        ours.send(b"ping")
        assert theirs.recv(4) == b"ping"
        round_trip_ms, out_of_order = read_tcp_info(theirs.getsockopt)
        assert round_trip_ms is not None
        assert 0 < round_trip_ms < 10_000
        assert out_of_order in {0, None}
