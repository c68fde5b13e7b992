"""From a run of pytest to the gate: it opens for a whole run of a good driver, and for nothing less."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from plugin.author_project import Run
from storagedriver import cli
from storagedriver.contract import GROUPS
from storagedriver.report.digest import KEY, digest

CHECKS = """
import os
from datetime import UTC, datetime, timedelta
import pytest
from storagedriver.testing import expect, requirement

@requirement("STAT-1")
def test_file(driver, tree):
    driver.put_content(tree.path("f"), b"123")
    expect.equal(driver.stat(tree.path("f")).size, 3, "size by stat")

@requirement("STAT-2")
def test_directory(driver, tree):
    SPOILED
    driver.put_content(tree.path("d/f"), b"123")
    expect.equal(driver.stat(tree.path("d")).is_dir, True, "is_dir by stat")

@requirement("STAT-3")
def test_absent(driver, tree):
    expect.not_found(lambda: driver.stat(tree.path("f")), "stat of what is absent")
"""
DRIVER = "--driver=dictionary:DictionaryDriver"
LEFT_OUT = [group for group in GROUPS if group != "STAT"]
POLICY = f"""
profile = "quick"
targets = ["DictionaryDriver"]
suites = ["tiny"]
without_groups = {json.dumps(LEFT_OUT)}
[minimum]
checks = 3
requirements = 3
"""


@pytest.fixture
def gate(author: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, object]]]:
    """Judges files by the policy, and returns the exit code and what is said as JSON."""
    checks = author.path / "tinychecks"
    (checks / "__init__.py").write_text("GROUPS = ('STAT',)")
    spoil(author, "pass")
    policy = author.path / "gate.toml"
    policy.write_text(POLICY)

    def gates(*files: Path) -> tuple[int, dict[str, object]]:
        capsys.readouterr()
        code = cli.main(["gate", "--json", f"--policy={policy}", *map(str, files)])
        return code, json.loads(capsys.readouterr().out)

    return gates


def spoil(author: pytest.Pytester, statement: str) -> None:
    path = author.path / "tinychecks" / "test_tiny.py"
    path.write_text(CHECKS.replace("SPOILED", statement))


def rules(told: dict[str, object]) -> set[str]:
    findings = told["findings"]
    assert isinstance(findings, list)
    return {each["rule"] for each in findings}


def test_a_whole_run_of_a_good_driver_passes(
    run: Callable[..., Run], gate: Callable[..., tuple[int, dict[str, object]]]
) -> None:
    """Without workers and with them."""
    for arguments in ([], ["-n2"]):
        code, told = gate(run(DRIVER, *arguments, process=bool(arguments)).report_path)

        assert (code, told["findings"]) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-k", "file or absent"], {"incomplete", "not_run", "minimum"}),
        (["--requirement=STAT-1,STAT-3"], {"incomplete", "not_run", "minimum"}),
        (["--deselect=tinychecks/test_tiny.py::test_directory"], {"incomplete", "not_run", "minimum"}),
        (["tinychecks/test_tiny.py"], {"incomplete"}),
        (["-k", "nothing_like_this"], {"incomplete", "nothing_run"}),
        (["--ignore-glob=*test_tiny.py"], {"incomplete", "nothing_run"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_part_does_not_pass(
    run: Callable[..., Run],
    gate: Callable[..., tuple[int, dict[str, object]]],
    arguments: list[str],
    expected: set[str],
) -> None:
    """However the part was chosen."""
    code, told = gate(run(DRIVER, *arguments).report_path)

    assert (code, rules(told)) == (1, expected)


@pytest.mark.parametrize(
    ("statement", "arguments", "expected"),
    [
        ("assert False", [], {"failed"}),
        ("assert False", ["-x"], {"failed", "incomplete", "not_run", "minimum"}),
        ("pytest.skip('not here')", [], {"skipped", "minimum"}),
        ("pytest.xfail('known')", [], {"skipped", "minimum"}),
        ("undefined_name", [], {"errored", "minimum"}),
        ("raise KeyboardInterrupt", [], {"incomplete", "not_run", "minimum"}),
        ("pytest.exit('enough')", [], {"incomplete", "not_run", "minimum"}),
        ("pytest.exit('all is well', returncode=0)", [], {"incomplete", "not_run", "minimum"}),
        ("os._exit(0)", ["-n1", "--max-worker-restart=0"], {"incomplete", "not_run", "minimum"}),
    ],
)
def test_a_run_that_went_wrong_does_not_pass(
    *,
    author: pytest.Pytester,
    run: Callable[..., Run],
    gate: Callable[..., tuple[int, dict[str, object]]],
    statement: str,
    arguments: list[str],
    expected: set[str],
) -> None:
    """Failed, skipped, errored, interrupted or crashed."""
    spoil(author, statement)
    # An interruption within this process would end this run of pytest too.
    apart = bool(arguments) or "KeyboardInterrupt" in statement
    code, told = gate(run(DRIVER, *arguments, process=apart).report_path)

    assert code == 1
    assert rules(told) >= expected - {"not_run", "minimum"}
    assert rules(told) <= expected


def test_an_expected_failure_does_not_pass(
    author: pytest.Pytester, run: Callable[..., Run], gate: Callable[..., tuple[int, dict[str, object]]]
) -> None:
    """Marks of the author's own make pytest end with 0, and nothing else."""
    spoil(author, "assert False")
    author.makeconftest(
        "import pytest\ndef pytest_collection_modifyitems(items):\n    for item in items:\n"
        "        item.add_marker(pytest.mark.xfail)\n"
    )
    done = run(DRIVER)
    code, told = gate(done.report_path)

    assert done.result.ret == pytest.ExitCode.OK
    assert (code, rules(told)) == (1, {"failed"})


