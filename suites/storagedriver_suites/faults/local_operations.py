"""Operations of a driver that can fail, be killed or lose power in their middle, and what may be there afterwards.

A process of its own does them: they pickle, and this module imports the interface alone.
"""

from __future__ import annotations

import contextlib
import random
import resource
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from storagedriver.driver import Capabilities, StorageDriver
from storagedriver.errors import BackendError, StorageDriverError

Files = Mapping[str, bytes]


_SMALL_PIECE, _LARGE_PIECE = 1000, 70_000


def data(size: int, seed: int) -> bytes:
    """`size` random bytes, the same for the same `seed`."""
    return random.Random(seed).randbytes(size)


OLD, NEW, MORE = data(300, 1), data(200, 2), data(100, 3)
BESIDE = {"/beside": data(50, 4), "/d/beside": data(60, 5)}
"""Files that no operation touches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something that a driver is asked to do.

    Attributes:
        name: "put over a file".
        act: Does it. It pickles.
        before: The files before it; they are put there.
        staged: Streams that were closed without commit before it.
        unstaged: The files after it was done again where its error had cancelled what was staged; None if nothing was.
        after: The files after it.
        kept: What a stream that continues it begins with, once it returned; of a driver with resumable_writes.
        again: The files after it was done twice; None if the second time nothing is there any more.
        returns: What it returns; for those that change nothing.
        moved: Paths whose file is moved, each with the path it comes to: never is it at neither.
        capability: Without it the driver has no such operation; empty for none.
        insists: Whether it goes on after an error, so that the last one may be the driver's own, of what went wrong before.
    """

    name: str
    act: Callable[[StorageDriver], object]
    before: Files
    after: Files
    again: Files | None = field(default_factory=dict)
    staged: Files = field(default_factory=dict)
    kept: Files = field(default_factory=dict)
    unstaged: Files | None = None
    returns: object = None
    moved: Sequence[tuple[str, str]] = ()
    capability: str = ""
    insists: bool = False

    def arrange(self, driver: StorageDriver) -> None:
        """Put the files of `before` and the streams of `staged` there."""
        for path, content in self.before.items():
            driver.put_content(path, content)
        for path, content in self.staged.items():
            with driver.writer(path) as writer:
                writer.write(content)

    def offered(self, capabilities: Capabilities) -> bool:
        """Whether the driver has it."""
        return not self.capability or bool(getattr(capabilities, self.capability))


def put(driver: StorageDriver, path: str, content: bytes) -> None:
    """Put a file."""
    driver.put_content(path, content)


def stream(driver: StorageDriver, path: str, pieces: Sequence[bytes], *, append: bool = False) -> None:
    """Write the pieces and commit; a stream that fails is cancelled."""
    with driver.writer(path, append=append) as writer:
        try:
            for piece in pieces:
                writer.write(piece)
            writer.commit()
        except StorageDriverError:
            # Not left to the block's end, which drops what a cancel raises.
            writer.cancel()
            raise


def insist(driver: StorageDriver, path: str, content: bytes) -> None:
    """Write and commit; a commit that fails is asked for once more, of the same writer."""
    with driver.writer(path) as writer:
        writer.write(content)
        try:
            writer.commit()
        except StorageDriverError:
            writer.commit()


def put_insistently(driver: StorageDriver, path: str, content: bytes) -> None:
    """Put; a put that fails is asked for once more."""
    try:
        driver.put_content(path, content)
    except StorageDriverError:
        driver.put_content(path, content)


def write_on(driver: StorageDriver, path: str, content: bytes) -> None:
    """Write in small and large pieces, and commit; after a write that fails go on where the stream is, as `size` tells."""
    failed = 0
    with driver.writer(path) as writer:
        while writer.size < len(content):
            begin = writer.size
            try:
                writer.write(content[begin : begin + (_LARGE_PIECE if begin else _SMALL_PIECE)])
            except StorageDriverError:
                failed += 1
                if failed > 1:
                    raise
        writer.commit()


def write_on_with_room(driver: StorageDriver, path: str, content: bytes) -> None:
    """Write; where that fails for a file that may be no larger, let it be, and write what is missing as `size` tells; commit."""
    with driver.writer(path) as writer:
        try:
            writer.write(content)
        except StorageDriverError:
            _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            writer.write(content[writer.size :])
        writer.commit()


def repeat(driver: StorageDriver, steps: Sequence[Callable[[StorageDriver], object]]) -> None:
    """Take the steps one after the other."""
    for step in steps:
        step(driver)


