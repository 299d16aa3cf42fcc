"""The tables of `chat_table` over both protocols, three doors and two nodes: every rule refuses, and every act of moderation has its effect."""

import json
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest
import trio

from common import subscriptions
from common.audit import SYSTEM
from common.db import Database
from common.principals import SCOPES
from common.queries import follows
from common.subscription_telling import Place
from tests.common.test_queries import add_user
from tests.valkey_site import Valkey, valkey
from tests.weir.chat_table import ACTS, RULES, Act, Rule
from tests.weir.moderation_site import Door, Town, open_door, open_town
from tests.weir.test_chat import LIFE_S, Irc, Page
from tests.weir.test_chat_subscriptions import Watchers

__all__ = ["valkey"]

pytestmark = pytest.mark.real

DOORS = ("irc", "json", "api")
CLIENTS = Path(__file__).parents[1] / "clients"
TMI_JS = CLIENTS / "node_modules" / "tmi.js" / "lib" / "client.js"
"""Names the ids of notices that it knows."""
PAUSE_S = (0.3, 0)
"""Between two tries: what is refused counts for the pace of the account, too. None where that is what it is about."""
COUNTED = ("msg_slowmode", "msg_timedout")
"""Refusals whose sentence ends in the seconds that are left."""


@pytest.fixture
async def town(database: Database, valkey: Valkey) -> AsyncIterator[Town]:
    async with open_town(database, valkey) as town:
        with trio.fail_after(LIFE_S):
            yield town


# Rules -----------------------------------------------------------------------------------------------------------------------


async def settle(town: Town, rule: Rule) -> None:
    """Have the room be as a rule wants it, by the API."""
    anna = town.people["anna"]
    for login in ("sue", "fay"):
        town.people[login] = await add_user(town.db, login)
        town.tokens[login] = await town.nodes[0].token(town.people[login].id, *SCOPES)
    await subscriptions.grant(town.db, SYSTEM, Place(anna.id, "Anna"), "sue", 1000, None)
    for login in ["fay", *["ben"] * rule.follows]:
        user_id = town.people[login].id
        await follows.upsert_follow(town.db, user_id=user_id, channel_id=anna.id, notify=False)
    month_ago = datetime.now(UTC) - timedelta(days=30)
    await town.db.execute(
        "update follows set created_at = $1 where user_id = $2", month_ago, town.people["fay"].id
    )
    if rule.settings:
        assert (await town.ask("anna", "PATCH", "/chat/settings", dict(rule.settings)))[0] == 200
    if rule.term is not None:
        assert (await town.ask("mia", "POST", "/blocked-terms", dict(rule.term)))[0] == 201
    if rule.act is not None:
        act, said = rule.act
        assert await Door(town, "mia").act(act, **said) == "done"


def is_answer(rule: Rule, code: str) -> bool:
    """Whether a code ('': it was said) is what a rule comes to: what is said within a second of another is too fast, too."""
    return bool(code) if rule.code == "msg_ratelimit" else code != "msg_ratelimit"


async def refused_over_json(page: Page, rule: Rule) -> dict[str, Any]:
    """Say it; give why it is refused."""
    await trio.lowlevel.checkpoint()
    while True:
        answer = await page.ask("send", channel="anna", text=rule.text)
        reason: dict[str, Any] = answer.get("drop_reason") or {"code": ""}
        if is_answer(rule, reason["code"]):
            return reason
        await trio.sleep(PAUSE_S[rule.code == "msg_ratelimit"])


class Author(Protocol):
    """Ben over IRC."""

    async def say(self, text: str) -> None:
        """Say something."""

    async def answer(self) -> tuple[str, str]:
        """Give the id and the sentence of the NOTICE that comes of it; '' twice: it was said."""


class Plain:
    """A plain socket."""

    def __init__(self, bot: Irc) -> None:
        self._bot = bot

    async def say(self, text: str) -> None:
        """See `Author`."""
        await self._bot.say(f"PRIVMSG #anna :{text}")

    async def answer(self) -> tuple[str, str]:
        """See `Author`."""
        line = await self._bot.line("E #anna")  # NOTICE or USERSTATE
        head, _, sentence = line.partition(" NOTICE #anna :")
        return (head.partition("msg-id=")[2].partition(" ")[0] if sentence else ""), sentence


