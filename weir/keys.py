"""Which stream keys were right lately, and who must wait after too many wrong ones.

Keys seen lately let streamers publish while the database is away, and get an encoder in whose address is held back because
of a guesser behind the same router. The caller passes the clock.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace

from common.backoff import Backoff
from common.ingest import PublishRequest
from common.limits import is_loopback

KEY_CACHE = 10_000
"""Keys remembered."""


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """What the database knows of a stream key."""

    key_id: int
    channel_id: int
    login: str
    title: str
    refusal: str | None
    """Why the key must not publish (revoked, suspended), as a sentence for the encoder; `None` when it may."""
    needed_grant: str = ""
    """What the channel asks of its viewers when it goes live (`common.queries.viewing.NEEDED_GRANT`)."""
    is_wrong: bool = True
    """Of a key with a refusal: whether it is a try with a wrong key, rather than one at the wrong time."""


class SeenKeys:
    """The keys that the database knew when it was last asked, and the addresses from which wrong ones came."""

    def __init__(self, backoff: Backoff | None = None) -> None:
        self._backoff = backoff or Backoff()
        self._owners: OrderedDict[str, KeyOwner] = OrderedDict()

    @property
    def clients_with_wrong_keys(self) -> int:
        """How many addresses sent wrong keys lately."""
        return len(self._backoff)

    def owner(self, key: str) -> KeyOwner | None:
        """Whose key it was lately; `None` when it is not known to be right."""
        return self._owners.get(key)

    def remember(self, key: str, owner: KeyOwner | None) -> None:
        """Take note of what the database said about a key."""
        if owner is None or owner.refusal is not None:
            self._owners.pop(key, None)
            return
        self._owners[key] = owner
        self._owners.move_to_end(key)
        if len(self._owners) > KEY_CACHE:
            self._owners.popitem(last=False)

    def channels(self) -> set[int]:
        """Give the channels whose keys are remembered."""
        return {owner.channel_id for owner in self._owners.values()}

    def set_needed_grant(self, channel_id: int, needed_grant: str) -> None:
        """Take note of what a channel asks of its viewers now: it may go live while the database is away."""
        for key, owner in self._owners.items():
            if owner.channel_id == channel_id and owner.needed_grant != needed_grant:
                self._owners[key] = replace(owner, needed_grant=needed_grant)

    def forget_channel(self, channel_id: int) -> None:
        """Admit nobody to a channel from memory."""
        for key in [key for key, owner in self._owners.items() if owner.channel_id == channel_id]:
            del self._owners[key]

    def wait_s(self, request: PublishRequest, now: float) -> float:
        """How many seconds this encoder must wait before its key is looked up; 0.0: not at all.

        Loopback is exempt as it is from the connection caps: behind a plain proxy on this machine everybody is there.
        """
        if request.key in self._owners or is_loopback(request.address):
            return 0.0
        return self._backoff.wait_s(request.address, now)

    def was_wrong(self, request: PublishRequest, now: float) -> None:
        """Count a key that may not publish."""
        self._backoff.failed(request.address, now)

    def was_right(self, request: PublishRequest) -> None:
        """Forgive the address its wrong keys."""
        self._backoff.succeeded(request.address)
