"""The Docker registry as a client sees it: an image, the program that serves it, and pushes and pulls over HTTP."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storagedriver.backends.endpoint import HOST, http_failure
from storagedriver.backends.process import ServerProcess, free_ports
from storagedriver.testing import content

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CONFIGURATION = "application/vnd.docker.container.image.v1+json"
ROOT = "/docker/registry/v2"
PROGRAM = "docker-registry"


def missing() -> str | None:
    """Why no registry can be run here."""
    return None if shutil.which(PROGRAM) else f"{PROGRAM} is not installed; install it with: apt install {PROGRAM}"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Image:
    """An image: what it is called, its blobs, and the manifest that names them."""

    name: str
    tag: str
    blobs: tuple[bytes, ...]
    manifest: bytes


def image(name: str, *, seed: int) -> Image:
    """An image of three blobs: a configuration, a small layer and one of several of the backends' chunks."""
    configuration = json.dumps({"architecture": "amd64", "os": "linux", "seed": seed}).encode()
    layers = [content(1000, seed=seed), content(23 * 1024 * 1024 + 7, seed=seed + 1)]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIGURATION, "size": len(configuration), "digest": digest(configuration)},
        "layers": [{"mediaType": LAYER, "size": len(each), "digest": digest(each)} for each in layers],
    }
    return Image(name, "latest", (configuration, *layers), json.dumps(manifest).encode())


class Registry:
    """A running registry."""

    def __init__(self, port: int) -> None:
        self.port = port

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def push(self, pushed: Image) -> None:
        """Upload the blobs, in two pieces each, and the manifest."""
        for blob in pushed.blobs:
            status, _, headers = self.request("POST", f"/v2/{pushed.name}/blobs/uploads/")
            assert status == 202
            middle = len(blob) // 2
            for start, piece in ((0, blob[:middle]), (middle, blob[middle:])):
                span = {
                    "Content-Range": f"{start}-{start + len(piece) - 1}",
                    "Content-Type": "application/octet-stream",
                }
                status, said, headers = self.request("PATCH", _path(headers["Location"]), piece, span)
                assert status == 202, said
            done = f"{_path(headers['Location'])}&digest={urllib.parse.quote(digest(blob))}"
            status, said, _ = self.request("PUT", done)
            assert status == 201, said
        status, said, _ = self.request(
            "PUT", f"/v2/{pushed.name}/manifests/{pushed.tag}", pushed.manifest, {"Content-Type": MANIFEST}
        )
        assert status == 201, said

    def pull(self, wanted: Image) -> tuple[bytes, list[bytes]]:
        """The manifest of an image's tag, and the blobs."""
        manifest = self._get(f"/v2/{wanted.name}/manifests/{wanted.tag}", {"Accept": MANIFEST})
        return manifest, [self._get(f"/v2/{wanted.name}/blobs/{digest(blob)}") for blob in wanted.blobs]

    def _get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        status, body, _ = self.request("GET", path, headers=headers)
        assert status == 200, (path, status, body[:500])
        return body


def _path(location: str) -> str:
    parts = urllib.parse.urlsplit(location)
    return f"{parts.path}?{parts.query}"


@contextmanager
def serving(storage: Mapping[str, Any], folder: Path) -> Iterator[Registry]:
    """A registry on this storage."""
    (port,) = free_ports(1)
    configuration = {
        "version": 0.1,
        "log": {"level": "warn"},
        # Content comes through the registry itself, and deletes are taken.
        "storage": {**storage, "delete": {"enabled": True}, "redirect": {"disable": True}},
        "http": {"addr": f"{HOST}:{port}", "secret": "of one run"},
    }
    written = folder / f"registry-{port}.json"  # JSON is YAML.
    written.write_text(json.dumps(configuration))
    program = shutil.which(PROGRAM)
    assert program is not None
    process = ServerProcess(
        [program, "serve", str(written)], name=PROGRAM, folder=folder, log=folder / f"registry-{port}.log"
    )
    try:
        process.wait_until(lambda: http_failure(port))
        yield Registry(port)
    finally:
        process.stop()
