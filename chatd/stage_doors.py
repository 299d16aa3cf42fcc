"""Announcements, pins, polls and raids as chatters ask for them: requests of the JSON protocol, and commands.

The acts themselves are in `common`, shared with the API.
"""

from functools import partial
from typing import assert_never
from uuid import UUID

import trio

from chatd.book import Book, ChannelFacts
from chatd.commands import Answer, Obey, Obeyed, Order, answer, moderator_of
from chatd.desk import Desk
from chatd.rules import Dropped
from chatd.stage_requests import (
    Announce,
    CancelRaid,
    CreatePoll,
    EndPoll,
    PinMessage,
    RaidNow,
    StageRequest,
    StartRaid,
    Unpin,
    Vote,
)
from chatd.votes import TooManyVotesError, VoteBox
from common import pins, polls, raids
from common.announcements import announce
from common.moderation import FORBIDDEN, Moderator, Place, Refused
from common.moderation_messages import NO_MESSAGE
from common.principals import Principal
from common.queries import polls as stored
from common.queries.polls import Ballot
from common.stage_limits import COLORS, AnnouncementColor

_TOO_MANY = Dropped("msg_ratelimit", "Too many people vote at this moment; try again.", 1)


async def carry_out_stage(
    desk: Desk, votes: VoteBox, principal: Principal, facts: ChannelFacts, request: StageRequest
) -> Answer:
    """Do what was asked for by somebody who is logged in. Raises as the database and the bus do."""
    await trio.lowlevel.checkpoint()
    db, who = desk.db, moderator_of(principal, "json")
    place = Place(facts.name.channel_id, facts.name.login)
    match request:
        case Announce():
            return answer(await announce(db, who, place, request.message, request.color))
        case PinMessage():
            return await _pin(desk, who, facts, request)
        case Unpin():
            return answer(await pins.unpin(db, who, place))
        case CreatePoll() | EndPoll():
            return await _poll(desk, who, place, request)
        case Vote():
            return await _vote(desk.book, votes, principal, facts, request)
        case StartRaid():
            return await _raid(desk, who, place, request.to_login)
        case CancelRaid():
            return answer(await raids.cancel_raid(db, who, place))
        case RaidNow():
            return answer(await raids.hurry_raid(db, who, place))
        case _:
            assert_never(request)


async def _pin(desk: Desk, who: Moderator, facts: ChannelFacts, request: PinMessage) -> Answer:
    found = await desk.message(facts.name, request.message_id)
    if found is None:
        return answer(NO_MESSAGE)
    place = Place(facts.name.channel_id, facts.name.login)
    return answer(await pins.pin(desk.db, who, place, found, holds_s=request.duration_seconds))


async def _poll(desk: Desk, who: Moderator, place: Place, request: CreatePoll | EndPoll) -> Answer:
    if isinstance(request, CreatePoll):
        made = await polls.create_poll(desk.db, who, place, request.title, request.choices, request.duration)
        return answer(made if isinstance(made, Refused) else polls.began(made))
    if (poll_id := _uuid(request.poll_id)) is None:
        await trio.lowlevel.checkpoint()
        return answer(polls.NO_POLL)
    ended = await polls.end_poll(desk.db, who, place, poll_id, request.status)
    return answer(ended if isinstance(ended, Refused) else polls.ended(ended))


async def _vote(
    book: Book, votes: VoteBox, principal: Principal, facts: ChannelFacts, request: Vote
) -> Answer:
    presence = await book.presence(principal, facts.name.channel_id)
    if presence is None or presence.standing.ban is not None:
        return answer(FORBIDDEN)
    user_id, poll_id = presence.standing.user_id, _uuid(request.poll_id)
    if poll_id is None:
        return answer(polls.NO_POLL)
    try:
        counts = await votes.cast(facts.name.channel_id, Ballot(poll_id, user_id, int(request.choice_id)))
    except TooManyVotesError:
        return _TOO_MANY
    if counts:
        return Obeyed("vote_success", "Your vote counts.")
    return answer(await _why_not(votes, facts, poll_id, user_id))


async def _why_not(votes: VoteBox, facts: ChannelFacts, poll_id: UUID, user_id: int) -> Refused:
    """Say why a vote does not count."""
    poll = await stored.select_poll(votes.db, facts.name.channel_id, poll_id)
    if poll is None:
        return polls.NO_POLL
    mine = await stored.select_vote(votes.db, poll_id, user_id)
    if mine is not None:
        title = next(one.title for one in poll.choices if one.choice == mine)
        return Refused("poll_already_voted", f"You have voted already: {title}", "conflict")
    if poll.status != "ACTIVE" or poll.is_over:
        return polls.OVER
    return Refused("poll_no_choice", "There is no such choice.", "absent")


async def _raid(desk: Desk, who: Moderator, place: Place, to: str) -> Answer:
    called = await raids.start_raid(desk.db, who, place, to)
    return answer(called if isinstance(called, Refused) else raids.started(called))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# Commands --------------------------------------------------------------------------------------------------------------------


async def _type_announcement(color: AnnouncementColor, order: Order) -> Answer:
    return answer(await announce(order.desk.db, order.moderator, order.place, order.command.rest, color))


async def _type_raid(order: Order) -> Answer:
    return await _raid(order.desk, order.moderator, order.place, order.login)


async def _type_unraid(order: Order) -> Answer:
    return answer(await raids.cancel_raid(order.desk.db, order.moderator, order.place))


async def _type_raid_now(order: Order) -> Answer:
    return answer(await raids.hurry_raid(order.desk.db, order.moderator, order.place))


async def _type_unpin(order: Order) -> Answer:
    return answer(await pins.unpin(order.desk.db, order.moderator, order.place))


async def _type_pin(order: Order) -> Answer:
    request = PinMessage(id="", channel=order.facts.name.login, message_id=order.command.rest)
    return await _pin(order.desk, order.moderator, order.facts, request)


def _needing(words: str, obey: Obey) -> Obey:
    """Say what must stand behind a command to who forgot it."""

    async def check(order: Order) -> Answer:
        if order.command.rest:
            return await obey(order)
        await trio.lowlevel.checkpoint()
        name = order.command.name
        return Dropped(f"usage_{name}", f"Usage: /{name} {words}")

    return check


STAGE_COMMANDS: dict[str, Obey] = {
    "announce": _needing("MESSAGE", partial(_type_announcement, "primary")),
    **{f"announce{color}": _needing("MESSAGE", partial(_type_announcement, color)) for color in COLORS[1:]},
    "pin": _needing("MESSAGE_ID", _type_pin),
    "unpin": _type_unpin,
    "raid": _needing("CHANNEL", _type_raid),
    "unraid": _type_unraid,
    "raidnow": _type_raid_now,
}
"""By what is typed, in lower case."""
