"""The people of `bench.chat`: a process with thousands of raw sockets, told what to do by lines of JSON on its stdin.

`python -m bench.chat_load` is for `bench.chat`, not for people. It must never be the bottleneck, so it is one loop around
epoll, without tasks, and what thousands of members are sent alike is read only once. It measures its own CPU.
"""

import errno
import json
import os
import select
import socket
import sys
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.chat_wire import (
    Seen,
    accepted_stamp,
    handshake,
    irc_join,
    join_request,
    last_position,
    privmsg,
    read_frames,
    read_lines,
    send_request,
    stamped_text,
)
from common.limits import raise_open_files_limit

RECEIVE_BYTES = 65_536
BUCKET_NS = 100_000
"""Delays are counted in steps of 0.1 ms."""
EVENTS = 256
"""Sockets served before a message that is due is sent."""
_SAME = 32
"""Pieces that are remembered."""
_BIND_LATER = 24
"""IP_BIND_ADDRESS_NO_PORT, which Python has no name for: the port is chosen when the destination is known."""
_OPENS_S = 600.0
_TRIES = 3
"""To come in."""


@dataclass(slots=True)
class Measured:
    """What a process saw in a while. Travels as JSON."""

    seconds: float = 0.0
    sent: int = 0
    deliveries: int = 0
    cpu_s: float = 0.0
    waited_s: float = 0.0
    """That the load could have run, but others had its core."""
    cut: int = 0
    """Connections that the server ended."""
    opened: int = 0
    """Joined rooms."""
    again: int = 0
    """Times that the server hung up on somebody who was not in yet, who then came again, as a page does."""
    recovered: int = 0
    """Those who were told that they got all they had missed."""
    refused: list[str] = field(default_factory=list)
    """Why, up to three of them."""
    delays: dict[str, int] = field(default_factory=dict)
    """How many messages took how long, in steps of `BUCKET_NS`, from send to socket."""
    accepted: list[int] = field(default_factory=list)
    """With a ledger: stamps of the messages that the server said it had taken."""
    heard: list[list[int]] = field(default_factory=list)
    """With a ledger: the lists of messages that members heard, each different one once; one, if all heard the same."""


@dataclass(slots=True)
class _Member:
    fd: int
    sock: socket.socket
    source: str
    token: str | None
    since: tuple[str, int] | None
    rest: bytes = b""
    state: str = "connecting"
    heard: list[int] = field(default_factory=list)
    """Stamps of the messages, where a ledger is kept."""
    tries: int = 1


