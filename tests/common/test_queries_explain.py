"""No statement reads a whole large table: asked of the planner of a real PostgreSQL with twenty thousand users."""

import json
import random
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import pytest

from common.db import Database, Executor, open_database
from common.queries import (
    assets,
    audit_log,
    badges,
    broadcasts,
    categories,
    channel_desk,
    channels,
    deliveries,
    directory,
    emotes,
    follows,
    media_nodes,
    members,
    notices,
    notification_settings,
    operations,
    outbox,
    presence,
    processes,
    push,
    reports,
    roles,
    search,
    stream_health,
    stream_holds,
    stream_keys,
    streams,
    test_streams,
    users,
    viewing,
)
from common.queries.assets import NewAsset
from common.queries.audit_log import DeedFilter
from common.queries.channels import ChannelUpdate, ChatSettings
from common.queries.deliveries import Settlement
from common.queries.directory import DirectoryFilter
from common.queries.emotes import Emote
from common.trigrams import needle
from tests.common.database_site import filled_schema
from weir.seed import write_seed
from weir.seed_plan import SeedPlan, SeedSize

pytestmark = pytest.mark.real

SIZE = SeedSize(users=20_000, channels=4_000, live=400, follows_per_user=3)
NOW = datetime.now(UTC)
LARGE = {
    "users",
    "channels",
    "channel_search",
    "channel_roles",
    "chat_settings",
    "blocks",
    "follows",
    "stream_keys",
    "streams",
    "viewer_samples",
    "stream_health",
    "outbox",
    "deliveries",
    "notices",
    "notification_settings",
    "push_subscriptions",
    "sessions",
    "audit_log",
    "reports",
    "assets",
    "emotes",
    "emote_prefixes",
    "channel_badges",
}

