"""Drivers of an object store that take its keys for a tree, as they were written against S3. moto is their server."""

from __future__ import annotations

import gzip
from collections.abc import Iterable

from mutants.model import mutant
from storagedriver import FileInfo, PathNotFoundError, paths
from storagedriver.base import Upload
from storagedriver.key_layout import KeyLayout
from storagedriver.multipart_upload import MultipartUpload
from storagedriver_drivers.oss.driver import OSSDriver
from storagedriver_drivers.s3 import copying, deletion
from storagedriver_drivers.s3.driver import S3Driver
from storagedriver_drivers.s3.errors import ClientError, code
from storagedriver_drivers.s3.parts import GONE


class PrefixesWithoutSlash(KeyLayout):
    """Asks for what begins like a path, and not for what lies below it."""

    def prefix(self, path: str) -> str:
        return super().prefix(path).rstrip("/")


@mutant("DEL-2", rows=("B54",), bug="what is listed to be deleted begins like the path")
class DeletesByPrefix(S3Driver):
    def _delete(self, path: str) -> None:
        deletion.delete(self._bucket, PrefixesWithoutSlash(self._layout.root), path)


@mutant(
    "DEL-1",
    rows=("B57",),
    server="minio",
    bug="of each page what lies below is deleted, also where that is nothing",
)
class BatchOfEachPage(S3Driver):
    def _delete(self, path: str) -> None:
        self._stat(path)
        key, prefix = self._layout.key(path), self._layout.prefix(path)
        deletion.end_streams(self._bucket, self._layout, path)
        for page in list(self._bucket.pages(key)):
            keys = [entry["Key"] for entry in page.get("Contents", [])]
            batch = [{"Key": each} for each in keys if each == key or each.startswith(prefix)]
            self._bucket.client.delete_objects(Bucket=self._bucket.name, Delete={"Objects": batch})  # type: ignore[typeddict-item]


@mutant("FOR-1", rows=("B45",), bug="the marker of a directory is a file in it, of no name")
class MarkerIsAFile(S3Driver):
    def _list(self, path: str) -> Iterable[str]:
        own = self._layout.prefix(path)
        marked = own and self._bucket.head(own) is not None
        return [*super()._list(path), *([f"{path}/"] if marked and path != paths.ROOT else [])]


@mutant("STAT-2", rows=("B39",), bug="a directory is what has files of its own")
class DirectoriesOfDirectoriesAreMissing(S3Driver):
    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        if info.is_dir and path != paths.ROOT:
            pages = self._bucket.pages(self._layout.prefix(path), delimiter="/")
            if not any(page.get("Contents") for page in pages):
                raise PathNotFoundError
        return info


@mutant(
    "FOR-1",
    rows=("B45",),
    server="minio",
    bug="a marker of a directory is known by its emptiness: one with content is a file of no name",
)
class MarkerWithContentIsAFile(S3Driver):
    def _list(self, path: str) -> Iterable[str]:
        own = self._layout.prefix(path)
        marker = self._bucket.head(own) if own else None
        return [*super()._list(path), *([f"{path}/"] if marker is not None and marker.size else [])]


@mutant("FOR-1", bug="what another tool says is compressed is unpacked as it is got")
class EncodedContentIsUnpacked(S3Driver):
    def _get_content(self, path: str) -> bytes:
        content = super()._get_content(path)
        told = self._bucket.client.head_object(Bucket=self._bucket.name, Key=self._layout.key(path))
        return gzip.decompress(content) if told.get("ContentEncoding") == "gzip" else content


@mutant("LIST-3", bug="that a name comes as a file and as a directory is noticed within a page alone")
class OneNameOnTwoPages(OSSDriver):
    """MinIO has no such names."""

    def _list(self, path: str) -> Iterable[str]:
        prefix = self._layout.prefix(path)
        found: list[str] = []
        for page in self._bucket.pages(prefix, delimiter="/"):
            names = {entry.key.removeprefix(prefix) for entry in page.entries}
            names |= {group.removeprefix(prefix).rstrip("/") for group in page.prefixes}
            found += [paths.join(path, name) for name in names if paths.is_component(name)]
        if not found and path != paths.ROOT:
            raise PathNotFoundError
        return found


@mutant("CONF-3", bug="the size of a staged stream is that of this driver's chunks, not of those that it was staged in")
class StagesAreOfItsOwnChunks(S3Driver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        assert isinstance(upload, MultipartUpload)
        if append and upload._state is not None:
            upload._chunks._sent = len(upload._chunks.parts) * self._parameters.chunksize
        return upload


class Streaming(S3Driver):
    """Writes by uploads of its own."""

    Stream: type[MultipartUpload] = MultipartUpload

    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        assert isinstance(upload, MultipartUpload)
        upload.__class__ = self.Stream
        return upload


class CompletesWithoutParts(MultipartUpload):
    """Begins an upload in parts for whatever it is given."""

    def commit(self) -> None:
        if self.size == 0:
            self._target.begin(self._mark).complete([])
        else:
            super().commit()


@mutant("WRITE-9", rows=("B14",), bug="an upload of no parts is completed, which the server refuses")
class NoPartsAreCompleted(Streaming):
    Stream = CompletesWithoutParts


@mutant("MOVE-4", rows=("B67",), bug="the parts of a copy name their source without the root")
class PartsOfAnotherSource(S3Driver):
    def _move(self, source: str, dest: str) -> None:
        head = self._bucket.head(self._layout.key(source))
        if head is None or head.size <= self._parameters.multipartcopythresholdsize:
            super()._move(source, dest)
            return
        rootless = source.lstrip("/")
        copying.copy(self._bucket, rootless, self._layout.key(dest), head, self._parameters)
        self._bucket.remove(self._layout.key(source))


class _AnyOfItsMarkIsOwn(MultipartUpload):
    def commit(self) -> None:
        self._maybe_completed = True
        super().commit()


@mutant(
    "WRITE-8",
    server="minio",
    bug="an object that another writer made of the same stage is taken for one's own, with the answer lost",
)
class AnyContinuationIsOwn(Streaming):
    Stream = _AnyOfItsMarkIsOwn


class _GoneIsDone(MultipartUpload):
    def commit(self) -> None:
        try:
            super().commit()
        except ClientError as error:
            if code(error) != GONE or self._target.head() is None:
                raise


@mutant("WRITE-8", bug="an upload that is gone, where a file is, was committed already: whatever file that is")
class GoneUploadIsDone(Streaming):
    Stream = _GoneIsDone
