"""The server's side of an RTMP conversation, one state machine and so one file: bytes in, events out, answers to send.

    HANDSHAKE ──C2──▶ GREETING ──publish──▶ DECIDING ──accept──▶ PUBLISHING ──good-bye──▶ OVER
                                                     └─reject──▶ OVER

In DECIDING nothing more is parsed, so a client that does not wait for its answer loses nothing when it is accepted. The
answers are the set that OBS, ffmpeg, GStreamer, FMLE and their relatives all accept; see `_on_…`.
"""

import enum
from collections.abc import Generator

from rtmp.amf import UNDEFINED, AmfValue
from rtmp.capabilities import ClientCapabilities, parse_client_capabilities, server_capabilities
from rtmp.chunks import ChunkReader, ChunkWriter, RawMessage
from rtmp.clock import StreamClock
from rtmp.errors import LocalProtocolError, RemoteProtocolError, UndecodableError
from rtmp.events import (
    AudioReceived,
    Event,
    MessageDropped,
    MetadataReceived,
    PublishFinished,
    PublishRequested,
    VideoReceived,
)
from rtmp.feed import Feed
from rtmp.handshake import accept_handshake
from rtmp.limits import RtmpLimits
from rtmp.messages import (
    MEDIA_TYPES,
    PING_REQUEST,
    PING_RESPONSE,
    STREAM_BEGIN,
    Acknowledgement,
    Aggregate,
    Command,
    Data,
    Media,
    MessageType,
    Reply,
    SetChunkSize,
    SetPeerBandwidth,
    UserControl,
    WindowAcknowledgementSize,
    decode_message,
    encode_message,
)
from rtmp.target import split_target

DENIED = "NetStream.Publish.Denied"
"""The status code with which OBS stops for good and GStreamer reports a permission problem."""

_AUDIO, _VIDEO = MessageType.AUDIO.value, MessageType.VIDEO.value

_DYNAMIC_LIMIT = 2
_U32 = 0xFFFFFFFF

_CONTROL_CSID = 2
_COMMAND_CSID = 3
_STATUS_CSID = 5


class State(enum.Enum):
    """Where in the conversation a session is."""

    HANDSHAKE = enum.auto()
    GREETING = enum.auto()
    DECIDING = enum.auto()
    PUBLISHING = enum.auto()
    OVER = enum.auto()


_SPARE_MESSAGES = 1024
"""Messages that a read may always complete: what waited for a verdict is parsed in a read of no bytes."""

_READING = (State.PUBLISHING, State.GREETING)


