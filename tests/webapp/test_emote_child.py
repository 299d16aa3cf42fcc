"""Emotes made of uploads by a real child process: sizes, movement, bounds, and what hostile ones come to."""

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.webapp.pictures import (
    decoded,
    encoded,
    gif_of_many_frames,
    gif_with_a_frame_beyond_its_screen,
    gradient,
    png,
    png_bomb,
    png_that_says,
)
from webapp.emote_check import BADGE_SIDES, EMOTE_SIDES, MAX_FRAMES, MAX_SCALED_BYTES
from webapp.image_check import ImageRefusedError
from webapp.image_press import ImagePress, Scaled

pytestmark = pytest.mark.real


def animation(kind: str, frames: int = 5, size: tuple[int, int] = (80, 60), duration_ms: int = 100) -> bytes:
    first, *others = (gradient(*size).rotate(9 * index).convert("RGBA") for index in range(frames))
    return encoded(first, kind, save_all=True, append_images=others, duration=duration_ms, loop=0)


async def scaled(data: bytes, content_type: str = "image/png", *, moving: bool = True) -> Scaled:
    return await ImagePress().scale(content_type, data, EMOTE_SIDES, moving=moving)


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("image/png", png(640, 480)),
        ("image/png", encoded(gradient(40, 40, "P"), "PNG")),
        ("image/webp", encoded(gradient(300, 20), "WEBP")),
        ("image/gif", encoded(gradient(20, 300), "GIF")),
        ("image/avif", encoded(gradient(200, 200), "AVIF")),
    ],
)
async def test_a_picture_that_does_not_move_becomes_three_squares(content_type: str, data: bytes) -> None:
    made = await scaled(data, content_type)
    assert made.moving == ()
    pictures = [decoded(one) for one in made.still]
    assert [(one.format, one.size) for one in pictures] == [("PNG", (side, side)) for side in EMOTE_SIDES]


async def test_what_a_wide_picture_leaves_free_is_clear() -> None:
    picture = decoded((await scaled(encoded(Image.new("RGB", (400, 100), (255, 0, 0)), "PNG"))).still[2])
    assert picture.convert("RGBA").getpixel((56, 2)) == (0, 0, 0, 0)
    assert picture.convert("RGBA").getpixel((56, 56)) == (255, 0, 0, 255)


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [("image/gif", "GIF"), ("image/webp", "WEBP"), ("image/png", "PNG"), ("image/avif", "AVIF")],
)
async def test_movement_is_kept_beside_a_still(content_type: str, kind: str) -> None:
    made = await scaled(animation(kind), content_type)
    assert [decoded(one).size for one in made.still] == [(side, side) for side in EMOTE_SIDES]
    for side, data in zip(EMOTE_SIDES, made.moving, strict=True):
        picture = decoded(data)
        assert (picture.format, picture.size, getattr(picture, "n_frames", 1)) == ("WEBP", (side, side), 5)
        assert picture.info["duration"] == 100
        assert len(data) <= MAX_SCALED_BYTES


async def test_the_still_is_a_frame_on_which_there_is_something_to_see() -> None:
    clear, seen = Image.new("RGBA", (50, 50), (0, 0, 0, 0)), Image.new("RGBA", (50, 50), (0, 255, 0, 255))
    data = encoded(clear, "WEBP", save_all=True, append_images=[seen, clear], duration=50, lossless=True)
    made = await scaled(data, "image/webp")
    assert decoded(made.still[0]).convert("RGBA").getpixel((14, 14)) == (0, 255, 0, 255)


async def test_of_a_badge_that_moves_one_frame_is_taken() -> None:
    made = await ImagePress().scale("image/gif", gif_of_many_frames(400), BADGE_SIDES)
    assert made.moving == ()
    assert [decoded(one).size[0] for one in made.still] == [18, 36, 72]


async def test_nothing_but_pixels_is_left() -> None:
    data = animation("GIF") + b"<script>alert(1)</script>PK\x03\x04"
    made = await scaled(data, "image/gif")
    assert not any(b"alert" in one or b"PK\x03\x04" in one for one in (*made.still, *made.moving))


async def test_noise_that_moves_is_stored_in_a_megabyte_a_size() -> None:
    first, *others = (Image.frombytes("RGB", (112, 112), os.urandom(112 * 112 * 3)) for _ in range(60))
    data = encoded(first, "WEBP", save_all=True, append_images=others, duration=50, quality=50)
    made = await scaled(data, "image/webp")
    assert all(len(one) <= MAX_SCALED_BYTES for one in made.moving)


@pytest.mark.parametrize(
    ("content_type", "data", "why"),
    [
        ("image/gif", gif_of_many_frames(MAX_FRAMES + 1), "more than 120 frames"),
        ("image/gif", gif_of_many_frames(3000), "more than 120 frames"),
        ("image/webp", animation("WEBP", MAX_FRAMES + 1, (8, 8), 20), "more than 120 frames"),
        ("image/png", animation("PNG", MAX_FRAMES + 1, (8, 8), 20), "more than 120 frames"),
        ("image/webp", animation("WEBP", 50, (1000, 1000), 20), "too many pixels"),
        ("image/gif", animation("GIF", 11, (20, 20), 1000), "longer than 10 seconds"),
        ("image/png", png(1025, 10), "1024 a side"),
        ("image/gif", gif_with_a_frame_beyond_its_screen(1500), "a side are allowed"),
        ("image/png", encoded(Image.new("RGBA", (50, 50), (9, 9, 9, 0)), "PNG"), "nothing to see"),
        ("image/jpeg", encoded(gradient(50, 50), "JPEG"), "no transparency"),
        ("image/png", animation("GIF"), "content type"),
        ("image/png", png_that_says(900, 900), "damaged"),
        ("image/png", png_that_says(30_000, 30_000), "at most 4096"),
        ("image/gif", animation("GIF")[:300], "."),
        ("image/avif", encoded(gradient(50, 50), "AVIF")[:200], "."),
    ],
)
async def test_what_is_refused(content_type: str, data: bytes, why: str) -> None:
    with pytest.raises(ImageRefusedError, match=why) as refused:
        await scaled(data, content_type)
    assert str(refused.value).endswith(".")


async def test_a_bomb_within_the_limits_is_only_a_dull_picture() -> None:
    made = await scaled(png_bomb(1024, 1024))
    assert decoded(made.still[0]).convert("RGBA").getpixel((9, 9)) == (0, 0, 0, 255)


async def test_a_child_that_answers_nonsense_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    (tmp_path / "nonsense.py").write_text(
        "import sys\nsys.stdin.buffer.read()\nsys.stdout.write('{\"sizes_bytes\": [1, 2]}\\nabc')"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ImageRefusedError, match="cannot be decoded"):
        await ImagePress(scaling_child="nonsense").scale("image/png", png(), EMOTE_SIDES)
