"""The two layers of python-swiftclient."""

from __future__ import annotations

import importlib
import io
from typing import Any, BinaryIO

from benchmarks.compare.contestants import PIECE
from benchmarks.compare.object_stores import Parameters

SEGMENT = 20 * PIECE
"""Bytes of a segment where the caller chooses: as the driver has it, unless it is told otherwise."""


class Connection:
    """swiftclient's Connection, which sends a stream as one object: Swift takes 5 GiB so."""

    def __init__(self, given: Parameters) -> None:
        client = importlib.import_module("swiftclient")
        self._container = given["container"]
        self._connection = client.Connection(given["authurl"], given["username"], given["password"])

    def put(self, name: str, content: bytes) -> None:
        self._connection.put_object(self._container, name, content)

    def get(self, name: str) -> bytes:
        _, content = self._connection.get_object(self._container, name)
        return bytes(content)

    def upload(self, name: str, source: BinaryIO) -> None:
        self._connection.put_object(self._container, name, source, chunk_size=PIECE)

    def download(self, name: str, sink: BinaryIO) -> None:
        _, pieces = self._connection.get_object(self._container, name, resp_chunk_size=PIECE)
        sink.writelines(pieces)


class Service:
    """swiftclient's SwiftService, which the command `swift` is made on.

    A stream becomes segments with a manifest, one segment after the other: it sends them at once of files only. What
    the object had of segments goes. A container for segments is made once, and not looked for at each call.
    """

    def __init__(self, given: Parameters) -> None:
        service = importlib.import_module("swiftclient.service")
        self._container = given["container"]
        self._object: Any = service.SwiftUploadObject
        self._service = service.SwiftService(
            {
                "auth_version": "1.0",
                "auth": given["authurl"],
                "user": given["username"],
                "key": given["password"],
                "segment_size": SEGMENT,
                "use_slo": True,
                "skip_container_put": True,
            }
        )
        for name in (self._container, f"{self._container}_segments"):
            self._done(self._service.post(container=name))

    def put(self, name: str, content: bytes) -> None:
        self.upload(name, io.BytesIO(content))

    def get(self, name: str) -> bytes:
        sink = io.BytesIO()
        self.download(name, sink)
        return sink.getvalue()

    def upload(self, name: str, source: BinaryIO) -> None:
        for each in self._service.upload(self._container, [self._object(source, object_name=name)]):
            self._done(each)

    def download(self, name: str, sink: BinaryIO) -> None:
        for each in self._service.download(self._container, [name], {"out_file": "-"}):
            if "contents" not in each:
                self._done(each)
            sink.writelines(each["contents"])

    @staticmethod
    def _done(answer: Any) -> None:
        """Raise what went wrong: the service tells it in its answers."""
        if not answer["success"]:
            raise answer["error"]
