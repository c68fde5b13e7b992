"""Reading an object as a stream that is never shorter than the object (READ-7), nor a mix of two versions (CONT-6)."""

from __future__ import annotations

import time

from storagedriver.errors import BackendError
from storagedriver.replacement import begun_anew
from storagedriver.resuming import ResumingReader
from storagedriver_drivers.swift.errors import TRANSFER_FAILURES, AbsentError, AnswerError
from storagedriver_drivers.swift.objects import SEGMENT_MISSING, Container, head_of
from storagedriver_drivers.swift.session import Stream

_REOPENED = 10
_PAUSE = 0.05


class ReplacedError(Exception):
    """The file was replaced or deleted while it was read."""


def is_replaced(error: Exception) -> bool:
    """Whether an error is that."""
    return isinstance(error, ReplacedError)


class ObjectReader(ResumingReader):
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
        super().__init__(offset, retries=container.session.retries)
        self.etag = etag
        self._container = container
        self._key = key
        self._end = end
        self._open_first()

    def _open_first(self) -> None:
        for attempt in range(_REOPENED):
            try:
                self._open()
                if self._body is None:
                    self._require_a_file()
                return
            except AnswerError as error:
                # The first segment is gone: a new manifest has taken the place of the one that was asked for.
                if error.status != SEGMENT_MISSING:
                    raise
                if attempt == _REOPENED - 1:
                    raise BackendError("a segment of the file is missing") from error
            time.sleep(_PAUSE)

    def _require_a_file(self) -> None:
        # What is said of an offset beyond the end is said of a directory's marker as well.
        head = self._container.head(self._key)
        if head is None or head.is_marker:
            raise AbsentError("GET of a directory's marker", 404)

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
        self._begins_at(partial=body.status == 206, content_range=body.headers.get("content-range", ""))

    def _reopen(self) -> None:
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
            raise ReplacedError

    def _breaks_off(self, failure: Exception) -> bool:
        return isinstance(failure, TRANSFER_FAILURES)


def read_whole(container: Container, key: str) -> bytes:
    """The whole content; read anew if the file is replaced meanwhile.

    Raises:
        AbsentError: There is no such object.
        ReplacedError: It was replaced again and again.
    """
    return begun_anew(lambda: ObjectReader(container, key).read_all(), is_replaced)
