"""An upload for backends that take a file whole: the simplest that a driver can return."""

from __future__ import annotations

from collections.abc import Callable


class BufferedUpload:
    """An Upload that holds the stream in memory until it is committed.

    For small drivers and small files: memory grows with the file, so a driver whose files outlive the process writes
    an Upload of its own that stages elsewhere (WRITE-7). What is closed without a commit is discarded; a driver with
    capability resumable_writes keeps it (WRITE-10).
    """

    def __init__(self, publish: Callable[[bytes], object], content: bytes = b"") -> None:
        """Begin a stream.

        Args:
            publish: Called at commit with the whole content; makes it the file.
            content: What the stream continues; with append, the committed content.
        """
        self._publish = publish
        self._content = bytearray(content)

    @property
    def size(self) -> int:
        """Bytes from the start of the file (WRITE-4)."""
        return len(self._content)

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`."""
        self._content += data

    def commit(self) -> None:
        """Publish, whole."""
        self._publish(bytes(self._content))

    def suspend(self) -> None:
        """Discard the stream."""
        self._content.clear()

    def discard(self) -> None:
        """Discard the stream."""
        self._content.clear()
