"""The azure driver."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload, put_by_upload
from storagedriver.driver import Capabilities, FileInfo, Limits
from storagedriver.errors import (
    BackendError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
)
from storagedriver.expiry import seconds_valid
from storagedriver_drivers.azure import copying, deletion, listing
from storagedriver_drivers.azure.access import access_of
from storagedriver_drivers.azure.blobs import Container, Layout
from storagedriver_drivers.azure.client import make_service, redaction
from storagedriver_drivers.azure.copying import MOST_BLOCKS
from storagedriver_drivers.azure.errors import HttpResponseError, is_absent, status, translate
from storagedriver_drivers.azure.parameters import LONGEST_NAME, AzureParameters, check_combinations
from storagedriver_drivers.azure.reading import BlobReader, require_whole
from storagedriver_drivers.azure.signing import Signer
from storagedriver_drivers.azure.upload import AzureUpload, Place, continued, end_stage, put

_LARGEST_PUT = 256 << 20
"""Bytes that are put in one request; more goes up in chunks, so that one that fails costs less."""


class AzureDriver(BaseDriver):
    """Files as plain blobs: the name is the root directory and the path. Safe between threads, not across a fork."""

    name = "azure"
    Parameters = AzureParameters

    def __init__(self, parameters: AzureParameters) -> None:
        """Make the client; no request is made.

        Raises:
            ParameterError: Parameters contradict each other.
        """
        check_combinations(parameters)
        self._parameters = parameters
        self._layout = Layout(parameters.rootdirectory)
        self._access = access_of(parameters)
        self._redaction = redaction(parameters, self._access)
        try:
            with self.translated(None):
                service = make_service(parameters, self._access)
        except BaseException:
            self._redaction.close()
            raise
        signer = Signer(service, self._access)
        self._container = Container(service, signer, parameters.container, parameters.listpage, parameters.max_retries)
        self.capabilities = _capabilities(parameters, self._layout, redirect=signer.can_sign)

    def close(self) -> None:
        self._container.service.close()
        self._access.close()
        self._redaction.close()

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        return translate(error, self._parameters.container)

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        return BlobReader(self._container, self._layout.key(path)).read_all()

    def _put_content(self, path: str, content: bytes) -> None:
        place = self._place(path)
        if len(content) <= _LARGEST_PUT:
            put(place, content)
            return
        put_by_upload(AzureUpload(place), content)

    def _reader(self, path: str, offset: int) -> ByteSource:
        return BlobReader(self._container, self._layout.key(path), offset)

    def _writer(self, path: str, *, append: bool) -> Upload:
        place = self._place(path)
        if append:
            return continued(place)
        end_stage(place)
        return AzureUpload(place)

    def _stat(self, path: str) -> FileInfo:
        if path != paths.ROOT:
            head = self._container.head(self._layout.key(path))
            if head is not None and not head.is_folder:
                require_whole(head)
                return FileInfo(path, head.size, head.modified, is_dir=False)
            if head is None and not self._container.holds(self._layout.prefix(path)):
                raise PathNotFoundError
        return FileInfo(path, 0, None, is_dir=True)

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in self._scan(path)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        return listing.children(self._container, self._layout.prefix(path), path)

    def _move(self, source: str, dest: str) -> None:
        place = self._place(dest)
        source_name = self._layout.key(source)
        head = self._container.head(source_name)
        if head is None and not self._container.holds(self._layout.prefix(source)):
            raise PathNotFoundError
        if head is None or head.is_folder:
            raise UnsupportedMethodError("move of a directory")
        require_whole(head)
        there = self._container.head(place.name)
        if there.is_folder if there else self._container.holds(self._layout.prefix(dest)):
            raise PathConflictError("a directory is there", path=dest)
        try:
            copying.copy(self._container, source_name, place.name, head, self._parameters, temporary=place.own_name())
        except HttpResponseError as error:
            # Deleted since it was looked at. Otherwise it is the server that does not find what is there.
            if status(error) == 404 and self._container.head(source_name) is None:
                raise PathNotFoundError from error
            if is_absent(error):
                raise BackendError("the server did not find the source of the copy, which is there") from error
            raise
        self._container.remove(source_name)

    def _delete(self, path: str) -> None:
        deletion.delete(self._container, self._layout, path)

    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        if method != "GET":
            # A signature that allows HEAD allows GET too, and would give away more than was asked for (URL-2).
            return None
        seconds = seconds_valid(expires)
        return self._container.signer.readable(self._container.blob(self._layout.key(path)), seconds)

    def _place(self, path: str) -> Place:
        return Place(self._container, self._layout, self._parameters, path)


def _capabilities(parameters: AzureParameters, layout: Layout, *, redirect: bool) -> Capabilities:
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
            longest_path=min(Limits().longest_path, LONGEST_NAME - layout.overhead()),
            largest_file=MOST_BLOCKS * parameters.chunksize,
            chunk_size=parameters.chunksize,
            copy_size=parameters.copythresholdsize,
            list_page=parameters.listpage,
        ),
    )
