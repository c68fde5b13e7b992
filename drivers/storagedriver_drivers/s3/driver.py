"""The s3 driver."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload, put_by_upload
from storagedriver.driver import FileInfo
from storagedriver.errors import PathConflictError, PathNotFoundError, StorageDriverError, UnsupportedMethodError
from storagedriver.key_layout import KeyLayout
from storagedriver.multipart_upload import MultipartUpload, continued, end_stage
from storagedriver_drivers.s3 import copying, deletion, listing
from storagedriver_drivers.s3.claims import capabilities
from storagedriver_drivers.s3.client import make_client
from storagedriver_drivers.s3.configuration import redaction
from storagedriver_drivers.s3.errors import translate
from storagedriver_drivers.s3.objects import Bucket
from storagedriver_drivers.s3.parameters import S3Parameters, check_combinations
from storagedriver_drivers.s3.presigning import PRESIGNED, whole_seconds
from storagedriver_drivers.s3.reading import ObjectReader
from storagedriver_drivers.s3.target import ObjectTarget


class S3Driver(BaseDriver):
    """Files as plain objects: the key is the root directory and the path. Safe between threads, not across a fork."""

    name = "s3"
    Parameters = S3Parameters

    def __init__(self, parameters: S3Parameters) -> None:
        """Make the client; no request is made.

        Raises:
            ParameterError: Parameters contradict each other.
        """
        check_combinations(parameters, driver_name=self.name)
        self._parameters = parameters
        self._layout = KeyLayout(parameters.rootdirectory)
        self.capabilities = capabilities(parameters, self._layout)
        self._redaction = redaction(parameters)
        try:
            with self.translated(None):
                self._bucket = Bucket(make_client(parameters), parameters)
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
        operation = PRESIGNED.get(method)
        if operation is None:
            return None
        url: str = self._bucket.client.generate_presigned_url(
            operation,
            Params={"Bucket": self._bucket.name, "Key": self._layout.key(path)},
            ExpiresIn=whole_seconds(expires),
        )
        return url

    def _upload(self, path: str) -> MultipartUpload:
        return MultipartUpload(self._target(path), chunk_size=self._parameters.chunksize)

    def _target(self, path: str) -> ObjectTarget:
        return ObjectTarget(
            self._bucket,
            self._layout.key(path),
            self._layout.state_key(path),
            self._parameters.multipartcopymaxconcurrency,
        )
