"""A server that the user runs: nothing is started, and all parameters are the user's."""

from __future__ import annotations

from pathlib import Path

from storagedriver.backends.errors import BackendStartError
from storagedriver.backends.model import ANY_DRIVER, RunningBackend


class ExternalProvider:
    """Stands for a server outside; its version is not known to the kit."""

    name = "external"
    drivers = (ANY_DRIVER,)
    modes = ("external",)
    summary = "a server of your own, reached by the parameters you give"

    def unavailable(self, mode: str) -> str | None:
        return None if mode in self.modes else f"{self.name} has no mode {mode!r}"

    def start(self, mode: str, folder: Path) -> ExternalServer:
        del folder
        problem = self.unavailable(mode)
        if problem is not None:
            raise BackendStartError(problem)
        return ExternalServer(RunningBackend(name=self.name, mode=mode, version="unknown", parameters={}, log=None))


class ExternalServer:
    """Adds no parameters to the user's, and never stops what it has not started."""

    def __init__(self, running: RunningBackend) -> None:
        self.running = running

    def failure(self) -> str | None:
        return None  # The driver's own errors tell; how to reach the server is in the user's parameters.

    def stop(self) -> None:
        """Do nothing."""
