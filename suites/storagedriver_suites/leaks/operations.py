"""The kinds of operations that a driver is put through again and again; each undoes what it did, by the contract's rules."""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from storagedriver import FileWriter, PathNotFoundError, StorageDriver, StorageDriverError, paths
from storagedriver.testing import chunk_size
from storagedriver.testing.target import PortableTarget

BODY = 64 * 1024
"""Bytes of a small file: one that is kept of each operation is seen."""


class _CallersError(Exception):
    """An error of the caller's own."""


@dataclass(slots=True)
class Bench:
    """What operations work with.

    Attributes:
        driver: The driver that is measured.
        target: Makes more of its kind.
        refused: Make drivers with a wrong secret.
        top: The directory that all happens below.
        limits_descriptors: Whether operations are tried that get no descriptor: not where a server is talked to, whose
            library may wait between its tries.
        strangers: Drivers with a wrong secret, for requests that fail.
    """

    driver: StorageDriver
    target: PortableTarget
    refused: Sequence[PortableTarget]
    top: str
    limits_descriptors: bool
    strangers: list[StorageDriver] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def small(self) -> str:
        """A file of BODY bytes that stays."""
        return f"{self.top}/stays/small"

    @property
    def large(self) -> str:
        """A file of more than a chunk that stays."""
        return f"{self.top}/stays/large"

    @property
    def directory(self) -> str:
        """A directory of directories and files that stays."""
        return f"{self.top}/stays/directory"

    def prepare(self) -> None:
        """Make what stays."""
        self.driver.put_content(self.small, self.body())
        self.stream(self.driver, self.large, commit=True)
        for number in range(12):
            self.driver.put_content(f"{self.directory}/{number % 3}/{number}", b"content")
        for target in self.refused:
            # One that refuses a wrong secret at once has said so.
            with contextlib.suppress(StorageDriverError):
                self.strangers.append(target.open())

    def clear(self) -> None:
        """Remove what stays, and close all drivers."""
        self.driver.delete(f"{self.top}/stays")
        for stranger in [*self.strangers, self.driver]:
            stranger.close()
        self.strangers.clear()

    def new(self, kind: str) -> str:
        """A path that was not used before, in the directory of a kind of operation."""
        return f"{self.top}/{slug(kind)}/{next(self._numbers)}"

    def body(self, size: int = BODY) -> bytes:
        """Content that no other operation has: whoever keeps it keeps these bytes."""
        number = next(self._numbers).to_bytes(8, "big")
        return number + bytes(size - len(number))

    def stream(self, driver: StorageDriver, path: str, *, commit: bool, append: bool = False) -> None:
        """Write a stream of more than a chunk, and commit or cancel it."""
        writer = driver.writer(path, append=append)
        writer.write(self.body(chunk_size(driver)))
        writer.write(b"and a byte")
        if commit:
            writer.commit()
            writer.close()
        else:
            writer.cancel()


def slug(kind: str) -> str:
    """A name of a path's component for a kind of operation."""
    return "".join(letter if letter.isalnum() else "-" for letter in kind)


Act = Callable[[Bench, str], Any]
"""One operation, given a path of its own. What it returns is dropped."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A kind of operation.

    Attributes:
        kind: What it is called, as in "each reader that is dropped half-way leaves one".
        act: Does it once.
        heavy: It moves much data, or opens drivers: it is done less often.
    """

    kind: str
    act: Act
    heavy: bool = False


# --- reading


def _read_to_the_end(bench: Bench, path: str) -> None:  # noqa: ARG001  nothing is made
    with bench.driver.reader(bench.large) as stream:
        while stream.read(BODY):
            pass


def _close_half_way(bench: Bench, path: str) -> None:  # noqa: ARG001  nothing is made
    with bench.driver.reader(bench.large) as stream:
        stream.read(100)


def _drop_at_the_end(bench: Bench, path: str) -> None:  # noqa: ARG001  nothing is made
    bench.driver.reader(bench.small).read()


def _walk(bench: Bench, path: str) -> None:  # noqa: ARG001  nothing is made
    for _ in bench.driver.walk(bench.directory):
        pass


def _stop_the_walk(bench: Bench, path: str) -> object:  # noqa: ARG001  nothing is made
    walk = bench.driver.walk(bench.directory)
    next(walk)
    return next(walk)


def _in_a_thread(bench: Bench, path: str) -> None:  # noqa: ARG001  nothing is made
    thread = threading.Thread(target=lambda: bench.driver.get_content(bench.small))
    thread.start()
    thread.join()


def _look_at(bench: Bench, path: str) -> None:  # noqa: ARG001  nothing is made
    bench.driver.stat(bench.small)
    bench.driver.stat(bench.directory)
    bench.driver.list(bench.directory)


