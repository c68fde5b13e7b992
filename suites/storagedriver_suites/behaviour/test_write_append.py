"""WRITE: streams that continue committed content, and the size that a stream tells."""

from __future__ import annotations

import array
from collections.abc import Iterator

import pytest

from storagedriver import PathNotFoundError, StorageDriver
from storagedriver.testing import BOUNDARY_SIZES, Subject, Tree, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.contents import is_too_large
from storagedriver_suites.behaviour.names import ABSENT, DIRECTORIES, put_around_absent, tree_state
from storagedriver_suites.behaviour.streams import (
    CUTS,
    WRITTEN,
    cut,
    expect_old,
    made,
    opened,
    put_old,
    write_as,
    write_stream,
)

# --- WRITE-3: append


def _bases() -> Iterator[object]:
    quick = {
        *((size, written) for size in ("0", "1", "1000") for written in WRITTEN),
        *((size, "put") for size in ("chunk-1", "chunk", "chunk+1")),
        ("chunk", "stream"),
        ("2*chunk+1", "stream"),
    }
    for size in ("1000", *BOUNDARY_SIZES):
        for written in WRITTEN:
            yield pytest.param(size, written, marks=[] if (size, written) in quick else [full])


@requirement("WRITE-3")
@pytest.mark.parametrize(("base", "written"), list(_bases()))
def test_append_continues_committed_content(driver: StorageDriver, tree: Tree, base: str, written: str) -> None:
    """A file of any size, however it came to be, is continued where it ends: once, and nothing of it is lost."""
    path = tree.path("d/file")
    data, more = made(base, driver, seed=1), content(100, seed=2)
    write_as(written, driver, path, data)

    write_stream(driver, path, [more], append=True)

    expect_old(driver, path, data + more, "an appended-to file")
    expect.children(driver, tree.path("d"), [path], "children after an append")


@requirement("WRITE-3")
@pytest.mark.parametrize(
    ("base", "more"),
    [
        ("0", "1"),
        ("0", "chunk+1"),
        ("1", "1"),
        ("1", "chunk-1"),
        ("1000", "chunk"),
        ("chunk", "chunk"),
        pytest.param("1000", "2*chunk+1", marks=full),
        pytest.param("chunk-1", "1", marks=full),
        pytest.param("chunk-1", "2", marks=full),
        pytest.param("chunk-1", "2*chunk+2", marks=full),
        pytest.param("chunk+1", "chunk-1", marks=full),
        pytest.param("chunk+1", "2*chunk", marks=full),
        pytest.param("2*chunk", "2*chunk", marks=full),
        pytest.param("3*chunk+1", "chunk+1", marks=full),
    ],
)
@pytest.mark.parametrize("way", ["odd-writes", *(pytest.param(way, marks=full) for way in CUTS if way != "odd-writes")])
def test_append_of_any_cut(driver: StorageDriver, tree: Tree, base: str, more: str, way: str) -> None:
    """What is appended may cross chunks, fill one exactly, and come in any pieces."""
    path = tree.path("file")
    data, added = made(base, driver, seed=1), made(more, driver, seed=2)
    driver.put_content(path, data)

    write_stream(driver, path, cut(added, way), append=True)

    expect_old(driver, path, data + added, f"a file appended to as {way}")


@requirement("WRITE-3")
@pytest.mark.parametrize("replaced", ["move", "put", "stream", "delete"])
def test_append_after_an_append_and_a_change(driver: StorageDriver, tree: Tree, replaced: str) -> None:
    """An append continues what is at the path by then, not what the last append left there."""
    path, other = tree.paths("file", "other")
    driver.put_content(path, content(50, seed=1))
    write_stream(driver, path, [content(30, seed=2)], append=True)
    data = content(200, seed=3)
    if replaced == "move":
        driver.put_content(other, data)
        driver.move(other, path)
    else:
        if replaced == "delete":
            driver.delete(path)
        write_as("stream" if replaced == "stream" else "put", driver, path, data)

    write_stream(driver, path, [content(30, seed=4)], append=True)

    expect_old(driver, path, data + content(30, seed=4), "a file that was replaced between two appends")


