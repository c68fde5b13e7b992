"""MinIO on one drive, from a binary that the user built or installed: it is published as source only by now."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from storagedriver.backends.s3_server import HOST, Launch, S3Endpoint, S3ProcessProvider, answer

_BINARY = "minio"
_INSTALL = "go install github.com/minio/minio@latest"
_UNNUMBERED = "DEVELOPMENT"


def find_binary() -> Path | None:
    """The program minio: from the PATH, else from where `go install` puts it."""
    folders = [os.environ.get("GOBIN", "")]
    folders += [str(Path(root, "bin")) for root in os.environ.get("GOPATH", "").split(os.pathsep) if root]
    folders.append(str(Path.home() / "go" / "bin"))
    search = os.pathsep.join(folder for folder in folders if folder)
    found = shutil.which(_BINARY) or shutil.which(_BINARY, path=search)
    return Path(found).resolve() if found else None


def _version(program: Path) -> str:
    matched = re.search(r"version (\S+)", answer(str(program), "--version"))
    version = matched[1] if matched else "unknown"
    if version.startswith(_UNNUMBERED):
        # Built by `go install`: only the module version in the binary says which it is.
        return _module_version(program) or version
    return version


def _module_version(program: Path) -> str | None:
    go = shutil.which("go")
    if go is None:
        return None
    try:
        told = answer(go, "version", "-m", str(program))
    except (OSError, subprocess.SubprocessError):
        return None
    matched = re.search(r"^\s*mod\s+\S+\s+(\S+)", told, re.MULTILINE)
    return matched[1] if matched else None


def _launch(program: Path, own: Path, endpoint: S3Endpoint, ports: Sequence[int]) -> Launch:
    s3, console = ports
    data = own / "data"
    data.mkdir()
    return Launch(
        command=[
            str(program),
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


MINIO = S3ProcessProvider(
    name="minio",
    summary="MinIO, an object store that speaks S3",
    program=_BINARY,
    install=f"build it with Go 1.24 or newer: {_INSTALL}",
    find=find_binary,
    version=_version,
    ports=2,
    launch=_launch,
)
