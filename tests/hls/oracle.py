"""libavformat as the second opinion: the same samples as one fragment, muxed by PyAV in a container of its own.

Each option was found necessary (libavformat/movenc.c): `empty_moov+frag_custom` writes one fragment, when the container
is closed; `default_base_moof` counts offsets from the moof; `frag_discont`, `use_editlist=0` and
`avoid_negative_ts=disabled` make tfdt the decode time given, also with B-frames; `skip_trailer` leaves out the rest.
"""

from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO

import av
from av.container import InputContainer
from av.packet import Packet as AvPacket

from common.media import CLOCK_HZ, AudioConfig, MediaConfig, VideoConfig
from hls.cuts import Sample

OPTIONS = {
    "movflags": "empty_moov+default_base_moof+frag_custom+frag_discont+skip_trailer",
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",
}


def init_and_fragment(config: MediaConfig, samples: Sequence[Sample], sequence: int) -> tuple[bytes, bytes]:
    """What libavformat makes of H.264 or AAC samples."""
    init = _mux(config, [], sequence)
    return init, _mux(config, samples, sequence)[len(init) :]


def _mux(config: MediaConfig, samples: Sequence[Sample], sequence: int) -> bytes:
    out = BytesIO()
    options = {**OPTIONS, "fragment_index": str(sequence)}
    time_base = Fraction(1, CLOCK_HZ if isinstance(config, VideoConfig) else config.sample_rate)
    with _flv(config) as template, av.open(out, "w", format="mp4", options=options) as mp4:
        stream = mp4.add_stream_from_template(template.streams[0], opaque=True)
        stream.time_base = time_base
        context = stream.codec_context
        if isinstance(config, VideoConfig) and isinstance(context, av.VideoCodecContext):
            context.width, context.height = config.width, config.height
        elif isinstance(config, AudioConfig) and isinstance(context, av.AudioCodecContext):
            context.sample_rate, context.layout = config.sample_rate, "stereo"
        mp4.start_encoding()
        for sample in samples:
            packet = AvPacket(sample.data)
            packet.stream, packet.time_base = stream, time_base
            packet.dts, packet.pts = sample.dts, sample.dts + sample.cts
            packet.duration, packet.is_keyframe = sample.duration, sample.keyframe
            mp4.mux_one(packet)
    return out.getvalue()


def _flv(config: MediaConfig) -> InputContainer:
    """An FLV of one configuration tag: PyAV's way to a stream with extradata that was not encoded here."""
    if isinstance(config, VideoConfig):
        kind, flags, body = 9, 1, b"\x17\x00\x00\x00\x00" + config.extradata
    else:
        kind, flags, body = 8, 4, b"\xaf\x00" + config.extradata
    tag = bytes([kind]) + len(body).to_bytes(3, "big") + bytes(7) + body
    head = b"FLV\x01" + bytes([flags]) + b"\x00\x00\x00\x09" + bytes(4)
    file = BytesIO(head + tag + len(tag).to_bytes(4, "big"))
    return av.open(file, "r", format="flv", options={"probesize": "32", "analyzeduration": "0"})
