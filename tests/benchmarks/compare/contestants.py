"""What is compared: each puts and gets whole content, and uploads and downloads streams."""

from __future__ import annotations

import io
import shutil
from abc import ABC, abstractmethod
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

    def download(self, name: str, sink: BinaryIO) -> None:
        """Write all of it to `sink` in its order, in pieces and not as a whole."""
        ...


class BenchError(Exception):
    """A program that measures itself failed; the message has what it said."""


class Bench(ABC):
    """A program that makes its own load and measures it, as `rados bench` does."""

    @abstractmethod
    def seconds(self, size: int, *, writes: bool, is_stream: bool) -> float:
        """Move so many bytes, several times where they are few; returns the seconds that one time takes.

        Args:
            size: Bytes that are moved at a time.
            writes: Whether they go to the store.
            is_stream: Whether they may go in parts, and several parts at once.

        Raises:
            BenchError: It fails, or finds other bytes than it has written.
        """


class Counter(io.RawIOBase):
    """A sink that keeps nothing, and counts the bytes."""

    def __init__(self) -> None:
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        length = memoryview(data).nbytes  # type: ignore[arg-type]  # a buffer, by the interface
        self.count += length
        return length


def copied(source: BinaryIO, target: BinaryIO) -> None:
    """Copy in the pieces that all have."""
    shutil.copyfileobj(source, target, PIECE)


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

    def download(self, name: str, sink: BinaryIO) -> None:
        with self.driver.reader(f"/{name}") as reader:
            copied(reader, sink)
