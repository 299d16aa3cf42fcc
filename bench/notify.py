"""How fast events are passed on: notices enqueued for followers, then Web Push and webhooks delivered to a local receiver.

`python -m bench.notify [--followers N] [--webhooks N]`: this process, which is the web role's worker, has one core; PostgreSQL
and the receiver have the others. Every push message is encrypted for its browser, every webhook is signed.
"""

import argparse
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import trio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.report import Cell, print_report
from bench.servers import cores, data_directory, pin_generator
from common.background import running
from common.config import Config
from common.db import Database
from common.egress import EgressClient
from common.egress_policy import EgressPolicy
from common.queries import streams, users
from webapp.deliveries import Deliverer, Expander
from webapp.eventsub_webhooks import WebhookDeliverer, WebhookExpander
from webapp.notice_expander import NoticeExpander
from webapp.outbox_worker import OutboxWorker
from webapp.push_delivery import PushDeliverer
from webapp.push_keys import PushKeys
from weir.database import open_ready_for
from weir.outbox import PUSH_LIMITS

ENQUEUED_GOAL = 5_000
DELIVERED_GOAL = 1_000
EVENTS = 50
"""That each webhook is told of."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long something took."""

    what: str
    count: int
    wall_s: float
    cpu_s: float
    """Of this process."""
    goal: int | None

    def row(self) -> list[Cell]:
        """Give a row of the table."""
        return [self.what, self.count, self.count / self.wall_s, self.goal, self.count / self.cpu_s]


class Watch:
    """Measures from when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def pace(self, what: str, count: int, goal: int | None) -> Pace:
        """Say how long it was until now."""
        return Pace(what, count, time.perf_counter() - self._wall, time.process_time() - self._cpu, goal)


@contextmanager
def receiver() -> Iterator[str]:
    """Another process that takes requests; gives its URL."""
    command = [sys.executable, "-m", "bench.notify_receiver"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().removeprefix("port "))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


async def put_followers(db: Database, url: str, count: int) -> int:
    """Make a channel with followers, each with one browser; give its id."""
    channel = await users.insert_user_with_channel(db, login="bench", display_name="Bench")
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    await db.execute(
        "insert into users (login, display_name) select 'fan' || n, 'fan' || n from generate_series(1, $1) as n",
        count,
    )
    await db.execute(
        "insert into follows (user_id, channel_id) select id, $1 from users where id <> $1", channel.id
    )
    await db.execute(
        """
        insert into sessions (user_id, token_hash, address, user_agent, expires_at)
        select id, sha256(login::bytea), '', '', now() + interval '1 day' from users where id <> $1
        """,
        channel.id,
    )
    await db.execute(
        """
        insert into push_subscriptions (user_id, session_id, endpoint, endpoint_hash, p256dh, auth)
        select user_id, sessions.id, $1 || login, token_hash, $2, $3 from sessions join users on users.id = user_id
        """,
        f"{url}/push/",
        key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        bytes(16),
    )
    await db.execute("analyze")
    return channel.id


async def put_webhooks(db: Database, url: str, channel_id: int, count: int) -> Pace:
    """Have so many webhooks be told what becomes of a channel, and so many things happen."""
    await db.execute(
        """
        insert into eventsub_subscriptions (type, version, condition, channel_id, owner_id, method, callback, secret, status, cost)
        select 'channel.update', '2', jsonb_build_object('broadcaster_user_id', $1::bigint::text), $1, $1, 'webhook',
            $2 || n, 'bench-secret', 'enabled', 0
        from generate_series(1, $3) as n
        """,
        channel_id,
        f"{url}/hook/",
        count,
    )
    watch = Watch()
    for number in range(EVENTS):
        await db.execute("update channels set title = $2 where id = $1", channel_id, f"title {number}")
    return watch.pace("changes that webhooks are told of", EVENTS, None)


async def enqueue(db: Database, expander: Expander, what: str, goal: int | None = None) -> Pace:
    """Make all deliveries of what has happened."""
    worker, watch = OutboxWorker(db, [expander], []), Watch()
    while await worker.expand_some():
        pass
    count: int = await db.fetchval("select count(*) from deliveries where finished_at is null")
    return watch.pace(what, count, goal)


async def deliver(db: Database, deliverer: Deliverer, what: str) -> Pace:
    """Send all deliveries."""
    count: int = await db.fetchval("select count(*) from deliveries where finished_at is null")
    watch = Watch()
    async with running(OutboxWorker(db, [], [deliverer]).serve):
        waiting = True
        while waiting:
            await trio.sleep(0.1)  # the worker is not told that anybody measures
            waiting = await db.fetchval("select exists (select from deliveries where finished_at is null)")
    pace = watch.pace(what, count, DELIVERED_GOAL)
    failed: int = await db.fetchval("select count(*) from deliveries where outcome <> 'sent' or attempts > 1")
    if failed:
        raise SystemExit(f"{failed} deliveries of {what} failed")
    await db.execute("truncate deliveries")
    return pace


async def measure(data_dir: str, followers: int, webhooks: int) -> list[Pace]:
    """Run all of it."""
    with receiver() as url, EgressClient(EgressPolicy(["127.0.0.1"]), PUSH_LIMITS) as egress:
        async with open_ready_for(Config(data_dir=data_dir)) as db:
            channel_id = await put_followers(db, url, followers)
            moment = await db.fetchval("select now()")
            await streams.open_stream(
                db,
                stream_id=uuid.UUID(int=1),
                channel_id=channel_id,
                node="bench",
                title="x",
                started_at=moment,
            )
            with on_one_core():
                return [
                    await enqueue(
                        db, NoticeExpander(mail=False), "notices and push messages enqueued", ENQUEUED_GOAL
                    ),
                    await deliver(db, PushDeliverer(db, PushKeys(db), egress), "push messages delivered"),
                    await put_webhooks(db, url, channel_id, webhooks),
                    await enqueue(db, WebhookExpander(), "webhook messages enqueued"),
                    await deliver(db, WebhookDeliverer(db, egress), "webhook messages delivered"),
                ]


@contextmanager
def on_one_core() -> Iterator[None]:
    """This process has the first core; what it started before stays on the others."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores()[:1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--followers", type=int, default=20_000)
    parser.add_argument("--webhooks", type=int, default=200)
    options = parser.parse_args()
    pin_generator()
    with data_directory() as data_dir:
        paces = trio.run(measure, data_dir, options.followers, options.webhooks)
    print_report(
        "Passing events on",
        ["what", "count", "a second", "goal", "a CPU-second"],
        [pace.row() for pace in paces],
        [
            "An enqueued follower is a notice in the list on the site and a push message; both are one row of the count.",
            "CPU-seconds are this process's; a machine that others use has fewer of them in a second.",
            "Each push message is encrypted (RFC 8291) and each webhook signed; the receiver only says 202.",
        ],
    )


if __name__ == "__main__":
    main()
