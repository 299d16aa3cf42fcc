"""The file that `weir backup` writes and `weir restore` reads: a plain tar with a PostgreSQL dump and a manifest.

A tar of two members, so that `tar xf` and `pg_restore` can save a site without weir. The dump is compressed in itself;
the tar is not, so that it can be written as it comes. Reading trusts nothing: nothing is ever unpacked to a path, and only
members that we know, of the plain kind, are looked at.
"""

import hashlib
import os
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, BinaryIO

import msgspec
from msgspec import Meta

from common.errors import WeirError

FORMAT = 1
"""Rises when an older weir could no longer read what we write."""

DUMP = "database.dump"
MANIFEST = "manifest.json"

CHUNK_BYTES = 1 << 20
_BLOCK = tarfile.BLOCKSIZE
_MAX_MANIFEST_BYTES = 1 << 20
_COMPRESSED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ": "xz"}

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0)]
Name = Annotated[str, Meta(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
"""A table's or schema's name: PostgreSQL's rules for names that need no quotes."""


class ArchiveError(WeirError):
    """The file is no backup that this weir can read; the text says why."""


class Sum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a member is, and its SHA-256."""

    bytes: Count
    sha256: Sha256


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup holds."""

    format: int = FORMAT
    weir_version: Annotated[str, Meta(max_length=100)]
    schema_version: Annotated[int, Meta(ge=1)]
    created_at: Annotated[datetime, Meta(tz=True)]
    """Of the snapshot: what was committed later is not in it."""
    postgresql: Annotated[str, Meta(max_length=100)]
    """Version of the server it was read from."""
    pg_dump: Annotated[int, Meta(ge=1)]
    """Major version of the program that wrote the dump; an older `pg_restore` cannot read it."""
    schema: Name
    rows: Annotated[dict[Name, Count], Meta(max_length=10_000)]
    """Rows of each table, counted in the same snapshot."""
    members: dict[str, Sum]
    """The other members of the tar."""


class _Form(msgspec.Struct):
    """As much of a manifest as all formats have in common."""

    format: int


@dataclass(frozen=True, slots=True)
class Member:
    """Where a member's bytes are in the file."""

    offset: int
    size: int


class ArchiveWriter:
    """Writes an archive into a file that can seek, member by member. Lengths need not be known before."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sums: dict[str, Sum] = {}

    @property
    def sums(self) -> dict[str, Sum]:
        """What has been written."""
        return dict(self._sums)

    def member(self, name: str) -> "MemberWriter":
        """Begin a member; the one before must have been closed."""
        return MemberWriter(self._file, name, self._sums)

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, and the end of the tar."""
        member = self.member(MANIFEST)
        member.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        member.close()
        self._file.write(bytes(2 * _BLOCK))


class MemberWriter:
    """Writes one member; its header is written again when its length is known."""

    def __init__(self, file: BinaryIO, name: str, sums: dict[str, Sum]) -> None:
        self._file = file
        self._sums = sums
        self._info = tarfile.TarInfo(name)
        self._info.mode = 0o600
        self._info.mtime = int(time.time())
        self._header_at = file.tell()
        self._sha256 = hashlib.sha256()
        file.write(self._header())

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._info.size

    def write(self, data: bytes) -> None:
        """Append to the member. Raises `OSError` where the disk is full."""
        self._file.write(data)
        self._sha256.update(data)
        self._info.size += len(data)

    def close(self) -> None:
        """End the member."""
        self._file.write(bytes(-self._info.size % _BLOCK))
        self._file.seek(self._header_at)
        self._file.write(self._header())
        self._file.seek(0, os.SEEK_END)
        self._sums[self._info.name] = Sum(bytes=self._info.size, sha256=self._sha256.hexdigest())

    def _header(self) -> bytes:
        # GNU's form holds lengths over 8 GiB in one block; pax would put a second header before it.
        return self._info.tobuf(tarfile.GNU_FORMAT)


class ArchiveReader:
    """An archive in a file that can seek. Raises `ArchiveError` where it is not what it should be."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._members = _find_members(file)
        self.manifest = _read_manifest(file, self._members)
        for name, expected in self.manifest.members.items():
            if name not in self._members or self._members[name].size != expected.bytes:
                raise ArchiveError(f"{name} is not as long as the manifest says: the file is damaged")
        if DUMP not in self.manifest.members:
            raise ArchiveError(f"the manifest names no {DUMP}: this is not a backup of weir")

    @property
    def dump_bytes(self) -> int:
        """Length of the dump."""
        return self._members[DUMP].size

    def dump(self) -> Iterator[bytes]:
        """Give the dump in chunks; the last one only when its sum was found right, `ArchiveError` instead if not."""
        member, digest = self._members[DUMP], hashlib.sha256()
        self._file.seek(member.offset)
        held, left = b"", member.size
        while left:
            chunk = self._file.read(min(CHUNK_BYTES, left))
            if not chunk:
                raise ArchiveError("the file became shorter while it was read")
            digest.update(chunk)
            left -= len(chunk)
            if held:
                yield held
            held = chunk
        if digest.hexdigest() != self.manifest.members[DUMP].sha256:
            raise ArchiveError(
                f"the sum of {DUMP} is not the one in the manifest: the file is damaged; use another backup"
            )
        yield held

    def check(self, progress: Callable[[int], None]) -> None:
        """Read the dump through and compare its sum; `progress` is told how many bytes were read."""
        done = 0
        for chunk in self.dump():
            done += len(chunk)
            progress(done)


def _find_members(file: BinaryIO) -> dict[str, Member]:
    """Walk the headers. `tarfile` would follow extensions of any length; we know only plain members."""
    end, offset = file.seek(0, os.SEEK_END), 0
    found: dict[str, Member] = {}
    while True:
        file.seek(offset)
        block = file.read(_BLOCK)
        if block == bytes(_BLOCK):
            return found
        info = _header(block, first=not offset)
        offset += _BLOCK
        if info.type != tarfile.REGTYPE or info.name not in {DUMP, MANIFEST} or info.name in found:
            raise ArchiveError(f"it holds {ascii(info.name)[:100]}, which no backup of weir does")
        if not 0 <= info.size <= end - offset:
            raise ArchiveError(f"{info.name} is cut off: the file is not whole; copy or fetch it again")
        found[info.name] = Member(offset, info.size)
        offset += info.size + -info.size % _BLOCK


def _header(block: bytes, *, first: bool) -> tarfile.TarInfo:
    for magic, name in _COMPRESSED.items():
        if first and block.startswith(magic):
            raise ArchiveError(
                f"it is packed with {name}: unpack it into `weir restore -`, as `{name} -dc FILE | …`"
            )
    if len(block) < _BLOCK and not first:
        raise ArchiveError("its end is missing: the file is not whole; copy or fetch it again")
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        raise ArchiveError(
            "this is not a backup of weir" if first else "a header in it is damaged; use another backup"
        ) from None


def _read_manifest(file: BinaryIO, members: dict[str, Member]) -> Manifest:
    member = members.get(MANIFEST)
    if member is None or member.size > _MAX_MANIFEST_BYTES:
        raise ArchiveError("it has no manifest, or one that is too long: this is not a whole backup of weir")
    file.seek(member.offset)
    text = file.read(member.size)
    try:
        form = msgspec.json.decode(text, type=_Form).format
        if form != FORMAT:
            raise ArchiveError(
                f"it has format {form}, this weir reads {FORMAT}: restore it with a newer weir"
            )
        return msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArchiveError(f"its manifest cannot be read: {error}") from None
