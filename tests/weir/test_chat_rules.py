"""The rules of a room over both protocols and two nodes: each refuses with its notice and time, and is announced to all."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import trio

from chatd.book import KEEP_S
from common.bus import LocalBus
from common.config import Config
from common.db import Database
from common.metrics import Metrics
from common.queries import channels, chat_rules, follows, roles
from common.queries.channels import ChatSettings
from common.shared_pace import PaceRefused
from tests.common.test_queries import add_user
from tests.weir.test_chat import Irc, Page, Site
from weir.chat import ChatRole

pytestmark = pytest.mark.real

LIMIT_S = 60
SCOPES = ("chat:read", "chat:edit")


@dataclass
class Nodes:
    """Two nodes of one site: anna's moderator is at the first, ben writes at the second."""

    first: Site
    second: Site
    anna_id: int
    ben_id: int
    mod_id: int
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def db(self) -> Database:
        return self.first.db


@pytest.fixture
async def nodes(database: Database) -> AsyncIterator[Nodes]:
    """Nodes share a bus in this process, as those behind one Redis do."""
    bus = LocalBus(new_epoch=lambda: "e", now=trio.current_time)
    stop = trio.Event()
    people = [await add_user(database, login) for login in ("anna", "ben", "mod_1")]
    anna, ben, mod = people
    await roles.insert_role(
        database, channel_id=anna.id, user_id=mod.id, role="moderator", granted_by=anna.id
    )
    async with trio.open_nursery() as nursery:
        sites = []
        for _ in range(2):
            config = Config(
                chat_port=0,
                irc_port=0,
                drain_s=2.0,
                smtp_host="mail.example.org",
                smtp_from="weir@example.org",
                public_web_url="https://example.org",
            )
            role = ChatRole(config, database, bus, Metrics())
            nursery.start_soon(role.run_background)
            await nursery.start(partial(role.serve, stop=stop, drain_s=2.0))
            sites.append(Site(role, database, stop))
        found = Nodes(sites[0], sites[1], anna.id, ben.id, mod.id)
        for user in people:
            found.tokens[user.login] = await sites[0].token(user.id, *SCOPES)
        with trio.fail_after(LIMIT_S):
            yield found
        nursery.cancel_scope.cancel()


class Room:
    """Anna's room, with who listens and writes in it."""

    def __init__(self, nodes: Nodes, ben: Irc, ben_page: Page, mod: Irc, mod_page: Page) -> None:
        self.nodes = nodes
        self.ben, self.ben_page, self.mod, self.mod_page = ben, ben_page, mod, mod_page

    async def refusal_over_irc(self, text: str) -> tuple[str, str]:
        """Say something as ben, which is refused; give the NOTICE's id and text."""
        await self.ben.say(f"PRIVMSG #anna :{text}")
        line = await self.ben.line(" NOTICE #anna :")
        head, _, message = line.partition(" NOTICE #anna :")
        return head.split("msg-id=")[1].split(" ")[0], message

    async def refusal_over_json(self, text: str) -> dict[str, Any]:
        answer = await self.ben_page.ask("send", channel="anna", text=text)
        assert not answer["ok"], answer
        found: dict[str, Any] = answer["drop_reason"]
        return found

    async def taken(self, text: str) -> None:
        """Say something as ben again and again, until it is taken."""
        with trio.fail_after(20):
            while True:
                if (await self.ben_page.ask("send", channel="anna", text=text))["ok"]:
                    return
                await trio.sleep(0.3)

    async def spoken(self, text: str) -> None:
        """The same over IRC."""
        with trio.fail_after(20):
            while True:
                await self.ben.say(f"PRIVMSG #anna :{text}")
                if "USERSTATE" in await self.ben.line("E #anna"):
                    return
                await trio.sleep(0.3)

    async def say(self, text: str) -> None:
        """Say something as ben that everybody hears."""
        answer = await self.ben_page.ask("send", channel="anna", text=text)
        assert answer["ok"], answer
        await self.mod.line(f"PRIVMSG #anna :{text}")


