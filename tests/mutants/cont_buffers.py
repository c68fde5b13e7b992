"""Drivers that take buffers for something else, or keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mutants.model import mutant
from mutants.write import Uploading
from storagedriver import FileWriter
from storagedriver.foundation import contiguous
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

if TYPE_CHECKING:
    from typing_extensions import Buffer


@mutant("CONT-3", rows=("B94",), bug="a bytearray is put as its printed form")
class BytearrayIsPrinted(InMemoryDriver):
    def put_content(self, path: str, content: Buffer) -> None:
        super().put_content(path, str(content).encode() if isinstance(content, bytearray) else content)


@mutant("CONT-3", rows=("B94",), bug="a view is written as its printed form")
class ViewIsPrinted(InMemoryDriver):
    def writer(self, path: str, append: bool = False) -> FileWriter:
        writer = super().writer(path, append)
        write = writer.write
        writer.write = lambda data: write(str(data).encode() if isinstance(data, memoryview) else data)  # type: ignore[method-assign]  # the fault
        return writer


@mutant("CONT-3", rows=("B105",), bug="the caller's buffer is kept by reference")
class KeptByReference(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._kept: dict[str, Buffer] = {}

    def put_content(self, path: str, content: Buffer) -> None:
        super().put_content(path, content)
        self._kept[path] = content

    def _get_content(self, path: str) -> bytes:
        content = super()._get_content(path)
        return memoryview(self._kept[path]).tobytes() if path in self._kept else content


@mutant("CONT-3", bug="a stream collects views of the caller's buffers until it is committed")
class StreamCollectsViews(InMemoryDriver):
    def writer(self, path: str, append: bool = False) -> FileWriter:
        writer = super().writer(path, append)
        write, commit = writer.write, writer.commit
        views: list[Buffer] = []

        def collect(data: Buffer) -> int:
            contiguous(data)
            views.append(data)
            return memoryview(data).nbytes

        def publish() -> None:
            for view in views:
                write(view)
            commit()

        writer.write = collect  # type: ignore[method-assign]  # the fault
        writer.commit = publish  # type: ignore[method-assign]  # the fault
        return writer


@mutant("CONT-3", bug="a view of the caller's bytearray is held, so that he cannot resize it")
class HoldsABuffer(InMemoryDriver):
    def put_content(self, path: str, content: Buffer) -> None:
        super().put_content(path, content)
        self._held = memoryview(content)


@mutant("CONT-3", bug="the caller's bytearray is emptied, as if it were the driver's own")
class EmptiesTheBuffer(InMemoryDriver):
    def put_content(self, path: str, content: Buffer) -> None:
        super().put_content(path, content)
        if isinstance(content, bytearray):
            content.clear()


@mutant("CONT-3", bug="a str is encoded in silence")
class StrIsEncoded(InMemoryDriver):
    def put_content(self, path: str, content: Buffer) -> None:
        super().put_content(path, content.encode() if isinstance(content, str) else content)


@mutant("CONT-3", bug="a str is encoded in silence by write")
class StrIsWritten(InMemoryDriver):
    def writer(self, path: str, append: bool = False) -> FileWriter:
        writer = super().writer(path, append)
        write = writer.write
        writer.write = lambda data: write(data.encode() if isinstance(data, str) else data)  # type: ignore[method-assign]  # the fault
        return writer


@mutant("CONT-3", bug="bytes() makes zero bytes of a number")
class NumberIsTaken(InMemoryDriver):
    def put_content(self, path: str, content: Buffer) -> None:
        super().put_content(path, content if isinstance(content, str) or content is None else bytes(content))


@mutant("CONT-3", bug="of a view that is not contiguous the buffer behind it is taken")
class BufferBehindTheView(InMemoryDriver):
    def put_content(self, path: str, content: Buffer) -> None:
        if isinstance(content, memoryview) and not content.contiguous:
            content = bytes(memoryview(content.obj).cast("B"))[: content.nbytes]
        super().put_content(path, content)


@mutant("CONT-3", bug="items of a view are counted for bytes")
class ItemsAreCounted(InMemoryDriver):
    def put_content(self, path: str, content: Buffer) -> None:
        if isinstance(content, memoryview):
            content = content.tobytes()[: len(content)]
        super().put_content(path, content)


class _LargeIsBorrowed(InMemoryUpload):
    """Copies a large piece as late as it can."""

    _borrowed: memoryview | None = None

    def write(self, data: memoryview, /) -> None:
        self._copy()
        if len(data) >= 1 << 20:
            self._borrowed = data
        else:
            super().write(data)

    def commit(self) -> None:
        self._copy()
        super().commit()

    def _copy(self) -> None:
        borrowed, self._borrowed = self._borrowed, None
        if borrowed is not None:
            super().write(borrowed)


@mutant("CONT-3", bug="a large piece is copied when the next call is made")
class LargePieceIsBorrowed(Uploading):
    Stream = _LargeIsBorrowed
