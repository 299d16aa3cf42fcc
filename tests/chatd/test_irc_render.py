"""Lines that clients get, compared whole: they are what bots parse."""

import dataclasses
from typing import Any

import msgspec
import pytest

from chatd.delivery import RoomName
from chatd.events import (
    Badge,
    ChatCleared,
    Chatter,
    Event,
    Fragment,
    MessageDeleted,
    MessageSent,
    Reply,
    RoomChanged,
    RoomState,
    StreamOffline,
    UserCleared,
    decode,
    encode,
)
from chatd.irc_render import (
    Capabilities,
    render_event,
    render_global_user_state,
    render_join,
    render_notice,
    render_part,
    render_room_state,
    render_user_state,
)

ROOM = RoomName("anna", 7)
ALL = Capabilities(tags=True, commands=True, membership=True)
NONE = Capabilities()
BEN = Chatter(
    user_id=4,
    login="ben",
    display_name="Ben",
    color="#19E6E6",
    badges=(Badge("moderator", "1"), Badge("subscriber", "12", "22")),
    roles=frozenset({"moderator"}),
)
HELLO = MessageSent(
    id="0190", at_ms=1594555275886, chatter=BEN, text="hi", fragments=(Fragment("text", "hi"),)
)
REPLY = Reply("0180", 5, "cleo", "Cleo", "what is it?", "0170", 6, "dan")


def replaced(event: MessageSent, **changes: Any) -> MessageSent:
    return msgspec.structs.replace(event, **changes)


def tags_of(line: str) -> dict[str, str]:
    head = line.removeprefix("@").partition(" ")[0]
    return dict(tag.split("=", 1) for tag in head.split(";"))


def test_a_message_with_all_that_is_known() -> None:
    [line] = render_event(HELLO, ROOM, ALL)
    assert line == (
        "@badge-info=subscriber/22;badges=moderator/1,subscriber/12;color=#19E6E6;display-name=Ben;emotes=;first-msg=0;"
        "flags=;id=0190;mod=1;returning-chatter=0;room-id=7;subscriber=1;tmi-sent-ts=1594555275886;turbo=0;user-id=4;"
        "user-type=mod :ben!ben@ben.tmi.twitch.tv PRIVMSG #anna :hi"
    )


def test_a_message_for_who_asked_for_nothing() -> None:
    assert render_event(HELLO, ROOM, NONE) == [":ben!ben@ben.tmi.twitch.tv PRIVMSG #anna :hi"]


def test_emotes_are_placed_by_code_points_both_ends_included() -> None:
    fragments = (
        Fragment("text", "👉 "),
        Fragment("emote", "<3", emote_id="9"),
        Fragment("text", " 👉 "),
        Fragment("emote", "<3", emote_id="9"),
        Fragment("text", " "),
        Fragment("emote", "Kappa", emote_id="25"),
    )
    event = replaced(HELLO, text="👉 <3 👉 <3 Kappa", fragments=fragments)
    assert tags_of(render_event(event, ROOM, ALL)[0])["emotes"] == "9:2-3,7-8/25:10-14"


def test_nothing_but_emotes_is_said_to_be_that() -> None:
    emote = Fragment("emote", "Kappa", emote_id="25")
    for fragments, tag in [
        ((emote,), "1"),
        ((emote, Fragment("text", " \U000e0000 "), emote), "1"),
        ((emote, Fragment("text", " hi")), None),
        ((emote, Fragment("text", " "), Fragment("mention", "@anna", user_id=7)), None),
    ]:
        event = replaced(HELLO, text="".join(piece.text for piece in fragments), fragments=fragments)
        assert tags_of(render_event(event, ROOM, ALL)[0]).get("emote-only") == tag


def test_of_an_action_places_are_counted_without_what_wraps_it() -> None:
    fragments = (Fragment("text", "𝄞 "), Fragment("emote", "Kappa", emote_id="25"))
    event = replaced(HELLO, text="𝄞 Kappa", fragments=fragments, is_action=True)
    [line] = render_event(event, ROOM, ALL)
    assert line.endswith(" :\x01ACTION 𝄞 Kappa\x01")
    assert tags_of(line)["emotes"] == "25:2-6"


