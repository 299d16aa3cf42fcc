"""AC-3 and E-AC-3 as far as ingest needs them: syncframe heads (ETSI TS 102 366 4.3, E.1.2) and what MP4 wants of them.

Neither has a configuration on the wire; annex F's `dac3` and `dec3` are made from the first frame.
"""

from dataclasses import dataclass, replace

from common.media import AudioConfig
from rtmp.bits import BitReader, pack_bits
from rtmp.errors import UndecodableError

_SYNC_WORD = b"\x0b\x77"
_RATES = (48_000, 44_100, 32_000)
_CHANNELS = (2, 1, 2, 3, 3, 4, 4, 5)
"""Full-range channels by acmod."""

_BIT_RATES = (
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
)  # fmt: skip
"""kbit/s by half of frmsizecod."""

_BLOCKS = (1, 2, 3, 6)
_BLOCK_SAMPLES = 256
_AC3_SAMPLES = 1536
_MAX_FRAMES = 64
"""Syncframes in one packet: 8 programs of 8 substreams."""

_DEPENDENT, _RESERVED = 1, 3


class Ac3Format:
    """AC-3 syncframes (`rtmp.formats.Format`)."""

    def __init__(self) -> None:
        self.config: AudioConfig | None = None
        self._head: _Ac3Head | None = None

    def configure(self, record: bytes) -> None:
        """Nothing: Enhanced RTMP gives the sequence start of this codec no content."""

    def take(self, data: bytes) -> bytes:
        """Check one syncframe."""
        head = _parse_ac3(data)
        # Not for a changed bit rate: the box names it, but no decoder goes by it.
        if self._head is None or head != replace(self._head, bit_rate_code=head.bit_rate_code):
            self._head = head
            self.config = head.config()
        return data


class Eac3Format:
    """Access units of E-AC-3: an independent substream's syncframe and what depends on it (`rtmp.formats.Format`)."""

    def __init__(self) -> None:
        self.config: AudioConfig | None = None
        self._layout: _Layout | None = None

    def configure(self, record: bytes) -> None:
        """Nothing, as with AC-3."""

    def take(self, data: bytes) -> bytes:
        """Check one access unit. Its data rate may change without a new configuration."""
        layout = _parse_eac3(data)
        if layout != self._layout:
            self._layout = layout
            self.config = layout.config(len(data))
        return data


@dataclass(frozen=True, slots=True)
class _Ac3Head:
    rate_code: int
    bsid: int
    bsmod: int
    acmod: int
    lfe: int
    bit_rate_code: int

    def config(self) -> AudioConfig:
        box = pack_bits(
            (self.rate_code, 2), (self.bsid, 5), (self.bsmod, 3), (self.acmod, 3), (self.lfe, 1),
            (self.bit_rate_code, 5), (0, 5),
        )  # fmt: skip
        return AudioConfig(
            codec="ac-3",
            extradata=box,
            rfc6381="ac-3",
            sample_rate=_RATES[self.rate_code],
            channels=_CHANNELS[self.acmod] + self.lfe,
            samples_per_frame=_AC3_SAMPLES,
        )


def _parse_ac3(frame: bytes) -> _Ac3Head:
    if not frame.startswith(_SYNC_WORD):
        raise UndecodableError("AC-3 frame without its sync word")
    bits = BitReader(frame[4:8], "AC-3 frame")
    rate_code, size_code, bsid, bsmod, acmod = bits.u(2), bits.u(6), bits.u(5), bits.u(3), bits.u(3)
    if rate_code == 3 or size_code >= 2 * len(_BIT_RATES) or bsid > 8:
        raise UndecodableError("AC-3 frame of a reserved rate or version")
    if acmod & 1 and acmod != 1:
        bits.skip(2)  # cmixlev
    if acmod & 4:
        bits.skip(2)  # surmixlev
    if acmod == 2:
        bits.skip(2)  # dsurmod
    size = _ac3_bytes(rate_code, size_code)
    if size != len(frame):
        raise UndecodableError(f"AC-3 frame of {len(frame)} bytes, its head says {size}")
    return _Ac3Head(rate_code, bsid, bsmod, acmod, bits.u(1), size_code >> 1)


def _ac3_bytes(rate_code: int, size_code: int) -> int:
    """Table 4.13: the low bit of frmsizecod is a padding word at 44.1 kHz."""
    words = _BIT_RATES[size_code >> 1] * 96_000 // _RATES[rate_code]
    return 2 * (words + (size_code & 1 if rate_code == 1 else 0))


@dataclass(frozen=True, slots=True)
class _Program:
    """An independent substream, and what its dependent ones add."""

    rate_code: int
    bsid: int
    acmod: int
    lfe: int
    dependents: int = 0
    channel_map: int = 0
    """`chanmap` of all its dependent substreams together (E.1.3.1.8): bit 15 is the left channel, bit 0 the LFE."""


