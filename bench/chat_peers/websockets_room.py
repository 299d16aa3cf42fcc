"""One room on `websockets`: `python websockets_room.py PORT`. Prints `ready`."""

import asyncio
import json
import logging
import sys

from frame import answer_join, notification  # type: ignore[import-not-found]  # beside this script
from websockets.asyncio.server import (  # type: ignore[import-not-found]  # installed apart
    ServerConnection,
    broadcast,
    serve,
)

room: set[ServerConnection] = set()


async def talk(socket: ServerConnection) -> None:
    """Serve one member."""
    try:
        async for data in socket:
            request = json.loads(data)
            if request["type"] == "join":
                room.add(socket)
                await socket.send(answer_join(request))
            else:
                broadcast(room, notification(request))
    finally:
        room.discard(socket)


async def main() -> None:
    """Serve until killed."""
    async with serve(talk, "127.0.0.1", int(sys.argv[1]), compression=None, ping_interval=None, backlog=4096):
        print("ready", flush=True)
        await asyncio.Future()


logging.getLogger("websockets").setLevel(logging.CRITICAL)  # people who hang up are no news
asyncio.run(main())
