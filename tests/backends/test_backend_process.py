"""A server's process: started, watched, ended with all that belongs to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from storagedriver.backends import BackendStartError
from storagedriver.backends.process import ServerProcess, free_ports
from storagedriver.backends.programs import Programs, ProgramWay
from storagedriver.backends.s3_endpoint import S3Endpoint

DEADLINE = 20.0
WAIT_FOR_EVER = "import signal, time\nprint('up', flush=True)\nsignal.pause()"


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + DEADLINE
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "server.log"


Starter = Callable[..., ServerProcess]


@pytest.fixture
def start(tmp_path: Path, log: Path) -> Iterator[Starter]:
    started: list[ServerProcess] = []

    def make(code: str, **options: float) -> ServerProcess:
        command = [sys.executable, "-u", "-c", code]
        process = ServerProcess(command, name="fake", folder=tmp_path, log=log, **options)  # type: ignore[arg-type]
        started.append(process)
        return process

    yield make
    for process in started:
        process.stop()


def says(log: Path, text: str) -> Callable[[], str | None]:
    return lambda: None if text in log.read_text() else "it says nothing yet"


def test_a_server_runs_until_it_is_stopped(start: Starter, log: Path) -> None:
    process = start(WAIT_FOR_EVER)
    process.wait_until(says(log, "up"))

    assert process.failure() is None
    assert alive(process.pid)
    process.stop()
    process.stop()
    assert not alive(process.pid)
    assert process.failure() == "fake was ended by signal 15 (SIGTERM); its log ends with: up"


def test_a_server_that_ignores_the_polite_signal_is_killed(start: Starter, log: Path) -> None:
    process = start(f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WAIT_FOR_EVER}", grace=0.2)
    process.wait_until(says(log, "up"))

    process.stop()

    assert "SIGKILL" in (process.failure() or "")


CHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {WAIT_FOR_EVER!r}])
print("child", child.pid, "runs", flush=True)
"""


def child_in(log: Path) -> int:
    words = log.read_text().split()
    return int(words[words.index("child") + 1])


def test_what_the_server_started_ends_with_it(start: Starter, log: Path) -> None:
    process = start(f"{CHILD}\nchild.wait()")
    process.wait_until(says(log, "runs"))
    child = child_in(log)
    assert alive(child)

    process.stop()

    assert eventually(lambda: not alive(child))


def test_what_a_crashed_server_leaves_running_is_ended(start: Starter, log: Path) -> None:
    process = start(f"{CHILD}\nimport os; os._exit(7)")

    assert eventually(lambda: process.failure() is not None)
    assert (process.failure() or "").startswith("fake exited with 7; its log ends with: ")
    assert eventually(lambda: not alive(child_in(log)))


def test_a_server_that_exits_at_once_is_told_with_its_log(start: Starter) -> None:
    process = start("print('one'); print('two'); raise SystemExit(3)")

    with pytest.raises(BackendStartError, match="fake exited with 3") as raised:
        process.wait_until(lambda: "it does not answer")

    assert raised.value.log_tail == ("one", "two")
    assert str(raised.value).endswith("one\n  two")


def test_a_server_that_never_works_is_told_with_what_is_wrong(start: Starter) -> None:
    process = start(WAIT_FOR_EVER)

    with pytest.raises(BackendStartError, match=r"within 0.1 seconds \(it does not answer\)"):
        process.wait_until(lambda: "it does not answer", deadline=0.1)


def test_a_program_that_is_not_there(tmp_path: Path, log: Path) -> None:
    process = ServerProcess(["/nowhere/at/all"], name="fake", folder=tmp_path, log=log)

    with pytest.raises(BackendStartError) as raised:
        process.wait_until(lambda: "it does not answer")

    assert raised.value.log_tail == ("/nowhere/at/all could not be run: No such file or directory",)
    process.stop()


