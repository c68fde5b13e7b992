"""Passed, failed, errored, skipped, not offered and flaky are kept apart, and nothing passes unseen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plugin.author_project import Run
from storagedriver.driver_files import of_path
from storagedriver.report import Outcome

GOOD = "--driver=dictionary:DictionaryDriver"


def add_check(author: pytest.Pytester, source: str) -> None:
    """Add a module to the tiny suite."""
    header = (
        "import pytest\nfrom storagedriver import *\nfrom storagedriver.testing import expect, requirement\n"
        "from storagedriver.testing.recording import *\n"
    )
    (author.path / "tinychecks" / "test_more.py").write_text(header + source)


def test_a_good_driver_passes_and_the_run_is_complete(run: Callable[..., Run]) -> None:
    """Everything has its turn: what passes, and what is not offered."""
    done = run(GOOD)

    assert done.result.ret == pytest.ExitCode.OK
    assert done.report.run.complete
    outcomes = done.outcomes()
    assert outcomes.pop("test_redirect") == "not_offered"
    assert set(outcomes.values()) == {"passed"}
    assert len(outcomes) == 7


def test_what_a_check_saw_is_forgotten_after_it(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """A long run does not hold all contents that its checks wrote and read until its end."""
    author.makeconftest(
        "import gc, pathlib\n"
        "from storagedriver.testing.recording import Recorded\n"
        "def pytest_configure():\n"
        "    gc.disable()\n"
        "def pytest_sessionfinish():\n"
        "    held = sum(isinstance(each, Recorded) and each.returned is not None for each in gc.get_objects())\n"
        "    pathlib.Path('held').write_text(str(held))\n"
    )

    run(GOOD, process=True)

    assert (author.path / "held").read_text() == "0"


def test_what_a_check_reads_again_is_held_once(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """A check that reads a large file hundreds of times does not take hundreds of times its size."""
    add_check(
        author,
        "import tracemalloc\n"
        "@requirement('CONT-1')\n"
        "def test_again_and_again(driver, tree):\n"
        "    driver.put_content(tree.path('large'), bytes(2**20))\n"
        "    tracemalloc.start()\n"
        "    for _ in range(40):\n"
        "        driver.reader(tree.path('large')).read(2**20 - 1)\n"
        "    held = tracemalloc.get_traced_memory()[0]\n"
        "    tracemalloc.stop()\n"
        "    assert held < 4 * 2**20, held\n",
    )

    assert run(GOOD).outcomes()["test_again_and_again"] == "passed"


def test_the_profile_full_runs_more(run: Callable[..., Run]) -> None:
    """Checks that take seconds run where they are asked for."""
    assert "test_that_takes_long" not in run(GOOD).outcomes()
    assert "test_that_takes_long" in run(GOOD, "--profile=full").outcomes()


def test_a_reason_of_a_check_to_skip_is_told_and_is_no_pass(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """A check that skips itself, and one that needs what the registration does not give."""
    add_check(
        author,
        "@requirement('CONT-1')\ndef test_here(driver, tree):\n    pytest.skip('there is no moon')\n"
        "@requirement('CONT-3')\ndef test_silent(driver, tree):\n    pytest.skip()\n"
        "@requirement('CONT-4', needs=['inspect'])\ndef test_inspect(driver, tree):\n    pass\n",
    )
    done = run(GOOD)

    results = {each.requirement: each for each in done.report.results}
    for name, reason in {"CONT-1": "no moon", "CONT-3": "without a reason", "CONT-4": "inspect function"}.items():
        assert results[name].outcome is Outcome.SKIPPED
        assert reason in results[name].checks[0].reason
        assert reason in done.said.replace("\n    ", " ")


def test_a_broken_check_is_errored(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """A mistake in a check says nothing about the driver; what a driver returned wrongly does."""
    add_check(
        author,
        "@requirement('CONT-1')\ndef test_mistake(driver, tree):\n    undefined\n"
        "@requirement('CONT-3')\ndef test_unfit_value(driver, tree):\n    len(driver.put_content(tree.path('f'), b''))\n"
        "@pytest.fixture\ndef broken():\n    raise RuntimeError('no luck')\n"
        "@requirement('CONT-4')\ndef test_setup(driver, tree, broken):\n    pass\n"
        "@pytest.fixture\ndef breaking():\n    yield\n    raise RuntimeError('no luck afterwards')\n"
        "@requirement('CONT-5')\ndef test_teardown(driver, tree, breaking):\n    pass\n"
        "@pytest.fixture\ndef filled(driver, tree):\n    driver.get_content(tree.path('f'))\n"
        "@requirement('CONT-7')\ndef test_driver_in_setup(driver, tree, filled):\n    pass\n",
    )
    done = run(GOOD)

    assert done.result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = done.outcomes()
    assert outcomes["test_mistake"] == "errored"
    assert outcomes["test_unfit_value"] == "failed"
    assert outcomes["test_setup"] == "errored"
    assert outcomes["test_teardown"] == "errored"
    assert outcomes["test_driver_in_setup"] == "failed"
    done.result.stdout.fnmatch_lines_random(
        [
            "Errored: the check itself is broken: NameError: name 'undefined' is not defined",
            "Errored: the check could not begin: RuntimeError: no luck",
        ]
    )


def test_a_driver_that_leaves_the_process_in_another_folder_ends_no_run(
    author: pytest.Pytester, run: Callable[..., Run]
) -> None:
    """The run goes on in the folder it began in, also where the other one is no more."""
    add_check(
        author,
        "import os, tempfile\n"
        "def go():\n"
        "    with tempfile.TemporaryDirectory() as folder:\n"
        "        os.chdir(folder)\n"
        "@requirement('CONT-1')\ndef test_goes_and_fails(driver, tree):\n    go()\n    expect.equal(1, 2, 'x')\n"
        "@requirement('CONT-3')\ndef test_goes(driver, tree):\n    go()\n",
    )

    done = run(GOOD)

    assert done.result.ret == pytest.ExitCode.TESTS_FAILED
    assert {name: outcome for name, outcome in done.outcomes().items() if "goes" in name} == {
        "test_goes_and_fails": "failed",
        "test_goes": "passed",
    }


def test_marks_of_the_author_do_not_change_the_outcome(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """What a conftest.py marks xfail has failed nevertheless; what it marks skip was skipped."""
    author.makeconftest(
        "import pytest\ndef pytest_collection_modifyitems(items):\n    for item in items:\n"
        "        item.add_marker(pytest.mark.skip('not today') if 'walk' in item.name else pytest.mark.xfail(strict=True))\n"
    )
    author.makepyfile(
        faulty="from dictionary import *\nclass Faulty(DictionaryDriver):\n    def _move(self, source, dest):\n        pass\n"
    )
    done = run("--driver=faulty:Faulty")

    outcomes = done.outcomes()
    assert outcomes["test_move"] == "failed"
    assert outcomes["test_stream"] == "passed"
    assert outcomes["test_walk"] == "skipped"
    assert next(each for each in done.report.results if each.requirement == "MOVE-1").checks[0].evidence


@pytest.mark.parametrize("way", ["option", "setting", "mark", "mark in workers"])
def test_repeating_is_refused_for_a_report(author: pytest.Pytester, run: Callable[..., Run], way: str) -> None:
    """However it is asked for, the answer is one message."""
    if way == "setting":
        author.makeini("[pytest]\nreruns = 2\n")
    if way.startswith("mark"):
        author.makeconftest(
            "import pytest\ndef pytest_collection_modifyitems(items):\n    for item in items:\n"
            "        item.add_marker(pytest.mark.flaky(reruns=2))\n"
        )
    arguments = {"option": ["--reruns=2"], "mark in workers": ["-n1"]}.get(way, [])
    done = run(GOOD, *arguments, process="workers" in way)

    assert done.result.ret == pytest.ExitCode.USAGE_ERROR
    assert done.said.count("a check that passes only when it is repeated is no pass") == 1
    assert "Traceback" not in done.said
    assert not done.report_path.exists()


def test_a_late_pass_is_shown_as_flaky(author: pytest.Pytester) -> None:
    """Without a report repeating is allowed, and a pass at the second try is none."""
    author.makepyfile(
        faulty="from dictionary import *\nclass Faulty(DictionaryDriver):\n    tries = []\n"
        "    def _move(self, source, dest):\n        self.tries.append(1)\n"
        "        if len(self.tries) > 1:\n            super()._move(source, dest)\n"
    )
    result = author.runpytest_inprocess(
        "--driver=faulty:Faulty", "--suite=tiny", "--reruns=2", "-p", "no:cacheprovider"
    )

    result.stdout.fnmatch_lines(["*MOVE-1*", "*(1 of 1 check flaky)*"])


def test_teardown_is_called_once_and_its_failure_is_told(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """With a driver, after the last check; a run whose teardown fails is no success."""
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "def teardown(driver):\n    with open('calls', 'a') as file:\n        print(driver.name, file=file)\n"
        "    raise OSError('still in use')\n"
        "register_suite('mine', DictionaryDriver.from_parameters, teardown=teardown)\n"
    )
    done = run("--driver=mine")

    assert (author.path / "calls").read_text() == "dictionary\n"
    assert done.result.ret == pytest.ExitCode.TESTS_FAILED
    assert "the teardown of mine failed: OSError: still in use" in done.report.run.incomplete_reasons

    (author.path / "calls").unlink()
    assert run("--driver=mine", "-n2", process=True).result.ret == pytest.ExitCode.TESTS_FAILED
    assert (author.path / "calls").read_text() == "dictionary\n"


def test_what_is_left_on_the_backend_fails_the_requirement(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """The registration's inspect names what no call of the interface shows."""
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "class Leaves(DictionaryDriver):\n    left = []\n"
        "    def _move(self, source, dest):\n        super()._move(source, dest)\n        self.left.append(source)\n"
        "register_suite('mine', Leaves.from_parameters, inspect=lambda parameters, path: Leaves.left)\n"
    )
    done = run("--driver=mine")

    outcomes = done.outcomes()
    assert outcomes.pop("test_move") == "failed"
    assert "failed" not in outcomes.values()
    assert "what is left on the backend" in done.said


