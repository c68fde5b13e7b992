"""CONT: whole content, put and got at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storagedriver import PathNotFoundError, StorageDriver, paths
from storagedriver.testing import BOUNDARY_SIZES, Subject, Tree, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.contents import (
    CHANGED_BY_TEXT,
    EVERY_BYTE,
    LOOKALIKES,
    SAME_CHECKSUMS,
    is_too_large,
    need_files_of,
    nuls,
    with_another_byte,
)
from storagedriver_suites.behaviour.names import ABSENT, DIRECTORIES, ENDINGS, put_around_absent
from storagedriver_suites.behaviour.readers import switching_often
from storagedriver_suites.behaviour.shapes import SHAPES, children_of, directories_of, more_than_a_page, put_all
from storagedriver_suites.behaviour.streams import WRITTEN, made, read_from, together, write_as

MIB = 1 << 20

# --- CONT-1: what was put is got


@requirement("CONT-1")
@pytest.mark.parametrize(
    "size",
    [*(pytest.param(size, marks=full) if size == "2*chunk-1" else size for size in BOUNDARY_SIZES)]
    + [pytest.param(size, marks=full) for size in ("3*chunk-1", "3*chunk", "3*chunk+1", "5*chunk+1")],
)
def test_put_is_got_at_every_boundary(driver: StorageDriver, tree: Tree, size: str) -> None:
    """Empty, one byte, and around the multiples of the chunk size, the content is whole for get, stat and a reader."""
    path = tree.path("file")
    data = made(size, driver, seed=1)

    driver.put_content(path, data)

    expect.file(driver, path, data, f"content of {size} bytes")
    expect.equal(read_from(driver, path), data, f"by a reader: content of {size} bytes")
    expect.equal(type(driver.get_content(path)), bytes, "type of what get_content gives")


@requirement("CONT-1")
def test_buffer_sizes_that_are_common_are_no_boundary(driver: StorageDriver, tree: Tree) -> None:
    """A byte less than the size of a common buffer, just that, and a byte more, nothing is lost."""
    for size in (512, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 1 << 20):
        for beyond in (-1, 0, 1):
            if is_too_large(driver, size + beyond):
                continue
            data = content(size + beyond, seed=size)

            driver.put_content(tree.path("file"), data)

            expect.file(driver, tree.path("file"), data, f"content of {size + beyond} bytes")


@requirement("CONT-1")
@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize(
    "size", [MIB, 4 * MIB, 16 * MIB, *(pytest.param(size * MIB, marks=full) for size in (5, 8, 10, 32, 63))]
)
def test_sizes_that_are_common_limits_are_none(driver: StorageDriver, tree: Tree, size: int, written: str) -> None:
    """A byte more than what messages, caches and parts are often bounded by: nothing is cut, and nothing is refused."""
    need_files_of(driver, size + 1)
    data = content(size + 1, seed=size)

    write_as(written, driver, tree.path("file"), data)

    expect.file(driver, tree.path("file"), data, f"content of {size + 1} bytes")
    expect.equal(read_from(driver, tree.path("file"), size - 1), data[-2:], "its end, by a reader")


@requirement("CONT-1")
@pytest.mark.parametrize("size", [40_000, 600_000])
@pytest.mark.parametrize("written", ["put", "stream"])
def test_one_byte_that_differs_is_kept(driver: StorageDriver, tree: Tree, written: str, size: int) -> None:
    """Files that differ in one byte, at whatever place, are each their own; over each other too."""
    need_files_of(driver, size)
    places = (0, 1, 100, 5000, size // 3, size // 2, size * 4 // 5, size - 5000, size - 100, size - 2, size - 1)
    files = {tree.path(f"d/{place}"): with_another_byte(content(size, seed=1), place) for place in places}

    for path, data in files.items():
        write_as(written, driver, path, data)
        write_as(written, driver, tree.path("over"), data)
        expect.file(driver, tree.path("over"), data, "what took the place of a file with one other byte")

    for path, data in files.items():
        expect.file(driver, path, data, "a file beside those with one other byte")


@requirement("CONT-1")
@pytest.mark.parametrize("checksum", SAME_CHECKSUMS)
@pytest.mark.parametrize("written", ["put", "stream"])
def test_contents_of_one_checksum_are_apart(driver: StorageDriver, tree: Tree, written: str, checksum: str) -> None:
    """Files of one size, of which a checksum is the same too, are each their own; over each other too."""
    files = dict(zip(tree.paths("d/first", "d/second"), SAME_CHECKSUMS[checksum], strict=True))

    for path, data in files.items():
        write_as(written, driver, path, data)
        write_as(written, driver, tree.path("over"), data)
        expect.file(driver, tree.path("over"), data, f"what took the place of content with the same {checksum}")

    for path, data in files.items():
        expect.file(driver, path, data, f"a file beside one with the same {checksum}")


@requirement("CONT-1")
def test_each_small_size_is_kept(driver: StorageDriver, tree: Tree) -> None:
    """Every size from no byte to a few dozen comes back as it is: no block is filled up, nothing is taken for absent."""
    files = {}
    for size in range(34):
        path = tree.path(f"d/{size}")
        files[path] = content(size, seed=size)
        driver.put_content(path, files[path])

    for path, data in files.items():
        expect.equal(driver.get_content(path), data, "content of a small file")
    expect.children(driver, tree.path("d"), files, "files of every small size")


@requirement("CONT-1")
def test_bytes_that_look_like_something_are_kept(driver: StorageDriver, tree: Tree) -> None:
    """What looks like text, another encoding, a format or nothing comes back byte for byte."""
    for like, data in LOOKALIKES.items():
        path = tree.path(like)

        driver.put_content(path, data)

        expect.file(driver, path, data, f"content that looks like something: {like}")
        expect.equal(read_from(driver, path), data, f"by a reader: content that looks like something: {like}")


@requirement("CONT-1")
@pytest.mark.parametrize("like", CHANGED_BY_TEXT)
def test_content_is_kept_whatever_the_name_ends_with(driver: StorageDriver, tree: Tree, like: str) -> None:
    """A name that promises text, or something compressed, changes no byte: neither of such content nor of another."""
    files = {tree.path(f"file.{ending}"): LOOKALIKES[like] for ending in ENDINGS}

    for path, data in files.items():
        driver.put_content(path, data)

    for path, data in files.items():
        expect.file(driver, path, data, f"content under a name that promises something: {like}")
        expect.equal(
            read_from(driver, path), data, f"by a reader: content under a name that promises something: {like}"
        )


@requirement("CONT-1")
@pytest.mark.parametrize(
    "values", [b"\x00\n\r\x1a \x7f\x80\xff", pytest.param(EVERY_BYTE, marks=full)], ids=["few", "all"]
)
def test_each_byte_alone_is_kept(driver: StorageDriver, tree: Tree, values: bytes) -> None:
    """A file of one byte, and of many of it, is that, whichever byte it is."""
    for value in values:
        for times in (1, 300):
            driver.put_content(tree.path("file"), bytes([value]) * times)

            expect.file(driver, tree.path("file"), bytes([value]) * times, f"content of the byte {value} alone")


@requirement("CONT-1")
@pytest.mark.parametrize("size", ["chunk", "chunk+1", pytest.param("2*chunk+1", marks=full)])
def test_nothing_but_nuls_is_content_too(driver: StorageDriver, tree: Tree, size: str) -> None:
    """Large content of zero bytes alone is as long as it was put: no hole, no padding that is cut off."""
    data = nuls(size_of(size, driver))

    driver.put_content(tree.path("file"), data)

    expect.file(driver, tree.path("file"), data, "content of zero bytes")
    expect.equal(read_from(driver, tree.path("file")), data, "by a reader: content of zero bytes")


@requirement("CONT-1")
def test_content_is_got_again_and_again(driver: StorageDriver, tree: Tree) -> None:
    """Each get gives all, whatever was got, read or put elsewhere in between."""
    path = tree.path("file")
    data = content(3000, seed=1)
    driver.put_content(path, data)

    for offset in (0, 10, 3000):
        expect.equal(driver.get_content(path), data, "content, got again")
        expect.equal(read_from(driver, path, offset), data[offset:], "content, read again")
        driver.put_content(tree.path("other"), content(offset))
        driver.stat(path)

    expect.file(driver, path, data, "content after many gets")


@requirement("CONT-1")
def test_files_of_the_same_content_are_apart(driver: StorageDriver, tree: Tree) -> None:
    """Equal files have nothing in common: one is replaced, moved or deleted, and the others stay."""
    data = content(2000, seed=1)
    files = tree.paths("a", "b", "d/a", "d/e")
    for path in files:
        driver.put_content(path, data)

    driver.delete(files[0])
    driver.put_content(files[1], b"new")
    driver.move(files[2], tree.path("moved"))

    expect.file(driver, files[3], data, "a file whose equals were deleted, replaced and moved")
    expect.file(driver, tree.path("moved"), data, "a file that was moved")
    expect.file(driver, files[1], b"new", "a file that was replaced")
    expect.absent(driver, files[0], "a file that was deleted")


@requirement("CONT-1", capability="case_sensitive")
def test_case_keeps_contents_apart(driver: StorageDriver, tree: Tree) -> None:
    """What is put at names that differ in case alone, their directories' too, is got from each."""
    files = put_all(driver, tree.root, ["name", "Name", "NAME", "d/x", "D/x", "D/X"])

    for path, data in files.items():
        expect.file(driver, path, data, "content of one of several names that differ in case")


