"""DEL: removing files and directories."""

from __future__ import annotations

import contextlib
import threading

import pytest

from storagedriver import PathNotFoundError, StorageDriver, StorageDriverError, UnsupportedMethodError
from storagedriver.testing import Subject, Tree, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.names import ABSENT, put_around_absent, tree_state
from storagedriver_suites.behaviour.shapes import (
    SHAPES,
    crowd,
    directories_of,
    page_of,
    put_all,
    put_many,
    put_shape,
)
from storagedriver_suites.behaviour.streams import stage, stage_many

HANG_SECONDS = 120
"""How long threads may take before they count as hung; many times what the slowest server needs."""


# --- what is deleted is gone


@requirement("DEL-1")
@pytest.mark.parametrize("size", ["0", "1", "chunk+1"])
@pytest.mark.parametrize("written", ["put", "stream"])
def test_deleted_file_is_gone(driver: StorageDriver, tree: Tree, size: str, written: str) -> None:
    """After its delete a file is found by no method, however it was written."""
    path = tree.path("d/file")
    driver.put_content(tree.path("d/other"), b"1")
    if written == "put":
        driver.put_content(path, content(size_of(size, driver)))
    else:
        with driver.writer(path) as writer:
            writer.write(content(size_of(size, driver)))
            writer.commit()

    driver.delete(path)

    expect.absent(driver, path, "a deleted file")
    expect.children(driver, tree.path("d"), tree.paths("d/other"), "children beside the deleted file")


