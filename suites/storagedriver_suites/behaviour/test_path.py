"""PATH: which paths there are, and that each names a thing of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pytest

from storagedriver import InvalidPathError, PathNotFoundError, StorageDriver, paths
from storagedriver.testing import Subject, Tree, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.names import (
    BOOKKEEPING,
    COLLISIONS,
    DOTTED,
    GRAMMAR_BREAKERS,
    NAMES,
    READING,
    TEMPORARY,
    WRITING,
    finish_walk,
    placed,
    stays_inside,
    tree_state,
)
from storagedriver_suites.behaviour.parameters import with_wrong_secrets
from storagedriver_suites.behaviour.shapes import children_of, directories_of, put_all, put_many, walk_of
from storagedriver_suites.behaviour.streams import opened, read_from, stage, write_stream

Action = Callable[[], object]


def _calls(driver: StorageDriver, tree: Tree, path: str) -> Mapping[str, Action]:
    """Every call that takes a path, made with `path`; those that could destroy what is not the check's are left out."""
    every: dict[str, Action] = {name: lambda call=call: call(driver, path) for name, call in READING.items()}  # type: ignore[misc]
    every["append"] = lambda: driver.writer(path, append=True).cancel()
    every["move to it"] = lambda: driver.move(tree.path("source"), path)
    every["walk that starts after it"] = lambda: finish_walk(driver, tree.root, start_after=path)
    if not driver.capabilities.append:
        del every["append"]
    if stays_inside(path, tree):
        every |= {name: lambda call=call: call(driver, path) for name, call in WRITING.items()}  # type: ignore[misc]
        every["move from it"] = lambda: driver.move(path, tree.path("dest"))
    return every


def _judge_refusals(driver: StorageDriver, tree: Tree, path: str) -> None:
    """Every call refuses `path`, and changes nothing of the files of the check."""
    before = tree_state(driver, tree)

    for name, call in _calls(driver, tree, path).items():
        with expect.raises(InvalidPathError, f"{name}, of an invalid path"):
            call()

    expect.equal(tree_state(driver, tree), before, "all files and directories after calls with an invalid path")


# --- the grammar


@requirement("PATH-1")
@pytest.mark.parametrize("wrong", GRAMMAR_BREAKERS)
def test_path_outside_the_grammar_is_refused(driver: StorageDriver, tree: Tree, wrong: str) -> None:
    """Every method refuses it, though a file is at the path that it resembles; nothing is made, moved or deleted."""
    put_all(driver, tree.root, ["d/f", "source"])

    _judge_refusals(driver, tree, placed(GRAMMAR_BREAKERS[wrong], tree))


OTHER_ASCII: Mapping[str, Iterable[int]] = {
    "control": [*range(0x20), 0x7F],
    "before-the-digits": [*range(0x20, 0x2D), 0x2F],
    "between-digits-and-letters": range(0x3A, 0x41),
    "between-the-letters": [*range(0x5B, 0x5F), 0x60],
    "behind-the-letters": range(0x7B, 0x7F),
}
"""What ASCII has beside the characters of the grammar."""


@requirement("PATH-1")
@pytest.mark.parametrize("characters", OTHER_ASCII)
def test_every_other_character_of_ascii_is_refused(driver: StorageDriver, tree: Tree, characters: str) -> None:
    """Of ASCII nothing but letters, digits, dot, underscore and dash stands in a component, at its ends neither."""
    driver.put_content(tree.path("f"), b"content")

    for code in OTHER_ASCII[characters]:
        inside = tree.path(f"a{chr(code)}b") if code != ord("/") else tree.path("a//b")
        for path in (tree.path("f") + chr(code), tree.path(f"{chr(code)}f"), inside):
            with expect.raises(InvalidPathError, "stat of a path with another character"):
                driver.stat(path)
            with expect.raises(InvalidPathError, "put_content to a path with another character"):
                driver.put_content(path, b"1")

    expect.children(driver, tree.root, tree.paths("f"), "what there is after it")


