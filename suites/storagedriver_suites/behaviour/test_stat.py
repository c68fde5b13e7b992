"""STAT: what a path is."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from storagedriver import PathNotFoundError, StorageDriver, paths
from storagedriver.testing import BOUNDARY_SIZES, Content, Subject, Tree, content, expect, full, requirement
from storagedriver_suites.behaviour.contents import nuls
from storagedriver_suites.behaviour.infos import expect_directory, expect_file, expect_written_since
from storagedriver_suites.behaviour.names import ABSENT, put_around_absent
from storagedriver_suites.behaviour.readers import move_over
from storagedriver_suites.behaviour.shapes import SHAPES, crowd, directories_of, page_of, put_all, put_many, put_shape
from storagedriver_suites.behaviour.streams import WRITTEN, made, write_as, write_stream

SHAPES_HERE = [
    shape
    if shape in {"directory-of-directories", "around-the-slash", "prefix-of-the-one-before", "same-name-on-each-level"}
    else pytest.param(shape, marks=full)
    for shape in SHAPES
]
"""The shapes of trees, of which the quick profile takes those that stat trips over."""


# --- STAT-1: size and kind


@requirement("STAT-1")
@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("put", "0"),
        ("put", "1"),
        ("put", "chunk"),
        ("put", "chunk+1"),
        ("stream", "0"),
        ("stream", "1000"),
        ("stream", "chunk+1"),
        ("append", "1000"),
        ("append", "chunk+1"),
        *(pytest.param(written, size, marks=full) for written in WRITTEN for size in (*BOUNDARY_SIZES, "3*chunk+1")),
    ],
)
def test_file_has_its_size(driver: StorageDriver, tree: Tree, written: str, size: str) -> None:
    """However it was written, right after it a file has its exact size, and is no directory."""
    path = tree.path("d/file")
    data = made(size, driver, seed=1)
    before = datetime.now(UTC)

    write_as(written, driver, path, data)

    expect_file(driver, path, len(data), f"a file of {size} bytes")
    expect_written_since(driver, path, before, f"a file of {size} bytes")


@requirement("STAT-1")
@pytest.mark.parametrize("written", ["put", "stream"])
def test_size_is_exact(driver: StorageDriver, tree: Tree, written: str) -> None:
    """Sizes of no byte, of few, and around powers of two and ten are not rounded."""
    for size in (
        0,
        1,
        2,
        3,
        9,
        10,
        11,
        99,
        100,
        127,
        128,
        511,
        512,
        513,
        999,
        1000,
        1023,
        1024,
        1025,
        4095,
        4097,
        65_537,
    ):
        write_as(written, driver, tree.path("file"), content(size, seed=size))

        expect_file(driver, tree.path("file"), size, f"a file of {size} bytes")


def replace(way: str, driver: StorageDriver, path: str, new: Content) -> None:
    """Make `new` the content of a file that is there, by one of WRITTEN, by a move onto it, or by a delete and a put."""
    if way == "move-onto-it":
        move_over(driver, path, new)
    elif way == "delete-and-put":
        driver.delete(path)
        driver.put_content(path, new)
    else:
        write_as(way, driver, path, new)


@requirement("STAT-1")
@pytest.mark.parametrize("way", [*WRITTEN, "move-onto-it", "delete-and-put"])
def test_size_is_the_newest(driver: StorageDriver, tree: Tree, subject: Subject, way: str) -> None:
    """A driver that has asked for the size before gets that of the new content at once, whoever wrote it and how."""
    path = tree.path("d/file")
    another = subject.open()
    driver.put_content(path, content(100, seed=1))
    driver.list(tree.path("d"))
    expect_file(driver, path, 100, "a file before it is replaced")

    for size, changing in ((300, another), (20, driver), (0, another), (20, another), (200, driver)):
        new = content(size, seed=size)
        replace(way, changing, path, new)
        expect_file(driver, path, size, f"a file after it was replaced: {way}")


_REPEATED = Content.of(b"content " * 800, "b'content ' * 800")


@requirement("STAT-1")
@pytest.mark.parametrize("way", [*WRITTEN, "move-onto-it", "delete-and-put"])
def test_walk_tells_the_newest_size(driver: StorageDriver, tree: Tree, way: str) -> None:
    """However a file was replaced, and whatever it holds, walk tells the size of what is got, as stat does."""
    path, beside = tree.paths("d/file", "d/s/beside")
    driver.put_content(path, content(100, seed=1))
    driver.put_content(beside, nuls(9000))
    for new in (nuls(9000), content(5000, seed=2), nuls(0), _REPEATED, content(7, seed=4)):
        replace(way, driver, path, new)

        sizes = {info.path: info.size for info in driver.walk(tree.root) if not info.is_dir}
        expect.equal(sizes, {path: len(new), beside: 9000}, f"sizes by walk after a file was replaced: {way}")
        expect.file(driver, path, new, f"a file after it was replaced: {way}")


@requirement("STAT-1", capability="append")
@pytest.mark.parametrize("base", ["0", "1000", "chunk+1"])
def test_size_grows_with_each_append(driver: StorageDriver, tree: Tree, subject: Subject, base: str) -> None:
    """After each append, by whichever driver, the size is that of old and new together."""
    path = tree.path("file")
    data = made(base, driver, seed=1)
    driver.put_content(path, data)
    size = len(data)

    for more, appending in ((1, driver), (0, driver), (999, subject.open()), (65_536, driver)):
        write_stream(appending, path, [content(more)], append=True)

        size += more
        expect_file(driver, path, size, f"a file after an append of {more} bytes")


@requirement("STAT-1")
def test_moved_file_has_its_size(driver: StorageDriver, tree: Tree) -> None:
    """After a move the file is of the same size, under its new path, and a new file at the old one is of its own."""
    source, dest = tree.paths("source", "d/dest")
    driver.put_content(source, content(123))
    driver.put_content(dest, content(7))
    driver.stat(dest)

    driver.move(source, dest)
    driver.put_content(source, content(5))

    expect_file(driver, dest, 123, "a moved file")
    expect_file(driver, source, 5, "a new file where the moved one was")


@requirement("STAT-1")
@pytest.mark.parametrize("shape", SHAPES_HERE)
def test_each_file_has_its_own_size(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """Of many files, with names that are alike, each is a file, of its own size."""
    files = put_shape(driver, tree, shape)

    for path, data in files.items():
        expect_file(driver, path, len(data), f"a file of the shape {shape}")


@requirement("STAT-1")
@pytest.mark.parametrize("written", ["put", "stream"])
def test_empty_file_is_a_file(driver: StorageDriver, tree: Tree, written: str) -> None:
    """A file without content is neither a directory nor absent, whatever it is called."""
    for name in ("file", "d/e", "d/.x", "dir", "a.d", "d-"):
        write_as(written, driver, tree.path(name), content(0))

        expect_file(driver, tree.path(name), 0, "an empty file")


# --- STAT-2: directories


@requirement("STAT-2")
@pytest.mark.parametrize("shape", SHAPES_HERE)
def test_directories_are_inferred(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """Each parent of a file is a directory, at every depth, next to names that are alike; each file is none."""
    files = put_shape(driver, tree, shape)

    for directory in [tree.root, *directories_of(files, tree.root)]:
        expect_directory(driver, directory, f"a parent in the shape {shape}")
    for path in files:
        expect.equal(driver.stat(path).is_dir, False, f"is_dir of a file in the shape {shape}")


@requirement("STAT-2")
@pytest.mark.parametrize("way", [*WRITTEN, "move"])
def test_directory_is_one_at_once(driver: StorageDriver, tree: Tree, subject: Subject, way: str) -> None:
    """As soon as a file lies below, empty or not, however it came there and whoever wrote it, each parent is one."""
    for size, changing in ((0, driver), (10, subject.open())):
        directories = tree.paths(*(f"d{size}{below}" for below in ("", "/s", "/s/t")))
        for directory in directories:
            expect.not_found(lambda directory=directory: driver.stat(directory), "stat before anything is below")  # type: ignore[misc]

        if way == "move":
            changing.put_content(tree.path("source"), content(size))
            changing.move(tree.path("source"), f"{directories[-1]}/file")
        else:
            write_as(way, changing, f"{directories[-1]}/file", content(size))

        for directory in directories:
            expect_directory(driver, directory, f"a parent after {way}")


@requirement("STAT-2")
def test_directory_behind_a_page_of_siblings_is_one(driver: StorageDriver, tree: Tree) -> None:
    """Siblings that sort before it fill the first page of its parent's listing."""
    put_many(driver, tree.paths(*(f"a{number:05}" for number in range(page_of(driver) + 1)), "b/s/f"))

    for directory in tree.paths("b", "b/s"):
        expect_directory(driver, directory, "a directory behind a page of siblings")
    expect.absent(driver, tree.path("b-"), "what is not there, behind a page of siblings")