@requirement("WRITE-3", capability="resumable_writes")
@pytest.mark.parametrize("staged", ["new", "append"])
def test_append_to_a_moved_file_continues_no_stage(driver: StorageDriver, tree: Tree, staged: str) -> None:
    """What is staged for a path is not that of the path to which its file is moved: there the file is continued."""
    source, dest = tree.paths("source", "dest")
    driver.put_content(source, content(50, seed=1))
    opened(driver, source, b"staged", append=staged == "append").close()

    driver.move(source, dest)
    write_stream(driver, dest, [b"more"], append=True)

    expect_old(driver, dest, content(50, seed=1) + b"more", "a file that was moved, and then appended to")


@requirement("WRITE-3", needs=["root"])
@pytest.mark.parametrize("root", ["r", "R-_.0/s"])
def test_append_below_a_root(subject: Subject, root: str) -> None:
    """Old content of more than a chunk is found by its whole name: below a root, with each kind of character in it."""
    store = subject.open_root(root)
    data, more = made("chunk+1", store, seed=1), content(100, seed=2)
    store.put_content("/D-_.0/fi-l_e.x", data)

    write_stream(store, "/D-_.0/fi-l_e.x", [more], append=True)

    expect_old(store, "/D-_.0/fi-l_e.x", data + more, "a large file appended to below a root")


@requirement("WRITE-3")
@pytest.mark.parametrize("first", ["put", "stream", "append"])
@pytest.mark.parametrize("size", ["10", pytest.param("0", marks=full)])
def test_append_again_and_again(driver: StorageDriver, tree: Tree, first: str, size: str) -> None:
    """Each append continues all that was committed before it, empty ones among them."""
    path = tree.path("file")
    rounds = [content(length, seed=length) for length in (5, 0, 1, 400, 0, 3)]
    data = made(size, driver, seed=1)
    write_as(first, driver, path, data)

    for more in rounds:
        write_stream(driver, path, [more], append=True)

    expect_old(driver, path, data + b"".join(rounds), "a file that was appended to six times")


@requirement("WRITE-3")
@pytest.mark.parametrize("at", [*ABSENT, *DIRECTORIES])
def test_append_to_what_is_no_file_is_not_found(driver: StorageDriver, tree: Tree, at: str) -> None:
    """Where neither a file nor a stage is, append raises PathNotFoundError and makes nothing."""
    put_around_absent(driver, tree)
    before = tree_state(driver, tree)

    with expect.raises(PathNotFoundError, "append to what is no file", path=tree.path(at)):
        driver.writer(tree.path(at), append=True).cancel()

    expect.equal(tree_state(driver, tree), before, "what is there after an append was refused")


@requirement("WRITE-3")
def test_append_in_an_empty_directory_of_the_tree_is_not_found(driver: StorageDriver, tree: Tree) -> None:
    """Where nothing is at all, append raises PathNotFoundError."""
    for path in tree.paths("file", "d/s/file"):
        expect.not_found(lambda path=path: driver.writer(path, append=True).cancel(), "append where nothing is")  # type: ignore[misc]

    expect.absent(driver, tree.root, "the directory after it")


@requirement("WRITE-3")
@pytest.mark.parametrize("change", ["put-shorter", "put-longer", "stream", "append", "move-over", "delete"])
def test_append_continues_what_another_driver_left(
    driver: StorageDriver, tree: Tree, subject: Subject, change: str
) -> None:
    """What counts is what is committed when the append begins, whoever changed it since this driver looked."""
    path, source = tree.paths("file", "source")
    write_stream(driver, path, [content(100, seed=1)])
    driver.stat(path)
    driver.list(tree.root)
    another = subject.open()
    left = {"put-shorter": 10, "put-longer": 500, "stream": 50, "append": 100, "move-over": 70, "delete": 0}[change]
    new = content(left, seed=1 if change == "append" else 2)
    if change == "stream":
        write_stream(another, path, [new])
    elif change == "append":
        write_stream(another, path, [b"more"], append=True)
        new += b"more"
    elif change == "move-over":
        another.put_content(source, new)
        another.move(source, path)
    elif change == "delete":
        another.delete(path)
    else:
        another.put_content(path, new)

    if change == "delete":
        expect.not_found(lambda: driver.writer(path, append=True).cancel(), "append to what another driver deleted")
        return
    write_stream(driver, path, [b"end"], append=True)

    expect_old(driver, path, new + b"end", f"an append after {change} by another driver")


