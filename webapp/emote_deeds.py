"""What the routes about emotes share: how what was done is written down, and the word for a code that is taken."""

from common.audit import Actor, Target, write_down
from common.db import Executor
from common.queries.emotes import Emote

TAKEN = "An emote is called that already, or something that looks like it (I, l and 1 count as one, and so do O and 0)."


async def write_emote_down(
    transaction: Executor, actor: Actor, action: str, emote: Emote, **more: str
) -> None:
    """Add what was done with an emote to the log, that of its channel too."""
    await write_down(
        transaction,
        actor,
        action,
        target=Target("emote", str(emote.id)),
        channel_id=emote.channel_id,
        details={"code": emote.code, "tier": emote.tier, "status": emote.status, **more},
    )