@asynccontextmanager
async def room(nodes: Nodes) -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        ben = await stack.enter_async_context(
            nodes.second.irc(f"PASS oauth:{nodes.tokens['ben']}", nick="ben")
        )
        mod = await stack.enter_async_context(
            nodes.first.irc(f"PASS oauth:{nodes.tokens['mod_1']}", nick="mod_1")
        )
        for client in (ben, mod):
            await client.say("JOIN #anna")
            await client.line("ROOMSTATE #anna")
        ben_page = await stack.enter_async_context(nodes.second.page(nodes.tokens["ben"]))
        mod_page = await stack.enter_async_context(nodes.first.page(nodes.tokens["mod_1"]))
        for page in (ben_page, mod_page):
            assert (await page.ask("join", channel="anna"))["ok"]
        yield Room(nodes, ben, ben_page, mod, mod_page)


async def block(nodes: Nodes, *texts: str, **more: Any) -> None:
    await chat_rules.upsert_blocked_terms(
        nodes.db,
        nodes.anna_id,
        texts,
        **{"is_regex": False, "moderator_id": nodes.mod_id, "expires_at": None, **more},
    )


async def test_slow_mode_begins_on_all_nodes_at_once_and_says_how_long(nodes: Nodes) -> None:
    async with room(nodes) as anna:
        await anna.say("one")
        await anna.mod.say("PRIVMSG #anna :/slow 300")
        said = await anna.mod.line("slow_on_limited")
        assert "every 120 seconds. 300 seconds are not possible: 3 to 120 are." in said
        await anna.ben.line("slow=120")
        code, message = await anna.refusal_over_irc("two")
        assert code == "msg_slowmode"
        left_s = int(message.split()[-2])
        reason = await anna.refusal_over_json("three")
        assert reason["code"] == "msg_slowmode"
        assert 100 < reason["seconds_left"] <= left_s <= 120
        # Who goes to the other node waits as long.
        async with nodes.first.page(nodes.tokens["ben"]) as elsewhere:
            answer = await elsewhere.ask("send", channel="anna", text="four")
            assert answer["drop_reason"]["code"] == "msg_slowmode"
        await anna.mod.say("PRIVMSG #anna :/slowoff")
        await anna.ben.line("slow=0")
        await anna.taken("five")


async def test_who_follows_may_write_without_waiting(nodes: Nodes) -> None:
    await channels.upsert_chat_settings(nodes.db, nodes.anna_id, ChatSettings(follower_mode=True))
    async with room(nodes) as anna:
        assert (await anna.refusal_over_json("hi"))["code"] == "msg_followersonly_zero"
        await follows.upsert_follow(nodes.db, user_id=nodes.ben_id, channel_id=nodes.anna_id, notify=False)
        with trio.fail_after(KEEP_S / 2):  # not what is kept of people, but at once, or nearly
            await anna.taken("now I do")
        await anna.mod.say("PRIVMSG #anna :/followers 1 day")
        await anna.ben.line("followers-only=1440")
        reason = await anna.refusal_over_json("but not for long")
        assert reason["code"] == "msg_followersonly_followed"
        assert 86_000 < reason["seconds_left"] <= 86_400


async def test_modes_that_are_on_already_say_so(nodes: Nodes) -> None:
    async with room(nodes) as anna:
        for command, code in (
            ("emoteonlyoff", "already_emote_only_off"),
            ("subscribersoff", "already_subs_off"),
            ("r9kbetaoff", "already_r9k_off"),
            ("slow soon", "usage_slow_on"),
            ("followers sometimes", "usage_followers_on"),
        ):
            await anna.mod.say(f"PRIVMSG #anna :/{command}")
            assert f"@msg-id={code} " in await anna.mod.line(" NOTICE #anna :")
        for command, state in (("slowoff", "slow=0"), ("followersoff", "followers-only=-1")):
            await anna.mod.say(f"PRIVMSG #anna :/{command}")  # tmi.js waits for it
            assert state in await anna.mod.line("ROOMSTATE #anna")
        await anna.ben.say("PRIVMSG #anna :/slow", "PRIVMSG #anna :/shield")
        for _ in range(2):
            assert "@msg-id=no_permission " in await anna.ben.line(" NOTICE #anna :")


