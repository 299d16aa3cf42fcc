"""What is refused of a picture by its first bytes alone."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webapp.pictures import encoded, gradient, png, png_that_says
from webapp.image_check import FORMATS, MAX_PIXELS, MAX_SIDE, ImageRefusedError, check_header

PLAIN = {
    "image/png": encoded(gradient(70, 50), "PNG"),
    "image/jpeg": encoded(gradient(70, 50), "JPEG"),
    "image/webp": encoded(gradient(70, 50), "WEBP"),
    "image/gif": encoded(gradient(70, 50), "GIF"),
    "image/avif": encoded(gradient(70, 50), "AVIF"),
}
VARIANTS = [
    ("image/jpeg", encoded(gradient(70, 50), "JPEG", progressive=True, exif=b"Exif\0\0" + bytes(5000))),
    ("image/webp", encoded(gradient(70, 50), "WEBP", lossless=True)),
    ("image/webp", encoded(gradient(70, 50, "RGBA"), "WEBP", exif=b"Exif\0\0MM\0*")),
    ("image/png", encoded(gradient(70, 50), "PNG", compress_level=0)),
]


@pytest.mark.parametrize(("content_type", "data"), [*PLAIN.items(), *VARIANTS])
def test_each_format_is_known(content_type: str, data: bytes) -> None:
    assert check_header(content_type, data) == FORMATS[content_type]


@pytest.mark.parametrize("content_type", PLAIN)
def test_a_picture_that_is_too_large_is_refused_whatever_its_format(
    content_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.image_check.MAX_SIDE", 69)
    with pytest.raises(ImageRefusedError, match="70 by 50"):
        check_header(content_type, PLAIN[content_type])


@pytest.mark.parametrize("said", PLAIN)
@pytest.mark.parametrize("sent", PLAIN)
def test_the_content_type_must_be_true(said: str, sent: str) -> None:
    if said == sent:
        return
    with pytest.raises(ImageRefusedError, match="content type"):
        check_header(said, PLAIN[sent])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?><svg/>',
        b"<html><img src=x onerror=alert(1)>",
        encoded(gradient(9, 9), "TIFF"),
        encoded(gradient(32, 32), "ICO"),
        encoded(gradient(9, 9), "BMP"),
        encoded(gradient(9, 9), "PPM"),
        encoded(gradient(9, 9), "EPS"),
        encoded(gradient(9, 9), "PDF"),
        b"8BPS\0\x01" + bytes(40),
        b"RIFF\0\0\0\0AVI LIST" + bytes(40),
        b"\0\0\0\x20ftypheic" + bytes(40),
        b"#!/bin/sh\nrm -rf /\n",
    ],
)
@pytest.mark.parametrize("content_type", PLAIN)
def test_what_is_no_picture_of_ours_is_refused(content_type: str, data: bytes) -> None:
    with pytest.raises(ImageRefusedError, match="no PNG, JPEG, WebP, GIF or AVIF"):
        check_header(content_type, data)


@pytest.mark.parametrize(
    ("width", "height"),
    [(30_000, 30_000), (MAX_SIDE + 1, 1), (1, MAX_SIDE + 1), (MAX_SIDE, MAX_SIDE), (0, 5), (2**31, 2**31)],
)
def test_a_size_that_would_take_gigabytes_is_refused(width: int, height: int) -> None:
    with pytest.raises(ImageRefusedError):
        check_header("image/png", png_that_says(width, height))


def test_the_largest_picture_is_taken() -> None:
    assert check_header("image/png", png_that_says(MAX_SIDE, MAX_PIXELS // MAX_SIDE)) == "png"


@pytest.mark.parametrize("content_type", PLAIN)
def test_a_picture_cut_off_anywhere_is_known_or_refused(content_type: str) -> None:
    data = PLAIN[content_type]
    for size in range(len(data)):
        try:
            check_header(content_type, data[:size])
        except ImageRefusedError as error:
            assert str(error).endswith(".")  # noqa: PT017  # either is right


@given(st.sampled_from(sorted(PLAIN)), st.binary(max_size=200))
def test_any_bytes_behind_a_signature_are_known_or_refused(content_type: str, rest: bytes) -> None:
    signature = {
        "image/png": b"\x89PNG\r\n\x1a\n",
        "image/jpeg": b"\xff\xd8\xff",
        "image/webp": b"RIFF\0\0\0\0WEBP",
        "image/gif": b"GIF89a",
        "image/avif": b"\0\0\0\x20ftypavif",
    }[content_type]
    with contextlib.suppress(ImageRefusedError):
        check_header(content_type, signature + rest)


def test_trailing_data_does_not_matter_here() -> None:
    assert check_header("image/png", png() + b"<script>" * 100) == "png"
