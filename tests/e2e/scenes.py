"""Moving pictures to stream while pictures of the pages are taken: drawn here, so that they belong to nobody.

A scene is a function of how far its loop has come, from 0 to 1; at 1 it looks as at 0.
"""

import hashlib
import math
import random
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.e2e.harness import FFMPEG_NEW

WIDTH, HEIGHT, FPS = 1280, 720, 24
LOOP_S = 8
Draw = ImageDraw.ImageDraw
Scene = Callable[[float], Image.Image]
FONTS = "/usr/share/fonts/truetype/dejavu"
BOARD = ("r.bqk..r", "pp..bppp", "..n.pn..", "..pp....", "..PP....", ".PN.PN..", "P.Q..PPP", "R.B.KB.R")
PIECES = dict(zip("kqrbnp", "♚♛♜♝♞♟", strict=True))
CODE = (
    ("async def ", "wait_batch", "(self) -> list[Frame]:"),
    ('    """Every frame since the last pass."""', "", ""),
    ("    while not ", "self._frames", ":"),
    ("        await ", "self._arrived", ".wait()"),
    ("    frames, ", "self._frames", " = self._frames, []"),
    ("    return ", "frames", ""),
    ("", "", ""),
    ("def ", "chunks_of", "(self, size: int) -> Iterator[Chunk]:"),
    ("    members = ", "list", "(self._members)"),
    ("    for start in ", "range", "(0, len(members), size):"),
    ("        yield ", "members", "[start : start + size]"),
    ("", "", ""),
    ("class ", "Outbox", ":"),
    ('    """The only writer of one socket."""', "", ""),
    ("    def ", "offer", "(self, frame: bytes) -> None:"),
    ("        if not ", "self._pending", ":"),
    ("            frame = frame[", "self._send", "(frame):]"),
)


@cache
def font(size: int, name: str = "DejaVuSans-Bold") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(f"{FONTS}/{name}.ttf", size)


def wave(at: float, times: int = 1, shift: float = 0.0) -> float:
    """Swing between -1 and 1, so many times a loop."""
    return math.sin(math.tau * (at * times + shift))


def sky(*colours: str) -> Image.Image:
    """Blend colours from top to bottom."""
    stops = np.array([Image.new("RGB", (1, 1), colour).getpixel((0, 0)) for colour in colours], dtype=float)
    at = np.linspace(0, len(colours) - 1, HEIGHT)
    column = np.stack([np.interp(at, range(len(colours)), stops[:, channel]) for channel in range(3)], axis=1)
    return Image.fromarray(np.repeat(column[:, None, :], WIDTH, axis=1).astype(np.uint8))


def ridge(seed: int, base: float, height: float) -> list[tuple[float, float]]:
    """Give the outline of hills, down to the lower edge."""
    dice = random.Random(seed)  # the same hills in each frame
    tops = [(x, base - height * dice.random()) for x in range(-80, WIDTH + 160, 80)]
    return [*tops, (WIDTH + 160, HEIGHT), (-80, HEIGHT)]


