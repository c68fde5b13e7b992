"""Reading an object as a stream that is never shorter than the object (READ-7), nor a mix of two versions (CONT-6)."""

from __future__ import annotations

import re
import time

from storagedriver.errors import BackendError
from storagedriver_drivers.swift.errors import TRANSFER_FAILURES, AbsentError, AnswerError
from storagedriver_drivers.swift.objects import SEGMENT_MISSING, Container, head_of
from storagedriver_drivers.swift.session import Stream

_PIECE = 1 << 20
_SKIP = 1 << 16
_REOPENED = 10
_PAUSE = 0.05


class ReplacedError(Exception):
    """The file was replaced or deleted while it was read."""


class ObjectReader:
    """The bytes of an object from an offset, or between two. A body that breaks off is resumed, a bounded number of times.

    Attributes:
        etag: Of the object that is read; a resumed read goes on in this very one. It is compared here, as not every
            server compares If-Match with the ETag that it shows of a manifest.
    """

    def __init__(
        self, container: Container, key: str, offset: int = 0, *, end: int | None = None, etag: str = ""
    ) -> None:
        """Open the object.

        Raises:
            AbsentError: There is none, or it marks a directory.
            ReplacedError: It is not the one of this ETag.
        """
        self.etag = etag
        self._container = container
        self._key = key
        self._position = offset
        self._end = end
        self._retries = container.session.retries
        self._body: Stream | None = None
        self._remaining: int | None = None
        self._skip = 0
        self._open_first()

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end alone."""
        while self._body is not None:
            try:
                data = self._body.read(min(self._skip, _SKIP) if self._skip else size)
            except TRANSFER_FAILURES as failure:
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
            return b"".join(iter(lambda: self.read(_PIECE), b""))
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back, also before the end."""
        body, self._body = self._body, None
        if body is not None:
            body.close()

    def _open_first(self) -> None:
        for attempt in range(_REOPENED):
            try:
                self._open()
                return
            except AnswerError as error:
                # The first segment is gone: a new manifest has taken the place of the one that was asked for.
                if error.status != SEGMENT_MISSING:
                    raise
                if attempt == _REOPENED - 1:
                    raise BackendError("a segment of the file is missing") from error
            time.sleep(_PAUSE)

    def _open(self) -> None:
        body = self._container.open(self._key, start=self._position, end=self._end)
        self._body = body
        if body is None:
            return
        try:
            self._settle(body)
        except BaseException:
            self.close()
            raise

    def _settle(self, body: Stream) -> None:
        head = head_of({"content-length": "0", **body.headers})
        if body.headers.get("content-type") == "application/directory" and not head.size:
            raise AbsentError("GET of a directory's marker", 404)
        if self.etag and head.etag != self.etag:
            raise ReplacedError
        self.etag = head.etag
        length = body.headers.get("content-length", "")
        self._remaining = int(length) if length.isdigit() else None
        self._skip = 0
        if not self._position:
            return
        if body.status != 206:
            # The server does not know ranges and sends everything: what lies before the offset is dropped.
            self._skip = self._position
        elif not re.match(rf"bytes {self._position}-", body.headers.get("content-range", "")):
            raise BackendError(f"bytes from {self._position} on were asked for, and other ones sent")

    def _resume(self, failure: Exception | None) -> None:
        self.close()
        if not self._retries:
            raise BackendError(f"the content broke off at byte {self._position}") from failure
        self._retries -= 1
        try:
            self._open()
        except AbsentError as error:
            raise ReplacedError from error
        except AnswerError as error:
            if error.status == SEGMENT_MISSING:
                raise ReplacedError from error
            raise
        if self._body is None and self._remaining:
            # It ends before where it broke off.
            raise ReplacedError from failure


def read_whole(container: Container, key: str) -> bytes:
    """The whole content; read anew if the file is replaced meanwhile.

    Raises:
        AbsentError: There is no such object.
        ReplacedError: It was replaced again and again.
    """
    for attempt in range(_REOPENED):
        try:
            return ObjectReader(container, key).read_all()
        except ReplacedError:
            if attempt == _REOPENED - 1:
                raise
    raise AssertionError("unreachable")
