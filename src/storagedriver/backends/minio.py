"""MinIO on one drive, from a binary that the user built or installed: it is published as source only by now."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from storagedriver.backends.endpoint import HOST
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay, answer, program_of, required
from storagedriver.backends.provider import ServerProvider
from storagedriver.backends.s3_endpoint import S3_DRIVER, S3Endpoint, boto3_missing

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


def _launch(programs: Programs, endpoint: S3Endpoint, ports: Sequence[int]) -> None:
    s3, console = ports
    data = programs.folder / "data"
    data.mkdir()
    address, console_address = f"{HOST}:{s3}", f"{HOST}:{console}"
    programs.run(
        [str(_program()), "server", str(data), "--address", address, "--console-address", console_address],
        environment={
            "MINIO_ROOT_USER": endpoint.access_key,
            "MINIO_ROOT_PASSWORD": endpoint.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",  # It would ask the vendor for news at each start.
        },
    )


MINIO = ServerProvider(
    name="minio",
    drivers=(S3_DRIVER,),
    summary="MinIO, an object store that speaks S3",
    ways={
        PROCESS_MODE: ProgramWay(
            missing=_missing,
            version=_version,
            ports=2,
            endpoint=lambda ports: S3Endpoint(port=ports[0]),
            launch=_launch,
        )
    },
)
