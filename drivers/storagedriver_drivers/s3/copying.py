"""Copying an object on the server: whole, or in parts above the threshold."""

from __future__ import annotations

import secrets

from storagedriver_drivers.s3 import multipart
from storagedriver_drivers.s3.multipart import MOST_PARTS
from storagedriver_drivers.s3.objects import CONTENT_TYPE, Bucket, ObjectHead, required_etag
from storagedriver_drivers.s3.parameters import S3Parameters


def copy(bucket: Bucket, source: str, dest: str, head: ObjectHead, parameters: S3Parameters) -> None:
    """Copy `source`, which is as `head` says, over `dest`. After a failure `dest` is as it was, or the whole copy."""
    if head.size and head.size > parameters.multipartcopythresholdsize:
        _copy_in_parts(bucket, source, dest, head, parameters)
        return
    answer = bucket.client.copy_object(
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


def _copy_in_parts(bucket: Bucket, source: str, dest: str, head: ObjectHead, parameters: S3Parameters) -> None:
    # Few enough parts, whatever the size.
    part_size = max(parameters.multipartcopychunksize, -(-head.size // MOST_PARTS))
    upload: multipart.Multipart | None = None
    try:
        upload = multipart.begin(bucket, dest, secrets.token_hex(16), head.metadata)
        etags = upload.copied_parts(source, head.etag, head.size, part_size, parameters.multipartcopymaxconcurrency)
        upload.complete(etags)
    except BaseException:
        if upload is not None:
            upload.abort()
        raise
    finally:
        if upload is None or upload.repeated:
            multipart.sweep(bucket, dest, keep=None)
