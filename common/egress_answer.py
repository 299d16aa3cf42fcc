"""Answers to our own requests: bytes in, one answer out, of a bounded size. Pure.

httptools (llhttp in its strict mode) judges every byte. Nothing is decompressed and nothing is followed.
"""

from dataclasses import dataclass, field

import httptools

MAX_HEAD_BYTES = 16 * 1024
_MAX_INFORMATIONAL = 8
_FIRST_FINAL_STATUS = 200


class AnswerError(Exception):
    """What came is no answer in HTTP/1.1. The text says why, for a log."""


class HeadTooBigError(AnswerError):
    """The head of the answer is larger than any that is meant well."""


@dataclass(frozen=True, slots=True)
class EgressAnswer:
    """What somebody else's server said."""

    status: int
    """From 200 on. A redirect is an answer like any other."""
    headers: dict[str, str] = field(repr=False)
    """By lower-case name; repeated ones joined with a comma."""
    body: bytes = field(repr=False)
    """Its first bytes, if `is_cut`."""
    is_cut: bool = False
    """There was more than was asked to be kept."""

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 2xx."""
        return self.status // 100 == 2


class AnswerReader:
    """Reads one answer. After an `AnswerError` it must not be used again.

    Args:
        max_bytes: of the body that are kept; the reader is done with the first byte beyond.

    """

    def __init__(self, *, max_bytes: int) -> None:
        self.answer: EgressAnswer | None = None
        """Set once it is whole, or as much of it as is kept."""
        self.keep_alive = False
        """The connection can take another request now."""
        self._parser = httptools.HttpResponseParser(self)
        self._max_bytes = max_bytes
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._head_bytes = 0
        self._status = 0
        self._informational = 0
        self._has_surplus = False

    def push(self, data: bytes) -> None:
        """Take what came; `data` is not empty.

        Raises:
            AnswerError: it is not HTTP/1.1, or its head is endless.

        """
        if not self._status:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise AnswerError("the server switches to another protocol") from None
        except httptools.HttpParserError as error:
            cause = error.__context__
            raise (cause if isinstance(cause, AnswerError) else AnswerError(str(error))) from None
        if not self._status and self._head_bytes > MAX_HEAD_BYTES:
            raise HeadTooBigError(f"a head of more than {MAX_HEAD_BYTES} bytes")
        if self.answer is None and len(self._body) > self._max_bytes:
            self._finish(is_cut=True)

    def end(self) -> None:
        """Take the end of the connection; it ends a body whose length nobody told (RFC 9112 6.3).

        Raises:
            AnswerError: there was more to come.

        """
        if self.answer is not None:
            return
        if not self._status or not {"content-length", "transfer-encoding"}.isdisjoint(self._headers):
            raise AnswerError("the server hung up before its answer was complete")
        self._finish()

    def _finish(self, *, is_cut: bool = False) -> None:
        body = bytes(self._body[: self._max_bytes])
        self.answer = EgressAnswer(self._status, self._headers, body, is_cut)

    # What httptools calls.

    def on_message_begin(self) -> None:
        """Never use a connection again that brings what nobody asked for."""
        if self.answer is not None:
            self.keep_alive = False
            self._has_surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; those after the body are left out."""
        if not self._status:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        """Note the status, unless another one follows."""
        status = self._parser.get_status_code()
        if not self._has_surplus and status >= _FIRST_FINAL_STATUS:
            self._status = status

    def on_body(self, data: bytes) -> None:
        """Keep as much as is wanted, and one byte more, which tells that there is more."""
        if self.answer is None:
            self._body += data[: self._max_bytes + 1 - len(self._body)]

    def on_message_complete(self) -> None:
        """Finish, or forget an informational answer (RFC 9110 15.2)."""
        if self._has_surplus:
            return
        if self._status:
            self.keep_alive = self._parser.should_keep_alive()
            self._finish(is_cut=len(self._body) > self._max_bytes)
            return
        self._headers = {}
        self._informational += 1
        if self._informational > _MAX_INFORMATIONAL:
            raise AnswerError("too many informational answers")
