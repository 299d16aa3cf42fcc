"""AV1 as far as ingest needs it: the configuration record, the sequence header, temporal units (AV1 specification 5.3-5.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from common.media import VideoConfig
from rtmp.bits import BitReader
from rtmp.errors import UndecodableError
from rtmp.picture import UNSPECIFIED, check_size

_SEQUENCE_HEADER = 1
_TEMPORAL_DELIMITER = 2
_MAX_OBUS = 1024
"""In one temporal unit. Encoders write two to ten; level 6.3 allows 128 tiles, each at most one OBU."""

_BT709, _SRGB, _IDENTITY = 1, 13, 0


class Av1Format:
    """AV1 temporal units (`rtmp.formats.Format`)."""

    def __init__(self) -> None:
        self.config: VideoConfig | None = None
        self._record = b""

    def configure(self, record: bytes) -> None:
        """Take an AV1CodecConfigurationRecord. Without a sequence header in it, the first key frame's tells the rest."""
        if len(record) < 4 or record[0] != 0x81:
            raise UndecodableError("AV1 configuration record is cut short or of an unknown version")
        header = _find_sequence_header(record[4:])
        self.config = None if header is None else _config(record, header)
        self._record = record

    def take(self, data: bytes) -> bytes:
        """Check one temporal unit and take its delimiters off: MP4 has none (AV1 in ISOBMFF 2.4)."""
        start = 0
        for obu in _split(data):
            if obu.kind == _TEMPORAL_DELIMITER and obu.start == start:
                start = obu.end
        unit = data[start:] if start else data
        if not unit:
            raise UndecodableError("empty AV1 temporal unit")
        if self.config is None and self._record:
            header = _find_sequence_header(unit)
            self.config = None if header is None else _config(self._record, header)
        return unit


class _Obu(NamedTuple):
    """One open bitstream unit, as positions in its buffer."""

    kind: int
    start: int
    payload: int
    end: int


def _split(data: bytes) -> Iterator[_Obu]:
    """Go through the OBUs. Raises `UndecodableError` where their sizes do not add up."""
    position = 0
    for _ in range(_MAX_OBUS):
        if position == len(data):
            return
        head, payload = data[position], position + 1
        payload += head >> 2 & 1  # extension
        size, payload = _leb128(data, payload) if head & 2 else (len(data) - payload, payload)
        end = payload + size
        if head & 0x80 or size < 0 or end > len(data):
            raise UndecodableError("AV1 OBU sizes do not add up")
        yield _Obu(head >> 3 & 15, position, payload, end)
        position = end
    raise UndecodableError(f"AV1 temporal unit of more than {_MAX_OBUS} OBUs")


def _leb128(data: bytes, position: int) -> tuple[int, int]:
    """Read a size (4.10.5); return it and the position behind it."""
    value = 0
    for index in range(8):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, position
    raise UndecodableError("AV1 OBU sizes do not add up")


def _find_sequence_header(data: bytes) -> bytes | None:
    for obu in _split(data):
        if obu.kind == _SEQUENCE_HEADER:
            return data[obu.payload : obu.end]
    return None


@dataclass(frozen=True, slots=True)
class _Color:
    """What color_config says (5.5.2)."""

    depth: int
    monochrome: int = 0
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    matrix: int = UNSPECIFIED
    full_range: int = 0
    subsampling_x: int = 1
    subsampling_y: int = 1
    sample_position: int = 0


