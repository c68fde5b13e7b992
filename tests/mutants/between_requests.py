"""Drivers of servers that are right as long as nobody else changes anything between two of their requests."""

from __future__ import annotations

from collections.abc import Iterable
from unittest import mock

from mutants.http_store import HttpStoreDriver
from mutants.model import mutant
from storagedriver import FileInfo
from storagedriver_drivers.s3 import copying, multipart
from storagedriver_drivers.s3.driver import S3Driver

_COPIED_PART = multipart.Multipart.copied_part


def _of_whatever_is_there(upload: multipart.Multipart, number: int, source: str, etag: str, *span: int) -> str:
    head = upload.bucket.head(source)
    return _COPIED_PART(upload, number, source, etag if head is None else head.etag, *span)


@mutant("CONC-2", bug="the parts of a copy are taken from whatever is at the source by then")
class CopiesWhateverIsThere(S3Driver):
    """MinIO is its server."""

    def _move(self, source: str, dest: str) -> None:
        with (
            mock.patch.object(multipart.Multipart, "copied_part", _of_whatever_is_there),
            mock.patch.object(copying, "require_same"),
        ):
            super()._move(source, dest)


@mutant("CONC-2", bug="a get asks for the size first, and takes so many bytes of what is there by then")
class SizeBeforeContent(HttpStoreDriver):
    def _get_content(self, path: str) -> bytes:
        size = self._stat(path).size
        return super()._get_content(path)[:size]


@mutant("CONC-2", bug="a file that goes between the pages of a walk ends it with PathNotFoundError")
class WalkMeetsAGap(HttpStoreDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        for child in super()._list(path):
            yield self._stat(child)


@mutant("CONC-2", bug="a put over a file appends to what was cut to nothing before")
class CutsThenAppends(HttpStoreDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, b"")
        self.ask("POST", f"/object{path}", content)