@requirement("PATH-2")
@pytest.mark.parametrize("wrong", DOTTED)
def test_dot_components_are_refused(driver: StorageDriver, tree: Tree, wrong: str) -> None:
    """`.` and `..` are refused wherever they stand, though what they would resolve to is there."""
    put_all(driver, tree.root, ["d/f", "source"])

    _judge_refusals(driver, tree, placed(DOTTED[wrong], tree))


@requirement("PATH-2")
@pytest.mark.parametrize("method", READING)
def test_climbing_out_of_the_root_is_refused(driver: StorageDriver, method: str) -> None:
    """Nothing above or beside the root can be read, listed or asked for."""
    for path in ("/.", "/..", "/../x", "/../../../../../../x", "/./x", "/x/..", "/x/../../x"):
        with expect.raises(InvalidPathError, f"{method} of a path that climbs"):
            READING[method](driver, path)


@requirement("PATH-2", needs=["root"])
@pytest.mark.parametrize("climb", ["/../beside/secret", "/d/../../beside/secret", "/../beside"])
def test_climbing_from_one_store_into_another_is_refused(
    driver: StorageDriver, tree: Tree, subject: Subject, climb: str
) -> None:
    """A store in a root of its own gives no way to what lies beside the root, for any method."""
    driver.put_content(tree.path("beside/secret"), b"not of this store")
    store = subject.open_root("r")
    put_all(store, "/", ["d/f", "source"])

    calls: dict[str, Action] = {
        name: lambda call=call: call(store, climb)  # type: ignore[misc]
        for name, call in {**READING, **WRITING}.items()
    }
    calls["move to it"] = lambda: store.move("/source", climb)
    calls["move from it"] = lambda: store.move(climb, "/dest")
    for name, call in calls.items():
        with expect.raises(InvalidPathError, f"{name}, of a path that climbs"):
            call()

    expect.file(driver, tree.path("beside/secret"), b"not of this store", "the file beside the root")
    expect.children(driver, tree.path("beside"), tree.paths("beside/secret"), "what is beside the root")
    expect.children(store, "/", ["/d", "/source"], "what is in the root")


# --- the root


@requirement("PATH-3")
def test_root_can_be_asked_for(driver: StorageDriver, tree: Tree) -> None:
    """stat, list and walk take `/`: it is a directory, with the check's prefix in it."""
    driver.put_content(tree.path("file"), b"content")

    info = driver.stat("/")
    children = driver.list("/")
    walk = driver.walk("/", start_after=tree.root)
    first = next(walk)
    walk.close()

    expect.equal((info.path, info.is_dir), ("/", True), "path and is_dir of `/`")
    expect.equal([child for child in children if child == tree.root], [tree.root], "the check's prefix in list of `/`")
    expect.equal(first.path, tree.path("file"), "what a walk of `/` gives after the check's prefix")


@requirement("PATH-3", needs=["root"])
def test_root_of_a_store_can_be_asked_for(subject: Subject) -> None:
    """In a root of its own `/` is listed and walked whole."""
    store = subject.open_root("r")
    put_all(store, "/", ["d/s/f", "e"])

    expect.equal(store.stat("/").is_dir, True, "is_dir of `/`")
    expect.children(store, "/", ["/d", "/e"], "children of `/`")
    expect.equal(finish_walk(store, "/"), ["/d", "/d/s", "/d/s/f", "/e"], "a walk of `/`")


