"""What real encoders send, as bytes, quirk by quirk: the table that tests and fuzzing share, so one file.

Rebuilt from descriptions of the encoders' sources, and from issues about them.
"""

from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

from tests.rtmp.client import (
    C0C1,
    C2,
    amf,
    audio_config,
    audio_frame,
    chunks,
    command,
    control,
    ecma_array,
    message,
    metadata,
    nal,
    number,
    set_chunk_size,
    text,
    video_config,
    video_frame,
)

FMLE = "FMLE/3.0 (compatible; FMSc/1.0)"


@dataclass(frozen=True)
class Media:
    """What comes out behind the tags."""

    video_configs: int = 1
    audio_configs: int = 1
    pictures: int = 0
    sounds: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class Sequence:
    """One client's whole conversation. Its bytes do not depend on our answers, so they can be said in one breath."""

    turns: tuple[bytes, ...]
    """Handshake to publish: what it says at once, each time until it waits for an answer."""
    body: bytes = b""
    good_bye: bytes = b""
    app: str = "live"
    key: str = "KEY"
    heard: tuple[tuple[str, int], ...] = ()
    """Audio and video messages with their times, as the session must report them."""
    media: Media | None = None
    """`None`: a codec that other tests look at."""

    @property
    def opening(self) -> bytes:
        return b"".join(self.turns)

    @property
    def whole(self) -> bytes:
        return self.opening + self.body + self.good_bye


# -- OBS ---------------------------------------------------------------------------------------------------------

OBS = {"size": 4096}
"""Its chunk size, announced before connect."""


def obs_opening(app: str = "live", key: str = "KEY") -> tuple[bytes, ...]:
    url = f"rtmp://127.0.0.1:1935/{app}"
    fields = {"app": app, "type": "nonprivate", "flashVer": FMLE, "swfUrl": url, "tcUrl": url}
    return (
        C0C1,
        C2 + set_chunk_size(4096) + command("connect", 1, fields, **OBS),
        command("releaseStream", 2, None, key, fmt=1, **OBS)
        + command("FCPublish", 3, None, key, fmt=1, **OBS)
        + command("createStream", 4, None, fmt=1, **OBS),
        command("publish", 5, None, key, "live", csid=4, stream_id=1, **OBS),
    )


OBS_GOOD_BYE = command("FCUnpublish", 6, None, "KEY", fmt=1, **OBS) + command(
    "deleteStream", 7, None, 1, fmt=1, **OBS
)
OBS_METADATA = message(
    metadata({"duration": 0, "fileSize": 0, "width": 1920, "videocodecid": 7, "encoder": "obs-output"}),
    type_id=18,
    **OBS,
)
OBS_START = OBS_METADATA + message(audio_config(), type_id=8, **OBS) + message(video_config(), **OBS)
"""Metadata and headers at time 0, all on the one chunk stream that media uses."""
BIG = video_frame(nal(9000))
DELTA = video_frame(nal(9000), keyframe=False)


def obs(body: bytes, heard: list[tuple[str, int]], media: Media | None, **url: str) -> Sequence:
    return Sequence(
        obs_opening(**url), OBS_START + body, OBS_GOOD_BYE, heard=(("a", 0), ("v", 0), *heard), media=media
    )


def multitrack_video(packet_type: int, track: int, data: bytes) -> bytes:
    """One track that is not the default: extended header, kind 6, OneTrack."""
    return bytes([0x96, packet_type]) + b"avc1" + bytes([track]) + data


def multitrack_audio(packet_type: int, track: int, data: bytes) -> bytes:
    return bytes([0x95, packet_type]) + b"mp4a" + bytes([track]) + data


AMF3_BYTES = b"\x11\x0c\x05\xaf\x00"
"""A ByteArray behind the marker that switches AMF0 to AMF3."""
EQUAL_TIMES = (
    message(BIG, time=33, **OBS) + message(DELTA, fmt=1, time=33, **OBS) + message(DELTA, fmt=3, **OBS)
)
LATE = 0xFFFFFF + 1

