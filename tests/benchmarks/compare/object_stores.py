"""Ways to object stores: their SDKs, and libraries in Rust for them. What is not installed is left out."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, BinaryIO

from benchmarks.compare.contestants import PIECE, copied

Parameters = Mapping[str, Any]


class Boto3:
    """boto3: its client for whole content, its transfer manager for streams."""

    def __init__(self, given: Parameters) -> None:
        boto3 = importlib.import_module("boto3")
        self._bucket = given["bucket"]
        self._client = boto3.client(
            "s3",
            endpoint_url=given["regionendpoint"],
            aws_access_key_id=given["accesskey"],
            aws_secret_access_key=given["secretkey"],
            region_name=given.get("region", "us-east-1"),
        )

    def put(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=name, Body=content)

    def get(self, name: str) -> bytes:
        content: bytes = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        return content

    def upload(self, name: str, source: BinaryIO) -> None:
        self._client.upload_fileobj(source, self._bucket, name)

    def download(self, name: str, sink: BinaryIO) -> None:
        self._client.download_fileobj(self._bucket, name, sink)


class Boto3Stream(Boto3):
    """boto3 as it reads a stream in the caller's thread: the body of one answer."""

    def download(self, name: str, sink: BinaryIO) -> None:
        copied(self._client.get_object(Bucket=self._bucket, Key=name)["Body"], sink)


class Obstore:
    """obstore, which is Rust's object_store."""

    def __init__(self, store: Any) -> None:
        self._obstore = importlib.import_module("obstore")
        self._store = store

    @classmethod
    def s3(cls, given: Parameters) -> Obstore:
        stores = importlib.import_module("obstore.store")
        return cls(
            stores.S3Store(
                given["bucket"],
                endpoint=given["regionendpoint"],
                access_key_id=given["accesskey"],
                secret_access_key=given["secretkey"],
                region=given.get("region", "us-east-1"),
                virtual_hosted_style_request=False,
                client_options={"allow_http": True},
            )
        )

    @classmethod
    def azure(cls, given: Parameters) -> Obstore:
        stores = importlib.import_module("obstore.store")
        return cls(
            stores.AzureStore(
                given["container"],
                account_name=given["accountname"],
                account_key=given["accountkey"],
                endpoint=given["serviceurl"],
                client_options={"allow_http": True},
            )
        )

    def put(self, name: str, content: bytes) -> None:
        self._obstore.put(self._store, name, content)

    def get(self, name: str) -> bytes:
        return bytes(self._obstore.get(self._store, name).bytes())

    def upload(self, name: str, source: BinaryIO) -> None:
        self._obstore.put(self._store, name, source)

    def download(self, name: str, sink: BinaryIO) -> None:
        sink.writelines(self._obstore.get(self._store, name).stream(min_chunk_size=PIECE))


class Opendal:
    """Apache OpenDAL, which is Rust too."""

    def __init__(self, given: Parameters) -> None:
        opendal = importlib.import_module("opendal")
        self._operator = opendal.Operator(
            "s3",
            bucket=given["bucket"],
            endpoint=given["regionendpoint"],
            access_key_id=given["accesskey"],
            secret_access_key=given["secretkey"],
            region=given.get("region", "us-east-1"),
        )

    def put(self, name: str, content: bytes) -> None:
        self._operator.write(name, content)

    def get(self, name: str) -> bytes:
        return bytes(self._operator.read(name))

    def upload(self, name: str, source: BinaryIO) -> None:
        # Its parts are the pieces that are written unless a size is given: S3's smallest is 5 MiB.
        with self._operator.open(name, "wb", chunk=8 * PIECE) as file:
            while piece := source.read(PIECE):
                file.write(piece)

    def download(self, name: str, sink: BinaryIO) -> None:
        with self._operator.open(name, "rb") as file:
            copied(file, sink)


class AzureSdk:
    """azure-storage-blob."""

    def __init__(self, given: Parameters) -> None:
        blob = importlib.import_module("azure.storage.blob")
        service = blob.BlobServiceClient(
            account_url=given["serviceurl"],
            credential={"account_name": given["accountname"], "account_key": given["accountkey"]},
        )
        self._container = service.get_container_client(given["container"])

    def put(self, name: str, content: bytes) -> None:
        self._container.upload_blob(name, content, overwrite=True)

    def get(self, name: str) -> bytes:
        content: bytes = self._container.download_blob(name).readall()
        return content

    def upload(self, name: str, source: BinaryIO) -> None:
        self._container.upload_blob(name, source, overwrite=True)

    def download(self, name: str, sink: BinaryIO) -> None:
        sink.writelines(self._container.download_blob(name).chunks())
