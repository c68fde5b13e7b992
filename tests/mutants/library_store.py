"""The store of http_store through a library whose protocol nobody else reads: requests are disturbed at its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from mutants.http_store import Answer, HttpStoreDriver, HttpStoreParameters, inspect, server
from storagedriver.registry import register_suite
from storagedriver.wire import Between, LibraryAccess

T = TypeVar("T")


def undisturbed(what: str, send: Callable[[], T], /) -> T:
    """Between a driver and its library where nobody is: `what` is asked as it is."""
    return send()


class LibraryStoreDriver(HttpStoreDriver):
    """Right, as far as its mutants do not say otherwise."""

    name = "librarystore"

    def __init__(self, parameters: HttpStoreParameters) -> None:
        super().__init__(parameters)
        self.between: Between = undisturbed

    @classmethod
    def open_disturbed(cls, parameters: Mapping[str, Any], between: Between) -> LibraryStoreDriver:
        driver = cls.from_parameters(parameters)
        driver.between = between
        return driver

    def send(self, method: str, target: str, body: bytes = b"", **query: str) -> Answer:
        what = f"{method} of {target.split('/')[1]}"
        return self.between(what, lambda: HttpStoreDriver.send(self, method, target, body, **query))


def timed_out() -> Exception:
    return TimeoutError("timed out")


def reset() -> Exception:
    return ConnectionResetError("reset")


def _parameters(folder: Path) -> Mapping[str, Any]:
    return {"url": server()}


register_suite(
    LibraryStoreDriver.name,
    LibraryStoreDriver.from_parameters,
    parameters=_parameters,
    inspect=inspect,
    wire=LibraryAccess(
        open=LibraryStoreDriver.open_disturbed, failures={"timed out": timed_out, "reset": reset}, seconds=4.0
    ),
)
