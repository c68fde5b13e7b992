"""Wrong input ends with one clear message and a way forward, and with pytest's exit code for usage errors."""

from __future__ import annotations

import pytest

from storagedriver.registry import unregister_suite
from storagedriver.report import Outcome, Report


def run(author: pytest.Pytester, *arguments: str, process: bool = False) -> str:
    """What pytest says to a usage error: one message and nothing of the kit's insides."""
    runs = author.runpytest_subprocess if process else author.runpytest_inprocess
    result = runs("-p", "no:cacheprovider", *arguments)
    said = "\n".join([*result.outlines, *result.errlines])
    assert result.ret == pytest.ExitCode.USAGE_ERROR, said
    assert said.count("ERROR: ") == 1
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    return said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--driver=inmemry"], ["no driver 'inmemry'", "Did you mean 'inmemory'?", "register_suite"]),
        (["--driver="], ["--driver is empty"]),
        (["--driver=nosuchmodule:Driver"], ["no module named 'nosuchmodule'"]),
        (["--driver=dictionary:Missing"], ["has no 'Missing'"]),
        (["--driver=dictionary:__doc__"], ["not a class or function"]),
        (["--driver=s3", "--backend=minioo"], ["minioo", "minio"]),
        (["--driver=inmemory", "--backend=moto"], ["moto", "inmemory"]),
        (
            ["--driver=azure", "--backend=moto"],
            ["the backend moto serves s3, s3-async, not azure", "for azure there is azurite"],
        ),
        (["--driver=s3", "--backend=moto", "--backend=azurite"], ["azurite serves azure, not s3"]),
        (["--driver=inmemory", "--driver-param=stroe=1"], ["stroe", "did you mean 'store'"]),
        (["--driver=inmemory", "--driver-param=store"], ["NAME=VALUE"]),
        (
            ["--driver=inmemory", "--driver=filesystem", "--driver-param=store=x"],
            ["for which driver", "inmemory.store="],
        ),
        (["--driver=inmemory", "--suite=behavior"], ["'behavior'", "did you mean 'behaviour'?"]),
        (["--driver=inmemory", "--requirement=LIST-99"], ["LIST-99", "LIST-1, LIST-2"]),
        (["--driver=inmemory", "--requirement=WAKL"], ["WAKL", "did you mean 'WALK'?"]),
        (["--driver=inmemory", "--requirement=NOPE"], ["NOPE", "CONT"]),
        (["--driver=inmemory", "--shard=3/2"], ["--shard", "of 2 shards none is the number 3", "2/4"]),
        (["--driver=inmemory", "--shard=0/2"], ["--shard", "'0/2'", "2/4"]),
        (["--driver=inmemory", "--shard=second"], ["--shard", "'second'", "2/4"]),
        (["--driver=inmemory", "--shard=2/"], ["--shard", "'2/'", "2/4"]),
        (["--driver=inmemory", "-n1", "--shard=1/²"], ["--shard", "2/4"]),
        (["--shard=1/2"], ["--driver=NAME"]),
        (["--driver=inmemory", "--sample=0"], ["--sample", "0 is no number of values", "--sample 1"]),
        (["--driver=inmemory", "--sample=few"], ["--sample", "few"]),
        (["--sample=1"], ["--driver=NAME"]),
        (["--driver=inmemory", "--check-timeout=0"], ["--check-timeout", "above 0"]),
        (["--driver=inmemory", "--check-timeout=nan"], ["--check-timeout", "above 0"]),
        (["--driver=inmemory", "--check-timeout=soon"], ["--check-timeout", "soon"]),
        (["--driver=inmemory", "--profile=fast"], ["--profile", "quick", "full", "soak"]),
        (["--driver=inmemory", "--driver-param=s3.region=x"], ["driver s3, which is not judged", "--driver=s3"]),
        (["--driver=inmemory", "--driver-param=inmemroy.store=x"], ["did you mean 'inmemory'?"]),
        (["--driver=all", "--driver-param=region=x"], ["for which driver"]),
        (["--driver=dictionary:"], ["module:callable"]),
        (["--driver=dictionary:DictionaryDrivr"], ["did you mean 'DictionaryDriver'?"]),
        (["--driver=s3", "--backend=moto:process"], ["moto", "no mode 'process'"]),
        (["--backend=moto"], ["--driver=NAME"]),
        (["--driver-param=store=x"], ["--driver=NAME"]),
        (["--driver=inmemory", "--certify-report=dictionary.py/r.json"], ["cannot be written", "dictionary.py"]),
        (["--driver=inmemory", "--certify-report=tinychecks"], ["is a folder", "tinychecks/report.json"]),
        (["--driver=inmemory", "--certify-report=report"], ["does not end in .json"]),
        (["--driver=inmemory", "--driver=inmemory:1"], ["no module named 'inmemory'"]),
        (["--certify-report=report.json"], ["--driver=NAME"]),
        (["--driver=inmemory", "--certify-report=r.json", "--reruns=2"], ["--reruns", "no pass"]),
    ],
    ids=lambda value: " ".join(value) if value and value[0].startswith("--") else "",
)
def test_wrong_words_are_told(author: pytest.Pytester, arguments: list[str], words: list[str]) -> None:
    """Unknown names are told together with those that are known."""
    said = run(author, *arguments)

    for word in words:
        assert word in said


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "def make(parameters):\n    raise RuntimeError('the disk is on fire')",
            ["cannot be made", "the disk is on fire"],
        ),
        ("def make(parameters):\n    return object()", ["lacks", "put_content", "StorageDriver"]),
        ("def make(parameters):\n    return None", ["returned None"]),
        ("def make(parameters):\n    raise SystemExit(3)", ["cannot be made", "SystemExit: 3"]),
        ("import threading\ndef make(parameters):\n    threading.Event().wait()", ["has not returned after 1 s"]),
        (
            (
                "from dictionary import DictionaryDriver\nclass Bare(DictionaryDriver):\n    capabilities = None\n"
                "def make(parameters):\n    return Bare()"
            ),
            ["capabilities", "storagedriver.Capabilities"],
        ),
        ("import nothing_like_this\nmake = 1", ["importing faulty failed", "nothing_like_this"]),
        ("def make(:", ["importing faulty failed", "SyntaxError"]),
        (
            (
                "from storagedriver import StorageDriver\nclass Half(StorageDriver):\n    name = 'half'\n"
                "def make(parameters):\n    return Half()"
            ),
            ["cannot be made", "abstract"],
        ),
        ("raise ImportError('broken')", ["importing faulty failed", "broken"]),
    ],
    ids=[
        *("raises", "no driver", "nothing", "exits", "hangs", "no capabilities", "missing module", "no Python"),
        *("missing methods", "broken module"),
    ],
)
def test_a_constructor_that_gives_no_driver_is_told(author: pytest.Pytester, code: str, words: list[str]) -> None:
    """The message says what the constructor did."""
    author.makepyfile(faulty=code)

    said = run(author, "--driver=faulty:make", "--check-timeout=1")

    for word in words:
        assert word in said


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[tool.storagedriver]\nprofil = 'quick'", ["unknown key 'profil'", "did you mean 'profile'"]),
        ("[tool.storagedriver]\nprofile = 'fast'", ["'fast'", "quick, full, soak"]),
        ("[tool.storagedriver]\ndriver = 3", ["driver is a string or a list of strings"]),
        ("[tool.storagedriver]\nsuite = ['tiny', 3]", ["suite is a string or a list of strings"]),
        ("[tool.storagedriver]\ncheck-timeout = true", ["check-timeout is a number"]),
        ("[tool.storagedriver]\nsuite = 'tinny'", ["did you mean 'tiny'?"]),
        ("[tool.storagedriver.parameters.inmemroy]\nstore = 'x'", ["did you mean 'inmemory'?"]),
        ("[tool.storagedriver]\nrequire-backends = 'yes'", ["require-backends is true or false"]),
        ("[tool.storagedriver.parameters]\ninmemory = 3", ["[tool.storagedriver.parameters.inmemory]"]),
        ("[tool]\nstoragedriver = 3", ["[tool.storagedriver]"]),
        ("[tool.storagedriver\n", ["pyproject.toml"]),
    ],
    ids=[
        *("unknown key", "bad profile", "number for a string", "number in a list", "true for a number"),
        *("unknown suite", "unknown driver", "bad type", "bad parameters", "no table", "no TOML"),
    ],
)
def test_a_broken_table_is_told(author: pytest.Pytester, table: str, words: list[str]) -> None:
    """Settings in pyproject.toml are checked as the command line is."""
    author.makepyprojecttoml(table)

    said = run(author, "--driver=inmemory")

    for word in words:
        assert word in said