OBS_SEQUENCES = {
    "OBS 30.2 and later: fmt 3 when the delta repeats": obs(
        message(BIG, fmt=1, time=33, **OBS)
        + message(DELTA, fmt=2, time=33, **OBS)
        + message(DELTA, fmt=3, **OBS)
        + message(audio_frame(), type_id=8, fmt=1, time=1, **OBS),
        [("v", 33), ("v", 66), ("v", 99), ("a", 100)],
        Media(pictures=3, sounds=1),
    ),
    "OBS 30.2 and later: fmt 3 when the delta is the time before": obs(
        message(BIG, time=33, **OBS) + message(BIG, fmt=3, **OBS),
        [("v", 33), ("v", 66)],
        Media(pictures=2),
    ),
    # It meant 66 twice; a reader of the specification drifts by one frame, which is less than a wrong guess costs.
    "OBS up to 30.1: fmt 3 when the time repeats": obs(
        EQUAL_TIMES, [("v", 33), ("v", 66), ("v", 99)], Media(pictures=3)
    ),
    "OBS up to 30.0 after 4.7 hours: continuations without extended time": obs(
        message(BIG, time=LATE, extended_in_continuations=False, **OBS)
        + message(DELTA, fmt=1, time=33, **OBS),
        [("v", LATE), ("v", LATE + 33)],
        Media(pictures=2),
    ),
    "OBS 30.1 and later after 4.7 hours: continuations with extended time": obs(
        message(BIG, time=LATE, **OBS) + message(DELTA, fmt=1, time=33, **OBS),
        [("v", LATE), ("v", LATE + 33)],
        Media(pictures=2),
    ),
    "OBS up to 30.1: Twitch's VOD track in AMF3": obs(
        message(
            text("additionalMedia")
            + b"\x03\x00\x02id" + text("stream0") + b"\x00\x05media" + AMF3_BYTES + b"\x00\x00\x09",
            type_id=18,
            **OBS,
        )
        + message(BIG, time=33, **OBS),
        [("v", 33)],
        Media(pictures=1),
    ),
    "OBS 31 with multitrack": Sequence(
        obs_opening("live/KEY", "?clientConfigId=0b1c-2d"),
        OBS_START
        + message(multitrack_video(0, 1, video_config()[5:]), **OBS)
        + message(multitrack_audio(0, 1, audio_config()[2:]), type_id=8, **OBS)
        + message(BIG, time=33, **OBS)
        + message(multitrack_video(1, 1, b"\0\0\0" + nal(700)), time=33, **OBS)
        + message(audio_frame(), type_id=8, time=34, **OBS)
        + message(multitrack_audio(1, 1, b"\x21\x10"), type_id=8, time=34, **OBS),
        OBS_GOOD_BYE,
        heard=(
            ("a", 0), ("v", 0), ("v", 0), ("a", 0), ("v", 33), ("v", 33), ("a", 34), ("a", 34),
        ),
        media=Media(pictures=1, sounds=1),
    ),
    "OBS with HEVC and no fourCcList": Sequence(
        obs_opening(),
        OBS_METADATA
        + message(b"\x90hvc1" + bytes(23), **OBS)
        + message(b"\x91hvc1\x00\x00\x21" + nal(40), time=33, **OBS)
        + message(b"\x92hvc1", time=40, **OBS),
        OBS_GOOD_BYE,
        heard=(("v", 0), ("v", 33), ("v", 40)),
    ),
    "OBS that lost its network: no good-bye, half a frame": Sequence(
        obs_opening(),
        OBS_START + message(BIG, time=33, **OBS)[:5000],
        heard=(("a", 0), ("v", 0)),
        media=Media(),
    ),
}  # fmt: skip

# -- ffmpeg --------------------------------------------------------------------------------------------------------

FFMPEG = {"size": 65536}
"""It takes the server's chunk size over, and says so."""