def test_which_emotes_a_client_has_it_is_told() -> None:
    assert tags_of(render_user_state(BEN, ROOM, emote_sets="0,70"))["emote-sets"] == "0,70"
    assert tags_of(render_global_user_state(BEN, emote_sets="0,71"))["emote-sets"] == "0,71"


def test_a_reply_names_its_parent_and_counts_its_name() -> None:
    event = replaced(HELLO, text="<3", fragments=(Fragment("emote", "<3", emote_id="9"),), reply=REPLY)
    [line] = render_event(event, ROOM, ALL)
    assert line.endswith(" PRIVMSG #anna :@Cleo <3")
    tags = tags_of(line)
    assert tags["emotes"] == "9:6-7"
    assert {name: value for name, value in tags.items() if name.startswith("reply-")} == {
        "reply-parent-display-name": "Cleo",
        "reply-parent-msg-body": r"what\sis\sit?",
        "reply-parent-msg-id": "0180",
        "reply-parent-user-id": "5",
        "reply-parent-user-login": "cleo",
        "reply-thread-parent-msg-id": "0170",
        "reply-thread-parent-user-id": "6",
        "reply-thread-parent-user-login": "dan",
    }


def test_an_action_is_wrapped() -> None:
    assert render_event(replaced(HELLO, is_action=True), ROOM, NONE) == [
        ":ben!ben@ben.tmi.twitch.tv PRIVMSG #anna :\x01ACTION hi\x01"
    ]


def test_vips_and_nonces_are_told() -> None:
    vip = msgspec.structs.replace(BEN, roles=frozenset({"vip"}), badges=(Badge("vip", "1"),))
    tags = tags_of(render_event(replaced(HELLO, chatter=vip, nonce="n;1"), ROOM, ALL)[0])
    assert (tags["vip"], tags["mod"], tags["user-type"], tags["client-nonce"]) == ("1", "0", "", r"n\:1")


CLEARED: list[tuple[Event, str]] = [
    (
        UserCleared(user_id=4, login="ben", moderator_id=7, at_ms=9, duration_s=600),
        "@ban-duration=600;room-id=7;target-user-id=4;tmi-sent-ts=9 :tmi.twitch.tv CLEARCHAT #anna :ben",
    ),
    (
        UserCleared(user_id=4, login="ben", moderator_id=7, at_ms=9),
        "@room-id=7;target-user-id=4;tmi-sent-ts=9 :tmi.twitch.tv CLEARCHAT #anna :ben",
    ),
    (ChatCleared(moderator_id=7, at_ms=9), "@room-id=7;tmi-sent-ts=9 :tmi.twitch.tv CLEARCHAT #anna"),
    (
        MessageDeleted(id="0190", user_id=4, login="ben", text="bad", moderator_id=7, at_ms=9),
        "@login=ben;room-id=7;target-msg-id=0190;tmi-sent-ts=9 :tmi.twitch.tv CLEARMSG #anna :bad",
    ),
]


@pytest.mark.parametrize(("event", "line"), CLEARED)
def test_what_moderators_remove(event: Event, line: str) -> None:
    assert render_event(event, ROOM, ALL) == [line]
    assert render_event(event, ROOM, dataclasses.replace(ALL, tags=False)) == [line.partition(" ")[2]]
    assert render_event(event, ROOM, NONE) == []


def test_all_settings_are_told_at_a_join() -> None:
    assert render_room_state(RoomState(), ROOM) == (
        "@emote-only=0;followers-only=-1;r9k=0;rituals=0;room-id=7;slow=0;subs-only=0 :tmi.twitch.tv ROOMSTATE #anna"
    )
    strict = RoomState(emote_mode=True, follower_mode=True, follower_mode_duration=10, slow_mode=True)
    assert "emote-only=1;followers-only=10;" in render_room_state(strict, ROOM)
    assert "slow=30" in render_room_state(strict, ROOM)


