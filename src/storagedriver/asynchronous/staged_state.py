"""The header of a staged stream's state, for asynchronous drivers; see `storagedriver.staged_state`."""

from __future__ import annotations

from typing import Protocol

from storagedriver.staged_state import PIECE, damaged

__all__ = ["AsyncReadable", "damaged", "read_header"]


class AsyncReadable(Protocol):
    """A reader of the object."""

    async def read(self, size: int, /) -> bytes:
        """At most `size` bytes, b"" at the end alone."""
        ...


async def read_header(reader: AsyncReadable) -> tuple[bytes, bytes]:
    """The header without its end, and what was read beyond it.

    Raises:
        BackendError: The object ends before the header does.
    """
    start = b""
    while b"\n" not in start:
        piece = await reader.read(PIECE)
        if not piece:
            raise damaged("it has no header")
        start += piece
    header, _, rest = start.partition(b"\n")
    return header, rest
