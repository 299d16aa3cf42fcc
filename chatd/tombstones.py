"""What is left of messages that moderators took away, for those who come later: nothing. Pure."""

from collections.abc import Sequence

import msgspec

from chatd.delivery import Delivery
from chatd.events import ChatCleared, MessageDelayed, MessageDeleted, MessageSent, UserCleared
from chatd.stage_views import Pin, PinChanged

ERASING = (MessageDeleted, UserCleared, ChatCleared)


def without_secrets(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Leave out the texts of messages that were taken away before they were said: nobody else ever saw them."""
    unsaid: set[str] = set()
    kept: list[Delivery] = []
    for delivery in deliveries:
        match delivery.event:
            case MessageDelayed(message=message):
                unsaid.add(message.id)
            case MessageSent() as said:
                unsaid.discard(said.id)
            case MessageDeleted() as deleted if deleted.id in unsaid:
                silent = msgspec.structs.replace(deleted, text="")
                delivery = Delivery(delivery.offset, silent, delivery.epoch)  # noqa: PLW2901 # what is told of it
            case _:
                pass
        kept.append(delivery)
    return kept


def without_erased(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Leave out the messages that later events among these take away, and what answers to them quote of them.

    The events themselves stay: who comes back has the messages on the page already.
    """
    ids: set[str] = set()
    people: set[int] = set()
    is_cleared = False
    kept: list[Delivery] = []
    for delivery in reversed(deliveries):
        event = delivery.event
        match event:
            case MessageDeleted():
                ids.add(event.id)
            case UserCleared():
                people.add(event.user_id)
            case ChatCleared():
                is_cleared = True
            case PinChanged(pin=Pin() as pin):
                if is_cleared or pin.message_id in ids or int(pin.chatter_user_id) in people:
                    continue
            case MessageSent():
                if is_cleared or event.id in ids or event.chatter.user_id in people:
                    continue
                reply = event.reply
                if reply is not None and (reply.parent_id in ids or reply.parent_user_id in people):
                    unquoted = msgspec.structs.replace(reply, parent_text="")
                    event = msgspec.structs.replace(event, reply=unquoted)
                    delivery = Delivery(delivery.offset, event, delivery.epoch)  # noqa: PLW2901 # what is kept of it
            case _:
                pass
        kept.append(delivery)
    kept.reverse()
    return kept
