"""Files as broken tools, full disks and bad luck leave them: mutations of good DICOM files, each named.

Used by the fast tests of `test_trust` and by the long run, ``make stress``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from random import Random

HEAD = 132  # preamble and DICM


def cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def flipped(data: bytes, random: Random) -> bytes:
    made = bytearray(data)
    for _ in range(random.randrange(1, 40)):
        made[random.randrange(HEAD, len(made))] = random.randrange(256)
    return bytes(made)


def _overwritten(data: bytes, random: Random, word: bytes) -> bytes:
    place = random.randrange(HEAD, min(len(data), 4000))
    return data[:place] + word + data[place + len(word) :]


def endless(data: bytes, random: Random) -> bytes:
    """An undefined length that never ends."""
    return _overwritten(data, random, b"\xff" * 4)


def huge(data: bytes, random: Random) -> bytes:
    """A length of four gigabytes."""
    return _overwritten(data, random, struct.pack("<I", 0xFFFFFFF0))


def holed(data: bytes, random: Random) -> bytes:
    place = random.randrange(HEAD, min(len(data), 4000))
    return data[:place] + data[place + random.randrange(1, 200) :]


def stuffed(data: bytes, random: Random) -> bytes:
    place = random.randrange(HEAD, min(len(data), 4000))
    return data[:place] + random.randbytes(random.randrange(1, 64)) + data[place:]


def wrong_syntax(data: bytes, random: Random) -> bytes:
    other = random.choice([b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.4.90", b"9.9.9"])
    place = data.find(b"1.2.840.10008.1.2", HEAD)
    return data[:place] + other.ljust(20, b"\0") + data[place + 20 :] if place > 0 else data[:HEAD]


def wrong_vr(data: bytes, random: Random) -> bytes:
    made = data
    for _ in range(5):
        made = _overwritten(made, random, random.choice([b"SQ", b"UN", b"OB", b"PN", b"DS", b"UT", b"FD", b"AT"]))
    return made


def wrong_charset(data: bytes, random: Random) -> bytes:
    """Bytes above ASCII where a character set was promised that has none."""
    made = bytearray(data)
    for _ in range(30):
        place = random.randrange(HEAD, min(len(made), 4000))
        if 65 <= made[place] < 123:
            made[place] |= 0x80
    return bytes(made)


def nested(data: bytes, random: Random) -> bytes:
    """Sequences in sequences, two hundred deep or five thousand."""
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return data + (b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + item) * random.choice([200, 5000])


def bomb(data: bytes, random: Random) -> bytes:
    """A deflated data set of a few megabytes that inflates to several gigabytes."""
    syntax = b"1.2.840.10008.1.2.1.99"
    element = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(syntax)) + syntax
    group = b"\x02\x00\x00\x00UL\x04\x00" + struct.pack("<I", len(element))
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = deflate.compress(bytes(1 << 24)) + deflate.flush(zlib.Z_FULL_FLUSH)  # depends on nothing before it
    body = block * 80 + deflate.flush()
    return bytes(128) + b"DICM" + group + element + body


def preamble(data: bytes, random: Random) -> bytes:
    return data[:HEAD]


def empty(data: bytes, random: Random) -> bytes:
    return b""


def noise(data: bytes, random: Random) -> bytes:
    return data[:HEAD] + random.randbytes(random.randrange(1, 5000))


Mutation = Callable[[bytes, Random], bytes]
MUTATIONS: tuple[Mutation, ...] = (
    cut, flipped, endless, huge, holed, stuffed, wrong_syntax, wrong_vr, wrong_charset, nested, preamble, empty, noise,
)  # fmt: skip