_BEYOND_5_1 = 0x07FE
"""The bits of a channel map that 5.1 does not have: from Lc/Rc down to LFE2."""

_PAIRS = 0b0000_0110_0111_0100
"""The bits of a channel map that stand for two channels: Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw, Lvh/Rvh and Lts/Rts."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """What must stay the same for one configuration to hold."""

    programs: tuple[_Program, ...]
    rate: int
    samples: int

    def config(self, size: int) -> AudioConfig:
        main = self.programs[0]
        bit_rate = min(-(-size * 8 * self.rate // (self.samples * 1000)), 0x1FFF)  # kbit/s, rounded up
        fields = [(bit_rate, 13), (len(self.programs) - 1, 3)]
        for program in self.programs:
            # bsmod stays 0, complete main: it is deep in a part of the frame that encoders leave out.
            fields += [(program.rate_code, 2), (program.bsid, 5), (0, 1), (0, 1), (0, 3)]
            fields += [(program.acmod, 3), (program.lfe, 1), (0, 3), (program.dependents, 4)]
            fields += [(_locations(program.channel_map), 9)] if program.dependents else [(0, 1)]
        beyond = main.channel_map & _BEYOND_5_1
        return AudioConfig(
            codec="ec-3",
            extradata=pack_bits(*fields),
            rfc6381="ec-3",
            sample_rate=self.rate,
            channels=_CHANNELS[main.acmod] + main.lfe + beyond.bit_count() + (beyond & _PAIRS).bit_count(),
            samples_per_frame=self.samples,
        )


def _locations(channel_map: int) -> int:
    """`chan_loc` (F.6): Lc/Rc, Lrs/Rrs, Cs, Ts, Lsd/Rsd, Lw/Rw, Lvh/Rvh, Cvh from bit 0 on, then LFE2."""
    location = sum(1 << index for index in range(8) if channel_map >> 10 - index & 1)
    return location | (channel_map >> 1 & 1) << 8


def _parse_eac3(unit: bytes) -> _Layout:
    programs: list[_Program] = []
    rate = blocks = position = 0
    for _ in range(_MAX_FRAMES):
        frame = _parse_eac3_frame(unit[position : position + 64])
        position += frame.size
        if frame.kind == _DEPENDENT:
            if not programs:
                raise UndecodableError("E-AC-3 substream without the one it depends on")
            last = programs[-1]
            programs[-1] = replace(
                last, dependents=last.dependents + 1, channel_map=last.channel_map | frame.channel_map
            )
        elif frame.substream == 0:
            # Once for each group of blocks: an encoder may send six short frames as one packet.
            rate, blocks = frame.rate, blocks + frame.blocks
            programs = programs or [frame.program]
        elif len(programs) < 8:
            programs.append(frame.program)
        if position >= len(unit):
            break
    if position != len(unit) or not blocks:
        raise UndecodableError("E-AC-3 frame sizes do not add up")
    return _Layout(tuple(programs), rate, blocks * _BLOCK_SAMPLES)


@dataclass(frozen=True, slots=True)
class _Eac3Frame:
    kind: int
    substream: int
    size: int
    rate: int
    blocks: int
    program: _Program
    channel_map: int


def _parse_eac3_frame(head: bytes) -> _Eac3Frame:
    if not head.startswith(_SYNC_WORD):
        raise UndecodableError("E-AC-3 frame without its sync word")
    bits = BitReader(head[2:], "E-AC-3 frame")
    kind, substream, size, rate_code = bits.u(2), bits.u(3), 2 * (bits.u(11) + 1), bits.u(2)
    second = bits.u(2)  # fscod2, or numblkscod
    if kind == _RESERVED or rate_code == second == 3:
        raise UndecodableError("E-AC-3 frame of a reserved kind or rate")
    rate, blocks = (_RATES[second] // 2, 6) if rate_code == 3 else (_RATES[rate_code], _BLOCKS[second])
    acmod, lfe, bsid = bits.u(3), bits.u(1), bits.u(5)
    if not 11 <= bsid <= 16:
        raise UndecodableError(f"E-AC-3 frame of version {bsid}")
    channel_map = _channel_map(bits, acmod) if kind == _DEPENDENT else 0
    return _Eac3Frame(kind, substream, size, rate, blocks, _Program(rate_code, bsid, acmod, lfe), channel_map)


def _channel_map(bits: BitReader, acmod: int) -> int:
    for _ in range(1 if acmod else 2):  # dual mono has two programs in one
        bits.skip(5)  # dialnorm
        if bits.u(1):
            bits.skip(8)  # compr
    return bits.u(16) if bits.u(1) else 0
