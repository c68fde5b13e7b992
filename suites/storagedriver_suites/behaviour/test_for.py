"""FOR: what other tools put on the backend, and what they find there of the driver's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storagedriver import PathNotFoundError, StorageDriver
from storagedriver.foreign import ForeignRefusal, ForeignStore, GivesSecondNames
from storagedriver.testing import BOUNDARY_SIZES, Content, Subject, Tree, content, expect, requirement, size_of
from storagedriver_suites.behaviour.shapes import page_of
from storagedriver_suites.behaviour.streams import bounded, read_from

ODD_NAMES = {
    "space": "a b",
    "space-at-the-end": "a ",
    "not-ascii": "\u00e9",
    "not-ascii-decomposed": "e\u0301",
    "beyond-the-first-plane": "\U0001f600",
    "colon": "a:b",
    "backslash": "a\\b",
    "percent": "a%2Fb",
    "plus": "a+b",
    "question-mark": "a?b",
    "hash": "a#b",
    "quotes": "a'\"b",
    "angle-brackets": "<a>&b",
    "star": "*",
    "line-feed": "a\nb",
    "tab": "a\tb",
    "control-character": "a\x01b",
}
"""Components that no path has, and that most backends can hold."""

MOST_ODD = 200
"""More than profile quick puts by another tool, one by one."""

ODD_OF_THE_BACKEND = "odd names of this backend"


def _mark(tool: ForeignStore, name: str) -> None:
    try:
        tool.mark(name)
    except ForeignRefusal as refusal:
        pytest.skip(f"the backend cannot hold it: {refusal}")


def _put_in_each_way(tool: ForeignStore, tree: Tree, size: int) -> dict[str, tuple[str, Content]]:
    """A file of another tool for each way it has to store one: way, and content, by path."""
    files = {}
    for number, way in enumerate(tool.ways):
        data = content(size, seed=number)
        path = tree.path(f"of-a-tool/f{number}")
        tool.put(path, data, way)
        files[path] = (way, data)
    return files


# --- FOR-1: files


@requirement("FOR-1", needs=["foreign"])
@pytest.mark.parametrize("size", BOUNDARY_SIZES)
def test_foreign_file_is_read(driver: StorageDriver, subject: Subject, tree: Tree, size: str) -> None:
    """get, stat and a reader give a tool's file exactly, however the tool stored it."""
    files = _put_in_each_way(subject.foreign(), tree, size_of(size, driver))

    for path, (way, data) in files.items():
        expect.file(driver, path, data, f"file that a tool stored {way}")
        with driver.reader(path, len(data) // 2) as reader:
            expect.equal(reader.read(), data[len(data) // 2 :], f"second half of a file that a tool stored {way}")


@requirement("FOR-1", needs=["foreign"])
def test_foreign_files_are_listed_and_walked(driver: StorageDriver, subject: Subject, tree: Tree) -> None:
    """List and walk give a tool's files, and the directories they imply, among the driver's own."""
    driver.put_content(tree.path("of-the-driver"), b"own")
    files = sorted(_put_in_each_way(subject.foreign(), tree, 100))

    walked = [info.path for info in driver.walk(tree.root)]

    expect.children(driver, tree.root, [tree.path("of-a-tool"), tree.path("of-the-driver")], "children with a tool's")
    expect.children(driver, tree.path("of-a-tool"), files, "files of a tool")
    expect.equal(walked, [tree.path("of-a-tool"), *files, tree.path("of-the-driver")], "walk with a tool's files")
    expect.true(driver.stat(tree.path("of-a-tool")).is_dir, "that a tool's file makes its directory")


@requirement("FOR-1", needs=["foreign"])
@pytest.mark.parametrize("size", ["0", "100", "2*chunk+1"])
def test_foreign_file_is_moved(driver: StorageDriver, subject: Subject, tree: Tree, size: str) -> None:
    """A tool's file moves with its content, and the tool finds it at its new place alone."""
    tool = subject.foreign()
    files = _put_in_each_way(tool, tree, size_of(size, driver))

    for path in files:
        driver.move(path, f"{path}-moved")

    for path, (way, data) in files.items():
        expect.file(driver, f"{path}-moved", data, f"moved file that a tool stored {way}")
        expect.absent(driver, path, f"source of the move of a file that a tool stored {way}")
        expect.equal(tool.get(f"{path}-moved"), data, f"what the tool reads of the moved file it stored {way}")
        expect.true(not tool.holds(path), f"that the tool finds nothing at the source of what it stored {way}")


@requirement("FOR-1", needs=["foreign"])
@pytest.mark.parametrize("size", ["0", "100", "2*chunk+1"])
def test_foreign_file_is_deleted(driver: StorageDriver, subject: Subject, tree: Tree, size: str) -> None:
    """A tool's file is deleted, and nothing else of the tool's."""
    tool = subject.foreign()
    files = _put_in_each_way(tool, tree, size_of(size, driver))
    tool.put(tree.path("of-a-tool/f"), b"sibling", tool.ways[0])

    for path in files:
        driver.delete(path)

    for path, (way, _) in files.items():
        expect.absent(driver, path, f"deleted file that a tool stored {way}")
        expect.true(not tool.holds(path), f"that the tool finds nothing of the deleted file it stored {way}")
    expect.equal(tool.get(tree.path("of-a-tool/f")), b"sibling", "file of the tool that was not deleted")


@requirement("FOR-1", needs=["foreign"])
def test_directory_of_foreign_files_is_deleted_whole(driver: StorageDriver, subject: Subject, tree: Tree) -> None:
    """The delete of a directory takes a tool's files along, at any depth, and spares the sibling of a longer name."""
    tool = subject.foreign()
    for name in ("d/a", "d/deep/er/b", "d-sibling/c"):
        tool.put(tree.path(name), name.encode(), tool.ways[0])

    driver.delete(tree.path("d"))

    expect.true(not tool.holds(tree.path("d")), "that nothing is left of the deleted directory")
    expect.equal(tool.get(tree.path("d-sibling/c")), b"d-sibling/c", "file below a sibling of the deleted directory")


@requirement("FOR-1", needs=["foreign"])
@pytest.mark.parametrize("size", ["0", "1000", "chunk", "2*chunk+1"])
def test_foreign_file_is_replaced(driver: StorageDriver, subject: Subject, tree: Tree, size: str) -> None:
    """Put over a tool's file replaces it, whatever it was, for the driver and for the tool."""
    tool = subject.foreign()
    files = _put_in_each_way(tool, tree, size_of(size, driver))

    for path in files:
        driver.put_content(path, b"the driver's")

    for path, (way, _) in files.items():
        expect.file(driver, path, b"the driver's", f"put over a file that a tool stored {way}")
        expect.equal(tool.get(path), b"the driver's", f"what the tool reads where it had stored {way}")


@requirement("FOR-1", capability="append", needs=["foreign"])
@pytest.mark.parametrize("size", ["0", "1000", "chunk-1", "chunk", "2*chunk+1"])
@pytest.mark.parametrize("added", ["1", "chunk"])
def test_foreign_file_is_appended_to(
    driver: StorageDriver, subject: Subject, tree: Tree, size: str, added: str
) -> None:
    """An append keeps what a tool stored, however it did, and adds to it."""
    tool = subject.foreign()
    files = _put_in_each_way(tool, tree, size_of(size, driver))
    more = content(size_of(added, driver), seed=99)

    for path in files:
        with driver.writer(path, append=True) as writer:
            writer.write(more)
            writer.commit()

    for path, (way, data) in files.items():
        expect.file(driver, path, data + more, f"append to a file that a tool stored {way}")


# --- FOR-1: files of two names


def _of_two_names(tool: ForeignStore, tree: Tree) -> tuple[str, str]:
    """The paths of a file that a tool has stored and given a second name."""
    assert isinstance(tool, GivesSecondNames)
    path, other = tree.path("d/name"), tree.path("d/other")
    tool.put(path, b"of two names", tool.ways[0])
    try:
        tool.link(path, other)
    except ForeignRefusal as refusal:
        pytest.skip(f"the backend cannot hold it: {refusal}")
    return path, other


def _put_over(driver: StorageDriver, path: str) -> None:
    driver.put_content(path, b"new")


def _stream_over(driver: StorageDriver, path: str) -> None:
    _stream(driver, path, b"new")


def _append_to(driver: StorageDriver, path: str) -> None:
    if not driver.capabilities.append:
        pytest.skip("the driver does not append")
    with driver.writer(path, append=True) as writer:
        writer.write(b" and more")
        writer.commit()


def _delete(driver: StorageDriver, path: str) -> None:
    driver.delete(path)


def _move_away(driver: StorageDriver, path: str) -> None:
    driver.move(path, f"{path}-moved")


@requirement("FOR-1", needs=["foreign", "second-names"])
@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (_put_over, b"new"),
        (_stream_over, b"new"),
        (_append_to, b"of two names and more"),
        (_delete, None),
        (_move_away, None),
    ],
    ids=["put", "stream", "append", "delete", "move"],
)
def test_change_of_one_name_spares_the_other(
    driver: StorageDriver,
    subject: Subject,
    tree: Tree,
    change: Callable[[StorageDriver, str], None],
    seen: bytes | None,
) -> None:
    """Each name of a file that a tool has given two is a file of its own: what is done to one does nothing to the other."""
    path, other = _of_two_names(subject.foreign(), tree)

    change(driver, path)

    if seen is None:
        expect.absent(driver, path, "name of a file of two names, after it went")
    else:
        expect.file(driver, path, seen, "file of two names, where it was written to")
    expect.file(driver, other, b"of two names", "other name of a file, of which one was changed")


@requirement("FOR-1", needs=["foreign", "second-names"])
def test_move_onto_the_other_name_of_the_same_file(driver: StorageDriver, subject: Subject, tree: Tree) -> None:
    """It is a move like any other: the source is gone, dest holds the content, and nothing else is there."""
    path, other = _of_two_names(subject.foreign(), tree)

    driver.move(path, other)

    expect.file(driver, other, b"of two names", "dest of a move onto another name of the same file")
    expect.absent(driver, path, "source of a move onto another name of the same file")
    expect.children(driver, tree.path("d"), [other], "directory of both names, after one was moved onto the other")


@requirement("FOR-1", needs=["foreign", "second-names", "inspect"])
def test_move_onto_the_other_name_leaves_one_name(driver: StorageDriver, subject: Subject, tree: Tree) -> None:
    """The backend holds one name fewer, and no name of the driver's own."""
    path, other = _of_two_names(subject.foreign(), tree)
    before = subject.inspect()

    driver.move(path, other)

    expect.equal(
        len(subject.inspect()), len(before) - 1, "how many names the backend holds, after one was moved onto another"
    )


# --- FOR-1: directory markers


def _expect_no_file(driver: StorageDriver, path: str, what: str) -> None:
    expect.not_found(lambda: driver.get_content(path), f"get of {what}")
    for offset in (0, 1, 1000):
        expect.not_found(lambda: read_from(driver, path, offset), f"read of {what} from {offset} on")  # noqa: B023  at once


@requirement("FOR-1", needs=["foreign"])
def test_marker_of_a_directory_is_no_file_of_its_own(driver: StorageDriver, subject: Subject, tree: Tree) -> None:
    """A directory that a tool has marked, with a file below it, is one directory, and the marker no child of it."""
    tool = subject.foreign()
    _mark(tool, tree.path("d"))
    driver.put_content(tree.path("d/file"), b"x")

    walked = [info.path for info in driver.walk(tree.root)]

    expect.true(driver.stat(tree.path("d")).is_dir, "that a marked directory is one")
    expect.children(driver, tree.root, [tree.path("d")], "children of the parent of a marked directory")
    expect.children(driver, tree.path("d"), [tree.path("d/file")], "children of a marked directory")
    expect.equal(walked, [tree.path("d"), tree.path("d/file")], "walk over a marked directory")
    _expect_no_file(driver, tree.path("d"), "a marked directory")


@requirement("FOR-1", needs=["foreign"])
def test_marker_alone_is_a_directory_or_nothing(driver: StorageDriver, subject: Subject, tree: Tree) -> None:
    """All methods agree on whether a marked directory with nothing in it is there, and none takes it for a file."""
    tool = subject.foreign()
    driver.put_content(tree.path("file"), b"x")
    _mark(tool, tree.path("d"))

    there = True
    try:
        expect.true(driver.stat(tree.path("d")).is_dir, "that a marker is no file to stat")
    except PathNotFoundError:
        there = False

    expected = [tree.path("d"), tree.path("file")] if there else [tree.path("file")]
    expect.children(driver, tree.root, expected, f"children of the parent of a marker, which stat calls {there=}")
    expect.equal([info.path for info in driver.walk(tree.root)], expected, f"walk over a marker, stat says {there=}")
    _expect_no_file(driver, tree.path("d"), "a marker")


@requirement("FOR-1", needs=["foreign"])
@pytest.mark.parametrize("below", ["nothing", "file", "marker"])
def test_marker_goes_with_its_directory(driver: StorageDriver, subject: Subject, tree: Tree, below: str) -> None:
    """The delete of a directory takes the markers in it along, its own too."""
    tool = subject.foreign()
    driver.put_content(tree.path("d/file"), b"x")
    _mark(tool, tree.path("d/marked"))
    _mark(tool, tree.path("d"))
    if below == "file":
        driver.put_content(tree.path("d/marked/file"), b"x")
    if below == "marker":
        tool.mark(tree.path("d/marked/too"))

    driver.delete(tree.path("d"))

    expect.absent(driver, tree.path("d"), "deleted directory with markers")
    expect.true(not tool.holds(tree.path("d")), "that the tool finds nothing of the deleted directory")


# --- FOR-1: names outside the grammar


def _odd(tool: ForeignStore, names: str) -> list[str]:
    return list(tool.odd_names) if names == ODD_OF_THE_BACKEND else [ODD_NAMES[names]]


def _put_odd(tool: ForeignStore, directory: str, names: list[str]) -> None:
    refusals = []
    for name in names:
        try:
            tool.put(f"{directory}/{name}", b"odd", tool.ways[0])
        except ForeignRefusal as refusal:
            refusals.append(str(refusal))
    if len(refusals) == len(names):
        pytest.skip(
            f"the backend cannot hold it: {refusals[0]}" if refusals else "the backend holds no names of its own"
        )


each_odd_name = pytest.mark.parametrize("names", [*ODD_NAMES, ODD_OF_THE_BACKEND])


@requirement("FOR-1", needs=["foreign"])
@each_odd_name
def test_odd_name_is_left_out(driver: StorageDriver, subject: Subject, tree: Tree, names: str) -> None:
    """List and walk leave out a name that is no path, give what lies beside it, and do not stumble."""
    tool = subject.foreign()
    for name in ("d/a", "d/z/file"):
        driver.put_content(tree.path(name), b"x")
    _put_odd(tool, tree.path("d"), _odd(tool, names))

    walked = [info.path for info in driver.walk(tree.path("d"))]

    expect.children(driver, tree.path("d"), [tree.path("d/a"), tree.path("d/z")], "children beside an odd name")
    expect.equal(walked, [tree.path(name) for name in ("d/a", "d/z", "d/z/file")], "walk beside an odd name")
    expect.file(driver, tree.path("d/a"), b"x", "file beside an odd name")


@requirement("FOR-1", needs=["foreign"])
@each_odd_name
def test_directory_of_an_odd_name_is_left_out(driver: StorageDriver, subject: Subject, tree: Tree, names: str) -> None:
    """What lies below a directory that is no path is left out with it, its ordinary names too."""
    tool = subject.foreign()
    driver.put_content(tree.path("d/a"), b"x")
    _put_odd(tool, tree.path("d"), [f"{name.rstrip('/')}/inner" for name in _odd(tool, names)])

    walked = [info.path for info in driver.walk(tree.path("d"))]

    expect.children(driver, tree.path("d"), [tree.path("d/a")], "children beside a directory of an odd name")
    expect.equal(walked, [tree.path("d/a")], "walk beside a directory of an odd name")


@requirement("FOR-1", needs=["foreign"])
@each_odd_name
def test_odd_name_goes_with_its_directory(driver: StorageDriver, subject: Subject, tree: Tree, names: str) -> None:
    """The delete of a directory takes what is no path along, files and directories."""
    tool = subject.foreign()
    driver.put_content(tree.path("d/a"), b"x")
    _put_odd(tool, tree.path("d"), _odd(tool, names))
    _put_odd(tool, tree.path("d/deeper"), [f"{name.rstrip('/')}-/inner" for name in _odd(tool, names)])

    driver.delete(tree.path("d"))

    expect.absent(driver, tree.path("d"), "deleted directory with odd names")
    expect.true(not tool.holds(tree.path("d")), "that the tool finds nothing of the deleted directory")


ODD_IN_A_URL = "&#%+=?;\u00e9 "
"""What has a meaning in a URL, or none: where a listing goes on after a name, the name is sent."""


@requirement("FOR-1", needs=["foreign"])
def test_page_may_end_with_an_odd_name(driver: StorageDriver, subject: Subject, tree: Tree) -> None:
    """Of more odd names than a page of a listing holds, list, walk and delete pass over each, and come to the end."""
    tool = subject.foreign()
    for name in ("d/a", "d/z"):
        driver.put_content(tree.path(name), b"x")
    count = page_of(driver) + 1
    if count > MOST_ODD and subject.profile == "quick":
        pytest.skip(f"a page holds {count - 1:,} names: profile full has as many")
    _put_odd(tool, tree.path("d"), [f"n{number:05}{ODD_IN_A_URL}" for number in range(count)])

    listed = bounded(lambda: driver.list(tree.path("d")), "list of pages of odd names")
    walked = bounded(lambda: [info.path for info in driver.walk(tree.path("d"))], "walk over pages of odd names")
    bounded(lambda: driver.delete(tree.path("d")), "delete of pages of odd names")

    expect.equal(sorted(listed), tree.paths("d/a", "d/z"), "children beside pages of odd names")
    expect.equal(walked, tree.paths("d/a", "d/z"), "walk over pages of odd names")
    expect.true(not tool.holds(tree.path("d")), "that the tool finds nothing of the deleted directory")


# --- FOR-2


def _put(driver: StorageDriver, path: str, data: bytes) -> None:
    driver.put_content(path, data)


def _stream(driver: StorageDriver, path: str, data: bytes) -> None:
    with driver.writer(path) as writer:
        writer.write(data)
        writer.commit()


def _append(driver: StorageDriver, path: str, data: bytes) -> None:
    driver.put_content(path, data[: len(data) // 2])
    with driver.writer(path, append=True) as writer:
        writer.write(data[len(data) // 2 :])
        writer.commit()


def _move(driver: StorageDriver, path: str, data: bytes) -> None:
    driver.put_content(f"{path}-before", data)
    driver.move(f"{path}-before", path)


@requirement("FOR-2", needs=["foreign"])
@pytest.mark.parametrize("size", BOUNDARY_SIZES)
@pytest.mark.parametrize("write", [_put, _stream, _move], ids=["put", "stream", "move"])
def test_what_the_driver_writes_is_read_by_tools(
    driver: StorageDriver,
    subject: Subject,
    tree: Tree,
    size: str,
    write: Callable[[StorageDriver, str, bytes], None],
) -> None:
    """A tool that knows the layout reads what the driver wrote."""
    data = content(size_of(size, driver), seed=1)

    write(driver, tree.path("d/file"), data)

    expect.equal(subject.foreign().get(tree.path("d/file")), data, "what another tool reads")


@requirement("FOR-2", capability="append", needs=["foreign"])
@pytest.mark.parametrize("size", BOUNDARY_SIZES)
def test_what_the_driver_appends_is_read_by_tools(
    driver: StorageDriver, subject: Subject, tree: Tree, size: str
) -> None:
    """A tool that knows the layout reads what was appended to."""
    data = content(size_of(size, driver), seed=1)

    _append(driver, tree.path("d/file"), data)

    expect.equal(subject.foreign().get(tree.path("d/file")), data, "what another tool reads of what was appended to")


@requirement("FOR-2", needs=["foreign"])
def test_what_the_driver_deletes_is_gone_for_tools(driver: StorageDriver, subject: Subject, tree: Tree) -> None:
    """A tool finds nothing of what the driver deleted."""
    tool = subject.foreign()
    driver.put_content(tree.path("d/file"), b"x")
    expect.true(tool.holds(tree.path("d/file")), "that the tool finds what the driver wrote")

    driver.delete(tree.path("d"))

    expect.true(not tool.holds(tree.path("d")), "that the tool finds nothing of what the driver deleted")
