"""WALK: a whole tree, in one order."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest

from storagedriver import PathNotFoundError, StorageDriver, paths
from storagedriver.testing import Subject, Tree, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.names import ABSENT, put_around_absent
from storagedriver_suites.behaviour.shapes import (
    SHAPES,
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
from storagedriver_suites.behaviour.streams import write_stream

BRANCHING = ("files-and-directories", "around-the-slash", "prefix-twice", "prefix-of-the-one-before", "dots-and-dashes")
"""Shapes in which a directory has siblings on both sides."""


def _walked(driver: StorageDriver, path: str, start_after: str | None = None) -> list[str]:
    return [info.path for info in driver.walk(path, start_after=start_after)]


# --- order and completeness


@requirement("WALK-1")
@pytest.mark.parametrize("shape", SHAPES)
def test_walk_gives_all_in_order_of_components(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """From every directory of a tree: all below it, each once, by component, the directory itself not."""
    files = put_shape(driver, tree, shape)

    for directory in [tree.root, *directories_of(files, tree.root)]:
        walked = _walked(driver, directory)

        expect.equal(walked, walk_of(files, directory), f"walk of {directory}")


@requirement("WALK-1")
def test_names_may_hold_the_way_to_them(driver: StorageDriver, tree: Tree) -> None:
    """A directory's own path may come once more in what lies below it: in the walk each path is whole."""
    directory = tree.path("d")
    files = put_all(driver, directory, repeated(directory, driver))

    walked = _walked(driver, directory)

    expect.equal(walked, walk_of(files, directory), "walk")


@requirement("WALK-1")
def test_each_new_file_is_one_more(driver: StorageDriver, subject: Subject, tree: Tree) -> None:
    """However many there are: at no number of files, round or not, a walk leaves some out."""
    files = tree.paths(*(f"d/{number:03}" for number in one_by_one(driver, subject.profile)))

    for count, path in enumerate(files, 1):
        driver.put_content(path, b"1")
        expect.equal(_walked(driver, tree.path("d")), files[:count], f"a walk over {count} files")


@requirement("WALK-1")
@pytest.mark.parametrize("size", ["chunk-1", "chunk+1", pytest.param("2*chunk+1", marks=full)])
@pytest.mark.parametrize("written", ["put", "stream"])
def test_walk_tells_the_size_of_a_large_file(driver: StorageDriver, tree: Tree, size: str, written: str) -> None:
    """However it was written, and in how many parts: a walk tells what stat tells."""
    data = content(size_of(size, driver), seed=1)
    if written == "put":
        driver.put_content(tree.path("d/large"), data)
    else:
        write_stream(driver, tree.path("d/large"), [data])

    told = {info.path: info.size for info in driver.walk(tree.path("d"))}

    expect.equal(told, {tree.path("d/large"): len(data)}, "sizes in a walk")
    expect.equal(driver.stat(tree.path("d/large")).size, len(data), "size by stat")


@requirement("WALK-1", capability="case_sensitive")
def test_walk_orders_case_by_character_code(driver: StorageDriver, tree: Tree) -> None:
    """Names that differ in case are all there, capitals first, in every driver alike."""
    files = put_all(driver, tree.root, ["b", "B", "a/x", "A/x", "a-", "A-", "_", "Z"])

    walked = _walked(driver, tree.root)

    expect.equal(walked, walk_of(files, tree.root), "walk")


