"""What people call a codec: RFC 6381 strings with their profile and level in words. Pure."""

_H264_PROFILES = {
    66: "Baseline",
    77: "Main",
    88: "Extended",
    100: "High",
    110: "High 10",
    122: "High 4:2:2",
    244: "High 4:4:4",
}
_HEVC_PROFILES = {1: "Main", 2: "Main 10", 3: "Main Still Picture", 4: "Range Extensions"}
_AV1_PROFILES = {0: "Main", 1: "High", 2: "Professional"}
_AAC_TYPES = {"2": "AAC-LC", "5": "HE-AAC", "29": "HE-AAC v2"}
_PLAIN = {"opus": "Opus", "flac": "FLAC", "ac-3": "AC-3", "ec-3": "E-AC-3"}


def codec_name(rfc6381: str) -> str:
    """Name codec, profile and level of a CODECS string, such as `H.264 High 4.1`; one that is not known as it is."""
    codec, *fields = rfc6381.split(".")
    try:
        match codec.lower():
            case "avc1" | "avc3":
                return _h264(fields[0])
            case "hvc1" | "hev1":
                return _hevc(fields)
            case "av01":
                return _av1(fields)
            case "vp09":
                return f"VP9 profile {int(fields[0])} {int(fields[1]) / 10:.1f}"
            case "mp4a":
                return _AAC_TYPES.get(fields[-1], f"AAC type {fields[-1]}")
            case plain:
                return _PLAIN.get(plain, rfc6381)
    except (IndexError, ValueError):
        return rfc6381


def _h264(code: str) -> str:
    profile, constraints, level = bytes.fromhex(code)
    name = _H264_PROFILES.get(profile, f"profile {profile}")
    if profile == 66 and constraints & 0x40:
        name = "Constrained Baseline"
    return f"H.264 {name} {level / 10:.1f}"


def _hevc(fields: list[str]) -> str:
    profile = int(fields[0].lstrip("ABC"))
    tier, level = fields[2][0], int(fields[2][1:])
    high = " High tier" if tier == "H" else ""
    return f"HEVC {_HEVC_PROFILES.get(profile, f'profile {profile}')} {level / 30:.1f}{high}"


def _av1(fields: list[str]) -> str:
    profile, level = int(fields[0]), int(fields[1][:2])
    return f"AV1 {_AV1_PROFILES.get(profile, f'profile {profile}')} {2 + level // 4}.{level % 4}"
