"""The driver under test, as a check sees it beside the `driver` fixture: more drivers of the same store, other processes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from storagedriver import paths
from storagedriver.driver import StorageDriver
from storagedriver.foreign import ForeignStore
from storagedriver.report.trials import Figure
from storagedriver.systemcalls.stores import LocalStores, local_stores
from storagedriver.testing import elsewhere
from storagedriver.testing.disturbed import DisturbedTarget, LibraryTarget, ProxiedTarget
from storagedriver.testing.generation import Generation
from storagedriver.testing.progress import Progress, not_shown
from storagedriver.testing.recording import Recorder
from storagedriver.testing.target import Target
from storagedriver.testing.tree import Tree
from storagedriver.testing.trials import TrialKind, Trials
from storagedriver.wire.access import WireAccess
from storagedriver.wire.library import LibraryAccess, LibraryProxy
from storagedriver.wire.proxy import FaultProxy

P = ParamSpec("P")
R = TypeVar("R")

_ELSEWHERE_SECONDS = {"quick": 240, "full": 280, "soak": 1500}
"""How long a call in another process may take before it counts as hung, by profile."""


class InspectionError(RuntimeError):
    """What lies on the backend could not be seen. That says nothing about the driver."""


class Subject:
    """The target of one check and what was opened on it.

    Attributes:
        target: The driver's registration, parameters and server.
        profile: "quick", "full" or "soak".
        unwrapped: The driver under test, without recording: for checks that make more calls than a failure can show.
            They make those that fail again with the fixture `driver`.
        reference: The driver to compare with, not recorded; None but in checks that need "reference".
        generated: Whether the check asked for the seed, so that a failure depends on it.
        tried: The trials of the check, for its report, passed or failed.
        figures: What the check measured, for its report.
        progress: Shows how far a long check is.
    """

    def __init__(
        self,
        target: Target,
        recorder: Recorder,
        tree: Tree,
        *,
        profile: str,
        unwrapped: StorageDriver,
        generation: Generation,
        reference: StorageDriver | None = None,
    ) -> None:
        """Begin a check on `target` below `tree`."""
        self.target = target
        self.profile = profile
        self.unwrapped = unwrapped
        self.reference = reference
        self.generated = False
        self.tried: list[Trials] = []
        self.figures: list[Figure] = []
        self.progress: Progress = not_shown
        self._generation = generation
        self._recorder = recorder
        self._tree = tree
        self._opened: list[StorageDriver | ForeignStore] = []
        self._stores: list[StorageDriver] = []

    @property
    def seed(self) -> int:
        """The seed of what the check generates: with the same one it generates the same."""
        self.generated = True
        return self._generation.seed

    @property
    def examples(self) -> Path | None:
        """The folder of failed examples of this target, which are tried first; None if the seed alone decides."""
        return self._generation.examples

    @property
    def name(self) -> str:
        """The name the driver is registered under."""
        return self.target.registration.name

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters the driver was made of; secrets may be among them."""
        return self.target.parameters

    def trials(self, kind: TrialKind, operation: str, condition: str) -> Trials:
        """Begin trials of `operation` under `condition`, which the report shows whether the check passes or fails."""
        begun = Trials(kind, operation, condition)
        self.tried.append(begun)
        return begun

    def measured(self, name: str, value: float, unit: str = "") -> None:
        """Put a number into the report, whether the check passes or fails: ("operations", 2000)."""
        self.figures.append(Figure(name, value, unit))

    def open(self, **changes: Any) -> StorageDriver:
        """Another driver on the same store, its calls recorded too; closed after the check.

        Args:
            changes: Parameters that differ from the target's.
        """
        made = self.target.registration.constructor({**self.parameters, **changes})
        driver = self._recorder.wrap(made, self._variable(changes))
        self._opened.append(driver)
        return driver

    def unrecorded(self) -> StorageDriver:
        """Another driver on the same store, closed after the check; of its calls nothing is told.

        For workloads of many threads: made one after the other, the calls would not show what happened.
        """
        self._recorder.untold = True
        driver = self.target.open()
        self._opened.append(driver)
        return driver

    def construct(self, parameters: Mapping[str, Any]) -> StorageDriver:
        """What the driver's constructor makes of exactly `parameters`; neither recorded nor closed."""
        self._recorder.untold = True
        return self.target.registration.constructor(parameters)

    def root(self, relative: str) -> str:
        """The value of the root parameter for a store of its own, `relative` below the check's prefix (needs root)."""
        base = str(self.parameters.get(self.root_parameter) or "").rstrip("/")
        return f"{base}{self._tree.path(relative)}"

    def root_spellings(self, relative: str) -> list[str]:
        """Ways to write `root(relative)` that all mean the same (CONF-3)."""
        root = self.root(relative)
        if self.parameters.get(self.root_parameter):
            # A root that is given may be a folder of this machine: there a leading slash has a meaning.
            return [root, f"{root}/"]
        return [root, f"{root}/", root.lstrip("/"), f"{root.lstrip('/')}/"]

    def open_root(self, relative: str) -> StorageDriver:
        """A driver on a store of its own, `relative` below the check's prefix (needs root)."""
        store = self.open(**{self.root_parameter: self.root(relative)})
        self._stores.append(store)
        return store

    @property
    def root_parameter(self) -> str:
        """The parameter that sets the root (needs root)."""
        parameter = self.target.registration.root_parameter
        if parameter is None:
            raise RuntimeError("the check must say needs=['root'] in its requirement mark")
        return parameter

    def inspect(self) -> list[str]:
        """Everything on the backend below the check's prefix, internals included, by name (needs inspect).

        Raises:
            InspectionError: The registration's function raised something.
        """
        names = self._inspected(self.parameters, self._tree.root)
        return sorted(name for name in names if self._tree.root.strip("/") in name)

    def inspect_root(self, relative: str) -> list[str]:
        """Everything on the backend of the store that `open_root(relative)` gives, whatever its name (needs inspect and root).

        Raises:
            InspectionError: The registration's function raised something.
        """
        return sorted(self._inspected({**self.parameters, self.root_parameter: self.root(relative)}, paths.ROOT))

    def _inspected(self, parameters: Mapping[str, Any], path: str) -> Sequence[str]:
        inspect = self.target.registration.inspect
        if inspect is None:
            raise RuntimeError("the check must say needs=['inspect'] in its requirement mark")
        try:
            return list(inspect(parameters, path))
        except Exception as error:
            raise InspectionError(
                f"inspect, as given to register_suite, failed: {type(error).__name__}: {error}"
            ) from error

    @contextlib.contextmanager
    def through_proxy(self) -> Iterator[ProxiedTarget]:
        """The target with a proxy of its own before its server, which is stopped after the block (needs wire).

        Drivers that are made of it are impatient, as the registration says, and nothing of their calls is recorded.
        """
        self._recorder.untold = True
        with FaultProxy(*self.wire.server(self.parameters)) as proxy:
            portable = self.target.portable()
            yield ProxiedTarget(
                replace(portable, parameters=self.wire.through(proxy.authority, self.parameters)), proxy
            )

    @contextlib.contextmanager
    def disturbed(self) -> Iterator[DisturbedTarget]:
        """The target with something that counts and disturbs the requests of its drivers (needs requests).

        Drivers that are made of it are impatient, as the registration says, and nothing of their calls is recorded.
        """
        access = self.access
        if isinstance(access, WireAccess):
            with self.through_proxy() as proxied:
                yield proxied
            return
        self._recorder.untold = True
        portable = self.target.portable()
        impatient = {**self.parameters, **access.parameters}
        yield LibraryTarget(replace(portable, parameters=impatient), access, LibraryProxy())

    @property
    def access(self) -> WireAccess | LibraryAccess:
        """How requests between the driver and its server are disturbed (needs requests)."""
        access = self.target.registration.wire
        if not isinstance(access, WireAccess | LibraryAccess):
            raise RuntimeError("the check must say needs=['requests'] in its requirement mark")  # noqa: TRY004  as the others
        return access

    @property
    def wire(self) -> WireAccess:
        """How somebody is put between the driver and its server (needs wire)."""
        wire = self.target.registration.wire
        if not isinstance(wire, WireAccess):
            raise RuntimeError("the check must say needs=['wire'] in its requirement mark")  # noqa: TRY004  as the others
        return wire

    def foreign(self) -> ForeignStore:
        """Another tool on the backend, for names below the check's prefix too; closed after the check (needs foreign)."""
        opening = self.target.registration.foreign
        if opening is None:
            raise RuntimeError("the check must say needs=['foreign'] in its requirement mark")
        self._recorder.untold = True
        tool = opening(self.parameters)
        self._opened.append(tool)
        return tool

    @contextlib.contextmanager
    def local_stores(self) -> Iterator[LocalStores]:
        """Stores of the driver in folders of their own, beside the one under test, removed afterwards.

        Raises:
            NotOnLocalFilesError: The driver keeps no files on this machine.
        """
        self._recorder.untold = True
        with local_stores(self.target) as stores:
            yield stores

    def elsewhere(self, function: Callable[Concatenate[StorageDriver, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function(driver, ...)` returns in another process, with a driver of the same parameters (needs shared).

        Args:
            function: A function of a module; it and its arguments are pickled.
            args: Passed on.
            kwargs: Passed on.
        """
        self._recorder.untold = True
        return elsewhere.called(self.target.portable(), _ELSEWHERE_SECONDS[self.profile], function, *args, **kwargs)

    def close(self) -> None:
        """Close what open() made."""
        if not self.target.registration.roots_nest:
            # The delete of the check's prefix does not reach them.
            for store in self._stores:
                with contextlib.suppress(Exception):
                    for path in store.list("/"):
                        store.delete(path)
        while self._opened:
            with contextlib.suppress(Exception):
                self._opened.pop().close()

    def _variable(self, changes: Mapping[str, Any]) -> str:
        self._recorder.opened.append(dict(changes))
        return f"driver{len(self._recorder.opened) + 1}"
