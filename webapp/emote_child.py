"""The child process that makes an emote or a badge of an uploaded picture: square, in three sizes, still and, if it moves, moving.

`python -m webapp.emote_child` reads one line of orders (`emote_check.ScaleOrders`) and the picture from stdin, and writes one
line (`emote_check.ScaleReport`) and the pictures to stdout. It lives for one picture, and can do nothing else
(`common.confinement`).
"""

import io
from collections.abc import Iterator

from PIL import Image

from webapp.emote_check import (
    MAX_FRAMES,
    MAX_SCALED_BYTES,
    MIN_FRAME_MS,
    ScaleOrders,
    ScaleReport,
    check_emote_size,
    check_movement,
)
from webapp.image_check import ImageRefusedError, check_size
from webapp.image_child import plain, run_child

QUALITIES = (85, 60, 35)
"""Of what moves."""
_DEFAULT_FRAME_MS = 100
"""Of a frame that says nothing, as browsers have it."""

Frame = tuple[Image.Image, int]
"""A square picture, and for how many milliseconds it is seen."""


def main() -> None:
    """Do what stdin says."""
    run_child(ScaleOrders, _rehearse, _answer)


def _rehearse(orders: ScaleOrders) -> None:
    """Do it once with an animation of ours, so that Pillow loads what it needs while there are files."""
    frames = [Image.new("RGBA", (4, 4), (0, shade, 0, 255)) for shade in (0, 9)]
    sample = io.BytesIO()
    frames[0].save(sample, orders.format, save_all=True, append_images=frames[1:], duration=50)
    convert(orders, sample.getvalue())


def _answer(orders: ScaleOrders, data: bytes) -> tuple[ScaleReport, bytes]:
    try:
        made = convert(orders, data)
    except ImageRefusedError as error:
        return ScaleReport(refused=str(error)), b""
    except Exception:  # noqa: BLE001  # decoders raise whatever they like at damaged data, memory errors included
        return ScaleReport(refused="The picture is damaged, or not what it seems to be."), b""
    return ScaleReport(sizes_bytes=tuple(map(len, made))), b"".join(made)


def convert(orders: ScaleOrders, data: bytes) -> list[bytes]:
    """Make PNGs, the smallest first, then WebPs of what moves. Raises `ImageRefusedError`, and whatever the decoder raises."""
    with Image.open(io.BytesIO(data), formats=[orders.format]) as sent:
        check_size(*sent.size)
        check_emote_size(*sent.size)
        frames = list(_frames(sent, orders))
    still = next((picture for picture, _ in frames if _is_seen(picture)), None)
    if still is None:
        raise ImageRefusedError("There is nothing to see in the picture.")
    made = [_png(_resized(still, side)) for side in orders.sides]
    if len(frames) > 1:
        made += [_webp(frames, side) for side in orders.sides]
    return made


def _frames(sent: Image.Image, orders: ScaleOrders) -> Iterator[Frame]:
    """Give what there is to see, square and in the largest size, checking the bounds before each frame is decoded."""
    side = max(orders.sides)
    said = getattr(sent, "n_frames", 1) if sent.format != "GIF" else 1  # of a GIF this would read all of it
    if orders.moving:
        check_movement(said, said * sent.width * sent.height, 0)
    total_ms = 0
    for index in range(MAX_FRAMES + 1 if orders.moving else 1):
        try:
            sent.seek(index)
        except EOFError:
            return
        check_emote_size(*sent.size)  # a frame of a GIF may make it larger
        check_movement(index + 1, (index + 1) * sent.width * sent.height, total_ms)
        sent.load()
        shown_ms = max(MIN_FRAME_MS, round(sent.info.get("duration") or _DEFAULT_FRAME_MS))
        total_ms += shown_ms
        check_movement(index + 1, 0, total_ms if index else 0)
        yield _square(plain(sent.copy()).convert("RGBA"), side), shown_ms


def _square(picture: Image.Image, side: int) -> Image.Image:
    """Fit a picture into a square; what it leaves free stays clear."""
    factor = side / max(picture.size)
    width, height = (max(1, round(length * factor)) for length in picture.size)
    # Colours of clear pixels must not bleed into the edge: Pillow weighs them by their alpha in this mode only.
    small = picture.convert("RGBa").resize((width, height), Image.Resampling.LANCZOS).convert("RGBA")
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(small, ((side - width) // 2, (side - height) // 2))
    return square


def _is_seen(picture: Image.Image) -> bool:
    return picture.getchannel("A").getbbox() is not None


def _resized(picture: Image.Image, side: int) -> Image.Image:
    if picture.width == side:
        return picture
    return picture.convert("RGBa").resize((side, side), Image.Resampling.LANCZOS).convert("RGBA")


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return _bounded(file.getvalue())


def _webp(frames: list[Frame], side: int) -> bytes:
    pictures = [_resized(picture, side) for picture, _ in frames]
    times_ms = [shown_ms for _, shown_ms in frames]
    for quality in QUALITIES:
        file = io.BytesIO()
        pictures[0].save(
            file,
            "WEBP",
            save_all=True,
            append_images=pictures[1:],
            duration=times_ms,
            loop=0,
            quality=quality,
            method=2,
        )
        if file.tell() <= MAX_SCALED_BYTES:
            break
    return _bounded(file.getvalue())


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_SCALED_BYTES:
        raise ImageRefusedError("The picture is too detailed to be stored.")
    return data


if __name__ == "__main__":
    main()