async def test_terms_are_blocked_and_freed_on_all_nodes_within_a_second_and_end_by_themselves(
    nodes: Nodes,
) -> None:
    async with room(nodes) as anna:
        await anna.say("all is fine")
        await block(nodes, "fine")
        await block(nodes, r"b[a4]+d", is_regex=True)
        async with refusals(anna, "FINE by me", "so b44aad") as codes:
            assert codes == {"msg_rejected_mandatory"}
        await block(nodes, "fine", expires_at=datetime.now(UTC) + timedelta(seconds=2))
        await anna.taken("fine again")
        [regex] = await chat_rules.select_blocked_terms(nodes.db, nodes.anna_id, limit=10)
        await chat_rules.delete_blocked_term(nodes.db, channel_id=nodes.anna_id, term_id=regex.id)
        await anna.taken("so baad")


@asynccontextmanager
async def refusals(anna: Room, *texts: str) -> AsyncIterator[set[str]]:
    """Why texts are refused, as soon as they are: nodes hear of a change within a second."""
    found = set()
    for text in texts:
        with trio.fail_after(20):
            while True:
                answer = await anna.ben_page.ask("send", channel="anna", text=text)
                if not answer["ok"] and answer["drop_reason"]["code"] not in {
                    "msg_ratelimit",
                    "msg_duplicate",
                }:
                    found.add(answer["drop_reason"]["code"])
                    break
                await trio.sleep(0.3)
    yield found


async def test_the_shield_goes_up_and_down_and_puts_back_what_was(nodes: Nodes) -> None:
    await channels.upsert_chat_settings(
        nodes.db, nodes.anna_id, ChatSettings(slow_mode=True, slow_mode_wait_time=60, links_from="vips")
    )
    async with room(nodes) as anna, nodes.first.page(nodes.tokens["mod_1"]) as desk:
        before = await channels.select_chat_settings(nodes.db, nodes.anna_id)
        assert (await desk.ask("shield", channel="anna", is_active=True))["notice"]["code"] == "shield_on"
        up = await channels.select_chat_settings(nodes.db, nodes.anna_id)
        assert (up.follower_mode, up.verified_email_mode, up.links_from) == (True, True, "moderators")
        assert up.slow_mode_wait_time == 60, "never laxer"
        await anna.ben.line("followers-only=10")
        assert (await anna.refusal_over_irc("hi"))[0] == "msg_followersonly"
        await anna.mod.say("PRIVMSG #anna :/followers 1h")
        await anna.ben.line("followers-only=60")
        await anna.mod.say("PRIVMSG #anna :/shieldoff")
        await anna.mod.line("shield_off")
        down = await channels.select_chat_settings(nodes.db, nodes.anna_id)
        assert down == replace(before, follower_mode_duration=60), "but for what somebody chose meanwhile"


async def test_moderators_see_messages_before_others_and_can_take_them_away(nodes: Nodes) -> None:
    await channels.upsert_chat_settings(
        nodes.db,
        nodes.anna_id,
        ChatSettings(non_moderator_chat_delay=True, non_moderator_chat_delay_duration=4),
    )
    async with room(nodes) as anna, nodes.first.page() as reader, nodes.second.irc() as lurker:
        await reader.ask("join", channel="anna")
        await lurker.say("JOIN #anna")
        await lurker.line("353")
        sent = await anna.ben_page.ask("send", channel="anna", text="buy gold")
        line = await anna.mod.line("PRIVMSG #anna :buy gold")
        assert sent["message_id"] in line
        assert (await anna.mod_page.event("channel.chat.message"))["event"]["message"]["text"] == "buy gold"
        await anna.ben.line("PRIVMSG #anna :buy gold")  # whose it is sees it, too
        await anna.mod.say(f"PRIVMSG #anna :/delete {sent['message_id']}")
        await anna.mod.line("CLEARMSG")
        await anna.mod.say("PRIVMSG #anna :nothing happened yet")
        event = await reader.event("channel.chat.message")
        assert event["event"]["message"]["text"] == "nothing happened yet", "moderators are not delayed"

        begun = trio.current_time()
        await anna.spoken("hello")
        await anna.mod.line("PRIVMSG #anna :hello")
        told_at = trio.current_time()
        event = await reader.event("channel.chat.message")
        assert event["event"]["message"]["text"] == "hello"
        assert trio.current_time() - begun >= 4
        assert told_at - begun < 4
        await lurker.line("PRIVMSG #anna :hello")
        assert not any("buy gold" in line for line in lurker.seen), "not even in CLEARMSG"
        await anna.mod.say("PRIVMSG #anna :over")
        await lurker.line("PRIVMSG #anna :over")
        await anna.ben.line("PRIVMSG #anna :over")
        for client in (anna.mod, lurker):
            assert sum(line.endswith("PRIVMSG #anna :hello") for line in client.seen) == 1, "told once"
        assert not any("hello" in line for line in anna.ben.seen), "no echo over IRC"


