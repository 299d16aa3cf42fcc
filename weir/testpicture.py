"""The test picture's child process: encodes a moving picture with a clock and a beep, and publishes it in real time.

`python -m weir.testpicture` gets its orders, with the secret key, as one JSON line on stdin (`ps` shows arguments to
everybody), reports on stdout, and goes on until SIGTERM or until stdin closes, so that it dies with its parent.
"""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from fractions import Fraction

import av
import msgspec
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from weir.picture import Painter
from weir.rtmp_output import PublishError, RtmpOutput
from weir.testpicture_orders import Orders, Report
from weir.tone import SAMPLE_RATE, Tone

_KEYFRAME_S = 2
_AUDIO_BPS = 96_000
_AAC_FRAME = 1024
_AUDIO_LEAD = 4 * _AAC_FRAME
"""Samples by which sound is made ahead: FFmpeg holds a frame back until the other track has a later one, and the AAC
encoder has two frames in hand. With it no picture waits for sound."""

_STUCK_S = 2


class Pace:
    """Which frame comes next and how long it is until then. Time is seconds since the start."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._next = 0

    def next_frame(self, elapsed_s: float) -> tuple[int, float]:
        """Return (index, seconds to wait). Frames that are a whole frame late are left out: live means now."""
        index = max(self._next, int(elapsed_s * self._fps))
        self._next = index + 1
        return index, max(0.0, index / self._fps - elapsed_s)


class Encoder:
    """Paints, encodes and sends one test picture; media time 0 is the moment it was made."""

    def __init__(self, orders: Orders, output: RtmpOutput, now_s: float) -> None:
        self._orders, self._output = orders, output
        self._painter = Painter(orders.width, orders.height)
        self._tone = Tone(now_s % 1)
        self._samples = 0
        self._video = _video_stream(orders, output)
        self._audio = _audio_stream(output)

    def send_frame(self, index: int, now_s: float) -> None:
        """Send video frame `index`, drawn now (`now_s`: seconds since the Unix epoch), and the sound that belongs to it."""
        stream_s = index / self._orders.fps
        self._send_audio(round(stream_s * SAMPLE_RATE) + _AUDIO_LEAD)
        tenths = int(now_s * 10) % 10
        text = f"{time.strftime('%H:%M:%S', time.localtime(now_s))}.{tenths}"
        packed = self._painter.paint(stream_s, text, int(now_s * 1000))
        frame = av.VideoFrame.from_numpy_buffer(packed, format="yuv420p")
        frame.pts, frame.time_base = index, Fraction(1, self._orders.fps)
        self._output.mux(self._video.encode(frame))

    def finish(self) -> None:
        """Send what the encoders still hold."""
        self._output.mux([*self._video.encode(None), *self._audio.encode(None)])

    def _send_audio(self, until: int) -> None:
        while self._samples < until:
            frame = av.AudioFrame.from_ndarray(
                self._tone.samples(self._samples, _AAC_FRAME), format="fltp", layout="stereo"
            )
            frame.sample_rate, frame.pts, frame.time_base = (
                SAMPLE_RATE,
                self._samples,
                Fraction(1, SAMPLE_RATE),
            )
            self._output.mux(self._audio.encode(frame))
            self._samples += _AAC_FRAME


def _video_stream(orders: Orders, output: RtmpOutput) -> VideoStream:
    """x264 set for little CPU and no delay: a frame in, its packet out."""
    options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "threads": "1",
        "sc_threshold": "0",
        "maxrate": str(orders.video_bps),
        "bufsize": str(orders.video_bps),
        "x264-params": "colorprim=bt709:transfer=bt709:colormatrix=bt709",
    }
    stream = output.container.add_stream("libx264", rate=orders.fps, options=options)
    stream.width, stream.height, stream.pix_fmt = orders.width, orders.height, "yuv420p"
    stream.bit_rate, stream.gop_size = orders.video_bps, _KEYFRAME_S * orders.fps
    return stream


def _audio_stream(output: RtmpOutput) -> AudioStream:
    stream = output.container.add_stream("aac", rate=SAMPLE_RATE)
    stream.layout, stream.format, stream.bit_rate = "stereo", "fltp", _AUDIO_BPS
    return stream


def publish(orders: Orders, stop: threading.Event) -> None:
    """Publish in real time until `stop` is set. Blocking.

    Raises:
        PublishError: The server refused or hung up.
    """
    with RtmpOutput(orders.url) as output:
        encoder = Encoder(orders, output, time.time())
        output.connect()
        _say(Report(event="live"))
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        started, pace = time.monotonic(), Pace(orders.fps)
        while True:
            index, wait_s = pace.next_frame(time.monotonic() - started)
            if stop.wait(wait_s):
                break
            encoder.send_frame(index, time.time())
        encoder.finish()


def main() -> int:
    """The child process; until it is live, SIGTERM ends it without ceremony."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group: the parent decides
    orders = msgspec.json.decode(sys.stdin.buffer.readline(), type=Orders)
    stop = threading.Event()
    threading.Thread(target=_watch_stdin, args=(stop,), daemon=True).start()
    try:
        publish(orders, stop)
    except PublishError as error:
        _say(Report(event="failed", reason=str(error)))
        return 1
    return 0


def _watch_stdin(stop: threading.Event) -> None:
    """Stop when the parent is gone; leave by force when sending is stuck."""
    while os.read(
        0, 4096
    ):  # not through sys.stdin: a lock held by a daemon thread aborts the interpreter's exit
        pass
    stop.set()
    time.sleep(_STUCK_S)
    os._exit(1)


def _say(report: Report) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