def test_the_users_variables_do_not_reach_the_server(
    start: Starter, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the user's")
    monkeypatch.setenv("MINIO_ROOT_USER", "the user's")

    process = start(f"import os; print(sorted(os.environ), os.environ['HOME'])\n{WAIT_FOR_EVER}")
    process.wait_until(says(log, "up"))

    assert not {"AWS_ACCESS_KEY_ID", "MINIO_ROOT_USER"} & set(log.read_text().split("'"))
    assert str(tmp_path) in log.read_text()


PARENT = """
import sys
from pathlib import Path
from storagedriver.backends.process import ServerProcess
folder = Path(sys.argv[1])
log = folder / "server.log"
process = ServerProcess([sys.executable, "-c", sys.argv[2]], name="fake", folder=folder, log=log)
process.wait_until(lambda: None if "up" in log.read_text() else "not yet")
print(process.pid, flush=True)
if sys.argv[3] == "wait":
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a signal for the death of the parent")
def test_a_server_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), WAIT_FOR_EVER, "wait"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        assert alive(server)
        parent.kill()

    assert eventually(lambda: not alive(server))


def test_a_server_that_nobody_stopped_ends_when_its_parent_exits(tmp_path: Path) -> None:
    seen = subprocess.run(
        [sys.executable, "-c", PARENT, str(tmp_path), WAIT_FOR_EVER, "exit"],
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE,
    )

    assert not alive(int(seen.stdout))


def test_a_fork_of_the_owner_does_not_end_the_server(start: Starter, log: Path) -> None:
    process = start(WAIT_FOR_EVER)
    process.wait_until(says(log, "up"))

    owner, process._owner = process._owner, process._owner + 1
    process.stop()

    assert process.failure() is None
    process._owner = owner


def test_a_server_is_not_started_from_another_thread(tmp_path: Path, log: Path) -> None:
    raised: list[BackendStartError] = []

    def run() -> None:
        try:
            ServerProcess(["/bin/true"], name="fake", folder=tmp_path, log=log)
        except BackendStartError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert "main thread" in str(raised[0])


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(20)

    assert len(set(ports)) == 20
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def start_failing(tmp_path: Path, *codes: str) -> tuple[list[Sequence[int]], BackendStartError]:
    seen: list[Sequence[int]] = []
    remaining = list(codes)

    def launch(programs: Programs, endpoint: S3Endpoint, ports: Sequence[int]) -> None:
        assert endpoint.port == ports[0]
        seen.append(ports)
        programs.run([sys.executable, "-c", remaining.pop(0)])

    way = ProgramWay(
        missing=lambda: None,
        version=lambda: "1",
        ports=2,
        endpoint=lambda ports: S3Endpoint(port=ports[0]),
        launch=launch,
    )
    with pytest.raises(BackendStartError) as raised:
        way.start("fake", tmp_path)
    return seen, raised.value


PORT_TAKEN = "raise SystemExit('listen tcp 127.0.0.1:1: bind: address already in use')"


SWIFT_PORT_TAKEN = "raise SystemExit('Exception: Could not bind to 127.0.0.1:1 after trying for 2 seconds')"


@pytest.mark.parametrize("taken", [PORT_TAKEN, SWIFT_PORT_TAKEN])
def test_a_lost_race_for_a_port_is_tried_once_more_with_other_ports(tmp_path: Path, taken: str) -> None:
    seen, error = start_failing(tmp_path, taken, "raise SystemExit(3)")

    assert len(seen) == 2
    assert seen[0] != seen[1]
    assert "exited with 3" in str(error)


def test_a_port_that_is_taken_again_is_an_error(tmp_path: Path) -> None:
    seen, error = start_failing(tmp_path, PORT_TAKEN, PORT_TAKEN)

    assert len(seen) == 2
    assert "already in use" in str(error)


def test_another_failure_is_not_tried_again_and_leaves_nothing(tmp_path: Path) -> None:
    seen, error = start_failing(tmp_path, "print('the disk is full'); raise SystemExit(3)")

    assert len(seen) == 1
    assert error.log_tail == ("the disk is full",)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_names_its_signal(start: Starter, log: Path) -> None:
    process = start(WAIT_FOR_EVER)
    process.wait_until(says(log, "up"))

    os.kill(process.pid, signal.SIGKILL)

    assert eventually(lambda: process.failure() is not None)
    assert "ended by signal 9 (SIGKILL)" in (process.failure() or "")
