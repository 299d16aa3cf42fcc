"""One room on `picows`: `python picows_room.py PORT`. Prints `ready`."""

import asyncio
import json
import sys

from frame import answer_join, notification  # type: ignore[import-not-found]  # beside this script
from picows import (  # type: ignore[import-not-found]  # installed apart
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    ws_create_server,
)

room: set[WSTransport] = set()


class Member(WSListener):  # type: ignore[misc]  # as above
    """One connection."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Hear something."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        request = json.loads(frame.get_payload_as_bytes())
        if request["type"] == "join":
            room.add(transport)
            transport.send(WSMsgType.TEXT, answer_join(request).encode())
            return
        told = notification(request).encode()
        for member in room:
            member.send(WSMsgType.TEXT, told)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Let it go."""
        room.discard(transport)


def greet(_: WSUpgradeRequest) -> Member:
    """Let somebody in."""
    return Member()


async def main() -> None:
    """Serve until killed."""
    server = await ws_create_server(greet, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