@requirement("WRITE-3")
@pytest.mark.parametrize("size", ["100", pytest.param("chunk+1", marks=full)])
def test_append_follows_a_moved_file(driver: StorageDriver, tree: Tree, size: str) -> None:
    """A moved file is appended to at its new path, and a new one at the old path by itself."""
    source, dest = tree.paths("source", "d/dest")
    data = made(size, driver, seed=1)
    write_stream(driver, source, [data])
    driver.move(source, dest)
    driver.put_content(source, b"new")

    write_stream(driver, dest, [b"+dest"], append=True)
    write_stream(driver, source, [b"+source"], append=True)

    expect_old(driver, dest, data + b"+dest", "a moved file after an append")
    expect_old(driver, source, b"new+source", "the new file at its old path after an append")


@requirement("WRITE-3")
def test_append_at_common_buffer_sizes(driver: StorageDriver, tree: Tree) -> None:
    """Where old content ends just at, before or behind the size of a common buffer or block, nothing is lost or repeated."""
    path = tree.path("file")
    for size in (16, 512, 4096, 8192, 65_536, 131_072, 255 << 10, 1 << 20):
        for beyond in (-1, 0, 1):
            if is_too_large(driver, size + 20):
                continue
            data = content(size + beyond, seed=size)
            driver.put_content(path, data)

            write_stream(driver, path, [b"more"], append=True)
            write_stream(driver, path, [b" and more"], append=True)

            expect.file(driver, path, data + b"more and more", f"{size + beyond} bytes, appended to twice")


@requirement("WRITE-3")
@pytest.mark.parametrize("base", ["0", "100", "chunk+1"])
@pytest.mark.parametrize("written", ["put", "stream"])
def test_append_to_one_of_equal_files(driver: StorageDriver, tree: Tree, written: str, base: str) -> None:
    """Of files with the same content, beside and elsewhere, just the one that is appended to changes."""
    data = made(base, driver, seed=1)
    files = tree.paths("a", "b", "d/a", "d/e")
    for path in files:
        write_as(written, driver, path, data)

    for path in files[:2]:
        write_stream(driver, path, [path.encode()], append=True)

    for path in files[:2]:
        expect.file(driver, path, data + path.encode(), "a file that was appended to, beside its equals")
    for path in files[2:]:
        expect.file(driver, path, data, "a file whose equals were appended to")


@requirement("WRITE-3")
@pytest.mark.parametrize("base", ["100", "chunk+1"])
def test_append_leaves_the_neighbours(driver: StorageDriver, tree: Tree, base: str) -> None:
    """Files whose names begin or end alike are neither continued nor changed."""
    names = ["file", "file-", "file.0", "fil", "d/file", "file1/x", "File"]
    names = names if driver.capabilities.case_sensitive else names[:-1]
    contents = {path: made(base, driver, seed=number) for number, path in enumerate(tree.paths(*names[:2]))}
    contents |= {path: content(10 + number, seed=number) for number, path in enumerate(tree.paths(*names[2:]))}
    for path, data in contents.items():
        driver.put_content(path, data)

    write_stream(driver, tree.path("file"), [b"more"], append=True)

    contents[tree.path("file")] += b"more"
    for path, data in contents.items():
        expect.file(driver, path, data, "a file after an append to one of them")


# --- WRITE-4: size


@requirement("WRITE-4")
@pytest.mark.parametrize("old", ["absent", "1000", pytest.param("chunk+1", marks=full)])
@pytest.mark.parametrize(
    "lengths",
    [(1, 511, 1, 512), (0, 5, 0, 0, 7), ("chunk-1", 1, 1), pytest.param(("chunk+1", "chunk", 3), marks=full)],
    ids=lambda lengths: "-".join(map(str, lengths)),
)
def test_size_is_what_was_written_so_far(
    driver: StorageDriver, tree: Tree, lengths: tuple[int | str, ...], old: str
) -> None:
    """From 0 on, after each write, whatever file is to be replaced; the committed file has the last of these sizes."""
    path = tree.path("file")
    sizes = [size_of(str(length), driver) for length in lengths]
    put_old(driver, path, old)

    with driver.writer(path) as writer:
        seen = [writer.size]
        for number, size in enumerate(sizes):
            writer.write(content(size, seed=number))
            seen.append(writer.size)
        writer.commit()

    expect.equal(seen, [sum(sizes[:count]) for count in range(len(sizes) + 1)], "size at first and after each write")
    expect.equal(driver.stat(path).size, sum(sizes), "size by stat after the commit")


