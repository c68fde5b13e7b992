"""What a failing driver's author gets: the clause, the calls, expected and seen, and a script that reproduces it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from plugin.author_project import Run
from storagedriver.report import Outcome

FAULTY = """
from dictionary import DictionaryDriver

class KeepsTail(DictionaryDriver):
    def _put_content(self, path, content):
        old = self.files[path][0] if path in self.files else b""
        super()._put_content(path, content + old[len(content):])

class Hangs(DictionaryDriver):
    def _move(self, source, dest):
        import threading
        while True:
            try:
                threading.Event().wait()
            except Exception:
                pass

class Crashes(DictionaryDriver):
    def _stat(self, path):
        return self.nothing[path]

class CallsItself(DictionaryDriver):
    def _stat(self, path):
        try:
            return self.nothing[path]
        except AttributeError:
            return self._stat(path)

class Leaves(DictionaryDriver):
    def _delete(self, path):
        if path.count("/") > 1:
            super()._delete(path)

class Everything(KeepsTail):
    def _reader(self, path, offset):
        return super()._reader(path, 0)

    def _scan(self, path):
        return reversed(sorted(super()._scan(path), key=lambda info: info.path))

    def _move(self, source, dest):
        super()._put_content(dest, self._file(source)[0])

    def _stat(self, path):
        import dataclasses
        return dataclasses.replace(super()._stat(path), size=1)

    def _list(self, path):
        return [each for each in super()._list(path) if not each.endswith("/b")]