def close_and_continue(driver: StorageDriver, path: str, content: bytes) -> None:
    """Leave a stream, whether that succeeds or not, and commit what another writer finds of it, if that is all."""
    with contextlib.suppress(StorageDriverError), driver.writer(path) as writer:
        writer.write(content)
        writer.close()
    try:
        with driver.writer(path, append=True) as writer:
            if writer.size != len(content):
                raise BackendError("the stage was lost, as a close that failed may leave it")
            writer.commit()
    except StorageDriverError:
        # What is to be continued stays where its writer could not be opened, and a new one ends it.
        driver.writer(path).cancel()
        raise


def close_without_commit(driver: StorageDriver, path: str, content: bytes, *, append: bool = False) -> None:
    """Leave a stream to be continued, or to nothing."""
    with driver.writer(path, append=append) as writer:
        writer.write(content)


def move(driver: StorageDriver, source: str, dest: str) -> None:
    """Move a file or a directory."""
    driver.move(source, dest)


def delete(driver: StorageDriver, path: str) -> None:
    """Delete a file or a directory."""
    driver.delete(path)


def read(driver: StorageDriver, path: str) -> bytes:
    """Read a file as a stream."""
    with driver.reader(path) as reader:
        return reader.read()


def get(driver: StorageDriver, path: str) -> bytes:
    """Read a file at once."""
    return driver.get_content(path)


def size_of(driver: StorageDriver, path: str) -> int:
    """The size by stat."""
    return driver.stat(path).size


def listed(driver: StorageDriver, path: str) -> list[str]:
    """The children of a directory."""
    return sorted(driver.list(path))


def walked(driver: StorageDriver, path: str) -> list[tuple[str, int]]:
    """All that lies below a directory."""
    return [(info.path, info.size) for info in driver.walk(path)]


_FILE, _NEW_FILE, _DEST = "/d/file", "/n/s/file", "/e/s/file"
# More than a chunk of most drivers, both: what is kept in several files is old or new all the same.
_LARGE_OLD, _LARGE_NEW = data(200_000, 11), data(150_000, 12)
_TREE = {"/t/a": data(70, 6), "/t/s/b": data(80, 7), "/t/s/c": data(0, 8)}
_MOVED_TREE = {path.replace("/t/", "/m/n/"): content for path, content in _TREE.items()}

RARELY = frozenset({"move over a file", "put over a large file", "stream over a file"})
"""Operations that are much like others, and not tried in profile quick."""

CHANGES: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation(
            name="put",
            act=partial(put, path=_NEW_FILE, content=NEW),
            before=BESIDE,
            after={**BESIDE, _NEW_FILE: NEW},
            again={**BESIDE, _NEW_FILE: NEW},
        ),
        Operation(
            name="put over a file",
            act=partial(put, path=_FILE, content=NEW),
            before={**BESIDE, _FILE: OLD},
            after={**BESIDE, _FILE: NEW},
            again={**BESIDE, _FILE: NEW},
        ),
        Operation(
            name="put over a large file",
            act=partial(put, path=_FILE, content=_LARGE_NEW),
            before={**BESIDE, _FILE: _LARGE_OLD},
            after={**BESIDE, _FILE: _LARGE_NEW},
            again={**BESIDE, _FILE: _LARGE_NEW},
        ),
        Operation(
            name="stream",
            act=partial(stream, path=_NEW_FILE, pieces=(NEW, MORE)),
            before=BESIDE,
            after={**BESIDE, _NEW_FILE: NEW + MORE},
            again={**BESIDE, _NEW_FILE: NEW + MORE},
        ),
        Operation(
            name="stream over a file",
            act=partial(stream, path=_FILE, pieces=(NEW, MORE)),
            before={**BESIDE, _FILE: OLD},
            after={**BESIDE, _FILE: NEW + MORE},
            again={**BESIDE, _FILE: NEW + MORE},
        ),
        Operation(
            name="append",
            act=partial(stream, path=_FILE, pieces=(MORE[:40], MORE[40:]), append=True),
            before={**BESIDE, _FILE: OLD},
            after={**BESIDE, _FILE: OLD + MORE},
            again={**BESIDE, _FILE: OLD + MORE + MORE},
            capability="append",
        ),
        Operation(
            name="continue a stream",
            act=partial(stream, path=_FILE, pieces=(MORE[:40], MORE[40:]), append=True),
            before={**BESIDE, _FILE: OLD},
            staged={_FILE: NEW},
            after={**BESIDE, _FILE: NEW + MORE},
            again={**BESIDE, _FILE: NEW + MORE + MORE},
            unstaged={**BESIDE, _FILE: OLD + MORE},
            capability="resumable_writes",
        ),
        Operation(
            name="close without commit",
            act=partial(close_without_commit, path=_FILE, content=NEW),
            before={**BESIDE, _FILE: OLD},
            after={**BESIDE, _FILE: OLD},
            again={**BESIDE, _FILE: OLD},
        ),
        Operation(
            name="move",
            act=partial(move, source=_FILE, dest=_DEST),
            before={**BESIDE, _FILE: OLD},
            after={**BESIDE, _DEST: OLD},
            again=None,
            moved=((_FILE, _DEST),),
        ),
        Operation(
            name="move over a file",
            act=partial(move, source=_FILE, dest=_DEST),
            before={**BESIDE, _FILE: OLD, _DEST: MORE},
            after={**BESIDE, _DEST: OLD},
            again=None,
            moved=((_FILE, _DEST),),
        ),
        Operation(
            name="move a directory",
            act=partial(move, source="/t", dest="/m/n"),
            before={**BESIDE, **_TREE},
            after={**BESIDE, **_MOVED_TREE},
            again=None,
            moved=tuple(zip(_TREE, _MOVED_TREE, strict=True)),
            capability="move_directory",
        ),
        Operation(
            name="delete a file",
            act=partial(delete, path=_FILE),
            before={**BESIDE, _FILE: OLD},
            after=BESIDE,
            again=None,
        ),
        Operation(
            name="delete a directory",
            act=partial(delete, path="/t"),
            before={**BESIDE, **_TREE},
            staged={"/t/s/d": MORE},
            after=BESIDE,
            again=None,
        ),
    )
}
"""Operations that change something."""

