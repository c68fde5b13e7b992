"""What each operation does to the files where nothing happens at once: the sequential specification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storagedriver.histories.model import History, Kind, Operation, Outcome, Value


class State(NamedTuple):
    """Some files at one moment.

    Attributes:
        values: The content of each path, in the order of Semantics.paths.
        taken: What streams that continue a file have taken and not yet committed: their numbers, with the content.
    """

    values: tuple[Value, ...]
    taken: tuple[tuple[int, bytes], ...] = ()


class Semantics:
    """The specification for the files of one history."""

    def __init__(self, history: History) -> None:
        """Specify the files that `history` is about."""
        self.paths: Sequence[str] = history.paths
        self.initial = State(tuple(history.initial.get(path) for path in self.paths))
        self._index = {path: position for position, path in enumerate(self.paths)}
        self._continued = {each.stream for each in history if each.kind is Kind.APPEND}

    def after(self, state: State, operation: Operation) -> State | None:
        """The state that `operation` leaves, or None if in `state` it could not have ended as it did.

        An operation of unknown outcome does what it was called for; that it did nothing is for the caller to try.
        """
        position = self._index[operation.path]
        value = state.values[position]
        if operation.outcome is Outcome.ABSENT:
            return state if value is None else None
        kind = operation.kind
        if kind is Kind.GET:
            return state if value is not None and value == operation.result else None
        if kind is Kind.PUT or kind is Kind.COMMIT:
            return self._with(state, position, operation.argument)
        if kind is Kind.APPEND:
            return self._appended(state, position, operation)
        if value is None:
            return None
        if kind is Kind.STAT:
            return state if len(value) == operation.result else None
        if kind is Kind.OPEN:
            return self._opened(state, value, operation)
        if kind is Kind.DELETE:
            return self._with(state, position, None)
        assert operation.dest is not None
        dest = self._index[operation.dest]
        return state if dest == position else self._with(self._with(state, dest, value), position, None)

    @staticmethod
    def _with(state: State, position: int, value: Value) -> State:
        values = state.values
        return State((*values[:position], value, *values[position + 1 :]), state.taken)

    def _opened(self, state: State, value: bytes, operation: Operation) -> State | None:
        if operation.outcome is Outcome.OK and len(value) != operation.result:
            return None
        if operation.stream is None or operation.stream not in self._continued:
            return state
        return State(state.values, (*state.taken, (operation.stream, value)))

    def _appended(self, state: State, position: int, operation: Operation) -> State | None:
        taken = dict(state.taken)
        if operation.stream not in taken:
            return None
        content = taken.pop(operation.stream) + (operation.argument or b"")
        return self._with(State(state.values, tuple(taken.items())), position, content)