def camera(picture: Image.Image, box: tuple[int, int, int, int], wall: str, shirt: str, at: float) -> None:
    """Draw somebody in front of their camera."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    room = Image.new("RGB", (width, height), wall)
    draw = ImageDraw.Draw(room)
    unit = height / 100
    draw.rectangle(
        (width * 0.06, 12 * unit, width * 0.3, 40 * unit), fill="#f2e3c6", outline="#4a3b2d", width=3
    )
    draw.ellipse((width * 0.78, 8 * unit, width * 0.9, 30 * unit), fill="#ffd98a")
    x, y = width / 2 + wave(at) * 3 * unit, 46 * unit + wave(at, 3) * unit
    draw.rounded_rectangle((x - 36 * unit, 74 * unit, x + 36 * unit, 140 * unit), 26 * unit, fill=shirt)
    draw.rectangle((x - 7 * unit, y + 12 * unit, x + 7 * unit, 80 * unit), fill="#c98d6b")
    draw.ellipse((x - 18 * unit, y - 24 * unit, x + 18 * unit, y + 22 * unit), fill="#e0a983")
    draw.pieslice((x - 20 * unit, y - 28 * unit, x + 20 * unit, y + 14 * unit), 170, 370, fill="#3b2a22")
    for side in (-1, 1):
        eye = x + side * 7 * unit
        draw.ellipse((eye - 1.6 * unit, y - 3 * unit, eye + 1.6 * unit, y + 1 * unit), fill="#3b2a22")
    draw.arc(
        (x - 8 * unit, y + 2 * unit, x + 8 * unit, y + 14 * unit),
        25,
        155,
        fill="#9a4f3f",
        width=max(2, int(1.4 * unit)),
    )
    draw.arc(
        (x - 21 * unit, y - 25 * unit, x + 21 * unit, y + 15 * unit),
        180,
        360,
        fill="#22252b",
        width=int(4 * unit),
    )
    for side in (-1, 1):
        cup = x + side * 20 * unit
        draw.rounded_rectangle(
            (cup - 5 * unit, y - 8 * unit, cup + 5 * unit, y + 8 * unit), 3 * unit, fill="#22252b"
        )
    picture.paste(room, (left, top))
    ImageDraw.Draw(picture).rectangle(box, outline="#0d0f14", width=4)


def road(at: float) -> Image.Image:
    """Drive into the sunset, over a grid."""
    picture = _dusk().copy()
    draw = ImageDraw.Draw(picture)
    draw.polygon([(0, 470), (WIDTH, 470), (WIDTH, HEIGHT), (0, HEIGHT)], fill="#160a2c")
    for row in range(12):
        depth = ((row + at * 6) % 12) / 12
        y = 470 + 250 * depth**2.4
        draw.line((0, y, WIDTH, y), fill="#c72fb1", width=1 + int(3 * depth))
    for column in range(-14, 15):
        draw.line((640 + column * 26, 470, 640 + column * 230, HEIGHT), fill="#c72fb1", width=2)
    sway = wave(at, 2) * 5
    draw.polygon([(600, 470), (680, 470), (1010, HEIGHT), (270, HEIGHT)], fill="#20123d")
    for row in range(6):
        near, far = ((row + at * 6) % 6) / 6, ((row + at * 6) % 6 + 0.45) / 6
        top, bottom = 470 + 250 * near**2.2, 470 + 250 * min(far, 1.0) ** 2.2
        half_top, half_bottom = 1 + 9 * near**2, 1 + 9 * far**2
        draw.polygon(
            [
                (640 - half_top, top),
                (640 + half_top, top),
                (640 + half_bottom, bottom),
                (640 - half_bottom, bottom),
            ],
            fill="#ffd36b",
        )
    draw.rounded_rectangle((530 + sway, 600, 750 + sway, 690), 22, fill="#101828")
    draw.polygon([(565 + sway, 606), (715 + sway, 606), (690 + sway, 556), (590 + sway, 556)], fill="#1d2940")
    for x in (542, 690):
        draw.rounded_rectangle((x + sway, 626, x + 48 + sway, 646), 6, fill="#ff375f")
    return picture


@cache
def _dusk() -> Image.Image:
    picture = sky("#1a1140", "#47206e", "#b3387f", "#ff7f5c", "#ffb15c")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((470, 150, 810, 490), fill="#ffe07a")
    for line in range(6):
        y = 332 + line * 26
        half = math.sqrt(170**2 - (y - 320) ** 2)
        draw.line((640 - half, y, 640 + half, y), fill="#d24f78", width=4 + line)
    draw.polygon(ridge(4, 470, 130), fill="#2a1450")
    return picture


def chess(at: float) -> Image.Image:
    """Play a game: a knight comes and goes."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#262421")
    draw = ImageDraw.Draw(picture)
    side, left, top = 82, 32, 32
    for row, line in enumerate(BOARD):
        for column, name in enumerate(line):
            x, y = left + column * side, top + row * side
            is_last = (row, column) in {(5, 5), (3, 6)}
            light, dark = ("#f6f184", "#bbca43") if is_last else ("#ebecd0", "#779556")
            draw.rectangle((x, y, x + side - 1, y + side - 1), fill=dark if (row + column) % 2 else light)
            if name != "." and (row, column) != (5, 5):
                _piece(draw, name, x + side / 2, y + side / 2)
    gone = min(max(wave(at, 1, -0.2) * 3, 0), 1)
    _piece(draw, "N", left + side * (5.5 + gone), top + side * (5.5 - 2 * gone))
    panel = left + 8 * side + 32
    draw.rounded_rectangle((panel, 32, WIDTH - 32, 360), 10, fill="#312e2b")
    moves = ("e4 c5", "Nf3 Nc6", "c4 e6", "Nc3 Nf6", "e3 d5", "b3 Be7", "Qc2 O-O")
    for number, move in enumerate(moves):
        white, black = move.split()
        y = 52 + number * 42
        draw.text((panel + 24, y), f"{number + 1}.", font=font(24, "DejaVuSans"), fill="#8a8784")
        draw.text((panel + 90, y), white, font=font(24), fill="#e8e6e3")
        draw.text((panel + 230, y), black, font=font(24), fill="#e8e6e3")
    camera(picture, (panel, 384, WIDTH - 32, 688), "#4c5b70", "#7b3f61", at)
    return picture


