"""Reading a blob in pieces that are all of one version, and never shorter than the blob (READ-7)."""

from __future__ import annotations

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.azure.blobs import BlobHead, Container, Piece
from storagedriver_drivers.azure.errors import HttpResponseError, is_absent, status

WHOLE = 32 << 20
"""Bytes of the pieces in which a whole content is read."""

_ATTEMPTS = 5


class BlobReader:
    """The bytes of a blob from an offset on, in pieces. No connection is held between two of them.

    Attributes:
        head: Of the blob that is read; the ETag holds all pieces to this very one.
    """

    def __init__(
        self, container: Container, name: str, offset: int = 0, *, piece: int, etag: str | None = None
    ) -> None:
        """Read the first piece, of at most `piece` bytes as all others.

        Raises:
            PathNotFoundError: There is no such blob, or it is a directory's marker.
        """
        self._container = container
        self._name = name
        self._piece = piece
        self._buffer = memoryview(b"")
        first = container.get(name, offset, piece, etag=etag)
        if first is None:
            # The blob ends at or before the offset (READ-2).
            head = container.head(name)
            if head is None:
                raise PathNotFoundError
            if offset < head.size:
                raise BackendError(f"bytes from {offset} on were refused, of a file of {head.size}")
            self.head = head
            self._position = head.size
        else:
            self.head = first.head
            self._position = offset
            self._take(first)
        if self.head.is_folder:
            raise PathNotFoundError
        require_whole(self.head)

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end alone."""
        if not self._buffer and self._position < self.head.size:
            self._take(self._next())
        data = bytes(self._buffer[:size])
        self._buffer = self._buffer[size:]
        return data

    def close(self) -> None:
        """Let the piece go."""
        self._buffer = memoryview(b"")
        self._position = self.head.size

    def _take(self, piece: Piece) -> None:
        if not piece.data and self._position < self.head.size:
            raise BackendError(f"the content broke off at byte {self._position}")
        self._position += len(piece.data)
        self._buffer = memoryview(piece.data)

    def _next(self) -> Piece:
        try:
            piece = self._container.get(self._name, self._position, self._piece, etag=self.head.etag)
        except HttpResponseError as error:
            if is_absent(error) or status(error) == 412:
                raise BackendError(replaced(self._position)) from error
            raise
        if piece is None:
            raise BackendError(replaced(self._position))
        return piece


def read_all(container: Container, name: str, *, etag: str | None = None) -> tuple[bytes, BlobHead]:
    """The whole content of one version. Where it is replaced meanwhile it is read again, unless `etag` is given."""
    for attempt in range(_ATTEMPTS):
        reader = BlobReader(container, name, piece=WHOLE, etag=etag)
        try:
            return b"".join(iter(lambda: reader.read(WHOLE), b"")), reader.head  # noqa: B023  used up within the round
        except BackendError as error:
            if etag or attempt == _ATTEMPTS - 1 or status(error.__cause__ or error) != 412:  # type: ignore[arg-type]
                raise
    raise AssertionError("unreachable")


def require_whole(head: BlobHead) -> None:
    """Return if the blob is not one that a copy leaves unfinished.

    Raises:
        BackendError: It is.
    """
    if not head.is_whole:
        raise BackendError(f"the copy that was to make this file is {head.copy_status}")


def replaced(position: int) -> str:
    """What is said when a file goes on as another one."""
    return f"the file was replaced or deleted while it was read, at {position}"
