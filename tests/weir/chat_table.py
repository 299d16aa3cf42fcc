"""What rules refuse and moderators can do: tables of one test, so one file; `test_chat_table` tries both protocols and two nodes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ZALGO = "h\u0336\u0337\u0338\u0335\u0334e said"
FOLLOW = "Follow anna to join the community!"
CHECKED = "Your message is being checked by mods and has not been sent."
AGAINST = "conflicts with the channel's moderation settings"
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One reason not to say what ben says, who does not follow and whose account is new."""

    text: str
    code: str
    """`msg-id` of the NOTICE, and `drop_reason.code`."""
    says: str
    """In the sentence that comes with it."""
    left_s: range | None = None
    """Seconds that JSON says are left; `None`: it is not time that stands against it."""
    settings: Fields = field(default_factory=dict)
    """As the API takes them from the owner."""
    term: Fields | None = None
    """What is blocked."""
    act: tuple[str, Fields] | None = None
    """What a moderator does first."""
    before: tuple[str, str] | None = None
    """Who says what first."""
    follows: bool = False
    """Ben does, since this minute."""
    spares: tuple[str, ...] = ("mia",)
    """Who says the same, and is heard: mia moderates, vera is a VIP, sue subscribes, and fay has followed for a month."""


def automatic(text: str, *, drops: bool = False, **settings: Any) -> Rule:
    """One of the things that a room finds by itself."""
    return Rule(
        settings={**settings, "automod_action": "drop" if drops else "hold"},
        text=text,
        code="msg_rejected_mandatory" if drops else "msg_rejected",
        says=AGAINST if drops else CHECKED,
        spares=("vera", "mia"),
    )


