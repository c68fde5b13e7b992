"""Content that trips drivers: bytes that look like text or like a format, and buffers of every kind that hold bytes."""

from __future__ import annotations

import array
import gzip
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Content, content

if TYPE_CHECKING:
    from typing_extensions import Buffer

LARGEST_WRITTEN = 64 * 1024 * 1024
"""The largest file that a check of the size limit writes, in bytes."""

EVERY_BYTE = bytes(range(256))
"""Each value of a byte, once."""

LOOKALIKES: Mapping[str, bytes] = {
    "every-byte-value": EVERY_BYTE,
    "every-byte-value-backwards": EVERY_BYTE[::-1] * 3,
    "line-feeds": b"a\nb\n\nc\n",
    "carriage-returns": b"a\rb\r\rc\r",
    "both-line-ends": b"a\r\nb\n\rc\r\r\n\n",
    "line-end-alone": b"\n",
    "both-line-ends-alone": b"\r\n",
    "no-line-end-at-the-end": b"a\nb",
    "white-space-alone": b" \t\n\r\v\f ",
    "white-space-around": b" \n content \r\n ",
    "line-ends-of-unicode": "a\u0085b\u2028c\u2029d".encode(),
    "end-of-file-of-dos": b"before\x1abehind\x1a",
    "one-nul": b"\0",
    "only-nuls": bytes(1000),
    "nuls-at-both-ends": bytes(20) + b"content" + bytes(20),
    "only-ones": b"\xff" * 1000,
    "utf-8-mark": b"\xef\xbb\xbfcontent",
    "utf-8-mark-alone": b"\xef\xbb\xbf",
    "utf-16": "content".encode("utf-16"),
    "utf-8": "\u00e9\u0416\u6f22\U0001f600".encode(),
    "utf-8-decomposed": "e\u0301 and \u00e9".encode(),
    "utf-8-broken-off": "\U0001f600".encode()[:3],
    "utf-8-overlong": b"\xc0\xaf\xe0\x80\x80",
    "utf-8-surrogate": b"\xed\xa0\x80 and \xed\xb3\xbf",
    "latin-1": "\u00e9\u00fc\u00a0\u00ff".encode("latin-1"),
    "continuations-alone": bytes(range(0x80, 0xC0)),
    "replacement-character": "\ufffd".encode(),
    "gzip": gzip.compress(b"content" * 40, mtime=0),
    "gzip-magic-alone": b"\x1f\x8b\x08",
    "zlib": zlib.compress(b"content" * 40),
    "zip-magic": b"PK\x03\x04 and PK\x05\x06",
    "zstd-magic": b"\x28\xb5\x2f\xfd\x04\x00",
    "base64": b"Y29udGVudA==",
    "padded-to-a-block": b"fifteen bytes, " + b"\x01",
    "padded-by-half-a-block": b"content " + b"\x08" * 8,
    "padded-by-a-block": b"sixteen bytes of" + b"\x10" * 16,
    "padded-by-a-bit": b"content \x80" + bytes(7),
    "padded-by-nuls-and-their-count": b"content " + bytes(7) + b"\x08",
    "end-of-a-tar": bytes(10_240),
    "percent": b"100%25 %0A+%2F&=",
    "json": b'{"content": null}\n',
    "null": b"null",
    "none": b"None",
    "zero": b"0",
    "printed-bytes": b"b'content'",
    "printed-bytearray": b"bytearray(b'content')",
    "pickle": b"\x80\x04N.",
    "error-of-s3": b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code></Error>',
    "chunk-of-http": b"5\r\nhello\r\n0\r\n\r\n",
    "signed-chunk-of-aws": b"5;chunk-signature=0123456789abcdef\r\nhello\r\n0;chunk-signature=0123456789abcdef\r\n\r\n",
    "answer-of-http": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "part-of-a-form": b"--boundary\r\nContent-Disposition: form-data\r\n\r\ncontent\r\n--boundary--\r\n",
}
"""Small content that something on the way could take for text, for a format, or for nothing."""

CHANGED_BY_TEXT = (
    "every-byte-value",
    "both-line-ends",
    "carriage-returns",
    "end-of-file-of-dos",
    "only-nuls",
    "utf-8-mark",
    "utf-8-broken-off",
    "latin-1",
    "white-space-around",
    "gzip",
)
"""Those of LOOKALIKES of which one at least is changed by whatever takes content for text."""


def _altered(data: bytes, difference: int) -> bytes:
    """`data` with the bits of a number, as little-endian, the other way round from its tenth byte on."""
    changed = bytearray(data)
    for place, bits in enumerate(difference.to_bytes(8, "little"), start=10):
        changed[place] ^= bits
    return bytes(changed)


_PLAIN = bytes(range(0x20, 0x60))
# The first of the two messages by which MD5 was first seen to be broken; the other one differs in six bits.
_OF_ONE_MD5 = bytes.fromhex(
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a"
    "085125e8f7cdc99fd91dbdf280373c5bd8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
    "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70"
)
_DIFFERENT_IN = (19, 45, 59, 83, 109, 123)

_ONE_CHECKSUM: Mapping[str, tuple[bytes, bytes]] = {
    "sum": (b"content " * 8, b"tnetnoc " * 8),
    "exclusive-or": (b"ab" + _PLAIN, b"ba" + _PLAIN),
    "adler-32": (b"\x01\x02\x03\x04" + _PLAIN, b"\x02\x00\x04\x04" + _PLAIN),
    # A multiple of the generating polynomial, bit-reversed as these checksums are computed, makes no difference to them.
    "crc-32": (_PLAIN, _altered(_PLAIN, 0xEDB88320 << 1 | 1)),
    "crc-32c": (_PLAIN, _altered(_PLAIN, 0x82F63B78 << 1 | 1)),
    "md5": (_OF_ONE_MD5, bytes(byte ^ 0x80 * (place in _DIFFERENT_IN) for place, byte in enumerate(_OF_ONE_MD5))),
}

