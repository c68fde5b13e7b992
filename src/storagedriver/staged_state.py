"""The object that keeps the state of a staged stream: a line, its header, and then the bytes that were not sent yet."""

from __future__ import annotations

from typing import Protocol

from storagedriver.errors import BackendError

PIECE = 1 << 16
"""Bytes that are read at a time until the header is whole."""


class Readable(Protocol):
    """A reader of the object."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, b"" at the end alone."""
        ...


def read_header(reader: Readable) -> tuple[bytes, bytes]:
    """The header without its end, and what was read beyond it.

    Raises:
        BackendError: The object ends before the header does.
    """
    start = b""
    while b"\n" not in start:
        piece = reader.read(PIECE)
        if not piece:
            raise damaged("it has no header")
        start += piece
    header, _, rest = start.partition(b"\n")
    return header, rest


def damaged(detail: str) -> BackendError:
    """The error for a state that cannot be taken as it is."""
    return BackendError(f"the state of the staged stream is damaged: {detail}")