@requirement("CONT-1")
@pytest.mark.parametrize("size", ["0", "1000", "chunk+1"])
def test_put_is_got_by_another_driver(driver: StorageDriver, tree: Tree, subject: Subject, size: str) -> None:
    """Another driver on the store gets what was put, at once, though it found nothing just before."""
    path = tree.path("d/file")
    data = made(size, driver, seed=1)
    another = subject.open()
    expect.not_found(lambda: another.get_content(path), "content before the put, by another driver")

    driver.put_content(path, data)

    expect.file(another, path, data, "content by another driver")


# --- CONT-2: put replaces

_REPLACED = [
    ("put", "0", "1"),
    ("put", "1", "0"),
    ("put", "1", "1000"),
    ("put", "1000", "1"),
    ("put", "1000", "0"),
    ("put", "1000", "999"),
    ("put", "1000", "1000"),
    ("put", "1000", "1001"),
    ("put", "chunk+1", "100"),
    ("put", "chunk+1", "0"),
    ("put", "100", "chunk+1"),
    ("stream", "1000", "1"),
    ("stream", "1000", "0"),
    ("stream", "chunk+1", "100"),
    ("append", "1000", "999"),
    *(
        pytest.param(written, old, size, marks=full)
        for written in WRITTEN
        for old, size in (
            ("2*chunk+1", "2*chunk"),
            ("2*chunk+1", "chunk"),
            ("2*chunk+1", "chunk+1"),
            ("3*chunk", "1"),
            ("chunk", "2*chunk+1"),
        )
    ),
]


