"""MinIO on one drive, from a binary that the user built or installed: it is published as source only by now."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
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

_BINARY = "minio"
_INSTALL = "go install github.com/minio/minio@latest"
_UNNUMBERED = "DEVELOPMENT"
_PORTS = 2
_VERSION_DEADLINE = 30.0


class MinIOProvider:
    """A MinIO of one drive."""

    name = "minio"
    drivers = (S3_DRIVER,)
    modes = ("process",)
    summary = "MinIO, an object store that speaks S3"

    def unavailable(self, mode: str) -> str | None:
        if mode not in self.modes:
            return f"{self.name} has no mode {mode!r}"
        if find_binary() is None:
            return f"the program minio is not installed; build it with Go 1.24 or newer: {_INSTALL}"
        return boto3_missing()

    def start(self, mode: str, folder: Path) -> S3ProcessServer:
        binary = find_binary()
        problem = self.unavailable(mode)
        if problem is not None or binary is None:
            raise BackendStartError(problem or "the program minio is not installed")
        return start_s3_process(
            self.name,
            folder,
            version=_version(binary),
            ports=_PORTS,
            launch=lambda own, endpoint, ports: _launch(binary, own, endpoint, ports),
        )


def find_binary() -> Path | None:
    """The program minio: from the PATH, else from where `go install` puts it."""
    folders = [os.environ.get("GOBIN", "")]
    folders += [str(Path(root, "bin")) for root in os.environ.get("GOPATH", "").split(os.pathsep) if root]
    folders.append(str(Path.home() / "go" / "bin"))
    search = os.pathsep.join(folder for folder in folders if folder)
    found = shutil.which(_BINARY) or shutil.which(_BINARY, path=search)
    return Path(found).resolve() if found else None


def _version(binary: Path) -> str:
    try:
        answer = _ask([str(binary), "--version"])
    except (OSError, subprocess.SubprocessError) as error:
        raise BackendStartError(f"{binary} does not tell its version: {error}") from error
    matched = re.search(r"version (\S+)", answer)
    version = matched[1] if matched else "unknown"
    if version.startswith(_UNNUMBERED):
        # Built by `go install`: only the module version in the binary says which it is.
        return _module_version(binary) or version
    return version


def _module_version(binary: Path) -> str | None:
    go = shutil.which("go")
    if go is None:
        return None
    try:
        answer = _ask([go, "version", "-m", str(binary)])
    except (OSError, subprocess.SubprocessError):
        return None
    matched = re.search(r"^\s*mod\s+\S+\s+(\S+)", answer, re.MULTILINE)
    return matched[1] if matched else None


def _ask(command: Sequence[str]) -> str:
    return subprocess.run(  # noqa: S603  # binaries found above
        command, capture_output=True, text=True, timeout=_VERSION_DEADLINE, check=True
    ).stdout


def _launch(binary: Path, own: Path, endpoint: S3Endpoint, ports: Sequence[int]) -> Launch:
    s3, console = ports
    data = own / "data"
    data.mkdir()
    return Launch(
        command=[
            str(binary),
            "server",
            str(data),
            "--address",
            f"{HOST}:{s3}",
            "--console-address",
            f"{HOST}:{console}",
        ],
        environment={
            "MINIO_ROOT_USER": endpoint.access_key,
            "MINIO_ROOT_PASSWORD": endpoint.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",  # It would ask the vendor for news at each start.
        },
    )
