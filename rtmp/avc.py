"""H.264 as far as ingest needs it: the decoder configuration record and the picture size in its SPS."""

from dataclasses import dataclass

from common.media import VideoConfig
from rtmp.bits import BitReader
from rtmp.errors import UndecodableError
from rtmp.nal import unescape
from rtmp.picture import UNSPECIFIED, check_size, read_transfer

LENGTH_AT = 4
"""Byte of the configuration record whose low bits tell the size of the NAL units' length fields."""

_CHROMA_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles whose SPS carries the chroma format (H.264 7.3.2.1.1)."""


def parse_avc_config(record: bytes) -> VideoConfig:
    """Read an AVCDecoderConfigurationRecord (ISO 14496-15 5.3.3.1).

    Raises:
        UndecodableError: it is cut short, or has no usable sequence parameter set.
    """
    if len(record) < 7 or record[0] != 1:
        raise UndecodableError("AVC configuration record is cut short or of an unknown version")
    if not record[5] & 0x1F:
        raise UndecodableError("AVC configuration record without a sequence parameter set")
    size = int.from_bytes(record[6:8], "big")
    sps = record[8 : 8 + size]
    if len(sps) < max(size, 4) or sps[0] & 0x1F != 7:
        raise UndecodableError("AVC configuration record without a whole sequence parameter set")
    bits = BitReader(unescape(sps[1:]), "sequence parameter set")
    width, height = _picture_size(bits)
    return VideoConfig(
        codec="avc1",
        extradata=record,
        rfc6381=f"avc1.{record[1:4].hex()}",
        width=width,
        height=height,
        transfer=_transfer(bits),
    )


@dataclass(frozen=True, slots=True)
class _Chroma:
    """Cropping units of a chroma format (table 6-1)."""

    width: int = 2
    height: int = 2


def _picture_size(bits: BitReader) -> tuple[int, int]:
    """Luma width and height of an SPS (7.3.2.1.1), cropped."""
    profile = bits.u(8)
    bits.u(16)  # constraint flags, level
    bits.ue()  # seq_parameter_set_id
    chroma = _read_chroma(bits) if profile in _CHROMA_PROFILES else _Chroma()
    bits.ue()  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.ue()  # max_num_ref_frames
    bits.u(1)  # gaps_in_frame_num_value_allowed_flag
    width = 16 * (bits.ue() + 1)
    map_units = 16 * (bits.ue() + 1)
    frame_mbs_only = bits.u(1)
    if not frame_mbs_only:
        bits.u(1)  # mb_adaptive_frame_field_flag
    bits.u(1)  # direct_8x8_inference_flag
    fields = 2 - frame_mbs_only
    height = map_units * fields
    if bits.u(1):
        left, right, top, bottom = (bits.ue() for _ in range(4))
        width -= chroma.width * (left + right)
        height -= chroma.height * fields * (top + bottom)
    check_size(width, height)
    return width, height


def _transfer(bits: BitReader) -> int:
    """What follows the picture size in an SPS: a bit, then usability information, if any."""
    try:
        return read_transfer(bits) if bits.u(1) else UNSPECIFIED
    except UndecodableError:
        return UNSPECIFIED  # an encoder that cuts off what most decoders do not read


def _read_chroma(bits: BitReader) -> _Chroma:
    chroma_format = bits.ue()
    separate_planes = bits.u(1) if chroma_format == 3 else 0
    bits.ue()  # bit_depth_luma_minus8
    bits.ue()  # bit_depth_chroma_minus8
    bits.u(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.u(1):
        for index in range(12 if chroma_format == 3 else 8):
            if bits.u(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    if separate_planes or chroma_format in {0, 3}:
        return _Chroma(1, 1)
    return _Chroma(2, 2 if chroma_format == 1 else 1)


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) & 0xFF
        last = following or last


def _skip_picture_order(bits: BitReader) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits.u(1)  # delta_pic_order_always_zero_flag
        bits.se()  # offset_for_non_ref_pic
        bits.se()  # offset_for_top_to_bottom_field
        cycle = bits.ue()
        if cycle > 255:
            raise UndecodableError("sequence parameter set with a number out of range")
        for _ in range(cycle):
            bits.se()
