"""VP9 as far as ingest needs it: the configuration record, and the picture size, which only key frames tell."""

from common.media import VideoConfig
from rtmp.bits import BitReader
from rtmp.errors import UndecodableError
from rtmp.picture import check_size

_FULL_BOX_HEAD = b"\x01\0\0\0"
_SYNC_CODE = 0x498342
_RGB = 7
_DEFAULT_COLORS = frozenset({1, 2})
"""BT.709 and unspecified: both leave the optional fields of the codec string out."""

_LEVELS = (
    (36_864, 10), (73_728, 11), (122_880, 20), (245_760, 21), (552_960, 30), (983_040, 31), (2_228_224, 40),
    (8_912_896, 50), (35_651_584, 60),
)  # fmt: skip
"""Largest luma picture of a level (VP9 levels, webmproject.org)."""


class Vp9Format:
    """VP9 frames and superframes (`rtmp.formats.Format`)."""

    def __init__(self) -> None:
        self.config: VideoConfig | None = None
        self._record = b""

    def configure(self, record: bytes) -> None:
        """Take a VPCodecConfigurationRecord. The next key frame completes the configuration.

        ffmpeg sends the whole content of a `vpcC` box, so with version and flags before the record; a record's own third
        byte is never 0, as it starts with the bit depth.
        """
        if record.startswith(_FULL_BOX_HEAD):
            record = record[4:]
        if len(record) < 8:
            raise UndecodableError("VP9 configuration record is cut short")
        if record[0] > 3 or record[2] >> 4 not in {8, 10, 12}:
            raise UndecodableError("VP9 configuration record of an unknown profile or bit depth")
        self.config = None
        self._record = record

    def take(self, data: bytes) -> bytes:
        """Check one frame."""
        if not data or data[0] >> 6 != 2:
            raise UndecodableError("VP9 frame without its marker")
        if self._record and (size := _key_frame_size(data)) is not None:
            config = self.config
            if config is None or (config.width, config.height) != size:
                self.config = _config(self._record, *size)
        return data


def _config(record: bytes, width: int, height: int) -> VideoConfig:
    check_size(width, height)
    return VideoConfig(
        codec="vp09",
        extradata=record,
        rfc6381=_codec_string(record, width * height),
        width=width,
        height=height,
        transfer=record[4],
    )


def _codec_string(record: bytes, pixels: int) -> str:
    """VP codec ISO media binding, "codecs parameter string": optional fields all or none."""
    profile, level, depth = record[0], record[1], record[2] >> 4
    subsampling, full_range = record[2] >> 1 & 7, record[2] & 1
    if not level:  # "undefined" in a record, but no value that players know
        level = next((level for limit, level in _LEVELS if pixels <= limit), 62)
    text = f"vp09.{profile:02}.{level:02}.{depth:02}"
    if subsampling == 1 and not full_range and _DEFAULT_COLORS.issuperset(record[3:6]):
        return text
    colors = ".".join(f"{value:02}" for value in record[3:6])
    return f"{text}.{subsampling:02}.{colors}.{full_range:02}"


def _key_frame_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a key frame (VP9 bitstream 6.2), `None` of another frame."""
    bits = BitReader(data[:16], "VP9 frame header")
    bits.skip(2)
    profile = bits.u(1) | bits.u(1) << 1
    if profile == 3:
        bits.skip(1)
    shown_again, not_key = bits.u(1), bits.u(1)
    if shown_again or not_key:
        return None
    bits.skip(2)  # show_frame, error_resilient_mode
    if bits.u(24) != _SYNC_CODE:
        raise UndecodableError("VP9 key frame without its sync code")
    if profile >= 2:
        bits.skip(1)  # ten_or_twelve_bit
    if bits.u(3) != _RGB:
        bits.skip(1)  # color_range
        bits.skip(3 if profile & 1 else 0)  # subsampling
    else:
        bits.skip(1 if profile & 1 else 0)
    return bits.u(16) + 1, bits.u(16) + 1
