"""FLAC as far as ingest needs it: STREAMINFO and the block size in frame headers (RFC 9639 8.2, 9.1)."""

from common.media import AudioConfig
from rtmp.bits import BitReader
from rtmp.errors import UndecodableError

_STREAM_INFO_BYTES = 34
_FIXED_BLOCKS = b"\xff\xf8"
_VARIABLE_BLOCKS = b"\xff\xf9"
_MIN_BLOCK = 16


class FlacFormat:
    """FLAC frames (`rtmp.formats.Format`)."""

    def __init__(self) -> None:
        self.config: AudioConfig | None = None
        self._stream_info = b""

    def configure(self, record: bytes) -> None:
        """Take a stream header. The next frame completes the configuration with its block size.

        Enhanced RTMP wants the magic and a metadata block; ffmpeg sends the bare 34 bytes of STREAMINFO.
        """
        info = record.removeprefix(b"fLaC")
        if len(info) != _STREAM_INFO_BYTES:
            if info[:1] not in {b"\x00", b"\x80"}:  # the type of the first block, and whether it is the last
                raise UndecodableError("FLAC header without STREAMINFO")
            info = info[4 : 4 + _STREAM_INFO_BYTES]
        if len(info) < _STREAM_INFO_BYTES:
            raise UndecodableError("FLAC header cut short")
        if not int.from_bytes(info[10:13], "big") >> 4:
            raise UndecodableError("FLAC sample rate 0")
        self._stream_info = info
        self.config = None

    def take(self, data: bytes) -> bytes:
        """Check one frame. In a stream of equal blocks only the last may be shorter."""
        block = _block_samples(data)
        config = self.config
        if config is None:
            if self._stream_info:
                self.config = _config(self._stream_info, block)
        elif block > config.samples_per_frame:
            raise UndecodableError(f"FLAC block of {block} samples among such of {config.samples_per_frame}")
        return data


def _config(info: bytes, block: int) -> AudioConfig:
    bits = BitReader(info[10:14], "STREAMINFO")
    rate, channels = bits.u(20), bits.u(3) + 1
    return AudioConfig(
        codec="fLaC",
        extradata=info,
        rfc6381="fLaC",
        sample_rate=rate,
        channels=channels,
        samples_per_frame=block,
    )


def _block_samples(frame: bytes) -> int:
    if not frame.startswith(_FIXED_BLOCKS):
        if frame.startswith(_VARIABLE_BLOCKS):
            raise UndecodableError("FLAC with blocks of varying size")
        raise UndecodableError("FLAC frame without its sync code")
    if len(frame) < 6:
        raise UndecodableError("FLAC frame cut short")
    code = frame[2] >> 4
    if code >= 8:
        return 256 << code - 8
    if code >= 6:
        # Behind the frame number, which is written like UTF-8: ones before the first zero tell its length.
        position = 4 + (8 - (frame[4] ^ 0xFF).bit_length() or 1)
        size = frame[position : position + code - 5]
        samples = int.from_bytes(size, "big") + 1
        if len(size) < code - 5 or samples < _MIN_BLOCK:
            raise UndecodableError("FLAC frame cut short")
        return samples
    if code == 0:
        raise UndecodableError("FLAC block of a reserved size")
    return 192 if code == 1 else 576 << code - 2