@requirement("PATH-3")
@pytest.mark.parametrize("method", ["get_content", "put_content", "reader", "writer", "append", "redirect_url"])
def test_root_is_no_file(driver: StorageDriver, method: str) -> None:
    """`/` has no content: every method of files refuses it as an invalid path, not as an absent one."""
    calls: Mapping[str, Action] = {
        "get_content": lambda: driver.get_content("/"),
        "put_content": lambda: driver.put_content("/", b""),
        "reader": lambda: driver.reader("/").close(),
        "writer": lambda: driver.writer("/").cancel(),
        "append": lambda: driver.writer("/", append=driver.capabilities.append).cancel(),
        "redirect_url": lambda: driver.redirect_url("/"),
    }

    with expect.raises(InvalidPathError, f"{method} of `/`", path="/"):
        calls[method]()


@requirement("PATH-3", needs=["root"])
@pytest.mark.parametrize("filled", ["empty", "filled"])
@pytest.mark.parametrize("method", ["delete", "move-from", "move-to", "move-onto-itself"])
def test_root_cannot_be_deleted_or_moved(subject: Subject, method: str, filled: str) -> None:
    """Delete and move refuse `/`, in a store of its own, and nothing in it changes."""
    store = subject.open_root("r")
    names = ["d/f", "e"] if filled == "filled" else []
    files = put_all(store, "/", names)
    calls: Mapping[str, Action] = {
        "delete": lambda: store.delete("/"),
        "move-from": lambda: store.move("/", "/elsewhere"),
        "move-to": lambda: store.move("/e", "/"),
        "move-onto-itself": lambda: store.move("/", "/"),
    }

    with expect.raises(InvalidPathError, f"{method} of `/`"):
        calls[method]()

    for path, data in files.items():
        expect.file(store, path, data, f"a file after {method} of `/`")
    expect.children(store, "/", ["/d", "/e"] if names else [], f"children of `/` after {method} of it")


# --- before the backend


@requirement("PATH-4")
@pytest.mark.parametrize("path", ["{root}/nothing/", "{root}/nothing/../f", "{root}/nothing\n", "{root}//", "{name}"])
def test_invalid_path_is_not_looked_for(driver: StorageDriver, tree: Tree, path: str) -> None:
    """Where nothing is the answer is InvalidPathError too, from the call itself, and it carries the path as given."""
    invalid = placed(path, tree)

    for name, call in {**READING, **WRITING}.items():
        if name in WRITING and not stays_inside(invalid, tree):
            continue
        with expect.raises(InvalidPathError, f"{name}, of an invalid path in an empty tree", path=invalid):
            call(driver, invalid)


@requirement("PATH-4")
@pytest.mark.parametrize("invalid", ["{root}/a/", "{root}/a//b", "{root}/a/../b", "{root}/a b", "{root}/a\n"])
@pytest.mark.parametrize("other", ["file", "nothing"])
def test_both_paths_of_move_are_looked_at(driver: StorageDriver, tree: Tree, other: str, invalid: str) -> None:
    """Move refuses an invalid source and an invalid dest, whether the other path is there or not; nothing moves."""
    driver.put_content(tree.path("file"), b"content")
    path = placed(invalid, tree)

    with expect.raises(InvalidPathError, "move to an invalid path", path=path):
        driver.move(tree.path(other), path)
    with expect.raises(InvalidPathError, "move from an invalid path", path=path):
        driver.move(path, tree.path(other))

    expect.file(driver, tree.path("file"), b"content", "the file after moves from and to an invalid path")
    expect.children(driver, tree.root, tree.paths("file"), "what there is after moves from and to an invalid path")


@requirement("PATH-4")
@pytest.mark.parametrize("invalid", ["{root}/file/", "{root}/d//f", "{root}/./file", "{root}/file\n"])
@pytest.mark.parametrize("append", [False, True], ids=["new", "append"])
def test_writer_refuses_before_the_first_byte(driver: StorageDriver, tree: Tree, invalid: str, append: bool) -> None:
    """writer() itself refuses an invalid path; not the first write, and not the commit."""
    driver.put_content(tree.path("file"), b"content")
    append = append and driver.capabilities.append

    with expect.raises(InvalidPathError, "writer of an invalid path"):
        driver.writer(placed(invalid, tree), append=append)

    expect.file(driver, tree.path("file"), b"content", "the file whose name is alike")


