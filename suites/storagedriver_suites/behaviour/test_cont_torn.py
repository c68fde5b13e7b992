"""CONT: content that is put while it is read, and puts that fail."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Mapping

import pytest

from storagedriver import BackendError, PathNotFoundError, StorageDriver, StorageDriverError
from storagedriver.testing import Subject, Tree, content, expect, full, requirement
from storagedriver_suites.behaviour.contents import NO_BUFFERS, largest_file_of
from storagedriver_suites.behaviour.names import tree_state
from storagedriver_suites.behaviour.parameters import secret_names, with_wrong_secrets
from storagedriver_suites.behaviour.readers import enough, watch_puts
from storagedriver_suites.behaviour.shapes import put_all
from storagedriver_suites.behaviour.streams import expect_old, made, put_old, read_from, stage

# --- CONT-6: old or new

SECONDS_OF_PUTS = 1.0
"""For how long a large file is replaced that only this process sees, if it is not often enough before."""


def _reads(driver: StorageDriver, path: str) -> Mapping[str, Callable[[], bytes]]:
    def in_pieces() -> bytes:
        with driver.reader(path) as stream:
            return b"".join(iter(lambda: stream.read(300), b""))

    return {
        "get_content": lambda: driver.get_content(path),
        "reader": lambda: read_from(driver, path),
        "reader-in-pieces": in_pieces,
    }


@requirement("CONT-6")
@pytest.mark.parametrize(
    ("read", "sizes"),
    [
        ("get_content", (1000, 1000)),
        ("get_content", (10, 30_000)),
        ("reader", (1000, 3000)),
        ("reader-in-pieces", (3000, 1000)),
        *(
            pytest.param(read, sizes, marks=full)
            for read in ("get_content", "reader", "reader-in-pieces")
            for sizes in ((1000, 1000), (1000, 3000), (10, 30_000))
        ),
    ],
)
def test_file_is_whole_while_it_is_replaced(
    driver: StorageDriver, tree: Tree, subject: Subject, read: str, sizes: tuple[int, int]
) -> None:
    """Threads that read while another puts see the content of one put, whole, each time, and never that nothing is there."""
    path = tree.path("d/file")
    contents = content(sizes[0], seed=1), content(sizes[1], seed=2)
    driver.put_content(path, contents[1])

    torn = watch_puts(
        lambda data: driver.put_content(path, data), _reads(driver, path)[read], contents, enough(subject)
    )

    expect.true(not torn, f"{read} during puts", expected="the whole content of one put", seen=torn[:1])
    expect.equal(driver.get_content(path) in contents, True, "whether the content after the puts is that of one")


def _number_of_puts(put: Callable[[], object]) -> int:
    began = [time.monotonic()]
    for _ in range(3):
        put()
        began.append(time.monotonic())
    shortest = min(end - begin for begin, end in itertools.pairwise(began))
    return max(10, min(1200, int(SECONDS_OF_PUTS / shortest)))


@requirement("CONT-6")
@pytest.mark.parametrize(
    ("sizes", "read"),
    [
        (("1200000", "1200000"), "get_content"),
        *(
            pytest.param(sizes, read, marks=full)
            for sizes in (("100", "chunk+1"), ("chunk+1", "chunk+1"), ("chunk", "2*chunk+1"), ("1200000", "1100000"))
            for read in ("get_content", "reader")
        ),
    ],
)
def test_large_file_is_whole_while_it_is_replaced(
    driver: StorageDriver, tree: Tree, sizes: tuple[str, str], read: str
) -> None:
    """Content of several chunks, and of many buffers, appears at once too."""
    path = tree.path("d/file")
    contents = made(sizes[0], driver, seed=1), made(sizes[1], driver, seed=2)
    driver.put_content(path, contents[1])
    # What is between two steps of a put lasts the longer the put does: where that is short, many are needed.
    puts = 10 if driver.capabilities.shared else _number_of_puts(lambda: driver.put_content(path, contents[1]))

    torn = watch_puts(
        lambda data: driver.put_content(path, data), _reads(driver, path)[read], contents, (puts, 3 * puts)
    )

    expect.true(not torn, f"{read} during puts", expected="the whole content of one put", seen=torn[:1])
    expect.true(
        driver.get_content(path) in contents, "content after the puts", expected="that of one put", seen="another"
    )


@requirement("CONT-6")
@pytest.mark.parametrize("read", ["get_content", "reader"])
def test_file_is_whole_to_another_driver(driver: StorageDriver, tree: Tree, subject: Subject, read: str) -> None:
    """Another driver on the store, with no lock in common, sees whole contents too."""
    path = tree.path("file")
    another = subject.open()
    contents = content(2000, seed=1), content(1000, seed=2)
    driver.put_content(path, contents[1])

    torn = watch_puts(
        lambda data: driver.put_content(path, data), _reads(another, path)[read], contents, enough(subject)
    )

    expect.true(not torn, f"{read} of another driver", expected="the whole content of one put", seen=torn[:1])


@requirement("CONT-6")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1000", "1000"),
        ("1000", "10"),
        ("1000", "0"),
        ("1000", "3000"),
        ("chunk+1", "chunk+1"),
        ("chunk+1", "10"),
        pytest.param("2*chunk+1", "2*chunk+1", marks=full),
        pytest.param("2*chunk+1", "chunk", marks=full),
        pytest.param("chunk", "3*chunk", marks=full),
    ],
)
def test_reader_that_is_open_sees_no_mix(driver: StorageDriver, tree: Tree, old: str, new: str) -> None:
    """A reader that was opened before a put, and maybe half read, gives the old content whole or an error.

    One that nothing was read from may give the new content instead.
    """
    path = tree.path("file")
    before, after = made(old, driver, seed=1), made(new, driver, seed=2)
    for taken in (0, 1, 600):
        driver.put_content(path, before)
        with driver.reader(path) as reader:
            seen = reader.read(taken)

            driver.put_content(path, after)

            # What the backend does not keep cannot be read to its end, and saying so is right.
            with contextlib.suppress(StorageDriverError):
                seen += reader.read()
                whole = (before,) if taken else (before, after)
                expect.true(seen in whole, f"a reader during a put, after {taken} bytes", expected=before, seen=seen)
        expect.file(driver, path, after, "content after the put")


# --- CONT-7: puts that fail


def _obstacles(driver: StorageDriver, tree: Tree) -> Mapping[str, str]:
    limits = driver.capabilities.limits
    return {
        "below-a-file": tree.path("file/x"),
        "far-below-a-file": tree.path("file/x/y/z"),
        "below-an-empty-file": tree.path("empty/x"),
        "directory": tree.path("directory"),
        "directory-of-directories": tree.path("directory/s"),
        "invalid": f"{tree.root}/file/../x",
        "root": "/",
        "component-beyond-the-limit": tree.path("x" * (limits.longest_component + 1)),
        "path-beyond-the-limit": tree.path("x/" * limits.longest_path + "x"),
    }


OBSTACLES = (
    "below-a-file",
    "far-below-a-file",
    "below-an-empty-file",
    "directory",
    "directory-of-directories",
    "invalid",
    "root",
    "component-beyond-the-limit",
    "path-beyond-the-limit",
)


@requirement("CONT-7")
@pytest.mark.parametrize(
    ("obstacle", "size"),
    [
        *((obstacle, "100") for obstacle in OBSTACLES),
        ("below-a-file", "0"),
        ("directory", "0"),
        ("below-a-file", "chunk+1"),
        ("directory", "chunk+1"),
        *(pytest.param(obstacle, "2*chunk+1", marks=full) for obstacle in OBSTACLES),
    ],
)
def test_put_that_cannot_be_is_all_or_an_error(driver: StorageDriver, tree: Tree, obstacle: str, size: str) -> None:
    """A put that is refused changes nothing; one that is not has put all, and what was there before is there still."""
    others = put_all(driver, tree.root, ["file", "directory/s/f", "directory/g"])
    driver.put_content(tree.path("empty"), b"")
    before = tree_state(driver, tree)
    data = made(size, driver, seed=9)
    path = _obstacles(driver, tree)[obstacle]

    try:
        driver.put_content(path, data)
    except StorageDriverError as error:
        expect.equal(isinstance(error, PathNotFoundError), False, "whether it is said that something is not found")
        expect.equal(tree_state(driver, tree), before, "all files and directories after a put that was refused")
    else:
        expect.equal(driver.get_content(path), data, "content after a put that raised nothing")
    for other, kept in others.items():
        expect.file(driver, other, kept, "what was there before, after a put with an obstacle")
    expect.file(driver, tree.path("empty"), b"", "the empty file after a put with an obstacle")


@requirement("CONT-7")
@pytest.mark.parametrize("obstacle", ["below-a-file", "directory"])
def test_put_works_after_a_refused_one(driver: StorageDriver, tree: Tree, obstacle: str) -> None:
    """A refused put hinders none that comes later: not elsewhere, and not there, once the obstacle is gone."""
    put_all(driver, tree.root, ["file", "directory/f"])
    path = _obstacles(driver, tree)[obstacle]
    try:
        driver.put_content(path, content(100, seed=1))
    except StorageDriverError:
        refused = True
    else:
        refused = False

    driver.put_content(tree.path("elsewhere"), content(100, seed=2))
    expect.file(driver, tree.path("elsewhere"), content(100, seed=2), "content put elsewhere")
    if refused:
        driver.delete(tree.path("file" if obstacle == "below-a-file" else "directory"))
        driver.put_content(path, content(100, seed=3))
    expect.file(driver, path, content(100, seed=3 if refused else 1), "content put where the obstacle was")


@requirement("CONT-7")
@pytest.mark.parametrize("old", ["absent", "0", "1000", "chunk+1"])
def test_put_of_no_buffer_keeps_the_old_content(driver: StorageDriver, tree: Tree, old: str) -> None:
    """When put_content raises because of what it was given, the old content is there, whole, or nothing is, as before."""
    path = tree.path("file")
    before: bytes | None = put_old(driver, path, old)

    for given, value in NO_BUFFERS.items():
        # Whether it is a TypeError is judged elsewhere (CONT-3).
        with contextlib.suppress(Exception):
            driver.put_content(path, value)  # type: ignore[arg-type]  # that is what is refused
            before = driver.get_content(path)
            continue

        expect_old(driver, path, before, f"content after a put of {given} that was refused")


@requirement("CONT-7")
@pytest.mark.parametrize("old", ["absent", "1000", pytest.param("chunk+1", marks=full)])
@pytest.mark.parametrize("size", ["100", pytest.param("0", marks=full), pytest.param("chunk+1", marks=full)])
def test_put_with_a_wrong_secret_changes_nothing(
    driver: StorageDriver, tree: Tree, subject: Subject, size: str, old: str
) -> None:
    """A put that the backend refuses leaves the old content; one that it takes from whoever comes has put all."""
    if not secret_names(subject):
        pytest.skip("the driver has no secret parameter, so that no put is refused")
    path = tree.path("d/file")
    before = put_old(driver, path, old)
    data = made(size, driver, seed=4)

    for name, stranger in with_wrong_secrets(subject):
        try:
            stranger.put_content(path, data)
        except BackendError:
            pass
        else:
            before = data
        expect_old(driver, path, before, f"content after a put with a wrong {name}")


@requirement("CONT-7")
@pytest.mark.parametrize("old", ["absent", "1000"])
def test_put_of_too_much_keeps_the_old_content(driver: StorageDriver, tree: Tree, old: str) -> None:
    """A byte more than the largest file is an error, and leaves the old content, or nothing."""
    largest = largest_file_of(driver)
    path = tree.path("d/file")
    before = put_old(driver, path, old)

    with expect.raises(StorageDriverError, "a put of more than the largest file"):
        driver.put_content(path, content(largest + 1, seed=1))

    expect_old(driver, path, before, "content after a put of too much")


@requirement("CONT-7", capability="resumable_writes")
@pytest.mark.parametrize("size", ["100", "chunk+1"])
def test_refused_put_keeps_what_is_staged(driver: StorageDriver, tree: Tree, size: str) -> None:
    """A refused put publishes nothing of a stream that waits for the same path."""
    path = tree.path("file")
    driver.put_content(path, b"old")
    stage(driver, path, made(size, driver, seed=1))

    with pytest.raises(TypeError):
        driver.put_content(path, "text")  # type: ignore[arg-type]  # that is what is refused

    expect.file(driver, path, b"old", "content after a refused put over a stage")