@requirement("STAT-2")
@pytest.mark.parametrize("levels", [30, pytest.param(400, marks=full)])
def test_directory_is_one_at_any_depth(driver: StorageDriver, tree: Tree, levels: int) -> None:
    """Far down, and far up, a directory is one."""
    most = (driver.capabilities.limits.longest_path - len(tree.root)) // 2
    path = tree.path("/".join("d" * min(levels, most)))
    driver.put_content(path, b"1")

    directory = paths.parent(path)
    while directory != tree.root:
        expect_directory(driver, directory, "one of many parents")
        directory = paths.parent(directory)


@requirement("STAT-2")
@pytest.mark.parametrize("left", ["f", "s/t/f", ".x"])
def test_directory_is_one_as_long_as_something_lies_below(driver: StorageDriver, tree: Tree, left: str) -> None:
    """What else lay below is deleted, moved and replaced; with one file left, however deep, it still is a directory."""
    files = put_all(driver, tree.path("d"), ["a", "b", "c/x"])
    driver.put_content(tree.path(f"d/{left}"), b"1")

    driver.delete(tree.path("d/a"))
    driver.move(tree.path("d/b"), tree.path("moved"))
    driver.delete(tree.path("d/c"))

    expect_directory(driver, tree.path("d"), f"a directory of which {left} is left")
    expect.equal(len(files), 3, "files that were there")


