"""What is compared: each puts and gets whole content, and uploads and downloads streams."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from storagedriver import StorageDriver

PIECE = 1024 * 1024
"""Bytes of one read or write where the caller chooses."""


class Contestant(Protocol):
    """One way to a store. Names are relative, without a slash at the beginning."""

    def put(self, name: str, content: bytes) -> None: ...

    def get(self, name: str) -> bytes: ...

    def upload(self, name: str, source: BinaryIO) -> None: ...

    def download(self, name: str) -> int:
        """Read all, keep nothing, and return how many bytes there were."""
        ...


class Sink(io.RawIOBase):
    """Takes bytes in their order, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        length = memoryview(data).nbytes  # type: ignore[arg-type]  # a buffer, by the interface
        self.count += length
        return length


def drained(source: BinaryIO) -> int:
    """Read to the end, piece by piece; returns how many bytes there were."""
    count = 0
    while piece := source.read(PIECE):
        count += len(piece)
    return count


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver of this project."""

    driver: StorageDriver

    def put(self, name: str, content: bytes) -> None:
        self.driver.put_content(f"/{name}", content)

    def get(self, name: str) -> bytes:
        return self.driver.get_content(f"/{name}")

    def upload(self, name: str, source: BinaryIO) -> None:
        with self.driver.writer(f"/{name}") as writer:
            while piece := source.read(PIECE):
                writer.write(piece)
            writer.commit()

    def download(self, name: str) -> int:
        with self.driver.reader(f"/{name}") as reader:
            return drained(reader)


def copied(source: BinaryIO, target: BinaryIO) -> None:
    """Copy in the pieces that all have."""
    shutil.copyfileobj(source, target, PIECE)
