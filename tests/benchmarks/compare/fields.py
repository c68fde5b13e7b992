"""The fields: a driver, its server, and its peers with the goals."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.compare.contestants import Contestant, Driver
from benchmarks.compare.local_files import FsspecLocal, PlainFiles
from benchmarks.compare.object_stores import AzureSdk, Boto3, Boto3Stream, Obstore, Opendal, Parameters, Swiftclient
from storagedriver import factory
from storagedriver.backends.selection import find

SDK_STREAMS = 0.95
PURE_PYTHON = 1.0
RUST_STREAMS = 0.8

SMALL_CHUNKS = frozenset({"chunksize", "multipartcopychunksize", "multipartcopythresholdsize", "copythresholdsize"})
"""Parameters by which the suites meet the ends of chunks early; who uses the driver has its defaults."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody to compare with.

    Attributes:
        make: Makes it, of the parameters that reach the server.
        package: What has to be installed.
        stream_goal: What the ratio of large streams is to be at least.
        goal: The same of all else.
        only: What it does otherwise than another peer, as the name of the workload begins; empty for all.
    """

    make: Callable[[Parameters], Contestant]
    package: str
    stream_goal: float | None = None
    goal: float | None = None
    only: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether it can take part."""
        return importlib.util.find_spec(self.package) is not None


@dataclass(frozen=True, slots=True)
class Field:
    """A driver and its peers.

    Attributes:
        driver: The driver's name.
        backend: The server, as `--backend` takes it; None for none.
        peers: By name.
    """

    driver: str
    backend: str | None
    peers: Mapping[str, Peer]

    @property
    def label(self) -> str:
        """The driver and its server: "s3@minio"."""
        return self.driver if self.backend is None else f"{self.driver}@{self.backend.partition(':')[0]}"

    @contextmanager
    def opened(self) -> Iterator[tuple[Contestant, Mapping[str, Contestant], str | None]]:
        """The driver, the peers that are installed, and the server's version; all on one store."""
        with tempfile.TemporaryDirectory(prefix="storagedriver-") as place:
            folder = Path(place)
            if self.backend is None:
                (folder / "driver").mkdir()
                (folder / "peers").mkdir()
                with factory.create(self.driver, {"rootdirectory": str(folder / "driver")}) as driver:
                    yield Driver(driver), self._made({"folder": folder / "peers"}), None
                return
            provider, mode = find(self.backend)
            server = provider.start(mode, folder)
            try:
                given = {name: value for name, value in server.running.parameters.items() if name not in SMALL_CHUNKS}
                with factory.create(self.driver, given) as driver:
                    yield Driver(driver), self._made(given), server.running.version
            finally:
                server.stop()

    def _made(self, given: Parameters) -> Mapping[str, Contestant]:
        return {name: peer.make(given) for name, peer in self.peers.items() if peer.is_installed}


FIELDS: Mapping[str, Field] = {
    "filesystem": Field(
        "filesystem",
        None,
        {
            "plain files, fsync": Peer(lambda given: PlainFiles(given["folder"]), "os", SDK_STREAMS),
            "fsspec local, no fsync": Peer(lambda given: FsspecLocal(given["folder"]), "fsspec"),
        },
    ),
    "s3": Field(
        "s3",
        "minio:process",
        {
            "boto3, transfer manager": Peer(Boto3, "boto3", SDK_STREAMS, PURE_PYTHON),
            "boto3, one stream": Peer(Boto3Stream, "boto3", SDK_STREAMS, only="download"),
            "obstore": Peer(Obstore.s3, "obstore", RUST_STREAMS),
            "opendal": Peer(Opendal, "opendal"),
        },
    ),
    "azure": Field(
        "azure",
        "azurite:process",
        {
            "azure-storage-blob": Peer(AzureSdk, "azure", SDK_STREAMS, PURE_PYTHON),
            "obstore": Peer(Obstore.azure, "obstore", RUST_STREAMS),
        },
    ),
    "swift": Field(
        "swift", "swift:process", {"swiftclient": Peer(Swiftclient, "swiftclient", SDK_STREAMS, PURE_PYTHON)}
    ),
}
"""What is compared."""
