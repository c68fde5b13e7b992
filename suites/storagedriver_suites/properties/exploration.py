"""Looking for histories that break a promise: as many as a profile says, shortened, and told apart by requirement."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase
from hypothesis.stateful import run_state_machine_as_test

from storagedriver import Capabilities, StorageDriver
from storagedriver.testing import ContractViolation
from storagedriver.testing.progress import Progress, not_shown
from storagedriver.testing.target import Target
from storagedriver_suites.properties.alphabet import alphabet
from storagedriver_suites.properties.comparison import Comparison
from storagedriver_suites.properties.execution import apply, finish
from storagedriver_suites.properties.machine import machine_of
from storagedriver_suites.properties.repeatable import by_the_seed_alone
from storagedriver_suites.properties.state import State
from storagedriver_suites.properties.steps import Step


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried.

    Attributes:
        histories: How many histories.
        steps: How many rules a history has at most.
        after_failure: How many histories more, once one has failed: for making it short, and for other failures.
    """

    histories: int
    steps: int
    after_failure: int


MEMORY: Mapping[str, Effort] = {
    "quick": Effort(1000, 50, 2500),
    "full": Effort(2500, 60, 5000),
    "soak": Effort(5000, 80, 5000),
}
"""By profile, for drivers whose store is this process's memory."""

LOCAL: Mapping[str, Effort] = {
    "quick": Effort(200, 40, 1000),
    "full": Effort(1500, 60, 5000),
    "soak": Effort(2500, 80, 5000),
}
"""By profile, for other drivers without a server."""

SERVED: Mapping[str, Effort] = {
    "quick": Effort(12, 25, 60),
    "full": Effort(80, 40, 200),
    "soak": Effort(300, 60, 400),
}
"""By profile, for drivers on a server, where each call takes a hundred times as long."""


