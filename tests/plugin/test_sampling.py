"""Samples: each check is tried on some of its values, by the seed, and nothing is certified by that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest

from plugin.author_project import Run, ran
from storagedriver.certification import Policy, decide
from storagedriver.report import Outcome, Report
from storagedriver.report.merging import merged
from storagedriver.report.validation import Validation

DRIVER = "--driver=dictionary:DictionaryDriver"
MANY_VALUES = """

import pytest


@pytest.mark.parametrize("number", range(20))
@requirement("DEL-1")
def test_many_values(driver, tree, number):
    driver.put_content(tree.path(str(number)), b"")


@pytest.mark.parametrize("number", range(3))
@requirement("CONT-2")
def test_few_values(driver, tree, number):
    driver.put_content(tree.path(str(number)), b"")
"""


@pytest.fixture(autouse=True)
def values(author: pytest.Pytester) -> None:
    """The author's suite has 8 checks, and two more with 20 and 3 values."""
    with (author.path / "tinychecks" / "test_tiny.py").open("a", encoding="utf-8") as module:
        module.write(MANY_VALUES)


def test_each_check_has_no_more_values_than_that(run: Callable[..., Run]) -> None:
    """And none is without."""
    report = run(DRIVER, "--sample=4").report

    tried = Counter(each.partition("[")[0].rpartition("::")[2] for each in ran(report))
    assert (tried.pop("test_many_values"), tried.pop("test_few_values")) == (4, 3)
    assert sorted(tried.values()) == [1] * 8


def test_each_driver_has_its_own(run: Callable[..., Run]) -> None:
    """With several drivers, each is judged by every check."""
    report = run(DRIVER, "--driver=inmemory", "--sample=1").report

    judged = {(each.target, each.requirement): each.outcome for each in report.results}
    assert len(report.targets) == 2
    for target in report.targets:
        assert judged[target.label, "DEL-1"] is judged[target.label, "CONT-2"] is Outcome.PASSED


def test_the_seed_chooses(run: Callable[..., Run]) -> None:
    """The same seed the same values, in workers of pytest-xdist too; in time others try the others."""
    once = run(DRIVER, "--sample=1", "--seed=1").report
    again = run(DRIVER, "--sample=1", "--seed=1", "-n1", process=True).report
    others = [run(DRIVER, "--sample=1", f"--seed={seed}").report for seed in range(2, 9)]

    assert ran(once) == ran(again)
    assert again.run.incomplete_reasons == once.run.incomplete_reasons
    assert len({each for report in others for each in ran(report) if "many" in each}) > 3


def test_workers_have_the_seed_that_is_told(run: Callable[..., Run]) -> None:
    """Also where the user gave none: the seed of the report makes the same run again."""
    chosen = run(DRIVER, "--sample=1", "-n2", process=True).report
    again = run(DRIVER, "--sample=1", f"--seed={chosen.run.seed}").report

    assert chosen.run.exit_status == 0
    assert ran(again) == ran(chosen)


def test_a_sample_says_what_it_is(run: Callable[..., Run]) -> None:
    done = run(DRIVER, "--sample=1")

    reason = "--sample 1 left out 21 of 31 checks"
    assert done.report.run.incomplete_reasons == (reason,)
    left_out = [
        check.reason for each in done.report.results for check in each.checks if check.outcome is Outcome.NOT_RUN
    ]
    assert left_out == ["--sample 1"] * 21
    assert done.result.ret == pytest.ExitCode.OK
    done.result.stdout.fnmatch_lines(["storagedriver: profile quick, suites tiny, seed *, sample of 1", f"*{reason}*"])


def test_the_gate_is_closed_for_a_sample(run: Callable[..., Run]) -> None:
    """Although every check that it ran has passed."""
    done = run(DRIVER, "--sample=1")
    policy = Policy.model_validate({"profile": "quick", "targets": ["DictionaryDriver"], "suites": ["tiny"]})

    verdict = decide(policy, [Validation.of(str(done.report_path))], baselines=[], commit=None, today=date(2026, 6, 1))

    assert not verdict.passed
    assert any("--sample 1 left out 21 of 31 checks" in each.message for each in verdict.findings)


def test_a_sample_that_leaves_nothing_out_is_the_whole(run: Callable[..., Run]) -> None:
    assert run(DRIVER, "--sample=20").report.run.complete


def test_shards_share_a_sample(run: Callable[..., Run]) -> None:
    """Together they ran what the sample has, and say that it is one."""
    whole = run(DRIVER, "--sample=2", "--seed=7").report
    parts = {f"{each}.json": run(DRIVER, "--sample=2", "--seed=7", f"--shard={each}/2").report for each in (1, 2)}

    together = merged(parts)

    assert ran(together) == ran(whole)
    assert not together.run.complete


def test_the_authors_own_tests_are_all_run(author: pytest.Pytester) -> None:
    author.makepyfile(
        test_own="import pytest\n@pytest.mark.parametrize('number', range(40))\ndef test_own(number):\n    pass\n"
    )

    result = author.runpytest_inprocess("test_own.py", DRIVER, "--suite=tiny", "--sample=1", "-k", "test_own")

    assert result.parseoutcomes()["passed"] == 40


def test_samples_that_have_all_values_together_are_the_whole(run: Callable[..., Run]) -> None:
    """Of seeds enough, each value was drawn by some."""
    parts: dict[str, Report] = {}
    for seed in range(1, 40):
        parts[f"{seed}.json"] = run(DRIVER, "--sample=12", f"--seed={seed}").report
        if len({each for report in parts.values() for each in ran(report)}) == 31:
            break

    assert merged(parts).run.complete