def _piece(draw: Draw, name: str, x: float, y: float) -> None:
    is_white = name.isupper()
    draw.text(
        (x, y), PIECES[name.lower()], font=font(66, "DejaVuSans"), anchor="mm", stroke_width=2,
        fill="#ffffff" if is_white else "#33302c", stroke_fill="#33302c" if is_white else "#16140f",
    )  # fmt: skip


def editor(at: float) -> Image.Image:
    """Write a program, a letter after the other."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#1b1e26")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 210, HEIGHT), fill="#15171d")
    for number, name in enumerate(
        ("chatd", "  outbox.py", "  room.py", "  rules.py", "common", "  bus.py", "rtmp", "  session.py")
    ):
        fill = "#e6e9f0" if name.endswith("room.py") else "#8089a0"
        draw.text((22, 60 + number * 34), name, font=font(19, "DejaVuSansMono"), fill=fill)
    draw.rectangle((210, 0, WIDTH, 40), fill="#15171d")
    draw.rectangle((210, 0, 370, 40), fill="#1b1e26")
    draw.text((236, 10), "room.py", font=font(18, "DejaVuSansMono"), fill="#e6e9f0")
    left = int(sum(len("".join(line)) for line in CODE) * min(at * 1.3, 1.0))
    for number, parts in enumerate(CODE):
        x, y = 280.0, 66 + number * 37
        draw.text((226, y), f"{number + 41:>2}", font=font(20, "DejaVuSansMono"), fill="#4b5468")
        for part, colour in zip(parts, ("#c792ea", "#82aaff", "#d6deeb"), strict=True):
            shown = part[: max(left, 0)]
            left -= len(part)
            fill = "#7fb685" if '"""' in part else colour
            draw.text((x, y), shown, font=font(20, "DejaVuSansMono"), fill=fill)
            x += draw.textlength(shown, font=font(20, "DejaVuSansMono"))
        if left <= 0:
            draw.rectangle((x + 2, y, x + 12, y + 25), fill="#ffcb6b")
            break
    camera(picture, (940, 470, 1256, 696), "#2f4858", "#33658a", at)
    return picture