@requirement("DEL-1")
@pytest.mark.parametrize("shape", SHAPES)
def test_deleted_directory_is_gone_with_all_below(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """Each directory of a tree is deleted with every file and directory below it."""
    files = put_all(driver, tree.path("top"), SHAPES[shape])
    driver.put_content(tree.path("beside"), b"1")

    driver.delete(tree.path("top"))

    for path in [*files, *directories_of(files, tree.root)]:
        expect.absent(driver, path, "what lay in a deleted directory")
    expect.children(driver, tree.root, tree.paths("beside"), "children beside the deleted directory")


@requirement("DEL-1")
@pytest.mark.parametrize("shape", ["around-the-slash", "same-name-on-each-level", "prefix-of-the-one-before"])
def test_each_directory_is_deleted_alone(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """Whichever directory of a tree is deleted, it is gone and every file outside it is whole."""
    every = directories_of(put_shape(driver, tree, shape), tree.root)
    for directory in every:
        files = put_shape(driver, tree, shape)

        driver.delete(directory)

        expect.absent(driver, directory, "a deleted directory")
        for path, data in files.items():
            if path.startswith(f"{directory}/"):
                expect.not_found(lambda path=path: driver.get_content(path), f"a file of the deleted {directory}")  # type: ignore[misc]
            else:
                expect.equal(driver.get_content(path), data, f"{path} after the delete of {directory}")


@requirement("DEL-1")
def test_deleted_path_can_be_anything_again(driver: StorageDriver, tree: Tree) -> None:
    """Where a file was deleted a directory can be, and the other way round."""
    driver.put_content(tree.path("x"), b"1")
    driver.put_content(tree.path("y/z"), b"1")

    driver.delete(tree.path("x"))
    driver.delete(tree.path("y"))

    driver.put_content(tree.path("x/below"), b"2")
    driver.put_content(tree.path("y"), b"3")
    expect.file(driver, tree.path("x/below"), b"2", "a file below what was a file")
    expect.file(driver, tree.path("y"), b"3", "a file where a directory was")
    expect.children(driver, tree.path("x"), tree.paths("x/below"), "children of what was a file")


@requirement("DEL-1")
def test_deleted_again_and_again(driver: StorageDriver, tree: Tree) -> None:
    """However often a path was deleted, what is put there is there as before, and its delete is one."""
    files = tree.paths("d/file", "d/s/file")
    for turn in range(12):
        for path in files:
            driver.put_content(path, content(10 + turn, seed=turn))
            expect.file(driver, path, content(10 + turn, seed=turn), "a file at a path that was deleted before")
        expect.children(driver, tree.path("d"), tree.paths("d/file", "d/s"), "children of a directory deleted before")

        driver.delete(tree.path("d") if turn % 2 else files[0])
        expect.absent(driver, files[0], "a path that was deleted again")
        if turn % 2:
            expect.absent(driver, tree.path("d"), "a directory that was deleted again")


@requirement("DEL-1")
def test_deleted_content_does_not_come_back(driver: StorageDriver, tree: Tree) -> None:
    """A new file in a deleted directory lies there alone."""
    put_all(driver, tree.path("d"), SHAPES["around-the-slash"])
    driver.delete(tree.path("d"))

    driver.put_content(tree.path("d/a/new"), b"1")

    expect.children(driver, tree.path("d"), tree.paths("d/a"), "children of a directory that was deleted before")
    expect.children(driver, tree.path("d/a"), tree.paths("d/a/new"), "its children's children")


@requirement("DEL-1")
def test_file_and_directory_of_one_name_both_go(driver: StorageDriver, tree: Tree) -> None:
    """Where a backend holds a file and a directory of one name, delete takes both."""
    driver.put_content(tree.path("a"), b"1")
    with contextlib.suppress(StorageDriverError):
        driver.put_content(tree.path("a/b"), b"2")

    driver.delete(tree.path("a"))

    expect.absent(driver, tree.path("a"), "the deleted path")
    expect.absent(driver, tree.path("a/b"), "what lay below it")


@requirement("DEL-1")
@pytest.mark.parametrize(
    ("pages", "beyond"),
    [(1, 1), pytest.param(1, 0, marks=full), pytest.param(2, 1, marks=full)],
    ids=["page+1", "page", "2*page+1"],
)
def test_directory_of_many_pages_is_deleted_whole(driver: StorageDriver, tree: Tree, pages: int, beyond: int) -> None:
    """More files than one page of the listing, and than one batch, are all gone; the neighbours are not."""
    files = tree.paths(*(f"d/{name}" for name in crowd(pages * page_of(driver) + beyond)))
    beside = tree.paths("d-", "d0", "d.x/y", "dd/y")
    put_many(driver, [*files, *beside])

    driver.delete(tree.path("d"))

    expect.absent(driver, tree.path("d"), "a deleted directory of many pages")
    for path in (files[0], files[len(files) // 2], files[-1]):
        expect.not_found(lambda path=path: driver.stat(path), "a file of the deleted directory")  # type: ignore[misc]
    expect.children(driver, tree.root, tree.paths("d-", "d0", "d.x", "dd"), "children beside the deleted directory")


@requirement("DEL-1")
@pytest.mark.parametrize("levels", [100, pytest.param(400, marks=full)])
def test_directory_of_many_levels_is_deleted_whole(driver: StorageDriver, tree: Tree, levels: int) -> None:
    """However deep they lie, the files below a directory are gone with it."""
    levels = min(levels, (driver.capabilities.limits.longest_path - len(tree.path("d/f"))) // 2)
    names = [f"d/{'e/' * level}f" for level in (1, levels // 3, levels // 3 * 2, levels)]
    files = put_all(driver, tree.root, names)

    driver.delete(tree.path("d"))

    for path in files:
        expect.absent(driver, path, "a file of a deep directory, deleted")
    expect.absent(driver, tree.path("d"), "a deep directory, deleted")


@requirement("DEL-1")
def test_directory_behind_a_page_of_siblings_is_deleted(driver: StorageDriver, tree: Tree) -> None:
    """Siblings that sort before the slash fill the first page: what lies below the path is gone all the same."""
    siblings = tree.paths(*(f"a-{number:05}" for number in range(page_of(driver) + 1)))
    put_many(driver, [*siblings, *tree.paths("a/x", "a/y/z")])

    driver.delete(tree.path("a"))

    expect.absent(driver, tree.path("a"), "a directory behind a page of siblings")
    expect.absent(driver, tree.path("a/y/z"), "a file in it")
    expect.equal(len(driver.list(tree.root)), len(siblings), "siblings that are left")


# --- neighbours


@requirement("DEL-2")
@pytest.mark.parametrize("kind", ["file", "directory"])
@pytest.mark.parametrize("sibling", ["ab", "a-b", "a.b", "a0", "a_", "a-/x", "ab/x", "a.b/a/x", "aa/x", "b/a/x", "b/a"])
def test_delete_leaves_neighbours(driver: StorageDriver, tree: Tree, kind: str, sibling: str) -> None:
    """The delete of a file or directory leaves every other whose name begins, or ends, alike; and does delete."""
    deleted = tree.path("a" if kind == "file" else "a/x/y")
    driver.put_content(tree.path(sibling), content(50, seed=3))
    driver.put_content(deleted, b"1")

    driver.delete(tree.path("a"))

    expect.file(driver, tree.path(sibling), content(50, seed=3), "a file whose name begins alike")
    expect.absent(driver, tree.path("a"), "the deleted path")
    expect.not_found(lambda: driver.get_content(deleted), "the deleted file")


PATTERNS = (("a_c", "abc"), ("a.c", "abc"), ("a_c", "a-c"), ("a.c", "a0c"), ("_", "x"), ("...", "abc"))
"""Two names each, of which the first is a pattern that the second matches, in SQL or as a regular expression."""


@requirement("DEL-2")
@pytest.mark.parametrize("kind", ["file", "directory"])
@pytest.mark.parametrize(("name", "matching"), PATTERNS)
def test_delete_takes_no_name_for_a_pattern(
    driver: StorageDriver, tree: Tree, kind: str, name: str, matching: str
) -> None:
    """The delete of a path leaves what its name would match if it were a pattern: files, directories, and streams."""
    files = put_all(driver, tree.root, [f"{matching}/x", f"{matching}/s/x", f"d/{matching}"])
    staged = tree.path(f"{matching}/staged")
    stage(driver, staged, b"staged")
    deleted = tree.paths(f"d/{name}") if kind == "file" else tree.paths(f"{name}/x", f"{name}/s/x")
    for path in deleted:
        driver.put_content(path, b"1")

    driver.delete(tree.path(f"d/{name}" if kind == "file" else name))

    for path, data in files.items():
        expect.file(driver, path, data, f"a file that the pattern {name} matches")
    for path in deleted:
        expect.absent(driver, path, "the deleted file")
    if driver.capabilities.resumable_writes:
        with driver.writer(staged, append=True) as writer:
            expect.equal(writer.size, 6, f"size of a stream that the pattern {name} matches, continued")


@requirement("DEL-2", capability="case_sensitive")
@pytest.mark.parametrize("twin", ["Dir/file", "DIR/x", "dir2/file"])
def test_delete_leaves_the_twin_in_other_case(driver: StorageDriver, tree: Tree, twin: str) -> None:
    """The delete of /dir leaves /Dir."""
    driver.put_content(tree.path("dir/file"), b"1")
    driver.put_content(tree.path(twin), b"2")

    driver.delete(tree.path("dir"))

    expect.file(driver, tree.path(twin), b"2", "a file in a directory whose name differs in case")
    expect.absent(driver, tree.path("dir"), "the deleted directory")


@requirement("DEL-2")
@pytest.mark.parametrize("name", ["f", "f-", "f0", ".f", "-"])
def test_delete_of_a_file_leaves_its_directory_mates(driver: StorageDriver, tree: Tree, name: str) -> None:
    """One of several files that begin alike in one directory is deleted; the others stay."""
    names = ["f", "f-", "f0", ".f", "-", "f.tmp"]
    files = put_all(driver, tree.path("d"), names)

    driver.delete(tree.path(f"d/{name}"))

    left = [path for path in files if path != tree.path(f"d/{name}")]
    expect.children(driver, tree.path("d"), left, f"children after the delete of {name}")
    for path in left:
        expect.equal(driver.get_content(path), files[path], f"{path} after the delete of {name}")


@requirement("DEL-2", needs=["root"])
def test_delete_stays_in_its_root(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """A delete by a driver of one root leaves the same path of every other root and prefix alone."""
    store, longer = subject.open_root("p"), subject.open_root("p2")
    for each in (store, longer):
        each.put_content("/x/y", b"1")
    driver.put_content(tree.path("x/y"), b"1")

    store.delete("/x")

    expect.file(longer, "/x/y", b"1", "the same path in a root that begins alike")
    expect.file(driver, tree.path("x/y"), b"1", "the same path outside the root")
    expect.absent(store, "/x", "the deleted directory")


# --- absence


@requirement("DEL-3")
@pytest.mark.parametrize("name", ABSENT)
def test_delete_of_what_is_absent_is_not_found(driver: StorageDriver, tree: Tree, name: str) -> None:
    """Absent, the beginning of a name, below a file, deleted or moved before: PathNotFoundError, and all stays."""
    put_around_absent(driver, tree)
    before = tree_state(driver, tree)

    with expect.raises(PathNotFoundError, "delete of an absent path", path=tree.path(name)):
        driver.delete(tree.path(name))

    expect.equal(tree_state(driver, tree), before, "all files and directories after the delete of an absent path")


@requirement("DEL-3", needs=["root"])
@pytest.mark.parametrize("path", ["/x", "/x/y"])
def test_delete_in_an_empty_store_is_not_found(subject: Subject, path: str) -> None:
    """In a store that nothing was written to, delete says that there is nothing."""
    store = subject.open_root("fresh")

    expect.not_found(lambda: store.delete(path), "delete in a fresh store")


# --- no silent rest


@requirement("DEL-4", needs=["inspect"])
@pytest.mark.parametrize("count", [1, 2, 30, 257, pytest.param(1001, marks=full)])
def test_delete_that_succeeds_leaves_no_rest(driver: StorageDriver, tree: Tree, subject: Subject, count: int) -> None:
    """When delete returns, nothing of the directory is on the backend, however large the batch."""
    put_many(driver, tree.paths(*(f"d/{name}" for name in crowd(count))))

    driver.delete(tree.path("d"))

    expect.equal(subject.inspect(), [], f"what is on the backend after a delete of {count} files")


@requirement("DEL-4")
@pytest.mark.parametrize("others", ["delete", "move-away", "replace"])
def test_delete_is_not_misled_by_changes_meanwhile(
    driver: StorageDriver, tree: Tree, subject: Subject, others: str
) -> None:
    """While another driver deletes, moves or replaces some files, delete still takes all that nobody else touches."""
    count = 60
    names = [f"n{number:03}" for number in range(count)]
    put_many(driver, tree.paths(*(f"d/{name}" for name in names)))
    another = subject.open()
    unexpected: list[Exception] = []

    def change() -> None:
        for name in names[::2]:
            path = tree.path(f"d/{name}")
            try:
                if others == "delete":
                    another.delete(path)
                elif others == "move-away":
                    another.move(path, tree.path(f"moved-{name}"))
                elif another.stat(path).size:
                    another.put_content(path, b"")
            except PathNotFoundError:
                # The delete was there first.
                continue
            except Exception as error:  # noqa: BLE001  judged below, in the check's own thread
                unexpected.append(error)

    thread = threading.Thread(target=change, daemon=True)
    thread.start()
    driver.delete(tree.path("d"))
    thread.join(HANG_SECONDS)

    expect.equal(thread.is_alive(), False, f"whether {others} beside the delete hangs")
    expect.equal(unexpected, [], f"errors of {others} beside the delete")
    untouched = tree.paths(*(f"d/{name}" for name in names[1::2]))
    for path in untouched:
        expect.not_found(lambda path=path: driver.stat(path), "a file that nobody else touched")  # type: ignore[misc]
    if others != "replace":
        expect.absent(driver, tree.path("d"), "the deleted directory")


@requirement("DEL-4")
@pytest.mark.parametrize("count", [3, 40])
def test_delete_called_again_finishes(driver: StorageDriver, tree: Tree, subject: Subject, count: int) -> None:
    """A directory that another driver has half deleted is deleted to the end, and then is not found."""
    names = [f"d/{name}" for name in crowd(count)]
    files = put_all(driver, tree.root, names)
    driver.list(tree.path("d"))
    another = subject.open()
    for path in list(files)[::2]:
        another.delete(path)

    driver.delete(tree.path("d"))

    expect.absent(driver, tree.path("d"), "a directory that was half deleted before")
    expect.not_found(lambda: driver.delete(tree.path("d")), "delete of it once more")


# --- stages


def _stage(driver: StorageDriver, path: str, size: int = 100) -> None:
    """Leave a stream into `path` closed and not committed."""
    with driver.writer(path) as writer:
        writer.write(content(size, seed=5))


def _continue(driver: StorageDriver, path: str) -> None:
    """Continue what is staged for `path`, if there is anything."""
    try:
        writer = driver.writer(path, append=True)
    except UnsupportedMethodError as unsupported:
        raise PathNotFoundError("append is not offered, so nothing can be continued", path=path) from unsupported
    writer.cancel()


@requirement("DEL-5")
@pytest.mark.parametrize("deleted", ["d/s/file", "d/s", "d"])
@pytest.mark.parametrize("committed", ["committed", "staged-only"])
def test_staged_stream_ends_with_the_delete(driver: StorageDriver, tree: Tree, deleted: str, committed: str) -> None:
    """After the delete of a path or of a parent nothing is left to be continued there."""
    path = tree.path("d/s/file")
    if committed == "committed":
        driver.put_content(path, b"old")
    else:
        driver.put_content(tree.path("d/s/other/file" if deleted != "d/s/file" else "d/other"), b"old")
    _stage(driver, path)

    # With a stage alone at the path itself there may be nothing to be found; the stage goes all the same.
    with contextlib.suppress(*([PathNotFoundError] if committed == "staged-only" and deleted == "d/s/file" else [])):
        driver.delete(tree.path(deleted))

    expect.not_found(lambda: _continue(driver, path), "a stream staged before the delete, continued after it")
    expect.absent(driver, path, "the path of the staged stream")


@requirement("DEL-5", capability="resumable_writes")
@pytest.mark.parametrize("deleted", ["d/s/file", "d"])
@pytest.mark.parametrize("rounds", [1, 2])
def test_continued_stream_ends_with_the_delete(driver: StorageDriver, tree: Tree, deleted: str, rounds: int) -> None:
    """A stage that was continued and closed again ends with its path as one that was not."""
    path = tree.path("d/s/file")
    driver.put_content(path, b"old")
    _stage(driver, path)
    for _ in range(rounds):
        with driver.writer(path, append=True) as writer:
            writer.write(b"more")

    driver.delete(tree.path(deleted))

    expect.not_found(lambda: _continue(driver, path), "a stream continued before the delete, and continued after it")
    expect.absent(driver, path, "the path of the continued stream")


@requirement("DEL-5", needs=["inspect"])
@pytest.mark.parametrize("size", ["1", "chunk", "chunk+1", pytest.param("2*chunk+1", marks=full)])
@pytest.mark.parametrize("by", ["same", "another"])
def test_delete_removes_stages_from_the_backend(
    driver: StorageDriver, tree: Tree, subject: Subject, size: str, by: str
) -> None:
    """No part, segment or unfinished upload below a deleted directory stays, whoever staged it."""
    deleting = driver if by == "same" else subject.open()
    driver.put_content(tree.path("d/file"), b"1")
    for name in ("d/file", "d/staged", "d/s/staged"):
        _stage(driver, tree.path(name), size_of(size, driver))

    deleting.delete(tree.path("d"))

    expect.equal(subject.inspect(), [], "what is on the backend after the delete")


@requirement("DEL-5", capability="resumable_writes")
def test_streams_of_more_than_a_page_end_with_the_delete(driver: StorageDriver, tree: Tree) -> None:
    """Of more unfinished streams than a listing gives at once, none below a deleted directory can be continued."""
    staged = tree.paths(*(f"d/{name}" for name in crowd(min(page_of(driver), 120) + 5)))
    driver.put_content(tree.path("d/file"), b"1")
    stage_many(driver, dict.fromkeys(staged, b"staged"))

    driver.delete(tree.path("d"))

    for path in staged[:: max(1, len(staged) // 12)] + staged[-2:]:
        expect.not_found(lambda path=path: _continue(driver, path), "one of many streams, after the delete")  # type: ignore[misc]


@requirement("DEL-2", capability="resumable_writes")
@pytest.mark.parametrize("sibling", ["ab", "a-b", "a.b/x"])
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_delete_leaves_streams_of_neighbours(driver: StorageDriver, tree: Tree, kind: str, sibling: str) -> None:
    """Streams of more than a chunk into paths that begin alike can be continued after the delete."""
    data = content(size_of("chunk+1", driver), seed=3)
    stage(driver, tree.path(sibling), data)
    driver.put_content(tree.path("a" if kind == "file" else "a/x"), b"1")

    driver.delete(tree.path("a"))

    with driver.writer(tree.path(sibling), append=True) as writer:
        expect.equal(writer.size, len(data), "size of a neighbour's stream, continued after the delete")
        writer.commit()
    expect.file(driver, tree.path(sibling), data, "content of a neighbour's stream")


@requirement("DEL-5", needs=["inspect"])
@pytest.mark.parametrize("left", ["open", "closed"])
def test_delete_of_the_file_removes_its_stage(driver: StorageDriver, tree: Tree, subject: Subject, left: str) -> None:
    """The delete of a file takes what was staged over it; cancelling the stream afterwards is quiet."""
    path = tree.path("file")
    driver.put_content(path, b"1")
    writer = driver.writer(path)
    writer.write(content(100))
    if left == "closed":
        writer.close()

    driver.delete(path)
    writer.cancel()

    expect.equal(subject.inspect(), [], "what is on the backend after delete and cancel")
    expect.absent(driver, path, "the deleted file")


@requirement("DEL-5", capability="resumable_writes")
@pytest.mark.parametrize("sibling", ["ab", "a-b", "a.b/x", "a0/x", "b/a", "aa"])
def test_delete_leaves_the_neighbours_stages(driver: StorageDriver, tree: Tree, sibling: str) -> None:
    """What is staged at a path that begins alike is continued after the delete, whole."""
    driver.put_content(tree.path("a/x"), b"1")
    _stage(driver, tree.path("a/x"))
    _stage(driver, tree.path(sibling))

    driver.delete(tree.path("a"))

    with driver.writer(tree.path(sibling), append=True) as writer:
        expect.equal(writer.size, 100, "size of the neighbour's continued stream")
        writer.write(b"!")
        writer.commit()
    expect.file(driver, tree.path(sibling), content(100, seed=5) + b"!", "the neighbour's stream, continued")


@requirement("DEL-5", capability="resumable_writes")
@pytest.mark.parametrize("deleted", ["d/file", "d"])
def test_new_file_does_not_continue_a_deleted_stage(driver: StorageDriver, tree: Tree, deleted: str) -> None:
    """A file put where a stage was deleted is appended to as it is."""
    path = tree.path("d/file")
    driver.put_content(path, b"old")
    _stage(driver, path)
    driver.delete(tree.path(deleted))
    driver.put_content(path, b"new")

    with driver.writer(path, append=True) as writer:
        writer.write(b"+more")
        writer.commit()

    expect.file(driver, path, b"new+more", "an append after stage and file were deleted and the file put anew")
