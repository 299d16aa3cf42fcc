"""A chat that moderates itself, over both protocols: what it finds waits or is refused, raids are contained, crowds slowed."""

# ruff: noqa: RUF001  # letters that look like others are what this is about

import itertools
import json
import random
import string
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trio

from chatd.chat import Answer, Said, Utterance
from chatd.raids import WHY
from chatd.refusals import Dropped
from common.audit import Actor
from common.bus import LocalBus
from common.chat_settings import change_settings
from common.db import Database
from common.moderation import Moderator, Place, Refused
from common.moderation_holds import MAX_WAITING
from common.principals import Principal
from common.queries import channels, chat_rules, follows, roles
from common.queries.channels import ChatSettings
from common.queries.users import User
from tests.common.test_queries import add_user
from tests.valkey_site import Valkey, valkey
from tests.weir.moderation_site import Town, open_town
from tests.weir.test_chat import Page, Site, serving

__all__ = ["valkey"]

pytestmark = pytest.mark.real

LIFE_S = 60
RAIDERS = 500
REGULARS = 10
HATE = "you are all worthless, leave this channel and never come back"


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    async with serving(database, LocalBus(new_epoch=lambda: "e", now=trio.current_time)) as site:
        with trio.fail_after(LIFE_S):
            yield site


@pytest.fixture
async def town(database: Database, valkey: Valkey) -> AsyncIterator[Town]:
    async with open_town(database, valkey) as town:
        with trio.fail_after(LIFE_S):
            yield town


async def set_chat(db: Database, anna: User, **wanted: Any) -> None:
    """Set anna's room, as she would; all nodes know within a second."""
    owner = Principal("session", anna.id, anna.login, anna.display_name)
    moderator = Moderator(owner, Actor("user", anna.id), "api")
    changed = await change_settings(db, moderator, Place(anna.id, anna.login), wanted)
    assert not isinstance(changed, Refused)


async def refusal(page: Page, text: str) -> str:
    answer = await page.ask("send", channel="anna", text=text)
    return "" if answer["ok"] else str(answer["drop_reason"]["code"])


FOUND: list[tuple[dict[str, Any], str, str]] = [
    ({"automod_caps": "medium"}, "WHAT IS THIS STREAM EVEN ABOUT", "caps"),
    ({"automod_profanity": "low"}, "you are a stupid fucking bitch", "profanity"),
]


@pytest.mark.parametrize(("wanted", "text", "category"), FOUND)
async def test_what_is_found_waits_for_a_moderator_and_is_said_when_allowed(
    site: Site, wanted: dict[str, Any], text: str, category: str
) -> None:
    anna, ben = await add_user(site.db, "anna"), await add_user(site.db, "ben")
    tokens = [await site.token(user.id, "chat:read", "chat:edit") for user in (anna, ben)]
    await set_chat(site.db, anna, **wanted)
    async with (
        site.page(tokens[1]) as page,
        site.page(tokens[0]) as desk,
        site.irc(f"PASS oauth:{tokens[0]}", nick="anna") as bot,
    ):
        for one in (page, desk):
            assert (await one.ask("join", channel="anna"))["ok"]
        await bot.say("JOIN #anna")
        await bot.line("ROOMSTATE #anna")
        if category == "profanity":
            await classifier_is_up(site)
        assert await refusal(page, text) == "msg_rejected"
        held = (await desk.event("automod.message.hold"))["event"]
        assert (held["held_for"], held["category"]) == ("automod", category)
        assert f"Held for automod ({category}), ben: " in await bot.line("automod_message_hold")
        await bot.say(f"PRIVMSG #anna :/allow {held['message_id']}")
        assert (await page.event("channel.chat.message"))["event"]["message_id"] == held["message_id"]


async def classifier_is_up(site: Site) -> None:
    while True:
        if await site.role._chat.automatic.classifier.chance("hello") is not None:
            return
        await trio.sleep(0.05)


async def test_a_room_may_drop_instead_and_spares_whom_it_trusts(site: Site) -> None:
    anna, ben, vera = [await add_user(site.db, login) for login in ("anna", "ben", "vera")]
    await roles.insert_role(site.db, channel_id=anna.id, user_id=vera.id, role="vip", granted_by=anna.id)
    shout = "WHAT IS THIS STREAM EVEN ABOUT {}"
    pages: dict[str, str] = {user.login: await site.token(user.id, "chat:edit") for user in (anna, ben, vera)}
    await set_chat(site.db, anna, automod_caps="high", automod_action="drop")
    async with site.page(pages["ben"]) as ben_page, site.page(pages["vera"]) as vera_page:
        assert await refusal(ben_page, shout.format(1)) == "msg_rejected_mandatory"
        assert await refusal(vera_page, shout.format(2)) == ""
        await set_chat(site.db, anna, automod_spares="moderators")
        for number in itertools.count(10):
            await trio.sleep(1.1)  # what anybody waits between two messages
            if await refusal(vera_page, shout.format(number)) == "msg_rejected_mandatory":
                break
        async with site.page(pages["anna"]) as owner:
            assert await refusal(owner, shout.format(3)) == ""


