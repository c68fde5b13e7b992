"""Letting one request of an operation go wrong after the other, many at once, and judging what came of each."""

from __future__ import annotations

import contextlib
import itertools
import pickle
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from storagedriver import BackendError, PathNotFoundError, StorageDriver
from storagedriver.causes import cause_of
from storagedriver.testing import ContractViolation, Ending, Subject, Tree, TrialKind, Trials, expect
from storagedriver.wire import Duplicated, Fault, Injection, Overheard, Refused, ResetBefore, Silent
from storagedriver_suites.faults.disturbances import Disturbance
from storagedriver_suites.faults.served_operations import Operation

AT_ONCE = 12
"""Trials that run at once: most of their time they wait for the driver's next try."""

PATIENCE = 1.1
"""How many times the declared timeout a call may take before it is no longer waited for."""

ROOT = "root"
"""The root of every second trial's drivers, below the check's prefix, where drivers have one: what goes wrong is told by the
caller's paths, and not by the backend's (ERR-2)."""


class Countable(Protocol):
    """A request."""

    @property
    def number(self) -> int:
        """Which one it is of an operation, from 1 on."""
        ...

    @property
    def label(self) -> str:
        """As it is called in reports."""
        ...


@dataclass(frozen=True, slots=True)
class Point:
    """One trial of an operation: what goes wrong, and where.

    Attributes:
        fault: What goes wrong.
        label: The request that it hits, as it is called without faults: "2: PUT ?partNumber&uploadId".
        number: The number of this request.
        lasting: Whether all later ones go wrong too.
        within: How many requests the operation makes without faults.
    """

    fault: Disturbance
    label: str
    number: int
    within: int
    lasting: bool = False

    def __str__(self) -> str:
        lasting = ", and from then on" if self.lasting else ""
        return f"{self.fault.condition}, at request {self.label} of {self.within}{lasting}"


@dataclass(slots=True)
class Outcome:
    """How a trial ended.

    Attributes:
        ending: For the report; None where the request was not reached, and nothing was tried.
        violation: What was broken, if it was.
    """

    ending: Ending | None = None
    violation: ContractViolation | None = None


@dataclass(slots=True)
class _Trial:
    point: Point
    directory: str
    rooted: bool
    outcome: Outcome | None = None
    began: float | None = None


