"""MOVE: giving a file another path."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import pytest

from storagedriver import (
    InvalidPathError,
    PathConflictError,
    PathNotFoundError,
    StorageDriver,
    StorageDriverError,
    UnsupportedMethodError,
    paths,
)
from storagedriver.testing import Content, Subject, Tree, chunk_size, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.contents import LOOKALIKES
from storagedriver_suites.behaviour.names import ABSENT, ENDINGS, put_around_absent
from storagedriver_suites.behaviour.shapes import (
    SHAPES,
    children_of,
    crowd,
    page_of,
    put_all,
    put_many,
    renamed,
    repeated,
    walk_of,
)
from storagedriver_suites.behaviour.streams import read_from

LARGEST_MOVED = 64 * 1024 * 1024
"""The largest file that a check of the copy limit writes, in bytes."""


# --- content at dest


@requirement("MOVE-1")
@pytest.mark.parametrize("dest", ["absent", "shorter", "longer", "empty"])
@pytest.mark.parametrize("size", ["0", "1", "1000"])
def test_content_moves_and_replaces(driver: StorageDriver, tree: Tree, size: str, dest: str) -> None:
    """The content is at dest, exactly, whatever was there, and no longer at source."""
    data = content(int(size), seed=1)
    driver.put_content(tree.path("source"), data)
    if dest != "absent":
        old = {"shorter": len(data) // 2, "longer": len(data) + 500, "empty": 0}[dest]
        driver.put_content(tree.path("dest"), content(old, seed=2))

    driver.move(tree.path("source"), tree.path("dest"))

    expect.file(driver, tree.path("dest"), data, "content after a move")
    expect.absent(driver, tree.path("source"), "source after a move")
    expect.children(driver, tree.root, tree.paths("dest"), "children after a move")


@requirement("MOVE-1")
def test_move_takes_nothing_for_text(driver: StorageDriver, tree: Tree) -> None:
    """What looks like text, another encoding or a format is at dest byte for byte, also under a name that promises one."""
    for number, (like, data) in enumerate(LOOKALIKES.items()):
        source, dest = tree.path(f"source/{like}"), tree.path(f"dest/{like}.{ENDINGS[number % len(ENDINGS)]}")
        driver.put_content(source, data)

        driver.move(source, dest)

        expect.file(driver, dest, data, f"content that looks like something, moved: {like}")


@requirement("MOVE-1")
@pytest.mark.parametrize("size", ["chunk-1", "chunk", "chunk+1", pytest.param("2*chunk+1", marks=full)])
@pytest.mark.parametrize("written", ["put", "stream", "append"])
def test_large_content_moves_however_it_was_written(driver: StorageDriver, tree: Tree, size: str, written: str) -> None:
    """Files around the chunk size, of one piece or of several, are whole after a move and after another."""
    data = content(size_of(size, driver), seed=1)
    source, dest = tree.paths("source", "d/dest")
    if written == "put" or (written == "append" and not driver.capabilities.append):
        driver.put_content(source, data)
    else:
        half = len(data) // 2 if written == "append" else 0
        if half:
            driver.put_content(source, data[:half])
        with driver.writer(source, append=bool(half)) as writer:
            writer.write(data[half:])
            writer.commit()

    driver.move(source, dest)

    expect.file(driver, dest, data, "content after a move")
    expect.absent(driver, source, "source after a move")


@requirement("MOVE-1")
@pytest.mark.parametrize(
    ("source", "dest"),
    [
        ("f", "d/f"),
        ("d/f", "f"),
        ("a/b/c/f", "x/y/z/g"),
        ("d/f", "d/s/t/f"),
        ("d/s/t/f", "d/f"),
        ("f", "f-"),
        ("ab", "a"),
        ("f", "f.tmp"),
        (".f", "-"),
        ("--/..f", "._-/...-"),
        ("AZaz09._-", "-_.90zaZA"),
    ],
)
def test_move_between_any_names(driver: StorageDriver, tree: Tree, source: str, dest: str) -> None:
    """Into, out of and between directories, to names that begin alike, with every character: missing parents are made."""
    data = content(300, seed=4)
    driver.put_content(tree.path(source), data)
    driver.put_content(tree.path("beside"), b"1")

    driver.move(tree.path(source), tree.path(dest))

    expect.file(driver, tree.path(dest), data, "content after a move")
    expect.not_found(lambda: driver.get_content(tree.path(source)), "source after a move")
    files = tree.paths(dest, "beside")
    walked = [info.path for info in driver.walk(tree.root) if not info.is_dir]
    expect.equal(walked, [path for path in walk_of(files, tree.root) if path in files], "files in a walk after a move")


@requirement("MOVE-1")
@pytest.mark.parametrize("long", ["source", "dest", "both"])
def test_move_between_the_longest_names(driver: StorageDriver, tree: Tree, long: str) -> None:
    """Names as long as the driver declares move as others do."""
    longest = driver.capabilities.limits.longest_component
    source = tree.path("d/" + ("s" * longest if long != "dest" else "s"))
    dest = tree.path("e/" + ("t" * longest if long != "source" else "t"))
    driver.put_content(source, b"content")

    driver.move(source, dest)

    expect.file(driver, dest, b"content", "content after a move between long names")
    expect.absent(driver, source, "source after a move between long names")


@requirement("MOVE-1")
def test_moved_file_goes_by_its_new_name(driver: StorageDriver, tree: Tree) -> None:
    """After a move list, stat and walk know the file by its new name alone, and it can be moved again."""
    put_all(driver, tree.root, ["from/f", "from/other", "to/other"])
    data = driver.get_content(tree.path("from/f"))

    driver.move(tree.path("from/f"), tree.path("to/g"))

    expect.equal(driver.stat(tree.path("to/g")).path, tree.path("to/g"), "path by stat after a move")
    expect.children(driver, tree.path("from"), tree.paths("from/other"), "children of the old parent")
    expect.children(driver, tree.path("to"), tree.paths("to/g", "to/other"), "children of the new parent")
    driver.move(tree.path("to/g"), tree.path("from/f"))
    expect.file(driver, tree.path("from/f"), data, "content after a move there and back")
    expect.absent(driver, tree.path("to/g"), "the place in between")


@requirement("MOVE-1")
@pytest.mark.parametrize("then", ["put", "append", "delete"])
def test_moved_file_has_nothing_in_common_with_a_new_one(driver: StorageDriver, tree: Tree, then: str) -> None:
    """What is done at source afterwards concerns a new file, not the moved one."""
    data = content(200, seed=6)
    driver.put_content(tree.path("source"), data)

    driver.move(tree.path("source"), tree.path("dest"))

    driver.put_content(tree.path("source"), b"new")
    if then == "append" and driver.capabilities.append:
        with driver.writer(tree.path("source"), append=True) as writer:
            writer.write(b"!")
            writer.commit()
    elif then == "delete":
        driver.delete(tree.path("source"))
    expect.file(driver, tree.path("dest"), data, f"the moved file after {then} at its old path")


@requirement("MOVE-1")
@pytest.mark.parametrize("there", ["absent", "file"])
def test_what_was_seen_before_the_move_is_not_told_after_it(
    driver: StorageDriver, tree: Tree, subject: Subject, there: str
) -> None:
    """Both paths were looked at by each method before, by this driver and another: afterwards each tells of what is there now."""
    source, dest = tree.paths("s/source", "d/dest")
    another = subject.open()
    driver.put_content(source, content(50, seed=1))
    if there == "file":
        driver.put_content(dest, content(70, seed=2))
    for each in (driver, another):
        for path in (source, dest):
            for look in (each.stat, each.get_content, lambda path, each=each: each.reader(path).close()):
                with contextlib.suppress(PathNotFoundError):
                    look(path)

    driver.move(source, dest)

    for each in (driver, another):
        expect.file(each, dest, content(50, seed=1), "content at dest, looked at before")
        expect.absent(each, source, "source, looked at before")


@requirement("MOVE-1")
def test_move_is_seen_by_another_driver(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Another driver on the store, which has read both paths, finds the content at dest alone."""
    another = subject.open()
    driver.put_content(tree.path("source"), content(100, seed=1))
    driver.put_content(tree.path("dest"), content(300, seed=2))
    another.stat(tree.path("dest"))
    another.get_content(tree.path("source"))

    driver.move(tree.path("source"), tree.path("dest"))

    expect.file(another, tree.path("dest"), content(100, seed=1), "content as another driver reads it")
    expect.absent(another, tree.path("source"), "source as another driver sees it")


