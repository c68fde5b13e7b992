"""The errors of setting up a server: an outage of the kit or the machine, never a fault of a driver.

    BackendSetupError
    ├── UnknownBackendError      no server or mode of this name
    ├── BackendMismatchError     the server exists, but serves other drivers
    ├── BackendUnavailableError  it cannot run on this machine
    └── BackendStartError        it was started and did not come up

All of them pickle, as they travel between pytest workers.
"""

from __future__ import annotations

from collections.abc import Sequence


class BackendSetupError(Exception):
    """A server to run a driver against could not be had; the message says why and what would mend it."""


class UnknownBackendError(BackendSetupError):
    """No server, or no mode of it, has this name; the message lists those that do.

    Attributes:
        known: The names that exist.
    """

    def __init__(self, message: str, *, known: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.known = tuple(known)


class BackendMismatchError(BackendSetupError):
    """The server does not speak what the driver needs, or no server is known for the driver."""


class BackendUnavailableError(BackendSetupError):
    """Nothing that was asked for can run on this machine.

    Attributes:
        reasons: Why not, by `name:mode`.
    """

    def __init__(self, message: str, *, reasons: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class BackendStartError(BackendSetupError):
    """A server was started and did not come up. Nothing of it is left running, and its folder is gone.

    Attributes:
        reason: Why, in one sentence.
        log_tail: The last lines of its log, oldest first.
    """

    def __init__(self, reason: str, *, log_tail: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.log_tail = tuple(log_tail)

    def __str__(self) -> str:
        if not self.log_tail:
            return self.reason
        return "\n  ".join([f"{self.reason}; the last lines of its log:", *self.log_tail])