READING = (
    Operation("get_content", lambda bench, _: bench.driver.get_content(bench.small)),
    Operation("get_content in a thread that ends", _in_a_thread),
    Operation("stat and list", _look_at),
    Operation("reader that is read to its end", _read_to_the_end, heavy=True),
    Operation("reader that is closed half-way", _close_half_way),
    Operation("reader that is dropped half-way", lambda bench, _: bench.driver.reader(bench.large).read(100)),
    Operation("reader that is dropped unread", lambda bench, _: bench.driver.reader(bench.large)),
    Operation("reader that is dropped at its end", _drop_at_the_end),
    Operation("reader from an offset that is dropped", lambda bench, _: bench.driver.reader(bench.large, 1000).read(9)),
    Operation("walk to its end", _walk),
    Operation("walk that is dropped after two entries", _stop_the_walk),
    Operation("redirect_url", lambda bench, _: bench.driver.redirect_url(bench.small)),
)

# --- writing


def _put(bench: Bench, path: str) -> None:
    driver = bench.driver
    driver.put_content(path, bench.body())
    driver.put_content(path, bench.body(BODY // 2))
    driver.stat(path)
    driver.get_content(path)
    driver.list(paths.parent(path))
    driver.redirect_url(path)
    driver.delete(path)


def _put_large(bench: Bench, path: str) -> None:
    bench.driver.put_content(path, bench.body(chunk_size(bench.driver) + 1))
    bench.driver.delete(path)


def _move(bench: Bench, path: str) -> None:
    bench.driver.put_content(path, bench.body())
    bench.driver.move(path, f"{path}-moved")
    bench.driver.delete(f"{path}-moved")


def _move_large(bench: Bench, path: str) -> None:
    bench.stream(bench.driver, path, commit=True)
    bench.driver.move(path, f"{path}-moved")
    bench.driver.delete(f"{path}-moved")


def _delete_directory(bench: Bench, path: str) -> None:
    for name in ("a", "b/a", "b/b"):
        bench.driver.put_content(f"{path}/{name}", b"content")
    bench.driver.delete(path)


def _commit(bench: Bench, path: str) -> None:
    with bench.driver.writer(path) as writer:
        writer.write(bench.body())
        writer.commit()
    with bench.driver.reader(path) as stream:
        stream.read()
    bench.driver.delete(path)


def _commit_large(bench: Bench, path: str) -> None:
    bench.stream(bench.driver, path, commit=True)
    bench.driver.delete(path)


def _cancel(bench: Bench, path: str) -> None:
    writer = bench.driver.writer(path)
    writer.write(bench.body())
    writer.cancel()


def _close_and_cancel(bench: Bench, path: str) -> None:
    writer = bench.driver.writer(path)
    writer.write(bench.body())
    writer.close()
    writer.cancel()


def _continue_and_cancel(bench: Bench, path: str) -> None:
    with bench.driver.writer(path) as writer:
        writer.write(bench.body())
    if bench.driver.capabilities.resumable_writes:
        with bench.driver.writer(path, append=True) as writer:
            writer.write(b"more")
        bench.driver.writer(path, append=True).cancel()


def _continue_twice_and_cancel(bench: Bench, path: str) -> None:
    with bench.driver.writer(path) as writer:
        writer.write(bench.body())
    if bench.driver.capabilities.resumable_writes:
        first, second = (bench.driver.writer(path, append=True) for _ in range(2))
        second.cancel()
        first.cancel()
    else:
        bench.driver.writer(path).cancel()


def _leave_by_an_exception(bench: Bench, path: str) -> None:
    with contextlib.suppress(_CallersError), bench.driver.writer(path) as writer:
        writer.write(bench.body())
        raise _CallersError


def _dropped(bench: Bench, path: str, size: int) -> None:
    """Drop a writer; what it staged may stay until the path goes (DEL-5)."""
    bench.driver.put_content(f"{path}/beside", b"content")
    writer = bench.driver.writer(f"{path}/file")
    if size:
        writer.write(bench.body(size))
    del writer
    bench.driver.delete(path)


def _drop_an_append(bench: Bench, path: str) -> None:
    bench.driver.put_content(path, bench.body())
    if bench.driver.capabilities.append:
        bench.driver.writer(path, append=True).write(b"more")
    bench.driver.delete(path)


def _cancel_an_append(bench: Bench, path: str) -> None:
    bench.driver.put_content(path, bench.body())
    if bench.driver.capabilities.append:
        writer = bench.driver.writer(path, append=True)
        writer.write(b"more")
        writer.cancel()
    bench.driver.delete(path)


WRITING = (
    Operation("put_content, stat, get_content, list and delete", _put),
    Operation("put_content of more than a chunk, and delete", _put_large, heavy=True),
    Operation("move, and delete", _move),
    Operation("move of more than a chunk, and delete", _move_large, heavy=True),
    Operation("delete of a directory", _delete_directory),
    Operation("writer that is committed, reader and delete", _commit),
    Operation("writer of more than a chunk that is committed, and delete", _commit_large, heavy=True),
    Operation("writer that is cancelled", _cancel),
    Operation(
        "writer of more than a chunk that is cancelled",
        lambda bench, path: bench.stream(bench.driver, path, commit=False),
        heavy=True,
    ),
    Operation("writer that is closed, then cancelled", _close_and_cancel),
    Operation("writer that is closed, continued, then cancelled", _continue_and_cancel),
    Operation("writer that is closed, continued twice, then both cancelled", _continue_twice_and_cancel),
    Operation("writer that an exception leaves", _leave_by_an_exception),
    Operation("writer that is dropped, and delete of its directory", lambda bench, path: _dropped(bench, path, BODY)),
    Operation(
        "writer that is dropped unused, and delete of its directory", lambda bench, path: _dropped(bench, path, 0)
    ),
    Operation(
        "writer of more than a chunk that is dropped, and delete of its directory",
        lambda bench, path: _dropped(bench, path, chunk_size(bench.driver) + 1),
        heavy=True,
    ),
    Operation("append that is cancelled, and delete", _cancel_an_append),
    Operation("append that is dropped, and delete", _drop_an_append),
)

# --- failing


def _try(*calls: Callable[[], object]) -> None:
    """Make calls of which some, or all, fail."""
    for call in calls:
        with contextlib.suppress(StorageDriverError, TypeError, OSError):
            call()


def _remove(driver: StorageDriver, path: str) -> None:
    with contextlib.suppress(PathNotFoundError):
        driver.delete(path)


def _absent(bench: Bench, path: str) -> None:
    driver = bench.driver
    _try(
        lambda: driver.get_content(path),
        lambda: driver.reader(path).read(1),
        lambda: driver.writer(path, append=True).cancel(),
        lambda: driver.stat(path),
        lambda: driver.list(path),
        lambda: next(driver.walk(path)),
        lambda: driver.move(path, f"{path}-moved"),
        lambda: driver.delete(path),
        lambda: driver.reader(bench.directory).read(1),
    )


def _invalid(bench: Bench, path: str) -> None:
    driver, invalid = bench.driver, f"{path}/../x"
    _try(
        lambda: driver.get_content(invalid),
        lambda: driver.reader(invalid),
        lambda: driver.writer(invalid),
        lambda: driver.put_content(invalid, bench.body()),
        lambda: driver.delete(invalid),
        lambda: driver.reader(bench.small, -1),
    )


def _beyond_the_end(bench: Bench, path: str) -> None:  # noqa: ARG001  nothing is made
    _try(lambda: bench.driver.reader(bench.small, BODY), lambda: bench.driver.reader(bench.small, BODY + 99).read(1))


def _write_a_str(bench: Bench, path: str) -> None:
    writer = bench.driver.writer(path)
    _try(lambda: writer.write("text"))  # type: ignore[arg-type]  # it is refused
    writer.cancel()


def _below_a_file(bench: Bench, path: str) -> None:
    """Write where a file is in the way; a store of whole paths may hold both."""
    driver, file = bench.driver, f"{path}/file"
    driver.put_content(file, b"in the way")
    driver.put_content(f"{path}/source", bench.body())
    _try(
        lambda: driver.put_content(f"{file}/put", bench.body()),
        lambda: _stream_in_the_way(bench, f"{file}/stream"),
        lambda: driver.move(f"{path}/source", f"{file}/moved"),
    )
    driver.delete(path)


def _stream_in_the_way(bench: Bench, path: str) -> None:
    """A stream to where something else is; whatever comes of it, it is cancelled."""
    writer = bench.driver.writer(path)
    try:
        writer.write(bench.body())
        writer.commit()
    finally:
        _try(writer.cancel)


def _onto_a_directory(bench: Bench, path: str) -> None:
    """Write and move onto what is a directory, or to below the source; a store of whole paths may hold both."""
    driver, directory, source = bench.driver, f"{path}/d", f"{path}/source"
    driver.put_content(f"{directory}/file", b"in the way")
    driver.put_content(source, bench.body())
    _try(
        lambda: driver.put_content(directory, bench.body()),
        lambda: _stream_in_the_way(bench, directory),
        lambda: driver.move(source, directory),
        lambda: driver.move(source, f"{source}/below"),
        lambda: driver.move(directory, f"{directory}/below"),
        lambda: driver.move(f"{path}/absent", source),
        lambda: driver.move(directory, source),
        lambda: driver.delete(f"{path}/absent"),
    )
    driver.delete(path)


@contextlib.contextmanager
def _limited(which: int, limit: int) -> Iterator[None]:
    before, most = resource.getrlimit(which)
    resource.setrlimit(which, (limit, most))
    try:
        yield
    finally:
        resource.setrlimit(which, (before, most))


def _full_disk(bench: Bench, path: str) -> None:
    """Write while no local file may have more than 1,000 bytes: as on a full disk, each write, flush or close fails."""
    driver = bench.driver
    driver.put_content(f"{path}/beside", b"content")

    def stream(end: Callable[[FileWriter], None]) -> None:
        writer = driver.writer(f"{path}/file")
        try:
            writer.write(bench.body(BODY // 2))
            writer.write(bench.body(BODY // 2))
            end(writer)
        finally:
            # Who was told that this failed does no more: what was staged goes with its directory.
            writer.close()

    with _limited(resource.RLIMIT_FSIZE, 1000):
        _try(
            lambda: driver.put_content(f"{path}/put", bench.body()),
            lambda: stream(lambda writer: writer.commit()),
            lambda: stream(lambda writer: writer.close()),
            lambda: stream(lambda writer: writer.cancel()),
        )
    driver.delete(path)


def _no_descriptors(bench: Bench, path: str) -> None:
    """Open what there is no descriptor for, at its first, second, third opening."""
    if not bench.limits_descriptors:
        return
    driver = bench.driver

    def stream() -> None:
        with driver.writer(path) as writer:
            writer.write(b"content")
            writer.commit()

    for free in range(6):
        for call in (
            lambda: driver.reader(bench.small).read(1),
            lambda: driver.put_content(path, b"content"),
            stream,
            lambda: driver.list(bench.directory),
        ):
            used = {int(number) for number in os.listdir("/dev/fd")}  # noqa: PTH208  numbers are wanted
            limit = next(itertools.islice((number for number in itertools.count() if number not in used), free, None))
            with _limited(resource.RLIMIT_NOFILE, limit):
                _try(call)
    _remove(driver, path)


def _refused(bench: Bench, path: str) -> None:
    """Make requests that the server refuses."""
    for stranger in bench.strangers:
        _refused_by(stranger, bench, path)
    # Where any secret will do, it is written.
    _remove(bench.driver, path)


def _refused_by(stranger: StorageDriver, bench: Bench, path: str) -> None:
    def stream() -> None:
        with stranger.writer(path) as writer:
            writer.write(bench.body(chunk_size(stranger) + 1))
            writer.commit()

    _try(
        lambda: stranger.get_content(bench.small),
        lambda: stranger.reader(bench.small).read(1),
        lambda: stranger.list(bench.directory),
        lambda: stranger.put_content(path, bench.body()),
        stream,
    )


FAILING = (
    Operation("call for an absent path", _absent),
    Operation("call with an invalid path or offset", _invalid),
    Operation("reader beyond the end", _beyond_the_end),
    Operation("write of a str", _write_a_str),
    Operation("write below a file", _below_a_file),
    Operation("write or move onto a directory", _onto_a_directory),
    Operation("write to a full disk", _full_disk),
    Operation("call without free descriptors", _no_descriptors),
    Operation("request that is refused", _refused, heavy=True),
)

# --- drivers


def _driver(bench: Bench, path: str) -> None:
    with bench.target.open() as driver:
        driver.put_content(path, bench.body())
        driver.get_content(path)
        bench.stream(driver, path, commit=True)
        driver.reader(path).read(100)
        driver.move(path, f"{path}-moved")
        driver.list(paths.parent(path))
        driver.delete(f"{path}-moved")


def _driver_closed_early(bench: Bench, path: str) -> None:
    """Close a driver whose reader and writer are still there, and drop them."""
    driver = bench.target.open()
    driver.put_content(f"{path}/file", bench.body(4 * BODY))
    reader, writer, walk = driver.reader(f"{path}/file"), driver.writer(f"{path}/other"), driver.walk(path)
    reader.read(1)
    writer.write(bench.body())
    next(walk)
    driver.close()
    del reader, writer, walk
    # Gone already where each driver has a store of its own.
    _remove(bench.driver, path)


DRIVERS = (
    Operation("driver that is opened, used and closed", _driver, heavy=True),
    Operation("driver that is closed before its reader and writer", _driver_closed_early, heavy=True),
)

OPERATIONS = (*READING, *WRITING, *FAILING, *DRIVERS)
"""All kinds, in the order in which they are done."""
