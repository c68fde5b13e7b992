"""MinIO on one drive, from a binary that the user built or installed: it is published as source only by now."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from storagedriver.backends.containers import CONTAINER_MODE, ContainerWay, Setup
from storagedriver.backends.endpoint import HOST
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay, answer, program_of, required
from storagedriver.backends.provider import ServerProvider
from storagedriver.backends.s3_endpoint import S3_DRIVERS, S3Endpoint, boto3_missing

_BINARY = "minio"
_INSTALL = "go install github.com/minio/minio@latest"
_UNNUMBERED = "DEVELOPMENT"


def find_binary() -> Path | None:
    """The program minio: from the PATH, else from where `go install` puts it."""
    roots = os.environ.get("GOPATH", "").split(os.pathsep)
    folders = [str(Path(root, "bin")) for root in roots if root]
    return program_of(_BINARY, os.environ.get("GOBIN", ""), *folders, str(Path.home() / "go" / "bin"))


def _missing() -> str | None:
    if find_binary() is None:
        return f"the program {_BINARY} is not installed; build it with Go 1.24 or newer: {_INSTALL}"
    return boto3_missing()


def _program() -> Path:
    return required(find_binary(), _BINARY)


def _version() -> str:
    program = _program()
    told = answer(str(program), "--version")
    # Built by `go install`: only the module version in the binary says which it is.
    return _release_in(told) or _module_version(program) or _version_in(told) or "unknown"


def _version_in(told: str) -> str | None:
    matched = re.search(r"version (\S+)", told)
    return matched[1] if matched else None


def _release_in(told: str) -> str | None:
    version = _version_in(told)
    return None if version is None or version.startswith(_UNNUMBERED) else version


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


def _environment(endpoint: S3Endpoint) -> dict[str, str]:
    return {
        "MINIO_ROOT_USER": endpoint.access_key,
        "MINIO_ROOT_PASSWORD": endpoint.secret_key,
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",  # It would ask the vendor for news at each start.
    }


def _launch(programs: Programs, endpoint: S3Endpoint, ports: Sequence[int]) -> None:
    s3, console = ports
    data = programs.folder / "data"
    data.mkdir()
    address, console_address = f"{HOST}:{s3}", f"{HOST}:{console}"
    programs.run(
        [str(_program()), "server", str(data), "--address", address, "--console-address", console_address],
        environment=_environment(endpoint),
    )


MINIO = ServerProvider(
    name="minio",
    drivers=S3_DRIVERS,
    summary="MinIO, an object store that speaks S3",
    ways={
        PROCESS_MODE: ProgramWay(missing=_missing, version=_version, ports=2, endpoint=S3Endpoint.at, launch=_launch),
        CONTAINER_MODE: ContainerWay(
            image="minio/minio:RELEASE.2025-09-07T16-13-09Z",  # The last that was published.
            ports=(9000,),
            endpoint=S3Endpoint.at,
            setup=lambda endpoint: Setup(command=("server", "/data"), environment=_environment(endpoint)),
            version=((_BINARY, "--version"), _release_in),
            needs=boto3_missing,
        ),
    },
)