@requirement("WRITE-4", capability="append")
@pytest.mark.parametrize(
    ("base", "written"),
    [
        pytest.param(
            size,
            written,
            marks=[] if (written == "put" and size in {"0", "1000", "chunk", "chunk+1"}) or size == "1000" else [full],
        )
        for size in ("1000", *BOUNDARY_SIZES)
        for written in WRITTEN
    ],
)
def test_size_of_an_append_begins_with_the_old_content(
    driver: StorageDriver, tree: Tree, base: str, written: str
) -> None:
    """From the moment it is opened an append's size is that of the file, and then of all together."""
    path = tree.path("file")
    length = size_of(base, driver)
    write_as(written, driver, path, content(length, seed=1))

    with driver.writer(path, append=True) as writer:
        seen = [writer.size]
        for piece in (b"1", b"", content(300, seed=2)):
            writer.write(piece)
            seen.append(writer.size)
        writer.commit()

    expect.equal(seen, [length, length + 1, length + 1, length + 301], "size of an append, after each write")
    expect.equal(driver.stat(path).size, length + 301, "size by stat after the commit")


@requirement("WRITE-4", capability="append")
def test_size_of_each_append_counts_from_the_start(driver: StorageDriver, tree: Tree) -> None:
    """The second and third append count all, not what the one before them added."""
    path = tree.path("file")
    driver.put_content(path, content(100))

    seen = []
    for more in (10, 20, 30):
        with driver.writer(path, append=True) as writer:
            writer.write(content(more))
            seen.append(writer.size)
            writer.commit()

    expect.equal(seen, [110, 130, 160], "size of each append before its commit")


@requirement("WRITE-4")
def test_size_counts_bytes_and_not_items(driver: StorageDriver, tree: Tree) -> None:
    """Views of items longer than a byte, or with strides, count by their bytes; a refused str does not count."""
    with driver.writer(tree.path("file")) as writer:
        writer.write(memoryview(array.array("I", bytes(40))))
        seen = [writer.size]
        writer.write(memoryview(bytes(40))[::2])
        seen.append(writer.size)
        writer.write(memoryview(bytes(24)).cast("B", [4, 6]))
        seen.append(writer.size)
        with expect.raises(TypeError, "write of a str"):
            writer.write("text")  # type: ignore[arg-type]  # it is refused
        seen.append(writer.size)
        writer.commit()

    expect.equal(seen, [40, 60, 84, 84], "size after each write")


@requirement("WRITE-4")
def test_size_is_each_writers_own(driver: StorageDriver, tree: Tree) -> None:
    """Writers of one path and of others count what went into them alone."""
    path, other = tree.paths("file", "other")
    one, two, three = driver.writer(path), driver.writer(path), driver.writer(other)

    one.write(content(100))
    two.write(content(20))
    three.write(content(3))

    expect.equal([one.size, two.size, three.size], [100, 20, 3], "sizes of writers that are open at once")
    for writer in (one, two, three):
        writer.cancel()


@requirement("WRITE-4", capability="append")
@pytest.mark.parametrize("then", ["put", "stream", "delete"])
def test_size_of_an_open_append_stays_its_own(driver: StorageDriver, tree: Tree, then: str) -> None:
    """What happens to the file meanwhile does not change what the writer counts."""
    path = tree.path("file")
    driver.put_content(path, content(100))
    writer = opened(driver, path, b"12345", append=True)

    if then == "put":
        driver.put_content(path, content(1))
    elif then == "stream":
        write_stream(driver, path, [content(7)])
    else:
        driver.delete(path)

    expect.equal(writer.size, 105, f"size of an append after {then} of its path")
    writer.cancel()


@requirement("WRITE-4", capability="resumable_writes")
@pytest.mark.parametrize("old", ["1000", pytest.param("absent", marks=full)])
@pytest.mark.parametrize("staged", ["0", "1", "100", "chunk-1", "chunk", "chunk+1"])
def test_size_at_reopening_is_that_of_the_stage(driver: StorageDriver, tree: Tree, staged: str, old: str) -> None:
    """A continued stream tells at once where it goes on, whatever committed file there is too."""
    path = tree.path("file")
    put_old(driver, path, old)
    length = size_of(staged, driver)
    opened(driver, path, content(length, seed=1)).close()

    with driver.writer(path, append=True) as writer:
        seen = [writer.size]
        writer.write(b"123")
        seen.append(writer.size)
        writer.cancel()

    expect.equal(seen, [length, length + 3], "size of a continued stream, at once and after a write")
