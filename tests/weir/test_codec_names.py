"""Codecs in words, with profile and level; what is not understood stays as it is."""

import pytest

from weir.codec_names import codec_name


@pytest.mark.parametrize(
    ("rfc6381", "name"),
    [
        ("avc1.640028", "H.264 High 4.0"),
        ("avc1.42c01e", "H.264 Constrained Baseline 3.0"),
        ("avc1.4d4029", "H.264 Main 4.1"),
        ("hvc1.1.6.L123.B0", "HEVC Main 4.1"),
        ("hvc1.2.4.H153.90", "HEVC Main 10 5.1 High tier"),
        ("av01.0.08M.08", "AV1 Main 4.0"),
        ("vp09.00.41.08", "VP9 profile 0 4.1"),
        ("mp4a.40.2", "AAC-LC"),
        ("mp4a.40.5", "HE-AAC"),
        ("opus", "Opus"),
        ("Opus", "Opus"),
        ("fLaC", "FLAC"),
        ("ec-3", "E-AC-3"),
        ("avc1.xyz", "avc1.xyz"),
        ("hvc1", "hvc1"),
        ("strange.1", "strange.1"),
        ("", ""),
    ],
)
def test_a_codec_has_a_name(rfc6381: str, name: str) -> None:
    assert codec_name(rfc6381) == name
