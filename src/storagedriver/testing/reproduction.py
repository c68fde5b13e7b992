"""What a reproducer script stands on: the same driver on the same kind of server, and a verdict as exit status."""

from __future__ import annotations

import contextlib
import os
import runpy
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from storagedriver.driver import StorageDriver
from storagedriver.registry import registered_suites
from storagedriver.testing.expect import abbreviated
from storagedriver.testing.target import Target, TargetError, resolve

REPRODUCED = 1
KEPT = 0
IMPOSSIBLE = 2
"""Exit status of a script that cannot tell: the driver cannot be made here, or a secret is not set."""


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

    def clean(self, prefix: str) -> None:
        """Delete what lies at `prefix`, if anything does."""
        with contextlib.suppress(Exception):
            self.driver.delete(prefix)

    def close(self) -> None:
        """Call the registration's teardown, and close all drivers."""
        teardown = self._target.registration.teardown
        if teardown is not None:
            with contextlib.suppress(Exception):
                teardown(self.driver)
        for driver in self._opened:
            with contextlib.suppress(Exception):
                driver.close()


@contextlib.contextmanager
def store(
    driver: str,
    *,
    backend: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    registered_by: str | None = None,
    search: Sequence[str] = (),
    prefix: str | None = None,
) -> Iterator[Store]:
    """The driver on a fresh store, or on the user's own, if `parameters` name one.

    Args:
        driver: As in --driver.
        backend: As in --backend; the server is started, and stopped at the end.
        parameters: The user's own parameters.
        registered_by: A file to run first, because it registers the driver.
        search: Folders to import from, beside what is installed.
        prefix: What the script makes lies below; deleted before and after.
    """
    _prepare(driver, registered_by, search)
    with tempfile.TemporaryDirectory(prefix="storagedriver-") as folder, contextlib.ExitStack() as stack:
        running = None
        if backend is not None:
            from storagedriver import backends  # noqa: PLC0415  most scripts need no server

            try:
                provider, mode = backends.find(backend)
                server = provider.start(mode, _new(folder, "server"))
            except backends.BackendSetupError as failed:
                _impossible(str(failed))
            stack.callback(server.stop)
            running = server.running
        try:
            opened = Store(resolve(driver, folder=_new(folder, "driver"), backend=running, overrides=parameters))
        except TargetError as failed:
            _impossible(str(failed))
        stack.callback(opened.close)
        if prefix is not None:
            opened.clean(prefix)
            stack.callback(opened.clean, prefix)
        yield opened


def _prepare(driver: str, registered_by: str | None, search: Sequence[str]) -> None:
    sys.path[:0] = [folder for folder in search if folder not in sys.path]
    if registered_by is not None and driver not in registered_suites():
        folder = str(Path(registered_by).parent)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        runpy.run_path(registered_by)


def _impossible(reason: str) -> NoReturn:
    sys.stderr.write(f"This cannot be tried here: {reason}\n")
    raise SystemExit(IMPOSSIBLE)


def secret(variable: str) -> str:
    """The value of a variable of the environment; the script says so and ends if it is not set."""
    value = os.environ.get(variable)
    if value is None:
        _impossible(f"a secret parameter of the driver is read from the environment; set {variable}")
    return value


def rerun(*arguments: str, driver: str, registered_by: str | None = None, search: Sequence[str] = ()) -> NoReturn:
    """Run a check again by pytest, and end the script with a reproducer's exit status.

    Args:
        arguments: Of pytest: the check and the options it needs.
        driver: As in --driver.
        registered_by: A file that registers the driver; run unless pytest has found it itself.
        search: Folders to import from, beside what is installed.
    """
    import pytest  # noqa: PLC0415  most scripts need no pytest

    class Registration:
        """Registers the driver after pytest has run each conftest.py that it finds."""

        @pytest.hookimpl(wrapper=True)
        def pytest_load_initial_conftests(self) -> Iterator[None]:
            yield
            _prepare(driver, registered_by, search)

    sys.path[:0] = [folder for folder in search if folder not in sys.path]
    # No setting of a project: neither its report nor its selection is this check's.
    settings = ["-o", "addopts=", "-p", "no:cacheprovider", "--certify-report=", "--requirement="]
    status = pytest.main([*settings, *arguments], plugins=[Registration()])
    raise SystemExit({0: KEPT, 1: REPRODUCED}.get(int(status), IMPOSSIBLE))


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
