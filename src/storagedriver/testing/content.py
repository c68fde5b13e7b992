"""Content that can be made again from a few words, so that a failure of megabytes prints as a line."""

from __future__ import annotations

import functools
import random
from typing import SupportsIndex, overload

from storagedriver.driver import StorageDriver

DEFAULT_CHUNK = 64 * 1024
"""What the suites cut streams around for a driver that declares no chunk size, in bytes."""

BOUNDARY_SIZES = ("0", "1", "chunk-1", "chunk", "chunk+1", "2*chunk-1", "2*chunk", "2*chunk+1")
"""Sizes at which drivers change their behaviour, in words that `size_of` turns into bytes."""


class Content(bytes):
    """Bytes that know the Python expression they came from.

    Attributes:
        expression: Makes the same bytes, with the standard library's `random` imported.
    """

    expression: str

    @classmethod
    def of(cls, data: bytes, expression: str) -> Content:
        """`data`, known as `expression`."""
        made = cls(data)
        made.expression = expression
        return made

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> Content: ...
    def __getitem__(self, key: SupportsIndex | slice) -> int | Content:
        if not isinstance(key, slice):
            return super().__getitem__(key)
        bounds = ":".join("" if bound is None else str(bound) for bound in (key.start, key.stop))
        step = "" if key.step is None else f":{key.step}"
        return Content.of(super().__getitem__(key), f"({self.expression})[{bounds}{step}]")

    def __add__(self, other: bytes) -> Content:  # type: ignore[override]  # bytes are what is added here
        return Content.of(super().__add__(other), f"{self.expression} + {expression_of(other)}")


@functools.lru_cache(maxsize=8)  # Checks that follow each other use the same few, and megabytes take their time.
def content(size: int, seed: int = 0) -> Content:
    """`size` random bytes, the same for the same `seed`; different seeds differ from the first bytes on."""
    return Content.of(random.Random(seed).randbytes(size), f"random.Random({seed}).randbytes({size})")  # noqa: S311  reproducible, not secret


def expression_of(data: bytes) -> str:
    """A Python expression that makes `data`."""
    return data.expression if isinstance(data, Content) else repr(bytes(data))


def chunk_size(driver: StorageDriver) -> int:
    """The size in bytes that the suites cut streams around for this driver."""
    return driver.capabilities.limits.chunk_size or DEFAULT_CHUNK


def size_of(words: str, driver: StorageDriver) -> int:
    """The size in bytes that `words` mean for `driver`: "0", "chunk-1", "2*chunk+1"."""
    factor, _, rest = words.partition("chunk") if "chunk" in words else ("", "", "")
    if "chunk" not in words:
        return int(words)
    return (int(factor.rstrip("*")) if factor else 1) * chunk_size(driver) + (int(rest) if rest else 0)
