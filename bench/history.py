"""How long moderators wait for what was said: search and lists over millions of chat messages of a month.

`python -m bench.history [--messages N]` makes a database of its own, fills it with messages of thirty days (four of five in one
channel, words as common and as rare as in a language) and asks what the API asks, one thing after the other. Two million
take about two minutes to make; ten million ten.
"""

import argparse
import random
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import trio

from bench.report import print_report
from bench.servers import data_directory
from common.config import Config
from common.db import Database
from common.message_grams import channel_salt, message_grams, sought
from common.queries import chat_history
from common.queries import chat_history_keeping as keeping
from common.queries.chat_history import first_id_at
from weir.database import open_ready_for

DAYS = 30
WORDS = 5_000
SENTENCES = 20_000
PEOPLE = 10_000
ROUNDS = 60
PAGE = 21
"""A page of the API, and one more."""
BUSY = 1
"""The channel that is asked about."""

PEOPLE_SQL = """
with made as (
    insert into users (login, display_name) select 'user_' || number, 'User' from generate_series(1, $1) as number returning id
)
insert into channels (id, user_id) select id, id from made
"""
# A day is filled while it stands alone and has no index: they are made in one go when it comes back.
FILL = """
insert into {day} (id, channel_id, user_id, said_at, text, grams)
select overlay(gen_random_uuid()::text placing left(uuid7_floor(at)::text, 13) from 1 for 13)::uuid,
       channel, who, at, text, array(select gram # salt from unnest(grams) as gram)
from (
    select $1::timestamptz + number * ($2::double precision * interval '1 second') as at,
           case when random() < 0.8 then 1 else 2 + floor(random() * 50)::integer end as channel,
           1 + floor(random() ^ 2 * $3)::integer as who, 1 + floor(random() * $4)::integer as sentence
    from generate_series(0, $5::integer - 1) as number
) as said
join bench_sentences on n = sentence
join bench_salts using (channel)
"""


def sentences(pick: random.Random) -> list[str]:
    """Make sentences of made-up words, of which a few are everywhere and most are rare."""
    letters = "aeiou", "bcdfghklmnprstvwz"
    vocabulary = {"pogchamp": None}
    while len(vocabulary) < WORDS:
        size = pick.randint(1, 4)
        vocabulary["".join(pick.choice(letters[1]) + pick.choice(letters[0]) for _ in range(size))] = None
    words = list(vocabulary)
    weights = [1 / (rank + 1) for rank in range(len(words))]
    return [" ".join(pick.choices(words, weights, k=pick.randint(2, 9))) for _ in range(SENTENCES)]


def signed(salt: int) -> int:
    """Give 32 bits as PostgreSQL's integers hold them."""
    return salt - (1 << 32) if salt >> 31 else salt


async def fill(db: Database, messages: int, now: datetime) -> list[str]:
    """Make the messages; gives the sentences they are made of."""
    made = sentences(random.Random(1))  # the same each time
    made[-1] = "xylophonist zzyzx"
    await db.execute(PEOPLE_SQL, PEOPLE)
    await db.execute("create table bench_sentences (n integer primary key, text text, grams integer[])")
    await db.execute("create table bench_salts (channel integer primary key, salt integer)")
    plain = [message_grams(text, 0) for text in made]
    await db.execute(
        "insert into bench_sentences select n, text, string_to_array(grams, ',')::integer[]"
        " from unnest($1::integer[], $2::text[], $3::text[]) as given (n, text, grams)",
        list(range(1, len(made) + 1)),
        made,
        [",".join(map(str, grams)) for grams in plain],
    )
    channels = range(1, 52)
    await db.execute(
        "insert into bench_salts select * from unnest($1::integer[], $2::integer[])",
        list(channels),
        [signed(channel_salt(channel)) for channel in channels],
    )
    each = messages // DAYS
    for ago in range(DAYS):
        await _fill_day(db, now - timedelta(days=ago + 1), each)
    async with db.transaction() as transaction:
        await transaction.execute("set local statement_timeout = 0")
        await transaction.execute("analyze")
    return made


