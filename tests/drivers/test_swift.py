"""The swift driver against OpenStack Swift, which the kit starts: what the suite cannot see.

The layout is looked at by Swift's own client; faults are put between the driver and its connections.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import logging
import pickle
import secrets
import socket
import ssl
import subprocess
import sys
import threading
import tracemalloc
import urllib.request
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from drivers.replacing import append_while_it_is_replaced
from servers import certify_loopback, need
from storagedriver import (
    BackendError,
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
    factory,
)
from storagedriver.backends.programs import ProgramServer
from storagedriver.backends.rgw import RGW_SWIFT, RgwSwiftEndpoint
from storagedriver.backends.swift import SWIFT
from storagedriver.backends.swift_endpoint import SwiftEndpoint
from storagedriver.chunking import CHUNKS_AT_ONCE
from storagedriver_drivers.swift import SwiftDriver, SwiftParameters, manifests
from storagedriver_drivers.swift.certification import PARAMETERS, inspect
from storagedriver_drivers.swift.layout import Layout
from storagedriver_drivers.swift.session import Request, Stream

swiftclient = pytest.importorskip("swiftclient.client")

CHUNK = 1 << 20
CONTAINER = "storagedriver"


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwiftEndpoint]:
    need(SWIFT.unavailable("process"))
    server = SWIFT.start("process", tmp_path_factory.mktemp("swift"))
    assert isinstance(server, ProgramServer)
    assert isinstance(server.endpoint, SwiftEndpoint)
    yield server.endpoint
    server.stop()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RgwSwiftEndpoint]:
    reason = RGW_SWIFT.unavailable("process")
    if reason:
        pytest.skip(reason)
    server = RGW_SWIFT.start("process", tmp_path_factory.mktemp("rgw"))
    assert isinstance(server, ProgramServer)
    assert isinstance(server.endpoint, RgwSwiftEndpoint)
    yield server.endpoint
    server.stop()


def connected(given: dict[str, Any]) -> Any:
    return swiftclient.Connection(given["authurl"], given["username"], given["password"], retries=0)


@pytest.fixture
def raw(endpoint: SwiftEndpoint) -> Iterator[Any]:
    connection = connected(endpoint.parameters())
    yield connection
    connection.close()


@pytest.fixture
def root() -> str:
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
def parameters(endpoint: SwiftEndpoint, root: str) -> dict[str, Any]:
    return {**PARAMETERS, **endpoint.parameters(), "rootdirectory": root, "retries": 1}


@pytest.fixture
def driver(parameters: dict[str, Any]) -> Iterator[SwiftDriver]:
    with SwiftDriver.from_parameters(parameters) as made:
        yield made


def body(size: int, seed: int = 0) -> bytes:
    block = hashlib.sha256(str(seed).encode()).digest() * 1024
    return (block * (size // len(block) + 1))[:size]


def write(driver: SwiftDriver, path: str, content: bytes) -> None:
    with driver.writer(path) as writer:
        writer.write(content)
        writer.commit()


def names(raw: Any, prefix: str) -> list[str]:
    return [entry["name"] for entry in raw.get_container(CONTAINER, prefix=prefix, full_listing=True)[1]]


class FakeBody:
    def __init__(self, content: bytes) -> None:
        self.raw = self
        self.content = content

    def read(self, size: int | None = None) -> bytes:
        taken, self.content = (self.content, b"") if size is None else (self.content[:size], self.content[size:])
        return taken

    def close(self) -> None:
        pass


class Faults:
    """Counts what a driver asks of the server, and answers chosen requests by itself, below the driver's retries."""

    def __init__(self, driver: SwiftDriver) -> None:
        self.seen: Counter[str] = Counter()
        self._planned: dict[str, list[Any]] = {}
        self._send: Callable[[Request, Any], Stream] = driver._session._send
        driver._session._send = self.send  # type: ignore[method-assign]

    def answer(self, operation: str, *answers: int | str | None) -> None:
        """The next requests of `operation`, as "PUT of an object", get these in turn.

        A status; "lost": it is done, and the answer lost; "cut": it is not done; None: it passes.
        """
        self._planned[operation] = list(answers)

    def send(self, request: Request, access: Any) -> Stream:
        operation = f"{request.method} of {request.what}"
        self.seen[operation] += 1
        planned = self._planned.get(operation)
        chosen = planned.pop(0) if planned else None
        if isinstance(chosen, int):
            return Stream(chosen, {}, FakeBody(b"no"), lambda: None)
        if chosen == "cut":
            raise ConnectionResetError("cut")
        stream = self._send(request, access)
        if chosen == "lost":
            stream.close()
            raise ConnectionResetError("lost")
        return stream

    def taken(self) -> Counter[str]:
        counted = Counter(self.seen)
        self.seen.clear()
        return counted


@pytest.fixture
def faults(driver: SwiftDriver) -> Faults:
    driver.list("/")  # Gets the token, and what the server says of itself.
    made = Faults(driver)
    made.taken()
    return made


