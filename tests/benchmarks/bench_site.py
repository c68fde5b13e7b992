"""How long the page of 20 targets and 150 requirements takes to be made, and to be open in Chromium.

Run `pytest tests/benchmarks/bench_site.py`. Below a second to open and below 3 MB is the aim. Nothing here fails on a slow
machine: compare the runs with `--benchmark-compare`.
"""

import shutil
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright
from pytest_benchmark.fixture import BenchmarkFixture

from servers import need
from site_pages.example_pages import large
from storagedriver.report.site import render

ROUNDS = 5


def test_make(benchmark: BenchmarkFixture) -> None:
    """The page as text."""
    report = large()
    text = benchmark.pedantic(lambda: render({"a.json": report}), rounds=ROUNDS)  # type: ignore[no-untyped-call]

    benchmark.extra_info["bytes"] = len(text.encode())
    assert text.count('class="requirement"') == 150


def test_open(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """From its address to the end of loading, styles, layout and script included."""
    program = shutil.which("chromium")
    need(None if program else "Chromium is not installed; install it with: apt install chromium")
    path = tmp_path / "index.html"
    path.write_text(render({"a.json": large()}), encoding="utf-8")
    milliseconds: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})

        def load() -> None:
            page.goto(path.as_uri())
            page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            milliseconds.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))

        benchmark.pedantic(load, rounds=ROUNDS, warmup_rounds=1)  # type: ignore[no-untyped-call]
        browser.close()

    benchmark.extra_info["load_event_milliseconds"] = round(median(milliseconds))
    assert len(milliseconds) == ROUNDS + 1
