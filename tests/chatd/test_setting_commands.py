"""What can be typed behind `/slow` and `/followers`, and what the log of a channel tells its room."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.events import RoomState
from chatd.room_settings import change_of, state_of
from chatd.setting_commands import parse_seconds


@pytest.mark.parametrize(
    ("text", "unit_s", "seconds"),
    [
        ("30", 1, 30),
        ("30", 60, 1800),
        ("30m", 60, 1800),
        ("1 week", 60, 604_800),
        ("5 days 12 hours", 60, 475_200),
        ("3 Months", 60, 7_776_000),
        ("1h30m", 1, 5400),
        ("", 1, None),
        ("soon", 1, None),
        ("3 bananas", 1, None),
        ("-3", 1, None),
        ("1" * 40, 1, None),
        ("1 " * 240 + "!", 1, None),
        ("1" * 400 + "!", 1, None),
        ("1m " * 150 + "1", 1, 9001),
    ],
)
def test_durations_are_read(text: str, unit_s: int, seconds: int | None) -> None:
    assert parse_seconds(text, unit_s=unit_s) == seconds


@given(st.text(alphabet="0123456789 smhdwo", max_size=60))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    found = parse_seconds(text, unit_s=1)
    assert found is None or found >= 0


def test_an_entry_of_the_log_tells_the_settings_of_before_and_after() -> None:
    after: dict[str, Any] = {
        "slow_mode": True,
        "slow_mode_wait_time": 10,
        "links_from": "vips",
        "of_later": 1,
    }
    found = change_of({"room": {"after": after, "before": {"slow_mode": False}}}, 7)
    assert found is not None
    assert found.before == RoomState(slow_mode=False, slow_mode_wait_time=10, links_from="vips")
    assert found.after == RoomState(slow_mode=True, slow_mode_wait_time=10, links_from="vips")


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"room": 1},
        {"room": {}},
        {"room": {"after": {"slow_mode": "often"}, "before": {}}},
        {"room": {"after": 1, "before": 2}},
        {
            "room": {
                "after": {"non_moderator_chat_delay": True},
                "before": {"non_moderator_chat_delay": False},
            }
        },
    ],
)
def test_what_no_room_tells_or_nobody_understands_is_not_told(details: dict[str, Any]) -> None:
    assert change_of(details, 7) is None


def test_what_is_left_out_is_as_by_default() -> None:
    assert state_of({}) == RoomState()
