"""A server that runs as one or more programs of this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from storagedriver.backends.endpoint import Endpoint
from storagedriver.backends.errors import BackendStartError
from storagedriver.backends.model import RunningBackend
from storagedriver.backends.process import START_DEADLINE, ServerProcess, bare_environment, free_ports, log_tail

PROCESS_MODE = "process"
_PROGRAM_DEADLINE = 60.0  # A large binary that was never read takes a while to load.
_PORT_TAKEN = ("already in use", "could not bind to")
"""What servers say of it, in lower case; the second is Swift's."""

EndpointT = TypeVar("EndpointT", bound=Endpoint)


def answer(*command: str) -> str:
    """What a program prints, asked for something that takes it no time.

    Raises:
        OSError, SubprocessError: It does not run, or fails.
    """
    return subprocess.run(  # noqa: S603  programs that a provider found
        command, capture_output=True, text=True, timeout=_PROGRAM_DEADLINE, check=True
    ).stdout


class Programs:
    """The programs of one server: run one after the other into one log, ended in the opposite order.

    Attributes:
        folder: The server's own: its data goes there, and it is removed at the end.
        log: The file that gets the output of all of them.
    """

    def __init__(self, name: str, folder: Path) -> None:
        """Make a folder for the server called `name` in `folder`."""
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
        self.log = self.folder / f"{name}.log"
        self.log.touch()
        self._running: list[ServerProcess] = []
        self._leftovers: list[Path] = []

    @property
    def processes(self) -> Sequence[ServerProcess]:
        """What was run, in that order."""
        return tuple(self._running)

    def run(
        self, command: Sequence[str], *, environment: Mapping[str, str] | None = None, grace: float = 5.0
    ) -> ServerProcess:
        """Start a program that goes on until stop(). See ServerProcess for what it gets.

        Raises:
            BackendStartError: The process could not be made.
        """
        program = Path(command[0]).name
        # One message is enough of "swift (swift-proxy-server)", and "minio (minio)" says it twice.
        name = self.name if program == self.name else f"{self.name} ({program})"
        process = ServerProcess(
            command, name=name, folder=self.folder, log=self.log, environment=environment, grace=grace
        )
        self._running.append(process)
        return process

    def once(
        self, command: Sequence[str], *, environment: Mapping[str, str] | None = None, deadline: float = START_DEADLINE
    ) -> str:
        """Run a program to its end, as a step of the set-up, and return what it printed. Errors go to the log.

        Raises:
            BackendStartError: It failed, or took longer than `deadline` seconds.
        """
        try:
            with self.log.open("ab") as log:
                return subprocess.run(  # noqa: S603  the command is the provider's own
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    cwd=self.folder,
                    env=bare_environment(self.folder) | dict(environment or {}),
                    timeout=deadline,
                    check=True,
                ).stdout
        except (OSError, subprocess.SubprocessError) as error:
            raise BackendStartError(
                f"{self.name} could not be set up: {Path(command[0]).name}: {error}", log_tail=log_tail(self.log)
            ) from error

    def remove_after(self, path: Path) -> None:
        """Have a file removed that a program makes outside the folder."""
        self._leftovers.append(path)

    def failure(self) -> str | None:
        """None while all run; else which ended, and how."""
        return next((problem for process in self._running if (problem := process.failure())), None)

    def wait_until(self, works: Callable[[], str | None], *, deadline: float = START_DEADLINE) -> None:
        """Return once `works` returns None; until then it returns what is still wrong.

        Raises:
            BackendStartError: One of the programs exited, or `deadline` seconds went by.
        """
        self._running[-1].wait_until(lambda: self._ended() or works(), deadline=deadline)

    def _ended(self) -> str | None:
        # Not the last: that is what wait_until() of the process looks at itself.
        for process in self._running[:-1]:
            process.require_alive()
        return None

    def stop(self) -> None:
        """End all, the last first, and remove the folder. More calls do nothing."""
        for process in reversed(self._running):
            process.stop()
        for path in self._leftovers:
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


class ProgramServer:
    """A running server of programs."""

    def __init__(self, running: RunningBackend, *, endpoint: Endpoint, programs: Programs) -> None:
        self.running = running
        self.endpoint = endpoint
        self.programs = programs

    def failure(self) -> str | None:
        return self.programs.failure() or self.endpoint.failure()

    def stop(self) -> None:
        self.programs.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramWay(Generic[EndpointT]):
    """How to run a server as programs of this machine.

    Attributes:
        missing: Says what is not installed, with the command that installs it; None if nothing is missing.
        version: The server's; raises OSError or SubprocessError if a program does not tell.
        ports: How many it needs.
        endpoint: Makes the endpoint of the ports.
        launch: Runs the programs. It returns as soon as they are started; the endpoint is waited for afterwards.
        deadline: Seconds it gets from its start until content can be written and read.
    """

    missing: Callable[[], str | None]
    version: Callable[[], str]
    ports: int
    endpoint: Callable[[Sequence[int]], EndpointT]
    launch: Callable[[Programs, EndpointT, Sequence[int]], None]
    deadline: float = START_DEADLINE

    def unavailable(self) -> str | None:
        return self.missing()

    def start(self, name: str, folder: Path) -> ProgramServer:
        """Start it. If the log says that another took a port meanwhile, one more start with new ports is tried."""
        try:
            version = self.version()
        except (OSError, subprocess.SubprocessError) as error:
            raise BackendStartError(f"{name} does not tell its version: {error}") from error
        try:
            return self._start(name, folder, version)
        except BackendStartError as error:
            if not any(told in line.lower() for line in error.log_tail for told in _PORT_TAKEN):
                raise
        return self._start(name, folder, version)

    def _start(self, name: str, folder: Path, version: str) -> ProgramServer:
        with contextlib.ExitStack() as undo:
            programs = Programs(name, folder)
            undo.callback(programs.stop)
            ports = free_ports(self.ports)
            endpoint = self.endpoint(ports)
            self.launch(programs, endpoint, ports)
            programs.wait_until(endpoint.prepare, deadline=self.deadline)
            running = RunningBackend(
                name=name, mode=PROCESS_MODE, version=version, parameters=endpoint.parameters(), log=str(programs.log)
            )
            undo.pop_all()
            return ProgramServer(running, endpoint=endpoint, programs=programs)


def program_of(name: str, *folders: str) -> Path | None:
    """A program by its name: from the PATH, else from one of these folders; empty names of folders are passed over."""
    elsewhere = os.pathsep.join(folder for folder in folders if folder)
    found = shutil.which(name) or (shutil.which(name, path=elsewhere) if elsewhere else None)
    return Path(found).resolve() if found else None


def required(program: Path | None, name: str) -> Path:
    """The program, if it was found.

    Raises:
        FileNotFoundError: It was not.
    """
    if program is None:
        raise FileNotFoundError(f"the program {name} is not installed")
    return program
