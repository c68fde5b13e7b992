"""PERF: what a stream holds in memory."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pytest

from storagedriver import StorageDriver
from storagedriver.backends.model import IN_PROCESS_MODE
from storagedriver.report.performance import Scale, Statistic, Workload
from storagedriver.testing import Subject, Tree, chunk_size, expect, requirement
from storagedriver_suites.performance import streams
from storagedriver_suites.performance.effort import EFFORTS, MIB
from storagedriver_suites.performance.timing import tell

FEW_CHUNKS = 8
"""A chunk that is filled, those that are on their way, and copies of them in the library."""

LEAST_BYTES = 12 * MIB
"""What a library may take however small the chunks are."""


def _peak(act: Callable[[], object]) -> int:
    """How much more memory Python held at the most while `act` ran."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        act()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not running:
            tracemalloc.stop()


def _write(driver: StorageDriver, path: str, size: int) -> None:
    streams.write(driver, path, size)


def _read(driver: StorageDriver, path: str, size: int) -> None:
    streams.expect_read(driver, path, size)


@requirement("PERF-1", needs=["shared"])
@pytest.mark.parametrize("way", ["write", "read"])
def test_stream_holds_a_few_chunks(tree: Tree, subject: Subject, way: str) -> None:
    """However large the stream is, what is held at the most is a few chunks.

    A store that is the memory of this process keeps each file there, and is not judged.
    """
    if subject.target.backend is not None and subject.target.backend.mode == IN_PROCESS_MODE:
        pytest.skip("the server is in this process, so its memory cannot be told from the driver's")
    driver, path = subject.unrecorded(), tree.path("file")
    most = max(FEW_CHUNKS * chunk_size(driver), LEAST_BYTES)
    size = max(2 * most, *EFFORTS[subject.profile].streams)
    act = _write if way == "write" else _read
    if way == "read":
        _write(driver, path, size)

    peak = _peak(lambda: act(driver, path, size))

    tell(subject, Workload(f"{way} stream", Scale.BYTES, size), Statistic.PEAK_MEMORY, peak, "B")
    expect.true(
        peak <= most,
        f"memory held at most during the {way} of {size:,} bytes in chunks of {chunk_size(driver):,}",
        expected=f"at most {most:,} bytes",
        seen=f"{peak:,} bytes",
    )
