"""The s3-async driver."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver import paths
from storagedriver.asynchronous.base import AsyncBaseDriver, AsyncByteSource, AsyncUpload
from storagedriver.asynchronous.cancellation import settled
from storagedriver.asynchronous.multipart_upload import AsyncMultipartUpload, continued, end_stage
from storagedriver.driver import FileInfo
from storagedriver.errors import PathConflictError, PathNotFoundError, StorageDriverError, UnsupportedMethodError
from storagedriver.key_layout import KeyLayout
from storagedriver_drivers.s3.claims import capabilities
from storagedriver_drivers.s3.configuration import LOGGERS as BOTOCORE_LOGGERS
from storagedriver_drivers.s3.configuration import redaction
from storagedriver_drivers.s3.parameters import S3Parameters, check_combinations
from storagedriver_drivers.s3.presigning import PRESIGNED, whole_seconds
from storagedriver_drivers.s3_async import copying, deletion, listing
from storagedriver_drivers.s3_async.client import LOGGERS, LazyBucket
from storagedriver_drivers.s3_async.errors import translate
from storagedriver_drivers.s3_async.objects import Bucket
from storagedriver_drivers.s3_async.reading import ObjectReader
from storagedriver_drivers.s3_async.target import ObjectTarget


class AsyncS3Driver(AsyncBaseDriver):
    """Files as plain objects: the key is the root directory and the path. For the tasks of one event loop."""

    name = "s3-async"
    Parameters = S3Parameters

    def __init__(self, parameters: S3Parameters) -> None:
        """Take the parameters; the client is made by the first call.

        Raises:
            ParameterError: Parameters contradict each other.
        """
        check_combinations(parameters, driver_name=self.name)
        self._parameters = parameters
        self._layout = KeyLayout(parameters.rootdirectory)
        self.capabilities = capabilities(parameters, self._layout)
        self._bucket = LazyBucket(parameters)
        self._redaction = redaction(parameters, (*BOTOCORE_LOGGERS, *LOGGERS))

    async def close(self) -> None:
        try:
            await self._bucket.close()
        finally:
            self._redaction.close()

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        return translate(error)

    # --- hooks

    async def _get_content(self, path: str) -> bytes:
        bucket = await self._bucket.get()
        reader = await ObjectReader.opened(bucket, self._layout.key(path))
        return await reader.read_all()

    async def _put_content(self, path: str, content: bytes) -> None:
        bucket = await self._bucket.get()
        if len(content) <= self._parameters.chunksize:
            await bucket.put(self._layout.key(path), content)
            return
        upload = self._upload(bucket, path)
        try:
            await upload.write(memoryview(content))
            await upload.commit()
        except BaseException:
            await settled(upload.discard())
            raise

    async def _reader(self, path: str, offset: int) -> AsyncByteSource:
        bucket = await self._bucket.get()
        return await ObjectReader.opened(bucket, self._layout.key(path), offset)

    async def _writer(self, path: str, *, append: bool) -> AsyncUpload:
        bucket = await self._bucket.get()
        target = self._target(bucket, path)
        if append:
            return await continued(target, chunk_size=self._parameters.chunksize)
        await settled(end_stage(target))
        return self._upload(bucket, path)

    async def _stat(self, path: str) -> FileInfo:
        if path != paths.ROOT:
            bucket = await self._bucket.get()
            head = await bucket.head(self._layout.key(path))
            if head is not None:
                return FileInfo(path, head.size, head.modified, is_dir=False)
            if not await bucket.holds(self._layout.prefix(path)):
                raise PathNotFoundError
        return FileInfo(path, 0, None, is_dir=True)

    async def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in await self._scan(path)]

    async def _scan(self, path: str) -> Iterable[FileInfo]:
        bucket = await self._bucket.get()
        return await listing.children(bucket, self._layout.prefix(path), path)

    async def _move(self, source: str, dest: str) -> None:
        bucket = await self._bucket.get()
        source_key, dest_key = self._layout.key(source), self._layout.key(dest)
        head = await bucket.head(source_key)
        if head is None:
            if await bucket.holds(self._layout.prefix(source)):
                raise UnsupportedMethodError("move of a directory")
            raise PathNotFoundError
        if await bucket.holds(self._layout.prefix(dest)) and await bucket.head(dest_key) is None:
            raise PathConflictError("a directory is there", path=dest)
        await copying.copy(bucket, source_key, dest_key, head, self._parameters)
        await bucket.remove(source_key)

    async def _delete(self, path: str) -> None:
        bucket = await self._bucket.get()
        await deletion.delete(bucket, self._layout, path)

    async def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        operation = PRESIGNED.get(method)
        if operation is None:
            return None
        bucket = await self._bucket.get()
        url: str = await bucket.client.generate_presigned_url(
            operation,
            Params={"Bucket": bucket.name, "Key": self._layout.key(path)},
            ExpiresIn=whole_seconds(expires),
        )
        return url

    def _upload(self, bucket: Bucket, path: str) -> AsyncMultipartUpload:
        return AsyncMultipartUpload(self._target(bucket, path), chunk_size=self._parameters.chunksize)

    def _target(self, bucket: Bucket, path: str) -> ObjectTarget:
        return ObjectTarget(
            bucket,
            self._layout.key(path),
            self._layout.state_key(path),
            self._parameters.multipartcopymaxconcurrency,
        )
