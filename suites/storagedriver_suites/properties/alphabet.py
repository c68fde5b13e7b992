"""What histories are made of: paths that are easily taken for each other, and content around the driver's boundaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storagedriver import Capabilities, StorageDriver, paths
from storagedriver.testing import chunk_size, content

FAMILIES: Sequence[Sequence[str]] = (
    ("a", "a-b", "ab", "a.b", "a0", "a-"),
    ("a/a", "a-b", "a/b", "a-b/a", "a/a-b", "a"),
    ("d/a/b", "d/b", "e", "d/a-", "d-/a", "d/a"),
    ("a/a/a", "b", "a/b", "a/a/b", "b/a/a/a", "b/c/d/e/f"),
    (".a", "-", "a/.b", "..a", "a/-", "_"),
)
"""Paths that are taken for each other: names that begin alike, one below another, the same on several levels, dotted."""

CASES: Sequence[str] = ("a", "A", "A/a", "a/B", "a/b", "b")
"""Twins but for their case."""

INVALID: Mapping[str, str] = {
    "/a/": "PATH-1",
    "//a": "PATH-1",
    "/a\n": "PATH-1",
    "/a b": "PATH-1",
    "/a%2Fb": "PATH-1",
    "/.": "PATH-2",
    "/..": "PATH-2",
    "/a/../a": "PATH-2",
    "/a/./a": "PATH-2",
}
"""What follows the history's directory in paths that are refused, and by which requirement."""

ROOT_IS_REFUSED = ("get_content", "put_content", "reader", "writer", "move-source", "move-dest", "delete")
"""Methods that refuse "/" (PATH-3)."""

_LONGEST = 120
"""Bytes of a long name: two of them fit in every driver's longest path that there is."""
_LARGE = 1 << 20
"""Bytes; larger chunks are written in profiles beyond quick alone."""


@dataclass(frozen=True, slots=True)
class Alphabet:
    """What the histories of one driver are made of.

    Attributes:
        paths: Relative paths.
        families: Those that are taken for each other; a history is about one family.
        contents: Whole contents; some have the same size.
        pieces: What is written at a time.
        sizes: How many bytes are read at a time; -1 for all.
        offsets: Where readers begin, in bytes.
    """

    paths: Sequence[str]
    families: Sequence[Sequence[str]]
    contents: Sequence[bytes]
    pieces: Sequence[bytes]
    sizes: Sequence[int]
    offsets: Sequence[int]


def alphabet(driver: StorageDriver, root: str, profile: str) -> Alphabet:
    """The alphabet for a driver and a profile, for histories in the directory `root`."""
    chunk = chunk_size(driver)
    families = _families(driver.capabilities, root)
    if chunk > _LARGE and profile == "quick":
        around: list[bytes] = [content(70_000, seed=3)]
        cuts: list[bytes] = [content(65_537, seed=5)]
    else:
        around = [content(chunk + difference, seed=3) for difference in (-1, 0, 1)]
        cuts = [content(chunk, seed=5), content(chunk // 2 + 1, seed=6)]
    small: list[bytes] = [b"", b"x", b"y", b"one", b"two", content(100, seed=1), content(100, seed=2)]
    return Alphabet(
        paths=list(dict.fromkeys(path for family in families for path in family)),
        families=families,
        contents=[*small, content(1000, seed=4), *around],
        pieces=[b"", b"z", b"more", content(37, seed=7), *cuts],
        sizes=(-1, 0, 1, 3, 50, 4096, chunk),
        offsets=(0, 1, 2, 99, 100, 101, chunk - 1, chunk, chunk + 1, 1 << 40),
    )


def _families(capabilities: Capabilities, root: str) -> list[list[str]]:
    limits = capabilities.limits
    longest = min(_LONGEST, limits.longest_component)
    name = "n" * (longest - 1)
    long = (f"{name}n", f"{name}m", name, f"a/{name}-", "a/a", f"{name}/a")
    found = [*FAMILIES, *((CASES,) if capabilities.case_sensitive else ()), long]
    return [[path for path in family if len(paths.join(root, path)) <= limits.longest_path] for family in found]
