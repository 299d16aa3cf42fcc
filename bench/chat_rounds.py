"""What `bench.chat` asks of a server, and how it is measured."""

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from signal import SIGUSR1
from typing import Any

from bench.chat_crowd import LoadError, LoadProcess, add_up, delay_ms, fill, fill_all
from bench.chat_load import Measured, waited_s
from bench.chat_servers import ChatServer
from bench.chat_site import QUIET_CHANNEL, WRITES_PER_S, Accounts
from bench.servers import Usage, cores

WARM_UP_S = 1.0
SETTLE_S = 1.0
SPARE = 1.3
"""Senders, over what the rate needs."""
FLOOD_SENDERS = 200


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is asked of a server."""

    name: str
    members: int
    rate: float = 0.0
    """Messages a second; 0: none, or what `in_flight` gives."""
    in_flight: int = 0
    inside: int = 0
    """Messages a pass that the server says to itself."""
    protocol: str = "json"
    processes: int = 1
    text_bytes: int = 200

    @property
    def senders(self) -> int:
        """How many accounts speak: nobody may say more than the rules of chat let a moderator."""
        if self.in_flight:
            return FLOOD_SENDERS
        return int(self.rate * SPARE / WRITES_PER_S) + 1 if self.rate else 0


SCENARIOS = {
    "steady": Scenario("steady", 2_000, rate=20),
    "flood": Scenario("flood", 1_000, in_flight=32),
    "inside": Scenario("inside", 1_000, inside=8),
    "memory": Scenario("memory", 2_000),
    "irc": Scenario("irc", 2_000, rate=20, protocol="irc"),
    "large": Scenario("large", 20_000, rate=5, processes=2),
    "huge": Scenario("huge", 100_000, rate=0.5, processes=6),
}
WITH_PEERS = {"steady", "flood", "memory"}


@dataclass(frozen=True, slots=True)
class Result:
    """What a server did."""

    name: str
    scenario: Scenario
    measured: Measured
    server_cpu_s: float
    server_waited_s: float
    """That the busiest process waited for its core."""
    bytes_per_connection: float
    again: int = 0
    """Times that somebody was hung up on before being in, and came again."""

    @property
    def deliveries_per_s(self) -> float:
        """Messages that reached a socket, each socket counted."""
        return self.measured.deliveries / self.measured.seconds

    @property
    def us_per_delivery(self) -> float | None:
        """Of the server's CPU; `None` without deliveries."""
        done = self.measured.deliveries
        return self.server_cpu_s * 1e6 / done if done else None


@dataclass(frozen=True, slots=True)
class Failure:
    """A server that did not carry the load."""

    name: str
    reason: str


def measure(server: ChatServer, scenario: Scenario, tokens: list[str], seconds: float) -> Result:
    """Fill the room of a server that is up, and talk in it."""
    with ExitStack() as stack:
        loads = [_load(stack, port, protocol=scenario.protocol) for port in server.ports]
        if len(loads) > 1:
            for load in loads:
                os.sched_setaffinity(load.pid, cores())
        idle = server.usage()
        again = fill_all(loads, scenario.members, tokens[: scenario.senders])
        time.sleep(SETTLE_S)
        full = server.usage()
        # Those of several processes have all cores, and more to get used to.
        _talk(loads, scenario, WARM_UP_S * len(loads))
        if scenario.inside:
            server.processes[0].send_signal(SIGUSR1)
        before, waited = server.usage(), [waited_s(process.pid) for process in server.processes]
        measured = _talk(loads, scenario, seconds)
        after = server.usage()
        waits = [waited_s(one.pid) - start for one, start in zip(server.processes, waited, strict=True)]
    cpu_s = after.cpu_s - before.cpu_s
    return Result(server.name, scenario, measured, cpu_s, max(waits), _grown(idle, full, scenario), again)


def _grown(idle: Usage, full: Usage, scenario: Scenario) -> float:
    return (full.rss_bytes - idle.rss_bytes) / scenario.members


def _load(stack: ExitStack, port: int, **options: Any) -> LoadProcess:
    load = LoadProcess(port, **options)
    stack.callback(load.close)
    return load


def _talk(loads: list[LoadProcess], scenario: Scenario, seconds: float) -> Measured:
    """Let the people of the first process talk, and all listen."""
    for number, load in enumerate(loads):
        talks = number == 0
        load.order(
            "run",
            seconds=seconds,
            rate=scenario.rate if talks else 0,
            in_flight=scenario.in_flight if talks else 0,
            text_bytes=scenario.text_bytes,
        )
    return add_up([load.answer() for load in loads])


