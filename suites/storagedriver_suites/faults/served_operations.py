"""What drivers are asked to do while their requests fail: what is there before, what is done, and what may be there after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from storagedriver import BackendError, Capabilities, PathNotFoundError, StorageDriver, paths
from storagedriver.testing import Content, ContractViolation, chunk_size, content, expect, size_of

State = Mapping[str, bytes]
"""The files below a directory, by name, with their whole content."""

Make = Callable[[StorageDriver], State]


def _nothing(driver: StorageDriver) -> State:  # noqa: ARG001
    return {}


def _always(capabilities: Capabilities) -> bool:  # noqa: ARG001
    return True


def _no_result(driver: StorageDriver, directory: str) -> object:  # noqa: ARG001
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something a driver is asked to do in a directory of its own.

    Attributes:
        name: As reports name it: "move of a large file".
        before: The files that are there before; small ones are put, larger ones too.
        after: The files that are there once it succeeded.
        call: Does it, and returns what it gives.
        result: What it has to give; compared where it succeeded.
        keeps: A name of `before` whose content is to be found somewhere, whatever fails; None where there is none.
        gone_after: Whether what was done cannot be done once more: then the same call may say PathNotFoundError.
        twice: The files that are there once it was done twice; None if they are the same.
        absent: Whether it is about what is absent: then PathNotFoundError is what it has to raise.
        is_large: Whether it changes more than a chunk of content, so that each trial costs the server much.
        may_ask_nothing: Whether drivers may do it without a request, so that there is nothing that can go wrong.
        offered: Whether a driver offers it.
    """

    name: str
    call: Callable[[StorageDriver, str], object]
    before: Make = _nothing
    after: Make | None = None
    result: Callable[[StorageDriver, str], object] = _no_result
    keeps: str | None = None
    gone_after: bool = False
    twice: Make | None = None
    absent: bool = False
    is_large: bool = False
    may_ask_nothing: bool = False
    offered: Callable[[Capabilities], bool] = _always

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return self.after is not None

    def prepare(self, driver: StorageDriver, directory: str) -> None:
        """Put what is there before."""
        for name, data in self.before(driver).items():
            driver.put_content(paths.join(directory, name), data)

    def expect_done(self, driver: StorageDriver, directory: str, what: str, *, twice: bool = False) -> None:
        """The state is the one after success, or that after a second one."""
        __tracebackhide__ = True
        make = (self.twice if twice else None) or self.after or self.before
        seen, wanted = self._seen(driver, directory, what), dict(make(driver))
        _expect_same(seen, wanted, wanted, what)

    def expect_beside(self, driver: StorageDriver, directory: str, what: str) -> None:
        """The file that is never asked for is there, if there is one: an answer that belongs to something else is seen."""
        __tracebackhide__ = True
        for name, data in _BESIDE.items():
            if name not in self.before(driver):
                continue
            try:
                seen = driver.get_content(f"{directory}/{name}")
            except Exception as error:
                raise ContractViolation(f"{what}: get of {name}", expected=data, seen=error) from error
            expect.equal(seen, data, f"{what}: content of {name}")

    def expect_allowed(self, driver: StorageDriver, directory: str, what: str) -> bool:
        """Each file is as before or as after, whole, and nothing is lost; tells whether it all is as after success."""
        __tracebackhide__ = True
        seen = self._seen(driver, directory, what)
        before, after = dict(self.before(driver)), dict((self.after or self.before)(driver))
        _expect_same(seen, before, after, what)
        if self.keeps is not None:
            kept = before[self.keeps]
            expect.true(
                kept in seen.values(),
                f"{what}: the content of {self.keeps}",
                expected=f"{len(kept):,} bytes in one of {', '.join(sorted({*before, *after}))}",
                seen=f"none of {', '.join(sorted(seen)) or 'no file'} holds it",
            )
        return seen == after

    def _seen(self, driver: StorageDriver, directory: str, what: str) -> dict[str, bytes]:
        try:
            listed = {info.path.removeprefix(f"{directory}/") for info in driver.walk(directory) if not info.is_dir}
        except PathNotFoundError:
            listed = set()
        seen = {}
        for name in sorted({*listed, *self.before(driver), *(self.after or self.before)(driver)}):
            try:
                seen[name] = driver.get_content(f"{directory}/{name}")
            except PathNotFoundError:
                expect.true(name not in listed, f"{what}: walk over {name}", expected="no file, as get_content says")
                continue
            expect.true(name in listed, f"{what}: walk over {name}", expected="a file, as get_content says")
        return seen


