"""How long `import storagedriver` takes: run `pytest tests/benchmarks/bench_import.py`. Below 150 ms is the aim.

Measured in a new interpreter each time, since the second import in one costs nothing. Nothing here fails on a slow
machine: compare the runs with `--benchmark-compare`.
"""

import subprocess
import sys
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS = 10


@pytest.mark.parametrize("module", ["sys", "storagedriver", "storagedriver.testing", "storagedriver.parameters"])
def test_import(benchmark: BenchmarkFixture, module: str) -> None:
    """A new interpreter that imports `module`; "sys" is the interpreter alone."""
    script = f"import time; begun = time.perf_counter(); import {module}; print(time.perf_counter() - begun)"
    seconds: list[float] = []

    def run() -> None:
        out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        seconds.append(float(out))

    benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)  # type: ignore[no-untyped-call]

    benchmark.extra_info["import_milliseconds"] = round(median(seconds) * 1000, 1)
    assert len(seconds) == ROUNDS + 1
