"""The suite performance: what it counts, how it fits growth, and how a report carries what it measured."""

from __future__ import annotations

import pytest

import mutants.http_store  # noqa: F401  registers the driver of a server
from storagedriver.report import Outcome, Report
from storagedriver.report.performance import Scale, Statistic, Workload, table
from storagedriver_suites.performance.effort import Effort
from storagedriver_suites.performance.timing import Durations, growth, repeated

NOT_RECORDED = ("-p", "no:cacheprovider")


def _report(pytester: pytest.Pytester, *arguments: str) -> Report:
    pytester.runpytest_inprocess("--suite=performance", "--certify-report=report.json", *arguments, *NOT_RECORDED)
    return Report.read(pytester.path / "report.json")


def test_inmemory_is_measured_at_every_size(pytester: pytest.Pytester) -> None:
    """Percentiles and throughput of each operation are in the report; a store without a server has no requests."""
    report = _report(pytester, "--driver=inmemory")

    (kept,) = (each for each in report.results if each.requirement == "PERF-3")
    measured = table(figure for check in kept.checks for figure in check.figures)
    assert kept.outcome is Outcome.PASSED
    assert {work.operation for work in measured} >= {
        "put",
        "get",
        "write stream",
        "read stream",
        "list",
        "walk",
        "delete",
    }
    assert {work.amount for work in measured if work.scale is Scale.FILES} == {10, 100, 1_000}
    assert {work.amount for work in measured if work.scale is Scale.CLIENTS} == {1, 4, 8}
    for told in measured.values():
        assert told[Statistic.P50].value <= told[Statistic.P90].value <= told[Statistic.P99].value
        assert Statistic.REQUESTS not in told
    assert {each.requirement: each.outcome for each in report.results}["PERF-2"] is Outcome.NOT_OFFERED


def test_what_crosses_the_wire_is_counted(pytester: pytest.Pytester) -> None:
    """Requests are those of the driver, and bytes are those of heads and bodies, in both directions."""
    report = _report(pytester, "--driver=httpstore", "-k", "requests or pages or skips or page_by_page or deeper")

    measured = table(figure for result in report.results for check in result.checks for figure in check.figures)
    put = measured[Workload("put", Scale.BYTES, 4096)]
    assert put[Statistic.REQUESTS].value == 1
    assert 4096 < put[Statistic.SENT].value < 4096 + 1024
    assert 0 < put[Statistic.RECEIVED].value < 1024
    tail = measured[Workload("read from offset", Scale.BYTES, 4096)]
    assert 4096 < tail[Statistic.RECEIVED].value < 4096 + 1024
    assert measured[Workload("list", Scale.FILES, 1_000)][Statistic.REQUESTS].value == 1
    assert {each.outcome for each in report.results if each.requirement != "PERF-1"} == {Outcome.PASSED}


def test_terminal_shows_a_table_and_the_growth(pytester: pytest.Pytester) -> None:
    """A line for each size, in place of a figure for each number."""
    run = pytester.runpytest_inprocess("--suite=performance", "--driver=inmemory", "-k", "whole_content", *NOT_RECORDED)

    run.stdout.fnmatch_lines(["*PERF-3: growth of put with size*", "Performance of inmemory", "operation*p50*p99*"])
    run.stdout.re_match_lines([r"put +4 KiB .*s +.*iB/s"])
    run.stdout.no_fnmatch_line("*put: 4096 B*")


@pytest.mark.parametrize(("exponent", "factor"), [(0, 3.0), (1, 1e-6), (2, 1e-9)])
def test_growth_is_the_exponent_of_a_power(exponent: int, factor: float) -> None:
    """Whatever the machine's speed is; an amount of nothing does not count."""
    medians = {0: 7.0, **{amount: factor * amount**exponent for amount in (10, 100, 1_000)}}

    assert growth(medians) == pytest.approx(exponent)


def test_growth_needs_two_amounts() -> None:
    """Of one there is none."""
    assert growth({0: 1.0, 10: 2.0}) is None


def test_percentiles_lie_between_the_calls() -> None:
    """Of one call all are its duration."""
    many, one = Durations(tuple(float(number) for number in range(101))), Durations((4.0,))

    assert [many.percentile(percent) for percent in (50, 90, 99)] == [50, 90, 99]
    assert one.percentile(99) == one.median == 4.0


def test_each_call_is_prepared_and_one_warms_up() -> None:
    """What is prepared is not measured, and no number comes twice."""
    seen: list[tuple[str, int]] = []
    effort = Effort(sizes=(), streams=(), files=(), clients=(), seconds=0, least=2, most=9)

    taken = repeated(
        lambda number: seen.append(("act", number)), effort, lambda number: seen.append(("prepare", number))
    )

    assert len(taken.seconds) == 2
    assert seen == [(what, number) for number in range(3) for what in ("prepare", "act")]