@requirement("STAT-2")
def test_directory_is_found_among_its_neighbours(driver: StorageDriver, tree: Tree) -> None:
    """Names that begin like a directory's, and sort before and behind its slash, don't hide it."""
    names = ["d-", "d--/x", "d.", "d.x", "d-x/y", "d/f", "d0", "dd", "d_"]
    put_all(driver, tree.root, names)

    expect_directory(driver, tree.path("d"), "a directory among neighbours")
    expect_directory(driver, tree.path("d-x"), "a neighbour that is a directory")
    expect.equal(driver.stat(tree.path("d-")).is_dir, False, "is_dir of a neighbour that is a file")


@full
@requirement("STAT-2")
def test_directory_is_found_behind_a_page_of_neighbours(driver: StorageDriver, tree: Tree) -> None:
    """More neighbours that sort before the slash than a page of the listing holds don't hide it."""
    put_many(driver, tree.paths(*(f"d-{number:05}" for number in range(page_of(driver) + 1))))
    driver.put_content(tree.path("d/f"), b"1")

    expect_directory(driver, tree.path("d"), "a directory behind a page of neighbours")


@full
@requirement("STAT-2")
def test_directory_of_many_is_one(driver: StorageDriver, tree: Tree) -> None:
    """A directory with more below it than a page of the listing holds is one."""
    put_many(driver, tree.paths(*(f"d/{name}" for name in crowd(page_of(driver) + 1))))

    expect_directory(driver, tree.path("d"), "a directory of more than a page")
    expect_directory(driver, tree.path("d/n00000"), "a directory in it")


