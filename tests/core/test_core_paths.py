"""The grammar of paths, and their parts."""

from collections.abc import Iterable
from typing import Any

import pytest

from storagedriver import InvalidPathError, paths

VALID = [
    "/a", "/a/b", "/A", "/0", "/-", "/_", "/-a", "/.a", "/...", "/..a", "/a..", "/a/...", "/.hidden/-x/_y", "/a.b-c_d",
    "/" + "x" * 255, "/a" * 450, "/CON",
]  # fmt: skip

INVALID = [
    "", "a", "a/b", "./a", "//", "//a", "/a//b", "/a/", "/a/b/", "/.", "/..", "/./a", "/../a", "/a/.", "/a/..",
    "/a/./b", "/a/../b", "/a\n", "/a\n/b", "\n/a", "/\n", "/a\r", "/a\x00", "/a\x00b", "/ a", "/a ", "/a b", "/a\tb",
    "/a\\b", "/a:b", "/a%2Fb", "/%2e%2e/a", "/a?b", "/a#b", "/a*", "/~a", "/a+b", "/a@b", "/é", "/\uff41", "/٣", "/a\u2028",
    "/a\ud800",
]  # fmt: skip

NO_STRINGS = [None, 1, b"/a", ["/a"], ("/a",), bytearray(b"/a")]


@pytest.mark.parametrize("path", VALID, ids=ascii)
def test_valid(path: str) -> None:
    assert paths.validate(path) is path
    assert paths.validate(path, allow_root=True) is path


@pytest.mark.parametrize("allow_root", [False, True])
@pytest.mark.parametrize("path", INVALID, ids=ascii)
def test_invalid(path: str, allow_root: bool) -> None:
    with pytest.raises(InvalidPathError) as caught:
        paths.validate(path, allow_root=allow_root)

    assert caught.value.path == path
    assert caught.value.detail


@pytest.mark.parametrize("path", NO_STRINGS, ids=repr)
def test_no_string(path: Any) -> None:
    with pytest.raises(InvalidPathError, match="a path is a str") as caught:
        paths.validate(path)

    assert caught.value.path == repr(path)


def test_root() -> None:
    assert paths.validate("/", allow_root=True) == "/"
    with pytest.raises(InvalidPathError, match="stat, list and walk only"):
        paths.validate("/")


@pytest.mark.parametrize(
    ("path", "components", "parent", "name"),
    [
        ("/", (), "/", ""),
        ("/a", ("a",), "/", "a"),
        ("/a/b", ("a", "b"), "/a", "b"),
        ("/a.b/-/_", ("a.b", "-", "_"), "/a.b/-", "_"),
    ],
)
def test_parts(path: str, components: tuple[str, ...], parent: str, name: str) -> None:
    assert paths.components(path) == components
    assert paths.parent(path) == parent
    assert paths.name(path) == name
    if path != "/":
        assert paths.join(parent, name) == path


@pytest.mark.parametrize(
    ("path", "directory", "below"),
    [
        ("/a", "/", True),
        ("/a/b/c", "/", True),
        ("/", "/", False),
        ("/a/b", "/a", True),
        ("/a/b/c", "/a", True),
        ("/a", "/a", False),
        ("/ab", "/a", False),
        ("/a-b", "/a", False),
        ("/a.b/c", "/a", False),
        ("/a", "/a/b", False),
        ("/", "/a", False),
    ],
)
def test_is_below(path: str, directory: str, below: bool) -> None:
    assert paths.is_below(path, directory) is below


@pytest.mark.parametrize(
    ("directory", "below", "children"),
    [
        ("/", [], set()),
        ("/", ["/a", "/b/c", "/b/d/e", "/b-/c"], {"/a", "/b", "/b-"}),
        ("/a", ["/a/b", "/a/c/d", "/a/c/e"], {"/a/b", "/a/c"}),
        ("/a/b", iter(["/a/b/c/d"]), {"/a/b/c"}),
    ],
)
def test_children(directory: str, below: Iterable[str], children: set[str]) -> None:
    assert paths.children(directory, below) == children


@pytest.mark.parametrize("name", ["a", ".a", "...", "-", "A_b.c-0"])
def test_component(name: str) -> None:
    assert paths.is_component(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\n", " ", "é", "a\x00"])
def test_no_component(name: str) -> None:
    assert not paths.is_component(name)
