"""CAP: what a driver declares of itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import pytest

from storagedriver import (
    InvalidPathError,
    PathNotFoundError,
    StorageDriver,
    StorageDriverError,
    UnsupportedMethodError,
)
from storagedriver.testing import BOUNDARY_SIZES, Subject, Tree, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.contents import largest_file_of
from storagedriver_suites.behaviour.shapes import put_all, walk_of
from storagedriver_suites.behaviour.streams import stage

# --- declared


@requirement("CAP-1", capability="append")
@pytest.mark.parametrize("written", ["put", "stream"])
@pytest.mark.parametrize("size", [0, 1, 1000])
def test_declared_append_continues_a_file(driver: StorageDriver, tree: Tree, size: int, written: str) -> None:
    """With append, a stream continues a committed file, however that came to be."""
    path = tree.path("file")
    if written == "put":
        driver.put_content(path, content(size))
    else:
        with driver.writer(path) as writer:
            writer.write(content(size))
            writer.commit()

    with driver.writer(path, append=True) as writer:
        writer.write(b"more")
        writer.commit()

    expect.file(driver, path, content(size) + b"more", "an appended-to file")


@requirement("CAP-1", capability="move_directory")
def test_declared_move_directory_moves_one(driver: StorageDriver, tree: Tree) -> None:
    """With move_directory, a directory moves."""
    driver.put_content(tree.path("source/s/f"), b"1")

    driver.move(tree.path("source"), tree.path("dest"))

    expect.file(driver, tree.path("dest/s/f"), b"1", "a file of the moved directory")
    expect.absent(driver, tree.path("source"), "source")


@requirement("CAP-1", capability="resumable_writes")
def test_declared_resumable_writes_continue(driver: StorageDriver, tree: Tree) -> None:
    """With resumable_writes, what a closed stream staged is continued."""
    with driver.writer(tree.path("file")) as writer:
        writer.write(b"first ")

    with driver.writer(tree.path("file"), append=True) as writer:
        writer.write(b"second")
        writer.commit()

    expect.file(driver, tree.path("file"), b"first second", "a continued stream")


@requirement("CAP-1", capability="atomic_write")
def test_declared_atomic_write_shows_nothing_early(driver: StorageDriver, tree: Tree) -> None:
    """With atomic_write, a stream shows nothing before its commit."""
    with driver.writer(tree.path("file")) as writer:
        writer.write(content(size_of("chunk+1", driver)))

        expect.absent(driver, tree.path("file"), "a file whose stream is not committed")
        writer.commit()

    expect.equal(driver.stat(tree.path("file")).size, size_of("chunk+1", driver), "size after commit")


@requirement("CAP-1", capability="eager_open")
@pytest.mark.parametrize("path", ["nothing", "d", "d/file/below"])
@pytest.mark.parametrize("offset", [0, 10])
def test_declared_eager_open_raises_at_once(driver: StorageDriver, tree: Tree, path: str, offset: int) -> None:
    """With eager_open, reader() itself raises for what is no file."""
    driver.put_content(tree.path("d/file"), b"1")

    with expect.raises(PathNotFoundError, "reader of what is no file"):
        driver.reader(tree.path(path), offset).close()


@requirement("CAP-1", capability="case_sensitive")
def test_declared_case_sensitivity_keeps_files_apart(driver: StorageDriver, tree: Tree) -> None:
    """With case_sensitive, names that differ in case alone are files of their own."""
    names = ["name", "Name", "NAME", "dir/x", "Dir/x"]
    files = put_all(driver, tree.root, names)

    found = {path: driver.get_content(path) for path in files}

    expect.equal(found, dict(files), "contents of names that differ in case alone")


def read_here(driver: StorageDriver, path: str) -> bytes:
    """The content as another process reads it; run by Subject.elsewhere."""
    return driver.get_content(path)


@requirement("CAP-1", capability="shared")
def test_declared_shared_is_seen_by_another_process(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """With shared, another process with the same parameters reads what this one wrote."""
    driver.put_content(tree.path("file"), b"content")

    seen = subject.elsewhere(read_here, tree.path("file"))

    expect.equal(seen, b"content", "content in another process")


@requirement("CAP-1", capability="redirect")
def test_declared_redirect_gives_a_url(driver: StorageDriver, tree: Tree) -> None:
    """With redirect, there is a URL for GET of a file."""
    driver.put_content(tree.path("file"), b"1")

    url = driver.redirect_url(tree.path("file"))

    expect.equal(type(url), str, "type of what redirect_url gives")


@requirement("CAP-1")
def test_capabilities_do_not_change(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """What a driver claims is the same before and after use, and in every driver of the same parameters."""
    before = dataclasses.asdict(driver.capabilities)
    driver.put_content(tree.path("d/file"), b"1")
    driver.move(tree.path("d/file"), tree.path("file"))

    expect.equal(dataclasses.asdict(driver.capabilities), before, "capabilities after use")
    expect.equal(dataclasses.asdict(subject.open().capabilities), before, "capabilities of another driver")


# --- not declared


@requirement("CAP-1", without="append")
@pytest.mark.parametrize("at", ["file", "nothing", "d"])
def test_append_that_is_not_offered_is_refused(driver: StorageDriver, tree: Tree, at: str) -> None:
    """Without append, writer(append=True) raises UnsupportedMethodError and changes nothing."""
    files = put_all(driver, tree.root, ["file", "d/file"])

    with expect.raises(UnsupportedMethodError, "append that is not offered", path=tree.path(at)):
        driver.writer(tree.path(at), append=True).cancel()

    for path, data in files.items():
        expect.file(driver, path, data, "a file after a refused append")
    expect.children(driver, tree.root, tree.paths("file", "d"), "children after a refused append")


@requirement("CAP-1", without="move_directory")
@pytest.mark.parametrize("dest", ["dest", "p/q/dest", "d/below", "d-/x"])
def test_move_of_a_directory_that_is_not_offered_is_refused(driver: StorageDriver, tree: Tree, dest: str) -> None:
    """Without move_directory, move of a directory raises UnsupportedMethodError and moves nothing."""
    files = put_all(driver, tree.path("d"), ["f", "s/f", "s-"])

    with expect.raises(UnsupportedMethodError, "move of a directory that is not offered", path=tree.path("d")):
        driver.move(tree.path("d"), tree.path(dest))

    walked = [info.path for info in driver.walk(tree.root)]
    expect.equal(walked, walk_of(files, tree.root), "walk after a refused move")
    for path, data in files.items():
        expect.file(driver, path, data, "a file after a refused move of its directory")


@requirement("CAP-1", without="resumable_writes")
@pytest.mark.parametrize("old", [None, b"old"])
def test_stage_that_is_not_offered_is_discarded(driver: StorageDriver, tree: Tree, old: bytes | None) -> None:
    """Without resumable_writes, close() discards: a later stream continues the committed content, if any."""
    path = tree.path("file")
    if old is not None:
        driver.put_content(path, old)
    with driver.writer(path) as writer:
        writer.write(b"staged")

    try:
        writer = driver.writer(path, append=True)
    except (PathNotFoundError, UnsupportedMethodError) as error:
        expect.equal(isinstance(error, PathNotFoundError) and old is not None, False, "whether a file is not found")
    else:
        with writer:
            writer.commit()

    if old is None:
        expect.absent(driver, path, "a path whose stream was closed without commit")
    else:
        expect.file(driver, path, old, "content after a stream that was closed without commit")


@requirement("CAP-1", without="redirect")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
@pytest.mark.parametrize("expires", [None, 60])
def test_redirect_that_is_not_offered_is_none(
    driver: StorageDriver, tree: Tree, method: str, expires: float | None
) -> None:
    """Without redirect, redirect_url gives None, and raises nothing."""
    driver.put_content(tree.path("file"), b"1")

    url = driver.redirect_url(tree.path("file"), method=method, expires=expires)

    expect.equal(url, None, "what redirect_url gives where it is not offered")
    expect.file(driver, tree.path("file"), b"1", "the file after redirect_url")


# --- limits


def path_of(length: int, longest_component: int, tree: Tree) -> str:
    """A path of exactly `length` bytes below the check's prefix, of components as long as they may be."""
    path = tree.root
    while len(path) < length:
        room = length - len(path) - 1
        # A rest of one byte would be a slash alone: one byte is kept back for its name.
        path += "/" + "n" * (min(room, longest_component) - (room == longest_component + 1))
    return path