@requirement("STAT-2")
def test_root_is_a_directory(driver: StorageDriver, tree: Tree) -> None:
    """`/` is a directory before the check has written anything, while it has, and after it deleted all."""
    expect_directory(driver, "/", "the root")
    driver.put_content(tree.path("d/file"), b"1")

    expect_directory(driver, "/", "the root with something below it")
    driver.delete(tree.root)

    expect_directory(driver, "/", "the root after a delete")


@requirement("STAT-2", needs=["root"])
@pytest.mark.parametrize("root", ["r", "r/s/t"])
def test_root_of_a_store_is_a_directory(subject: Subject, root: str) -> None:
    """`/` of a store that nothing was ever written to is a directory, and so it is with a file and after its delete."""
    store = subject.open_root(root)

    expect_directory(store, "/", "the root of a store that nothing was written to")
    store.put_content("/d/file", b"1")
    expect_directory(store, "/", "the root of a store")
    expect_directory(store, "/d", "a directory of a store")
    store.delete("/d")
    expect_directory(store, "/", "the root of an emptied store")


# --- STAT-3: what is absent


@requirement("STAT-3")
def test_stat_of_what_is_absent_is_not_found(driver: StorageDriver, tree: Tree) -> None:
    """Near other files, deleted, moved away, or below a file: PathNotFoundError with this path."""
    put_around_absent(driver, tree)

    for name in ABSENT:
        with expect.raises(PathNotFoundError, f"stat of {name}", path=tree.path(name)):
            driver.stat(tree.path(name))


BEGIN_ALIKE = ("ab", "ac/x", "a-b", "a-c/x", "a.b", "a0/x", "a_", "aa/a", "a-", "a./x", "ba/a", "b/a", "a.tmp")
"""Files and directories whose names begin with "a", or that lie elsewhere under that name."""


@requirement("STAT-3")
@pytest.mark.parametrize("at", ["", pytest.param("d/", marks=full), pytest.param("d/a-/", marks=full)])
def test_beginning_of_a_name_is_absent(driver: StorageDriver, tree: Tree, at: str) -> None:
    """Alone or together, names that begin alike are no evidence of the beginning, nor of what could be below it."""
    for number, there in enumerate(BEGIN_ALIKE):
        driver.put_content(tree.path(f"alone{number}/{at}{there}"), b"content")
        driver.put_content(tree.path(f"together/{at}{there}"), b"content")

    for place in ("together", *(f"alone{number}" for number in range(len(BEGIN_ALIKE)))):
        for name in ("a", "a/x"):
            path = tree.path(f"{place}/{at}{name}")
            with expect.raises(PathNotFoundError, "stat of the beginning of a name", path=path):
                driver.stat(path)


@requirement("STAT-3")
@pytest.mark.parametrize("name", ["file", "d", "d/s"])
def test_longer_and_other_names_are_absent(driver: StorageDriver, tree: Tree, name: str) -> None:
    """What has the name of a thing in itself, at either end, is not that thing."""
    put_all(driver, tree.root, ["file", "d/s/f"])

    for other in (f"{name}-", f"{name}.", f"{name}0", f"{name}{name[-1]}", f"{name}.tmp", name[:-1] + "x", f"x/{name}"):
        with expect.raises(PathNotFoundError, f"stat of {other}", path=tree.path(other)):
            driver.stat(tree.path(other))


@requirement("STAT-3", capability="case_sensitive")
def test_name_in_another_case_is_absent(driver: StorageDriver, tree: Tree) -> None:
    """A name that differs in case from one that is there is another name."""
    put_all(driver, tree.root, ["file", "Dir/s/f"])

    for name in ("File", "FILE", "dir", "DIR", "dir/s", "Dir/S", "Dir/s/F"):
        with expect.raises(PathNotFoundError, f"stat of {name}", path=tree.path(name)):
            driver.stat(tree.path(name))


