"""A reader that goes on where a transfer broke off or was interrupted, for asynchronous drivers (READ-7)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from storagedriver.errors import BackendError
from storagedriver.resuming import PIECE, TransferPosition


class AsyncBody(Protocol):
    """What is left of an answer."""

    async def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at its end, whether or not all has come."""
        ...

    async def aclose(self) -> None:
        """Give the connection back."""
        ...


class AsyncResumingReader(TransferPosition, ABC):
    """The bytes of one version of a file from a position on; a body that breaks off is resumed, a bounded number of times.

    It is an AsyncByteSource. Subclasses open the body.
    """

    def __init__(self, position: int, *, retries: int) -> None:
        """Begin at byte `position`, without a body yet: the first read opens it, unless the subclass does before.

        Args:
            position: From the start of the file, in bytes.
            retries: How many times a body may be opened anew.
        """
        super().__init__(position, retries=retries)
        self._body: AsyncBody | None = None
        self._has_ended = False
        self._failure: Exception | None = None

    @abstractmethod
    async def _reopen(self) -> None:
        """Set the body anew, from the position on, and what is known of it: how much remains, and what to skip.

        What says that the file is another one by now becomes an error that says so.
        """

    @abstractmethod
    def _breaks_off(self, failure: Exception) -> bool:
        """Whether a failure to read the body is one of the connection, after which the rest can be asked for."""

    async def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end alone."""
        while not self._has_ended:
            if self._body is None:
                # Also after a resumption that failed, or was interrupted: the next read must not take that for the end.
                await self._resume()
                continue
            try:
                data = await self._body.read(self._asked(size))
            except Exception as failure:
                if not self._breaks_off(failure):
                    raise
                await self._break_off(failure)
                continue
            if self._remaining is not None:
                self._remaining -= len(data)
            if not data:
                if self._remaining:
                    await self._break_off(None)
                    continue
                self._has_ended = True
            elif self._skip:
                self._skip -= len(data)
            else:
                self._position += len(data)
                return data
        return b""

    async def read_all(self) -> bytes:
        """All that is left; closes."""
        try:
            pieces = []
            while piece := await self.read(PIECE):
                pieces.append(piece)
            return b"".join(pieces)
        finally:
            await self.close()

    async def close(self) -> None:
        """Give the connection back, also before the end."""
        self._has_ended = True
        await self._let_go()

    async def _let_go(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            await body.aclose()

    async def _break_off(self, failure: Exception | None) -> None:
        self._failure = failure
        await self._let_go()

    async def _resume(self) -> None:
        if not self._retries:
            raise BackendError(f"the content broke off at byte {self._position}") from self._failure
        self._retries -= 1
        await self._reopen()
