"""The API does what its OpenAPI document says, whatever is sent: schemathesis, against the real server and PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import schemathesis
import trio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from quart_trio import QuartTrio
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.transport.serialization import serialize_binary

from common.auth import SESSION_COOKIE, Authenticator
from common.db import migrate, open_database
from common.queries import users
from common.serving import open_listeners
from tests.webapp.conftest import session_of
from webapp.server import serve_web

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/zip", "application/x-zip-compressed")
def archive(_context: object, value: Any) -> bytes:
    """Whatever is no archive: it knows how to send pictures, and no others."""
    return serialize_binary(value)


@contextmanager
def serving(build: Callable[..., QuartTrio], dsn: str) -> Iterator[tuple[str, str]]:
    """Serve in a thread; gives the address, and the cookie of somebody who is logged in."""
    started = threading.Event()
    found: list[tuple[str, str]] = []
    control: list[tuple[trio.lowlevel.TrioToken, trio.Event]] = []

    async def run() -> None:
        stop = trio.Event()
        control.append((trio.lowlevel.current_trio_token(), stop))
        async with open_database(dsn, wait_s=10) as db, trio.open_nursery() as nursery:
            await migrate(db)
            user = await users.insert_user_with_channel(
                db,
                login="owner",
                display_name="Owner",
                is_admin=True,  # who may ask for the most
            )
            cookie = await session_of(db, user.id)
            listeners = await open_listeners("127.0.0.1", 0)
            port = listeners[0].socket.getsockname()[1]
            auth = Authenticator(db)
            app = build(database=db)
            nursery.start_soon(auth.keep_fresh)
            await nursery.start(partial(serve_web, app, listeners, stop=stop, drain_s=1))
            found.append((f"http://127.0.0.1:{port}", cookie))
            started.set()
            await stop.wait()
            nursery.cancel_scope.cancel()

    def target() -> None:
        try:
            trio.run(run)
        finally:
            started.set()

    thread = threading.Thread(target=target, name="api")
    thread.start()
    assert started.wait(60)
    try:
        assert found, "the server did not start"
        yield found[0]
    finally:
        token, stop = control[0]
        token.run_sync_soon(stop.set)
        thread.join(30)


def test_whatever_is_sent_the_answer_is_one_the_document_names(
    app_factory: Callable[..., QuartTrio], database_dsn: str
) -> None:
    with serving(app_factory, database_dsn) as (address, cookie):
        schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json")
        operations: list[Any] = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
        assert len(operations) > 20
        for operation in operations:
            ends_the_session = (operation.method, operation.path) == ("delete", "/sessions/current")
            ask_all(operation, {} if ends_the_session else {"Cookie": f"{SESSION_COOKIE}={cookie}"})


def ask_all(operation: Any, headers: dict[str, str]) -> None:
    """Ask one operation what fits its types, and what does not."""
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=30)

    ask()
