"""The one-command scripts: what they call pytest with, and what their exit status tells."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from storagedriver.backends.errors import BackendUnavailableError

CI = Path(__file__).parents[2] / "ci"
NOTHING_SELECTED = 5


@pytest.fixture
def script(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script of ci/ that the test names, imported as it sees itself: with ci/ on the path."""
    monkeypatch.syspath_prepend(CI)
    before = set(sys.modules)
    yield importlib.import_module(request.param)
    for name in set(sys.modules) - before:
        if str(CI) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


class Calls:
    """Stands in for subprocess: each call of pytest ends with the status set for a word in it, else with 0."""

    def __init__(self) -> None:
        self.made: list[list[str]] = []
        self.statuses: dict[str, int] = {}

    def run(self, command: Sequence[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        assert not check
        self.made.append(list(command[3:]))
        status = next((self.statuses[word] for word in command if word in self.statuses), 0)
        return subprocess.CompletedProcess(command, status)


@pytest.fixture
def calls(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Calls:
    made = Calls()
    monkeypatch.setattr(script, "subprocess", made)
    return made


@pytest.fixture
def no_minio(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> None:
        if name == "minio":
            raise BackendUnavailableError("minio cannot run here: build it", reasons=[("minio", "build it")])

    monkeypatch.setattr(script, "find", find)


main_job = pytest.mark.parametrize("script", ["main_job"], indirect=True)
all_tests = pytest.mark.parametrize("script", ["all_tests"], indirect=True)
supported_python = pytest.mark.parametrize("script", ["supported_python"], indirect=True)


@main_job
@pytest.mark.parametrize(
    ("given", "called"),
    [
        ([], ["--driver=inmemory", "--driver=filesystem", "--certify-report", "certify/report.json"]),
        (["--driver", "s3"], ["--certify-report", "certify/report.json", "--driver", "s3"]),
        (["--driver=s3", "--certify-report=x.json"], ["--driver=s3", "--certify-report=x.json"]),
        (
            ["--driver-param=a=b"],
            [
                "--driver=inmemory",
                "--driver=filesystem",
                "--certify-report",
                "certify/report.json",
                "--driver-param=a=b",
            ],
        ),
    ],
)
def test_a_driver_or_report_of_the_user_replaces_the_default(
    script: ModuleType, given: list[str], called: list[str]
) -> None:
    assert script.arguments(given) == called


@all_tests
@pytest.mark.usefixtures("no_minio")
def test_a_server_that_is_not_found_is_left_out_and_named(
    script: ModuleType, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["-x"]) == 0

    shown = capsys.readouterr().out
    assert [call[-1] for call in calls.made] == ["-x"] * (len(script.PARTS) - 1)
    assert not any("--backend=minio" in call for call in calls.made)
    assert "left out  driver s3 on MinIO" in shown
    assert "Servers that ran: moto, seaweedfs, " in shown
    assert "Not found: minio cannot run here: build it" in shown


@all_tests
@pytest.mark.usefixtures("no_minio")
def test_a_server_that_is_required_is_asked_for(
    script: ModuleType, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.statuses["--backend=minio"] = 4

    assert script.main(["--require-backends"]) == 1

    assert [*script.PARALLEL, "--driver=s3", "--backend=minio", "--require-backends"] in calls.made
    assert f"1 of {len(script.PARTS)} parts failed" in capsys.readouterr().out


@all_tests
@pytest.mark.usefixtures("no_minio")
@pytest.mark.parametrize("status", [1, 2, 3, 4, -9])
def test_one_failed_part_fails_the_command_and_the_others_run(
    script: ModuleType, calls: Calls, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    calls.statuses["--backend=moto"] = status

    assert script.main([]) == 1

    shown = capsys.readouterr().out
    assert len(calls.made) == len(script.PARTS) - 1
    assert "FAILED    driver s3 on moto" in shown
    assert "passed    driver s3 on SeaweedFS" in shown


@all_tests
@pytest.mark.usefixtures("no_minio", "capsys")
@pytest.mark.parametrize(("given", "status"), [([], 1), (["--require-backends"], 1), (["-k", "move"], 0)])
def test_a_part_without_tests_has_lost_them_unless_the_user_selects(
    script: ModuleType, calls: Calls, given: list[str], status: int
) -> None:
    calls.statuses["tests"] = NOTHING_SELECTED

    assert script.main(given) == status


@all_tests
@pytest.mark.usefixtures("no_minio")
def test_arguments_that_select_nothing_anywhere_fail(
    script: ModuleType, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.statuses["-k"] = NOTHING_SELECTED

    assert script.main(["-k", "mvoe"]) == 1

    assert "Nothing was run" in capsys.readouterr().out


@all_tests
@pytest.mark.parametrize("word", ["--driver=s3", "--driver", "--backend=moto"])
def test_one_driver_is_the_other_commands_job(
    script: ModuleType, calls: Calls, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    assert script.main([word]) == 4

    assert not calls.made
    assert f"python3 ci/certify.py {word}" in capsys.readouterr().out


@supported_python
def test_an_older_python_ends_with_one_sentence(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))

    with pytest.raises(SystemExit) as ended:
        script.require()

    assert ended.value.code == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("This needs Python 3.11 or newer")


@supported_python
def test_this_python_is_new_enough(script: ModuleType) -> None:
    script.require()
