"""Servers to run drivers against: which there are, which can run here, and how to start and stop one.

    provider, mode = choose("s3", None)
    server = provider.start(mode, folder)
    try:
        driver = factory.create("s3", server.running.parameters)
    finally:
        server.stop()

Importing this loads no server's package.
"""

from storagedriver.backends.errors import (
    BackendMismatchError,
    BackendSetupError,
    BackendStartError,
    BackendUnavailableError,
    UnknownBackendError,
)
from storagedriver.backends.model import Provider, RunningBackend, Server
from storagedriver.backends.selection import choose, find, needed_by, providers

__all__ = [
    "BackendMismatchError",
    "BackendSetupError",
    "BackendStartError",
    "BackendUnavailableError",
    "Provider",
    "RunningBackend",
    "Server",
    "UnknownBackendError",
    "choose",
    "find",
    "needed_by",
    "providers",
]
