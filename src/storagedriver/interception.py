"""A driver around a driver: one place through which every call passes, those of its readers and writers too.

Regulation, telemetry, recording and fault injection are small subclasses of InterceptedDriver.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from storagedriver.driver import Capabilities, FileInfo, FileWriter, StorageDriver
from storagedriver.walk import Walk

if TYPE_CHECKING:
    from typing_extensions import Buffer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One call on a driver, or on a reader, writer or walk that it gave.

    Attributes:
        operation: The method: "stat", or "reader.read", "writer.commit", "walk.next" for one of a stream.
        path: The path the call, or the stream, is about; None for close of the driver.
        arguments: The other arguments by name.
        stream: The reader, writer or walk the call is made on; None for the driver's own methods.
    """

    operation: str
    path: str | None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    stream: object = None


class InterceptedDriver(StorageDriver):
    """Passes every call to `inner` through `intercept()`, which a subclass overrides."""

    def __init__(self, inner: StorageDriver) -> None:
        self.inner = inner

    def intercept(self, call: Call, proceed: Callable[[], T]) -> T:  # noqa: ARG002
        """Make the call by `proceed()`, or not; what this returns or raises is what the caller gets."""
        return proceed()

    @property
    def name(self) -> str:  # type: ignore[override]  # the inner driver's
        return self.inner.name

    @property
    def capabilities(self) -> Capabilities:
        return self.inner.capabilities

    def __repr__(self) -> str:
        return f"<{type(self).__name__} around {self.inner!r}>"

    def get_content(self, path: str) -> bytes:
        return self.intercept(Call("get_content", path), lambda: self.inner.get_content(path))

    def put_content(self, path: str, content: Buffer) -> None:
        call = Call("put_content", path, {"content": content})
        self.intercept(call, lambda: self.inner.put_content(path, content))

    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        call = Call("reader", path, {"offset": offset})
        stream = self.intercept(call, lambda: InterceptedReader(self, path, self.inner.reader(path, offset)))
        return cast("BinaryIO", stream)

    def writer(self, path: str, append: bool = False) -> FileWriter:
        call = Call("writer", path, {"append": append})
        return self.intercept(call, lambda: InterceptedWriter(self, path, self.inner.writer(path, append)))

    def stat(self, path: str) -> FileInfo:
        return self.intercept(Call("stat", path), lambda: self.inner.stat(path))

    def list(self, path: str) -> Sequence[str]:
        return self.intercept(Call("list", path), lambda: self.inner.list(path))

    def move(self, source: str, dest: str) -> None:
        self.intercept(Call("move", source, {"dest": dest}), lambda: self.inner.move(source, dest))

    def delete(self, path: str) -> None:
        self.intercept(Call("delete", path), lambda: self.inner.delete(path))

    def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        call = Call("redirect_url", path, {"method": method, "expires": expires})
        return self.intercept(call, lambda: self.inner.redirect_url(path, method=method, expires=expires))

    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        call = Call("walk", path, {"start_after": start_after})
        walk = self.intercept(call, lambda: InterceptedWalk(self, path, self.inner.walk(path, start_after=start_after)))
        return cast("Walk", walk)

    def close(self) -> None:
        self.intercept(Call("close", None), self.inner.close)


class InterceptedReader(io.BufferedIOBase):
    """A reader whose calls pass through its driver's `intercept()`."""

    def __init__(self, driver: InterceptedDriver, path: str, inner: BinaryIO) -> None:
        super().__init__()
        self._driver = driver
        self._path = path
        self.inner = inner

    def _call(self, method: str, proceed: Callable[[], T], **arguments: Any) -> T:
        return self._driver.intercept(Call(f"reader.{method}", self._path, arguments, self), proceed)

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._call("read", lambda: self.inner.read(size), size=size)  # type: ignore[arg-type]  # None too

    def read1(self, size: int = -1, /) -> bytes:
        proceed: Callable[[int], bytes] = getattr(self.inner, "read1", self.inner.read)
        return self._call("read1", lambda: proceed(size), size=size)

    def readinto(self, buffer: Buffer, /) -> int:
        proceed = cast("Callable[[Any], int]", self.inner.readinto)  # type: ignore[attr-defined]
        return self._call("readinto", lambda: proceed(buffer), size=len(memoryview(buffer)))

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._call("readline", lambda: self.inner.readline(size), size=size)  # type: ignore[arg-type]  # None too

    def close(self) -> None:
        super().close()
        # Each time: that a second close is fine is the inner stream's promise (READ-5).
        self._call("close", self.inner.close)

    def __del__(self) -> None:
        """Nothing: IOBase would close what is forgotten, and the inner stream does that itself."""


class InterceptedWriter(FileWriter):
    """A writer whose calls pass through its driver's `intercept()`."""

    def __init__(self, driver: InterceptedDriver, path: str, inner: FileWriter) -> None:
        self._driver = driver
        self._path = path
        self.inner = inner

    def _call(self, method: str, proceed: Callable[[], T], **arguments: Any) -> T:
        return self._driver.intercept(Call(f"writer.{method}", self._path, arguments, self), proceed)

    @property
    def size(self) -> int:
        return self._call("size", lambda: self.inner.size)

    def write(self, data: Buffer, /) -> int:
        return self._call("write", lambda: self.inner.write(data), data=data)

    def commit(self) -> None:
        self._call("commit", self.inner.commit)

    def cancel(self) -> None:
        self._call("cancel", self.inner.cancel)

    def close(self) -> None:
        self._call("close", self.inner.close)

    # `with` goes through close() and cancel() above, as FileWriter defines it, unless the inner writer has its own way.
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if type(self.inner).__exit__ is FileWriter.__exit__:
            return super().__exit__(kind, error, trace)
        return self._call("exit", lambda: self.inner.__exit__(kind, error, trace), failed=kind is not None)


class InterceptedWalk(Walk):
    """A walk whose steps pass through its driver's `intercept()`."""

    def __init__(self, driver: InterceptedDriver, path: str, inner: Walk) -> None:
        self._driver = driver
        self._path = path
        self.inner = inner

    def _call(self, method: str, proceed: Callable[[], T]) -> T:
        return self._driver.intercept(Call(f"walk.{method}", self._path, {}, self), proceed)

    def __next__(self) -> FileInfo:
        return self._call("next", lambda: next(self.inner))

    def prune(self) -> None:
        self._call("prune", self.inner.prune)

    def close(self) -> None:
        self._call("close", self.inner.close)
