"""The fields: a driver, its server, and its peers with the goals."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

from benchmarks.compare import swift_clients
from benchmarks.compare.contestants import Bench, Contestant, Driver
from benchmarks.compare.counting import Counting
from benchmarks.compare.fsspec_filesystems import Fsspec
from benchmarks.compare.local_files import PlainFiles
from benchmarks.compare.object_stores import AzureSdk, Boto3, Boto3Stream, Obstore, Opendal, Parameters
from benchmarks.compare.rados_clients import Librados, RadosBench
from benchmarks.compare.workloads import ALL_ACTS, Act
from storagedriver import StorageDriver, factory
from storagedriver.backends.selection import find
from storagedriver.registry import find_suite
from storagedriver.wire import FaultProxy, WireAccess

SDK_STREAMS = 0.95
PURE_PYTHON = 1.0
COMPILED_STREAMS = 0.8

SMALL_CHUNKS = frozenset({"chunksize", "multipartcopychunksize", "multipartcopythresholdsize", "copythresholdsize"})
"""Parameters by which the suites meet the ends of chunks early; who uses the driver has its defaults."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody to compare with.

    Attributes:
        make: Makes it, of the parameters that reach the server.
        package: The package it comes in; None where there is nothing to install that the server does not need too.
        stream_goal: What the ratio of large streams is to be at least.
        goal: The same of all else.
        acts: What it takes part in, where it does the rest as another peer does.
        is_sdk: It is the library that the driver is made on: a put and a get of the driver make no more requests.
    """

    make: Callable[[Parameters], Contestant | Bench]
    package: str | None = None
    stream_goal: float | None = None
    goal: float | None = None
    acts: frozenset[Act] = ALL_ACTS
    is_sdk: bool = False

    @property
    def version(self) -> str | None:
        """The package's; None where it is not installed."""
        try:
            return None if self.package is None else metadata.version(self.package)
        except metadata.PackageNotFoundError:
            return None

    @property
    def is_there(self) -> bool:
        """Whether it can take part."""
        return self.package is None or self.version is not None

    def goal_of(self, act: Act) -> float | None:
        """What the ratio is to be at least."""
        return self.stream_goal if act.is_stream else self.goal


@dataclass(frozen=True, slots=True)
class Opened:
    """A driver and its peers on one store.

    Attributes:
        own: The driver.
        peers: The peers that can take part, by name.
        servers: The server's version by its name; empty without a server.
        counting: Counts their requests; None where no proxy can be put before the server.
    """

    own: Contestant
    peers: Mapping[str, Contestant | Bench]
    servers: Mapping[str, str]
    counting: Counting | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A driver and its peers.

    Attributes:
        driver: The driver's name.
        backend: The server, as `--backend` takes it; None for none.
        peers: By name.
        parameters: What the driver is told besides where the server is.
    """

    driver: str
    backend: str | None
    peers: Mapping[str, Peer]
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The driver and its server: "s3@minio"."""
        return self.driver if self.backend is None else f"{self.driver}@{self._server}"

    @property
    def _server(self) -> str:
        return (self.backend or "").partition(":")[0]

    @property
    def packages(self) -> Mapping[str, str]:
        """The versions of the peers' packages that are installed."""
        found = {peer.package: peer.version for peer in self.peers.values()}
        return {name: version for name, version in found.items() if name is not None and version is not None}

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        """Start the server, if there is one, and make the driver and its peers.

        Raises:
            BackendSetupError: The server cannot run here, or does not start.
        """
        with tempfile.TemporaryDirectory(prefix="storagedriver-") as place:
            folder = Path(place)
            if self.backend is None:
                (folder / "driver").mkdir()
                (folder / "peers").mkdir()
                with self._own({"rootdirectory": str(folder / "driver")}) as driver:
                    yield Opened(Driver(driver), self._made({"folder": folder / "peers"}), {})
                return
            provider, mode = find(self.backend)
            server = provider.start(mode, folder)
            try:
                given = {name: value for name, value in server.running.parameters.items() if name not in SMALL_CHUNKS}
                with self._own(given) as driver, self._counting(given) as counting:
                    servers = {self._server: server.running.version or "unknown"}
                    yield Opened(Driver(driver), self._made(given), servers, counting)
            finally:
                server.stop()

    @contextmanager
    def _counting(self, given: Parameters) -> Iterator[Counting | None]:
        suite = find_suite(self.driver)
        if suite is None or not isinstance(suite.wire, WireAccess):
            yield None
            return
        # With the patience that it has without a proxy: repeated requests are not its habit.
        access = replace(suite.wire, parameters={})
        with FaultProxy(*access.server(given)) as proxy:
            led = access.through(proxy.authority, given)
            with self._own(led) as driver:
                yield Counting(proxy, Driver(driver), self._made(led))

    def _own(self, given: Parameters) -> StorageDriver:
        return factory.create(self.driver, {**given, **self.parameters})

    def _made(self, given: Parameters) -> Mapping[str, Contestant | Bench]:
        return {name: peer.make(given) for name, peer in self.peers.items() if peer.is_there}


FIELDS: Mapping[str, Field] = {
    each.driver: each
    for each in (
        Field(
            "filesystem",
            None,
            {
                "plain files, fsync": Peer(lambda given: PlainFiles(given["folder"]), None, SDK_STREAMS),
                "fsspec local, no fsync": Peer(Fsspec.local, "fsspec"),
            },
        ),
        Field(
            "s3",
            "minio:process",
            {
                "boto3, transfer manager": Peer(Boto3, "boto3", SDK_STREAMS, PURE_PYTHON, is_sdk=True),
                "boto3, one stream": Peer(Boto3Stream, "boto3", SDK_STREAMS, acts=frozenset({Act.DOWNLOAD})),
                "s3fs": Peer(Fsspec.s3, "s3fs", PURE_PYTHON, PURE_PYTHON),
                "obstore": Peer(Obstore.s3, "obstore", COMPILED_STREAMS),
                "opendal": Peer(Opendal, "opendal"),
            },
            # What MinIO notices damage by from boto3 too.
            {"checksum": "sha256"},
        ),
        Field(
            "azure",
            "azurite:process",
            {
                "azure-storage-blob": Peer(AzureSdk, "azure-storage-blob", SDK_STREAMS, PURE_PYTHON, is_sdk=True),
                "adlfs": Peer(Fsspec.azure, "adlfs", PURE_PYTHON, PURE_PYTHON),
                "obstore": Peer(Obstore.azure, "obstore", COMPILED_STREAMS),
            },
        ),
        Field(
            "swift",
            "swift:process",
            {
                "swiftclient": Peer(
                    swift_clients.Connection, "python-swiftclient", SDK_STREAMS, PURE_PYTHON, is_sdk=True
                ),
                "SwiftService": Peer(swift_clients.Service, "python-swiftclient", PURE_PYTHON, PURE_PYTHON),
            },
        ),
        Field(
            "rados",
            "ceph:process",
            {
                "librados": Peer(Librados, None, SDK_STREAMS, PURE_PYTHON),
                "rados bench": Peer(RadosBench, None, COMPILED_STREAMS),
            },
        ),
    )
}
"""What is compared, by the driver's name."""