class ServerSession:
    """One publisher's conversation. Call `data_to_send` after every other method."""

    def __init__(self, limits: RtmpLimits | None = None) -> None:
        self.client_capabilities = ClientCapabilities()
        """What the client said of itself in connect: for people to see, nothing depends on it."""
        self._limits = limits or RtmpLimits()
        self._state = State.HANDSHAKE
        self._feed = Feed()
        self._reader = ChunkReader(
            self._feed,
            max_message_bytes=self._limits.max_command_bytes,
            max_streams=self._limits.max_chunk_streams,
        )
        self._writer = ChunkWriter()
        self._clock = StreamClock()
        self._parser = self._parse()
        self._failure: RemoteProtocolError | None = None
        self._events: list[Event] = []
        self._outgoing: list[bytes] = []
        self._received_bytes = 0
        self._greeting_messages = 0
        self._messages_left = 0
        self._acknowledged_bytes = 0
        self._window_bytes = self._limits.window_bytes
        self._connect: dict[str, AmfValue] | None = None
        self._created_streams = 0
        self._stream_id = 0
        """Message stream id of the publish request."""

    @property
    def state(self) -> State:
        """Where in the conversation the session is."""
        return self._state

    @property
    def failure(self) -> RemoteProtocolError | None:
        """The peer's fault that ended the session, once it happened."""
        return self._failure

    def receive_data(self, data: bytes) -> list[Event]:
        """Feed peer bytes; return what they completed, oldest first.

        Raises:
            RemoteProtocolError: the peer broke the protocol; the session is dead. What came before the violation is
                returned first: then `failure` is set, and the next call raises.
        """
        if self._failure is None:
            self._received_bytes += len(data)
            self._messages_left = _SPARE_MESSAGES + len(data) // self._limits.min_message_bytes
            self._reader.expect(self._messages_left + _SPARE_MESSAGES)
            self._feed.push(data)
            try:
                next(self._parser)
                self._acknowledge()
            except RemoteProtocolError as error:
                # A generator that raised is finished: it must not be stepped again.
                self._failure = error
        events, self._events = self._events, []
        if self._failure is not None and not events:
            raise self._failure
        return events

    @property
    def buffered_bytes(self) -> int:
        """Payload bytes held of messages that have not arrived whole."""
        return self._reader.buffered_bytes

    @property
    def owes_answer(self) -> bool:
        """Whether `data_to_send` would give bytes."""
        return bool(self._outgoing)

    def data_to_send(self) -> bytes:
        """Take the bytes owed to the peer: whole messages, to be written in one go.

        Half a message would stall the sending thread of OBS and ffmpeg, which read in between.
        """
        if not self._outgoing:
            return b""
        outgoing = b"".join(self._outgoing)
        self._outgoing.clear()  # in place: the handshake holds on to the list
        return outgoing

    def accept(self) -> None:
        """Let the encoder that asked start. Call `receive_data(b"")` next: it may have sent more already.

        Raises:
            LocalProtocolError: no publish request is waiting.
        """
        self._decide(State.PUBLISHING)
        self._reader.max_message_bytes = self._limits.max_message_bytes
        self._send(UserControl(STREAM_BEGIN, self._stream_id), _CONTROL_CSID)
        self._send_status("status", "NetStream.Publish.Start", "Publishing.")

    def reject(self, code: str, description: str) -> None:
        """Tell the encoder that asked why it must not start; then send, wait a moment for it to leave, and close.

        Args:
            code: one that OBS knows, such as `DENIED`; with another one it waits for half a minute.
            description: one sentence; ffmpeg and GStreamer show it.

        Raises:
            LocalProtocolError: no publish request is waiting.
        """
        self._decide(State.OVER)
        self._send_status("error", code, description)

    def end(self, code: str, description: str) -> None:
        """Tell a publishing encoder why it must stop; then send and close. ffmpeg shows it, OBS does not read it.

        Raises:
            LocalProtocolError: nothing is being published.
        """
        if self._state is not State.PUBLISHING:
            raise LocalProtocolError(f"nothing to end in state {self._state.name}")
        self._state = State.OVER
        self._send_status("error", code, description)

    def _decide(self, state: State) -> None:
        if self._state is not State.DECIDING:
            raise LocalProtocolError(f"no publish request is waiting in state {self._state.name}")
        self._state = state

    # -- receiving -----------------------------------------------------------------------------------------------

    def _parse(self) -> Generator[None, None, None]:
        yield from accept_handshake(self._feed, self._outgoing.append)
        self._state = State.GREETING
        while True:
            while self._state in _READING and (raw := self._reader.next_message()) is not None:
                self._dispatch(raw)
            if self._state is State.OVER:
                self._feed.clear()
            elif self._state is State.GREETING:
                self._check_greeting_size()
            elif self._state is State.DECIDING and len(self._feed) > 2 * self._limits.max_command_bytes:
                raise RemoteProtocolError("media sent before publish was answered")
            yield

    def _dispatch(self, raw: RawMessage) -> None:
        self._messages_left -= 1
        if self._messages_left < 0:
            raise RemoteProtocolError("too many messages for their size")
        if self._state is State.GREETING:
            self._check_greeting(raw)
        if raw.type_id == _VIDEO:  # first, as these are nearly all messages
            self._events.append(VideoReceived(self._clock.unwrap(raw.timestamp), raw.payload))
        elif raw.type_id == _AUDIO:
            self._events.append(AudioReceived(self._clock.unwrap(raw.timestamp), raw.payload))
        else:
            self._dispatch_rest(raw)

    def _check_greeting(self, raw: RawMessage) -> None:
        """Hold what a stranger may send to the little that publishing needs."""
        if raw.type_id in MEDIA_TYPES:
            raise RemoteProtocolError("media before publish")
        self._greeting_messages += 1
        self._check_greeting_size()

    def _check_greeting_size(self) -> None:
        messages, parsed_bytes = self._greeting_messages, self._received_bytes - len(self._feed)
        if messages > self._limits.max_greeting_messages or parsed_bytes > self._limits.max_greeting_bytes:
            raise RemoteProtocolError(
                f"{messages} messages in {parsed_bytes} bytes without a publish request"
            )

    def _dispatch_rest(self, raw: RawMessage) -> None:
        if raw.type_id not in MEDIA_TYPES and len(raw.payload) > self._limits.max_command_bytes:
            self._events.append(
                MessageDropped(f"{len(raw.payload)} bytes in a message of type {raw.type_id}")
            )
            return
        try:
            message = decode_message(raw)
        except UndecodableError as error:
            self._events.append(MessageDropped(str(error)))
            return
        match message:
            case Command():
                self._on_command(message)
            case Data():
                self._on_data(message)
            case Aggregate(parts):
                self._events += map(self._media_event, parts)
            case UserControl(event=event, value=value):
                if event == PING_REQUEST:
                    self._send(UserControl(PING_RESPONSE, value), _CONTROL_CSID)
            case WindowAcknowledgementSize(window_bytes):
                self._window_bytes = window_bytes or self._limits.window_bytes
            case _:
                pass  # acknowledgements and bandwidth: what we send is too little to be paced

    def _media_event(self, media: Media) -> Event:
        kind = VideoReceived if media.type_id == MessageType.VIDEO else AudioReceived
        return kind(self._clock.unwrap(media.timestamp), media.body)

    def _acknowledge(self) -> None:
        """Send the running total once the peer's window is full; at most one a call, however small the window."""
        if (
            self._state is not State.HANDSHAKE
            and self._received_bytes - self._acknowledged_bytes >= self._window_bytes
        ):
            self._acknowledged_bytes = self._received_bytes
            self._send(Acknowledgement(self._received_bytes & _U32), _CONTROL_CSID)

    def _on_data(self, message: Data) -> None:
        # A Uniview camera sends 18 bytes of numbers before the name (ZLMediaKit issue 4800).
        values = list(message.values)
        while values and not isinstance(values[0], str):
            del values[0]
        if values[:1] == ["@setDataFrame"]:
            del values[0]
        match values:
            case ["onMetaData", dict(members), *_]:
                hints = {k: v for k, v in members.items() if isinstance(v, float | str | bool)}
                self._events.append(MetadataReceived(hints))
            case ["onMetaData", *_]:
                self._events.append(MessageDropped("onMetaData without an object"))
            case _:
                pass  # onTextData, onCuePoint, |RtmpSampleAccess and the like: nothing here has a use for them

    # -- commands ------------------------------------------------------------------------------------------------

    def _on_command(self, command: Command) -> None:
        match command.name:
            case "connect":
                self._on_connect(command)
            case "releaseStream" | "FCPublish" | "_checkbw":
                self._send_result(command, None, UNDEFINED)
            case "createStream":
                self._created_streams += 1
                self._send_result(command, None, self._created_streams)
            case "publish":
                self._on_publish(command)
            case "FCUnpublish" | "closeStream":
                self._finish()
            case "deleteStream":
                self._on_delete_stream(command)
            case "play" | "play2":
                self._on_play(command)
            case _:
                pass  # getStreamLength, FCSubscribe, …: clients go on without an answer

    def _on_connect(self, command: Command) -> None:
        if self._connect is not None:
            raise RemoteProtocolError("connect sent twice")
        # Keys in lower case: some clients write "tcurl". The object may be an ECMA array.
        members = command.arguments[0] if command.arguments else None
        members = members if isinstance(members, dict) else {}
        self._connect = {key.lower(): value for key, value in members.items()}
        self.client_capabilities = parse_client_capabilities(self._connect)
        self._send(WindowAcknowledgementSize(self._limits.window_bytes), _CONTROL_CSID)
        self._send(SetPeerBandwidth(self._limits.window_bytes, _DYNAMIC_LIMIT), _CONTROL_CSID)
        self._send(SetChunkSize(self._limits.chunk_bytes), _CONTROL_CSID)
        self._writer.chunk_bytes = self._limits.chunk_bytes
        information: dict[str, AmfValue] = {
            "level": "status",
            "code": "NetConnection.Connect.Success",
            "description": "Connection succeeded.",
            "objectEncoding": 0,
        }
        # Answered even when the transaction id is 0: nobody goes on without it.
        properties: dict[str, AmfValue] = {
            "fmsVer": "FMS/3,5,7,7009",
            "capabilities": 31,
            **server_capabilities(),
        }
        self._send(
            Command(0, "_result", command.transaction_id, [properties, information]),
            _COMMAND_CSID,
        )

    def _on_publish(self, command: Command) -> None:
        if self._connect is None:
            raise RemoteProtocolError("publish before connect")
        if self._state is not State.GREETING:
            raise RemoteProtocolError("publish sent twice")
        name = command.arguments[1] if len(command.arguments) > 1 else ""
        app, key = split_target(
            self._connect_text("app"), self._connect_text("tcurl"), name if isinstance(name, str) else ""
        )
        self._stream_id = command.stream_id
        self._state = State.DECIDING
        self._events.append(PublishRequested(app, key, self._connect_text("flashver")))

    def _connect_text(self, key: str) -> str:
        value = (self._connect or {}).get(key)
        return value if isinstance(value, str) else ""

    def _on_delete_stream(self, command: Command) -> None:
        # The id by the specification; GStreamer sends the stream's name instead.
        stream = command.arguments[1] if len(command.arguments) > 1 else None
        if not isinstance(stream, float) or stream == self._stream_id:
            self._finish()

    def _finish(self) -> None:
        if self._state is State.PUBLISHING:
            self._state = State.OVER
            self._events.append(PublishFinished())

    def _on_play(self, command: Command) -> None:
        self._stream_id = command.stream_id
        self._send_status(
            "error",
            "NetStream.Play.StreamNotFound",
            "This server only takes streams in; watch them over HLS.",
        )

    # -- sending -------------------------------------------------------------------------------------------------

    def _send(self, message: Reply, csid: int) -> None:
        self._outgoing.append(self._writer.write(encode_message(message), csid))

    def _send_result(self, command: Command, *values: AmfValue) -> None:
        # GStreamer sends releaseStream and FCPublish with transaction 0: it does not want an answer.
        if command.transaction_id:
            self._send(Command(0, "_result", command.transaction_id, list(values)), _COMMAND_CSID)

    def _send_status(self, level: str, code: str, description: str) -> None:
        # On the message stream of the publish request: GStreamer matches by it.
        information: dict[str, AmfValue] = {"level": level, "code": code, "description": description}
        self._send(Command(self._stream_id, "onStatus", 0, [None, information]), _STATUS_CSID)
