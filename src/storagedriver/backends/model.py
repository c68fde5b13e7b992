"""What a server is: described by a provider, started by it, and known to the rest of the kit by these types alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

ANY_DRIVER = "*"
"""In Provider.drivers: serves every driver when it is asked for by name; never chosen by itself."""

IN_PROCESS_MODE = "moto"
"""The mode of an imitation within this process: chosen by itself only where no real server can run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBackend:
    """A started server, as plain values: it pickles, and goes to JSON and back.

    Attributes:
        name: The provider's name, "seaweedfs".
        mode: "process", "moto", "external" or "container".
        version: As the server or its binary tells it; "unknown" if neither does.
        parameters: Driver parameters that reach it. Not in the repr, since they hold keys.
        log: Path of its log file, None if there is none. It is removed when the server stops.
    """

    name: str
    mode: str
    version: str
    parameters: Mapping[str, Any] = field(repr=False)
    log: str | None

    def to_dict(self) -> dict[str, Any]:
        """The same as values that JSON can hold, keys included."""
        return {
            "name": self.name,
            "mode": self.mode,
            "version": self.version,
            "parameters": dict(self.parameters),
            "log": self.log,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What to_dict() was made of.

        Raises:
            TypeError: A value is missing, or there is one too many.
        """
        return cls(**values)


class Server(Protocol):
    """A started server."""

    @property
    def running(self) -> RunningBackend:
        """What it is and how to reach it."""
        ...

    def failure(self) -> str | None:
        """None while it is alive and answers; else one sentence that says why not."""
        ...

    def stop(self) -> None:
        """End it with all its processes and remove what it left on disk. More calls do nothing."""
        ...


class Provider(Protocol):
    """How to get one kind of server.

    `name` is what the user writes, `drivers` are the drivers it serves, `modes` the ways to run it, the preferred one
    first, and `summary` a short phrase for the list of servers.
    """

    @property
    def name(self) -> str: ...

    @property
    def drivers(self) -> tuple[str, ...]: ...

    @property
    def modes(self) -> tuple[str, ...]: ...

    @property
    def summary(self) -> str: ...

    def unavailable(self, mode: str) -> str | None:
        """Why `mode` cannot run on this machine, with the command that would mend it; None if it can."""
        ...

    def start(self, mode: str, folder: Path) -> Server:
        """Start a server and return once it works by its own protocol. Called from the main thread.

        Args:
            mode: One of `modes`, found available.
            folder: Exists. The server makes a folder of its own in it, for data and log, and removes that at the end.

        Raises:
            BackendStartError: It did not come up; nothing of it is left.
        """
        ...
