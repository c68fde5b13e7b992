"""The gcs driver."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload, put_by_upload
from storagedriver.driver import Capabilities, FileInfo, Limits
from storagedriver.errors import (
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
)
from storagedriver.expiry import seconds_valid
from storagedriver.replacement import begun_anew
from storagedriver_drivers.gcs import deletion, listing, staging
from storagedriver_drivers.gcs.access import can_sign, credentials_of
from storagedriver_drivers.gcs.client import make_client, redaction
from storagedriver_drivers.gcs.errors import ReplacedError, translate
from storagedriver_drivers.gcs.objects import Bucket, Layout
from storagedriver_drivers.gcs.parameters import LONGEST_KEY, GCSParameters, check_combinations
from storagedriver_drivers.gcs.reading import ObjectReader
from storagedriver_drivers.gcs.upload import LARGEST_FILE, GCSUpload, Place, continued


class GCSDriver(BaseDriver):
    """Files as plain objects: the name is the root directory and the path. Safe between threads, not across a fork."""

    name = "gcs"
    Parameters = GCSParameters

    def __init__(self, parameters: GCSParameters) -> None:
        """Make the client; no request is made.

        Raises:
            ParameterError: Parameters contradict each other, or the credentials are none.
        """
        check_combinations(parameters)
        self._parameters = parameters
        self._layout = Layout(parameters.rootdirectory)
        with self.translated(None):
            self._credentials = credentials_of(parameters)
        self.capabilities = _capabilities(parameters, self._layout, redirect=can_sign(self._credentials))
        self._redaction = redaction(parameters, self._credentials)
        try:
            with self.translated(None):
                self._client = make_client(parameters, self._credentials)
                self._bucket = Bucket(self._client, parameters)
        except BaseException:
            self._redaction.close()
            raise

    def close(self) -> None:
        self._client.close()
        self._redaction.close()

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        return translate(error, self._parameters.bucket)

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        return ObjectReader(self._bucket, self._layout.key(path)).read_all()

    def _put_content(self, path: str, content: bytes) -> None:
        if len(content) <= self._parameters.chunksize:
            self._bucket.put(self._layout.key(path), content, secrets.token_hex(8))
            return
        put_by_upload(self._upload(path), content)

    def _reader(self, path: str, offset: int) -> ByteSource:
        return ObjectReader(self._bucket, self._layout.key(path), offset)

    def _writer(self, path: str, *, append: bool) -> Upload:
        if append:
            place = Place.of(self._layout, path)
            return continued(self._bucket, place, chunk_size=self._parameters.chunksize)
        staging.end(self._bucket, self._layout.state_key(path), self._layout.parts_prefix(path))
        return self._upload(path)

    def _stat(self, path: str) -> FileInfo:
        if path != paths.ROOT:
            head = self._bucket.head(self._layout.key(path))
            if head is not None:
                return FileInfo(path, head.size, head.created, is_dir=False)
            if not self._bucket.holds(self._layout.prefix(path)):
                raise PathNotFoundError
        return FileInfo(path, 0, None, is_dir=True)

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in self._scan(path)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        return listing.children(self._bucket, self._layout.prefix(path), path)

    def _move(self, source: str, dest: str) -> None:
        # Another generation by the time it is copied: the move begins anew with that one.
        begun_anew(lambda: self._moved(source, dest), lambda error: isinstance(error, ReplacedError))

    def _moved(self, source: str, dest: str) -> None:
        dest_key = self._layout.key(dest)
        head = self._bucket.head(self._layout.key(source))
        if head is None:
            if self._bucket.holds(self._layout.prefix(source)):
                raise UnsupportedMethodError("move of a directory")
            raise PathNotFoundError
        if self._bucket.holds(self._layout.prefix(dest)) and self._bucket.head(dest_key) is None:
            raise PathConflictError("a directory is there", path=dest)
        self._bucket.copy(head, dest_key)
        self._bucket.remove(head.key, head.generation)

    def _delete(self, path: str) -> None:
        deletion.delete(self._bucket, self._layout, path)

    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        if method not in {"GET", "HEAD"}:
            return None
        seconds = seconds_valid(expires)
        blob = self._client.storage.bucket(self._bucket.name).blob(self._layout.key(path))
        url: str = blob.generate_signed_url(
            version="v4",
            method=method,
            # Whole seconds, and never longer than asked for.
            expiration=timedelta(seconds=int(seconds)),
            credentials=self._credentials,
            api_access_endpoint=self._parameters.url,
        )
        return url

    def _upload(self, path: str) -> GCSUpload:
        return GCSUpload(self._bucket, Place.of(self._layout, path), chunk_size=self._parameters.chunksize)


def _capabilities(parameters: GCSParameters, layout: Layout, *, redirect: bool) -> Capabilities:
    return Capabilities(
        append=True,
        atomic_put=True,
        atomic_write=True,
        resumable_writes=True,
        eager_open=True,
        consistent_list=True,
        redirect=redirect,
        shared=True,
        limits=Limits(
            longest_path=min(Limits().longest_path, LONGEST_KEY - layout.overhead()),
            largest_file=LARGEST_FILE,
            chunk_size=parameters.chunksize,
            list_page=parameters.listpage,
        ),
    )
