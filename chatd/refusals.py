"""The ways to be told that a message is not said, each with its sentence. Pure.

Ids and sentences are Twitch's, as far as it has them: bots compare the ids, people know the sentences.
"""

import math
from dataclasses import dataclass

_UNITS = (("month", 43_200), ("week", 10_080), ("day", 1440), ("hour", 60), ("minute", 1))
"""In minutes; a month is thirty days, as in Twitch's followers-only mode."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that is not said."""

    code: str
    """As in `msg-id` of a NOTICE, and `drop_reason.code` of the JSON protocol."""
    message: str
    """A sentence for who wrote it."""
    seconds_left: int | None = None
    """When it would be taken, if time alone stands against it."""


def in_words(minutes: int) -> str:
    """Say how long that is, in the two largest units that it has: `1 day 2 hours`."""
    words: list[str] = []
    for name, size in _UNITS:
        count, minutes = divmod(minutes, size)
        if count and len(words) < 2:
            words.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(words) or "0 minutes"


def too_fast(left_s: float) -> Dropped:
    """Of somebody who writes faster than anybody may."""
    return Dropped(
        "msg_ratelimit",
        "Your message was not sent because you are sending messages too quickly.",
        math.ceil(left_s),
    )


def in_slow_mode(left_s: float) -> Dropped:
    """Of somebody who writes faster than the room may."""
    left = math.ceil(left_s)
    return Dropped(
        "msg_slowmode",
        "This room is in slow mode and you are sending messages too quickly. "
        f"You will be able to talk again in {left} seconds.",
        left,
    )


def repeated(left_s: float) -> Dropped:
    """Of somebody who says the same again."""
    return Dropped(
        "msg_duplicate",
        "Your message was not sent because it is identical to the previous one you sent, less than 30 seconds ago.",
        math.ceil(left_s),
    )


def banned(login: str, left_s: float | None) -> Dropped:
    """Of somebody who must not write, for ever (`None`) or for a while."""
    if left_s is None:
        return Dropped("msg_banned", f"You are permanently banned from talking in {login}.")
    left = math.ceil(left_s)
    return Dropped("msg_timedout", f"You are banned from talking in {login} for {left} more seconds.", left)


def too_long(most: int) -> Dropped:
    """Of a message with too many characters."""
    return Dropped("msg_too_long", f"Your message is too long: at most {most} characters are taken.")


def followers_only(login: str, minutes: int, followed_s: float | None) -> Dropped:
    """Of somebody who does not follow, or not for long enough."""
    if minutes == 0:
        return Dropped(
            "msg_followersonly_zero",
            f"This room is in followers-only mode. Follow {login} to join the community!",
        )
    mode = f"This room is in {in_words(minutes)} followers-only mode."
    if followed_s is None:
        return Dropped("msg_followersonly", f"{mode} Follow {login} to join the community!")
    return Dropped(
        "msg_followersonly_followed",
        f"{mode} You have been following for {in_words(int(followed_s // 60))}. Continue following to chat!",
        math.ceil(minutes * 60 - followed_s),
    )


def subscribers_only(login: str) -> Dropped:
    """Of somebody who has no subscription."""
    return Dropped(
        "msg_subsonly", f"This room is in subscribers only mode. To talk, subscribe to {login} on its page."
    )


def account_too_young(minutes: int, age_s: float) -> Dropped:
    """Of an account that is too new; Twitch has no word for it."""
    left_s = math.ceil(minutes * 60 - age_s)
    return Dropped(
        "msg_account_age",
        f"This room is for accounts that are at least {in_words(minutes)} old. "
        f"You will be able to talk in {in_words(math.ceil(left_s / 60))}.",
        left_s,
    )


EMOTES_ONLY = Dropped(
    "msg_emoteonly",
    "This room is in emote-only mode. You can find your currently available emoticons using the smiley in the chat text area.",
)
NOT_UNIQUE = Dropped(
    "msg_r9k", "This room is in unique-chat mode and the message you attempted to send is not unique."
)
UNVERIFIED = Dropped(
    "msg_verified_email",
    "This room requires a verified account to chat. Please verify your e-mail address in your settings.",
)
NO_LINKS = Dropped("msg_links", "Links are not allowed in this room.")
BLOCKED_TERM = AUTOMOD = Dropped(
    "msg_rejected_mandatory",
    "Your message wasn't posted due to conflicts with the channel's moderation settings.",
)
