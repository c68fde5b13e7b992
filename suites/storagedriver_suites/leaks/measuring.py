"""The run in a process of its own: nothing but the driver's doing is counted there."""

from __future__ import annotations

import gc
import os
import tempfile
import time
import tracemalloc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from storagedriver import StorageDriver
from storagedriver.registry import Inspect
from storagedriver.testing import Subject
from storagedriver.testing.target import PortableTarget
from storagedriver_suites.behaviour.parameters import WRONG_SECRET, secret_names
from storagedriver_suites.leaks.growth import Growth, Step, measure
from storagedriver_suites.leaks.holdings import Holdings, Resource, give_back_free_memory, look
from storagedriver_suites.leaks.operations import OPERATIONS, Bench

SETTLE_SECONDS = 0.3
"""How long what was let go may take to end: a thread that is told to, a connection that its other side closes."""

TIMES: Mapping[str, tuple[int, int]] = {"quick": (3, 1), "full": (21, 5), "soak": (100, 20)}
"""How often each kind of operation is done in a round, and how often a heavy one, by profile."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is measured.

    Attributes:
        target: Makes the driver.
        refused: Make it with a wrong secret.
        top: The directory that all happens below.
        times: How often each kind of operation is done in a round, and how often a heavy one.
        in_process: Whether no server is talked to.
        inspect: Names what lies on the backend, where no other process could.
    """

    target: PortableTarget
    refused: tuple[PortableTarget, ...]
    top: str
    times: tuple[int, int]
    in_process: bool
    inspect: Inspect | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it.

    Attributes:
        growth: What the process held.
        left: What is left on the backend after all was undone; None if it was not asked for.
    """

    growth: Growth
    left: tuple[str, ...] | None


def measured(subject: Subject, top: str) -> Measured:
    """Do the operations on the subject's driver, in another process, below `top`."""
    registration, target = subject.target.registration, subject.target.portable()
    shared = subject.unwrapped.capabilities.shared
    refused = tuple(
        replace(target, parameters={**target.parameters, name: WRONG_SECRET}) for name in secret_names(subject)
    )
    work = Work(
        target=target,
        # The others differ in which secret is wrong, and not in what the driver does.
        refused=refused[:1],
        top=top,
        times=TIMES[subject.profile],
        in_process=subject.target.backend is None,
        inspect=None if shared else registration.inspect,
    )
    done = subject.elsewhere(measure_here, work)
    if shared and registration.inspect is not None:
        return replace(done, left=tuple(subject.inspect()))
    return done


def measure_here(_: StorageDriver, work: Work) -> Measured:
    """Do the operations in this process, and count. Run by Subject.elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        # What a driver leaves there is found, whoever else has temporary files.
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        tracemalloc.start()
        try:
            growth = _grown(work, Path(folder))
        finally:
            tracemalloc.stop()
            tempfile.tempdir = None
    left = None if work.inspect is None else _left(work.inspect, work.target.parameters, work.top)
    return Measured(growth, left)


def _left(inspect: Inspect, parameters: Mapping[str, Any], top: str) -> tuple[str, ...]:
    return tuple(sorted(name for name in inspect(parameters, top) if top.strip("/") in name))


def _grown(work: Work, temporary: Path) -> Growth:
    bench = Bench(work.target.open(), work.target, work.refused, work.top, limits_descriptors=work.in_process)
    bench.prepare()
    steps = [
        Step(each.kind, work.times[each.heavy], lambda each=each: each.act(bench, bench.new(each.kind)))  # type: ignore[misc]  # a lambda's default has no type
        for each in OPERATIONS
    ]
    gc.collect()
    # What is there now stays, and need not be gone through at each look.
    gc.freeze()
    growth = measure(steps, lambda: look(temporary, exactly=False), lambda before: _settled(temporary, before))
    if growth.grows(Resource.OBJECTS):
        growth.places = _places(steps)
    bench.clear()
    return growth


def _settled(temporary: Path, before: Holdings | None) -> Holdings:
    """What this process holds once nothing is held any more that was not `before`, or after a while."""
    give_back_free_memory()
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        now = look(temporary, exactly=True)
        more = before is not None and any(
            now.amount(resource) > before.amount(resource) for resource in Resource if not resource.in_bytes
        )
        if not more or time.monotonic() > deadline:
            return now
        time.sleep(0.02)


def _places(steps: Sequence[Step]) -> tuple[str, ...]:
    """Where, in one more round, the objects were made that are kept."""
    before = tracemalloc.take_snapshot()
    for step in steps:
        for _ in range(step.times):
            step.act()
    gc.collect()
    kept = tracemalloc.take_snapshot().compare_to(before, "lineno")
    own = str(Path(tracemalloc.__file__))
    return tuple(
        f"{each.size_diff:,} bytes more in {each.count_diff:,} objects made at {each.traceback[0]}"
        for each in kept[:8]
        if each.size_diff > 0 and each.traceback[0].filename != own
    )[:4]
