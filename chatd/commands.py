"""What people type behind a slash: a table of commands, and how each is obeyed. Every protocol's `/ban` comes here.

The acts themselves are `common.moderation`'s, shared with the API. To add a command, add a function and a line to the table.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal
from uuid import UUID

import trio

from chatd.book import ChannelFacts
from chatd.desk import Desk
from chatd.rules import Dropped
from chatd.speech import Command, parse_ban, parse_command
from common import moderation, moderation_holds, moderation_messages, moderation_people
from common.audit import Actor
from common.moderation import Done, Door, Moderator, Place, Refused
from common.moderation_people import Role, Suspicion
from common.principals import Principal
from common.queries import chat

COLORS: Final[dict[str, str]] = {
    "blue": "#0000FF",
    "blueviolet": "#8A2BE2",
    "cadetblue": "#5F9EA0",
    "chocolate": "#D2691E",
    "coral": "#FF7F50",
    "dodgerblue": "#1E90FF",
    "firebrick": "#B22222",
    "goldenrod": "#DAA520",
    "green": "#008000",
    "hotpink": "#FF69B4",
    "orangered": "#FF4500",
    "red": "#FF0000",
    "seagreen": "#2E8B57",
    "springgreen": "#00FF7F",
    "yellowgreen": "#9ACD32",
}
"""That Twitch has names for."""


@dataclass(frozen=True, slots=True)
class Obeyed:
    """A command was carried out."""

    code: str
    """As in `msg-id` of a NOTICE: `ban_success`."""
    message: str


@dataclass(frozen=True, slots=True)
class Order:
    """A command, who typed it and where."""

    desk: Desk
    moderator: Moderator
    facts: ChannelFacts
    command: Command

    @property
    def place(self) -> Place:
        """The room."""
        return Place(self.facts.name.channel_id, self.facts.name.login)

    @property
    def login(self) -> str:
        """Whom it names first, in lower case; '': nobody."""
        return self.command.rest.partition(" ")[0].removeprefix("@").lower()

    @property
    def others(self) -> str:
        """What stands behind the first word."""
        return self.command.rest.partition(" ")[2].strip()


Answer = Obeyed | Dropped
Obey = Callable[[Order], Awaitable[Answer]]


def moderator_of(principal: Principal, door: Door) -> Moderator:
    """Name who types as the acts and the log need it. Chat keeps no addresses in the log."""
    return Moderator(principal, Actor("user", principal.user_id), door)


def answer(outcome: Done | Refused) -> Answer:
    """Give what an act came to as the protocols tell it."""
    if isinstance(outcome, Done):
        return Obeyed(outcome.code, outcome.message)
    return Dropped(outcome.code, outcome.message)


async def obey(order: Order) -> Answer:
    """Carry a command out. Raises as the database and the bus do."""
    await trio.lowlevel.checkpoint()
    found = COMMANDS.get(order.command.name)
    if found is None:
        return Dropped("unrecognized_cmd", f"Unrecognized command: /{order.command.name}")
    if found.needs and not order.command.rest:
        name = order.command.name
        return Dropped(f"usage_{name}", f"Usage: /{name} {found.needs}")
    return await found.obey(order)


async def _ban(order: Order) -> Answer:
    wanted = parse_ban(order.command)
    if wanted is None:
        await trio.lowlevel.checkpoint()
        return Dropped(f"usage_{order.command.name}", f"Usage: /{order.command.name} NAME")
    outcome = await moderation.ban(
        order.desk.db,
        order.moderator,
        order.place,
        wanted.login,
        duration_s=wanted.duration_s,
        reason=wanted.reason,
    )
    return answer(outcome)


async def _unban(order: Order) -> Answer:
    return answer(await moderation.unban(order.desk.db, order.moderator, order.place, order.login))


async def _delete(order: Order) -> Answer:
    return await delete_message(order.desk, order.moderator, order.facts, order.command.rest)


async def delete_message(desk: Desk, moderator: Moderator, facts: ChannelFacts, message_id: str) -> Answer:
    """Take a message out of its room, if it was said there of late. Raises as the database and the bus do."""
    found = await desk.message(facts.name, message_id)
    if found is None:
        return answer(moderation_messages.NO_MESSAGE)
    place = Place(facts.name.channel_id, facts.name.login)
    return answer(await moderation_messages.delete_message(desk.db, moderator, place, found))


async def _clear(order: Order) -> Answer:
    return answer(await moderation_messages.clear(order.desk.db, order.moderator, order.place))


async def _purge(order: Order) -> Answer:
    outcome = await moderation_messages.clear_user(
        order.desk.db, order.moderator, order.place, order.login, reason=order.others
    )
    return answer(outcome)


async def _warn(order: Order) -> Answer:
    outcome = await moderation_people.warn(
        order.desk.db, order.moderator, order.place, order.login, reason=order.others
    )
    return answer(outcome)


async def _watch(status: Suspicion | None, order: Order) -> Answer:
    outcome = await moderation_people.watch(
        order.desk.db, order.moderator, order.place, order.login, status=status
    )
    return answer(outcome)


async def _give(role: Role, order: Order) -> Answer:
    outcome = await moderation_people.give_role(
        order.desk.db, order.moderator, order.place, order.login, role
    )
    if isinstance(outcome, Refused) and outcome.code.endswith("_other_role"):
        # Twitch has no notice for it; tmi.js would wait for one that it knows.
        return Dropped(f"usage_{order.command.name}", outcome.message)
    return answer(outcome)


async def _take(role: Role, order: Order) -> Answer:
    outcome = await moderation_people.take_role(
        order.desk.db, order.moderator, order.place, order.login, role
    )
    return answer(outcome)


async def _list(role: Literal["moderator", "vip"], order: Order) -> Answer:
    return answer(await moderation_people.list_holders(order.desk.db, order.place, role))


async def _decide(is_allowed: bool, order: Order) -> Answer:  # noqa: FBT001 # a column of the table
    try:
        hold_id = UUID(order.command.rest)
    except ValueError:
        await trio.lowlevel.checkpoint()
        return answer(moderation_holds.NO_HOLD)
    outcome = await moderation_holds.decide(
        order.desk.db, order.moderator, order.place, hold_id, is_allowed=is_allowed
    )
    return answer(outcome)


async def obey_outside(desk: Desk, principal: Principal, text: str) -> Answer:
    """Carry out what needs no room: tmi.js sends `/color` to a channel of its authors. Raises as the database does."""
    await trio.lowlevel.checkpoint()
    command = parse_command(text)
    if command is None or command.name != "color" or principal.user_id is None:
        return Dropped("msg_room_not_found", "There is no such channel.")
    return await _choose(desk, principal.user_id, command.rest)


async def _color(order: Order) -> Answer:
    return await _choose(order.desk, order.moderator.id, order.command.rest)


async def _choose(desk: Desk, user_id: int, wanted: str) -> Answer:
    color = COLORS.get(wanted.lower(), wanted.upper())
    if not re.fullmatch(r"#[0-9A-F]{6}", color):
        await trio.lowlevel.checkpoint()
        return Dropped("usage_color", "Usage: /color #RRGGBB, or one of: " + ", ".join(COLORS))
    await chat.update_color(desk.db, user_id, color)
    desk.book.forget_person(user_id)
    return Obeyed("color_changed", "Your color has been changed.")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table."""

    obey: Obey
    needs: str = ""
    """What must stand behind the command, for who forgot it; '': nothing."""