def ffmpeg_opening(**extra: Any) -> tuple[bytes, ...]:
    fields = {
        "app": "live",
        **extra,
        "type": "nonprivate",
        "flashVer": "FMLE/3.0 (compatible; Lavf61.7.100)",
        "tcUrl": "rtmp://127.0.0.1:1935/live",
    }
    return (
        b"\x03" + bytes.fromhex("00000000 09007c02") + bytes(1528),
        C2 + command("connect", 1, fields),
        set_chunk_size(65536)
        + command("releaseStream", 2, None, "KEY", **FFMPEG)
        + command("FCPublish", 3, None, "KEY", **FFMPEG)
        + command("createStream", 4, None, **FFMPEG),
        command("publish", 5, None, "KEY", "live", csid=8, stream_id=1, **FFMPEG),
    )


FFMPEG_GOOD_BYE = command("FCUnpublish", 6, None, "KEY", **FFMPEG) + command(
    "deleteStream", 7, None, 1, **FFMPEG
)
FFMPEG_START = (
    message(metadata({"width": 1920.0, "audiocodecid": 10.0}), type_id=18, csid=4, **FFMPEG)
    + message(video_config(), csid=6, **FFMPEG)
    + message(audio_config(), type_id=8, csid=4, **FFMPEG)
)
FFMPEG_SEQUENCES = {
    "ffmpeg: fmt 3 whenever the time field repeats": Sequence(
        ffmpeg_opening(),
        FFMPEG_START
        + message(video_frame(nal(100_000)), csid=6, **FFMPEG)
        + message(audio_frame(), type_id=8, csid=4, **FFMPEG)
        + message(DELTA, fmt=1, time=33, csid=6, **FFMPEG)
        + message(DELTA, fmt=3, csid=6, **FFMPEG)
        + message(audio_frame(), fmt=2, time=21, csid=4, **FFMPEG),
        FFMPEG_GOOD_BYE,
        heard=(("v", 0), ("a", 0), ("v", 0), ("a", 0), ("v", 33), ("v", 66), ("a", 21)),
        media=Media(pictures=3, sounds=2),
    ),
    "ffmpeg with fourCcList": Sequence(
        ffmpeg_opening(fourCcList=["hvc1", "av01", "vp09"]),
        FFMPEG_START,
        FFMPEG_GOOD_BYE,
        heard=(("v", 0), ("a", 0)),
        media=Media(),
    ),
    "ffmpeg: time that runs backwards comes as a smaller absolute time": Sequence(
        ffmpeg_opening(),
        FFMPEG_START
        + b"".join(message(video_frame(), time=time, csid=6, **FFMPEG) for time in (5000, 4990, 5020)),
        FFMPEG_GOOD_BYE,
        heard=(("v", 0), ("a", 0), ("v", 5000), ("v", 4990), ("v", 5020)),
        media=Media(pictures=3),
    ),
    "ffmpeg after 24.9 days: 31 bits": Sequence(
        ffmpeg_opening(),
        FFMPEG_START
        + message(BIG, time=0x7FFF0000, csid=6, **FFMPEG)
        + message(BIG, time=0x7FFFFFF0, csid=6, **FFMPEG)
        + message(BIG, time=0x10, csid=6, **FFMPEG)
        + message(audio_frame(), type_id=8, time=0x7FFFFFF8, csid=4, **FFMPEG),
        FFMPEG_GOOD_BYE,
        heard=(
            ("v", 0),
            ("a", 0),
            ("v", 0x7FFF0000),
            ("v", 0x7FFFFFF0),
            ("v", 0x80000010),
            ("a", 0x7FFFFFF8),
        ),
        media=Media(pictures=3, sounds=1),
    ),
}

# -- GStreamer -----------------------------------------------------------------------------------------------------

GSTREAMER_OPENING = (
    C0C1,
    C2 + command(
        "connect",
        1,
        {
            "app": "live", "type": "nonprivate", "flashVer": "LNX 10,0,32,18", "tcUrl": "rtmp://h:1935/live",
            "fpad": False, "capabilities": 15, "audioCodecs": 4071, "videoCodecs": 252, "videoFunction": 1,
        },
    ),
    command("releaseStream", 0, None, "KEY")
    + command("FCPublish", 0, None, "KEY")
    + command("createStream", 2, None),
    command("publish", 3, None, "KEY", "live", csid=4, stream_id=1),
)  # fmt: skip


