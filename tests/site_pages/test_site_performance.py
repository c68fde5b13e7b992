"""The part of the page about performance: plots and a table of what was measured, and nothing where nothing was."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from report.example_report import example
from storagedriver.report import Figure, Report
from storagedriver.report.performance import Measurement, Scale, Statistic, Workload
from storagedriver.report.site import render


def _with(figures: Sequence[Figure]) -> Report:
    """The example, whose first check measured these."""
    report = example()
    first = report.results[0]
    checks = (dataclasses.replace(first.checks[0], figures=tuple(figures)), *first.checks[1:])
    return dataclasses.replace(report, results=(dataclasses.replace(first, checks=checks), *report.results[1:]))


def _figure(amount: int, value: float, statistic: Statistic = Statistic.P50, operation: str = "put") -> Figure:
    unit = "" if statistic is Statistic.REQUESTS else "s"
    name = Measurement(Workload(operation, Scale.BYTES, amount), statistic, value, unit).name
    return Figure(name, value, unit)


def test_sizes_are_a_plot_and_rows() -> None:
    text = render(
        {"a.json": _with([_figure(4096, 0.002), _figure(1 << 20, 0.02), _figure(4096, 3, Statistic.REQUESTS)])}
    )

    assert 'href="#performance"' in text
    assert "<figcaption>put</figcaption>" in text
    assert "<title>4 KiB: 2 ms</title>" in text
    assert '<tr><th scope="row">put</th><td>4 KiB</td><td>2 ms</td><td>3</td></tr>' in text
    assert "put: 4096 B: p50" not in text


def test_one_size_is_no_plot() -> None:
    text = render({"a.json": _with([_figure(4096, 0.002)])})

    assert '<section id="performance"' in text
    assert "<figcaption>put</figcaption>" not in text


def test_other_figures_make_no_section() -> None:
    """Names of two parts, of unknown statistics, or of amounts that are no numbers are figures like any other."""
    others = ["operations", "put: p50", "put: 4096 B: p51", "put: many B: p50", f"put: {'9' * 400} B: p50"]

    text = render({"a.json": _with([Figure(name, 1, "s") for name in others])})

    assert '<section id="performance"' not in text
    assert all(name in text for name in others)


def test_operation_is_text_and_odd_values_are_drawn() -> None:
    """An edited report may hold what no run measures."""
    evil = "<script>alert(1)</script>"
    figures = [_figure(0, -1e300, operation=evil), _figure(10**17, 1e300, operation=evil)]

    text = render({"a.json": _with(figures)})

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert evil not in text
    assert "nan" not in text
