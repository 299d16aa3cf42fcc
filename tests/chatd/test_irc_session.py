"""The conversations of clients that exist, line by line as their source code sends them."""

import pytest

from chatd.irc_session import (
    CAPABILITIES,
    MAX_LINES_BEFORE_LOGIN,
    BrokeRules,
    IrcSession,
    JoinRequested,
    LoginRequested,
    MessageRequested,
    PartRequested,
    QuitRequested,
    Request,
)

WELCOME = [
    ":tmi.twitch.tv 001 bot :Welcome, GLHF!",
    ":tmi.twitch.tv 002 bot :Your host is tmi.twitch.tv",
    ":tmi.twitch.tv 003 bot :This server is rather new",
    ":tmi.twitch.tv 004 bot :-",
    ":tmi.twitch.tv 375 bot :-",
    ":tmi.twitch.tv 372 bot :You are in a maze of twisty passages, all alike.",
    ":tmi.twitch.tv 376 bot :>",
]


def say(session: IrcSession, *lines: str) -> list[Request]:
    return [request for line in lines for request in session.receive_line(line)]


def logged_in() -> IrcSession:
    session = IrcSession()
    say(session, "PASS oauth:secret", "NICK bot")
    session.accept("bot")
    session.data_to_send()
    return session


def test_tmi_js_logs_in_without_ending_capability_negotiation() -> None:
    session = IrcSession()
    wanted = "twitch.tv/tags twitch.tv/commands twitch.tv/membership"
    assert say(session, f"CAP REQ :{wanted}", "PASS oauth:secret", "NICK Bot") == [
        LoginRequested("bot", "secret")
    ]
    assert session.data_to_send() == [f":tmi.twitch.tv CAP * ACK :{wanted}"]
    session.accept("bot")
    assert session.data_to_send() == WELCOME
    assert session.capabilities == set(CAPABILITIES)


def test_twurple_lists_capabilities_first_and_compares_the_answer_as_text() -> None:
    session = IrcSession()
    assert say(session, "CAP LS 302") == []
    assert session.data_to_send() == [
        ":tmi.twitch.tv CAP * LS :twitch.tv/tags twitch.tv/commands twitch.tv/membership"
    ]
    say(session, "CAP REQ :twitch.tv/commands twitch.tv/tags")
    assert session.data_to_send() == [":tmi.twitch.tv CAP * ACK :twitch.tv/commands twitch.tv/tags"]
    found = say(session, "CAP END", "PASS oauth:secret", "NICK bot", "USER bot 8 * :bot")
    assert found == [LoginRequested("bot", "secret")]
    assert session.data_to_send() == []


def test_twitchio_asks_for_capabilities_after_its_login() -> None:
    session = IrcSession()
    assert say(session, "PASS oauth:secret", "NICK bot") == [LoginRequested("bot", "secret")]
    session.accept("bot")
    session.data_to_send()
    say(session, *(f"CAP REQ :{name}" for name in CAPABILITIES))
    assert session.data_to_send() == [f":tmi.twitch.tv CAP * ACK :{name}" for name in CAPABILITIES]
    assert say(session, "JOIN #Anna,#ben") == [JoinRequested("anna"), JoinRequested("ben")]


@pytest.mark.parametrize("lines", [("NICK justinfan12345",), ("PASS SCHMOOPIIE", "NICK justinfan1")])
def test_readers_need_no_token_and_may_send_any(lines: tuple[str, ...]) -> None:
    [request] = say(IrcSession(), *lines)
    assert isinstance(request, LoginRequested)
    assert request.token is None


@pytest.mark.parametrize(
    ("lines", "token"),
    [
        (("PASS secret", "NICK bot"), "secret"),
        (("NICK bot", "PASS oauth:late"), ""),
        (("PASS", "NICK bot"), ""),
    ],
)
def test_the_password_may_lack_its_prefix_but_must_come_first(lines: tuple[str, ...], token: str) -> None:
    assert say(IrcSession(), *lines) == [LoginRequested("bot", token)]