def _config(record: bytes, header: bytes) -> VideoConfig:
    bits = BitReader(header, "AV1 sequence header")
    profile = bits.u(3)
    if profile > 2:
        raise UndecodableError(f"AV1 profile {profile}")
    bits.skip(1)  # still_picture
    reduced = bits.u(1)
    level, tier = (bits.u(5), 0) if reduced else _operating_point(bits)
    width_bits, height_bits = bits.u(4) + 1, bits.u(4) + 1
    width, height = bits.u(width_bits) + 1, bits.u(height_bits) + 1
    check_size(width, height)
    if not reduced and bits.u(1):  # frame_id_numbers_present_flag
        bits.skip(4 + 3)
    bits.skip(3)  # use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
    if not reduced:
        _skip_tools(bits)
    bits.skip(3)  # enable_superres, enable_cdef, enable_restoration
    color = _color(bits, profile)
    rfc6381 = _codec_string(profile, level, tier, color)
    return VideoConfig(
        codec="av01",
        extradata=record,
        rfc6381=rfc6381,
        width=width,
        height=height,
        transfer=color.transfer,
    )


def _operating_point(bits: BitReader) -> tuple[int, int]:
    """Level and tier of the first operating point; steps over timing and the other points (5.5.1)."""
    delay_bits = 0
    if bits.u(1):  # timing_info_present_flag
        bits.skip(32 + 32)
        if bits.u(1):  # equal_picture_interval
            bits.ue()
        if bits.u(1):  # decoder_model_info_present_flag
            delay_bits = bits.u(5) + 1
            bits.skip(32 + 5 + 5)
    initial_delay = bits.u(1)
    first = (0, 0)
    for index in range(bits.u(5) + 1):
        bits.skip(12)  # operating_point_idc
        level = bits.u(5)
        tier = bits.u(1) if level > 7 else 0
        if delay_bits and bits.u(1):
            bits.skip(2 * delay_bits + 1)
        if initial_delay and bits.u(1):
            bits.skip(4)
        if index == 0:
            first = level, tier
    return first


def _skip_tools(bits: BitReader) -> None:
    """Step over the tools that a reduced still picture header does not have (5.5.1)."""
    bits.skip(4)  # interintra and masked compound, warped motion, dual filter
    order_hint = bits.u(1)
    if order_hint:
        bits.skip(2)
    # seq_choose_screen_content_tools means 2, "select": so it goes on as if they were forced on.
    if (bits.u(1) or bits.u(1)) and not bits.u(1):
        bits.skip(1)  # seq_force_integer_mv
    if order_hint:
        bits.skip(3)


def _color(bits: BitReader, profile: int) -> _Color:
    depth = 10 if bits.u(1) else 8
    if profile == 2 and depth == 10 and bits.u(1):
        depth = 12
    monochrome = 0 if profile == 1 else bits.u(1)
    described = (bits.u(8), bits.u(8), bits.u(8)) if bits.u(1) else (UNSPECIFIED,) * 3
    if monochrome:
        return _Color(depth, 1, *described, full_range=bits.u(1))
    if described == (_BT709, _SRGB, _IDENTITY):
        return _Color(depth, 0, *described, full_range=1, subsampling_x=0, subsampling_y=0)
    full_range = bits.u(1)
    x, y = {0: (1, 1), 1: (0, 0)}.get(profile, (1, 0))
    if depth == 12:
        x = bits.u(1)
        y = bits.u(1) if x else 0
    position = bits.u(2) if x and y else 0
    return _Color(
        depth,
        0,
        *described,
        full_range=full_range,
        subsampling_x=x,
        subsampling_y=y,
        sample_position=position,
    )


def _codec_string(profile: int, level: int, tier: int, color: _Color) -> str:
    """AV1 in ISOBMFF 5: the optional fields all or none; none where they would say the default, or nothing."""
    text = f"av01.{profile}.{level:02}{'MH'[tier]}.{color.depth:02}"
    described = (color.primaries, color.transfer, color.matrix)
    layout = f"{color.subsampling_x}{color.subsampling_y}{color.sample_position}"
    plain = all(value in {_BT709, UNSPECIFIED} for value in described)
    if plain and layout == "110" and not color.monochrome and not color.full_range:
        return text
    colors = ".".join(f"{value:02}" for value in described)
    return f"{text}.{color.monochrome}.{layout}.{colors}.{color.full_range}"
