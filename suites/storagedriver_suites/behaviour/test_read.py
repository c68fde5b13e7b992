"""READ: streams out; where they begin, and what they are of."""

from __future__ import annotations

import pytest

from storagedriver import InvalidOffsetError, PathNotFoundError, StorageDriver
from storagedriver.testing import (
    BOUNDARY_SIZES,
    Content,
    Subject,
    Tree,
    chunk_size,
    content,
    expect,
    full,
    requirement,
    size_of,
)
from storagedriver_suites.behaviour.contents import CHANGED_BY_TEXT, LOOKALIKES, nuls
from storagedriver_suites.behaviour.names import ABSENT, DIRECTORIES, put_around_absent
from storagedriver_suites.behaviour.readers import READS, expect_end, read_in_pieces
from storagedriver_suites.behaviour.streams import WRITTEN, made, read_from, write_as, write_stream

# --- READ-1: from an offset


def _around(driver: StorageDriver, size: int) -> list[int]:
    """Offsets at both ends of a file and around each chunk boundary in it."""
    chunk = chunk_size(driver)
    wanted = {0, 1, 2, size // 2, size - 2, size - 1}
    wanted |= {chunk * number + beyond for number in range(1, size // chunk + 1) for beyond in (-1, 0, 1)}
    return sorted(offset for offset in wanted if 0 <= offset < size)


@requirement("READ-1")
@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("put", "1"),
        ("put", "2"),
        ("put", "1000"),
        ("put", "chunk"),
        ("put", "chunk+1"),
        ("put", "2*chunk+9"),
        ("stream", "1000"),
        ("stream", "2*chunk+9"),
        ("append", "1000"),
        ("append", "chunk+1"),
        *(
            pytest.param(written, size, marks=full)
            for written in WRITTEN
            for size in ("chunk-1", "chunk", "2*chunk", "2*chunk+1", "3*chunk+1", "5*chunk+9")
        ),
    ],
)
def test_reader_begins_at_its_offset(driver: StorageDriver, tree: Tree, written: str, size: str) -> None:
    """At the ends, in the middle and around each chunk boundary, a reader gives the content from there to the end."""
    path = tree.path("d/file")
    data = made(size, driver, seed=1)
    write_as(written, driver, path, data)

    for offset in _around(driver, len(data)):
        expect.equal(read_from(driver, path, offset), data[offset:], f"content from byte {offset}")


@requirement("READ-1")
@pytest.mark.parametrize("size", ["3*chunk+9", pytest.param("6*chunk+9", marks=full)])
def test_reader_passes_boundaries_from_any_offset(driver: StorageDriver, tree: Tree, size: str) -> None:
    """Read in pieces that agree with no boundary, all chunks that follow the offset come, each once and in order."""
    path = tree.path("file")
    data = made(size, driver, seed=2)
    driver.put_content(path, data)
    chunk = chunk_size(driver)

    for offset in (0, 7, chunk - 3, chunk, 2 * chunk + 1):
        with driver.reader(path, offset) as reader:
            seen = read_in_pieces(reader, chunk // 3 + 5, len(data))
        expect.equal(seen, data[offset:], f"content from byte {offset}, in pieces")


@requirement("READ-1")
def test_every_offset_of_a_short_file(driver: StorageDriver, tree: Tree) -> None:
    """Whichever byte a reader begins at, it gives all from there on, and nothing before."""
    data = content(40, seed=3)
    driver.put_content(tree.path("file"), data)

    for offset in range(40):
        expect.equal(read_from(driver, tree.path("file"), offset), data[offset:], f"content from byte {offset}")


@requirement("READ-1")
def test_common_buffer_sizes_are_no_boundary(driver: StorageDriver, tree: Tree) -> None:
    """Around the sizes that buffers commonly have, the bytes at the offset are the right ones."""
    path = tree.path("file")
    data = content((1 << 20) + 100, seed=4)
    driver.put_content(path, data)

    for power in range(9, 21):
        for offset in ((1 << power) - 1, 1 << power, (1 << power) + 1):
            with driver.reader(path, offset) as reader:
                expect.equal(reader.read(64), data[offset : offset + 64], f"the first bytes from byte {offset}")


@requirement("READ-1")
def test_reader_takes_nothing_for_text(driver: StorageDriver, tree: Tree) -> None:
    """Bytes that look like text or like a format are read as they are, from the start and from an offset."""
    for like, data in LOOKALIKES.items():
        driver.put_content(tree.path(like), data)

        for offset in sorted({0, len(data) // 2}):
            seen = read_from(driver, tree.path(like), offset)
            expect.equal(seen, data[offset:], f"content from byte {offset} that looks like something: {like}")


@requirement("READ-1")
def test_large_content_is_not_taken_for_text(driver: StorageDriver, tree: Tree) -> None:
    """The same holds for content that is read through many buffers."""
    for like in CHANGED_BY_TEXT:
        unit = LOOKALIKES[like]
        data = unit * (200_000 // len(unit))
        driver.put_content(tree.path(like), data)

        for offset in (len(unit) - 1, 65_536):
            seen = read_from(driver, tree.path(like), offset)
            expect.equal(seen, data[offset:], f"content from byte {offset} that looks like something: {like}")


@requirement("READ-1")
def test_reader_gives_nuls(driver: StorageDriver, tree: Tree) -> None:
    """Zero bytes are content: as many come as lie behind the offset."""
    data = nuls(size_of("chunk+1", driver))
    driver.put_content(tree.path("file"), data)

    for offset in (0, 1, 65_536, len(data) - 1):
        expect.equal(read_from(driver, tree.path("file"), offset), data[offset:], f"zero bytes from byte {offset}")


@requirement("READ-1")
def test_offset_is_that_of_its_own_reader(driver: StorageDriver, tree: Tree) -> None:
    """An offset, named or not, is valid for one reader: the next begins where it says, or at the start."""
    path = tree.path("file")
    data = content(1000, seed=5)
    driver.put_content(path, data)

    with driver.reader(path, offset=700) as reader:
        expect.equal(reader.read(), data[700:], "content from a named offset")
    with driver.reader(path) as reader:
        expect.equal(reader.read(10), data[:10], "the beginning, without an offset")
    with driver.reader(path, 20) as reader:
        expect.equal(reader.read(10) + reader.read(), data[20:], "content from an offset, in two pieces")
    with driver.reader(path) as reader:
        expect.equal(reader.read(), data, "content without an offset")
    expect.equal(driver.get_content(path), data, "content by get_content after readers")


@requirement("READ-1")
def test_offset_is_in_the_file_of_the_path(driver: StorageDriver, tree: Tree) -> None:
    """Of files whose names are alike each reader gives its own."""
    files = {tree.path(name): content(500, seed=number) for number, name in enumerate(["f", "f-", "d/f", "f.x", "ff"])}
    for path, data in files.items():
        driver.put_content(path, data)

    for offset in (0, 250):
        for path, data in files.items():
            expect.equal(read_from(driver, path, offset), data[offset:], f"content from byte {offset}")


@requirement("READ-1")
@pytest.mark.parametrize("by", ["same", "another"])
def test_reader_gives_the_newest_content(driver: StorageDriver, tree: Tree, subject: Subject, by: str) -> None:
    """A reader that is opened after the file was replaced gives the new content, whoever replaced it, and how."""
    changing = driver if by == "same" else subject.open()
    for written in WRITTEN:
        for size in (40, 100, 300):
            path = tree.path(f"{written}-{size}")
            driver.put_content(path, content(100, seed=1))
            expect.equal(read_from(driver, path), content(100, seed=1), "the old content")
            expect.equal(read_from(driver, path, 30), content(100, seed=1)[30:], "the old content from an offset")

            write_as(written, changing, path, content(size, seed=2))

            for offset in (0, 30):
                seen = read_from(driver, path, offset)
                expect.equal(seen, content(size, seed=2)[offset:], f"the new content from byte {offset}")


def _replace(driver: StorageDriver, path: str, way: str, data: Content) -> None:
    """Let a file of the content `data` take the place of the one that is there."""
    if way == "move":
        driver.put_content(f"{path}-to-be", data)
        driver.move(f"{path}-to-be", path)
    else:
        if way == "anew":
            driver.delete(path)
        write_as("put" if way == "anew" else way, driver, path, data)


@requirement("READ-1")
@pytest.mark.parametrize("way", ["put", "stream", "move", "anew"])
@pytest.mark.parametrize(("size", "piece"), [(1000, 50), (1_200_000, 1 << 18)])
def test_nothing_that_was_read_is_read_of_another_file(
    driver: StorageDriver, tree: Tree, size: int, piece: int, way: str
) -> None:
    """Where readers began or stopped before, a file of the same size that took the place of theirs is read all the same.

    Large pieces are of whole buffers, so that nothing was read ahead of them.
    """
    path, old, new = tree.path("file"), content(size, seed=1), content(size, seed=2)
    places = (0, 10, size // 2, size - 100)
    driver.put_content(path, old)
    for place in places:
        with driver.reader(path, place) as reader:
            expect.equal(reader.read(piece), old[place : place + piece], f"a piece of the old content from {place} on")
        expect.equal(read_from(driver, path, place), old[place:], f"the old content from {place} on")

    _replace(driver, path, way, new)

    for place in places:
        for offset in (place, place + piece):
            expect.equal(read_from(driver, path, offset), new[offset:], f"the new content from {offset} on")


# --- READ-2: at the end and beyond

BEYOND = (0, 1, 2, 1000, 65_536, 10_000_000)
"""How far beyond the end readers begin, in bytes."""


@requirement("READ-1")
@pytest.mark.parametrize("grown", ["append", "put", "stream", "move", "append by another", "put by another"])
@pytest.mark.parametrize("size", [100, 100_000])
def test_offsets_go_by_the_newest_size(
    driver: StorageDriver, tree: Tree, subject: Subject, size: int, grown: str
) -> None:
    """Where a file has grown since it was read and its size asked for, readers find what lies behind its old end as well."""
    path, old = tree.path("file"), content(size, seed=1)
    way, _, by = grown.partition(" by ")
    changing = subject.open() if by else driver
    driver.put_content(path, old)
    driver.stat(path)
    for offset in (0, size - 50, size):
        expect.equal(read_from(driver, path, offset), old[offset:], f"the old content from {offset} on")
    data = content(size + 200, seed=2)
    if way == "append" and driver.capabilities.append:
        data = old + content(200, seed=2)
        write_stream(changing, path, [content(200, seed=2)], append=True)
    else:
        _replace(changing, path, "put" if way == "append" else way, data)

    for offset in (0, size - 1, size, size + 1, size + 199):
        expect.equal(read_from(driver, path, offset), data[offset:], f"from {offset} on, of a file that has grown")


FAR = (2**31 - 1, 2**31, 2**32, 2**32 + 1, 2**40, 2**63 - 1, 2**63, 2**64 + 1)
"""Offsets that lie beyond the end of each file, and beyond that of some numbers."""


@requirement("READ-2")
@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("put", "0"),
        ("put", "1"),
        ("put", "1000"),
        ("put", "chunk"),
        ("put", "chunk+1"),
        ("stream", "0"),
        ("stream", "chunk"),
        ("stream", "chunk+1"),
        *(pytest.param(written, size, marks=full) for written in WRITTEN for size in BOUNDARY_SIZES),
    ],
)
def test_reader_from_the_end_is_empty(driver: StorageDriver, tree: Tree, written: str, size: str) -> None:
    """At the size of the file, a byte beyond it, and however far, a reader is at its end, again and again."""
    path = tree.path("file")
    data = made(size, driver, seed=1)
    write_as(written, driver, path, data)

    for offset in (*(len(data) + beyond for beyond in BEYOND), *FAR):
        with driver.reader(path, offset) as reader:
            expect.equal(reader.read(), b"", f"content from byte {offset} of {len(data)}")
            expect_end(reader, f"from byte {offset} of {len(data)}")
    expect.equal(read_from(driver, path), data, "content from the start, after it")


@requirement("READ-2")
@pytest.mark.parametrize("size", [0, 1, 32])
def test_reader_from_the_end_is_empty_at_the_first_read(driver: StorageDriver, tree: Tree, size: int) -> None:
    """Whichever way it is read first, a reader from the end or beyond gives nothing."""
    driver.put_content(tree.path("file"), content(size))

    for first, read in READS.items():
        for beyond in (0, 1, 5000):
            with driver.reader(tree.path("file"), size + beyond) as reader:
                expect.equal(read(reader), b"", f"the first {first} from {beyond} bytes beyond the end")


@requirement("READ-2")
def test_end_moves_with_the_content(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Where the end was there is none after a longer put, and what was content is beyond the end after a shorter one."""
    path = tree.path("file")
    another = subject.open()
    driver.put_content(path, content(100, seed=1))
    expect.equal(read_from(another, path, 100), b"", "content from the end")

    driver.put_content(path, content(300, seed=2))
    expect.equal(read_from(another, path, 100), content(300, seed=2)[100:], "content from where the end was")
    driver.put_content(path, content(50, seed=3))

    for offset in (50, 51, 100, 299, 300):
        expect.equal(read_from(another, path, offset), b"", f"content from byte {offset} of a file that is shorter now")


# --- READ-3: negative offsets


NEGATIVE = (-1, -2, -32, -999, -1000, -1001, -65_536, -(2**31), -(2**63), -(2**64))
"""Offsets that are none; some count from the end of a file of 1000 bytes, or of none."""


@requirement("READ-3")
@pytest.mark.parametrize("written", ["put", "stream"])
@pytest.mark.parametrize("size", ["0", "1", "1000", "chunk+1"])
def test_negative_offset_is_refused(driver: StorageDriver, tree: Tree, size: str, written: str) -> None:
    """Be it within the file when counted from the end, or not: InvalidOffsetError, a ValueError, with the path."""
    path = tree.path("file")
    data = made(size, driver, seed=1)
    write_as(written, driver, path, data)

    for offset in (*NEGATIVE, -len(data) - 1, -max(len(data), 1)):
        with expect.raises(InvalidOffsetError, f"reader from {offset}", path=path) as caught:
            driver.reader(path, offset).close()
        expect.equal(isinstance(caught.error, ValueError), True, "whether the error is a ValueError")

    expect.equal(read_from(driver, path), data, "content after offsets that were refused")


@requirement("READ-3")
def test_negative_offset_where_no_file_is_is_an_error(driver: StorageDriver, tree: Tree) -> None:
    """Where there is nothing to read either, one of the two is said."""
    driver.put_content(tree.path("d/f"), b"content")

    for name in ("nothing", "d", "d/f/below"):
        with expect.raises((InvalidOffsetError, PathNotFoundError), f"reader of {name} from -1", path=tree.path(name)):
            read_from(driver, tree.path(name), -1)


# --- READ-4: what has no content


@requirement("READ-4")
@pytest.mark.parametrize("offset", [0, 1, 10_000_000])
def test_reader_of_no_file_is_not_found(driver: StorageDriver, tree: Tree, offset: int) -> None:
    """Absent, deleted, moved away, below a file, or a directory: PathNotFoundError by the first read, at any offset."""
    put_around_absent(driver, tree)

    for name in (*ABSENT, *DIRECTORIES):
        with expect.raises(PathNotFoundError, f"reader of {name}", path=tree.path(name)):
            read_from(driver, tree.path(name), offset)


@requirement("READ-4")
@pytest.mark.parametrize("name", ["nothing", "d", "file/below"])
def test_whichever_read_is_first_finds_nothing(driver: StorageDriver, tree: Tree, name: str) -> None:
    """Where reader() itself doesn't raise, the first read does, whichever way it is read."""
    put_around_absent(driver, tree)

    for first, read in READS.items():
        with (
            expect.raises(PathNotFoundError, f"reader of {name}, then {first}", path=tree.path(name)),
            driver.reader(tree.path(name)) as reader,
        ):
            read(reader)


@requirement("READ-4", capability="eager_open")
@pytest.mark.parametrize("offset", [0, 1, 10_000_000])
def test_eager_reader_of_no_file_is_not_opened(driver: StorageDriver, tree: Tree, offset: int) -> None:
    """With eager_open it is reader() that raises PathNotFoundError."""
    put_around_absent(driver, tree)

    for name in (*ABSENT, *DIRECTORIES):
        with expect.raises(PathNotFoundError, f"reader of {name}", path=tree.path(name)):
            driver.reader(tree.path(name), offset).close()


@requirement("READ-4", needs=["root"])
def test_reader_in_an_empty_store_is_not_found(subject: Subject) -> None:
    """Where nothing ever was: PathNotFoundError."""
    store = subject.open_root("fresh")

    for name in ("/file", "/d/file"):
        with expect.raises(PathNotFoundError, "reader in an empty store", path=name):
            read_from(store, name)


@requirement("READ-4")
@pytest.mark.parametrize("gone", ["deleted", "deleted-with-its-directory", "moved"])
def test_reader_sees_absence_at_once(driver: StorageDriver, tree: Tree, subject: Subject, gone: str) -> None:
    """A reader is not found before the put, found after it, and not found when the file is gone, whoever did it."""
    path = tree.path("d/file")
    for changing in (driver, subject.open()):
        expect.not_found(lambda: read_from(driver, path), "reader before the put")
        changing.put_content(path, b"content")
        expect.equal(read_from(driver, path), b"content", "content after the put")

        if gone == "moved":
            changing.move(path, tree.path("moved"))
        else:
            changing.delete(path if gone == "deleted" else tree.path("d"))

        for offset in (0, 3, 100):
            expect.not_found(lambda offset=offset: read_from(driver, path, offset), f"reader of what is {gone}")  # type: ignore[misc]