def test_a_server_that_cannot_start_is_told(author: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the end of the server's own log."""
    binaries = author.mkdir("bin")
    weed = binaries / "minio"
    weed.write_text(
        '#!/bin/sh\nif [ "$1" = --version ]; then echo minio version RELEASE.x; exit 0; fi\necho out of luck\nexit 3\n'
    )
    weed.chmod(0o755)
    monkeypatch.setenv("PATH", str(binaries), prepend=":")

    said = run(author, "--driver=s3", "--backend=minio", process=True)

    assert "minio" in said
    assert "out of luck" in said


def test_a_driver_whose_skip_check_gives_a_reason_runs_nothing(author: pytest.Pytester) -> None:
    """A run of no driver is no success."""
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "register_suite('mine', DictionaryDriver.from_parameters, skip_check=lambda: 'no key in the environment')\n"
    )

    assert "mine: its skip_check says: no key in the environment" in run(author, "--driver=mine")


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("1 / 0", ["its skip_check raised ZeroDivisionError"]),
        ("True", ["its skip_check returned True", "a reason as a string"]),
        ("__import__('pytest').skip('no key')", ["its skip_check says: no key"]),
    ],
    ids=["raises", "no reason", "skips"],
)
def test_a_skip_check_that_gives_no_reason_is_told(author: pytest.Pytester, check: str, words: list[str]) -> None:
    """It answers with a reason as text, or None."""
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        f"register_suite('mine', DictionaryDriver.from_parameters, skip_check=lambda: {check})\n"
    )

    said = run(author, "--driver=mine")

    for word in words:
        assert word in said


