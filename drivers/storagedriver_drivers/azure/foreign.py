"""A container as other Azure tools see it: blobs whose name is the root directory and the path, without a leading slash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from storagedriver.dependencies import require
from storagedriver.foreign import ForeignRefusal
from storagedriver.parameters import parse
from storagedriver_drivers.azure.access import access_of
from storagedriver_drivers.azure.client import make_service
from storagedriver_drivers.azure.errors import HttpResponseError, is_absent, status
from storagedriver_drivers.azure.parameters import MIB, AzureParameters

if TYPE_CHECKING:
    from azure.storage.blob import BlobBlock, BlobClient, ContentSettings
else:
    _blob = require("azure.storage.blob", extra="azure", driver_name="azure")
    BlobBlock, BlobClient, ContentSettings = _blob.BlobBlock, _blob.BlobClient, _blob.ContentSettings

_PLAIN, _IN_BLOCKS, _APPENDED, _WITH_METADATA = "plain", "in blocks", "as an append blob", "with metadata of its own"
_BLOCK = 3 * MIB // 2  # No chunk of the driver's ends where one of these does.

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


class ForeignBlobs:
    """Blobs of other tools, by Azure's SDK."""

    ways = (_PLAIN, _IN_BLOCKS, _APPENDED, _WITH_METADATA)
    odd_names = ("", "/q", "q~r", "~state", "x" * 256)

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """Use the container that these parameters of the driver name."""
        model = parse(AzureParameters, parameters, driver_name="azure")
        self._access = access_of(model)
        self._service = make_service(model, self._access)
        self._container = self._service.get_container_client(model.container)
        self._root = model.rootdirectory

    def put(self, name: str, content: bytes, way: str) -> None:
        if _NOT_IN_XML.search(name):
            # Azure refuses it. Azurite takes it, and answers 500 to every listing that comes by it.
            raise ForeignRefusal("names hold no control characters")
        blob = self._blob(name)
        pieces = [content[start : start + _BLOCK] for start in range(0, len(content), _BLOCK)]
        try:
            if way == _IN_BLOCKS:
                blocks = [BlobBlock(block_id=uuid4().hex) for _ in pieces]
                for block, piece in zip(blocks, pieces, strict=True):
                    blob.stage_block(block.id, piece)
                blob.commit_block_list(blocks)
            elif way == _APPENDED:
                blob.create_append_blob()
                for piece in pieces:
                    blob.append_block(piece)
            elif way == _WITH_METADATA:
                settings = ContentSettings(
                    content_type="text/html; charset=utf-16", cache_control="no-store", content_encoding="gzip"
                )
                metadata = {"mtime": "1700000000", "md5": "0"}
                blob.upload_blob(content, overwrite=True, content_settings=settings, metadata=metadata)
            else:
                blob.upload_blob(content, overwrite=True)
        except HttpResponseError as error:
            raise ForeignRefusal(f"HTTP {status(error)} for its name") from error

    def mark(self, name: str) -> None:
        # As tools for hierarchical namespaces do.
        self._blob(name).upload_blob(b"", metadata={"hdi_isfolder": "true"})

    def get(self, name: str) -> bytes | None:
        try:
            return bytes(self._blob(name).download_blob(decompress=False).readall())
        except HttpResponseError as error:
            if is_absent(error):
                return None
            raise

    def holds(self, name: str) -> bool:
        key = self._key(name)
        found = (entry.name for entry in self._container.list_blobs(name_starts_with=key))
        return any(each == key or each.startswith(f"{key}/") for each in found)

    def close(self) -> None:
        self._service.close()
        self._access.close()

    def _blob(self, name: str) -> BlobClient:
        return self._container.get_blob_client(self._key(name))

    def _key(self, name: str) -> str:
        return f"{self._root}{name}".lstrip("/")
