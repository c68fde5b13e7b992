"""The same histories on two drivers, and what differs in their answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from storagedriver import FileInfo, StorageDriver
from storagedriver.interception import Call, InterceptedDriver
from storagedriver.testing import ContractViolation
from storagedriver_suites.properties.execution import apply
from storagedriver_suites.properties.freedom import common, differing
from storagedriver_suites.properties.judging import violation_of
from storagedriver_suites.properties.state import State
from storagedriver_suites.properties.steps import Step

T = TypeVar("T")

JUDGED_BY: Mapping[str, str] = {
    "get_content": "CONT-1",
    "put_content": "CONT-2",
    "reader": "READ-1",
    "writer": "WRITE-2",
    "stat": "STAT-1",
    "list": "LIST-1",
    "walk": "WALK-1",
    "move": "MOVE-1",
    "delete": "DEL-1",
}
"""The requirement that a difference breaks, by the method, or the method that gave the stream, where it shows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a driver answered to a call.

    Attributes:
        operation: The method.
        path: The path, relative to the history's directory.
        answer: What it returned, or the code of its error; without what two drivers cannot have in common: times.
    """

    operation: str
    path: str | None
    answer: object


class Answering(InterceptedDriver):
    """A driver whose answers are noted."""

    def __init__(self, inner: StorageDriver, root: str) -> None:
        """Note the answers of `inner` to calls below the path `root`."""
        super().__init__(inner)
        self.answers: list[Answer] = []
        self._root = root

    def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
        try:
            returned = proceed()
        except Exception as error:
            self._note(call, getattr(error, "code", type(error).__name__))
            raise
        self._note(call, self._normal(returned))
        return returned

    def _note(self, call: Call, answer: object) -> None:
        if not call.operation.endswith(".close"):
            path = None if call.path is None else call.path.removeprefix(self._root)
            self.answers.append(Answer(call.operation, path, answer))

    def _normal(self, returned: Any) -> object:
        if isinstance(returned, FileInfo):
            return returned.path.removeprefix(self._root), returned.size, returned.is_dir
        if isinstance(returned, str | bytes | int | None):
            return returned
        if isinstance(returned, Sequence):
            return sorted(path.removeprefix(self._root) for path in returned)
        return type(returned).__name__  # A stream: its own calls are noted.


class Comparison:
    """Two drivers, and histories on both."""

    def __init__(self, reference: StorageDriver, driver: StorageDriver, root: str) -> None:
        """Compare `driver` with `reference` in directories below the path `root`, which both have for themselves."""
        self.reference = reference
        self.driver = driver
        self._root = root
        self._count = 0
        self._capabilities = common(reference.capabilities, driver.capabilities)
        self._differ = differing(reference.capabilities, driver.capabilities)

    def begin(self, driver: StorageDriver, judged: Counter[str], *, audits: bool, directory: str = "") -> State:
        """Begin a history on one of them."""
        self._count += 1
        root = f"{self._root}/{directory or f'c{self._count:07}'}"
        return State(
            Answering(driver, root),
            root,
            judged,
            audits=audits,
            capabilities=self._capabilities,
            unsettled=self._differ,
        )

    def compare(self, history: Sequence[Step], state: State, driver: StorageDriver, directory: str = "") -> None:
        """Make a history on `driver` too, and compare the answers with those of `state`.

        Raises:
            ContractViolation: They differ, or the driver breaks the contract by itself.
        """
        other = self.begin(driver, Counter(), audits=state.audits, directory=directory)
        try:
            for step in history:
                apply(other, step)
        finally:
            other.release()
        difference = first_difference(answers_of(state), answers_of(other))
        if difference is not None:
            raise difference


def answers_of(state: State) -> Sequence[Answer]:
    """The answers that were noted."""
    assert isinstance(state.driver, Answering)
    return state.driver.answers


def first_difference(reference: Sequence[Answer], answers: Sequence[Answer]) -> ContractViolation | None:
    """The violation of the first answer that differs; None if none does."""
    for expected, seen in zip(reference, answers, strict=False):
        if expected != seen:
            broken = JUDGED_BY.get(seen.operation.partition(".")[0], "WALK-1")
            what = f"{seen.operation} of {seen.path!r}, compared with the first driver"
            return violation_of(broken)(what, expected=expected.answer, seen=seen.answer, requirement=broken)
    return None