@requirement("PATH-4")
@pytest.mark.parametrize("offset", [0, 5, 1000])
@pytest.mark.parametrize("invalid", ["{root}/file/", "{root}//file", "{root}/file/.", "{root}/file\n"])
def test_reader_refuses_before_the_first_byte(driver: StorageDriver, tree: Tree, invalid: str, offset: int) -> None:
    """reader() itself refuses an invalid path, at any offset; not the first read."""
    driver.put_content(tree.path("file"), b"content")

    with expect.raises(InvalidPathError, "reader of an invalid path"):
        driver.reader(placed(invalid, tree), offset)


@requirement("PATH-4", needs=["inspect"])
@pytest.mark.parametrize("invalid", ["{root}/d/", "{root}/d//f", "{root}/d/../f", "{root}/d/f\n", "{root}/d/f f"])
def test_invalid_path_leaves_nothing_on_the_backend(
    driver: StorageDriver, tree: Tree, subject: Subject, invalid: str
) -> None:
    """After calls with an invalid path the backend holds what it held: no directory, no marker, no begun upload."""
    driver.put_content(tree.path("source"), b"content")
    before = subject.inspect()

    for name, call in _calls(driver, tree, placed(invalid, tree)).items():
        with expect.raises(InvalidPathError, f"{name}, of an invalid path"):
            call()

    expect.equal(subject.inspect(), before, "what is on the backend after calls with an invalid path")


@requirement("PATH-4")
def test_invalid_path_needs_no_backend(subject: Subject, tree: Tree) -> None:
    """A driver whose every request would be refused still says that the path is invalid: it makes no request."""
    strangers = list(with_wrong_secrets(subject))
    if not strangers:
        pytest.skip("the driver has no secret parameter with which its requests could be made to fail")
    for name, stranger in strangers:
        for method, call in {**READING, **WRITING}.items():
            for path in (tree.path("d//f"), tree.path("d/"), tree.path("d/../f")):
                with expect.raises(InvalidPathError, f"{method} of an invalid path, with a wrong {name}"):
                    call(stranger, path)


# --- names


def _judge_name(driver: StorageDriver, tree: Tree, path: str) -> None:
    """A file at `path` is written by put and by stream, read, listed, walked, moved away and back, and deleted."""
    data, more = content(300, seed=1), content(200, seed=2)

    driver.put_content(path, data)
    expect.file(driver, path, data, "content of a file of this name")
    expect.equal(driver.stat(path).path, path, "path by stat")
    expect.equal([child for child in driver.list(paths.parent(path)) if child == path], [path], "the name in list")
    expect.equal([each for each in finish_walk(driver, tree.root) if each == path], [path], "the name in walk")

    write_stream(driver, path, [more])
    expect.equal(read_from(driver, path, 7), more[7:], "a streamed file of this name, read from an offset")

    driver.move(path, tree.path("away"))
    driver.move(tree.path("away"), path)
    expect.file(driver, path, more, "content after a move away and back")

    driver.delete(path)
    expect.absent(driver, path, "a deleted file of this name")


@requirement("PATH-5")
@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_grammar_works(driver: StorageDriver, tree: Tree, name: str) -> None:
    """Dots, dashes and underscores, leading and trailing, alone and mixed: every method takes the name as it is."""
    driver.put_content(tree.path("neighbour"), b"1")

    _judge_name(driver, tree, tree.path(NAMES[name]))

    expect.children(driver, tree.root, tree.paths("neighbour"), "what there is after the file's delete")