@requirement("CONT-2")
@pytest.mark.parametrize(("written", "old", "size"), _REPLACED)
def test_put_replaces(driver: StorageDriver, tree: Tree, written: str, old: str, size: str) -> None:
    """Be it shorter, longer or as long, and however the old content was written, the file is the new content alone."""
    path = tree.path("file")
    data = made(size, driver, seed=1)
    write_as(written, driver, path, made(old, driver, seed=2))

    driver.put_content(path, data)

    expect.file(driver, path, data, "content after a put over old content")
    expect.equal(read_from(driver, path), data, "by a reader: content after a put over old content")
    expect.equal(read_from(driver, path, len(data)), b"", "what a reader finds behind the new content")
    expect.children(driver, tree.root, [path], "children after a put over old content")


_DATA = content(1000, seed=3)


ALIKE = {
    "its beginning": (_DATA, _DATA[:500]),
    "its end": (_DATA, _DATA[500:]),
    "more behind it": (_DATA[:500], _DATA),
    "more before it": (_DATA[500:], _DATA),
    "itself": (_DATA, _DATA),
    "all but the last byte": (_DATA, _DATA[:999] + b"!"),
    "all but the first byte": (_DATA, b"!" + bytes(_DATA[1:])),
    "as many zero bytes": (_DATA, nuls(1000)),
}
"""Old and new content that agree in part, or in their size."""


