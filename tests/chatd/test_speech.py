"""What people type: commands, durations, names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.events import Fragment
from chatd.speech import Ban, Command, parse_ban, parse_command, parse_duration_s, split_mentions


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/ban Ben  for spam", Command("ban", "Ben  for spam")),
        (".ban ben", Command("ban", "ben")),
        ("/ME waves", Command("me", "waves")),
        ("/nonsense", Command("nonsense", "")),
        ("...", None),
        (".5 is half", None),
        ("/ alone", None),
        ("/", None),
        ("hello /ban ben", None),
    ],
)
def test_commands_begin_with_a_slash_or_a_dot(text: str, command: Command | None) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("600", 600),
        ("10m", 600),
        ("1h30m", 5400),
        ("1d2h", 93_600),
        ("2w", 1_209_600),
        ("ten", None),
        ("", None),
        ("-5", None),
        ("1" * 490 + "x", None),  # and at once
    ],
)
def test_durations(text: str, seconds: int | None) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize(
    ("command", "ban"),
    [
        (Command("ban", "@Ben he spams"), Ban("ben", None, "he spams")),
        (Command("ban", "ben"), Ban("ben", None, "")),
        (Command("timeout", "ben"), Ban("ben", 600, "")),
        (Command("timeout", "ben 30"), Ban("ben", 30, "")),
        (Command("timeout", "ben 1h calm down"), Ban("ben", 3600, "calm down")),
        (Command("timeout", "ben calm down"), Ban("ben", 600, "calm down")),
        (Command("ban", ""), None),
        (Command("ban", "@"), None),
    ],
)
def test_bans_and_timeouts(command: Command, ban: Ban | None) -> None:
    assert parse_ban(command) == ban


def test_who_is_here_is_mentioned_and_others_are_text() -> None:
    known = {"anna": 7, "ben": 4}.get
    assert split_mentions("hi @Anna, @nobody and @ben", known) == (
        Fragment("text", "hi "),
        Fragment("mention", "@Anna", user_id=7),
        Fragment("text", ", @nobody and "),
        Fragment("mention", "@ben", user_id=4),
    )
    assert split_mentions("plain", known) == (Fragment("text", "plain"),)


@given(st.text())
def test_fragments_joined_are_the_text(text: str) -> None:
    assert "".join(piece.text for piece in split_mentions(text, len)) == text