def test_a_name_with_digits_behind_other_letters_is_not_anonymous() -> None:
    assert say(IrcSession(), "NICK justinfanatic1") == [LoginRequested("justinfanatic1", "")]


def test_a_refused_login_gets_the_texts_that_libraries_look_for() -> None:
    session = IrcSession()
    say(session, "PASS oauth:wrong", "NICK bot")
    session.reject()
    assert session.data_to_send() == [
        ":tmi.twitch.tv NOTICE * :Login authentication failed",
        ":tmi.twitch.tv NOTICE * :Login unsuccessful",
    ]


def test_the_name_is_the_tokens_and_a_second_login_is_none() -> None:
    session = IrcSession()
    say(session, "PASS oauth:secret", "NICK other")
    session.accept("bot")
    assert session.nick == "bot"
    assert session.data_to_send() == WELCOME
    assert say(session, "PASS oauth:b", "NICK b") == []


def test_capabilities_we_do_not_have_are_refused_all_together() -> None:
    session = IrcSession()
    say(session, "CAP REQ :twitch.tv/tags batch")
    assert session.data_to_send() == [":tmi.twitch.tv CAP * NAK :twitch.tv/tags batch"]
    assert session.capabilities == set()


@pytest.mark.parametrize(
    ("ping", "pong"),
    [
        ("PING", "PONG :tmi.twitch.tv"),
        ("PING :tmi.twitch.tv", ":tmi.twitch.tv PONG tmi.twitch.tv :tmi.twitch.tv"),
        ("PING :1594555275886", ":tmi.twitch.tv PONG tmi.twitch.tv :1594555275886"),
        ("PING chatterino/2.5", ":tmi.twitch.tv PONG tmi.twitch.tv :chatterino/2.5"),
    ],
)
def test_pings_get_the_answer_their_client_waits_for(ping: str, pong: str) -> None:
    session = IrcSession()
    assert say(session, ping) == []
    assert session.data_to_send() == [pong]


def test_messages_carry_nonce_and_what_they_answer() -> None:
    line = "@client-nonce=abc;reply-parent-msg-id=0190 PRIVMSG #Anna :hello : there"
    assert say(logged_in(), line) == [MessageRequested("anna", "hello : there", False, "abc", "0190")]


@pytest.mark.parametrize("text", ["\x01ACTION waves\x01", "\x01ACTION waves"])
def test_an_action_is_unwrapped(text: str) -> None:
    assert say(logged_in(), f"PRIVMSG #anna :{text}") == [MessageRequested("anna", "waves", True, "", "")]


def test_before_the_login_nobody_joins_or_writes() -> None:
    assert say(IrcSession(), "JOIN #anna", "PART #anna", "PRIVMSG #anna :hi") == []


def test_who_never_logs_in_does_not_talk_for_ever() -> None:
    session = IrcSession()
    assert say(session, *["PING"] * MAX_LINES_BEFORE_LOGIN) == []
    assert say(session, "PING") == [BrokeRules("too many lines before the login")]


@pytest.mark.parametrize("name", ["anna", "#a", "#", "#" + "a" * 26, "#an-na", "&anna", "#anna\x07", "0"])
def test_what_is_no_channel_is_passed_over(name: str) -> None:
    assert say(logged_in(), f"JOIN {name}", f"PRIVMSG {name} :hi") == []


def test_a_channel_is_joined_once_a_line_and_left() -> None:
    session = logged_in()
    assert say(session, "JOIN #anna,#Anna, #ben") == [JoinRequested("anna")]
    assert say(session, "JOIN #anna,#Anna,#ben") == [JoinRequested("anna"), JoinRequested("ben")]
    assert say(session, "PART #anna", "QUIT :bye") == [PartRequested("anna"), QuitRequested()]


def test_what_is_echoed_never_starts_a_line() -> None:
    session = IrcSession()
    session.receive_line("PING :a\rQUIT")
    assert session.data_to_send() == [":tmi.twitch.tv PONG tmi.twitch.tv :a QUIT"]
