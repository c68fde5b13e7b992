"""What the servers that speak S3 share: a bucket and keys, the proof that they work, and the driver's parameters."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storagedriver.backends.errors import BackendStartError
from storagedriver.backends.model import RunningBackend
from storagedriver.backends.process import START_DEADLINE, ServerProcess, free_ports

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

S3_DRIVER = "s3"
HOST = "127.0.0.1"
_PART_SIZE = 5 * 1024 * 1024  # The smallest that S3 takes, so that small files have many parts already.
_PROBE = "storagedriver-probe"
_ANSWER_DEADLINE = 10.0
_PROGRAM_DEADLINE = 30.0  # A large binary that was never read takes a while to load.


def boto3_missing() -> str | None:
    """Why no S3 server can be set up, if boto3 is not installed."""
    if importlib.util.find_spec("boto3") is None:
        return "boto3 is not installed; install it with: pip install 'storagedriver[s3]'"
    return None


def _random_key() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Endpoint:
    """A bucket on a server of our own, with keys that were made for it."""

    port: int
    bucket: str = "storagedriver"
    region: str = "us-east-1"
    access_key: str = field(default_factory=_random_key)
    secret_key: str = field(default_factory=_random_key, repr=False)

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://{HOST}:{self.port}"

    def parameters(self) -> dict[str, Any]:
        """Parameters of the s3 driver for this bucket."""
        return {
            "regionendpoint": self.url,
            "region": self.region,
            "accesskey": self.access_key,
            "secretkey": self.secret_key,
            "bucket": self.bucket,
            "forcepathstyle": True,
            "chunksize": _PART_SIZE,
            "multipartcopythresholdsize": _PART_SIZE,
            "multipartcopychunksize": _PART_SIZE,
        }

    def client(self) -> S3Client:
        """A client that no configuration file, profile or proxy of the user changes; to be closed."""
        import boto3  # noqa: PLC0415  # only where a server is set up
        import botocore.config  # noqa: PLC0415
        import botocore.session  # noqa: PLC0415

        session = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        return boto3.session.Session(botocore_session=session).client(
            "s3",
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=botocore.config.Config(
                s3={"addressing_style": "path"},
                proxies={},
                connect_timeout=_ANSWER_DEADLINE,
                read_timeout=_ANSWER_DEADLINE,
                retries={"total_max_attempts": 1},
            ),
        )

    def prepare(self, client: S3Client) -> str | None:
        """Make the bucket, and write, read and delete an object in it. None if all of that worked, else what did not.

        It may be called again and again until it works.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
                client.create_bucket(Bucket=self.bucket)
            client.put_object(Bucket=self.bucket, Key=_PROBE, Body=_PROBE.encode())
            with contextlib.closing(client.get_object(Bucket=self.bucket, Key=_PROBE)["Body"]) as body:
                content = body.read()
            client.delete_object(Bucket=self.bucket, Key=_PROBE)
        except (BotoCoreError, ClientError) as error:
            return f"{type(error).__name__}: {error}"
        return None if content == _PROBE.encode() else f"it read {content!r} where {_PROBE.encode()!r} was written"

    def failure(self) -> str | None:
        """None if it answers HTTP, whatever the status; else one sentence."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_ANSWER_DEADLINE)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            return f"{self.url} does not answer ({type(error).__name__}: {error})"
        finally:
            connection.close()
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How to run a server.

    Attributes:
        command: The program, by its full path, and its arguments.
        environment: Variables it needs besides PATH, HOME, TMPDIR and LANG.
        leftovers: Files that it makes outside its folder and that have to be removed after it.
        grace: Seconds that it gets to end by itself.
    """

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    leftovers: Sequence[Path] = ()
    grace: float = 5.0


