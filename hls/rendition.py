"""One media playlist of a stream with everything behind it: muxer, init sections, window, text."""

import re
from collections.abc import Callable

from common.media import MediaConfig, Track
from hls.answers import Directives, MediaAnswer, MediaReady, PlaylistReady, Refused, Wait
from hls.cuts import PartCut
from hls.fragments import FragmentError, Muxer
from hls.playlist import MediaPlaylist, Report
from hls.window import GONE, Control, Window

MEDIA_NAME = re.compile(
    r"p(?P<part>0|[1-9][0-9]{0,11})\.m4s|s(?P<segment>[1-9][0-9]{0,11})\.m4s|init-(?P<init>[1-9][0-9]{0,5})\.mp4"
)
"""Every name under a rendition but its playlist's."""


class Rendition:
    """Turns decisions about one track into what viewers can ask for.

    Args:
        track: which one.
        config: what its first segment will be.
        control: frozen for all renditions of the stream.
        window_s: see `Window`.
        keep_removed: see `Window`.
        reports: gives the other renditions' states when a playlist is rendered.

    """

    def __init__(
        self,
        track: Track,
        config: MediaConfig,
        control: Control,
        *,
        window_s: float,
        keep_removed: bool,
        reports: Callable[[], list[Report]],
    ) -> None:
        self.track = track
        self.config = config
        self.window = Window(control, window_s=window_s, keep_removed=keep_removed)
        self.frames = 0
        self.ticks = 0
        """Of `frames`, in the track's timescale."""
        self.undecodable = 0
        """Parts that could not be muxed; they are GAP parts."""
        self._playlist = MediaPlaylist(self.window, track.value[0], reports)
        self._muxer: Muxer | None = None
        self._init = 0

    def start_segment(self, config: MediaConfig, muxer: Muxer, *, date_s: float, discontinuity: bool) -> None:
        """The next part begins a segment; `muxer` is for `config`, and a changed one gets an init section of its own."""
        if self._muxer is None or config != self.config:
            self.config, self._muxer = config, muxer
            self._init += 1
            self.window.inits[self._init] = muxer.init
        self.window.start_segment(date_s=date_s, discontinuity=discontinuity, init=self._init)

    def add_part(self, cut: PartCut) -> None:
        """Mux a part and append it."""
        data = self._mux(cut)
        if data is not None:
            self.frames += len(cut.samples)
            self.ticks += cut.duration
        self.window.add_part(cut.duration / cut.timescale, data, independent=cut.independent)

    def _mux(self, cut: PartCut) -> bytes | None:
        if not cut.samples or self._muxer is None:
            return None
        try:
            return self._muxer.fragment(cut.samples, self.window.parts_made + 1)
        except FragmentError:
            self.undecodable += 1
            return None

    def report(self) -> Report:
        """Where the playlist stands, for the other renditions'."""
        return Report(f"../{self.track.value}/index.m3u8", self.window.last_msn, self.window.last_part)

    def check(self, directives: Directives) -> Wait | Refused | None:
        """Whether a playlist request must wait or is wrong; `None`: it can be answered."""
        return self.window.check(directives)

    def playlist(self, directives: Directives) -> PlaylistReady:
        """The current playlist, shortened if that was asked for and is possible (`v2` is taken as `YES`, F1)."""
        return self._playlist.get(delta=directives.skip is not None)

    def media(self, name: str) -> MediaAnswer:
        """An init section, a segment or a part by its file name."""
        match = MEDIA_NAME.fullmatch(name)
        if match is None:
            return GONE
        if number := match["part"]:
            return self.window.part(int(number))
        if number := match["segment"]:
            return self.window.segment(int(number))
        data = self.window.inits.get(int(match["init"]))
        return GONE if data is None else MediaReady((data,), len(data))
