"""A transfer that breaks off goes on where it was, and never ends where it failed (READ-7)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storagedriver import BackendError
from storagedriver.resuming import ResumingReader

CONTENT = b"0123456789"


class Body:
    """Gives three bytes at a time from a position on, and breaks off after some reads."""

    def __init__(self, start: int, reads: int) -> None:
        self.position = start
        self.reads = reads
        self.is_closed = False

    def read(self, size: int, /) -> bytes:
        if not self.reads:
            raise ConnectionError("broken off")
        self.reads -= 1
        piece = CONTENT[self.position : self.position + min(size, 3)]
        self.position += len(piece)
        return piece

    def close(self) -> None:
        self.is_closed = True


class Reader(ResumingReader):
    """Whose bodies end after so many reads each; None for a body that cannot be opened."""

    def __init__(self, reads: Sequence[int | None], *, retries: int) -> None:
        super().__init__(0, retries=retries)
        self.waiting = list(reads)
        self.bodies: list[Body] = []
        self._reopen()

    def _reopen(self) -> None:
        reads = self.waiting.pop(0)
        if reads is None:
            raise BackendError("refused")
        self._body = Body(self._position, reads)
        self._remaining = len(CONTENT) - self._position
        self.bodies.append(self._body)

    def _breaks_off(self, failure: Exception) -> bool:
        return isinstance(failure, ConnectionError)


def test_body_that_breaks_off_is_resumed() -> None:
    reader = Reader([1, 1, 9], retries=2)

    assert reader.read_all() == CONTENT
    assert all(body.is_closed for body in reader.bodies)


def test_read_after_a_resumption_that_failed_goes_on() -> None:
    """It is no end that there is nothing to read from."""
    reader = Reader([1, None, 9], retries=2)
    assert reader.read(3) == CONTENT[:3]
    with pytest.raises(BackendError, match="refused"):
        reader.read(3)

    assert reader.read(3) == CONTENT[3:6]
    assert reader.read_all() == CONTENT[6:]


def test_each_read_fails_once_no_retry_is_left() -> None:
    reader = Reader([1, 1], retries=1)
    assert reader.read(3) + reader.read(3) == CONTENT[:6]

    for _ in range(2):
        with pytest.raises(BackendError, match="broke off at byte 6"):
            reader.read(3)


def test_end_is_the_end() -> None:
    reader = Reader([9], retries=0)
    assert reader.read(10) + reader.read(10) + reader.read(10) + reader.read(10) == CONTENT

    assert [reader.read(3), reader.read(3)] == [b"", b""]
