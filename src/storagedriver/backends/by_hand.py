"""Servers that `storagedriver backends up` runs: known to other terminals for as long as they run.

Each has a file in a folder of the user's, locked by the process that runs it. The lock tells whether that process lives,
whatever happened to it, and whoever got its number since.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from storagedriver.backends.model import RunningBackend

_END_DEADLINE = 60.0
_POLL_INTERVAL = 0.05


@dataclass(frozen=True, slots=True)
class ByHand:
    """A server that was started by hand.

    Attributes:
        process: The number of the process that runs `storagedriver backends up`.
        running: What it is and how to reach it.
        file: What tells of it.
    """

    process: int
    running: RunningBackend
    file: Path

    def end(self) -> bool:
        """Have it stopped; whether it was within a minute."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGTERM)
        deadline = time.monotonic() + _END_DEADLINE
        while _is_held(self.file):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_INTERVAL)
        return True


@contextlib.contextmanager
def announced(running: RunningBackend) -> Iterator[None]:
    """Let `found()` of other processes know of a server, until the end of the block or of this process."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{running.name}-{os.getpid()}.json"
    unseen = path.with_suffix(".new")
    # For the user alone, as it holds keys.
    with os.fdopen(os.open(unseen, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump({"process": os.getpid(), "running": running.to_dict()}, file)
        file.flush()
        # Seen with its lock, or not at all: without one it counts as left behind.
        unseen.rename(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def found(name: str | None = None) -> list[ByHand]:
    """The servers that run now, or those of this name, the oldest first."""
    servers = []
    for path in sorted(_folder().glob("*.json"), key=_age):
        if not _is_held(path):
            path.unlink(missing_ok=True)  # Its process was killed.
            continue
        with contextlib.suppress(OSError, ValueError):
            told = json.loads(path.read_text())
            servers.append(ByHand(told["process"], RunningBackend.from_dict(told["running"]), path))
    return [each for each in servers if name is None or each.running.name == name]


def _folder() -> Path:
    return platformdirs.user_state_path("storagedriver") / "servers"


def _age(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _is_held(path: Path) -> bool:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
