"""The badges that weir ships, and how pictures of emotes are chosen."""

from pathlib import Path

import pytest

from common.subscription_months import BADGE_MONTHS
from tests.webapp.pictures import decoded
from webapp.badge_art import write_badges
from webapp.badge_pictures import DIRECTORY, STAGES, TIERS, shipped, shipped_assets, subscriber_badge
from webapp.emote_pictures import MAX_KNOWN, TRUST_S, KnownImages, picture_of

STILL = ["1.png", "2.png", "3.png"]
MOVING = [*STILL, "1.webp", "2.webp", "3.webp"]


def test_every_badge_is_there_in_three_sizes() -> None:
    names = {"admin", "bot", "broadcaster", "moderator", "staff", "vip"}
    names |= {f"subscriber-{tier}-{stage}" for tier in TIERS for stage in STAGES}
    assert set(shipped()) == names
    for sizes in shipped().values():
        assets = [shipped_assets()[name] for name in sizes]
        assert [decoded(asset.data).size for asset in assets] == [(side, side) for side in (18, 36, 72)]
        assert {asset.content_type for asset in assets} == {"image/png"}


def test_the_files_are_what_is_drawn(tmp_path: Path) -> None:
    write_badges(tmp_path)
    drawn, kept = (
        {path.name: decoded(path.read_bytes()).convert("RGBA").tobytes() for path in where.iterdir()}
        for where in (tmp_path, DIRECTORY)
    )
    assert drawn == kept


def test_badges_of_subscribers_change_in_stages() -> None:
    assert subscriber_badge(1000, 0) == subscriber_badge(1000, 1) == subscriber_badge(1000, 5)
    assert subscriber_badge(1000, 6) != subscriber_badge(1000, 5)
    assert subscriber_badge(1000, 6) != subscriber_badge(2000, 6)
    assert subscriber_badge(3000, 120) == subscriber_badge(3000, 48)
    assert set(STAGES) <= set(BADGE_MONTHS)


@pytest.mark.parametrize(
    ("images", "kind", "scale", "name"),
    [
        (STILL, "static", "1.0", "1.png"),
        (STILL, "animated", "3.0", "3.png"),
        (MOVING, "static", "2.0", "2.png"),
        (MOVING, "animated", "2.0", "2.webp"),
        (MOVING, "default", "3.0", "3.webp"),
        (MOVING, "apng", "3.0", None),
        (MOVING, "static", "4.0", None),
        ([], "static", "1.0", None),
    ],
)
def test_a_picture_is_chosen_by_format_and_scale(
    images: list[str], kind: str, scale: str, name: str | None
) -> None:
    assert picture_of(images, kind, scale) == name


def test_names_of_pictures_are_known_for_a_minute_and_so_many() -> None:
    known = KnownImages()
    known.keep(1, STILL, now=0)
    assert known.find(1, TRUST_S - 1) == STILL
    assert known.find(1, TRUST_S) is None
    assert known.find(2, 0) is None
    for emote_id in range(2, MAX_KNOWN + 2):
        known.keep(emote_id, [], now=0)
    assert known.find(1, 0) is None
    assert known.find(2, 0) == []
