"""SEC: stores with roots of their own on one backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from storagedriver import PathNotFoundError, StorageDriver
from storagedriver.testing import Ending, Subject, Tree, expect, requirement
from storagedriver_suites.behaviour.names import tree_state
from storagedriver_suites.security.attempts import attempts, call

NAMES = ("f", "d/f", "d/s/f")
"""Files that both stores have, each with a content of its own."""

WHOLE = Tree("")
"""All of a store."""


@dataclass(frozen=True, slots=True)
class Tenants:
    """Two stores of which neither may notice the other.

    Attributes:
        one: Acts.
        other: Is to stay as it is.
    """

    one: StorageDriver
    other: StorageDriver


NEIGHBOURS: Mapping[str, tuple[str, str]] = {
    "p and p2": ("p", "p2"),
    "p2 and p": ("p2", "p"),
    "p and p-": ("p", "p-"),
    "p and p.q": ("p", "p.q"),
    "p and q": ("p", "q"),
    "p and P": ("p", "P"),
    "p/q and p/q2": ("p/q", "p/q2"),
    "p/q and q": ("p/q", "q"),
    "p and r/p": ("p", "r/p"),
}
"""Roots of which neither lies in the other: who acts, and who is to stay as it is."""


def _tenants(subject: Subject, pair: str) -> Tenants:
    one, other = NEIGHBOURS[pair]
    made = Tenants(subject.open_root(one), subject.open_root(other))
    if not made.one.capabilities.case_sensitive and one.lower() == other.lower():
        pytest.skip("the backend does not tell roots apart that differ in case, and says so")
    for name in NAMES:
        made.one.put_content(f"/{name}", f"one's {name}".encode())
        made.other.put_content(f"/{name}", f"the other's {name}".encode())
    made.other.put_content("/other", b"the other's alone")
    return made


def _whole(store: StorageDriver) -> dict[str, bytes | None]:
    return {info.path: None if info.is_dir else store.get_content(info.path) for info in store.walk("/")}


def _streamed(store: StorageDriver, path: str, *, append: bool = False) -> None:
    with store.writer(path, append=append and store.capabilities.append) as writer:
        writer.write(b" and more")
        writer.commit()


def _cancelled(store: StorageDriver, path: str) -> None:
    with store.writer(path) as writer:
        writer.write(b"discarded")
    writer.cancel()


CHANGES: Mapping[str, Callable[[StorageDriver], object]] = {
    "put_content": lambda store: store.put_content("/f", b"new"),
    "put_content of a new file": lambda store: store.put_content("/g", b"new"),
    "writer": lambda store: _streamed(store, "/d/f"),
    "append": lambda store: _streamed(store, "/d/f", append=True),
    "cancelled writer": lambda store: _cancelled(store, "/f"),
    "move": lambda store: store.move("/f", "/d/g"),
    "move onto a file": lambda store: store.move("/f", "/d/f"),
    "move a directory": lambda store: store.move("/d", "/e"),
    "delete of a file": lambda store: store.delete("/f"),
    "delete of a directory": lambda store: store.delete("/d"),
    "delete of all": lambda store: [store.delete(path) for path in store.list("/")],
}
"""What one store does."""


@requirement("SEC-2", needs=["root"])
@pytest.mark.parametrize("pair", NEIGHBOURS)
def test_store_does_not_see_its_neighbour(subject: Subject, pair: str) -> None:
    """What the other has is not there for the one: not in a list or walk, by stat or by reading; it has its own."""
    stores = _tenants(subject, pair)
    own = {"/d", "/d/f", "/d/s", "/d/s/f", "/f"}

    with attempts(subject) as tried:
        tried.attempt("walk", f"is a neighbour: {pair}", "/", lambda: _sees(stores.one, own))
        for operation in ("get_content", "reader", "stat", "list", "move", "delete"):
            tried.attempt(
                operation,
                f"is a neighbour: {pair}",
                "/other",
                lambda operation=operation: _is_absent(stores.one, operation),  # type: ignore[misc]
            )
    expect.equal(stores.one.get_content("/d/f"), b"one's d/f", "content of a file that both stores have")
    expect.equal(stores.other.get_content("/other"), b"the other's alone", "the other's file after it was asked for")


def _sees(store: StorageDriver, own: set[str]) -> Ending:
    expect.equal(sorted(info.path for info in store.walk("/")), sorted(own), "a walk of the one store")
    expect.children(store, "/", ["/d", "/f"], "list of the one store")
    return Ending.REFUSED


def _is_absent(store: StorageDriver, operation: str) -> Ending:
    calls = {
        "get_content": lambda: store.get_content("/other"),
        "reader": lambda: store.reader("/other").read(),
        "stat": lambda: store.stat("/other"),
        "list": lambda: store.list("/other"),
        "move": lambda: store.move("/other", "/mine"),
        "delete": lambda: store.delete("/other"),
    }
    expect.not_found(calls[operation], f"{operation} of what the other store has")
    return Ending.REFUSED


@requirement("SEC-2", needs=["root"])
@pytest.mark.parametrize("pair", ["p and p2", "p2 and p", "p and p-", "p/q and p/q2", "p/q and q"])
def test_change_stays_in_its_store(subject: Subject, pair: str) -> None:
    """Nothing that the one store writes, moves or deletes is seen in the other, which has the same names."""
    stores = _tenants(subject, pair)
    before = _whole(stores.other)

    with attempts(subject) as tried:
        for operation in CHANGES:
            for name in NAMES:
                stores.one.put_content(f"/{name}", b"one's")

            def judged(operation: str = operation) -> Ending:
                _, ending = call(lambda store, _: CHANGES[operation](store), stores.one, "")
                expect.equal(_whole(stores.other), before, f"all of the other store after {operation} in the one")
                return ending

            tried.attempt(operation, f"is a neighbour: {pair}", operation, judged)


@requirement("SEC-2", capability="resumable_writes", needs=["root"])
@pytest.mark.parametrize("pair", ["p and p2", "p2 and p", "p and p-", "p/q and q"])
def test_staged_stream_stays_in_its_store(subject: Subject, pair: str) -> None:
    """A stream that the other store staged is neither continued, ended nor deleted by the one, at the same path."""
    stores = _tenants(subject, pair)
    for path in ("/s", "/d/s2"):
        with stores.other.writer(path) as writer:
            writer.write(b"staged by the other")

    def continued() -> Ending:
        expect.not_found(lambda: stores.one.writer("/s", append=True).close(), "append to what the other store staged")
        return Ending.REFUSED

    def ended() -> Ending:
        _cancelled(stores.one, "/s")
        stores.one.delete("/d")
        _cancelled(stores.one, "/d/s2")
        for path in ("/s", "/d/s2"):
            with stores.other.writer(path, append=True) as writer:
                expect.equal(writer.size, 19, f"what the other store staged at {path}, after the one ended its own")
                writer.commit()
            expect.file(stores.other, path, b"staged by the other", "what the other store had staged")
        return Ending.SURVIVED

    with attempts(subject) as tried:
        if stores.one.capabilities.append:
            tried.attempt("append", f"is a neighbour: {pair}", "/s", continued)
        tried.attempt("cancel and delete", f"is a neighbour: {pair}", "/s, /d/s2", ended)


@requirement("SEC-2", needs=["root", "nested-roots"])
@pytest.mark.parametrize("operation", CHANGES)
def test_inner_store_does_not_reach_what_is_around_it(
    driver: StorageDriver, tree: Tree, subject: Subject, operation: str
) -> None:
    """A store whose root lies in another's changes nothing around it: not in the root above, and not at the top."""
    middle, inner = subject.open_root("p"), subject.open_root("p/q")
    for name in NAMES:
        driver.put_content(tree.path(name), b"around all")
        middle.put_content(f"/{name}", b"around")
        inner.put_content(f"/{name}", b"within")
    driver.put_content(tree.path("p2/f"), b"beside")
    before = _without(tree_state(driver, tree), tree.path("p/q"))

    def judged() -> Ending:
        _, ending = call(lambda store, _: CHANGES[operation](store), inner, "")
        now = _without(tree_state(driver, tree), tree.path("p/q"))
        expect.equal(now, before, f"all around the inner store after {operation} in it")
        return ending

    with attempts(subject) as tried:
        tried.attempt(operation, "is around", operation, judged)


def _without(state: dict[str, bytes | None], below: str) -> dict[str, bytes | None]:
    return {path: content for path, content in state.items() if path != below and not path.startswith(f"{below}/")}


@requirement("SEC-2", needs=["root"])
def test_delete_in_a_root_spares_the_same_path_at_the_top(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """What has the same path at the top as what is deleted in a root stays: the root is no part that can be left out."""
    store = subject.open_root("p")
    path = tree.path("d/f")
    for each in (driver, store):
        each.put_content(path, b"content")
        for name in ("d/g", "e"):
            each.put_content(tree.path(name), b"content")

    def judged(gone: str) -> Ending:
        store.delete(gone)
        expect.file(driver, path, b"content", f"the file at the top after the delete of {gone} in a root")
        return Ending.SURVIVED

    with attempts(subject) as tried:
        for gone in (path, tree.path("d"), tree.root):
            tried.attempt("delete", "is at the top", gone.removeprefix(tree.root), lambda gone=gone: judged(gone))  # type: ignore[misc]
    with pytest.raises(PathNotFoundError):
        store.stat(tree.root)