"""


@pytest.fixture
def faulty(author: pytest.Pytester) -> pytest.Pytester:
    author.makepyfile(faulty=FAULTY)
    return author


def execute(script: Path, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a reproducer as an author does: by python, in his project, where nothing is on the path but what is installed."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTEST_ADDOPTS"}}
    return subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        # The tiny suite stands for an installed one.
        env={**environment, "PYTHONPATH": str(folder), **variables},
    )


def test_a_failure_explains_itself(faulty: pytest.Pytester, run: Callable[..., Run]) -> None:
    """Requirement, rationale, calls, expected and seen are printed, and no frame of the kit."""
    done = run("--driver=faulty:KeepsTail", "-k", "shorter")

    assert done.result.ret == pytest.ExitCode.TESTS_FAILED
    done.result.stdout.fnmatch_lines(
        [
            "CONT-2 (MUST): *",
            "Why: *",
            "Driver: *KeepsTail",
            "Judged: *content after a shorter put (5 bytes instead of 1)",
            "Expected: b'6'",
            "Seen: *b'62345'",
            "Calls:",
            "*1 driver.put_content('/check-*/f', content=b'12345')",
            "*3 driver.get_content('/check-*/f') -> b'62345'",
            "Reproduce: python report-reproducers/reproduce-test_tiny-test_shorter_put-KeepsTail-*.py",
        ]
    )
    assert "site-packages" not in done.said
    assert "storagedriver/plugin" not in done.said
    (script,) = done.reproducers()
    assert script.read_text() in done.said


@pytest.mark.parametrize("workers", [[], ["-n1"]], ids=["one process", "workers"])
def test_a_failure_is_told_once(
    faulty: pytest.Pytester, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    """Where `CI` is set pytest does not cut what a failure says in the summary: there its first line stands alone."""
    monkeypatch.setenv("CI", "true")

    done = run("--driver=faulty:KeepsTail", "-k", "shorter", "--junit-xml=results.xml", *workers, process=True)

    assert done.said.count("Judged: ") == 1
    done.result.stdout.re_match_lines([r"FAILED .*\[KeepsTail\] - CONT-2 \(MUST\): [^\n]*$"])
    (case,) = ET.parse(faulty.path / "results.xml").iter("failure")
    assert case.attrib["message"].startswith("CONT-2 (MUST): ")
    assert "Judged: " not in case.attrib["message"]
    assert "Judged: " in (case.text or "")


def test_reproducers_are_no_tests_of_the_author(faulty: pytest.Pytester, run: Callable[..., Run]) -> None:
    """His next run collects the folder of the report too, and a script that it imports would end it."""
    assert run("--driver=faulty:KeepsTail", "-k", "shorter").reproducers()

    result = faulty.runpytest_inprocess("-p", "no:cacheprovider", "--collect-only", "-q")

    assert result.ret in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    assert "reproduce" not in "\n".join(result.outlines)


def test_reproducers_of_every_kind_run_as_written(faulty: pytest.Pytester, run: Callable[..., Run]) -> None:
    """Exit status 1 while the driver is faulty, 0 once it is repaired; streams, walks, threads, megabytes, two drivers."""
    done = run("--driver=faulty:Everything")
    outcomes = done.outcomes()
    assert outcomes.pop("test_redirect") == "not_offered"
    assert set(outcomes.values()) == {"failed"}
    scripts = done.reproducers()
    assert len(scripts) == 7
    assert all(script.stat().st_size < 5_000 for script in scripts)

    for script in scripts:
        shown = execute(script, faulty.path)
        assert shown.returncode == 1, script.read_text() + shown.stdout + shown.stderr
        assert "VIOLATED: " in shown.stdout or "Judged: " in shown.stdout

    (faulty.path / "faulty.py").write_text("from dictionary import DictionaryDriver as Everything")
    for script in scripts:
        shown = execute(script, faulty.path)
        assert shown.returncode == 0, script.read_text() + shown.stdout + shown.stderr


def test_the_printed_reproducer_is_the_whole_script(faulty: pytest.Pytester) -> None:
    """Without a report there is no file, and what stands on the screen runs as it is."""
    result = faulty.runpytest_inprocess(
        "--driver=faulty:KeepsTail", "--suite=tiny", "-k", "shorter", "-p", "no:cacheprovider"
    )
    printed = re.search(
        r'^Reproducer:\n\n(r""".*?)^\s*$\n*^CONT|^Reproducer:\n\n(r""".*?)^=====',
        result.stdout.str(),
        re.DOTALL | re.MULTILINE,
    )
    assert printed is not None
    source = printed.group(1) or printed.group(2)
    script = faulty.path / "printed.py"
    script.write_text(source[: source.rindex("verdict(")] + source[source.rindex("verdict(") :].splitlines()[0] + "\n")

    shown = execute(script, faulty.path)

    assert shown.returncode == 1, shown.stdout + shown.stderr
    assert shown.stdout.startswith("VIOLATED: content after a shorter put")


def test_a_reproducer_of_a_driver_registered_in_conftest(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """It runs the file that registers the driver, from any folder, with the user's parameters; secrets are asked for."""
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom pydantic import SecretStr\n"
        "from storagedriver import register_suite\nfrom storagedriver.parameters import DriverParameters\n"
        "class Parameters(DriverParameters):\n    offset: int = 0\n    key: SecretStr\n"
        "class Mine(DictionaryDriver):\n    name = 'mine'\n    Parameters = Parameters\n"
        "    @classmethod\n    def from_parameters(cls, given):\n        made = cls()\n"
        "        made.offset = Parameters(**given).offset\n"
        "        if Parameters(**given).key.get_secret_value() != 'geheim/1':\n            raise ValueError('wrong key')\n"
        "        return made\n"
        "    def _reader(self, path, offset):\n        return super()._reader(path, offset + self.offset)\n"
        "register_suite('mine', Mine.from_parameters)\n"
    )
    done = run("--driver=mine", "--driver-param=offset=1", "--driver-param=key=geheim/1", "--requirement=READ,CONT")

    assert {name for name, outcome in done.outcomes().items() if outcome == "failed"} == {"test_stream"}
    (script,) = done.reproducers()
    elsewhere = author.mkdir("elsewhere")
    asked = execute(script, elsewhere)
    assert asked.returncode == 2
    assert "set STORAGEDRIVER_MINE_KEY" in asked.stderr
    assert execute(script, elsewhere, STORAGEDRIVER_MINE_KEY="geheim/1").returncode == 1
    for text in (done.said, done.report_path.read_text(), script.read_text()):
        assert "geheim" not in text


def test_an_unforeseen_error_shows_where_it_was_raised(faulty: pytest.Pytester, run: Callable[..., Run]) -> None:
    """The author sees the line of his own code."""
    done = run("--driver=faulty:Crashes", "-k", "stat")

    done.result.stdout.fnmatch_lines(["Raised at:", "*faulty.py*", "*self.nothing*"])
    assert done.outcomes() == {"test_stat_of_another_driver": "failed"}
    (script,) = done.reproducers()
    assert execute(script, faulty.path).returncode == 1


