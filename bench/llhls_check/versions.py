"""Which protocol version a playlist's features need (RFC 8216bis 8; rule G11). Pure."""

import re
from collections.abc import Iterator

_FEATURES = (
    (2, r"^#EXT-X-KEY:.*\bIV=", "IV in EXT-X-KEY"),
    (3, r"^#EXTINF:\d*\.\d", "EXTINF with a fraction"),
    (4, r"^#EXT-X-BYTERANGE:", "EXT-X-BYTERANGE"),
    (4, r"^#EXT-X-I-FRAMES-ONLY", "EXT-X-I-FRAMES-ONLY"),
    (5, r"^#EXT-X-(SESSION-)?KEY:.*\bKEYFORMAT(VERSIONS)?=", "KEYFORMAT"),
    (8, r"^#EXT-X-DEFINE:|\{\$[\w-]+\}", "variables"),
    (9, r"^#EXT-X-SKIP:", "EXT-X-SKIP"),
    (10, r"^#EXT-X-SKIP:.*\bRECENTLY-REMOVED-DATERANGES=", "RECENTLY-REMOVED-DATERANGES"),
    (11, r"^#EXT-X-DEFINE:.*\bQUERYPARAM=", "QUERYPARAM"),
    (12, r"^#EXT[^:\n]*:(.*,)?REQ-[A-Z]", "REQ- attributes"),
    (13, r'\bINSTREAM-ID="(?!CC\d|SERVICE\d)', "INSTREAM-ID of other media"),
)
_PATTERNS = [(version, re.compile(pattern, re.MULTILINE), name) for version, pattern, name in _FEATURES]


def needed_versions(text: str) -> Iterator[tuple[int, str]]:
    """Version and feature, for every feature that is used and needs more than version 1."""
    for version, pattern, name in _PATTERNS:
        if pattern.search(text):
            yield version, name
    if "\n#EXT-X-MAP:" in text:
        # In playlists of I-frames MAP came with version 5, elsewhere with 6.
        i_frames = "\n#EXT-X-I-FRAMES-ONLY" in text
        yield (5 if i_frames else 6), "EXT-X-MAP"


def allowed_version(text: str) -> int:
    """The highest version that the text has a reason for."""
    needed = max((version for version, _ in needed_versions(text)), default=1)
    # The draft lets a server say 4 for EXT-X-MEDIA, and 9 where delta updates are offered: they are of the same URL.
    if re.search(r"^#EXT-X-(MEDIA|STREAM-INF):", text, re.MULTILINE):
        needed = max(needed, 4)
    if "CAN-SKIP-DATERANGES=YES" in text:
        return max(needed, 10)
    return max(needed, 9) if "CAN-SKIP-UNTIL=" in text else needed
