"""A bucket as the driver uses it: single objects, listings, and the layout of keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from storagedriver import paths
from storagedriver.errors import BackendError
from storagedriver_drivers.s3.client import content_md5
from storagedriver_drivers.s3.errors import ClientError, is_absent
from storagedriver_drivers.s3.parameters import S3Parameters

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        GetObjectOutputTypeDef,
        ListMultipartUploadsOutputTypeDef,
        ListObjectsV2OutputTypeDef,
    )

CONTENT_TYPE = "application/octet-stream"

_STAGING = "/~staging"
_STATE = "/~state"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where paths lie in the bucket: the root directory and the path, joined, without a leading slash.

    Internal keys hold a `~`, which no path can (PATH-6).
    """

    root: str

    def key(self, path: str) -> str:
        """The key of a file."""
        return (self.root + path).lstrip("/")

    def prefix(self, path: str) -> str:
        """What the keys of all below a directory begin with."""
        directory = self.root if path == paths.ROOT else self.root + path
        return f"{directory}/".lstrip("/")

    def state_key(self, path: str) -> str:
        """The key of the state of a path's staged stream."""
        return f"{self.root}{_STAGING}{path}{_STATE}".lstrip("/")

    def state_prefix(self, path: str) -> str:
        """What the state keys of a path and of all below it begin with."""
        return f"{self.root}{_STAGING}{path}/".lstrip("/")

    def staged_key(self, state_key: str) -> str:
        """The key of the file that a state key belongs to."""
        staged = ("/" + state_key)[len(self.root + _STAGING) : -len(_STATE)]
        return self.key(staged)

    @staticmethod
    def is_state_key(key: str) -> bool:
        """Whether a key is that of a state."""
        return key.endswith(_STATE)

    @property
    def overhead(self) -> int:
        """Bytes of the longest key of a path beyond the path itself."""
        return len(self.root) + len(_STAGING) + len(_STATE) - 1


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What HEAD tells of an object."""

    size: int
    etag: str
    modified: datetime
    metadata: Mapping[str, str]


class Bucket:
    """One bucket through one client, with what was learned of its server. Errors are boto3's; the driver translates them."""

    def __init__(self, client: S3Client, parameters: S3Parameters) -> None:
        """Use `client` for the bucket that the parameters name."""
        self.client = client
        self.name = parameters.bucket
        self.retries = parameters.maxretries
        self._page = parameters.listpage
        self.write_arguments = _write_arguments(parameters)
        self._lists_uploads_by_prefix = True

    def head(self, key: str) -> ObjectHead | None:
        """Size, ETag, time and metadata; None if there is no such object.

        A HEAD answer cannot tell an absent bucket from an absent object: who takes None for an answer asks something
        else of the bucket too.
        """
        try:
            answer = self.client.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if is_absent(error):
                return None
            raise
        size, modified = answer.get("ContentLength"), answer.get("LastModified")
        if size is None or size < 0 or modified is None:
            raise BackendError("HeadObject was answered without a size or a time")
        return ObjectHead(size, answer.get("ETag", ""), modified, answer.get("Metadata", {}))

    def open(
        self, key: str, *, start: int = 0, end: int | None = None, if_match: str | None = None
    ) -> GetObjectOutputTypeDef:
        """Begin to read from byte `start`, up to but without byte `end`."""
        arguments: dict[str, Any] = {}
        if start or end is not None:
            arguments["Range"] = f"bytes={start}-" if end is None else f"bytes={start}-{end - 1}"
        if if_match:
            arguments["IfMatch"] = if_match
        return self.client.get_object(Bucket=self.name, Key=key, **arguments)

    def put(self, key: str, content: bytes | bytearray, metadata: Mapping[str, str] | None = None) -> str:
        """Write one object whole; returns its ETag."""
        answer = self.client.put_object(
            Bucket=self.name,
            Key=key,
            Body=content,  # type: ignore[arg-type]  # bytearray is taken too
            ContentMD5=content_md5(content),
            ContentType=CONTENT_TYPE,
            Metadata=metadata or {},
            **self.write_arguments,
        )
        return required_etag(answer, "PutObject")

    def remove(self, key: str) -> None:
        """Delete one object; one that is absent is no error to S3."""
        self.client.delete_object(Bucket=self.name, Key=key)

    def pages(self, prefix: str, *, delimiter: str = "") -> Iterator[ListObjectsV2OutputTypeDef]:
        """The listing of a prefix, page by page."""
        arguments: dict[str, Any] = {"Delimiter": delimiter} if delimiter else {}
        while True:
            page = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix, MaxKeys=self._page, **arguments)
            _require_below(page, prefix)
            yield page
            if not page.get("IsTruncated"):
                return
            token = page.get("NextContinuationToken")
            if not token or token == arguments.get("ContinuationToken"):
                raise BackendError("a page of the listing says that more follows, but not from where")
            arguments["ContinuationToken"] = token

    def uploads(self, prefix: str) -> Iterator[ListMultipartUploadsOutputTypeDef]:
        """The unfinished uploads of a prefix, page by page; of a server that lists none by a prefix, all there are."""
        arguments: dict[str, Any] = {}
        while True:
            asked = prefix if self._lists_uploads_by_prefix else ""
            page = self.client.list_multipart_uploads(Bucket=self.name, Prefix=asked, **arguments)
            if asked and is_minio(page):
                # It lists the uploads of one whole key, or all there are. That is asked for at once from now on.
                self._lists_uploads_by_prefix = False
                continue
            yield page
            if not page.get("IsTruncated"):
                return
            uploads = page.get("Uploads", [])
            # SeaweedFS gives the marker of the upload alone.
            following = {
                "KeyMarker": page.get("NextKeyMarker") or (uploads[-1]["Key"] if uploads else ""),
                "UploadIdMarker": page.get("NextUploadIdMarker") or "",
            }
            if following == arguments or not any(following.values()):
                raise BackendError("a page of unfinished uploads says that more follow, but not from where")
            arguments = following

    def holds(self, prefix: str) -> bool:
        """Whether any key begins with `prefix`."""
        page = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix, MaxKeys=1)
        return bool(page.get("Contents"))


