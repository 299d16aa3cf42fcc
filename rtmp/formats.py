"""The codecs that weir packages, as ingest sees them: one small object a codec, behind one protocol.

A format turns what RTMP carries into what an MP4 sample holds, and knows when its decoder configuration is complete.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from common.media import MediaConfig
from rtmp.aac import AacFormat
from rtmp.ac3 import Ac3Format, Eac3Format
from rtmp.av1 import Av1Format
from rtmp.avc import LENGTH_AT as AVC_LENGTH_AT
from rtmp.avc import parse_avc_config
from rtmp.flac import FlacFormat
from rtmp.hevc import LENGTH_AT as HEVC_LENGTH_AT
from rtmp.hevc import parse_hevc_config
from rtmp.nal import NalFormat
from rtmp.opus import OpusFormat
from rtmp.vp9 import Vp9Format


class Format(Protocol):
    """One codec's rules, and the configuration in use."""

    @property
    def config(self) -> MediaConfig | None:
        """Complete decoder configuration; `None` while a sequence start or a telling frame is missing.

        The same object as long as nothing changed: it is compared by identity for every packet.
        """

    def configure(self, record: bytes) -> None:
        """Take the content of a sequence start, never empty; `config` may wait for the next frame after it.

        Raises:
            UndecodableError: it makes no sense; what was in use stays.
        """

    def take(self, data: bytes) -> bytes:
        """Check one frame, complete `config` from it if needed, and return it as an MP4 sample.

        Raises:
            UndecodableError: it would not play; nothing changed.
        """


VIDEO_FORMATS: Mapping[str, Callable[[], Format]] = {
    "avc1": partial(NalFormat, parse_avc_config, AVC_LENGTH_AT),
    "hvc1": partial(NalFormat, parse_hevc_config, HEVC_LENGTH_AT),
    "av01": Av1Format,
    "vp09": Vp9Format,
}
"""By fourcc; calling one gives a fresh format."""

AUDIO_FORMATS: Mapping[str, Callable[[], Format]] = {
    "mp4a": AacFormat,
    "Opus": OpusFormat,
    "fLaC": FlacFormat,
    "ac-3": Ac3Format,
    "ec-3": Eac3Format,
}
"""As `VIDEO_FORMATS`."""
