"""One publisher between its socket and its publication, without any I/O: bytes in, bytes to send.

The driver decides how bytes are read, one socket a task or many sockets a tick; this object is the same for both. No
method waits, so nothing interleaves with a decision.
"""

from collections.abc import Callable
from typing import assert_never

from common.ingest import LinkStats, Publication, StreamMetadata
from common.media import Packet, Track
from rtmp.capabilities import ClientCapabilities
from rtmp.errors import LocalProtocolError, UndecodableError
from rtmp.events import (
    AudioReceived,
    Event,
    MessageDropped,
    MetadataReceived,
    PublishFinished,
    PublishRequested,
    VideoReceived,
)
from rtmp.flv import ExtraTrackFound, MediaItem, TagReader, UnsupportedCodec
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.multitrack import ExtraTrack
from rtmp.session import DENIED, ServerSession


class PublisherPump:
    """Feeds one publication from one session. Send `data_to_send` after every other method."""

    def __init__(self, limits: RtmpLimits, stats: RtmpStats) -> None:
        self.request: PublishRequested | None = None
        """The publish request, once made. Receive nothing more until it is answered."""
        self.finished = False
        """True once the encoder said good-bye."""
        self.notices: list[str] = []
        """Sentences for the log, at most a dozen a connection; the driver takes them away."""
        self.media_messages = 0
        """Whole audio and video messages that came, decodable or not."""
        self.link = LinkStats()
        """What was received and dropped, for the streamer to see."""
        self._session = ServerSession(limits)
        self._tags = TagReader()
        self._stats = stats
        self._publication: Publication | None = None
        self._dropped = False
        self._multitrack: set[Track] = set()

    def receive(self, data: bytes) -> None:
        """Take bytes from the encoder; hand what they completed to the publication.

        Raises:
            RemoteProtocolError: the peer broke the protocol. What came before has been handed on.
        """
        self._stats.received_bytes_total += len(data)
        self.link.received_bytes += len(data)
        for event in self._session.receive_data(data):
            self._on_event(event)
        if self._session.failure is not None:
            raise self._session.failure

    @property
    def buffered_bytes(self) -> int:
        """Bytes held of messages that have not arrived whole."""
        return self._session.buffered_bytes

    @property
    def extra_tracks(self) -> tuple[ExtraTrack, ...]:
        """The tracks that are not published because they are not track 0, with what has arrived of each."""
        return self._tags.extra_tracks

    @property
    def client_capabilities(self) -> ClientCapabilities:
        """What the encoder said of itself in connect; OBS says nothing."""
        return self._session.client_capabilities

    @property
    def owes_answer(self) -> bool:
        """Whether `data_to_send` would give bytes."""
        return self._session.owes_answer

    def data_to_send(self) -> bytes:
        """Take the bytes owed to the encoder: whole messages, to be written in one go."""
        return self._session.data_to_send()

    def accept(self, publication: Publication) -> None:
        """Let the encoder start, and hand its media to `publication` from now on.

        Raises:
            RemoteProtocolError: what it had sent already breaks the protocol.
        """
        self._publication = publication
        self._session.accept()
        self.receive(b"")

    def reject(self, description: str) -> None:
        """Tell the encoder why it must not start, in a way that makes it stop trying."""
        self._session.reject(DENIED, description)

    def end(self, description: str) -> None:
        """Tell a publishing encoder why it must stop; nothing to do if it left by itself."""
        if not self.finished:
            self._session.end(DENIED, description)

    def _on_event(self, event: Event) -> None:
        match event:
            case VideoReceived():
                self._on_tag(self._tags.read_video, event.dts_ms, event.body)
            case AudioReceived():
                self._on_tag(self._tags.read_audio, event.dts_ms, event.body)
            case MetadataReceived(values):
                # Before publish is accepted nobody wants it; no encoder sends it there.
                if self._publication is not None:
                    self._publication.handle(StreamMetadata(values))
            case MessageDropped(reason):
                self._drop(reason)
            case PublishRequested():
                self.request = event
            case PublishFinished():
                self.finished = True
            case _:
                assert_never(event)

    def _on_tag(self, read: Callable[[int, bytes], tuple[MediaItem, ...]], dts_ms: int, body: bytes) -> None:
        publication = self._publication
        if publication is None:
            raise LocalProtocolError("media without a publication")
        self.media_messages += 1
        try:
            items = read(dts_ms, body)
        except UndecodableError as error:
            self._drop(str(error))
            return
        for item in items:
            if isinstance(item, Packet):  # nearly all
                publication.handle(item)
            elif isinstance(item, UnsupportedCodec | ExtraTrackFound):
                self._on_unpublished(item)
            else:
                publication.handle(item)

    def _on_unpublished(self, item: UnsupportedCodec | ExtraTrackFound) -> None:
        name = f"{item.codec} {item.track.value}"
        if isinstance(item, UnsupportedCodec):
            self.link.unsupported.append(name)
            self.notices.append(f"{name} is not supported and is dropped")
            return
        self.link.extra_tracks += 1
        if item.track not in self._multitrack:
            self._multitrack.add(item.track)
            self.notices.append(
                f"{name} in track {item.track_id} is counted but not published: only track 0 is"
            )

    def _drop(self, reason: str) -> None:
        self._stats.undecodable_total += 1
        self.link.undecodable += 1
        if not self._dropped:
            self._dropped = True
            self.notices.append(f"dropped what cannot be decoded, first: {reason}")