class TestLayout:
    def test_a_file_is_an_object_below_files(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        driver.put_content("/docker/registry/v2", b"content")
        headers, content = raw.get_object(CONTAINER, f"{root}/files/docker/registry/v2")
        assert content == b"content"
        assert headers["content-type"] == "application/octet-stream"
        assert names(raw, f"{root}/") == [f"{root}/files/docker/registry/v2"]

    def test_without_a_root(self, parameters: dict[str, Any], raw: Any, root: str) -> None:
        with SwiftDriver.from_parameters({**parameters, "rootdirectory": ""}) as driver:
            write(driver, f"/{root}", body(CHUNK + 1))
            assert names(raw, f"files/{root}") == [f"files/{root}"]
            assert len(names(raw, "segments/")) == 2
            driver.delete(f"/{root}")
        assert names(raw, "segments/") == []

    def test_a_large_file_is_a_manifest_that_lists_its_segments(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        write(driver, "/large", body(2 * CHUNK + 7))
        headers, content = raw.get_object(CONTAINER, f"{root}/files/large")
        assert content == body(2 * CHUNK + 7)
        assert headers["x-static-large-object"] == "True"
        segments = names(raw, f"{root}/segments/")
        assert [name.rpartition("/")[2] for name in segments] == [f"{number:016d}" for number in (1, 2, 3)]
        stream = "".join(segments[0][len(root) + 10 :].split("/")[:2])
        assert [len(part) for part in segments[0][len(root) + 10 :].split("/")] == [3, 37, 16]
        assert names(raw, f"{root}/staging/") == [f"{root}/staging/large/~{stream}"]

    def test_what_the_go_registry_wrote(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        prefix = f"{root}/segments/abc/{'0' * 37}"
        for number in (1, 2):
            raw.put_object(CONTAINER, f"{prefix}/{number:016d}", body(1000, number))
        raw.put_object(CONTAINER, f"{prefix}1/{1:016d}", b"of another file")
        manifest = {"X-Object-Manifest": f"{CONTAINER}/{prefix}/"[:-1]}
        raw.put_object(CONTAINER, f"{root}/files/go/data", b"", headers=manifest)
        raw.delete_object(CONTAINER, f"{prefix}1/{1:016d}")
        whole = body(1000, 1) + body(1000, 2)

        assert driver.get_content("/go/data") == whole
        assert driver.stat("/go/data").size == 2000
        assert [info.size for info in driver.walk("/go")] == [2000]
        with driver.reader("/go/data", 1500) as stream:
            assert stream.read() == whole[1500:]
        driver.move("/go/data", "/moved")
        assert driver.get_content("/moved") == whole
        with driver.writer("/moved", append=True) as writer:
            assert writer.size == 2000
            writer.write(b"more")
            writer.commit()
        assert driver.get_content("/moved") == whole + b"more"
        assert names(raw, prefix) == []

    def test_deleting_a_manifest_of_the_go_registry(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        for file in ("one", "two"):
            prefix = f"{root}/segments/{file}/{'0' * 37}"
            raw.put_object(CONTAINER, f"{prefix}/{1:016d}", b"content")
            raw.put_object(
                CONTAINER, f"{root}/files/d/{file}", b"", headers={"X-Object-Manifest": f"{CONTAINER}/{prefix}"}
            )
        driver.delete("/d/one")
        assert names(raw, f"{root}/segments/") == [f"{root}/segments/two/{'0' * 37}/{1:016d}"]
        driver.delete("/d")
        assert names(raw, f"{root}/") == []

    @pytest.mark.parametrize("manifest", ["dynamic", "static"])
    def test_segments_outside_of_the_drivers_own_place_are_let_alone(
        self, driver: SwiftDriver, raw: Any, root: str, manifest: str
    ) -> None:
        outside = f"{root}-elsewhere/part"
        etag = raw.put_object(CONTAINER, outside, b"content")
        key = f"{root}/files/foreign"
        if manifest == "dynamic":
            raw.put_object(CONTAINER, key, b"", headers={"X-Object-Manifest": f"{CONTAINER}/{root}-elsewhere/"})
        else:
            listed = [{"path": f"/{CONTAINER}/{outside}", "etag": etag, "size_bytes": 7}]
            raw.put_object(CONTAINER, key, json.dumps(listed), query_string="multipart-manifest=put")
        assert driver.get_content("/foreign") == b"content"
        driver.put_content("/foreign", b"new")
        assert names(raw, f"{root}-elsewhere/") == [outside]
        raw.delete_object(CONTAINER, outside)

    def test_append_to_a_manifest_with_ranges_reads_it(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        outside = f"{root}-elsewhere/part"
        raw.put_object(CONTAINER, outside, b"0123456789")
        listed = [{"path": f"/{CONTAINER}/{outside}", "range": "2-5"}]
        raw.put_object(CONTAINER, f"{root}/files/f", json.dumps(listed), query_string="multipart-manifest=put")
        driver.move("/f", "/g")
        with driver.writer("/g", append=True) as writer:
            writer.write(b"+")
            writer.commit()
        assert driver.get_content("/g") == b"2345+"
        raw.delete_object(CONTAINER, outside)

    def test_markers_of_directories(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        raw.put_object(CONTAINER, f"{root}/files/d", b"", content_type="application/directory")
        raw.put_object(CONTAINER, f"{root}/files/e/", b"", content_type="application/directory")
        raw.put_object(CONTAINER, f"{root}/files/d/sp ace", b"1")
        driver.put_content("/d/f", b"1")
        assert driver.stat("/d").is_dir
        assert driver.stat("/e").is_dir
        assert [(info.path, info.is_dir) for info in driver.walk("/")] == [("/d", True), ("/d/f", False), ("/e", True)]
        for call in (driver.get_content, driver.reader, lambda path: driver.writer(path, append=True)):
            with pytest.raises(PathNotFoundError):
                call("/d")
        with pytest.raises(UnsupportedMethodError):
            driver.move("/d", "/x")
        with pytest.raises(PathConflictError):
            driver.move("/d/f", "/e" if driver.stat("/e").is_dir else "/d")
        driver.delete("/d")
        driver.delete("/e")
        assert names(raw, f"{root}/") == []


class TestSegments:
    @pytest.mark.parametrize("how", ["put", "stream", "move", "delete", "delete-parent"])
    def test_old_segments_go_and_no_others(self, driver: SwiftDriver, raw: Any, root: str, how: str) -> None:
        write(driver, "/d/file", body(CHUNK + 1, 1))
        write(driver, "/other", body(CHUNK + 1, 2))
        kept = [name for name in names(raw, f"{root}/segments/") if name not in self.of(raw, f"{root}/files/d/file")]
        if how == "put":
            driver.put_content("/d/file", b"new")
        elif how == "stream":
            write(driver, "/d/file", b"new")
        elif how == "move":
            driver.put_content("/small", b"new")
            driver.move("/small", "/d/file")
        else:
            driver.delete("/d/file" if how == "delete" else "/d")
        assert names(raw, f"{root}/segments/") == kept
        assert driver.get_content("/other") == body(CHUNK + 1, 2)

    @pytest.mark.parametrize("how", ["put", "large put", "delete", "delete above", "move over"])
    def test_segments_that_a_crash_left_go_with_the_directory(
        self, parameters: dict[str, Any], raw: Any, root: str, how: str
    ) -> None:
        with SwiftDriver.from_parameters(parameters) as driver:
            write(driver, "/d/f", body(2 * CHUNK + 1))
            driver.put_content("/d/g", b"g")
            # From now on this driver is as dead as its process: it removes no segment any more.
            Faults(driver).answer("POST of a batch of deletes", *([None] if how == "delete above" else []), 403)
            change: Callable[[], None] = {
                "put": lambda: driver.put_content("/d/f", b"new"),
                "large put": lambda: driver.put_content("/d/f", body(CHUNK + 1, 1)),
                "move over": lambda: driver.move("/d/g", "/d/f"),
                "delete": lambda: driver.delete("/d/f"),
                "delete above": lambda: driver.delete("/d"),
            }[how]
            with pytest.raises(BackendError, match="403"):
                change()
        assert len(names(raw, f"{root}/segments/")) >= 3

        with SwiftDriver.from_parameters(parameters) as fresh, contextlib.suppress(PathNotFoundError):
            fresh.delete("/d")

        assert names(raw, f"{root}/") == []

    @staticmethod
    def of(raw: Any, key: str) -> list[str]:
        listed = json.loads(raw.get_object(CONTAINER, key, query_string="multipart-manifest=get")[1])
        return [entry["name"].removeprefix(f"/{CONTAINER}/") for entry in listed]

    def test_a_move_copies_the_manifest_alone(self, driver: SwiftDriver, raw: Any, root: str, faults: Faults) -> None:
        write(driver, "/source", body(2 * CHUNK))
        before = names(raw, f"{root}/segments/")
        driver.move("/source", "/dest")
        assert names(raw, f"{root}/segments/") == before
        assert "PUT of a copy" not in faults.seen
        write(driver, "/source", body(CHUNK, 2))
        driver.delete("/source")
        assert driver.get_content("/dest") == body(2 * CHUNK)
        driver.delete("/dest")
        assert names(raw, f"{root}/") == []

    @pytest.fixture
    def half_moved(self, driver: SwiftDriver, faults: Faults) -> SwiftDriver:
        """A driver whose move of /source to /dest could not remove the source."""
        write(driver, "/source", body(2 * CHUNK))
        # After that of what a commit may have left.
        faults.answer("DELETE of an object", None, 403)
        with pytest.raises(BackendError):
            driver.move("/source", "/dest")
        assert driver.get_content("/source") == driver.get_content("/dest")
        return driver

    @pytest.mark.parametrize(("first", "second"), [("/source", "/dest"), ("/dest", "/source")])
    def test_what_half_a_move_leaves_are_two_files(
        self, half_moved: SwiftDriver, raw: Any, root: str, first: str, second: str
    ) -> None:
        """They have the same segments, which go with the second."""
        half_moved.delete(first)
        assert half_moved.get_content(second) == body(2 * CHUNK)
        write(half_moved, second, body(CHUNK + 1, 2))
        assert len(names(raw, f"{root}/segments/")) == 2
        half_moved.delete(second)
        assert names(raw, f"{root}/") == []

    def test_what_half_a_move_leaves_can_be_moved_on(self, half_moved: SwiftDriver, raw: Any, root: str) -> None:
        """Who has the segments is told as long as several do."""
        half_moved.move("/dest", "/third")
        write(half_moved, "/source", body(CHUNK, 2))
        assert half_moved.get_content("/third") == body(2 * CHUNK)
        half_moved.delete("/third")
        half_moved.delete("/source")
        assert names(raw, f"{root}/") == []

    def test_a_move_is_finished_by_the_next(self, half_moved: SwiftDriver, raw: Any, root: str) -> None:
        half_moved.move("/source", "/dest")
        assert len(names(raw, f"{root}/segments/")) == 2
        half_moved.delete("/dest")
        assert names(raw, f"{root}/") == []

    def test_both_halves_of_a_move_go_with_their_directory(
        self, driver: SwiftDriver, raw: Any, root: str, faults: Faults
    ) -> None:
        write(driver, "/d/source", body(2 * CHUNK))
        faults.answer("DELETE of an object", None, 403)
        with pytest.raises(BackendError):
            driver.move("/d/source", "/d/dest")
        assert driver.get_content("/d/source") == driver.get_content("/d/dest")
        driver.delete("/d")
        assert names(raw, f"{root}/") == []

    def test_a_move_of_what_another_process_replaces_loses_nothing(
        self, driver: SwiftDriver, parameters: dict[str, Any], raw: Any, root: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(driver, "/source", body(2 * CHUNK))
        copy = manifests.copy

        def copy_and_be_overtaken(*given: Any) -> None:
            copy(*given)
            with SwiftDriver.from_parameters(parameters) as other:
                write(other, "/source", body(CHUNK + 1, 2))

        monkeypatch.setattr(manifests, "copy", copy_and_be_overtaken)
        with pytest.raises(BackendError, match="replaced while it was moved"):
            driver.move("/source", "/dest")
        assert driver.get_content("/source") == body(CHUNK + 1, 2)
        assert driver.list("/") == ["/source"]
        assert len(names(raw, f"{root}/segments/")) == 2

    def test_a_crash_at_the_end_of_a_commit_costs_nothing(
        self, driver: SwiftDriver, raw: Any, root: str, faults: Faults
    ) -> None:
        writer = driver.writer("/source")
        writer.write(body(CHUNK + 1))
        writer.close()
        resumed = driver.writer("/source", append=True)
        faults.answer("DELETE of an object", 403)
        with pytest.raises(BackendError):
            resumed.commit()
        # The process ends here: the state is still there.
        state, stream = names(raw, f"{root}/staging/")[::-1]
        assert state.endswith("/source/~state")
        driver.move("/source", "/dest")
        assert names(raw, f"{root}/staging/") == [stream.replace("/source/", "/dest/")]
        driver.writer("/source").cancel()
        assert driver.get_content("/dest") == body(CHUNK + 1)

    def test_a_stream_that_another_committed_is_not_cancelled_any_more(self, driver: SwiftDriver) -> None:
        first = driver.writer("/f")
        first.write(body(CHUNK + 1))
        first.close()
        with driver.writer("/f", append=True) as second:
            second.commit()
        driver.move("/f", "/g")
        first.cancel()
        assert driver.get_content("/g") == body(CHUNK + 1)

    def test_what_a_dead_process_staged_goes_with_the_path(
        self, driver: SwiftDriver, parameters: dict[str, Any], raw: Any, root: str
    ) -> None:
        driver.put_content("/d/other", b"1")
        program = (
            "import json, os, sys\n"
            "from storagedriver import factory\n"
            "writer = factory.create('swift', json.loads(sys.stdin.read())).writer('/d/file')\n"
            f"writer.write(b'x' * ({CHUNKS_AT_ONCE} * 1048576 + 1))\n"
            "os._exit(9)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], input=json.dumps(parameters), text=True, timeout=60, check=False
        )
        assert done.returncode == 9
        assert len(names(raw, f"{root}/segments/")) == CHUNKS_AT_ONCE
        staged = [name for name in inspect(parameters, "/d/file") if name.startswith("segment of /d/file")]
        assert len(staged) == CHUNKS_AT_ONCE
        driver.delete("/d")
        assert names(raw, f"{root}/") == []

    def test_a_server_without_listing_manifests(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        driver.list("/")
        driver._session._info = {key: value for key, value in driver._session.info.items() if key != "slo"}
        write(driver, "/large", body(2 * CHUNK + 1))
        headers = raw.head_object(CONTAINER, f"{root}/files/large")
        assert headers["x-object-manifest"].startswith(f"{CONTAINER}/{root}/segments/")
        assert driver.get_content("/large") == body(2 * CHUNK + 1)
        with driver.writer("/large", append=True) as writer:
            writer.write(body(CHUNK, 1))
            writer.commit()
        driver.move("/large", "/d/moved")
        assert driver.get_content("/d/moved") == body(2 * CHUNK + 1) + body(CHUNK, 1)
        assert [info.size for info in driver.walk("/d")] == [3 * CHUNK + 1]
        driver.delete("/d")
        assert names(raw, f"{root}/") == []

    def test_more_segments_than_a_manifest_lists(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        driver.list("/")
        driver._session._info = {**driver._session.info, "slo": {"max_manifest_segments": 2, "yield_frequency": 10}}
        for count in (2, 3):
            write(driver, "/large", body(count * CHUNK))
            headers = raw.head_object(CONTAINER, f"{root}/files/large")
            assert ("x-object-manifest" in headers) == (count == 3)
            assert driver.get_content("/large") == body(count * CHUNK)
        driver.delete("/large")
        assert names(raw, f"{root}/") == []

    def test_a_segment_that_is_gone_fails_the_commit(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        driver.put_content("/f", b"old")
        writer = driver.writer("/f")
        writer.write(body(CHUNKS_AT_ONCE * CHUNK))
        raw.delete_object(CONTAINER, names(raw, f"{root}/segments/")[0])
        with pytest.raises(BackendError, match="segment of the stream is gone"):
            writer.commit()
        writer.cancel()
        assert driver.get_content("/f") == b"old"
        assert names(raw, f"{root}/") == [f"{root}/files/f"]

    def test_a_file_without_its_segment_is_an_error(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        write(driver, "/f", body(2 * CHUNK))
        for name in names(raw, f"{root}/segments/"):
            raw.delete_object(CONTAINER, name)
        with pytest.raises(BackendError, match="missing"):
            driver.get_content("/f")

    def test_memory_does_not_grow_with_the_stream(self, driver: SwiftDriver) -> None:
        piece = body(CHUNK)
        driver.put_content("/warm", piece + b"x")
        tracemalloc.start()
        try:
            with driver.writer("/f") as writer:
                for _ in range(20):
                    writer.write(piece)
                writer.commit()
            with driver.reader("/f") as stream:
                while stream.read(1 << 16):
                    pass
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 8 * CHUNK
        driver.delete("/f")


class TestGateway:
    """Ceph's gateway leaves parts of the protocol out."""

    @pytest.fixture
    def parameters(self, gateway: RgwSwiftEndpoint, root: str) -> dict[str, Any]:
        return {**PARAMETERS, **gateway.parameters(), "rootdirectory": root, "retries": 1}

    @pytest.fixture
    def raw(self, parameters: dict[str, Any]) -> Iterator[Any]:
        connection = connected(parameters)
        yield connection
        connection.close()

    @pytest.mark.parametrize("how", ["put", "large put", "write", "delete", "delete above", "move over", "move away"])
    def test_no_segment_outlives_its_file(self, driver: SwiftDriver, raw: Any, root: str, how: str) -> None:
        write(driver, "/d/f", body(3 * CHUNK + 1))
        driver.put_content("/d/g", b"g")
        new = {"put": b"new", "large put": body(CHUNK + 1, 1), "write": body(CHUNK + 1, 2)}.get(how, b"")
        if how == "write":
            write(driver, "/d/f", new)
        elif new:
            driver.put_content("/d/f", new)
        elif how == "move over":
            driver.move("/d/g", "/d/f")
        elif how == "move away":
            driver.move("/d/f", "/d/h")
            assert driver.get_content("/d/h") == body(3 * CHUNK + 1)
            driver.delete("/d/h")
        else:
            driver.delete("/d" if how == "delete above" else "/d/f")
        if new:
            assert driver.get_content("/d/f") == new
        assert len(names(raw, f"{root}/segments/")) == (2 if how in {"large put", "write"} else 0)

    def test_sizes_and_append(self, driver: SwiftDriver) -> None:
        write(driver, "/d/f", body(2 * CHUNK))
        assert [(info.path, info.size) for info in driver.walk("/d")] == [("/d/f", 2 * CHUNK)]
        with driver.writer("/d/f", append=True) as writer:
            writer.write(b"more")
            writer.commit()
        assert driver.get_content("/d/f") == body(2 * CHUNK) + b"more"

    @pytest.mark.parametrize("how", ["put", "delete", "delete above"])
    def test_a_missing_first_segment_is_no_absent_file(
        self, driver: SwiftDriver, raw: Any, root: str, how: str
    ) -> None:
        write(driver, "/d/f", body(3 * CHUNK))
        raw.delete_object(CONTAINER, names(raw, f"{root}/segments/")[0])
        with pytest.raises(BackendError, match="missing"):
            driver.get_content("/d/f")
        if how == "put":
            driver.put_content("/d/f", b"new")
            assert driver.get_content("/d/f") == b"new"
        else:
            driver.delete("/d" if how == "delete above" else "/d/f")
        assert names(raw, f"{root}/segments/") == []

    def test_a_missing_segment_fails_the_commit(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        with driver.writer("/f") as writer:
            writer.write(body(CHUNKS_AT_ONCE * CHUNK))
            raw.delete_object(CONTAINER, names(raw, f"{root}/segments/")[0])
            with pytest.raises(BackendError, match="segment of the stream is gone"):
                writer.commit()
            writer.cancel()

    def test_a_foreign_static_manifest(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        segment = f"{root}/segments/abc/{'d' * 37}/{1:016d}"
        etag = raw.put_object(CONTAINER, segment, body(2000))
        entries = [{"path": f"/{CONTAINER}/{segment}", "etag": etag, "size_bytes": 2000}]
        raw.put_object(CONTAINER, f"{root}/files/f", json.dumps(entries), query_string="multipart-manifest=put")
        driver.move("/f", "/g")
        assert driver.get_content("/g") == body(2000)
        with driver.writer("/g", append=True) as writer:
            writer.write(b"more")
            writer.commit()
        assert driver.get_content("/g") == body(2000) + b"more"
        driver.delete("/g")
        assert names(raw, f"{root}/") == [segment]

    def test_markers_that_the_listing_does_not_tell_of(self, driver: SwiftDriver, raw: Any, root: str) -> None:
        raw.put_object(CONTAINER, f"{root}/files/d", b"", content_type="application/directory")
        driver.put_content("/d/f", b"f")
        driver.put_content("/empty", b"")
        assert driver.list("/") == ["/d", "/empty"]
        assert [(info.path, info.is_dir) for info in driver.walk("/")] == [
            ("/d", True),
            ("/d/f", False),
            ("/empty", False),
        ]


class TestAppendBesideOthers:
    @pytest.mark.parametrize("size", [1000, CHUNK + 1])
    def test_file_that_is_replaced_meanwhile_is_continued(
        self, driver: SwiftDriver, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        """Replaced between the look at it and the copy, the new file is what the stream continues."""
        content = append_while_it_is_replaced(driver, monkeypatch, driver._container, "head", size)

        assert content == b"n" * size + b"end"


class TestRequests:
    def test_counts(self, driver: SwiftDriver, faults: Faults) -> None:
        listing = "GET of the container's listing"
        driver.put_content("/d/f", b"content")
        assert faults.taken() == {"PUT of an object": 1, listing: 1}
        driver.put_content("/d/f", b"new")
        assert faults.taken() == {"PUT of an object": 1, "HEAD of an object": 1}
        driver.get_content("/d/f")
        assert faults.taken() == {"GET of an object": 1}
        driver.stat("/d/f")
        assert faults.taken() == {"HEAD of an object": 1}
        driver.stat("/d")
        assert faults.taken() == {"HEAD of an object": 1, listing: 1}
        driver.list("/d")
        assert faults.taken() == {listing: 1}
        driver.writer("/new").cancel()
        assert faults.taken() == {"HEAD of an object": 1}
        driver.redirect_url("/d/f")
        assert faults.taken() == {}

    def test_put_over_what_this_driver_has_not_seen(
        self, driver: SwiftDriver, faults: Faults, parameters: dict[str, Any]
    ) -> None:
        """It is tried as new first, and the driver learns by that."""
        with SwiftDriver.from_parameters(parameters) as other:
            other.put_content("/d/f", b"other")
        driver.put_content("/d/f", b"first")
        assert faults.taken() == {"PUT of an object": 2, "HEAD of an object": 1}
        driver.put_content("/d/f", b"second")
        assert faults.taken() == {"PUT of an object": 1, "HEAD of an object": 1}

    @pytest.mark.parametrize("gone", ["delete", "delete of the parent", "move"])
    def test_put_where_this_driver_took_a_file_away(self, driver: SwiftDriver, faults: Faults, gone: str) -> None:
        """It is tried as new again."""
        driver.put_content("/d/f", b"content")
        if gone == "move":
            driver.move("/d/f", "/d/g")
        else:
            driver.delete("/d/f" if gone == "delete" else "/d")
        faults.taken()
        driver.put_content("/d/f", b"new")
        assert faults.taken() == {"PUT of an object": 1, "GET of the container's listing": 1}

    def test_put_over_a_file_that_another_made_large(
        self, driver: SwiftDriver, parameters: dict[str, Any], raw: Any, root: str
    ) -> None:
        """What this driver has seen there is no reason to leave the segments behind that came later."""
        driver.put_content("/d/f", b"small")
        with SwiftDriver.from_parameters(parameters) as other:
            write(other, "/d/f", body(3 * CHUNK))
            assert names(raw, f"{root}/segments")

        driver.put_content("/d/f", b"small again")

        assert driver.get_content("/d/f") == b"small again"
        assert names(raw, f"{root}/segments") == []

    def test_put_where_another_took_the_file_away(self, driver: SwiftDriver, parameters: dict[str, Any]) -> None:
        """The new file is listed at once, as any other."""
        driver.put_content("/d/f", b"content")
        with SwiftDriver.from_parameters(parameters) as other:
            other.delete("/d/f")

        driver.put_content("/d/f", b"new")

        assert driver.list("/d") == ["/d/f"]
        assert driver.get_content("/d/f") == b"new"

    def test_a_directory_is_deleted_in_batches(self, driver: SwiftDriver, faults: Faults) -> None:
        for number in range(30):
            driver.put_content(f"/d/{number}", b"1")
        faults.taken()
        driver.delete("/d")
        assert faults.taken()["POST of a batch of deletes"] == 1

    def test_a_server_without_batches(self, driver: SwiftDriver, faults: Faults) -> None:
        driver._session._info = {key: value for key, value in driver._session.info.items() if key != "bulk_delete"}
        for number in range(3):
            driver.put_content(f"/d/{number}", b"1")
        driver.delete("/d")
        assert faults.taken()["DELETE of an object"] == 4 - 1
        assert driver.list("/") == []


class TestFaults:
    @pytest.mark.parametrize("fault", [500, 503, 429, "cut", "lost"])
    def test_what_passes_is_tried_again(self, driver: SwiftDriver, faults: Faults, fault: int | str) -> None:
        for operation in ("PUT of an object", "GET of an object", "HEAD of an object", "DELETE of an object"):
            faults.answer(operation, fault)
        driver.put_content("/f", b"1")
        assert driver.get_content("/f") == b"1"
        assert driver.stat("/f").size == 1
        driver.delete("/f")
        assert driver.list("/") == []

    @pytest.mark.parametrize("call", ["put", "stream", "move"])
    def test_a_write_that_a_later_one_overtook_is_made_anew(
        self, driver: SwiftDriver, faults: Faults, call: str
    ) -> None:
        """Swift answers it with 202 and does nothing; that the file is what was written is known after another try."""
        driver.put_content("/source", b"1")
        for operation in ("PUT of an object", "PUT of a copy"):
            faults.answer(operation, 202, 202)
        if call == "put":
            driver.put_content("/f", b"1")
        elif call == "stream":
            write(driver, "/f", b"1")
        else:
            driver.move("/source", "/f")
        assert driver.get_content("/f") == b"1"

    def test_a_write_that_is_always_overtaken_is_an_error(self, driver: SwiftDriver, faults: Faults) -> None:
        faults.answer("PUT of an object", *[202] * 100)
        with pytest.raises(BackendError, match="others replaced it again and again"):
            driver.put_content("/f", b"1")

    @pytest.mark.parametrize("status", [403, 500, 503, 401])
    def test_what_lasts_is_no_absence(self, driver: SwiftDriver, faults: Faults, status: int) -> None:
        driver.put_content("/d/f", b"1")
        calls: dict[str, Callable[[], object]] = {
            "GET of an object": lambda: driver.get_content("/d/f"),
            "HEAD of an object": lambda: driver.stat("/d/f"),
            "GET of the container's listing": lambda: driver.list("/d"),
            "PUT of an object": lambda: driver.put_content("/d/f", b"2"),
            "PUT of a copy": lambda: driver.move("/d/f", "/g"),
        }
        for operation, call in calls.items():
            faults.answer(operation, *[status] * 4)
            with pytest.raises(BackendError, match=str(status)):
                call()
            faults.answer(operation)
        assert driver.get_content("/d/f") == b"1"

    def test_a_token_that_ran_out_is_renewed(self, driver: SwiftDriver, faults: Faults) -> None:
        driver.put_content("/f", b"1")
        before = driver._session._access
        faults.answer("GET of an object", 401)
        assert driver.get_content("/f") == b"1"
        assert driver._session._access is not before

    def test_a_batch_that_is_partly_refused(self, driver: SwiftDriver, faults: Faults) -> None:
        for number in range(2):
            driver.put_content(f"/d/{number}", b"")
        told = {"Response Status": "400 Bad Request", "Number Deleted": 1, "Errors": [["/c/x", "403 Forbidden"]]}
        original = driver._session._send

        def refuse(request: Request, access: Any) -> Stream:
            if request.what != "a batch of deletes":
                return original(request, access)
            return Stream(200, {}, FakeBody(json.dumps(told).encode()), lambda: None)

        driver._session._send = refuse  # type: ignore[method-assign]
        with pytest.raises(BackendError, match="1 of 2 objects were not deleted: 403"):
            driver.delete("/d")
        told = {"Response Status": "502 Bad Gateway", "Number Deleted": 0, "Errors": []}
        with pytest.raises(BackendError, match="502"):
            driver.delete("/d")

    def test_a_body_that_breaks_off_is_resumed(self, driver: SwiftDriver, monkeypatch: pytest.MonkeyPatch) -> None:
        write(driver, "/f", body(2 * CHUNK))
        broken: list[int] = []
        original = Stream.read

        def read(stream: Stream, size: int | None = None, /) -> bytes:
            if len(broken) < 1 and int(stream.headers.get("content-length", 0)) == 2 * CHUNK:
                broken.append(1)
                original(stream, 1000)
                raise ConnectionResetError
            return original(stream, size)

        monkeypatch.setattr(Stream, "read", read)
        assert driver.get_content("/f") == body(2 * CHUNK)
        assert broken

    def test_a_reader_never_mixes_two_versions(self, driver: SwiftDriver, parameters: dict[str, Any]) -> None:
        write(driver, "/f", body(8 * CHUNK, 1))
        with driver.reader("/f") as stream, SwiftDriver.from_parameters(parameters) as other:
            first = stream.read(1000)
            write(other, "/f", body(8 * CHUNK, 2))
            # As far as the old segments were sent, it may go on to its end.
            with contextlib.suppress(BackendError):
                assert first + stream.read() == body(8 * CHUNK, 1)
        assert driver.get_content("/f") == body(8 * CHUNK, 2)

    def test_a_listing_that_lags_is_waited_for(self, driver: SwiftDriver, faults: Faults) -> None:
        original = driver._container.first
        late = iter([None, None])
        driver._container.first = lambda prefix: next(late, original(prefix))  # type: ignore[method-assign]
        driver.put_content("/f", b"1")
        assert next(late, "waited") == "waited"

    def test_a_listing_that_never_shows_it_is_an_error(self, parameters: dict[str, Any]) -> None:
        with SwiftDriver.from_parameters({**parameters, "listingtimeout": 0.2}) as driver:
            driver._container.first = lambda prefix: None  # type: ignore[method-assign]
            with pytest.raises(BackendError, match="does not show it"):
                driver.put_content("/f", b"1")
            assert driver.get_content("/f") == b"1"

    def test_no_waiting_for_listings(self, parameters: dict[str, Any]) -> None:
        with SwiftDriver.from_parameters({**parameters, "listingtimeout": 0}) as driver:
            assert not driver.capabilities.consistent_list
            driver.list("/")
            faults = Faults(driver)
            driver.put_content("/f", b"1")
            assert faults.taken() == {"PUT of an object": 1}

    def test_writers_at_once(self, driver: SwiftDriver, parameters: dict[str, Any]) -> None:
        contents = [body(CHUNK + number, number) for number in range(4)]
        threads = [threading.Thread(target=write, args=(driver, "/f", content)) for content in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert driver.get_content("/f") in contents
        # The file, its two segments, and what tells of them.
        assert len(inspect(parameters)) == 4

    def test_a_damaged_state(self, driver: SwiftDriver) -> None:
        state = driver._layout.state("/f")
        for damage in (b"", b"no json\n", b"{}\n", b"[]\n", b'{"version": 2}\n', b"no end"):
            driver._container.put(state, damage)
            with pytest.raises(BackendError):
                driver.writer("/f", append=True)

    def test_a_dead_server(self, parameters: dict[str, Any], dead_port: int) -> None:
        dead = {"authurl": f"http://127.0.0.1:{dead_port}/auth/v1.0"}
        with SwiftDriver.from_parameters({**parameters, **dead}) as driver, pytest.raises(BackendError) as caught:
            driver.stat("/f")
        assert "the connection failed" in caught.value.detail

    def test_a_silent_server(self, parameters: dict[str, Any]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            silent = {
                "authurl": f"http://127.0.0.1:{listener.getsockname()[1]}/auth/v1.0",
                "read_timeout": 0.2,
                "retries": 0,
            }
            with SwiftDriver.from_parameters({**parameters, **silent}) as driver, pytest.raises(BackendError) as caught:
                driver.stat("/f")
        assert "Timeout" in caught.value.detail

    def test_a_wrong_password(self, parameters: dict[str, Any]) -> None:
        with SwiftDriver.from_parameters({**parameters, "password": "wrong-one"}) as driver:
            for call in (driver.get_content, driver.stat, driver.list, driver.delete):
                with pytest.raises(BackendError, match=r"401.*check username, password") as caught:
                    call("/f")
                assert "wrong-one" not in str(caught.value)

    def test_an_absent_container(self, parameters: dict[str, Any]) -> None:
        with SwiftDriver.from_parameters({**parameters, "container": "no-such"}) as driver:
            calls: list[Callable[[], object]] = [
                lambda: driver.get_content("/f"),
                lambda: driver.reader("/f"),
                lambda: driver.put_content("/f", b"1"),
                lambda: driver.put_content("/f", body(CHUNK + 1)),
                lambda: driver.stat("/f"),
                lambda: driver.list("/"),
                lambda: driver.list("/d"),
                lambda: driver.walk("/"),
                lambda: driver.delete("/f"),
                lambda: driver.move("/f", "/g"),
                lambda: driver.writer("/f", append=True),
            ]
            for call in calls:
                with pytest.raises(BackendError, match="the container 'no-such' does not exist; create it"):
                    call()


class TestURLs:
    def fetch(self, url: str, method: str = "GET") -> bytes:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10) as answer:
            content: bytes = answer.read()
            return content

    @pytest.mark.parametrize("size", [10, 2 * CHUNK])
    def test_given_key(self, driver: SwiftDriver, size: int) -> None:
        write(driver, "/f", body(size))
        assert self.fetch(str(driver.redirect_url("/f"))) == body(size)
        assert self.fetch(str(driver.redirect_url("/f", method="HEAD")), "HEAD") == b""
        assert driver.redirect_url("/f", method="PUT") is None

    def test_the_containers_key_is_looked_up(self, parameters: dict[str, Any]) -> None:
        for where in (None, True):
            given = {**parameters, "secretkey": None, "tempurlcontainerkey": where}
            with SwiftDriver.from_parameters(given) as driver:
                driver.put_content("/f", b"1")
                assert self.fetch(str(driver.redirect_url("/f"))) == b"1"

    def test_the_accounts_key_is_looked_up(self, parameters: dict[str, Any], raw: Any) -> None:
        given = {**parameters, "secretkey": None, "tempurlcontainerkey": False}
        with SwiftDriver.from_parameters(given) as driver:
            driver.put_content("/f", b"1")
            assert driver.redirect_url("/f") is None
        raw.post_account({"X-Account-Meta-Temp-URL-Key": "of-the-account"})
        try:
            with SwiftDriver.from_parameters(given) as driver:
                assert self.fetch(str(driver.redirect_url("/f"))) == b"1"
        finally:
            raw.post_account({"X-Account-Meta-Temp-URL-Key": ""})

    def test_methods_and_digests(self, parameters: dict[str, Any]) -> None:
        with SwiftDriver.from_parameters({**parameters, "tempurlmethods": ""}) as driver:
            assert not driver.capabilities.redirect
            assert driver.redirect_url("/f") is None
        with SwiftDriver.from_parameters({**parameters, "tempurlmethods": "head"}) as driver:
            assert driver.redirect_url("/f") is None
            assert driver.redirect_url("/f", method="HEAD") is not None
            tempurl = {"methods": ["GET"], "allowed_digests": ["sha1"]}
            driver._session._info = {"tempurl": tempurl}
            assert driver.redirect_url("/f", method="HEAD") is None
            tempurl["methods"] = ["HEAD"]
            assert len(str(driver.redirect_url("/f", method="HEAD")).partition("sig=")[2].partition("&")[0]) == 40

    def test_an_access_key_is_part_of_the_signature(self, parameters: dict[str, Any]) -> None:
        with SwiftDriver.from_parameters({**parameters, "accesskey": "AK", "tenantid": "T"}) as driver:
            assert "temp_url_sig=T%3AAK%3A" in str(driver.redirect_url("/f"))

    @pytest.mark.parametrize("expires", [0, -1, float("nan"), float("inf"), 8 * 24 * 3600])
    def test_expiry_out_of_range(self, driver: SwiftDriver, expires: float) -> None:
        with pytest.raises(ParameterError, match="expires"):
            driver.redirect_url("/f", expires=expires)


class Identity(http.server.BaseHTTPRequestHandler):
    """A small Keystone, and a version 1 authentication, that give tokens of the real server."""

    endpoint: ClassVar[SwiftEndpoint]
    asked: ClassVar[list[Any]]

    def token(self) -> tuple[str, str]:
        given = self.endpoint.parameters()
        found: tuple[str, str] = swiftclient.get_auth(given["authurl"], given["username"], given["password"])
        return found

    def do_GET(self) -> None:
        url, token = self.token()
        self.send_response(200)
        for name, value in (("X-Storage-Url", url), ("X-Auth-Token", token), ("Content-Length", "0")):
            self.send_header(name, value)
        self.end_headers()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(asked)
        url, token = self.token()
        if self.path == "/v3/auth/tokens":
            status, answer = self.version_3(asked["auth"], url)
        elif self.path == "/v2.0/tokens":
            status, answer = self.version_2(asked["auth"], url, token)
        else:
            status, answer = 404, {}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("X-Subject-Token", token)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @staticmethod
    def version_3(auth: Any, url: str) -> tuple[int, Any]:
        if auth["identity"]["password"]["user"]["password"] != "right":
            return 401, {"error": {"message": "no", "code": 401, "title": "Unauthorized"}}
        endpoints = [
            {"id": f"{region}{kind}", "interface": kind, "region": region, "region_id": region, "url": where}
            for region, kind, where in (
                ("one", "public", "http://127.0.0.1:1/v1/AUTH_nowhere"),
                ("two", "public", url),
                ("one", "internal", url),
            )
        ]
        catalog = [{"type": "object-store", "name": "swift", "id": "s", "endpoints": endpoints}]
        times = {"expires_at": "2099-01-01T00:00:00.000000Z", "issued_at": "2020-01-01T00:00:00.000000Z"}
        user = {"id": "u", "name": "n", "domain": {"id": "d", "name": "d"}}
        return 201, {"token": {"methods": ["password"], "catalog": catalog, "user": user, **times}}

    @staticmethod
    def version_2(auth: Any, url: str, token: str) -> tuple[int, Any]:
        if auth["passwordCredentials"]["password"] != "right":
            return 401, {"error": {"message": "no", "code": 401, "title": "Unauthorized"}}
        endpoints = [{"publicURL": url, "internalURL": url, "adminURL": url, "region": "one"}]
        access = {
            "token": {"id": token, "expires": "2099-01-01T00:00:00Z", "tenant": {"id": "t", "name": "t"}},
            "serviceCatalog": [{"type": "object-store", "name": "swift", "endpoints": endpoints}],
            "user": {"id": "u", "name": "n", "roles": []},
        }
        return 200, {"access": access}

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def serving(endpoint: SwiftEndpoint, context: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[Any]]]:
    asked: list[Any] = []
    handler = type("Handler", (Identity,), {"endpoint": endpoint, "asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes are meant
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestKeystone:
    @pytest.fixture(autouse=True)
    def _needs_its_client(self) -> None:
        pytest.importorskip("keystoneauth1")

    @pytest.fixture
    def keystone(self, endpoint: SwiftEndpoint) -> Iterator[tuple[str, list[Any]]]:
        with serving(endpoint) as served:
            yield served

    @pytest.mark.parametrize("spelled", ["/v3", "/v3/", "/v3/auth", "/v3/auth/tokens"])
    def test_version_3(self, parameters: dict[str, Any], keystone: tuple[str, list[Any]], spelled: str) -> None:
        given = {"username": "n", "password": "right", "domain": "users", "tenant": "project", "region": "two"}
        with SwiftDriver.from_parameters({**parameters, **given, "authurl": keystone[0] + spelled}) as driver:
            driver.put_content("/f", b"1")
            assert driver.get_content("/f") == b"1"
        auth = keystone[1][0]["auth"]
        assert auth["identity"]["password"]["user"] == {"name": "n", "password": "right", "domain": {"name": "users"}}
        assert auth["scope"] == {"project": {"name": "project", "domain": {"name": "users"}}}
        assert len(keystone[1]) == 1

    @pytest.mark.parametrize(
        ("more", "scope"),
        [
            ({"tenantid": "p"}, {"project": {"id": "p"}}),
            ({"tenant": "p", "tenantdomain": "x"}, {"project": {"name": "p", "domain": {"name": "x"}}}),
            ({"tenant": "p", "tenantdomainid": "x"}, {"project": {"name": "p", "domain": {"id": "x"}}}),
            ({"trustid": "t"}, {"OS-TRUST:trust": {"id": "t"}}),
        ],
    )
    def test_scopes(
        self, parameters: dict[str, Any], keystone: tuple[str, list[Any]], more: dict[str, str], scope: dict[str, Any]
    ) -> None:
        given = {"username": "n", "password": "right", "domainid": "d", "endpointtype": "internal", "region": "one"}
        authurl = {"authurl": keystone[0], "authversion": "3"}
        with SwiftDriver.from_parameters({**parameters, **given, **more, **authurl}) as driver:
            assert driver.list("/") == []
        auth = keystone[1][0]["auth"]
        assert auth["scope"] == scope
        assert auth["identity"]["password"]["user"]["domain"] == {"id": "d"}

    def test_version_2(self, parameters: dict[str, Any], keystone: tuple[str, list[Any]]) -> None:
        given = {"username": "n", "password": "right", "tenant": "t", "authurl": f"{keystone[0]}/v2.0"}
        with SwiftDriver.from_parameters({**parameters, **given}) as driver:
            driver.put_content("/f", b"1")
            faults = Faults(driver)
            faults.answer("GET of an object", 401)
            assert driver.get_content("/f") == b"1"
        assert [each["auth"]["tenantName"] for each in keystone[1]] == ["t", "t"]

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ({"password": "wrong-one"}, "authentication was answered by HTTP 401"),
            ({"region": "three"}, "no object-store of this region"),
        ],
    )
    def test_refused(
        self, parameters: dict[str, Any], keystone: tuple[str, list[Any]], more: dict[str, str], told: str
    ) -> None:
        given = {"username": "n", "password": "right", "domain": "d", "tenant": "t", "authurl": f"{keystone[0]}/v3"}
        with SwiftDriver.from_parameters({**parameters, **given, **more}) as driver:
            with pytest.raises(BackendError, match=told) as caught:
                driver.stat("/f")
            assert "wrong-one" not in str(caught.value)

    def test_a_missing_extra_names_the_command(self) -> None:
        program = (
            "import sys\n"
            "sys.modules['keystoneauth1'] = None\n"
            "from storagedriver import factory, MissingDependencyError\n"
            "given = {'authurl': 'http://h/v2.0', 'username': 'u', 'password': 'p', 'container': 'c', 'tenant': 't'}\n"
            "try: factory.create('swift', given)\n"
            "except MissingDependencyError as error: print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
        assert "pip install 'storagedriver[swift-keystone]'" in done.stdout


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certify_loopback(tmp_path_factory.mktemp("tls"))


class TestTLS:
    @pytest.fixture
    def authurl(self, certificate: Path, endpoint: SwiftEndpoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.delenv(name, raising=False)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        with serving(endpoint, context) as (url, _):
            yield f"{url}/auth/v1.0"

    def test_an_unknown_authority_is_refused(self, parameters: dict[str, Any], authurl: str) -> None:
        untrusted = pytest.raises(BackendError, match="not trusted: give its authority as ca_bundle")
        with SwiftDriver.from_parameters({**parameters, "authurl": authurl}) as driver, untrusted:
            driver.list("/")

    def test_a_given_authority_is_trusted(self, parameters: dict[str, Any], authurl: str, certificate: Path) -> None:
        given = {"authurl": authurl, "ca_bundle": str(certificate / "cert.pem")}
        with SwiftDriver.from_parameters({**parameters, **given}) as driver:
            assert driver.list("/") == []

    def test_without_verification_there_is_a_warning(
        self, parameters: dict[str, Any], authurl: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        given = {"authurl": authurl, "insecureskipverify": True}
        with warnings.catch_warnings(), SwiftDriver.from_parameters({**parameters, **given}) as driver:
            warnings.simplefilter("ignore")
            assert driver.list("/") == []
        assert "not verified" in caplog.text


class TestParameters:
    MINIMAL: ClassVar[dict[str, Any]] = {
        "authurl": "http://h/auth/v1.0",
        "username": "a:u",
        "password": "hidden",
        "container": "c",
    }
    V3: ClassVar[dict[str, Any]] = {"authurl": "https://h:5000/v3", "domain": "d", "tenant": "t"}

    @pytest.mark.parametrize(
        ("more", "parameter"),
        [
            ({"authurl": None}, "authurl"),
            ({"authurl": "h/v1"}, "authurl"),
            ({"authurl": "ftp://h/v1"}, "authurl"),
            ({"authurl": "http://u:hidden@h/v1"}, "authurl"),
            ({"authurl": "http://h/v1?x"}, "authurl"),
            ({"authurl": "http://h:99999/v1"}, "authurl"),
            ({"authurl": "http://h/auth"}, "authversion"),
            ({"authversion": 4}, "authversion"),
            ({"authversion": "x"}, "authversion"),
            ({"username": ""}, "username"),
            ({"password": None}, "password"),
            ({"container": "a/b"}, "container"),
            ({"container": None}, "container"),
            ({"containr": "c"}, "containr"),
            ({"rootdirectory": "a/../b"}, "rootdirectory"),
            ({"rootdirectory": "r" * 701}, "rootdirectory"),
            ({"rootdirectory": "r/files"}, "rootdirectory"),
            ({"tenant": "t"}, "authversion"),
            ({"endpointtype": "admin"}, "authversion"),
            ({"endpointtype": "secret"}, "endpointtype"),
            ({**V3, "tenant": None}, "tenant"),
            ({**V3, "domain": None}, "domain"),
            ({**V3, "tenantid": "i"}, "tenantid"),
            ({**V3, "domainid": "i"}, "domainid"),
            ({**V3, "tenantdomain": "x", "tenantdomainid": "i"}, "tenantdomainid"),
            ({**V3, "trustid": "i"}, "trustid"),
            ({**V3, "authversion": 2}, "authversion"),
            ({"chunksize": CHUNK - 1}, "chunksize"),
            ({"chunksize": (5 << 30) + 1}, "chunksize"),
            ({"pagesize": 0}, "pagesize"),
            ({"accesskey": "a"}, "secretkey"),
            ({"accesskey": "a", "secretkey": "hidden"}, "tenantid"),
            ({"secretkey": "hidden", "tempurlcontainerkey": True}, "tempurlcontainerkey"),
            ({"tempurlmethods": "GET,DELETE"}, "tempurlmethods"),
            ({"insecureskipverify": True, "ca_bundle": __file__}, "ca_bundle"),
            ({"ca_bundle": "/no/such/file"}, "ca_bundle"),
            ({"listingtimeout": -1}, "listingtimeout"),
            ({"retries": 21}, "retries"),
            ({"connect_timeout": 0}, "connect_timeout"),
            ({"read_timeout": 3601}, "read_timeout"),
        ],
    )
    def test_refused(self, more: dict[str, Any], parameter: str) -> None:
        with pytest.raises(ParameterError) as caught:
            SwiftDriver.from_parameters({**self.MINIMAL, **more})
        assert caught.value.parameter == parameter
        assert "hidden" not in str(caught.value)

    @pytest.mark.parametrize(
        ("authurl", "version"),
        [("http://h/auth/v1.0", 1), ("http://h/v1", 1), ("http://h/v2.0/", 2), ("http://h/identity/v3/auth", 3)],
    )
    def test_the_version_is_told_by_the_url(self, authurl: str, version: int) -> None:
        assert SwiftParameters(**{**self.MINIMAL, "authurl": authurl}).version == version

    def test_numbers_as_text(self) -> None:
        given = {"tenant": 123, "authurl": "http://h/v2.0", "chunksize": str(CHUNK), "pagesize": "7", "retries": "0"}
        parameters = SwiftParameters(**{**self.MINIMAL, **given, "read_timeout": "1.5", "authversion": "2"})
        assert (parameters.tenant, parameters.authversion) == ("123", 2)
        with SwiftDriver(SwiftParameters(**{**self.MINIMAL, "chunksize": str(CHUNK), "pagesize": "7"})) as driver:
            assert driver.capabilities.limits.chunk_size == CHUNK
            assert driver.capabilities.limits.list_page == 7

    def test_the_longest_path_leaves_room_for_a_stage(self) -> None:
        for root in ("", "/" + "r" * 200, "/" + "r" * 700):
            with SwiftDriver.from_parameters({**self.MINIMAL, "rootdirectory": root}) as driver:
                longest = "/" + "p" * (driver.capabilities.limits.longest_path - 1)
                assert len(Layout(root).stream(longest, "0" * 40)) <= 1024

    def test_pickle(self) -> None:
        parameters = SwiftParameters(**self.MINIMAL)
        assert pickle.loads(pickle.dumps(parameters)) == parameters

    def test_the_factory_knows_it(self) -> None:
        with factory.create("swift", self.MINIMAL) as driver:
            assert isinstance(driver, SwiftDriver)

    def test_a_missing_extra_names_the_command(self) -> None:
        program = (
            "import sys\n"
            "sys.modules['swiftclient'] = None\n"
            "from storagedriver import factory, MissingDependencyError\n"
            f"try: factory.create('swift', {self.MINIMAL!r})\n"
            "except MissingDependencyError as error: print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
        assert "pip install 'storagedriver[swift]'" in done.stdout


class TestSecrets:
    def test_no_secret_anywhere(self, parameters: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        with SwiftDriver.from_parameters(parameters) as driver:
            driver.put_content("/f", b"1")
            url = str(driver.redirect_url("/f"))
            token = driver._session._access
            assert token is not None
            with pytest.raises(StorageDriverError) as caught:
                driver.get_content("/absent")
            texts = [caplog.text, repr(driver), repr(token), str(caught.value), str(caught.value.__cause__), url]
        assert "urllib3" in caplog.text
        for text in texts:
            for secret in (parameters["password"], parameters["secretkey"], token.token):
                assert secret not in text
        assert pickle.loads(pickle.dumps(caught.value)).path == "/absent"

    def test_loggers_are_let_alone_afterwards(self) -> None:
        loggers = ("swiftclient", "urllib3.connectionpool", "keystoneauth.session")
        before = {name: list(logging.getLogger(name).filters) for name in loggers}
        SwiftDriver.from_parameters(TestParameters.MINIMAL).close()
        assert {name: list(logging.getLogger(name).filters) for name in loggers} == before