def interleave(*messages: list[bytes]) -> bytes:
    return b"".join(piece for piece in chain(*zip_longest(*messages)) if piece)


GSTREAMER_SEQUENCES = {
    "GStreamer: interleaved chunks of 128, the stream's name in deleteStream": Sequence(
        GSTREAMER_OPENING,
        message(metadata({"width": 320.0}), type_id=18)
        + message(video_config(), csid=6)
        + message(audio_config(), csid=5, type_id=8)
        + interleave(
            chunks(video_frame(nal(40_000)), csid=6, time=20),
            chunks(audio_frame(bytes(7000)), csid=5, type_id=8, time=21),
        )
        + message(video_frame(nal(40_000)), csid=6, fmt=3),
        command("FCUnpublish", 0, None, "KEY") + command("deleteStream", 0, None, "KEY"),
        heard=(("v", 0), ("a", 0), ("a", 21), ("v", 20), ("v", 40)),
        media=Media(pictures=2, sounds=1),
    ),
    "GStreamer after 4.7 hours: every 128 bytes repeat the extended time": Sequence(
        GSTREAMER_OPENING,
        message(video_config(), csid=6, time=LATE)
        + message(audio_config(), csid=5, type_id=8, time=LATE)
        + interleave(
            chunks(BIG, csid=6, time=LATE + 20),
            chunks(audio_frame(bytes(7000)), csid=5, type_id=8, time=LATE + 21),
        ),
        command("FCUnpublish", 0, None, "KEY") + command("deleteStream", 0, None, "KEY"),
        heard=(("v", LATE), ("a", LATE), ("a", LATE + 21), ("v", LATE + 20)),
        media=Media(pictures=1, sounds=1),
    ),
}

# -- others --------------------------------------------------------------------------------------------------------


def opening(app: str = "live", key: str = "KEY", **fields: Any) -> tuple[bytes, ...]:
    """What most encoders send, since FMLE did."""
    return (
        C0C1,
        C2 + command("connect", 1, {"app": app, "flashVer": FMLE, "tcUrl": f"rtmp://h/{app}", **fields}),
        command("releaseStream", 2, None, key) + command("FCPublish", 3, None, key),
        command("createStream", 4, None),
        command("publish", 5, None, key, "live", stream_id=1),
    )


def bare_connect(connect: bytes) -> tuple[bytes, ...]:
    """Opening with a connect command whose object is given as AMF bytes."""
    return (
        C0C1,
        C2 + message(text("connect") + number(1) + connect, type_id=20, csid=3, stream_id=0),
        command("createStream", 2, None),
        command("publish", 3, None, "KEY", "live", stream_id=1),
    )


def amf3(name: str, transaction: float, *values: Any, stream_id: int = 0) -> bytes:
    payload = b"\0" + amf(name) + amf(transaction) + b"".join(map(amf, values))
    return message(payload, type_id=17, csid=3, stream_id=stream_id)


GOOD_BYE = command("FCUnpublish", 6, None, "KEY") + command("deleteStream", 7, None, 1)
HEADERS = message(video_config()) + message(audio_config(), type_id=8, csid=6)
FRAMES = message(video_frame(), time=40) + message(audio_frame(), type_id=8, csid=6, time=41)
HEARD = (("v", 0), ("a", 0), ("v", 40), ("a", 41))
USUAL = Media(pictures=1, sounds=1)
FMLE_SOUND = b"\xaf\x01" + bytes(155)

