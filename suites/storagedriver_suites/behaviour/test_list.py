"""LIST: the children of a directory."""

from __future__ import annotations

import contextlib

import pytest

from storagedriver import PathNotFoundError, StorageDriver, StorageDriverError
from storagedriver.testing import Subject, Tree, content, expect, full, requirement, soak
from storagedriver_suites.behaviour.contents import LOOKALIKES, nuls
from storagedriver_suites.behaviour.names import ABSENT, finish_walk, put_around_absent
from storagedriver_suites.behaviour.shapes import (
    SHAPES,
    children_of,
    crowd,
    directories_of,
    more_than_a_page,
    one_by_one,
    page_of,
    put_all,
    put_many,
    put_shape,
    repeated,
    walk_of,
)


@requirement("LIST-1")
@pytest.mark.parametrize("shape", SHAPES)
def test_every_directory_lists_its_direct_children(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """Each directory of a tree lists its own children as full paths, each once, and nothing from deeper."""
    files = put_shape(driver, tree, shape)

    for directory in [tree.root, *directories_of(files, tree.root)]:
        listed = sorted(driver.list(directory))

        expect.equal(listed, children_of(files, directory), f"children of {directory}")


@requirement("LIST-1")
def test_names_may_hold_the_way_to_them(driver: StorageDriver, tree: Tree) -> None:
    """A directory's own path may come once more, and again, in what lies below it: only its beginning is its own."""
    directory = tree.path("d")
    files = put_all(driver, directory, repeated(directory, driver))

    for each in [directory, *directories_of(files, directory)]:
        listed = sorted(driver.list(each))

        expect.equal(listed, children_of(files, each), f"children of {each}")


@requirement("LIST-1")
def test_content_hides_no_child(driver: StorageDriver, tree: Tree) -> None:
    """Whatever a file holds, nothing or what looks like something, it and the files behind it are listed."""
    files = tree.paths(*LOOKALIKES, "empty", "large")
    for path, data in zip(files, [*LOOKALIKES.values(), b"", nuls(70_000)], strict=True):
        driver.put_content(path, data)

    expect.children(driver, tree.root, files, "files of all kinds of content")
    expect.equal(finish_walk(driver, tree.root), walk_of(files, tree.root), "walk over files of all kinds of content")


@requirement("LIST-1", capability="case_sensitive")
def test_names_that_differ_in_case_are_two_children(driver: StorageDriver, tree: Tree) -> None:
    """Files and directories whose names differ in case alone are listed side by side."""
    for name in ("Readme", "readme", "README", "dir/x", "DIR/x", "Dir/X"):
        driver.put_content(tree.path(name), b"1")

    listed = sorted(driver.list(tree.root))

    expect.equal(listed, sorted(tree.paths("Readme", "readme", "README", "dir", "DIR", "Dir")), "children")


@requirement("LIST-1")
def test_what_list_gives_can_be_read_twice(driver: StorageDriver, tree: Tree) -> None:
    """The answer is a sequence: it has a length and can be gone through again."""
    put_shape(driver, tree, "files-and-directories")

    listed = driver.list(tree.root)

    expect.equal([len(listed), len(list(listed)), len(list(listed))], [4, 4, 4], "length, and names at two readings")


@requirement("LIST-1")
@pytest.mark.parametrize("shape", ["files-and-directories", "around-the-slash", "dots-and-dashes"])
def test_listed_paths_go_straight_to_other_methods(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """Each listed path is what stat calls itself by, and tells a file from a directory as list does."""
    files = put_shape(driver, tree, shape)

    seen = {path: driver.stat(path).is_dir for path in driver.list(tree.root)}

    expect.equal(seen, {path: path not in files for path in children_of(files, tree.root)}, "is_dir of each child")


@requirement("LIST-1", capability="atomic_write")
@pytest.mark.parametrize("left", ["open", "closed"])
def test_what_is_staged_is_no_child(driver: StorageDriver, tree: Tree, left: str) -> None:
    """A stream that is not committed, its parts and its temporary files are in no listing."""
    driver.put_content(tree.path("d/committed"), b"1")
    with driver.writer(tree.path("d/staged")) as writer, driver.writer(tree.path("d/committed")) as second:
        for each in (writer, second):
            each.write(content(100))
            if left == "closed":
                each.close()

        listed = sorted(driver.list(tree.path("d")))

    expect.equal(listed, tree.paths("d/committed"), "children beside a stream that is not committed")


@requirement("LIST-2", needs=["root"])
def test_root_of_a_fresh_store_lists_nothing(subject: Subject) -> None:
    """`/` of a store that nothing was ever written to lists, and is empty."""
    fresh = subject.open_root("fresh")

    listed = list(fresh.list("/"))

    expect.equal(listed, [], "list of / of a fresh store")


@requirement("LIST-2", needs=["root"])
def test_root_of_an_emptied_store_lists_nothing(subject: Subject) -> None:
    """`/` lists, and is empty, after the last file was deleted."""
    store = subject.open_root("emptied")
    store.put_content("/d/s/f", b"1")
    store.put_content("/g", b"1")
    store.delete("/d")
    store.delete("/g")

    listed = list(store.list("/"))

    expect.equal(listed, [], "list of / of an emptied store")


@requirement("LIST-2", needs=["root"])
@pytest.mark.parametrize("name", ["f", "d/f", "d/s/f", ".f"])
def test_root_lists_its_children_as_full_paths(subject: Subject, name: str) -> None:
    """`/` lists what lies in it, with one leading slash each, a directory of directories included."""
    store = subject.open_root("r")
    store.put_content(f"/{name}", b"1")

    listed = list(store.list("/"))

    expect.equal(listed, [f"/{name.partition('/')[0]}"], "list of /")


@requirement("LIST-2", needs=["root"])
def test_names_may_hold_the_root(subject: Subject) -> None:
    """The root's own path may come once more below it: in list and walk only its beginning is taken off."""
    store = subject.open_root("r")
    files = put_all(store, "/", repeated(subject.root("r"), store))

    for each in ["/", *directories_of(files, "/")]:
        expect.equal(sorted(store.list(each)), children_of(files, each), f"children of {each} below a root")
    walked = [info.path for info in store.walk("/")]
    expect.equal(walked, walk_of(files, "/"), "walk of / below a root")


@requirement("LIST-2")
def test_root_lists_the_directories_in_it(driver: StorageDriver, tree: Tree) -> None:
    """`/` lists a directory that came to be by a file far below it."""
    driver.put_content(tree.path("a/b/c"), b"1")

    listed = [path for path in driver.list("/") if path.startswith(tree.root)]

    expect.equal(listed, [tree.root], "what / lists of the check's own prefix")


@requirement("LIST-2")
@pytest.mark.parametrize("name", ABSENT)
def test_absent_directory_is_not_found(driver: StorageDriver, tree: Tree, name: str) -> None:
    """List of what is not there, is the beginning of another name, lies below a file or was deleted: not found."""
    put_around_absent(driver, tree)

    with expect.raises(PathNotFoundError, "list of an absent path", path=tree.path(name)):
        driver.list(tree.path(name))


@requirement("LIST-2")
@pytest.mark.parametrize("size", [0, 1, 100])
def test_file_is_not_found_by_list(driver: StorageDriver, tree: Tree, size: int) -> None:
    """List of a file, an empty one too, raises PathNotFoundError."""
    driver.put_content(tree.path("d/file"), content(size))

    expect.not_found(lambda: driver.list(tree.path("d/file")), "list of a file")


@requirement("LIST-3")
def test_each_new_child_is_one_more(driver: StorageDriver, subject: Subject, tree: Tree) -> None:
    """However many there are: no number of children, round or not, is one at which some are missing."""
    files = tree.paths(*(f"d/{number:03}" for number in one_by_one(driver, subject.profile)))

    for count, path in enumerate(files, 1):
        driver.put_content(path, b"1")
        expect.equal(sorted(driver.list(tree.path("d"))), files[:count], f"{count} children")


@requirement("LIST-3")
@pytest.mark.parametrize(
    ("pages", "beyond"),
    [
        (1, 1),
        pytest.param(1, -1, marks=full),
        pytest.param(1, 0, marks=full),
        pytest.param(2, 1, marks=full),
        pytest.param(3, 0, marks=full),
    ],
    ids=["page+1", "page-1", "page", "2*page+1", "3*page"],
)
def test_children_of_many_pages_all_come(driver: StorageDriver, tree: Tree, pages: int, beyond: int) -> None:
    """Files and directories mixed, with names on both sides of the slash at each page's end: each child once."""
    files = tree.paths(*(f"d/{name}" for name in crowd(pages * page_of(driver) + beyond)))
    put_many(driver, files)

    listed = sorted(driver.list(tree.path("d")))

    expect.equal(listed, children_of(files, tree.path("d")), "children over several pages")


@requirement("LIST-3")
@pytest.mark.parametrize(("most", "few"), [("Z", "a"), pytest.param("a", "B", marks=full)])
def test_page_ends_between_capitals_and_others(driver: StorageDriver, tree: Tree, most: str, few: str) -> None:
    """Where names of the one kind fill a page, those of the other kind come too, whether capitals are sorted first or not."""
    names = [f"{most}{number:05}" for number in range(page_of(driver))] + [f"{few}{number}" for number in range(20)]
    files = tree.paths(*(f"d/{name}" for name in names))
    put_many(driver, files)

    listed = sorted(driver.list(tree.path("d")))

    expect.equal(listed, sorted(files), "children with capitals and without")


@soak
@requirement("LIST-3")
def test_forty_thousand_children_all_come_and_go(driver: StorageDriver, tree: Tree) -> None:
    """More than a backend lists in one page, or a database takes as values at once: all are listed, walked, and deleted."""
    files = tree.paths(*(f"d/{number:05}" for number in range(40_000)))
    put_many(driver, files)

    listed = sorted(driver.list(tree.path("d")))

    expect.equal(listed, files, "40,000 children")
    expect.equal([info.path for info in driver.walk(tree.path("d"))], files, "walk over 40,000 children")
    driver.delete(tree.path("d"))
    expect.absent(driver, tree.path("d"), "directory of 40,000 children after its delete")


@full
@requirement("LIST-3")
@pytest.mark.parametrize("kind", ["files", "directories", "prefix-relatives"])
def test_children_of_one_kind_over_two_pages_all_come(driver: StorageDriver, tree: Tree, kind: str) -> None:
    """Only files, only directories, or directories next to files of nearly the same name: each child once."""
    count = 2 * page_of(driver) + 1
    names = {
        "files": [f"f{number:05}" for number in range(count)],
        "directories": [f"d{number:05}/f" for number in range(count)],
        "prefix-relatives": [
            f"{'a' * (number // 4 % 200 + 1)}{number // 800 or ''}{tail}" for number, tail in _tails(count)
        ],
    }[kind]
    files = sorted(set(tree.paths(*(f"d/{name}" for name in names))))
    put_many(driver, files)

    listed = sorted(driver.list(tree.path("d")))

    expect.equal(listed, children_of(files, tree.path("d")), "children over several pages")


def _tails(count: int) -> list[tuple[int, str]]:
    return [(number, ("/x", "-", "-b/x", ".b")[number % 4]) for number in range(count)]


@requirement("LIST-3")
@pytest.mark.parametrize("first", ["files", "directories"])
def test_page_of_the_other_kind_comes_too(driver: StorageDriver, tree: Tree, first: str) -> None:
    """A page of files alone is followed by one of directories alone, and the other way round: each child once."""
    count = page_of(driver)
    before, after = ("", "/f") if first == "files" else ("/f", "")
    files = tree.paths(
        *(f"d/a{number:05}{before}" for number in range(count)), *(f"d/b{number}{after}" for number in range(3))
    )
    put_many(driver, files)

    listed = sorted(driver.list(tree.path("d")))

    expect.equal(listed, children_of(files, tree.path("d")), f"children where a page of {first} comes first")


@requirement("LIST-3")
def test_file_and_directory_of_one_name_are_one_child(driver: StorageDriver, tree: Tree) -> None:
    """Where a backend holds both, a page of names that sort between them apart, the name comes once."""
    between = tree.paths(*(f"a-{number:05}" for number in range(page_of(driver) + 1)))
    put_many(driver, [*between, tree.path("a")])
    # Many stores refuse it, as there is a file.
    with contextlib.suppress(StorageDriverError):
        driver.put_content(tree.path("a/b"), b"1")

    expect.children(driver, tree.root, [tree.path("a"), *between], "children, of which one is a file and a directory")


@requirement("LIST-3")
def test_what_lies_deeper_does_not_crowd_out_children(driver: StorageDriver, tree: Tree) -> None:
    """A directory with more below its first child than one page holds still lists the children behind it."""
    deeper = tree.paths(*(f"d/a/{number:05}" for number in range(page_of(driver) + 1)))
    put_many(driver, [*deeper, *tree.paths("d/b", "d/c/x")])

    listed = sorted(driver.list(tree.path("d")))

    expect.equal(listed, tree.paths("d/a", "d/b", "d/c"), "children beside a crowded one")


@requirement("LIST-4")
@pytest.mark.parametrize("sibling", ["ab/y", "a-b/y", "a.b/y", "a0/y", "a_/y", "ab", "a-", "a.x", "aa/a/y", "b/a/y"])
def test_sibling_that_begins_alike_is_no_child(driver: StorageDriver, tree: Tree, sibling: str) -> None:
    """What lies in or beside a sibling whose name begins alike is not listed, on either side."""
    driver.put_content(tree.path("a/x"), b"1")
    driver.put_content(tree.path(sibling), b"1")

    listed = list(driver.list(tree.path("a")))

    expect.equal(listed, tree.paths("a/x"), "children of the directory with the shorter name")


@requirement("LIST-4")
@pytest.mark.parametrize("done", ["deleted", "moved", "cancelled", "written-again"])
def test_directory_is_no_child_of_itself(driver: StorageDriver, tree: Tree, done: str) -> None:
    """Whatever a driver leaves to mark a directory is neither a child of it nor of its parent."""
    driver.put_content(tree.path("d/s/kept"), b"1")
    driver.put_content(tree.path("d/s/file"), b"1")
    if done == "deleted":
        driver.delete(tree.path("d/s/file"))
    elif done == "moved":
        driver.move(tree.path("d/s/file"), tree.path("other"))
    elif done == "cancelled":
        driver.delete(tree.path("d/s/file"))
        driver.writer(tree.path("d/s/file")).cancel()
    else:
        driver.delete(tree.path("d"))
        driver.put_content(tree.path("d/s/kept"), b"2")

    listed = [sorted(driver.list(directory)) for directory in tree.paths("d", "d/s")]

    expect.equal(listed, [tree.paths("d/s"), tree.paths("d/s/kept")], "children of the parent and of the directory")


def _change(driver: StorageDriver, tree: Tree, change: str) -> list[str]:
    """Make one change in d, which holds `old`; returns the children d has afterwards."""
    new, old = tree.path("d/new"), tree.path("d/old")
    if change == "put":
        driver.put_content(new, b"1")
    elif change == "commit":
        with driver.writer(new) as writer:
            writer.write(b"1")
            writer.commit()
    elif change == "put-below":
        driver.put_content(f"{new}/s/f", b"1")
    elif change == "delete":
        driver.put_content(new, b"1")
        driver.delete(old)
        return [new]
    elif change == "delete-directory":
        driver.delete(tree.path("d/s"))
        return [old]
    elif change == "move-in":
        driver.move(tree.path("outside"), new)
    elif change == "move-out":
        driver.put_content(new, b"1")
        driver.move(old, tree.path("elsewhere"))
        return [new]
    elif change == "rename":
        driver.move(old, new)
        return [new]
    return [new, old]


CHANGES = ("put", "commit", "put-below", "delete", "delete-directory", "move-in", "move-out", "rename")


@requirement("LIST-5")
@pytest.mark.parametrize("change", CHANGES)
def test_change_among_many_shows_at_once(driver: StorageDriver, tree: Tree, subject: Subject, change: str) -> None:
    """In a directory that holds many a change shows at once too, to another driver that has listed it before."""
    others = tree.paths(*(f"d/n{number:05}" for number in range(more_than_a_page(driver, subject.profile, few=70))))
    there = ["d/old", "outside", *(["d/s/t/f"] if change == "delete-directory" else [])]
    put_many(driver, [*others, *tree.paths(*there)])
    seeing = subject.open()
    seeing.list(tree.path("d"))
    finish_walk(seeing, tree.path("d"))

    left = _change(driver, tree, change)

    expect.children(seeing, tree.path("d"), [*others, *left], f"children of many right after {change}")


@requirement("LIST-5")
@pytest.mark.parametrize("observer", ["same", "another"])
@pytest.mark.parametrize("change", CHANGES)
def test_change_shows_at_once(driver: StorageDriver, tree: Tree, subject: Subject, change: str, observer: str) -> None:
    """A write, move or delete shows in the next list, of this driver and of another that has listed before."""
    driver.put_content(tree.path("d/old"), b"1")
    driver.put_content(tree.path("outside"), b"1")
    if change == "delete-directory":
        driver.put_content(tree.path("d/s/t/f"), b"1")
    seeing = driver if observer == "same" else subject.open()
    for directory in tree.paths("d", *(["d/s"] if change == "delete-directory" else [])):
        seeing.list(directory)
        seeing.stat(directory)

    left = _change(driver, tree, change)

    expect.equal(sorted(seeing.list(tree.path("d"))), left, f"children right after {change}")


@requirement("LIST-5")
@pytest.mark.parametrize("count", [1, 5, 40])
def test_exchange_shows_at_once(driver: StorageDriver, tree: Tree, subject: Subject, count: int) -> None:
    """Where one child went and another came, there are as many as before; the next list has the new one."""
    files = tree.paths(*(f"d/{number:02}" for number in range(count)))
    for path in files:
        driver.put_content(path, b"1")
    another = subject.open()
    for seeing in (driver, another):
        expect.children(seeing, tree.path("d"), files, "children before the exchange")

    driver.put_content(tree.path("d/new"), b"1")
    driver.delete(files[count // 2])

    left = {*files, tree.path("d/new")} - {files[count // 2]}
    for seeing in (driver, another):
        expect.children(seeing, tree.path("d"), left, "children after one took the place of another")


@requirement("LIST-5")
@pytest.mark.parametrize("change", CHANGES)
def test_change_shows_at_once_in_a_walk(driver: StorageDriver, tree: Tree, subject: Subject, change: str) -> None:
    """A write, move or delete shows in the next walk of another driver that has walked before."""
    driver.put_content(tree.path("d/old"), b"1")
    driver.put_content(tree.path("outside"), b"1")
    if change == "delete-directory":
        driver.put_content(tree.path("d/s/t/f"), b"1")
    seeing = subject.open()
    list(seeing.walk(tree.root))

    left = _change(driver, tree, change)

    walked = [info.path for info in seeing.walk(tree.path("d")) if info.path.count("/") == left[0].count("/")]
    expect.equal(walked, left, f"children as a walk gives them right after {change}")


@requirement("LIST-5")
@pytest.mark.parametrize("deleted", ["d", "d/s", "d/s/t", "d/s/t/old"])
@pytest.mark.parametrize("observer", ["same", "another"])
def test_last_delete_empties_the_directory_at_once(
    driver: StorageDriver, tree: Tree, subject: Subject, deleted: str, observer: str
) -> None:
    """What is left empty by a delete, up to the directory that holds something else, is listed no more, by any driver."""
    driver.put_content(tree.path("d/s/t/old"), b"1")
    driver.put_content(tree.path("beside"), b"1")
    seeing = driver if observer == "same" else subject.open()
    above = [tree.root, *tree.paths("d", "d/s", "d/s/t")]
    for directory in above:
        seeing.list(directory)

    driver.delete(tree.path(deleted))

    expect.children(
        seeing, tree.root, tree.paths("beside"), f"children of the directory above, right after {deleted} went"
    )
    for path in [*above[1:], tree.path("d/s/t/old")]:
        expect.absent(seeing, path, f"{path} right after the delete of {deleted}")


@requirement("LIST-5")
def test_change_to_a_given_list_changes_nothing(driver: StorageDriver, tree: Tree) -> None:
    """The caller may change the list that it got; the next one is right all the same."""
    driver.put_content(tree.path("d/file"), b"1")
    listed = driver.list(tree.path("d"))
    if isinstance(listed, list):
        listed.clear()

    again = list(driver.list(tree.path("d")))

    expect.equal(again, tree.paths("d/file"), "children after the caller cleared the list it got before")
