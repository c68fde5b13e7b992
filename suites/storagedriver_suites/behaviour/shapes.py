"""Trees of the shapes that trip drivers, and what list and walk must give of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from storagedriver import StorageDriver, paths
from storagedriver.testing import Content, Tree, content

SHAPES: Mapping[str, tuple[str, ...]] = {
    "one-file": ("file",),
    "files-and-directories": ("a", "b/x", "b/y", "c", "d/x/y"),
    "directory-of-directories": ("d/s/f", "d/t/f"),
    "deep": ("a/b/c/d/e/f/g/h",),
    "around-the-slash": ("a/x", "a-b/x", "a.b/x", "a0/x", "ab/x", "a-", "a.c", "a_"),
    "prefix-twice": ("math/x", "math-voila/x", "math.a/x", "math/math/x", "math/math-voila", "math/math.a/x"),
    "prefix-of-the-one-before": ("folder1-v2/x", "folder1/x", "folder1/folder1-v2", "folder1/folder1/x"),
    "dots-and-dashes": (".hidden/.x", "...", "-/x", "--/-", "_/_", "..a", "a../x", ".-_", "a."),
    "same-name-on-each-level": ("a/a/a/a", "a/a/b", "a/b", "b/a/a"),
    "names-of-internals": (
        ".tmp/x",
        "x.tmp",
        "x.part",
        "x-1/y",
        "index.json",
        ".staged/x",
        "_multiparts/x",
        "manifest",
    ),
    "numbers": ("1", "02/x", "10", "2", "10-/x"),
}
"""Names of files relative to a directory, by the name of the shape."""

_ONE_BY_ONE, _A_FEW = 130, 12

SMALL = 100
"""Largest size of the files of a shape, in bytes."""


def repeated(directory: str, driver: StorageDriver) -> list[str]:
    """Relative names of files that hold the path of their directory, as far as the driver's longest path allows.

    Where the directory's own path has names that no path has, as folders of a machine may, there is one without.
    """
    way = "/".join(name for name in directory.split("/") if paths.is_component(name))
    names = ["f", f"{way}/f", f"{way}/{way}/f", f"{way}-/f", f"{way}f"]
    longest = driver.capabilities.limits.longest_path
    return [name for name in names if len(paths.join(directory, name)) <= longest]


def put_all(driver: StorageDriver, directory: str, files: Iterable[str]) -> dict[str, Content]:
    """Put a small file, each of another content, at every relative name; returns the contents by full path."""
    made = {paths.join(directory, name): content(number * 7 % SMALL, seed=number) for number, name in enumerate(files)}
    for path, data in made.items():
        driver.put_content(path, data)
    return made


def renamed(files: Mapping[str, Content], source: str, dest: str) -> dict[str, Content]:
    """The contents of files by the paths that they have once their directory `source` was moved to `dest`."""
    return {dest + path.removeprefix(source): data for path, data in files.items()}


def put_shape(driver: StorageDriver, tree: Tree, shape: str) -> dict[str, Content]:
    """Put the files of a shape below the check's prefix."""
    return put_all(driver, tree.root, SHAPES[shape])


def put_many(driver: StorageDriver, files: Iterable[str], data: bytes = b"1") -> None:
    """Put a byte at every path, several at a time: for directories of a thousand and more."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        for done in [pool.submit(driver.put_content, path, data) for path in files]:
            done.result()


def directories_of(files: Iterable[str], below: str) -> list[str]:
    """The directories that paths of files imply below a directory, in walk order, the directory itself not among them."""
    found: set[str] = set()
    for path in files:
        directory = paths.parent(path)
        while paths.is_below(directory, below):
            found.add(directory)
            directory = paths.parent(directory)
    return sorted(found, key=paths.components)


def children_of(files: Iterable[str], directory: str) -> list[str]:
    """What list(directory) must give if `files` are all there is."""
    depth = len(paths.components(directory)) + 1
    below = (path for path in files if paths.is_below(path, directory))
    return sorted({"/" + "/".join(paths.components(path)[:depth]) for path in below})


def walk_of(files: Iterable[str], directory: str) -> list[str]:
    """What walk(directory) must give, in its order, if `files` are all there is (WALK-1)."""
    below = [path for path in files if paths.is_below(path, directory)]
    return sorted({*below, *directories_of(below, directory)}, key=paths.components)


def crowd(count: int) -> list[str]:
    """`count` relative names of files, each under a child of its own: files and directories mixed.

    Next to each directory come names that sort before and behind its slash, so that a page may end between them.
    """
    names = []
    for number in range(count):
        group, place = divmod(number, 3)
        names.append((f"n{group:05}/f", f"n{group:05}-", f"n{group:05}0")[place])
    return names


def one_by_one(driver: StorageDriver, profile: str) -> range:
    """Numbers of files to be put one by one, with a look after each: beyond 100 and 128, where pages and buffers end.

    Where a driver declares its page others try its end, and profile quick is content with a few.
    """
    return range(_ONE_BY_ONE if driver.capabilities.limits.list_page is None or profile != "quick" else _A_FEW)


def page_of(driver: StorageDriver) -> int:
    """The names per page of the driver's listing; for one that is not paged what object stores commonly have."""
    return driver.capabilities.limits.list_page or 1000


def more_than_a_page(driver: StorageDriver, profile: str, *, few: int) -> int:
    """How many files are more than caches and pages hold; `few` in profile quick where each is a request or several.

    Where the store is this process's memory, as many cost nothing.
    """
    return few if driver.capabilities.shared and profile == "quick" else page_of(driver) + 10
