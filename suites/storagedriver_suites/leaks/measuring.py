"""The run in a process of its own: nothing but the driver's doing is counted there."""

from __future__ import annotations

import gc
import os
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from storagedriver import StorageDriver
from storagedriver.testing import Subject, Tree
from storagedriver.testing.target import PortableTarget
from storagedriver_suites.behaviour.parameters import WRONG_SECRET, secret_names
from storagedriver_suites.leaks.growth import Growth, Step, measure
from storagedriver_suites.leaks.holdings import Holdings, Resource, empty_caches, give_back_free_memory, look
from storagedriver_suites.leaks.operations import OPERATIONS, Bench, Operation

T = TypeVar("T")

SETTLE_SECONDS = 0.3
"""How long what was let go may take to end: a thread that is told to, a connection that its other side closes."""

SETTLE_SECONDS_IN_ALL = 1.2
"""How long all rounds may wait for that: what leaks does not end."""

TIMES: Mapping[str, tuple[int, int]] = {"quick": (3, 1), "full": (21, 5), "soak": (100, 20)}
"""How often each kind of operation is done in a round, and how often a heavy one, by profile."""

LEAST_TIMES_IN_PROCESS = (6, 3)
"""The same where no server is talked to, at least: little is judged there, and has to stand out in each round."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is done.

    Attributes:
        target: Makes the driver.
        refused: Make it with a wrong secret.
        top: The directory that all happens below.
        times: How often each kind of operation is done in a round, and how often a heavy one.
        in_process: Whether no server is talked to.
    """

    target: PortableTarget
    refused: tuple[PortableTarget, ...]
    top: str
    times: tuple[int, int]
    in_process: bool

    def bench(self) -> Bench:
        """A driver, and what it works with."""
        bench = Bench(self.target.open(), self.target, self.refused, self.top, limits_descriptors=self.in_process)
        bench.prepare()
        return bench

    def steps(self, bench: Bench) -> list[Step]:
        """One round."""

        def step(operation: Operation) -> Step:
            return Step(
                operation.kind,
                self.times[operation.heavy],
                lambda: operation.act(bench, bench.new(operation.kind)),
            )

        return [step(each) for each in OPERATIONS]

    def do_once(self) -> None:
        """One round, with drivers that are closed after it."""
        bench = self.bench()
        _round(self.steps(bench))
        gc.collect()
        bench.clear()


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it.

    Attributes:
        growth: What the process held.
        left: What is left on the backend after all was undone; None if nothing tells.
    """

    growth: Growth
    left: tuple[str, ...] | None


class Runs(Generic[T]):
    """What came of one run on each target: all checks of a module judge it."""

    def __init__(self, run: Callable[[Subject, str], T]) -> None:
        """Nothing is run yet; `run` works below the path that it is given."""
        self._run = run
        self._came: dict[str, T] = {}

    def of(self, subject: Subject, tree: Tree) -> T:
        """The run of the subject's driver: made below the tree of the check that first asks for it."""
        label = subject.target.label
        if label not in self._came:
            self._came[label] = self._run(subject, tree.root)
        return self._came[label]


def measured(subject: Subject, top: str) -> Measured:
    """Do the operations on the subject's driver, in another process, below `top`."""
    work = work_of(subject, top)
    growth = subject.elsewhere(grown_here, work)
    if subject.target.registration.inspect is None:
        return Measured(growth, None)
    if not subject.unwrapped.capabilities.shared:
        # What is left of the other process's store is gone with it.
        replace(work, in_process=False).do_once()
    return Measured(growth, tuple(subject.inspect()))


def work_of(subject: Subject, top: str) -> Work:
    """The operations on the subject's driver, below `top`."""
    target = subject.target.portable()
    in_process = subject.target.backend is None
    refused = [replace(target, parameters={**target.parameters, name: WRONG_SECRET}) for name in secret_names(subject)]
    return Work(
        target=target,
        # The others differ in which secret is wrong, and not in what the driver does.
        refused=tuple(refused[:1]),
        top=top,
        times=_times(subject.profile, in_process=in_process),
        in_process=in_process,
    )


def _times(profile: str, *, in_process: bool) -> tuple[int, int]:
    light, heavy = TIMES[profile]
    if not in_process:
        return light, heavy
    return max(light, LEAST_TIMES_IN_PROCESS[0]), max(heavy, LEAST_TIMES_IN_PROCESS[1])


def _round(steps: Sequence[Step]) -> None:
    for step in steps:
        for _ in range(step.times):
            step.act()


def grown_here(_: StorageDriver, work: Work) -> Growth:
    """Do the operations in this process, and count. Run by Subject.elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        # What a driver leaves there is found, whoever else has temporary files.
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        tracemalloc.start()
        try:
            return _grown(work, Path(folder))
        finally:
            tracemalloc.stop()
            tempfile.tempdir = None


def _grown(work: Work, temporary: Path) -> Growth:
    bench = work.bench()
    steps = work.steps(bench)
    gc.collect()
    # What is there now stays, and need not be gone through at each look.
    gc.freeze()
    growth = measure(steps, lambda: look(temporary, exactly=False), Settling(temporary).look, fine=work.in_process)
    if growth.grows(Resource.OBJECTS):
        growth.places = _places(steps)
    bench.clear()
    return growth


class Settling:
    """Looks once all that was to end has ended, or after a while."""

    def __init__(self, temporary: Path) -> None:
        """Look at this process, with its folder for temporary files."""
        self._temporary = temporary
        self._seconds = SETTLE_SECONDS_IN_ALL

    def look(self, before: Holdings | None) -> Holdings:
        """What this process holds, as soon as there is no more of anything than `before`."""
        give_back_free_memory()
        began = time.monotonic()
        deadline = began + min(SETTLE_SECONDS, self._seconds)
        while True:
            now = look(self._temporary, exactly=True)
            more = before is not None and any(
                now.amount(resource) > before.amount(resource) for resource in Resource if not resource.in_bytes
            )
            if not more or time.monotonic() > deadline:
                self._seconds -= time.monotonic() - began
                return now
            time.sleep(0.02)


def _places(steps: Sequence[Step]) -> tuple[str, ...]:
    """Where, in one more round, the objects were made that are kept."""
    empty_caches()
    before = tracemalloc.take_snapshot()
    _round(steps)
    empty_caches()
    kept = tracemalloc.take_snapshot().compare_to(before, "lineno")
    own = str(Path(tracemalloc.__file__))
    return tuple(
        f"{each.size_diff:,} bytes more in {each.count_diff:,} objects made at {each.traceback[0]}"
        for each in kept[:8]
        if each.size_diff > 0 and each.traceback[0].filename != own
    )[:4]
