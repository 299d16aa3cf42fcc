"""IRC lines as clients send them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.irc_lines import (
    MAX_LINE_BYTES,
    IrcLine,
    IrcLineError,
    LineReader,
    escape_tag,
    one_line,
    parse_line,
    render_tags,
    unescape_tag,
)

LINES = [
    ("PING", IrcLine("PING")),
    ("PING :tmi.twitch.tv", IrcLine("PING", ("tmi.twitch.tv",))),
    ("ping a b", IrcLine("PING", ("a", "b"))),
    ("PRIVMSG #a :hello : there :)", IrcLine("PRIVMSG", ("#a", "hello : there :)"))),
    ("PRIVMSG #a  :  two  spaces ", IrcLine("PRIVMSG", ("#a", "  two  spaces "))),
    ("PRIVMSG #a :", IrcLine("PRIVMSG", ("#a", ""))),
    ("PRIVMSG #a word", IrcLine("PRIVMSG", ("#a", "word"))),
    (":nick!user@host JOIN #a,#b", IrcLine("JOIN", ("#a,#b",))),
    (
        "CAP REQ :twitch.tv/tags twitch.tv/commands",
        IrcLine("CAP", ("REQ", "twitch.tv/tags twitch.tv/commands")),
    ),
    (
        r"@client-nonce=a\sb;reply-parent-msg-id=1;x :me PRIVMSG #a :hi",
        IrcLine("PRIVMSG", ("#a", "hi"), {"client-nonce": "a b", "reply-parent-msg-id": "1", "x": ""}),
    ),
    ("USER nick 8 * :nick", IrcLine("USER", ("nick", "8", "*", "nick"))),
]


@pytest.mark.parametrize(("text", "line"), LINES)
def test_lines_of_clients_are_read(text: str, line: IrcLine) -> None:
    assert parse_line(text) == line


@pytest.mark.parametrize("text", ["", " ", ":prefix", ":prefix ", "@tags", "@tags ", "@a=b :x"])
def test_a_line_without_a_command_says_nothing(text: str) -> None:
    assert parse_line(text) is None


def test_no_more_than_fifteen_words_are_read() -> None:
    line = parse_line(" ".join(map(str, range(1000))))
    assert line is not None
    assert line.params[-1] == "14"


@given(st.text())
def test_any_text_is_a_line_or_none(text: str) -> None:
    line = parse_line(text)
    assert line is None or line.command == line.command.upper()


@given(st.text())
def test_tag_values_come_back_as_they_were(value: str) -> None:
    escaped = escape_tag(value)
    assert unescape_tag(escaped) == value
    assert not set(escaped) & set("; \r\n")


@pytest.mark.parametrize(
    ("value", "text"), [("\\", ""), (r"a\b", "ab"), (r"\\\:", "\\;"), (r"\s\r\n", " \r\n")]
)
def test_odd_escapes_are_read_as_the_specification_says(value: str, text: str) -> None:
    assert unescape_tag(value) == text


def test_every_tag_has_its_equals_sign() -> None:
    assert render_tags([("a", ""), ("b", "x y;")]) == r"@a=;b=x\sy\: "


def test_nothing_ends_a_line_before_its_end() -> None:
    assert one_line("a\r\nPRIVMSG #b :c\0") == "a  PRIVMSG #b :c"


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)),
    st.data(),
)
def test_packet_boundaries_change_no_line(lines: list[str], data: st.DataObject) -> None:
    raw = "".join(f"{line}\r\n" for line in lines).encode()
    reader, found, at = LineReader(), [], 0
    while at < len(raw):
        size = data.draw(st.integers(1, len(raw) - at))
        found += reader.receive(raw[at : at + size])
        at += size
    assert found == lines


def test_lines_may_end_with_lf_alone_and_hold_what_is_no_utf_8() -> None:
    assert LineReader().receive(b"a\nb\xff\r\nc") == ["a", "b�"]


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_a_line_that_is_too_long_ends_the_connection(end: bytes) -> None:
    with pytest.raises(IrcLineError):
        LineReader().receive(b"a" * (MAX_LINE_BYTES + 1) + end)