class S3ProcessServer:
    """A server process that speaks S3."""

    def __init__(
        self,
        running: RunningBackend,
        *,
        endpoint: S3Endpoint,
        process: ServerProcess,
        folder: Path,
        leftovers: Sequence[Path],
    ) -> None:
        self.running = running
        self.endpoint = endpoint
        self.process = process
        self._folder = folder
        self._leftovers = tuple(leftovers)

    def failure(self) -> str | None:
        return self.process.failure() or self.endpoint.failure()

    def stop(self) -> None:
        self.process.stop()
        for path in self._leftovers:
            path.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3ProcessProvider:
    """A server that speaks S3 and is one program of this machine.

    Attributes:
        name: As the user writes it.
        summary: A short phrase for the list of servers.
        program: The program's name.
        install: How to get the program, as "install it with: pip install x".
        find: Looks for the program; None if it is not here.
        version: Asks the program for its version; raises OSError or SubprocessError if it does not tell.
        ports: How many it needs. The first is where S3 has to answer.
        launch: Called with the program, the server's folder, its endpoint and its ports.
    """

    name: str
    summary: str
    program: str
    install: str
    find: Callable[[], Path | None]
    version: Callable[[Path], str]
    ports: int
    launch: Callable[[Path, Path, S3Endpoint, Sequence[int]], Launch]

    drivers = (S3_DRIVER,)
    modes = ("process",)

    def unavailable(self, mode: str) -> str | None:
        """Why it cannot run here."""
        if mode not in self.modes:
            return f"{self.name} has no mode {mode!r}"
        if self.find() is None:
            return f"the program {self.program} is not installed; {self.install}"
        return boto3_missing()

    def start(self, mode: str, folder: Path) -> S3ProcessServer:
        """Start it."""
        found = self.find()
        problem = self.unavailable(mode)
        if problem is not None or found is None:
            raise BackendStartError(problem or f"the program {self.program} is not installed")
        program = found
        try:
            version = self.version(program)
        except (OSError, subprocess.SubprocessError) as error:
            raise BackendStartError(f"{program} does not tell its version: {error}") from error
        return start_s3_process(
            self.name,
            folder,
            version=version,
            ports=self.ports,
            launch=lambda own, endpoint, ports: self.launch(program, own, endpoint, ports),
        )


def answer(*command: str) -> str:
    """What a program prints, asked for something that takes it no time.

    Raises:
        OSError, SubprocessError: It does not run, or fails.
    """
    return subprocess.run(  # noqa: S603  programs that a provider found
        command, capture_output=True, text=True, timeout=_PROGRAM_DEADLINE, check=True
    ).stdout


def start_s3_process(
    name: str,
    folder: Path,
    *,
    version: str,
    ports: int,
    launch: Callable[[Path, S3Endpoint, Sequence[int]], Launch],
    deadline: float = START_DEADLINE,
) -> S3ProcessServer:
    """Start a server process and return once objects can be written to it and read from it.

    Args:
        name: The provider's.
        folder: Where the server's own folder is made.
        version: The server's.
        ports: How many it needs. The first is where S3 has to answer.
        launch: Called with the server's folder, its endpoint and its ports.
        deadline: Seconds it gets.

    Raises:
        BackendStartError: It did not come up. If the log says that another took a port meanwhile, one more start with
            new ports was tried.
    """
    try:
        return _start_once(name, folder, version=version, ports=free_ports(ports), launch=launch, deadline=deadline)
    except BackendStartError as error:
        if not any("already in use" in line for line in error.log_tail):
            raise
    return _start_once(name, folder, version=version, ports=free_ports(ports), launch=launch, deadline=deadline)


def _start_once(
    name: str,
    folder: Path,
    *,
    version: str,
    ports: Sequence[int],
    launch: Callable[[Path, S3Endpoint, Sequence[int]], Launch],
    deadline: float,
) -> S3ProcessServer:
    own = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, own, ignore_errors=True)
        endpoint = S3Endpoint(port=ports[0])
        how = launch(own, endpoint, ports)
        log = own / f"{name}.log"
        process = ServerProcess(
            how.command, name=name, folder=own, log=log, environment=how.environment, grace=how.grace
        )
        running = RunningBackend(
            name=name, mode="process", version=version, parameters=endpoint.parameters(), log=str(log)
        )
        server = S3ProcessServer(running, endpoint=endpoint, process=process, folder=own, leftovers=how.leftovers)
        undo.callback(server.stop)
        with contextlib.closing(endpoint.client()) as client:
            process.wait_until(lambda: endpoint.prepare(client), deadline=deadline)
        undo.pop_all()
    return server
