"""Opus as far as ingest needs it: the identification header (RFC 7845 5.1) and the length of packets (RFC 6716 3.1)."""

from common.media import AudioConfig
from rtmp.bits import pack_bits
from rtmp.errors import UndecodableError

_MAGIC = b"OpusHead"
_RATE = 48_000
"""Opus is decoded at this rate, whatever was recorded."""

_MAX_SAMPLES = 5760
"""Samples in a packet: 120 ms."""

_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)

_PLAIN_STEREO = _MAGIC + bytes([1, 2]) + pack_bits((0, 16)) + _RATE.to_bytes(4, "little") + bytes(3)
"""What an empty sequence start means (Enhanced RTMP v2: "default to mono/stereo mode")."""


class OpusFormat:
    """Opus packets (`rtmp.formats.Format`)."""

    def __init__(self) -> None:
        self.config: AudioConfig | None = None
        self._head = _PLAIN_STEREO
        self._channels = 2

    def configure(self, record: bytes) -> None:
        """Take an identification header. The next packet completes the configuration with its length."""
        if record.startswith(b"OpusTags"):
            return  # the comment header, which the specification allows here, too
        self._channels = _channels(record)
        self._head = record
        self.config = None

    def take(self, data: bytes) -> bytes:
        """Check one packet. One of another length starts a new configuration."""
        samples = _packet_samples(data)
        if self.config is None or self.config.samples_per_frame != samples:
            self.config = AudioConfig(
                codec="Opus",
                extradata=self._head,
                rfc6381="Opus",
                sample_rate=_RATE,
                channels=self._channels,
                samples_per_frame=samples,
            )
        return data


def _channels(head: bytes) -> int:
    if len(head) < 19 or not head.startswith(_MAGIC) or head[8] >> 4:
        raise UndecodableError("Opus header is cut short or of an unknown version")
    channels, family = head[9], head[18]
    if not channels or (family == 0 and channels > 2) or (family == 1 and channels > 8):
        raise UndecodableError(f"Opus header with {channels} channels in mapping family {family}")
    if family and len(head) < 21 + channels:
        raise UndecodableError("Opus header without its channel mapping")
    return channels


def _packet_samples(data: bytes) -> int:
    """Samples that a packet decodes to, from its table-of-contents byte; of several streams, the first tells for all."""
    if not data:
        raise UndecodableError("empty audio frame")
    mode, count_code = data[0] >> 3, data[0] & 3
    if mode < 12:
        frame = _SILK[mode & 3]
    elif mode < 16:
        frame = _HYBRID[mode & 1]
    else:
        frame = _CELT[mode & 3]
    if count_code < 3:
        count = 1 if count_code == 0 else 2
    elif len(data) < 2:
        raise UndecodableError("Opus packet cut short")
    else:
        count = data[1] & 0x3F
    if not 0 < count * frame <= _MAX_SAMPLES:
        raise UndecodableError(f"Opus packet of {count} frames")
    return count * frame
