"""What the headers of all video codecs tell alike: a picture size that can be believed, and the transfer characteristics."""

from rtmp.bits import BitReader
from rtmp.errors import UndecodableError

UNSPECIFIED = 2
"""What H.273 calls colours, transfer characteristics or matrix of a stream that does not tell."""

_MAX_SIDE = 16_384
"""Pixels along a side; H.264 level 6.2 ends at 8 192 by 4 320 or, narrow, at 16 880, AV1 and VP9 at 16 384."""

_EXTENDED_SAR = 255


def check_size(width: int, height: int) -> None:
    """Check that a picture of this size can exist.

    Raises:
        UndecodableError: it cannot.
    """
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise UndecodableError(f"picture of {width} x {height}")


def read_transfer(bits: BitReader) -> int:
    """TransferCharacteristics of video usability information, which begins alike in H.264 (E.1.1) and HEVC (E.2.1).

    Raises:
        UndecodableError: it ends before it says.
    """
    if bits.u(1) and bits.u(8) == _EXTENDED_SAR:
        bits.skip(16 + 16)
    if bits.u(1):  # overscan_info_present_flag
        bits.skip(1)
    if not bits.u(1):  # video_signal_type_present_flag
        return UNSPECIFIED
    bits.skip(3 + 1)  # video_format, video_full_range_flag
    if not bits.u(1):  # colour_description_present_flag
        return UNSPECIFIED
    bits.skip(8)  # colour_primaries
    return bits.u(8)
