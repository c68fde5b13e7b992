"""SEC: no path and no parameter leads out of the root."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from storagedriver import InvalidPathError, ParameterError, StorageDriver, StorageDriverError
from storagedriver.foreign import ForeignRefusal
from storagedriver.testing import ContractViolation, Ending, Subject, Tree, expect, requirement
from storagedriver_suites.behaviour.names import tree_state
from storagedriver_suites.security.attempts import EVERY_METHOD, READING, SOURCE, Method, attempts
from storagedriver_suites.security.hostile_paths import CLIMBS_OUT, HOSTILE_PATHS, NO_TEXT, OVERLONG, filled

OUTSIDE = "outside/secret"
"""A file beside the root of the store, seen from the directory that both lie in."""


def _beside_a_secret(driver: StorageDriver, tree: Tree, subject: Subject) -> StorageDriver:
    """A store in a root of its own, with a file of another owner beside the root."""
    driver.put_content(tree.path(OUTSIDE), b"not of this store")
    store = subject.open_root("store")
    for name in ("/d/f", SOURCE):
        store.put_content(name, b"of this store")
    return store


def _refused(method: Method, store: StorageDriver, path: Any, name: str) -> Ending:
    with expect.raises(InvalidPathError, f"{name} of {path!r:.100}"):
        method(store, path)
    return Ending.REFUSED


def _try_all(
    driver: StorageDriver, tree: Tree, subject: Subject, *, condition: str, paths: Iterable[Any], methods: Iterable[str]
) -> None:
    """Every method refuses every path, and nothing in the store or beside it changes."""
    store = _beside_a_secret(driver, tree, subject)
    outside, inside = _state(driver, tree, store)
    with attempts(subject) as tried:
        for path in paths:
            for name in methods:
                method = EVERY_METHOD[name]
                tried.attempt(
                    name,
                    condition,
                    repr(path)[:100],
                    lambda method=method, path=path, name=name: _refused(method, store, path, name),  # type: ignore[misc]
                )
        now_outside, now_inside = _state(driver, tree, store)
        expect.equal(now_outside, outside, f"what is outside the root after calls with a path that {condition}")
        expect.equal(now_inside, inside, f"what is in the store after calls with a path that {condition}")


def _state(driver: StorageDriver, tree: Tree, store: StorageDriver) -> tuple[dict[str, bytes | None], list[str]]:
    found = tree_state(driver, Tree(tree.path("outside")))
    return found, [info.path for info in store.walk("/")]


@requirement("SEC-1", needs=["root"])
@pytest.mark.parametrize("condition", HOSTILE_PATHS)
def test_hostile_path_is_refused(driver: StorageDriver, tree: Tree, subject: Subject, condition: str) -> None:
    """Every method refuses every spelling of a way out, and nothing is read, made, moved or deleted."""
    paths = [filled(template, OUTSIDE) for template in HOSTILE_PATHS[condition]]

    _try_all(driver, tree, subject, condition=condition, paths=paths, methods=EVERY_METHOD)


@requirement("SEC-1", needs=["root"])
def test_path_beyond_everything_is_refused(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Nothing above the root can be read or listed."""
    _try_all(driver, tree, subject, condition="climbs above everything", paths=CLIMBS_OUT, methods=READING)


