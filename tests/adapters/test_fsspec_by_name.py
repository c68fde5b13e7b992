"""A driver as a filesystem of fsspec, made by its name; and what a block that fails leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

fsspec: Any = pytest.importorskip("fsspec")


def test_filesystem_is_made_by_the_name_of_a_driver(tmp_path: Path) -> None:
    parameters = {"rootdirectory": str(tmp_path)}

    with fsspec.open("storagedriver://d/file", "wb", driver="filesystem", parameters=parameters) as file:
        file.write(b"content")

    assert fsspec.filesystem("storagedriver", driver="filesystem", parameters=parameters).cat("/d/file") == b"content"


def test_block_that_fails_publishes_nothing(adapted: Any) -> None:
    adapted.pipe("/file", b"old")

    def broken_off() -> None:
        with adapted.open("/file", "wb") as file:
            file.write(b"new" * 10_000_000)
            raise RuntimeError("of the caller")

    with pytest.raises(RuntimeError, match="of the caller"):
        broken_off()

    assert adapted.cat("/file") == b"old"
    assert adapted.find("/") == ["/file"]
