"""The sample entry of each codec: what a decoder is told before the first frame. Pure.

Sources: ISO 14496-15 (avc1, hvc1), AV1 and VP codecs in ISO BMFF, ISO 14496-14 (mp4a), Opus and FLAC in ISO BMFF,
ETSI TS 102 366 annex F (ac-3, ec-3).
"""

import struct
from collections.abc import Callable

from common.media import AudioConfig, MediaConfig, VideoConfig
from hls.boxes import FragmentError, box, full_box

MAX_CONFIG_BYTES = 1 << 20
"""No decoder configuration is longer; the longest have a handful of parameter sets."""

MAX_FRAME_S = 1
"""Longer audio frames are no live media: not even one would fit a part."""

OPUS_HEAD = struct.Struct("<8sBBHIhB")
STREAMINFO_BYTES = 34

_72_DPI = 0x480000
_DEPTH_24_NO_ALPHA = 0x18
_MPEG4_AUDIO = 0x40
_AUDIO_STREAM = 0x15


def sample_entry(config: MediaConfig) -> bytes:
    """The one entry of stsd.

    Raises:
        FragmentError: the decoder configuration is not one of its codec.
        struct.error: a number does not fit.

    """
    if len(config.extradata) > MAX_CONFIG_BYTES:
        raise FragmentError(f"{config.codec} configuration of {len(config.extradata)} bytes")
    record = _RECORDS[config.codec](config.extradata)
    if isinstance(config, VideoConfig):
        return box(config.codec.encode(), _visual(config), record)
    return box(config.codec.encode(), _audio(config), record)


def _visual(config: VideoConfig) -> bytes:
    if config.width < 1 or config.height < 1:
        raise FragmentError(f"picture of {config.width}x{config.height}")
    size = (config.width, config.height)
    layout = ">6xH16xHHII4xH32xHh"
    return struct.pack(layout, 1, *size, _72_DPI, _72_DPI, 1, _DEPTH_24_NO_ALPHA, -1)


def _audio(config: AudioConfig) -> bytes:
    if config.sample_rate < 1 or config.channels < 1:
        raise FragmentError(f"sound of {config.sample_rate} Hz in {config.channels} channels")
    if not 1 <= config.samples_per_frame <= config.sample_rate * MAX_FRAME_S:
        raise FragmentError(f"{config.samples_per_frame} samples a frame at {config.sample_rate} Hz")
    # 16 bits before the point; 0 where the rate does not fit, as libavformat writes it. Decoders look into the record.
    rate = config.sample_rate if config.sample_rate < 1 << 16 else 0
    return struct.pack(">6xH8xHH4xI", 1, config.channels, 16, rate << 16)


def _checked(kind: bytes, shortest: int, first: int | None, record: bytes) -> bytes:
    """Return `record`, which is at least so long and, if one is given, begins with this byte."""
    if len(record) < shortest or (first is not None and record[0] != first):
        raise FragmentError(f"unusable {kind.decode()}: {record[:16].hex()}")
    return record


def _avcc(record: bytes) -> bytes:
    return box(b"avcC", _checked(b"avcC", 7, 1, record))


def _hvcc(record: bytes) -> bytes:
    return box(b"hvcC", _checked(b"hvcC", 23, 1, record))


def _av1c(record: bytes) -> bytes:
    return box(b"av1C", _checked(b"av1C", 4, 0x81, record))


def _vpcc(record: bytes) -> bytes:
    return full_box(b"vpcC", 1, 0, _checked(b"vpcC", 8, None, record))


def _esds(record: bytes) -> bytes:
    specific = _descriptor(5, _checked(b"AudioSpecificConfig", 2, None, record))
    # Bit rates of 0: unknown.
    decoder = _descriptor(4, struct.pack(">BB3xII", _MPEG4_AUDIO, _AUDIO_STREAM, 0, 0), specific)
    stream = _descriptor(3, struct.pack(">HB", 1, 0), decoder, _descriptor(6, b"\x02"))
    return full_box(b"esds", 0, 0, stream)


def _descriptor(tag: int, *content: bytes) -> bytes:
    """A descriptor of ISO 14496-1 with its length in four groups of seven bits, the form everybody writes."""
    body = b"".join(content)
    groups = [len(body) >> shift & 0x7F | 0x80 for shift in (21, 14, 7)]
    return bytes([tag, *groups, len(body) & 0x7F]) + body


def _dops(record: bytes) -> bytes:
    """OpusHead is little-endian (RFC 7845), dOps the same fields big-endian, without magic, as version 0."""
    _checked(b"OpusHead", OPUS_HEAD.size, ord("O"), record)
    magic, version, channels, pre_skip, rate, gain, family = OPUS_HEAD.unpack_from(record)
    if magic != b"OpusHead" or version >> 4 or not channels:
        raise FragmentError(f"unusable OpusHead: {record[:19].hex()}")
    mapping = record[OPUS_HEAD.size :][: 2 + channels] if family else b""
    if family and len(mapping) < 2 + channels:
        raise FragmentError("OpusHead without its channel mapping")
    return box(b"dOps", struct.pack(">BBHIhB", 0, channels, pre_skip, rate, gain, family), mapping)


def _dfla(record: bytes) -> bytes:
    last_block_streaminfo = bytes([0x80, 0, 0, STREAMINFO_BYTES])
    if len(record) != STREAMINFO_BYTES:
        raise FragmentError(f"STREAMINFO of {len(record)} bytes")
    return full_box(b"dfLa", 0, 0, last_block_streaminfo, record)


def _dac3(record: bytes) -> bytes:
    return box(b"dac3", _checked(b"dac3", 3, None, record))


def _dec3(record: bytes) -> bytes:
    return box(b"dec3", _checked(b"dec3", 5, None, record))


_RECORDS: dict[str, Callable[[bytes], bytes]] = {
    "avc1": _avcc,
    "hvc1": _hvcc,
    "av01": _av1c,
    "vp09": _vpcc,
    "mp4a": _esds,
    "Opus": _dops,
    "fLaC": _dfla,
    "ac-3": _dac3,
    "ec-3": _dec3,
}
