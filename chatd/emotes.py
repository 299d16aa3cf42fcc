"""Which words are emotes, for whom and where, as one node knows it.

Kept by channel and by person, bounded, and forgotten when it changes (`heed`) or after half a minute.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import trio

from chatd.emote_words import Chest, Known, chest_of, cut
from chatd.events import Fragment
from chatd.rules import Standing
from common.db import Change, ControlChange, Database, FullRecheck
from common.queries import emotes
from common.queries.emotes import SITE, SITE_SET, Claims, set_id

KEEP_S = 30.0
MAX_KEPT = 200_000
"""Emotes by channel, and again by person; each takes about half a kilobyte."""
MAX_CLAIMS = 20_000

K = TypeVar("K")
V = TypeVar("V")

_ALL = Claims(follows=True, tier=3000)
_LIKE_A_CODE = re.compile(r"[a-z][a-z0-9]{2,9}[A-Z]")
"""A word that begins as codes of channels do."""


class _Shelf(Generic[K, V]):
    """Answers, for a while, bounded by their weight: the one that was asked for longest ago goes first."""

    def __init__(self, max_weight: int) -> None:
        self._max_weight = max_weight
        self._weight = 0
        self._kept: OrderedDict[K, tuple[float, int, V]] = OrderedDict()
        self.changes = 0
        """An answer that was asked for before the last of them may be old already."""

    def find(self, key: K) -> V | None:
        found = self._kept.get(key)
        if found is None or found[0] <= trio.current_time():
            return None
        self._kept.move_to_end(key)
        return found[2]

    def keep(self, key: K, value: V, *, weight: int, asked_at: int) -> None:
        if asked_at != self.changes:
            return
        self._remove(key)
        self._kept[key] = (trio.current_time() + KEEP_S, weight, value)
        self._weight += weight
        while self._weight > self._max_weight:
            self._remove(next(iter(self._kept)))

    def drop(self, key: K) -> None:
        self.changes += 1
        self._remove(key)

    def drop_all(self) -> None:
        self.changes += 1
        self._kept.clear()
        self._weight = 0

    def _remove(self, key: K) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._weight -= gone[1]


class EmoteBook:
    """Looks emotes up for one node. Every look-up may raise `DatabaseUnavailableError`; cancelling is safe."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._channels: _Shelf[int, Chest] = _Shelf(MAX_KEPT)
        self._people: _Shelf[int, Chest] = _Shelf(MAX_KEPT)
        """What somebody may use everywhere: emotes of their own channel, and of those they subscribe to."""
        self._claims: _Shelf[tuple[int, int], Claims] = _Shelf(MAX_CLAIMS)
        """By person and channel."""

    def heed(self, change: Change) -> None:
        """Forget what may have changed."""
        match change:
            case FullRecheck():
                self._channels.drop_all()
                self._people.drop_all()
                self._claims.drop_all()
            case ControlChange(table="emotes"):
                self._channels.drop(int(change.id))
                self._people.drop_all()
            case ControlChange(table="subscriptions"):
                self._people.drop_all()
                self._claims.drop_all()
            case ControlChange():
                pass

    def fragments_now(
        self, text: str, channel_id: int, standing: Standing, known: Callable[[str], int | None]
    ) -> tuple[Fragment, ...] | None:
        """As `fragments`, for nearly all that is said: `None` where something has to be looked up first."""
        site, here = self._channels.find(SITE), self._channels.find(channel_id)
        everywhere = self._people.find(standing.user_id)
        words = text.split(" ")
        if site is None or here is None or (everywhere is None and _may_hold_code(text, words)):
            return None
        found = _hits(words, here)
        if any(one.tier for _, one in found):
            return None
        return cut(text, words, _fragments_of(words, (site, everywhere), found), known)

    async def fragments(
        self, text: str, channel_id: int, standing: Standing, known: Callable[[str], int | None]
    ) -> tuple[Fragment, ...]:
        """Cut a tidied text that somebody says in a channel into fragments; see `cut`."""
        site, here = await self._chest(SITE), await self._chest(channel_id)
        everywhere = self._people.find(standing.user_id)
        words = text.split(" ")
        if everywhere is None and _may_hold_code(text, words):
            everywhere = await self._everywhere(standing.user_id)
        found = _hits(words, here)
        if any(one.tier for _, one in found):
            claims = await self._claims_of(standing, channel_id, needed=True)
            found = [(word, one) for word, one in found if claims.give(one.tier)]
        return cut(text, words, _fragments_of(words, (site, everywhere), found), known)

    async def sets(self, standing: Standing | None, channel_id: int | None, user_id: int) -> str:
        """Name the sets somebody may use in a channel (`None`: everywhere), as `emote-sets` of IRC does."""
        await trio.lowlevel.checkpoint()
        everywhere = self._people.find(user_id) or await self._everywhere(user_id)
        found = {SITE_SET, *everywhere.sets}
        if channel_id is not None and standing is not None:
            here = await self._chest(channel_id)
            claims = await self._claims_of(standing, channel_id, needed=here.is_locked)
            usable = {set_id(channel_id, tier) for tier in emotes.TIERS if claims.give(tier)}
            found |= usable & here.sets
        return ",".join(sorted(found, key=int))

    async def _chest(self, scope: int) -> Chest:
        found = self._channels.find(scope)
        if found is not None:
            await trio.lowlevel.checkpoint()
        else:
            asked_at = self._channels.changes
            found = chest_of(await emotes.select_emotes(self._db, [scope]))
            self._channels.keep(scope, found, weight=len(found.by_code) + 1, asked_at=asked_at)
        return found

    async def _everywhere(self, user_id: int) -> Chest:
        asked_at = self._people.changes
        found = chest_of(await emotes.select_emotes_elsewhere(self._db, user_id))
        self._people.keep(user_id, found, weight=len(found.by_code) + 1, asked_at=asked_at)
        return found

    async def _claims_of(self, standing: Standing, channel_id: int, *, needed: bool) -> Claims:
        """Who moderates a room may use all of its emotes; of others it is asked where it matters."""
        if standing.is_moderator or not needed:
            await trio.lowlevel.checkpoint()
            return _ALL
        key = (standing.user_id, channel_id)
        found = self._claims.find(key)
        if found is not None:
            await trio.lowlevel.checkpoint()
        else:
            asked_at = self._claims.changes
            found = await emotes.select_claims(self._db, user_id=standing.user_id, channel_id=channel_id)
            self._claims.keep(key, found, weight=1, asked_at=asked_at)
        return found


def _hits(words: list[str], chest: Chest | None) -> list[tuple[str, Known]]:
    if chest is None or chest.by_code.keys().isdisjoint(words):
        return []
    by_code = chest.by_code
    return [(word, by_code[word]) for word in words if word in by_code]


def _fragments_of(
    words: list[str], everywhere: Iterable[Chest | None], here: Iterable[tuple[str, Known]]
) -> dict[str, Fragment]:
    """Give the emotes among words; those of the channel win."""
    hits = {word: one.fragment for chest in everywhere for word, one in _hits(words, chest)}
    hits.update((word, one.fragment) for word, one in here)
    return hits


def _may_hold_code(text: str, words: list[str]) -> bool:
    """Say whether a word may be the code of some channel. Most have no capital letter, which is quickly seen."""
    return not text.islower() and any(_LIKE_A_CODE.match(word) for word in words if not word.islower())
