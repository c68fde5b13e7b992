"""Servers in containers: they start, store, are reached from this machine alone, and leave nothing, however a run ends."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backends.test_backend_servers import LOOPBACK, listening_addresses
from servers import need
from storagedriver import factory
from storagedriver.backends import BackendStartError, Provider, containers, providers
from storagedriver.backends.containers import CONTAINER_MODE, ContainerServer, ContainerWay, Setup
from storagedriver.backends.s3_endpoint import S3Endpoint
from storagedriver.driver import StorageDriver

NAMES = sorted(name for name, provider in providers().items() if CONTAINER_MODE in provider.modes)
UNLIKE = ("ceph", "minio")
"""One on the machine's own network, and one whose ports the engine publishes. How a container ends is the same for the others."""
ENDS = {"killed": signal.SIGKILL, "terminated": signal.SIGTERM, "left": None}
ENGINE_DEADLINE = 60


def engine() -> Any:
    import docker

    return docker.from_env()


def of_this_kit() -> list[Any]:
    """The engine's containers that the kit started, those that ended too."""
    with contextlib.closing(engine()) as client:
        # One that goes while it is looked at is gone.
        return list(client.containers.list(all=True, filters={"name": "storagedriver-"}, ignore_removed=True))


def addresses_of(container: Any) -> set[str]:
    """The addresses of this machine on which a container is reached."""
    if container.attrs["HostConfig"]["NetworkMode"] != "host":
        return {each["HostIp"] for ports in container.ports.values() for each in ports or ()}
    processes = container.top(ps_args="-o pid")["Processes"]
    found = set[str]().union(*(listening_addresses(int(pid)) for (pid,) in processes))
    return {"127.0.0.1" if address in LOOPBACK else address for address in found}


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + ENGINE_DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One of these tests at a time, whatever the number of workers: they count the engine's containers."""
    with (tmp_path_factory.getbasetemp().parent / "containers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(params=NAMES)
def provider(request: pytest.FixtureRequest) -> Provider:
    found = providers()[request.param]
    need(found.unavailable(CONTAINER_MODE))
    return found


@pytest.fixture
def server(provider: Provider, tmp_path: Path) -> Iterator[ContainerServer]:
    started = provider.start(CONTAINER_MODE, tmp_path)
    assert isinstance(started, ContainerServer)
    yield started
    started.stop()


@pytest.fixture
def driver(provider: Provider, server: ContainerServer) -> Iterator[StorageDriver]:
    with factory.create(provider.drivers[0], server.running.parameters) as made:
        yield made


def test_a_container_from_its_start_to_its_end(server: ContainerServer, driver: StorageDriver, tmp_path: Path) -> None:
    running = server.running
    assert running.mode == CONTAINER_MODE
    assert any(character.isdigit() for character in running.version)
    assert server.failure() is None
    driver.put_content("/a/b", b"content")

    assert driver.get_content("/a/b") == b"content"

    assert running.log is not None
    log = Path(running.log)
    assert eventually(lambda: log.stat().st_size > 0)
    (container,) = of_this_kit()
    addresses = addresses_of(container)
    assert addresses
    assert addresses <= {"127.0.0.1"}

    server.stop()
    server.stop()

    assert of_this_kit() == []
    assert list(tmp_path.iterdir()) == []
    assert "was stopped" in (server.failure() or "")


@pytest.mark.parametrize("provider", UNLIKE, indirect=True)
def test_a_container_that_was_killed_says_so(server: ContainerServer) -> None:
    (container,) = of_this_kit()
    container.kill()

    assert eventually(lambda: server.failure() is not None)
    assert f"the container of {server.running.name} exited with 137" in (server.failure() or "")


@pytest.mark.parametrize("provider", UNLIKE, indirect=True)
def test_a_container_that_was_removed_says_so(server: ContainerServer, tmp_path: Path) -> None:
    (container,) = of_this_kit()
    container.remove(force=True)

    assert f"the container of {server.running.name} is gone" in (server.failure() or "")
    server.stop()
    assert list(tmp_path.iterdir()) == []


STARTER = """
import json, sys
from pathlib import Path
from storagedriver.backends import providers
server = providers()[sys.argv[1]].start("container", Path(sys.argv[2]))
print(json.dumps(server.running.to_dict()), flush=True)
if sys.argv[3] == "wait":
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("provider", UNLIKE, indirect=True)
def test_a_container_goes_with_the_process_that_started_it(
    provider: Provider, end: signal.Signals | None, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", STARTER, provider.name, str(tmp_path), "wait" if end else "leave"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert json.loads(starter.stdout.readline())["name"] == provider.name
        if end is not None:
            assert len(of_this_kit()) == 1
            os.kill(starter.pid, end)

    assert eventually(lambda: of_this_kit() == [])


def way(image: str, **changes: Any) -> ContainerWay[S3Endpoint]:
    values: dict[str, Any] = {
        "image": image,
        "ports": (9000,),
        "endpoint": lambda ports: S3Endpoint(port=ports[0]),
        "setup": lambda endpoint: Setup(),
        "version": (("true",), lambda told: told),
        **changes,
    }
    return ContainerWay(**values)


def test_an_image_that_cannot_be_had(tmp_path: Path) -> None:
    need(containers.engine_missing())

    with pytest.raises(BackendStartError, match=r"a container of storagedriver\.invalid/none:1 for fake could not be"):
        way("storagedriver.invalid/none:1").start("fake", tmp_path)

    assert of_this_kit() == []
    assert list(tmp_path.iterdir()) == []


def test_an_image_that_is_built_by_the_user() -> None:
    need(containers.engine_missing())

    assert (
        way("storagedriver/none:1", build="docker build none").unavailable()
        == "the image storagedriver/none:1 is not here, and is published nowhere; build it with: docker build none"
    )


def test_a_container_that_ends_at_once_shows_its_last_words(provider: Provider, tmp_path: Path) -> None:
    image = getattr(provider, "ways")[CONTAINER_MODE].image  # noqa: B009  providers of others need not have it
    wrong = way(image, setup=lambda endpoint: Setup(command=("no-such-command",)))

    with pytest.raises(BackendStartError) as raised:
        wrong.start("fake", tmp_path)

    assert "fake" in raised.value.reason
    assert "no-such-command" in str(raised.value)
    assert of_this_kit() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("unix:///nowhere/docker.sock", "no container engine answers; start Docker"),
        ("tcp://127.0.0.1:1", "no container engine answers; start Docker"),
    ],
)
def test_no_engine(host: str, problem: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)

    assert problem in (way("x:1").unavailable() or "")
    assert problem in (providers()["minio"].unavailable(CONTAINER_MODE) or "")
    with pytest.raises(BackendStartError, match="no container engine answers"):
        providers()["minio"].start(CONTAINER_MODE, tmp_path)
