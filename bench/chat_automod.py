"""What a room costs that moderates itself: `python -m bench.chat_automod`. 200 messages a second into one room, one process.

Accounts write through the same door as clients of both protocols, without their connections; a page and a bot listen. CPU is that of
the whole process, all automatic rules on against all off, without what the load itself costs, which is measured beside it; the goal is 15 % of a
core. PostgreSQL and the classifier are processes of their own.
"""

import itertools
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

import trio

from bench.servers import data_directory
from chatd.chat import Said, Utterance
from common.bus import LocalBus
from common.config import Config
from common.db import Database
from common.metrics import Metrics
from common.principals import Principal
from common.queries import channels, users
from common.queries.channels import ChatSettings
from weir.chat import ChatRole
from weir.database import open_ready_for

ROOM = "bench"
PEOPLE = 600
"""Each writes once in three seconds."""
RATE = 200
SECONDS = 10
GOAL = 0.15
ALL_ON = ChatSettings(
    automod_caps="low",
    automod_repetition="low",
    automod_length="low",
    automod_symbols="low",
    automod_zalgo="low",
    raid_guard="hold",
    crowd_slow_rate=200,
    sampling_rate=20,
)
WORDS = [
    "the",
    "a",
    "stream",
    "game",
    "was",
    "so",
    "good",
    "what",
    "did",
    "you",
    "see",
    "that",
    "last",
    "round",
    "now",
    "play",
    "again",
    "never",
    "thought",
    "of",
    "it",
    "like",
    "this",
]


async def make_people(db: Database) -> tuple[int, list[Principal]]:
    """Make the channel, and accounts that are old and follow it."""
    owner = await users.insert_user_with_channel(db, login=ROOM, display_name=ROOM)
    rows = await db.fetch(
        """
        with made as (
            insert into users (login, display_name, created_at)
            select 'writer' || n, 'Writer' || n, now() - interval '1 year' from generate_series(1, $1::int) as n
            returning id, login, display_name
        ), followed as (
            insert into follows (user_id, channel_id, notify, created_at)
            select id, $2, false, now() - case when id % 2 = 0 then interval '30 days' else interval '1 hour' end from made
        ) select id, login, display_name from made
        """,
        PEOPLE,
        owner.id,
    )
    return owner.id, [Principal("session", row["id"], row["login"], row["display_name"]) for row in rows]


async def talk(act: Callable[[int], Awaitable[object]], *, seconds: float) -> float:
    """Have something done `RATE` times a second, each in a task of its own; give the share of a core that the process took."""
    began, spent = trio.current_time(), time.process_time()
    async with trio.open_nursery() as nursery:
        for place in range(int(seconds * RATE)):
            await trio.sleep_until(began + place / RATE)
            nursery.start_soon(act, place)
    return (time.process_time() - spent) / (trio.current_time() - began)


def writer(
    role: ChatRole, people: Sequence[Principal], answers: Counter[str]
) -> Callable[[int], Awaitable[None]]:
    """Give what has the next of these people write, and counts what becomes of it."""
    pick = random.Random(7)
    texts = [" ".join(pick.choices(WORDS, k=12)) for _ in range(2000)]
    numbers = itertools.count()

    async def write(_place: int) -> None:
        facts = await role._book.channel(ROOM)  # noqa: SLF001  # as a client has it
        assert facts is not None
        number = next(numbers)
        utterance = Utterance(f"{texts[number % len(texts)]} {number}", door="json")
        answer = await role._chat.say(people[number % len(people)], facts, utterance)  # noqa: SLF001  # likewise
        answers["said" if isinstance(answer, Said) else answer.code] += 1

    return write


async def nothing(_place: int) -> None:
    """Do nothing."""
    await trio.lowlevel.checkpoint()


async def measure(db: Database) -> None:
    """Measure with everything off and on, and print."""
    channel_id, people = await make_people(db)
    role = ChatRole(
        Config(chat_port=0, irc_port=0), db, LocalBus(new_epoch=lambda: "e", now=trio.current_time), Metrics()
    )
    answers: Counter[str] = Counter()
    write = writer(role, people, answers)
    cases = {
        "all off": ChatSettings(),
        "all on, the classifier aside": ALL_ON,
        "all on": replace(ALL_ON, automod_profanity="low"),
    }
    async with trio.open_nursery() as nursery:
        nursery.start_soon(role.run_background)
        await nursery.start(partial(role.serve, stop=trio.Event(), drain_s=1.0))
        for name, settings in cases.items():
            await channels.upsert_chat_settings(db, channel_id, settings)
            await trio.sleep(1)
            await talk(write, seconds=4)  # everybody is known, the classifier is up
            idle = await talk(nothing, seconds=SECONDS / 2)
            answers.clear()
            share = await talk(write, seconds=SECONDS) - idle
            print(
                f"  {name:<30} {share:6.1%} of a core (goal {GOAL:.0%}; the load took {idle:.1%}), {dict(answers)}"
            )
        nursery.cancel_scope.cancel()


async def run(data_dir: str) -> None:
    """Have a database, and measure."""
    async with open_ready_for(Config(data_dir=data_dir)) as db:
        await measure(db)


def main() -> None:
    """Measure, and print."""
    with data_directory() as data_dir:
        trio.run(run, str(data_dir))


if __name__ == "__main__":
    main()
