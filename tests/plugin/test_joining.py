"""How a stranger's driver joins: by module:callable, by conftest.py, by an entry point; nothing here is changed for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from storagedriver.report import Outcome, Report


def certified(author: pytest.Pytester, *arguments: str) -> Report:
    """The report of a run that passes."""
    result = author.runpytest_subprocess(
        "-q", "-p", "no:cacheprovider", "--certify-report=report.json", "--suite=behaviour", *arguments, timeout=300
    )
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()
    return Report.read(author.path / "report.json")


def test_module_and_callable(author: pytest.Pytester) -> None:
    """No registration at all: a class beside the author's tests."""
    report = certified(author, "--driver=dictionary:DictionaryDriver")

    assert report.run.complete
    assert [target.label for target in report.targets] == ["DictionaryDriver"]
    assert not [each.requirement for each in report.results if each.outcome is Outcome.FAILED]


def test_conftest_beside_the_authors_own_tests(author: pytest.Pytester) -> None:
    """register_suite in conftest.py; the author's own tests run too."""
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "register_suite('mine', DictionaryDriver.from_parameters)\n"
    )
    author.makepyfile(test_mine="def test_of_the_author():\n    assert True")

    result = author.runpytest_subprocess("--driver=mine", "--requirement=CONT", "-p", "no:cacheprovider", "-v")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*test_shorter_over_longer*mine*PASSED*"])

    result = author.runpytest_subprocess("--driver=mine", "-k", "of_the_author", "-p", "no:cacheprovider", "-v")
    result.stdout.fnmatch_lines(["*test_mine.py::test_of_the_author PASSED*", "*certifies nothing*"])


def test_an_entry_point_of_an_installed_package(author: pytest.Pytester) -> None:
    """A distribution that names its driver and its registration; the working folder is another."""
    site = author.mkdir("site")
    (author.path / "dictionary.py").rename(site / "dictionary.py")
    (site / "registration.py").write_text(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "register_suite('installed', DictionaryDriver.from_parameters)\n"
    )
    information = site / "dictionary_driver-1.2.3.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: dictionary-driver\nVersion: 1.2.3\n")
    (information / "RECORD").write_text("dictionary.py,,\nregistration.py,,\n")
    (information / "entry_points.txt").write_text(
        "[storagedriver.drivers]\ninstalled = dictionary:DictionaryDriver\n\n"
        "[storagedriver.suites]\ninstalled = registration\n"
    )
    elsewhere = author.mkdir("elsewhere")
    command = [sys.executable, "-m", "pytest", "--driver=installed", "--requirement=LIST", "--certify-report=r.json"]

    done = subprocess.run(
        command, cwd=elsewhere, env={"PATH": "", "PYTHONPATH": str(site)}, capture_output=True, text=True, check=False
    )

    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    (target,) = Report.read(elsewhere / "r.json").targets
    assert target.distribution == "dictionary-driver 1.2.3"


def test_two_drivers_in_one_run_are_compared(author: pytest.Pytester) -> None:
    """Each check runs once a driver, and the report has both."""
    report = certified(author, "--driver=dictionary:DictionaryDriver", "--driver=inmemory", "--requirement=CONT-2")

    outcomes = {each.target: each.outcome for each in report.results if each.requirement == "CONT-2"}
    assert outcomes == {"DictionaryDriver": Outcome.PASSED, "inmemory": Outcome.PASSED}
    assert not report.run.complete


def test_settings_come_from_table_environment_and_command_line(
    author: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line wins over the environment, and that over the table."""
    author.makepyprojecttoml(
        "[tool.storagedriver]\ndriver = 'inmemory'\nrequirement = ['CONT-2']\n"
        "[tool.storagedriver.parameters.inmemory]\nstore = 'of-table'\nrootdirectory = 'of-table'\n"
    )
    monkeypatch.setenv("STORAGEDRIVER_INMEMORY_ROOTDIRECTORY", "of-environment")

    (target,) = certified(author).targets
    assert dict(target.parameters) == {"store": "of-table", "rootdirectory": "of-environment"}

    (target,) = certified(author, "--driver-param=rootdirectory=given").targets
    assert dict(target.parameters) == {"store": "of-table", "rootdirectory": "given"}


def test_nothing_of_the_kit_is_imported_without_a_driver(author: pytest.Pytester) -> None:
    """pytest loads the entry point in every project that has the kit installed."""
    author.makepyfile(
        test_mine="import sys\n\ndef test_modules():\n"
        "    assert not [name for name in sys.modules if name.partition('.')[0] in ('storagedriver', 'pydantic', 'rich')]\n"
    )

    author.runpytest_subprocess("-p", "no:cacheprovider", "test_mine.py").assert_outcomes(passed=1)
