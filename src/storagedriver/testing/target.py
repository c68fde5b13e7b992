"""Which driver, with which parameters, on which server: resolved from the words a user gives."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storagedriver import factory
from storagedriver.driver import StorageDriver
from storagedriver.errors import InvalidStorageDriverError, StorageDriverError
from storagedriver.registry import SuiteRegistration, find_suite, suite_names

if TYPE_CHECKING:
    from storagedriver.backends.model import RunningBackend


class TargetError(Exception):
    """The words do not name a driver that can be made; the message says why and what would."""


@dataclass(frozen=True, slots=True)
class Target:
    """A driver that the suites run against.

    Attributes:
        words: How the user named it: "s3", "package.module:callable".
        registration: How to make and judge it.
        parameters: What it is made of; secrets may be among them.
        backend: The server that was started for it; None if it needs none.
        overrides: The parameters that the user gave himself.
    """

    words: str
    registration: SuiteRegistration
    parameters: Mapping[str, Any]
    backend: RunningBackend | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Driver and server in a word: "inmemory", "s3@seaweedfs"."""
        return self.registration.name if self.backend is None else f"{self.registration.name}@{self.backend.name}"

    def open(self) -> StorageDriver:
        """A new driver of these parameters."""
        return self.registration.constructor(self.parameters)

    def portable(self) -> PortableTarget:
        """What another process needs to open the same store."""
        constructor = self.registration.constructor
        return PortableTarget(self.words, constructor, dict(self.parameters))


@dataclass(frozen=True, slots=True)
class PortableTarget:
    """A target that pickles."""

    words: str
    constructor: factory.Constructor
    parameters: Mapping[str, Any]

    def open(self) -> StorageDriver:
        """A new driver of these parameters."""
        return self.constructor(self.parameters)


def find_registration(words: str) -> SuiteRegistration:
    """The registration that `words` name: one of register_suite, a driver of the factory, or `module:callable`.

    Raises:
        TargetError: There is none; the message lists what there is.
    """
    if ":" in words:
        return SuiteRegistration(name=words.rpartition(":")[2], constructor=_import(words))
    try:
        registration = find_suite(words)
        if registration is not None:
            return registration
        return SuiteRegistration(name=words, constructor=factory.constructor(words))
    except InvalidStorageDriverError as unknown:
        known = sorted({*suite_names(), *factory.names()})
        raise TargetError(
            f"no driver {words!r} is registered. Known: {', '.join(known) or 'none'}. "
            f"Register it with register_suite({words!r}, ...) in conftest.py, by an entry point in the group "
            f"'storagedriver.suites', or name it as --driver=module:callable."
            if not isinstance(unknown, ImportError)
            else str(unknown)
        ) from unknown


def _import(words: str) -> factory.Constructor:
    module_name, _, attributes = words.partition(":")
    if str(Path.cwd()) not in sys.path:
        # As `python -m pytest` has it: a module beside the author's tests is found.
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        raise TargetError(f"--driver={words}: no module named {missing.name!r} can be imported") from missing
    except Exception as broken:
        raise TargetError(
            f"--driver={words}: importing {module_name} failed: {type(broken).__name__}: {broken}"
        ) from broken
    for name in attributes.split("."):
        if not hasattr(found, name):
            raise TargetError(f"--driver={words}: {module_name} has no {attributes!r}")
        found = getattr(found, name)
    constructor = getattr(found, "from_parameters", found)
    if not callable(constructor):
        raise TargetError(f"--driver={words}: {attributes} is a {type(found).__name__}, not a class or function")
    return constructor  # type: ignore[no-any-return]  # checked by the call in verify()


def resolve(
    words: str, *, folder: Path, backend: RunningBackend | None = None, overrides: Mapping[str, Any] | None = None
) -> Target:
    """The target that `words` name.

    Args:
        words: A registered name, or `module:callable`.
        folder: An empty folder of its own, for drivers that work on files.
        backend: The server that was started for it.
        overrides: Parameters of the user's own; they win over the server's, and those over the registration's.

    Raises:
        TargetError: No such driver, or its parameters cannot be made.
    """
    registration = find_registration(words)
    given = registration.parameters
    try:
        base = given(folder) if callable(given) else given
    except Exception as failed:
        raise TargetError(f"driver {words}: making its parameters failed: {_told(failed)}") from failed
    parameters = {**base, **(backend.parameters if backend else {}), **(overrides or {})}
    return Target(words, registration, parameters, backend, dict(overrides or {}))


def verify(target: Target) -> None:
    """Make the driver once and look whether it has the interface's methods.

    Raises:
        TargetError: The constructor raised, or what it made lacks a method; the message names it.
    """
    try:
        driver = target.open()
    except Exception as failed:
        raise TargetError(f"driver {target.label} cannot be made: {_told(failed)}") from failed
    wanted = sorted(name for name in StorageDriver.__abstractmethods__ if not hasattr(driver, name))
    if wanted:
        raise TargetError(
            f"driver {target.label}: {type(driver).__name__} lacks {', '.join(wanted)}. "
            f"A driver has every method of storagedriver.StorageDriver."
        )
    driver.close()


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, StorageDriverError) else f"{type(error).__name__}: {error}"