OTHER_SEQUENCES = {
    "FMLE: fmt 3 right after fmt 0": Sequence(
        opening(objectEncoding=0),
        message(audio_config(), type_id=8)
        + message(FMLE_SOUND, type_id=8, time=26)
        + message(FMLE_SOUND, fmt=3),
        GOOD_BYE,
        heard=(("a", 0), ("a", 26), ("a", 52)),
        media=Media(video_configs=0, sounds=2),
    ),
    "Haivision: FCPublish without releaseStream": Sequence(
        (
            C0C1,
            C2 + command("connect", 1, {"app": "live", "flashVer": "HaivisionKB/1.0", "tcUrl": "rtmp://h/live"}),
            command("FCPublish", 2, None, "KEY") + command("createStream", 3, None),
            command("publish", 4, None, "KEY", "live", stream_id=1),
        ),
        HEADERS + FRAMES,
        GOOD_BYE,
        heard=HEARD,
        media=USUAL,
    ),
    "Flash: straight to publish, in AMF3 messages": Sequence(
        (
            C0C1,
            C2 + command("connect", 1, {"app": "live", "objectEncoding": 3, "tcUrl": "rtmp://h/live"}),
            amf3("createStream", 2, None),
            amf3("publish", 0, None, "KEY", "live", stream_id=1),
        ),
        message(b"\0" + metadata({"width": 640}), type_id=15) + HEADERS + FRAMES,
        amf3("closeStream", 0, None, stream_id=1),
        heard=HEARD,
        media=USUAL,
    ),
    "XSplit: the AVC configuration again at every key frame": Sequence(
        opening(),
        (HEADERS + message(video_frame(), time=40) + message(video_config(), time=80))
        + message(video_frame(), time=80),
        GOOD_BYE,
        heard=(("v", 0), ("a", 0), ("v", 40), ("v", 80), ("v", 80)),
        media=Media(pictures=2),
    ),
    "DJI: garbage between good tags": Sequence(
        opening(),
        message(metadata({"duration": 0}), type_id=18)
        + control(3, b"\0")
        + message(b"\x02\x00\x05onM", type_id=18)
        + HEADERS
        + message(b"\x1e\x01\x02", time=10)
        + message(b"\xde\x01", type_id=8, csid=6, time=10)
        + message(b"", time=20)
        + message(video_frame(b"\xff\xff\xff\xff\x65"), time=30)
        + message(b"\x17\x01\x00", time=35)
        + FRAMES,
        heard=(
            ("v", 0), ("a", 0), ("v", 10), ("a", 10), ("v", 20), ("v", 30), ("v", 35), ("v", 40), ("a", 41),
        ),
        media=Media(pictures=1, sounds=1, dropped=4),
    ),
    "Uniview: 18 bytes of numbers before @setDataFrame": Sequence(
        opening(),
        message(bytes(18) + metadata({"width": 2560}), type_id=18, fmt=1, time=0x28) + HEADERS + FRAMES,
        GOOD_BYE,
        heard=HEARD,
        media=USUAL,
    ),
    "Streamlabs: metadata promises sound that never comes": Sequence(
        opening(),
        message(metadata({"audiocodecid": "mp4a", "videocodecid": "avc1", "stereo": True}), type_id=18)
        + message(video_config())
        + message(video_frame(), time=40),
        GOOD_BYE,
        heard=(("v", 0), ("v", 40)),
        media=Media(audio_configs=0, pictures=1),
    ),
    "no metadata at all": Sequence(opening(), HEADERS + FRAMES, GOOD_BYE, heard=HEARD, media=USUAL),
    "an empty AAC configuration before the real one": Sequence(
        opening(),
        message(b"\xaf\x00", type_id=8, csid=6) + HEADERS + FRAMES,
        GOOD_BYE,
        heard=(("a", 0), *HEARD),
        media=USUAL,
    ),
    "two AVC configurations": Sequence(
        opening(),
        HEADERS + message(video_config(bytes.fromhex("014d4028ffe1001867") + video_config()[14:])) + FRAMES,
        GOOD_BYE,
        heard=(("v", 0), ("a", 0), ("v", 0), ("v", 40), ("a", 41)),
    ),
    "librtmp: a ping that starts its chunk stream with fmt 1": Sequence(
        opening(),
        bytes.fromhex("42 000000 000006 04 0006 00000d0f") + HEADERS + FRAMES,
        GOOD_BYE,
        heard=HEARD,
        media=USUAL,
    ),
    "connect in lower case": Sequence(
        bare_connect(amf({"app": "live", "tcurl": "rtmp://h/live", "flashver": "x"})), good_bye=GOOD_BYE
    ),
    "connect as an ECMA array": Sequence(
        bare_connect(ecma_array({"app": "live", "tcUrl": "rtmp://h/live", "flashVer": "x"})), good_bye=GOOD_BYE
    ),
    "Neko: a quote before the tcUrl, no app": Sequence(
        bare_connect(amf({"tcUrl": "'rtmp://h:1935/live", "flashVer": "x"})), good_bye=GOOD_BYE
    ),
    "supportsGoAway": Sequence(
        bare_connect(amf({"app": "live", "tcUrl": "rtmp://h/live", "supportsGoAway": True})), good_bye=GOOD_BYE
    ),
    "capabilities of Enhanced RTMP 2": Sequence(
        bare_connect(
            amf({
                "app": "live", "tcUrl": "rtmp://h/live", "capsEx": 15, "fourCcList": ["*"],
                "videoFourCcInfoMap": {"*": 4, "av01": 6}, "audioFourCcInfoMap": {"Opus": 7},
            })
        ),
        good_bye=GOOD_BYE,
    ),
    "all of a frame before publish was answered": Sequence(
        (*opening()[:-1], opening()[-1] + HEADERS + FRAMES), b"", GOOD_BYE, heard=HEARD, media=USUAL
    ),
    "chunk streams with two- and three-byte ids": Sequence(
        opening(),
        message(video_config(), csid=64)
        + message(audio_config(), type_id=8, csid=65_599)
        + interleave(
            chunks(BIG, csid=64, time=40), chunks(audio_frame(bytes(900)), type_id=8, csid=65_599, time=41)
        ),
        GOOD_BYE,
        heard=(("v", 0), ("a", 0), ("a", 41), ("v", 40)),
        media=USUAL,
    ),
    "abort in the middle of a frame, then fmt 3": Sequence(
        opening(),
        HEADERS
        + chunks(BIG, time=40)[0]
        + control(2, (4).to_bytes(4, "big"))
        + message(BIG, fmt=3),
        GOOD_BYE,
        heard=(("v", 0), ("a", 0), ("v", 80)),
        media=Media(pictures=1),
    ),
    "time that wraps at 32 bits": Sequence(
        opening(),
        message(video_config(), time=0xFFFFFFE0)
        + message(video_frame(), time=0xFFFFFFF0)
        + message(video_frame(), fmt=1, time=0x20),
        GOOD_BYE,
        heard=(("v", 0xFFFFFFE0), ("v", 0xFFFFFFF0), ("v", 0x100000010)),
        media=Media(audio_configs=0, pictures=2),
    ),
}  # fmt: skip

