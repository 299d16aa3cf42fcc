"""Emotes and badges in chat over real sockets and a real database: who may use what, and what JSON and IRC are told of it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing

from common.db import FullRecheck
from common.queries import emotes, roles, users
from common.queries.emotes import Emote, Status, Tier
from tests.common.test_queries import add_user
from tests.weir.test_chat import Page, Site, site

__all__ = ["site"]

pytestmark = pytest.mark.real


async def add_emote(
    site: Site,
    channel_id: int | None,
    code: str,
    *,
    tier: Tier = "",
    status: Status = "approved",
    moving: bool = False,
) -> Emote:
    owner = channel_id or await site.db.fetchval("select min(id) from users")
    return await emotes.insert_emote(
        site.db,
        channel_id=channel_id,
        code=code,
        tier=tier,
        status=status,
        images=["a.png", "b.png", "c.png", "a.webp", "b.webp", "c.webp"][: 6 if moving else 3],
        created_by=owner,
    )


async def subscribe(site: Site, channel_id: int, user_id: int, tier: int) -> None:
    await site.db.execute(
        """
        insert into subscriptions (channel_id, user_id, tier, is_gift, since, renews) values ($1, $2, $3, false, now(), false)
        """,
        channel_id,
        user_id,
        tier,
    )


async def said(page: Page, text: str, channel: str = "anna") -> list[tuple[str, str]]:
    """What the fragments of a message are that somebody says now."""
    sent = await page.ask("send", channel=channel, text=text)
    assert sent["is_sent"], sent
    event = await page.event("channel.chat.message")
    return [(piece["type"], piece["text"]) for piece in event["event"]["message"]["fragments"]]


def tags_of(line: str) -> dict[str, str]:
    head, _, _ = line.removeprefix("@").partition(" ")
    return dict(tag.split("=", 1) for tag in head.split(";"))


async def told(site: Site, act: Callable[[], Awaitable[object]]) -> None:
    """Do something, and wait until chat has heard of it."""
    with site.db.subscribe() as feed, trio.fail_after(30):
        await anext(feed)
        await act()
        while isinstance(await anext(feed), FullRecheck):
            pass
    await trio.testing.wait_all_tasks_blocked()


async def writer(site: Site, user_id: int) -> str:
    return await site.token(user_id, "user:read:chat", "user:write:chat")


async def test_both_protocols_are_told_of_the_same_emotes(site: Site) -> None:
    anna, ben = await add_user(site.db, "anna"), await add_user(site.db, "ben")
    wave = await add_emote(site, anna.id, "annaWave", moving=True)
    smile = await add_emote(site, None, "Smile")
    async with (
        site.page(await writer(site, ben.id)) as page,
        site.irc(f"PASS oauth:{await site.token(anna.id, 'chat:read', 'chat:edit')}", nick="anna") as bot,
    ):
        await page.ask("join", channel="anna")
        await bot.say("JOIN #anna")
        await bot.line("ROOMSTATE #anna")
        await page.ask("send", channel="anna", text="𝄞 annaWave  👩‍👩‍👧 Smile annaWave!")
        event: Any = await page.event("channel.chat.message")
        assert event["event"]["message"]["fragments"] == [
            {"type": "text", "text": "𝄞 ", "emote": None, "mention": None},
            {
                "type": "emote",
                "text": "annaWave",
                "emote": {
                    "id": str(wave.id),
                    "emote_set_id": f"{anna.id}0",
                    "owner_id": str(anna.id),
                    "format": ["static", "animated"],
                },
                "mention": None,
            },
            {"type": "text", "text": " 👩‍👩‍👧 ", "emote": None, "mention": None},
            {
                "type": "emote",
                "text": "Smile",
                "emote": {"id": str(smile.id), "emote_set_id": "0", "owner_id": "0", "format": ["static"]},
                "mention": None,
            },
            {"type": "text", "text": " annaWave!", "emote": None, "mention": None},
        ]
        line = await bot.line("PRIVMSG #anna")
        tags, text = tags_of(line), line.partition("PRIVMSG #anna :")[2]
        assert tags["emotes"] == f"{wave.id}:2-9/{smile.id}:17-21"
        assert (text[2 : 9 + 1], text[17 : 21 + 1]) == ("annaWave", "Smile")
        assert "emote-only" not in tags


async def test_pinned_and_announced_emotes_are_pictures_too(site: Site) -> None:
    anna, ben = await add_user(site.db, "anna"), await add_user(site.db, "ben")
    wave = await add_emote(site, anna.id, "annaWave")
    gold = await add_emote(site, anna.id, "annaGold", tier="3000")
    pieces = [
        {"type": "text", "text": "@ben "},
        {
            "type": "emote",
            "text": "annaWave",
            "emote": {
                "id": str(wave.id),
                "emote_set_id": f"{anna.id}0",
                "owner_id": str(anna.id),
                "format": ["static"],
            },
        },
        {"type": "text", "text": " annaGold https://example.org"},
    ]
    text = "@ben annaWave annaGold https://example.org"
    async with (
        site.page(await writer(site, anna.id)) as page,
        site.page(await writer(site, ben.id)) as author,
        site.irc() as bot,
    ):
        await page.ask("join", channel="anna")
        await author.ask("join", channel="anna")
        await bot.say("JOIN #anna")
        await bot.line("366")
        sent = await author.ask("send", channel="anna", text=text)
        assert (await page.ask("pin_message", channel="anna", message_id=sent["message_id"]))["ok"]
        pin: Any = (await page.event("channel.chat.pin"))["event"]["pin"]
        assert (pin["text"], pin["fragments"]) == (text, pieces)
        async with site.page() as late:
            assert (await late.ask("join", channel="anna"))["stage"]["pin"] == pin

        assert (await page.ask("announce", channel="anna", message=text))["ok"]
        event: Any = (await page.event("channel.chat.notification"))["event"]
        assert event["message"]["fragments"][1] == pieces[1]
        line = await bot.line("USERNOTICE #anna")
        # The owner has all emotes of the channel.
        assert tags_of(line)["emotes"] == f"{wave.id}:5-12/{gold.id}:14-21"
        assert line.endswith(f":{text}")


async def test_an_action_and_emotes_alone(site: Site) -> None:
    anna, ben = await add_user(site.db, "anna"), await add_user(site.db, "ben")
    love = await add_emote(site, anna.id, "annaLove")
    async with (
        site.irc(f"PASS oauth:{await site.token(ben.id, 'chat:read', 'chat:edit')}", nick="ben") as writing,
        site.irc() as reader,
    ):
        await reader.say("JOIN #anna")
        await reader.line("366")
        await writing.say("JOIN #anna", "PRIVMSG #anna :\x01ACTION 𝄞 annaLove\x01")
        line = await reader.line("PRIVMSG #anna")
        assert line.endswith(":\x01ACTION 𝄞 annaLove\x01")
        assert tags_of(line)["emotes"] == f"{love.id}:2-9"
        await writing.line("USERSTATE #anna")
    async with (
        site.irc(f"PASS oauth:{await site.token(anna.id, 'chat:read', 'chat:edit')}", nick="anna") as writing,
        site.irc() as reader,
    ):
        await reader.say("JOIN #anna")
        await reader.line("366")
        await writing.say("JOIN #anna", "PRIVMSG #anna :annaLove annaLove")
        line = await reader.line("PRIVMSG #anna")
        assert (tags_of(line)["emotes"], tags_of(line)["emote-only"]) == (f"{love.id}:0-7,9-16", "1")


async def test_who_subscribes_may_use_more_at_once(site: Site) -> None:
    anna, ben = await add_user(site.db, "anna"), await add_user(site.db, "ben")
    await roles.insert_role(site.db, channel_id=anna.id, user_id=ben.id, role="vip", granted_by=anna.id)
    await add_emote(site, anna.id, "annaFree")
    await add_emote(site, anna.id, "annaOne", tier="1000")
    await add_emote(site, anna.id, "annaTwo", tier="2000")
    async with site.page(await writer(site, ben.id)) as page:
        await page.ask("join", channel="anna")
        text = "annaFree annaOne annaTwo"
        assert await said(page, text) == [("emote", "annaFree"), ("text", " annaOne annaTwo")]
        await told(site, partial(subscribe, site, anna.id, ben.id, 1000))
        assert await said(page, f"{text} !") == [
            ("emote", "annaFree"),
            ("text", " "),
            ("emote", "annaOne"),
            ("text", " annaTwo !"),
        ]


async def test_what_is_deleted_is_a_word_from_then_on_and_stays_where_it_was_said(site: Site) -> None:
    anna = await add_user(site.db, "anna")
    love = await add_emote(site, anna.id, "annaLove")
    async with site.page(await writer(site, anna.id)) as page:
        await page.ask("join", channel="anna")
        assert await said(page, "annaLove") == [("emote", "annaLove")]
        await told(site, partial(emotes.delete_emote, site.db, love))
        assert await said(page, "annaLove !") == [("text", "annaLove !")]
        assert await emotes.select_emote_images(site.db, love.id) == list(love.images)
    async with site.page() as late:
        joined = await late.ask("join", channel="anna", since={"epoch": "e", "offset": 0})
        assert joined["recovered"]
        event = await late.event("channel.chat.message")
        assert event["event"]["message"]["fragments"][0]["emote"]["id"] == str(love.id)


async def test_a_new_emote_can_be_used_once_it_was_approved(site: Site) -> None:
    anna = await add_user(site.db, "anna")
    async with site.page(await writer(site, anna.id)) as page:
        await page.ask("join", channel="anna")
        assert await said(page, "annaLove") == [("text", "annaLove")]
        love = await add_emote(site, anna.id, "annaLove", status="pending")
        assert await said(page, "annaLove !") == [("text", "annaLove !")]
        await told(
            site,
            partial(emotes.review_emote, site.db, love.id, status="approved", reviewed_by=anna.id),
        )
        assert await said(page, "annaLove ?") == [("emote", "annaLove"), ("text", " ?")]


async def test_irc_names_the_sets_that_somebody_may_use(site: Site) -> None:
    anna, ben = await add_user(site.db, "anna"), await add_user(site.db, "ben")
    cleo = await add_user(site.db, "cleo")
    await add_emote(site, anna.id, "annaFree")
    await add_emote(site, anna.id, "annaTwo", tier="2000")
    await add_emote(site, cleo.id, "cleoOne", tier="1000")
    await subscribe(site, cleo.id, ben.id, 1000)
    async with site.irc(
        f"PASS oauth:{await site.token(ben.id, 'chat:read', 'chat:edit')}", nick="ben"
    ) as bot:
        assert tags_of(await bot.line("GLOBALUSERSTATE"))["emote-sets"] == f"0,{cleo.id}1"
        await bot.say("JOIN #anna")
        wanted = sorted([f"{anna.id}0", f"{cleo.id}1"], key=int)
        assert tags_of(await bot.line(" USERSTATE #anna"))["emote-sets"] == ",".join(["0", *wanted])
        await bot.line("ROOMSTATE #anna")
        await bot.say("PRIVMSG #anna :cleoOne")
        assert tags_of(await bot.line(" USERSTATE #anna"))["emote-sets"] == ",".join(["0", *wanted])
    async with site.irc(
        f"PASS oauth:{await site.token(anna.id, 'chat:read', 'chat:edit')}", nick="anna"
    ) as bot:
        await bot.say("JOIN #anna")
        assert tags_of(await bot.line(" USERSTATE #anna"))["emote-sets"] == f"0,{anna.id}0,{anna.id}2"


async def test_a_bot_and_a_subscriber_have_badges(site: Site) -> None:
    anna, ben = await add_user(site.db, "anna"), await add_user(site.db, "ben")
    await users.update_profile(site.db, ben.id, is_bot=True)
    await subscribe(site, anna.id, ben.id, 2000)
    async with site.irc(
        f"PASS oauth:{await site.token(ben.id, 'chat:read', 'chat:edit')}", nick="ben"
    ) as bot:
        await bot.say("JOIN #anna")
        tags = tags_of(await bot.line(" USERSTATE #anna"))
        assert (tags["badges"], tags["badge-info"]) == ("bot/1,subscriber/2000", "subscriber/1")
