"""A stream that is held in a local temporary file until it is committed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import BinaryIO

from storagedriver.base import ByteSource

_IN_MEMORY = 1 << 20
_PIECE = 1 << 20


class SpooledUpload:
    """An Upload in bounded memory: more than a mebibyte goes to a file of this machine, which has no name.

    fsspec has no way to stage a stream that every filesystem keeps: some write in place, and what transactions promise
    differs. So nothing reaches the filesystem before commit(), and nothing of it outlives this process.
    """

    def __init__(self, publish: Callable[[BinaryIO, int], object], content: ByteSource | None = None) -> None:
        """Begin a stream.

        Args:
            publish: Called at commit with the whole stream, at its start, and its size; makes it the file.
            content: What the stream continues; it is read and closed.
        """
        self._publish = publish
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  closed by suspend and discard
        if content is not None:
            try:
                while piece := content.read(_PIECE):
                    self._file.write(piece)
            except BaseException:
                self._file.close()
                raise
            finally:
                content.close()
        self._size = self._file.tell()

    @property
    def size(self) -> int:
        return self._size

    def write(self, data: memoryview, /) -> None:
        self._file.write(data)
        self._size += len(data)

    def commit(self) -> None:
        self._file.seek(0)
        self._publish(self._file, self._size)  # type: ignore[arg-type]  # a spooled file has what a BinaryIO needs
        self._file.close()

    def suspend(self) -> None:
        self._file.close()

    def discard(self) -> None:
        self._file.close()
