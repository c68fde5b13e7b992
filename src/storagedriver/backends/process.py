"""A server as a process: its own group, bound to this process's life, its output in a file, ended for certain."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from storagedriver.backends.errors import BackendStartError

START_DEADLINE = 60.0
"""Seconds that a server gets to work by its own protocol."""

_POLL_INTERVAL = 0.05
_KILL_DEADLINE = 10.0
_LOG_TAIL_BYTES = 8192
_LOG_TAIL_LINES = 15
_BOUND = Path(__file__).with_name("_bound.py")


def free_ports(count: int) -> list[int]:
    """Ports on 127.0.0.1 that nothing listens on now, all different.

    Someone else may take one before the server does; the start fails then, and who starts a server tries once more.
    """
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def log_tail(log: Path) -> list[str]:
    """The last lines of a log, oldest first; empty if it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-_LOG_TAIL_LINES:]


class ServerProcess:
    """A server's process and whatever it starts.

    It is in a session and process group of its own, so that Ctrl-C reaches the tests and not the server, and so that
    stop() ends all of it. On Linux it dies with this process, however that ends; elsewhere an exit handler ends it.

    Args:
        command: The program, by its full path, and its arguments.
        name: Of the server, for messages.
        folder: Its working directory, and its HOME and TMPDIR, so that nothing in the user's own changes it.
        log: The file that gets its output.
        environment: Added to PATH, HOME, TMPDIR and LANG, which are all it gets: the user's AWS_ and the server's own
            variables would make it another server.
        grace: Seconds between SIGTERM and SIGKILL in stop(); 0 for SIGKILL at once.

    Raises:
        BackendStartError: The process could not be made, or this is not the main thread. A process dies with the
            thread that made it, and only the main thread lives as long as the tests.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str,
        folder: Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
        grace: float = 5.0,
    ) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise BackendStartError(f"{name} has to be started from the main thread, as it dies with its starter")
        self._name = name
        self._log = log
        self._grace = grace
        self._owner = os.getpid()
        self._exit_code: int | None = None
        try:
            with log.open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603  # the command is the provider's own
                    [sys.executable, "-I", "-S", str(_BOUND), str(self._owner), *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=bare_environment(folder) | dict(environment or {}),
                    start_new_session=True,
                )
        except OSError as error:
            raise BackendStartError(f"{name} could not be started: {error}") from error
        atexit.register(self.stop)

    @property
    def pid(self) -> int:
        """Of the server's first process; its process group has the same number."""
        return self._process.pid

    def failure(self) -> str | None:
        """None while the process runs; else one sentence with the exit code and the last line of the log."""
        if not self._has_exited():
            return None
        lines = log_tail(self._log)
        last = f"; its log ends with: {lines[-1]}" if lines else ""
        return f"{self._exit()}{last}"

    def wait_until(self, works: Callable[[], str | None], *, deadline: float = START_DEADLINE) -> None:
        """Return once `works` returns None; until then it returns what is still wrong.

        Raises:
            BackendStartError: The process exited, or `deadline` seconds went by.
        """
        end = time.monotonic() + deadline
        while not self._has_exited():
            problem = works()
            if problem is None:
                return
            if time.monotonic() >= end:
                raise BackendStartError(
                    f"{self._name} did not answer as it should within {deadline:g} seconds ({problem})",
                    log_tail=log_tail(self._log),
                )
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_POLL_INTERVAL)
        self.require_alive()

    def require_alive(self) -> None:
        """Return if the process runs.

        Raises:
            BackendStartError: It exited.
        """
        if self._has_exited():
            raise BackendStartError(self._exit(), log_tail=log_tail(self._log))

    def stop(self) -> None:
        """End the whole process group: SIGTERM, then SIGKILL after the grace. More calls do nothing."""
        if os.getpid() != self._owner:
            return  # A fork of the owner runs the exit handlers too; the server is not its own.
        atexit.unregister(self.stop)
        if not self._has_exited() and self._grace > 0:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self._grace)
        if not self._has_exited():
            self._signal(signal.SIGKILL)
            self._process.wait(_KILL_DEADLINE)
            self._has_exited()

    def _has_exited(self) -> bool:
        if self._exit_code is None:
            self._exit_code = self._process.poll()
            if self._exit_code is not None:
                # At once, while the number of the group cannot have been given to another.
                self._signal(signal.SIGKILL)
        return self._exit_code is not None

    def _signal(self, number: signal.Signals) -> None:
        # ProcessLookupError: all are gone. PermissionError: what macOS says if all that is left is dead.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _exit(self) -> str:
        code = self._exit_code
        if code is not None and code < 0:
            return f"{self._name} was ended by signal {-code} ({signal.Signals(-code).name})"
        return f"{self._name} exited with {code}"


def bare_environment(folder: Path) -> dict[str, str]:
    """All that a program of the kit gets of the environment, with `folder` for its home and its temporary files."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
    }