RULES: dict[str, Rule] = {
    "banned": Rule(
        act=("ban", {"user": "ben"}),
        text="hi",
        code="msg_banned",
        says="You are permanently banned from talking in anna.",
    ),
    "timed out": Rule(
        act=("ban", {"user": "ben", "duration_seconds": 600}),
        text="hi",
        code="msg_timedout",
        says="You are banned from talking in anna for",
        left_s=range(300, 601),
    ),
    "warned": Rule(
        act=("warn", {"user": "ben", "reason": "no caps"}),
        text="hi",
        code="msg_warned",
        says="A moderator warned you: no caps",
    ),
    "restricted": Rule(
        act=("watch", {"user": "ben", "status": "RESTRICTED"}), text="hi", code="msg_rejected", says=CHECKED
    ),
    "shield": Rule(
        act=("shield", {"is_active": True}),
        text="hi",
        code="msg_followersonly",
        says=f"This room is in 10 minutes followers-only mode. {FOLLOW}",
    ),
    "pace": Rule(
        text="hello",
        code="msg_ratelimit",
        says="you are sending messages too quickly",
        left_s=range(1, 61),
    ),
    "the same again": Rule(
        before=("ben", "what a day"),
        text="What a DAY",
        code="msg_duplicate",
        says="identical to the previous one you sent, less than 30 seconds ago",
        left_s=range(1, 31),
        spares=("vera", "mia"),
    ),
    "length": Rule(text="x" * 501, code="msg_too_long", says="at most 500", spares=()),
    "nothing to see": Rule(text="\u200b\u202e", code="msg_empty", says="nothing in this message", spares=()),
    "slow mode": Rule(
        settings={"slow_mode": True, "slow_mode_wait_time": 120},
        before=("ben", "one"),
        text="two",
        code="msg_slowmode",
        says="This room is in slow mode",
        left_s=range(30, 121),
        spares=("vera", "mia"),
    ),
    "slow mode of subscribers": Rule(
        settings={"slow_mode": True, "slow_mode_wait_time": 120, "subscriber_slow_mode_wait_time": 0},
        before=("ben", "one"),
        text="two",
        code="msg_slowmode",
        says="This room is in slow mode",
        left_s=range(30, 121),
        spares=("sue", "vera"),
    ),
    "followers only": Rule(
        settings={"follower_mode": True},
        text="hi",
        code="msg_followersonly_zero",
        says=f"This room is in followers-only mode. {FOLLOW}",
        spares=("fay", "sue", "vera", "mia"),
    ),
    "followers for some time only": Rule(
        settings={"follower_mode": True, "follower_mode_duration": 10},
        text="hi",
        code="msg_followersonly",
        says=f"This room is in 10 minutes followers-only mode. {FOLLOW}",
        spares=("fay", "sue", "vera", "mia"),
    ),
    "followers for longer only": Rule(
        settings={"follower_mode": True, "follower_mode_duration": 10},
        follows=True,
        text="hi",
        code="msg_followersonly_followed",
        says="You have been following for 0 minutes. Continue following to chat!",
        left_s=range(300, 601),
    ),
    "subscribers only": Rule(
        settings={"subscriber_mode": True},
        text="hi",
        code="msg_subsonly",
        says="This room is in subscribers only mode.",
        spares=("sue", "vera", "mia"),
    ),
    "emotes only": Rule(
        settings={"emote_mode": True},
        text="hi",
        code="msg_emoteonly",
        says="This room is in emote-only mode.",
        spares=("vera", "mia"),
    ),
    "unique chat": Rule(
        settings={"unique_chat_mode": True},
        before=("fay", "what a wonderful day"),
        text="What a wonderful DAY",
        code="msg_r9k",
        says="the message you attempted to send is not unique",
        spares=("vera", "mia"),
    ),
    "proved e-mail address": Rule(
        settings={"verified_email_mode": True},
        text="hi",
        code="msg_verified_email",
        says="requires a verified account",
        spares=("vera", "mia"),
    ),
    "age of the account": Rule(
        settings={"account_age_minimum": 60},
        text="hi",
        code="msg_account_age",
        says="at least 1 hour old",
        left_s=range(3000, 3601),
        spares=("vera", "mia"),
    ),
    "links": Rule(
        settings={"links_from": "vips"},
        text="see example.org",
        code="msg_links",
        says="Links are not allowed",
        spares=("vera", "mia"),
    ),
    "blocked term": Rule(
        term={"text": "badword"}, text="a BADw\u043erd, really", code="msg_rejected_mandatory", says=AGAINST
    ),
    "blocked expression": Rule(
        term={"text": "b[a4]+d", "is_regex": True},
        text="so b44aad",
        code="msg_rejected_mandatory",
        says=AGAINST,
    ),
    "capitals": automatic("WHAT IS THIS STREAM EVEN ABOUT", automod_caps="medium"),
    "capitals, dropped": automatic("WHAT IS THIS STREAM EVEN ABOUT", drops=True, automod_caps="high"),
    "repetition": automatic("buy my stuff " * 6, automod_repetition="medium"),
    "very long": automatic(" ".join(f"word{number}" for number in range(40)), automod_length="high"),
    "signs": automatic("$%&/()=?" * 6, automod_symbols="low"),
    "marks on letters": automatic(ZALGO, automod_zalgo="medium"),
    "no classifier": automatic("hi", automod_profanity="high", automod_fails_closed=True),
}
"""By what each is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that moderators do."""

    act: str
    said: Fields = field(default_factory=dict)
    """`{message}` is a message of vera's, `{held}` one that waits, `{poll}` the poll that runs."""
    typed: str = ""
    """As a command; '': as `moderation_site` has it."""
    code: str
    """What is answered over IRC; and over JSON, but for settings."""
    verbs: str
    """In the log, with spaces between them."""
    about: str | None = None
    """Whom the log names."""
    lines: tuple[str, ...] = ()
    """What IRC is told, one behind the other."""
    state: str = ""
    """And the one tag of the ROOMSTATE that follows; '': none does."""
    event: str = ""
    """What JSON is told; '': nothing."""
    holds: Fields = field(default_factory=dict)
    """Some of it."""
    is_for_all: bool = False
    """Else for moderators alone."""
    doors: tuple[str, ...] = ("irc", "json", "api")
    by: str = "mia"


_UNITS = {
    "follower_mode_duration": "follower_mode_duration_minutes",
    "slow_mode_wait_time": "slow_mode_wait_time_seconds",
}
"""Settings that events call otherwise."""


def _mode(typed: str, code: str, verb: str, tag: str, **settings: Any) -> Act:
    """Set a mode; `tag` is what ROOMSTATE says then."""
    shown = {_UNITS.get(name, name): value for name, value in settings.items()}
    return Act(
        act="set",
        said=settings,
        typed=typed,
        code=code,
        verbs=verb,
        lines=(f"@msg-id={code} ",),
        state=tag,
        event="channel.chat_settings.update",
        holds={"settings": shown},
        is_for_all=True,
    )


def _role(act: str, role: str, verb: str) -> Act:
    return Act(
        act=act,
        said={"user": "ben", "role": role},
        code=f"{verb}_success",
        verbs=verb,
        about="ben",
        by="anna",
    )