@requirement("PATH-5")
@pytest.mark.parametrize("size", [0, 1])
def test_names_that_programs_keep_for_themselves_are_shown(driver: StorageDriver, tree: Tree, size: int) -> None:
    """Temporary files, locks, records, markers: as long as a user made them, empty or not, they are in list and walk."""
    files = tree.paths(*(f"d/{name}" for name in (*TEMPORARY, *BOOKKEEPING)))

    put_many(driver, files, bytes(size))

    for directory in [tree.path("d"), *directories_of(files, tree.path("d"))]:
        expect.children(driver, directory, children_of(files, directory), f"children of {directory}")
    expect.equal(finish_walk(driver, tree.root), walk_of(files, tree.root), "walk")


@requirement("PATH-5")
@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_grammar_is_a_directorys_too(driver: StorageDriver, tree: Tree, name: str) -> None:
    """A directory of the name is one: for stat and list, with what is below it."""
    directory = tree.path(NAMES[name])

    driver.put_content(paths.join(directory, "f"), b"content")

    expect.equal(driver.stat(directory).is_dir, True, "is_dir of a directory of this name")
    expect.children(driver, directory, [paths.join(directory, "f")], "children of a directory of this name")
    expect.children(driver, paths.parent(directory), [directory], "children of its parent")
    expect.equal(
        finish_walk(driver, tree.root),
        [*directories_of([paths.join(directory, "f")], tree.root), paths.join(directory, "f")],
        "a walk over a directory of this name",
    )


def _long_component(kind: str, length: int) -> str:
    return {
        "letters": "a" * length,
        "dots": "." * length,
        "dashes": "-" * length,
        "mixture": (".-_aZ09" * length)[:length],
        "leading-dot": "." + "h" * (length - 1),
    }[kind]


@requirement("PATH-5")
@pytest.mark.parametrize("shorter", [0, 1, 4, 16])
@pytest.mark.parametrize("kind", ["letters", "dots", "dashes", "mixture", "leading-dot"])
def test_longest_components_work(driver: StorageDriver, tree: Tree, kind: str, shorter: int) -> None:
    """A component as long as is declared works, of whatever characters: nothing is added to it that makes it too long."""
    longest = driver.capabilities.limits.longest_component - shorter
    room = driver.capabilities.limits.longest_path - len(tree.root) - 1
    driver.put_content(tree.path("neighbour"), b"1")

    _judge_name(driver, tree, tree.path(_long_component(kind, min(longest, room))))


def _long_path(kind: str, root: str, length: int, longest_component: int) -> str:
    """A path below `root` of exactly `length` bytes, in components of a kind."""
    each = {"short": 1, "middle": min(31, longest_component), "long": longest_component}[kind]
    path = root
    while len(path) < length:
        room = length - len(path) - 1
        # No component may be left without a byte.
        size = min(each, room) if room - min(each, room) != 1 else min(each, room) - 1
        path += "/" + (("b" * room) if size == 0 else "a" * size)
    return path


@requirement("PATH-5")
@pytest.mark.parametrize(
    ("kind", "shorter"),
    [
        ("short", 0),
        *(pytest.param("short", shorter, marks=full) for shorter in (1, 8)),
        *((kind, shorter) for kind in ("middle", "long") for shorter in (0, 1, 8)),
    ],
)
def test_longest_paths_work(driver: StorageDriver, tree: Tree, kind: str, shorter: int) -> None:
    """A path as long as is declared works, of a few long components or of hundreds of one letter."""
    limits = driver.capabilities.limits
    path = _long_path(kind, tree.root, limits.longest_path - shorter, limits.longest_component)
    expect.equal(len(path), limits.longest_path - shorter, "the length of the check's own path")

    _judge_name(driver, tree, path)


