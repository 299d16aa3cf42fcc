"""Lets some routes take larger bodies than all others. Quart bounds a body from its first byte on, before any route is found."""

import re
from collections.abc import Sequence
from typing import Any

from quart_trio.wrappers.request import TrioRequest

from webapp.endpoint import AnyEndpoint

UPLOAD_S = 30
"""For the whole of an upload to come."""


def request_class(endpoints: Sequence[AnyEndpoint]) -> type[TrioRequest]:
    """Make the class of requests for an application with these routes below `/api`."""
    limits = [
        (
            endpoint.method,
            re.compile("/api" + re.sub(r"{\w+}", "[^/]+", endpoint.route)),
            endpoint.upload.max_bytes,
        )
        for endpoint in endpoints
        if endpoint.upload is not None
    ]

    class BoundedRequest(TrioRequest):
        def __init__(self, method: str, scheme: str, path: str, *rest: Any, **options: Any) -> None:
            for taken, pattern, max_bytes in limits:
                if method == taken and pattern.fullmatch(path):
                    options |= {"max_content_length": max_bytes, "body_timeout": UPLOAD_S}
            super().__init__(method, scheme, path, *rest, **options)

    return BoundedRequest