MORE = """
insert into channel_roles (channel_id, user_id, role)
select id, id % 19000 + 20, (array['editor', 'moderator', 'vip'])[id % 3 + 1] from channels where id % 19000 + 20 <> id;
insert into blocks (user_id, blocked_id) select id, id % 19000 + 20 from users where id % 19000 + 20 <> id;
insert into chat_settings (channel_id) select id from channels;
insert into stream_keys (channel_id, key_hash, last4) select id, sha256(id::text::bytea), 'last' from channels;
insert into stream_health (stream_id, at, detail, status, kbps, video_kbps, audio_kbps, missing_frames, dropped, undecodable,
                           jitter_s, behind_s, reconnects)
select id, now() - ago * interval '5 seconds', ago % 12 > 0, 'good', 1, 1, 1, 0, 0, 0, 0, 0, 0
from (select id from streams limit 200) as known, generate_series(1, 100) as ago;
insert into outbox (channel_id, type, event)
select channels.id, 'channel.update', '{}' from channels, generate_series(1, 3);
update outbox set delivered_at = now() where id % 100 > 0;
insert into deliveries (event_id, kind, target, finished_at, outcome)
select event_id, 'push', target, case when event_id > 20 then now() end,
    case when event_id > 20 then case when event_id % 20 = 0 then 'dead' else 'sent' end end
from generate_series(1, 200) as event_id, generate_series(1, 100) as target;
insert into notices (user_id, id, type, channel_id, read_at)
select users.id, number, 'stream.online', 7, case when number < 3 then now() end from users, generate_series(1, 4) as number;
insert into notification_settings (user_id) select id from users;
insert into sessions (user_id, token_hash, address, user_agent, expires_at)
select id, sha256(id::text::bytea), '', '', now() + interval '1 day' from users;
insert into push_subscriptions (user_id, session_id, endpoint, endpoint_hash, p256dh, auth)
select user_id, id, id::text, token_hash, decode(repeat('04', 65), 'hex'), decode(repeat('00', 16), 'hex') from sessions;
update users set email = login || '@example.org';
update users set is_staff = true where id % 1000 = 0;
update users set is_admin = true, password_hash = 'x' where id % 5000 = 0;
update users set suspended_at = now() where id in (select id from users order by id desc limit 3);
insert into audit_log (id, actor_id, actor_kind, channel_id, action)
select gen_random_uuid(), id % 100, 'user', id, (array['mod', 'unmod', 'vip', 'unvip'])[id % 4 + 1] from users;
insert into reports (id, reporter_id, target_type, target_id, reason, status, handled_at)
select gen_random_uuid(), id, 'user', '7', 'spam', (array['open', 'resolved', 'rejected'])[id % 3 + 1],
       case when id % 3 > 0 then now() end
from users;
insert into test_streams (channel_id, key_id, node, ends_at)
select channel_id, id, 'node ' || id % 10, now() + interval '1 minute' from stream_keys limit 40;
insert into assets (name, content_type, width, height, data)
select encode(sha256(id::text::bytea), 'hex') || '.webp', 'image/webp', 1, 1, id::text::bytea from users;
update users set profile_image = encode(sha256(id::text::bytea), 'hex') || '.webp' where id % 2 = 0;
update channels set offline_image = encode(sha256((id + 5000)::text::bytea), 'hex') || '.webp' where id % 3 = 0;
update channels set panels = jsonb_build_array(jsonb_build_object('image', encode(sha256(id::text::bytea), 'hex') || '.webp'))
where id % 3 = 1;
update streams set thumbnail = encode(sha256(channel_id::text::bytea), 'hex') || '.webp' where channel_id % 5 > 0;
insert into emotes (channel_id, code, status, images, created_by, reviewed_by, deleted_at)
select id, 'x' || id || 'X' || number, case when id % 50 = 0 then 'pending' else 'approved' end,
       array['a' || id, 'b' || id, 'c' || id], id, 7, case when number = 5 then now() - id * interval '1 hour' end
from channels, generate_series(1, 5) as number;
insert into emote_prefixes (channel_id, prefix) select id, 'pre' || id from channels;
insert into channel_badges (channel_id, months, status, images, created_by, created_at)
select id, months, case when id % 50 = 0 then 'pending' else 'approved' end, array['d' || id, 'e' || id, 'f' || id], id,
       now() - id * interval '1 minute'
from channels, unnest(array[1, 3, 6, 12]) as months;
insert into subscriptions (channel_id, user_id, tier, is_gift, since, renews)
select id, id % 19000 + 20, 1000, false, now(), false from channels where id % 19000 + 20 <> id;
update assets set check_at = case when width_bucket(random(), 0, 1, 100) = 1 then now() - interval '1 minute' end;
analyze;
"""


class Explaining(Executor):
    """Runs each statement, and asks how it is planned: for these values, and for any."""

    def __init__(self, db: Database, large: Collection[str] = frozenset(LARGE)) -> None:
        self._db = db
        self._large = large
        self.whole: set[str] = set()
        """Large tables that a plan reads from one end to the other."""
        self.plans = 0

    async def _call(self, method: LiteralString, query: LiteralString, args: tuple[object, ...]) -> Any:
        for options in ("format json", "format json, generic_plan"):
            (plan,) = json.loads(await self._db.fetchval(f"explain ({options}) {query}", *args))
            self._look(plan["Plan"])
            self.plans += 1
        return await self._db._call(method, query, args)

    def _look(self, node: dict[str, Any]) -> None:
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in self._large:
            self.whole.add(node["Relation Name"])
        for child in node.get("Plans", ()):
            self._look(child)


async def fill(db: Database) -> None:
    plan = SeedPlan(SIZE, seed=1, now=NOW, categories=50)
    await write_seed(db, plan, password_hash=None, force=False, progress=lambda *_: None)
    await db.execute(MORE)


@pytest.fixture(scope="module")
def seeded_dsn(cluster_dsn: str) -> Iterator[str]:
    with filled_schema(cluster_dsn, fill) as dsn:
        yield dsn


def found(text: str) -> Any:
    wanted = needle(text)
    assert wanted
    return wanted


STREAM = uuid.UUID(int=7)
PICTURE = NewAsset("image/jpeg", 1, 1, b"pixels")