@requirement("PATH-5", capability="resumable_writes")
@pytest.mark.parametrize("long", ["component", "path"])
def test_long_names_can_be_staged(driver: StorageDriver, tree: Tree, long: str) -> None:
    """A stream into a file of the longest name is left, continued, cancelled and committed as others are."""
    limits = driver.capabilities.limits
    path = (
        tree.path("a" * min(limits.longest_component, limits.longest_path - len(tree.root) - 1))
        if long == "component"
        else _long_path("middle", tree.root, limits.longest_path, limits.longest_component)
    )

    stage(driver, path, content(100))
    write_stream(driver, path, [content(50, seed=1)], append=True)

    expect.file(driver, path, content(100) + content(50, seed=1), "content of a stream that was left and continued")
    opened(driver, path, b"new").cancel()
    expect.file(driver, path, content(100) + content(50, seed=1), "content after a cancelled stream")


@requirement("PATH-5", capability="case_sensitive")
@pytest.mark.parametrize(
    ("one", "two"), [("a", "A"), ("file", "File"), ("d/f", "D/f"), ("d/f", "d/F"), ("x.TXT", "x.txt"), ("aBc", "AbC")]
)
def test_case_is_significant(driver: StorageDriver, tree: Tree, one: str, two: str) -> None:
    """Two paths that differ in case alone are two files: each with its content, deleted and moved alone."""
    driver.put_content(tree.path(one), b"of one")
    expect.absent(driver, tree.path(two), "the twin in other case, before it is written")

    driver.put_content(tree.path(two), b"of two")

    expect.file(driver, tree.path(one), b"of one", "content of the first of two names that differ in case")
    expect.file(driver, tree.path(two), b"of two", "content of the second of two names that differ in case")
    driver.delete(tree.path(two))
    expect.file(driver, tree.path(one), b"of one", "content after the delete of the twin")
    expect.absent(driver, tree.path(two), "the deleted twin")


@requirement("PATH-5")
@pytest.mark.parametrize("name", ["README", "MixedCase/File.TXT", "lower/UPPER"])
def test_case_is_preserved(driver: StorageDriver, tree: Tree, name: str) -> None:
    """list, stat and walk give the name in the case in which it was written."""
    driver.put_content(tree.path(name), b"1")

    expect.equal(driver.stat(tree.path(name)).path, tree.path(name), "path by stat")
    expect.children(driver, paths.parent(tree.path(name)), tree.paths(name), "the name in list")
    expect.equal(finish_walk(driver, tree.root)[-1], tree.path(name), "the name in walk")


# --- storage of its own


@requirement("PATH-6")
@pytest.mark.parametrize("pair", COLLISIONS)
def test_two_paths_are_two_files(driver: StorageDriver, tree: Tree, pair: str) -> None:
    """Both hold their own content, whatever an escaping might make of them, and go alone."""
    one, two = tree.paths(*COLLISIONS[pair])
    driver.put_content(one, content(100, seed=1))

    write_stream(driver, two, [content(50, seed=2)])

    expect.file(driver, one, content(100, seed=1), "content of the first file")
    expect.file(driver, two, content(50, seed=2), "content of the second file")
    expect.equal(
        [path for path in finish_walk(driver, tree.root) if path in {one, two}],
        sorted([one, two], key=paths.components),
        "both files in a walk",
    )
    driver.delete(one)
    expect.absent(driver, one, "the first file, deleted")
    expect.file(driver, two, content(50, seed=2), "content of the second file after the first one's delete")


@requirement("PATH-6", capability="resumable_writes")
@pytest.mark.parametrize("pair", ["slash-as-dash", "slash-as-dot", "slash-as-underscore", "two-depths"])
def test_two_paths_have_two_stages(driver: StorageDriver, tree: Tree, pair: str) -> None:
    """What is staged for one path is not continued by another."""
    one, two = tree.paths(*COLLISIONS[pair])
    stage(driver, one, content(100, seed=1))
    stage(driver, two, content(50, seed=2))

    write_stream(driver, one, [b"+one"], append=True)
    write_stream(driver, two, [b"+two"], append=True)

    expect.file(driver, one, content(100, seed=1) + b"+one", "the first continued stream")
    expect.file(driver, two, content(50, seed=2) + b"+two", "the second continued stream")


