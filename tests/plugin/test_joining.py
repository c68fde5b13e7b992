"""How a stranger's driver joins: by module:callable, by conftest.py, by an entry point; nothing here is changed for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from plugin.author_project import Run
from storagedriver.report import Outcome, Report

BROKEN = {Outcome.FAILED, Outcome.ERRORED, Outcome.FLAKY}
MINE = """
from dictionary import DictionaryDriver
from storagedriver import register_suite

register_suite("mine", DictionaryDriver.from_parameters)
"""


def test_module_and_callable(author: pytest.Pytester) -> None:
    """No registration at all: a class beside the author's tests, judged by everything that ships."""
    result = author.runpytest_subprocess(
        *("-q", "-n2", "-p", "no:cacheprovider", "--suite=behaviour", "--certify-report=report.json"),
        "--driver=dictionary:DictionaryDriver",
    )

    report = Report.read(author.path / "report.json")
    assert report.run.complete, report.run.incomplete_reasons
    assert [target.label for target in report.targets] == ["DictionaryDriver"]
    assert [each.requirement for each in report.results if each.outcome in BROKEN] == []
    assert result.ret == pytest.ExitCode.OK


def test_a_driver_that_prints_when_it_is_loaded(author: pytest.Pytester) -> None:
    """What it prints in another process is not taken for that process's answer."""
    author.makepyfile(
        talking="from dictionary import DictionaryDriver\nprint('loaded')\n\nclass Talking(DictionaryDriver):\n    pass\n"
    )

    result = author.runpytest_subprocess(
        *(
            "-q",
            "-p",
            "no:cacheprovider",
            "--driver=talking:Talking",
            "--suite=concurrency",
            "-k",
            "in_a_spawned_process",
        )
    )

    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes()["passed"] == 1


def test_conftest_beside_the_authors_own_tests(author: pytest.Pytester) -> None:
    """register_suite in conftest.py; the author's own tests run too, and may use the plugin's fixtures."""
    author.makeconftest(MINE)
    author.makepyfile(
        test_mine="def test_of_the_author():\n    pass\n\n"
        "def test_with_the_driver(driver, tree):\n    driver.put_content(tree.path('f'), b'1')\n"
    )

    result = author.runpytest_subprocess("--driver=mine", "--suite=tiny", "-p", "no:cacheprovider", "-v", "-n1")

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines_random(
        [
            "*PASSED*test_mine.py::test_of_the_author*",
            "*PASSED*test_mine.py::test_with_the_driver[[]mine]*",
            "*PASSED*tinychecks/test_tiny.py::test_move[[]mine]*",
        ]
    )


@pytest.mark.parametrize("record", ["dictionary.py,,\nregistration.py,,\n", "_editable.pth,,\n"])
def test_an_entry_point_of_an_installed_package(author: pytest.Pytester, record: str) -> None:
    """A distribution that names its driver and its registration; the working folder is another. An editable one too."""
    site = author.mkdir("site")
    (author.path / "dictionary.py").rename(site / "dictionary.py")
    (site / "registration.py").write_text(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "register_suite('installed', DictionaryDriver.from_parameters)\n"
    )
    information = site / "dictionary_driver-1.2.3.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: dictionary-driver\nVersion: 1.2.3\n")
    (information / "RECORD").write_text(record)
    (information / "entry_points.txt").write_text(
        "[storagedriver.drivers]\ninstalled = dictionary:DictionaryDriver\n\n"
        "[storagedriver.suites]\ninstalled = registration\n"
    )
    elsewhere = author.mkdir("elsewhere")
    command = [sys.executable, "-m", "pytest", "--driver=installed", "--requirement=LIST-1", "--certify-report=r.json"]

    done = subprocess.run(
        command, cwd=elsewhere, env={"PATH": "", "PYTHONPATH": str(site)}, capture_output=True, text=True, check=False
    )

    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    (target,) = Report.read(elsewhere / "r.json").targets
    assert target.distribution == "dictionary-driver 1.2.3"


