"""Trials of an operation on local files: in each another of its system calls is tampered with."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from storagedriver import Capabilities, StorageDriver
from storagedriver.systemcalls import (
    Injection,
    LocalStore,
    LocalStores,
    NotOnLocalFilesError,
    Processes,
    Recording,
    Run,
    SystemCall,
    TracingError,
    errors_of,
    recorded,
    unavailable,
)
from storagedriver.testing import ContractViolation, Ending, Subject, TrialKind, Trials, not_offered
from storagedriver.testing.progress import Progress
from storagedriver_suites.faults.local_operations import Operation

HANG_SECONDS = 10
"""An operation that takes longer counts as hung."""

MOST_VIOLATIONS = 10
"""After so many no more trials of a check are made."""

RANDOM = re.compile(r"[0-9a-f]{8,}")
"""What is random in names, and left out where they are shown: the same point has to be called the same each time."""

MOST_CALLS = 60
"""How many calls of an operation are tried in profile quick, at most."""

_TOLD_BEFORE, _TOLD_AFTER = 10, 12


@dataclass(frozen=True, slots=True)
class Trial:
    """An operation that one of its calls was tampered with in.

    Attributes:
        point: Where: "7: pwrite64(~*)".
        call: The call.
        error: What it returned; empty if the process was killed before it, or something done after it.
        run: How the operation ended.
        store: Where it was done.
    """

    point: str
    call: SystemCall
    error: str
    run: Run
    store: LocalStore

    @property
    def condition(self) -> str:
        """What was done to the operation, in words."""
        what = f"{self.error} at" if self.error else "a kill before"
        return f"{what} call {self.point}"

    @property
    def story(self) -> list[str]:
        """The calls around the one that was tampered with."""
        return told(self.run, str(self.store.folder))


class Workshop:
    """An operation, stores in which it is arranged, and what it does when nothing disturbs it.

    Attributes:
        operation: The operation.
        calls: Its system calls below the store's folder.
        names_before: The names of the store's files before it.
        names_after: The same afterwards.
        stores: Makes more stores.
        folder: The folder of the store whose calls are in `calls`.
        processes: In which it is done.
        missed: How many trials hit none of its calls, because the driver made them otherwise.
    """

    def __init__(
        self, operation: Operation, stores: LocalStores, processes: Processes, *, quick: bool, progress: Progress
    ) -> None:
        """Arrange the operation, and do it twice: once to see it work and once to see its calls.

        Args:
            operation: The operation.
            stores: Makes stores.
            processes: In which it is done.
            quick: Whether some trials are left out, as each of the methods that make them says.
            progress: Shows how many of the calls were tried.

        Raises:
            ContractViolation: It fails without any fault.
        """
        self.operation = operation
        self.stores = stores
        self.processes = processes
        self.missed = 0
        self._quick = quick
        self._progress = progress
        self.template = stores.empty()
        with self.template.open() as driver:
            operation.arrange(driver)
        self.names_before = self.template.names()
        # The first time modules are imported, and much else is done once.
        self._undisturbed(self.store())
        store = self.store()
        self.calls = self._undisturbed(store, traced=True).calls
        self.names_after = store.names()
        self.folder = str(store.folder)
        if not self.calls:
            pytest.skip("no system call of the operation is about the store's folder")

    def _undisturbed(self, store: LocalStore, *, traced: bool = False, whole: bool = False) -> Run:
        run = self.processes.run(store, self.operation.act, traced=traced, whole=whole)
        if run.error is not None or not run.finished:
            raise ContractViolation(
                f"{self.operation.name}, with nothing that disturbs it",
                expected="it succeeds",
                seen=run.error or ("it hangs" if run.hung else "its process died"),
            )
        return run

    def store(self) -> LocalStore:
        """A new store in which the operation is arranged."""
        return self.stores.copy(self.template)

    def point(self, number: int) -> str:
        """Where the call of this number, from 0, is, in words."""
        return f"{number + 1}: {RANDOM.sub('*', self.calls[number].shown(self.folder))}"

    def recorded(self) -> tuple[Run, Recording, str]:
        """The operation once more with nothing that disturbs it, what it did to the files, and the folder they were in.

        Where the trace does not tell all of it, the check is skipped with the reason.
        """
        store = self.store()
        run = self._undisturbed(store, traced=True, whole=True)
        recording = recorded(store.folder, self.template.folder, run.all_calls)
        if recording.files() != {name: (store.folder / name).read_bytes() for name in store.names()}:
            pytest.skip("not tested: the system calls do not tell what is in the files; a part is mapped into memory")
        return run, recording, str(store.folder)

    def failing(self, *, every_error: bool = False) -> Iterator[Trial]:
        """Trials in which the calls fail, one after the other.

        In profile quick the first of each name gets all errors that it can return, and the others the likeliest.

        Args:
            every_error: Give all calls all errors, whatever the profile.
        """
        named: set[str] = set()
        for number, call in self._tried([call for call in self.calls if errors_of(call)]):
            errors = errors_of(call)
            if self._quick and not every_error and call.name in named:
                errors = errors[:1]
            named.add(call.name)
            for error in errors:
                trial = self._try(number, Injection(call.name, call.occurrence, error))
                if trial is not None:
                    yield trial

    def failing_flushes(self) -> Iterator[tuple[Trial, Recording]]:
        """Trials in which each flush of a file or directory fails, and what was done to the files then."""
        flushes = [each for each in enumerate(self.calls) if each[1].name in {"fsync", "fdatasync"}]
        for number, call in self._shown(flushes):
            trial = self._try(number, Injection(call.name, call.occurrence, "EIO"), whole=True)
            if trial is not None:
                yield trial, recorded(trial.store.folder, self.template.folder, trial.run.all_calls)

    def killed(self) -> Iterator[Trial]:
        """Trials in which the process is killed before each of the calls."""
        for number, call in self._tried(self.calls):
            trial = self._try(number, Injection(call.name, call.occurrence))
            if trial is not None:
                yield trial

    def met(self, meanwhile: Callable[[StorageDriver], object]) -> Iterator[Trial]:
        """Trials in which another process does something right after each of the calls, before the next one."""
        for number, call in self._tried(self.calls):
            trial = self._try(number, Injection(call.name, call.occurrence, signal="STOP"), meanwhile=meanwhile)
            if trial is not None:
                yield trial

    def _tried(self, calls: Sequence[SystemCall]) -> Iterator[tuple[int, SystemCall]]:
        """The calls that are tried, with their numbers: in profile quick of very many a part that lies evenly."""
        step = max(1.0, len(calls) / MOST_CALLS) if self._quick else 1.0
        chosen = {id(calls[int(place * step)]) for place in range(int(len(calls) / step))}
        return self._shown([(number, call) for number, call in enumerate(self.calls) if id(call) in chosen])

    def _shown(self, calls: Sequence[tuple[int, SystemCall]]) -> Iterator[tuple[int, SystemCall]]:
        """The calls, one after the other; whoever waits sees how far it is."""
        for done, call in enumerate(calls):
            self._progress(f"system calls of {self.operation.name}", done, len(calls))
            yield call

    def _try(
        self,
        number: int,
        injection: Injection,
        *,
        whole: bool = False,
        meanwhile: Callable[[StorageDriver], object] | None = None,
    ) -> Trial | None:
        """The trial; None if the driver made its calls otherwise this time, so that none of the store's was hit."""
        store = self.store()
        run = self.processes.run(store, self.operation.act, injection=injection, whole=whole, meanwhile=meanwhile)
        hit = run.injected
        if meanwhile is not None:
            missed = not run.met
        elif injection.error:
            missed = hit is None or not hit.touches(str(store.folder))
        else:
            missed = run.finished
        if missed:
            self.missed += 1
            return None
        return Trial(self.point(number), self.calls[number], injection.error, run, store)


