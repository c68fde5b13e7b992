"""What is done with a store, and how often."""

from __future__ import annotations

import enum
import io
from dataclasses import dataclass
from typing import BinaryIO, cast

from benchmarks.compare.contestants import Contestant, Counter

KIB = 1024
MIB = 1024 * KIB


class NotWholeError(Exception):
    """A contestant gives back other bytes than it was given: its time is worth nothing."""


class Act(enum.Enum):
    """A way to move bytes; the value is its name in tables."""

    PUT = "put"
    GET = "get"
    UPLOAD = "upload"
    DOWNLOAD = "download"

    @property
    def is_stream(self) -> bool:
        """Whether bytes go piece by piece."""
        return self in {Act.UPLOAD, Act.DOWNLOAD}

    @property
    def is_write(self) -> bool:
        """Whether bytes go to the store."""
        return self in {Act.PUT, Act.UPLOAD}


ALL_ACTS = frozenset(Act)


@dataclass(frozen=True, slots=True)
class Workload:
    """What each contestant does.

    Attributes:
        act: Which way bytes go.
        size: Bytes that each call moves.
        rounds: How often each contestant does it.
    """

    act: Act
    size: int
    rounds: int

    @property
    def name(self) -> str:
        """As tables have it: "upload of 64 MiB"."""
        amount = f"{self.size // MIB} MiB" if self.size >= MIB else f"{self.size // KIB} KiB"
        return f"{self.act.value} of {amount}"

    def check(self, each: Contestant, path: str, content: bytes) -> None:
        """Store the content, read it back, and compare each byte; then do once what is to be timed, which warms it.

        Raises:
            NotWholeError: They differ.
        """
        if self.act.is_stream:
            each.upload(path, io.BytesIO(content))
            sink = io.BytesIO()
            each.download(path, sink)
            back = sink.getvalue()
        else:
            each.put(path, content)
            back = each.get(path)
        if back != content:
            raise NotWholeError(f"{self.name}: {len(back)} bytes come back of {len(content)}, or others")
        self.do(each, path, content)

    def do(self, each: Contestant, path: str, content: bytes) -> None:
        """Do it once: what is timed. What is read has been stored by check().

        Raises:
            NotWholeError: What was read has another size.
        """
        match self.act:
            case Act.PUT:
                each.put(path, content)
            case Act.GET:
                self._judge(len(each.get(path)))
            case Act.UPLOAD:
                each.upload(path, io.BytesIO(content))
            case Act.DOWNLOAD:
                sink = Counter()
                each.download(path, cast("BinaryIO", sink))
                self._judge(sink.count)

    def _judge(self, count: int) -> None:
        if count != self.size:
            raise NotWholeError(f"{self.name}: {count} bytes were read of {self.size}")


def workloads(stream: int) -> tuple[Workload, ...]:
    """What is compared; streams have `stream` bytes."""
    return (
        Workload(Act.PUT, 4 * KIB, 40),
        Workload(Act.GET, 4 * KIB, 60),
        Workload(Act.PUT, MIB, 15),
        Workload(Act.GET, MIB, 25),
        Workload(Act.UPLOAD, stream, 5),
        Workload(Act.DOWNLOAD, stream, 7),
    )