def test_all_registered_drivers(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """--driver=all takes what conftest.py and installed packages register; each check runs once a driver."""
    author.makeconftest(MINE)
    done = run("--driver=all", "--backend=moto", "-k", "test_move", process=True)

    outcomes = {target.label: done.outcomes(target.label)["test_move"] for target in done.report.targets}
    here = {"inmemory", "filesystem", "mine", "s3@moto"}
    assert {label: outcomes.get(label) for label in here} == dict.fromkeys(here, "passed")
    # The others need a server, or a system's package, that may not be here.
    assert {outcomes[label] for label in outcomes.keys() - here} <= {"passed", "skipped"}
    assert {label.partition("@")[0] for label in outcomes} >= {"azure", "swift", "rados"}


def parameters_of(run: Callable[..., Run], *arguments: str) -> dict[str, str]:
    """What the only target was made of."""
    (target,) = run("-k", "test_move", *arguments).report.targets
    return dict(target.parameters)


def test_settings_come_from_table_environment_and_command_line(
    author: pytest.Pytester, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line wins over the environment, and that over the table."""
    author.makepyprojecttoml(
        "[tool.storagedriver]\ndriver = 'inmemory'\n"
        "[tool.storagedriver.parameters.inmemory]\nstore = 'of-table'\nrootdirectory = 'of-table'\n"
    )
    assert parameters_of(run) == {"store": "of-table", "rootdirectory": "of-table"}

    monkeypatch.setenv("STORAGEDRIVER_INMEMORY_ROOTDIRECTORY", "of-environment")
    monkeypatch.setenv("STORAGEDRIVER_INMEMORY_STORE", "of-environment")
    assert parameters_of(run) == {"store": "of-environment", "rootdirectory": "of-environment"}

    given = parameters_of(run, "--driver-param=rootdirectory=given")
    assert given == {"store": "of-environment", "rootdirectory": "given"}
    given = parameters_of(run, "--driver=inmemory", "--driver-param=inmemory.store=given=it")
    assert given["store"] == "given=it"


def test_the_table_sets_what_the_options_set(author: pytest.Pytester) -> None:
    """Each key, and an option of the command line over it; a path in it is meant from its file."""
    author.makepyprojecttoml(
        "[tool.storagedriver]\ndriver = ['dictionary:DictionaryDriver', 'inmemory']\nsuite = ['tiny']\n"
        "requirement = ['MOVE', 'DEL']\nprofile = 'full'\ncertify-report = 'out/report.json'\n"
        "check-timeout = 5\nrequire-backends = true\nbackend = []\n"
    )
    below = author.mkdir("below")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(author.path)}

    subprocess.run(command, cwd=below, env=environment, check=True, capture_output=True)
    report = Report.read(author.path / "out" / "report.json")
    assert [target.label for target in report.targets] == ["DictionaryDriver", "inmemory"]
    assert report.run.profile == "full"
    run = {each.requirement for each in report.results if set(each.counts) - {Outcome.NOT_RUN}}
    assert run == {"MOVE-1", "DEL-1"}

    options = ["--driver=inmemory", "--requirement=WALK", "--profile=quick", "--certify-report=own.json"]
    subprocess.run([*command, *options], cwd=below, env=environment, check=True, capture_output=True)
    report = Report.read(below / "own.json")
    assert [target.label for target in report.targets] == ["inmemory"]
    run = {each.requirement for each in report.results if set(each.counts) - {Outcome.NOT_RUN}}
    assert run == {"WALK-1"}


def test_nothing_of_the_kit_is_imported_without_a_driver(author: pytest.Pytester) -> None:
    """pytest loads the entry point in every project that has the kit installed."""
    author.makepyfile(
        test_mine="import sys\n\ndef test_modules():\n"
        "    assert not [name for name in sys.modules if name.partition('.')[0] in ('storagedriver', 'pydantic', 'rich')]\n"
    )

    author.runpytest_subprocess("-p", "no:cacheprovider", "test_mine.py").assert_outcomes(passed=1)
