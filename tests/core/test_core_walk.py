"""The walk: its order, pruning, stopping, and resuming anywhere."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagedriver import BackendError, FileInfo, PathNotFoundError, Walk, paths


class Tree:
    """Files, and the directories they imply; counts its listings."""

    def __init__(self, *files: str) -> None:
        self.files = set(files)
        self.scanned: list[str] = []

    @property
    def directories(self) -> set[str]:
        found = {"/"}
        for file in self.files:
            while (file := paths.parent(file)) != "/":
                found.add(file)
        return found

    @property
    def everything(self) -> list[str]:
        return sorted(self.files | self.directories - {"/"}, key=paths.components)

    def scan(self, directory: str) -> Iterable[FileInfo]:
        self.scanned.append(directory)
        directories = self.directories
        if directory not in directories:
            raise PathNotFoundError
        children = {path for path in self.files | directories - {"/"} if paths.parent(path) == directory}
        # In an order that is not the walk's.
        for path in sorted(children, reverse=True):
            yield FileInfo(path, 0, None, is_dir=path in directories)

    def walk(self, path: str = "/", start_after: str | None = None) -> Walk:
        return Walk(self.scan, path, start_after=start_after)

    def names(self, path: str = "/", start_after: str | None = None) -> list[str]:
        return [info.path for info in self.walk(path, start_after)]


# Names that sort below and above the slash, as bytes, and are prefixes of one another.
TREE = ("/a/x", "/a/y/z", "/a-b", "/a.b/x", "/a0", "/ab/x", "/b", "/A/x", "/r/math/f", "/r/math-voila/f", "/r/math.a")

file_names = st.lists(
    st.lists(st.sampled_from(["a", "a-", "a.", "a0", "ab", "b", "-", "A"]), min_size=1, max_size=3).map(
        lambda names: "/" + "/".join(names)
    ),
    max_size=12,
).map(lambda files: {file for file in files if not any(paths.is_below(other, file) for other in files)})


def test_order_is_by_component() -> None:
    assert Tree(*TREE).names() == [
        "/A", "/A/x",
        "/a", "/a/x", "/a/y", "/a/y/z",
        "/a-b",
        "/a.b", "/a.b/x",
        "/a0",
        "/ab", "/ab/x",
        "/b",
        "/r", "/r/math", "/r/math/f", "/r/math-voila", "/r/math-voila/f", "/r/math.a",
    ]  # fmt: skip


def test_the_start_is_not_among_what_is_walked() -> None:
    assert Tree(*TREE).names("/a") == ["/a/x", "/a/y", "/a/y/z"]


@pytest.mark.parametrize("start", ["/", "/a", "/r", "/a/y"])
def test_start_after_every_position(start: str) -> None:
    tree = Tree(*TREE)
    whole = tree.names(start)

    for position, path in enumerate(whole):
        assert tree.names(start, path) == whole[position + 1 :]


@pytest.mark.parametrize(
    ("start", "after", "names"),
    [
        ("/", "/", "all"),
        ("/a", "/a", "all"),
        ("/a", "/A", "all"),
        ("/a", "/A/x/y", "all"),
        ("/a", "/a/x/deeper", ["/a/y", "/a/y/z"]),
        ("/a", "/a/0", "all"),
        ("/a", "/a/xx", ["/a/y", "/a/y/z"]),
        ("/a", "/a/y/a", ["/a/y/z"]),
        ("/a", "/a/y/zz", []),
        ("/a", "/a/z", []),
        ("/a", "/b", []),
        ("/a", "/a-b", []),
        ("/a/y", "/a/x", "all"),
        ("/a/y", "/a", "all"),
    ],
)
def test_start_after_what_is_not_there(start: str, after: str, names: list[str] | str) -> None:
    tree = Tree(*TREE)

    assert tree.names(start, after) == (tree.names(start) if names == "all" else names)


@given(files=file_names, after=st.lists(st.sampled_from(["a", "a-", "a.", "a0", "b", "-"]), max_size=3))
def test_start_after_anything(files: set[str], after: list[str]) -> None:
    tree = Tree(*files)
    mark = "/" + "/".join(after)

    assert tree.names() == tree.everything
    assert tree.names("/", mark) == [
        path for path in tree.everything if paths.components(path) > paths.components(mark)
    ]


@given(files=file_names, size=st.integers(1, 5))
def test_pages_put_together_are_the_whole(files: set[str], size: int) -> None:
    tree = Tree(*files)
    found: list[str] = []
    last = None
    while True:
        walk = tree.walk("/", last)
        page = [info.path for _, info in zip(range(size), walk, strict=False)]
        if not page:
            break
        found += page
        last = page[-1]

    assert found == tree.everything


def test_start_after_lists_no_directory_that_lies_before_it() -> None:
    tree = Tree("/a/b/c", "/m/n/o", "/z/y/x")

    assert tree.names("/", "/m/n") == ["/m/n/o", "/z", "/z/y", "/z/y/x"]
    assert tree.scanned == ["/", "/m", "/m/n", "/z", "/z/y"]


def test_prune_skips_what_is_below_and_no_sibling() -> None:
    tree = Tree("/a/x", "/a/y/z", "/a-b/x", "/a0", "/ab/x")
    found = []
    for info in (walk := tree.walk()):
        found.append(info.path)
        if info.path == "/a":
            walk.prune()

    assert found == ["/a", "/a-b", "/a-b/x", "/a0", "/ab", "/ab/x"]
    assert "/a" not in tree.scanned


def test_prune_of_a_file_and_before_the_first_step_does_nothing() -> None:
    walk = Tree("/a", "/b/c").walk()
    walk.prune()

    assert next(walk).path == "/a"
    walk.prune()
    assert [info.path for info in walk] == ["/b", "/b/c"]


@pytest.mark.parametrize("leave", ["close", "with"])
def test_a_closed_walk_is_at_its_end(leave: str) -> None:
    tree = Tree(*TREE)
    walk = tree.walk()
    next(walk)
    if leave == "close":
        walk.close()
        walk.close()
    else:
        with walk as entered:
            assert entered is walk

    scanned = len(tree.scanned)
    assert list(walk) == []
    assert len(tree.scanned) == scanned


def test_an_ended_walk_stays_at_its_end() -> None:
    walk = Tree("/a").walk()

    assert [info.path for info in walk] == ["/a"]
    assert list(walk) == []


@pytest.mark.parametrize("path", ["/absent", "/a/x", "/a/x/below"])
def test_absent_start_raises_at_once(path: str) -> None:
    with pytest.raises(PathNotFoundError):
        Tree(*TREE).walk(path)


def test_an_empty_root_is_walked() -> None:
    assert Tree().names() == []


def test_what_is_deleted_during_the_walk_is_skipped() -> None:
    tree = Tree("/a/x", "/b/x", "/c/x")
    walk = tree.walk()

    assert next(walk).path == "/a"
    tree.files -= {"/a/x", "/b/x"}
    # "/b" was listed before it went, as a backend's page would have it.
    assert [info.path for info in walk] == ["/b", "/c", "/c/x"]


def test_a_failure_in_the_middle_is_raised() -> None:
    tree = Tree("/a/x", "/b/x")

    def scan(directory: str) -> Iterable[FileInfo]:
        if directory == "/a":
            raise BackendError("status 503")
        return tree.scan(directory)

    walk = Walk(scan, "/")

    assert next(walk).path == "/a"
    with pytest.raises(BackendError):
        next(walk)


def test_a_start_that_lies_before_start_after_is_not_descended_into() -> None:
    tree = Tree(*TREE)

    assert tree.names("/a", "/b") == []
    assert tree.scanned == ["/a"]
