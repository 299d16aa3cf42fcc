"""The seam to whoever knows which other node has a channel that this one does not (`weir.media_nodes`). Pure."""

from collections.abc import Callable
from typing import Protocol

from common.http_parser import Request
from common.http_response import Answer, Response


class Elsewhere(Protocol):
    """Knows where channels are."""

    def locate(self, login: str, request: Request, reply: Callable[[str | None], Response]) -> Answer:
        """Answer a request for a channel that is not here, now or later. Costs a question to the database at most now and then.

        Args:
            login: of the channel, as it stands in the path; it may be nobody's.
            request: who asks; only its headers matter.
            reply: makes the answer from the address of the node that has it, without a trailing slash; `None`: no node.
        """