async def test_a_delayed_message_survives_that_its_author_leaves_and_that_the_delay_is_switched_off(
    nodes: Nodes,
) -> None:
    await channels.upsert_chat_settings(
        nodes.db,
        nodes.anna_id,
        ChatSettings(non_moderator_chat_delay=True, non_moderator_chat_delay_duration=6),
    )
    cleo = await add_user(nodes.db, "cleo")
    token = await nodes.second.token(cleo.id, *SCOPES)
    async with room(nodes) as anna, nodes.first.page() as reader:
        await reader.ask("join", channel="anna")
        async with nodes.second.page(token) as leaving:
            assert (await leaving.ask("send", channel="anna", text="bye"))["ok"]
        assert (await anna.ben_page.ask("send", channel="anna", text="spam spam"))["ok"]
        await anna.mod.say("PRIVMSG #anna :/timeout ben 60")
        await anna.ben.line("CLEARCHAT")
        await channels.upsert_chat_settings(nodes.db, nodes.anna_id, ChatSettings())
        anna_page = nodes.tokens["anna"]
        async with nodes.second.page(token) as back, nodes.second.page(anna_page):
            begun = trio.current_time()
            with trio.fail_after(20):
                while True:
                    if (await back.ask("send", channel="anna", text="here again"))["ok"]:
                        break
                    await trio.sleep(0.3)
            said = [
                (await reader.event("channel.chat.message"))["event"]["message"]["text"] for _ in range(2)
            ]
        assert said == ["bye", "here again"], "and nothing of who was timed out"
        assert trio.current_time() - begun < 20


class Agreed:
    """Where nodes agree; says no."""

    asked: int = 0

    async def take(
        self, _user_id: int, _channel_id: int, *, times: int, window_s: float, interval_s: float
    ) -> PaceRefused | None:
        await trio.lowlevel.checkpoint()
        assert (times, window_s, interval_s) == (20, 30.0, 3)
        self.asked += 1
        return PaceRefused(2.4, by_room=True)


async def test_only_who_writes_at_several_nodes_waits_for_what_they_agree_on(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.rules.MIN_INTERVAL_S", 0)
    agreed = Agreed()
    for site in (nodes.first, nodes.second):
        monkeypatch.setattr(site.role._chat, "_shared", agreed)
    await channels.upsert_chat_settings(
        nodes.db, nodes.anna_id, ChatSettings(slow_mode=True, slow_mode_wait_time=3)
    )
    async with room(nodes) as anna, nodes.first.page(nodes.tokens["ben"]) as elsewhere:
        await anna.say("one")
        assert agreed.asked == 0
        with trio.fail_after(20):
            while True:  # the other node knows that it must ask
                answer = await elsewhere.ask("send", channel="anna", text="two")
                if agreed.asked:
                    break
                assert answer["drop_reason"]["code"] == "msg_slowmode"
                await trio.sleep(0.3)
        assert (answer["drop_reason"]["code"], answer["drop_reason"]["seconds_left"]) == ("msg_slowmode", 3)
