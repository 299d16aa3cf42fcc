"""One media playlist of a stream with everything behind it: muxer, init sections, window, text."""

import re
from collections.abc import Callable

from common.media import MediaConfig, Track
from hls.answers import Directives, MediaAnswer, PlaylistReady, Refused, Wait
from hls.cuts import PartCut
from hls.date_ranges import DateRanges
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
        ranges: those of the stream.
        reports: gives the other renditions' states when a playlist is rendered.

    """

    def __init__(
        self,
        track: Track,
        config: MediaConfig,
        control: Control,
        *,
        window_s: float,
        ranges: DateRanges,
        reports: Callable[[], list[Report]],
    ) -> None:
        self.track = track
        self.config = config
        self.window = Window(control, window_s=window_s)
        self.frames = 0
        """Under the current configuration."""
        self.ticks = 0
        """Of `frames`, in the track's timescale."""
        self.frame_ticks: float | None = None
        """Duration of a frame at the start of a configuration that came later; `None` under the first one."""
        self.undecodable = 0
        """Parts that could not be muxed; they are GAP parts."""
        self._playlist = MediaPlaylist(self.window, ranges, track.value[0], reports)
        self._muxer: Muxer | None = None
        self._init = 0
        self._next: MediaConfig | None = None
        """What `window.next_init` is for."""

    def announce(self, config: MediaConfig, muxer: Muxer) -> None:
        """This configuration is coming: hint its init section, if it will be another one."""
        if self._muxer is None or muxer.init == self._muxer.init:
            self._next = None
            self.window.withdraw_init()
        elif config != self._next:
            self._next = config
            self.window.announce_init(muxer.init)

    def start_segment(self, config: MediaConfig, muxer: Muxer, *, date_s: float, discontinuity: bool) -> None:
        """The next part begins a segment; `muxer` is for `config`, and a changed one gets an init section of its own."""
        changed = self._muxer is None or muxer.init != self._muxer.init
        self.config, self._muxer = config, muxer
        if changed:
            announced = self.window.next_init if config == self._next else None
            self._init = announced or self.window.announce_init(muxer.init)
            self._next = None
            self.frames = self.ticks = 0
        self.window.start_segment(date_s=date_s, discontinuity=discontinuity, init=self._init)

    def add_part(self, cut: PartCut) -> None:
        """Mux a part and append it."""
        data = self._mux(cut)
        if data is not None:
            if not self.frames and self._init > 1:
                self.frame_ticks = cut.duration / len(cut.samples)
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
        """The current playlist, shortened if that was asked for and is possible."""
        return self._playlist.get(directives.skip)

    def media(self, name: str) -> MediaAnswer:
        """An init section, a segment or a part by its file name."""
        match = MEDIA_NAME.fullmatch(name)
        if match is None:
            return GONE
        if number := match["part"]:
            return self.window.part(int(number))
        if number := match["segment"]:
            return self.window.segment(int(number))
        return self.window.init(int(match["init"]))
