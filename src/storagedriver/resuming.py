"""A reader that goes on where a transfer broke off, so that it is never shorter than its content (READ-7)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from storagedriver.errors import BackendError

PIECE = 1 << 20
"""Bytes that are read at a time of all that is left."""

SKIP = 1 << 16
"""Bytes that are read at a time of what is dropped."""


class Body(Protocol):
    """What is left of an answer."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at its end, whether or not all has come."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


class TransferPosition:
    """Where a transfer is that may begin anew: the position in the file, how much remains, and what to skip."""

    def __init__(self, position: int, *, retries: int) -> None:
        """Begin at byte `position`.

        Args:
            position: From the start of the file, in bytes.
            retries: How many times a body may be opened anew.
        """
        self._position = position
        self._retries = retries
        self._remaining: int | None = None
        self._skip = 0

    def _asked(self, size: int) -> int:
        """How many bytes of the body to ask for, where the caller asks for `size`."""
        return min(self._skip, SKIP) if self._skip else size

    def _begins_at(self, *, partial: bool, content_range: str) -> None:
        """Take note of where the body that was just opened begins.

        Args:
            partial: Whether the server says that it is a part of the content (status 206).
            content_range: The server's header of that name.

        Raises:
            BackendError: It begins elsewhere than asked for.
        """
        self._skip = 0
        if not self._position:
            return
        if not partial:
            # The server does not know ranges and sends everything: what lies before the position is dropped.
            self._skip = self._position
        elif not content_range.startswith(f"bytes {self._position}-"):
            raise BackendError(f"bytes from {self._position} on were asked for, and other ones sent")


class ResumingReader(TransferPosition, ABC):
    """The bytes of one version of a file from a position on; a body that breaks off is resumed, a bounded number of times.

    It is a ByteSource. Subclasses open the body.
    """

    def __init__(self, position: int, *, retries: int) -> None:
        """Begin at byte `position`, without a body yet: a reader without one is at its end.

        Args:
            position: From the start of the file, in bytes.
            retries: How many times a body may be opened anew.
        """
        super().__init__(position, retries=retries)
        self._body: Body | None = None
        self._is_broken = False

    @abstractmethod
    def _reopen(self) -> None:
        """Set the body anew, from the position on, and what is known of it: how much remains, and what to skip.

        What says that the file is another one by now becomes an error that says so.
        """

    @abstractmethod
    def _breaks_off(self, failure: Exception) -> bool:
        """Whether a failure to read the body is one of the connection, after which the rest can be asked for."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end alone."""
        if self._is_broken:
            # The last read failed: that there is no body since then is no end.
            self._resume(None)
        while self._body is not None:
            try:
                data = self._body.read(self._asked(size))
            except Exception as failure:
                if not self._breaks_off(failure):
                    raise
                self._resume(failure)
                continue
            if self._remaining is not None:
                self._remaining -= len(data)
            if not data:
                if self._remaining:
                    self._resume(None)
                    continue
                return b""
            if self._skip:
                self._skip -= len(data)
                continue
            self._position += len(data)
            return data
        return b""

    def read_all(self) -> bytes:
        """All that is left; closes."""
        try:
            return b"".join(iter(lambda: self.read(PIECE), b""))
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back, also before the end."""
        body, self._body = self._body, None
        if body is not None:
            body.close()

    def _resume(self, failure: Exception | None) -> None:
        self.close()
        self._is_broken = True
        if not self._retries:
            raise BackendError(f"the content broke off at byte {self._position}") from failure
        self._retries -= 1
        self._reopen()
        self._is_broken = False
