"""The content of a file as a raw stream, for io.BufferedReader."""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from storagedriver.errors import BackendError

if TYPE_CHECKING:
    from typing_extensions import Buffer

_Wanted = TypeVar("_Wanted")
_Got = TypeVar("_Got")

_PIECE = 1 << 20
"""Bytes that a read to the end asks for at a time."""


class ContentStream(io.RawIOBase):
    """A raw stream that stays failed: once a read has failed, each further one does (READ-7).

    io.BufferedReader drops what it has got already where a read fails in its middle. Who went on reading would miss that,
    and come to the end without knowing.
    """

    def __init__(self, driver_name: str, path: str) -> None:
        """Begin.

        Args:
            driver_name: The driver's, for errors.
            path: What is read, as the caller named it.
        """
        super().__init__()
        self._driver_name = driver_name
        self._path = path
        self._failure: str | None = None

    @abstractmethod
    def _fetch(self, size: int) -> bytes:
        """At most `size` bytes; b"" at the end alone. Raises the driver's errors."""

    def _fetch_into(self, view: memoryview) -> int:
        """Fill what there is of `view`; 0 at the end alone. Raises the driver's errors."""
        data = self._fetch(len(view))
        view[: len(data)] = data
        return len(data)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill what there is of `buffer`; 0 at the end alone."""
        return self._unless_failed(self._fetch_into, memoryview(buffer).cast("B"))

    def readall(self) -> bytes:
        """All that is left. The inherited one asks for 8 KiB each time."""
        return b"".join(iter(lambda: self._unless_failed(self._fetch, _PIECE), b""))

    def _unless_failed(self, fetch: Callable[[_Wanted], _Got], wanted: _Wanted) -> _Got:
        if self.closed:
            raise ValueError("read of a closed reader")
        if self._failure is not None:
            detail = f"a read failed before, and what it had got is lost: {self._failure}"
            raise BackendError(detail).located(self._driver_name, self._path)
        try:
            return fetch(wanted)
        except BaseException as failure:
            # As text: it would hold its frames, and they the content.
            self._failure = f"{type(failure).__name__}: {failure}"
            raise
