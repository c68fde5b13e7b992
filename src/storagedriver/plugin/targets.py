"""The targets of a run: each driver on its server, which is started once for all workers and stopped always."""

from __future__ import annotations

import contextlib
import pickle
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from storagedriver import backends
from storagedriver.backends.errors import BackendSetupError
from storagedriver.backends.model import RunningBackend, Server
from storagedriver.driver import Capabilities
from storagedriver.plugin.deadline import deadline
from storagedriver.plugin.options import Options
from storagedriver.plugin.plans import Plan
from storagedriver.plugin.redaction import Redaction
from storagedriver.testing.expect import ContractViolation
from storagedriver.testing.target import Target, TargetError, find_registration, resolve, verify

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@dataclass(slots=True)
class Targets:
    """The targets of a run, and the servers that were started for them.

    Attributes:
        by_label: The targets.
        capabilities: What each driver declares; in the process that started them alone.
    """

    by_label: dict[str, Target] = field(default_factory=dict)
    capabilities: dict[str, Capabilities] = field(default_factory=dict)
    _servers: dict[str, Server] = field(default_factory=dict)
    _folder: Path | None = None
    _previous_handlers: dict[int, Any] = field(default_factory=dict)

    def start(self, plans: list[Plan], options: Options) -> None:
        """Start the servers, make each driver once.

        Raises:
            pytest.UsageError: A server does not start, or a driver cannot be made.
        """
        self._stop_on_termination()
        self._folder = Path(tempfile.mkdtemp(prefix="storagedriver-"))
        try:
            for each in plans:
                if each.skipped is None:
                    self._start(each, options)
        except (BackendSetupError, TargetError) as failed:
            raise pytest.UsageError(str(failed)) from failed
        finally:
            if len(self.by_label) < sum(each.skipped is None for each in plans):
                self.stop()

    def _start(self, planned: Plan, options: Options) -> None:
        folder = self._new_folder()
        running = None
        if planned.backend is not None:
            name, mode = planned.backend
            server = _started(name, mode, folder / "server")
            self._servers[planned.label] = server
            running = server.running
        overrides = options.parameters_of(planned.driver)
        target = resolve(planned.driver, folder=folder / "driver", backend=running, overrides=overrides)
        if planned.called != target.registration.name:
            target = Target(target.words, target.registration, target.parameters, running, overrides, planned.called)
        try:
            with deadline(options.timeout):
                self.capabilities[planned.label] = verify(target)
        except TargetError as failed:
            # What a constructor says may name the parameters it was given.
            raise TargetError(Redaction(target)(str(failed))) from None
        except ContractViolation:
            raise TargetError(
                f"driver {target.label} cannot be made: its constructor has not returned after {options.timeout:g} s"
            ) from None
        self.by_label[planned.label] = target

    def _new_folder(self) -> Path:
        assert self._folder is not None
        folder = self._folder / str(len(self.by_label))
        for part in ("server", "driver"):
            (folder / part).mkdir(parents=True)
        return folder

    def failure(self, label: str | None = None) -> str | None:
        """Why the target's server, or one of all, does not run any more; None while it does."""
        for name, server in self._servers.items():
            failure = server.failure() if label in {None, name} else None
            if failure:
                return f"the server {server.running.name} stopped during the run: {failure}"
        return None

    def keep_logs(self, in_folder: Callable[[], Path]) -> list[Path]:
        """Copy the servers' logs, before they go with the servers; what was copied.

        Args:
            in_folder: Tells into which folder; called once, if there is any.
        """
        logs = {label: server.running.log for label, server in self._servers.items() if server.running.log is not None}
        if not logs:
            return []
        kept = []
        folder = in_folder()
        for label, log in logs.items():
            # A log that cannot be kept is no reason to lose the results.
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                kept.append(Path(shutil.copy(log, folder / f"{label}.log")))
        return kept

    def stop(self) -> None:
        """Stop the servers and remove their folders. Stopping twice is fine."""
        while self._servers:
            with contextlib.suppress(Exception):
                self._servers.popitem()[1].stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        while self._previous_handlers:
            signal.signal(*self._previous_handlers.popitem())

    def _stop_on_termination(self) -> None:
        # These end Python at once by default: servers, folders and the report would be left as they are.
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            if signal.getsignal(number) is signal.SIG_DFL:
                self._previous_handlers[number] = signal.signal(number, _interrupt)

    # --- to the workers of pytest-xdist

    def to_worker(self) -> bytes:
        """The targets as another process needs them: the servers already run, the folders already exist.

        Raises:
            pytest.UsageError: A parameter can't go to another process.
        """
        for label, target in self.by_label.items():
            for name, value in target.parameters.items():
                try:
                    pickle.dumps(value)
                except Exception as failed:
                    raise pytest.UsageError(
                        f"driver {label}: its parameter {name!r} is a {type(value).__name__}, which cannot be given to "
                        f"the workers of pytest-xdist; run without -n, or make it of plain values"
                    ) from failed
        return pickle.dumps(
            {
                label: (
                    target.words,
                    dict(target.parameters),
                    target.backend and target.backend.to_dict(),
                    target.overrides,
                    target.called,
                )
                for label, target in self.by_label.items()
            }
        )

    def from_controller(self, data: bytes) -> None:
        """Take over the controller's targets."""
        given: Mapping[str, Any] = pickle.loads(data)  # noqa: S301  from our own controller process
        for label, (words, parameters, backend, overrides, called) in given.items():
            running = None if backend is None else RunningBackend.from_dict(backend)
            self.by_label[label] = Target(words, find_registration(words), parameters, running, overrides, called)


def _started(name: str, mode: str, folder: Path) -> Server:
    try:
        return backends.providers()[name].start(mode, folder)
    except BackendSetupError as failed:
        told = str(failed)
        raise BackendSetupError(told if told.startswith(name) else f"{name}: {told}") from failed
    except Exception as failed:
        raise BackendSetupError(f"{name} could not be started: {type(failed).__name__}: {failed}") from failed


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise KeyboardInterrupt(f"ended by {signal.Signals(number).name}")
