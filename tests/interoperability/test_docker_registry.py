"""The Docker registry and our drivers on one store: each reads, and changes, what the other wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from interoperability.registry import ROOT, Image, digest, image, missing, serving
from servers import need
from storagedriver import PathNotFoundError, StorageDriver, factory
from storagedriver.backends import choose, providers


@dataclass(frozen=True, slots=True)
class Store:
    """One place, as our driver and as the registry are told of it."""

    driver: str
    parameters: Mapping[str, Any]
    registry: Mapping[str, Any]

    def open(self) -> StorageDriver:
        return factory.create(self.driver, self.parameters)


def filesystem(parameters: Mapping[str, Any], root: str, folder: Path) -> Store:
    del parameters
    place = {"rootdirectory": str(folder / "store" / root)}
    return Store("filesystem", place, {"filesystem": place})


def s3(parameters: Mapping[str, Any], root: str, folder: Path) -> Store:
    del folder
    names = ("regionendpoint", "region", "accesskey", "secretkey", "bucket", "chunksize")
    shared = {**{name: parameters[name] for name in names}, "rootdirectory": f"/{root}"}
    return Store("s3", {**parameters, **shared}, {"s3": {**shared, "secure": False, "v4auth": True}})


def swift(parameters: Mapping[str, Any], root: str, folder: Path) -> Store:
    del folder
    names = ("authurl", "username", "password", "container", "chunksize")
    shared = {name: parameters[name] for name in names}
    # The registry calls it rootdirectory in its documentation, and takes it as prefix.
    return Store("swift", {**parameters, **shared, "rootdirectory": root}, {"swift": {**shared, "prefix": root}})


KINDS: Mapping[str, tuple[str | None, Callable[[Mapping[str, Any], str, Path], Store]]] = {
    "filesystem": (None, filesystem),
    "s3-on-minio": ("minio", s3),
    "s3-on-seaweedfs": ("seaweedfs", s3),
    "swift": ("swift", swift),
}
"""By name: the server, and what makes a store of its parameters, a root and a folder of this machine."""

Make = Callable[[str], Store]


@pytest.fixture(scope="module", params=sorted(KINDS))
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes the store of a root."""
    need(missing())
    server, kind = KINDS[request.param]
    folder = tmp_path_factory.mktemp("registry")
    if server is None:
        yield lambda root: kind({}, root, folder)
        return
    provider = providers()[server]
    need(provider.unavailable("process"))
    started = provider.start(choose(provider.drivers[0], f"{server}:process")[1], folder)
    yield lambda root: kind(started.running.parameters, root, folder)
    started.stop()


def data_path(blob: bytes) -> str:
    name = hashlib.sha256(blob).hexdigest()
    return f"{ROOT}/blobs/sha256/{name[:2]}/{name}/data"


def test_our_driver_reads_what_the_registry_wrote(make: Make, tmp_path: Path) -> None:
    """Through list, stat, walk, get and reader."""
    store, pushed = make("reads"), image("team/tool", seed=1)
    with serving(store.registry, tmp_path) as registry:
        registry.push(pushed)

    with store.open() as driver:
        assert driver.list(ROOT) == [f"{ROOT}/blobs", f"{ROOT}/repositories"]
        assert driver.stat(f"{ROOT}/repositories/team/tool").is_dir
        walked = {info.path: info for info in driver.walk("/") if not info.is_dir}
        for blob in (*pushed.blobs, pushed.manifest):
            path = data_path(blob)
            assert walked[path].size == driver.stat(path).size == len(blob)
            with driver.reader(path, len(blob) // 2) as reader:
                assert reader.read() == blob[len(blob) // 2 :]
        link = f"{ROOT}/repositories/team/tool/_manifests/tags/latest/current/link"
        assert driver.get_content(link) == digest(pushed.manifest).encode()
        assert all(info.mod_time is not None for info in walked.values())


def test_the_registry_sees_what_our_driver_changes(make: Make, tmp_path: Path) -> None:
    """A moved blob is missed, and served again once it is back; a deleted repository is gone."""
    store, pushed = make("changes"), image("tool", seed=3)
    moved = data_path(pushed.blobs[2])
    with serving(store.registry, tmp_path) as registry:
        registry.push(pushed)

        with store.open() as driver:
            driver.move(moved, "/elsewhere/data")
            assert registry.request("GET", f"/v2/tool/blobs/{digest(pushed.blobs[2])}")[0] == 404
            driver.move("/elsewhere/data", moved)
            assert registry.pull(pushed) == (pushed.manifest, list(pushed.blobs))

            driver.delete(f"{ROOT}/repositories/tool")
            with pytest.raises(PathNotFoundError):
                driver.stat(f"{ROOT}/repositories/tool")
        assert registry.request("GET", "/v2/tool/manifests/latest")[0] == 404


def test_our_driver_deletes_what_the_registry_wrote(make: Make, tmp_path: Path) -> None:
    """All of it, and the registry can begin anew there."""
    store, pushed = make("deletes"), image("tool", seed=5)
    with serving(store.registry, tmp_path) as registry:
        registry.push(pushed)
        with store.open() as driver:
            driver.delete("/docker")

            assert driver.list("/") == []
            registry.push(pushed)
            assert driver.stat(data_path(pushed.blobs[2])).size == len(pushed.blobs[2])


def write_image(driver: StorageDriver, written: Image) -> None:
    """Store an image as the registry does, by the driver alone."""
    repository = f"{ROOT}/repositories/{written.name}"
    for blob in (*written.blobs, written.manifest):
        with driver.writer(data_path(blob)) as writer:
            writer.write(blob)
            writer.commit()
    for blob in written.blobs:
        link = f"{repository}/_layers/sha256/{digest(blob).removeprefix('sha256:')}/link"
        driver.put_content(link, digest(blob).encode())
    manifest = digest(written.manifest)
    revision, tag = f"{repository}/_manifests/revisions/sha256", f"{repository}/_manifests/tags/{written.tag}"
    number = manifest.removeprefix("sha256:")
    for place in (f"{revision}/{number}", f"{tag}/current", f"{tag}/index/sha256/{number}"):
        driver.put_content(f"{place}/link", manifest.encode())


def test_the_registry_serves_what_our_driver_wrote(make: Make, tmp_path: Path) -> None:
    """An image that no registry ever saw is pulled, and one pushed beside it."""
    store, written, pushed = make("serves"), image("team/ours", seed=7), image("team/theirs", seed=9)
    with store.open() as driver:
        write_image(driver, written)

        with serving(store.registry, tmp_path) as registry:
            assert registry.pull(written) == (written.manifest, list(written.blobs))
            assert registry.request("GET", "/v2/_catalog")[1] == b'{"repositories":["team/ours"]}\n'
            registry.push(pushed)
            assert registry.pull(pushed) == (pushed.manifest, list(pushed.blobs))
        assert driver.list(f"{ROOT}/repositories/team") == [
            f"{ROOT}/repositories/team/ours",
            f"{ROOT}/repositories/team/theirs",
        ]
