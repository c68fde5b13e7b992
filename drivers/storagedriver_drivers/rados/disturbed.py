"""A driver whose requests somebody else lets through one by one: for the suites, which let some of them go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from storagedriver.dependencies import require_system
from storagedriver.parameters import parse
from storagedriver.wire.library import Between
from storagedriver_drivers.rados.client import PACKAGE, Pool
from storagedriver_drivers.rados.driver import RadosDriver
from storagedriver_drivers.rados.parameters import RadosParameters


def open_disturbed(parameters: Mapping[str, Any], between: Between) -> RadosDriver:
    """A driver of these parameters each of whose requests goes through `between`. It is connected already."""
    model = parse(RadosParameters, parameters, driver_name=RadosDriver.name)
    pool = Pool(model, through=lambda io: _Requests(io, between))
    pool.connect()
    return RadosDriver(model, pool=pool)


def timed_out() -> Exception:
    """What librados says of a request that has no answer in time."""
    failure: Exception = _rados().TimedOut("[errno 110] RADOS timed out", errno=110)
    return failure


def _rados() -> Any:
    return require_system("rados", package=PACKAGE, driver_name=RadosDriver.name)


class _Requests:
    """An I/O context of librados; what builds a request goes to it as it is, and what makes one through `between`."""

    def __init__(self, io: Any, between: Between) -> None:
        self._io = io
        self._between = between

    def __getattr__(self, name: str) -> Any:
        return getattr(self._io, name)

    def operate_write_op(self, operation: Any, name: str) -> None:
        self._between("a change", lambda: self._io.operate_write_op(operation, name))

    def operate_read_op(self, operation: Any, name: str) -> None:
        self._between("a read of a map", lambda: self._io.operate_read_op(operation, name))

    def get_xattr(self, name: str, attribute: str) -> bytes:
        value: bytes = self._between("a read of an attribute", lambda: self._io.get_xattr(name, attribute))
        return value

    def list_objects(self) -> Iterable[Any]:
        return self._between("a listing", lambda: list(self._io.list_objects()))

    def operate_aio_write_op(self, operation: Any, name: str) -> Any:
        return self._begun("a write", lambda: self._io.operate_aio_write_op(operation, name))

    def aio_read(self, name: str, length: int, offset: int, taken: Callable[[Any, bytes | None], None]) -> Any:
        return self._begun("a read", lambda: self._io.aio_read(name, length, offset, taken))

    def aio_remove(self, name: str) -> Any:
        return self._begun("a removal", lambda: self._io.aio_remove(name))

    def _begun(self, what: str, begin: Callable[[], Any]) -> Any:
        """The completion, which has ended: one request after the other, so that each has the same number every time."""

        def send() -> Any:
            completion = begin()
            completion.wait_for_complete_and_cb()
            return completion

        try:
            return self._between(what, send)
        except _rados().Error as error:
            return _Failed(-abs(error.errno))


class _Failed:
    """The completion of a request that failed."""

    def __init__(self, value: int) -> None:
        self._value = value

    def wait_for_complete_and_cb(self) -> None:
        pass

    def get_return_value(self) -> int:
        return self._value
