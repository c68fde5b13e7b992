"""A bucket as other S3 tools see it: objects whose key is the root directory and the path, without a leading slash."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from storagedriver.foreign import ForeignRefusal
from storagedriver.parameters import parse
from storagedriver_drivers.s3.client import make_client
from storagedriver_drivers.s3.errors import ClientError, status
from storagedriver_drivers.s3.parameters import MIB, S3Parameters

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_PLAIN, _IN_PARTS, _WITH_METADATA = "plain", "in parts", "with metadata of its own"
_PART = 6 * MIB  # No chunk of the driver's ends where one of these does.


def _is_unnormal(key: str) -> bool:
    return any(component in {"", ".", ".."} for component in key.split("/"))


class ForeignObjects:
    """Objects of other tools, by boto3."""

    ways = (_PLAIN, _IN_PARTS, _WITH_METADATA)
    odd_names = ("", "/q", "./q", "../q", "q~r", "~state", "x" * 256)

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """Use the bucket that these parameters of the driver name."""
        model = parse(S3Parameters, parameters, driver_name="s3")
        self._client = make_client(model)
        self._bucket = model.bucket
        self._root = model.rootdirectory

    def put(self, name: str, content: bytes, way: str) -> None:
        key = self._key(name)
        if _is_unnormal(key) and self._normalises():
            raise ForeignRefusal("the server keeps it under another key")
        try:
            if way == _IN_PARTS:
                self._put_in_parts(key, content)
            elif way == _WITH_METADATA:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=content,
                    ContentType="text/html; charset=utf-16",
                    CacheControl="no-store",
                    ContentDisposition="attachment",
                    ContentEncoding="gzip",
                    Metadata={"storagedriver-upload": "", "mtime": "1700000000", "md5": "0"},
                )
            else:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=content)
        except ClientError as error:
            raise ForeignRefusal(f"HTTP {status(error)} for its key") from error

    def mark(self, name: str) -> None:
        self._client.put_object(Bucket=self._bucket, Key=f"{self._key(name)}/", Body=b"")

    def get(self, name: str) -> bytes | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(name))
        except ClientError as error:
            if status(error) == 404:
                return None
            raise
        with contextlib.closing(answer["Body"]) as body:
            return body.read()

    def holds(self, name: str) -> bool:
        key = self._key(name)
        return any(found == key or found.startswith(f"{key}/") for found in self._keys(key))

    def close(self) -> None:
        self._client.close()

    def _put_in_parts(self, key: str, content: bytes) -> None:
        upload = self._client.create_multipart_upload(Bucket=self._bucket, Key=key)["UploadId"]
        parts: list[CompletedPartTypeDef] = []
        for number, start in enumerate(range(0, max(1, len(content)), _PART), start=1):
            body = content[start : start + _PART]
            part = self._client.upload_part(Bucket=self._bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        self._client.complete_multipart_upload(
            Bucket=self._bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
        )

    def _normalises(self) -> bool:
        """Whether the server takes keys for paths of files, so that `a//b` is the object `a/b`."""
        probe = self._key(f"/~probe-{secrets.token_hex(6)}//x")
        try:
            self._client.put_object(Bucket=self._bucket, Key=probe, Body=b"")
        except ClientError:
            return False  # It takes no such keys at all.
        kept = self._keys(probe.partition("//")[0])
        for key in kept:
            self._client.delete_object(Bucket=self._bucket, Key=key)
        return kept != [probe]

    def _keys(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def _key(self, name: str) -> str:
        return f"{self._root}{name}".lstrip("/")
