"""Draws the badges that weir ships: `python -m webapp.badge_art` writes them to `webapp/badges`.

Plain shapes on a rounded square, readable at 18 pixels. The files are kept with the source, so that nothing draws while a
site runs.
"""

import math
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from common.subscription_months import BADGE_MONTHS
from webapp.badge_pictures import DIRECTORY, STAGES, TIERS
from webapp.emote_check import BADGE_SIDES

_SIDE = 288
"""Drawn at; made smaller then, which smooths edges."""
_WHITE = (255, 255, 255, 255)

Draw = ImageDraw.ImageDraw


def _polygon(draw: Draw, points: list[tuple[float, float]]) -> None:
    draw.polygon([(x * _SIDE, y * _SIDE) for x, y in points], fill=_WHITE)


def _box(draw: Draw, left: float, top: float, right: float, bottom: float, radius: float = 0.04) -> None:
    edges = [left * _SIDE, top * _SIDE, right * _SIDE, bottom * _SIDE]
    draw.rounded_rectangle(edges, radius * _SIDE, fill=_WHITE)


def _camera(draw: Draw) -> None:
    _box(draw, 0.16, 0.30, 0.62, 0.70)
    _polygon(draw, [(0.66, 0.46), (0.84, 0.32), (0.84, 0.68), (0.66, 0.54)])


def _shield(draw: Draw) -> None:
    _polygon(
        draw,
        [
            (0.5, 0.14),
            (0.82, 0.26),
            (0.80, 0.54),
            (0.68, 0.74),
            (0.5, 0.88),
            (0.32, 0.74),
            (0.20, 0.54),
            (0.18, 0.26),
        ],
    )


def _gem(draw: Draw) -> None:
    _polygon(draw, [(0.30, 0.22), (0.70, 0.22), (0.86, 0.42), (0.5, 0.84), (0.14, 0.42)])


def _crown(draw: Draw) -> None:
    _polygon(
        draw,
        [(0.16, 0.28), (0.34, 0.48), (0.5, 0.20), (0.66, 0.48), (0.84, 0.28), (0.78, 0.74), (0.22, 0.74)],
    )


def _bolt(draw: Draw) -> None:
    _polygon(draw, [(0.58, 0.12), (0.24, 0.56), (0.46, 0.56), (0.40, 0.88), (0.76, 0.42), (0.54, 0.42)])


def _robot(draw: Draw) -> None:
    _box(draw, 0.20, 0.36, 0.80, 0.78, 0.08)
    _box(draw, 0.47, 0.18, 0.53, 0.36, 0.02)
    _box(draw, 0.41, 0.12, 0.59, 0.24, 0.06)


def _eyes(draw: Draw, colour: tuple[int, int, int]) -> None:
    for x in (0.38, 0.62):
        edges = [(x - 0.06) * _SIDE, 0.48 * _SIDE, (x + 0.06) * _SIDE, 0.60 * _SIDE]
        draw.ellipse(edges, fill=colour)


def _star(draw: Draw) -> None:
    points = []
    for corner in range(10):
        radius, angle = (0.40 if corner % 2 == 0 else 0.17), math.pi * (corner / 5 - 0.5)
        points.append((0.5 + radius * math.cos(angle), 0.50 + radius * math.sin(angle)))
    _polygon(draw, points)


ROLES: dict[str, tuple[tuple[int, int, int], Callable[[Draw], None]]] = {
    "broadcaster": ((200, 32, 48), _camera),
    "moderator": ((18, 128, 62), _shield),
    "vip": ((176, 40, 140), _gem),
    "admin": ((176, 96, 0), _crown),
    "staff": ((52, 58, 70), _bolt),
    "bot": ((44, 92, 200), _robot),
}
_STAGE_COLOURS = ((128, 88, 56), (96, 104, 120), (168, 124, 0), (0, 132, 140), (120, 64, 200))
"""Of subscribers, from the first month on, by stage."""


def draw_badge(colour: tuple[int, int, int], shape: Callable[[Draw], None], dots: int = 0) -> Image.Image:
    """Draw one badge; `dots`: how many at its foot, for tiers above the first."""
    picture = Image.new("RGBA", (_SIDE, _SIDE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle([0, 0, _SIDE - 1, _SIDE - 1], 0.18 * _SIDE, fill=(*colour, 255))
    shape(draw)
    if shape is _robot:
        _eyes(draw, colour)
    for dot in range(dots):
        x = 0.5 + (dot - (dots - 1) / 2) * 0.22
        _box(draw, x - 0.07, 0.84, x + 0.07, 0.96, 0.06)
    return picture


def all_badges() -> dict[str, Image.Image]:
    """Draw all of them, by name."""
    made = {name: draw_badge(colour, shape) for name, (colour, shape) in ROLES.items()}
    for tier in TIERS:
        for stage, colour in zip(STAGES, _STAGE_COLOURS, strict=True):
            made[f"subscriber-{tier}-{stage}"] = draw_badge(colour, _star, dots=tier // 1000 - 1)
    return made


def write_badges(directory: Path) -> None:
    """Write every badge in every size."""
    assert set(STAGES) <= set(BADGE_MONTHS)
    directory.mkdir(exist_ok=True)
    for name, picture in all_badges().items():
        for side in BADGE_SIDES:
            small = picture.convert("RGBa").resize((side, side), Image.Resampling.LANCZOS).convert("RGBA")
            small.quantize(32, method=Image.Quantize.FASTOCTREE).save(
                directory / f"{name}-{side}.png", optimize=True
            )


if __name__ == "__main__":
    write_badges(DIRECTORY)
