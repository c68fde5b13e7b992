"""The swift driver."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload, put_by_upload
from storagedriver.driver import Capabilities, FileInfo, Limits
from storagedriver.errors import BackendError, PathNotFoundError, StorageDriverError
from storagedriver_drivers.swift import deletion, listing, moving, staging
from storagedriver_drivers.swift.errors import translate
from storagedriver_drivers.swift.files import Files
from storagedriver_drivers.swift.layout import Layout
from storagedriver_drivers.swift.objects import Container
from storagedriver_drivers.swift.parameters import LONGEST_NAME, SwiftParameters, check_combinations
from storagedriver_drivers.swift.reading import ObjectReader, ReplacedError, read_whole
from storagedriver_drivers.swift.session import Session
from storagedriver_drivers.swift.tempurl import TemporaryURLs
from storagedriver_drivers.swift.upload import SwiftUpload, continued
from storagedriver_drivers.swift.waiting import Listings


class SwiftDriver(BaseDriver):
    """Files as objects, large ones as segments with a manifest. Safe between threads, not across a fork."""

    name = "swift"
    Parameters = SwiftParameters

    def __init__(self, parameters: SwiftParameters) -> None:
        """Make the session; no request is made.

        Raises:
            ParameterError: Parameters contradict each other.
        """
        check_combinations(parameters)
        self._parameters = parameters
        self._layout = Layout(parameters.rootdirectory)
        self.capabilities = _capabilities(parameters, self._layout)
        self._session = Session(parameters)
        self._container = Container(self._session, parameters)
        self._files = Files(self._container, self._layout, Listings(self._container, parameters.listingtimeout))
        self._urls = TemporaryURLs(self._container, parameters)

    def close(self) -> None:
        self._session.close()

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        if isinstance(error, ReplacedError):
            return BackendError("the file was replaced or deleted while it was read")
        return translate(error)

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        return read_whole(self._container, self._layout.key(path))

    def _put_content(self, path: str, content: bytes) -> None:
        if len(content) <= self._parameters.chunksize:
            self._files.put(self._layout.key(path), content)
            return
        put_by_upload(self._upload(path), content)

    def _reader(self, path: str, offset: int) -> ByteSource:
        return ObjectReader(self._container, self._layout.key(path), offset)

    def _writer(self, path: str, *, append: bool) -> Upload:
        if append:
            return continued(self._files, path, chunk_size=self._parameters.chunksize)
        staging.end(self._files, path)
        return self._upload(path)

    def _upload(self, path: str) -> SwiftUpload:
        return SwiftUpload(self._files, path, chunk_size=self._parameters.chunksize)

    def _stat(self, path: str) -> FileInfo:
        if path != paths.ROOT:
            head = self._container.head(self._layout.key(path))
            if head is not None and not head.is_marker:
                return FileInfo(path, head.size, head.modified, is_dir=False)
            if head is None and not deletion.holds(self._files, path):
                raise PathNotFoundError
        return FileInfo(path, 0, None, is_dir=True)

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in listing.children(self._container, self._layout.prefix(path), path, sizes=False)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        return listing.children(self._container, self._layout.prefix(path), path, sizes=True)

    def _move(self, source: str, dest: str) -> None:
        moving.move(self._files, source, dest)

    def _delete(self, path: str) -> None:
        deletion.delete(self._files, path)

    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        return self._urls.url(self._layout.key(path), method, expires)


def _capabilities(parameters: SwiftParameters, layout: Layout) -> Capabilities:
    return Capabilities(
        append=True,
        atomic_put=True,
        atomic_write=True,
        resumable_writes=True,
        eager_open=True,
        consistent_list=parameters.listingtimeout > 0,
        redirect=bool(parameters.tempurlmethods),
        shared=True,
        limits=Limits(
            longest_path=min(Limits().longest_path, LONGEST_NAME - layout.overhead),
            chunk_size=parameters.chunksize,
            list_page=parameters.pagesize,
        ),
    )