def _expect_same(seen: State, before: State, after: State, what: str) -> None:
    __tracebackhide__ = True
    for name in sorted({*seen, *before, *after}):
        found, old, new = seen.get(name), before.get(name), after.get(name)
        if found not in (old, new):
            allowed = [new] if old == new else [old, new]
            raise ContractViolation(
                f"{what}: content of {name}",
                expected=" or ".join("no file" if each is None else expect.abbreviated(each) for each in allowed),
                seen="no file" if found is None else expect.abbreviated(found),
            )


# --- content


def _small(seed: int) -> Content:
    return content(1000, seed=seed)


def _large(driver: StorageDriver, seed: int) -> Content:
    """Just over one chunk: two parts, with as few bytes as there can be."""
    return content(size_of("chunk+1", driver), seed=seed)


_BESIDE = {"beside": b"beside"}
"""A file that is never asked for."""


def _old(driver: StorageDriver) -> State:  # noqa: ARG001
    return {"file": _small(1), **_BESIDE}


def _old_large(driver: StorageDriver) -> State:
    return {"file": _large(driver, 1), **_BESIDE}


def _put(driver: StorageDriver, directory: str) -> None:
    driver.put_content(f"{directory}/file", _small(2))


def _put_large(driver: StorageDriver, directory: str) -> None:
    driver.put_content(f"{directory}/file", _large(driver, 2))


def _stream(driver: StorageDriver, directory: str) -> None:
    data = _large(driver, 3)
    with driver.writer(f"{directory}/file") as writer:
        for start in range(0, len(data), 1 << 20):
            writer.write(data[start : start + (1 << 20)])
        writer.commit()


def _stream_small(driver: StorageDriver, directory: str) -> None:
    with driver.writer(f"{directory}/file") as writer:
        writer.write(_small(4))
        writer.commit()


def _chunks(driver: StorageDriver, seed: int) -> Content:
    """More than drivers send at once, so that a write is told of the failure of a part while there is more to come."""
    return content(size_of("5*chunk+1", driver), seed=seed)


def _stream_on(driver: StorageDriver, directory: str) -> None:
    data = _chunks(driver, 7)
    piece = chunk_size(driver) // 3
    failed = 0
    with driver.writer(f"{directory}/file") as writer:
        while (begin := writer.size) < len(data):
            try:
                writer.write(data[begin : begin + piece])
            except BackendError:
                failed += 1
                if failed > 1:
                    raise
        writer.commit()


def _cancel(driver: StorageDriver, directory: str) -> None:
    writer = driver.writer(f"{directory}/file")
    writer.write(_chunks(driver, 10))
    writer.cancel()


def _write_after_commit(driver: StorageDriver, directory: str) -> None:
    """More is written where the commit fails; where it does not, it is appended, so that both come to the same."""
    path, data, more = f"{directory}/file", _large(driver, 8), _small(9)
    with driver.writer(path) as writer:
        writer.write(data)
        try:
            writer.commit()
        except BackendError:
            writer.write(more)
            writer.commit()
            return
    with driver.writer(path, append=True) as writer:
        writer.write(more)
        writer.commit()


def _commit_again(driver: StorageDriver, directory: str, data: bytes, *, append: bool = False) -> None:
    """As a caller does who is told of a failure that passes, and tries the same commit once more."""
    with driver.writer(f"{directory}/file", append=append) as writer:
        writer.write(data)
        try:
            writer.commit()
        except BackendError:
            writer.commit()


def _append(driver: StorageDriver, directory: str) -> None:
    with driver.writer(f"{directory}/file", append=True) as writer:
        writer.write(_small(5))
        writer.commit()


def _suspend(driver: StorageDriver, directory: str) -> None:
    with driver.writer(f"{directory}/file") as writer:
        writer.write(_large(driver, 6))


def _continue(driver: StorageDriver, directory: str) -> None:
    with driver.writer(f"{directory}/file") as writer:
        writer.write(_large(driver, 3))
    with driver.writer(f"{directory}/file", append=True) as writer:
        writer.write(_small(4))
        writer.commit()


def _delete_staged(driver: StorageDriver, directory: str) -> None:
    _suspend(driver, directory)
    driver.delete(f"{directory}/file")


def _move(driver: StorageDriver, directory: str) -> None:
    driver.move(f"{directory}/source", f"{directory}/dest")


def _read(driver: StorageDriver, directory: str) -> bytes:
    with driver.reader(f"{directory}/file", 10) as stream:
        return stream.read()


def _tree(driver: StorageDriver) -> State:  # noqa: ARG001
    return {"tree/a": _small(1), "tree/sub/b": _small(2), "tree/c": _small(3), "tree-beside": b"beside", **_BESIDE}


def _beside_shorter_names(driver: StorageDriver) -> State:  # noqa: ARG001
    return {"tr": b"the shortest", "tree": b"shorter"}


def _delete_trees(driver: StorageDriver, directory: str) -> None:
    driver.delete(f"{directory}/trees")


