"""Shards: each check is in one, whoever asks; none passes for the whole, and all together are it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from plugin.author_project import Run, ran
from storagedriver.certification import Policy, decide
from storagedriver.report import Outcome, Report
from storagedriver.report.comparison import Comparison
from storagedriver.report.merging import merged
from storagedriver.report.validation import Validation

DRIVER = "--driver=dictionary:DictionaryDriver"


@pytest.fixture
def shards(run: Callable[..., Run]) -> Callable[..., dict[str, Report]]:
    """The reports of all shards, by names."""

    def made(count: int, *arguments: str) -> dict[str, Report]:
        process = "-n1" in arguments
        return {
            f"{number}.json": run(DRIVER, *arguments, f"--shard={number}/{count}", process=process).report
            for number in range(1, count + 1)
        }

    return made


def test_all_shards_are_the_whole(run: Callable[..., Run], shards: Callable[..., dict[str, Report]]) -> None:
    """Each check in one shard; together they end as a run without shards."""
    whole = run(DRIVER, "--seed=7").report
    parts = shards(3, "--seed=7")

    together = merged(parts)

    assert sum(len(ran(each)) for each in parts.values()) == len(ran(whole)) == 8
    changes = Comparison.of(whole, together)
    assert (changes.requirements, changes.checks) == ((), ())
    assert [dict(each.counts) for each in together.results] == [dict(each.counts) for each in whole.results]
    assert (together.run.complete, together.run.exit_status, together.run.seed) == (True, 0, 7)
    assert together.targets == whole.targets


def test_processes_change_no_shard(run: Callable[..., Run]) -> None:
    """Workers of pytest-xdist agree with each other, and with a run without any."""
    alone = run(DRIVER, "--shard=2/3").report
    shared = run(DRIVER, "--shard=2/3", "-n1", process=True).report

    assert ran(shared) == ran(alone) != set()
    assert shared.run.incomplete_reasons == alone.run.incomplete_reasons


def test_a_new_check_moves_no_other(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    before = run(DRIVER, "--shard=1/2").report
    with (author.path / "tinychecks" / "test_tiny.py").open("a", encoding="utf-8") as module:
        for number in range(6):
            module.write(f"\n\n@requirement('DEL-1')\ndef test_new_{number}(driver, tree):\n    pass\n")

    after = run(DRIVER, "--shard=1/2").report

    assert {each for each in ran(after) if "test_new" not in each} == ran(before)


def test_checks_that_share_are_together(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """A module whose checks share what is costly is in one shard for each driver; the drivers may be in different ones."""
    path = author.path / "tinychecks" / "test_tiny.py"
    path.write_text(
        path.read_text().replace(
            "\n@requirement", "\nfrom storagedriver.testing import together\npytestmark = together\n\n@requirement", 1
        )
    )

    sizes = [len(ran(run(DRIVER, f"--shard={number}/3").report)) for number in (1, 2, 3)]

    assert sorted(sizes) == [0, 0, 8]


def test_the_authors_own_tests_are_shared_out(author: pytest.Pytester) -> None:
    author.makepyfile(
        test_own="import pytest\n@pytest.mark.parametrize('number', range(40))\ndef test_own(number):\n    pass\n"
    )
    passed = []
    for number in (1, 2):
        result = author.runpytest_inprocess("test_own.py", DRIVER, "--suite=tiny", f"--shard={number}/2")
        passed.append(result.parseoutcomes()["passed"] + result.parseoutcomes().get("skipped", 0))

    assert sum(passed) == 48
    assert min(passed) >= 15


def test_a_shard_says_which_it_is(run: Callable[..., Run]) -> None:
    done = run(DRIVER, "--shard=2/3")

    size = len(ran(done.report))
    reason = f"only shard 2/3 was run: {size} of 8 checks"
    assert done.report.run.incomplete_reasons == (reason,)
    left_out = {
        check.reason for each in done.report.results for check in each.checks if check.outcome is Outcome.NOT_RUN
    }
    assert left_out == {"it belongs to another shard than 2/3"}
    done.result.stdout.fnmatch_lines(["storagedriver: profile quick, suites tiny, seed *, shard 2/3", f"*{reason}"])


def test_the_gate_is_closed_for_a_shard(run: Callable[..., Run]) -> None:
    """Although every check that it ran has passed."""
    done = run(DRIVER, "--shard=2/3")
    policy = Policy.model_validate({"profile": "quick", "targets": ["DictionaryDriver"], "suites": ["tiny"]})

    verdict = decide(policy, [Validation.of(str(done.report_path))], baselines=[], commit=None, today=date(2026, 6, 1))

    assert not verdict.passed
    assert any(
        "only shard 2/3 was run" in each.message and each.message.endswith("merge the reports of all shards")
        for each in verdict.findings
    )


def test_a_shard_without_checks_is_no_mistake(run: Callable[..., Run]) -> None:
    """Of 8 checks some of 40 shards have none; its report is needed for the whole."""
    empty = next(
        f"--shard={number}/40" for number in range(1, 41) if not ran(run(DRIVER, f"--shard={number}/40").report)
    )

    for done in (run(DRIVER, empty), run(DRIVER, empty, "-n1", process=True)):
        assert done.result.ret == pytest.ExitCode.OK
        assert done.report.run.exit_status == 0
        assert "only shard" in done.report.run.incomplete_reasons[0]


def test_a_selection_of_nothing_stays_a_mistake(run: Callable[..., Run]) -> None:
    done = run(DRIVER, "--shard=1/2", "-k", "nothing_like_this")

    assert done.result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_one_of_one_is_the_whole(run: Callable[..., Run]) -> None:
    assert run(DRIVER, "--shard=1/1").report.run.complete


@pytest.mark.parametrize(("arguments", "first"), [((), "test_shorter_put"), (("-n1",), "test_shared")])
def test_workers_begin_with_what_is_costly_to_make(
    author: pytest.Pytester, run: Callable[..., Run], arguments: tuple[str, ...], first: str
) -> None:
    """One of them has it made while the others have the rest; in one process the order is that of the suite."""
    (author.path / "tinychecks" / "test_zz_shared.py").write_text(
        "from storagedriver.testing import requirement, together\n"
        "pytestmark = together\n"
        "@requirement('DEL-1')\n"
        "def test_shared(driver, tree):\n"
        "    pass\n"
    )

    done = run(DRIVER, "-v", *arguments, process=True)

    assert done.result.ret == pytest.ExitCode.OK
    shown = [line for line in done.result.outlines if "PASSED" in line]
    assert f"::{first}[" in shown[0]
    assert len(ran(done.report)) == 9


def test_each_worker_begins_with_what_takes_long(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """What is shared is the first worker's; what is lengthy is at the head of each one's equal part."""
    for mark, number in (("together", 1), ("lengthy", 2), ("lengthy", 3)):
        (author.path / "tinychecks" / f"test_zz_{number}.py").write_text(
            f"from storagedriver.testing import requirement, {mark}\n"
            f"pytestmark = {mark}\n"
            "@requirement('DEL-1')\n"
            f"def test_{mark}_{number}(driver, tree):\n"
            "    pass\n"
        )

    done = run(DRIVER, "-v", "-n2", "--dist=worksteal", process=True)

    assert done.result.ret == pytest.ExitCode.OK
    begun: dict[str, list[str]] = {"gw0": [], "gw1": []}
    for line in done.result.outlines:
        if "PASSED" in line:
            begun[line[1:4]].append(line.partition("::")[2].partition("[")[0])
    # Which of them has the first part depends on who has collected first.
    second, first = sorted(begun.values(), key=lambda names: names[0])
    assert first[:2] == ["test_together_1", "test_lengthy_3"]
    assert second[:1] == ["test_lengthy_2"]
    assert len(ran(done.report)) == 11