@requirement("MOVE-1")
@pytest.mark.parametrize("observer", ["same", "another"])
def test_move_replaces_what_was_read_by_as_many_bytes(
    driver: StorageDriver, tree: Tree, subject: Subject, observer: str
) -> None:
    """Content that was read and looked at before a move over it is not given again, though its size is the same."""
    seeing = driver if observer == "same" else subject.open()
    driver.put_content(tree.path("source"), content(100, seed=1))
    driver.put_content(tree.path("dest"), content(100, seed=2))
    expect.file(seeing, tree.path("dest"), content(100, seed=2), "dest before the move")

    driver.move(tree.path("source"), tree.path("dest"))

    expect.file(seeing, tree.path("dest"), content(100, seed=1), "dest after the move")
    expect.absent(seeing, tree.path("source"), "source after the move")


@requirement("MOVE-1")
@pytest.mark.parametrize("written", ["put", "stream"])
def test_last_file_that_is_moved_away_takes_its_directory_along(
    driver: StorageDriver, tree: Tree, written: str
) -> None:
    """A directory that a file made is gone with it, whichever way it was written."""
    path = tree.path("d/s/source")
    if written == "put":
        driver.put_content(path, b"1")
    else:
        with driver.writer(path) as writer:
            writer.write(b"1")
            writer.commit()

    driver.move(path, tree.path("dest"))

    expect.absent(driver, tree.path("d/s"), "the directory of a file that was moved away")
    expect.absent(driver, tree.path("d"), "its parent")
    expect.children(driver, tree.root, tree.paths("dest"), "children after the move")