def platformer(at: float) -> Image.Image:
    """Run and jump over a world of tiles."""
    picture = _morning().copy()
    draw = ImageDraw.Draw(picture)
    shift = at * 960
    for number in range(30):
        x = number * 96 - shift % 96 - 96
        tile = int((number + shift // 96) % 10)
        if tile not in {3, 4}:
            draw.rectangle((x, 592, x + 95, HEIGHT), fill="#a5602f")
            draw.rectangle((x, 592, x + 95, 620), fill="#63b64a")
            draw.rectangle((x + 12, 650, x + 40, 662), fill="#8b4d23")
        if tile in {1, 2, 7}:
            draw.rectangle((x, 360, x + 90, 420), fill="#d98c3f", outline="#7c4a1d", width=4)
        if tile in {5, 8}:
            draw.ellipse(
                (x + 24, 500 + wave(at, 4) * 6, x + 68, 556 + wave(at, 4) * 6),
                fill="#ffd23f",
                outline="#c9920e",
                width=5,
            )
    y = 528 - 170 * abs(wave(at, 3))
    draw.rounded_rectangle((430, y - 20, 502, y + 64), 14, fill="#e4405f")
    draw.rectangle((440, y - 44, 498, y - 6), fill="#f3c9a5")
    draw.rectangle((430, y - 56, 506, y - 36), fill="#3047a8")
    draw.rectangle((480, y - 30, 488, y - 16), fill="#222222")
    for foot in (-1, 1):
        draw.rectangle(
            (452 + foot * 18 * wave(at, 12), y + 64, 478 + foot * 18 * wave(at, 12), y + 80), fill="#3047a8"
        )
    draw.text(
        (32, 26),
        "WORLD 3-2   12 480",
        font=font(34, "DejaVuSansMono-Bold"),
        fill="white",
        stroke_width=3,
        stroke_fill="#22314f",
    )
    camera(picture, (964, 32, 1248, 234), "#5b3f72", "#f18f01", at)
    return picture


@cache
def _morning() -> Image.Image:
    picture = sky("#4aa3ff", "#9fd4ff", "#e9f7ff")
    draw = ImageDraw.Draw(picture)
    draw.polygon(ridge(9, 560, 150), fill="#8fc7a4")
    draw.polygon(ridge(3, 600, 100), fill="#6cb183")
    for x, y in ((140, 150), (520, 90), (820, 190)):
        for part in range(4):
            draw.ellipse((x + part * 38, y - (part % 2) * 26, x + 80 + part * 38, y + 56), fill="white")
    return picture


def decks(at: float) -> Image.Image:
    """Two turntables in front of a wall of light."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#0c0a1f")
    draw = ImageDraw.Draw(picture)
    for column in range(40):
        tall = 60 + 300 * abs(wave(at, 2 + column % 5, column * 0.173) * wave(at, 1, column / 40))
        hue = (column * 6 + int(at * 255)) % 255
        colour = Image.new("HSV", (1, 1), (hue, 190, 235)).convert("RGB").getpixel((0, 0))
        draw.rounded_rectangle((column * 32 + 5, 420 - tall, column * 32 + 27, 430), 6, fill=colour)
    draw.polygon([(0, 430), (WIDTH, 430), (WIDTH, HEIGHT), (0, HEIGHT)], fill="#17142e")
    for x in (330, 950):
        draw.ellipse((x - 200, 440, x + 200, 710), fill="#08070f", outline="#3d3768", width=6)
        for ring in (150, 110, 70):
            draw.ellipse(
                (x - ring, 575 - ring * 0.67, x + ring, 575 + ring * 0.67), outline="#262245", width=2
            )
        turn = math.tau * at * 4
        draw.ellipse((x - 50, 542, x + 50, 608), fill="#ff2e88")
        draw.line((x, 575, x + 180 * math.cos(turn), 575 + 120 * math.sin(turn)), fill="#5a529c", width=5)
    for slider in range(4):
        x = 560 + slider * 50
        draw.line((x, 480, x, 690), fill="#3d3768", width=6)
        y = 580 + 80 * wave(at, 1 + slider % 2, slider / 4)
        draw.rounded_rectangle((x - 16, y - 10, x + 16, y + 10), 4, fill="#e8e4ff")
    return picture


def painting(at: float) -> Image.Image:
    """Paint hills behind hills, from the sky downwards."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#d9d2c3")
    canvas = _hills()
    shown = int(HEIGHT * min(0.25 + at * 0.95, 1.0))
    dice = random.Random(int(at * LOOP_S * FPS))  # uneven, as a brush is
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    draw = ImageDraw.Draw(mask)
    draw.rectangle((0, 0, WIDTH, shown), fill=255)
    for x in range(0, WIDTH, 40):
        draw.ellipse((x - 40, shown - 46, x + 60, shown + 10 + dice.random() * 46), fill=255)
    picture.paste(canvas, (0, 0), mask)
    tip = 640 + 560 * wave(at, 6)
    brush = ImageDraw.Draw(picture)
    brush.line((tip + 14, shown + 6, tip + 150, shown - 190), fill="#8a5a2b", width=16)
    brush.line((tip + 14, shown + 6, tip + 40, shown - 32), fill="#c8ccd4", width=20)
    brush.ellipse((tip - 12, shown - 6, tip + 34, shown + 34), fill="#2f5d62")
    return picture


@cache
def _hills() -> Image.Image:
    picture = sky("#f6c28b", "#f7a072", "#e5738a", "#8c6bb1")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((830, 120, 960, 250), fill="#fff1c9")
    for number, colour in enumerate(("#7d6b99", "#5b6f95", "#3f6f8a", "#2f5d62", "#214a45", "#16332f")):
        draw.polygon(ridge(20 + number, 330 + number * 72, 130 - number * 10), fill=colour)
    return picture


def talk(at: float) -> Image.Image:
    """Talk to whoever listens."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#000000")
    camera(picture, (0, 0, WIDTH, HEIGHT), "#6d7f6b", "#2d4059", at)
    draw = ImageDraw.Draw(picture)
    draw.line((250, HEIGHT, 330, 520), fill="#1c1e24", width=18)
    draw.line((330, 520, 500, 500), fill="#1c1e24", width=14)
    draw.rounded_rectangle((470, 440, 540, 560), 30, fill="#2b2e36", outline="#1c1e24", width=5)
    draw.rounded_rectangle((60, 610, 460, 684), 12, fill="#16191f")
    draw.text((84, 626), "Questions? Ask!", font=font(34), fill="#62d2bd")
    return picture


def galaxy(at: float) -> Image.Image:
    """A spiral of stars, turning."""
    angles, radii, shades = _stars()
    turned = angles + math.tau * at * 0.5 * 2
    x = (640 + radii * np.cos(turned)).astype(int)
    y = (360 + radii * 0.55 * np.sin(turned)).astype(int)
    pixels = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    pixels[:] = (6, 8, 22)
    inside = (x >= 1) & (x < WIDTH - 1) & (y >= 1) & (y < HEIGHT - 1)
    for dx, dy in ((0, 0), (1, 0), (0, 1)):
        pixels[y[inside] + dy, x[inside] + dx] = shades[inside]
    return Image.fromarray(pixels)


@cache
def _stars() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    dice = np.random.default_rng(7)
    radii = np.abs(dice.normal(0, 260, 14_000))
    arms = dice.integers(0, 3, 14_000) * math.tau / 3
    angles = arms + radii / 95 + dice.normal(0, 0.28, 14_000)
    warm = np.clip(1.2 - radii / 300, 0, 1)[:, None]
    shades = warm * np.array([255, 226, 170]) + (1 - warm) * np.array([110, 150, 255])
    return angles, radii, (shades * dice.uniform(0.45, 1, (14_000, 1))).astype(np.uint8)


def frames(scene: Scene) -> Iterator[bytes]:
    """Give each frame of the loop, as RGB."""
    count = FPS * LOOP_S
    for number in range(count):
        yield scene(number / count).tobytes()


def kept_film(scene: Scene, directory: Path) -> Path:
    """Give a film of a scene, made if it is not in the directory as scenes are now."""
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    file = directory / f"{getattr(scene, '__name__', 'scene')}-{version}.mp4"
    directory.mkdir(parents=True, exist_ok=True)
    return file if file.exists() else film(scene, file)


def film(scene: Scene, file: Path) -> Path:
    """Encode the loop with a quiet chord. Without B-frames, and a keyframe every 2 s."""
    partial = file.with_suffix(".part.mp4")
    command = [
        FFMPEG_NEW, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "-",
        "-f", "lavfi", "-t", str(LOOP_S), "-i", "sine=frequency=220:sample_rate=48000",
        "-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", str(2 * FPS), "-sc_threshold", "0",
        "-crf", "21", "-maxrate", "3M", "-bufsize", "3M", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k", str(partial),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for frame in frames(scene):
            encoder.stdin.write(frame)
    assert encoder.returncode == 0
    return partial.rename(file)
