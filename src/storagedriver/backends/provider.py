"""A provider made of the ways in which its server can be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from storagedriver.backends.errors import BackendStartError
from storagedriver.backends.model import Server


class Way(Protocol):
    """One way to run a server: as programs of this machine, or in a container."""

    def unavailable(self) -> str | None:
        """Why it cannot run here, with the command that would mend it; None if it can."""
        ...

    def start(self, name: str, folder: Path) -> Server:
        """Start the server called `name`. See Provider.start."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProvider:
    """A kind of server of the kit's own. See Provider.

    Attributes:
        name: As the user writes it.
        drivers: The drivers it serves.
        summary: A short phrase for the list of servers.
        ways: By mode, the preferred first.
    """

    name: str
    drivers: tuple[str, ...]
    summary: str
    ways: Mapping[str, Way]

    @property
    def modes(self) -> tuple[str, ...]:
        return tuple(self.ways)

    def unavailable(self, mode: str) -> str | None:
        way = self.ways.get(mode)
        return f"{self.name} has no mode {mode!r}" if way is None else way.unavailable()

    def start(self, mode: str, folder: Path) -> Server:
        problem = self.unavailable(mode)
        if problem is not None:
            raise BackendStartError(problem)
        return self.ways[mode].start(self.name, folder)