class TmiJs(Watchers):
    """tmi.js, which tells nobody when something was said."""

    async def say(self, text: str) -> None:
        """See `Author`."""
        assert self.process.stdin is not None
        await self.process.stdin.send_all(json.dumps({"act": "say", "argument": text}).encode() + b"\n")

    async def answer(self) -> tuple[str, str]:
        """See `Author`."""
        told = await self.next("notice")
        return told["id"], told["text"]


@asynccontextmanager
async def writing(town: Town, rule: Rule) -> AsyncIterator[Author]:
    """Have ben be in the room of the first node: with tmi.js, if that knows what he will be told."""
    if f"'{rule.code}'" not in TMI_JS.read_text() or rule.code == "msg_ratelimit":
        async with town.bot("ben", 0) as bot:
            yield Plain(bot)
        return
    command = ["node", str(CLIENTS / "tmi.cjs"), str(town.nodes[0].role.port), town.tokens["ben"], "ben"]
    async with trio.open_nursery() as nursery:
        process = await nursery.start(
            partial(trio.run_process, command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, check=False)
        )
        author = TmiJs(process)
        await author.next("joined")
        yield author
        nursery.cancel_scope.cancel()


async def refused_over_irc(author: Author, rule: Rule) -> tuple[str, str]:
    """Say it; give the NOTICE's id and its sentence."""
    await trio.lowlevel.checkpoint()
    while True:
        await author.say(rule.text)
        code, sentence = await author.answer()
        if is_answer(rule, code):
            return code, sentence
        await trio.sleep(PAUSE_S[rule.code == "msg_ratelimit"])


@pytest.mark.parametrize("name", RULES)
async def test_a_rule_refuses_at_both_nodes_and_in_both_protocols_and_nobody_hears_it(
    town: Town, name: str
) -> None:
    rule = RULES[name]
    await settle(town, rule)
    async with (
        writing(town, rule) as author,
        town.page("ben", 1) as page,
        town.page(None, 1) as reader,
        town.bot("moe", 0) as desk,
    ):
        if rule.before is not None:
            await say_first(town, rule, author, reader)
        code, sentence = await refused_over_irc(author, rule)
        reason = await refused_over_json(page, rule)
        assert (code, reason["code"]) == (rule.code, rule.code)
        assert rule.says in sentence
        assert _masked(reason["message"]) == _masked(sentence), "the same in both protocols"
        left_s = reason["seconds_left"]
        assert left_s is None if rule.left_s is None else left_s in rule.left_s
        if code in COUNTED:
            assert rule.left_s is not None
            assert int(re.findall(r"\d+", sentence)[-1]) in rule.left_s
        for login in rule.spares:
            async with town.page(login, 0) as free:
                answer = await free.ask("send", channel="anna", text=rule.text)
                assert answer["ok"], (login, answer)
        await desk.say("PRIVMSG #anna :over")
        heard = await told_until(reader, "over")
        wanted = {*rule.spares, *([] if code == "msg_ratelimit" else [rule.before[0]] if rule.before else [])}
        assert {login for login, _ in heard} - {"moe"} <= wanted | (
            {"ben"} if code == "msg_ratelimit" else set()
        )


async def say_first(town: Town, rule: Rule, author: Author, reader: Page) -> None:
    """Have somebody say what comes before, and the other node hear of it."""
    assert rule.before is not None
    who, text = rule.before
    if who == "ben":
        await author.say(text)
        if isinstance(author, Plain):
            await author.answer()
    else:
        async with town.page(who, 0) as page:
            assert (await page.ask("send", channel="anna", text=text))["ok"]
    await told(reader, "channel.chat.message", {"chatter_user_login": who, "message": {"text": text}})


async def told_until(reader: Page, last: str) -> list[tuple[str, str]]:
    """Give who said what, until something is said."""
    heard: list[tuple[str, str]] = []
    await trio.lowlevel.checkpoint()
    while not heard or heard[-1][1] != last:
        event = (await reader.event("channel.chat.message"))["event"]
        heard.append((event["chatter_user_login"], event["message"]["text"]))
    return heard


