"""fsspec's filesystems: of local files, s3fs and adlfs."""

from __future__ import annotations

import importlib
from typing import Any, BinaryIO

from benchmarks.compare.contestants import copied
from benchmarks.compare.object_stores import Parameters


class Fsspec:
    """A filesystem with its own settings: blocks, read-ahead and retries are as its users have them."""

    def __init__(self, filesystem: Any, root: str) -> None:
        self._filesystem = filesystem
        self._root = root

    @classmethod
    def local(cls, given: Parameters) -> Fsspec:
        """Local files. Nothing is flushed: what is written does not survive a loss of power."""
        return cls(importlib.import_module("fsspec").filesystem("file"), str(given["folder"]))

    @classmethod
    def s3(cls, given: Parameters) -> Fsspec:
        """s3fs, which is made on aiobotocore."""
        filesystem = importlib.import_module("s3fs").S3FileSystem(
            key=given["accesskey"],
            secret=given["secretkey"],
            endpoint_url=given["regionendpoint"],
            client_kwargs={"region_name": given.get("region", "us-east-1")},
            skip_instance_cache=True,
        )
        return cls(filesystem, given["bucket"])

    @classmethod
    def azure(cls, given: Parameters) -> Fsspec:
        """adlfs, which is made on the asynchronous clients of azure-storage-blob."""
        protocol = given["serviceurl"].partition(":")[0]
        filesystem = importlib.import_module("adlfs").AzureBlobFileSystem(
            connection_string=(
                f"DefaultEndpointsProtocol={protocol};AccountName={given['accountname']};"
                f"AccountKey={given['accountkey']};BlobEndpoint={given['serviceurl']};"
            ),
            skip_instance_cache=True,
        )
        return cls(filesystem, given["container"])

    def put(self, name: str, content: bytes) -> None:
        self._filesystem.pipe_file(f"{self._root}/{name}", content)

    def get(self, name: str) -> bytes:
        content: bytes = self._filesystem.cat_file(f"{self._root}/{name}")
        return content

    def upload(self, name: str, source: BinaryIO) -> None:
        with self._filesystem.open(f"{self._root}/{name}", "wb") as file:
            copied(source, file)

    def download(self, name: str, sink: BinaryIO) -> None:
        with self._filesystem.open(f"{self._root}/{name}", "rb") as file:
            copied(file, sink)