def test_what_cannot_be_inspected_is_no_failure_of_the_driver(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "def inspect(parameters, path):\n    raise OSError('no route')\n"
        "register_suite('mine', DictionaryDriver.from_parameters, inspect=inspect)\n"
    )
    done = run("--driver=mine")

    assert set(done.outcomes().values()) <= {"errored", "not_offered"}
    assert "inspect, as given to register_suite, failed: OSError: no route" in done.said


def test_what_cannot_be_traced_is_no_failure_of_the_driver(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    author.makeconftest("import dictionary")
    (author.path / "tinychecks" / "test_tiny.py").write_text(
        "from storagedriver.systemcalls import TracingError\nfrom storagedriver.testing import requirement\n"
        "@requirement('CONT-1')\ndef test_traced(driver):\n    raise TracingError('strace has not attached')\n"
    )
    done = run("--driver=dictionary:DictionaryDriver")

    assert done.outcomes() == {"test_traced": "errored"}
    assert "strace has not attached" in done.said


def test_a_fixture_of_the_author_called_driver_is_not_taken(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """The suites' checks get the driver under test, whatever a conftest.py defines."""
    author.makeconftest(
        "import pytest\n@pytest.fixture\ndef driver():\n    return 1\n@pytest.fixture\ndef tree():\n    return 1\n"
    )

    assert run(GOOD).outcomes()["test_move"] == "passed"


def test_a_driver_whose_package_is_missing_cannot_run_here(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """It is skipped beside others, with the command that mends it; where everything has to run that is an error."""
    (author.path / "registration.py").write_text(
        "from storagedriver.dependencies import require\nrequire('absent_client', extra='mine', driver_name='needy')\n"
    )
    information = author.mkdir("needy-1.0.dist-info")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: needy\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[storagedriver.suites]\nneedy = registration\n")

    done = run(GOOD, "--driver=needy", process=True)

    assert done.result.ret == pytest.ExitCode.OK, done.said
    assert set(done.outcomes("needy").values()) == {"skipped"}
    assert "absent_client is not installed; install it with: pip install 'storagedriver[mine]'" in " ".join(
        done.said.split()
    )
    for arguments in ((GOOD, "--driver=needy", "--require-backends"), ("--driver=needy",)):
        assert run(*arguments, process=True).result.ret == pytest.ExitCode.USAGE_ERROR


def test_report_names_the_drivers_files(author: pytest.Pytester) -> None:
    """By what a certificate tells whether they were changed afterwards."""
    run = Run(author, "--driver=dictionary:DictionaryDriver", "--requirement=STAT-1")

    (target,) = run.report.targets
    assert target.files == of_path(author.path / "dictionary.py").subjects


def test_check_that_finds_nothing_to_keep_is_not_offered(author: pytest.Pytester) -> None:
    """It is no skip, and the reason is the check's."""
    add_check(
        author,
        """
from storagedriver.testing import not_offered

@requirement("CONT-2")
def test_nothing(driver, tree):
    not_offered("there are no secrets")
""",
    )
    run = Run(author, GOOD)

    assert run.outcomes()["test_nothing"] == "not_offered"
    (reason,) = [
        check.reason for result in run.report.results for check in result.checks if "test_nothing" in check.node_id
    ]
    assert reason == "there are no secrets"
