"""Copying an object on the server: whole, or in parts above the threshold."""

from __future__ import annotations

import secrets

from storagedriver.asynchronous.cancellation import settled
from storagedriver_drivers.s3.answers import ObjectHead, require_same, required_etag
from storagedriver_drivers.s3.arguments import CONTENT_TYPE
from storagedriver_drivers.s3.parameters import S3Parameters
from storagedriver_drivers.s3.parts import size_of_copied_parts
from storagedriver_drivers.s3_async import multipart
from storagedriver_drivers.s3_async.objects import Bucket


async def copy(bucket: Bucket, source: str, dest: str, head: ObjectHead, parameters: S3Parameters) -> None:
    """Copy `source`, which is as `head` says, over `dest`. After a failure `dest` is as it was, or the whole copy."""
    if head.size and head.size > parameters.multipartcopythresholdsize:
        await _copy_in_parts(bucket, source, dest, head, parameters)
        return
    answer = await bucket.client.copy_object(
        Bucket=bucket.name,
        Key=dest,
        CopySource={"Bucket": bucket.name, "Key": source},
        CopySourceIfMatch=head.etag,
        ContentType=CONTENT_TYPE,
        MetadataDirective="REPLACE",
        Metadata=dict(head.metadata),
        **bucket.write_arguments,
    )
    # An error can come with status 200, and must not cost the source.
    required_etag(answer.get("CopyObjectResult", {}), "CopyObject")


async def _copy_in_parts(bucket: Bucket, source: str, dest: str, head: ObjectHead, parameters: S3Parameters) -> None:
    part_size = size_of_copied_parts(head.size, parameters)
    upload: multipart.Multipart | None = None
    try:
        upload = await multipart.begin(bucket, dest, secrets.token_hex(16), head.metadata)
        etags = await upload.copied_parts(
            source, head.etag, head.size, part_size, parameters.multipartcopymaxconcurrency
        )
        # Not every server minds the condition that each part is copied with.
        require_same(await bucket.head(source), head)
        await upload.complete(etags)
    except BaseException:
        if upload is not None:
            await settled(upload.abort())
        raise
    finally:
        if upload is None or upload.repeated:
            await settled(multipart.sweep(bucket, dest, keep=None))
