"""Two nodes of chat on one PostgreSQL and one Valkey, with the API beside them: three doors to the acts of moderation."""

import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import trio
from quart_trio import QuartTrio

from common.asyncio_bridge import open_bridge
from common.auth import Authenticator
from common.background import running
from common.config import Config
from common.db import Database
from common.metrics import Metrics
from common.principals import SCOPES
from common.proxies import TrustedProxies
from common.queries import roles
from common.queries.users import User
from common.redis_bus import RedisBus
from common.redis_link import open_redis
from tests.common.test_queries import add_user
from tests.valkey_site import Valkey
from tests.weir.test_chat import Irc, Page, Site
from webapp.app import create_app
from webapp.public_urls import PublicUrl, PublicUrls
from webapp.static_files import FrontEnd, StaticFile
from weir.chat import ChatRole

LOGINS = ("anna", "mia", "moe", "ben", "vera", "sam", "boss")
"""The owner, two moderators, a chatter, a VIP, staff and an administrator."""
LANE = (
    "automod_",
    "shield_mode_",
    "user_warned",
    "warning_ack",
    "suspicious_user_",
    "unban_request_create",
)
"""What notices of the moderation lane begin with."""
MODE = re.compile(r"^(slow|followers|subs|emote_only|r9k)_(on|off)")
"""Notices that tell a room how it is set."""
_epochs = itertools.count(1)