@requirement("PATH-6")
@pytest.mark.parametrize("length", ["longest", "longest-1", 128, 64, 32])
def test_long_names_that_begin_alike_are_two_files(driver: StorageDriver, tree: Tree, length: str | int) -> None:
    """Names that differ in their last byte alone, in one more byte, or in the middle, are not shortened to one."""
    limits = driver.capabilities.limits
    longest = min(limits.longest_component, limits.longest_path - len(tree.root) - 1)
    size = (
        length
        if isinstance(length, int)
        else size_of(length.replace("longest", str(longest)).partition("-")[0], driver)
    )
    size -= 1 if length == "longest-1" else 0
    if size > longest:
        pytest.skip(f"no name is that long: the longest is of {longest} bytes")
    middle = size // 2
    names = ["a" * (size - 1) + last for last in "abB-."] + ["a" * (size - 1)]
    names += ["a" * middle + other + "a" * (size - middle - 1) for other in "cd"]
    if not driver.capabilities.case_sensitive:
        names.remove("a" * (size - 1) + "B")

    files = put_all(driver, tree.root, names)

    expect.children(driver, tree.root, files, "long names that begin alike, in list")
    for path, data in files.items():
        expect.file(driver, path, data, "content of one of the long names that begin alike")


@requirement("PATH-6")
@pytest.mark.parametrize("kind", ["short", "middle", "long"])
def test_long_paths_that_begin_alike_are_two_files(driver: StorageDriver, tree: Tree, kind: str) -> None:
    """Paths as long as may be that differ in their last byte, or end a few before, are kept whole: none is another's."""
    limits = driver.capabilities.limits
    longest = _long_path(kind, tree.root, limits.longest_path, limits.longest_component)
    paths_alike = [longest, longest[:-1] + "c", longest[:-1] + "d"]
    if len(longest.rpartition("/")[2]) > 3:
        paths_alike += [longest[:-1], longest[:-3] + "e"]

    files = put_all(driver, tree.root, [path.removeprefix(f"{tree.root}/") for path in paths_alike])

    for path, data in files.items():
        expect.file(driver, path, data, "content of one of the long paths that begin alike")
    driver.delete(paths_alike[0])
    for path in paths_alike[1:]:
        expect.file(driver, path, files[path], "a long path, after one that begins alike was deleted")


@requirement("PATH-6")
@pytest.mark.parametrize("write", ["put", "stream", "cancelled", "staged"])
def test_writing_touches_no_file_of_another_name(driver: StorageDriver, tree: Tree, write: str) -> None:
    """Files named as a driver might name its temporary files, parts and markers are the user's, and stay as they are."""
    files = put_all(driver, tree.root, TEMPORARY)
    driver.put_content(tree.path("file"), b"old")
    before = tree_state(driver, tree)

    if write == "put":
        driver.put_content(tree.path("file"), b"new")
    elif write == "stream":
        write_stream(driver, tree.path("file"), [b"n", b"ew"])
    elif write == "cancelled":
        opened(driver, tree.path("file"), b"new").cancel()
    else:
        stage(driver, tree.path("file"), b"new")

    after = {**before, tree.path("file"): b"old" if write in {"cancelled", "staged"} else b"new"}
    expect.equal(tree_state(driver, tree), after, "all files and directories after the write")
    for path, data in files.items():
        expect.equal(driver.get_content(path), data, "content of a file with the name of a temporary one")


