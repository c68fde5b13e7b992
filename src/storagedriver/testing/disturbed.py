"""Targets whose drivers make requests that can be made to go wrong: by a proxy, or at the calls of a library."""

from __future__ import annotations

import functools
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Concatenate, ParamSpec, Protocol

from storagedriver.driver import StorageDriver
from storagedriver.testing import elsewhere
from storagedriver.testing.target import PortableTarget
from storagedriver.wire.library import LibraryAccess, LibraryProxy, open_disturbed
from storagedriver.wire.proxy import FaultProxy, Injection

P = ParamSpec("P")


class Disturber(Protocol):
    """Counts the requests of drivers, and lets some go wrong.

    Attributes:
        struck: Set once a request was hit.
    """

    struck: threading.Event

    @property
    def exchanges(self) -> Sequence[Any]:
        """The requests since begin(), in their order, each with its `number` and `label`."""
        ...

    def begin(self, injection: Injection[Any] | None = None) -> None:
        """Count from 1 again, and let `injection` happen, or nothing."""
        ...


class DisturbedTarget(Protocol):
    """A target whose drivers make requests that can be made to go wrong."""

    @property
    def proxy(self) -> Disturber:
        """What sees each request."""
        ...

    def open(self, **changes: Any) -> StorageDriver:
        """A new driver, which is the caller's to close.

        Args:
            changes: Parameters that differ from the target's.
        """
        ...

    def start(
        self, function: Callable[Concatenate[StorageDriver, P], object], *args: P.args, **kwargs: P.kwargs
    ) -> subprocess.Popen[bytes]:
        """Begin `function(driver, ...)` in another process, which is the caller's to wait for or to kill.

        Args:
            function: A function of a module; it and its arguments are pickled.
            args: Passed on.
            kwargs: Passed on.
        """
        ...


@dataclass(frozen=True, slots=True)
class ProxiedTarget:
    """A target whose drivers reach their server through a proxy.

    Attributes:
        target: What another process needs to open it.
        proxy: The proxy, which sees each request.
    """

    target: PortableTarget
    proxy: FaultProxy

    def open(self, **changes: Any) -> StorageDriver:
        """See DisturbedTarget."""
        return self.target.open(**changes)

    def start(
        self, function: Callable[Concatenate[StorageDriver, P], object], *args: P.args, **kwargs: P.kwargs
    ) -> subprocess.Popen[bytes]:
        """See DisturbedTarget (needs shared)."""
        return elsewhere.started(self.target, function, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class LibraryTarget:
    """A target whose drivers' library is led through what disturbs its requests.

    Attributes:
        target: The target, with the parameters of an impatient driver.
        access: How its drivers are made.
        proxy: What sees each request of this process. In another one the requests are counted by themselves.
    """

    target: PortableTarget
    access: LibraryAccess
    proxy: LibraryProxy

    def open(self, **changes: Any) -> StorageDriver:
        """See DisturbedTarget."""
        return self.access.open({**self.target.parameters, **changes}, self.proxy.between)

    def start(
        self, function: Callable[Concatenate[StorageDriver, P], object], *args: P.args, **kwargs: P.kwargs
    ) -> subprocess.Popen[bytes]:
        """See DisturbedTarget: there happens what is to happen here."""
        injection = self.proxy.injection
        if injection is None:
            raise RuntimeError("begin() has to say first what is to go wrong in the other process")
        constructor = functools.partial(open_disturbed, self.access, injection)
        return elsewhere.started(replace(self.target, constructor=constructor), function, *args, **kwargs)
