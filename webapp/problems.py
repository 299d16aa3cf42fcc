"""Errors of the API: problem details (RFC 9457) that also carry Helix's `error`, `status` and `message`. Pure."""

from http import HTTPStatus

import msgspec

CONTENT_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was not answered."""

    title: str
    status: int
    detail: str
    error: str
    message: str
    """The same as `detail`, where Twitch has it."""
    reason: str | msgspec.UnsetType = msgspec.UNSET
    """For programs, where the status does not say it all: `totp_required`."""


class ApiProblemError(Exception):
    """Ends a request with this status; the text is one sentence for whoever called."""

    def __init__(
        self, status: int, message: str, *, retry_after_s: int | None = None, reason: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after_s = retry_after_s
        self.reason = reason


def problem_body(status: int, message: str, reason: str | None = None) -> bytes:
    """Give the JSON of one problem. `type` is left out: the status says all there is to know about its kind."""
    phrase = HTTPStatus(status).phrase
    problem = Problem(
        title=phrase,
        status=status,
        detail=message,
        error=phrase,
        message=message,
        reason=msgspec.UNSET if reason is None else reason,
    )
    return msgspec.json.encode(problem)
