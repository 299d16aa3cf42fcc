"""The badges that weir ships: read once at the start, served like all other pictures by the hash of their content."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from common.queries.assets import Asset, NewAsset
from webapp.emote_check import BADGE_SIDES

DIRECTORY = Path(__file__).parent / "badges"
TIERS = (1000, 2000, 3000)
STAGES = (1, 6, 12, 24, 48)
"""Months from which on a subscriber's badge looks different."""


@cache
def shipped() -> Mapping[str, tuple[str, ...]]:
    """Give the names of assets of each badge, the smallest first. Blocking, the first time."""
    return {name: tuple(asset.name for asset in sizes) for name, sizes in _read().items()}


@cache
def shipped_assets() -> Mapping[str, Asset]:
    """Give the pictures by the names of their assets. Blocking, the first time."""
    return {
        asset.name: Asset(asset.content_type, asset.data) for sizes in _read().values() for asset in sizes
    }


@cache
def _read() -> Mapping[str, tuple[NewAsset, ...]]:
    names = sorted(
        path.name.removesuffix(f"-{BADGE_SIDES[0]}.png") for path in DIRECTORY.glob(f"*-{BADGE_SIDES[0]}.png")
    )
    return {
        name: tuple(
            NewAsset("image/png", side, side, (DIRECTORY / f"{name}-{side}.png").read_bytes())
            for side in BADGE_SIDES
        )
        for name in names
    }


def subscriber_badge(tier: int, months: int) -> tuple[str, ...]:
    """Name the pictures of a subscriber's badge where the channel has none of its own."""
    stage = max(stage for stage in STAGES if stage <= max(1, months))
    return shipped()[f"subscriber-{tier}-{stage}"]
