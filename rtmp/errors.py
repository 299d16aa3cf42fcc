"""Whose fault it is when RTMP goes wrong."""


class RtmpError(Exception):
    """Root of what this package raises on purpose."""


class RemoteProtocolError(RtmpError):
    """The peer broke the framing or the order of the conversation: close the connection, log one line."""


class LocalProtocolError(RtmpError):
    """We used a session in an order it does not allow: our bug."""


class UndecodableError(RtmpError):
    """One message or tag makes no sense, but the framing around it is whole: count it, drop it, go on.

    Encoders in the field send broken metadata, unknown AMF types and odd tags (DJI, Uniview, OBS up to 30.1), and the
    servers they are used to ignore those.
    """
