"""What of OAuth needs no database: parameters, challenges, refresh tokens, requests for authorization."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.principals import SCOPES
from common.queries.oauth_apps import Client
from webapp.oauth_clients import Credentials, OAuthRefusalError, read_credentials
from webapp.oauth_parameters import Parameters, UnreadableParametersError, read_parameters
from webapp.oauth_requests import (
    RefusedRequestError,
    UnprovenRequestError,
    answerable_state,
    check_target,
    read_request,
)
from webapp.pkce import challenge_of, is_challenge, proves
from webapp.refresh_chains import Age, age_of, new_chain, refresh_token, split_refresh_token

KEY = bytes(range(32))
URI = "https://app.example/cb"
CLIENT = Client(1, "a" * 30, "An App", [URI], bytes(32), "owner")
PUBLIC = Client(2, "b" * 30, "Public App", [URI, "http://localhost/cb"], None, "owner")
# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


# -- Parameters -----------------------------------------------------------------------------------------------------------


def test_an_empty_parameter_is_not_there_and_a_repeated_one_counts_for_nothing() -> None:
    found = read_parameters(b"a=1&b=&c=2&c=2&d=%C3%A4+b", b"e=5&a")
    assert found.values == {"d": "ä b", "e": "5"}
    assert found.repeated == {"a", "c"}
    assert found.get("b") is None
    assert read_parameters(b"", b"").values == {}


@pytest.mark.parametrize(
    "raw", [b"a=%ff", b"a=\xc3\xa4", b"&".join(b"a%d=1" % n for n in range(60)), b"a=" + b"x" * 12_001]
)
def test_what_are_no_parameters(raw: bytes) -> None:
    with pytest.raises(UnreadableParametersError):
        read_parameters(raw)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_whatever_bytes_are_sent_the_answer_is_parameters_or_a_refusal(query: bytes, body: bytes) -> None:
    try:
        found = read_parameters(query, body)
    except UnreadableParametersError:
        return
    assert not found.repeated & set(found.values)


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=20))
def test_parameters_arrive_as_they_were_sent(values: dict[str, str]) -> None:
    try:
        sent = urlencode(values).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return
    if len(sent) < 12_000:
        assert read_parameters(sent).values == values


# -- Which app --------------------------------------------------------------------------------------------------------------


def test_an_app_names_itself_in_the_header_or_in_the_form() -> None:
    in_form = Parameters({"client_id": "id", "client_secret": "pw"})
    assert read_credentials(None, in_form) == Credentials("id", "pw")
    assert read_credentials("Basic aWQ6cHc=", Parameters()) == Credentials("id", "pw")
    assert read_credentials("basic aWQ6cHc=", Parameters({"client_id": "id"})) == Credentials("id", "pw")
    assert read_credentials("Basic aWQ6", Parameters()) == Credentials("id", None)
    assert read_credentials("Basic aWQ6cCUyNncr", Parameters()) == Credentials("id", "p&w ")
    assert read_credentials("Bearer x", Parameters({"client_id": "id"})) == Credentials("id", None)


@pytest.mark.parametrize(
    ("authorization", "values", "error"),
    [
        (None, {}, "invalid_request"),
        ("Basic aWQ6cHc=", {"client_secret": "pw"}, "invalid_request"),
        ("Basic aWQ6cHc=", {"client_id": "other"}, "invalid_request"),
        ("Basic !", {}, "invalid_client"),
        ("Basic aWQ=", {}, "invalid_client"),
        ("Basic /////w==", {}, "invalid_client"),
        ("Basic", {}, "invalid_client"),
    ],
)
def test_apps_that_cannot_be_told(authorization: str | None, values: dict[str, str], error: str) -> None:
    with pytest.raises(OAuthRefusalError) as refused:
        read_credentials(authorization, Parameters(values))
    assert refused.value.error == error


# -- PKCE -------------------------------------------------------------------------------------------------------------------


def test_the_challenge_of_the_rfc() -> None:
    assert challenge_of(VERIFIER) == CHALLENGE
    assert is_challenge(CHALLENGE)
    assert proves(VERIFIER, CHALLENGE)
    assert proves(None, None)


@pytest.mark.parametrize(
    ("verifier", "challenge"),
    [
        (None, CHALLENGE),
        (VERIFIER, None),  # somebody took the challenge out on its way
        (CHALLENGE, CHALLENGE),  # `plain`
        (VERIFIER + "=", CHALLENGE),
        (VERIFIER[:42], challenge_of(VERIFIER[:42])),
        ("x" * 129, challenge_of("x" * 129)),
        ("ä" * 43, CHALLENGE),
    ],
)
def test_verifiers_that_prove_nothing(verifier: str | None, challenge: str | None) -> None:
    assert not proves(verifier, challenge)


@pytest.mark.parametrize("text", ["", "x" * 42, "x" * 44, "=" * 43, "x" * 42 + "\n", "ä" * 43])
def test_what_is_no_challenge(text: str) -> None:
    assert not is_challenge(text)


# -- Refresh tokens -----------------------------------------------------------------------------------------------------------


def test_a_refresh_token_is_the_one_of_now_the_one_before_or_an_old_one() -> None:
    chain = new_chain()
    tokens = [refresh_token(KEY, chain.text, turn) for turn in range(4)]
    assert len(set(tokens)) == 4
    ages, tails = [], []
    for token in tokens:
        parts = split_refresh_token(token)
        assert parts is not None
        assert parts[0] == chain.text
        ages.append(age_of(KEY, *parts, 2))
        tails.append(parts[1])
    assert ages == [Age.OTHER, Age.PREVIOUS, Age.CURRENT, Age.OTHER]  # the last one nobody can have yet
    assert age_of(bytes(32), chain.text, tails[2], 2) is Age.OTHER  # another site's key


def test_the_first_token_of_a_chain_has_none_before_it() -> None:
    chain = new_chain()
    _, tail = split_refresh_token(refresh_token(KEY, chain.text, -1)) or ("", "")
    assert age_of(KEY, chain.text, tail, 0) is Age.OTHER


@given(st.text(max_size=120))
def test_what_is_no_refresh_token(text: str) -> None:
    assert split_refresh_token(text) is None
    parts = split_refresh_token(f"weirr_{text:x<93.93}")
    assert parts is None or age_of(KEY, *parts, 0) is Age.OTHER


# -- Requests -----------------------------------------------------------------------------------------------------------------


def asked(**more: str | None) -> Parameters:
    values: dict[str, str | None] = {
        "response_type": "code",
        "client_id": CLIENT.client_id,
        "redirect_uri": URI,
        **more,
    }
    return Parameters({name: value for name, value in values.items() if value})


def test_a_request_says_what_it_wants() -> None:
    found = read_request(
        asked(
            scope="user:read:chat chat:read  chat:read",
            state="ä&=",
            code_challenge=CHALLENGE,
            code_challenge_method="S256",
            force_verify="true",
            nonce="ignored",
        ),
        CLIENT,
    )
    assert found.scopes == ("chat:read", "user:read:chat")
    assert (found.state, found.challenge, found.force_verify) == ("ä&=", CHALLENGE, True)
    assert read_request(read_parameters(found.query().encode()), CLIENT) == found
    bare = read_request(asked(), CLIENT)
    assert (bare.scopes, bare.state, bare.challenge, bare.force_verify) == ((), None, None, False)
    assert bare.sha256() != found.sha256()


@pytest.mark.parametrize(
    ("parameters", "client"),
    [
        (asked(client_id=None), None),
        (asked(), None),
        (asked(redirect_uri=None), CLIENT),
        (asked(redirect_uri=URI + "/"), CLIENT),
        (asked(redirect_uri="https://evil.example/"), CLIENT),
        (Parameters({"client_id": CLIENT.client_id}, frozenset({"redirect_uri"})), CLIENT),
        (Parameters({"redirect_uri": URI}, frozenset({"client_id"})), None),
    ],
)
def test_nobody_hears_of_a_request_whose_target_is_not_proven(
    parameters: Parameters, client: Client | None
) -> None:
    with pytest.raises(UnprovenRequestError):
        check_target(parameters, client)


@pytest.mark.parametrize(
    ("parameters", "client", "error"),
    [
        (asked(response_type=None), CLIENT, "invalid_request"),
        (asked(response_type="token"), CLIENT, "unsupported_response_type"),
        (asked(response_type="code token"), CLIENT, "unsupported_response_type"),
        (asked(scope="chat:read everything"), CLIENT, "invalid_scope"),
        (asked(scope="chat:read,chat:edit"), CLIENT, "invalid_scope"),
        (asked(scope="CHAT:READ"), CLIENT, "invalid_scope"),
        (asked(scope="chat:read\tchat:edit"), CLIENT, "invalid_scope"),
        (asked(scope="x" * 2001), CLIENT, "invalid_scope"),
        (asked(state="x" * 2001), CLIENT, "invalid_request"),
        (asked(), PUBLIC, "invalid_request"),  # no PKCE
        (asked(code_challenge=CHALLENGE), CLIENT, "invalid_request"),  # `plain`, as nothing is said
        (asked(code_challenge=CHALLENGE, code_challenge_method="plain"), PUBLIC, "invalid_request"),
        (asked(code_challenge=CHALLENGE, code_challenge_method="s256"), PUBLIC, "invalid_request"),
        (asked(code_challenge_method="S256"), CLIENT, "invalid_request"),
        (asked(code_challenge="short", code_challenge_method="S256"), CLIENT, "invalid_request"),
        (Parameters(asked().values, frozenset({"state"})), CLIENT, "invalid_request"),
        (Parameters(asked().values, frozenset({"anything"})), CLIENT, "invalid_request"),
    ],
)
def test_requests_that_an_app_is_refused(parameters: Parameters, client: Client, error: str) -> None:
    with pytest.raises(RefusedRequestError) as refused:
        read_request(parameters, client)
    assert refused.value.error == error
    assert refused.value.description.isascii()


def test_a_refusal_carries_the_state_unless_it_is_too_long_or_repeated() -> None:
    assert answerable_state(asked(state="x")) == "x"
    assert answerable_state(asked(state="x" * 2001)) is None
    assert answerable_state(asked()) is None


@given(st.text(max_size=50))
def test_no_text_becomes_a_scope_that_is_none(text: str) -> None:
    try:
        found = read_request(asked(scope=text), CLIENT)
    except RefusedRequestError as error:
        refused = error
    else:
        assert set(found.scopes) <= SCOPES.keys()
        assert dict(parse_qsl(found.query()))["client_id"] == CLIENT.client_id
        return
    assert refused.description.isprintable()