@requirement("SEC-1", needs=["root"])
def test_overlong_path_is_refused(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """A path that is longer than anything is refused as invalid; it is not cut off, and crashes nothing."""
    _try_all(driver, tree, subject, condition="is longer than anything", paths=OVERLONG, methods=EVERY_METHOD)


@requirement("SEC-1", needs=["root"])
def test_what_is_no_text_is_refused(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Bytes, path objects, None and numbers are no paths, and refused as such."""
    _try_all(driver, tree, subject, condition="is no text", paths=NO_TEXT, methods=EVERY_METHOD)


@requirement("SEC-1", needs=["root"])
@pytest.mark.parametrize("name", ["/etc/passwd", "/etc", "/dev/null", "/proc/self/environ", "/outside/secret"])
def test_path_of_the_host_lies_in_the_store(driver: StorageDriver, tree: Tree, subject: Subject, name: str) -> None:
    """A path that is one of the machine's, or of the store's surroundings, names what lies in the root, and so nothing."""
    store = _beside_a_secret(driver, tree, subject)

    with attempts(subject) as tried:
        for operation, method in READING.items():

            def judged(operation: str = operation, method: Method = method) -> Ending:
                expect.not_found(
                    lambda: method(store, name), f"{operation} of {name}, of which nothing is in the store"
                )
                return Ending.REFUSED

            tried.attempt(operation, "is a path of the host", name, judged)


CLIMBING_ROOTS = ("{root}/../outside", "{root}/d/../../outside", "{root}/./../outside", "../{root}", "{root}/..")


@requirement("SEC-1", needs=["root"])
@pytest.mark.parametrize("climbing", CLIMBING_ROOTS)
def test_root_that_climbs_is_refused(driver: StorageDriver, tree: Tree, subject: Subject, climbing: str) -> None:
    """A root with `..` in it is no root: it means another place than it says where there is a link on the way."""
    _beside_a_secret(driver, tree, subject)
    root = climbing.replace("{root}", subject.root("store"))

    def judged() -> Ending:
        with expect.raises(ParameterError, f"a driver with the root {climbing}") as caught:
            subject.construct({**subject.parameters, subject.root_parameter: root}).close()
        expect.equal(
            getattr(caught.error, "parameter", None), subject.root_parameter, "the parameter that the error names"
        )
        return Ending.REFUSED

    with attempts(subject) as tried:
        tried.attempt("constructor", "is a root that climbs", climbing, judged)
    expect.file(driver, tree.path(OUTSIDE), b"not of this store", "the file beside the root")


PLANTED = (
    "d/..%2f..%2foutside%2fsecret",
    "d/%2e%2e%2foutside",
    "d/a%2Fb",
    "d/..\\..\\outside",
    "d/\uff0e\uff0e",
    "d/e%00f",
    "d/..;g",
)
"""Names that another tool may store, and that lead elsewhere if somebody decodes them."""


@requirement("SEC-1", needs=["foreign"])
def test_planted_name_is_not_decoded(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Of names with encoded separators that another tool stored, list and walk show nothing, and lead nowhere."""
    driver.put_content(tree.path("d/own"), b"own")
    driver.put_content(tree.path("outside"), b"not below d")
    tool = subject.foreign()
    planted = 0
    for name in PLANTED:
        try:
            tool.put(tree.path(name), b"planted", tool.ways[0])
        except ForeignRefusal:
            continue
        planted += 1
    if not planted:
        pytest.skip("the backend can hold none of the names")

    with attempts(subject) as tried:
        for operation in ("list", "walk"):

            def judged(operation: str = operation) -> Ending:
                found = driver.list(tree.path("d")) if operation == "list" else driver.walk(tree.path("d"))
                names = [each if isinstance(each, str) else each.path for each in found]
                expect.equal(
                    names, tree.paths("d/own"), f"{operation} of a directory in which hostile names were planted"
                )
                return Ending.REFUSED

            tried.attempt(operation, "is a planted name", f"{planted} names", judged)
        tried.attempt("delete", "is a planted name", f"{planted} names", lambda: _deleted(driver, tree))


def _deleted(driver: StorageDriver, tree: Tree) -> Ending:
    try:
        driver.delete(tree.path("d"))
    except StorageDriverError as error:
        raise ContractViolation(
            "delete of a directory in which hostile names were planted", expected="it is deleted", seen=error
        ) from error
    expect.absent(driver, tree.path("d"), "the directory after its delete")
    expect.file(driver, tree.path("outside"), b"not below d", "a file that a planted name leads to when it is decoded")
    return Ending.SURVIVED