def test_a_changed_setting_is_a_notice_and_a_room_state_of_its_own() -> None:
    change = RoomChanged(
        1, RoomState(), RoomState(slow_mode=True, slow_mode_wait_time=10, subscriber_mode=True)
    )
    assert render_event(change, ROOM, ALL) == [
        "@msg-id=slow_on :tmi.twitch.tv NOTICE #anna :This room is now in slow mode. You may send messages every 10 seconds.",
        "@room-id=7;slow=10 :tmi.twitch.tv ROOMSTATE #anna",
        "@msg-id=subs_on :tmi.twitch.tv NOTICE #anna :This room is now in subscribers-only mode.",
        "@room-id=7;subs-only=1 :tmi.twitch.tv ROOMSTATE #anna",
    ]


MODES = [
    (RoomState(slow_mode=True), "slow_on"),
    (RoomState(subscriber_mode=True), "subs_on"),
    (RoomState(emote_mode=True), "emote_only_on"),
    (RoomState(unique_chat_mode=True), "r9k_on"),
    (RoomState(follower_mode=True, follower_mode_duration=30), "followers_on"),
    (RoomState(follower_mode=True), "followers_on_zero"),
]


@pytest.mark.parametrize(("state", "message_id"), MODES)
def test_every_mode_has_its_notices(state: RoomState, message_id: str) -> None:
    on, _ = render_event(RoomChanged(1, RoomState(), state), ROOM, ALL)
    off, _ = render_event(RoomChanged(1, state, RoomState()), ROOM, ALL)
    assert tags_of(on)["msg-id"] == message_id
    assert tags_of(off)["msg-id"] == message_id.removesuffix("_zero").removesuffix("_on") + "_off"


def test_nothing_changed_is_nothing_said() -> None:
    assert render_event(RoomChanged(1, RoomState(), RoomState()), ROOM, ALL) == []
    assert render_event(StreamOffline(1, "s"), ROOM, ALL) == []


def test_a_join_holds_the_client_alone() -> None:
    assert render_join("ben", ROOM) == [
        ":ben!ben@ben.tmi.twitch.tv JOIN #anna",
        ":ben.tmi.twitch.tv 353 ben = #anna :ben",
        ":ben.tmi.twitch.tv 366 ben #anna :End of /NAMES list",
    ]
    assert render_part("ben", ROOM) == ":ben!ben@ben.tmi.twitch.tv PART #anna"


def test_a_client_is_told_how_it_looks() -> None:
    assert render_user_state(BEN, ROOM, message_id="0190", nonce="n") == (
        "@badge-info=subscriber/22;badges=moderator/1,subscriber/12;client-nonce=n;color=#19E6E6;display-name=Ben;emote-sets=0;id=0190;"
        "mod=1;subscriber=1;user-type=mod :tmi.twitch.tv USERSTATE #anna"
    )
    assert render_global_user_state(BEN) == (
        "@badge-info=;badges=;color=#19E6E6;display-name=Ben;emote-sets=0;user-id=4;user-type=mod"
        " :tmi.twitch.tv GLOBALUSERSTATE"
    )


def test_the_broadcaster_has_every_right_and_no_mod_flag() -> None:
    owner = msgspec.structs.replace(
        BEN, roles=frozenset({"broadcaster"}), badges=(Badge("broadcaster", "1"),)
    )
    tags = tags_of(render_user_state(owner, ROOM))
    assert (tags["mod"], tags["user-type"], tags["badges"]) == ("0", "", "broadcaster/1")


def test_texts_cannot_end_their_line() -> None:
    evil = replaced(HELLO, text="a\r\n:tmi.twitch.tv CLEARCHAT #anna")
    for wants in (ALL, NONE):
        [line] = render_event(evil, ROOM, wants)
        assert "\r" not in line
        assert "\n" not in line
    assert "\n" not in render_notice("x", "a\nb", ROOM)


@pytest.mark.parametrize("event", [HELLO, replaced(HELLO, reply=REPLY), *(event for event, _ in CLEARED)])
def test_events_survive_the_bus(event: Event) -> None:
    assert decode(encode(event)) == event


def test_what_a_newer_node_says_is_an_error_to_be_left_out() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(msgspec.msgpack.encode({"type": "hologram"}))
