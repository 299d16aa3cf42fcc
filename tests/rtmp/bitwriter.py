"""Bits as text, for tests that build codec headers by hand."""


def bits(pattern: str) -> bytes:
    """Ones and zeros (blanks do not count), ended like an RBSP: a one, then zeros up to the byte."""
    pattern = pattern.replace(" ", "")
    pattern += "1" + "0" * (-len(pattern) - 1 & 7)
    return int(pattern, 2).to_bytes(len(pattern) // 8, "big")


def u(value: int, width: int) -> str:
    return f"{value:0{width}b}" if width else ""


def ue(value: int) -> str:
    code = f"{value + 1:b}"
    return "0" * (len(code) - 1) + code


def escaped(payload: bytes) -> bytes:
    """With emulation prevention bytes."""
    out = bytearray()
    for byte in payload:
        if out[-2:] == b"\0\0" and byte <= 3:
            out.append(3)
        out.append(byte)
    return bytes(out)
