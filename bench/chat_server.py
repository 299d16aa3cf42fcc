"""Chat as `bench.chat` loads it: the chat role of one process, with nothing beside it.

`python -m bench.chat_server DIRECTORY --port PORT --irc-port PORT [--redis URL]` prints `ready`. Everything is as in
`weir serve`; the database of the directory must be served by somebody else already.

With `--inside N` it also talks to itself when it gets SIGUSR1, for N messages a pass: they go straight to the bus, past
rights, pace and parsing, so that what is left is the room's pass, the wire and the outboxes.
"""

import argparse
import secrets
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import NoReturn

import trio

from bench.chat_wire import stamped_text
from chatd.delivery import RoomName
from chatd.events import Chatter, MessageSent, encode
from chatd.irc_render import Capabilities
from chatd.rooms import Rooms, channel_of
from chatd.wires import IrcWire
from common.bus import Bus, LocalBus
from common.config import Config
from common.db import Database
from common.ids import RANDOM_BITS, uuid7
from common.limits import raise_open_files_limit
from common.metrics import Metrics
from common.queries import users
from common.redis_bus import RedisBus
from common.redis_link import RedisLink
from weir.chat import ChatRole, unix_ms
from weir.collector import spare_collector
from weir.database import open_ready_for
from weir.presence import open_redis_for


class _Witness:
    """A member of the room that hears when a pass is over, and costs the pass one call."""

    wire = IrcWire("tcp", Capabilities())
    connection_id = "witness"
    echoes = True

    def __init__(self) -> None:
        self.heard = trio.Event()

    def offer(self, data: bytes) -> None:
        """Hear of it."""
        del data
        self.heard.set()


async def talk_inside(bus: Bus, rooms: Rooms, name: RoomName, *, at_a_time: int, text_bytes: int) -> NoReturn:
    """Publish `at_a_time` messages whenever a pass is over, until cancelled."""
    witness = _Witness()
    await rooms.join(name, witness)
    chatter = Chatter(user_id=name.channel_id, login=name.login, display_name=name.login)
    while True:
        witness.heard = trio.Event()
        for _ in range(at_a_time):
            now_ms = unix_ms()
            text = stamped_text(time.monotonic_ns(), text_bytes).decode()
            message_id = str(uuid7(now_ms, secrets.randbits(RANDOM_BITS)))
            event = MessageSent(id=message_id, at_ms=now_ms, chatter=chatter, text=text)
            await bus.publish(channel_of(name.channel_id), encode(event))
        await witness.heard.wait()


async def serve(given: argparse.Namespace) -> None:
    """Serve until SIGTERM."""
    config = Config(
        data_dir=given.directory,
        chat_port=given.port,
        irc_port=given.irc_port,
        redis_url=given.redis,
        chat_max_connections=20_000,
        drain_s=1.0,
    )
    stop = trio.Event()
    async with open_ready_for(config) as db, _bus(config, db) as bus, trio.open_nursery() as nursery:
        role = ChatRole(config, db, bus, Metrics())
        nursery.start_soon(role.run_background)
        await nursery.start(partial(role.serve, stop=stop, drain_s=1.0))
        user = await users.select_user_by_login(db, given.channel)
        assert user is not None
        spare_collector()
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGUSR1) as signals:
            print("ready", flush=True)
            async for number in signals:
                if number == signal.SIGTERM:
                    break
                rooms = role._rooms  # noqa: SLF001  # nothing but this bench needs a way in
                talk = partial(talk_inside, at_a_time=given.inside, text_bytes=given.text_bytes)
                nursery.start_soon(talk, bus, rooms, RoomName(user.login, user.id))
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def _bus(config: Config, db: Database) -> AsyncIterator[Bus]:
    async with open_redis_for(config.redis_url, db.bridge) as link, trio.open_nursery() as nursery:
        yield _make_bus(link, nursery)
        nursery.cancel_scope.cancel()


def _make_bus(link: RedisLink | None, nursery: trio.Nursery) -> Bus:
    new_epoch = partial(secrets.token_hex, 8)
    if link is None:
        return LocalBus(new_epoch=new_epoch, now=trio.current_time)
    bus = RedisBus(link, node=f"bench-{secrets.token_hex(4)}", new_epoch=new_epoch, now=trio.current_time)
    nursery.start_soon(bus.run)
    return bus


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--irc-port", type=int, required=True)
    parser.add_argument("--redis")
    parser.add_argument("--channel", default="bench")
    parser.add_argument("--inside", type=int, default=1)
    parser.add_argument("--text-bytes", type=int, default=200)
    raise_open_files_limit()
    trio.run(serve, parser.parse_args())


if __name__ == "__main__":
    main()
