"""Killing the driver's process while one of its requests is held on its way to the server."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from storagedriver import PathNotFoundError, StorageDriver
from storagedriver.testing import ContractViolation, Ending, Subject, Tree, TrialKind, expect
from storagedriver.wire import Injection
from storagedriver_suites.faults.disturbances import Disturbance, killing
from storagedriver_suites.faults.injecting import Countable, Injector, hits
from storagedriver_suites.faults.served_operations import OPERATIONS, Operation

AT_ONCE = 4
"""Processes that run at once; each takes a second to start."""

START_SECONDS = 90.0
"""How long a process may take until it makes the request at which it is to be killed, or ends without it."""


@dataclass(frozen=True, slots=True)
class _Kill:
    condition: str
    fault: Disturbance
    exchange: Countable
    directory: str

    def __str__(self) -> str:
        return f"{self.condition}, {self.exchange.label}"


@dataclass(slots=True)
class _Outcome:
    """How a trial ended: what was broken, and whether the process came to the request at all."""

    violation: ContractViolation | None = None
    reached: bool = False


def call_operation(driver: StorageDriver, name: str, directory: str) -> None:
    """Do one of OPERATIONS: what the process does that is killed."""
    OPERATIONS[name].call(driver, directory)


def kill_at_each_request(subject: Subject, tree: Tree, operation: Operation) -> None:
    """Kill a process before and within each request that it makes for the operation, and judge what is there then.

    Raises:
        ContractViolation: The first that was broken, after all were tried.
    """
    __tracebackhide__ = True
    conditions = killing(subject)
    injector = Injector(subject, tree)
    # The first time a store may have to be set up; the process that is killed would not come to a request of that.
    injector.requests(operation)
    exchanges = injector.requests(operation)
    kills = [
        _Kill(condition, fault, exchange, tree.path(f"killed-{number}-{exchange.number:03}"))
        for number, (condition, fault) in enumerate(conditions.items())
        for exchange in exchanges
        if hits(fault, exchange)
    ]
    with ThreadPoolExecutor(AT_ONCE, "kill") as pool:
        outcomes = []
        for outcome in pool.map(lambda kill: _outcome_of(subject, operation, kill), kills):
            outcomes.append(outcome)
            subject.progress(f"kills in {operation.name}", len(outcomes), len(kills))
    left = _left(subject, [kill.directory for kill in kills])
    trials = {condition: subject.trials(TrialKind.CRASH, operation.name, condition) for condition in conditions}
    broken = []
    for kill, outcome in zip(kills, outcomes, strict=True):
        violation = outcome.violation
        if violation is None and left.get(kill.directory):
            violation = ContractViolation(
                f"{operation.name}, {kill}: what is left after a delete of its directory",
                expected=[],
                seen=left[kill.directory],
                requirement="DEL-5",
            )
        if violation is not None:
            broken.append(violation)
        if violation or outcome.reached:
            trials[kill.condition].add(kill.exchange.label, Ending.VIOLATED if violation else Ending.SURVIVED)
    if broken:
        first = broken[0]
        first.story = (*first.story, *(f"  also: {each}" for each in broken[1:]))
        raise first
    for condition, made in trials.items():
        if any(kill.condition == condition for kill in kills):
            what = f"processes that were killed in {operation.name}: {condition}"
            expect.true(made.endings, what, expected="some", seen="none came to its request")


def _outcome_of(subject: Subject, operation: Operation, kill: _Kill) -> _Outcome:
    outcome = _Outcome()
    try:
        with subject.target.open() as fresh:
            operation.prepare(fresh, kill.directory)
        outcome.reached = _kill(subject, operation, kill)
        with subject.target.open() as fresh:
            _judge(operation, kill, fresh, whole=not outcome.reached)
    except ContractViolation as violation:
        outcome.violation = violation
    return outcome


def _kill(subject: Subject, operation: Operation, kill: _Kill) -> bool:
    """Run the operation in a process of its own, and kill it at its request, unless it does that itself.

    False if it ended without that request: how many there are may depend on what others do on the backend meanwhile.
    """
    with subject.disturbed() as target:
        target.proxy.begin(Injection(fault=kill.fault, at=kill.exchange.number))
        process = target.start(call_operation, operation.name, kill.directory)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not target.proxy.struck.wait(0.02) and process.poll() is None:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the process made no request {kill.exchange.label} in {START_SECONDS:g} s")
        finally:
            process.kill()
            process.wait()
        if target.proxy.struck.is_set() or process.returncode == -signal.SIGKILL:
            return True
        if process.returncode:
            raise RuntimeError(f"the process ended with {process.returncode} before request {kill.exchange.label}")
        return False


def _judge(operation: Operation, kill: _Kill, fresh: StorageDriver, *, whole: bool) -> None:
    what = f"{operation.name}, {kill}"
    done = operation.expect_allowed(fresh, kill.directory, f"{what}, then")
    if whole:
        operation.expect_done(fresh, kill.directory, f"{what}, which was not made")
    try:
        operation.call(fresh, kill.directory)
    except PathNotFoundError as gone:
        if not (operation.gone_after and done):
            raise ContractViolation(f"{what}: the same call again", expected="success", seen=gone) from gone
        done = False
    except Exception as error:
        raise ContractViolation(f"{what}: the same call again", expected="success", seen=error) from error
    operation.expect_done(fresh, kill.directory, f"{what}: after the same call again", twice=done)
    fresh.delete(kill.directory)


def _left(subject: Subject, directories: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """What lies on the backend of directories that were deleted, where that can be seen."""
    if subject.target.registration.inspect is None:
        return {}
    names = subject.inspect()
    return {directory: [name for name in names if directory.strip("/") in name] for directory in directories}