@requirement("MOVE-1", needs=["root"])
def test_move_in_a_set_root(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Below a root the move stays below it."""
    store = subject.open_root("r")
    store.put_content("/d/source", b"content")

    store.move("/d/source", "/dest")

    expect.file(store, "/dest", b"content", "content after a move below a root")
    if subject.target.registration.roots_nest:
        expect.file(driver, tree.path("r/dest"), b"content", "the same file from outside the root")
    expect.absent(store, "/d/source", "source after a move below a root")


# --- absent source, onto itself


@requirement("MOVE-2")
@pytest.mark.parametrize("dest", ["file", "absent"])
@pytest.mark.parametrize("source", ABSENT)
def test_absent_source_is_not_found(driver: StorageDriver, tree: Tree, source: str, dest: str) -> None:
    """Absent, deleted, the beginning of a name or below a file: PathNotFoundError, and dest is as it was."""
    put_around_absent(driver, tree)
    if dest == "file":
        driver.put_content(tree.path("to/dest"), b"old")

    with expect.raises(PathNotFoundError, "move of an absent source", path=tree.path(source)):
        driver.move(tree.path(source), tree.path("to/dest"))

    if dest == "file":
        expect.file(driver, tree.path("to/dest"), b"old", "dest after a move of an absent source")
    else:
        expect.absent(driver, tree.path("to"), "the parent of dest after a move of an absent source")


@requirement("MOVE-2")
def test_absent_source_next_to_its_dest_is_not_found(driver: StorageDriver, tree: Tree) -> None:
    """Source and dest both below a file, where nothing can be: PathNotFoundError, and the file stays."""
    driver.put_content(tree.path("file"), b"content")

    with expect.raises(PathNotFoundError, "move from below a file to below it"):
        driver.move(tree.path("file/source"), tree.path("file/dest"))

    expect.file(driver, tree.path("file"), b"content", "the file above source and dest")


@requirement("MOVE-3")
@pytest.mark.parametrize("size", ["0", "1", "chunk+1"])
@pytest.mark.parametrize("name", ["f", "d/s/f"])
def test_move_onto_itself_loses_nothing(driver: StorageDriver, tree: Tree, name: str, size: str) -> None:
    """move(p, p) raises nothing and leaves the file whole; what lies beside it stays."""
    data = content(size_of(size, driver), seed=1)
    driver.put_content(tree.path(name), data)
    driver.put_content(tree.path(f"{name}-"), b"1")

    driver.move(tree.path(name), tree.path(name))

    expect.file(driver, tree.path(name), data, "content after a move onto itself")
    expect.file(driver, tree.path(f"{name}-"), b"1", "the neighbour after a move onto itself")


@requirement("MOVE-3")
@pytest.mark.parametrize("absent", ["nothing", "nothing/below", "fil"])
def test_move_of_nothing_onto_itself_is_not_found(driver: StorageDriver, tree: Tree, absent: str) -> None:
    """move(p, p) of what is absent raises PathNotFoundError and makes nothing."""
    driver.put_content(tree.path("file"), b"1")

    expect.not_found(lambda: driver.move(tree.path(absent), tree.path(absent)), "move of nothing onto itself")

    expect.children(driver, tree.root, tree.paths("file"), "children after it")


@requirement("MOVE-3", capability="move_directory")
@pytest.mark.parametrize("moved", ["d/s/t", "d/s", "d"])
def test_directories_that_a_move_leaves_empty_are_gone(driver: StorageDriver, tree: Tree, moved: str) -> None:
    """What lay in a directory by itself is moved away, a directory too: the one it lay in is no more, nor any above it."""
    driver.put_content(tree.path("d/s/t/file"), b"content")
    driver.put_content(tree.path("beside"), b"1")

    driver.move(tree.path(moved), tree.path("moved"))

    for path in tree.paths("d/s/t/file", "d/s/t", "d/s", "d"):
        expect.absent(driver, path, f"{path} after the move of {moved}")
    expect.children(driver, tree.root, tree.paths("beside", "moved"), f"children after the move of {moved}")


@requirement("MOVE-3", capability="move_directory")
def test_move_of_a_directory_onto_itself_loses_nothing(driver: StorageDriver, tree: Tree) -> None:
    """move(d, d) leaves all below the directory whole."""
    files = put_all(driver, tree.path("d"), SHAPES["files-and-directories"])

    driver.move(tree.path("d"), tree.path("d"))

    for path, data in files.items():
        expect.file(driver, path, data, "a file after a move of its directory onto itself")


# --- the copy limit


@requirement("MOVE-4")
@pytest.mark.parametrize("beyond", ["-1", "+0", "+1", pytest.param("*2+1", marks=full)])
def test_files_around_the_copy_limit_move(driver: StorageDriver, tree: Tree, beyond: str) -> None:
    """Just below, at and above the size that is copied in one request, and in several parts, the content is whole.

    For a driver that does not copy, the sizes are those of several chunks.
    """
    limit = driver.capabilities.limits.copy_size or 2 * chunk_size(driver)
    size = limit * 2 + 1 if beyond == "*2+1" else limit + int(beyond)
    if size > LARGEST_MOVED:
        pytest.skip(f"the copy limit, {limit:,} bytes, is more than a check writes; set the driver's parameter for it")
    data = content(size, seed=8)
    driver.put_content(tree.path("source"), data)
    driver.put_content(tree.path("d/dest"), content(100, seed=9))

    driver.move(tree.path("source"), tree.path("d/dest"))

    expect.file(driver, tree.path("d/dest"), data, "content after a move around the copy limit")
    expect.absent(driver, tree.path("source"), "source after a move around the copy limit")


@requirement("MOVE-4")
@pytest.mark.parametrize("beyond", [1, pytest.param(0, marks=full)])
def test_file_of_many_parts_moves_whole(driver: StorageDriver, tree: Tree, beyond: int) -> None:
    """What is copied in more than ten parts is put together in their order, to the last byte."""
    part = driver.capabilities.limits.copy_size or chunk_size(driver)
    size = 11 * part + beyond
    if size > LARGEST_MOVED:
        pytest.skip(f"eleven times the copy limit, {size:,} bytes, is more than a check writes")
    data = content(size, seed=8)
    driver.put_content(tree.path("source"), data)

    driver.move(tree.path("source"), tree.path("d/dest"))

    expect.file(driver, tree.path("d/dest"), data, "content after a move of many parts")
    expect.absent(driver, tree.path("source"), "source after a move of many parts")


@requirement("MOVE-4", needs=["root"])
@pytest.mark.parametrize("root", ["r", "R-_.0/s"])
def test_large_file_moves_below_a_root(subject: Subject, root: str) -> None:
    """What is copied in parts is found by its whole name: below a root, and with each kind of character in it."""
    store = subject.open_root(root)
    limit = store.capabilities.limits.copy_size or 2 * chunk_size(store)
    if limit >= LARGEST_MOVED:
        pytest.skip(f"the copy limit, {limit:,} bytes, is more than a check writes; set the driver's parameter for it")
    data = content(limit + 1, seed=10)
    store.put_content("/D-_.0/so-ur_ce.x", data)

    store.move("/D-_.0/so-ur_ce.x", "/d_-.1/De-s_t.y")

    expect.file(store, "/d_-.1/De-s_t.y", data, "content after a move above the copy limit, below a root")
    expect.absent(store, "/D-_.0/so-ur_ce.x", "source after a move above the copy limit, below a root")


# --- directories


@requirement("MOVE-5")
@pytest.mark.parametrize("observer", ["same", "another"])
def test_moved_directory_is_listed_where_it_is(
    driver: StorageDriver, tree: Tree, subject: Subject, observer: str
) -> None:
    """What was listed, walked and looked at below a directory before its move is found below dest alone."""
    seeing = driver if observer == "same" else subject.open()
    driver.put_content(tree.path("d/s/f"), b"1")
    driver.put_content(tree.path("d/s/t/g"), b"2")
    for directory in tree.paths("d", "d/s", "d/s/t"):
        seeing.list(directory)
        seeing.stat(directory)
    list(seeing.walk(tree.path("d")))

    driver.move(tree.path("d"), tree.path("e"))

    for gone in tree.paths("d", "d/s", "d/s/t"):
        expect.absent(seeing, gone, "a directory that was moved with its parent")
    expect.children(seeing, tree.path("e/s"), tree.paths("e/s/f", "e/s/t"), "children below dest")
    expect.file(seeing, tree.path("e/s/t/g"), b"2", "a file below dest")


@requirement("MOVE-5")
@pytest.mark.parametrize("shape", ["one-file", "around-the-slash", "same-name-on-each-level", "deep"])
@pytest.mark.parametrize("dest", ["dest", "p/q/dest", "source-", "sourc"])
def test_directory_moves_with_all_below(driver: StorageDriver, tree: Tree, shape: str, dest: str) -> None:
    """Every file below source is below dest with its content; neighbours that begin alike stay."""
    files = put_all(driver, tree.path("source"), SHAPES[shape])
    driver.put_content(tree.path("source.beside/x"), b"1")

    driver.move(tree.path("source"), tree.path(dest))

    moved = renamed(files, tree.path("source"), tree.path(dest))
    walked = [info.path for info in driver.walk(tree.path(dest))]
    expect.equal(walked, walk_of(moved, tree.path(dest)), "walk of the moved directory")
    for path, data in moved.items():
        expect.file(driver, path, data, "a file of the moved directory")
    expect.absent(driver, tree.path("source"), "source after the move of a directory")
    expect.file(driver, tree.path("source.beside/x"), b"1", "a neighbour of source")


def _expect_read(driver: StorageDriver, directory: str, files: Mapping[str, Content]) -> None:
    """The files below a directory are these by every way to read them."""
    for name, data in files.items():
        path = paths.join(directory, name)
        expect.file(driver, path, data, "a file of a directory that changes places with another")
        expect.equal(read_from(driver, path, 100), data[100:], "its end, by a reader")


@requirement("MOVE-5")
def test_directories_change_places(driver: StorageDriver, tree: Tree) -> None:
    """By way of a third, two directories whose files have the same names and sizes change places, and nothing tells of before."""
    first, second = ({"file": content(500, seed=seed), "s/file": content(500, seed=seed + 1)} for seed in (1, 3))
    for directory, files in (("a", first), ("b", second)):
        for name, data in files.items():
            driver.put_content(tree.path(f"{directory}/{name}"), data)
        _expect_read(driver, tree.path(directory), files)

    for source, dest in (("a", "c"), ("b", "a"), ("c", "b")):
        driver.move(tree.path(source), tree.path(dest))

    _expect_read(driver, tree.path("a"), second)
    _expect_read(driver, tree.path("b"), first)
    expect.absent(driver, tree.path("c"), "the third directory")


@requirement("MOVE-5")
@pytest.mark.parametrize("levels", [30, pytest.param(300, marks=full)])
def test_directory_of_many_levels_moves_whole(driver: StorageDriver, tree: Tree, levels: int) -> None:
    """However deep it is, a file on each level comes along."""
    levels = min(levels, (driver.capabilities.limits.longest_path - len(tree.path("source/f"))) // 2)
    files = put_all(driver, tree.path("source"), [f"{'d/' * level}f" for level in range(levels)])

    driver.move(tree.path("source"), tree.path("dest"))

    moved = renamed(files, tree.path("source"), tree.path("dest"))
    expect.equal(
        [info.path for info in driver.walk(tree.path("dest"))], walk_of(moved, tree.path("dest")), "walk of dest"
    )
    expect.absent(driver, tree.path("source"), "source after the move of a deep directory")


@requirement("MOVE-5")
def test_directory_of_more_than_a_page_moves_whole(driver: StorageDriver, tree: Tree) -> None:
    """What lies below is more than a listing gives at once: none of it stays, and none is lost."""
    names = crowd(page_of(driver) + 1)
    put_many(driver, tree.paths(*(f"source/{name}" for name in names)))

    driver.move(tree.path("source"), tree.path("dest"))

    expect.absent(driver, tree.path("source"), "source after the move of a large directory")
    walked = [info.path for info in driver.walk(tree.path("dest"))]
    expect.equal(walked, walk_of(tree.paths(*(f"dest/{name}" for name in names)), tree.path("dest")), "walk of dest")


@requirement("MOVE-5")
@pytest.mark.parametrize("dest", ["e", "d-", "s/t"])
def test_moved_names_may_hold_the_way_to_them(driver: StorageDriver, tree: Tree, dest: str) -> None:
    """The path of source, or of dest, may come once more below source: only the beginning of each path changes."""
    source, goal = tree.path("d"), tree.path(dest)
    longest = driver.capabilities.limits.longest_path
    names = dict.fromkeys([*repeated(source, driver), *repeated(goal, driver)])
    files = put_all(driver, source, [name for name in names if len(paths.join(goal, name)) <= longest])

    driver.move(source, goal)

    moved = renamed(files, source, goal)
    expect.equal([info.path for info in driver.walk(goal)], walk_of(moved, goal), "walk of the moved directory")
    for path, data in moved.items():
        expect.file(driver, path, data, "a file of the moved directory")
    expect.absent(driver, source, "source after the move of a directory")


@requirement("MOVE-5")
@pytest.mark.parametrize("taken", ["dest", "dest/x", "dest/other", "dest/x/deeper"])
def test_directory_that_does_not_fit_is_not_lost(driver: StorageDriver, tree: Tree, taken: str) -> None:
    """Where something is at dest, the move of a directory is all or an error: every file is at one end, whole."""
    files = put_all(driver, tree.path("source"), ["x", "y/z"])
    driver.put_content(tree.path(taken), b"taken")

    try:
        driver.move(tree.path("source"), tree.path("dest"))
    except StorageDriverError:
        end = "source"
        expect.file(driver, tree.path(taken), b"taken", "what was at dest, after a refused move")
    else:
        end = "dest"
        expect.absent(driver, tree.path("source"), "source after the move")

    for path, data in renamed(files, tree.path("source"), tree.path(end)).items():
        expect.file(driver, path, data, "a file of the directory")


@requirement("MOVE-5")
def test_absent_directory_moves_nothing(driver: StorageDriver, tree: Tree) -> None:
    """The beginning of a directory's name is no directory: PathNotFoundError, and the directory stays."""
    files = put_all(driver, tree.path("source"), ["x", "y/z"])

    expect.not_found(lambda: driver.move(tree.path("sourc"), tree.path("dest")), "move of the beginning of a name")

    expect.children(driver, tree.path("source"), children_of(files, tree.path("source")), "children that stay")


# --- refusals lose nothing


@requirement("MOVE-6")
@pytest.mark.parametrize("below", ["below", "below/deep", "source", "source/source"])
def test_file_does_not_move_below_itself(driver: StorageDriver, tree: Tree, below: str) -> None:
    """A file cannot become its own directory: PathConflictError, and it stays."""
    data = content(100, seed=1)
    driver.put_content(tree.path("source"), data)

    with expect.raises(PathConflictError, "move of a file below itself"):
        driver.move(tree.path("source"), tree.path(f"source/{below}"))

    expect.file(driver, tree.path("source"), data, "a file that should move below itself")
    expect.not_found(lambda: driver.get_content(tree.path(f"source/{below}")), "dest below the file")


@requirement("MOVE-6")
@pytest.mark.parametrize("below", ["new", "new/deep", "s", "s/new", "f"])
def test_directory_does_not_move_below_itself(driver: StorageDriver, tree: Tree, below: str) -> None:
    """A directory moved below itself is an error, and all stays where it was."""
    files = put_all(driver, tree.path("source"), ["f", "s/f", "s/t/f"])

    with expect.raises((PathConflictError, UnsupportedMethodError), "move of a directory below itself"):
        driver.move(tree.path("source"), tree.path(f"source/{below}"))

    walked = [info.path for info in driver.walk(tree.root)]
    expect.equal(walked, walk_of(files, tree.root), "walk after a directory should move below itself")
    for path, data in files.items():
        expect.file(driver, path, data, "a file of a directory that should move below itself")


@requirement("MOVE-6")
@pytest.mark.parametrize("dest", ["d", "d/s", "d/of-directories", "parent"])
@pytest.mark.parametrize("size", [0, 100])
def test_file_does_not_move_onto_a_directory(driver: StorageDriver, tree: Tree, dest: str, size: int) -> None:
    """A file moved onto a directory, its own parent too, is a PathConflictError; the file and all below dest stay."""
    data = content(size, seed=1)
    driver.put_content(tree.path("parent/source"), data)
    files = put_all(driver, tree.path("d"), ["f", "s/f", "s-", "of-directories/t/u/f"])

    with expect.raises(PathConflictError, "move of a file onto a directory"):
        driver.move(tree.path("parent/source"), tree.path(dest))

    expect.file(driver, tree.path("parent/source"), data, "source after a move onto a directory")
    expect.equal(driver.stat(tree.path(dest)).is_dir, True, "whether dest is a directory still")
    for path, kept in files.items():
        expect.file(driver, path, kept, "a file below dest")


_BEGIN_ALIKE = (("a", "ab"), ("a", "ab/c"), ("a", "a-/b/c"), ("a", "a.x"), ("ab", "a"), ("ab", "a/c"), ("a.b", "a/b"))
"""Two relative paths each, of which one begins with the other's name and is not below it."""


@requirement("MOVE-6")
@pytest.mark.parametrize(("source", "dest"), _BEGIN_ALIKE)
def test_name_that_begins_like_source_is_not_below_it(
    driver: StorageDriver, tree: Tree, source: str, dest: str
) -> None:
    """A path that begins with the name of source, or has files that begin with dest's, is a dest like any other."""
    driver.put_content(tree.path(source), b"content")
    driver.put_content(tree.path("ab-/x"), b"1")

    driver.move(tree.path(source), tree.path(dest))

    expect.file(driver, tree.path(dest), b"content", "content at dest")
    expect.absent(driver, tree.path(source), "source")
    expect.file(driver, tree.path("ab-/x"), b"1", "the neighbour of dest")


@requirement("MOVE-6", capability="move_directory")
@pytest.mark.parametrize(("source", "dest"), _BEGIN_ALIKE)
def test_directory_may_move_to_what_begins_like_it(driver: StorageDriver, tree: Tree, source: str, dest: str) -> None:
    """Nor is it for a directory: it moves there, with all below it."""
    files = put_all(driver, tree.path(source), ["x", "s/x"])
    driver.put_content(tree.path("ab-/x"), b"1")

    driver.move(tree.path(source), tree.path(dest))

    for path, data in renamed(files, tree.path(source), tree.path(dest)).items():
        expect.file(driver, path, data, "a file below dest")
    expect.absent(driver, tree.path(source), "source")
    expect.file(driver, tree.path("ab-/x"), b"1", "the neighbour of dest")


@requirement("MOVE-7")
@pytest.mark.parametrize("size", ["0", "100", "chunk+1"])
@pytest.mark.parametrize("obstacle", ["below-a-file", "far-below-a-file", "directory", "invalid", "root", "itself"])
def test_move_that_cannot_be_leaves_source_or_dest_whole(
    driver: StorageDriver, tree: Tree, obstacle: str, size: str
) -> None:
    """A move whose dest is refused leaves the content whole at source; one that succeeds all the same, at dest."""
    data = content(size_of(size, driver), seed=1)
    driver.put_content(tree.path("source"), data)
    others = put_all(driver, tree.root, ["file", "directory/f"])
    dest = {
        "below-a-file": tree.path("file/x"),
        "far-below-a-file": tree.path("file/x/y/z"),
        "directory": tree.path("directory"),
        "invalid": f"{tree.root}/../x",
        "root": "/",
        "itself": tree.path("source/x"),
    }[obstacle]

    try:
        driver.move(tree.path("source"), dest)
    except StorageDriverError as error:
        expect.equal(isinstance(error, PathNotFoundError), False, "whether a source that is there is not found")
        expect.equal(
            isinstance(error, InvalidPathError), obstacle in {"invalid", "root"}, "whether dest is an invalid path"
        )
        expect.file(driver, tree.path("source"), data, "source after a refused move")
    else:
        expect.file(driver, dest, data, "dest after a move that raised nothing")
        expect.absent(driver, tree.path("source"), "source after a move that raised nothing")
    for path, kept in others.items():
        expect.file(driver, path, kept, "what else was there, after a move with an obstacle")


@requirement("MOVE-7")
@pytest.mark.parametrize("dest", ["file/x", "directory"])
def test_move_works_after_a_refused_one(driver: StorageDriver, tree: Tree, dest: str) -> None:
    """A refused move hinders no later one: the same source moves elsewhere, and nothing of the first try is left."""
    data = content(100, seed=1)
    driver.put_content(tree.path("source"), data)
    put_all(driver, tree.root, ["file", "directory/f"])
    refused = True
    try:
        driver.move(tree.path("source"), tree.path(dest))
    except StorageDriverError:
        pass
    else:
        refused = False

    driver.move(tree.path("source" if refused else dest), tree.path("elsewhere"))

    expect.file(driver, tree.path("elsewhere"), data, "content after the second try")
    expect.children(driver, tree.root, tree.paths("elsewhere", "file", "directory"), "children after the second try")


@requirement("MOVE-7")
@pytest.mark.parametrize("name", ["component", "path"])
def test_move_to_a_name_beyond_the_limits_keeps_source(driver: StorageDriver, tree: Tree, name: str) -> None:
    """A dest longer than declared is refused, and source stays whole."""
    limits = driver.capabilities.limits
    driver.put_content(tree.path("source"), b"content")
    dest = tree.path("x" * (limits.longest_component + 1) if name == "component" else "x/" * limits.longest_path + "x")

    with expect.raises(InvalidPathError, "move to a name beyond the limits"):
        driver.move(tree.path("source"), dest)

    expect.file(driver, tree.path("source"), b"content", "source after a refused move")
    expect.children(driver, tree.root, tree.paths("source"), "children after a refused move")
