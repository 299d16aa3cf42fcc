"""Samples to fragmented MP4: one moof+mdat per part and track, and the init section. PyAV, no clock, no I/O.

Each part is muxed in a container of its own (0.2 ms), because PyAV cannot flush one. The options are the whole point,
each was found necessary (libavformat/movenc.c):

- `empty_moov+frag_custom`: a fragment is written when the container is closed, and only then;
- `default_base_moof`: offsets are relative to the moof (A6);
- `frag_discont`, `use_editlist=0`, `avoid_negative_ts=disabled`: tfdt is the decode time given, also with B-frames;
- `skip_trailer`: nothing after the mdat.
"""

from fractions import Fraction
from io import BytesIO
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet as AvPacket

from common.media import CLOCK_HZ, MediaConfig, VideoConfig
from hls.cuts import Sample

MP4_OPTIONS = {
    "movflags": "empty_moov+default_base_moof+frag_custom+frag_discont+skip_trailer",
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",
}

BUFFER_BYTES = 1 << 18
"""PyAV hands out what it muxed in pieces of this size."""

LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1"}

DEMUX_OPTIONS = {"probesize": "32", "analyzeduration": "0"}


class FragmentError(ValueError):
    """The configuration or the samples cannot be muxed: the encoder's fault."""


class Muxer:
    """Makes the init section and the fragments of one track under one configuration.

    Raises:
        FragmentError: the decoder configuration is not usable.

    """

    def __init__(self, config: MediaConfig) -> None:
        self.timescale = CLOCK_HZ if isinstance(config, VideoConfig) else config.sample_rate
        """Ticks a second of the samples."""
        if isinstance(config, VideoConfig):
            self._values: dict[str, Any] = {"width": config.width, "height": config.height}
        else:
            # libavformat's own idea, from the AudioSpecificConfig, differs for HE-AAC.
            self._values = {
                "sample_rate": config.sample_rate,
                "layout": LAYOUTS.get(config.channels, "stereo"),
            }
        try:
            with _open_flv(config) as flv:
                first = self._mux([], 1, flv)
            self._template = av.open(BytesIO(first), "r", format="mp4", options=DEMUX_OPTIONS)
            self.init = self._mux([], 1, self._template)
            """ftyp and moov, no samples (A3)."""
        except (av.FFmpegError, ValueError, ArithmeticError, LookupError) as error:
            raise FragmentError(f"unusable {config.codec} configuration: {error}") from error

    def fragment(self, samples: tuple[Sample, ...], sequence: int) -> bytes:
        """Mux one part. `samples`: at least one, durations set, in this track's ticks; `sequence`: number in mfhd.

        Raises:
            FragmentError: libavformat refused the samples.

        """
        try:
            muxed = self._mux(samples, sequence, self._template)
        except (av.FFmpegError, ValueError, ArithmeticError) as error:
            raise FragmentError(f"cannot mux part {sequence}: {error}") from error
        return muxed[len(self.init) :]

    def _mux(
        self, samples: list[Sample] | tuple[Sample, ...], sequence: int, template: InputContainer
    ) -> bytes:
        out = _Pieces()
        options = {**MP4_OPTIONS, "fragment_index": str(sequence)}
        container = av.open(out, "w", format="mp4", options=options, buffer_size=BUFFER_BYTES)
        try:
            stream = container.add_stream_from_template(template.streams[0], opaque=True)
            stream.time_base = time_base = Fraction(1, self.timescale)
            for name, value in self._values.items():
                setattr(stream.codec_context, name, value)
            container.start_encoding()
            for sample in samples:
                packet = AvPacket(sample.data)
                packet.stream = stream
                packet.time_base = time_base
                packet.dts = sample.dts
                packet.pts = sample.dts + sample.cts
                packet.duration = sample.duration
                packet.is_keyframe = sample.keyframe
                container.mux_one(packet)
        finally:
            container.close()
        return b"".join(out.pieces)


class _Pieces:
    """What PyAV needs of a file: `write`."""

    __slots__ = ("pieces",)

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(data)
        return len(data)


def _open_flv(config: MediaConfig) -> InputContainer:
    """Open an FLV of one configuration tag: PyAV's only way to a stream with extradata that was not encoded here."""
    if isinstance(config, VideoConfig):
        kind, flags, body = 9, 1, b"\x17\x00\x00\x00\x00" + config.extradata
    else:
        kind, flags, body = 8, 4, b"\xaf\x00" + config.extradata
    tag = bytes([kind]) + len(body).to_bytes(3, "big") + bytes(7) + body
    head = b"FLV\x01" + bytes([flags]) + b"\x00\x00\x00\x09" + bytes(4)
    file = BytesIO(head + tag + len(tag).to_bytes(4, "big"))
    return av.open(file, "r", format="flv", options=DEMUX_OPTIONS)
