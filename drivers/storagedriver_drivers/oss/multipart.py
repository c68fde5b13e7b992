"""Multipart uploads: begin, parts, copies of parts, complete, abort, and finding unfinished ones."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storagedriver.errors import BackendError
from storagedriver.multipart_service import PartLimit
from storagedriver.parallel import together
from storagedriver_drivers.oss.client import CountingRetryer, content_md5, sdk
from storagedriver_drivers.oss.errors import code
from storagedriver_drivers.oss.objects import CONTENT_TYPE, Bucket, required_etag

LIMIT = PartLimit("OSS", 10_000)
"""OSS refuses uploads of more parts."""

MARK = "storagedriver-upload"
"""Name of the metadata by which a written object is known as the result of one certain stream."""

_GONE = "NoSuchUpload"


@dataclass(frozen=True, slots=True)
class Multipart:
    """One multipart upload.

    Attributes:
        mark: Random, and kept in the metadata of the object that the upload becomes.
        repeated: Whether the request that began it was repeated: an earlier try may have left an upload nobody knows.
    """

    bucket: Bucket
    key: str
    upload_id: str
    mark: str
    repeated: bool = False

    def part(self, number: int, content: bytes | bytearray) -> str:
        """Upload part `number`, from 1 on; returns its ETag. A part of the same number is replaced."""
        answer = self.bucket.api.upload_part(
            sdk.UploadPartRequest(
                bucket=self.bucket.name,
                key=self.key,
                upload_id=self.upload_id,
                part_number=number,
                body=bytes(content),
                content_md5=content_md5(content),
            )
        )
        return required_etag(answer, "UploadPart")

    def copied_part(self, number: int, source: str, etag: str, start: int, end: int) -> str:
        """Make part `number` of the bytes from `start` to before `end` of another object, if its ETag still is `etag`."""
        answer = self.bucket.api.upload_part_copy(
            sdk.UploadPartCopyRequest(
                bucket=self.bucket.name,
                key=self.key,
                upload_id=self.upload_id,
                part_number=number,
                source_bucket=self.bucket.name,
                source_key=source,
                source_range=f"bytes={start}-{end - 1}",
                if_match=etag or None,
            )
        )
        return required_etag(answer, "UploadPartCopy")

    def copied_parts(self, source: str, etag: str, size: int, part_size: int, concurrency: int) -> list[str]:
        """Copy the first `size` bytes of `source` in parts of `part_size`; returns their ETags.

        At most `concurrency` parts are copied at once, and no thread is left when this returns or raises.
        """
        calls = [
            functools.partial(self.copied_part, number, source, etag, start, min(start + part_size, size))
            for number, start in enumerate(range(0, size, part_size), 1)
        ]
        return together(calls, concurrency, name="oss-part-copy")

    def complete(self, etags: Sequence[str], *, again: bool = False) -> None:
        """Make the object of the parts; `again` if an earlier call may have done it."""
        retryer = CountingRetryer()
        parts = [sdk.UploadPart(part_number=number, etag=etag) for number, etag in enumerate(etags, 1)]
        try:
            answer = self.bucket.api.complete_multipart_upload(
                sdk.CompleteMultipartUploadRequest(
                    bucket=self.bucket.name,
                    key=self.key,
                    upload_id=self.upload_id,
                    complete_multipart_upload=sdk.CompleteMultipartUpload(parts=parts),
                    **self.bucket.acl_arguments,
                ),
                retryer=retryer,
            )
        except Exception as error:
            # An earlier try may have succeeded with its answer lost: then the object bears this upload's mark. Where there
            # was none, another stream of the same stage was completed.
            tried = again or retryer.repeated
            if code(error) == _GONE and tried and is_published(self.bucket, self.key, self.mark):
                return
            raise
        required_etag(answer, "CompleteMultipartUpload")

    def abort(self) -> None:
        """Remove the upload and its parts; one that is gone is no error."""
        abort(self.bucket, self.key, self.upload_id)


def begin(
    bucket: Bucket,
    key: str,
    mark: str,
    metadata: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Multipart:
    """Begin an upload; nothing is visible until it is completed."""
    retryer = CountingRetryer()
    answer = bucket.api.initiate_multipart_upload(
        sdk.InitiateMultipartUploadRequest(
            bucket=bucket.name,
            key=key,
            metadata={**(metadata or {}), MARK: mark},
            **{"content_type": CONTENT_TYPE, **(headers or {})},
            **bucket.write_arguments,
        ),
        retryer=retryer,
    )
    if not answer.upload_id:
        raise BackendError("InitiateMultipartUpload was answered without an upload id")
    return Multipart(bucket, key, answer.upload_id, mark, repeated=retryer.repeated)


def sweep(bucket: Bucket, key: str, *, keep: str | None) -> None:
    """Remove what a begin() left whose answer was lost: uploads of this very key that have no part, but for `keep`."""
    for found, upload_id in list(unfinished(bucket, key)):
        if found != key or upload_id == keep:
            continue
        try:
            parts = bucket.api.list_parts(
                sdk.ListPartsRequest(bucket=bucket.name, key=key, upload_id=upload_id, max_parts=1)
            )
        except Exception as error:
            if code(error) != _GONE:
                raise
            continue
        if not parts.parts:
            abort(bucket, key, upload_id)


def abort(bucket: Bucket, key: str, upload_id: str) -> None:
    """Remove an upload and its parts; one that is gone is no error."""
    try:
        bucket.api.abort_multipart_upload(
            sdk.AbortMultipartUploadRequest(bucket=bucket.name, key=key, upload_id=upload_id)
        )
    except Exception as error:
        if code(error) != _GONE:
            raise


def is_published(bucket: Bucket, key: str, mark: str) -> bool:
    """Whether the object at `key` is what the stream of this mark wrote."""
    head = bucket.head(key)
    return head is not None and head.metadata.get(MARK) == mark


def unfinished(bucket: Bucket, prefix: str) -> Iterator[tuple[str, str]]:
    """Key and upload id of each unfinished upload whose key begins with `prefix`."""
    past: dict[str, Any] = {}
    while True:
        page = bucket.api.list_multipart_uploads(
            sdk.ListMultipartUploadsRequest(bucket=bucket.name, prefix=prefix, encoding_type="url", **past)
        )
        if page.is_truncated is None:
            raise BackendError("the server's answer is no list of uploads")
        yield from (
            (each.key, each.upload_id) for each in page.uploads or [] if each.upload_id and _below(each.key, prefix)
        )
        if not page.is_truncated:
            return
        following = {"key_marker": page.next_key_marker, "upload_id_marker": page.next_upload_id_marker}
        if following == past or not any(following.values()):
            raise BackendError("a page of unfinished uploads says that more follow, but not from where")
        past = following


def _below(key: str | None, prefix: str) -> bool:
    return key is not None and key.startswith(prefix)