@requirement("CAP-2")
def test_limits_are_values_that_can_be(driver: StorageDriver) -> None:
    """Each declared limit is a positive whole number, or None where the driver has none."""
    limits = dataclasses.asdict(driver.capabilities.limits)

    wrong = {
        name: value
        for name, value in limits.items()
        if not (value is None and name not in {"longest_component", "longest_path"})
        and not (type(value) is int and value > 0)
    }

    expect.equal(wrong, {}, "declared limits that are no size")


@requirement("CAP-2")
@pytest.mark.parametrize("edge", ["component-1", "component", "path-1", "path"])
@pytest.mark.parametrize("written", ["put", "stream", "move"])
def test_names_within_the_limits_work(driver: StorageDriver, tree: Tree, edge: str, written: str) -> None:
    """The longest name and path that are declared, and those a byte shorter, are written, listed, read and deleted."""
    limits = driver.capabilities.limits
    less = 1 if edge.endswith("-1") else 0
    if edge.startswith("component"):
        path = tree.path("n" * (limits.longest_component - less))
    else:
        path = path_of(limits.longest_path - less, limits.longest_component, tree)
    data = content(100, seed=len(path))
    if written == "put":
        driver.put_content(path, data)
    elif written == "stream":
        with driver.writer(path) as writer:
            writer.write(data)
            writer.commit()
    else:
        driver.put_content(tree.path("source"), data)
        driver.move(tree.path("source"), path)

    expect.file(driver, path, data, "a file of the longest name")
    expect.children(driver, path.rpartition("/")[0], [path], "children of its directory")
    expect.equal([info.path for info in driver.walk(tree.root) if not info.is_dir], [path], "files in a walk")
    driver.delete(path)
    expect.absent(driver, path, "a deleted file of the longest name")


