"""Processes killed at each request, where the driver makes another number of requests than when they were counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mutants.http_store import Answer, server
from mutants.library_store import LibraryStoreDriver, undisturbed
from mutants.model import Mutant
from storagedriver.registry import unregister_suite
from storagedriver.report import Report


def in_the_run() -> bool:
    """Whether this is the process of the run, which counts requests: the server is in it."""
    return server.cache_info().currsize > 0


class AsksOnceMoreInTheRun(LibraryStoreDriver):
    """Right. How many requests it makes depends on what else goes on."""

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        if in_the_run():
            self.send("GET", f"/object{path}")


class AsksUnseenElsewhere(LibraryStoreDriver):
    """No process that is to be killed comes to a request."""

    def send(self, method: str, target: str, body: bytes = b"", **query: str) -> Answer:
        if not in_the_run():
            self.between = undisturbed
        return super().send(method, target, body, **query)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    """The driver, registered."""
    made = Mutant("DUR-1", "", request.param)
    made.register()
    yield made.name
    unregister_suite(made.name)


def run(pytester: pytest.Pytester, name: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(
        "--suite=durability",
        f"--driver={name}",
        "--requirement=DUR-1",
        "--certify-report=report.json",
        "-k",
        "killed_at_whichever_request and put and not large",
        "-p",
        "no:cacheprovider",
    )


@pytest.mark.parametrize("name", [AsksOnceMoreInTheRun], indirect=True)
def test_request_that_is_not_made_is_no_trial(pytester: pytest.Pytester, name: str) -> None:
    """What ended without it is judged all the same, and is not told as a crash that was survived."""
    ended = run(pytester, name)

    assert ended.ret == pytest.ExitCode.OK
    trials = Report.read(pytester.path / "report.json").trials_of(name)
    assert trials
    for each in trials:
        assert each.points, each.condition
        assert not any("GET" in point for point in each.points)


@pytest.mark.parametrize("name", [AsksUnseenElsewhere], indirect=True)
def test_run_in_which_no_process_was_killed_is_a_failure(pytester: pytest.Pytester, name: str) -> None:
    """A check that tried nothing does not pass."""
    ended = run(pytester, name)

    assert ended.ret == pytest.ExitCode.TESTS_FAILED
    ended.stdout.fnmatch_lines(["Judged: *processes that were killed in put: *", "Seen: *none came to its request*"])
