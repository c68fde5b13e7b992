"""Filesystems that fsspec's own tests run on: those of two drivers, and the local one beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storagedriver import factory


@pytest.fixture(params=["inmemory", "filesystem"])
def adapted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A driver as a filesystem of fsspec."""
    module = pytest.importorskip("storagedriver.adapters.fsspec", exc_type=ImportError)
    parameters = {"rootdirectory": str(tmp_path / "store")} if request.param == "filesystem" else {}
    with factory.create(request.param, parameters) as driver:
        yield module.StorageDriverFileSystem(driver)