def _delete_tree(driver: StorageDriver, directory: str) -> None:
    driver.delete(f"{directory}/tree")


# --- operations


PUT = Operation(name="put", before=_old, after=lambda _: {"file": _small(2), **_BESIDE}, call=_put)
PUT_NEW = Operation(
    name="put of a new file", before=lambda _: _BESIDE, after=lambda _: {"file": _small(2), **_BESIDE}, call=_put
)
PUT_LARGE = Operation(
    name="put of a large file",
    before=_old,
    after=lambda driver: {"file": _large(driver, 2), **_BESIDE},
    call=_put_large,
    is_large=True,
)
PUT_LARGE_NEW = Operation(
    name="put of a large new file",
    before=lambda _: _BESIDE,
    after=lambda driver: {"file": _large(driver, 2), **_BESIDE},
    call=_put_large,
    is_large=True,
)
"""Not among OPERATIONS: it makes the requests of PUT_LARGE."""
STREAM = Operation(
    name="stream", before=_old, after=lambda driver: {"file": _large(driver, 3), **_BESIDE}, call=_stream, is_large=True
)
STREAM_SMALL = Operation(
    name="small stream", before=_old, after=lambda _: {"file": _small(4), **_BESIDE}, call=_stream_small
)
STREAM_ON = Operation(
    name="stream that goes on where it is",
    before=_old,
    after=lambda driver: {"file": _chunks(driver, 7), **_BESIDE},
    call=_stream_on,
    is_large=True,
)
"""Not among OPERATIONS: it is for requests whose failure no driver takes for one that passes."""
CANCEL = Operation(name="cancelled stream", before=_old, after=_old, call=_cancel, is_large=True)
"""As STREAM_ON."""
WRITE_AFTER_COMMIT = Operation(
    name="stream that goes on after its commit",
    # What the first commit makes is there before: so it is allowed between the two as well.
    before=lambda driver: {"file": _large(driver, 8), **_BESIDE},
    after=lambda driver: {"file": _large(driver, 8) + _small(9), **_BESIDE},
    call=_write_after_commit,
    is_large=True,
)
"""As STREAM_ON; of drivers that append."""
COMMIT_AGAIN = Operation(
    name="stream whose commit is repeated",
    before=_old,
    after=lambda _: {"file": _small(4), **_BESIDE},
    call=lambda driver, directory: _commit_again(driver, directory, _small(4)),
)
"""As STREAM_ON."""
COMMIT_NOTHING_AGAIN = Operation(
    name="empty stream whose commit is repeated",
    before=_old,
    after=lambda _: {"file": b"", **_BESIDE},
    call=lambda driver, directory: _commit_again(driver, directory, b""),
)
"""As STREAM_ON."""
COMMIT_LARGE_AGAIN = Operation(
    name="large stream whose commit is repeated",
    before=_old,
    after=lambda driver: {"file": _large(driver, 3), **_BESIDE},
    call=lambda driver, directory: _commit_again(driver, directory, _large(driver, 3)),
    is_large=True,
)
"""As STREAM_ON."""
COMMIT_APPEND_AGAIN = Operation(
    name="append whose commit is repeated",
    before=_old,
    after=lambda _: {"file": _small(1) + _small(5), **_BESIDE},
    twice=lambda _: {"file": _small(1) + _small(5) + _small(5), **_BESIDE},
    call=lambda driver, directory: _commit_again(driver, directory, _small(5), append=True),
)
"""As STREAM_ON; of drivers that append."""
APPEND = Operation(
    name="append",
    before=_old,
    after=lambda _: {"file": _small(1) + _small(5), **_BESIDE},
    twice=lambda _: {"file": _small(1) + _small(5) + _small(5), **_BESIDE},
    call=_append,
)
APPEND_LARGE = Operation(
    name="append to a large file",
    before=_old_large,
    after=lambda driver: {"file": _large(driver, 1) + _small(5), **_BESIDE},
    twice=lambda driver: {"file": _large(driver, 1) + _small(5) + _small(5), **_BESIDE},
    call=_append,
    is_large=True,
)
SUSPEND = Operation(name="stream that is left open", before=_old, after=_old, call=_suspend, is_large=True)
CONTINUE = Operation(
    name="stream that is closed and continued",
    before=_old,
    after=lambda driver: {"file": _large(driver, 3) + _small(4), **_BESIDE},
    call=_continue,
    is_large=True,
)
"""As STREAM_ON; of drivers with resumable_writes."""
DELETE_STAGED = Operation(
    name="delete of a file and its stage", before=_old, after=lambda _: _BESIDE, call=_delete_staged, is_large=True
)
"""As STREAM_ON."""
MOVE = Operation(
    name="move",
    before=lambda _: {"source": _small(1), "dest": _small(2), **_BESIDE},
    after=lambda _: {"dest": _small(1), **_BESIDE},
    call=_move,
    keeps="source",
    gone_after=True,
)
MOVE_LARGE = Operation(
    name="move of a large file",
    before=lambda driver: {"source": _large(driver, 1), **_BESIDE},
    after=lambda driver: {"dest": _large(driver, 1), **_BESIDE},
    call=_move,
    keeps="source",
    gone_after=True,
    is_large=True,
)
DELETE = Operation(
    name="delete",
    before=_old,
    after=lambda _: _BESIDE,
    call=lambda driver, directory: driver.delete(f"{directory}/file"),
    gone_after=True,
)
DELETE_LARGE = Operation(
    name="delete of a large file",
    before=_old_large,
    after=lambda _: _BESIDE,
    call=lambda driver, directory: driver.delete(f"{directory}/file"),
    gone_after=True,
    is_large=True,
)
DELETE_TREE = Operation(
    name="delete of a directory",
    before=_tree,
    after=lambda _: {"tree-beside": b"beside", **_BESIDE},
    call=_delete_tree,
    gone_after=True,
)
DELETE_BESIDE_SHORTER_NAMES = Operation(
    name="delete of a directory beside shorter names",
    before=lambda driver: {
        "trees/a": _small(1),
        "trees/sub/b": _small(2),
        "trees/c": _small(3),
        **_beside_shorter_names(driver),
    },
    after=_beside_shorter_names,
    call=_delete_trees,
    gone_after=True,
)
"""Not among OPERATIONS: it is for requests that end within the name of what is deleted, and so with that of a file beside."""
WITHIN_ITS_NAMES = (rb"(?:/|%2F)tr(?=ees)", rb"(?:/|%2F)tree(?=s)")
"""Where a name of what it deletes could end, as regular expressions."""
GET = Operation(
    name="get",
    before=_old,
    call=lambda driver, directory: driver.get_content(f"{directory}/file"),
    result=lambda _, __: _small(1),
)
READ = Operation(
    name="read from an offset",
    before=_old,
    call=_read,
    result=lambda _, __: _small(1)[10:],
)
GET_LARGE = Operation(
    name="get of a large file",
    before=_old_large,
    call=lambda driver, directory: driver.get_content(f"{directory}/file"),
    result=lambda driver, _: _large(driver, 1),
)
"""Not among OPERATIONS: it makes the requests of READ_LARGE."""
READ_LARGE = Operation(
    name="read of a large file",
    before=_old_large,
    call=_read,
    result=lambda driver, _: _large(driver, 1)[10:],
)
STAT = Operation(
    name="stat",
    before=_old,
    call=lambda driver, directory: (driver.stat(f"{directory}/file").size, driver.stat(directory).is_dir),
    result=lambda _, __: (1000, True),
)
LIST = Operation(
    name="list",
    before=_tree,
    call=lambda driver, directory: sorted(driver.list(directory)),
    result=lambda _, directory: [f"{directory}/{name}" for name in ("beside", "tree", "tree-beside")],
)
WALK = Operation(
    name="walk",
    before=_tree,
    call=lambda driver, directory: [info.path for info in driver.walk(directory)],
    result=lambda _, directory: [
        f"{directory}/{name}"
        for name in ("beside", "tree", "tree/a", "tree/c", "tree/sub", "tree/sub/b", "tree-beside")
    ],
)
REDIRECT = Operation(
    name="redirect",
    before=_old,
    call=lambda driver, directory: (
        (driver.redirect_url(f"{directory}/file") or "").partition("://")[0] in {"http", "https"}
    ),
    result=lambda _, __: True,
    may_ask_nothing=True,
    offered=lambda capabilities: capabilities.redirect,
)
GET_ABSENT = Operation(
    name="get of an absent file",
    before=lambda _: _BESIDE,
    call=lambda driver, directory: driver.get_content(f"{directory}/file"),
    absent=True,
)
DELETE_ABSENT = Operation(
    name="delete of an absent file",
    before=lambda _: _BESIDE,
    call=lambda driver, directory: driver.delete(f"{directory}/file"),
    absent=True,
)

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        PUT,
        PUT_NEW,
        PUT_LARGE,
        STREAM,
        STREAM_SMALL,
        APPEND,
        APPEND_LARGE,
        SUSPEND,
        MOVE,
        MOVE_LARGE,
        DELETE,
        DELETE_LARGE,
        DELETE_TREE,
        GET,
        READ,
        READ_LARGE,
        STAT,
        LIST,
        WALK,
        REDIRECT,
        GET_ABSENT,
        DELETE_ABSENT,
    )
}
"""All of them, by name."""