def effort_of(target: Target, capabilities: Capabilities, profile: str) -> Effort:
    """How much to try on a target."""
    if target.backend is not None:
        return SERVED[profile]
    return (LOCAL if capabilities.shared else MEMORY)[profile]


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A history that breaks a promise.

    Attributes:
        steps: The history.
        audits: Whether the whole state is judged after each of its steps.
        violation: What it broke.
    """

    steps: Sequence[Step]
    audits: bool
    violation: ContractViolation


@dataclass(slots=True)
class Exploration:
    """What came of a search.

    Attributes:
        counterexamples: The shortest history for each requirement that was broken.
        judged: How often each requirement was judged.
        histories: How many histories were made.
        steps: How many steps these had.
    """

    counterexamples: dict[str, Counterexample] = field(default_factory=dict)
    judged: Counter[str] = field(default_factory=Counter)
    histories: int = 0
    steps: int = 0


class Search:
    """Makes histories in directories of their own below one root."""

    def __init__(
        self,
        driver: StorageDriver,
        root: str,
        effort: Effort,
        comparison: Comparison | None = None,
        progress: Progress = not_shown,
    ) -> None:
        """Search on `driver` below the path `root`; with a comparison, for differences of its drivers."""
        self._comparison = comparison
        self._progress = progress
        self.found = Exploration()
        self._driver = driver
        self._root = root
        self._effort = effort
        self._left: int | None = None
        self._directories = 0

    def begin(self, audits: bool) -> State:
        """Begin a history."""
        self.found.histories += 1
        if self._left is not None:
            self._left -= 1
            done = self._effort.after_failure - self._left
            self._progress("histories that make a failure shorter", done, self._effort.after_failure)
        else:
            self._progress("histories", self.found.histories, self._effort.histories)
        return self._state(audits=audits)

    def _state(self, *, audits: bool) -> State:
        if self._comparison is not None:
            return self._comparison.begin(self._comparison.reference, self.found.judged, audits=audits)
        self._directories += 1
        return State(self._driver, f"{self._root}/h{self._directories:07}", self.found.judged, audits=audits)

    def exhausted(self) -> bool:
        """Whether enough was tried since the first failure."""
        return self._left is not None and self._left <= 0

    def fail(self, history: list[Step], state: State, violation: ContractViolation) -> ContractViolation:
        """Take a history that failed, and say what it broke."""
        if self._left is None:
            self._left = self._effort.after_failure
        audits = state.audits
        if not audits:
            # What is wrong at the end was perhaps wrong long before: another look after each step tells by which.
            exact = self.again(history, audits=True)
            audits, violation = (True, exact) if exact is not None else (False, violation)
        requirement = str(violation.requirement)
        known = self.found.counterexamples.get(requirement)
        if known is None or _length(history) < _length(known.steps):
            self.found.counterexamples[requirement] = Counterexample(tuple(history), audits, violation)
        return violation

    def end(self, history: list[Step], state: State) -> None:
        """Judge what a history left, or what its drivers answered."""
        self.found.steps += len(history)
        if self._comparison is not None:
            self._comparison.compare(history, state, self._comparison.driver)
        finish(state)

    def again(self, history: Sequence[Step], *, audits: bool, last_only: bool = False) -> ContractViolation | None:
        """Make a history anew; what it breaks."""
        state = self._state(audits=audits)
        try:
            make(state, history, last_only=last_only)
            self.end(list(history), state)
        except ContractViolation as violation:
            return violation
        finally:
            state.release()
        return None

    def shorten(self) -> None:
        """Leave out of each counterexample what it fails without: Hypothesis stops before the last."""
        for requirement, example in self.found.counterexamples.items():
            kept = list(example.steps)
            position, tries = len(kept) - 1, 0
            while position >= 0 and tries < _MOST_TRIES:
                fewer = kept[:position] + kept[position + 1 :]
                seen = self.again(fewer, audits=example.audits)
                tries += 1
                if seen is not None and seen.requirement == requirement:
                    kept = fewer
                    example = Counterexample(tuple(fewer), example.audits, seen)  # noqa: PLW2901
                position -= 1
            self.found.counterexamples[requirement] = example


_MOST_TRIES = 100


def make(state: State, history: Sequence[Step], *, last_only: bool = False) -> None:
    """Make a whole history, but for its end.

    Args:
        state: Where.
        history: The steps.
        last_only: Judge the whole state after the last step, and after no other.

    Raises:
        ContractViolation: It breaks a promise.
    """
    audits = state.audits
    for number, step in enumerate(history):
        state.audits = audits and (not last_only or number == len(history) - 1)
        apply(state, step)


def explore(
    driver: StorageDriver,
    root: str,
    *,
    profile: str,
    effort: Effort,
    seed_number: int,
    examples: Path | None = None,
    comparison: Comparison | None = None,
    progress: Progress = not_shown,
) -> Exploration:
    """Look for histories that break promises.

    Args:
        driver: The driver.
        root: A path below which the histories are made.
        profile: "quick", "full" or "soak": what content is made of.
        effort: How much to try.
        seed_number: With the same one the same histories are made.
        examples: A folder of examples that failed before, which come first; None for none.
        comparison: Look for differences of its drivers, of which `driver` is the first; None for broken promises.
        progress: Shows how many histories were made.
    """
    search = Search(driver, root, effort, comparison, progress)
    letters = alphabet(driver, f"{root}/h0000000", profile)
    machine = machine_of(letters, search.begin, search.fail, search.exhausted, search.end)
    seed(seed_number)(machine)
    database: ExampleDatabase | None = None if examples is None else DirectoryBasedExampleDatabase(examples)
    phases = [Phase.generate, Phase.shrink] if database is None else [Phase.reuse, Phase.generate, Phase.shrink]
    # What was found is kept by the search, whatever Hypothesis makes of a driver that does now this and now that.
    try:
        with by_the_seed_alone():
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=effort.histories,
                    stateful_step_count=effort.steps,
                    deadline=None,
                    database=database,
                    derandomize=False,
                    phases=phases,
                    verbosity=Verbosity.quiet,
                    suppress_health_check=list(HealthCheck),
                    report_multiple_bugs=True,
                ),
            )
    except Exception:
        if not search.found.counterexamples:
            raise
    search.shorten()
    return search.found


def repeat(driver: StorageDriver, root: str, unrecorded: StorageDriver, example: Counterexample) -> None:
    """Make the history of a counterexample on `driver`, with no more calls than it takes.

    Raises:
        ContractViolation: It breaks the promise, as it did before.
    """
    search = Search(unrecorded, f"{root}/tried", Effort(1, 1, 1))
    requirement = example.violation.requirement
    shortest = (False, False), (True, True), (True, False)
    for audits, last_only in shortest:
        seen = search.again(example.steps, audits=audits, last_only=last_only)
        if seen is not None and seen.requirement == requirement:
            break
    state = State(driver, f"{root}/history", Counter(), audits=audits)
    try:
        make(state, example.steps, last_only=last_only)
        finish(state)
    except ContractViolation as violation:
        if violation.requirement == requirement:
            raise
    finally:
        with contextlib.suppress(Exception):
            state.release()
    example.violation.add_note("It failed once, and not when the history was made again.")
    raise example.violation


def _length(history: Sequence[Step]) -> tuple[int, int]:
    return len(history), sum(len(getattr(step, "content", b"")) for step in history)
