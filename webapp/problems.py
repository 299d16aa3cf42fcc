"""Errors of the API: problem details (RFC 9457) that also carry Helix's `error`, `status` and `message`. Pure."""

from http import HTTPStatus

import msgspec

CONTENT_TYPE = "application/problem+json"


class ApiProblemError(Exception):
    """Ends a request with this status; the text is one sentence for whoever called."""

    def __init__(self, status: int, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after_s = retry_after_s


def problem_body(status: int, message: str) -> bytes:
    """Give the JSON of one problem. `type` is left out: the status says all there is to know about its kind."""
    phrase = HTTPStatus(status).phrase
    return msgspec.json.encode(
        {"title": phrase, "status": status, "detail": message, "error": phrase, "message": message}
    )