def test_a_skipped_driver_does_not_pass(
    author: pytest.Pytester, run: Callable[..., Run], gate: Callable[..., tuple[int, dict[str, object]]]
) -> None:
    """A registration that skips everything executes nothing, whatever driver passes beside it."""
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "register_suite('skipping', DictionaryDriver.from_parameters, skip_check=lambda: 'no server here')\n"
    )
    code, told = gate(run("--driver=skipping", DRIVER).report_path)

    assert (code, rules(told)) == (1, {"nothing_run"})
    assert "no server here" in json.dumps(told["findings"])


def test_a_crash_before_the_report_does_not_pass(
    author: pytest.Pytester, run: Callable[..., Run], gate: Callable[..., tuple[int, dict[str, object]]]
) -> None:
    """There is no file then, and the gate says so."""
    spoil(author, "os._exit(0)")
    code, told = gate(run(DRIVER, process=True).report_path)

    assert (code, rules(told)) == (1, {"invalid", "target"})


@pytest.mark.parametrize("resealed", [False, True], ids=["as it is", "digest taken out"])
def test_an_edited_file_does_not_pass(
    author: pytest.Pytester,
    run: Callable[..., Run],
    gate: Callable[..., tuple[int, dict[str, object]]],
    resealed: bool,
) -> None:
    """A failure made a pass, consistently, is found out by the digest, or by its absence."""
    spoil(author, "assert False")
    path = run(DRIVER).report_path
    document = json.loads(path.read_text().replace('"failed"', '"passed"'))
    document["run"]["exit_status"] = 0
    if resealed:
        del document[KEY]
    path.write_text(json.dumps(document))

    code, told = gate(path)

    assert (code, "edited" in rules(told)) == (1, True)


def test_a_must_played_down_does_not_pass_even_with_a_digest(
    author: pytest.Pytester, run: Callable[..., Run], gate: Callable[..., tuple[int, dict[str, object]]]
) -> None:
    """What a MUST is, the contract says and not the file."""
    spoil(author, "assert False")
    path = run(DRIVER).report_path
    document = json.loads(path.read_text().replace('"MUST"', '"SHOULD"'))
    document[KEY] = digest(document)
    path.write_text(json.dumps(document))

    code, told = gate(path)

    assert (code, "invalid" in rules(told)) == (1, True)


def test_shards_pass_together_and_not_alone(
    author: pytest.Pytester, run: Callable[..., Run], gate: Callable[..., tuple[int, dict[str, object]]]
) -> None:
    """Merged they are the whole run; two that disagree are flaky."""
    shards = []
    for number, words in enumerate(["file", "not file"]):
        shard = run(DRIVER, "-k", words).report_path
        shards.append(str(shard.rename(author.path / f"{number}.json")))
        assert gate(Path(shards[-1]))[0] == 1
    assert cli.main(["merge", "whole.json", *shards]) == 0
    assert gate(author.path / "whole.json")[0] == 0

    spoil(author, "assert False")
    shards.append(str(run(DRIVER, "-k", "directory").report_path))
    assert cli.main(["merge", "flaky.json", *shards]) == 0
    code, told = gate(author.path / "flaky.json")
    assert (code, rules(told)) == (1, {"flaky"})


def test_a_regression_does_not_pass(
    author: pytest.Pytester, run: Callable[..., Run], gate: Callable[..., tuple[int, dict[str, object]]]
) -> None:
    """A skip of what passed in the baseline, accepted by the waiver for it alone."""
    run(DRIVER).report_path.rename(author.path / "before.json")
    spoil(author, "pytest.skip('too slow')")
    path = run(DRIVER).report_path
    waiver = (
        "[[waivers]]\ntarget = 'DictionaryDriver'\nrequirement = 'STAT-2'\nowner = 'me'\nreason = 'slow'\n"
        "expires = 9999-12-31\n"
    )
    policy = author.path / "gate.toml"
    policy.write_text(f"baseline = 'before.json'\n{POLICY.replace('= 3', '= 2')}")
    code, told = gate(path)
    assert (code, rules(told)) == (1, {"skipped"})
    assert "(it passed in the baseline)" in json.dumps(told)

    policy.write_text(f"{policy.read_text()}{waiver}")
    assert gate(path)[0] == 0
    assert gate(author.path / "before.json")[0] == 1
