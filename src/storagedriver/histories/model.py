"""What a history is: the operations of several processes on files of one store, each with the times of its call and return."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = bytes | None
"""The content of a file; None where nothing is."""


class HistoryError(ValueError):
    """What was given is no history; the message says why."""


class Kind(StrEnum):
    """What an operation does.

    A stream that continues a file is two operations, since others may write between them: OPEN takes what is there, and
    APPEND makes that with more behind it the content (WRITE-3, WRITE-8).
    """

    GET = "get"
    STAT = "stat"
    PUT = "put"
    COMMIT = "commit"
    OPEN = "open"
    APPEND = "append"
    DELETE = "delete"
    MOVE = "move"


READS = frozenset({Kind.GET, Kind.STAT, Kind.OPEN})
"""Kinds of operations that change no file."""


class Outcome(StrEnum):
    """How an operation ended.

    OK: it returned. ABSENT: it found nothing at its path. UNKNOWN: it raised, or never returned, and may take effect at
    any time after its call, or never.
    """

    OK = "ok"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation on one file.

    Attributes:
        number: Its name in the history, of no other meaning.
        process: Who called it; a process has one operation at a time.
        kind: What it does.
        path: The file; of a move, the source.
        invoked: When it was called, in nanoseconds of one monotonic clock.
        responded: When it came back, by the same clock; None if it never did.
        outcome: How it ended.
        argument: What is put or committed; of APPEND, what comes behind what its OPEN took.
        result: What get returned; of stat and OPEN, the size in bytes.
        dest: Where a move goes; None for others.
        stream: What ties an APPEND to its OPEN; None for others.
        detail: More about the outcome, for people: the error.
    """

    number: int
    process: str
    kind: Kind
    path: str
    invoked: int
    responded: int | None
    outcome: Outcome = Outcome.OK
    argument: bytes | None = None
    result: bytes | int | None = None
    dest: str | None = None
    stream: int | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        where = f"operation {self.number} ({self.kind} of {self.path})"
        if self.responded is not None and self.responded < self.invoked:
            raise HistoryError(f"{where} came back before it was called")
        if self.responded is None and self.outcome is not Outcome.UNKNOWN:
            raise HistoryError(f"{where} never came back, and its outcome is {self.outcome}")
        if (self.argument is not None) != (self.kind in {Kind.PUT, Kind.COMMIT, Kind.APPEND}):
            raise HistoryError(f"{where} {'needs' if self.argument is None else 'has no'} argument")
        if self.kind is Kind.GET and self.outcome is Outcome.OK and not isinstance(self.result, bytes):
            raise HistoryError(f"{where} returned no bytes")
        if self.kind in {Kind.STAT, Kind.OPEN} and self.outcome is Outcome.OK and not isinstance(self.result, int):
            raise HistoryError(f"{where} returned no size")
        if (self.dest is not None) != (self.kind is Kind.MOVE):
            raise HistoryError(f"{where} {'needs' if self.dest is None else 'has no'} dest")
        if (self.stream is not None) != (self.kind in {Kind.OPEN, Kind.APPEND}):
            raise HistoryError(f"{where} {'needs' if self.stream is None else 'has no'} stream")

    @property
    def paths(self) -> tuple[str, ...]:
        """The files it is about."""
        return (self.path,) if self.dest is None else (self.path, self.dest)

    @property
    def changes_nothing(self) -> bool:
        """Whether it only looks, or found nothing to change."""
        return self.kind in READS or self.outcome is Outcome.ABSENT

    def precedes(self, other: Operation) -> bool:
        """Whether it surely took effect before `other` did: it came back before the other was called."""
        return self.outcome is not Outcome.UNKNOWN and self.responded is not None and self.responded < other.invoked


@dataclass(frozen=True, slots=True)
class History:
    """Operations, in the order of their calls.

    Attributes:
        operations: The operations.
        initial: What was there before the first; nothing where a path is not named.
    """

    operations: tuple[Operation, ...]
    initial: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.operations, key=lambda each: (each.invoked, each.number)))
        object.__setattr__(self, "operations", ordered)
        if len({each.number for each in ordered}) != len(ordered):
            raise HistoryError("two operations have the same number")
        last: dict[str, Operation] = {}
        opened: dict[int, str] = {}
        for each in ordered:
            before = last.get(each.process)
            if before is not None and (before.responded is None or before.responded > each.invoked):
                raise HistoryError(f"{each.process} called operation {each.number} within operation {before.number}")
            last[each.process] = each
            if each.stream is not None and each.kind is Kind.OPEN:
                if each.stream in opened:
                    raise HistoryError(f"stream {each.stream} is opened twice")
                if each.outcome is Outcome.OK:
                    opened[each.stream] = each.path
            elif each.stream is not None and opened.get(each.stream) != each.path:
                raise HistoryError(f"operation {each.number} appends to a stream of {each.path} that was not opened")

    def __len__(self) -> int:
        return len(self.operations)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    @property
    def paths(self) -> list[str]:
        """The files it is about, sorted."""
        return sorted({path for each in self.operations for path in each.paths})

    @property
    def processes(self) -> list[str]:
        """Who called, in the order of their first calls."""
        return list(dict.fromkeys(each.process for each in self.operations))

    def only(self, numbers: Collection[int]) -> History:
        """The sub-history of these operations."""
        kept = tuple(each for each in self.operations if each.number in numbers)
        paths = {path for each in kept for path in each.paths}
        return History(kept, {path: content for path, content in self.initial.items() if path in paths})

    def partitions(self) -> list[History]:
        """The sub-histories that can be judged apart: of one path, or of paths that moves tie together.

        A history is linearizable exactly if each of them is: linearizability is local (Herlihy and Wing, 1990).
        """
        owner: dict[str, str] = {}

        def root(path: str) -> str:
            while owner.setdefault(path, path) != path:
                path = owner[path]
            return path

        for each in self.operations:
            for path in each.paths:
                owner[root(path)] = root(each.path)
        parts: dict[str, set[int]] = {}
        for each in self.operations:
            parts.setdefault(root(each.path), set()).add(each.number)
        return [self.only(numbers) for _, numbers in sorted(parts.items())]