CLEARED = "channel.chat.clear_user_messages"
SUSPICION = "channel.suspicious_user.update"
ACTS: list[Act] = [
    Act(
        act="ban",
        said={"user": "ben", "duration_seconds": 60, "reason": "spam"},
        code="timeout_success",
        verbs="timeout",
        about="ben",
        lines=("ban-duration=60;",),
        event=CLEARED,
        holds={"target_user_login": "ben", "duration_seconds": 60},
        is_for_all=True,
    ),
    Act(
        act="unban",
        said={"user": "ben"},
        code="untimeout_success",
        verbs="untimeout",
        about="ben",
        event="channel.unban",
        holds={"user_login": "ben"},
        is_for_all=True,
    ),
    Act(
        act="ban",
        said={"user": "ben", "reason": "enough"},
        code="ban_success",
        verbs="ban",
        about="ben",
        lines=("CLEARCHAT #anna :ben",),
        event=CLEARED,
        holds={"target_user_login": "ben", "duration_seconds": None},
        is_for_all=True,
    ),
    Act(
        act="unban",
        said={"user": "ben"},
        code="unban_success",
        verbs="unban",
        about="ben",
        event="channel.unban",
        holds={"user_login": "ben"},
        is_for_all=True,
    ),
    Act(
        act="clear_user",
        said={"user": "ben"},
        code="clear_user_success",
        verbs="clear_user",
        about="ben",
        lines=("ban-duration=1;",),
        event=CLEARED,
        holds={"target_user_login": "ben", "duration_seconds": 0},
        is_for_all=True,
    ),
    Act(
        act="clear",
        code="clear_success",
        verbs="clear",
        lines=("CLEARCHAT #anna",),
        event="channel.chat.clear",
        is_for_all=True,
    ),
    Act(
        act="warn",
        said={"user": "ben", "reason": "mind the rules"},
        code="warn_success",
        verbs="warn",
        about="ben",
        lines=("msg-id=user_warned :tmi.twitch.tv NOTICE #anna :ben was warned: mind the rules",),
        event="channel.warning.send",
        holds={"user_login": "ben", "reason": "mind the rules"},
    ),
    Act(
        act="watch",
        said={"user": "ben", "status": "ACTIVE_MONITORING"},
        code="watch_success",
        verbs="update_suspicious_user",
        about="ben",
        lines=("ben is marked active_monitoring",),
        event=SUSPICION,
        holds={"user_login": "ben", "low_trust_status": "active_monitoring"},
    ),
    Act(
        act="watch",
        said={"user": "ben", "status": "NO_TREATMENT"},
        code="unwatch_success",
        verbs="update_suspicious_user",
        about="ben",
        lines=("ben is marked none",),
        event=SUSPICION,
        holds={"user_login": "ben", "low_trust_status": "none"},
    ),
    Act(
        act="delete_message",
        said={"message_id": "{message}"},
        code="delete_message_success",
        verbs="delete",
        about="vera",
        lines=("target-msg-id={message};",),
        event="channel.chat.message_delete",
        holds={"message_id": "{message}", "target_user_login": "vera"},
        is_for_all=True,
    ),
    Act(
        act="pin_message",
        said={"message_id": "{message}"},
        typed="/pin {message}",
        code="pin_success",
        verbs="pin",
        about="vera",
        event="channel.chat.pin",
        holds={"pin": {"message_id": "{message}", "pinned_by_user_login": "mia"}},
        is_for_all=True,
    ),
    Act(
        act="unpin_message",
        typed="/unpin",
        code="unpin_success",
        verbs="unpin",
        event="channel.chat.pin",
        holds={"pin": None},
        is_for_all=True,
    ),
    Act(
        act="watch",
        said={"user": "vera", "status": "RESTRICTED"},
        code="watch_success",
        verbs="update_suspicious_user",
        about="vera",
        lines=("vera is marked restricted",),
        event=SUSPICION,
        holds={"user_login": "vera", "low_trust_status": "restricted"},
    ),
    Act(
        act="decide_hold",
        said={"message_id": "{held}", "is_allowed": True},
        code="hold_allowed",
        verbs="approve_held_message",
        about="vera",
        lines=("id={held};",),
        event="channel.chat.message",
        holds={"message_id": "{held}", "chatter_user_login": "vera"},
        is_for_all=True,
    ),
    Act(
        act="decide_hold",
        said={"message_id": "{held}", "is_allowed": False},
        code="hold_denied",
        verbs="deny_held_message",
        about="vera",
        lines=("The message {held} of vera was denied by mia.",),
        event="automod.message.update",
        holds={"message_id": "{held}", "status": "denied", "moderator_user_login": "mia"},
    ),
    Act(
        act="watch",
        said={"user": "vera", "status": "NO_TREATMENT"},
        code="unwatch_success",
        verbs="update_suspicious_user",
        about="vera",
        lines=("vera is marked none",),
        event=SUSPICION,
        holds={"user_login": "vera", "low_trust_status": "none"},
    ),
    Act(
        act="announce",
        said={"message": "Soup is ready"},
        typed="/announce Soup is ready",
        code="announce_success",
        verbs="announcement",
        lines=("USERNOTICE #anna :Soup is ready",),
        event="channel.chat.notification",
        holds={"notice_type": "announcement", "chatter_user_login": "mia"},
        is_for_all=True,
    ),
    Act(
        act="create_poll",
        said={"title": "Tea or coffee?", "choices": ["Tea", "Coffee"], "duration": 60},
        code="poll_success",
        verbs="create_poll",
        event="channel.poll.begin",
        holds={"title": "Tea or coffee?"},
        is_for_all=True,
        doors=("json", "api"),
    ),
    Act(
        act="end_poll",
        said={"poll_id": "{poll}"},
        code="end_poll_success",
        verbs="end_poll",
        event="channel.poll.end",
        holds={"id": "{poll}", "status": "TERMINATED"},
        is_for_all=True,
        doors=("json", "api"),
    ),
    Act(
        act="raid",
        said={"to_login": "moe"},
        typed="/raid moe",
        code="raid_success",
        verbs="raid",
        about="moe",
        event="channel.raid.pending",
        holds={"to_broadcaster_user_login": "moe"},
        is_for_all=True,
    ),
    Act(
        act="unraid",
        code="unraid_success",
        verbs="unraid",
        about="moe",
        event="channel.raid.cancel",
        holds={"to_broadcaster_user_login": "moe"},
        is_for_all=True,
    ),
    _mode("/slow 45", "slow_on", "slow", "slow=45", slow_mode=True, slow_mode_wait_time=45),
    _mode(".slowoff", "slow_off", "slowoff", "slow=0", slow_mode=False),
    _mode(
        "/followers 1h",
        "followers_on",
        "followers",
        "followers-only=60",
        follower_mode=True,
        follower_mode_duration=60,
    ),
    _mode(
        "/followers",
        "followers_on_zero",
        "followers",
        "followers-only=0",
        follower_mode=True,
        follower_mode_duration=0,
    ),
    _mode("/followersoff", "followers_off", "followersoff", "followers-only=-1", follower_mode=False),
    _mode(".subscribers", "subs_on", "subscribers", "subs-only=1", subscriber_mode=True),
    _mode("/subscribersoff", "subs_off", "subscribersoff", "subs-only=0", subscriber_mode=False),
    _mode("/emoteonly", "emote_only_on", "emoteonly", "emote-only=1", emote_mode=True),
    _mode("/emoteonlyoff", "emote_only_off", "emoteonlyoff", "emote-only=0", emote_mode=False),
    _mode("/uniquechat", "r9k_on", "uniquechat", "r9k=1", unique_chat_mode=True),
    _mode("/uniquechatoff", "r9k_off", "uniquechatoff", "r9k=0", unique_chat_mode=False),
    _mode(".r9kbeta", "r9k_on", "uniquechat", "r9k=1", unique_chat_mode=True),
    _mode("/r9kbetaoff", "r9k_off", "uniquechatoff", "r9k=0", unique_chat_mode=False),
    Act(
        act="shield",
        said={"is_active": True},
        typed="/shield",
        code="shield_on",
        verbs="shield_mode_begin followers slow chat_settings",
        lines=("msg-id=shield_mode_begin ",),
        event="channel.shield_mode.begin",
        holds={"is_active": True},
    ),
    Act(
        act="shield",
        said={"is_active": False},
        typed="/shieldoff",
        code="shield_off",
        verbs="shield_mode_end followersoff slowoff chat_settings",
        lines=("msg-id=shield_mode_end ",),
        event="channel.shield_mode.end",
        holds={"is_active": False},
    ),
    _role("give_role", "moderator", "mod"),
    _role("take_role", "moderator", "unmod"),
    _role("give_role", "vip", "vip"),
    _role("take_role", "vip", "unvip"),
]
"""In an order in which all of them can be done."""