SAME_CHECKSUMS: Mapping[str, tuple[Content, Content]] = {
    name: (Content.of(first, repr(first)), Content.of(second, repr(second)))
    for name, (first, second) in _ONE_CHECKSUM.items()
}
"""Two contents of one size each, of which a checksum is the same too."""


def nuls(size: int) -> Content:
    """`size` zero bytes, which a failure shows as a short expression."""
    return Content.of(bytes(size), f"bytes({size})")


def with_another_byte(data: Content, place: int) -> Content:
    """`data` with one byte changed."""
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def every_second(data: bytes) -> memoryview:
    """A view of `data` that is not contiguous."""
    spread = bytearray(b"\xaa" * (2 * len(data)))
    spread[::2] = data
    return memoryview(spread)[::2]


def as_items(data: bytes, code: str) -> array.array[int]:
    """An array with items of several bytes that holds `data`."""
    made = array.array(code)
    made.frombytes(data)
    return made


BUFFERS: Mapping[str, Callable[[bytes], Buffer]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "view": memoryview,
    "view-of-a-bytearray": lambda data: memoryview(bytearray(data)),
    "read-only-view": lambda data: memoryview(bytearray(data)).toreadonly(),
    "view-of-the-middle": lambda data: memoryview(b"before" + data + b"behind")[6 : 6 + len(data)],
    "every-second-byte": every_second,
    "backwards": lambda data: memoryview(data[::-1])[::-1],
    "view-of-signed-bytes": lambda data: memoryview(data).cast("b"),
    "view-of-characters": lambda data: memoryview(data).cast("c"),
    "view-of-two-byte-items": lambda data: memoryview(as_items(data, "H")),
    "view-of-eight-byte-items": lambda data: memoryview(as_items(data, "Q")),
    "every-second-item": lambda data: memoryview(as_items(data, "H"))[::2],
    "view-of-rows": lambda data: memoryview(data).cast("B", shape=[len(data) // 8, 8]),
    "array-of-bytes": lambda data: as_items(data, "B"),
    "array-of-larger-items": lambda data: as_items(data, "I"),
}
"""Ways to hold a multiple of 16 bytes in a buffer, by name."""

CHANGEABLE: Mapping[str, Callable[[bytes], tuple[Buffer, bytearray | array.array[int]]]] = {
    "bytearray": lambda data: (owner := bytearray(data), owner),
    "view": lambda data: (memoryview(owner := bytearray(data)), owner),
    "read-only-view": lambda data: (memoryview(owner := bytearray(data)).toreadonly(), owner),
    "every-second-byte": lambda data: (memoryview(owner := bytearray(bytes(2 * len(data))))[::2], owner),
    "view-of-larger-items": lambda data: (memoryview(owner := as_items(data, "I")), owner),
}
"""Ways to hold a multiple of 16 bytes in a buffer whose owner, given beside it, can change them."""


_OTHER = bytes(byte ^ 0xA5 for byte in range(256))


def overwrite(owner: bytearray | array.array[int]) -> None:
    """Change every byte of a buffer that was given to a driver."""
    with memoryview(owner).cast("B") as view:
        view[:] = view.tobytes().translate(_OTHER)


NO_BUFFERS: Mapping[str, object] = {
    "str": "text",
    "empty-str": "",
    "str-beyond-ascii": "\u00e9\u6f22",
    "none": None,
    "number": 5,
    "list": [1, 2, 3],
    "list-of-bytes": [b"content"],
}
"""What is not bytes-like; of some Python would make bytes that nobody meant."""


LINES: Mapping[str, Content] = {
    "line-end-at-the-end": Content.of(b"a\nbc\n\nd\n", repr(b"a\nbc\n\nd\n")),
    "no-line-end-at-the-end": Content.of(b"a\nbc", repr(b"a\nbc")),
    "line-ends-alone": Content.of(b"\n\n\n", repr(b"\n\n\n")),
    "no-line-end": Content.of(b"content", repr(b"content")),
    "returns-and-feeds": Content.of(b"a\r\nb\rc\n\rd", repr(b"a\r\nb\rc\n\rd")),
    "nothing": Content.of(b"", repr(b"")),
    "binary": content(3000, seed=11),
    "line-longer-than-a-buffer": content(10, seed=12) + b"\n" + nuls(1_200_000) + b"\n" + nuls(70_000),
    "line-end-behind-a-buffer": nuls(65_535) + b"\n" + nuls(65_536) + b"\n" + b"end",
}
"""Content by how its lines end; only a line feed ends one."""


def is_too_large(driver: StorageDriver, size: int) -> bool:
    """Whether a file of `size` bytes is larger than the driver declares."""
    return size > (driver.capabilities.limits.largest_file or size)


def need_files_of(driver: StorageDriver, size: int) -> None:
    """Skip the check where a file of `size` bytes is larger than the driver declares."""
    if is_too_large(driver, size):
        pytest.skip("files are not that large, as the driver declares")


def largest_file_of(driver: StorageDriver) -> int:
    """The size of the largest file, in bytes; the check is skipped where it is unknown, or more than a check writes."""
    largest = driver.capabilities.limits.largest_file
    if largest is None or largest > LARGEST_WRITTEN:
        pytest.skip(f"the largest file, {largest or 'known to the backend alone'}, is more than a check writes")
    return largest