@requirement("CAP-2", needs=["root"])
@pytest.mark.parametrize("length", [1, 100, 450])
def test_longest_path_works_below_a_root(subject: Subject, length: int) -> None:
    """What is declared holds below a root too, however long that is: such a driver declares less, or it has the room."""
    store = subject.open_root("/".join("r" * min(30, length - begin) for begin in range(0, length, 30)))
    limits = store.capabilities.limits
    path, data = path_of(limits.longest_path, limits.longest_component, Tree("")), content(100)
    store.put_content(path, data)
    expect.file(store, path, data, f"a file of the longest path below a root of {length} characters")
    if store.capabilities.resumable_writes:
        stage(store, path, b"staged")
        with store.writer(path, append=True) as writer:
            writer.write(b" and ended")
            writer.commit()

        expect.file(store, path, b"staged and ended", f"the longest path below a root of {length} characters, streamed")


@requirement("CAP-2")
@pytest.mark.parametrize("edge", ["component", "path"])
@pytest.mark.parametrize(
    "method", ["put_content", "writer", "move-source", "move-dest", "get_content", "reader", "stat"]
)
def test_names_beyond_the_limits_are_refused(driver: StorageDriver, tree: Tree, edge: str, method: str) -> None:
    """A byte more than declared is an InvalidPathError, and nothing is made under a shortened name."""
    limits = driver.capabilities.limits
    driver.put_content(tree.path("source"), b"1")
    if edge == "component":
        path = tree.path("n" * (limits.longest_component + 1))
    else:
        path = path_of(limits.longest_path + 1, limits.longest_component, tree)
    calls: Mapping[str, Callable[[], object]] = {
        "put_content": lambda: driver.put_content(path, b"1"),
        "writer": lambda: driver.writer(path).cancel(),
        "move-source": lambda: driver.move(path, tree.path("dest")),
        "move-dest": lambda: driver.move(tree.path("source"), path),
        "get_content": lambda: driver.get_content(path),
        "reader": lambda: driver.reader(path).close(),
        "stat": lambda: driver.stat(path),
    }

    with expect.raises(InvalidPathError, "a name beyond the limits"):
        calls[method]()

    expect.children(driver, tree.root, tree.paths("source"), "children after a name beyond the limits")


@requirement("CAP-2")
@pytest.mark.parametrize("written", ["put", "stream"])
@pytest.mark.parametrize(
    "size",
    [size if size in {"chunk-1", "chunk", "chunk+1"} else pytest.param(size, marks=full) for size in BOUNDARY_SIZES],
)
def test_both_sides_of_the_chunk_size_work(driver: StorageDriver, tree: Tree, size: str, written: str) -> None:
    """Content of about the declared chunk size is whole, put at once or streamed, and read from its last bytes too."""
    data = content(size_of(size, driver), seed=1)
    path = tree.path("file")
    if written == "put":
        driver.put_content(path, data)
    else:
        with driver.writer(path) as writer:
            writer.write(data)
            writer.commit()

    expect.file(driver, path, data, "content of about the chunk size")
    with driver.reader(path, max(len(data) - 2, 0)) as reader:
        expect.equal(reader.read(), bytes(data[-2:]), "its last two bytes")


@requirement("CAP-2", capability="append")
@pytest.mark.parametrize("begun", ["committed", "staged"])
def test_largest_file_does_not_grow(driver: StorageDriver, tree: Tree, begun: str) -> None:
    """What is as large as declared already takes no byte more from a stream that continues it; the file stays as it was."""
    largest = largest_file_of(driver)
    path = tree.path("file")
    driver.put_content(path, content(largest))
    if begun == "staged" and driver.capabilities.resumable_writes:
        stage(driver, path, content(largest, seed=1))

    with (
        expect.raises(StorageDriverError, "a byte beyond the largest file"),
        driver.writer(path, append=True) as writer,
    ):
        writer.write(b"x")
        writer.commit()

    expect.file(driver, path, content(largest), "the largest file after it was not continued")


@requirement("CAP-2")
@pytest.mark.parametrize("written", ["put", "stream"])
def test_largest_file_works_and_a_larger_one_is_refused(driver: StorageDriver, tree: Tree, written: str) -> None:
    """A file as large as declared is written; a byte more is an error, and the file stays as it was."""
    largest = largest_file_of(driver)
    path = tree.path("file")

    def write(data: bytes) -> None:
        if written == "put":
            driver.put_content(path, data)
            return
        with driver.writer(path) as writer:
            writer.write(data)
            writer.commit()

    write(content(largest))
    with expect.raises(StorageDriverError, "a file larger than declared"):
        write(content(largest + 1, seed=1))

    expect.file(driver, path, content(largest), "the file after a larger one was refused")