def _require_below(page: Mapping[str, Any], prefix: str) -> None:
    """What is listed was asked for: else other files would be shown as those of a directory, and deleted with it (SEC-1).

    Raises:
        BackendError: It is not, or lacks what every entry has.
    """
    for entry in page.get("Contents", []):
        if not entry.get("Key", "").startswith(prefix) or not entry.keys() >= {"Key", "Size", "LastModified"}:
            raise BackendError("the server lists a key that does not lie below the prefix, or is not whole")
    for group in page.get("CommonPrefixes", []):
        if not group.get("Prefix", "").startswith(prefix):
            raise BackendError("the server lists a prefix that does not lie below the one asked for")


def server(answer: Mapping[str, Any]) -> str:
    """What the server calls itself; empty if it does not say. Some list otherwise than S3 does."""
    return str(answer["ResponseMetadata"]["HTTPHeaders"].get("server", ""))


def is_minio(answer: Mapping[str, Any]) -> bool:
    """Whether an answer is MinIO's, which lists some things otherwise than S3 does."""
    return server(answer).startswith("MinIO")


def required_etag(answer: Mapping[str, Any], operation: str) -> str:
    """The ETag of an answer.

    Raises:
        BackendError: There is none: the answer is not that of a success, whatever its status.
    """
    etag = answer.get("ETag")
    if not etag:
        raise BackendError(f"{operation} was answered without an ETag")
    return str(etag)


def _write_arguments(parameters: S3Parameters) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if parameters.storageclass != "NONE":
        arguments["StorageClass"] = parameters.storageclass
    if parameters.objectacl != "none":
        arguments["ACL"] = parameters.objectacl
    if parameters.encrypt:
        arguments["ServerSideEncryption"] = "aws:kms" if parameters.keyid else "AES256"
    if parameters.keyid:
        arguments["SSEKMSKeyId"] = parameters.keyid
    return arguments
