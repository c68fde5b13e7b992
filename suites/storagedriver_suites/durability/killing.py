"""Killing the driver's process while one of its requests is held on its way to the server."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from storagedriver import PathNotFoundError, StorageDriver
from storagedriver.testing import ContractViolation, Ending, Subject, Tree, TrialKind
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
        violations = []
        for violation in pool.map(lambda kill: _violation_of(subject, operation, kill), kills):
            violations.append(violation)
            subject.progress(f"kills in {operation.name}", len(violations), len(kills))
    left = _left(subject, [kill.directory for kill in kills])
    trials = {condition: subject.trials(TrialKind.CRASH, operation.name, condition) for condition in conditions}
    broken = []
    for kill, found in zip(kills, violations, strict=True):
        violation = found
        if violation is None and left.get(kill.directory):
            violation = ContractViolation(
                f"{operation.name}, {kill}: what is left after a delete of its directory",
                expected=[],
                seen=left[kill.directory],
                requirement="DEL-5",
            )
        if violation is not None:
            broken.append(violation)
        trials[kill.condition].add(kill.exchange.label, Ending.VIOLATED if violation else Ending.SURVIVED)
    if broken:
        first = broken[0]
        first.story = (*first.story, *(f"  also: {each}" for each in broken[1:]))
        raise first


def _violation_of(subject: Subject, operation: Operation, kill: _Kill) -> ContractViolation | None:
    try:
        with subject.target.open() as fresh:
            operation.prepare(fresh, kill.directory)
        _kill(subject, operation, kill)
        with subject.target.open() as fresh:
            _judge(operation, kill, fresh)
    except ContractViolation as violation:
        return violation
    return None


def _kill(subject: Subject, operation: Operation, kill: _Kill) -> None:
    """Run the operation in a process of its own, and kill it at its request, unless it does that itself."""
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
        if not target.proxy.struck.is_set() and process.returncode != -signal.SIGKILL:
            raise RuntimeError(f"the process ended with {process.returncode} before request {kill.exchange.label}")


def _judge(operation: Operation, kill: _Kill, fresh: StorageDriver) -> None:
    what = f"{operation.name}, {kill}"
    done = operation.expect_allowed(fresh, kill.directory, f"{what}, then")
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
