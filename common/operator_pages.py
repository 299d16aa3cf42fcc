"""The two pages every HTTP listener has for its operator: `/healthz` and `/metrics`."""

import hmac
from collections.abc import Awaitable, Callable

from common.http_parser import Request
from common.http_response import Answer, Response, respond, respond_text
from common.limits import is_loopback
from common.metrics import CONTENT_TYPE

_NOT_KEPT = (("Cache-Control", "no-store"),)
_FORBIDDEN = respond_text(
    403, "metrics are for this machine, or for who has the token of WEIR_METRICS_TOKEN", _NOT_KEPT
)


class OperatorPages:
    """Answers what operators and their machines ask, and leaves everything else to the caller."""

    def __init__(
        self,
        *,
        health: Callable[[], Awaitable[list[str]]],
        metrics: Callable[[], bytes],
        metrics_token: str | None,
        remarks: Callable[[], list[str]] = list,
    ) -> None:
        """Make the pages.

        Args:
            health: one sentence for each thing that is wrong now; it bounds its own time.
            metrics: the page for Prometheus.
            metrics_token: lets whoever sends it as a bearer token read the metrics from elsewhere; `None`: nobody.
            remarks: one sentence for each thing that is not as it should be, but no reason to take us out of service.
        """
        self._health = health
        self._remarks = remarks
        self._metrics = metrics
        self._metrics_token = metrics_token

    def answer(self, request: Request) -> Answer | None:
        """Answer one of the two pages; `None` for any other path."""
        if request.path == "/healthz":
            return self._healthz
        if request.path == "/metrics":
            if not self._may_read_metrics(request):
                return _FORBIDDEN
            return respond(200, self._metrics(), (("Content-Type", CONTENT_TYPE), *_NOT_KEPT))
        return None

    async def _healthz(self) -> Response:
        problems, remarks = await self._health(), self._remarks()
        if problems:
            return respond_text(503, "\n".join(problems), _NOT_KEPT)
        return respond_text(200, "\n".join(["ok", *remarks]), _NOT_KEPT)

    def _may_read_metrics(self, request: Request) -> bool:
        # A forwarding header that reached us with a loopback address comes through a proxy that is not in
        # WEIR_TRUSTED_PROXIES: the address is the proxy's, not the reader's.
        headers = request.headers
        if is_loopback(request.address) and not {b"x-forwarded-for", b"forwarded"} & headers.keys():
            return True
        if self._metrics_token is None:
            return False
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(
            token.strip(), self._metrics_token.encode()
        )
