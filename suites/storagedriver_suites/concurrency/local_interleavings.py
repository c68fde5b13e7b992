"""Calls on local files between whose system calls another process changes something, and what may come of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from storagedriver import StorageDriver
from storagedriver_suites.concurrency.orders import Found
from storagedriver_suites.faults.local_operations import (
    BESIDE,
    CHANGES,
    LOOKS,
    MORE,
    OLD,
    Files,
    Operation,
    data,
    delete,
    move,
    put,
    repeat,
)

OTHER = data(120, 31)
"""What the other process writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interleaved:
    """An operation, and what another process does right after one of its system calls.

    Attributes:
        operation: The operation.
        meanwhile: What the other process does, in words.
        act: Does it. It pickles.
        leaves: What it leaves in the files that it is about.
        besides: What files may hold besides what is there before, after, or by the change: of an operation that began later.
        returns: What the operation may return besides, for those that change nothing.
        survives: With this capability what the other process wrote has to be somewhere; empty for none.
        may_be_absent: Whether either may say PathNotFoundError, as the other one may have removed what it is about.
    """

    operation: Operation
    meanwhile: str
    act: Callable[[StorageDriver], object]
    leaves: Mapping[str, Found]
    besides: Mapping[str, Found] = field(default_factory=dict)
    returns: Sequence[object] = ()
    survives: str = ""
    may_be_absent: bool = False

    def __str__(self) -> str:
        return f"{self.operation.name}, {self.meanwhile}"


_FILE, _NEW_FILE, _DEST = "/d/file", "/n/s/file", "/e/s/file"


def _put(path: str) -> Callable[[StorageDriver], object]:
    return partial(put, path=path, content=OTHER)


def _come_and_go(path: str) -> Callable[[StorageDriver], object]:
    """Put a file and delete it: where it was alone, its directory comes and goes."""
    return partial(repeat, steps=[_put(path), partial(delete, path=path)])


def _over(operation: Operation, path: str, *, appended: Found = None) -> list[Interleaved]:
    """The file that an operation writes is put, or deleted, by the other."""
    return [
        Interleaved(
            operation=operation, meanwhile=f"put of {path}", act=_put(path), leaves={path: OTHER},
            besides={} if appended is None else {path: appended},
        ),
        Interleaved(
            operation=operation, meanwhile=f"delete of {path}", act=partial(delete, path=path), leaves={path: None},
            may_be_absent=True,
        ),
    ]  # fmt: skip


def _alone(name: str, act: Callable[[StorageDriver], object], after: Files) -> Operation:
    """An operation that takes the only file out of a directory."""
    return Operation(name=name, act=act, before={**BESIDE, _NEW_FILE: OLD}, after={**BESIDE, **after}, again=None)


_DELETE_ALONE = _alone("delete of the only file", partial(delete, path=_NEW_FILE), {})
_MOVE_ALONE = _alone("move of the only file", partial(move, source=_NEW_FILE, dest="/e/s/file"), {"/e/s/file": OLD})
_DELETE_TREE = replace(CHANGES["delete a directory"], staged={})

SAME_FILE: Mapping[str, Interleaved] = {
    str(each): each
    for each in (
        Interleaved(operation=CHANGES["put"], meanwhile="put of it", act=_put(_NEW_FILE), leaves={_NEW_FILE: OTHER}),
        *_over(CHANGES["put over a file"], _FILE),
        Interleaved(operation=CHANGES["stream"], meanwhile="put of it", act=_put(_NEW_FILE), leaves={_NEW_FILE: OTHER}),
        *_over(CHANGES["stream over a file"], _FILE),
        *_over(CHANGES["append"], _FILE, appended=OTHER + MORE),
        Interleaved(
            operation=CHANGES["move"], meanwhile="put of source", act=_put(_FILE), leaves={_FILE: OTHER},
            besides={_DEST: OTHER}, survives="atomic_move",
        ),
        Interleaved(
            operation=CHANGES["move"], meanwhile="delete of source", act=partial(delete, path=_FILE),
            leaves={_FILE: None}, may_be_absent=True,
        ),
        Interleaved(operation=CHANGES["move"], meanwhile="put of dest", act=_put(_DEST), leaves={_DEST: OTHER}),
        Interleaved(
            operation=CHANGES["move over a file"], meanwhile="delete of dest", act=partial(delete, path=_DEST),
            leaves={_DEST: None},
        ),
        *_over(CHANGES["delete a file"], _FILE),
        Interleaved(
            operation=_DELETE_TREE, meanwhile="put of a file of it", act=_put("/t/a"), leaves={"/t/a": OTHER},
        ),
        *(
            Interleaved(
                operation=LOOKS[name], meanwhile=f"{change} of the file", act=act, leaves={"/d/beside": left},
                returns=[seen], may_be_absent=left is None,
            )
            for name, seen in (("get", OTHER), ("read", OTHER), ("stat", len(OTHER)))
            for change, act, left in (
                ("put", _put("/d/beside"), OTHER), ("delete", partial(delete, path="/d/beside"), None),
            )
        ),
    )
}  # fmt: skip
"""Both are about one file."""

OTHER_FILES: Mapping[str, Interleaved] = {
    str(each): each
    for each in (
        *(
            Interleaved(
                operation=CHANGES[name], meanwhile="a file beside comes and goes", act=_come_and_go("/n/s/other"),
                leaves={"/n/s/other": None},
            )
            for name in ("put", "stream")
        ),
        *(
            Interleaved(
                operation=CHANGES[name], meanwhile="the directory above comes and goes", act=_come_and_go("/n/other"),
                leaves={"/n/other": None},
            )
            for name in ("put", "stream")
        ),
        Interleaved(
            operation=CHANGES["move"], meanwhile="a file beside dest comes and goes", act=_come_and_go("/e/s/other"),
            leaves={"/e/s/other": None},
        ),
        *(
            Interleaved(
                operation=operation, meanwhile=f"put of {path}", act=_put(path), leaves={path: OTHER},
            )
            for operation in (_DELETE_ALONE, _MOVE_ALONE)
            for path in ("/n/s/other", "/n/other", "/n/s/t/other")
        ),
        *(
            Interleaved(operation=LOOKS[name], meanwhile=f"put of {path}", act=_put(path), leaves={path: OTHER},
                        returns=returns)
            for path in ("/d/a", "/n/a")
            for name, returns in (
                ("list", [["/beside", "/d", "/n"]]),
                ("walk", [
                    [("/beside", 50), ("/d", 0), ("/d/a", 120), ("/d/beside", 60)],
                    [("/beside", 50), ("/d", 0), ("/d/beside", 60), ("/n", 0), ("/n/a", 120)],
                ]),
            )
        ),
        Interleaved(
            operation=LOOKS["list"], meanwhile="a directory beside comes and goes", act=_come_and_go("/a/a"),
            leaves={"/a/a": None}, returns=[["/a", "/beside", "/d"]],
        ),
    )
}  # fmt: skip
"""They are about different files, of the same directories: each succeeds, whatever the other does."""


def is_rare(name: str) -> bool:
    """Whether it is much like another, and not tried in profile quick."""
    like_a_put = name.startswith("stream")
    like_a_get = name.startswith("read") and "delete" in name
    return like_a_put or like_a_get or name.endswith(("delete of dest", "put of /n/other"))