async def _fill_day(db: Database, begin: datetime, messages: int) -> None:
    """Fill the day of a time. A day of the calendar: what is before midnight stands in it."""
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    day = f"chat_messages_{midnight:%Y%m%d}"
    async with db.transaction(statement_timeout_s=600) as transaction:
        await transaction.execute("set local maintenance_work_mem = '256MB'")
        await keeping.make_day(transaction, midnight.date())
        await transaction.execute(f"alter table chat_messages detach partition {day}")
        rows = await transaction.fetch(
            "select indexname as name from pg_indexes where tablename = $1 and indexname not like '%pkey'",
            day,
        )
        for row in rows:
            await transaction.execute(f'drop index "{row["name"]}"')
        fill_sql = FILL.replace("{day}", day)
        await transaction.execute(fill_sql, midnight, 86_399 / messages, PEOPLE, SENTENCES, messages)
        low, high = first_id_at(midnight), first_id_at(midnight + timedelta(days=1))
        await transaction.execute(
            f"alter table chat_messages attach partition {day} for values from ('{low}') to ('{high}')"
        )


Ask = Callable[[Database], Awaitable[int]]


def asked(made: list[str], now: datetime) -> dict[str, Ask]:
    """Give what is asked, by name; each gives how much it found."""
    pick = random.Random(2)  # the same each time
    sentences_with = Counter(word for text in made for word in set(text.split()))
    rare = [word for word, count in sentences_with.items() if count <= 5 and len(word) > 3]
    common = max(sentences_with, key=lambda word: sentences_with[word] * (len(word) > 3))

    def words(text: Callable[[], str], *, user: bool = False) -> Ask:
        async def find(db: Database) -> int:
            wanted = sought(text(), BUSY)
            assert wanted is not None
            user_id = pick.randint(1, PEOPLE) if user else None
            found = await chat_history.find_messages(
                db, BUSY, wanted, limit=PAGE - 1, now=now, user_id=user_id
            )
            return len(found.messages)

        return find

    async def newest(db: Database) -> int:
        return len(await chat_history.select_messages(db, BUSY, limit=PAGE))

    async def person(db: Database) -> int:
        who = pick.randint(1, PEOPLE)
        return len(await chat_history.select_messages(db, BUSY, limit=PAGE, user_id=who))

    async def long_ago(db: Database) -> int:
        before = first_id_at(now - timedelta(days=pick.uniform(1, DAYS)))
        return len(await chat_history.select_messages(db, BUSY, limit=PAGE, before=before))

    async def again(db: Database) -> int:
        after = first_id_at(now - timedelta(days=pick.uniform(1, DAYS)))
        before = first_id_at(now)
        return len(await chat_history.select_replay(db, BUSY, limit=101, after=after, before=before))

    return {
        "the newest of a channel": newest,
        "of one person": person,
        "before some day": long_ago,
        "100 for who watches again": again,
        f"a common word ({common})": words(lambda: common),
        "a rare word": words(lambda: pick.choice(rare)),
        "two words, one of them common": words(lambda: f"{common} {pick.choice(rare)}"),
        "the rarest sentence": words(lambda: "xylophonist zzyzx"),
        "a word that nobody said": words(lambda: "qqqqqq"),
        "a common word of one person": words(lambda: common, user=True),
    }


async def measure(db: Database, ask: Ask) -> tuple[list[float], int]:
    """Ask many times; gives what each took, in ms, and how much the last found."""
    taken: list[float] = []
    found = 0
    await trio.lowlevel.checkpoint()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = await ask(db)
        taken.append((time.perf_counter() - began) * 1000)
    return taken, found


async def run(messages: int, directory: str) -> None:
    """Measure and print."""
    now = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    async with open_ready_for(Config(data_dir=str(Path(directory) / "data"))) as db:
        began = time.perf_counter()
        made = await fill(db, messages, now)
        made_s = time.perf_counter() - began
        count = await db.fetchval(
            "select sum(reltuples)::bigint from pg_class where relname ~ '^chat_messages_[0-9]{8}$'"
        )
        size = await db.fetchval(
            "select sum(pg_total_relation_size(oid))::bigint from pg_class where relname ~ '^chat_messages_[0-9]{8}$'"
        )
        rows = []
        for name, ask in asked(made, now).items():
            taken, found = await measure(db, ask)
            rows.append((name, found, taken[0], statistics.median(taken), max(taken[1:])))
    print_report(
        f"Chat history: {count:,} messages of {DAYS} days, {size / count:.0f} bytes each with indexes".replace(
            ",", " "
        ),
        ["what is asked", "found", "first ms", "p50 ms", "worst ms"],
        rows,
        [f"Made in {made_s:.0f} s. Goal: 100 ms over ten million."],
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2_000_000)
    given = parser.parse_args()
    with data_directory() as directory:
        trio.run(partial(run, given.messages, directory))


if __name__ == "__main__":
    main()
