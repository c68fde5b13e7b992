"""A bucket as other tools see it: objects whose key is the root directory and the path, without a leading slash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storagedriver.foreign import ForeignRefusal
from storagedriver.parameters import parse
from storagedriver_drivers.oss.client import credentials_of, make_client, sdk
from storagedriver_drivers.oss.errors import status
from storagedriver_drivers.oss.parameters import KIB, OSSParameters

_PLAIN, _IN_PARTS, _APPENDED, _WITH_METADATA = "plain", "in parts", "appended", "with metadata of its own"
_PART = 130 * KIB  # No chunk of the driver's ends where one of these does.


class ForeignObjects:
    """Objects of other tools, by Alibaba's SDK."""

    ways = (_PLAIN, _IN_PARTS, _APPENDED, _WITH_METADATA)
    odd_names = ("", "/q", "./q", "../q", "q~r", "~state", "x" * 256)

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """Use the bucket that these parameters of the driver name."""
        model = parse(OSSParameters, parameters, driver_name="oss")
        self._client = make_client(model, credentials_of(model))
        self._api = self._client.api
        self._bucket = model.bucket
        self._root = model.rootdirectory

    def put(self, name: str, content: bytes, way: str) -> None:
        key = self._key(name)
        try:
            if way == _IN_PARTS:
                self._put_in_parts(key, content)
            elif way == _APPENDED:
                self._append(key, content)
            elif way == _WITH_METADATA:
                self._put(
                    key,
                    content,
                    content_type="text/html; charset=utf-16",
                    content_encoding="gzip",
                    cache_control="no-store",
                    content_disposition="attachment",
                    metadata={"storagedriver-upload": "", "mtime": "1700000000", "md5": "0"},
                )
            else:
                self._put(key, content)
        except Exception as error:
            if status(error) is None:
                raise
            raise ForeignRefusal(f"HTTP {status(error)} for its key") from error

    def mark(self, name: str) -> None:
        self._put(f"{self._key(name)}/", b"")

    def get(self, name: str) -> bytes | None:
        try:
            answer = self._api.get_object(sdk.GetObjectRequest(bucket=self._bucket, key=self._key(name)))
        except Exception as error:
            if status(error) == 404:
                return None
            raise
        with answer.body as body:
            return bytes(body.read())

    def holds(self, name: str) -> bool:
        key = self._key(name)
        return any(found == key or found.startswith(f"{key}/") for found in self._keys(key))

    def close(self) -> None:
        self._client.close()

    def _put(self, key: str, content: bytes, **arguments: Any) -> None:
        self._api.put_object(sdk.PutObjectRequest(bucket=self._bucket, key=key, body=content, **arguments))

    def _put_in_parts(self, key: str, content: bytes) -> None:
        place = {"bucket": self._bucket, "key": key}
        upload = self._api.initiate_multipart_upload(sdk.InitiateMultipartUploadRequest(**place)).upload_id
        parts = []
        for number, start in enumerate(range(0, max(1, len(content)), _PART), start=1):
            body = content[start : start + _PART]
            request = sdk.UploadPartRequest(**place, upload_id=upload, part_number=number, body=body)
            parts.append(sdk.UploadPart(part_number=number, etag=self._api.upload_part(request).etag))
        named = sdk.CompleteMultipartUpload(parts=parts)
        self._api.complete_multipart_upload(
            sdk.CompleteMultipartUploadRequest(**place, upload_id=upload, complete_multipart_upload=named)
        )

    def _append(self, key: str, content: bytes) -> None:
        # In two steps; an object that is there already cannot be appended to, unless it was made so.
        self._api.delete_object(sdk.DeleteObjectRequest(bucket=self._bucket, key=key))
        middle = len(content) // 2
        for position, piece in ((0, content[:middle]), (middle, content[middle:])):
            self._api.append_object(
                sdk.AppendObjectRequest(bucket=self._bucket, key=key, position=position, body=piece)
            )

    def _keys(self, prefix: str) -> list[str]:
        pages = self._api.list_objects_v2_paginator().iter_page(
            sdk.ListObjectsV2Request(bucket=self._bucket, prefix=prefix)
        )
        return [str(entry.key) for page in pages for entry in page.contents or []]

    def _key(self, name: str) -> str:
        return f"{self._root}{name}".lstrip("/")
