"""Load by Locust: a user whose client is a driver, on one machine or from many.

Import this module, or locust, before anything else: it puts gevent's sockets and threads in the place of Python's own. What
that means for a driver is told in docs/load.md. It needs the extra `locust`.
"""

from __future__ import annotations

import time
import uuid
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

# First, as it patches what the others import.
from locust import User  # isort: skip
from gevent import get_hub

from storagedriver import factory
from storagedriver.driver import StorageDriver
from storagedriver.errors import PathNotFoundError, UnsupportedMethodError
from storagedriver.interception import Call, InterceptedDriver

__all__ = ["FailedOperation", "MeasuredDriver", "StorageUser"]

T = TypeVar("T")

_OPENING = frozenset({"reader", "writer", "walk"})
_ENDING = frozenset({"reader.close", "writer.close", "writer.exit", "walk.close"})


class FailedOperation(Exception):  # noqa: N818  it is no error of its own, but what statistics call one
    """What Locust's statistics are told of an error: its class and no more, as each path would be a line of its own.

    The error itself is the cause.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(type(error).__qualname__)
        self.__cause__ = error

    def __repr__(self) -> str:
        """The class of the error: "PathNotFoundError"."""
        return str(self.args[0])


@dataclass(slots=True)
class _Stream:
    seconds: float = 0.0
    size: int = 0


class MeasuredDriver(InterceptedDriver):
    """Tells each operation to Locust: how long it took, how many bytes of content it moved, and how it failed.

    A reader, a writer or a walk is one operation: the time that its calls took, from the opening to the close; or to the
    first call that failed, and then it is told at once. One that nobody closes is not told.
    """

    def __init__(self, inner: StorageDriver, fire: Callable[..., Any], *, blocking: bool = False) -> None:
        """Measure `inner`.

        Args:
            inner: The driver.
            fire: What is told: `environment.events.request.fire` of Locust.
            blocking: Whether calls go to threads of the system, so that other users of the process go on meanwhile.
        """
        super().__init__(inner)
        self._fire = fire
        self._blocking = blocking
        self._streams: weakref.WeakKeyDictionary[object, _Stream] = weakref.WeakKeyDictionary()

    def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
        if call.operation == "close":
            return self._made(proceed)
        begin = time.perf_counter()
        try:
            result = self._made(proceed)
        except StopIteration:
            self._passed(call, time.perf_counter() - begin, 0, ends=True)
            raise
        except Exception as error:
            self._failed(call, time.perf_counter() - begin, error)
            raise
        seconds = time.perf_counter() - begin
        if call.operation in _OPENING:
            self._streams[result] = _Stream(seconds)
        else:
            self._passed(call, seconds, _size(call, result), ends=call.operation in _ENDING)
        return result

    def _made(self, proceed: Callable[[], T]) -> T:
        if not self._blocking:
            return proceed()
        outcome: Callable[[], T] = get_hub().threadpool.apply(_outcome, (proceed,))
        return outcome()

    def _passed(self, call: Call, seconds: float, size: int, *, ends: bool) -> None:
        if call.stream is None:
            self._tell(call.operation, seconds, size)
            return
        stream = self._streams.get(call.stream)
        if stream is None:
            return  # It was told already.
        stream.seconds += seconds
        stream.size += size
        if ends:
            del self._streams[call.stream]
            self._tell(call.operation.partition(".")[0], stream.seconds, stream.size)

    def _failed(self, call: Call, seconds: float, error: Exception) -> None:
        name = call.operation.partition(".")[0]
        stream = _Stream() if call.stream is None else self._streams.pop(call.stream, None)
        if stream is not None:
            self._tell(name, stream.seconds + seconds, stream.size, error)

    def _tell(self, operation: str, seconds: float, size: int, error: Exception | None = None) -> None:
        self._fire(
            request_type=self.name,
            name=operation,
            response_time=seconds * 1000,
            response_length=size,
            exception=None if error is None else FailedOperation(error),
            context={},
        )


def _outcome(proceed: Callable[[], T]) -> Callable[[], T]:
    """What gives again what `proceed` gave or raised: gevent would print a thread's errors, and take some for its own."""
    try:
        made = proceed()
    except BaseException as error:  # noqa: BLE001  it is raised where it is waited for
        raised = error

        def fail() -> T:
            raise raised

        return fail
    return lambda: made


def _size(call: Call, result: object) -> int:
    """Bytes of content that a call moved."""
    match call.operation:
        case "get_content" | "reader.read" | "reader.read1" | "reader.readline" if isinstance(result, bytes):
            return len(result)
        case "reader.readinto" | "writer.write" if isinstance(result, int):
            return result
        case "put_content":
            return memoryview(call.arguments["content"]).nbytes
    return 0


class StorageUser(User):  # type: ignore[misc]  # of a library that is not looked into
    """A user of Locust whose client is a driver. Subclass it, say which driver, and add tasks.

    Attributes:
        driver: The driver's name, as `factory.create` takes it.
        parameters: Its parameters.
        blocking: Whether its calls wait where gevent cannot see it: in files, or in a library in C or Rust. Then they go to
            threads of the system.
        client: The driver, whose operations are told to Locust. Each user has one of its own.
        root: A directory that is this user's own: "/load-1f2e3d4c". It is deleted when the user stops.
    """

    abstract = True
    driver: ClassVar[str]
    parameters: ClassVar[Mapping[str, Any]] = {}
    blocking: ClassVar[bool] = False

    client: StorageDriver
    root: str

    def __init__(self, environment: Any) -> None:
        """Make the driver.

        Raises:
            InvalidStorageDriverError: No driver is called so.
            ParameterError: A parameter is wrong.
        """
        super().__init__(environment)
        self.root = f"/load-{uuid.uuid4().hex[:12]}"
        made = self.make_driver()
        self.client = MeasuredDriver(made, environment.events.request.fire, blocking=self.blocking)

    def make_driver(self) -> StorageDriver:
        """A driver for this user; override it for one that the factory does not know."""
        return factory.create(self.driver, self.parameters)

    def path(self, name: str) -> str:
        """The path of something in this user's directory: "/load-1f2e3d4c/name"."""
        return f"{self.root}/{name}"

    def on_stop(self) -> None:
        """Delete what the user has left, and close the driver; neither is told to Locust. Call it from your own on_stop."""
        with MeasuredDriver(self.client.inner, _tell_nobody, blocking=self.blocking) as quiet:  # type: ignore[attr-defined]
            _delete(quiet, self.root)


def _tell_nobody(**_: Any) -> None:
    pass


def _delete(driver: StorageDriver, path: str) -> None:
    try:
        driver.delete(path)
    except PathNotFoundError:
        return
    except UnsupportedMethodError:
        # A driver may delete single files alone.
        for info in list(driver.walk(path)):
            if not info.is_dir:
                driver.delete(info.path)