@requirement("WALK-1")
@pytest.mark.parametrize("shape", ["files-and-directories", "around-the-slash"])
def test_walk_tells_kind_and_size(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """What a walk tells of each path is what stat tells: size and kind."""
    files = put_shape(driver, tree, shape)

    told = {info.path: (info.is_dir, info.size) for info in driver.walk(tree.root)}

    expected = {path: (path not in files, len(files.get(path, b""))) for path in walk_of(files, tree.root)}
    expect.equal(told, expected, "is_dir and size of each path in a walk")


@requirement("WALK-1")
def test_walk_tells_aware_times(driver: StorageDriver, tree: Tree) -> None:
    """The times that a walk tells of files are aware, and those of stat up to a second."""
    files = put_shape(driver, tree, "files-and-directories")

    told = {info.path: info.mod_time for info in driver.walk(tree.root) if not info.is_dir}

    expect.equal(sorted(told), sorted(files), "files in the walk")
    for path, time in told.items():
        by_stat = driver.stat(path).mod_time
        near = time is not None and time.tzinfo is not None and by_stat is not None
        near = near and abs(time - by_stat) <= timedelta(seconds=1)  # type: ignore[operator]  # None is ruled out above
        expect.true(near, f"mod_time of {path} in a walk", expected=by_stat, seen=time)


@requirement("WALK-1", needs=["root"])
@pytest.mark.parametrize("shape", BRANCHING)
def test_walk_of_the_root(subject: Subject, shape: str) -> None:
    """A walk of `/` gives all there is, with one leading slash each, whether a root is set or not."""
    store = subject.open_root("r")
    files = put_all(store, "/", SHAPES[shape])

    walked = _walked(store, "/")

    expect.equal(walked, walk_of(files, "/"), "walk of /")


@requirement("WALK-1")
@pytest.mark.parametrize("sibling", ["ab/y", "a-b/y", "a.b/y", "a0", "a-", "aa/a/y", "0a/a/y"])
def test_walk_leaves_out_siblings_that_begin_alike(driver: StorageDriver, tree: Tree, sibling: str) -> None:
    """A walk of /a has nothing of /ab, /a-b or /a.b."""
    for name in ("a/x/y", "a/z", sibling):
        driver.put_content(tree.path(name), b"1")

    walked = _walked(driver, tree.path("a"))

    expect.equal(walked, tree.paths("a/x", "a/x/y", "a/z"), "walk of the directory with the shorter name")


@requirement("WALK-1")
def test_two_walks_at_once_do_not_mix(driver: StorageDriver, tree: Tree) -> None:
    """Two walks of one driver, taken in turn, each give all."""
    files = put_shape(driver, tree, "prefix-twice")
    first, second = driver.walk(tree.root), driver.walk(tree.path("math"))
    seen: tuple[list[str], list[str]] = ([], [])

    for _ in range(len(files) * 4):
        for walk, found in zip((first, second), seen, strict=True):
            found += [info.path for info in [next(walk, None)] if info is not None]

    expect.equal(seen[0], walk_of(files, tree.root), "the one walk")
    expect.equal(seen[1], walk_of(files, tree.path("math")), "the other walk")


@full
@requirement("WALK-1")
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_walk_over_pages_gives_all(driver: StorageDriver, tree: Tree, beyond: int) -> None:
    """Directories and files over two pages of the backend's listing all come, in order."""
    files = tree.paths(*(f"d/{name}" for name in crowd(2 * page_of(driver) + beyond)))
    put_many(driver, files)

    walked = _walked(driver, tree.path("d"))

    expect.equal(walked, walk_of(files, tree.path("d")), "walk over several pages")


@requirement("WALK-1")
def test_walk_of_crowded_directories_gives_all(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Where pages end amid a directory that lies deeper, it is not given again, and nothing of it is missing."""
    files = _crowded(driver, tree, subject)

    walked = _walked(driver, tree.path("d"))

    expect.equal(walked, walk_of(files, tree.path("d")), "walk over directories that fill pages")


# --- start_after, prune, early end


@requirement("WALK-2")
@pytest.mark.parametrize("shape", SHAPES)
def test_walk_resumes_after_every_path(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """Whichever path a walk gave last, start_after gives exactly the rest."""
    files = put_shape(driver, tree, shape)
    whole = walk_of(files, tree.root)

    for position, path in enumerate(whole):
        rest = _walked(driver, tree.root, path)

        expect.equal(rest, whole[position + 1 :], f"walk with start_after={path}")


def _behind(whole: Sequence[str], start: str) -> list[str]:
    return [path for path in whole if paths.components(path) > paths.components(start)]


@requirement("WALK-2")
@pytest.mark.parametrize(
    "after",
    ["0", "a", "a/x", "a-", "b-/z", "b/w", "b/x/none", "b/xx", "bb", "c/none", "d-", "d/x", "d/x/z", "d/z", "z", "A"],
)
def test_walk_resumes_after_a_path_that_is_not_there(driver: StorageDriver, tree: Tree, after: str) -> None:
    """start_after need not exist: between, below and behind the names there are, the rest comes."""
    files = put_shape(driver, tree, "files-and-directories")
    start = tree.path(after)

    rest = _walked(driver, tree.root, start)

    expect.equal(rest, _behind(walk_of(files, tree.root), start), f"walk with start_after={start}")


@requirement("WALK-2")
@pytest.mark.parametrize("after", ["/", ".", "before", "itself", "behind", "behind-below"])
def test_walk_of_a_directory_resumes_after_paths_outside(driver: StorageDriver, tree: Tree, after: str) -> None:
    """start_after before the walked directory, or the directory itself, gives all; behind it, nothing."""
    files = put_all(driver, tree.root, ["c/x", "d/s/x", "d/y", "d-/x", "e/x"])
    named = {"/": "/", ".": tree.root, "itself": tree.path("d"), "before": tree.path("c/x")}
    start = named.get(after) or tree.path("d-" if after == "behind" else "e/x")

    rest = _walked(driver, tree.path("d"), start)

    whole = walk_of(files, tree.path("d"))
    expect.equal(rest, _behind(whole, start), f"walk of {tree.path('d')} with start_after={start}")


@requirement("WALK-2")
@pytest.mark.parametrize("page", [1, 2, 3, 5])
@pytest.mark.parametrize("shape", ["around-the-slash", "prefix-twice"])
def test_paging_by_the_last_path_drops_nothing(driver: StorageDriver, tree: Tree, shape: str, page: int) -> None:
    """Pages that each start after the last path of the one before are together the whole walk."""
    files = put_shape(driver, tree, shape)
    whole = walk_of(files, tree.root)
    seen: list[str] = []

    for _ in range(len(whole) + 1):
        with driver.walk(tree.root, start_after=seen[-1] if seen else None) as walk:
            seen += [info.path for info, _ in zip(walk, range(page), strict=False)]

    expect.equal(seen, whole, f"pages of {page} together")


@requirement("WALK-2")
def test_walk_resumes_after_what_was_deleted(driver: StorageDriver, tree: Tree) -> None:
    """A pager whose last path is deleted between two pages goes on right behind it."""
    files = put_shape(driver, tree, "around-the-slash")
    whole = walk_of(files, tree.root)
    last = tree.path("a-b")
    driver.delete(last)

    rest = _walked(driver, tree.root, last)

    expect.equal(rest, [path for path in whole[whole.index(last) :] if not path.startswith(last)], "the next page")


@requirement("WALK-2")
@pytest.mark.parametrize("end", ["close", "leave-alone"])
def test_resumed_walk_is_of_the_tree_as_it_is(driver: StorageDriver, tree: Tree, end: str) -> None:
    """What came and went since a walk was broken off, came and went for the one that resumes where it stopped."""
    put_all(driver, tree.root, ["a", "b/x", "b/y", "c/x", "d"])
    first = driver.walk(tree.root)
    last = [next(first).path for _ in range(3)][-1]
    if end == "close":
        first.close()
    put_all(driver, tree.root, ["b/z", "c/new/x", "e"])
    driver.delete(tree.path("b/y"))
    driver.delete(tree.path("d"))

    rest = _walked(driver, tree.root, last)

    left = tree.paths("b/z", "c", "c/new", "c/new/x", "c/x", "e")
    expect.equal(rest, left, f"walk with start_after={last}, after changes")


@requirement("WALK-2", needs=["root"])
@pytest.mark.parametrize("shape", ["around-the-slash", "same-name-on-each-level"])
def test_walk_of_a_set_root_resumes(subject: Subject, shape: str) -> None:
    """start_after is the caller's path, whatever root is set."""
    store = subject.open_root("r")
    files = put_all(store, "/", SHAPES[shape])
    whole = walk_of(files, "/")

    for position, path in enumerate(whole):
        rest = _walked(store, "/", path)

        expect.equal(rest, whole[position + 1 :], f"walk of / with start_after={path}")


def _pruned(
    driver: StorageDriver, path: str, prune: Sequence[str], start_after: str | None = None, *, times: int = 1
) -> list[str]:
    seen = []
    with driver.walk(path, start_after=start_after) as walk:
        for info in walk:
            seen.append(info.path)
            if info.path in prune:
                for _ in range(times):
                    walk.prune()
    return seen


def _without(whole: Sequence[str], pruned: Sequence[str]) -> list[str]:
    return [path for path in whole if not any(paths.is_below(path, directory) for directory in pruned)]


@requirement("WALK-2")
@pytest.mark.parametrize("shape", [*BRANCHING, "same-name-on-each-level", "deep"])
def test_pruned_directory_takes_no_sibling_along(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """Whichever directory is pruned, what lies below it does not come, and all else does."""
    files = put_shape(driver, tree, shape)
    whole = walk_of(files, tree.root)

    for directory in directories_of(files, tree.root):
        seen = _pruned(driver, tree.root, [directory])

        expect.equal(seen, _without(whole, [directory]), f"walk with {directory} pruned")


@requirement("WALK-2")
def test_pruned_directory_of_many_pages_is_gone_whole(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """However much lies below it, read ahead or not, nothing of a pruned directory comes; nor where a walk is resumed."""
    files = _crowded(driver, tree, subject)
    whole = walk_of(files, tree.path("d"))
    pruned = tree.paths("d/a", "d/b/s")

    seen = _pruned(driver, tree.path("d"), pruned)
    resumed = _pruned(driver, tree.path("d"), pruned[1:], tree.path("d/a/s/00003"))

    expect.equal(seen, _without(whole, pruned), "walk with directories pruned that fill pages")
    rest = whole[whole.index(tree.path("d/a/s/00003")) + 1 :]
    expect.equal(resumed, _without(rest, pruned[1:]), "walk that is resumed amid a page, with one pruned")


def _crowded(driver: StorageDriver, tree: Tree, subject: Subject) -> list[str]:
    """Put three deep directories, of which no two fit into a page; the files."""
    each = more_than_a_page(driver, subject.profile, few=10) // 3 * 2
    files = tree.paths(*(f"d/{letter}/s/{number:05}" for letter in "abc" for number in range(each)), "d/d")
    put_many(driver, files)
    return files


@requirement("WALK-2")
@pytest.mark.parametrize("shape", BRANCHING)
def test_pruning_every_directory_gives_one_level(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """A walk in which each directory is pruned gives what list gives."""
    files = put_shape(driver, tree, shape)

    seen = _pruned(driver, tree.root, directories_of(files, tree.root))

    expect.equal(seen, _without(walk_of(files, tree.root), directories_of(files, tree.root)), "one level")


@requirement("WALK-2")
def test_prune_is_of_its_own_walk(driver: StorageDriver, tree: Tree) -> None:
    """Of two walks of one driver, taken in turn, one prunes each directory: the other gives all."""
    files = put_shape(driver, tree, "prefix-twice")
    directories = directories_of(files, tree.root)
    pruned, others = [], []

    with driver.walk(tree.root) as pruning, driver.walk(tree.root) as other:
        for first, second in itertools.zip_longest(pruning, other):
            pruned.append(first)
            others.append(second)
            if first is not None and first.is_dir:
                pruning.prune()

    whole = walk_of(files, tree.root)
    seen = [info.path for info in pruned if info is not None]
    expect.equal(seen, _without(whole, directories), "the walk that prunes")
    expect.equal([info.path for info in others if info is not None], whole, "the other walk")


@requirement("WALK-2")
@pytest.mark.parametrize("shape", [*BRANCHING, "same-name-on-each-level"])
def test_prune_twice_is_as_once(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """A directory that is pruned twice takes no sibling along."""
    files = put_shape(driver, tree, shape)
    whole = walk_of(files, tree.root)

    for directory in directories_of(files, tree.root):
        seen = _pruned(driver, tree.root, [directory], times=2)

        expect.equal(seen, _without(whole, [directory]), f"walk with {directory} pruned twice")


@requirement("WALK-2")
def test_prune_at_a_file_changes_nothing(driver: StorageDriver, tree: Tree) -> None:
    """Prune concerns the directory that was just given; after a file there is none."""
    files = put_shape(driver, tree, "prefix-twice")

    seen = _pruned(driver, tree.root, list(files))

    expect.equal(seen, walk_of(files, tree.root), "walk with every file pruned")


@requirement("WALK-2")
@pytest.mark.parametrize("after", ["a", "a/x", "a-", "a-b/x"])
def test_prune_in_a_resumed_walk(driver: StorageDriver, tree: Tree, after: str) -> None:
    """A resumed walk can prune the directories behind the place where it resumed."""
    files = put_shape(driver, tree, "around-the-slash")
    whole = walk_of(files, tree.root)
    later = [directory for directory in directories_of(files, tree.root) if directory > tree.path(after)]

    seen = _pruned(driver, tree.root, later, tree.path(after))

    expect.equal(seen, _without(whole[whole.index(tree.path(after)) + 1 :], later), "a resumed walk with prunes")


@requirement("WALK-2")
@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("way", ["close", "leave-the-block"])
def test_walk_stops_early(driver: StorageDriver, tree: Tree, steps: int, way: str) -> None:
    """A walk that is closed, or whose block is left, gives nothing more; the driver works on."""
    put_shape(driver, tree, "around-the-slash")
    walk = driver.walk(tree.root)
    for _ in range(steps):
        next(walk)

    if way == "close":
        walk.close()
    else:
        walk.__exit__(None, None, None)

    expect.equal([info.path for info in walk], [], "what a walk gives after its end")
    driver.delete(tree.root)
    expect.absent(driver, tree.root, "a directory deleted after a walk that stopped early")


# --- changes during the walk, absence


@requirement("WALK-3")
@pytest.mark.parametrize(
    ("shape", "by"),
    [
        ("around-the-slash", "same"),
        ("same-name-on-each-level", "another"),
        ("directory-of-directories", "same"),
        pytest.param("around-the-slash", "another", marks=full),
        pytest.param("dots-and-dashes", "another", marks=full),
    ],
)
def test_what_is_deleted_during_a_walk_is_skipped(
    driver: StorageDriver, tree: Tree, subject: Subject, shape: str, by: str
) -> None:
    """After the first step, each path in turn is deleted: the walk raises nothing and gives all that is untouched."""
    deleting = driver if by == "same" else subject.open()
    whole = walk_of(tree.paths(*SHAPES[shape]), tree.root)
    for victim in whole:
        put_shape(driver, tree, shape)
        with driver.walk(tree.root) as walk:
            seen = [next(walk).path]

            deleting.delete(victim)

            seen += [info.path for info in walk]
        touched = {victim, *(path for path in whole if paths.is_below(path, victim) or paths.is_below(victim, path))}
        untouched = [path for path in whole if path not in touched]
        expect.equal([path for path in seen if path not in touched], untouched, f"untouched paths; deleted: {victim}")
        expect.equal([path for path in seen if path in touched and path not in whole], [], "paths that never were")
        expect.equal(len(set(seen)), len(seen), f"paths without doubles; deleted: {victim}")


@requirement("WALK-3")
@pytest.mark.parametrize("shape", ["files-and-directories", "around-the-slash", "deep"])
def test_each_path_is_deleted_as_it_comes(driver: StorageDriver, tree: Tree, shape: str) -> None:
    """A walk whose caller deletes every path it gets ends quietly, and all is gone."""
    files = put_shape(driver, tree, shape)
    driver.put_content(tree.path("zz/kept"), b"1")

    seen = []
    for info in driver.walk(tree.root):
        seen.append(info.path)
        if not info.path.startswith(tree.path("zz")):
            # What was listed before its directory went may still come.
            with contextlib.suppress(PathNotFoundError):
                driver.delete(info.path)

    top = _without(walk_of([*files, tree.path("zz/kept")], tree.root), directories_of(files, tree.root))
    expect.equal([path for path in seen if path in top], top, "the first level, which nothing had touched")
    expect.equal(sorted(driver.list(tree.root)), tree.paths("zz"), "what is left")


@requirement("WALK-3")
def test_deletes_during_a_walk_hide_no_other(driver: StorageDriver, tree: Tree) -> None:
    """Who deletes every fourth child of a large directory as it comes is given all the others, over all pages."""
    files = tree.paths(*(f"d/{number:04}" for number in range(130)))
    put_many(driver, files)

    seen = []
    for info in driver.walk(tree.path("d")):
        seen.append(info.path)
        if not len(seen) % 4:
            driver.delete(info.path)

    expect.equal(seen, files, "children of a walk whose caller deletes every fourth one")
    expect.children(driver, tree.path("d"), {*files} - {*files[3::4]}, "what is left")


@requirement("WALK-3")
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_start_of_a_walk_is_deleted(driver: StorageDriver, tree: Tree, steps: int) -> None:
    """A walk whose starting directory is deleted ends without an error, or says at once that it is absent."""
    put_all(driver, tree.root, ["d/a/x", "d/b/x", "e"])
    walk = driver.walk(tree.path("d"))
    for _ in range(steps):
        next(walk)

    driver.delete(tree.path("d"))

    seen: list[str] = []
    try:
        seen += [info.path for info in walk]
    except PathNotFoundError:
        # A driver that looks at the first step finds the start absent; later this is not an answer any more.
        expect.equal(steps, 0, "steps after which the start may be said to be absent")
    known = tree.paths("d/a", "d/a/x", "d/b", "d/b/x")
    expect.equal([path for path in seen if path not in known], [], "paths that never were")


@requirement("WALK-3")
@pytest.mark.parametrize("change", ["put", "replace", "move"])
def test_other_changes_during_a_walk_hide_nothing(driver: StorageDriver, tree: Tree, change: str) -> None:
    """Puts and moves during a walk make it neither fail nor lose what they do not concern."""
    files = put_all(driver, tree.root, ["a/x", "a-b/x", "m/x", "m/y", "z/x", "z0"])
    seen: list[str] = []

    with driver.walk(tree.root) as walk:
        for info in walk:
            seen.append(info.path)
            if info.path == tree.path("a/x"):
                if change == "put":
                    put_all(driver, tree.root, ["a/w", "m/xx", "m-/x", "y"])
                elif change == "replace":
                    driver.put_content(tree.path("m/x"), content(500, seed=9))
                else:
                    driver.move(tree.path("m/x"), tree.path("m/x2"))

    moved = tree.paths("m/x") if change == "move" else []
    untouched = [path for path in walk_of(files, tree.root) if path not in moved]
    expect.equal([path for path in seen if path in untouched], untouched, f"untouched paths with a {change} meanwhile")


@requirement("WALK-3")
@pytest.mark.parametrize("name", [*ABSENT, "file", "d/g"])
def test_walk_of_what_is_no_directory_is_not_found(driver: StorageDriver, tree: Tree, name: str) -> None:
    """A walk of what is absent, deleted, the beginning of a name, a file or below one: PathNotFoundError."""
    put_around_absent(driver, tree)

    expect.not_found(lambda: list(driver.walk(tree.path(name))), "walk of what is no directory")


@requirement("WALK-3")
@pytest.mark.parametrize("after", ["nothing/x", "a", "z"])
def test_resumed_walk_of_what_is_absent_is_not_found(driver: StorageDriver, tree: Tree, after: str) -> None:
    """start_after does not make an absent start an empty walk."""
    driver.put_content(tree.path("ab/file"), b"1")

    expect.not_found(
        lambda: list(driver.walk(tree.path("nothing"), start_after=tree.path(after))), "resumed walk of what is absent"
    )


@requirement("WALK-3", needs=["root"])
@pytest.mark.parametrize("start_after", [None, "/a", "/a/b"])
def test_walk_of_an_empty_root_gives_nothing(subject: Subject, start_after: str | None) -> None:
    """A walk of `/` of an empty store gives nothing and raises nothing."""
    store = subject.open_root("empty")

    walked = _walked(store, "/", start_after)

    expect.equal(walked, [], "walk of / of an empty store")