@requirement("STAT-3")
@pytest.mark.parametrize("there", ["file", "d/file", "empty"])
def test_nothing_lies_below_a_file(driver: StorageDriver, tree: Tree, there: str) -> None:
    """A path below a file is absent, however deep, and the file is not changed by the question."""
    data = content(0 if there == "empty" else 10)
    driver.put_content(tree.path(there), data)

    for below in ("x", "x/y", "file", "-", "x/y/z/u/v"):
        with expect.raises(PathNotFoundError, f"stat below {there}", path=tree.path(f"{there}/{below}")):
            driver.stat(tree.path(f"{there}/{below}"))

    expect.file(driver, tree.path(there), data, "the file above it")


@requirement("STAT-3")
@pytest.mark.parametrize("gone", ["deleted", "deleted-with-its-directory", "moved"])
def test_what_is_gone_is_absent_at_once(driver: StorageDriver, tree: Tree, subject: Subject, gone: str) -> None:
    """A driver that has just seen file and directories finds none of them, whoever took the last file away."""
    path = tree.path("d/s/file")
    driver.put_content(tree.path("d-"), b"1")
    for changing in (driver, subject.open()):
        driver.put_content(path, b"1")
        expect_file(driver, path, 1, "a file before it is gone")
        expect_directory(driver, tree.path("d/s"), "its directory")
        driver.list(tree.path("d/s"))

        if gone == "moved":
            changing.move(path, tree.path("moved"))
        else:
            changing.delete(path if gone == "deleted" else tree.path("d/s"))

        for name in ("d/s/file", "d/s", "d"):
            expect.not_found(lambda name=name: driver.stat(tree.path(name)), f"stat of {name}, the file {gone}")  # type: ignore[misc]


@requirement("STAT-3")
@pytest.mark.parametrize("come", [*WRITTEN, "moved"])
def test_what_was_absent_is_there_at_once(driver: StorageDriver, tree: Tree, subject: Subject, come: str) -> None:
    """That something was absent is forgotten as soon as it is there, however it came; and so again."""
    _look_before_and_after(driver, tree, subject, come, moved="d/s/file")


@requirement("STAT-3", capability="move_directory")
@pytest.mark.parametrize("moved", ["d/s", "d"])
def test_what_was_absent_is_there_with_its_directory(
    driver: StorageDriver, tree: Tree, subject: Subject, moved: str
) -> None:
    """The same where a directory brought it along."""
    _look_before_and_after(driver, tree, subject, "moved", moved=moved)


def _look_before_and_after(driver: StorageDriver, tree: Tree, subject: Subject, come: str, *, moved: str) -> None:
    path = tree.path("d/s/file")
    for size, changing in ((5, driver), (0, subject.open()), (10, driver)):
        for absent in tree.paths("d/s/file", "d/s", "d"):
            for look in (driver.stat, driver.get_content, driver.list):
                expect.not_found(partial(look, absent), f"{look.__name__} of what is absent")
        if come == "moved":
            changing.put_content(tree.path("from/d/s/file"), content(size))
            changing.move(tree.path(f"from/{moved}"), tree.path(moved))
        else:
            write_as(come, changing, path, content(size))
        expect_file(driver, path, size, "a file that was absent just before")
        expect.file(driver, path, content(size), "a file that was absent just before")
        expect.children(driver, tree.path("d/s"), [path], "a directory that was absent just before")
        changing.delete(tree.path("d"))


@requirement("STAT-3", needs=["root"])
def test_nothing_is_in_an_empty_store(subject: Subject) -> None:
    """Where nothing ever was: PathNotFoundError for each path but `/`."""
    store = subject.open_root("fresh")

    for name in ("/file", "/d", "/d/file"):
        with expect.raises(PathNotFoundError, "stat in an empty store", path=name):
            store.stat(name)
