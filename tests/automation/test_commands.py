"""The one-command scripts: what they call pytest with, and what their exit status tells."""

from __future__ import annotations

import dataclasses
import importlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from storagedriver.backends.errors import BackendUnavailableError
from storagedriver.report import Outcome, Report, Result

ROOT = Path(__file__).parents[2]
CI = ROOT / "ci"
NOTHING_SELECTED = 5


def on_minio(script: ModuleType) -> list[str]:
    """The titles of the parts that need MinIO."""
    return [part.title for part in script.PARTS if (part.server or "").startswith("minio:")]


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
def calls(script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Calls:
    # Away from the reports of real runs.
    monkeypatch.chdir(tmp_path)
    made = Calls()
    monkeypatch.setattr(script, "subprocess", made)
    return made


@pytest.fixture
def no_minio(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> None:
        if name.startswith("minio"):
            raise BackendUnavailableError("minio cannot run here: build it", reasons=[("minio", "build it")])

    monkeypatch.setattr(script, "find", find)


main_job = pytest.mark.parametrize("script", ["main_job"], indirect=True)
all_tests = pytest.mark.parametrize("script", ["all_tests"], indirect=True)
publish = pytest.mark.parametrize("script", ["publish"], indirect=True)
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
    assert [call[-1] for call in calls.made] == ["-x"] * (len(script.PARTS) - len(on_minio(script)))
    assert not any(word.startswith("--backend=minio") for call in calls.made for word in call)
    assert on_minio(script)
    for title in on_minio(script):
        assert f"left out  {title}" in shown
    assert "Servers that ran: moto, seaweedfs:process" in shown
    assert "Not found: minio cannot run here: build it" in shown


@all_tests
@pytest.mark.usefixtures("no_minio")
def test_a_server_that_is_required_is_asked_for(
    script: ModuleType, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.statuses["--certify-report=certify/s3-minio-process.json"] = 4

    assert script.main(["--require-backends"]) == 1

    report = "--certify-report=certify/s3-minio-process.json"
    suites = f"--suite={script.TRUST}"
    assert [
        *script.PARALLEL,
        "--driver=s3",
        "--backend=minio:process",
        suites,
        report,
        "--require-backends",
    ] in calls.made
    assert f"1 of {len(script.PARTS)} parts failed" in capsys.readouterr().out


@all_tests
@pytest.mark.usefixtures("capsys")
@pytest.mark.parametrize("given", [[], ["--suite=concurrency"]])
def test_servers_have_suites_by_their_kind_unless_the_user_names_others(
    script: ModuleType, calls: Calls, given: list[str]
) -> None:
    script.main([*given, "--require-backends"])

    of_parts = {
        (driver, backend): [word for word in call if word.startswith("--suite=") and word not in given]
        for call in calls.made
        for driver in call
        for backend in call
        if driver.startswith("--driver=") and backend.startswith("--backend=")
    }
    assert of_parts["--driver=s3", "--backend=minio:container"] == ([] if given else ["--suite=behaviour"])
    assert of_parts["--driver=s3", "--backend=minio:process"] == ([] if given else [f"--suite={script.TRUST}"])
    assert of_parts["--driver=s3-async", "--backend=minio:process"] == []
    assert of_parts["--driver=s3", "--backend=seaweedfs:process"] == []


@all_tests
@pytest.mark.usefixtures("capsys")
@pytest.mark.parametrize(
    ("given", "in_full"), [([], False), (["--containers-in-full"], True), (["--suite=behaviour"], True)]
)
def test_containers_have_an_excerpt_without_a_report_unless_asked_in_full(
    script: ModuleType,
    calls: Calls,
    tmp_path: Path,
    given: list[str],
    in_full: bool,
) -> None:
    earlier = tmp_path / "certify" / "s3-minio-container.json"
    earlier.parent.mkdir()
    earlier.write_text("of an earlier run")

    script.main([*given, "--require-backends"])

    (call,) = [call for call in calls.made if "--backend=minio:container" in call]
    assert (f"--requirement={script.EXCERPT_IN_CONTAINERS}" in call) is not in_full
    assert ("--certify-report=certify/s3-minio-container.json" in call) is in_full
    assert earlier.exists() is in_full
    assert not any(word == "--containers-in-full" for call in calls.made for word in call)
    others = [call for call in calls.made if not any(word.endswith(":container") for word in call)]
    assert not any(word.startswith("--requirement") for call in others for word in call)


@all_tests
@pytest.mark.usefixtures("capsys")
@pytest.mark.parametrize("given", [["--sample=2"], ["--sample", "2"]])
def test_a_sample_is_of_what_runs_on_servers(
    script: ModuleType, calls: Calls, tmp_path: Path, given: list[str]
) -> None:
    """It leaves no report, as that would certify nothing; what needs no server takes no time, and is run whole.

    Of drivers with a waiver there is one for the moment: it tells whether what failed is waived.
    """
    earlier = tmp_path / "certify" / "azure-azurite-process.json"
    earlier.parent.mkdir()
    earlier.write_text("of an earlier run")

    assert script.main([*given, "-x", "--require-backends"]) == 0

    on_servers = [call for call in calls.made if any(word.startswith("--backend=") for word in call)]
    others = [call for call in calls.made if call not in on_servers]
    assert len(on_servers) == len(script.SERVED)
    assert all("--sample=2" in call for call in on_servers)
    reported = [word for call in on_servers for word in call if word.startswith("--certify-report=")]
    assert sorted(word.rpartition("/")[2] for word in reported) == ["s3-moto.json", "s3-seaweedfs-process.json"]
    assert not any(word.startswith("--certify-report=certify/") for word in reported)
    sampled = [call for call in others if "--sample=2" in call]
    assert len(sampled) == len([part for part in script.PARTS if part.root is not None and part.root.is_dir()])
    assert all(any(word.startswith("--driver-param=rootdirectory=") for word in call) for call in sampled)
    halved = [call for call in calls.made if not {"--shard=1/2", "--shard=2/2"}.isdisjoint(call)]
    assert halved == on_servers
    (own,) = [call for call in others if "tests" in call]
    assert [word.partition("=")[0] for word in own if "mutants" in word] == ["--half-of-mutants"]
    assert "--certify-report=certify/filesystem.json" in {word for call in others for word in call}
    assert all(call[-2:] == ["-x", "--require-backends"] for call in calls.made)
    assert not earlier.exists()


@all_tests
@pytest.mark.usefixtures("no_minio")
@pytest.mark.parametrize("status", [1, 2, 3, 4, -9])
def test_one_failed_part_fails_the_command_and_the_others_run(
    script: ModuleType, calls: Calls, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    calls.statuses["--backend=moto"] = status

    assert script.main([]) == 1

    shown = capsys.readouterr().out
    assert len(calls.made) == len(script.PARTS) - len(on_minio(script))
    assert "FAILED    driver s3 on moto" in shown
    assert "passed    driver s3 on seaweedfs:process" in shown


def with_one_check_ended(report: Report, requirement: str, outcome: Outcome) -> Report:
    """A report in which the first check of a requirement ended otherwise."""

    def ended(result: Result) -> Result:
        if result.requirement != requirement:
            return result
        first = dataclasses.replace(result.checks[0], outcome=outcome, reason="as the test says")
        checks = (first, *result.checks[1:])
        counts = Counter(check.outcome for check in checks)
        return dataclasses.replace(result, outcome=outcome, counts=counts, checks=checks)

    return dataclasses.replace(report, results=tuple(map(ended, report.results)))


@all_tests
@pytest.mark.usefixtures("no_minio")
@pytest.mark.parametrize(
    ("broken", "ended"),
    [
        (("PATH-5", Outcome.FAILED), "waived"),
        (("PATH-6", Outcome.FAILED), "FAILED"),
        (("PATH-6", Outcome.ERRORED), "FAILED"),
    ],
)
def test_a_failure_passes_if_the_gate_waives_it(
    script: ModuleType, calls: Calls, broken: tuple[str, Outcome], ended: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of this requirement on this server alone."""
    report = Path("certify", "s3-seaweedfs-process.json")
    report.parent.mkdir()
    with_one_check_ended(Report.read(ROOT / "reports" / "results" / report.name), *broken).write(report)
    calls.statuses["--backend=seaweedfs:process"] = 1

    status = script.main([])

    assert f"{ended:<9} driver s3 on seaweedfs:process" in capsys.readouterr().out
    assert status == (0 if ended == "waived" else 1)


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


@all_tests
@pytest.mark.usefixtures("no_minio", "capsys")
def test_each_part_that_judges_a_driver_has_a_report_of_its_own(script: ModuleType, calls: Calls) -> None:
    script.main([])

    judged = [call for call in calls.made if any(word.startswith("--driver=") for word in call)]
    reports = [word for call in judged for word in call if word.startswith("--certify-report=")]
    excerpts = [call for call in judged if any(word.startswith("--requirement=") for word in call)]
    assert len(set(reports)) == len(judged) - len(excerpts)
    assert len(judged) == len(calls.made) - 1


@all_tests
@pytest.mark.usefixtures("no_minio", "capsys")
def test_a_root_of_a_part_is_empty_and_removed(
    script: ModuleType, calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = script.Part("in a folder", ("--driver=filesystem",), root=tmp_path)
    monkeypatch.setattr(script, "PARTS", (part,))

    assert script.main([]) == 0

    (call,) = calls.made
    (root,) = [word for word in call if word.startswith(f"--driver-param=rootdirectory={tmp_path}/storagedriver-")]
    assert root
    assert list(tmp_path.iterdir()) == []


@publish
def test_what_is_published_is_complete_and_was_kept(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], pytester: pytest.Pytester
) -> None:
    made, published = tmp_path / "certify", tmp_path / "results"
    made.mkdir()
    for name, arguments in (("whole", []), ("part", ["-k", "test_move"])):
        pytester.runpytest_inprocess(
            "--driver=inmemory", "--requirement=MOVE-1", f"--certify-report={made / name}.json", *arguments
        )
    report = Report.read(made / "whole.json")
    whole = dataclasses.replace(report.run, complete=True, incomplete_reasons=())
    dataclasses.replace(report, run=whole).write(made / "whole.json")
    (made / "edited.json").write_text((made / "whole.json").read_text().replace("inmemory", "filesystem"))

    assert script.main([str(made), str(published)]) == 1

    said = capsys.readouterr().out
    assert "part.json: it certifies nothing" in said
    assert "edited.json: edited after it was written" in said
    assert sorted(path.name for path in published.iterdir()) == ["README.md", "whole.json"]
    assert "| [`inmemory`](whole.json) | none |" in (published / "README.md").read_text()