# -- ways to spell the URL -------------------------------------------------------------------------------------------

SPELLINGS = {
    "trailing slash": ("live/", "KEY", "live"),
    "default instance": ("live/_definst_", "KEY", "live"),
    "vhost behind the app": ("live?vhost=example.net", "KEY", "live"),
    "domain behind the app": ("live?domain=example.net", "KEY", "live"),
    "key in the app, none in the key field": ("live/KEY", "", "live"),
    "key in the app, multitrack": ("live/KEY", "?clientConfigId=a-b", "live"),
    "user and password behind the key": ("live", "KEY?user=u&pass=p", "live"),
    "user and password behind the app, then the key": ("live?user=u&pass=p/KEY", "", "live"),
    "two components of app": ("live/eu", "KEY", "live/eu"),
}
KEYLESS = {
    "no key anywhere": ("live", "", ""),
    "escaped letter, which OBS would have decoded": ("live", "K%45Y", "K%45Y"),
}

URL_SEQUENCES = {
    f"URL: {name}": Sequence(obs_opening(app, key), OBS_START, OBS_GOOD_BYE, app=expected, heard=HEARD[1::-1], media=Media())
    for name, (app, key, expected) in SPELLINGS.items()
} | {
    f"URL: {name}": Sequence(obs_opening(app, key), key=expected) for name, (app, key, expected) in KEYLESS.items()
}  # fmt: skip

SEQUENCES = OBS_SEQUENCES | FFMPEG_SEQUENCES | GSTREAMER_SEQUENCES | OTHER_SEQUENCES | URL_SEQUENCES
