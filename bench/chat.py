"""How well chat fans out: a full room on one server core, beside the peers in the same run.

`python -m bench.chat [MODE]... [--members N] [--seconds S] [--peer NAME]...`; without a mode: steady, flood, memory.

    steady     2 000 members, 20 messages a second of 200 bytes: CPU of the server per delivery, and delays
    flood      1 000 members, and the senders never wait: as many messages are on their way all the time as --in-flight says
    inside     weir alone: as flood, but the messages go straight to its bus, past rights, pace and parsing
    memory     what a connection costs that only listens
    irc        steady over IRC, of which the peers have none
    reconnect  5 000 members come back at once and resume, while another room of 100 goes on
    kill       2 000 members on two processes with Valkey, 50 messages a second; one process is killed, its people resume on the other
    parts      2 000 members at 20 messages a second in a whole `weir serve` with two live streams: are their LL-HLS parts in time?
    large      20 000 members, 5 messages a second, over several processes with Valkey between them
    huge       100 000 members, a message every 2 seconds, likewise (needs 3 GB and some minutes)

The server has one core, the people another, unless there are several processes: they share all cores with their people.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import trio

from bench.chat_crowd import LoadError, delay_ms
from bench.chat_parts import TOLERANCE_S, TalkingCrowd
from bench.chat_rounds import (
    FLOOD_SENDERS,
    SCENARIOS,
    WITH_PEERS,
    Failure,
    Result,
    Scenario,
    measure,
    measure_kill,
    measure_return,
)
from bench.chat_servers import HOW_TO_GET, ChatServer, is_installed, peer_server, valkey_server, weir_chat
from bench.chat_site import Accounts, make_accounts, make_streams
from bench.report import Cell, print_report
from bench.servers import data_directory, free_port, pin_generator, weir_on
from common.config import Config
from weir.database import open_ready_for

RETURN_S = 12.0
"""How long the other room is watched while a crowd comes back."""
KILL_S = 10.0
"""How long two nodes' people talk; half-way one node is killed."""
PARTS_S = 20.0
"""How long the streams are watched, each time."""
STREAMS = ("stream0", "stream1")
FULL_CORE = 0.9
"""From here on the figures may be those of the load."""
DISTURBED = 0.1
"""Share of the time that a process waited for its core, from which on other programs are to blame for delays."""
_COLUMNS = (
    "chat",
    "members",
    "messages/s",
    "deliveries/s",
    "weir is x",
    "us CPU/delivery",
    "weir is x",
    "p50 ms",
    "p99 ms",
    "cut",
    "KB/connection",
    "load CPU %",
)
_PARTS_COLUMNS = (
    "the room",
    "members",
    "deliveries/s",
    "p99 ms",
    "parts",
    "late: p50 ms",
    "p99 ms",
    "most ms",
    "in time %",
    "server waited %",
)


