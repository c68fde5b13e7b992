"""Arguments of requests."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from storagedriver_drivers.s3.parameters import Checksum, S3Parameters

CONTENT_TYPE = "application/octet-stream"


def content_md5(content: bytes | bytearray) -> str:
    """The value of the header by which the server notices a damaged body."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def of_body(content: bytes | bytearray, checksum: Checksum) -> dict[str, Any]:
    """Arguments by which the server notices a damaged body; none where the SHA-256 of the signature is to do it."""
    return {"ContentMD5": content_md5(content)} if checksum == "md5" else {}


def part_of_object(start: int, end: int | None, if_match: str | None) -> dict[str, Any]:
    """Arguments of GetObject for the bytes from `start` to before `end`, if the object's ETag still is `if_match`."""
    arguments: dict[str, Any] = {}
    if start or end is not None:
        arguments["Range"] = f"bytes={start}-" if end is None else f"bytes={start}-{end - 1}"
    if if_match:
        arguments["IfMatch"] = if_match
    return arguments


def of_writes(parameters: S3Parameters) -> dict[str, Any]:
    """Arguments of everything that makes an object: storage class, ACL and encryption."""
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
