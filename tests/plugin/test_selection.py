"""A run of less than everything says so, and why; a run of nothing is no success."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plugin.author_project import Run
from storagedriver.report import Outcome

GOOD = "--driver=dictionary:DictionaryDriver"


@pytest.mark.parametrize(
    ("arguments", "reasons"),
    [
        (["-k", "move"], ["7 of 8 checks were deselected by -k 'move'"]),
        (["-k", "move", "-n1"], ["7 of 8 checks were deselected by -k 'move'"]),
        (["--requirement=MOVE"], ["--requirement MOVE"]),
        (["--requirement=move-1,WALK"], ["--requirement MOVE-1,WALK"]),
        (["--deselect=tinychecks/test_tiny.py::test_walk"], ["1 of 8 checks were deselected by --deselect"]),
        (["--ignore-glob=*test_tiny.py"], ["no check was collected from test_tiny.py by --ignore"]),
        (["tinychecks/test_tiny.py"], ["only a part of the suites was named on the command line"]),
        (["tinychecks/test_tiny.py::test_walk[DictionaryDriver]"], ["only a part of the suites"]),
    ],
    ids=lambda value: " ".join(value) if value and value[0][0] in "-t" else "",
)
def test_a_part_is_told(run: Callable[..., Run], arguments: list[str], reasons: list[str]) -> None:
    """Each way to choose checks makes the run incomplete."""
    done = run(GOOD, *arguments, process="-n1" in arguments)

    told = done.report.run.incomplete_reasons
    assert len(told) == len(reasons)
    for reason, word in zip(told, reasons, strict=True):
        assert word in reason
        assert word in done.said


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["-k", "move or walk"], "deselected by -k 'move or walk'"),
        (["-k", "move or walk", "-n1"], "deselected by -k 'move or walk'"),
        (["--requirement=MOVE,WALK-1"], "--requirement MOVE,WALK-1"),
    ],
)
def test_each_check_left_out_is_named(run: Callable[..., Run], arguments: list[str], reason: str) -> None:
    """The report has them all, so that reports of parts can be put together; those of another profile are not meant."""
    report = run(GOOD, *arguments, process="-n1" in arguments).report

    left_out = [each for result in report.results for each in result.checks if each.outcome is Outcome.NOT_RUN]
    assert {each.reason for each in left_out} == {reason}
    assert sorted(each.node_id.partition("::")[2].partition("[")[0] for each in left_out) == [
        "test_large_put",
        "test_redirect",
        "test_shorter_put",
        "test_stat_of_another_driver",
        "test_stream",
        "test_threads",
    ]


def test_a_check_after_the_end_is_named(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """What -x left without a turn is in the report as not run."""
    author.makepyfile(
        faulty="from dictionary import *\nclass Faulty(DictionaryDriver):\n    def _stat(self, path):\n        return 1\n"
    )
    report = run("--driver=faulty:Faulty", "-x").report

    left_out = [each for result in report.results for each in result.checks if each.outcome is Outcome.NOT_RUN]
    assert [each.reason for each in left_out] == ["it did not run to its end"] * 7


def test_stopping_at_a_failure_is_told(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """-x leaves checks without their turn, and the report counts them."""
    author.makepyfile(
        faulty="from dictionary import *\nclass Faulty(DictionaryDriver):\n    def _stat(self, path):\n        return 1\n"
    )
    done = run("--driver=faulty:Faulty", "-x")

    assert "stopping after 1 failures" in done.report.run.incomplete_reasons
    assert "7 of 8 tests did not run to their end" in done.report.run.incomplete_reasons


def test_only_the_last_failures_are_told_as_a_part(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """--lf runs what failed, and says that it is not all."""
    author.makepyfile(
        faulty="from dictionary import *\nclass Faulty(DictionaryDriver):\n    def _move(self, source, dest):\n        pass\n"
    )
    arguments = ["--suite=tiny", "--driver=faulty:Faulty"]
    author.runpytest_inprocess(*arguments)

    result = author.runpytest_inprocess(*arguments, "--lf", "--certify-report=report.json")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*only the checks that failed last were run, by --lf*"])


def test_a_run_of_nothing_is_told(run: Callable[..., Run]) -> None:
    """In a few lines, without a table of what was not run."""
    done = run(GOOD, "-k", "nothing_like_this")

    assert done.result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.result.stdout.fnmatch_lines(
        ["storagedriver: no check was run, so nothing is certified.", "*deselected by -k 'nothing_like_this'*"]
    )
    assert "MUSTs kept" not in done.said


def test_collecting_starts_nothing(author: pytest.Pytester) -> None:
    """--collect-only lists the checks of each target; no driver is made and no server started."""
    author.makepyfile(faulty="def make(parameters):\n    raise RuntimeError('made')\n")

    result = author.runpytest_inprocess(
        "--collect-only", "-q", "--suite=tiny", "--driver=faulty:make", "--driver=s3", "--certify-report=r.json"
    )

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines_random(["tinychecks/test_tiny.py::test_walk[[]make]", "*test_walk[[]s3@*]"])
    assert not (author.path / "r.json").exists()


def test_help_explains_each_option_with_an_example(author: pytest.Pytester) -> None:
    """And starts nothing, whatever else is on the command line."""
    result = author.runpytest_inprocess("--help", "--driver=nothing:here")

    assert result.ret == pytest.ExitCode.OK
    text = " ".join(result.stdout.str().split())
    section = text[text.index("certify storage drivers:") :]
    options = [
        *("--driver=", "--driver-param=", "--backend=", "--suite=", "--requirement="),
        *("--profile=", "--certify-report=", "--require-backends", "--check-timeout="),
    ]
    for option, following in zip(options, [*options[1:], "[pytest]"], strict=True):
        own = section[section.index(f" {option}") : section.index(f" {following}")]
        assert "Example: --" in own, own


def test_other_plugins_see_the_checks(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """--durations lists them, JUnit has requirement and driver of each, -p no:terminal changes no report."""
    done = run(GOOD, "--durations=2", "--durations-min=0", "--junitxml=junit.xml")
    done.result.stdout.fnmatch_lines(["*slowest 2 durations*", "*tinychecks/test_tiny.py::*"])
    xml = (author.path / "junit.xml").read_text()
    assert xml.count('<property name="requirement" value="CONT-2"') == 2
    assert xml.count('<property name="driver" value="DictionaryDriver"') == 8

    assert run(GOOD, "-p", "no:terminal").report.run.complete
