"""Shield mode: never laxer than what is set, and back to what was, but for what somebody chose meanwhile."""

from dataclasses import asdict, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.automatic_settings import AUTOMATIC, LEVELS
from common.chat_settings import DEFAULT_PRESET, SETTINGS, lowered, raised
from common.queries.channels import ChatSettings
from common.queries.chat_rules import Shield

RANKS = st.sampled_from(["subscribers", "vips", "moderators"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "slow_mode": st.booleans(),
    "slow_mode_wait_time": st.integers(3, 120),
    "follower_mode": st.booleans(),
    "follower_mode_duration": st.integers(0, 129_600),
    "account_age_minimum": st.integers(0, 129_600),
    "verified_email_mode": st.booleans(),
    "verification_spares": RANKS,
    "links_from": st.one_of(st.just("everyone"), RANKS),
    "automod_caps": st.sampled_from(LEVELS),
    "automod_action": st.sampled_from(["hold", "drop"]),
    "raid_guard": st.sampled_from(["off", "hold", "shield"]),
    "sampling_rate": st.integers(0, 200),
}
PRESETS = st.fixed_dictionaries({}, optional=VALUES)
CHATS = st.builds(ChatSettings, **VALUES)


def test_every_setting_that_a_door_takes_is_one_that_is_kept() -> None:
    assert set(AUTOMATIC) <= SETTINGS


def kept(before: ChatSettings, up: ChatSettings) -> dict[str, Any]:
    changed = [name for name in SETTINGS if getattr(before, name) != getattr(up, name)]
    return {
        "was": {name: getattr(before, name) for name in changed},
        "set": {name: getattr(up, name) for name in changed},
    }


@given(CHATS, PRESETS)
def test_a_shield_never_loosens_and_comes_down_to_what_was(
    before: ChatSettings, preset: dict[str, Any]
) -> None:
    up = raised(before, Shield(preset=preset))
    assert up.account_age_minimum >= before.account_age_minimum
    assert LEVELS.index(up.automod_caps) >= LEVELS.index(before.automod_caps)
    assert not before.sampling_rate or 0 < up.sampling_rate <= before.sampling_rate
    assert not before.slow_mode or (up.slow_mode and up.slow_mode_wait_time >= before.slow_mode_wait_time)
    assert not before.follower_mode or up.follower_mode_duration >= before.follower_mode_duration
    assert lowered(up, Shield(is_active=True, before=kept(before, up))) == before


def test_what_somebody_chose_under_the_shield_stays() -> None:
    before = ChatSettings()
    up = raised(before, Shield())
    assert asdict(up).items() >= DEFAULT_PRESET.items()
    changed = replace(up, slow_mode_wait_time=90)
    down = lowered(changed, Shield(is_active=True, before=kept(before, up)))
    assert down == replace(before, slow_mode_wait_time=90)


def test_settings_that_this_version_does_not_know_are_left_alone() -> None:
    assert raised(ChatSettings(), Shield(preset={"of_later": 1, "raids_from": "nobody"})) == ChatSettings()
    assert lowered(ChatSettings(), Shield(before={"was": {"of_later": 1}, "set": {}})) == ChatSettings()