@pytest.mark.parametrize(("closed", "code"), [(False, ""), (True, "msg_rejected_mandatory")])
async def test_without_a_classifier_messages_pass_or_do_not_as_the_room_wants(
    site: Site, *, closed: bool, code: str
) -> None:
    anna, ben = await add_user(site.db, "anna"), await add_user(site.db, "ben")
    site.role._chat.automatic.classifier._is_up = False  # as after its child died
    await set_chat(
        site.db, anna, automod_profanity="high", automod_action="drop", automod_fails_closed=closed
    )
    async with site.page(await site.token(ben.id, "chat:edit")) as page:
        assert await refusal(page, "what a wonderful stream") == code


async def raiders(db: Database, count: int) -> list[Principal]:
    """Accounts that were made just now."""
    rows = await db.fetch(
        """
        with made as (
            insert into users (login, display_name)
            select 'raider' || n, 'Raider' || n from generate_series(1, $1::int) as n returning id, login, display_name
        ) select id, login, display_name from made order by id
        """,
        count,
    )
    return [Principal("session", row["id"], row["login"], row["display_name"]) for row in rows]


def varied(number: int, chance: random.Random) -> str:
    name = "".join(chance.choices(string.ascii_lowercase, k=5))
    text = f"{name} {HATE} {chance.randrange(10_000)}"
    return text.replace("a", "а").replace("o", "о") if number % 3 == 0 else text


@pytest.mark.parametrize(("guard", "action"), [("hold", "hold"), ("hold", "drop"), ("shield", "hold")])
async def test_a_raid_of_five_hundred_new_accounts_is_contained_while_regulars_go_on(
    town: Town, guard: str, action: str
) -> None:
    """They come through two nodes. The raiders are spared their connections, so that they are as fast as the rules let anybody be."""
    anna = town.people["anna"]
    regulars = await befriended(town.db, anna)
    *raid, first, second = await raiders(town.db, RAIDERS + 2)
    await set_chat(town.db, anna, raid_guard=guard, automod_action=action)
    chance = random.Random(7)
    codes: list[str] = []

    async def attack(number: int, who: Principal) -> None:
        await trio.sleep(number / 250)
        answer = await say(town.nodes[number % 2], who, varied(number, chance))
        assert isinstance(answer, Said | Dropped)
        codes.append("" if isinstance(answer, Said) else answer.code)

    async with town.bot("anna", 0) as bot, town.bot("moe", 1) as other, trio.open_nursery() as nursery:
        for number, who in enumerate(raid):
            nursery.start_soon(attack, number, who)
        for one in (bot, other):
            assert why(await one.line("automod_raid_begin"))
        if guard == "shield":
            assert why(await bot.line("shield_mode_begin"))
        for number, who in enumerate(regulars):
            answer = await say(town.nodes[number % 2], who, f"that was number {number} of today")
            assert isinstance(answer, Said), answer
            await bot.line(f"that was number {number} of today")
    assert len(codes) == RAIDERS
    assert codes.count("") < 20
    await attack(0, first)
    await attack(1, second)
    assert "" not in codes[-2:], "on neither node anything more is said"
    shield = await chat_rules.select_shield(town.db, anna.id)
    assert shield.is_active == (guard == "shield")
    assert shield.user_id is None
    if guard == "shield":
        [(kind, door, reason)] = await logged(town.db)
        assert (kind, door, bool(why(reason))) == ("system", "automatic", True)
        assert await refused_code(town.nodes[1], raid[0]) == "msg_followersonly"
    elif action == "hold":
        assert codes.count("msg_rejected") >= min(MAX_WAITING, RAIDERS - 20), "wait for moderators"
    else:
        assert set(codes) <= {"", "msg_rejected_mandatory"}


def why(line: str) -> list[str]:
    """Give the reasons that a line names. Which of the two is first depends on which node was quicker to see enough."""
    return [reason for reason in WHY.values() if reason in line]


async def say(site: Site, who: Principal, text: str) -> Answer:
    """Have somebody say something at a node, as fast as the rules let anybody."""
    facts = await site.role._book.channel("anna")
    assert facts is not None
    return await site.role._chat.say(who, facts, Utterance(text, door="json"))


async def refused_code(site: Site, who: Principal) -> str:
    """Say things until the shield refuses them, which it does within a second; give the code."""
    for number in itertools.count():
        answer = await say(site, who, f"something else, number {number}")
        if isinstance(answer, Dropped) and answer.code not in {"msg_ratelimit", "msg_rejected_mandatory"}:
            return answer.code
        await trio.sleep(0.3)
    raise AssertionError


