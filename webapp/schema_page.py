"""Prints the OpenAPI document of this code: `python -m webapp.schema_page`. The front end's types are made from it.

Needs no server: the application is built as for one, but of what it is handed nothing is ever used.
"""

import sys
from typing import cast

from common.auth import Authenticator
from common.db import Database
from common.public_url import PublicUrl
from webapp.app import OPENAPI, create_app
from webapp.public_urls import PublicUrls
from webapp.static_files import FrontEnd, StaticFile


class _NoDatabase(Database):
    """One that is never asked."""

    def __init__(self) -> None:
        self._feeds = set()


def openapi_json() -> str:
    """Give the document. It names no version, so that a release changes no types."""
    database = _NoDatabase()
    page = StaticFile("text/html", b"", None, "", "")
    app = create_app(
        database=database,
        auth=Authenticator(database),
        urls=PublicUrls(
            web=PublicUrl(None, "http", 0),
            hls=PublicUrl(None, "http", 0),
            rtmp=PublicUrl(None, "rtmp", 0),
            chat=PublicUrl(None, "ws", 0),
        ),
        front_end=FrontEnd(page, page, {}),
        metrics=bytes,
    )
    return cast("bytes", app.config[OPENAPI]).decode()


if __name__ == "__main__":
    sys.stdout.write(openapi_json())
