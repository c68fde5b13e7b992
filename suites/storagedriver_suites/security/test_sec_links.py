"""SEC: links that another program plants in the folder of a store, also while a call runs."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Ending, Subject, expect, requirement
from storagedriver_suites.security.attempts import EVERY_METHOD, WRITING, Method, attempts, call
from storagedriver_suites.security.folders import OWN, Premises, nothing_revealed, premises
from storagedriver_suites.security.interruption import interrupted, system_calls

Plant = Callable[[Premises, Path], None]
Action = Callable[[StorageDriver], object]
Judge = Callable[[Premises, "Moment"], Ending]


def _chain(at: Premises, link: Path) -> None:
    (at.root / "first").symlink_to(at.outside)
    (at.root / "second").symlink_to("first")
    link.symlink_to(at.root / "second")


LINKS: Mapping[str, Plant] = {
    "to a file": lambda at, link: link.symlink_to(at.outside / "secret-file"),
    "to a directory": lambda at, link: link.symlink_to(at.outside),
    "to a file by a relative path": lambda at, link: link.symlink_to(
        os.path.relpath(at.outside / "secret-file", link.parent)
    ),
    "to a directory by a relative path": lambda at, link: link.symlink_to(os.path.relpath(at.outside, link.parent)),
    "to what is above the root": lambda at, link: link.symlink_to(os.path.relpath(at.root.parent, link.parent)),
    "to nothing": lambda at, link: link.symlink_to(at.outside / "secret-new"),
    "to itself": lambda _, link: link.symlink_to(link.name),
    "to a link to a link": _chain,
    "by way of the system": lambda at, link: link.symlink_to(f"/proc/self/root{at.outside}"),
}
"""Symbolic links."""

BELOW: Mapping[str, tuple[str, ...]] = {
    "to a file": ("", "/below"),
    "to a file by a relative path": ("",),
    "to nothing": ("", "/secret-below"),
    "to itself": ("", "/below"),
    "to what is above the root": ("", "/outside/secret-file"),
}
"""What is asked for below a link, and the link itself."""

BELOW_A_DIRECTORY = ("", "/secret-file", "/secret-directory/secret-inner", "/new")


def _judged(at: Premises, method: Method, path: str, what: str) -> Ending:
    before = at.surroundings()
    returned, ending = call(method, at.store, path)
    at.judge(before, what)
    nothing_revealed(returned, what)
    if method is EVERY_METHOD["stat"] and ending is Ending.SURVIVED:
        expect.equal(getattr(returned, "is_dir", None), False, f"whether a link is a directory: {what}")
    return ending


# --- races


def _directory_is_swapped(at: Premises) -> None:
    (at.root / "d").rename(at.aside / "d")
    (at.root / "d").symlink_to(at.outside / "d")


def _file_is_swapped(at: Premises) -> None:
    (at.root / "d/file").unlink()
    (at.root / "d/file").symlink_to(at.outside / "secret-file")


def _deep_directory_is_swapped(at: Premises) -> None:
    (at.root / "d/s").rename(at.aside / "s")
    (at.root / "d/s").symlink_to(at.outside / "secret-directory")


def _link_appears(at: Premises) -> None:
    (at.root / "d/new").symlink_to(at.outside / "secret-new")


def _calls(path: str, methods: Iterable[str]) -> Iterator[tuple[str, Action]]:
    for name in methods:
        yield f"{name} of {path}", functools.partial(_called, EVERY_METHOD[name], path)


def _called(method: Method, path: str, store: StorageDriver) -> object:
    return method(store, path)


GOING = ("move from it", "delete")

OF_DIRECTORIES = ("stat", "list", "walk", "move from it", "delete")

SWAPS: Mapping[str, tuple[Callable[[Premises], None], Mapping[str, Action]]] = {
    "a directory is swapped for a link": (
        _directory_is_swapped,
        {
            **dict(_calls("/d/file", EVERY_METHOD)),
            **dict(_calls("/d", OF_DIRECTORIES)),
            **dict(_calls("/d/new", WRITING)),
        },
    ),
    "a directory further down is swapped for a link": (
        _deep_directory_is_swapped,
        {**dict(_calls("/d/s/file", EVERY_METHOD)), **dict(_calls("/d", ("walk", "delete")))},
    ),
    "a file is swapped for a link": (
        _file_is_swapped,
        {**dict(_calls("/d/file", EVERY_METHOD)), **dict(_calls("/d", OF_DIRECTORIES))},
    ),
    "a link appears where nothing was": (_link_appears, dict(_calls("/d/new", WRITING))),
}
"""What another program does while a call runs, and the calls that it may harm."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point within a call: right before one of its system calls.

    Attributes:
        operation: What the call is, and of which path.
        action: Makes it.
        number: Of the system call, from 1 on.
        name: Of the system call.
    """

    operation: str
    action: Action
    number: int
    name: str

    def __str__(self) -> str:
        return f"{self.operation}, where before its system call {self.number} ({self.name})"

    def passes(self, at: Premises, happening: Callable[[], object]) -> tuple[object, Ending]:
        """Make the call, and let something happen at this moment; returns what it returned, and how it ended."""
        with interrupted(self.number, happening):
            return call(lambda store, _: self.action(store), at.store, "")


def _each_moment(
    subject: Subject, actions: Iterable[tuple[str, Action]], condition: str, what: str, judged: Judge
) -> None:
    """Judge every moment of all actions, each on furnished premises.

    Args:
        subject: Who is judged.
        actions: The calls.
        condition: What happens within them.
        what: What the number of moments is called in the report.
        judged: Judges one.
    """
    at = premises(subject)
    hit = 0
    with attempts(subject) as tried:
        for operation, action in actions:
            for number, name in enumerate(_system_calls_of(action, at), start=1):
                at.furnish()
                tried.attempt(
                    operation.partition(" of /")[0],
                    condition,
                    f"{number}: {name} in {operation}",
                    functools.partial(judged, at, Moment(operation, action, number, name)),
                )
                hit += 1
    subject.measured(what, hit)
    if not hit:
        pytest.skip("none of the driver's system calls can be seen from Python")


def _system_calls_of(action: Action, at: Premises) -> list[str]:
    at.furnish()
    # The first time may load what later ones have.
    call(lambda store, _: action(store), at.store, "")
    at.furnish()
    with system_calls() as seen:
        call(lambda store, _: action(store), at.store, "")
    return seen


@requirement("SEC-1", needs=["root", "shared"])
@pytest.mark.parametrize("swap", SWAPS)
def test_link_that_is_planted_during_a_call_is_not_followed(subject: Subject, swap: str) -> None:
    """Whenever between two system calls of a call a link takes a thing's place, nothing outside is read or changed.

    A driver that looks whether there is a link, and then goes by the same name, is caught in between.
    """
    happening, actions = SWAPS[swap]

    def judged(at: Premises, moment: Moment) -> Ending:
        before = at.surroundings()
        returned, ending = moment.passes(at, lambda: happening(at))
        what = f"{moment} {swap}"
        at.judge(before, what)
        nothing_revealed(returned, what)
        return ending

    _each_moment(subject, actions.items(), swap, "system calls before which a link was planted", judged)


@requirement("SEC-1", needs=["root", "shared"])
@pytest.mark.parametrize("moved", ["d", "d/s"])
def test_directory_that_is_moved_away_during_a_call_takes_none_of_its_new_place(subject: Subject, moved: str) -> None:
    """A driver that goes up from where it was led finds itself elsewhere: what has the same names there is not its own."""
    condition = f"{moved} is moved out of the root"

    def judged(at: Premises, moment: Moment) -> Ending:
        theirs = [at.aside / each for each in ("d", "s", "file")]
        for each in theirs:
            each.mkdir()
        _, ending = moment.passes(at, lambda: (at.root / moved).rename(at.aside / "moved"))
        gone = [each.name for each in theirs if not each.is_dir()]
        expect.equal(gone, [], f"what is gone of the directories there after {moment} {condition}")
        return ending

    actions = (*_calls("/d", GOING), *_calls("/d/s/file", GOING))
    _each_moment(subject, actions, condition, "system calls before which a directory was moved", judged)


# --- links that are there


@requirement("SEC-1", needs=["root", "shared"])
@pytest.mark.parametrize("kind", LINKS)
def test_planted_link_is_not_followed(subject: Subject, kind: str) -> None:
    """No method goes through a link in the root: what it leads to is neither read, listed, told of nor changed."""
    at = premises(subject)

    with attempts(subject) as tried:
        for operation, method in EVERY_METHOD.items():
            for below in BELOW.get(kind, BELOW_A_DIRECTORY):
                at.furnish()
                LINKS[kind](at, at.root / "d/link")
                path = f"/d/link{below}"
                tried.attempt(
                    operation,
                    f"is a link {kind}",
                    path,
                    lambda method=method, path=path, operation=operation: _judged(  # type: ignore[misc]
                        at, method, path, f"{operation} of {path}, where /d/link is a link {kind}"
                    ),
                )


@requirement("SEC-1", needs=["root", "shared"])
@pytest.mark.parametrize("kind", LINKS)
def test_directory_with_a_planted_link_is_listed_without_it(subject: Subject, kind: str) -> None:
    """List and walk of what holds a link end, and show nothing of what it leads to."""
    at = premises(subject)

    with attempts(subject) as tried:
        for operation in ("list", "walk"):
            for path in ("/", "/d"):
                at.furnish()
                LINKS[kind](at, at.root / "d/link")
                tried.attempt(
                    operation,
                    f"holds a link {kind}",
                    path,
                    lambda operation=operation, path=path: _judged(  # type: ignore[misc]
                        at, EVERY_METHOD[operation], path, f"{operation} of {path}, in which there is a link {kind}"
                    ),
                )


@requirement("SEC-1", needs=["root", "shared"])
@pytest.mark.parametrize("kind", LINKS)
def test_delete_removes_a_link_and_not_what_it_leads_to(subject: Subject, kind: str) -> None:
    """Delete of a directory removes the links in it; what they lead to stays."""
    at = premises(subject)
    LINKS[kind](at, at.root / "d/s/link")
    before = at.surroundings()

    def judged() -> Ending:
        at.store.delete("/d")
        at.judge(before, f"the delete of a directory with a link {kind}")
        expect.equal(os.path.lexists(at.root / "d"), False, "whether the directory with the link is still there")
        return Ending.SURVIVED

    with attempts(subject) as tried:
        tried.attempt("delete", f"holds a link {kind}", "/d", judged)


@requirement("SEC-1", needs=["root", "shared"])
def test_moved_directory_takes_no_outside_along(subject: Subject) -> None:
    """After the move of a directory with links in it they lead to nothing through the interface, and the outside stays."""
    at = premises(subject)
    (at.root / "d/link").symlink_to(at.outside)
    (at.root / "d/s/link").symlink_to("../../../outside/secret-file")
    before = at.surroundings()

    def judged() -> Ending:
        _, ending = call(lambda store, path: store.move(path, "/moved/deeper"), at.store, "/d")
        at.judge(before, "the move of a directory with links")
        for path in ("/moved/deeper", "/moved/deeper/link", "/moved/deeper/s", "/moved/deeper/s/link"):
            for operation in ("get_content", "stat", "list", "walk"):
                seen, _ = call(EVERY_METHOD[operation], at.store, path)
                nothing_revealed(seen, f"{operation} of {path}, after the move of a directory with links")
        return ending

    with attempts(subject) as tried:
        tried.attempt("move a directory", "holds links", "/d", judged)


@requirement("SEC-1", needs=["root", "shared"])
@pytest.mark.parametrize("operation", WRITING)
def test_second_name_of_an_outside_file_is_not_written_through(subject: Subject, operation: str) -> None:
    """Where a file of the root is a hard link to one outside, a write gives the store a file of its own."""
    at = premises(subject)
    try:
        (at.root / "d/link").hardlink_to(at.outside / "secret-file")
    except OSError as refused:
        pytest.skip(f"no hard link can be made here: {refused.strerror}")
    before = at.surroundings()

    def judged() -> Ending:
        _, ending = call(WRITING[operation], at.store, "/d/link")
        at.judge(before, f"{operation}, to what is a second name of a file outside")
        return ending

    with attempts(subject) as tried:
        tried.attempt(operation, "is a hard link to a file outside", "/d/link", judged)


@requirement("SEC-1", needs=["root", "shared"])
def test_root_keeps_its_files_beside_planted_links(subject: Subject) -> None:
    """What lies beside links is read and listed as ever: a link is no way to take a store out of service."""
    at = premises(subject)
    for number, plant in enumerate(LINKS.values()):
        plant(at, at.root / f"d/link{number}")

    expect.file(at.store, "/d/file", OWN, "a file beside links")
    expect.children(at.store, "/d/s", ["/d/s/file"], "a directory beside links")
    found = [info.path for info in at.store.walk("/")]
    expect.equal(
        [path for path in ("/d/file", "/d/s/file", "/source") if path not in found], [], "files that a walk lacks"
    )