@contextlib.contextmanager
def workshop(subject: Subject, operation: Operation, capabilities: Capabilities) -> Iterator[Workshop]:
    """The operation's trials on this driver. Where they cannot be made the check is skipped with the reason."""
    reason = unavailable()
    if reason is not None:
        pytest.skip(f"not tested: {reason}")
    if not operation.offered(capabilities):
        not_offered(f"capability {operation.capability} is not declared")
    with local_stores(subject) as stores, Processes(HANG_SECONDS) as processes:
        try:
            quick = subject.profile == "quick"
            made = Workshop(operation, stores, processes, quick=quick, progress=subject.progress)
        except TracingError as error:
            pytest.skip(f"not tested: {error}")
        subject.measured(f"system calls, {operation.name}", len(made.calls))
        try:
            yield made
        finally:
            # Else a driver that makes its calls differently each time would seem to be tried at all of them.
            subject.measured(f"trials that hit no call, {operation.name}", made.missed)


@contextlib.contextmanager
def local_stores(subject: Subject) -> Iterator[LocalStores]:
    """Stores of the driver; where it keeps no files on this machine, the check says so and ends."""
    with contextlib.ExitStack() as stack:
        try:
            stores = stack.enter_context(subject.local_stores())
        except NotOnLocalFilesError as error:
            if subject.target.backend is not None or not subject.unwrapped.capabilities.shared:
                not_offered("the driver keeps no files on this machine")
            pytest.skip(f"not on local files: {error}")
        yield stores


class Record:
    """The trials of a check for its report, and the first violation."""

    def __init__(self, subject: Subject, kind: TrialKind, operation: str) -> None:
        """Record trials of `operation`."""
        self._subject = subject
        self._kind = kind
        self._operation = operation
        self._trials: dict[str, Trials] = {}
        self._first: ContractViolation | None = None
        self._violations = 0

    @contextlib.contextmanager
    def trial(self, condition: str, point: str) -> Iterator[list[Ending]]:
        """One trial; the block appends how the operation ended, or raises ContractViolation, which is kept.

        Raises:
            ContractViolation: The first, after MOST_VIOLATIONS: more of them say no more, and each may be a hang.
        """
        if condition not in self._trials:
            self._trials[condition] = self._subject.trials(self._kind, self._operation, condition)
        endings: list[Ending] = []
        try:
            yield endings
        except ContractViolation as violation:
            self._first = self._first or violation
            self._violations += 1
            endings.append(Ending.VIOLATED)
        self._trials[condition].add(point, endings[-1])
        if self._first is not None and self._violations >= MOST_VIOLATIONS:
            raise self._first

    def judge(self) -> None:
        """Raise the first violation, if there was one.

        Raises:
            ContractViolation: The first, in full.
        """
        if self._first is not None:
            raise self._first
        if not self._trials:
            pytest.skip("no trial hit a system call: the driver makes them differently each time")


def told(run: Run, folder: str) -> list[str]:
    """The calls of a run in `folder`, around the one that was tampered with, or the last."""
    lines = []
    place = len(run.calls)
    for number, call in enumerate(run.calls):
        result = call.error or ("killed" if call.result is None else "")
        lines.append(f"{number + 1}: {call.shown(folder)}{f' -> {result}' if result else ''}")
        if call.injected:
            lines[-1] += " (injected)"
            place = number
    begin, end = max(0, place - _TOLD_BEFORE), place + _TOLD_AFTER
    return [*(["…"] if begin else []), *lines[begin:end], *(["…"] if end < len(lines) else [])]
