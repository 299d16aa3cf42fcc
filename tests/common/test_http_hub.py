"""The hub that watches many sockets."""

import socket
from collections.abc import Iterator

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from common.http_hub import HANG_UPS, ReadyHub


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def hub() -> Iterator[ReadyHub]:
    hub = ReadyHub()
    yield hub
    hub.close()


async def test_arrival_is_told_once_and_an_end_is_marked(
    pair: tuple[socket.socket, socket.socket], hub: ReadyHub, nursery: trio.Nursery
) -> None:
    ours, theirs = pair
    told: list[int] = []
    hub.watch(ours.fileno(), told.append)
    nursery.start_soon(hub.run)
    await wait_all_tasks_blocked(0.01)
    assert told == []
    theirs.send(b"a")
    await wait_all_tasks_blocked(0.01)
    assert len(told) == 1  # though nobody has read it
    theirs.send(b"b")
    await wait_all_tasks_blocked(0.01)
    assert len(told) == 2
    assert not told[-1] & HANG_UPS
    theirs.close()
    await wait_all_tasks_blocked(0.01)
    assert told[-1] & HANG_UPS


async def test_forgotten_socket_is_not_told_of_any_more(
    pair: tuple[socket.socket, socket.socket], hub: ReadyHub, nursery: trio.Nursery
) -> None:
    ours, theirs = pair
    told: list[int] = []
    hub.watch(ours.fileno(), told.append)
    nursery.start_soon(hub.run)
    hub.forget(ours.fileno())
    hub.forget(ours.fileno())
    theirs.send(b"a")
    await wait_all_tasks_blocked(0.01)
    assert told == []


async def test_socket_that_was_closed_first_can_still_be_forgotten(
    pair: tuple[socket.socket, socket.socket], hub: ReadyHub
) -> None:
    ours, _ = pair
    fd = ours.fileno()
    hub.watch(fd, lambda _: None)
    ours.close()
    hub.forget(fd)
    await trio.lowlevel.checkpoint()