async def befriended(db: Database, anna: User) -> list[Principal]:
    """People who have followed anna for a month, and proved their addresses."""
    found = []
    for number in range(REGULARS):
        user = await add_user(db, f"friend{number}")
        await follows.upsert_follow(db, channel_id=anna.id, user_id=user.id, notify=False)
        found.append(Principal("session", user.id, user.login, user.display_name))
    await db.execute(
        "update users set email = login || '@example.org', email_verified_at = now() where login like 'friend%'"
    )
    month_ago = datetime.now(UTC) - timedelta(days=30)
    await db.execute("update follows set created_at = $1 where channel_id = $2", month_ago, anna.id)
    return found


async def logged(db: Database) -> list[tuple[str, str, str]]:
    rows = await db.fetch(
        "select actor_kind, details::text as details from audit_log where action = 'shield_mode_begin'"
    )
    found = [(row["actor_kind"], json.loads(row["details"])) for row in rows]
    return [(kind, said["door"], said["reason"]) for kind, said in found]


async def talk(site: Site, people: Sequence[Principal], text: str) -> int:
    """Have everybody say something; give how many could."""
    await trio.lowlevel.checkpoint()
    answers = [await say(site, who, f"{text} {number}") for number, who in enumerate(people)]
    return sum(isinstance(answer, Said) for answer in answers)


async def test_a_room_that_is_too_fast_is_slowed_and_everybody_is_told(site: Site) -> None:
    anna = await add_user(site.db, "anna")
    people = await raiders(site.db, 40)
    await set_chat(site.db, anna, crowd_slow_rate=2)
    async with site.page() as page, site.irc() as bot:
        await page.ask("join", channel="anna")
        await bot.say("JOIN #anna")
        await bot.line("ROOMSTATE #anna")
        await talk(site, people, "hello there, everybody, number")
        told = (await page.event("channel.chat_settings.update"))["event"]["settings"]
        assert (told["slow_mode"], told["slow_mode_wait_time_seconds"] >= 10) == (True, True)
        assert "slow_on" in await bot.line(" NOTICE #anna :")
        assert "slow=" in await bot.line("ROOMSTATE #anna")
        async with site.page() as late:
            assert (await late.ask("join", channel="anna"))["settings"]["slow_mode"]
        await trio.sleep(1.2)  # what anybody must wait
        assert await talk(site, people, "and once more, number") == 0
        assert (await channels.select_chat_settings(site.db, anna.id)).slow_mode is False
        await set_chat(site.db, anna, crowd_slow_rate=0)
        assert not (await page.event("channel.chat_settings.update"))["event"]["settings"]["slow_mode"]


async def test_viewers_pages_are_told_a_part_and_bots_all(site: Site) -> None:
    anna = await add_user(site.db, "anna")
    people = await raiders(site.db, 60)
    await set_chat(site.db, anna, sampling_rate=5)
    token = await site.token(people[0].user_id or 0, "user:read:chat")
    async with site.page() as viewer, site.page(token) as program, site.irc() as bot:
        for page in (viewer, program):
            await page.ask("join", channel="anna")
        await bot.say("JOIN #anna")
        await bot.line("ROOMSTATE #anna")
        assert await talk(site, people, "hello there, everybody, number") == len(people)
        await bot.line("number 59")
        assert sum(" PRIVMSG #anna :" in line for line in bot.seen) == len(people)
        texts = [(await program.event("channel.chat.message"))["event"] for _ in people]
        assert len(texts) == len(people)
        moderator = Principal("session", anna.id, "anna", "Anna")
        assert await talk(site, [moderator], "that is enough") == 1
        seen, skipped = 0, 0
        while True:
            frame = await viewer.event("channel.chat.message")
            skipped += frame.get("skipped", 0)
            seen += 1
            if frame["event"]["message"]["text"] == "that is enough 0":
                break
        assert seen < 40
        assert seen + skipped == len(people) + 1


async def test_settings_are_taken_over_json_and_shields_set_them(site: Site) -> None:
    anna = await add_user(site.db, "anna")
    async with site.page(await site.token(anna.id, "chat:edit")) as page:
        answer = await page.ask(
            "settings", channel="anna", settings={"automod_caps": "low", "raid_guard": "hold"}
        )
        assert answer["notice"]["code"] == "settings_success"
        for wrong in ({"automod_caps": "loud"}, {"sampling_rate": -1}, {"raid_guard": True}):
            request = {"type": "settings", "id": "9", "channel": "anna", "settings": wrong}
            await page.connection.send_message(json.dumps(request))
            assert (await page.next())["metadata"]["message_type"] == "error"
    assert await channels.select_chat_settings(site.db, anna.id) == ChatSettings(
        automod_caps="low", raid_guard="hold"
    )
