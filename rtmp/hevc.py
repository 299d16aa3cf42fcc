"""HEVC as far as ingest needs it: the decoder configuration record and the picture size in its SPS."""

from common.media import VideoConfig
from rtmp.bits import BitReader
from rtmp.errors import UndecodableError
from rtmp.hevc_vui import read_sps_transfer
from rtmp.nal import unescape
from rtmp.picture import check_size

LENGTH_AT = 21
"""Byte of the configuration record whose low bits tell the size of the NAL units' length fields."""

_HEAD_BYTES = 23
_SPS = 33
_PARAMETER_SETS = frozenset({32, _SPS, 34})
_CROP_UNITS = {0: (1, 1), 1: (2, 2), 2: (2, 1), 3: (1, 1)}
"""Width and height of a cropping unit by chroma format (H.265 table 6-1)."""

_PROFILE_SPACES = ("", "A", "B", "C")


def parse_hevc_config(record: bytes) -> VideoConfig:
    """Read an HEVCDecoderConfigurationRecord (ISO 14496-15 8.3.3.1).

    Raises:
        UndecodableError: it is cut short, or has no usable sequence parameter set. In-band sets do not help: the sample
            entry `hvc1` needs them in the record.
    """
    if len(record) < _HEAD_BYTES or record[0] != 1:
        raise UndecodableError("HEVC configuration record is cut short or of an unknown version")
    sps, record = _read_arrays(record)
    bits = BitReader(unescape(sps[2:]), "sequence parameter set")
    bits.skip(4)  # sps_video_parameter_set_id
    sub_layers = bits.u(3)
    width, height = _picture_size(bits, sub_layers)
    return VideoConfig(
        codec="hvc1",
        extradata=record,
        rfc6381=_codec_string(record),
        width=width,
        height=height,
        transfer=read_sps_transfer(bits, sub_layers),
    )


def _codec_string(record: bytes) -> str:
    """ISO 14496-15 annex E.3: profile, compatibility flags from the last to the first, tier and level, constraints."""
    profile = f"{_PROFILE_SPACES[record[1] >> 6]}{record[1] & 0x1F}"
    flags = int(f"{int.from_bytes(record[2:6], 'big'):032b}"[::-1], 2)
    tier = "H" if record[1] & 0x20 else "L"
    constraints = [f"{byte:X}" for byte in record[6:12].rstrip(b"\0")]
    return ".".join(["hvc1", profile, f"{flags:X}", f"{tier}{record[12]}", *constraints])


def _read_arrays(record: bytes) -> tuple[bytes, bytes]:
    """Go through the arrays of parameter sets, at most 255 of at most 65 535 each; return the first SPS, and the record
    with `array_completeness` set: mandatory under the sample entry `hvc1`, and ffmpeg sends it cleared.
    """
    marked = bytearray(record)
    sps = b""
    position = _HEAD_BYTES
    for _ in range(record[22]):
        head = record[position : position + 3]
        if len(head) < 3:
            raise UndecodableError("HEVC configuration record is cut short")
        kind = head[0] & 0x3F
        if kind in _PARAMETER_SETS:
            marked[position] |= 0x80
        position += 3
        for _ in range(int.from_bytes(head[1:], "big")):
            size = int.from_bytes(record[position : position + 2], "big")
            unit = record[position + 2 : position + 2 + size]
            if not size or len(unit) < size:
                raise UndecodableError("HEVC configuration record is cut short")
            if kind == _SPS:
                sps = sps or unit
            position += 2 + size
    if not sps:
        raise UndecodableError("HEVC configuration record without a sequence parameter set")
    return sps, bytes(marked)


def _picture_size(bits: BitReader, sub_layers: int) -> tuple[int, int]:
    """Luma width and height of an SPS (H.265 7.3.2.2.1) inside its conformance window."""
    bits.skip(1)  # sps_temporal_id_nesting_flag
    _skip_profile_tier_level(bits, sub_layers)
    bits.ue()  # sps_seq_parameter_set_id
    chroma_format = bits.ue()
    if chroma_format not in _CROP_UNITS:
        raise UndecodableError(f"HEVC chroma format {chroma_format}")
    if chroma_format == 3:
        bits.skip(1)  # separate_colour_plane_flag
    width, height = bits.ue(), bits.ue()
    if bits.u(1):
        unit_width, unit_height = _CROP_UNITS[chroma_format]
        left, right, top, bottom = (bits.ue() for _ in range(4))
        width -= unit_width * (left + right)
        height -= unit_height * (top + bottom)
    check_size(width, height)
    return width, height


def _skip_profile_tier_level(bits: BitReader, sub_layers: int) -> None:
    """H.265 7.3.3."""
    bits.skip(88 + 8)
    present = [(bits.u(1), bits.u(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.skip(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)
