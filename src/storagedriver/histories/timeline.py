"""Where the operations of a small history stand in a picture of it: a lane for each process, a bar for each operation.

Distances are not times: each call and each return is as far right as those before it need room for their labels.
"""

from __future__ import annotations

from dataclasses import dataclass

from storagedriver.histories.model import History, Operation, Outcome
from storagedriver.histories.naming import ContentNames, label
from storagedriver.histories.shrinking import unexplained

_GAP = 2
"""Columns between one call or return and the next."""

_FRAME = 4
"""Columns of a bar that its label cannot use."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One operation.

    Attributes:
        operation: The operation.
        lane: The number of its process's lane, from 0.
        begin: The column of its call, in characters.
        end: The column of its return; the width of the picture if it may take effect at any later time.
        label: What it did and saw.
        marked: Whether it saw what no order explains.
    """

    operation: Operation
    lane: int
    begin: int
    end: int
    label: str
    marked: bool

    @property
    def is_open(self) -> bool:
        """Whether it may take effect at any time after its call."""
        return self.operation.outcome is Outcome.UNKNOWN


@dataclass(frozen=True, slots=True)
class Timeline:
    """A small history as a picture has it.

    Attributes:
        paths: The files.
        lanes: The names of the processes.
        bars: The operations, in the order of their calls.
        width: In characters.
        contents: What the letters in the labels stand for.
        details: What is known of unknown outcomes: the errors.
        duration: Nanoseconds from the first call to the last return.
    """

    paths: tuple[str, ...]
    lanes: tuple[str, ...]
    bars: tuple[Bar, ...]
    width: int
    contents: tuple[str, ...]
    details: tuple[str, ...]
    duration: int


def timeline(history: History, *, wrong: bool = True) -> Timeline:
    """The picture of a history, which should be small.

    Args:
        history: The history.
        wrong: Whether it has no order; then the operation to look at first is marked.
    """
    names = ContentNames(history)
    lanes = history.processes
    labels = {each.number: f"#{each.number} {label(each, names, with_path=len(history.paths) > 1)}" for each in history}
    marked = unexplained(history).number if wrong and len(history) else None
    columns, width = _columns(history, labels)
    bars = tuple(
        Bar(
            each,
            lanes.index(each.process),
            columns[each.number, False],
            width if each.outcome is Outcome.UNKNOWN else columns[each.number, True],
            labels[each.number],
            each.number == marked,
        )
        for each in history
    )
    times = [moment for each in history for moment in (each.invoked, each.responded) if moment is not None]
    return Timeline(
        paths=tuple(history.paths),
        lanes=tuple(lanes),
        bars=bars,
        width=width,
        contents=tuple(names.described()),
        details=tuple(f"#{each.number} {each.detail}" for each in history if each.detail),
        duration=max(times, default=0) - min(times, default=0),
    )


def _columns(history: History, labels: dict[int, str]) -> tuple[dict[tuple[int, bool], int], int]:
    """The column of each call (False) and return (True) by the operation's number, and the width of all."""
    events = []
    for each in history:
        # At one time calls come first: what only touches overlaps.
        events.append((each.invoked, False, each))
        if each.responded is not None:
            events.append((each.responded, True, each))
    columns: dict[tuple[int, bool], int] = {}
    column = -_GAP
    for _, returns, each in sorted(events, key=lambda event: (event[0], event[1], event[2].number)):
        column += _GAP
        if returns:
            column = max(column, columns[each.number, False] + len(labels[each.number]) + _FRAME)
        columns[each.number, returns] = column
    needed = [columns[each.number, False] + len(labels[each.number]) + _FRAME for each in history]
    return columns, max([column, *needed])
