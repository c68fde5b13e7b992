"""Which writes a read may have seen, by what it saw and when: what the weaker guarantees and the shrinking go by."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from storagedriver.histories.model import History, Kind, Operation, Outcome, Value


@dataclass(frozen=True, slots=True)
class Source:
    """A write, as it may be seen at one path.

    Attributes:
        operation: The write; None for what was there before the first.
        invoked: When it may have taken effect, at the earliest.
        responded: When it may have taken effect, at the latest.
    """

    operation: Operation | None
    invoked: float
    responded: float


class _Writes:
    """The writes at one path, in the order of their calls, found by time and by what they left."""

    def __init__(self, writes: list[Source]) -> None:
        self._invoked = [each.invoked for each in writes]
        self._latest = list(accumulate((each.responded for each in writes), max))
        by_return = sorted(writes, key=lambda each: each.responded)
        self._responded = [each.responded for each in by_return]
        self._newest = list(accumulate((each.invoked for each in by_return), max))
        self._all = writes
        self._removing: list[Source] = []
        self._other: list[Source] = []
        self._by_content: dict[bytes, list[Source]] = {}
        self._by_size: dict[int, list[Source]] = {}
        for each in writes:
            assert each.operation is not None
            if each.operation.kind is Kind.DELETE:
                self._removing.append(each)
            elif each.operation.kind in {Kind.PUT, Kind.COMMIT} and each.operation.argument is not None:
                self._by_content.setdefault(each.operation.argument, []).append(each)
                self._by_size.setdefault(len(each.operation.argument), []).append(each)
            else:
                self._other.append(each)

    def overwritten_until(self, moment: float) -> float:
        """When the newest write that came back before `moment` was called; what came back before that is overwritten."""
        count = bisect_left(self._responded, moment)
        return self._newest[count - 1] if count else -math.inf

    def within(self, floor: float, end: float) -> Iterator[Source]:
        """The writes that were called until `end` and had not come back before `floor`."""
        position = bisect_right(self._invoked, end)
        while position and self._latest[position - 1] >= floor:
            position -= 1
            if self._all[position].responded >= floor:
                yield self._all[position]

    def alike(self, read: Operation) -> Iterator[Source]:
        """The writes that may have left what `read` saw, and maybe others."""
        if read.outcome is Outcome.ABSENT:
            yield from self._removing
        elif isinstance(read.result, bytes):
            yield from self._by_content.get(read.result, ())
        elif isinstance(read.result, int):
            yield from self._by_size.get(read.result, ())
        else:
            yield from self._all
            return
        yield from self._other


class Sources:
    """The writes of one partition, and what each may have left at a path."""

    def __init__(self, history: History) -> None:
        """Look at `history`."""
        self._history = history
        writes: dict[str, list[Source]] = {path: [] for path in history.paths}
        for each in history:
            if each.changes_nothing:
                continue
            never = each.outcome is Outcome.UNKNOWN or each.responded is None
            source = Source(each, each.invoked, math.inf if never or each.responded is None else each.responded)
            for path in dict.fromkeys(each.paths):
                writes[path].append(source)
        self._writes = {path: _Writes(found) for path, found in writes.items()}
        self._moved_to = {each.dest for each in history if each.kind is Kind.MOVE}
        self._whole: dict[tuple[str, bytes], bool] = {}
        self._appended: dict[str, list[bytes]] = {}
        self._put: dict[str, set[bytes]] = {}
        for each in history:
            if each.kind is Kind.APPEND and each.argument is not None:
                self._appended.setdefault(each.path, []).append(each.argument)
            elif each.argument is not None:
                self._put.setdefault(each.path, set()).add(each.argument)

    def of(self, read: Operation) -> list[Source]:
        """The writes that may have left what `read` saw, by content alone, and were called before it came back."""
        end = math.inf if read.responded is None else read.responded
        return self._fitting(read, (each for each in self._writes[read.path].alike(read) if each.invoked <= end))

    def current(self, read: Operation) -> list[Source]:
        """Those of of(read) that no other write surely came after, before `read` was called."""
        end = math.inf if read.responded is None else read.responded
        writes = self._writes[read.path]
        floor = writes.overwritten_until(read.invoked)
        found = self._fitting(read, writes.within(floor, end))
        return [each for each in found if each.responded >= floor]

    def _fitting(self, read: Operation, writes: Iterable[Source]) -> list[Source]:
        found = [
            each
            for each in writes
            if each.operation is not None and each.operation is not read and _fits(each.operation, read)
        ]
        if _shows(read, self._history.initial.get(read.path)):
            found.append(Source(None, -math.inf, -math.inf))
        return sorted(found, key=lambda each: each.invoked)

    def is_whole(self, path: str, content: bytes) -> bool:
        """Whether `content` is that of some complete write at `path`, whichever was first."""
        key = (path, content)
        if key not in self._whole:
            self._whole[key] = False
            paths = self._history.paths if path in self._moved_to else [path]
            self._whole[key] = any(
                content == self._history.initial.get(each) or content in self._put.get(each, ()) for each in paths
            ) or any(
                content.endswith(piece) and piece and self.is_whole(each, content[: len(content) - len(piece)])
                for each in paths
                for piece in self._appended.get(each, ())
            )
        return self._whole[key]


def _fits(write: Operation, read: Operation) -> bool:
    """Whether `write` may have left what `read` saw, by content alone."""
    if write.kind is Kind.DELETE:
        return _shows(read, None)
    if write.kind is Kind.MOVE:
        return _shows(read, None) if write.path == read.path != write.dest else read.outcome is not Outcome.ABSENT
    argument = write.argument or b""
    if write.kind is not Kind.APPEND:
        return _shows(read, argument)
    if isinstance(read.result, bytes):
        return read.result.endswith(argument)
    return read.outcome is not Outcome.ABSENT and (not isinstance(read.result, int) or read.result >= len(argument))


def observes(operation: Operation) -> bool:
    """Whether the operation tells something of what was at its path: what was there, its size, or whether anything was."""
    if operation.outcome is Outcome.UNKNOWN:
        return False
    return operation.changes_nothing or operation.kind in {Kind.DELETE, Kind.MOVE}


def _shows(read: Operation, value: Value) -> bool:
    if read.outcome is Outcome.ABSENT:
        return value is None
    if value is None:
        return False
    if read.kind is Kind.GET:
        return value == read.result
    return len(value) == read.result if read.kind in {Kind.STAT, Kind.OPEN} else True
