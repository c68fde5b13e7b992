"""Azurite, Microsoft's own emulator of Azure Blob Storage, from the npm package azurite."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storagedriver.backends.containers import CONTAINER_MODE, SAME, ContainerWay, Setup
from storagedriver.backends.endpoint import ANSWER_DEADLINE, HOST, http_failure
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay, answer, program_of, required
from storagedriver.backends.provider import ServerProvider

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

AZURE_DRIVER = "azure"
_BINARY = "azurite-blob"
_INSTALL = "npm install -g azurite"
_CHUNK_SIZE = 1024 * 1024  # Small, so that small files have many blocks already.
_PROBE = "storagedriver-probe"


def find_binary() -> Path | None:
    """The program azurite-blob: from the PATH, else from where `npm install -g` puts it."""
    return program_of(_BINARY) or program_of(_BINARY, _npm_folder())


def _npm_folder() -> str:
    npm = shutil.which("npm")
    if npm is None:
        return ""
    try:
        return str(Path(answer(npm, "prefix", "-g").strip(), "bin"))
    except (OSError, subprocess.SubprocessError):
        return ""


def _missing() -> str | None:
    if find_binary() is None:
        return f"the program {_BINARY} is not installed; install it with: {_INSTALL}"
    return _sdk_missing()


def _sdk_missing() -> str | None:
    if importlib.util.find_spec("azure") is None or importlib.util.find_spec("azure.storage.blob") is None:
        return "azure-storage-blob is not installed; install it with: pip install 'storagedriver[azure]'"
    return None


def _program() -> Path:
    return required(find_binary(), _BINARY)


def _version() -> str:
    return answer(str(_program()), "--version").strip() or "unknown"


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class AzuriteEndpoint:
    """A container of an account on an Azurite of our own, with a key that was made for it."""

    port: int
    container: str = "storagedriver"
    account: str = field(default_factory=lambda: f"account{secrets.token_hex(4)}")
    key: str = field(default_factory=_random_key, repr=False)

    @property
    def url(self) -> str:
        """Of the account's blob service."""
        return f"http://{HOST}:{self.port}/{self.account}"

    def parameters(self) -> dict[str, Any]:
        """Parameters of the azure driver for this container."""
        return {
            "serviceurl": self.url,
            "accountname": self.account,
            "accountkey": self.key,
            "container": self.container,
            "chunksize": _CHUNK_SIZE,
            "copythresholdsize": _CHUNK_SIZE,
        }

    def client(self) -> ContainerClient:
        """A client that no proxy of the user changes; to be closed."""
        from azure.core.pipeline.transport import RequestsTransport  # noqa: PLC0415  # only where a server is set up
        from azure.storage.blob import ContainerClient  # noqa: PLC0415

        return ContainerClient(
            self.url,
            self.container,
            credential={"account_name": self.account, "account_key": self.key},
            retry_total=0,
            transport=RequestsTransport(
                use_env_settings=False, connection_timeout=ANSWER_DEADLINE, read_timeout=ANSWER_DEADLINE
            ),
        )

    def prepare(self) -> str | None:
        """Make the container, and write, read and delete a blob in it. None if that worked, else what did not."""
        unanswered = self.failure()
        if unanswered is not None:
            return unanswered
        from azure.core.exceptions import AzureError  # noqa: PLC0415

        try:
            with contextlib.closing(self.client()) as client:
                content = self._probe(client)
        except AzureError as error:
            return f"{type(error).__name__}: {error}"
        return None if content == _PROBE.encode() else f"it read {content!r} where {_PROBE.encode()!r} was written"

    def _probe(self, client: ContainerClient) -> bytes:
        from azure.core.exceptions import ResourceExistsError  # noqa: PLC0415

        with contextlib.suppress(ResourceExistsError):
            client.create_container()
        client.upload_blob(_PROBE, _PROBE.encode(), overwrite=True)
        content: bytes = client.download_blob(_PROBE).readall()
        client.delete_blob(_PROBE)
        return content

    def failure(self) -> str | None:
        return http_failure(self.port)


def _endpoint(ports: Sequence[int]) -> AzuriteEndpoint:
    return AzuriteEndpoint(port=ports[0])


def _command(program: str, host: str, port: int, data: str) -> list[str]:
    place = ["--blobHost", host, "--blobPort", str(port), "--location", data]
    # The SDK asks for versions of the API that are newer than Azurite.
    return [program, *place, "--silent", "--disableTelemetry", "--skipApiVersionCheck"]


def _accounts(endpoint: AzuriteEndpoint) -> dict[str, str]:
    return {"AZURITE_ACCOUNTS": f"{endpoint.account}:{endpoint.key}"}


def _launch(programs: Programs, endpoint: AzuriteEndpoint, ports: Sequence[int]) -> None:
    data = programs.folder / "data"
    data.mkdir()
    # No grace: its orderly end saves data that nobody wants.
    programs.run(_command(str(_program()), HOST, ports[0], str(data)), environment=_accounts(endpoint), grace=0)


def _setup(endpoint: AzuriteEndpoint) -> Setup:
    return Setup(command=_command(_BINARY, "0.0.0.0", endpoint.port, "/data"), environment=_accounts(endpoint))  # noqa: S104  within the container


AZURITE = ServerProvider(
    name="azurite",
    drivers=(AZURE_DRIVER,),
    summary="Azurite, Microsoft's emulator of Azure Blob Storage",
    ways={
        PROCESS_MODE: ProgramWay(missing=_missing, version=_version, ports=1, endpoint=_endpoint, launch=_launch),
        CONTAINER_MODE: ContainerWay(
            image="mcr.microsoft.com/azure-storage/azurite:3.37.0",
            ports=(SAME,),  # It copies from URLs of its own.
            endpoint=_endpoint,
            setup=_setup,
            version=((_BINARY, "--version"), lambda told: told.strip() or None),
            needs=_sdk_missing,
        ),
    },
)
