"""A bucket as the driver uses it: single objects and listings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storagedriver.errors import BackendError
from storagedriver_drivers.oss.client import Client, content_md5, sdk
from storagedriver_drivers.oss.errors import is_absent
from storagedriver_drivers.oss.parameters import OSSParameters

CONTENT_TYPE = "application/octet-stream"

_KEPT_HEADERS = ("cache_control", "content_disposition", "content_encoding", "content_type", "expires")


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What HEAD tells of an object.

    Attributes:
        headers: Those that a copy keeps, by the SDK's names.
    """

    size: int
    etag: str
    modified: datetime
    metadata: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """An object of a listing."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a listing: objects, and what keys begin with that are grouped by the delimiter."""

    entries: Sequence[Entry]
    prefixes: Sequence[str]


class Bucket:
    """One bucket through one client. Errors are the SDK's; the driver translates them."""

    def __init__(self, client: Client, parameters: OSSParameters) -> None:
        """Use `client` for the bucket that the parameters name."""
        self.client = client
        self.api = client.api
        self.name = parameters.bucket
        self.retries = parameters.maxretries
        self._page = parameters.listpage
        self._acl = None if parameters.objectacl == "none" else parameters.objectacl
        self.write_arguments = _write_arguments(parameters)

    @property
    def acl_arguments(self) -> Mapping[str, str]:
        """What makes an object accessible as the parameters say, of requests that make one."""
        return {} if self._acl is None else {"acl": self._acl}

    def head(self, key: str) -> ObjectHead | None:
        """Size, ETag, time, metadata and headers; None if there is no such object."""
        try:
            answer = self.api.head_object(sdk.HeadObjectRequest(bucket=self.name, key=key))
        except Exception as error:
            if is_absent(error):
                return None
            raise
        size, modified = answer.content_length, answer.last_modified
        if size is None or size < 0 or modified is None:
            raise BackendError("HeadObject was answered without a size or a time")
        kept = {name: value for name in _KEPT_HEADERS if (value := getattr(answer, name))}
        return ObjectHead(size, answer.etag or "", modified, dict(answer.metadata or {}), kept)

    def open(self, key: str, *, start: int = 0, end: int | None = None, if_match: str | None = None) -> Any:
        """Begin to read from byte `start`, up to but without byte `end`; returns the SDK's result."""
        arguments: dict[str, Any] = {}
        if start or end is not None:
            arguments["range_header"] = f"bytes={start}-" if end is None else f"bytes={start}-{end - 1}"
            # Else OSS sends the whole where the range begins behind the end.
            arguments["range_behavior"] = "standard"
        if if_match:
            arguments["if_match"] = if_match
        return self.api.get_object(sdk.GetObjectRequest(bucket=self.name, key=key, **arguments))

    def put(self, key: str, content: bytes | bytearray, metadata: Mapping[str, str] | None = None) -> str:
        """Write one object whole; returns its ETag."""
        answer = self.api.put_object(
            sdk.PutObjectRequest(
                bucket=self.name,
                key=key,
                body=bytes(content),
                content_md5=content_md5(content),
                content_type=CONTENT_TYPE,
                metadata=dict(metadata or {}),
                **self.write_arguments,
                **self.acl_arguments,
            )
        )
        return required_etag(answer, "PutObject")

    def copy(self, source: str, dest: str, head: ObjectHead) -> None:
        """Copy an object, which is as `head` says, with its metadata and headers, in one request."""
        answer = self.api.copy_object(
            sdk.CopyObjectRequest(
                bucket=self.name,
                key=dest,
                source_bucket=self.name,
                source_key=source,
                if_match=head.etag or None,
                metadata_directive="COPY",
                **self.write_arguments,
                **self.acl_arguments,
            )
        )
        # An error can come with status 200, and must not cost the source.
        required_etag(answer, "CopyObject")

    def remove(self, key: str) -> None:
        """Delete one object; one that is absent is no error to OSS."""
        self.api.delete_object(sdk.DeleteObjectRequest(bucket=self.name, key=key))

    def remove_many(self, keys: Sequence[str]) -> Sequence[str]:
        """Delete up to 1,000 objects in one request; returns the keys that the server does not say it deleted."""
        answer = self.api.delete_multiple_objects(
            sdk.DeleteMultipleObjectsRequest(
                bucket=self.name, objects=[sdk.DeleteObject(key=key) for key in keys], quiet=False
            )
        )
        deleted = {each.key for each in answer.deleted_objects or []}
        return [key for key in keys if key not in deleted]

    def pages(self, prefix: str, *, delimiter: str = "", size: int = 0) -> Iterator[Page]:
        """The listing of a prefix, page by page, each of at most `size` keys; 0 for as many as the driver was told."""
        token: str | None = None
        while True:
            page = self._listed(prefix, delimiter, size or self._page, token)
            yield _page(page, prefix)
            if not page.is_truncated:
                return
            following = page.next_continuation_token
            if not following or following == token:
                raise BackendError("a page of the listing says that more follows, but not from where")
            token = following

    def holds(self, prefix: str) -> bool:
        """Whether any key begins with `prefix`."""
        # A page may hold nothing and say that more follows.
        return any(page.entries for page in self.pages(prefix, size=1))

    def _listed(self, prefix: str, delimiter: str, most: int, token: str | None) -> Any:
        return self.api.list_objects_v2(
            sdk.ListObjectsV2Request(
                bucket=self.name,
                prefix=prefix,
                delimiter=delimiter or None,
                max_keys=most,
                continuation_token=token,
                encoding_type="url",
            )
        )


def _page(answer: Any, prefix: str) -> Page:
    """What is listed was asked for: else other files would be shown as those of a directory, and deleted with it (SEC-1).

    Raises:
        BackendError: It is not, or lacks what every listing or entry has.
    """
    if answer.is_truncated is None:
        raise BackendError("the server's answer is no listing")
    entries = []
    for each in answer.contents or []:
        if not (each.key or "").startswith(prefix) or each.size is None or each.last_modified is None:
            raise BackendError("the server lists a key that does not lie below the prefix, or is not whole")
        entries.append(Entry(each.key, each.size, each.last_modified))
    prefixes = [each.prefix or "" for each in answer.common_prefixes or []]
    if not all(group.startswith(prefix) for group in prefixes):
        raise BackendError("the server lists a prefix that does not lie below the one asked for")
    return Page(entries, prefixes)


def required_etag(answer: Any, operation: str) -> str:
    """The ETag of an answer.

    Raises:
        BackendError: There is none: the answer is not that of a success, whatever its status.
    """
    if not answer.etag:
        raise BackendError(f"{operation} was answered without an ETag")
    return str(answer.etag)


def _write_arguments(parameters: OSSParameters) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if parameters.storageclass != "NONE":
        arguments["storage_class"] = parameters.storageclass
    if parameters.encrypt:
        arguments["server_side_encryption"] = "KMS" if parameters.encryptionkeyid else "AES256"
    if parameters.encryptionkeyid:
        arguments["server_side_encryption_key_id"] = parameters.encryptionkeyid
    return arguments
