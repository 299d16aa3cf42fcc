"""Pictures made anew by a real child process: what is kept, what is dropped, and what hostile ones come to."""

import os
from pathlib import Path

import pytest
import trio
from PIL import Image
from PIL.PngImagePlugin import PngInfo

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
from webapp.image_check import AVATAR, MAX_STORED_BYTES, OFFLINE_IMAGE, PANEL_IMAGE, ImageRefusedError
from webapp.image_press import AT_ONCE, PER_USER, WAITING, ImagePress, ImagesBusyError

pytestmark = pytest.mark.real


def near(found: object, wanted: tuple[int, ...]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) <= 12 for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("image/png", encoded(gradient(640, 480), "PNG")),
        ("image/jpeg", encoded(gradient(640, 480), "JPEG", quality=90)),
        ("image/webp", encoded(gradient(640, 480), "WEBP")),
        ("image/gif", encoded(gradient(640, 480), "GIF")),
        ("image/avif", encoded(gradient(640, 480), "AVIF")),
        ("image/png", encoded(gradient(640, 480, "P"), "PNG")),
        ("image/jpeg", encoded(gradient(640, 480, "CMYK"), "JPEG")),
        ("image/jpeg", encoded(gradient(640, 480), "JPEG", progressive=True)),
    ],
)
async def test_an_avatar_is_cut_to_a_square_of_300(content_type: str, data: bytes) -> None:
    made = await ImagePress().press(content_type, data, AVATAR)
    assert (made.width, made.height) == (300, 300)
    picture = decoded(made.data)
    assert (picture.format, picture.size) == ("WEBP", (300, 300))
    left, right = picture.convert("RGB").getpixel((10, 150)), picture.convert("RGB").getpixel((290, 150))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert abs(left[1] - right[1]) > 100, "it is still the same picture"


@pytest.mark.parametrize(
    ("size", "becomes"),
    [
        ((3840, 2160), (1920, 1080)),
        ((640, 480), (640, 480)),
        ((1000, 4000), (270, 1080)),
        ((4000, 10), (1920, 5)),
    ],
)
async def test_an_offline_image_is_only_made_smaller(size: tuple[int, int], becomes: tuple[int, int]) -> None:
    made = await ImagePress().press("image/jpeg", encoded(gradient(*size), "JPEG"), OFFLINE_IMAGE)
    assert decoded(made.data).size == (made.width, made.height) == becomes


async def test_a_panel_image_is_320_wide() -> None:
    made = await ImagePress().press("image/png", png(64, 32), PANEL_IMAGE)
    assert decoded(made.data).size == (320, 160)


async def test_a_panel_image_that_would_be_too_tall_is_refused() -> None:
    with pytest.raises(ImageRefusedError, match="too tall"):
        await ImagePress().press("image/png", png(10, 51), PANEL_IMAGE)


async def test_a_photo_is_turned_upright_and_tells_nothing_about_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held with its right side down
    exif[0x010F] = "CameraMaker"
    exif.get_ifd(0x8825)[1] = "N"
    data = encoded(
        gradient(600, 400), "JPEG", exif=exif, icc_profile=b"secret-profile" * 10, comment=b"secret-comment"
    )
    made = await ImagePress().press("image/jpeg", data, OFFLINE_IMAGE)
    picture = decoded(made.data)
    assert picture.size == (400, 600)
    red, _, blue = picture.convert("RGB").getpixel((390, 300))  # type: ignore[misc]  # a pixel of RGB
    assert red > blue, "what was at the top is at the right"
    assert not {"exif", "icc_profile", "xmp", "comment"} & set(picture.info)
    assert not any(text in made.data for text in (b"CameraMaker", b"secret", b"EXIF", b"ICCP"))


async def test_texts_and_what_follows_a_picture_are_dropped() -> None:
    text = PngInfo()
    text.add_itxt("Comment", "<script>alert(1)</script>")
    data = encoded(gradient(40, 40), "PNG", pnginfo=text) + b"<script>alert(2)</script>PK\x03\x04"
    made = await ImagePress().press("image/png", data, AVATAR)
    assert b"alert" not in made.data
    assert b"PK\x03\x04" not in made.data


async def test_transparency_stays() -> None:
    clear = gradient(300, 300, "RGBA")
    clear.putalpha(Image.new("L", (300, 300), 0))
    made = await ImagePress().press("image/png", encoded(clear, "PNG"), AVATAR)
    assert decoded(made.data).convert("RGBA").getpixel((150, 150))[3] == 0  # type: ignore[index]


async def test_grey_of_16_bits_keeps_its_shades() -> None:
    made = await ImagePress().press("image/png", encoded(Image.new("I;16", (99, 99), 0x8000), "PNG"), AVATAR)
    assert near(decoded(made.data).convert("RGB").getpixel((50, 50)), (128, 128, 128))


async def test_of_an_animation_the_first_frame_is_taken() -> None:
    made = await ImagePress().press("image/gif", gif_of_many_frames(300), AVATAR)
    picture = decoded(made.data)
    assert getattr(picture, "n_frames", 1) == 1
    assert near(picture.convert("RGB").getpixel((9, 9)), (0, 0, 0))


