"""Ways to the files of this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from benchmarks.compare.contestants import copied


@dataclass(frozen=True, slots=True)
class PlainFiles:
    """open, write, fsync, rename, and fsync of the folder: the least that a durable replacement takes."""

    folder: Path

    def put(self, name: str, content: bytes) -> None:
        with self._replacing(name) as file:
            file.write(content)
            self._finish(file, name)

    def get(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def upload(self, name: str, source: BinaryIO) -> None:
        with self._replacing(name) as file:
            copied(source, file)
            self._finish(file, name)

    def download(self, name: str, sink: BinaryIO) -> None:
        with (self.folder / name).open("rb", buffering=0) as file:
            copied(cast("BinaryIO", file), sink)

    def _replacing(self, name: str) -> BinaryIO:
        return (self.folder / f".{name}.new").open("wb")

    def _finish(self, file: BinaryIO, name: str) -> None:
        file.flush()
        os.fsync(file.fileno())
        (self.folder / f".{name}.new").replace(self.folder / name)
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
