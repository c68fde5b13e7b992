"""Multipart uploads: begin, parts, copies of parts, complete, abort, and finding unfinished ones."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storagedriver.asynchronous.parallel import together
from storagedriver.errors import BackendError
from storagedriver_drivers.s3.answers import is_minio, next_page_of_uploads, require_made_of, required_etag
from storagedriver_drivers.s3.arguments import CONTENT_TYPE, of_body
from storagedriver_drivers.s3.errors import ClientError, code, is_repeated
from storagedriver_drivers.s3.parts import GONE, MARK, ranges
from storagedriver_drivers.s3_async.objects import Bucket


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

    async def part(self, number: int, content: bytes | bytearray) -> str:
        """Upload part `number`, from 1 on; returns its ETag. A part of the same number is replaced."""
        answer = await self.bucket.client.upload_part(
            Bucket=self.bucket.name,
            Key=self.key,
            UploadId=self.upload_id,
            PartNumber=number,
            Body=content,  # type: ignore[arg-type]  # bytearray is taken too
            **of_body(content, self.bucket.checksum),
        )
        return required_etag(answer, "UploadPart")

    async def copied_part(self, number: int, source: str, etag: str, start: int, end: int) -> str:
        """Make part `number` of the bytes from `start` to before `end` of another object, if its ETag still is `etag`."""
        answer = await self.bucket.client.upload_part_copy(
            Bucket=self.bucket.name,
            Key=self.key,
            UploadId=self.upload_id,
            PartNumber=number,
            CopySource={"Bucket": self.bucket.name, "Key": source},
            CopySourceRange=f"bytes={start}-{end - 1}",
            CopySourceIfMatch=etag,
        )
        return required_etag(answer.get("CopyPartResult", {}), "UploadPartCopy")

    async def copied_parts(self, source: str, etag: str, size: int, part_size: int, concurrency: int) -> list[str]:
        """Copy the first `size` bytes of `source` in parts of `part_size`; returns their ETags.

        At most `concurrency` parts are copied at once, and no call is under way when this returns or raises.
        """
        calls = [
            functools.partial(self.copied_part, number, source, etag, start, end)
            for number, start, end in ranges(size, part_size)
        ]
        return await together(calls, concurrency, name="s3-part-copy")

    async def complete(self, etags: Sequence[str], *, again: bool = False) -> None:
        """Make the object of the parts; `again` if an earlier call may have done it."""
        parts: Any = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        try:
            answer = await self.bucket.client.complete_multipart_upload(
                Bucket=self.bucket.name, Key=self.key, UploadId=self.upload_id, MultipartUpload={"Parts": parts}
            )
        except ClientError as error:
            # An earlier try may have succeeded with its answer lost: then the object bears this upload's mark. Where there
            # was none, another stream of the same stage was completed.
            tried = again or is_repeated(error)
            if code(error) == GONE and tried and await is_published(self.bucket, self.key, self.mark):
                return
            raise
        require_made_of(etags, answer)
        # Ceph's gateway leaves the ETag of its answer empty. An error in an answer of status 200 has none either, so the
        # object itself has to tell.
        if not answer.get("ETag") and not await is_published(self.bucket, self.key, self.mark):
            raise BackendError("CompleteMultipartUpload was answered without an ETag, and the object is not there")

    async def abort(self) -> None:
        """Remove the upload and its parts; one that is gone is no error."""
        await abort(self.bucket, self.key, self.upload_id)


async def begin(bucket: Bucket, key: str, mark: str, metadata: Mapping[str, str] | None = None) -> Multipart:
    """Begin an upload; nothing is visible until it is completed."""
    answer = await bucket.client.create_multipart_upload(
        Bucket=bucket.name,
        Key=key,
        ContentType=CONTENT_TYPE,
        Metadata={**(metadata or {}), MARK: mark},
        **bucket.write_arguments,
    )
    upload_id = answer.get("UploadId")
    if not upload_id:
        raise BackendError("CreateMultipartUpload was answered without an upload id")
    return Multipart(bucket, key, upload_id, mark, repeated=answer["ResponseMetadata"].get("RetryAttempts", 0) > 0)


async def sweep(bucket: Bucket, key: str, *, keep: str | None) -> None:
    """Remove what a begin() left whose answer was lost: uploads of this very key that have no part, but for `keep`."""
    for found, upload_id in await unfinished(bucket, key):
        if found != key or upload_id == keep:
            continue
        try:
            parts = await bucket.client.list_parts(Bucket=bucket.name, Key=key, UploadId=upload_id, MaxParts=1)
        except ClientError as error:
            if code(error) != GONE:
                raise
            continue
        if not parts.get("Parts"):
            await abort(bucket, key, upload_id)


async def abort(bucket: Bucket, key: str, upload_id: str) -> None:
    """Remove an upload and its parts; one that is gone is no error."""
    try:
        await bucket.client.abort_multipart_upload(Bucket=bucket.name, Key=key, UploadId=upload_id)
    except ClientError as error:
        if code(error) != GONE:
            raise


async def is_published(bucket: Bucket, key: str, mark: str) -> bool:
    """Whether the object at `key` is what the stream of this mark wrote."""
    head = await bucket.head(key)
    return head is not None and head.metadata.get(MARK) == mark


async def unfinished(bucket: Bucket, prefix: str) -> Sequence[tuple[str, str]]:
    """Key and upload id of each unfinished upload whose key begins with `prefix`.

    Of servers without this call there are none; any other failure is raised.
    """
    found: list[tuple[str, str]] = []
    arguments: dict[str, Any] | None = {}
    while arguments is not None:
        asked = prefix if bucket.lists_uploads_by_prefix else ""
        try:
            page = await bucket.client.list_multipart_uploads(Bucket=bucket.name, Prefix=asked, **arguments)
        except ClientError as error:
            if code(error) == "NotImplemented":
                break
            raise
        if asked and is_minio(page):
            # It lists the uploads of one whole key, or all there are. That is asked for at once from now on.
            bucket.lists_uploads_by_prefix = False
            continue
        uploads = page.get("Uploads", [])
        found += [(upload["Key"], upload["UploadId"]) for upload in uploads if upload["Key"].startswith(prefix)]
        arguments = next_page_of_uploads(page, arguments)
    return found
