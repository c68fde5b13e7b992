"""A bucket as other tools see it: objects whose name is the root directory and the path, without a leading slash."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from storagedriver.dependencies import require
from storagedriver.foreign import ForeignRefusal
from storagedriver.parameters import parse
from storagedriver_drivers.gcs.access import credentials_of
from storagedriver_drivers.gcs.client import make_client
from storagedriver_drivers.gcs.errors import is_not_found, status
from storagedriver_drivers.gcs.parameters import GCSParameters

_PLAIN, _RESUMABLE, _COMPOSED, _WITH_METADATA = "plain", "by a resumable upload", "composed", "with metadata of its own"
_CUT = 700_001  # No chunk of the driver's ends where one of these does.


class ForeignObjects:
    """Objects of other tools, by google-cloud-storage."""

    ways = (_PLAIN, _RESUMABLE, _COMPOSED, _WITH_METADATA)
    odd_names = ("", "/q", "./q", "../q", "q~r", "~state", "x" * 256)

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """Use the bucket that these parameters of the driver name."""
        model = parse(GCSParameters, parameters, driver_name="gcs")
        self._client = make_client(model, credentials_of(model))
        self._bucket = self._client.storage.bucket(model.bucket)
        self._root = model.rootdirectory

    def put(self, name: str, content: bytes, way: str) -> None:
        blob = self._bucket.blob(self._key(name))
        try:
            if way == _RESUMABLE:
                # A size that is not known beforehand is what makes the library begin one.
                with blob.open("wb", chunk_size=1 << 18) as stream:
                    stream.write(content)
            elif way == _COMPOSED:
                self._compose(blob, content)
            else:
                if way == _WITH_METADATA:
                    blob.cache_control = "no-store"
                    blob.content_disposition = "attachment"
                    blob.content_encoding = "gzip"
                    blob.metadata = {"storagedriver-write": "", "mtime": "1700000000", "md5": "0"}
                blob.upload_from_string(content, content_type="text/html; charset=utf-16")
        except Exception as error:
            if status(error) is None:
                raise
            raise ForeignRefusal(f"HTTP {status(error)} for its name") from error

    def mark(self, name: str) -> None:
        self._bucket.blob(f"{self._key(name)}/").upload_from_string(b"")

    def get(self, name: str) -> bytes | None:
        try:
            content: bytes = self._bucket.blob(self._key(name)).download_as_bytes(raw_download=True)
        except Exception as error:
            if is_not_found(error):
                return None
            raise
        return content

    def holds(self, name: str) -> bool:
        key = self._key(name)
        found = self._client.storage.list_blobs(self._bucket, prefix=key)
        return any(blob.name == key or blob.name.startswith(f"{key}/") for blob in found)

    def close(self) -> None:
        self._client.close()

    def _compose(self, blob: Any, content: bytes) -> None:
        not_found = require("google.api_core.exceptions", extra="gcs", driver_name="gcs").NotFound
        stem = self._key(f"/~foreign-{secrets.token_hex(6)}")
        cuts = [content[start : start + _CUT] for start in range(0, max(1, len(content)), _CUT)]
        pieces = [self._bucket.blob(f"{stem}-{number}") for number in range(len(cuts))]
        try:
            for piece, cut in zip(pieces, cuts, strict=True):
                piece.upload_from_string(cut)
            blob.compose(pieces)
        finally:
            for piece in pieces:
                try:
                    self._bucket.delete_blob(piece.name)
                except not_found:
                    continue

    def _key(self, name: str) -> str:
        return f"{self._root}{name}".lstrip("/")
