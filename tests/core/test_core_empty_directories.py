"""Directories of stores that keep them when they became empty."""

from __future__ import annotations

from storagedriver.empty_directories import Inside, holds_files

TREE = {
    "/": Inside(files=False, directories=["/empty", "/deep"]),
    "/empty": Inside(files=False, directories=["/empty/too"]),
    "/empty/too": Inside(files=False, directories=[]),
    "/deep": Inside(files=False, directories=["/deep/empty", "/deep/er"]),
    "/deep/empty": Inside(files=False, directories=[]),
    "/deep/er": Inside(files=True, directories=["/deep/er/unseen"]),
}


def test_directory_of_empty_directories_holds_no_file() -> None:
    assert not holds_files("/empty", TREE.__getitem__)


def test_file_is_found_at_any_depth_and_ends_the_search() -> None:
    # What lies beside the file is not in the tree: to look there would raise.
    assert holds_files("/", TREE.__getitem__)
    assert holds_files("/deep/er", TREE.__getitem__)


def test_deep_tree_is_no_matter_of_the_stack() -> None:
    def look(path: str) -> Inside:
        return Inside(files=len(path) > 20_000, directories=[f"{path}/d"])

    assert holds_files("", look)
