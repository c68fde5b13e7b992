"""From the drivers and servers that the user names to targets: servers started once, for all workers."""

from __future__ import annotations

import contextlib
import pickle
import shutil
import signal
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from storagedriver import backends
from storagedriver.backends.errors import BackendSetupError, BackendUnavailableError
from storagedriver.backends.model import RunningBackend, Server
from storagedriver.plugin.options import Options
from storagedriver.registry import suite_names
from storagedriver.testing.target import Target, TargetError, find_registration, resolve, verify


@dataclass(frozen=True, slots=True)
class Plan:
    """A driver to run, on a server or on none.

    Attributes:
        driver: The driver as the user named it.
        backend: The words that choose its server; None if it needs none.
        skipped: Why it cannot be run here; None if it can.
    """

    driver: str
    backend: tuple[str, str] | None = None
    skipped: str | None = None

    @property
    def label(self) -> str:
        """Driver and server in a word, as Target.label."""
        name = self.driver.rpartition(":")[2]
        return name if self.backend is None else f"{name}@{self.backend[0]}"


def plan(options: Options) -> list[Plan]:
    """Which driver runs on which server.

    Raises:
        pytest.UsageError: A driver or server is unknown, they don't fit, or none can run here.
    """
    drivers = options.drivers
    if "all" in drivers:
        drivers = tuple(dict.fromkeys([*(name for name in drivers if name != "all"), *_all_drivers()]))
        if not drivers:
            raise pytest.UsageError("--driver=all: no driver is registered")
    plans = [each for driver in drivers for each in _plans_of(driver, options)]
    if options.backends and not any(each.backend or each.skipped for each in plans):
        raise pytest.UsageError(
            f"--backend {' '.join(options.backends)}: none of the drivers {', '.join(drivers)} runs on a server of the kit"
        )
    reasons = [f"{each.driver}: {each.skipped}" for each in plans if each.skipped]
    if reasons and (options.require_backends or len(reasons) == len(plans)):
        raise pytest.UsageError("\n".join(reasons))
    labels = [each.label for each in plans]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise pytest.UsageError(f"--driver: {', '.join(twice)} is named twice")
    return plans


def _all_drivers() -> list[str]:
    return suite_names()


def _plans_of(driver: str, options: Options) -> list[Plan]:
    try:
        registration = find_registration(driver)
    except TargetError as unknown:
        raise pytest.UsageError(str(unknown)) from unknown
    try:
        reason = registration.skip_check()
    except Exception as failed:
        raise pytest.UsageError(f"driver {driver}: its skip_check raised {type(failed).__name__}: {failed}") from failed
    if reason:
        return [Plan(driver, None, f"its skip_check says: {reason}")]
    if not backends.needed_by(registration.name):
        return [Plan(driver)]
    plans: list[Plan] = []
    for wanted in options.backends or (None,):
        try:
            provider, mode = backends.choose(registration.name, wanted)
        except BackendUnavailableError as unavailable:
            plans.append(Plan(driver, (wanted or "auto", ""), str(unavailable)))
        except BackendSetupError as unknown:
            raise pytest.UsageError(f"--backend {wanted}: {unknown}") from unknown
        else:
            plans.append(Plan(driver, (provider.name, mode)))
    return plans


@dataclass(slots=True)
class Targets:
    """The targets of a run, and the servers that were started for them."""

    by_label: dict[str, Target] = field(default_factory=dict)
    _servers: list[Server] = field(default_factory=list)
    _folder: Path | None = None
    _previous_handler: Any = None

    def start(self, plans: list[Plan], options: Options) -> None:
        """Start the servers, make each driver once.

        Raises:
            pytest.UsageError: A server does not start, or a driver cannot be made.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="storagedriver-"))
        self._stop_on_termination()
        try:
            for each in plans:
                if each.skipped is None:
                    self._start(each, options)
        except (BackendSetupError, TargetError) as failed:
            self.stop()
            raise pytest.UsageError(str(failed)) from failed
        except BaseException:
            self.stop()
            raise

    def _start(self, planned: Plan, options: Options) -> None:
        folder = self._new_folder()
        running = None
        if planned.backend is not None:
            server = backends.providers()[planned.backend[0]].start(planned.backend[1], folder / "server")
            self._servers.append(server)
            running = server.running
        target = resolve(
            planned.driver,
            folder=folder / "driver",
            backend=running,
            overrides=options.parameters_of(planned.driver),
        )
        verify(target)
        self.by_label[planned.label] = target

    def _new_folder(self) -> Path:
        assert self._folder is not None
        folder = self._folder / str(len(self.by_label))
        for part in ("server", "driver"):
            (folder / part).mkdir(parents=True)
        return folder

    def failure(self) -> str | None:
        """Why a server that was started does not run any more; None while all do."""
        for server in self._servers:
            failure = server.failure()
            if failure:
                return f"{server.running.name}: {failure}"
        return None

    def stop(self) -> None:
        """Stop the servers and remove their folders. Stopping twice is fine."""
        while self._servers:
            with contextlib.suppress(Exception):
                self._servers.pop().stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        if self._previous_handler is not None:
            signal.signal(signal.SIGTERM, self._previous_handler)
            self._previous_handler = None

    def _stop_on_termination(self) -> None:
        # SIGTERM ends Python at once by default, and the servers would be left running.
        if threading.current_thread() is threading.main_thread():
            self._previous_handler = signal.signal(signal.SIGTERM, _interrupt)

    # --- to the workers of pytest-xdist

    def to_worker(self) -> bytes:
        """The targets as another process needs them: the servers already run, the folders already exist."""
        return pickle.dumps(
            {
                label: (
                    target.words,
                    dict(target.parameters),
                    target.backend and target.backend.to_dict(),
                    target.overrides,
                )
                for label, target in self.by_label.items()
            }
        )

    def from_controller(self, data: bytes) -> None:
        """Take over the controller's targets."""
        given: Mapping[str, Any] = pickle.loads(data)  # noqa: S301  from our own controller process
        for label, (words, parameters, backend, overrides) in given.items():
            running = None if backend is None else RunningBackend.from_dict(backend)
            self.by_label[label] = Target(words, find_registration(words), parameters, running, overrides)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise KeyboardInterrupt("terminated")
