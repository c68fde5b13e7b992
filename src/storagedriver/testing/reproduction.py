"""What a reproducer script stands on: the same driver on the same kind of server, and a verdict as exit status."""

from __future__ import annotations

import contextlib
import runpy
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from storagedriver.driver import StorageDriver
from storagedriver.testing.expect import abbreviated
from storagedriver.testing.target import Target, resolve

REPRODUCED = 1
KEPT = 0


class Store:
    """The store of a reproducer.

    Attributes:
        driver: The driver.
    """

    def __init__(self, target: Target) -> None:
        """Open the target's driver."""
        self._target = target
        self.driver = target.open()
        self._opened = [self.driver]

    def open(self, **changes: Any) -> StorageDriver:
        """Another driver on the same store, with some parameters changed."""
        driver = self._target.registration.constructor({**self._target.parameters, **changes})
        self._opened.append(driver)
        return driver

    def root(self, path: str) -> str:
        """The value of the root parameter for the store below `path`."""
        return f"{str(self._target.parameters.get(self._target.registration.root_parameter or '') or '').rstrip('/')}{path}"

    def close(self) -> None:
        """Close all drivers."""
        for driver in self._opened:
            with contextlib.suppress(Exception):
                driver.close()


@contextlib.contextmanager
def store(
    driver: str, *, backend: str | None = None, parameters: Mapping[str, Any] | None = None, conftest: str | None = None
) -> Iterator[Store]:
    """The driver on a fresh store.

    Args:
        driver: As in --driver.
        backend: As in --backend; the server is started, and stopped at the end.
        parameters: The user's own parameters.
        conftest: A file to run first, because it registers the driver.
    """
    if conftest is not None:
        sys.path.insert(0, str(Path(conftest).parent))
        runpy.run_path(conftest)
    with tempfile.TemporaryDirectory(prefix="storagedriver-") as folder, contextlib.ExitStack() as stack:
        running = None
        if backend is not None:
            from storagedriver import backends  # noqa: PLC0415  most scripts need no server

            name, _, mode = backend.partition(":")
            provider = backends.providers()[name]
            server = provider.start(mode or provider.modes[0], _new(folder, "server"))
            stack.callback(server.stop)
            running = server.running
        opened = Store(resolve(driver, folder=_new(folder, "driver"), backend=running, overrides=parameters))
        stack.callback(opened.close)
        yield opened


def _new(folder: str, name: str) -> Path:
    path = Path(folder, name)
    path.mkdir()
    return path


def attempt(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What the call returns, or the error that it raises."""
    try:
        return function(*arguments, **named)
    except Exception as error:  # noqa: BLE001  the error is what is looked at
        return error


def verdict(*, kept: bool, what: str, expected: object, seen: object) -> NoReturn:
    """End the script: 0 if the promise is kept by now, 1 if the violation is reproduced."""
    text = f"{what}\n  expected: {abbreviated(expected)}\n  seen:     {abbreviated(seen)}"
    sys.stdout.write(f"{'KEPT' if kept else 'VIOLATED'}: {text}\n")
    raise SystemExit(KEPT if kept else REPRODUCED)
