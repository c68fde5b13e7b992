"""The oss driver."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload, put_by_upload
from storagedriver.driver import Capabilities, FileInfo, Limits
from storagedriver.errors import (
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
)
from storagedriver.expiry import LONGEST_EXPIRY, seconds_valid
from storagedriver.key_layout import KeyLayout
from storagedriver.multipart_upload import MultipartUpload, continued, end_stage
from storagedriver_drivers.oss import copying, deletion, listing
from storagedriver_drivers.oss.client import credentials_of, make_client, redaction, sdk
from storagedriver_drivers.oss.errors import translate
from storagedriver_drivers.oss.multipart import LIMIT
from storagedriver_drivers.oss.objects import Bucket
from storagedriver_drivers.oss.parameters import LONGEST_KEY, OSSParameters, check_combinations
from storagedriver_drivers.oss.reading import ObjectReader
from storagedriver_drivers.oss.target import ObjectTarget

_PRESIGNED: dict[str, Any] = {"GET": sdk.GetObjectRequest, "HEAD": sdk.HeadObjectRequest}


class OSSDriver(BaseDriver):
    """Files as plain objects: the key is the root directory and the path. Safe between threads, not across a fork."""

    name = "oss"
    Parameters = OSSParameters

    def __init__(self, parameters: OSSParameters) -> None:
        """Make the client; no request is made.

        Raises:
            ParameterError: Parameters contradict each other, or there are no keys.
        """
        check_combinations(parameters)
        credentials = credentials_of(parameters)
        self._parameters = parameters
        self._layout = KeyLayout(parameters.rootdirectory)
        self.capabilities = _capabilities(parameters, self._layout)
        self._redaction = redaction(credentials)
        try:
            with self.translated(None):
                self._bucket = Bucket(make_client(parameters, credentials), parameters)
        except BaseException:
            self._redaction.close()
            raise

    def close(self) -> None:
        self._bucket.client.close()
        self._redaction.close()

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        return translate(error)

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        return ObjectReader(self._bucket, self._layout.key(path)).read_all()

    def _put_content(self, path: str, content: bytes) -> None:
        if len(content) <= self._parameters.chunksize:
            self._bucket.put(self._layout.key(path), content)
            return
        put_by_upload(self._upload(path), content)

    def _reader(self, path: str, offset: int) -> ByteSource:
        return ObjectReader(self._bucket, self._layout.key(path), offset)

    def _writer(self, path: str, *, append: bool) -> Upload:
        target = self._target(path)
        if append:
            return continued(target, chunk_size=self._parameters.chunksize)
        end_stage(target)
        return self._upload(path)

    def _stat(self, path: str) -> FileInfo:
        if path != paths.ROOT:
            head = self._bucket.head(self._layout.key(path))
            if head is not None:
                return FileInfo(path, head.size, head.modified, is_dir=False)
            if not self._bucket.holds(self._layout.prefix(path)):
                raise PathNotFoundError
        return FileInfo(path, 0, None, is_dir=True)

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in self._scan(path)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        return listing.children(self._bucket, self._layout.prefix(path), path)

    def _move(self, source: str, dest: str) -> None:
        source_key, dest_key = self._layout.key(source), self._layout.key(dest)
        head = self._bucket.head(source_key)
        if head is None:
            if self._bucket.holds(self._layout.prefix(source)):
                raise UnsupportedMethodError("move of a directory")
            raise PathNotFoundError
        if self._bucket.holds(self._layout.prefix(dest)) and self._bucket.head(dest_key) is None:
            raise PathConflictError("a directory is there", path=dest)
        copying.copy(self._bucket, source_key, dest_key, head, self._parameters)
        self._bucket.remove(source_key)

    def _delete(self, path: str) -> None:
        deletion.delete(self._bucket, self._layout, path)

    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        kind = _PRESIGNED.get(method)
        if kind is None:
            return None
        seconds = seconds_valid(expires)
        # Whole seconds, and never longer than asked for: the SDK cuts what remains of them when it signs a moment later.
        lasts = min(int(seconds) + 0.5, LONGEST_EXPIRY)
        request = kind(bucket=self._bucket.name, key=self._layout.key(path))
        return str(self._bucket.api.presign(request, expires=timedelta(seconds=lasts)).url)

    def _upload(self, path: str) -> MultipartUpload:
        return MultipartUpload(self._target(path), chunk_size=self._parameters.chunksize)

    def _target(self, path: str) -> ObjectTarget:
        return ObjectTarget(
            self._bucket,
            self._layout.key(path),
            self._layout.state_key(path),
            self._parameters.multipartcopymaxconcurrency,
        )


def _capabilities(parameters: OSSParameters, layout: KeyLayout) -> Capabilities:
    return Capabilities(
        append=True,
        atomic_put=True,
        atomic_write=True,
        resumable_writes=True,
        eager_open=True,
        consistent_list=True,
        redirect=True,
        shared=True,
        limits=Limits(
            longest_path=min(Limits().longest_path, LONGEST_KEY - layout.overhead()),
            largest_file=LIMIT.most * parameters.chunksize,
            chunk_size=parameters.chunksize,
            copy_size=parameters.multipartcopythresholdsize,
            list_page=parameters.listpage,
        ),
    )
