"""Announcements, pins, polls and raids: every door, two nodes, both protocols; one file, as all share that town."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import trio

from chatd.stage_clock import StageClock
from chatd.votes import MAX_WAITING, TooManyVotesError, VoteBox
from common.announcements import announce
from common.audit import SYSTEM
from common.db import Database
from common.moderation import Done, Moderator, Place
from common.principals import Principal
from common.queries import polls, raids
from common.queries.eventsub import Owner
from common.queries.polls import Ballot
from common.raids import carry_out_due
from tests.common.test_queries import add_stream, add_user
from tests.common.test_queries_eventsub import enabled, told, wanted
from tests.valkey_site import Valkey, valkey
from tests.weir.moderation_site import Town, open_town
from tests.weir.test_chat import Page, Site, site
from tests.weir.test_chat_subscriptions import watchers

__all__ = ["site", "valkey"]

pytestmark = pytest.mark.real

POLL = {"title": "Tea or  coffee?", "choices": ["Tea", "Coffee"], "duration": 60}
HELIX_POLL = {**POLL, "choices": [{"title": "Tea"}, {"title": "Coffee"}]}
DOORS = ("json", "api")


@pytest.fixture
async def town(database: Database, valkey: Valkey) -> AsyncIterator[Town]:
    async with open_town(database, valkey) as town:
        yield town


async def act(
    town: Town, kind: str, page: Page, request: str, rest: tuple[str, str, Any], **said: Any
) -> str:
    """Do something by one of the doors `json` and `api`; gives the code, or `done`."""
    if kind == "json":
        answer = await page.ask(request, channel="anna", **said)
        code: str = (answer.get("notice") or answer["drop_reason"])["code"]
        return "done" if answer["ok"] else code
    status, answer = await town.ask("mia", *rest)
    return "done" if status < 300 else str(answer.get("reason", status))


def user_id(town: Town, login: str) -> str:
    return str(town.people[login].id)


async def begin(page: Page, **more: Any) -> str:
    """Begin a poll; gives its id, as the room is told it."""
    answer = await page.ask("create_poll", channel="anna", **{**POLL, **more})
    assert answer["ok"], answer
    told: str = (await page.event("channel.poll.begin"))["event"]["id"]
    return told


# Announcements ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["irc", *DOORS])
async def test_what_is_announced_stands_out_on_the_other_node_in_both_protocols(
    town: Town, kind: str
) -> None:
    async with (
        town.page("mia", 0) as page,
        town.bot("mia", 0) as mine,
        town.page(None, 1) as reader,
        town.bot("ben", 1) as bot,
    ):
        said = {"message": "Soup is ready", "color": "green"}
        if kind == "irc":
            await mine.say("PRIVMSG #anna :/announcegreen  Soup is  ready")
            await mine.line("msg-id=announce_success ")
        else:
            assert (
                await act(town, kind, page, "announce", ("POST", "/chat/announcements", said), **said)
                == "done"
            )
        event = (await reader.event("channel.chat.notification"))["event"]
        assert (event["notice_type"], event["announcement"], event["message"]["text"]) == (
            "announcement",
            {"color": "GREEN"},
            "Soup is ready",
        )
        assert event["chatter_user_login"] == "mia"
        line = await bot.line("USERNOTICE #anna :Soup is ready")
        for part in (
            "msg-id=announcement;",
            "msg-param-color=GREEN;",
            "login=mia;",
            "badges=moderator/1;",
            "user-type=mod",
        ):
            assert part in line, line
        assert await town.log() == [("announcement", None, kind)]
        empty = await page.ask("announce", channel="anna", message="\x00\u202e")
        assert empty["drop_reason"]["code"] == "usage_announce"
        again = await page.ask("announce", channel="anna", message="and \x00 again")
        assert again["drop_reason"]["code"] == "announce_too_fast"
        assert (await town.ask("mia", "POST", "/chat/announcements", said))[0] == 429


async def test_only_moderators_announce_pin_poll_and_raid(town: Town) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [
        ("announce", {"message": "x"}),
        ("pin_message", {"message_id": "0" * 32}),
        ("unpin_message", {}),
        ("create_poll", POLL),
        ("end_poll", {"poll_id": "0" * 32}),
        ("raid", {"to_login": "moe"}),
        ("unraid", {}),
        ("raid_now", {}),
    ]
    async with town.page("vera", 0) as vera, town.bot("ben", 0) as ben, town.page(None, 0) as nobody:
        for kind, said in asked:
            refused = (await vera.ask(kind, channel="anna", **said))["drop_reason"]["code"]
            assert refused in {"no_permission", "bad_delete_message_error"}, kind
            assert (await nobody.ask(kind, channel="anna", **said))["drop_reason"][
                "code"
            ] == "msg_not_logged_in"
        for line in ("announce x", "raid moe", "unraid", "raidnow", "unpin"):
            await ben.say(f"PRIVMSG #anna :/{line}")
            await ben.line("msg-id=no_permission ")
        for line in ("announce", "raid", "pin"):
            await ben.say(f"PRIVMSG #anna :/{line}")
            await ben.line(f"msg-id=usage_{line} ")
    assert await town.log() == []


# Pins ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["irc", *DOORS])
async def test_a_pinned_message_is_shown_to_who_comes_until_it_is_taken_down(town: Town, kind: str) -> None:
    async with (
        town.page("ben", 0) as ben,
        town.page("mia", 0) as page,
        town.bot("mia", 0) as bot,
        town.page(None, 1) as reader,
    ):
        message_id = (await ben.ask("send", channel="anna", text="rules: be kind"))["message_id"]
        if kind == "irc":
            await bot.say(f"PRIVMSG #anna :/pin {message_id}")
            await bot.line("msg-id=pin_success ")
        else:
            rest = ("PUT", "/chat/pin", {"message_id": message_id, "duration": 600})
            found = await act(
                town, kind, page, "pin_message", rest, message_id=message_id, duration_seconds=600
            )
            assert found == "done"
        pin = (await reader.event("channel.chat.pin"))["event"]["pin"]
        assert (pin["message_id"], pin["text"], pin["chatter_user_login"], pin["pinned_by_user_login"]) == (
            message_id,
            "rules: be kind",
            "ben",
            "mia",
        )
        assert (pin["ends_at"] is None) == (kind == "irc")
        for node in (0, 1):
            async with town.nodes[node].page() as late:
                joined = await late.ask("join", channel="anna")
                assert joined["stage"] == {"pin": pin, "poll": None, "raid": None, "vote": None}
        status, shown = await town.ask("ben", "GET", "/chat/pin")
        assert (status, shown["data"][0]["text"]) == (200, "rules: be kind")
        if kind == "irc":
            await bot.say("PRIVMSG #anna :/unpin")
            await bot.line("msg-id=unpin_success ")
        else:
            assert await act(town, kind, page, "unpin_message", ("DELETE", "/chat/pin", None)) == "done"
        assert (await reader.event("channel.chat.pin"))["event"]["pin"] is None
        assert await act(town, "json", page, "unpin_message", ("", "", None)) == "no_pin"
        assert (await town.ask("mia", "DELETE", "/chat/pin"))[0] == 404
        assert [verb for verb, _, _ in await town.log()] == ["pin", "unpin"]


async def test_who_comes_is_shown_what_was_told_though_the_node_has_not_heard_of_the_change(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town.page("ben", 0) as ben, town.page("mia", 0) as mia, town.page(None, 1) as reader:
        monkeypatch.setattr(town.nodes[1].role._chat.stage, "heed", lambda _: None)
        message_id = (await ben.ask("send", channel="anna", text="rules: be kind"))["message_id"]
        assert (await mia.ask("pin_message", channel="anna", message_id=message_id))["ok"]
        pin = (await reader.event("channel.chat.pin"))["event"]["pin"]
        assert pin["message_id"] == message_id
        async with town.nodes[1].page() as late:
            assert (await late.ask("join", channel="anna"))["stage"]["pin"] == pin


@pytest.mark.parametrize("how", ["delete", "timeout", "clear", "account"])
async def test_a_pin_goes_with_its_message(town: Town, how: str) -> None:
    async with town.page("ben", 0) as ben, town.page("mia", 0) as mia, town.page(None, 1) as reader:
        since = await reader.ask("join", channel="anna")
        message_id = (await ben.ask("send", channel="anna", text="secret"))["message_id"]
        assert (await mia.ask("pin_message", channel="anna", message_id=message_id))["ok"]
        await reader.event("channel.chat.pin")
        match how:
            case "delete":
                assert (await mia.ask("delete_message", channel="anna", message_id=message_id))["ok"]
            case "timeout":
                assert (await mia.ask("ban", channel="anna", user_login="ben", duration_seconds=5))["ok"]
            case "clear":
                assert (await mia.ask("clear", channel="anna"))["ok"]
            case _:
                await town.db.execute("delete from users where login = 'ben'")
        assert (await reader.event("channel.chat.pin"))["event"]["pin"] is None
        async with town.nodes[1].page() as late:
            place = {"epoch": since["epoch"], "offset": since["offset"]}
            joined = await late.ask("join", channel="anna", since=place)
            assert joined["stage"]["pin"] is None
            if how != "account":
                assert joined["recovered"]
                while (frame := await late.next())["metadata"].get("subscription_type") != "channel.chat.pin":
                    assert "secret" not in json.dumps(frame)
                assert frame["payload"]["event"]["pin"] is None, "only that it is gone"


async def test_what_cannot_be_pinned(town: Town) -> None:
    async with town.page("mia", 0) as mia:
        for message_id in ("nonsense", "0" * 32):
            answer = await mia.ask("pin_message", channel="anna", message_id=message_id)
            assert answer["drop_reason"]["code"] == "bad_delete_message_error"
    assert (await town.ask("mia", "PUT", "/chat/pin", {"message_id": str(UUID(int=7))}))[0] == 404


# Polls -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DOORS)
async def test_a_poll_is_voted_in_on_both_nodes_and_ended(town: Town, kind: str) -> None:
    async with (
        town.page("mia", 0) as mia,
        town.page("ben", 0) as ben,
        town.page("vera", 1) as vera,
        town.page(None, 1) as reader,
    ):
        assert await act(town, kind, mia, "create_poll", ("POST", "/polls", HELIX_POLL), **POLL) == "done"
        began = (await reader.event("channel.poll.begin"))["event"]
        assert (began["title"], began["status"], began["ended_at"]) == ("Tea or coffee?", "ACTIVE", None)
        assert began["choices"] == [
            {"id": "1", "title": "Tea", "votes": 0},
            {"id": "2", "title": "Coffee", "votes": 0},
        ]
        again = await act(town, kind, mia, "create_poll", ("POST", "/polls", HELIX_POLL), **POLL)
        assert again == "poll_already_active"
        vote = {"channel": "anna", "poll_id": began["id"]}
        assert (await ben.ask("vote", choice_id="1", **vote))["notice"]["code"] == "vote_success"
        assert (await vera.ask("vote", choice_id="2", **vote))["ok"]
        twice = await ben.ask("vote", choice_id="2", **vote)
        assert twice["drop_reason"] == {
            "code": "poll_already_voted",
            "message": "You have voted already: Tea",
            "seconds_left": None,
        }
        assert (await vera.ask("vote", choice_id="5", **vote))["drop_reason"]["code"] == "poll_already_voted"
        assert (await mia.ask("vote", choice_id="5", **vote))["drop_reason"]["code"] == "poll_no_choice"
        async with town.page(None, 1) as nobody:
            refused = await nobody.ask("vote", choice_id="1", **vote)
            assert refused["drop_reason"]["code"] == "msg_not_logged_in"
        while True:
            progress = (await reader.event("channel.poll.progress"))["event"]
            if sum(choice["votes"] for choice in progress["choices"]) == 2:
                break
        for login, voted in ((None, None), ("mia", None), ("ben", "1"), ("vera", "2")):
            async with town.page(login, 0) as late:
                joined = await late.ask("join", channel="anna")
                assert (joined["stage"]["poll"]["id"], joined["stage"]["vote"]) == (began["id"], voted)
        end = {"id": began["id"], "status": "TERMINATED"}
        assert await act(town, kind, mia, "end_poll", ("PATCH", "/polls", end), poll_id=began["id"]) == "done"
        ended = (await reader.event("channel.poll.end"))["event"]
        assert (ended["status"], [choice["votes"] for choice in ended["choices"]]) == ("TERMINATED", [1, 1])
        assert (await mia.ask("vote", choice_id="1", **vote))["drop_reason"]["code"] == "poll_over"
        assert (await mia.ask("end_poll", **vote))["drop_reason"]["code"] == "poll_over"
        status, listed = await town.ask("mia", "GET", "/polls")
        assert (status, [poll["status"] for poll in listed["data"]]) == (200, ["TERMINATED"])
        assert [verb for verb, _, _ in await town.log()] == ["create_poll", "end_poll"]


async def test_programs_are_told_how_a_poll_goes(town: Town) -> None:
    anna = town.people["anna"].id
    kind = "channel.poll.progress"
    await enabled(town.db, wanted(anna, Owner(None, anna), kind))
    async with town.page("mia", 0) as mia, town.page("vera", 1) as vera:
        vote = {"channel": "anna", "poll_id": await begin(mia)}
        assert (await vera.ask("vote", choice_id="2", **vote))["ok"]
        while not (found := await told(town.db, anna, kind)):  # within seconds: its node tells it, too
            await trio.sleep(0.1)
    assert [choice["votes"] for choice in found[0]["choices"]] == [0, 1]


async def test_of_votes_at_two_nodes_at_once_one_counts(town: Town) -> None:
    async with town.page("mia", 0) as mia, town.page("ben", 0) as here, town.page("ben", 1) as there:
        vote = {"channel": "anna", "poll_id": await begin(mia)}
        answers: list[bool] = []

        async def cast(page: Page, choice_id: str) -> None:
            answers.append((await page.ask("vote", choice_id=choice_id, **vote))["ok"])

        async with trio.open_nursery() as nursery:
            nursery.start_soon(cast, here, "1")
            nursery.start_soon(cast, there, "2")
        assert sorted(answers) == [False, True]
        [poll] = await polls.select_polls(town.db, town.people["anna"].id, limit=5)
        assert poll.votes == 1


async def test_a_poll_ends_on_time_whoever_began_it(town: Town) -> None:
    async with town.page(None, 1) as reader, town.page("ben", 1) as ben:
        poll_id = UUID(int=9)  # written by a node that is no more
        await polls.insert_poll(
            town.db,
            poll_id,
            channel_id=town.people["anna"].id,
            created_by=town.people["mia"].id,
            title="x",
            choices=["a", "b"],
            duration_s=1,
        )
        ended = (await reader.event("channel.poll.end"))["event"]
        assert (ended["status"], ended["ended_at"]) == ("COMPLETED", ended["ends_at"])
        late = await ben.ask("vote", channel="anna", poll_id=str(poll_id), choice_id="1")
        assert late["drop_reason"]["code"] == "poll_over"


async def test_an_archived_poll_shows_nobody_its_result(town: Town) -> None:
    async with town.page("mia", 0) as mia, town.page(None, 1) as reader:
        poll_id = await begin(mia)
        assert (await mia.ask("vote", channel="anna", poll_id=poll_id, choice_id="1"))["ok"]
        assert (await mia.ask("end_poll", channel="anna", poll_id=poll_id, status="ARCHIVED"))["ok"]
        ended = (await reader.event("channel.poll.end"))["event"]
        assert (ended["status"], [choice["votes"] for choice in ended["choices"]]) == ("ARCHIVED", [0, 0])


async def test_who_is_banned_or_of_another_channel_does_not_vote(town: Town) -> None:
    async with town.page("mia", 0) as mia, town.page("ben", 1) as ben:
        vote = {"poll_id": await begin(mia), "choice_id": "1"}
        other = await mia.ask("vote", channel="moe", **vote)
        assert other["drop_reason"]["code"] == "poll_not_found"
        assert (await mia.ask("ban", channel="anna", user_login="ben", duration_seconds=60))["ok"]
        await ben.event("channel.chat.clear_user_messages")
        assert (await ben.ask("vote", channel="anna", **vote))["drop_reason"]["code"] == "no_permission"
        for poll_id in ("nonsense", "0" * 32):
            refused = await mia.ask("vote", channel="anna", poll_id=poll_id, choice_id="1")
            assert refused["drop_reason"]["code"] == "poll_not_found"


@pytest.mark.parametrize(
    "change",
    [
        {"choices": ["Tea", "tea"]},
        {"choices": ["Tea", "\u200b"]},
        {"title": "\u202e"},
        {"title": "\x00"},
    ],
)
async def test_polls_that_are_none(town: Town, change: dict[str, Any]) -> None:
    async with town.page("mia", 0) as mia:
        answer = await mia.ask("create_poll", channel="anna", **{**POLL, **change})
        assert answer["drop_reason"]["code"] == "poll_invalid"


async def test_thousands_of_votes_are_counted_in_few_statements_and_more_are_refused(
    database: Database,
) -> None:
    anna = await add_user(database, "anna")
    await database.execute(
        "insert into users (login, display_name) select 'voter_' || n, 'x' from generate_series(1, 5000) as n"
    )
    voters = [
        row["id"] for row in await database.fetch("select id from users where id <> $1 order by id", anna.id)
    ]
    poll_id = UUID(int=7)
    await polls.insert_poll(
        database,
        poll_id,
        channel_id=anna.id,
        created_by=anna.id,
        title="x",
        choices=["a", "b"],
        duration_s=600,
    )
    box, other = VoteBox(database), VoteBox(database)  # two nodes
    results: list[bool] = []

    async def cast(where: VoteBox, voter: int, choice: int) -> None:
        results.append(await where.cast(anna.id, Ballot(poll_id, voter, choice)))

    async with trio.open_nursery() as nursery:
        async with trio.open_nursery() as people:
            for voter in voters:
                people.start_soon(cast, box, voter, 1)
                people.start_soon(cast, other, voter, 2)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(TooManyVotesError):
                await box.cast(anna.id, Ballot(poll_id, voters[0], 1))
            nursery.start_soon(box.run)
            nursery.start_soon(other.run)
        nursery.cancel_scope.cancel()
    assert (len(results), sum(results)) == (2 * MAX_WAITING, MAX_WAITING)
    [poll] = await polls.select_polls(database, anna.id, limit=1)
    assert poll.votes == MAX_WAITING


# Raids -----------------------------------------------------------------------------------------------------------------------


async def live(town: Town, viewers: int) -> None:
    """Have anna broadcast to some viewers."""
    await add_stream(town.db, town.people["anna"].id)
    await town.db.execute("update streams set viewer_count = $1", viewers)


@pytest.mark.parametrize("kind", ["irc", *DOORS])
async def test_a_raid_is_told_to_both_rooms_and_goes(town: Town, kind: str) -> None:
    await live(town, 12)
    async with (
        town.page("mia", 0) as mia,
        town.bot("mia", 0) as bot,
        town.page(None, 1) as viewer,
        town.nodes[1].page() as target,
        town.nodes[1].irc() as target_bot,
    ):
        await target.ask("join", channel="moe")
        await target_bot.say("JOIN #moe")
        await target_bot.line("ROOMSTATE #moe")
        if kind == "irc":
            await bot.say("PRIVMSG #anna :/raid MOE")
            await bot.line("msg-id=raid_success ")
        else:
            rest = ("POST", "/raids", {"to_broadcaster_id": user_id(town, "moe")})
            assert await act(town, kind, mia, "raid", rest, to_login="moe") == "done"
        pending = (await viewer.event("channel.raid.pending"))["event"]
        assert (await target.event("channel.raid.pending"))["event"] == {
            **pending,
            "broadcaster_user_id": user_id(town, "moe"),
            "broadcaster_user_login": "moe",
        }
        assert pending["to_broadcaster_user_name"] == "Moe"
        async with town.nodes[0].page() as late:
            joined = await late.ask("join", channel="anna")
            assert joined["stage"]["raid"]["raid_id"] == pending["raid_id"]
        again = await mia.ask("raid", channel="anna", to_login="ben")
        assert again["drop_reason"]["code"] == "raid_error_already_raiding"
        await town.db.execute("update streams set viewer_count = 15")
        if kind == "irc":
            await bot.say("PRIVMSG #anna :/raidnow")
            await bot.line("msg-id=raid_now_success ")
        else:
            assert await act(town, kind, mia, "raid_now", ("POST", "/raids/now", None)) == "done"
        gone = (await viewer.event("channel.raid"))["event"]
        assert (gone["to_broadcaster_user_login"], gone["viewers"]) == ("moe", 15)
        notice = (await target.event("channel.chat.notification"))["event"]
        assert notice["raid"] == {
            "user_id": user_id(town, "anna"),
            "user_login": "anna",
            "user_name": "Anna",
            "viewer_count": 15,
            "profile_image_url": "",
        }
        line = await target_bot.line("USERNOTICE #moe")
        for part in (
            "msg-id=raid;",
            "msg-param-viewerCount=15",
            "msg-param-login=anna;",
            "msg-param-displayName=Anna;",
            "system-msg=15\\sraiders\\sfrom\\sAnna\\shave\\sjoined!",
        ):
            assert part in line, line
        rows = await town.db.fetch("select event::text as event from outbox where type = 'channel.raid'")
        assert [json.loads(row["event"])["to_broadcaster_user_id"] for row in rows] == [user_id(town, "moe")]
        assert [(verb, whom) for verb, whom, _ in await town.log()] == [("raid", "moe")]
        assert await act(town, "json", mia, "unraid", ("", "", None)) == "unraid_error_no_active_raid"


@pytest.mark.parametrize("kind", ["irc", *DOORS])
async def test_a_raid_that_is_called_off_does_not_go(town: Town, kind: str) -> None:
    async with town.page("mia", 0) as mia, town.bot("mia", 0) as bot, town.page(None, 1) as viewer:
        assert (await mia.ask("raid", channel="anna", to_login="moe"))["notice"]["code"] == "raid_success"
        await viewer.event("channel.raid.pending")
        if kind == "irc":
            await bot.say("PRIVMSG #anna :/unraid")
            await bot.line("msg-id=unraid_success ")
        else:
            assert await act(town, kind, mia, "unraid", ("DELETE", "/raids", None)) == "done"
        assert (await viewer.event("channel.raid.cancel"))["event"]["to_broadcaster_user_login"] == "moe"
        await town.db.execute("update raids set goes_at = now() - interval '1 second'")
        assert await carry_out_due(town.db) == 0
        assert [verb for verb, _, _ in await town.log()] == ["raid", "unraid"]


REFUSALS: list[tuple[str, str, str, int]] = [
    # what is set up, whom to raid, code, status
    ("", "anna", "raid_error_self", 422),
    ("", "nobody_here", "invalid_user", 404),
    ("update users set suspended_at = now() where login = 'moe'", "moe", "raid_error_forbidden", 403),
    (
        "insert into chat_settings (channel_id, raids_from) values ($1, 'nobody')",
        "moe",
        "raid_error_forbidden",
        403,
    ),
    (
        "insert into chat_settings (channel_id, raids_from) values ($1, 'followed')",
        "moe",
        "raid_error_forbidden",
        403,
    ),
    (
        "insert into chat_settings (channel_id, raids_min_viewers) values ($1, 1)",
        "moe",
        "raid_error_forbidden",
        403,
    ),
    ("insert into blocks (user_id, blocked_id) values ($1, $2)", "moe", "raid_error_forbidden", 403),
    ("insert into blocks (user_id, blocked_id) values ($2, $1)", "moe", "raid_error_forbidden", 403),
    ("insert into chat_bans (channel_id, user_id) values ($1, $2)", "moe", "raid_error_forbidden", 403),
]


@pytest.mark.parametrize(("setup", "target", "code", "status"), REFUSALS)
async def test_raids_that_are_refused(town: Town, setup: str, target: str, code: str, status: int) -> None:
    moe, anna = town.people["moe"].id, town.people["anna"].id
    if setup:
        await town.db.execute(setup.replace("$1", str(moe)).replace("$2", str(anna)))
    async with town.page("mia", 0) as mia:
        answer = await mia.ask("raid", channel="anna", to_login=target)
        assert answer["drop_reason"]["code"] == code
    to = user_id(town, target) if target in town.people else "4711"
    asked = await town.ask("mia", "POST", "/raids", {"to_broadcaster_id": to})
    assert (asked[0], asked[1].get("reason")) == (status, code)
    assert await town.log() == []


async def test_who_takes_raids_of_channels_they_follow_takes_them(town: Town) -> None:
    moe, anna = town.people["moe"], town.people["anna"]
    async with town.page("mia", 0) as mia:
        await raids.upsert_raid_settings(town.db, moe.id, raids_from="followed", min_viewers=0)
        await town.db.execute("insert into follows (user_id, channel_id) values ($1, $2)", moe.id, anna.id)
        assert (await mia.ask("raid", channel="anna", to_login="moe"))["ok"]
        # They change their mind before it goes.
        await raids.upsert_raid_settings(town.db, moe.id, raids_from="nobody", min_viewers=0)
        assert (await mia.ask("raid_now", channel="anna"))["ok"]
        assert (await mia.event("channel.raid.cancel"))["event"]["to_broadcaster_user_login"] == "moe"


async def test_bots_written_for_twitch_hear_of_announcements_and_raids(site: Site) -> None:
    db = site.db
    anna, ben = await add_user(db, "anna"), await add_user(db, "ben")
    here = Place(anna.id, "anna")
    async with watchers(site.role.port) as bots:
        owner = Moderator(Principal("session", anna.id, "anna", "Anna"), SYSTEM, "api")
        assert isinstance(await announce(db, owner, here, "Soup is ready", "purple"), Done)
        said = {"text": "Soup is ready", "color": "PURPLE"}
        assert await bots.next("tmi announcement") == {"kind": "tmi announcement", "name": "anna", **said}
        assert await bots.next("twurple announcement") == {
            "kind": "twurple announcement",
            "user": "anna",
            **said,
        }
        await raids.insert_raid(
            db, UUID(int=5), from_id=ben.id, to_id=anna.id, created_by=ben.id, viewers=3, wait_s=0
        )
        assert (await bots.next("tmi raid"))["name"] == "Ben"
        raid = await bots.next("twurple raid")
        assert (raid["user"], raid["name"], raid["viewers"]) == ("ben", "Ben", 0)


async def test_the_eleventh_raid_in_ten_minutes_is_refused(town: Town) -> None:
    async with town.page("mia", 0) as mia:
        for _ in range(10):
            assert (await mia.ask("raid", channel="anna", to_login="moe"))["ok"]
            assert (await mia.ask("unraid", channel="anna"))["ok"]
        refused = await mia.ask("raid", channel="anna", to_login="moe")
        assert refused["drop_reason"]["code"] == "raid_error_too_many"
        status, _ = await town.ask("mia", "POST", "/raids", {"to_broadcaster_id": user_id(town, "moe")})
        assert status == 429


async def test_a_raid_goes_at_its_time_from_whichever_node_is_left(database: Database) -> None:
    anna, moe = await add_user(database, "anna"), await add_user(database, "moe")
    await raids.insert_raid(
        database, UUID(int=5), from_id=anna.id, to_id=moe.id, created_by=anna.id, viewers=3, wait_s=90
    )
    clock = StageClock(database)
    assert 29 < await clock.look() <= 90
    await database.execute("update raids set goes_at = now()")
    await clock.look()
    assert await database.fetchval("select status from raids") == "gone"
    assert await database.fetchval("select count(*) from outbox where type = 'channel.raid'") == 1


async def test_a_channel_chooses_which_raids_it_takes(town: Town) -> None:
    status, shown = await town.ask("mia", "GET", "/raids/settings")
    assert (status, shown["data"]) == (200, [{"raids_from": "everyone", "raids_min_viewers": 0}])
    status, shown = await town.ask("mia", "PATCH", "/raids/settings", {"raids_min_viewers": 5})
    assert (status, shown["data"]) == (200, [{"raids_from": "everyone", "raids_min_viewers": 5}])
    assert (await town.ask("mia", "PATCH", "/raids/settings", {"raids_from": "friends"}))[0] == 400
    assert (await town.ask("ben", "PATCH", "/raids/settings", {"raids_from": "nobody"}))[0] == 403
    assert await town.log() == [("raid_settings", None, "api")]