@dataclass(slots=True)
class Injector:
    """Tries faults on the driver of a check.

    Attributes:
        subject: The driver.
        tree: Where the trials have their directories.
        at_once: Trials that run at the same time: most of them mostly wait.
        parameters: Parameters of the disturbed drivers that differ from the target's.
    """

    subject: Subject
    tree: Tree
    at_once: int = AT_ONCE
    parameters: Mapping[str, Any] = field(default_factory=dict)
    _directories: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def requests(self, operation: Operation) -> Sequence[Countable]:
        """The requests that the operation makes when nothing goes wrong, with their answers.

        Raises:
            ContractViolation: It does not even work while nothing is disturbed.
        """
        return self._undisturbed(operation, None)

    def bodies(self, operation: Operation) -> Sequence[tuple[Countable, bytes]]:
        """The requests, as `requests` has them, and what was sent in each; of a driver that speaks HTTP."""
        overheard = Overheard()
        self._undisturbed(operation, Injection(fault=overheard, at=1, lasting=True))
        return [*overheard.kept]

    def require_unharmed(self, operation: Operation, fault: Fault) -> Sequence[Countable]:
        """The requests that the operation makes while all of them meet with `fault`, which is none to a right driver.

        Raises:
            ContractViolation: It does not do what it should.
        """
        return self._undisturbed(operation, Injection(fault=fault, at=1, lasting=True))

    def _undisturbed(self, operation: Operation, injection: Any) -> Sequence[Countable]:
        directory = self._directory(operation)
        met = "nothing disturbed" if injection is None else injection.fault.condition
        with (
            self.subject.target.open() as plain,
            self.subject.disturbed() as target,
            target.open(**self.parameters) as driver,
        ):
            operation.prepare(plain, self.tree.path(directory))
            target.proxy.begin(injection)
            error = _error_of(operation, driver, self.tree.path(directory), f"{operation.name}, {met}")
            exchanges: Sequence[Countable] = target.proxy.exchanges
            if not operation.absent:
                expect.equal(error, None, f"what {operation.name} raises, {met}")
                operation.expect_done(plain, self.tree.path(directory), f"after {operation.name}, {met}")
        return exchanges

    def try_each(
        self, operation: Operation, faults: Sequence[Disturbance], exchanges: Sequence[Countable] | None = None
    ) -> None:
        """Let each fault hit each request of the operation that it makes a difference to.

        Args:
            operation: What is tried.
            faults: What goes wrong.
            exchanges: The requests of the operation, for who has asked for them already.

        Raises:
            ContractViolation: The first, after all were tried; the others are told with it.
        """
        __tracebackhide__ = True
        exchanges = self.requests(operation) if exchanges is None else exchanges
        self.subject.measured(f"requests, {operation.name}", len(exchanges))
        if operation.may_ask_nothing and not exchanges:
            return
        expect.true(exchanges, f"requests of {operation.name}", expected="some", seen="none")
        self.try_points(
            operation,
            [
                Point(fault, exchange.label, exchange.number, len(exchanges))
                for fault in faults
                for exchange in exchanges
                if hits(fault, exchange)
            ],
        )

    def try_points(self, operation: Operation, points: Sequence[Point]) -> None:
        """Try the operation with each of `points`. See try_each()."""
        __tracebackhide__ = True
        registration = self.subject.target.registration
        rooted = (False, registration.root_parameter is not None and registration.roots_nest)
        trials = [_Trial(point, self._directory(operation), of) for point, of in zip(points, itertools.cycle(rooted))]
        self._run(operation, trials)
        self._look_for_leftovers(operation, trials)
        told = self._tell(operation, trials)
        violations = [trial for trial in trials if trial.outcome and trial.outcome.violation]
        if not violations:
            endings = sum(len(each.endings) for each in told.values())
            expect.true(endings, f"trials of {operation.name}", expected="some were made", seen="none was")
            return
        first = violations[0].outcome
        assert first is not None
        assert first.violation is not None
        others = [f"  also: {each.outcome.violation}" for each in violations[1:] if each.outcome]
        first.violation.story = (*first.violation.story, *others)
        raise first.violation

    def _look_for_leftovers(self, operation: Operation, trials: Sequence[_Trial]) -> None:
        """Nothing is left of the trials whose directories were deleted, on the backend itself where that can be seen."""
        if self.subject.target.registration.inspect is None:
            return
        left = self.subject.inspect()
        for trial in trials:
            found = [name for name in left if f"/{trial.directory}/" in f"/{name}/"]
            if found and trial.outcome is not None and trial.outcome.violation is None:
                trial.outcome.ending = Ending.VIOLATED
                trial.outcome.violation = ContractViolation(
                    f"{operation.name}: {trial.point}: what is left after a delete of its directory",
                    expected=[],
                    seen=found,
                    requirement="DEL-5",
                )

    def _directory(self, operation: Operation) -> str:
        return f"{operation.name.replace(' ', '-')}-{next(self._directories):03}"

    def _tell(self, operation: Operation, trials: Sequence[_Trial]) -> Mapping[str, Trials]:
        told: dict[str, Trials] = {}
        for trial in trials:
            condition = trial.point.fault.condition + (", lasting" if trial.point.lasting else "")
            if condition not in told:
                told[condition] = self.subject.trials(TrialKind.FAULT, operation.name, condition)
            if trial.outcome is not None and trial.outcome.ending is not None:
                told[condition].add(trial.point.label, trial.outcome.ending)
        return told

    # --- running

    def _run(self, operation: Operation, trials: Sequence[_Trial]) -> None:
        waiting: queue.SimpleQueue[_Trial] = queue.SimpleQueue()
        for trial in trials:
            waiting.put(trial)
        errors: list[BaseException] = []

        def work() -> None:
            try:
                with self._undisturbed_drivers({trial.rooted for trial in trials}) as plain:
                    while not errors:
                        trial = waiting.get_nowait()
                        self._try(operation, trial, plain[trial.rooted])
            except queue.Empty:
                return
            except BaseException as error:  # noqa: BLE001  raised again in the check's own thread
                errors.append(error)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(min(self.at_once, len(trials)))]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads) and not errors:
            for thread in threads:
                thread.join(0.05)
            done = len(trials) - waiting.qsize()
            self.subject.progress(f"trials of {operation.name}", max(0, done - len(threads)), len(trials))
            for trial in trials:
                self._expect_an_end(operation, trial)
        for thread in threads:
            thread.join(self._seconds * PATIENCE)
        if errors:
            raise errors[0]

    @contextlib.contextmanager
    def _undisturbed_drivers(self, wanted: Iterable[bool]) -> Iterator[Mapping[bool, StorageDriver]]:
        """Those that look at what the disturbed ones did: without a root and with it, as wanted."""
        target = self.subject.target.portable()
        with contextlib.ExitStack() as opened:
            yield {rooted: opened.enter_context(target.open(**self._changes(rooted=rooted))) for rooted in wanted}

    def _changes(self, *, rooted: bool) -> Mapping[str, Any]:
        return {self.subject.root_parameter: self.subject.root(ROOT)} if rooted else {}

    @property
    def _seconds(self) -> float:
        return self.subject.access.seconds

    def _expect_an_end(self, operation: Operation, trial: _Trial) -> None:
        if trial.began is not None and time.monotonic() - trial.began > self._seconds * PATIENCE:
            raise ContractViolation(
                f"{operation.name}: {trial.point}",
                expected=f"it ends within the declared {self._seconds:g} s",
                seen=f"it has not returned after {time.monotonic() - trial.began:.0f} s",
                requirement="FAULT-2",
            )

    def _try(self, operation: Operation, trial: _Trial, plain: StorageDriver) -> None:
        directory, what = self._place(operation, trial)
        operation.prepare(plain, directory)
        changes = {**self.parameters, **self._changes(rooted=trial.rooted)}
        with self.subject.disturbed() as target, target.open(**changes) as driver:
            injection = Injection(fault=trial.point.fault, at=trial.point.number, lasting=trial.point.lasting)
            target.proxy.begin(injection)
            outcome = trial.outcome = Outcome()
            try:
                trial.began = began = time.monotonic()
                error = _error_of(operation, driver, directory, what)
                took, trial.began = time.monotonic() - began, None
                struck = target.proxy.struck.is_set()
                target.proxy.begin()
                if took > self._seconds:
                    raise ContractViolation(
                        what,
                        expected=f"it ends within the declared {self._seconds:g} s",
                        seen=f"it took {took:.1f} s",
                        requirement="FAULT-2",
                    )
                self._judge(operation, trial, error, plain=plain, driver=driver)
                if struck:
                    refused = error is not None and not (operation.absent and isinstance(error, PathNotFoundError))
                    outcome.ending = Ending.REFUSED if refused else Ending.SURVIVED
            except ContractViolation as violation:
                trial.began = None
                outcome.ending, outcome.violation = Ending.VIOLATED, violation
                with contextlib.suppress(Exception):
                    plain.delete(directory)

    def _place(self, operation: Operation, trial: _Trial) -> tuple[str, str]:
        """The directory of a trial as its drivers know it, and what the trial is, in words."""
        what = f"{operation.name}: {trial.point}"
        if trial.rooted:
            return f"/{trial.directory}", f"{what}, by a driver with a root"
        return self.tree.path(trial.directory), what

    def _judge(
        self,
        operation: Operation,
        trial: _Trial,
        error: Exception | None,
        *,
        plain: StorageDriver,
        driver: StorageDriver,
    ) -> None:
        (directory, what), fault = self._place(operation, trial), trial.point.fault
        if error is None:
            operation.expect_done(plain, directory, f"{what}: it succeeded, then")
            operation.expect_beside(driver, directory, f"{what}: it succeeded, then by the same driver")
        else:
            done = operation.expect_allowed(plain, directory, f"{what}: it raised {type(error).__name__}, then")
            # Of a request that was delivered twice a driver knows nothing: what it asked for was done, and is gone.
            gone = operation.absent or (operation.gone_after and done and isinstance(fault, Duplicated))
            _expect_clean(error, what, directory, gone=gone)
            if isinstance(error, BackendError) and isinstance(fault, _SAID_BY_AN_EXCEPTION):
                _expect_a_cause(error, what)
            if trial.point.lasting:
                # It is given up, and nothing of it may be left without a second try either.
                plain.delete(directory)
                return
            again = _error_of(operation, driver, directory, f"{what}: the same call again, undisturbed")
            if again is not None:
                may_be_gone = operation.absent or (operation.gone_after and done)
                expect.true(
                    may_be_gone and isinstance(again, PathNotFoundError),
                    f"{what}: the same call again, undisturbed",
                    expected="success" + (", or PathNotFoundError as it was done already" if may_be_gone else ""),
                    seen=again,
                )
            operation.expect_done(plain, directory, f"{what}: after the same call again", twice=done and again is None)
        plain.delete(directory)