async def test_noise_is_stored_in_less_than_a_megabyte() -> None:
    noise = Image.frombytes("RGB", (2000, 1200), os.urandom(2000 * 1200 * 3))
    made = await ImagePress().press("image/jpeg", encoded(noise, "JPEG", quality=60), OFFLINE_IMAGE)
    assert len(made.data) <= MAX_STORED_BYTES


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("image/png", png_that_says(4000, 3000)),
        ("image/png", encoded(gradient(640, 480), "PNG")[:1000]),
        ("image/jpeg", encoded(gradient(640, 480), "JPEG")[:5000]),
        ("image/webp", encoded(gradient(640, 480), "WEBP")[:500]),
        ("image/gif", encoded(gradient(640, 480), "GIF")[:5000]),
        ("image/gif", gif_with_a_frame_beyond_its_screen(60_000)),
        ("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08garbage" * 3),
        ("image/jpeg", b"\xff\xd8\xff\xc0\0\x11\x08\0\x08\0\x08\x03" + bytes(100)),
        ("image/webp", b"RIFF\x50\0\0\0WEBPVP8L\x44\0\0\0\x2f\x07\xc0\x01\0" + bytes(60)),
    ],
)
async def test_damaged_pictures_are_refused_with_a_sentence(content_type: str, data: bytes) -> None:
    with pytest.raises(ImageRefusedError) as refused:
        await ImagePress().press(content_type, data, AVATAR)
    assert str(refused.value).endswith(".")


async def test_a_bomb_within_the_limits_is_only_a_dull_picture() -> None:
    data = png_bomb(4000, 3000)
    assert len(data) < 20_000
    made = await ImagePress().press("image/png", data, AVATAR)
    assert (made.width, made.height) == (300, 300)


HOSTILE_CHILD = """
import os, sys, time
from common.confinement import confine, limit_cpu
sys.stdin.buffer.read()
confine(memory_bytes=50_000_000)
limit_cpu(1)
found = []
def attempt(what, act):
    try: act()
    except BaseException as error: found.append(what)
attempt("file", lambda: open("/etc/passwd"))
attempt("write", lambda: open("{path}", "w"))
attempt("socket", lambda: __import__("_socket").socket())
attempt("fork", lambda: os.fork() or os._exit(0))
attempt("memory", lambda: bytearray(100_000_000))
attempt("root", lambda: os.setuid(0) if os.getuid() == 0 else (_ for _ in ()).throw(OSError()))
secrets = [name for name in os.environ if name.startswith("WEIR")]
os.write(1, repr((found, secrets)).encode() + b"\\n")
while "{spin}": pass
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A child that was taken over, and tries what it can do."""
    (tmp_path / "taken_over.py").write_text(
        HOSTILE_CHILD.replace("{path}", str(tmp_path / "written")).replace("{spin}", "")
    )
    (tmp_path / "spinning.py").write_text(HOSTILE_CHILD.replace("{path}", "/dev/null").replace("{spin}", "x"))
    (tmp_path / "sleeping.py").write_text("import time\nwhile True: time.sleep(9)")
    (tmp_path / "flooding.py").write_text("import sys\nwhile True: sys.stdout.write('x' * 65536)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("WEIR_DATABASE_URL", "postgresql://secret")
    return "taken_over"


async def test_a_child_that_was_taken_over_can_do_nothing(hostile: str, tmp_path: Path) -> None:
    answer = await ImagePress(child=hostile)._ask(b"x")
    found, secrets = eval(answer)
    assert set(found) == {"file", "write", "socket", "fork", "memory", "root"}
    assert secrets == []
    assert not (tmp_path / "written").exists()


@pytest.mark.usefixtures("hostile")
async def test_a_child_that_computes_for_ever_is_ended_by_the_kernel() -> None:
    with pytest.raises(ImageRefusedError):
        await ImagePress(child="spinning", deadline_s=60).press("image/png", png(), AVATAR)


@pytest.mark.usefixtures("hostile")
async def test_a_child_that_sleeps_is_ended_after_the_deadline() -> None:
    with pytest.raises(ImageRefusedError):
        await ImagePress(child="sleeping", deadline_s=0.5).press("image/png", png(), AVATAR)


@pytest.mark.usefixtures("hostile")
async def test_a_child_that_writes_without_end_is_ended() -> None:
    with pytest.raises(ImageRefusedError):
        await ImagePress(child="flooding", deadline_s=60).press("image/png", png(), AVATAR)


@pytest.mark.usefixtures("hostile")
async def test_somebody_who_leaves_ends_the_child() -> None:
    with trio.move_on_after(0.5) as scope:
        await ImagePress(child="sleeping", deadline_s=60).press("image/png", png(), AVATAR)
    assert scope.cancelled_caught


def test_there_is_room_for_few_pictures_at_once_and_for_fewer_of_one_person() -> None:
    press = ImagePress()
    rooms = [press.room(user_id // PER_USER) for user_id in range(AT_ONCE + WAITING)]
    for room in rooms[:PER_USER]:
        room.__enter__()
    with pytest.raises(ImagesBusyError), press.room(0):
        pass
    for room in rooms[PER_USER:]:
        room.__enter__()
    with pytest.raises(ImagesBusyError), press.room(99):
        pass
    rooms[0].__exit__(None, None, None)
    with press.room(99):
        pass
