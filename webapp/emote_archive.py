"""A ZIP of pictures, read within bounds: how many, how large, how much larger than packed, and how they are called. Pure.

No more of the format is taken than archivers write of themselves for a handful of files: no comments, nothing before or
behind, no encryption, no ZIP64, no folders.
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field

from common.errors import WeirError
from webapp.emote_check import EMOTE_FORMATS, MAX_EMOTE_UPLOAD_BYTES

MAX_ARCHIVE_BYTES = 8 * 1_048_576
MAX_ENTRIES = 50
MAX_UNPACKED_BYTES = 24 * 1_048_576
"""Of all together."""
MAX_RATIO = 50
"""Unpacked to packed. Pictures are packed already."""
_FREE_BYTES = 100_000
"""An entry up to this size may have any ratio: pixel art packs well."""

_DIRECTORY_BYTES_PER_ENTRY = 400
_END_BYTES = 22
_NAME = re.compile(r"([A-Za-z0-9]{1,25})\.([a-z]{3,4})")
_CONTENT_TYPES: dict[str, str] = {kind: content_type for content_type, kind in EMOTE_FORMATS.items()}
_ENCRYPTED = 0x1


class ArchiveRefusedError(WeirError):
    """This archive is not taken; the text is one sentence for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture of an archive."""

    name: str
    """Of the file, without its ending."""
    content_type: str
    data: bytes = field(repr=False)


def unpack(data: bytes) -> list[Entry]:
    """Read an archive whole. Raises `ArchiveRefusedError`; an archive with one bad file is refused like any other."""
    _check_end(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [info for info in archive.infolist() if not info.filename.startswith("__MACOSX/")]
            _check_sizes(found)
            return _entries(archive, found)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise ArchiveRefusedError("The archive is damaged, or of a kind that is not taken here.") from None


def _check_end(data: bytes) -> None:
    """Look at where the archive says what is in it, before anything is made of that."""
    end = data[-_END_BYTES:]
    if not (data.startswith(b"PK\3\4") and end.startswith(b"PK\5\6")) or end[-2:] != b"\0\0":
        raise ArchiveRefusedError("This is no plain ZIP archive.")
    entries, directory_bytes = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    # Both: readers go by the size, and one entry more than is told costs them memory.
    if entries > 2 * MAX_ENTRIES or directory_bytes > 2 * MAX_ENTRIES * _DIRECTORY_BYTES_PER_ENTRY:
        raise ArchiveRefusedError(f"The archive holds more than {MAX_ENTRIES} files.")
    if data[-_END_BYTES - 20 : -_END_BYTES].startswith(b"PK\6\7"):
        raise ArchiveRefusedError("This is no plain ZIP archive.")


def _check_sizes(found: list[zipfile.ZipInfo]) -> None:
    if not found:
        raise ArchiveRefusedError("There is nothing in the archive.")
    if len(found) > MAX_ENTRIES:
        raise ArchiveRefusedError(f"The archive holds more than {MAX_ENTRIES} files.")
    for info in found:
        if info.file_size > MAX_EMOTE_UPLOAD_BYTES:
            raise ArchiveRefusedError(
                f"{_shown(info)} is larger than {MAX_EMOTE_UPLOAD_BYTES // 1_048_576} MiB."
            )
        if info.file_size > max(_FREE_BYTES, MAX_RATIO * info.compress_size):
            raise ArchiveRefusedError(f"{_shown(info)} is packed too tightly to be a picture.")
    if sum(info.file_size for info in found) > MAX_UNPACKED_BYTES:
        raise ArchiveRefusedError(f"The archive holds more than {MAX_UNPACKED_BYTES // 1_048_576} MiB.")


def _entries(archive: zipfile.ZipFile, found: list[zipfile.ZipInfo]) -> list[Entry]:
    entries: dict[str, Entry] = {}
    for info in found:
        if "/" in info.filename or "\\" in info.filename:
            raise ArchiveRefusedError("The archive holds folders; put the pictures into it without one.")
        match = _NAME.fullmatch(info.filename)
        content_type = _CONTENT_TYPES.get(match[2]) if match else None
        if match is None or content_type is None:
            endings = ", ".join(_CONTENT_TYPES)
            raise ArchiveRefusedError(
                f"{_shown(info)}: a file is called letters and digits, a dot, and one of {endings}."
            )
        if match[1] in entries:
            raise ArchiveRefusedError(f"{match[1]} is there twice.")
        if info.flag_bits & _ENCRYPTED:
            raise ArchiveRefusedError("The archive is encrypted.")
        with archive.open(info) as file:
            entries[match[1]] = Entry(match[1], content_type, file.read(info.file_size))
    return list(entries.values())


def _shown(info: zipfile.ZipInfo) -> str:
    """Name a file so that it can stand in a sentence, whatever it is called."""
    return re.sub(r"[^A-Za-z0-9._-]", "?", info.filename)[:40]