def hits(fault: Disturbance, exchange: Countable) -> bool:
    """Whether a fault makes a difference to a request of the same driver."""
    return fault.hits(cast("Any", exchange))


def _expect_clean(error: Exception, what: str, directory: str, *, gone: bool) -> None:
    """The error says that the backend failed, and nothing else (ERR-1), unless what it is about may be gone; and of which path.

    It pickles, whatever it came of (ERR-2).
    """
    allowed = (BackendError, PathNotFoundError) if gone else (BackendError,)
    if not isinstance(error, allowed):
        raise ContractViolation(what, expected="success, or BackendError", seen=error, kinds=allowed) from error
    path = getattr(error, "path", None)
    if not isinstance(path, str) or not f"{path}/".startswith(f"{directory}/"):
        raise ContractViolation(
            f"{what}: the path that the error carries (ERR-2)",
            expected=f"{directory}, or what lies below it",
            seen=path,
        ) from error
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  our own
    except Exception as failure:  # noqa: BLE001  whatever pickle says of it
        raise ContractViolation(
            f"{what}: {type(error).__name__}, pickled and read again (ERR-2)", expected="it comes back", seen=failure
        ) from error


_SAID_BY_AN_EXCEPTION = (Refused, ResetBefore, Silent)
"""Faults of which every driver learns by an exception; of an answer some learn by its status alone."""


def _expect_a_cause(error: Exception, what: str) -> None:
    """The exception that the driver met is chained (ERR-2)."""
    if cause_of(error) is None:
        raise ContractViolation(
            f"{what}: the cause of {type(error).__name__} (ERR-2)",
            expected="the exception of the connection that failed is chained",
            seen="none is",
        ) from error


def _error_of(operation: Operation, driver: StorageDriver, directory: str, what: str) -> Exception | None:
    """What the call raised; None if it succeeded, with the result that it has to have."""
    try:
        result = operation.call(driver, directory)
    except ContractViolation:
        raise
    except Exception as error:  # noqa: BLE001  judged by the caller
        return error
    if operation.absent:
        raise ContractViolation(what, expected="PathNotFoundError or BackendError", seen=result)
    expect.equal(result, operation.result(driver, directory), f"{what}: what it returned")
    return None
