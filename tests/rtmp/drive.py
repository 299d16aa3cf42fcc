"""A session that is told whatever somebody says, and lets in whoever asks."""

from rtmp.errors import RemoteProtocolError
from rtmp.events import Event
from rtmp.limits import RtmpLimits
from rtmp.session import ServerSession, State

NEVER_ACKNOWLEDGE = RtmpLimits(window_bytes=1 << 30)
"""Acknowledgements depend on how the bytes are cut; nothing else does."""


def drive(pieces: list[bytes], limits: RtmpLimits = NEVER_ACKNOWLEDGE) -> tuple[list[Event], bytes, str]:
    """Return what the session reported, what it sent, and the peer's fault that ended it, or an empty text."""
    session = ServerSession(limits)
    events: list[Event] = []
    sent = b""
    try:
        for piece in pieces:
            events += session.receive_data(piece)
            if session.state is State.DECIDING:
                session.accept()
                events += session.receive_data(b"")
            sent += session.data_to_send()
        events += session.receive_data(b"")
    except RemoteProtocolError as error:
        return events, sent + session.data_to_send(), str(error)
    return events, sent, ""
