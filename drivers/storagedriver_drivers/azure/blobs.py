"""A container as the driver uses it: single blobs, listings, and the layout of names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from storagedriver.dependencies import require
from storagedriver.errors import BackendError
from storagedriver.key_layout import KeyLayout
from storagedriver_drivers.azure.errors import HttpResponseError, is_absent, status
from storagedriver_drivers.azure.signing import Signer

if TYPE_CHECKING:
    from azure.core import MatchConditions
    from azure.core.rest import HttpRequest
    from azure.storage.blob import BlobBlock, BlobClient, BlobProperties, BlobServiceClient, ContentSettings
else:
    MatchConditions = require("azure.core", extra="azure", driver_name="azure").MatchConditions
    HttpRequest = require("azure.core.rest", extra="azure", driver_name="azure").HttpRequest
    _blob = require("azure.storage.blob", extra="azure", driver_name="azure")
    BlobBlock = _blob.BlobBlock
    ContentSettings = _blob.ContentSettings

BLOCK_BLOB = "BlockBlob"
APPEND_BLOB = "AppendBlob"

CONTENT_TYPE = "application/octet-stream"

_DATA = "/~data-"
_MARK_LENGTH = 32

_UNKNOWN = datetime.fromtimestamp(0, UTC)

_METADATA = "x-ms-meta-"

_MET_ANOTHER = frozenset({409, 412})

_FOLDER = "hdi_isfolder"
"""Metadata by which other tools mark a blob that stands for a directory."""


class Layout(KeyLayout):
    """The names of files and stages, and those of what streams stage."""

    def data_key(self, path: str, mark: str) -> str:
        """The name of the blob that holds what the stream of this mark has staged."""
        return self.staged(path, _DATA + mark)

    def overhead(self, suffix: str = _DATA + "-" * _MARK_LENGTH) -> int:
        """Of staged data: no other name is as long."""
        return super().overhead(suffix)


_MOST_DIGITS = 20
"""Of a length: none has more."""


@dataclass(frozen=True, slots=True)
class BlobHead:
    """What the service tells of a blob without its content.

    Attributes:
        size: Bytes.
        etag: Of this very content.
        metadata: Names and values that were given with it.
        settings: Content type and the like, for copies.
        kind: "BlockBlob", "AppendBlob" or "PageBlob".
        modified: When it was written, in UTC.
        copy_id: Of the copy that made it, if one did.
        copy_status: How that copy ended: "success", "failed", "aborted", or not yet: "pending".
    """

    size: int
    etag: str
    metadata: Mapping[str, str]
    settings: ContentSettings
    kind: str = BLOCK_BLOB
    modified: datetime = _UNKNOWN
    copy_id: str | None = None
    copy_status: str | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it is a directory's marker, which other tools make."""
        return is_folder(self.metadata)

    @property
    def is_whole(self) -> bool:
        """False for what a copy that did not succeed has left, or has not finished: it is empty, whatever its size."""
        return self.copy_status in {None, "", "success"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A blob that is being read.

    Attributes:
        head: Of the blob.
        body: What was asked for, in pieces; as it is stored, whatever encoding its maker says it has.
        close: Gives the connection back.
    """

    head: BlobHead
    body: Iterator[bytes]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Container:
    """One container through one client. Errors are the SDK's; the driver translates them.

    Attributes:
        name: The container's name.
        page_size: Names per page of a listing.
        retries: Times that a read whose body breaks off is resumed.
        copies_blocks: Holds False once the server has said that it does not know Put Block From URL.
    """

    service: BlobServiceClient
    signer: Signer
    name: str
    page_size: int
    retries: int
    copies_blocks: list[bool] = field(default_factory=lambda: [True])

    def blob(self, name: str) -> BlobClient:
        """The SDK's client of one blob."""
        return self.service.get_blob_client(self.name, name)

    def head(self, name: str) -> BlobHead | None:
        """Size, ETag, time, metadata and more; None if there is no such blob.

        An answer to HEAD may not tell an absent container from an absent blob: who takes None for an answer asks
        something else of the container too.
        """
        try:
            return head_of(self.blob(name).get_blob_properties())
        except HttpResponseError as error:
            if is_absent(error):
                return None
            raise

    def file(self, name: str) -> BlobHead | None:
        """The same of a file: None for a directory's marker too."""
        head = self.head(name)
        return None if head is None or head.is_folder else head

    def open(self, name: str, start: int = 0, *, etag: str | None = None) -> Answer:
        """Begin to read from byte `start` on, if the ETag still is `etag`. Raises the SDK's errors.

        The SDK's own download takes a body whole into memory, so the request is made through its pipeline here.

        Raises:
            BackendError: The answer is not what was asked for.
        """
        headers = {"x-ms-version": self.service.api_version, "Accept-Encoding": "identity"}
        if start:
            headers["x-ms-range"] = f"bytes={start}-"
        if etag:
            headers["If-Match"] = etag
        request = HttpRequest("GET", self.blob(name).url, headers=headers)
        pipeline: Any = self.service._pipeline  # noqa: SLF001  the only way to its credential and retries
        response = pipeline.run(request, stream=True).http_response
        try:
            return _checked(response, start)
        except BaseException:
            response.close()
            raise

    def put(self, name: str, content: bytes | bytearray, metadata: Mapping[str, str] | None = None) -> str:
        """Write one block blob whole, in one request; returns its ETag."""
        answer = self.blob(name).upload_blob(
            bytes(content),
            overwrite=True,
            length=len(content),
            metadata=dict(metadata or {}),
            content_settings=ContentSettings(content_type=CONTENT_TYPE),
            # The body carries its MD5, so a damaged one is refused.
            validate_content=True,
        )
        return required_etag(answer, "Put Blob")

    def stage(self, name: str, block: str, content: bytes | bytearray | memoryview) -> None:
        """Upload one block, which nobody sees before it is committed."""
        self.blob(name).stage_block(block, bytes(content), length=len(content), validate_content=True)

    def commit(self, name: str, blocks: Iterable[str], head: BlobHead) -> str:
        """Make the blob of these blocks, with the metadata and content type of `head`; returns its ETag."""
        answer = self.blob(name).commit_block_list(
            [BlobBlock(block_id=block) for block in blocks],
            metadata=dict(head.metadata),
            content_settings=head.settings,
        )
        return required_etag(answer, "Put Block List")

    def remove(self, name: str) -> bool:
        """Delete one blob with its snapshots; tells whether it was there."""
        try:
            self.blob(name).delete_blob(delete_snapshots="include")
        except HttpResponseError as error:
            if is_absent(error):
                return False
            raise
        return True

    def discard(self, name: str) -> None:
        """Delete one blob, also one that consists of uncommitted blocks alone, which the service calls absent."""
        if not self.remove(name):
            self.blob(name).commit_block_list([])
            self.remove(name)

    def discard_blocks(self, name: str) -> bool:
        """Throw away the uncommitted blocks of a file that is absent; tells whether there were any.

        The service does that to a blob that is committed and deleted. For that moment it is a directory's marker, as other
        tools make them, and no file that anybody could read.
        """
        try:
            _, blocks = self.blob(name).get_block_list("uncommitted")
            if blocks:
                marker = {_FOLDER: "true"}
                self.blob(name).commit_block_list([], metadata=marker, match_condition=MatchConditions.IfMissing)
                self.remove(name)
        except HttpResponseError as error:
            # Another one has written it meanwhile, which throws them away too.
            if is_absent(error) or status(error) in _MET_ANOTHER:
                return False
            raise
        return bool(blocks)

    def entries(self, prefix: str, *, uncommitted: bool = False) -> Iterator[BlobProperties]:
        """All blobs whose names begin with `prefix`; on demand those that are not committed yet too."""
        listed: Any = self.service.get_container_client(self.name).list_blobs(
            name_starts_with=prefix,
            include=["uncommittedblobs"] if uncommitted else None,
            results_per_page=self.page_size,
        )
        return _below(listed, prefix)

    def groups(self, prefix: str) -> Iterator[BlobProperties]:
        """The blobs whose names begin with `prefix` and have no slash after it, and prefixes for all others."""
        walked: Any = self.service.get_container_client(self.name).walk_blobs(
            name_starts_with=prefix, include=["metadata"], delimiter="/", results_per_page=self.page_size
        )
        return _below(walked, prefix)

    def holds(self, prefix: str) -> bool:
        """Whether any name begins with `prefix`."""
        one = self.service.get_container_client(self.name).list_blobs(name_starts_with=prefix, results_per_page=1)
        return next(iter(one), None) is not None


def _below(listed: Any, prefix: str) -> Iterator[BlobProperties]:
    """The entries of a listing by the SDK, page by page: those alone that were asked for (SEC-1).

    Raises:
        BackendError: There are others, which would be shown as a directory's, and deleted with it; or the listing goes
            in a circle.
    """
    pages = listed.by_page()
    markers: set[str] = set()
    for page in pages:
        for entry in page:
            if not str(entry.name).startswith(prefix):
                raise BackendError("the server lists a name that does not begin with what was asked for")
            yield entry
        marker = pages.continuation_token
        if marker and marker in markers:
            raise BackendError("a page of the listing says that more follows where it has been before")
        markers.add(marker or "")


def _checked(response: Any, start: int) -> Answer:
    """The answer to a read.

    Raises:
        HttpResponseError: It is that of a failure.
        BackendError: It does not begin where it was asked to.
    """
    headers: Mapping[str, str] = response.headers
    if not 200 <= response.status_code < 300:
        error = HttpResponseError(response=response)
        error.error_code = headers.get("x-ms-error-code", "")  # type: ignore[attr-defined]  # as the SDK does
        raise error
    size = _number(headers.get("Content-Length", "0"))
    told = headers.get("Content-Range", "")
    if start or told:
        if response.status_code != 206 or not told.startswith(f"bytes {start}-"):
            raise BackendError(f"bytes from {start} on were asked for, and other ones sent")
        size = _number(told.rpartition("/")[2])
    metadata = {
        name[len(_METADATA) :].lower(): value for name, value in headers.items() if name.lower().startswith(_METADATA)
    }
    head = BlobHead(
        size=size,
        etag=headers.get("ETag", ""),
        metadata=metadata,
        settings=ContentSettings(),
        kind=headers.get("x-ms-blob-type", BLOCK_BLOB),
        copy_id=headers.get("x-ms-copy-id"),
        copy_status=headers.get("x-ms-copy-status"),
    )
    return Answer(head, response.iter_raw(), response.close)


def _number(told: str) -> int:
    if not (told.isascii() and told.isdigit() and len(told) < _MOST_DIGITS):
        raise BackendError("the server announces a length that is no number")
    return int(told)


def head_of(properties: BlobProperties) -> BlobHead:
    """What the SDK tells of a blob, in the driver's terms."""
    kind: Any = properties.blob_type
    copied: Any = properties.copy
    told: Any = properties.size
    if told is None or told < 0 or properties.last_modified is None:
        raise BackendError("the properties of a blob were answered without a size or a time")
    return BlobHead(
        size=properties.size,
        etag=str(properties.etag or ""),
        modified=properties.last_modified,
        metadata=properties.metadata or {},
        settings=properties.content_settings,
        kind=str(getattr(kind, "value", kind) or BLOCK_BLOB),
        copy_id=copied.id if copied else None,
        copy_status=copied.status if copied else None,
    )


def written(metadata: Mapping[str, str], *, size: int = 0, etag: str = "") -> BlobHead:
    """The head of what the driver writes itself."""
    return BlobHead(size, etag, metadata, ContentSettings(content_type=CONTENT_TYPE))


def is_folder(metadata: Mapping[str, str] | None) -> bool:
    """Whether metadata is that of a directory's marker."""
    return any(name.lower() == _FOLDER and value.lower() == "true" for name, value in (metadata or {}).items())


def required_etag(answer: Mapping[str, Any], operation: str) -> str:
    """The ETag of an answer.

    Raises:
        BackendError: There is none: the answer is not that of a success, whatever its status.
    """
    etag = answer.get("etag")
    if not etag:
        raise BackendError(f"{operation} was answered without an ETag")
    return str(etag)
