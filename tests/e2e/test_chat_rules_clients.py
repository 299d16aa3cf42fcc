"""The modes of a room with clients that nobody here wrote: the promises of tmi.js, and the events of twurple."""

import pytest

from tests.e2e.harness import Weir, poll
from tests.e2e.test_chat_clients import Line, bots, make_moderator, weir

__all__ = ["weir"]

pytestmark = pytest.mark.real

TRIES = 5
MODES = [
    ("slow", "10", "slow", {"mode": "slow", "enabled": True, "value": 10}),
    ("slow", "300", "slow", {"mode": "slow", "enabled": True, "value": 120}),
    ("slowoff", "", "slowoff", {"mode": "slow", "enabled": False}),
    ("followers", "30", "followersoff", {"mode": "followers", "enabled": True, "value": 30}),
    ("followersoff", "", "followersoff", {"mode": "followers", "enabled": False}),
    ("subscribers", "", "subscribersoff", {"mode": "subscribers", "enabled": True}),
    ("subscribersoff", "", "subscribers", {"mode": "subscribers", "enabled": False}),
    ("emoteonly", "", "emoteonlyoff", {"mode": "emoteonly", "enabled": True}),
    ("emoteonlyoff", "", "emoteonly", {"mode": "emoteonly", "enabled": False}),
    ("r9kbeta", "", "r9kbetaoff", {"mode": "uniquechat", "enabled": True}),
    ("r9kbetaoff", "", "r9kbeta", {"mode": "uniquechat", "enabled": False}),
]
"""What tmi.js does, what undoes it, and what twurple tells then."""


def outcome(tmi: Line, act: str, argument: str = "") -> str:
    """Have tmi.js do something; give '' when its promise was kept, else why it was not."""
    before = len(tmi.heard)
    tmi.act(act, argument)

    def told() -> list[dict[str, object]]:
        return [
            one for one in tmi.heard[before:] if one["kind"] in {"done", "failed"} and one.get("act") == act
        ]

    poll(f"tmi.js is done with {act}", lambda: bool(told()), 30)
    return str(told()[0].get("error", ""))


def test_promises_of_tmi_js_are_kept_and_twurple_hears_of_it(weir: Weir) -> None:
    with bots(weir) as (tmi, twurple, _, plain):
        make_moderator(weir, "tmi_bot")
        for act, argument, undo, event in MODES:
            error = outcome(tmi, act, argument)
            for _ in range(TRIES):
                if "No response" not in error:
                    break
                # tmi.js gives 0.6 s, which is little on a machine that does everything at once.
                outcome(tmi, undo, argument)
                error = outcome(tmi, act, argument)
            assert error == "", f"{act}: {error}"
            twurple.find("mode", **event)
        plain.find("every 120 seconds")
        tmi.act("say", "/subscribersoff")
        tmi.find("notice", id="already_subs_off")