async def in_order(db: Executor, *, only: DirectoryFilter = directory.ANYTHING) -> object:
    order_id = await directory.obtain_directory_order(db)
    return await directory.select_ordered_directory(db, limit=20, only=only, order_id=order_id, after_rank=20)


DELETED = Emote(9, 2, "x", "", "approved", ("a", "b", "c"), NOW, "")
SETTLED = [Settlement(id=number, attempts=1, outcome="sent") for number in range(1, 60)]
STATEMENTS: dict[str, Callable[[Executor], Awaitable[object]]] = {
    "directory": lambda db: directory.select_directory(db, limit=20),
    "directory of a category": lambda db: directory.select_directory(
        db, limit=20, only=DirectoryFilter(category_ids=[3])
    ),
    "directory by language and tags": lambda db: directory.select_directory(
        db, limit=20, only=DirectoryFilter(languages=["de"], tags=["Retro"])
    ),
    "order of the directory": directory.obtain_directory_order,
    "directory in an order": in_order,
    "directory in an order, of a language": lambda db: in_order(db, only=DirectoryFilter(languages=["de"])),
    "is an order known": lambda db: directory.exists_directory_order(db, STREAM),
    "live by name": lambda db: directory.select_reachable(db, channel_ids=[1, 2], logins=["quietfox", "x"]),
    "broadcast by id": lambda db: broadcasts.select_broadcast(db, STREAM),
    "past broadcasts": lambda db: broadcasts.select_past_broadcasts(db, 5, limit=20),
    "health": lambda db: stream_health.select_newest_health(
        db, STREAM, since=NOW - timedelta(minutes=1), detail=True, limit=100
    ),
    "live of some": lambda db: directory.select_live_of(db, list(range(1, 100))),
    "viewer counts": lambda db: directory.update_viewer_counts(db, {uuid.UUID(int=i): i for i in range(200)}),
    "viewer samples": lambda db: directory.insert_viewer_samples(db, at=NOW),
    "history": lambda db: directory.select_viewer_samples(db, STREAM, limit=100),
    "audience": lambda db: directory.select_audience(db, STREAM),
    "old samples": lambda db: directory.delete_viewer_samples(
        db, before=NOW - timedelta(minutes=29), limit=100
    ),
    "categories": lambda db: categories.select_live_categories(db, limit=20),
    "channel by login": lambda db: channels.select_channel_by_login(db, "quietfox"),
    "is there a channel": lambda db: channels.exists_channel(db, "quietfox"),
    "channels by id": lambda db: channels.select_channels(db, list(range(1, 100))),
    "update of a channel": lambda db: channels.update_channel(db, 5, ChannelUpdate(title="new")),
    "broadcast": lambda db: channels.select_broadcast(db, 5),
    "locking a channel": lambda db: channels.lock_channel(db, 5),
    "password": lambda db: channels.select_channel_password(db, 5),
    "chat settings": lambda db: channels.select_chat_settings(db, 5),
    "setting chat": lambda db: channels.upsert_chat_settings(db, 5, ChatSettings()),
    "follow": lambda db: follows.upsert_follow(db, user_id=7, channel_id=5, notify=True),
    "unfollow": lambda db: follows.delete_follow(db, user_id=7, channel_id=5),
    "is followed": lambda db: follows.select_follow(db, user_id=7, channel_id=5),
    "followers": lambda db: follows.select_followers(db, 1, limit=20),
    "following": lambda db: follows.select_following(db, 7, limit=20),
    "count of following": lambda db: follows.count_following(db, 7),
    "followed": lambda db: follows.select_followed(db, 7, limit=20),
    "followed live": lambda db: follows.select_followed(db, 7, limit=20, live_only=True),
    "whom to tell": lambda db: follows.select_to_notify(db, 1, limit=100),
    "block": lambda db: follows.insert_block(db, user_id=7, blocked_id=5),
    "blocks": lambda db: follows.select_blocks(db, 7, limit=20),
    "is blocked": lambda db: follows.exists_block(db, user_id=7, blocked_id=5),
    "unblock": lambda db: follows.delete_block(db, user_id=7, blocked_id=5),
    "role": lambda db: roles.insert_role(db, channel_id=5, user_id=7, role="editor", granted_by=5),
    "roles": lambda db: roles.select_roles(db, channel_id=5, user_id=7),
    "role holders": lambda db: roles.select_role_holders(db, 5, "moderator", limit=20),
    "roles held": lambda db: roles.select_roles_held(db, 7, limit=20),
    "roles of a kind held": lambda db: roles.select_roles_held(db, 7, role="moderator", limit=20),
    "taking a role": lambda db: roles.delete_role(db, channel_id=5, user_id=7, role="editor"),
    "search": lambda db: search.search_channels(db, found("quietfox"), limit=20),
    "search with a slip": lambda db: search.search_channels(db, found("qiuetfox"), limit=20),
    "search for a common word": lambda db: search.search_channels(db, found("the"), limit=20),
    "search among live": lambda db: search.search_channels(db, found("boss"), limit=20, live_only=True),
    "stale channels": search.refresh_channels,
    "user by login": lambda db: users.select_user_by_login(db, "quietfox"),
    "change of a profile": lambda db: users.update_profile(db, 5, description="x"),
    "users": lambda db: users.select_users(db, limit=20, after_login="m"),
    "keys": lambda db: stream_keys.select_keys(db, 5),
    "key": lambda db: stream_keys.select_key_by_hash(db, bytes(32)),
    "key of a channel": lambda db: stream_keys.select_key(db, channel_id=5, key_id=5),
    "keys by id": lambda db: stream_keys.select_keys_by_id(db, list(range(1, 30))),
    "rotating a key": lambda db: stream_keys.rotate_key(
        db, channel_id=6, key_id=6, key_hash=bytes(32), last4="last"
    ),
    "revoking a key": lambda db: stream_keys.revoke_key(db, channel_id=5, key_id=5),
    "open stream": lambda db: streams.select_open_stream(db, 5),
    "live": lambda db: streams.select_live(db, limit=20),
    "what can be watched": lambda db: presence.select_watchable(db, limit=20_000),
    "live channel": lambda db: streams.select_live_channel(db, "quietfox"),
    "members": lambda db: members.select_members(db, limit=20, prefix="qu"),
    "suspended members": lambda db: members.select_members(db, limit=20, only="suspended"),
    "staff": lambda db: members.select_members(db, limit=20, only="staff", after_login="m"),
    "member": lambda db: members.select_member(db, "quietfox"),
    "members by address": lambda db: members.select_members_by_email(db, "Quietfox@example.org", limit=20),
    "ranks": lambda db: members.lock_ranks(db, [5, 7]),
    "suspending": lambda db: members.update_suspension(db, 5, "x"),
    "is there an administrator": lambda db: users.exists_admin(db, except_id=5),
    "standing": lambda db: stream_holds.select_standing(db, 5),
    "holding back": lambda db: stream_holds.upsert_hold(db, 5, for_s=60, reason="x"),
    "ending what is live": lambda db: stream_holds.end_open_streams(db, 5, reason="x"),
    "events": lambda db: outbox.select_channel_events(db, 5, limit=20, before_id=9000),
    "events to pass on": lambda db: outbox.take_events(db, limit=20),
    "how far events are": lambda db: outbox.update_progress(db, 5, {"notices": 7}),
    "oldest event": outbox.select_pending_age_s,
    "deliveries to send": lambda db: deliveries.lease_deliveries(db, "push", limit=100, lease_s=1),
    "next delivery": lambda db: deliveries.select_next_due_s(db, "push"),
    "what was sent": lambda db: deliveries.settle_deliveries(db, SETTLED),
    "dead letters": lambda db: deliveries.select_dead_letters(db, limit=20, kind="push", before_id=9000),
    "old deliveries": lambda db: deliveries.delete_old_deliveries(
        db, sent_for=timedelta(days=1), dead_for=timedelta(days=6), limit=100
    ),
    "followers to tell": lambda db: notices.enqueue_live(db, 5, 5, {}, after=7, limit=100, mail=True),
    "one to tell": lambda db: notices.enqueue_personal(db, 5, 5, 7, kind="x.y", details={}, mail=True),
    "title to tell": lambda db: notices.select_live_title(db, 5, str(STREAM)),
    "followers were told": lambda db: notices.mark_told(db, str(STREAM)),
    "still to be told": lambda db: notices.select_told(db, [1, 2], [5, 7], [3, 4], way="push"),
    "notices": lambda db: notices.select_notices(db, 7, limit=20, before_id=900),
    "unread notices": lambda db: notices.select_notices(db, 7, limit=20, unread=True),
    "how many are unread": lambda db: notices.count_unread(db, 7),
    "reading a notice": lambda db: notices.mark_read(db, 7, 3),
    "reading all notices": lambda db: notices.mark_all_read(db, 7, up_to=900),
    "old notices": lambda db: notices.delete_old_notices(db, before=NOW - timedelta(days=30), limit=100),
    "what to be told": lambda db: notification_settings.select_settings(db, 7),
    "no more mail": lambda db: notification_settings.stop_mail(db, 7),
    "browsers": lambda db: push.select_push_subscriptions(db, 7),
    "where to push": lambda db: push.select_push_targets(db, [1, 2, 3]),
    "a browser less": lambda db: push.delete_push_subscription(db, user_id=7, subscription_id=7),
    "browsers that are gone": lambda db: push.delete_gone_subscriptions(db, [1, 2]),
    "events passed on": lambda db: outbox.mark_delivered(db, [5, 6, 7]),
    "old events": lambda db: outbox.delete_old_events(db, before=NOW - timedelta(days=7), limit=100),
    "deeds": lambda db: audit_log.select_deeds(db, limit=20),
    "deeds of somebody": lambda db: audit_log.select_deeds(db, limit=20, only=DeedFilter(actor_id=7)),
    "deeds in a channel": lambda db: audit_log.select_deeds(db, limit=20, only=DeedFilter(channel_id=7)),
    "deeds of a kind": lambda db: audit_log.select_deeds(
        db, limit=20, only=DeedFilter(actor_id=7, action="suspend")
    ),
    "channels for staff": lambda db: channel_desk.select_desk_channels(db, limit=20, prefix="qu"),
    "live channels for staff": lambda db: channel_desk.select_desk_channels(db, limit=20, only="live"),
    "suspended channels for staff": lambda db: channel_desk.select_desk_channels(
        db, limit=20, only="suspended", after_login="m"
    ),
    "on air": lambda db: operations.select_on_air(db, limit=20, prefix="quiet", behind=(7, STREAM)),
    "key on air": lambda db: operations.select_key_on_air(db, STREAM),
    "figures": operations.select_figures,
    "processes": processes.select_processes,
    "looking into a report": lambda db: reports.update_report_holder(db, STREAM, holder_id=7, before_id=None),
    "open reports": lambda db: reports.select_reports_seen(db, status="open", limit=20),
    "own reports": lambda db: reports.select_reports_of(db, 7, limit=20),
    "report": lambda db: reports.select_report(db, STREAM),
    "is reported": lambda db: reports.exists_open_report(db, 7, target_type="user", target_id="7"),
    "channel of a stream": lambda db: reports.select_channel_of_stream(db, STREAM),
    "test picture": lambda db: test_streams.select_test_stream(db, 5),
    "ending a test picture": lambda db: test_streams.end_test_stream(db, 5),
    "test picture that ended": lambda db: test_streams.end_test_stream_of_key(db, 5),
    "test pictures of a node": lambda db: test_streams.end_test_streams_of_node(db, "node 7"),
    "old test pictures": test_streams.end_old_test_streams,
    "viewing": lambda db: viewing.select_viewing(db, "user_7", 9),
    "viewing of a channel": lambda db: viewing.select_viewing_of(db, 7, 9),
    "needed grants": lambda db: viewing.select_needed_grants(db, list(range(1, 100))),
    "hosts of channels": lambda db: media_nodes.select_hosts(db, ["user_7", "user_8", "nobody"]),
    "host of a channel": lambda db: media_nodes.select_host(db, 7),
    "asset": lambda db: assets.select_asset(db, "x"),
    "known assets": lambda db: assets.select_known_assets(db, ["x"] * 20),
    "new asset": lambda db: assets.upsert_asset(db, PICTURE),
    "emotes of channels": lambda db: emotes.select_emotes(db, [0, 5, 7]),
    "emotes of a channel to keep": lambda db: emotes.select_emotes(db, [5], every_status=True),
    "emote": lambda db: emotes.select_emote(db, 5, scope=5),
    "pictures of an emote": lambda db: emotes.select_emote_images(db, 5),
    "emotes to review": lambda db: emotes.select_emote_queue(db, status="pending", after_id=7, limit=20),
    "how many emotes": lambda db: emotes.lock_emotes(db, 5),
    "prefix": lambda db: emotes.select_prefix(db, 5),
    "new emote": lambda db: emotes.insert_emote(
        db, channel_id=5, code="xNewOne", tier="", status="pending", images=["a"] * 3, created_by=5
    ),
    "deleting an emote": lambda db: emotes.delete_emote(db, DELETED),
    "renaming an emote": lambda db: emotes.update_emote(db, 5, code="xNew", tier="", status="approved"),
    "reviewing an emote": lambda db: emotes.review_emote(db, 6, status="approved", reviewed_by=7),
    "old emotes": lambda db: emotes.remove_deleted_emotes(db, kept=timedelta(days=90), limit=100),
    "what somebody is to a channel": lambda db: emotes.select_claims(db, user_id=27, channel_id=7),
    "emotes that somebody has everywhere": lambda db: emotes.select_emotes_elsewhere(db, 27),
    "badges of a channel": lambda db: badges.select_channel_badges(db, 5),
    "badge": lambda db: badges.lock_channel_badge(db, 5, 6),
    "badges to review": lambda db: badges.select_badge_queue(
        db, status="pending", after=(NOW - timedelta(days=1), 7, 7), limit=20
    ),
    "reviewing a badge": lambda db: badges.review_channel_badge(db, 5, 6, status="approved", reviewed_by=7),
    "removing a badge": lambda db: badges.delete_channel_badge(db, 9, 6),
    "sweep of assets": lambda db: assets.sweep_assets(db, limit=200),
    "may have a thumbnail": lambda db: assets.select_may_have_thumbnail(db, STREAM),
    "thumbnail": lambda db: assets.replace_thumbnail(db, STREAM, PICTURE),
    "profile image": lambda db: users.update_profile_image(db, 7, "x"),
    "end of a stream": lambda db: streams.end_stream(db, stream_id=STREAM, ended_at=NOW, reason="error"),
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_no_statement_reads_a_whole_large_table(seeded_dsn: str, name: str) -> None:
    async with open_database(seeded_dsn, wait_s=10) as db:
        explaining = Explaining(db)
        await STATEMENTS[name](explaining)
    assert explaining.plans >= 2
    assert explaining.whole == set()


async def test_reading_a_whole_table_would_be_noticed(seeded_dsn: str) -> None:
    async with open_database(seeded_dsn, wait_s=10) as db:
        explaining = Explaining(db)
        await explaining.fetch("select * from users where display_name = $1", "x")
    assert explaining.whole == {"users"}


async def test_a_seeded_site_is_consistent_and_can_be_used(seeded_dsn: str) -> None:
    async with open_database(seeded_dsn, wait_s=10) as db:
        wrong = await db.fetchval(
            """
            select count(*) from channel_search
            where followers <> (select count(*) from follows where follows.channel_id = channel_search.channel_id)
            """
        )
        assert wrong == 0
        assert len(await directory.select_directory(db, limit=1000)) == SIZE.live
        pick = random.Random(1)
        for login in pick.sample([row["login"] for row in await db.fetch("select login from users")], 30):
            (best,) = await search.find_channels(db, login, limit=1)
            assert best.login == login