@requirement("PATH-6")
@pytest.mark.parametrize("change", ["put", "delete", "move"])
def test_change_of_a_file_touches_none_of_what_may_be_kept_beside_it(
    driver: StorageDriver, tree: Tree, change: str
) -> None:
    """Files named as what stores keep beside each file, as its checksum or its attributes, are the user's, and stay."""
    driver.put_content(tree.path("file"), b"old")
    files = put_all(driver, tree.root, (name for name in BOOKKEEPING if "file" in name))

    {
        "put": lambda: driver.put_content(tree.path("file"), b"new"),
        "delete": lambda: driver.delete(tree.path("file")),
        "move": lambda: driver.move(tree.path("file"), tree.path("moved")),
    }[change]()

    left = {"put": ["file"], "delete": [], "move": ["moved"]}[change]
    expect.children(
        driver, tree.root, [*files, *tree.paths(*left)], f"children after the {change} of a file beside them"
    )
    for path, data in files.items():
        expect.equal(driver.get_content(path), data, f"content of a file beside, after the {change}")


@requirement("PATH-6")
@pytest.mark.parametrize("state", ["open", "closed", "committed", "cancelled"])
@pytest.mark.parametrize("size", ["1", "chunk+1", pytest.param("2*chunk+1", marks=full)])
def test_internals_of_a_stream_are_not_listed(driver: StorageDriver, tree: Tree, size: str, state: str) -> None:
    """Nothing but the user's own files is in list and walk, whatever state a stream beside them is in."""
    put_all(driver, tree.root, ["d/f", "e"])
    writer = opened(driver, tree.path("d/stream"), content(size_of(size, driver), seed=1))
    if state != "open":
        {"closed": writer.close, "committed": writer.commit, "cancelled": writer.cancel}[state]()

    listed = driver.list(tree.path("d"))
    walked = finish_walk(driver, tree.root)

    if state == "open":
        writer.cancel()
    files = tree.paths("d/f", "e") + (tree.paths("d/stream") if state == "committed" else [])
    expect.equal(sorted(listed), sorted(path for path in files if paths.parent(path) == tree.path("d")), "list")
    expect.equal(walked, sorted([*files, tree.path("d")], key=paths.components), "walk")


@requirement("PATH-6", needs=["root"])
@pytest.mark.parametrize("size", ["0", "100", "chunk+1"])
def test_internals_are_not_visible_in_the_root(subject: Subject, size: str) -> None:
    """In a store of its own `/` lists and walks the user's files alone, with streams open and left beside them."""
    store = subject.open_root("r")
    data = content(size_of(size, store), seed=1)
    store.put_content("/d/file", b"1")
    stage(store, "/d/staged", data)
    write_stream(store, "/d/stream", [data])

    with store.writer("/open") as writer:
        writer.write(data)
        listed, walked = sorted(store.list("/")), finish_walk(store, "/")
        writer.cancel()

    expect.equal(listed, ["/d"], "children of `/`")
    expect.equal(walked, ["/d", "/d/file", "/d/stream"], "a walk of `/`")


@requirement("PATH-6", needs=["inspect"])
@pytest.mark.parametrize("size", ["100", "chunk+1"])
def test_internals_cannot_be_reached(driver: StorageDriver, tree: Tree, subject: Subject, size: str) -> None:
    """No name that the backend holds, other than the user's, is a path at which the driver finds something."""
    data = content(size_of(size, driver), seed=1)
    write_stream(driver, tree.path("d/file"), [data])
    stage(driver, tree.path("d/staged"), data)
    users = {tree.root, *tree.paths("d", "d/file")}

    reached = []
    for path in _as_paths(subject.inspect(), tree):
        try:
            driver.stat(path)
        except (PathNotFoundError, InvalidPathError):
            continue
        if path not in users:
            reached.append(path)

    expect.equal(reached, [], "internal names that stat finds something at")


def _as_paths(names: list[str], tree: Tree) -> list[str]:
    """Each way to take names of the backend for paths: with, and without, what stands before the check's prefix."""
    found: set[str] = set()
    own = tree.root[1:]
    for name in names:
        for word in name.split():
            parts = [part for part in word.split("/") if part]
            position = next((number for number, part in enumerate(parts) if own in part), 0)
            found.update("/" + "/".join(parts[start:]) for start in range(position + 1))
    return sorted(found)
