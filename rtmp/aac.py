"""AAC's AudioSpecificConfig (ISO 14496-3 1.6.2.1): rate, channels and frame length."""

from common.media import AudioConfig
from rtmp.bits import BitReader
from rtmp.errors import UndecodableError

_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}
_SBR = 5
_PS = 29
_ESCAPE = 31
_GENERAL_AUDIO = frozenset({1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23})
_SYNC_EXTENSION = 0x2B7


class AacFormat:
    """Raw AAC frames (`rtmp.formats.Format`)."""

    def __init__(self) -> None:
        self.config: AudioConfig | None = None

    def configure(self, record: bytes) -> None:
        """Take an AudioSpecificConfig."""
        self.config = parse_aac_config(record)

    def take(self, data: bytes) -> bytes:
        """Check one frame."""
        if not data:
            raise UndecodableError("empty audio frame")
        return data


def parse_aac_config(config: bytes) -> AudioConfig:
    """Read an AudioSpecificConfig.

    With spectral band replication the core's rate is the one that counts: a frame is 1024 core samples, so `sample_rate`
    and `samples_per_frame` agree however the decoder doubles them.

    Raises:
        UndecodableError: it is cut short, or has a rate or channel layout that cannot be told.
    """
    bits = BitReader(config, "AudioSpecificConfig")
    kind = codec = _object_type(bits)
    rate = _rate(bits)
    layout = bits.u(4)
    if kind in {_SBR, _PS}:
        _rate(bits)  # of the extension: what a decoder puts out
        kind = _object_type(bits)
        if kind == 22:
            bits.u(4)
    short_frames = bool(bits.u(1)) if kind in _GENERAL_AUDIO else False
    if layout not in _CHANNELS:
        raise UndecodableError(f"AAC channel configuration {layout}")
    if codec == kind and kind in _GENERAL_AUDIO and _has_sync_extension(config):
        codec = _SBR
    return AudioConfig(
        codec="mp4a",
        extradata=config,
        rfc6381=f"mp4a.40.{codec}",
        sample_rate=rate,
        channels=_CHANNELS[layout],
        samples_per_frame=960 if short_frames else 1024,
    )


def _object_type(bits: BitReader) -> int:
    kind = bits.u(5)
    return 32 + bits.u(6) if kind == _ESCAPE else kind


def _rate(bits: BitReader) -> int:
    index = bits.u(4)
    if index == 15:
        rate = bits.u(24)
        if not rate:
            raise UndecodableError("AAC sample rate 0")
        return rate
    if index >= len(_RATES):
        raise UndecodableError(f"AAC sample rate index {index}")
    return _RATES[index]


def _has_sync_extension(config: bytes) -> bool:
    """Backward compatible signalling: the sync word, object type 5 and the SBR flag behind a plain configuration.

    It stands behind GASpecificConfig, which has 3 bits for the layouts that we take: 16 bits into a 2-byte start.
    """
    if len(config) < 5:
        return False
    extension = int.from_bytes(config[2:5], "big")
    return extension >> 13 == _SYNC_EXTENSION and extension >> 8 & 0x1F == _SBR and bool(extension >> 7 & 1)
