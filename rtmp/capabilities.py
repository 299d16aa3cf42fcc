"""What client and server tell each other in `connect` about Enhanced RTMP (v2, "Enhancing NetConnection connect Command").

Nothing depends on what the client tells: OBS sends HEVC, AV1 and many tracks without a word of it, and ffmpeg lists what it
has been told to list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rtmp.amf import AmfValue
from rtmp.formats import AUDIO_FORMATS, VIDEO_FORMATS

_CAN_FORWARD = 4
_MULTITRACK, _MOD_EX = 2, 4
_MAX_FOURCCS = 32


@dataclass(frozen=True, slots=True)
class ClientCapabilities:
    """What a client said of itself, as far as it made sense."""

    fourccs: frozenset[str] = field(default_factory=frozenset)
    """Of fourCcList and both maps; `*` stands for any."""
    caps_ex: int = 0
    """Bits: 1 reconnect, 2 multitrack, 4 ModEx, 8 nanosecond offsets."""


def server_capabilities() -> dict[str, AmfValue]:
    """The properties for the answer to connect: codecs that are passed on, and which extensions work.

    Multitrack: all tracks are parsed, track 0 is published. ModEx: stepped over; so nanosecond offsets, which would have to
    change timestamps, are not claimed, and neither are reconnect requests, which are never sent.
    """
    return {
        "videoFourCcInfoMap": dict.fromkeys(VIDEO_FORMATS, _CAN_FORWARD),
        "audioFourCcInfoMap": dict.fromkeys(AUDIO_FORMATS, _CAN_FORWARD),
        "capsEx": _MULTITRACK | _MOD_EX,
    }


def parse_client_capabilities(connect: Mapping[str, AmfValue]) -> ClientCapabilities:
    """Read what a client sent; `connect` is its command object with keys in lower case. Nonsense counts as not said."""
    names: list[AmfValue] = []
    for key in ("fourcclist", "videofourccinfomap", "audiofourccinfomap"):
        match connect.get(key):
            case list(listed):
                names += listed
            case dict(
                mapped
            ):  # a map, or a list that a client writes as an ECMA array with the keys 0, 1, ...
                names += [*mapped, *mapped.values()]
    fourccs = [name for name in names if isinstance(name, str) and (len(name) == 4 or name == "*")]
    caps_ex = connect.get("capsex")
    bits = int(caps_ex) if isinstance(caps_ex, float) and 0 <= caps_ex < 1 << 31 else 0
    return ClientCapabilities(frozenset(fourccs[:_MAX_FOURCCS]), bits)