class Crowd:
    """Connections to one server, in one room."""

    def __init__(self, port: int, channel: str, *, protocol: str, sources: int) -> None:
        """`protocol`: `json` or `irc`; `sources`: how many addresses of loopback to come from."""
        self._port = port
        self._channel = channel
        self._is_irc = protocol == "irc"
        self._sources = sources
        self._read: Callable[[bytes], Seen] = read_lines if self._is_irc else read_frames
        self._epoll = select.epoll()
        self._members: dict[int, _Member] = {}
        self._known: OrderedDict[bytes, Seen] = OrderedDict()
        self._measured = Measured()
        self._delays: Counter[int] = Counter()
        self._senders: list[_Member] = []
        self._next_sender = 0
        self._witness = -1
        self._witnessed = 0
        self._opened = 0
        self._accepted_stamps: list[int] = []
        self._refuge: int | None = None
        self.position: tuple[str, int] | None = None
        """From the last answer to a join: epoch and offset."""

    def keep_ledger(self, refuge: int) -> None:
        """From now on note what every member hears, and let those who are cut off resume at the port `refuge`."""
        self._refuge = refuge

    def ledger(self) -> Measured:
        """Tell what was noted."""
        heard = {tuple(member.heard) for member in self._members.values()}
        return Measured(
            accepted=self._accepted_stamps, heard=[list(one) for one in heard], opened=len(self._members)
        )

    def open(
        self, members: int, tokens: Sequence[str], *, at_once: int, since: tuple[str, int] | None = None
    ) -> Measured:
        """Let people in, of whom the first ones have tokens, at most `at_once` at the same moment; wait for all."""
        wanted = self._waiting_list(members, tokens, since)
        with self._measuring() as measured:
            goal, left, deadline = members, members, time.monotonic() + _OPENS_S
            self._opened = 0
            while self._opened + measured.cut < goal and time.monotonic() < deadline:
                while left and members - left - self._opened - measured.cut < at_once:
                    self._connect(*next(wanted))
                    left -= 1
                self._turn(0.1)
            measured.opened = self._opened
        return measured

    def run(self, seconds: float, *, rate: float, in_flight: int, text_bytes: int) -> Measured:
        """Listen, and talk: `rate` messages a second, or always `in_flight` that the last member has not got."""
        with self._measuring() as measured:
            began = time.monotonic()
            end, self._witnessed = began + seconds, 0
            while (now := time.monotonic()) < end:
                if in_flight:
                    due = self._witnessed + in_flight
                else:
                    due = int((now - began) * rate) + 1 if rate else 0
                while measured.sent < due and self._senders:
                    self._say(text_bytes)
                until = began + measured.sent / rate if rate and not in_flight else end
                self._turn(max(0.0, min(until, end) - time.monotonic()))
        return measured

    def drop(self) -> None:
        """Hang up, all at once."""
        for member in self._members.values():
            member.sock.close()
        self._members.clear()
        self._senders.clear()

    def _waiting_list(
        self, members: int, tokens: Sequence[str], since: tuple[str, int] | None
    ) -> Iterator[tuple[str, str | None, tuple[str, int] | None]]:
        for number in range(members):
            source = f"127.0.0.{2 + number % self._sources}"
            yield source, tokens[number] if number < len(tokens) else None, since

    def _connect(
        self,
        source: str,
        token: str | None,
        since: tuple[str, int] | None,
        heard: list[int] | None = None,
        tries: int = 1,
    ) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_IP, _BIND_LATER, 1)
        sock.bind((source, 0))
        failed = sock.connect_ex(("127.0.0.1", self._port))
        if failed not in {0, errno.EINPROGRESS}:
            sock.close()
            self._note_refusal(os.strerror(failed))
            self._measured.cut += 1
            return
        member = self._members[sock.fileno()] = _Member(sock.fileno(), sock, source, token, since)
        member.heard = member.heard if heard is None else heard
        member.tries = tries
        self._epoll.register(member.fd, select.EPOLLOUT)

    def _turn(self, wait_s: float) -> None:
        """Serve the sockets that have something."""
        members, known, delays, turned = self._members, self._known, self._delays, self._measured
        last, last_seen = b"", Seen()
        for fd, mask in self._epoll.poll(wait_s, EVENTS):
            member = members[fd]
            if member.state == "connecting":
                self._greet(member)
                continue
            try:
                data = os.read(fd, RECEIVE_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self._hung_up(member, mask)
                continue
            if member.rest:
                data = member.rest + data
            if member.state == "shaking hands" and not (data := self._accepted(member, data)):
                continue
            if data == last:  # many times quicker than a look at the dictionary, which reads all of it, too
                seen = last_seen
            else:
                last, last_seen = data, known.get(data) or self._look(data)
                seen = last_seen
            member.rest = data[seen.used :] if seen.used != len(data) else b""
            if seen.answers or seen.pings or seen.has_ended or seen.position:
                self._answer(member, seen)
            now_ns = time.monotonic_ns()
            for stamp_ns in seen.stamps_ns:
                delays[(now_ns - stamp_ns) // BUCKET_NS] += 1
            turned.deliveries += len(seen.stamps_ns)
            if fd == self._witness:
                self._witnessed += len(seen.stamps_ns)

    def _look(self, data: bytes) -> Seen:
        """Read what was not read before, and remember it: the next members get the same."""
        seen = self._read(data)
        if self._refuge is not None and seen.stamps_ns:
            seen.position = last_position(data[: seen.used])
        if seen.stamps_ns:
            self._known[data] = seen
            if len(self._known) > _SAME:
                self._known.popitem(last=False)
        return seen

    def _greet(self, member: _Member) -> None:
        error = member.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._lose(member, os.strerror(error))
            return
        self._epoll.modify(member.fd, select.EPOLLIN)
        if self._is_irc:
            member.state = "joining"
            member.sock.send(irc_join(self._channel, member.token))
        else:
            member.state = "shaking hands"
            member.sock.send(handshake(member.token))

    def _accepted(self, member: _Member, data: bytes) -> bytes:
        """Read the answer to the handshake; give what came behind it."""
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            member.rest = data
        elif not head.startswith(b"HTTP/1.1 101"):
            self._lose(member, head.split(b"\r\n")[0].decode("latin-1"))
            return b""
        else:
            member.state, member.rest = "joining", b""
            member.sock.send(join_request(self._channel, member.since))
        return rest

    def _answer(self, member: _Member, seen: Seen) -> None:
        if seen.position is not None:
            member.since = seen.position
            member.heard += seen.stamps_ns
        for ping in seen.pings:
            member.sock.send(ping)
        if seen.has_ended:
            self._lose(member, "the server said good-bye")
            return
        if member.state == "joining":
            for answer in seen.answers:
                self._note_join(member, answer)
        elif member.token:
            self._note_refusals(seen.answers)
            if self._refuge is not None:
                stamps = map(accepted_stamp, seen.answers)
                self._accepted_stamps += [stamp for stamp in stamps if stamp is not None]

    def _note_join(self, member: _Member, answer: bytes) -> None:
        if self._is_irc:
            joined = b" 366 " in answer
        else:
            joined = b'"request_id":"join","ok":true' in answer
            if not joined and b'"ok":false' in answer:
                self._lose(member, answer.decode()[:300])
        if joined:
            member.state = "member"
            self._opened += 1
            self._witness = member.fd
            self._measured.recovered += b'"recovered":true' in answer
            if member.token:
                self._senders.append(member)
            if self.position is None and not self._is_irc and b'"epoch"' in answer:
                payload = json.loads(answer)["payload"]
                self.position = payload["epoch"], payload["offset"]

    def _note_refusals(self, answers: list[bytes]) -> None:
        for answer in answers:
            if b'"ok":false' in answer:
                self._note_refusal(answer.decode()[:300])

    def _note_refusal(self, why: str) -> None:
        if len(self._measured.refused) < 3:
            self._measured.refused.append(why)

    def _hung_up(self, member: _Member, mask: int) -> None:
        if member.state != "member" and member.tries < _TRIES:
            self._measured.again += 1
            del self._members[member.fd]
            member.sock.close()
            self._connect(member.source, member.token, member.since, member.heard, member.tries + 1)
        else:
            self._lose(member, f"hung up while {member.state}, event {mask}")

    def _lose(self, member: _Member, why: str) -> None:
        self._note_refusal(why)
        self._measured.cut += 1
        self._members.pop(member.fd, None)
        if member in self._senders:
            self._senders.remove(member)
        member.sock.close()
        if self._refuge is not None:
            self._port = self._refuge
            self._connect(member.source, member.token, member.since, member.heard)

    def _say(self, text_bytes: int) -> None:
        """Let the next sender speak. It has room in its socket, or is too far behind to matter."""
        sender = self._senders[self._next_sender % len(self._senders)]
        self._next_sender += 1
        self._measured.sent += 1
        text = stamped_text(time.monotonic_ns(), text_bytes)
        frame = (privmsg if self._is_irc else send_request)(self._channel, text)
        if sender.sock.send(frame) != len(frame):
            raise RuntimeError("the server reads too little of what is said to it")

    def _measuring(self) -> "_Measuring":
        return _Measuring(self)


class _Measuring:
    """Counts from here to the end of the block."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    def __enter__(self) -> Measured:
        crowd = self._crowd
        crowd._measured, crowd._delays = Measured(), Counter()  # noqa: SLF001  # half of the crowd
        self._began, self._cpu_s, self._waited_s = time.monotonic(), time.process_time(), waited_s()
        return crowd._measured  # noqa: SLF001

    def __exit__(self, *_: object) -> None:
        measured = self._crowd._measured  # noqa: SLF001
        measured.seconds = time.monotonic() - self._began
        measured.cpu_s = time.process_time() - self._cpu_s
        measured.waited_s = waited_s() - self._waited_s
        measured.delays = {str(step): count for step, count in self._crowd._delays.items()}  # noqa: SLF001


def waited_s(pid: int | None = None) -> float:
    """Say how long the main thread of a process (by default this one) was ready to run while its core had others."""
    try:
        with open(f"/proc/{pid or 'self'}/schedstat", encoding="ascii") as file:  # noqa: PTH123  # as quick as can be
            return int(file.read().split()[1]) / 1e9
    except OSError:
        return 0.0


def obey(crowd: Crowd, order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one order; give its result."""
    match order.pop("do"):
        case "open":
            answer = asdict(crowd.open(**order))
        case "run":
            answer = asdict(crowd.run(**order))
        case "drop":
            crowd.drop()
            answer = {}
        case "keep_ledger":
            crowd.keep_ledger(**order)
            answer = {}
        case "ledger":
            answer = asdict(crowd.ledger())
        case other:
            raise ValueError(f"what is {other!r}?")
    return answer | {"position": crowd.position}


def main() -> None:
    """Entry point: the first line of stdin makes the crowd, each other one is an order and is answered by one line."""
    raise_open_files_limit()
    crowd = Crowd(**json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        print(json.dumps(obey(crowd, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