COMMANDS: dict[str, Entry] = {
    "ban": Entry(_ban, "NAME [REASON]"),
    "timeout": Entry(_ban, "NAME [600 | 10m | 1h30m] [REASON]"),
    "unban": Entry(_unban, "NAME"),
    "untimeout": Entry(_unban, "NAME"),
    "delete": Entry(_delete, "MESSAGE_ID"),
    "clear": Entry(_clear),
    "purge": Entry(_purge, "NAME [REASON]"),
    "warn": Entry(_warn, "NAME REASON"),
    "monitor": Entry(partial(_watch, "ACTIVE_MONITORING"), "NAME"),
    "restrict": Entry(partial(_watch, "RESTRICTED"), "NAME"),
    "unmonitor": Entry(partial(_watch, None), "NAME"),
    "unrestrict": Entry(partial(_watch, None), "NAME"),
    "allow": Entry(partial(_decide, True), "MESSAGE_ID"),
    "deny": Entry(partial(_decide, False), "MESSAGE_ID"),
    "mod": Entry(partial(_give, "moderator"), "NAME"),
    "unmod": Entry(partial(_take, "moderator"), "NAME"),
    "vip": Entry(partial(_give, "vip"), "NAME"),
    "unvip": Entry(partial(_take, "vip"), "NAME"),
    "mods": Entry(partial(_list, "moderator")),
    "vips": Entry(partial(_list, "vip")),
    "color": Entry(_color, "#RRGGBB"),
}
"""By what is typed, in lower case."""