def _masked(sentence: str) -> str:
    return re.sub(r"\d+", "#", sentence)


# Acts ------------------------------------------------------------------------------------------------------------------------


def fits(found: Any, wanted: Any) -> bool:
    """Whether something holds what is wanted of it."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(name in found and fits(found[name], value) for name, value in wanted.items())
    return bool(found == wanted)


async def told(page: Page, kind: str, wanted: Any) -> dict[str, Any]:
    """Wait for an event that holds what is wanted."""
    while True:
        event: dict[str, Any] = (await page.event(kind))["event"]
        if fits(event, wanted):
            return event


@dataclass
class Told:
    """Who is told of acts: a moderator at each node in each protocol, and somebody at the other node who is nobody."""

    pages: list[Page]
    bots: list[Irc]
    reader: Page
    lurker: Irc
    vera: Page
    ids: dict[str, str] = field(default_factory=dict)

    async def prepare(self, act: Act) -> None:
        """Have there be what an act is about."""
        await trio.lowlevel.checkpoint()
        wanted = f"{act.said} {act.typed}"
        for name in ("message", "held"):
            if f"{{{name}}}" not in wanted:
                continue
            answer = await self.vera.ask("send", channel="anna", text=f"about {len(self.ids)} {name}s")
            if name == "message":
                self.ids[name] = answer["message_id"]
                await self.bots[0].line(f"id={answer['message_id']};")  # it can be deleted once it is there
            else:
                assert answer["drop_reason"]["code"] == "msg_rejected"
                for page in self.pages:
                    held = await told(page, "automod.message.hold", {"user_login": "vera"})
                self.ids[name] = held["message_id"]

    def filled(self, value: Any) -> Any:
        """Put ids in their places."""
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\}", lambda match: self.ids[match[1]], value)
        if isinstance(value, dict):
            return {name: self.filled(one) for name, one in value.items()}
        return value

    async def see(self, act: Act, town: Town) -> None:
        """See to it that everybody is told who is to be."""
        await trio.lowlevel.checkpoint()
        holds = self.filled(dict(act.holds))
        for page in [*self.pages, *[self.reader] * act.is_for_all] if act.event else []:
            event = await told(page, act.event, holds)
            if act.event == "channel.poll.begin":
                self.ids["poll"] = event["id"]
        for bot in [*self.bots, *[self.lurker] * act.is_for_all]:
            for line in act.lines:
                await bot.line(self.filled(line))
            if act.state:
                line = await bot.line(act.state)
                tags = line.split(" ")[0].removeprefix("@").split(";")
                assert sorted(tags) == sorted([act.state, f"room-id={town.people['anna'].id}"])


@asynccontextmanager
async def watching(town: Town) -> AsyncIterator[Told]:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        pages = [await enter(town.page("moe", node)) for node in (0, 1)]
        bots = [await enter(town.bot("moe", node)) for node in (0, 1)]
        lurker = await enter(town.nodes[1].irc())
        await lurker.say("JOIN #anna")
        await lurker.line("ROOMSTATE #anna")
        reader, vera = await enter(town.page(None, 1)), await enter(town.page("vera", 1))
        yield Told(pages, bots, reader, lurker, vera)


@pytest.mark.parametrize("kind", DOORS)
async def test_an_act_of_moderation_has_its_effect_on_both_nodes_and_in_the_log(
    town: Town, kind: str
) -> None:
    wanted_log: list[tuple[str, str | None, str]] = []
    async with (
        open_door(town, kind, "mia") as door,
        open_door(town, kind, "anna") as owner,
        watching(town) as everybody,
    ):
        for act in ACTS:
            if kind not in act.doors:
                continue
            await everybody.prepare(act)
            mine = owner if act.by == "anna" else door
            said = {name: everybody.filled(value) for name, value in act.said.items()}
            code = await mine.act(act.act, typed=everybody.filled(act.typed), told=act.code, **said)
            assert code in {act.code, "done", "settings_success" if act.act == "set" else "done"}, act
            await everybody.see(act, town)
            wanted_log += [(verb, act.about, door.name) for verb in act.verbs.split()]
        assert await town.log() == wanted_log
