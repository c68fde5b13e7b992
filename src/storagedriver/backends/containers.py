"""A server that runs in a container of Docker, or of an engine that speaks its protocol, by testcontainers."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from storagedriver.backends.endpoint import HOST, Endpoint
from storagedriver.backends.errors import BackendStartError
from storagedriver.backends.model import RunningBackend
from storagedriver.backends.process import START_DEADLINE, free_ports, log_tail

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

CONTAINER_MODE = "container"
UNKNOWN = "unknown"
SAME = 0
"""In ContainerWay.ports: the same number inside as outside."""

_ENDING = Path(__file__).with_name("_container_end.py")
_ENDING_DEADLINE = 30.0
_POLL_INTERVAL = 0.05
_PING_DEADLINE = 5
_USUAL_ENGINE = "unix:///var/run/docker.sock"
_VERSION_LABEL = "org.opencontainers.image.version"
_PORT_TAKEN = ("already in use", "already allocated")

EndpointT = TypeVar("EndpointT", bound=Endpoint)


def engine_missing() -> str | None:
    """Why no container can be run here, with what would mend it; None if an engine answers."""
    if importlib.util.find_spec("testcontainers") is None:
        return "testcontainers is not installed; install it with: pip install 'storagedriver[containers]'"
    if not _engine_answers():
        return "no container engine answers; start Docker, or set DOCKER_HOST to where one listens"
    if os.environ.get("DOCKER_HOST", "").startswith(("tcp:", "ssh:", "http")):
        return f"the container engine is on another machine, whose ports {HOST} does not have"
    return None


def _engine_answers() -> bool:
    import docker  # noqa: PLC0415  # only where a container is wanted
    from docker.errors import DockerException  # noqa: PLC0415

    scheme, _, path = os.environ.get("DOCKER_HOST", _USUAL_ENGINE).partition("://")
    if scheme == "unix":
        # Asked first, since Docker's client leaves sockets open where nobody listens.
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(path)
            except OSError:
                return False
    try:
        with contextlib.closing(docker.from_env(timeout=_PING_DEADLINE)) as client:
            client.ping()
    except DockerException:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a container is run with.

    Attributes:
        command: Arguments for the image's program.
        environment: Variables, keys included.
        files: Their content, by their path in the container.
    """

    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


class ContainerServer:
    """A running server in a container."""

    def __init__(self, running: RunningBackend, *, endpoint: Endpoint, box: _Box) -> None:
        self.running = running
        self.endpoint = endpoint
        self._box = box

    def failure(self) -> str | None:
        return self._box.failure() or self.endpoint.failure()

    def stop(self) -> None:
        self._box.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerWay(Generic[EndpointT]):
    """How to run a server in a container.

    Attributes:
        image: Its public name and tag. It is pulled if the engine does not have it.
        ports: What it listens on inside, each published on a free port of HOST. SAME for a server that has to reach
            itself by the URL that clients use: it listens on the number that is published.
        endpoint: Makes the endpoint of the published ports.
        setup: What the container of this endpoint is run with.
        version: A command that prints the server's version in the container, and what finds the version in that. The
            image's label is taken if it finds none.
        host_network: The container has no network of its own but this machine's, where it listens on SAME ports and on
            HOST alone. For servers that tell their clients the addresses of others, which only then are the clients' too.
        needs: Says what else is missing on this machine; None if nothing is.
        build: The command that makes the image, if it is published nowhere.
        deadline: Seconds from the container's start until content can be written and read.
    """

    image: str
    ports: Sequence[int]
    endpoint: Callable[[Sequence[int]], EndpointT]
    setup: Callable[[EndpointT], Setup]
    version: tuple[Sequence[str], Callable[[str], str | None]]
    host_network: bool = False
    needs: Callable[[], str | None] = lambda: None
    build: str | None = None
    deadline: float = START_DEADLINE

    def unavailable(self) -> str | None:
        return self.needs() or engine_missing() or self._image_missing()

    def _image_missing(self) -> str | None:
        if self.build is None or _has_image(self.image):
            return None
        return f"the image {self.image} is not here, and is published nowhere; build it with: {self.build}"

    def start(self, name: str, folder: Path) -> ContainerServer:
        """Start it. If another took a port meanwhile, one more start with new ports is tried."""
        try:
            return self._start(name, folder)
        except BackendStartError as error:
            if not any(words in error.reason for words in _PORT_TAKEN):
                raise
        return self._start(name, folder)

    def _start(self, name: str, folder: Path) -> ContainerServer:
        published = free_ports(len(self.ports))
        endpoint = self.endpoint(published)
        box = _Box(name, folder)
        try:
            box.run(self.image, self.setup(endpoint), None if self.host_network else self._mapped(published))
            box.wait_until(endpoint.prepare, deadline=self.deadline)
            command, version_in = self.version
            version = version_in(box.answer(command)) or box.label(_VERSION_LABEL) or UNKNOWN
        except BaseException:
            box.stop()
            raise
        running = RunningBackend(
            name=name, mode=CONTAINER_MODE, version=version, parameters=endpoint.parameters(), log=str(box.log)
        )
        return ContainerServer(running, endpoint=endpoint, box=box)

    def _mapped(self, published: Sequence[int]) -> dict[int, int]:
        inside = (outside if port == SAME else port for port, outside in zip(self.ports, published, strict=True))
        return dict(zip(inside, published, strict=True))