class Bench:
    """All of it, on one data directory."""

    def __init__(
        self, directory: str, accounts: Accounts, keys: tuple[str, ...], given: argparse.Namespace
    ) -> None:
        """`keys`: of the channels `STREAMS`."""
        self._directory = directory
        self._keys = keys
        self._accounts = accounts
        self._given = given

    def run(self, mode: str) -> None:
        """Measure and print."""
        if mode == "reconnect":
            self._reconnect()
            return
        if mode == "kill":
            self._kill()
            return
        if mode == "parts":
            self._parts()
            return
        scenario = self._scenario(mode)
        results = [self._try(start, scenario) for start in self._servers(mode, scenario)]
        notes = [note for result in results for note in remarks(result)]
        missing = [
            f"{peer} is left out, as it is not installed: {' '.join(HOW_TO_GET[peer])}"
            for peer in self._given.peer
            if mode in WITH_PEERS and not is_installed(peer)
        ]
        rows = [row(result, results[0]) for result in results]
        print_report(f"bench.chat {mode}: {self._described(scenario)}", _COLUMNS, rows, [*notes, *missing])

    def _scenario(self, mode: str) -> Scenario:
        given, scenario = self._given, SCENARIOS[mode]
        scenario = replace(scenario, text_bytes=given.text_bytes)
        if given.members:
            scenario = replace(scenario, members=given.members)
        if given.rate and scenario.rate:
            scenario = replace(scenario, rate=given.rate)
        if given.processes and scenario.processes > 1:
            scenario = replace(scenario, processes=given.processes)
        if scenario.in_flight:
            scenario = replace(scenario, in_flight=given.in_flight)
        return replace(scenario, inside=given.a_pass) if scenario.inside else scenario

    def _described(self, scenario: Scenario) -> str:
        said = f"{scenario.rate:g} messages/s"
        if scenario.in_flight:
            said = f"{scenario.in_flight} messages always on their way"
        elif scenario.inside:
            said = f"{scenario.inside} messages a pass, from inside of the server"
        return f"{scenario.members} members, {said} of {scenario.text_bytes} bytes, {self._given.seconds:g} s"

    def _servers(self, mode: str, scenario: Scenario) -> Iterator[AbstractContextManager[ChatServer]]:
        yield self._weir(scenario)
        if mode in WITH_PEERS:
            yield from (peer_server(peer) for peer in self._given.peer if is_installed(peer))

    @contextmanager
    def _weir(self, scenario: Scenario) -> Iterator[ChatServer]:
        with ExitStack() as stack:
            redis_url = stack.enter_context(valkey_server()) if scenario.processes > 1 else None
            yield stack.enter_context(
                weir_chat(
                    self._directory,
                    protocol=scenario.protocol,
                    processes=scenario.processes,
                    redis_url=redis_url,
                    inside=scenario.inside,
                    text_bytes=scenario.text_bytes,
                )
            )

    def _try(self, start: AbstractContextManager[ChatServer], scenario: Scenario) -> Result | Failure:
        name = "a server"
        try:
            with start as server:
                name = server.name
                print(f"{name}: {self._described(scenario)} ...", file=sys.stderr, flush=True)
                return measure(server, scenario, self._accounts.loud, self._given.seconds)
        except (LoadError, RuntimeError, OSError) as error:
            return Failure(name, str(error))

    def _reconnect(self) -> None:
        members = self._given.members or 5_000
        with weir_chat(self._directory) as server:
            came = measure_return(server, self._accounts, members, max(RETURN_S, self._given.seconds))
        told = came.deliveries / (came.members * came.missed)
        columns = (
            "members",
            "all back s",
            "recovered",
            "missed messages they got %",
            "other room p99 ms before",
            "meanwhile",
            "server CPU ms a member",
            "load CPU %",
        )
        cells: list[Cell] = [came.members, came.back_s, came.recovered, told * 100]
        cells += [came.quiet_before_ms, came.quiet_ms]
        cells += [came.server_cpu_s * 1000 / came.members, came.load_cpu * 100]
        note = f"{came.missed} messages were said while they were away. Goal: all back within 10 s."
        print_report(
            "bench.chat reconnect: everybody comes back at once, and resumes", columns, [cells], [note]
        )

    def _kill(self) -> None:
        members, rate = self._given.members or 2_000, self._given.rate or 50.0
        seconds = max(KILL_S, self._given.seconds)
        with valkey_server() as url, weir_chat(self._directory, processes=2, redis_url=url) as server:
            seen = measure_kill(server, self._accounts, members, rate, seconds)
        columns = ("members", "cut", "accepted", "heard", "lost", "doubled", "different lists", "latest ms")
        cells: list[Cell] = [seen.members, seen.cut, seen.accepted, seen.heard, seen.lost, seen.doubled]
        cells += [seen.lists, seen.back_ms]
        note = "Latest: the longest from send to socket; for the killed node's people, until they were back."
        print_report(
            f"bench.chat kill: one of two nodes is killed at {rate:g} messages/s", columns, [cells], [note]
        )

    def _parts(self) -> None:
        members, rate = self._given.members or 2_000, self._given.rate or 20.0
        seconds = max(PARTS_S, self._given.seconds)
        chat_port = free_port()
        ports = {"WEIR_CHAT_PORT": str(chat_port), "WEIR_IRC_PORT": "0"}
        scenario = replace(SCENARIOS["steady"], rate=rate)
        tokens = self._accounts.loud[: scenario.senders]
        rows: list[list[Cell]] = []
        with (
            weir_on(self._directory, self._keys, **ports) as server,
            TalkingCrowd(server, chat_port, tokens, list(STREAMS), members=members, rate=rate) as crowd,
        ):
            for talking in (False, True):
                seen = crowd.measure(seconds, talking=talking)
                in_time = sum(late <= TOLERANCE_S for late in seen.late_s) / len(seen.late_s)
                cells: list[Cell] = ["talks" if talking else "is silent", members, seen.deliveries_per_s]
                cells += [seen.delivery_p99_ms, len(seen.late_s), seen.late_at(0.5) * 1000]
                cells += [seen.late_at(0.99) * 1000, max(seen.late_s) * 1000, in_time * 100]
                cells.append(seen.server_waited * 100)
                rows.append(cells)
        note = "Late: behind the most punctual part of the same stream. In time: within PART-TARGET + 50 ms, the goal for all."
        title = "bench.chat parts: LL-HLS parts of two streams in the process of a room that talks"
        print_report(title, _PARTS_COLUMNS, rows, [note])


