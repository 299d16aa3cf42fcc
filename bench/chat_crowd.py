"""Drives the processes of `bench.chat_load`: starts them, gives orders, adds up what they saw."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.chat_load import BUCKET_NS, Measured
from bench.chat_site import CHANNEL

AT_ONCE = 200
"""People who are coming in at the same moment, where that is not what is measured."""


class LoadError(Exception):
    """The load could not be made."""


class LoadProcess:
    """A `bench.chat_load`."""

    def __init__(self, port: int, *, channel: str = CHANNEL, protocol: str = "json") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.chat_load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self.position: tuple[str, int] | None = None
        """From the last answer to a join: epoch and offset."""
        self._write({"port": port, "channel": channel, "protocol": protocol, "sources": 20})

    def order(self, do: str, **options: Any) -> None:
        """Begin something; `answer` ends it."""
        self._write({"do": do, **options})

    def answer(self) -> Measured:
        """Wait for what came of the order. Raises `LoadError`."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise LoadError(f"the load ended, exit code {self._process.wait()}")
        found = json.loads(line)
        self.position = found.pop("position")
        return Measured(**found)

    def ask(self, do: str, **options: Any) -> Measured:
        """Do something, and wait for what comes of it."""
        self.order(do, **options)
        return self.answer()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _write(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            print(json.dumps(order), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise LoadError("the load ended") from None


def add_up(all_measured: list[Measured]) -> Measured:
    """Put together what several processes saw at the same time; the CPU is that of the busiest."""
    delays: Counter[str] = Counter()
    for one in all_measured:
        delays.update(one.delays)
    return Measured(
        seconds=max(one.seconds for one in all_measured),
        sent=sum(one.sent for one in all_measured),
        deliveries=sum(one.deliveries for one in all_measured),
        cpu_s=max(one.cpu_s for one in all_measured),
        waited_s=max(one.waited_s for one in all_measured),
        cut=sum(one.cut for one in all_measured),
        opened=sum(one.opened for one in all_measured),
        again=sum(one.again for one in all_measured),
        recovered=sum(one.recovered for one in all_measured),
        refused=[why for one in all_measured for why in one.refused][:3],
        delays=dict(delays),
    )


def delay_ms(delays: dict[str, int], share: float) -> float | None:
    """Give the delay that `share` of all messages do not exceed; `None` of none."""
    left = share * sum(delays.values())
    for step in sorted(map(int, delays)):
        left -= delays[str(step)]
        if left <= 0:
            return (step + 1) * BUCKET_NS / 1e6
    return None


def fill(load: LoadProcess, members: int, tokens: list[str], **options: Any) -> Measured:
    """Let everybody in. Raises `LoadError` if somebody stays outside."""
    load.order("open", members=members, tokens=tokens, at_once=AT_ONCE, **options)
    return _all_in(load, members)


def fill_all(loads: Sequence[LoadProcess], members: int, tokens: list[str]) -> int:
    """Let everybody in, through all processes at the same time; those with tokens through the first.

    Gives how often somebody had to come again.
    """
    share, odd = divmod(members, len(loads))
    shares = [share + (number < odd) for number in range(len(loads))]
    for load, wanted in zip(loads, shares, strict=True):
        load.order("open", members=wanted, tokens=tokens if load is loads[0] else [], at_once=AT_ONCE)
    return sum(_all_in(load, wanted).again for load, wanted in zip(loads, shares, strict=True))


def _all_in(load: LoadProcess, members: int) -> Measured:
    opened = load.answer()
    if opened.opened != members:
        raise LoadError(f"{opened.opened} of {members} came in: {'; '.join(opened.refused)}")
    return opened
