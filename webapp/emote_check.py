"""What is made of an uploaded emote or badge, and within which bounds. Pure.

An emote is shown twenty times a line to thousands of people, so it is small: three square sizes, and at most a few seconds
of movement. Bounds are checked from what the file says of itself, and again while it is decoded.
"""

from typing import Literal

import msgspec

from webapp.image_check import FORMATS, ImageRefusedError

EMOTE_SIDES = (28, 56, 112)
"""Pixels: 1.0, 2.0 and 3.0, as Twitch calls these scales."""
BADGE_SIDES = (18, 36, 72)
MAX_EMOTE_UPLOAD_BYTES = 2 * 1_048_576
MAX_EMOTE_SIDE = 1024
MAX_FRAMES = 120
MAX_MOVING_PIXELS = 40_000_000
"""Of all frames together, as they come."""
MAX_DURATION_MS = 10_000
MIN_FRAME_MS = 20
"""Browsers show what is faster at a tenth of the speed that was meant."""
MAX_SCALED_BYTES = 1_048_576
"""Of one size of it, as of every stored picture."""

EMOTE_FORMATS = {name: kind for name, kind in FORMATS.items() if kind != "jpeg"}
"""By content type. No JPEG: it has no transparency."""


class ScaleOrders(msgspec.Struct, frozen=True):
    """What the child process is to do with the bytes that follow."""

    format: Literal["png", "webp", "gif", "avif"]
    sides: tuple[int, ...]
    moving: bool
    """Whether movement is kept; if not, of an animation one frame is taken."""


class ScaleReport(msgspec.Struct, frozen=True):
    """What it did; unless it was refused, the pictures follow: the still ones, then the moving ones if it moves."""

    refused: str | None = None
    sizes_bytes: tuple[int, ...] = ()


def check_emote_size(width: int, height: int) -> None:
    """Refuse what is larger than emotes come, with `ImageRefusedError`."""
    if max(width, height) > MAX_EMOTE_SIDE:
        raise ImageRefusedError(
            f"The picture has {width} by {height} pixels; at most {MAX_EMOTE_SIDE} a side are allowed here."
        )


def check_movement(frames: int, pixels: int, duration_ms: int) -> None:
    """Refuse an animation with more frames, pixels in all, or time than allowed, with `ImageRefusedError`."""
    if frames > MAX_FRAMES:
        raise ImageRefusedError(f"The animation has more than {MAX_FRAMES} frames.")
    if pixels > MAX_MOVING_PIXELS:
        raise ImageRefusedError("The animation has too many pixels in all; make it smaller or shorter.")
    if duration_ms > MAX_DURATION_MS:
        raise ImageRefusedError(f"The animation is longer than {MAX_DURATION_MS // 1000} seconds.")
