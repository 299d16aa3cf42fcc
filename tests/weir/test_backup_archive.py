"""The archive of a backup: what is written can be read by `tar` too, and nothing hostile or damaged is."""

import contextlib
import io
import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.backup_archive import (
    CHUNK_BYTES,
    DUMP,
    MANIFEST,
    ArchiveError,
    ArchiveReader,
    ArchiveWriter,
    Manifest,
    Sum,
)
from weir.new_file import NewFileError, new_file

CONTENT = b"PGDMP" + bytes(range(256)) * 4


def manifest(**changes: object) -> Manifest:
    fields = {
        "weir_version": "0.1.0",
        "schema_version": 4,
        "created_at": datetime(2026, 11, 22, 18, 30, tzinfo=UTC),
        "postgresql": "18.4",
        "pg_dump": 18,
        "schema": "public",
        "rows": {"users": 3},
        "members": {},
    }
    return Manifest(**fields | changes)  # type: ignore[arg-type]  # what the tests vary


def archive(content: bytes = CONTENT, **changes: object) -> io.BytesIO:
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    member = writer.member(DUMP)
    for start in range(0, len(content), 100):
        member.write(content[start : start + 100])
    member.close()
    writer.finish(manifest(**{"members": writer.sums} | changes))
    return file


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> io.BytesIO:
    """A tar as other programs make them."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as out:
        for info, content in members:
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
    return file


def reason(file: io.BytesIO) -> str:
    """Why it is refused."""
    with pytest.raises(ArchiveError) as refused:
        ArchiveReader(file).check(lambda _: None)
    return str(refused.value)


def test_what_was_written_is_read() -> None:
    reader = ArchiveReader(archive())
    assert reader.manifest.rows == {"users": 3}
    assert reader.dump_bytes == len(CONTENT)
    assert b"".join(reader.dump()) == CONTENT
    seen: list[int] = []
    reader.check(seen.append)
    assert seen == [len(CONTENT)]


def test_a_long_dump_comes_in_chunks() -> None:
    content = bytes(3 * CHUNK_BYTES + 17)
    assert [len(chunk) for chunk in ArchiveReader(archive(content)).dump()] == [CHUNK_BYTES] * 3 + [17]


def test_tar_opens_it() -> None:
    file = archive()
    file.seek(0)
    with tarfile.open(fileobj=file) as opened:
        assert opened.getnames() == [DUMP, MANIFEST]
        assert all(member.mode == 0o600 for member in opened)
        dump, text = opened.extractfile(DUMP), opened.extractfile(MANIFEST)
        assert dump is not None
        assert text is not None
        assert dump.read() == CONTENT
        assert json.load(text)["schema_version"] == 4


def test_what_tar_packed_anew_is_read() -> None:
    source = archive()
    source.seek(0)
    with tarfile.open(fileobj=source) as opened:
        members = [(info, opened.extractfile(info)) for info in opened]
        again = tar(*((tarfile.TarInfo(info.name), file.read()) for info, file in members if file))
    assert ArchiveReader(again).dump_bytes == len(CONTENT)


@given(st.integers(min_value=0, max_value=len(archive().getvalue()) - 1))
def test_a_file_that_was_cut_off_is_refused(length: int) -> None:
    whole = archive().getvalue()
    end_of_manifest = len(whole) - 1024
    if length < end_of_manifest + 512:  # the second of two empty blocks says nothing
        reason(io.BytesIO(whole[:length]))


@given(st.integers(min_value=512, max_value=511 + len(CONTENT)), st.integers(min_value=0, max_value=7))
def test_any_flipped_bit_of_the_dump_is_noticed(position: int, bit: int) -> None:
    damaged = bytearray(archive().getvalue())
    damaged[position] ^= 1 << bit
    assert "damaged" in reason(io.BytesIO(bytes(damaged)))


@given(st.binary(max_size=3000))
def test_garbage_is_refused_in_a_sentence(data: bytes) -> None:
    reason(io.BytesIO(data))


def test_a_manifest_with_letters_that_are_none_is_refused() -> None:
    damaged = archive().getvalue().replace(b'"postgresql": "1', b'"postgresql": "\x80')
    assert damaged != archive().getvalue()
    assert "manifest cannot be read" in reason(io.BytesIO(damaged))


@given(st.data())
def test_a_damaged_header_or_manifest_never_crashes(data: st.DataObject) -> None:
    damaged = bytearray(archive().getvalue())
    headers = [*range(512), *range(512 + 1536, len(damaged))]
    for position in data.draw(st.lists(st.sampled_from(headers), min_size=1, max_size=20)):
        damaged[position] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ArchiveError):
        ArchiveReader(io.BytesIO(bytes(damaged))).check(lambda _: None)


def info(name: str, **fields: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(made, field, value)
    return made


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (info("../../etc/passwd"), "etc/passwd"),
        (info("/etc/passwd"), "/etc/passwd"),
        (info(DUMP, type=tarfile.SYMTYPE, linkname="/etc/passwd"), DUMP),
        (info(DUMP, type=tarfile.LNKTYPE, linkname="/etc/passwd"), DUMP),
        (info(DUMP, type=tarfile.DIRTYPE), DUMP),
        (info(DUMP, type=tarfile.CHRTYPE), DUMP),
        (info(DUMP, type=tarfile.FIFOTYPE), DUMP),
        (info(DUMP, type=tarfile.GNUTYPE_SPARSE), DUMP),
        (info("x" * 300), "which no backup"),
        (info(DUMP, pax_headers={"comment": "y" * 100_000}), "which no backup"),
    ],
)
def test_members_that_do_not_belong_are_refused(member: tarfile.TarInfo, said: str) -> None:
    assert said in reason(tar((member, b"")))


def test_two_dumps_are_refused() -> None:
    assert "no backup of weir" in reason(tar((info(DUMP), b"a"), (info(DUMP), b"b")))


def test_a_header_that_promises_more_than_there_is_is_refused() -> None:
    header = info(DUMP, size=1 << 60).tobuf(tarfile.GNU_FORMAT)
    assert "cut off" in reason(io.BytesIO(header + bytes(2048)))


def test_a_length_below_zero_is_refused() -> None:
    header = bytearray(info(DUMP, size=1 << 40).tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 12
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert "cut off" in reason(io.BytesIO(bytes(header) + bytes(2048)))


def test_a_packed_file_is_told_apart() -> None:
    assert "gzip -dc" in reason(io.BytesIO(b"\x1f\x8b" + bytes(2000)))
    assert "zstd -dc" in reason(io.BytesIO(b"\x28\xb5\x2f\xfd" + bytes(2000)))


def rewritten(change: Callable[[dict[str, object]], object]) -> io.BytesIO:
    """An archive whose manifest somebody changed."""
    file = archive()
    fields = json.loads(file.getvalue()[512 + 1536 + 512 :].split(b"\0")[0])
    change(fields)
    dump = file.getvalue()[512 : 512 + len(CONTENT)]
    return tar((info(DUMP), dump), (info(MANIFEST), json.dumps(fields).encode()))


def test_a_format_of_the_future_is_refused_by_name() -> None:
    assert "format 2" in reason(rewritten(lambda fields: fields.update(format=2, anything="new")))


@pytest.mark.parametrize(
    "change",
    [
        {"rows": {'users"; drop table users; --': 1}},
        {"rows": {"users": -1}},
        {"schema": 'public"; drop'},
        {"schema_version": 0},
        {"schema_version": "4"},
        {"created_at": "yesterday"},
        {"created_at": "2026-11-22T18:30:00"},
        {"unknown": 1},
        {"members": {DUMP: {"bytes": len(CONTENT), "sha256": "A" * 64}}},
    ],
)
def test_a_manifest_that_was_tampered_with_is_refused(change: dict[str, object]) -> None:
    assert "manifest" in reason(rewritten(lambda fields: fields.update(change)))


def test_a_manifest_must_name_the_dump() -> None:
    assert "names no" in reason(rewritten(lambda fields: fields.update(members={})))
    wrong = {DUMP: {"bytes": 3, "sha256": "0" * 64}}
    assert "as long as" in reason(rewritten(lambda fields: fields.update(members=wrong)))


def test_a_manifest_of_any_size_is_not_read() -> None:
    assert "too long" in reason(tar((info(DUMP), CONTENT), (info(MANIFEST), b" " * 1_100_000)))


def test_sums_of_members_are_kept() -> None:
    writer = ArchiveWriter(io.BytesIO())
    member = writer.member(DUMP)
    member.close()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert writer.sums == {DUMP: Sum(bytes=0, sha256=empty)}


def test_a_new_file_appears_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "made"
    with new_file(path) as file:
        file.write(b"half")
        assert not path.exists()
        (partial,) = tmp_path.iterdir()
        assert partial.name.startswith("made.partial-")
        assert partial.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"half"
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def interrupt_after_writing(file: BinaryIO) -> None:
    file.write(b"half")
    raise KeyboardInterrupt


def test_a_new_file_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), new_file(tmp_path / "made") as file:
        interrupt_after_writing(file)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_when_asked_and_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "made"
    path.write_bytes(b"old")
    with pytest.raises(NewFileError, match="--force"), new_file(path):
        raise AssertionError("not reached")
    with pytest.raises(KeyboardInterrupt), new_file(path, replace=True) as file:
        interrupt_after_writing(file)
    assert path.read_bytes() == b"old"
    with new_file(path, replace=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_appeared_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "made"
    with pytest.raises(NewFileError, match="appeared"), new_file(path):
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NewFileError, match="No such file"), new_file(tmp_path / "missing" / "made"):
        raise AssertionError("not reached")
    with pytest.raises(NewFileError, match="not a file"), new_file(tmp_path):
        raise AssertionError("not reached")