def row(result: Result | Failure, weir: Result | Failure) -> list[Cell]:
    """One line of the table."""
    if isinstance(result, Failure):
        return [f"{result.name}: FAILED, {result.reason}", *[None] * (len(_COLUMNS) - 1)]
    measured, talked = result.measured, result.measured.deliveries > 0
    ours = weir if isinstance(weir, Result) and weir is not result else None
    return [
        result.name,
        result.scenario.members,
        result.deliveries_per_s / result.scenario.members if talked else None,
        result.deliveries_per_s if talked else None,
        ours.deliveries_per_s / result.deliveries_per_s if ours and talked else None,
        result.us_per_delivery,
        ours.us_per_delivery / result.us_per_delivery
        if ours and ours.us_per_delivery and result.us_per_delivery
        else None,
        delay_ms(measured.delays, 0.5),
        delay_ms(measured.delays, 0.99),
        measured.cut,
        result.bytes_per_connection / 1000,
        100 * measured.cpu_s / measured.seconds,
    ]


def remarks(result: Result | Failure) -> list[str]:
    """What must be known of a result beside its figures."""
    if isinstance(result, Failure):
        return []
    found, measured = [], result.measured
    if (measured.cpu_s + measured.waited_s) / measured.seconds >= FULL_CORE:
        found.append(f"{result.name}: the load itself was at the end of its core; the server may do more.")
    for who, waited in (("the server", result.server_waited_s), ("the load", measured.waited_s)):
        if waited / measured.seconds >= DISTURBED:
            share = f"{waited / measured.seconds:.0%}"
            found.append(
                f"{result.name}: {who} waited for its core {share} of the time: others were busy there."
            )
    if result.again:
        found.append(
            f"{result.name}: {result.again} times somebody was hung up on while coming in, and came again."
        )
    if result.scenario.inside:
        found.append(
            f"{result.name}: messages were published straight into the bus of the process, by an entry that only this bench has."
        )
    found += [f"{result.name}: refused: {why}" for why in measured.refused]
    return found


def main() -> None:
    """Entry point."""
    given = arguments()
    if given.install:
        for command in dict.fromkeys(HOW_TO_GET[peer] for peer in given.peer if not is_installed(peer)):
            subprocess.run(command, check=True)
    pin_generator()
    with data_directory() as directory:
        Path(directory).chmod(0o755)  # PostgreSQL's own user must get in
        trio.run(_serve_database, directory, given)


async def _serve_database(directory: str, given: argparse.Namespace) -> None:
    """Hold the embedded database, and run the bench beside it."""
    async with open_ready_for(Config(data_dir=directory)) as db:
        accounts = await make_accounts(db, FLOOD_SENDERS, 10)
        bench = Bench(directory, accounts, await make_streams(db, STREAMS), given)
        for mode in given.mode:
            await trio.to_thread.run_sync(bench.run, mode)


def arguments(command_line: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.chat", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    modes = [*SCENARIOS, "reconnect", "kill", "parts"]
    parser.add_argument("mode", nargs="*", metavar="MODE", help="any of: " + ", ".join(modes))
    parser.add_argument("--members", type=int, help="instead of what the mode has")
    parser.add_argument("--rate", type=float, help="messages a second, instead of what the mode has")
    parser.add_argument("--in-flight", type=int, default=32, help="of flood: messages (default 32)")
    parser.add_argument("--a-pass", type=int, default=8, help="of inside: messages (default 8)")
    parser.add_argument("--text-bytes", type=int, default=200, help="of a message (default 200)")
    parser.add_argument("--processes", type=int, help="of large and huge")
    parser.add_argument("--seconds", type=float, default=15.0, help="that are measured (default 15)")
    parser.add_argument(
        "--peer", action="append", choices=(*HOW_TO_GET, "none"), help="default: all that are installed"
    )
    parser.add_argument("--install", action="store_true", help="fetch the peers that are missing first")
    given = parser.parse_args(command_line)
    unknown = [mode for mode in given.mode if mode not in modes]
    if unknown:
        parser.error(f"there is no mode {unknown[0]!r}; choose from {', '.join(modes)}")
    given.mode = given.mode or ["steady", "flood", "memory"]
    given.peer = [peer for peer in given.peer or HOW_TO_GET if peer != "none"]
    return given


if __name__ == "__main__":
    main()