@dataclass
class Town:
    """The people, the nodes and the API."""

    db: Database
    nodes: list[Site]
    app: QuartTrio
    people: dict[str, User]
    tokens: dict[str, str] = field(default_factory=dict)

    async def ask(self, login: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Call the API in somebody's name, about anna's channel."""
        response = await self.app.test_client().open(
            f"/api/channels/anna{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {self.tokens[login]}"},
        )
        data = await response.get_data()
        return response.status_code, json.loads(data) if data else {}

    @asynccontextmanager
    async def page(self, login: str | None, node: int) -> AsyncIterator[Page]:
        """Read anna's room over JSON."""
        async with self.nodes[node].page(self.tokens[login] if login else None) as page:
            assert (await page.ask("join", channel="anna"))["ok"]
            yield page

    @asynccontextmanager
    async def bot(self, login: str, node: int) -> AsyncIterator[Irc]:
        """Read anna's room over IRC."""
        async with self.nodes[node].irc(f"PASS oauth:{self.tokens[login]}", nick=login) as bot:
            await bot.say("JOIN #anna")
            await bot.line("ROOMSTATE #anna")
            yield bot

    async def log(self) -> list[tuple[str, str | None, str]]:
        """Verb, whom it is about, and door of what was done, the oldest first."""
        rows = await self.db.fetch("select action, details::text as details from audit_log order by id")
        found = [(row["action"], json.loads(row["details"])) for row in rows]
        return [(action, said.get("user_login"), said["door"]) for action, said in found]


@asynccontextmanager
async def open_town(db: Database, valkey: Valkey) -> AsyncIterator[Town]:
    """Have everything run."""
    people = {login: await add_user(db, login) for login in LOGINS}
    anna = people["anna"]
    for login, role in (("mia", "moderator"), ("moe", "moderator"), ("vera", "vip")):
        await roles.insert_role(
            db, channel_id=anna.id, user_id=people[login].id, role=role, granted_by=anna.id
        )
    await db.execute("update users set is_staff = true where login = 'sam'")
    await db.execute("update users set is_admin = true where login = 'boss'")
    async with AsyncExitStack() as stack:
        nodes: list[Site] = []
        for name in ("one", "two"):
            bridge = await stack.enter_async_context(open_bridge())
            link = await stack.enter_async_context(open_redis(valkey.url, bridge))
            bus = RedisBus(
                link, node=name, new_epoch=partial("{}{}".format, name, next(_epochs)), now=trio.current_time
            )
            await stack.enter_async_context(running(bus.run))
            with trio.fail_after(20):
                await bus.wait_alone(wanted=False)
            nodes.append(await stack.enter_async_context(_node(db, bus)))
        town = Town(db, nodes, _api(db, bus), people)
        for login, user in people.items():
            town.tokens[login] = await nodes[0].token(user.id, *SCOPES)
        yield town


@asynccontextmanager
async def _node(db: Database, bus: RedisBus) -> AsyncIterator[Site]:
    config = Config(
        chat_port=0,
        irc_port=0,
        drain_s=2.0,
        smtp_host="mail.example.org",  # where no mail is sent, nobody has to prove an address
        smtp_from="weir@example.org",
        public_web_url="https://example.org",
    )
    role = ChatRole(config, db, bus, Metrics())
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(role.run_background)
        await nursery.start(partial(role.serve, stop=stop, drain_s=2.0))
        yield Site(role, db, stop)
        nursery.cancel_scope.cancel()


@dataclass
class Door:
    """One way to do acts, in the name of one person."""

    town: Town
    login: str
    bot: Irc | None = None
    page: Page | None = None

    @property
    def name(self) -> str:
        """As the log has it."""
        return "irc" if self.bot else "json" if self.page else "api"

    async def act(self, act: str, *, typed: str = "", told: str = "", **said: Any) -> str:
        """Do something; gives the code of what came of it (`done` where the API says nothing).

        `typed`: the command for it; '': as `_typed` has it. `told`: the code, where the room may be told others, too.
        """
        if self.bot is not None:
            return await self._type(typed or _typed(act, said), told)
        if self.page is not None:
            kind, fields = _json(act, said)
            answer = await self.page.ask(kind, channel="anna", **fields)
            code: str = (answer.get("notice") or answer.get("drop_reason") or {"code": "done"})["code"]
            return code
        method, path, body = _rest(self.town, act, said)
        status, answer = await self.town.ask(self.login, method, path, body)
        return "done" if status < 300 else str(answer.get("reason", f"{status} {answer.get('message')}"))

    async def _type(self, command: str, told: str) -> str:
        assert self.bot is not None
        await self.bot.say(f"PRIVMSG #anna :{command}")
        while True:
            line = await self.bot.line(" #anna")
            if " CLEARCHAT " in line and command == "/clear":
                return "clear_success"
            if " NOTICE " not in line:
                continue
            code = line.partition("msg-id=")[2].partition(" ")[0]
            if code == told or (not code.startswith(LANE) and not MODE.search(code)):
                return code


def _typed(act: str, said: dict[str, Any]) -> str:
    """An act as people type it; every other way has a dot."""
    match act:
        case "ban" if "duration_seconds" in said:
            return f"/timeout {said['user']} {said['duration_seconds']} {said.get('reason', '')}"
        case "ban":
            return f".ban @{said['user'].upper()} {said.get('reason', '')}"
        case "warn":
            return f"/warn {said['user']} {said['reason']}"
        case "watch":
            name = {"ACTIVE_MONITORING": "monitor", "RESTRICTED": "restrict", "NO_TREATMENT": "unrestrict"}
            return f"/{name[said['status']]} {said['user']}"
        case "give_role" | "take_role":
            un = "un" if act == "take_role" else ""
            return f"/{un}{'mod' if said['role'] == 'moderator' else 'vip'} {said['user']}"
        case "delete_message":
            return f"/delete {said['message_id']}"
        case "clear_user":
            return f".purge {said['user']}"
        case "decide_hold":
            return f"/{'allow' if said['is_allowed'] else 'deny'} {said['message_id']}"
        case _:
            return f"/{act} {said.get('user', '')}".strip()


def _json(act: str, said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if act == "set":
        return "settings", {"settings": said}
    return act, {("user_login" if key == "user" else key): value for key, value in said.items()}


def _rest(  # noqa: PLR0912 # one case an act
    town: Town, act: str, said: dict[str, Any]
) -> tuple[str, str, Any]:
    user = town.people.get(said.get("user", ""))
    user_id = str(user.id) if user else "4711"
    match act:
        case "ban":
            ban = {"user_id": user_id, "reason": said.get("reason", "")}
            if "duration_seconds" in said:
                ban["duration"] = said["duration_seconds"]
            return "POST", "/moderation/bans", {"data": ban}
        case "unban":
            return "DELETE", f"/moderation/bans?user_id={user_id}", None
        case "delete_message":
            return "DELETE", f"/moderation/chat?message_id={said['message_id']}", None
        case "clear_user":
            return "DELETE", f"/moderation/chat?user_id={user_id}", None
        case "clear":
            return "DELETE", "/moderation/chat", None
        case "warn":
            return "POST", "/moderation/warnings", {"data": {"user_id": user_id, "reason": said["reason"]}}
        case "watch" if said["status"] == "NO_TREATMENT":
            return "DELETE", f"/moderation/suspicious-users?user_id={user_id}", None
        case "watch":
            return "POST", "/moderation/suspicious-users", {"user_id": user_id, "status": said["status"]}
        case "give_role" | "take_role":
            method = "PUT" if act == "give_role" else "DELETE"
            return method, f"/{said['role']}s/{said['user']}", None
        case "decide_hold":
            action = "ALLOW" if said["is_allowed"] else "DENY"
            return "PATCH", f"/moderation/holds/{said['message_id']}", {"action": action}
        case "set":
            return "PATCH", "/chat/settings", said
        case "shield":
            return "PUT", "/shield-mode", said
        case "announce":
            return "POST", "/chat/announcements", said
        case "pin_message" | "unpin_message":
            return ("PUT", "/chat/pin", said) if said else ("DELETE", "/chat/pin", None)
        case "create_poll":
            choices = [{"title": title} for title in said["choices"]]
            return "POST", "/polls", {**said, "choices": choices}
        case "end_poll":
            return "PATCH", "/polls", {"id": said["poll_id"], "status": "TERMINATED"}
        case "raid":
            return "POST", "/raids", {"to_broadcaster_id": str(town.people[said["to_login"]].id)}
        case "unraid":
            return "DELETE", "/raids", None
        case _:
            raise AssertionError(act)


@asynccontextmanager
async def open_door(town: Town, kind: str, login: str) -> AsyncIterator[Door]:
    """Come through one of the doors `irc`, `json` and `api`, on the first node."""
    match kind:
        case "irc":
            async with town.bot(login, 0) as bot:
                yield Door(town, login, bot=bot)
        case "json":
            async with town.page(login, 0) as page:
                yield Door(town, login, page=page)
        case _:
            yield Door(town, login)


def _api(db: Database, bus: RedisBus) -> QuartTrio:
    here = PublicUrl(None, "http", 80)
    page = StaticFile("text/html", b"", None, "", "")
    return create_app(
        database=db,
        auth=Authenticator(db),
        urls=PublicUrls(web=here, hls=here, rtmp=here),
        front_end=FrontEnd(page, page, {}),
        metrics=lambda: b"",
        proxies=TrustedProxies(),
        points_per_minute=100_000,
        bus=bus,
    )
