"""Operations on file systems that are full, read-only, or mounted inside the root: in a process with its own mounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from storagedriver import StorageDriver
from storagedriver.causes import cause_of
from storagedriver.systemcalls import LocalStore, Run, mounts
from storagedriver.testing import ContractViolation, Ending
from storagedriver_suites.faults.judging import Judge
from storagedriver_suites.faults.leftovers import left_over
from storagedriver_suites.faults.local_operations import CHANGES, Operation, data, move, put, stream, write_on_with_room

SIZE = 1 << 20
"""Bytes of the file systems."""

FREE = (0, 5, 9)
"""Pages that are left free on a full one."""

_LARGE = data(40_000, 9)
_BESIDE = {"/beside": data(50, 4)}
_MOUNTED = "mounted"

Disturb = Callable[[LocalStore], Callable[[], None]]
"""Does something to the file system of a store, and returns what undoes it."""

LARGE = {
    operation.name: operation
    for operation in (
        Operation(
            name="put of ten pages",
            act=partial(put, path="/n/s/file", content=_LARGE),
            before=_BESIDE,
            after={**_BESIDE, "/n/s/file": _LARGE},
            again={**_BESIDE, "/n/s/file": _LARGE},
        ),
        Operation(
            name="put of ten pages over a file",
            act=partial(put, path="/file", content=_LARGE),
            before={**_BESIDE, "/file": data(9_000, 10)},
            after={**_BESIDE, "/file": _LARGE},
            again={**_BESIDE, "/file": _LARGE},
        ),
        Operation(
            name="stream of ten pages",
            act=partial(stream, path="/file", pieces=(_LARGE[:15_000], _LARGE[15_000:])),
            before=_BESIDE,
            after={**_BESIDE, "/file": _LARGE},
            again={**_BESIDE, "/file": _LARGE},
        ),
        Operation(
            name="stream of ten pages that goes on with room",
            act=partial(write_on_with_room, path="/file", content=_LARGE),
            before=_BESIDE,
            after={**_BESIDE, "/file": _LARGE},
            again={**_BESIDE, "/file": _LARGE},
        ),
        Operation(
            name="append of five pages to five",
            act=partial(stream, path="/file", pieces=(_LARGE[20_000:],), append=True),
            before={**_BESIDE, "/file": _LARGE[:20_000]},
            after={**_BESIDE, "/file": _LARGE},
            again={**_BESIDE, "/file": _LARGE + _LARGE[20_000:]},
            capability="append",
        ),
    )
}
"""Operations that write more than a page: on a file system that is nearly full their writes are short."""

FILLED = {**LARGE, **{name: CHANGES[name] for name in ("move", "delete a file", "delete a directory")}}
"""What is tried on a full file system."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial on a file system.

    Attributes:
        point: Where it was.
        ending: How it ended.
        violation: What was broken; None if nothing.
    """

    point: str
    ending: Ending
    violation: ContractViolation | None = None


def tried_when_full(_: StorageDriver, store: LocalStore, operation: Operation, usual: list[str]) -> list[Tried] | str:
    """Try an operation on a file system with few free pages; why it cannot be, if so.

    Args:
        _: A driver of another store.
        store: Where it is tried.
        operation: The operation.
        usual: The names of the store's files after it, where nothing disturbs it.
    """
    return _tried([(f"{pages} free pages", partial(_full, pages)) for pages in FREE], store, operation, usual)


def tried_when_read_only(
    _: StorageDriver, store: LocalStore, operation: Operation, usual: list[str]
) -> list[Tried] | str:
    """The same on a file system that is read-only."""
    return _tried([("a read-only file system", _read_only)], store, operation, usual)


def _tried(
    conditions: list[tuple[str, Disturb]], store: LocalStore, operation: Operation, usual: list[str]
) -> list[Tried] | str:
    tried = []
    try:
        mounts.separate()
        for words, disturb in conditions:
            mounts.mount(store.folder.parent, SIZE)
            store.folder.mkdir()
            tried.append(_one(words, disturb, store, operation, usual))
            mounts.unmount(store.folder.parent)
    except mounts.MountError as error:
        return f"not tested: {error}"
    return tried


def _one(words: str, disturb: Disturb, store: LocalStore, operation: Operation, usual: list[str]) -> Tried:
    judge = Judge(operation, words)
    ending = Ending.VIOLATED
    try:
        with store.open() as driver:
            operation.arrange(driver)
        before = store.names()
        run = _run(store, operation, disturb)
        ending = judge.ending(run)
        seen = judge.files(store)
        (judge.require_new if ending is Ending.SURVIVED else judge.require_old_or_new)(seen)
        left = left_over(store.names(), before, usual)
        if left:
            raise judge.violation("what is left in the folder", expected="no temporary file", seen=left)
        judge.require_repeatable(store, seen)
    except ContractViolation as violation:
        return Tried(words, Ending.VIOLATED, violation)
    return Tried(words, ending)


def _run(store: LocalStore, operation: Operation, disturb: Disturb) -> Run:
    """The operation, by a driver that was made before: what constructors raise is not judged here."""
    returned, raised = None, None
    with store.open() as driver:
        restore = disturb(store)
        try:
            returned = operation.act(driver)
        except Exception as error:  # noqa: BLE001  judged
            raised = error
        finally:
            restore()
    caused = raised is not None and cause_of(raised) is not None
    return Run(returned=returned, error=raised, caused=caused, finished=True)


def _full(pages: int, store: LocalStore) -> Callable[[], None]:
    filler = store.folder.parent / "filler"
    mounts.fill(filler, pages * mounts.PAGE)
    return filler.unlink


def _read_only(store: LocalStore) -> Callable[[], None]:
    mounts.set_read_only(store.folder.parent, read_only=True)
    return partial(mounts.set_read_only, store.folder.parent, read_only=False)


ACROSS = {
    operation.name: operation
    for operation in (
        Operation(
            name="put to another file system",
            act=partial(put, path=f"/{_MOUNTED}/s/file", content=_LARGE),
            before=_BESIDE,
            after={**_BESIDE, f"/{_MOUNTED}/s/file": _LARGE},
            again={**_BESIDE, f"/{_MOUNTED}/s/file": _LARGE},
        ),
        Operation(
            name="stream to another file system",
            act=partial(stream, path=f"/{_MOUNTED}/file", pieces=(_LARGE[:15_000], _LARGE[15_000:])),
            before=_BESIDE,
            after={**_BESIDE, f"/{_MOUNTED}/file": _LARGE},
            again={**_BESIDE, f"/{_MOUNTED}/file": _LARGE},
        ),
        Operation(
            name="move to another file system",
            act=partial(move, source="/d/file", dest=f"/{_MOUNTED}/file"),
            before={**_BESIDE, "/d/file": _LARGE},
            after={**_BESIDE, f"/{_MOUNTED}/file": _LARGE},
            again=None,
            moved=(("/d/file", f"/{_MOUNTED}/file"),),
        ),
    )
}
"""Operations whose file comes to lie on another file system than the root."""


def tried_across(_: StorageDriver, store: LocalStore, operation: Operation, usual: list[str]) -> list[Tried] | str:
    """Try an operation on a store in one of whose directories another file system is mounted, with room and without."""
    try:
        return _tried(
            [
                ("a file system mounted inside the root", _mounted_inside),
                ("a full file system mounted inside the root", _full_inside),
            ],
            store,
            operation,
            usual,
        )
    except _NoSuchFolderError as error:
        return str(error)


class _NoSuchFolderError(Exception):
    """Nothing can be mounted where the driver would keep a directory of the store."""


def _mounted_inside(store: LocalStore) -> Callable[[], None]:
    _mount_inside(store)
    return lambda: None


def _full_inside(store: LocalStore) -> Callable[[], None]:
    filler = _mount_inside(store) / "~filler"
    mounts.fill(filler, FREE[1] * mounts.PAGE)
    return filler.unlink


def _mount_inside(store: LocalStore) -> Path:
    with store.open() as driver:
        driver.put_content(f"/{_MOUNTED}/x", b"")
    folders = [each for each in store.folder.rglob(_MOUNTED) if each.is_dir()]
    if not folders:
        raise _NoSuchFolderError("no directory of the driver's folder has the name of a directory of the store")
    mounts.mount(folders[0], SIZE)
    return folders[0]
