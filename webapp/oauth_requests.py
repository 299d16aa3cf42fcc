"""What an app asks of a person: the parameters of `/oauth2/authorize`, checked. Pure.

In two steps. Until it is certain that the address belongs to the app, what is wrong is told to the person on a page; only then
may it be told to the address (RFC 6749 4.1.2.1, RFC 9700 4.11).
"""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlencode

from common.principals import SCOPES
from common.queries.oauth_apps import Client
from webapp.oauth_parameters import Parameters
from webapp.pkce import METHOD, is_challenge
from webapp.redirect_uris import is_registered

MAX_STATE_LENGTH = 2000
MAX_SCOPE_LENGTH = 2000


class UnprovenRequestError(ValueError):
    """The request cannot be answered, and nobody but the person may hear of it; the text says why."""


class RefusedRequestError(Exception):
    """The request cannot be answered, and the app hears of it.

    Args:
        error: one of RFC 6749 4.1.2.1.
        description: a sentence for the app's developer.

    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What an app asks for."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    """Sorted, each once; all of them exist. None: the app wants to know who somebody is, no more."""
    state: str | None
    challenge: str | None
    force_verify: bool
    """Ask, whatever is remembered."""

    def query(self) -> str:
        """Give it as the query of an address: what a form carries until it is answered."""
        values = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(self.scopes),
            "state": self.state,
            "code_challenge": self.challenge,
            "code_challenge_method": METHOD if self.challenge else None,
            "force_verify": "true" if self.force_verify else None,
        }
        return urlencode({name: value for name, value in values.items() if value})

    def sha256(self) -> bytes:
        """Tell it from any other request."""
        return hashlib.sha256(self.query().encode()).digest()


def check_target(parameters: Parameters, client: Client | None) -> str:
    """Give the address that hears the answer; `client` is the app that the parameters name.

    Raises `UnprovenRequestError`.
    """
    for name in ("client_id", "redirect_uri"):
        if name in parameters.repeated:
            raise UnprovenRequestError(f"{name} is there more than once")
        if parameters.get(name) is None:
            raise UnprovenRequestError(f"{name} is missing")
    if client is None:
        raise UnprovenRequestError("there is no app with this client_id")
    redirect_uri = parameters.values["redirect_uri"]
    if not is_registered(redirect_uri, client.redirect_uris):
        raise UnprovenRequestError(f"the redirect_uri is not one of those that {client.name} registered")
    return redirect_uri


def read_request(parameters: Parameters, client: Client) -> AuthorizationRequest:
    """Read a request whose target was checked. Raises `RefusedRequestError`."""
    if parameters.repeated:
        raise RefusedRequestError(
            "invalid_request", f"{min(parameters.repeated)[:50]} is there more than once"
        )
    response_type = parameters.get("response_type")
    if response_type is None:
        raise RefusedRequestError("invalid_request", "response_type is missing")
    if response_type != "code":
        raise RefusedRequestError("unsupported_response_type", "response_type must be code")
    state = parameters.get("state")
    if state is not None and len(state) > MAX_STATE_LENGTH:
        raise RefusedRequestError("invalid_request", f"state is longer than {MAX_STATE_LENGTH} characters")
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=parameters.values["redirect_uri"],
        scopes=read_scopes(parameters.get("scope")),
        state=state,
        challenge=_read_challenge(parameters, client),
        force_verify=parameters.get("force_verify") in {"true", "1"},
    )


def answerable_state(parameters: Parameters) -> str | None:
    """Give the `state` that a refusal carries."""
    state = parameters.get("state")
    return state if state is None or len(state) <= MAX_STATE_LENGTH else None


def read_scopes(text: str | None) -> tuple[str, ...]:
    """Give the scopes that a text names, sorted. Raises `RefusedRequestError` where there is no such one."""
    if text is None:
        return ()
    if len(text) > MAX_SCOPE_LENGTH:
        raise RefusedRequestError("invalid_scope", f"scope is longer than {MAX_SCOPE_LENGTH} characters")
    scopes = set(text.split(" ")) - {""}
    if unknown := scopes - SCOPES.keys():
        raise RefusedRequestError("invalid_scope", f"there is no scope {_printable(min(unknown))}")
    return tuple(sorted(scopes))


def _read_challenge(parameters: Parameters, client: Client) -> str | None:
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    if challenge is None:
        if method is not None or client.secret_hash is None:
            raise RefusedRequestError("invalid_request", "code_challenge is missing (PKCE, RFC 7636)")
        return None
    if method != METHOD:  # without one it is `plain` (RFC 7636 4.3)
        raise RefusedRequestError("invalid_request", "code_challenge_method must be S256")
    if not is_challenge(challenge):
        raise RefusedRequestError("invalid_request", "code_challenge is not the base64url of a SHA-256")
    return challenge


def _printable(text: str) -> str:
    """Only what may stand in `error_description` (RFC 6749 4.1.2.1)."""
    return "".join(letter for letter in text[:50] if " " <= letter <= "~" and letter not in '"\\')
