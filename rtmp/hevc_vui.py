"""The way through an HEVC SPS from the picture size to the usability information, for the sake of one number (H.265 7.3.2.2.1).

HDR is told there and, by few encoders, in a metadata tag; the playlist has to name it.
"""

from rtmp.bits import BitReader
from rtmp.errors import UndecodableError
from rtmp.picture import UNSPECIFIED, read_transfer

_MAX_REF_PIC_SETS = 64
_MAX_PICTURES = 16
_MAX_LONG_TERM = 32


def read_sps_transfer(bits: BitReader, sub_layers: int) -> int:
    """TransferCharacteristics of an SPS that is read up to its conformance window; 2 where it does not tell, or is broken.

    Args:
        bits: stands behind the conformance window.
        sub_layers: sps_max_sub_layers_minus1.
    """
    try:
        _skip_to_usability(bits, sub_layers)
        return read_transfer(bits) if bits.u(1) else UNSPECIFIED
    except UndecodableError:
        return UNSPECIFIED


def _skip_to_usability(bits: BitReader, sub_layers: int) -> None:
    _skip_codes(bits, 2)  # bit depths
    order_count_bits = bits.ue() + 4
    each_layer = bits.u(1)  # sps_sub_layer_ordering_info_present_flag
    _skip_codes(bits, 3 * (sub_layers + 1 if each_layer else 1))
    _skip_codes(bits, 6)  # sizes of coding and transform blocks
    if bits.u(1) and bits.u(1):  # scaling_list_enabled_flag, sps_scaling_list_data_present_flag
        _skip_scaling_lists(bits)
    bits.skip(2)  # amp_enabled_flag, sample_adaptive_offset_enabled_flag
    if bits.u(1):  # pcm_enabled_flag
        bits.skip(4 + 4)
        _skip_codes(bits, 2)
        bits.skip(1)
    _skip_reference_sets(bits)
    if bits.u(1):  # long_term_ref_pics_present_flag
        bits.skip(_at_most(bits.ue(), _MAX_LONG_TERM) * (_at_most(order_count_bits, 16) + 1))
    bits.skip(2)  # sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag


def _skip_codes(bits: BitReader, count: int) -> None:
    for _ in range(count):
        bits.ue()


def _at_most(value: int, limit: int) -> int:
    if value > limit:
        raise UndecodableError("sequence parameter set with a number out of range")
    return value


def _skip_scaling_lists(bits: BitReader) -> None:
    """7.3.4."""
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if not bits.u(1):  # scaling_list_pred_mode_flag
                bits.ue()
                continue
            _skip_codes(bits, (size > 1) + min(64, 16 << 2 * size))


def _skip_reference_sets(bits: BitReader) -> None:
    """7.3.7: every set after the first may be told as what differs from the one before it."""
    pictures = 0
    for index in range(_at_most(bits.ue(), _MAX_REF_PIC_SETS)):
        if index and bits.u(1):  # inter_ref_pic_set_prediction_flag
            bits.skip(1)  # delta_rps_sign
            bits.ue()
            # used_by_curr_pic_flag, else use_delta_flag: a picture that has neither is not in the set.
            pictures = sum(bits.u(1) or bits.u(1) for _ in range(pictures + 1))
        else:
            pictures = _at_most(bits.ue(), _MAX_PICTURES) + _at_most(bits.ue(), _MAX_PICTURES)
            for _ in range(pictures):
                bits.ue()
                bits.skip(1)
