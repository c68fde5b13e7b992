"""Wrong input ends with one clear message and a way forward, and with pytest's exit code for usage errors."""

from __future__ import annotations

import pytest


def run(author: pytest.Pytester, *arguments: str) -> str:
    """What pytest says to a usage error."""
    result = author.runpytest_subprocess("-p", "no:cacheprovider", *arguments, timeout=60)
    said = "\n".join([*result.outlines, *result.errlines])
    assert result.ret == pytest.ExitCode.USAGE_ERROR, said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    return said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--driver=inmemry"], ["no driver 'inmemry'", "inmemory", "register_suite"]),
        (["--driver="], ["--driver is empty"]),
        (["--driver=nosuchmodule:Driver"], ["no module named 'nosuchmodule'"]),
        (["--driver=dictionary:Missing"], ["has no 'Missing'"]),
        (["--driver=dictionary:__doc__"], ["not a class or function"]),
        (["--driver=s3", "--backend=minioo"], ["minioo", "minio"]),
        (["--driver=inmemory", "--backend=moto"], ["moto", "inmemory"]),
        (["--driver=inmemory", "--driver-param=stroe=1"], ["stroe", "did you mean 'store'"]),
        (["--driver=inmemory", "--driver-param=store"], ["has no value", "NAME=VALUE"]),
        (
            ["--driver=inmemory", "--driver=filesystem", "--driver-param=store=x"],
            ["for which driver", "inmemory.store"],
        ),
        (["--driver=inmemory", "--suite=behavior"], ["no suite 'behavior'", "behaviour"]),
        (["--driver=inmemory", "--requirement=CONT-99"], ["CONT-99"]),
        (["--driver=inmemory", "--requirement=NOPE"], ["NOPE", "CONT"]),
        (["--driver=inmemory", "--check-timeout=0"], ["--check-timeout"]),
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
        (
            (
                "from storagedriver import StorageDriver\nclass Half(StorageDriver):\n    name = 'half'\n"
                "def make(parameters):\n    return Half()"
            ),
            ["cannot be made", "abstract"],
        ),
        ("raise ImportError('broken')", ["importing faulty failed", "broken"]),
    ],
    ids=["raises", "no driver", "missing methods", "broken module"],
)
def test_a_constructor_that_gives_no_driver_is_told(author: pytest.Pytester, code: str, words: list[str]) -> None:
    """The message says what the constructor did."""
    author.makepyfile(faulty=code)

    said = run(author, "--driver=faulty:make")

    for word in words:
        assert word in said


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[tool.storagedriver]\nprofil = 'quick'", ["unknown key 'profil'", "did you mean 'profile'"]),
        ("[tool.storagedriver]\nprofile = 'fast'", ["'fast'", "quick, full, soak"]),
        ("[tool.storagedriver]\nrequire-backends = 'yes'", ["require-backends is a bool"]),
        ("[tool.storagedriver.parameters]\ninmemory = 3", ["[tool.storagedriver.parameters.inmemory]"]),
        ("[tool]\nstoragedriver = 3", ["[tool.storagedriver]"]),
        ("[tool.storagedriver\n", ["pyproject.toml"]),
    ],
    ids=["unknown key", "bad profile", "bad type", "bad parameters", "no table", "no TOML"],
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

    said = run(author, "--driver=s3", "--backend=minio")

    assert "minio" in said
    assert "out of luck" in said


def test_a_driver_whose_skip_check_gives_a_reason_runs_nothing(author: pytest.Pytester) -> None:
    """A run of no driver is no success."""
    author.makeconftest(
        "from dictionary import DictionaryDriver\nfrom storagedriver import register_suite\n"
        "register_suite('mine', DictionaryDriver.from_parameters, skip_check=lambda: 'no key in the environment')\n"
    )

    assert "no key in the environment" in run(author, "--driver=mine")
