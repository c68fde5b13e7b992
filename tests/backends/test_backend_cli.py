"""The command `storagedriver`: what it prints, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storagedriver import cli
from storagedriver.backends import BackendStartError, Provider, Server, selection
from storagedriver.backends.s3_endpoint import S3Endpoint


class BrokenProvider:
    name = "broken"
    drivers = ("s3",)
    modes = ("process", "container")
    summary = "a fake"

    def unavailable(self, mode: str) -> str | None:
        return "no engine" if mode == "container" else None

    def start(self, mode: str, folder: Path) -> Server:
        raise BackendStartError("broken exited with 3", log_tail=["the drive is full"])


@pytest.fixture
def only_broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    known: dict[str, Provider] = {"broken": BrokenProvider()}
    monkeypatch.setattr(selection, "providers", lambda: known)
    monkeypatch.setattr(cli, "providers", lambda: known)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_drivers_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["drivers"]) == cli.OK
    lines = capsys.readouterr().out.splitlines()

    assert "inmemory" in lines
    assert cli.main(["drivers", "--json"]) == cli.OK
    assert json.loads(capsys.readouterr().out) == lines


@pytest.mark.usefixtures("only_broken")
def test_servers_are_listed_with_why_a_mode_cannot_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backends", "list"]) == cli.OK

    rows = [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        ["NAME", "DRIVERS", "MODE", "HERE"],
        ["broken", "s3", "process", "available"],
        ["broken", "s3", "container", "no engine"],
    ]


@pytest.mark.usefixtures("only_broken")
def test_servers_are_listed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backends", "list", "--json"]) == cli.OK

    assert json.loads(capsys.readouterr().out) == [
        {
            "name": "broken",
            "summary": "a fake",
            "drivers": ["s3"],
            "modes": [
                {"mode": "process", "available": True, "reason": None},
                {"mode": "container", "available": False, "reason": "no engine"},
            ],
        }
    ]


@pytest.mark.usefixtures("only_broken")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["backends", "up", "broken"], cli.FAILED, "broken exited with 3; the last lines of its log:"),
        (["backends", "up", "broken:container"], cli.FAILED, "no engine"),
        (["backends", "up", "brokn"], cli.USAGE, "did you mean 'broken'?"),
        (["backends", "up", "broken:teleport"], cli.USAGE, "it has: process, container"),
    ],
)
def test_a_server_that_cannot_be_had(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == code

    assert message in capsys.readouterr().err


def test_a_server_of_the_users_own_is_not_started(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backends", "up", "external"]) == cli.USAGE

    assert "nothing to start" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["backends"], ["backends", "up"], ["backends", "down", "moto"], ["--what"]])
def test_a_wrong_command_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)

    assert ended.value.code == cli.USAGE
    assert "usage: storagedriver" in capsys.readouterr().err


def run_up(tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "storagedriver.cli", "backends", "up", "moto", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )


def test_up_runs_a_server_until_it_is_told_to_end(tmp_path: Path) -> None:
    with run_up(tmp_path, "--json") as command:
        assert command.stdout is not None
        running = json.loads(command.stdout.readline())
        given = running["parameters"]
        endpoint = S3Endpoint(
            port=int(given["regionendpoint"].rpartition(":")[2]),
            bucket=given["bucket"],
            access_key=given["accesskey"],
            secret_key=given["secretkey"],
        )
        with contextlib.closing(endpoint.client()) as client:
            client.put_object(Bucket=endpoint.bucket, Key="key", Body=b"content")
        command.send_signal(signal.SIGTERM)
        _, complaints = command.communicate(timeout=30)

    assert (command.returncode, complaints) == (cli.OK, "")
    assert list(tmp_path.iterdir()) == []


def test_up_prints_variables_for_a_shell(tmp_path: Path) -> None:
    with run_up(tmp_path) as command:
        assert command.stdout is not None
        line = ""
        lines = []
        while "MULTIPARTCOPYCHUNKSIZE" not in line:
            line = command.stdout.readline()
            assert line, "the command ended before it had printed all"
            lines.append(line)
        command.send_signal(signal.SIGINT)  # As Ctrl-C does.
        command.communicate(timeout=30)
    assert command.returncode == cli.OK
    assert list(tmp_path.iterdir()) == []

    script = "".join(lines) + 'echo "$STORAGEDRIVER_S3_FORCEPATHSTYLE $STORAGEDRIVER_S3_REGION"'
    seen = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert seen.stdout == "true us-east-1\n"