INSISTENT: Mapping[str, Operation] = {
    name: Operation(
        name=name,
        act=partial(act, path=_FILE, content=content),
        before={**BESIDE, _FILE: OLD},
        after={**BESIDE, _FILE: content},
        again={**BESIDE, _FILE: content},
        capability=capability,
        insists=True,
    )
    for name, act, content, capability in (
        ("put again if it fails", put_insistently, NEW, ""),
        ("write on if it fails", write_on, _LARGE_NEW, ""),
        ("commit again if it fails", insist, NEW, ""),
        ("continue if close fails", close_and_continue, NEW, "resumable_writes"),
    )
}
"""Undisturbed they are writes as any other. Where a flush fails, a second one may find nothing left to write, and succeed."""

_TWO = {"/d/1": data(40, 21), "/d/2": data(30, 22)}
_MOVES = (("/d/1", "/n/s/1"), ("/d/2", "/n/s/2"))
_MOVED = {dest: _TWO[source] for source, dest in _MOVES}

REPEATED: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation(
            name="put twice",
            act=partial(repeat, steps=[partial(put, path=path, content=_MOVED[path]) for path in _MOVED]),
            before=BESIDE,
            after={**BESIDE, **_MOVED},
            again={**BESIDE, **_MOVED},
        ),
        Operation(
            name="stream twice",
            act=partial(repeat, steps=[partial(stream, path=path, pieces=[_MOVED[path]]) for path in _MOVED]),
            before=BESIDE,
            after={**BESIDE, **_MOVED},
            again={**BESIDE, **_MOVED},
        ),
        Operation(
            name="move twice",
            act=partial(repeat, steps=[partial(move, source=source, dest=dest) for source, dest in _MOVES]),
            before={**BESIDE, **_TWO},
            after={**BESIDE, **_MOVED},
            again=None,
            moved=_MOVES,
        ),
        Operation(
            name="delete twice",
            act=partial(repeat, steps=[partial(delete, path=path) for path in _TWO]),
            before={**BESIDE, **_TWO},
            after=BESIDE,
            again=None,
        ),
    )
}
"""Changes of one directory, one after the other: what was flushed for the first has to be flushed for the second again."""

KEPT: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation(
            name="close a stream",
            act=partial(close_without_commit, path=_FILE, content=NEW),
            before={**BESIDE, _FILE: OLD},
            after={**BESIDE, _FILE: OLD},
            kept={_FILE: NEW},
        ),
        Operation(
            name="close a continued stream",
            act=partial(close_without_commit, path=_FILE, content=MORE, append=True),
            before={**BESIDE, _FILE: OLD},
            staged={_FILE: NEW},
            after={**BESIDE, _FILE: OLD},
            kept={_FILE: NEW + MORE},
        ),
    )
}
"""Streams that are left to be continued."""

LOOKS: Mapping[str, Operation] = {
    name: Operation(name=name, act=act, before=BESIDE, after=BESIDE, again=BESIDE, returns=returns)
    for name, act, returns in (
        ("get", partial(get, path="/d/beside"), BESIDE["/d/beside"]),
        ("read", partial(read, path="/d/beside"), BESIDE["/d/beside"]),
        ("stat", partial(size_of, path="/d/beside"), len(BESIDE["/d/beside"])),
        ("list", partial(listed, path="/"), ["/beside", "/d"]),
        ("walk", partial(walked, path="/"), [("/beside", 50), ("/d", 0), ("/d/beside", 60)]),
    )
}
"""Operations that change nothing."""
