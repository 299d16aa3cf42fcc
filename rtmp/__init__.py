"""Hand-written RTMP ingest: an encoder's bytes in, media of `common.media` out.

Layers, each of which knows only the ones before it and is tested alone:

    feed       bytes that arrived and are not parsed yet
    handshake  C0 C1 C2 / S0 S1 S2
    chunks     chunk streams → messages with a type, a stream id and a 32-bit timestamp
    amf        AMF0 values
    messages   one dataclass a message type, both directions
    session    the server's side of the conversation: bytes in, events out, answers to send
    flv        tag bodies → configs and packets (with `avc` and `aac` for what is inside a config)
    pump       a session and its publication, still without any I/O: bytes in, bytes to send
    server     the Trio driver: sockets, deadlines, connection caps

Everything but `server` is pure: no Trio, no clock, no socket, no log. Framing violations raise `RemoteProtocolError` and
end the connection; content that cannot be decoded is counted and dropped.
"""
