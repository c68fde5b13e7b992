"""The command `storagedriver`: what it prints, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storagedriver import backends, cli
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
    monkeypatch.setattr(backends, "providers", lambda: known)
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


@pytest.mark.parametrize("arguments", [[], ["backends"], ["backends", "up"], ["backends", "stop", "moto"], ["--what"]])
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


@pytest.fixture
def detached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A server that runs in the background, and the variables that the shell was told."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    done = run("backends", "up", "moto", "--detach")
    assert (done.returncode, done.stderr) == (cli.OK, "")
    yield dict(
        line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines() if line.startswith("export ")
    )
    run("backends", "down")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "storagedriver.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_detached_server_runs_until_it_is_ended_from_elsewhere(detached: dict[str, str], tmp_path: Path) -> None:
    endpoint = S3Endpoint(
        port=int(detached["STORAGEDRIVER_S3_REGIONENDPOINT"].rpartition(":")[2]),
        bucket=detached["STORAGEDRIVER_S3_BUCKET"],
        access_key=detached["STORAGEDRIVER_S3_ACCESSKEY"],
        secret_key=detached["STORAGEDRIVER_S3_SECRETKEY"],
    )
    with contextlib.closing(endpoint.client()) as client:
        client.put_object(Bucket=endpoint.bucket, Key="key", Body=b"content")

    logged = run("backends", "logs", "moto")
    ended = run("backends", "down", "moto")

    assert "/key" in logged.stdout
    assert (ended.returncode, ended.stdout) == (cli.OK, "stopped moto (moto)\n")
    assert endpoint.failure() is not None
    assert list(tmp_path.iterdir()) == [tmp_path / "state"]
    assert [path for path in (tmp_path / "state").rglob("*") if path.is_file()] == []


def test_keys_of_a_detached_server_are_for_the_user_alone(detached: dict[str, str], tmp_path: Path) -> None:
    (told,) = (tmp_path / "state").rglob("*.json")

    assert detached["STORAGEDRIVER_S3_SECRETKEY"] in told.read_text()
    assert told.stat().st_mode & 0o077 == 0


def test_a_server_whose_process_was_killed_is_not_found(detached: dict[str, str], tmp_path: Path) -> None:
    (told,) = (tmp_path / "state").rglob("*.json")
    os.kill(json.loads(told.read_text())["process"], signal.SIGKILL)

    ended = eventually(lambda: run("backends", "down", "moto"), lambda done: done.returncode == cli.FAILED)

    assert "no server moto runs" in ended.stderr
    assert not told.exists()


def eventually(
    action: Callable[[], subprocess.CompletedProcess[str]], done: Callable[[subprocess.CompletedProcess[str]], bool]
) -> subprocess.CompletedProcess[str]:
    """The action, repeated until its outcome is the one waited for; the last outcome after half a minute."""
    deadline = time.monotonic() + 30
    while not done(outcome := action()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return outcome


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("down",), cli.FAILED, "no server runs that `up` started"),
        (("down", "minio"), cli.FAILED, "no server minio runs that `up` started"),
        (("down", "mino"), cli.USAGE, "did you mean 'minio'?"),
        (("logs", "minio"), cli.FAILED, "no server minio runs that `up` started"),
        (("logs", "mino"), cli.USAGE, "did you mean 'minio'?"),
        (("up", "external", "--detach"), cli.USAGE, "nothing to start"),
    ],
)
def test_what_does_not_run_is_said(
    arguments: tuple[str, ...], code: int, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    done = run("backends", *arguments)

    assert done.returncode == code
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
