"""What a store of whole names tells of a directory, as the children of that directory."""

from __future__ import annotations

import datetime as dt

import pytest

from storagedriver import FileInfo, PathNotFoundError
from storagedriver.directory_listing import DirectoryListing

TIME = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def test_files_and_directories() -> None:
    found = DirectoryListing("/d")
    found.add_file("a", 3, TIME)
    found.add_directory("b/")
    found.add_directory("c")

    assert found.children() == [
        FileInfo("/d/a", 3, TIME, is_dir=False),
        FileInfo("/d/b", 0, None, is_dir=True),
        FileInfo("/d/c", 0, None, is_dir=True),
    ]


@pytest.mark.parametrize("file_first", [True, False])
def test_one_name_is_one_child(file_first: bool) -> None:
    """A file, whichever was told first, and the file that was told last: pages may repeat a name."""
    found = DirectoryListing("/")
    if not file_first:
        found.add_directory("a/")
    found.add_file("a", 1, TIME)
    found.add_file("a", 2, TIME)
    found.add_directory("a/")

    assert found.children() == [FileInfo("/a", 2, TIME, is_dir=False)]


@pytest.mark.parametrize("name", ["", ".", "..", "~own", "a b", "\udc80", "a/b"])
def test_names_outside_the_grammar_show_that_the_directory_is_there(name: str) -> None:
    files, directories = DirectoryListing("/d"), DirectoryListing("/d")
    files.add_file(name, 1, TIME)
    directories.add_directory(f"{name}/")

    assert files.children() == directories.children() == []


def test_nothing_seen_is_no_directory() -> None:
    with pytest.raises(PathNotFoundError):
        DirectoryListing("/d").children()


def test_the_root_is_always_there() -> None:
    assert DirectoryListing("/").children() == []


def test_a_directory_that_is_known_to_be_there() -> None:
    """By a marker, as stores of objects have them."""
    found = DirectoryListing("/d")
    found.exists = True

    assert found.children() == []
