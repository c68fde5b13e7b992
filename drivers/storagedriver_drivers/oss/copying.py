"""Copying an object on the server: whole, or in parts above the threshold."""

from __future__ import annotations

import secrets

from storagedriver_drivers.oss import multipart
from storagedriver_drivers.oss.multipart import LIMIT
from storagedriver_drivers.oss.objects import Bucket, ObjectHead
from storagedriver_drivers.oss.parameters import OSSParameters


def copy(bucket: Bucket, source: str, dest: str, head: ObjectHead, parameters: OSSParameters) -> None:
    """Copy `source`, which is as `head` says, over `dest`. After a failure `dest` is as it was, or the whole copy."""
    if head.size and head.size > parameters.multipartcopythresholdsize:
        _copy_in_parts(bucket, source, dest, head, parameters)
        return
    bucket.copy(source, dest, head)


def _copy_in_parts(bucket: Bucket, source: str, dest: str, head: ObjectHead, parameters: OSSParameters) -> None:
    # Few enough parts, whatever the size.
    part_size = max(parameters.multipartcopychunksize, -(-head.size // LIMIT.most))
    upload: multipart.Multipart | None = None
    try:
        upload = multipart.begin(bucket, dest, secrets.token_hex(16), head.metadata, head.headers)
        etags = upload.copied_parts(source, head.etag, head.size, part_size, parameters.multipartcopymaxconcurrency)
        upload.complete(etags)
    except BaseException:
        if upload is not None:
            upload.abort()
        raise
    finally:
        if upload is None or upload.repeated:
            multipart.sweep(bucket, dest, keep=None)
