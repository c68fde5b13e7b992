"""How long the suites take: run `pytest tests/benchmarks/bench_suite.py --benchmark-json reports/benchmarks/suite.json`.

The aims, on two cores: inmemory within 20 s in profile quick and 90 s in full; s3 with the suite `behaviour` in full on a
local server within 360 s in one process, and nearly half of that in two. The default suites, which are more, are measured
beside that. Nothing here fails on a slow machine.

A server on the same machine takes its part of the cores. So a run on one core, its server included, is measured too: what two
processes on two cores gain is to be seen against that. `cores_used` tells how many cores a run kept busy.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

S3 = ("--driver=s3", "--backend=minio:process", "--profile=full")

RUNS: dict[str, tuple[str, ...]] = {
    "inmemory-quick": ("--driver=inmemory",),
    "inmemory-full": ("--driver=inmemory", "--profile=full"),
    "filesystem-quick": ("--driver=filesystem",),
    "filesystem-full": ("--driver=filesystem", "--profile=full"),
    "s3-minio-behaviour-full": (*S3, "--suite=behaviour"),
    "s3-minio-behaviour-full-two-processes": (*S3, "--suite=behaviour", "-n2", "--dist=worksteal"),
    "s3-minio-behaviour-full-one-core": (*S3, "--suite=behaviour"),
    "s3-minio-full": S3,
}


@pytest.mark.parametrize("run", RUNS)
def test_run(benchmark: BenchmarkFixture, run: str, tmp_path: Path) -> None:
    """One certification from the start of pytest to its end, servers included; it has to pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *RUNS[run]]
    cores = {min(os.sched_getaffinity(0))} if run.endswith("one-core") else os.sched_getaffinity(0)
    before, began = _processor_seconds(), time.monotonic()

    done = benchmark.pedantic(  # type: ignore[no-untyped-call]
        subprocess.run,
        (command,),
        {
            "cwd": tmp_path,
            "capture_output": True,
            "text": True,
            "check": False,
            "preexec_fn": lambda: os.sched_setaffinity(0, cores),
        },
    )

    assert done.returncode == pytest.ExitCode.OK, done.stdout[-2000:]
    benchmark.extra_info["summary"] = done.stdout.strip().splitlines()[-1].strip("= ")
    # A file may be put together of runs of several days.
    benchmark.extra_info["measured"] = time.strftime("%Y-%m-%d")
    benchmark.extra_info["cores_used"] = round((_processor_seconds() - before) / (time.monotonic() - began), 2)


def _processor_seconds() -> float:
    """What processes that have ended took of the processors, those of this one's and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
