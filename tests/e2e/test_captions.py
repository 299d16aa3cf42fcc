"""The captions that tests put into streams: what is written is what FFmpeg's decoder reads, in its place and in time."""

import re
import subprocess
from pathlib import Path

import pytest

from rtmp.nal import check_nal_units, unescape
from tests.e2e.captions import (
    Caption,
    caption_file,
    first_slice,
    message,
    odd,
    pairs_of,
    schedule,
    with_captions,
)
from tests.e2e.harness import FFMPEG_NEW

SLICE = b"\0\0\0\x02\x65\x88"
DELIMITER = b"\0\0\0\x02\x09\xf0"


def test_a_message_names_its_kind_its_length_and_each_pair() -> None:
    nal = unescape(message([(0x14, 0x20), (0x48, 0x69)]))
    assert nal[:2] == b"\x06\x04"
    assert nal[2] == len(nal) - 4
    assert nal[3:11] == b"\xb5\x00\x31GA94\x03"
    assert nal[11:] == bytes.fromhex("c2ff fc9420 fcc8e9 ff 80")


@pytest.mark.parametrize("code", range(128))
def test_parity_is_odd(code: int) -> None:
    assert odd(code) & 0x7F == code
    assert odd(code).bit_count() % 2 == 1


def test_messages_stand_before_the_first_slice_or_behind_the_last() -> None:
    unit, pairs = DELIMITER + SLICE, pairs_of(["Hello"])
    before, behind = (with_captions(unit, pairs, behind=behind) for behind in (False, True))
    assert before.startswith(DELIMITER)
    assert before.endswith(SLICE)
    assert behind.startswith(unit)
    for made in (before, behind, with_captions(unit, pairs * 5, behind=True)):
        check_nal_units(made, 4)
    assert first_slice(before) == len(before) - len(SLICE)
    assert first_slice(DELIMITER) == len(DELIMITER), "there is none"


def test_a_pair_goes_with_each_picture_and_the_last_with_the_one_that_shows_all() -> None:
    pictures = schedule([Caption(2, 4, ("Hi",))], fps=30)
    sent = sorted(pictures.items())
    assert [number for number, _ in sent] == [*range(53, 62), 120]
    assert pictures[60] == ([(0x14, 0x2F)], False)
    assert pictures[59] == ([(0x48, 0x69)], False)
    assert pictures[120] == ([(0x14, 0x2C)], False)


@pytest.mark.real
def test_ffmpeg_reads_what_was_written(clip: Path, tmp_path: Path) -> None:
    captions = [
        Caption(2, 4, ("one line",)),
        Caption(5, 7, ("two", "lines & <more>"), at_once=True),
        Caption(8, 9, ("behind the picture",), behind=True),
    ]
    file = caption_file(clip, tmp_path / "captions.mp4", captions, fps=30)
    source = f"movie={file}[out0+subcc]"
    command = [
        FFMPEG_NEW,
        "-v",
        "error",
        "-f",
        "lavfi",
        "-t",
        "12",
        "-i",
        source,
        "-map",
        "0:s",
        "-f",
        "srt",
        "-",
    ]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert re.findall(r"00:00:0\d,\d", text) == ["00:00:02,0", "00:00:04,0", "00:00:05,0", "00:00:07,0"]
    assert re.findall(r"}(.*(?:\n.+)?)</font>", text) == ["one line", "two\nlines & <more>"]
    check = [FFMPEG_NEW, "-v", "error", "-xerror", "-t", "12", "-i", str(file), "-f", "null", "-"]
    assert subprocess.run(check, capture_output=True, check=True, timeout=120).stderr == b""