@pytest.mark.parametrize("workers", [[], ["-n1"]], ids=["one process", "workers"])
def test_a_hanging_call_is_told(faulty: pytest.Pytester, run: Callable[..., Run], workers: list[str]) -> None:
    """The check ends, even if the driver swallows every error; the call that did not return is the evidence."""
    done = run("--driver=faulty:Hangs", "-k", "test_move", "--check-timeout=1", *workers, process=bool(workers))

    done.result.stdout.fnmatch_lines(
        ["Judged: *the check hangs*", "Expected: it ends within 1 s", "*driver.move(*has not returned", "*faulty.py*"]
    )
    outcomes = done.outcomes()
    assert outcomes.pop("test_move") == "failed"
    (script,) = done.reproducers()
    assert "--check-timeout=1" in script.read_text()


def test_what_is_left_behind_fails_the_requirement(faulty: pytest.Pytester, run: Callable[..., Run]) -> None:
    """A leftover is a failure of the check, not of its teardown."""
    done = run("--driver=faulty:Leaves", "-k", "walk")

    done.result.stdout.fnmatch_lines(["Judged: *prefix after its delete*"])
    assert done.outcomes() == {"test_walk": "failed"}


def test_workers_report_the_same(faulty: pytest.Pytester, run: Callable[..., Run]) -> None:
    """Under pytest-xdist the outcomes and the evidence come to the controller; two drivers are compared."""
    done = run("--driver=faulty:KeepsTail", "--driver=inmemory", "-n2", process=True)

    assert done.result.ret == pytest.ExitCode.TESTS_FAILED
    assert done.report.run.complete
    assert done.outcomes("KeepsTail")["test_shorter_put"] == "failed"
    assert done.outcomes("inmemory")["test_shorter_put"] == "passed"
    assert len(done.reproducers()) == 2
    done.result.stdout.fnmatch_lines(["*CONT-2 (MUST)*", "*KeepsTail*inmemory*"])


def test_drivers_of_one_name_are_told_apart(faulty: pytest.Pytester, run: Callable[..., Run]) -> None:
    """The old and the new version of a driver are compared by their modules."""
    faulty.makepyfile(newer="from dictionary import DictionaryDriver\nclass KeepsTail(DictionaryDriver):\n    pass\n")
    done = run("--driver=faulty:KeepsTail", "--driver=newer:KeepsTail", "-k", "shorter")

    assert done.outcomes("faulty:KeepsTail") == {"test_shorter_put": "failed"}
    assert done.outcomes("newer:KeepsTail") == {"test_shorter_put": "passed"}


def test_secrets_stay_out(author: pytest.Pytester, run: Callable[..., Run]) -> None:
    """Not in output, report, reproducer or JUnit, whatever the driver says; as text, in source and in addresses."""
    secret = "ge'heim\\x/1 2"
    author.makepyfile(
        faulty="import logging, urllib.parse\nfrom dictionary import DictionaryDriver\n"
        "class Talks(DictionaryDriver):\n    @classmethod\n    def from_parameters(cls, given):\n"
        "        made = cls()\n        made.token, made.url = given['token'], given['url']\n        return made\n"
        "    def _stat(self, path):\n        print('printed', self.token)\n        logging.warning('%s', self.url)\n"
        "        raise RuntimeError(f'{self.token} {self.token!r} {urllib.parse.quote(self.token)} {self.url}')\n"
    )
    arguments = [f"--driver-param=token={secret}", "--driver-param=url=http://me:passw0rd@host/"]
    arguments.append('--driver-param=options={"config": {"region": "eu", "aws_secret_access_key": "wJalr"}}')
    done = run("--driver=faulty:Talks", *arguments, "--junitxml=junit.xml", "-k", "stat")

    assert done.outcomes() == {"test_stat_of_another_driver": "failed"}
    (script,) = done.reproducers()
    texts = [done.said, done.report_path.read_text(), script.read_text(), (author.path / "junit.xml").read_text()]
    assert "***" in texts[0]
    for text in texts:
        assert "heim" not in text
        assert "passw0rd" not in text
        assert "wJalr" not in text
    assert '"region": "eu"' in texts[0]


def test_a_history_of_hundreds_of_errors_is_cut_in_its_middle(faulty: pytest.Pytester, run: Callable[..., Run]) -> None:
    """What the caller saw and what it began with are kept: to show all takes longer than the check, and megabytes."""
    done = run("--driver=faulty:CallsItself", "-k", "stat")

    assert done.result.ret == pytest.ExitCode.TESTS_FAILED
    (failed,) = [check for result in done.report.results for check in result.checks if check.outcome is Outcome.FAILED]
    assert failed.evidence is not None
    told = failed.evidence.traceback
    assert "RecursionError" in told
    assert "AttributeError" in told
    assert told.count("During handling of the above exception") < 10
    assert re.search(r"\(\d+ errors between this one and those before it are left out", told)