def test_a_skipped_driver_beside_another_is_shown(author: pytest.Pytester) -> None:
    """Its checks are skipped with the reason; with --require-backends that is an error."""
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "register_suite('mine', DictionaryDriver.from_parameters, skip_check=lambda: 'no key')\n"
    )
    arguments = ["--driver=mine", "--driver=dictionary:DictionaryDriver", "--suite=tiny"]

    result = author.runpytest_inprocess(*arguments, "--certify-report=report.json", "-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.OK
    outcomes = {each.target: each.outcome for each in Report.read(author.path / "report.json").results if each.checks}
    assert outcomes["mine"] is Outcome.SKIPPED

    unregister_suite("mine")
    assert "mine: its skip_check says: no key" in run(author, *arguments, "--require-backends")


def test_parameters_that_no_worker_can_get_are_told(author: pytest.Pytester) -> None:
    """Values that do not pickle work in one process alone."""
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "register_suite('mine', lambda given: DictionaryDriver(), parameters={'client': lambda: 1})\n"
    )

    said = run(author, "--driver=mine", "-n1", process=True)

    assert "'client'" in said
    assert "without -n" in said


@pytest.mark.parametrize(
    "arguments", [["--driver=inmemry"], ["--driver=inmemory", "--driver-param=stroe=1"]], ids=" ".join
)
def test_workers_change_no_message(author: pytest.Pytester, arguments: list[str]) -> None:
    """Under pytest-xdist the same is told before a worker is started."""
    run(author, *arguments, "-n2", process=True)


@pytest.mark.parametrize("workers", [[], ["-n1"]], ids=["one process", "workers"])
def test_a_mark_without_requirement_is_told(author: pytest.Pytester, workers: list[str]) -> None:
    """A check that proves what the contract does not have."""
    author.makepyfile(
        test_mine="import pytest\n@pytest.mark.requirement('MINE-1')\ndef test_mine(driver, tree):\n    pass\n"
    )

    said = run(author, "--driver=dictionary:DictionaryDriver", "--suite=tiny", *workers, process=bool(workers))

    assert "the contract has no requirement 'MINE-1'" in said


def test_a_suite_that_does_not_load_is_told(author: pytest.Pytester) -> None:
    """An installed package of checks may be broken."""
    (author.path / "tinychecks" / "__init__.py").write_text("import nothing_like_this")

    said = run(author, "--driver=dictionary:DictionaryDriver", "--suite=tiny")

    assert "suite 'tiny' cannot be imported" in said
    assert "nothing_like_this" in said


def test_a_report_that_cannot_be_written_at_the_end_is_told(author: pytest.Pytester) -> None:
    """The run itself is shown; its exit status is no success."""
    author.makeconftest(
        "import shutil\ndef pytest_sessionfinish():\n    shutil.rmtree('r')\n    open('r', 'w').close()\n"
    )
    arguments = ["--driver=dictionary:DictionaryDriver", "--suite=tiny", "--certify-report=r/report.json"]

    result = author.runpytest_inprocess(*arguments, "-p", "no:cacheprovider")

    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.stdout.fnmatch_lines(["*MUSTs kept*", "ERROR: the report could not be written: *"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
