"""A filesystem store as other programs see it: files and directories below the root."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storagedriver.foreign import ForeignRefusal

_PLAIN, _READ_ONLY, _IN_PIECES = "plain", "read-only", "in pieces"
_PIECE = 4093


class ForeignFiles:
    """Files of other programs; the name of a file is the root directory and its path."""

    ways = (_PLAIN, _READ_ONLY, _IN_PIECES)
    odd_names = ("a~b", "~", " .", "*.txt", "x" * 240 + "~", os.fsdecode(b"\xff"), os.fsdecode(b"caf\xe9"))

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """Use the store that these parameters of the driver name."""
        self._root = Path(parameters["rootdirectory"])

    def put(self, name: str, content: bytes, way: str) -> None:
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                size = _PIECE if way == _IN_PIECES else max(1, len(content))
                for start in range(0, len(content), size):
                    file.write(content[start : start + size])
                    file.flush()
        except OSError as error:
            raise ForeignRefusal(f"{type(error).__name__}: {error.strerror}") from error
        if way == _READ_ONLY:
            path.chmod(0o444)

    def mark(self, name: str) -> None:
        self._path(name).mkdir(parents=True, exist_ok=True)

    def link(self, name: str, other: str) -> None:
        try:
            self._path(other).hardlink_to(self._path(name))
        except OSError as error:
            raise ForeignRefusal(f"{type(error).__name__}: {error.strerror}") from error

    def get(self, name: str) -> bytes | None:
        path = self._path(name)
        return path.read_bytes() if path.is_file() else None

    def holds(self, name: str) -> bool:
        return self._path(name).exists()

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, name: str) -> Path:
        return self._root / name.lstrip("/")