@requirement("CONT-2")
def test_put_replaces_what_is_alike(driver: StorageDriver, tree: Tree) -> None:
    """Content that agrees with the old one in part, or in its size, replaces it as any other does."""
    for what, (old, new) in ALIKE.items():
        path = tree.path(what.replace(" ", "-"))
        driver.put_content(path, old)

        driver.put_content(path, new)

        expect.file(driver, path, new, f"content replaced by {what}")


@requirement("CONT-2")
def test_put_replaces_in_many_files(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Of more files than a cache may hold, each that was replaced is what was put last, also when many others came since."""
    files = [tree.path(f"d/{number}") for number in range(more_than_a_page(driver, subject.profile, few=40))]
    for seed in (1, 2):
        for number, path in enumerate(files):
            driver.put_content(path, content(10 + number % 7, seed=seed))

    for number, path in enumerate(files):
        expect.equal(
            driver.get_content(path), content(10 + number % 7, seed=2), "content of one of many replaced files"
        )


@requirement("CONT-2")
def test_put_replaces_many_times(driver: StorageDriver, tree: Tree) -> None:
    """Shorter and shorter and longer again, after each put the file is what was put last."""
    path = tree.path("d/file")
    for size in (*range(20, -1, -1), *range(0, 400, 37)):
        data = content(size, seed=size)

        driver.put_content(path, data)

        expect.file(driver, path, data, "content after one more put")


@requirement("CONT-2")
def test_put_replaces_its_own_file_alone(driver: StorageDriver, tree: Tree) -> None:
    """Files beside, whose names begin or end alike, keep their content."""
    names = ["file-", "file.x", "fil", "file2", "d/file", "file-d/file", "file.tmp", "afile"]
    others = put_all(driver, tree.root, names)
    driver.put_content(tree.path("file"), content(100, seed=50))

    driver.put_content(tree.path("file"), b"new")

    expect.file(driver, tree.path("file"), b"new", "content after a put")
    for path, data in others.items():
        expect.file(driver, path, data, "a file beside the one that was put")


@requirement("CONT-2")
@pytest.mark.parametrize("gone", ["deleted", "moved", "deleted-with-its-directory"])
@pytest.mark.parametrize("old", ["1000", "2*chunk+1"])
def test_what_is_written_after_a_file_is_gone_brings_nothing_back(
    driver: StorageDriver, tree: Tree, old: str, gone: str
) -> None:
    """Where a longer file was, of however many chunks, there is a new one, of which the old one is no part."""
    _write_where_a_longer_file_was(driver, tree, old, gone)


@requirement("CONT-2", capability="move_directory")
@pytest.mark.parametrize("old", ["1000", "2*chunk+1"])
def test_what_is_written_after_a_directory_was_moved_away_brings_nothing_back(
    driver: StorageDriver, tree: Tree, old: str
) -> None:
    """The same where a directory took the longer file along."""
    _write_where_a_longer_file_was(driver, tree, old, "moved-with-its-directory")


def _write_where_a_longer_file_was(driver: StorageDriver, tree: Tree, old: str, gone: str) -> None:
    path, new = tree.path("d/file"), content(3, seed=2)
    going = tree.path("d") if gone.endswith("directory") else path
    for written in WRITTEN:
        driver.put_content(path, made(old, driver, seed=1))
        if gone.startswith("moved"):
            driver.move(going, tree.path("moved"))
            driver.delete(tree.path("moved"))
        else:
            driver.delete(going)

        write_as(written, driver, path, new)

        expect.file(driver, path, new, f"content by a {written} where a file was {gone}")
        expect.children(driver, tree.path("d"), [path], f"children where a file was {gone}")


@requirement("CONT-2")
def test_replacement_is_seen_by_another_driver(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """A driver that has read the old content, whole and in part, gets the new one at once, of the same size too."""
    path = tree.path("d/file")
    another = subject.open()
    driver.put_content(path, content(100, seed=1))
    expect.file(another, path, content(100, seed=1), "old content by another driver")
    expect.equal(read_from(another, path, 50), content(100, seed=1)[50:], "old content by another driver's reader")
    another.list(tree.path("d"))

    for size in (100, 10, 300, 0):
        driver.put_content(path, content(size, seed=2))

        expect.file(another, path, content(size, seed=2), "new content by another driver")
        expect.equal(read_from(another, path), content(size, seed=2), "new content by another driver's reader")


# --- CONT-4: parents


@requirement("CONT-4")
@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ("files-and-directories", "forwards"),
        ("directory-of-directories", "backwards"),
        ("around-the-slash", "backwards"),
        ("dots-and-dashes", "forwards"),
        ("same-name-on-each-level", "backwards"),
        *(pytest.param(shape, order, marks=full) for shape in SHAPES for order in ("forwards", "backwards")),
    ],
)
def test_put_makes_all_parents(driver: StorageDriver, tree: Tree, shape: str, order: str) -> None:
    """In whatever order files are put, each parent is a directory, with exactly what lies below it."""
    names = SHAPES[shape] if order == "forwards" else SHAPES[shape][::-1]

    files = put_all(driver, tree.root, names)

    for path, data in files.items():
        expect.file(driver, path, data, "a file whose parents were made")
    for directory in [tree.root, *directories_of(files, tree.root)]:
        expect.equal(driver.stat(directory).is_dir, True, "is_dir of a parent")
        expect.children(driver, directory, children_of(files, directory), "children of a parent")


@requirement("CONT-4")
@pytest.mark.parametrize("depth", [2, 30, pytest.param("deepest", marks=full)])
def test_put_makes_parents_of_any_depth(driver: StorageDriver, tree: Tree, depth: int | str) -> None:
    """As many parents as a path has room for are made at once."""
    most = (driver.capabilities.limits.longest_path - len(tree.root)) // 2
    levels = most if isinstance(depth, str) else depth
    path = tree.path("/".join("d" * levels))

    driver.put_content(path, b"content")

    expect.file(driver, path, b"content", f"content of a file {levels} levels below")
    expect.equal(driver.stat(paths.parent(path)).is_dir, True, "is_dir of its parent")
    expect.children(driver, paths.parent(paths.parent(path)), [paths.parent(path)], "children of its parent's parent")


@requirement("CONT-4")
@pytest.mark.parametrize("gone", ["deleted", "deleted-with-its-directory", "moved"])
def test_put_makes_parents_anew(driver: StorageDriver, tree: Tree, gone: str) -> None:
    """Where the last file of a directory is gone, a put makes the directory again, and its parents."""
    path = tree.path("d/s/t/file")
    driver.put_content(path, b"old")
    if gone == "moved":
        driver.move(path, tree.path("moved"))
    else:
        driver.delete(path if gone == "deleted" else tree.path("d/s"))

    for name in ("d/s/t/new", "d/s/new", "d/new"):
        driver.put_content(tree.path(name), b"content")
        expect.file(driver, tree.path(name), b"content", f"content put where a file was {gone}")

    expect.children(driver, tree.path("d"), tree.paths("d/s", "d/new"), f"children where a file was {gone}")
    expect.children(driver, tree.path("d/s/t"), tree.paths("d/s/t/new"), f"its siblings where a file was {gone}")


@requirement("CONT-4", needs=["root"])
@pytest.mark.parametrize("name", ["/file", "/d/s/file"])
def test_first_put_makes_the_root(subject: Subject, name: str) -> None:
    """In a root below which nothing was, the first put needs nothing made before."""
    store = subject.open_root("r/s")

    store.put_content(name, b"content")

    expect.file(store, name, b"content", "the first file of a store")


@requirement("CONT-4")
def test_parents_are_made_by_many_at_once(driver: StorageDriver, tree: Tree) -> None:
    """Puts of many threads that need the same new parents all find them or make them."""
    files = {tree.path(f"new/s/t/f{number}"): content(50, seed=number) for number in range(8)}

    together(
        [lambda path=path, data=data: driver.put_content(path, data) for path, data in files.items()],  # type: ignore[misc]
        "puts into one new directory",
    )

    for path, data in files.items():
        expect.file(driver, path, data, "a file put beside others")
    expect.children(driver, tree.path("new/s/t"), files, "children of the directory that all made")


@requirement("CONT-4")
def test_parents_are_there_though_a_sibling_goes(driver: StorageDriver, tree: Tree) -> None:
    """A put is not disturbed by the delete of the last file of its directory, at the same time."""
    for number in range(12):
        directory = tree.path(f"d{number}/s")
        driver.put_content(f"{directory}/old", b"old")

        changes: list[Callable[[], None]] = [
            lambda: driver.delete(f"{directory}/old"),  # noqa: B023  done before the next round
            lambda: driver.put_content(f"{directory}/new", b"new"),  # noqa: B023
        ]

        # The thread that is started last tends to be the first; so each is, in turns.
        with switching_often():
            together(changes[:: 1 if number % 2 else -1], "a put into a directory whose last file is deleted")

        expect.file(driver, f"{directory}/new", b"new", "a file put while its sibling was deleted")
        expect.children(driver, directory, [f"{directory}/new"], "children after put and delete")


# --- CONT-5: what has no content


@requirement("CONT-5")
def test_get_of_what_is_absent_is_not_found(driver: StorageDriver, tree: Tree) -> None:
    """Near other files, deleted, moved away, or below a file: PathNotFoundError with this path, and nothing is made."""
    put_around_absent(driver, tree)
    before = driver.list(tree.root)

    for name in ABSENT:
        with expect.raises(PathNotFoundError, f"get_content of {name}", path=tree.path(name)):
            driver.get_content(tree.path(name))

    expect.children(driver, tree.root, before, "children after gets of what is absent")


@requirement("CONT-5")
@pytest.mark.parametrize("before", ["never-a-file", "once-a-file"])
def test_get_of_a_directory_is_not_found(driver: StorageDriver, tree: Tree, before: str) -> None:
    """A directory has no content, an empty one neither: PathNotFoundError, and what lies below stays."""
    if before == "once-a-file":
        driver.put_content(tree.path("d"), b"content")
        driver.delete(tree.path("d"))
    put_around_absent(driver, tree)

    for name in DIRECTORIES:
        with expect.raises(PathNotFoundError, f"get_content of the directory {name}", path=tree.path(name)):
            driver.get_content(tree.path(name))

    expect.file(driver, tree.path("d/s/f"), b"content", "a file of the directory")


@requirement("CONT-5")
def test_get_of_any_directory_is_not_found(driver: StorageDriver, tree: Tree) -> None:
    """Whatever lies in it, an empty file alone too, a directory is none."""
    for name in (".hidden", "-", "empty", "d", "s/t/u", "index.html", "_"):
        directory = tree.path(f"d{len(name)}-{name[0]}")
        driver.put_content(f"{directory}/{name}", b"")

        expect.not_found(lambda: driver.get_content(directory), f"get_content of a directory with {name}")  # noqa: B023

        expect.file(driver, f"{directory}/{name}", b"", "an empty file")


@requirement("CONT-5", needs=["root"])
@pytest.mark.parametrize("name", ["/file", "/d/file"])
def test_get_in_an_empty_store_is_not_found(subject: Subject, name: str) -> None:
    """Where nothing ever was: PathNotFoundError."""
    store = subject.open_root("fresh")

    with expect.raises(PathNotFoundError, "get_content in an empty store", path=name):
        store.get_content(name)


@requirement("CONT-5")
@pytest.mark.parametrize("gone", ["deleted", "deleted-with-its-directory", "moved"])
def test_absence_is_seen_at_once(driver: StorageDriver, tree: Tree, subject: Subject, gone: str) -> None:
    """What was got just before is not got once it is gone; what was missed is got once it is there, whoever did it."""
    path = tree.path("d/file")
    for changing in (driver, subject.open()):
        expect.not_found(lambda: driver.get_content(path), "get_content before the put")
        changing.put_content(path, b"content")
        expect.equal(driver.get_content(path), b"content", "content after the put")

        if gone == "moved":
            changing.move(path, tree.path("moved"))
        else:
            changing.delete(path if gone == "deleted" else tree.path("d"))

        expect.not_found(lambda: driver.get_content(path), f"get_content of what is {gone}")