class _Box:
    """One container, with a folder for its log, removed for certain: also when this process is killed."""

    def __init__(self, name: str, folder: Path) -> None:
        """Prepare a container of the server called `name`."""
        self._name = name
        self._folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
        self._owner = os.getpid()
        self._container: DockerContainer | None = None
        self._ending: subprocess.Popen[bytes] | None = None
        self._follower: threading.Thread | None = None
        self.log = self._folder / f"{name}.log"
        self.log.touch()

    def run(self, image: str, setup: Setup, ports: Mapping[int, int] | None) -> None:
        """Start a container of `image`, with ports of its own published on those of HOST; None for HOST's network.

        Raises:
            BackendStartError: The engine did not do it, or did not get the image.
        """
        from docker.errors import DockerException  # noqa: PLC0415  # only where a container is wanted
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415

        called = f"storagedriver-{self._name}-{secrets.token_hex(6)}"
        atexit.register(self.stop)
        self._ending = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-I", str(_ENDING), called],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            container = DockerContainer(image, name=called)
            self._container = container
            if setup.command:
                container.with_command(list(setup.command))
            container.env.update(setup.environment)
            if ports is None:
                container.with_kwargs(network_mode="host")
            for inside, outside in (ports or {}).items():
                bound: Any = (HOST, outside)  # Typed as a number alone, which would publish it on every address.
                container.ports[str(inside)] = bound
            for path, content in setup.files.items():
                container.with_copy_into_container(content, path)
            with _without_reaper():
                container.start()
        except (DockerException, OSError) as error:
            raise BackendStartError(
                f"a container of {image} for {self._name} could not be started: {_told(error)}"
            ) from error
        self._follower = threading.Thread(target=self._follow, name=f"log of {called}", daemon=True)
        self._follower.start()

    def wait_until(self, works: Callable[[], str | None], *, deadline: float) -> None:
        """Return once `works` returns None; until then it returns what is still wrong.

        Raises:
            BackendStartError: The container ended, or `deadline` seconds went by.
        """
        end = time.monotonic() + deadline
        while (problem := works()) is not None:
            ended = self.failure()
            if ended is not None:
                raise BackendStartError(ended, log_tail=self._last_words())
            if time.monotonic() >= end:
                raise BackendStartError(
                    f"{self._name} did not answer as it should within {deadline:g} seconds ({problem})",
                    log_tail=log_tail(self.log),
                )
            time.sleep(_POLL_INTERVAL)

    def answer(self, command: Sequence[str]) -> str:
        """What a command in the container prints; empty if it fails."""
        from docker.errors import DockerException  # noqa: PLC0415

        assert self._container is not None
        try:
            done = self._container.exec(list(command))
        except DockerException:
            return ""
        return done.output.decode(errors="replace") if done.exit_code == 0 else ""

    def label(self, name: str) -> str | None:
        """A label of the image."""
        return self._wrapped().labels.get(name) or None

    def failure(self) -> str | None:
        """None while the container runs; else one sentence with its exit code."""
        from docker.errors import DockerException, NotFound  # noqa: PLC0415

        if self._container is None:
            return f"the container of {self._name} was stopped"
        try:
            container = self._wrapped()
            container.reload()
        except NotFound:
            return f"the container of {self._name} is gone"
        except DockerException as error:
            return f"the container engine does not answer: {_told(error)}"
        if container.status == "running":
            return None
        return f"the container of {self._name} exited with {container.attrs['State']['ExitCode']}"

    def stop(self) -> None:
        """Remove the container and the folder. More calls do nothing."""
        if os.getpid() != self._owner:
            return  # A fork of the owner runs the exit handlers too; the container is not its own.
        from docker.errors import DockerException  # noqa: PLC0415

        atexit.unregister(self.stop)
        container, self._container = self._container, None
        if container is not None:
            # An engine that has gone has taken its containers along, or will have to be asked by hand.
            with contextlib.suppress(DockerException):
                container.stop()
        if self._ending is not None:
            # If the container is still there, as when this was interrupted between its making and here, it goes now.
            self._ending.communicate(timeout=_ENDING_DEADLINE)
            self._ending = None
        if self._follower is not None:
            self._follower.join(_ENDING_DEADLINE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wrapped(self) -> Any:
        assert self._container is not None
        return self._container.get_wrapped_container()

    def _follow(self) -> None:
        from docker.errors import DockerException  # noqa: PLC0415

        with contextlib.suppress(DockerException, OSError, AssertionError), self.log.open("ab", buffering=0) as log:
            for piece in self._wrapped().logs(stream=True, follow=True):
                log.write(piece)

    def _last_words(self) -> list[str]:
        if self._follower is not None:
            self._follower.join(_PING_DEADLINE)
        return log_tail(self.log)


@contextlib.contextmanager
def _without_reaper() -> Iterator[None]:
    """Have testcontainers start no container that watches the others: it would have to be pulled, and _Box has its own."""
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415

    before = testcontainers_config.ryuk_disabled
    testcontainers_config.ryuk_disabled = True
    try:
        yield
    finally:
        testcontainers_config.ryuk_disabled = before


def _has_image(image: str) -> bool:
    import docker  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        with contextlib.closing(docker.from_env(timeout=_PING_DEADLINE)) as client:
            client.images.get(image)
    except DockerException:
        return False
    return True


def _told(error: Exception) -> str:
    explanation = getattr(error, "explanation", None)
    return str(explanation or error)
