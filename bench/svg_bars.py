"""Groups of bars as an SVG, readable on a light and a dark page. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

BAR, GAP, GROUP_GAP = 26, 4, 34
LEFT, TOP, HEIGHT, BOTTOM = 44, 58, 240, 44
COLOURS = ("#3b7dd8", "#6fae5c", "#c9772f", "#8a63b8")
INK = "#808890"
FONT = "font-family='system-ui, sans-serif' font-size='12'"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a group; bars of one name have one colour."""

    name: str
    value: float
    upper: float
    """Where its line ends."""


def draw_bars(title: str, groups: Mapping[str, Sequence[Bar]]) -> str:
    """An SVG document; what does not fit is never cut, the scale begins at nought."""
    names = list(dict.fromkeys(bar.name for bars in groups.values() for bar in bars))
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
    top = max((bar.upper for bars in groups.values() for bar in bars), default=1.0)
    step = next(one for one in (0.1, 0.2, 0.5, 1, 2, 5, 10, 60) if top / one <= 8 or one == 60)
    scale = HEIGHT / (math.ceil(top / step) * step)
    body = [_text(LEFT, 20, title, size=14), *_legend(colours)]
    x = float(LEFT + GROUP_GAP / 2)
    for name, bars in groups.items():
        width = max(1, len(bars)) * (BAR + GAP)
        body += [
            one
            for index, bar in enumerate(bars)
            for one in _bar(x + index * (BAR + GAP), bar, scale, colours)
        ]
        body.append(_text(x + width / 2, TOP + HEIGHT + 20, name, anchor="middle"))
        x += max(width, 7 * len(name)) + GROUP_GAP
    lines = [one for index in range(math.ceil(top / step) + 1) for one in _grid(index * step, scale, x)]
    size = f"width='{x:.0f}' height='{TOP + HEIGHT + BOTTOM}' viewBox='0 0 {x:.0f} {TOP + HEIGHT + BOTTOM}'"
    return "\n".join([f"<svg xmlns='http://www.w3.org/2000/svg' {size} {FONT}>", *lines, *body, "</svg>", ""])


def _grid(value: float, scale: float, right: float) -> list[str]:
    y = TOP + HEIGHT - value * scale
    line = (
        f"<line x1='{LEFT}' x2='{right:.0f}' y1='{y:.1f}' y2='{y:.1f}' stroke='{INK}' stroke-opacity='.35'/>"
    )
    return [line, _text(LEFT - 8, y + 4, f"{value:g}", anchor="end")]


def _bar(x: float, bar: Bar, scale: float, colours: Mapping[str, str]) -> list[str]:
    y, upper, middle = TOP + HEIGHT - bar.value * scale, TOP + HEIGHT - bar.upper * scale, x + BAR / 2
    return [
        (
            f"<rect x='{x:.1f}' y='{y:.1f}' width='{BAR}' height='{bar.value * scale:.1f}' fill='{colours[bar.name]}'>"
            f"<title>{escape(bar.name)}: {bar.value:.2f} s, 95th percentile {bar.upper:.2f} s</title></rect>"
        ),
        f"<path d='M{middle:.1f} {y:.1f}V{upper:.1f}M{middle - 5:.1f} {upper:.1f}h10' stroke='{INK}' fill='none'/>",
        _text(middle, upper - 5, f"{bar.value:.2f}", anchor="middle", size=10),
    ]


def _legend(colours: Mapping[str, str]) -> list[str]:
    body, x = [], LEFT
    for name, colour in colours.items():
        body += [f"<rect x='{x}' y='30' width='10' height='10' fill='{colour}'/>", _text(x + 15, 40, name)]
        x += 30 + 7 * len(name)
    return body


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size}' fill='{INK}'>{escape(text)}</text>"
