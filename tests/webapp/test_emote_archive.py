"""Archives of emotes: what is taken, and what somebody sends who means harm."""

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.emote_archive import (
    MAX_ENTRIES,
    MAX_UNPACKED_BYTES,
    ArchiveRefusedError,
    Entry,
    unpack,
)
from webapp.emote_check import MAX_EMOTE_UPLOAD_BYTES

PIXELS = bytes(range(256)) * 8


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_pictures_are_called_as_their_files(method: int) -> None:
    data = archive({"Love.png": PIXELS, "Wave.gif": b"GIF", "__MACOSX/._Love.png": b"x"}, method)
    assert unpack(data) == [Entry("Love", "image/png", PIXELS), Entry("Wave", "image/gif", b"GIF")]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../Love.png", "folders"),
        ("/etc/passwd", "folders"),
        ("emotes/Love.png", "folders"),
        ("emotes\\Love.png", "folders"),
        ("Love.svg", "one of png"),
        ("Love.jpeg", "one of png"),
        ("Love.png.exe", "one of png"),
        ("Lo ve.png", "one of png"),
        ("L\u043eve.png", "one of png"),
        ("Love\u202egnp.png", "one of png"),
        ("Love", "one of png"),
        ("x" * 26 + ".png", "one of png"),
        (".png", "one of png"),
    ],
)
def test_names_that_are_no_codes_are_refused(name: str, why: str) -> None:
    with pytest.raises(ArchiveRefusedError, match=why) as refused:
        unpack(archive({name: PIXELS}))
    assert str(refused.value).isascii()


def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ArchiveRefusedError, match="twice"):
        unpack(archive({"Love.png": PIXELS, "Love.gif": PIXELS}))


def test_more_files_than_are_taken_are_refused() -> None:
    assert len(unpack(archive({f"E{number}.png": PIXELS for number in range(MAX_ENTRIES)}))) == MAX_ENTRIES
    for count in (MAX_ENTRIES + 1, 5000):
        with pytest.raises(ArchiveRefusedError, match="more than"):
            unpack(archive({f"E{number}.png": b"" for number in range(count)}))


def test_bombs_are_refused_unopened() -> None:
    for files, why in [
        ({"Bomb.png": bytes(MAX_EMOTE_UPLOAD_BYTES + 1)}, "larger"),
        ({"Bomb.png": bytes(MAX_EMOTE_UPLOAD_BYTES)}, "tightly"),
    ]:
        with pytest.raises(ArchiveRefusedError, match=why):
            unpack(archive(files))
    many = {f"E{number}.png": bytes(MAX_EMOTE_UPLOAD_BYTES) for number in range(13)}
    assert sum(map(len, many.values())) > MAX_UNPACKED_BYTES
    with pytest.raises(ArchiveRefusedError, match="more than"):
        unpack(archive(many, zipfile.ZIP_STORED))


def test_an_archive_that_says_less_than_it_holds_gives_no_more_than_it_says() -> None:
    data = bytearray(archive({"Bomb.png": bytes(5_000_000)}))
    for signature, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", data, data.index(signature) + at, 1000)
    with pytest.raises(ArchiveRefusedError):
        unpack(bytes(data))
    for signature, at in ((b"PK\3\4", 14), (b"PK\1\2", 16)):
        struct.pack_into("<I", data, data.index(signature) + at, zlib.crc32(bytes(1000)))
    try:
        [entry] = unpack(bytes(data))
    except ArchiveRefusedError:
        return
    assert len(entry.data) == 1000


def with_end(data: bytes, at: int, value: bytes) -> bytes:
    place = len(data) - 22 + at
    return data[:place] + value + data[place + len(value) :]


PLAIN = archive({"Love.png": PIXELS})
DIRECTORY = PLAIN.index(b"PK\1\2")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        PLAIN[:-1],
        PLAIN + b"x",
        b"GIF89a" + PLAIN,
        with_end(PLAIN, 20, b"\1\0") + b"x",  # a comment
        with_end(PLAIN, 8, b"\xff\xff\xff\xff"),
        with_end(PLAIN, 12, b"\xff\xff\xff\x7f"),
        with_end(PLAIN, 16, b"\xff\xff\xff\x7f"),
        PLAIN[:-22] + b"PK\6\7" + bytes(16) + PLAIN[-22:],
        PLAIN.replace(b"PK\1\2", b"PK\1\3"),
        PLAIN[: DIRECTORY + 10] + b"\x63" + PLAIN[DIRECTORY + 11 :],  # a method nobody knows
        PLAIN[:40] + b"\0\0\0" + PLAIN[43:],
    ],
)
def test_what_is_no_plain_archive_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveRefusedError) as refused:
        unpack(data)
    assert str(refused.value).endswith(".")


def test_an_encrypted_archive_is_refused() -> None:
    data = bytearray(PLAIN)
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(ArchiveRefusedError, match="encrypted"):
        unpack(bytes(data))


@given(st.integers(0, len(PLAIN) - 1), st.integers(0, 255))
def test_one_wrong_byte_refuses_an_archive_and_never_crashes(at: int, value: int) -> None:
    data = PLAIN[:at] + bytes([value]) + PLAIN[at + 1 :]
    try:
        [entry] = unpack(data)
    except ArchiveRefusedError:
        return
    assert entry.data == PIXELS


@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveRefusedError):
        unpack(b"PK\3\4" + data + PLAIN[-22:])
