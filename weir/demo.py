"""`weir demo`: a channel that is live at once, with a test picture published over real RTMP by a child process."""

import structlog
import trio

from common.credentials import new_stream_key
from common.db import Database, UniqueViolationError
from common.errors import leaves
from common.queries import stream_keys, users
from weir.testpicture_orders import Orders
from weir.testpicture_task import TestPictureError, run_test_picture

log = structlog.get_logger(__name__)

DEMO_LOGIN = "demo"
"""A reserved login: nobody else can have it."""
KEY_LABEL = "test picture"
REVOKE_S = 2.0


async def run_demo(
    db: Database,
    rtmp_url: str,
    stop: trio.Event,
    *,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Publish the test picture to the demo channel until `stop`; gives its login once the server has accepted it.

    Its key lives as long as the child. Raises `TestPictureError` when the server does not accept it. Later on, an administrator
    may have ended it, which must not end the server.
    """
    channel_id = await _channel(db)
    await _revoke_left_over(db, channel_id)
    key = new_stream_key()
    key_id = await stream_keys.insert_key(
        db, channel_id=channel_id, label=KEY_LABEL, key_hash=key.sha256, last4=key.last4
    )
    accepted = False
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(run_test_picture, Orders(url=f"{rtmp_url}/{key.text}"))
            accepted = True
            task_status.started(DEMO_LOGIN)
            await stop.wait()
            nursery.cancel_scope.cancel("stopping")
    except* TestPictureError as group:
        if not accepted:
            raise
        if not stop.is_set():  # the server hangs up on its publishers when it stops
            log.info("demo_ended", reason=str(leaves(group)[0]))
    finally:
        with trio.move_on_after(REVOKE_S, shield=True):
            await stream_keys.revoke_key(db, channel_id=channel_id, key_id=key_id)


async def _channel(db: Database) -> int:
    if user := await users.select_user_by_login(db, DEMO_LOGIN):
        return user.id
    try:
        user = await users.insert_user_with_channel(db, login=DEMO_LOGIN, display_name="Demo")
    except UniqueViolationError:
        return await _channel(db)
    return user.id


async def _revoke_left_over(db: Database, channel_id: int) -> None:
    """Revoke keys of a demo that was killed before it could."""
    for key in await stream_keys.select_keys(db, channel_id):
        if key.label == KEY_LABEL and key.revoked_at is None:
            await stream_keys.revoke_key(db, channel_id=channel_id, key_id=key.id)