@dataclass(frozen=True, slots=True)
class Return:
    """How a crowd came back."""

    members: int
    back_s: float
    recovered: int
    missed: int
    """Messages that were said meanwhile."""
    deliveries: int
    """Of those."""
    quiet_before_ms: float | None
    quiet_ms: float | None
    """p99 in the other room before, and while they came back."""
    server_cpu_s: float
    load_cpu: float


def measure_return(server: ChatServer, accounts: Accounts, members: int, seconds: float) -> Return:
    """Cut everybody off, say something, and let them come back at once."""
    with ExitStack() as stack:
        load = _load(stack, server.ports[0])
        writer = _load(stack, server.ports[0])
        quiet = _load(stack, server.ports[0], channel=QUIET_CHANNEL)
        fill(load, members, [])
        fill(writer, 2, accounts.loud[:2])
        fill(quiet, 100, accounts.quiet)
        run = {"in_flight": 0, "text_bytes": 200}
        calm = quiet.ask("run", seconds=3.0, rate=5, **run)
        load.ask("drop")
        said = writer.ask("run", seconds=2.0, rate=10, **run)
        quiet.order("run", seconds=seconds, rate=5, **run)
        before = server.usage()
        since = load.position
        back = load.ask("open", members=members, tokens=[], at_once=members, since=since)
        rest = load.ask("run", seconds=1.0, rate=0, **run)
        after = server.usage()
        noticed = quiet.answer()
    if back.opened != members:
        raise LoadError(f"{back.opened} of {members} came back: {'; '.join(back.refused)}")
    return Return(
        members,
        back.seconds,
        back.recovered,
        said.sent,
        back.deliveries + rest.deliveries,
        delay_ms(calm.delays, 0.99),
        delay_ms(noticed.delays, 0.99),
        after.cpu_s - before.cpu_s,
        back.cpu_s / back.seconds,
    )


@dataclass(frozen=True, slots=True)
class Survival:
    """How a room outlived one of its two nodes."""

    members: int
    accepted: int
    """Messages that some node had said it had taken."""
    heard: int
    """Messages that the first member heard."""
    lost: int
    """Of the accepted ones, those that somebody did not hear."""
    doubled: int
    """Messages that somebody heard more than once."""
    lists: int
    """Different lists of messages that members heard; one, if all heard the same in the same order."""
    cut: int
    """Connections that ended with the node, and came back."""
    back_ms: float | None
    """The longest that a message took; those of the killed node's members took until they were back."""


def measure_kill(
    server: ChatServer, accounts: Accounts, members: int, rate: float, seconds: float
) -> Survival:
    """Talk on two nodes, end one with SIGKILL, and compare what was accepted with what each member heard.

    What a client does that got no answer is not tried here: it would send the message again, with its nonce.
    """
    senders = int(rate * SPARE / WRITES_PER_S) + 1
    with ExitStack() as stack:
        loads = [_load(stack, port) for port in server.ports]
        for number, load in enumerate(loads):
            os.sched_setaffinity(load.pid, cores())
            mine = accounts.loud[number * senders : (number + 1) * senders]
            fill(load, members // len(loads), mine)
            load.ask("keep_ledger", refuge=server.ports[-1])
        _order_talk(loads, rate, 1.0)
        _answers(loads)
        _order_talk(loads, rate, seconds)
        time.sleep(seconds / 2)
        server.processes[0].kill()
        told = _answers(loads)
        _order_talk(loads, 0, SETTLE_S)
        rest = _answers(loads)
        ledgers = [load.ask("ledger") for load in loads]
    accepted = {stamp for one in ledgers for stamp in one.accepted}
    lists = {tuple(one) for ledger in ledgers for one in ledger.heard}
    if sum(one.opened for one in ledgers) != members // len(loads) * len(loads):
        raise LoadError(f"not everybody came back: {'; '.join(told.refused + rest.refused)}")
    return Survival(
        members,
        len(accepted),
        len(next(iter(lists))),
        max(len(accepted.difference(one)) for one in lists),
        max(len(one) - len(set(one)) for one in lists),
        len(lists),
        told.cut,
        delay_ms(told.delays, 1.0),
    )


def _order_talk(loads: list[LoadProcess], rate: float, seconds: float) -> None:
    for load in loads:
        load.order("run", seconds=seconds, rate=rate / len(loads), in_flight=0, text_bytes=200)


def _answers(loads: list[LoadProcess]) -> Measured:
    return add_up([load.answer() for load in loads])
