"""A container as other Swift tools see it: objects `<root>/files/<path>`, and manifests over segments of any name."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from storagedriver.dependencies import require
from storagedriver.foreign import ForeignRefusal
from storagedriver.parameters import parse
from storagedriver_drivers.swift.parameters import SwiftParameters

if TYPE_CHECKING:
    from swiftclient import ClientException, Connection  # type: ignore[import-untyped]
else:
    _client = require("swiftclient", extra="swift", driver_name="swift")
    ClientException, Connection = _client.ClientException, _client.Connection

_PLAIN, _DYNAMIC, _STATIC, _WITH_METADATA = "plain", "by a dynamic manifest", "by a static manifest", "with metadata"
_SEGMENT = 700_001  # No chunk of the driver's ends where one of these does.


class ForeignSwiftObjects:
    """Objects of other tools, by python-swiftclient."""

    ways = (_PLAIN, _DYNAMIC, _STATIC, _WITH_METADATA)
    odd_names = ("", "/q", "q~r", "~state", "x" * 256)

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """Use the container that these parameters of the driver name, by authentication of version 1."""
        model = parse(SwiftParameters, parameters, driver_name="swift")
        password = model.password.get_secret_value() if model.password else None
        self._connection = Connection(authurl=model.authurl, user=model.username, key=password, auth_version="1")
        self._container = model.container
        self._root = model.rootdirectory

    def put(self, name: str, content: bytes, way: str) -> None:
        key = self._key(name)
        try:
            if way == _DYNAMIC:
                prefix, _ = self._put_segments(content)
                self._put(key, b"", {"X-Object-Manifest": quote(f"{self._container}/{prefix}")})
            elif way == _STATIC and content:
                _, segments = self._put_segments(content)
                self._put(key, json.dumps(segments).encode(), query="multipart-manifest=put")
            elif way == _WITH_METADATA:
                headers = {"X-Object-Meta-Mtime": "1700000000.5", "Content-Encoding": "gzip"}
                self._put(key, content, headers, content_type="text/html; charset=utf-16")
            else:
                self._put(key, content)
        except ClientException as error:
            raise ForeignRefusal(f"HTTP {error.http_status} for its name") from error

    def mark(self, name: str) -> None:
        self._put(self._key(name), b"", content_type="application/directory")

    def get(self, name: str) -> bytes | None:
        try:
            _, content = self._connection.get_object(self._container, self._key(name))
        except ClientException as error:
            if error.http_status == 404:
                return None
            raise
        return bytes(content)

    def holds(self, name: str) -> bool:
        key = self._key(name)
        _, entries = self._connection.get_container(self._container, prefix=key, full_listing=True)
        return any(entry["name"] == key or entry["name"].startswith(f"{key}/") for entry in entries)

    def close(self) -> None:
        self._connection.close()

    def _put_segments(self, content: bytes) -> tuple[str, list[dict[str, object]]]:
        """Store segments where the Go registry does; what their names begin with, and what a static manifest says."""
        stream = secrets.token_hex(20)
        prefix = f"{self._root}/segments/{stream[:3]}/{stream[3:]}".lstrip("/")
        segments: list[dict[str, object]] = []
        for number, start in enumerate(range(0, len(content), _SEGMENT), start=1):
            segment, piece = f"{prefix}/{number:016d}", content[start : start + _SEGMENT]
            etag = self._put(segment, piece)
            segments.append({"path": f"/{self._container}/{segment}", "etag": etag, "size_bytes": len(piece)})
        return f"{prefix}/", segments

    def _put(
        self,
        key: str,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        query: str | None = None,
        content_type: str = "application/octet-stream",
    ) -> str:
        etag: str = self._connection.put_object(
            self._container, key, content, headers=dict(headers or {}), query_string=query, content_type=content_type
        )
        return etag

    def _key(self, name: str) -> str:
        return f"{self._root}/files{name}".lstrip("/")
