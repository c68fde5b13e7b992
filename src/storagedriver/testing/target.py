"""Which driver, with which parameters, on which server: resolved from the words a user gives."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storagedriver import factory
from storagedriver.backends.containers import CONTAINER_MODE
from storagedriver.driver import Capabilities, StorageDriver
from storagedriver.errors import InvalidStorageDriverError, MissingDependencyError, StorageDriverError
from storagedriver.registry import SuiteRegistration, find_suite, suite_names
from storagedriver.suggestions import did_you_mean

if TYPE_CHECKING:
    from storagedriver.backends.model import RunningBackend


def label_of(driver: str, backend: tuple[str, str] | None) -> str:
    """A driver on a server in a mode, in a word: "inmemory", "s3@seaweedfs", "s3@seaweedfs:container"."""
    if backend is None:
        return driver
    name, mode = backend
    # Elsewhere a server has but one mode that starts it, and its name says enough.
    return f"{driver}@{name}:{mode}" if mode == CONTAINER_MODE else f"{driver}@{name}"


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
        called: Its name in labels where the registration's is not the only one of its kind; empty for that.
    """

    words: str
    registration: SuiteRegistration
    parameters: Mapping[str, Any]
    backend: RunningBackend | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    called: str = ""

    @property
    def label(self) -> str:
        """Driver and server in a word, as label_of() makes it."""
        backend = None if self.backend is None else (self.backend.name, self.backend.mode)
        return label_of(self.called or self.registration.name, backend)

    def open(self) -> StorageDriver:
        """A new driver of these parameters."""
        # A copy: a driver that changes the mapping it is given (CONF-1) must not change it for all that come after it.
        return self.registration.constructor({**self.parameters})

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

    def open(self, **changes: Any) -> StorageDriver:
        """A new driver of these parameters, but for `changes`."""
        return self.constructor({**self.parameters, **changes})


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
    except MissingDependencyError as missing:
        raise TargetError(str(missing)) from missing
    except InvalidStorageDriverError as unknown:
        if words in {*suite_names(), *factory.names()}:
            raise TargetError(f"driver {words}: its registration does not load: {unknown}") from unknown
        raise TargetError(_unknown(words)) from unknown
    except (Exception, SystemExit) as broken:
        raise TargetError(f"driver {words}: the package that registers it does not load: {_told(broken)}") from broken


def _unknown(words: str) -> str:
    known = sorted({*suite_names(), *factory.names()})
    hint = did_you_mean(words, known).replace("did", " Did", 1)
    return (
        f"no driver {words!r} is registered.{hint} Known: {', '.join(known) or 'none'}. "
        f"Register it with register_suite({words!r}, ...) in conftest.py, by an entry point in the group "
        f"'storagedriver.suites', or name it as --driver=module:callable."
    )


def _import(words: str) -> factory.Constructor:
    module_name, _, attributes = words.partition(":")
    if not module_name or not attributes:
        raise TargetError(f"--driver={words!r}: write module:callable, as --driver=mypackage.storage:MyDriver")
    if str(Path.cwd()) not in sys.path:
        # As `python -m pytest` has it: a module beside the author's tests is found.
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name and f"{module_name}.".startswith(f"{missing.name}."):
            raise TargetError(
                f"--driver={words}: no module named {missing.name!r} can be imported, neither from here ({Path.cwd()}) "
                f"nor from what is installed"
            ) from missing
        raise TargetError(f"--driver={words}: importing {module_name} failed: {_told(missing)}") from missing
    except (Exception, SystemExit) as broken:
        raise TargetError(f"--driver={words}: importing {module_name} failed: {_told(broken)}") from broken
    for name in attributes.split("."):
        if not hasattr(found, name):
            hint = did_you_mean(name, dir(found))
            raise TargetError(f"--driver={words}: {module_name} has no {attributes!r}{'; ' if hint else ''}{hint}")
        found = getattr(found, name)
    constructor = getattr(found, "from_parameters", found)
    if not callable(constructor):
        raise TargetError(
            f"--driver={words}: {attributes} is a {type(found).__name__}, not a class or function that makes a driver"
        )
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
        base = dict(given(folder) if callable(given) else given)
    except (Exception, SystemExit) as failed:
        raise TargetError(f"driver {words}: making its parameters failed: {_told(failed)}") from failed
    parameters = {**base, **(backend.parameters if backend else {}), **(overrides or {})}
    return Target(words, registration, parameters, backend, dict(overrides or {}))


def verify(target: Target) -> Capabilities:
    """Make the driver once and look whether it has the interface's methods; what it declares.

    Raises:
        TargetError: The constructor raised, or what it made lacks a method; the message names it.
    """
    try:
        driver = target.open()
    except (Exception, SystemExit) as failed:
        raise TargetError(f"driver {target.label} cannot be made: {_told(failed)}") from failed
    if driver is None:
        raise TargetError(f"driver {target.label}: its constructor returned None; it has to return the driver")
    methods = StorageDriver.__abstractmethods__ - {"capabilities"}
    wanted = sorted(name for name in methods if not hasattr(driver, name))
    if wanted:
        raise TargetError(
            f"driver {target.label}: {type(driver).__name__} lacks {', '.join(wanted)}. "
            f"A driver has every method of storagedriver.StorageDriver."
        )
    try:
        capabilities: object = driver.capabilities
    except Exception as failed:
        raise TargetError(f"driver {target.label}: reading its capabilities failed: {_told(failed)}") from failed
    if not isinstance(capabilities, Capabilities):
        raise TargetError(
            f"driver {target.label}: its capabilities are a {type(capabilities).__name__}; "
            f"they have to be a storagedriver.Capabilities"
        )
    try:
        driver.close()
    except Exception as failed:
        raise TargetError(f"driver {target.label} cannot be closed: {_told(failed)}") from failed
    return capabilities


def _told(error: BaseException) -> str:
    return str(error) if isinstance(error, StorageDriverError) else f"{type(error).__name__}: {error}".rstrip(": ")
