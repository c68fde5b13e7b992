"""The azure driver against Azurite, by the vendor's own SDK and with faults put between the two.

Azurite is laxer than the service, so what depends on that runs a second time with the service's refusals put in.
"""

from __future__ import annotations

import gzip
import hashlib
import ipaddress
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
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import pytest
from azure.core.credentials import AccessToken
from azure.storage.blob import ContainerClient, ContainerSasPermissions, ContentSettings, generate_container_sas

from drivers.azure_exchange import CUT, LOST, Answer, Exchange
from drivers.replacing import append_while_it_is_replaced
from servers import need
from storagedriver import (
    BackendError,
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    UnsupportedMethodError,
    factory,
)
from storagedriver.backends.azurite import AZURITE
from storagedriver.backends.model import Server
from storagedriver.chunking import CHUNKS_AT_ONCE
from storagedriver_drivers.azure import AzureDriver, AzureParameters
from storagedriver_drivers.azure.access import Access
from storagedriver_drivers.azure.blobs import Container
from storagedriver_drivers.azure.certification import PARAMETERS, inspect
from storagedriver_drivers.azure.signing import Signer

CHUNK = 1 << 20
MARK = "storagedriver_upload"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    need(AZURITE.unavailable("process"))
    started = AZURITE.start("process", tmp_path_factory.mktemp("servers"))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def connection(server: Server) -> dict[str, Any]:
    return dict(server.running.parameters)


@pytest.fixture(scope="session")
def raw(connection: dict[str, Any]) -> Iterator[ContainerClient]:
    """The vendor's own client of the container."""
    key = {"account_name": connection["accountname"], "account_key": connection["accountkey"]}
    with ContainerClient(connection["serviceurl"], connection["container"], credential=key, retry_total=0) as client:
        yield client


@pytest.fixture
def root() -> str:
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
def parameters(connection: dict[str, Any], root: str) -> dict[str, Any]:
    return {**connection, **PARAMETERS, "rootdirectory": root, "max_retries": 1, "retry_delay": 0}


@pytest.fixture
def driver(parameters: dict[str, Any]) -> Iterator[AzureDriver]:
    with AzureDriver.from_parameters(parameters) as made:
        yield made


@pytest.fixture
def exchange(driver: AzureDriver, raw: ContainerClient) -> Exchange:
    return Exchange(driver, raw)


@pytest.fixture(params=["azurite", "like azure"])
def either(request: pytest.FixtureRequest, driver: AzureDriver, raw: ContainerClient) -> AzureDriver:
    """The driver, once with what the service refuses."""
    Exchange(driver, raw, like_azure=request.param == "like azure")
    return driver


def body(size: int, seed: int = 0) -> bytes:
    block = hashlib.sha256(str(seed).encode()).digest() * 1024
    return (block * (size // len(block) + 1))[:size]


def append_blob(raw: ContainerClient, name: str, content: bytes, **more: Any) -> None:
    """A file as the Go registry's azure driver makes it."""
    blob = raw.get_blob_client(name)
    blob.create_append_blob(**more)
    for start in range(0, len(content), 1 << 20):
        blob.append_block(content[start : start + (1 << 20)])


def kind(raw: ContainerClient, name: str) -> str:
    found: Any = raw.get_blob_client(name).get_blob_properties().blob_type
    return str(found.value)


class TestLayout:
    def test_name_is_root_and_path(self, driver: AzureDriver, raw: ContainerClient, root: str) -> None:
        driver.put_content("/docker/registry", b"x")
        with driver.writer("/streamed") as writer:
            writer.write(body(CHUNK + 1))
            writer.commit()

        assert raw.download_blob(f"{root}/docker/registry").readall() == b"x"
        assert raw.download_blob(f"{root}/streamed").readall() == body(CHUNK + 1)
        for name in ("docker/registry", "streamed"):
            properties = raw.get_blob_client(f"{root}/{name}").get_blob_properties()
            assert properties.content_settings.content_type == "application/octet-stream"
            assert kind(raw, f"{root}/{name}") == "BlockBlob"
        assert list(properties.metadata) == [MARK]

    @pytest.mark.parametrize("spelled", ["", "/", "r", "/r", "r/"])
    def test_roots(self, parameters: dict[str, Any], raw: ContainerClient, spelled: str) -> None:
        name = f"root-{secrets.token_hex(4)}"
        has_root = bool(spelled.strip("/"))
        with AzureDriver.from_parameters({**parameters, "rootdirectory": spelled.replace("r", name)}) as driver:
            driver.put_content(f"/{name}-x/f", b"1")
            assert f"/{name}-x" in driver.list("/")
            blob = raw.get_blob_client(f"{name}/{name}-x/f" if has_root else f"{name}-x/f")
            assert blob.exists()
            driver.delete(f"/{name}-x")
            assert not blob.exists()

    def test_foreign_names(self, driver: AzureDriver, raw: ContainerClient, root: str) -> None:
        for name in ("d/", "d/f", "d/sp ace", "d/~x", "d/ümlaut", "d/a&b<", "d/%41", "d/q?x#y", "e/", "d/~y/z"):
            raw.upload_blob(f"{root}/{name}", b"1")
        raw.upload_blob(f"{root}/d/" + "n" * 256, b"1")
        raw.get_blob_client(f"{root}/d/f").create_snapshot()

        assert driver.list("/d") == ["/d/f"]
        assert driver.list("/e") == []
        assert driver.stat("/e").is_dir
        assert [info.path for info in driver.walk("/")] == ["/d", "/d/f", "/e"]
        driver.delete("/d")
        driver.delete("/e")
        assert list(raw.list_blobs(name_starts_with=root, include=["snapshots"])) == []

    def test_markers_of_directories(self, driver: AzureDriver, raw: ContainerClient, root: str) -> None:
        for name in ("empty", "full", "full/below"):
            raw.upload_blob(f"{root}/{name}", b"", metadata={"hdi_isfolder": "true"})
        raw.upload_blob(f"{root}/full/f", b"1")
        driver.put_content("/g", b"g")

        assert driver.list("/") == ["/empty", "/full", "/g"]
        assert [(info.path, info.is_dir) for info in driver.walk("/full")] == [
            ("/full/below", True),
            ("/full/f", False),
        ]
        assert driver.stat("/empty").is_dir
        for call in (driver.get_content, driver.reader, lambda path: driver.writer(path, append=True)):
            with pytest.raises(PathNotFoundError):
                call("/empty")
        with pytest.raises(UnsupportedMethodError):
            driver.move("/empty", "/h")
        with pytest.raises(PathConflictError):
            driver.move("/g", "/empty")
        driver.delete("/full")
        driver.delete("/empty")
        assert driver.list("/") == ["/g"]

    def test_properties_of_others_are_moved_along(self, driver: AzureDriver, raw: ContainerClient, root: str) -> None:
        for size in (10, CHUNK + 1):
            settings = ContentSettings(content_type="text/plain")
            raw.upload_blob(f"{root}/a", body(size), metadata={"from": "elsewhere"}, content_settings=settings)
            driver.move("/a", "/b")
            moved = raw.get_blob_client(f"{root}/b").get_blob_properties()
            assert (moved.metadata, moved.content_settings.content_type) == ({"from": "elsewhere"}, "text/plain")


class TestAppendBlobs:
    """What the Go registry's azure driver wrote."""

    @pytest.mark.parametrize("size", [0, 10, CHUNK, 5 * CHUNK + 7])
    def test_read_and_appended_to(self, either: AzureDriver, raw: ContainerClient, root: str, size: int) -> None:
        append_blob(raw, f"{root}/f", body(size))
        assert either.get_content("/f") == body(size)
        assert either.stat("/f").size == size
        with either.writer("/f", append=True) as writer:
            assert writer.size == size
            writer.write(body(CHUNK, 1))
            assert either.get_content("/f") == body(size)
            writer.commit()
        assert either.get_content("/f") == body(size) + body(CHUNK, 1)

    @pytest.mark.parametrize("size", [0, 10, 5 * CHUNK + 7])
    @pytest.mark.parametrize("by", ["put", "stream", "move"])
    def test_overwritten(  # noqa: PLR0917  fixtures
        self, either: AzureDriver, raw: ContainerClient, root: str, parameters: Any, by: str, size: int
    ) -> None:
        append_blob(raw, f"{root}/f", b"old and longer")
        if by == "put":
            either.put_content("/f", body(size))
        elif by == "stream":
            with either.writer("/f") as writer:
                writer.write(body(size))
                writer.commit()
        else:
            either.put_content("/source", body(size))
            either.move("/source", "/f")
        assert either.get_content("/f") == body(size)
        assert inspect(parameters) == [f"{root}/f"]

    @pytest.mark.parametrize("over", [None, "AppendBlob", "BlockBlob"])
    def test_moved(self, either: AzureDriver, raw: ContainerClient, root: str, over: str | None) -> None:
        append_blob(raw, f"{root}/source", body(CHUNK + 5), metadata={"kept": "yes"})
        if over == "AppendBlob":
            append_blob(raw, f"{root}/f", b"old")
        elif over:
            either.put_content("/f", b"old")
        either.move("/source", "/f")
        assert either.get_content("/f") == body(CHUNK + 5)
        assert raw.get_blob_client(f"{root}/f").get_blob_properties().metadata == {"kept": "yes"}
        assert either.list("/") == ["/f"]

    def test_failure_keeps_the_old_content(
        self, driver: AzureDriver, raw: ContainerClient, root: str, parameters: Any
    ) -> None:
        exchange = Exchange(driver, raw, like_azure=True)
        append_blob(raw, f"{root}/f", b"old")
        for operation in ("AppendBlock", "CopyBlob"):
            exchange.answer(operation, *[Answer(500)] * 2)
            with pytest.raises(BackendError):
                driver.put_content("/f", b"new")
            assert driver.get_content("/f") == b"old"
            assert inspect(parameters) == [f"{root}/f"]
        driver.put_content("/f", b"new")
        assert driver.get_content("/f") == b"new"

    def test_append_whose_answer_is_lost_is_not_done_twice(
        self, driver: AzureDriver, raw: ContainerClient, root: str
    ) -> None:
        exchange = Exchange(driver, raw, like_azure=True)
        append_blob(raw, f"{root}/f", b"old")
        exchange.answer("AppendBlock", LOST, None, LOST)
        driver.put_content("/f", body(5 * CHUNK))
        assert driver.get_content("/f") == body(5 * CHUNK)

    def test_page_blob_is_refused(self, driver: AzureDriver, raw: ContainerClient, root: str) -> None:
        raw.get_blob_client(f"{root}/f").create_page_blob(512)
        Exchange(driver, raw, like_azure=True)
        with pytest.raises(BackendError, match="PageBlob is there"):
            driver.put_content("/f", b"new")
        driver.delete("/f")
        driver.put_content("/f", b"new")


class TestAppendBesideOthers:
    @pytest.mark.parametrize("size", [1000, CHUNK + 1])
    def test_file_that_is_replaced_meanwhile_is_continued(
        self, driver: AzureDriver, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        """Replaced between the look at it and the copy, the new file is what the stream continues."""
        content = append_while_it_is_replaced(driver, monkeypatch, Container, "file", size)

        assert content == b"n" * size + b"end"


class TestRequests:
    """Counted, as far as the documentation tells how many there are."""

    def test_of_simple_calls(self, driver: AzureDriver, exchange: Exchange) -> None:
        driver.put_content("/d/f", body(3 * CHUNK))
        assert exchange.taken() == {"PutBlob": 1}
        driver.get_content("/d/f")
        assert exchange.taken() == {"GetBlob": 1}
        with driver.reader("/d/f", 3 * CHUNK - 5) as stream:
            assert stream.read() == body(3 * CHUNK)[-5:]
        assert exchange.taken() == {"GetBlob": 1}
        driver.stat("/d/f")
        assert exchange.taken() == {"GetProperties": 1}
        driver.stat("/d")
        assert exchange.taken() == {"GetProperties": 1, "List": 1}
        driver.list("/d")
        assert exchange.taken() == {"List": 1}
        driver.redirect_url("/d/f")
        assert exchange.taken() == {}
        driver.move("/d/f", "/g")
        assert exchange.taken() == {
            "GetProperties": 2,
            "List": 1,
            "PutBlockFromUrl": 1,  # An older Azurite has none, and is not asked again.
            "CopyBlob": 1,
            "DeleteBlob": 1,
        }
        driver.delete("/g")
        assert exchange.taken() == {"List": 2, "GetProperties": 1, "DeleteBlob": 1}

    def test_of_many_names(self, parameters: dict[str, Any], raw: ContainerClient) -> None:
        with AzureDriver.from_parameters({**parameters, "listpage": 100}) as driver:
            for number in range(305):
                driver.put_content(f"/d/{number}", b"")
            exchange = Exchange(driver, raw)
            assert len(driver.list("/d")) == 305
            assert exchange.taken() == {"List": 4}
            driver.delete("/d")
            assert exchange.taken() == {"List": 5, "Batch": 2, "GetProperties": 1}
            assert driver.list("/") == []

    def test_of_a_stream(self, driver: AzureDriver, exchange: Exchange) -> None:
        with driver.writer("/f") as writer:
            assert exchange.taken() == {"GetBlob": 1}
            writer.write(body(CHUNKS_AT_ONCE * CHUNK + 1))
            assert exchange.taken() == {"PutBlock": CHUNKS_AT_ONCE}
            writer.commit()
        assert exchange.taken() == {
            "PutBlock": 1,
            "PutBlockList": 1,
            "PutBlockFromUrl": 1,
            "CopyBlob": 1,
            "DeleteBlob": 1,
        }
        with driver.writer("/f") as writer:
            writer.write(b"short")
            writer.commit()
        assert exchange.taken() == {"GetBlob": 1, "PutBlob": 1}


class TestStreams:
    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 7])
    def test_sizes(self, either: AzureDriver, parameters: Any, root: str, size: int) -> None:
        content, step = body(size), 300_007
        with either.writer("/d/f") as writer:
            for start in range(0, size, step):
                writer.write(content[start : start + step])
            assert either.list("/") == []
            writer.commit()
        assert either.get_content("/d/f") == content
        assert inspect(parameters) == [f"{root}/d/f"]

    @pytest.mark.parametrize("size", [1, CHUNK + 1])
    @pytest.mark.parametrize("ending", ["cancel", "close and cancel", "writer", "delete", "delete parent"])
    def test_what_ends_leaves_nothing(
        self, either: AzureDriver, parameters: Any, root: str, ending: str, size: int
    ) -> None:
        either.put_content("/d-sibling", b"")
        writer = either.writer("/d/f")
        writer.write(body(size))
        if ending != "cancel":
            writer.close()
        if ending == "writer":
            either.writer("/d/f").cancel()
        elif ending.startswith("delete"):
            with pytest.raises(PathNotFoundError):
                either.delete("/d/f" if ending == "delete" else "/d")
        else:
            writer.cancel()
        assert inspect(parameters) == [f"{root}/d-sibling"]
        with pytest.raises(PathNotFoundError):
            either.writer("/d/f", append=True)

    def test_put_and_commits_meanwhile(self, either: AzureDriver, parameters: Any, root: str) -> None:
        """What is written to the path does not throw away what others have staged for it."""
        first, second = either.writer("/f"), either.writer("/f")
        first.write(body(CHUNK + 1, 1))
        second.write(body(CHUNK + 2, 2))
        either.put_content("/f", b"put")
        assert either.get_content("/f") == b"put"
        second.commit()
        assert either.get_content("/f") == body(CHUNK + 2, 2)
        first.write(b"more")
        first.commit()
        assert either.get_content("/f") == body(CHUNK + 1, 1) + b"more"
        assert inspect(parameters) == [f"{root}/f"]

    def test_racing_writers_never_mix(self, driver: AzureDriver, parameters: Any) -> None:
        contents = [body(CHUNK + 10 + seed, seed) for seed in range(6)]
        barrier = threading.Barrier(len(contents))

        def write(content: bytes) -> None:
            with AzureDriver.from_parameters(parameters) as own, own.writer("/f") as writer:
                writer.write(content)
                barrier.wait(60)
                writer.commit()

        threads = [threading.Thread(target=write, args=(content,)) for content in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert driver.get_content("/f") in contents
        assert len(inspect(parameters)) == 1

    def test_continued_by_another_process(self, driver: AzureDriver, parameters: dict[str, Any], root: str) -> None:
        with driver.writer("/f") as writer:
            writer.write(body(CHUNK + 5))
        program = (
            "import json, sys\n"
            "from storagedriver import factory\n"
            "with factory.create('azure', json.load(sys.stdin)) as driver:\n"
            "    with driver.writer('/f', append=True) as writer:\n"
            "        writer.write(b', continued'); writer.commit()\n"
        )
        subprocess.run([sys.executable, "-c", program], input=json.dumps(parameters).encode(), check=True, timeout=120)
        assert driver.get_content("/f") == body(CHUNK + 5) + b", continued"
        assert inspect(parameters) == [f"{root}/f"]

    def test_in_small_pieces_by_many(self, parameters: dict[str, Any], root: str) -> None:
        content, step = body(2 * CHUNK + 100), CHUNK // 3
        for start in range(0, len(content), step):
            with AzureDriver.from_parameters(parameters) as driver, driver.writer("/f", append=start > 0) as writer:
                assert writer.size == start
                writer.write(content[start : start + step])
        with AzureDriver.from_parameters(parameters) as driver, driver.writer("/f", append=True) as writer:
            writer.commit()
            assert driver.get_content("/f") == content
        assert inspect(parameters) == [f"{root}/f"]

    def test_staged_content_outlives_who_resumed_it(self, either: AzureDriver, parameters: Any, root: str) -> None:
        with either.writer("/f") as writer:
            writer.write(body(CHUNK + 10))
        crashed = either.writer("/f", append=True)
        crashed.write(body(CHUNK, 1))
        with either.writer("/f", append=True) as writer:
            assert writer.size == CHUNK + 10
            writer.write(b"end")
            writer.commit()
        assert either.get_content("/f") == body(CHUNK + 10) + b"end"
        assert inspect(parameters) == [f"{root}/f"]
        crashed.cancel()

    @pytest.mark.parametrize("size", [10, CHUNK + 10])
    def test_two_who_continue_one_stage(self, driver: AzureDriver, size: int) -> None:
        """The one who commits last is not told that the other's commit was its own; what is staged anew counts."""
        with driver.writer("/f") as writer:
            writer.write(body(size))
        first, second = driver.writer("/f", append=True), driver.writer("/f", append=True)
        first.write(b"first")
        second.write(b"second")
        second.commit()
        assert driver.get_content("/f") == body(size) + b"second"
        if size < CHUNK:
            first.close()
            with driver.writer("/f", append=True) as writer:
                assert writer.size == size + len(b"first")
                writer.commit()
            assert driver.get_content("/f") == body(size) + b"first"
        else:
            with pytest.raises(BackendError, match="staged is gone"):
                first.commit()
            assert driver.get_content("/f") == body(size) + b"second"

    def test_crash_after_publication(self, driver: AzureDriver, monkeypatch: pytest.MonkeyPatch) -> None:
        for size in (10, CHUNK + 10):
            with driver.writer("/f") as writer:
                writer.write(body(size))
            writer = driver.writer("/f", append=True)
            writer.write(b"rest")
            with monkeypatch.context() as patched:
                patched.setattr("storagedriver_drivers.azure.upload.AzureUpload._end_state", lambda _: sys.exit(9))
                with pytest.raises(SystemExit):
                    writer.commit()
            with driver.writer("/f", append=True) as writer:
                assert writer.size == size + 4
                writer.write(b", and more")
                writer.commit()
            assert driver.get_content("/f") == body(size) + b"rest, and more"

    def test_what_dead_processes_staged_is_collected(
        self, either: AzureDriver, parameters: Any, root: str, raw: ContainerClient
    ) -> None:
        """A stream that was never closed leaves blocks that no state names; they go with the path, or a parent."""
        either.put_content("/d/other", b"")
        either.put_content("/ab", b"")
        for path in ("/d/f", "/d/g", "/a", "/ab"):
            either.writer(path).write(body(CHUNKS_AT_ONCE * CHUNK))
        assert len(inspect(parameters)) == 6
        either.delete("/d")
        with pytest.raises(PathNotFoundError):
            either.delete("/a")
        left = inspect(parameters)
        assert len(left) == 2
        assert all(name.startswith((f"{root}/ab", f"{root}/~staging/ab/~data-")) for name in left)
        either.delete("/ab")
        assert list(raw.list_blobs(name_starts_with=root, include=["uncommittedblobs"])) == []

    def test_blocks_that_a_failed_move_left_go_with_the_path(
        self, either: AzureDriver, root: str, raw: ContainerClient
    ) -> None:
        """Nobody committed them, under the very name of a file, or of one beside others; or beside a committed content."""
        either.put_content("/d/f", b"kept until then")
        for name in ("d/f", "d/g", "a"):
            raw.get_blob_client(f"{root}/{name}").stage_block("MDAwMDAw", b"of a copy")
        assert either.get_content("/d/f") == b"kept until then"
        assert either.list("/") == ["/d"]

        either.delete("/d")
        with pytest.raises(PathNotFoundError):
            either.delete("/a")

        assert list(raw.list_blobs(name_starts_with=root, include=["uncommittedblobs"])) == []

    @pytest.mark.parametrize("damage", [b"", b"no json\n", b"{}\n", b"[]\n", b'{"version": 2}\n', b"no end"])
    def test_damaged_state(self, driver: AzureDriver, raw: ContainerClient, root: str, damage: bytes) -> None:
        raw.upload_blob(f"{root}/~staging/f/~state", damage)
        with pytest.raises(BackendError):
            driver.writer("/f", append=True)

    def test_state_cut_short_or_led_astray(self, driver: AzureDriver, raw: ContainerClient, root: str) -> None:
        with driver.writer("/f") as writer:
            writer.write(b"twelve bytes")
        state = raw.get_blob_client(f"{root}/~staging/f/~state")
        content = state.download_blob().readall()
        assert content.endswith(b"\ntwelve bytes")
        state.upload_blob(content[:-1], overwrite=True)
        with pytest.raises(BackendError, match="damaged"):
            driver.writer("/f", append=True)
        header = json.loads(content.partition(b"\n")[0])
        state.upload_blob(json.dumps({**header, "mark": "x/../../y"}).encode() + b"\ntwelve bytes", overwrite=True)
        with pytest.raises(BackendError, match="damaged"):
            driver.writer("/f", append=True)

    def test_lost_blocks_are_an_error(self, driver: AzureDriver, raw: ContainerClient, root: str) -> None:
        driver.put_content("/f", b"old")
        with driver.writer("/f") as writer:
            writer.write(body(CHUNKS_AT_ONCE * CHUNK + 1))
            raw.get_blob_client(f"{root}/~staging/f/~data-{writer._upload._mark}").commit_block_list([])  # type: ignore[attr-defined]
            for call in (writer.commit, writer.commit, writer.close):
                with pytest.raises(BackendError, match="staged is gone"):
                    call()
            writer.cancel()
        assert driver.get_content("/f") == b"old"

    def test_too_many_blocks(self, driver: AzureDriver, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("storagedriver_drivers.azure.upload.MOST_BLOCKS", 2)
        with driver.writer("/f") as writer:
            writer.write(body(2 * CHUNK))
            with pytest.raises(BackendError, match="larger chunksize"):
                writer.write(b"x")
            writer.commit()
        assert driver.stat("/f").size == 2 * CHUNK

    def test_memory_is_bounded(self, driver: AzureDriver) -> None:
        piece = body(CHUNK // 2 + 1)
        driver.put_content("/warm", b"")
        driver.move("/warm", "/up")
        tracemalloc.start()
        try:
            with driver.writer("/f") as writer:
                for _ in range(48):
                    writer.write(piece)
                writer.commit()
            with driver.reader("/f") as stream:
                while stream.read(1 << 16):
                    pass
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 10 * CHUNK


class TestReading:
    def test_one_version(self, driver: AzureDriver) -> None:
        driver.put_content("/f", body(3 * CHUNK, 1))
        with driver.reader("/f") as stream:
            assert stream.read(10) == body(10, 1)
            driver.put_content("/f", body(3 * CHUNK, 2))
            assert stream.read() == body(3 * CHUNK, 1)[10:]
        assert driver.get_content("/f") == body(3 * CHUNK, 2)

    @staticmethod
    def cut(driver: AzureDriver, start: int, end: int) -> Answer:
        """The answer to a read of the 1000 bytes of `/f`, broken off before `end`."""
        head = driver._container.head(driver._layout.key("/f"))
        assert head is not None
        headers = {"Content-Length": str(1000 - start), "ETag": head.etag}
        if start:
            headers["Content-Range"] = f"bytes {start}-999/1000"
        return Answer(206 if start else 200, body=body(1000)[start:end], headers=headers)

    def test_body_that_breaks_off_is_resumed(self, driver: AzureDriver, exchange: Exchange) -> None:
        driver.put_content("/f", body(1000))
        cut = self.cut(driver, 0, 400)
        exchange.answer("GetBlob", cut, None, cut, None)
        exchange.taken()
        assert driver.get_content("/f") == body(1000)
        with driver.reader("/f") as stream:
            assert stream.read() == body(1000)
        assert exchange.taken() == {"GetBlob": 4}

    def test_body_that_breaks_off_for_good(self, driver: AzureDriver, exchange: Exchange) -> None:
        driver.put_content("/f", body(1000))
        exchange.answer("GetBlob", *[self.cut(driver, 0, 400), self.cut(driver, 400, 500)] * 2)
        with pytest.raises(BackendError, match="broke off at byte 500"):
            driver.get_content("/f")
        with driver.reader("/f") as stream, pytest.raises(BackendError, match="broke off at byte 500"):
            stream.read()

    @pytest.mark.parametrize("meanwhile", ["put", "delete"])
    def test_body_that_breaks_off_as_the_file_is_replaced(
        self, driver: AzureDriver, exchange: Exchange, meanwhile: str
    ) -> None:
        driver.put_content("/f", body(1000))
        exchange.answer("GetBlob", self.cut(driver, 0, 400))
        with driver.reader("/f") as stream:
            if meanwhile == "put":
                driver.put_content("/f", body(1000, 2))
            else:
                driver.delete("/f")
            with pytest.raises(BackendError, match="replaced or deleted"):
                stream.read()

    def test_stored_bytes_are_read_whatever_their_encoding(
        self, driver: AzureDriver, raw: ContainerClient, root: str
    ) -> None:
        content = gzip.compress(body(5000))
        raw.upload_blob(f"{root}/f", content, content_settings=ContentSettings(content_encoding="gzip"))
        assert driver.get_content("/f") == content
        assert driver.stat("/f").size == len(content)

    @pytest.mark.parametrize(("status", "told"), [(200, ""), (206, "bytes 0-99/100")])
    def test_another_range_than_asked_for(
        self, driver: AzureDriver, exchange: Exchange, status: int, told: str
    ) -> None:
        driver.put_content("/f", body(100))
        exchange.answer("GetBlob", Answer(status, body=body(100), headers={"Content-Range": told, "ETag": '"x"'}))
        with pytest.raises(BackendError, match="other ones sent"):
            driver.reader("/f", 5)


class TestCopies:
    @pytest.mark.parametrize("size", [0, 10, CHUNK, CHUNK + 1, 2 * CHUNK + 1])
    def test_moves(self, either: AzureDriver, parameters: Any, root: str, size: int) -> None:
        either.put_content("/a/source_.-1", body(size))
        either.put_content("/dest", b"old")
        either.move("/a/source_.-1", "/dest")
        assert either.get_content("/dest") == body(size)
        assert inspect(parameters) == [f"{root}/dest"]

    def test_small_ones_are_synchronous(self, driver: AzureDriver, exchange: Exchange) -> None:
        driver.put_content("/a", body(CHUNK))
        exchange.taken()
        driver.move("/a", "/b")
        assert exchange.taken()["CopyBlobFromUrl"] == 1

    @pytest.mark.parametrize("times", [1, 2, 9])
    def test_blocks_thrown_away_meanwhile_are_copied_again(
        self, driver: AzureDriver, raw: ContainerClient, times: int
    ) -> None:
        """As others do who write to the dest; if they never end, the server copies the blob whole."""
        exchange = Exchange(driver, raw, like_azure=True)
        driver.put_content("/a", body(CHUNK + 1))
        exchange.answer("PutBlockFromUrl", lambda _: driver.put_content("/b", b"comes between"))
        exchange.answer("PutBlockList", *[Answer(400, "InvalidBlockList")] * times)
        driver.move("/a", "/b")
        assert driver.get_content("/b") == body(CHUNK + 1)
        assert driver.list("/") == ["/b"]

    def test_source_that_changes_is_not_copied(self, driver: AzureDriver, exchange: Exchange) -> None:
        for size in (10, CHUNK + 1):
            driver.put_content("/a", body(size))
            exchange.answer("GetProperties", lambda _: driver.put_content("/a", b"newer"))
            with pytest.raises(BackendError, match=r"ConditionNotMet|CannotVerify"):
                driver.move("/a", "/b")
            assert driver.get_content("/a") == b"newer"
            assert driver.list("/") == ["/a"]

    @staticmethod
    def told(status: str, copy: str | None = None) -> Callable[[Any], None]:
        def change(response: Any) -> None:
            response.headers["x-ms-copy-status"] = status
            if copy:
                response.headers["x-ms-copy-id"] = copy

        return change

    def test_copy_that_takes_its_time_is_waited_for(self, driver: AzureDriver, exchange: Exchange) -> None:
        driver.put_content("/a", body(CHUNK + 1))
        exchange.answer("CopyBlob", self.told("pending"))
        exchange.answer("GetProperties", None, None, self.told("pending"), self.told("pending"))
        exchange.taken()
        driver.move("/a", "/b")
        assert exchange.taken()["GetProperties"] == 5
        assert driver.get_content("/b") == body(CHUNK + 1)
        assert driver.list("/") == ["/b"]

    @pytest.mark.parametrize("outcome", ["pending", "failed", "aborted"])
    def test_copy_that_does_not_succeed(self, driver: AzureDriver, exchange: Exchange, outcome: str) -> None:
        driver.put_content("/a", body(CHUNK + 1))
        exchange.answer("CopyBlob", self.told("pending"))
        exchange.answer("GetProperties", None, None, *[self.told(outcome)] * 50)
        exchange.answer("AbortCopy", Answer(204))
        driver._parameters = driver._parameters.model_copy(
            update={"copy_status_poll_max_retry": 2, "copy_status_poll_delay": 0.001}
        )
        exchange.taken()
        with pytest.raises(BackendError, match="did not succeed"):
            driver.move("/a", "/b")
        assert exchange.taken()["AbortCopy"] == (outcome == "pending")
        exchange.answer("GetProperties")
        assert driver.get_content("/a") == body(CHUNK + 1)
        assert driver.list("/") == ["/a"]

    def test_copy_replaced_by_another(self, driver: AzureDriver, exchange: Exchange) -> None:
        driver.put_content("/a", body(CHUNK + 1))
        exchange.answer("CopyBlob", self.told("pending"))
        exchange.answer("GetProperties", None, None, self.told("success", "another"))
        with pytest.raises(BackendError, match="replaced by another"):
            driver.move("/a", "/b")
        assert driver.get_content("/a") == body(CHUNK + 1)

    def test_copy_whose_beginning_is_not_known(self, driver: AzureDriver, exchange: Exchange) -> None:
        """Its answer was lost and it is under way: the next try is refused until it has ended."""
        driver.put_content("/a", body(CHUNK + 1))
        driver.put_content("/b", b"old")
        exchange.answer("CopyBlob", LOST, Answer(409, "PendingCopyOperation"))
        exchange.answer("GetProperties", None, None, self.told("pending"))
        driver.move("/a", "/b")
        assert exchange.taken()["CopyBlob"] == 3
        assert driver.get_content("/b") == body(CHUNK + 1)
        assert driver.list("/") == ["/b"]

    @pytest.mark.parametrize("code", ["BlobNotFound", "CannotVerifyCopySource"])
    def test_source_that_the_server_does_not_find(self, driver: AzureDriver, exchange: Exchange, code: str) -> None:
        driver.put_content("/a", b"a")
        exchange.answer("CopyBlobFromUrl", Answer(404, code))
        with pytest.raises(BackendError):
            driver.move("/a", "/b")
        exchange.answer("GetProperties", None, lambda _: driver.delete("/a"))
        exchange.answer("CopyBlobFromUrl", Answer(404, code))
        with pytest.raises(PathNotFoundError):
            driver.move("/a", "/b")

    def test_synchronous_copy_without_success(self, driver: AzureDriver, exchange: Exchange) -> None:
        driver.put_content("/a", b"a")
        exchange.answer(
            "CopyBlobFromUrl", Answer(202), Answer(202, headers={"ETag": '"x"', "x-ms-copy-status": "failed"})
        )
        for _ in range(2):
            with pytest.raises(BackendError):
                driver.move("/a", "/b")
            assert driver.get_content("/a") == b"a"

    @pytest.mark.parametrize("status", ["pending", "failed"])
    def test_what_a_copy_left_unfinished_is_not_read(
        self, driver: AzureDriver, exchange: Exchange, status: str
    ) -> None:
        driver.put_content("/f", b"")
        driver.put_content("/f", b"content")
        for operation, call in (("GetBlob", driver.get_content), ("GetProperties", driver.stat)):
            exchange.answer(operation, self.told(status))
            with pytest.raises(BackendError, match=f"is {status}"):
                call("/f")


class TestFaults:
    @pytest.mark.parametrize("status", [408, 429, 500, 503])
    def test_what_may_pass_is_retried(self, driver: AzureDriver, exchange: Exchange, status: int) -> None:
        driver.put_content("/d/g", b"g")
        exchange.taken()
        for operation in ("PutBlob", "GetBlob", "DeleteBlob", "GetProperties", "List", "CopyBlobFromUrl"):
            exchange.answer(operation, Answer(status))
        driver.put_content("/f", b"x")
        assert driver.get_content("/f") == b"x"
        driver.move("/f", "/h")
        driver.delete("/h")
        assert driver.list("/") == ["/d"]
        assert exchange.taken() == {
            "PutBlob": 2,
            "GetBlob": 2,
            "GetProperties": 4,
            "List": 5,
            "CopyBlobFromUrl": 2,
            "DeleteBlob": 3,
        }

    @pytest.mark.parametrize("answer", [Answer(429), Answer(503), CUT])
    def test_retries_are_bounded(self, driver: AzureDriver, exchange: Exchange, answer: Answer | str) -> None:
        exchange.answer("PutBlob", *[answer] * 50)
        with pytest.raises(BackendError):
            driver.put_content("/f", b"x")
        assert exchange.taken() == {"PutBlob": 2}

    @pytest.mark.parametrize(
        "operation", ["PutBlob", "PutBlock", "PutBlockList", "CopyBlob", "CopyBlobFromUrl", "DeleteBlob", "Batch"]
    )
    def test_answer_that_is_lost(
        self, driver: AzureDriver, exchange: Exchange, parameters: Any, root: str, operation: str
    ) -> None:
        exchange.answer(operation, LOST)
        driver.put_content("/small", b"small")
        driver.move("/small", "/moved")
        with driver.writer("/streamed") as writer:
            writer.write(body(CHUNK + 1))
            writer.commit()
        for name in "abc":
            driver.put_content(f"/d/{name}", b"")
        driver.delete("/d")
        assert driver.get_content("/moved") == b"small"
        assert driver.get_content("/streamed") == body(CHUNK + 1)
        assert inspect(parameters) == [f"{root}/moved", f"{root}/streamed"]

    @pytest.mark.parametrize("failing", ["PutBlock", "PutBlockList", "CopyBlob", "DeleteBlob"])
    def test_commit_that_failed_can_be_repeated(
        self, driver: AzureDriver, exchange: Exchange, parameters: Any, root: str, failing: str
    ) -> None:
        driver.put_content("/f", b"old")
        with driver.writer("/f") as writer:
            writer.write(body(CHUNK + 1))
            # Two blocks go side by side, each of them twice.
            exchange.answer(failing, *[Answer(503)] * 4)
            with pytest.raises(BackendError):
                writer.commit()
            exchange.answer(failing)
            assert driver.get_content("/f") == (body(CHUNK + 1) if failing == "DeleteBlob" else b"old")
            writer.commit()
        assert driver.get_content("/f") == body(CHUNK + 1)
        assert inspect(parameters) == [f"{root}/f"]

    def test_write_that_failed_can_be_repeated(self, driver: AzureDriver, exchange: Exchange) -> None:
        content = body(CHUNKS_AT_ONCE * CHUNK + 100)
        with driver.writer("/f") as writer:
            writer.write(b"start")
            exchange.answer("PutBlock", None, Answer(403, "AuthorizationFailure"))
            with pytest.raises(BackendError):
                writer.write(content)
            assert writer.size == 5
            writer.write(content)
            writer.commit()
        assert driver.get_content("/f") == b"start" + content

    def test_batch_that_is_partly_refused(
        self, driver: AzureDriver, exchange: Exchange, raw: ContainerClient, root: str
    ) -> None:
        for name in "abc":
            driver.put_content(f"/d/{name}", b"")
        lease: Any = raw.get_blob_client(f"{root}/d/b").acquire_lease()
        with pytest.raises(BackendError, match="LeaseIdMissing"):
            driver.delete("/d")
        assert driver.list("/d") == ["/d/b"]
        lease.release()
        driver.delete("/d")
        assert exchange.taken()["Batch"] == 1

    @pytest.mark.parametrize("status", [403, 500])
    def test_only_absence_is_not_found(self, driver: AzureDriver, exchange: Exchange, status: int) -> None:
        for operation in ("GetProperties", "GetBlob", "List", "PutBlob"):
            exchange.answer(operation, *[Answer(status)] * 60)
        calls: list[Callable[[str], Any]] = [driver.stat, driver.get_content, driver.reader, driver.writer, driver.list]
        calls += [driver.delete, driver.walk, lambda path: driver.put_content(path, b"")]
        calls += [lambda path: driver.move(path, "/g"), lambda path: driver.writer(path, append=True)]
        for call in calls:
            with pytest.raises(BackendError) as caught:
                list(call("/f"))
            assert caught.value.path == "/f"
            assert caught.value.__cause__ is not None

    def test_absence_without_a_code(self, driver: AzureDriver, exchange: Exchange) -> None:
        for operation, call in (("GetProperties", driver.stat), ("GetBlob", driver.get_content)):
            exchange.answer(operation, Answer(404))
            with pytest.raises(PathNotFoundError):
                call("/f")

    def test_absence_of_a_container_without_a_code(self, driver: AzureDriver, exchange: Exchange) -> None:
        exchange.answer("List", Answer(404))
        with pytest.raises(BackendError):
            driver.list("/d")

    def test_absent_container(self, parameters: dict[str, Any]) -> None:
        with AzureDriver.from_parameters({**parameters, "container": "not-there"}) as driver:
            calls: list[Callable[[str], Any]] = [driver.stat, driver.get_content, driver.reader, driver.writer]
            calls += [driver.list, driver.delete, driver.walk, lambda path: driver.put_content(path, b"")]
            calls += [lambda path: driver.move(path, "/g"), lambda path: driver.writer(path, append=True)]
            for call in calls:
                with pytest.raises(BackendError, match=r"container 'not-there' does not exist; create it"):
                    list(call("/f"))

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"accountkey": "d3Jvbmc="}, "the credential was refused"),
            ({"accountname": "nobody"}, "the credential was refused|no such account"),
        ],
    )
    def test_wrong_credentials(self, parameters: dict[str, Any], wrong: dict[str, Any], told: str) -> None:
        with AzureDriver.from_parameters({**parameters, **wrong}) as driver:
            for call in (driver.stat, driver.get_content, driver.list):
                with pytest.raises(BackendError, match=told) as caught:
                    call("/f")
                assert "d3Jvbmc=" not in f"{caught.value} {caught.value.__cause__!r}"

    def test_dead_server(self, parameters: dict[str, Any], dead_port: int) -> None:
        dead = {"serviceurl": f"http://127.0.0.1:{dead_port}/account"}
        unreached = pytest.raises(BackendError, match=r"could not be asked .*check serviceurl")
        with AzureDriver.from_parameters({**parameters, **dead}) as driver, unreached:
            driver.stat("/f")

    def test_silent_server(self, parameters: dict[str, Any]) -> None:
        silent = {"read_timeout": 0.2, "max_retries": 0}
        with socket.create_server(("127.0.0.1", 0)) as listener:
            endpoint = {"serviceurl": f"http://127.0.0.1:{listener.getsockname()[1]}/account"}
            unanswered = pytest.raises(BackendError, match="Timeout")
            with AzureDriver.from_parameters({**parameters, **endpoint, **silent}) as driver, unanswered:
                driver.stat("/f")

    def test_connections_are_kept_and_given_back(self, driver: AzureDriver, exchange: Exchange) -> None:
        driver.put_content("/f", body(2 * CHUNK))
        for _ in range(70):
            with driver.reader("/f") as stream:
                stream.read(10)
        assert driver.get_content("/f") == body(2 * CHUNK)
        assert exchange.taken()["GetBlob"] == 71


class TestRedirect:
    def test_of_a_key(self, driver: AzureDriver, parameters: dict[str, Any]) -> None:
        driver.put_content("/d/f", b"content")
        url = driver.redirect_url("/d/f")
        assert url is not None
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert answer.read() == b"content"
        assert parameters["accountkey"] not in unquote(url)
        assert "sp=r&" in url
        for method in ("HEAD", "PUT", "DELETE"):
            assert driver.redirect_url("/d/f", method=method) is None
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, data=b"x", method="PUT"), timeout=30)
        refused.value.close()

    @pytest.mark.parametrize("expires", [0, -1, 0.5, 604_801, float("nan"), float("inf")])
    def test_bounds(self, driver: AzureDriver, expires: float) -> None:
        with pytest.raises(ParameterError) as caught:
            driver.redirect_url("/f", expires=expires)
        assert caught.value.parameter == "expires"

    def test_of_a_delegation_key(self) -> None:
        class Service:
            asked = 0

            def get_user_delegation_key(self, start: datetime, expiry: datetime) -> Any:
                from azure.storage.blob import UserDelegationKey

                Service.asked += 1
                key = UserDelegationKey()  # type: ignore[no-untyped-call]
                key.signed_oid = key.signed_tid = "id"
                key.signed_start, key.signed_expiry = start.isoformat(), expiry.isoformat()
                key.signed_service, key.signed_version, key.value = "b", "2025-01-05", "c2VjcmV0"
                return key

        with AzureDriver.from_parameters(TestParameters.MINIMAL) as driver:
            blob = driver._container.blob("f")
        service: Any = Service()
        token: Any = object()
        signer = Signer(service, Access("https://account.blob.core.windows.net", "account", token=token))
        for seconds in (60, 3600):
            assert "skoid=id" in signer.readable(blob, seconds)
        assert Service.asked == 1
        assert "spr=https" in signer.readable(blob, 5 * 24 * 3600)
        assert Service.asked == 2


class TestCredentials:
    @pytest.fixture
    def sas(self, connection: dict[str, Any]) -> str:
        return self.signature(connection, datetime.now(UTC))

    @staticmethod
    def signature(connection: dict[str, Any], now: datetime) -> str:
        return str(
            generate_container_sas(
                connection["accountname"],
                connection["container"],
                account_key=connection["accountkey"],
                permission=ContainerSasPermissions(
                    read=True, write=True, delete=True, list=True, add=True, create=True
                ),
                start=now - timedelta(minutes=5),
                expiry=now + timedelta(hours=1),
            )
        )

    @pytest.mark.parametrize("days", [-1, 1])
    def test_a_clock_that_is_off(self, parameters: dict[str, Any], connection: dict[str, Any], days: int) -> None:
        signed = {"accountkey": None, "sastoken": self.signature(connection, datetime.now(UTC) + timedelta(days=days))}
        with AzureDriver.from_parameters({**parameters, **signed}) as driver:
            for call in (driver.stat, driver.get_content, driver.list):
                with pytest.raises(BackendError, match=r"credential was refused; check .*the clock of this machine"):
                    call("/f")

    @pytest.mark.parametrize("prefix", ["", "?"])
    def test_shared_access_signature(
        self, parameters: dict[str, Any], sas: str, raw: ContainerClient, prefix: str
    ) -> None:
        with AzureDriver.from_parameters({**parameters, "accountkey": None, "sastoken": prefix + sas}) as driver:
            exchange = Exchange(driver, raw)
            for name in "abc":
                driver.put_content(f"/d/{name}", b"x")
            with driver.writer("/f") as writer:
                writer.write(body(CHUNK + 1))
                writer.commit()
            driver.move("/f", "/g")
            driver.move("/d/a", "/h")
            assert driver.get_content("/g") == body(CHUNK + 1)
            driver.delete("/d")
            assert exchange.taken()["Batch"] == 1
            assert driver.list("/") == ["/g", "/h"]
            assert not driver.capabilities.redirect
            assert driver.redirect_url("/g") is None

    def test_connection_string(self, parameters: dict[str, Any], sas: str) -> None:
        account, key, url = (parameters.pop(name) for name in ("accountname", "accountkey", "serviceurl"))
        for text in (
            f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};BlobEndpoint={url};",
            f"BlobEndpoint={url}/;SharedAccessSignature={sas}",
        ):
            with AzureDriver.from_parameters({**parameters, "connectionstring": text}) as driver:
                driver.put_content("/f", b"x")
                assert driver.get_content("/f") == b"x"
                driver.move("/f", "/g")

    def test_tokens_are_sent(self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)

        class Credential:
            made: ClassVar[dict[str, Any]] = {}

            def __init__(self, **given: Any) -> None:
                Credential.made = given

            def get_token(self, *scopes: str, **_: Any) -> AccessToken:
                assert scopes == ("https://storage.azure.com/.default",)
                return AccessToken("the-token", 2_000_000_000)

        monkeypatch.setattr("azure.identity.ClientSecretCredential", Credential)
        monkeypatch.setattr("azure.identity.DefaultAzureCredential", Credential)
        account = {"container": "some-container", "accountname": "account", "max_retries": 0}
        application = {"tenantid": "t", "clientid": "c", "clientsecret": "hidden-secret"}
        for more, made in (
            (application, {"tenant_id": "t", "client_id": "c", "client_secret": "hidden-secret"}),
            ({"defaultcredentials": True}, {}),
            ({"defaultcredentials": "true", "clientid": "c"}, {"managed_identity_client_id": "c"}),
        ):
            sent: list[str] = []
            with AzureDriver.from_parameters({**account, **more}) as driver:
                assert Credential.made == made
                transport: Any = driver._container.service._pipeline._transport

                def send(request: Any, into: list[str] = sent, **_: Any) -> Any:
                    into.append(request.headers["Authorization"])
                    return Answer(404, "BlobNotFound").response(request)

                monkeypatch.setattr(transport, "send", send)
                with pytest.raises(PathNotFoundError):
                    driver.get_content("/f")
                assert driver.capabilities.redirect
            assert sent == ["Bearer the-token"]
        assert "hidden-secret" not in caplog.text

    def test_identity_that_is_not_installed(self) -> None:
        program = (
            "import sys\n"
            "sys.modules['azure.identity'] = None\n"
            "from storagedriver import factory, MissingDependencyError\n"
            "given = {'container': 'some', 'accountname': 'a', 'defaultcredentials': True}\n"
            "try: factory.create('azure', given)\n"
            "except MissingDependencyError as error: print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
        assert "pip install azure-identity" in done.stdout


class TestParameters:
    MINIMAL: ClassVar[dict[str, Any]] = {
        "container": "some-container",
        "accountname": "account",
        "accountkey": "aGlkZGVu",
    }

    def made(self, **more: Any) -> AzureDriver:
        return AzureDriver.from_parameters({**self.MINIMAL, **more})

    @pytest.mark.parametrize(
        ("more", "parameter"),
        [
            ({"container": None}, "container"),
            ({"container": "Capitals"}, "container"),
            ({"container": "ab"}, "container"),
            ({"container": "a--b"}, "container"),
            ({"container": "a" * 64}, "container"),
            ({"container": "some-container\n"}, "container"),
            ({"accountname": None}, "accountname"),
            ({"accountname": "Not.a.name"}, "accountname"),
            ({"accountkey": None}, "accountkey"),
            ({"accountkey": "hidden"}, "accountkey"),
            ({"accountkey": ""}, "accountkey"),
            ({"accountkeyy": "x"}, "accountkeyy"),
            ({"sastoken": "sig=hidden"}, "sastoken"),
            ({"accountkey": None, "sastoken": "hidden"}, "sastoken"),
            ({"accountkey": None, "sastoken": "https://x/?sig=hidden"}, "sastoken"),
            ({"defaultcredentials": True}, "defaultcredentials"),
            ({"accountkey": None, "clientsecret": "hidden", "clientid": "c"}, "tenantid"),
            ({"accountkey": None, "clientsecret": "hidden", "tenantid": "t"}, "clientid"),
            ({"accountkey": None, "clientid": "c", "tenantid": "t"}, "clientsecret"),
            ({"clientid": "c"}, "clientid"),
            ({"accountkey": None, "connectionstring": "AccountName=a;AccountKey=aGlkZGVu"}, "accountname"),
            ({"accountkey": None, "accountname": None, "connectionstring": "hidden"}, "connectionstring"),
            ({"accountkey": None, "accountname": None, "connectionstring": "AccountKey=aGlkZGVu"}, "connectionstring"),
            ({"serviceurl": "ftp://x"}, "serviceurl"),
            ({"serviceurl": "host:1"}, "serviceurl"),
            ({"serviceurl": "http://me:hidden@host"}, "serviceurl"),
            ({"serviceurl": "http://host:99999"}, "serviceurl"),
            ({"serviceurl": "http://host?sig=hidden"}, "serviceurl"),
            ({"serviceurl": "http://host", "realm": "core.windows.net"}, "realm"),
            ({"serviceurl": "http://host", "accountkey": None, "defaultcredentials": True}, "serviceurl"),
            ({"chunksize": CHUNK - 1}, "chunksize"),
            ({"chunksize": (4000 << 20) + 1}, "chunksize"),
            ({"copythresholdsize": -1}, "copythresholdsize"),
            ({"copythresholdsize": (256 << 20) + 1}, "copythresholdsize"),
            ({"copy_status_poll_delay": 0}, "copy_status_poll_delay"),
            ({"copy_status_poll_max_retry": -1}, "copy_status_poll_max_retry"),
            ({"listpage": 5001}, "listpage"),
            ({"listpage": 0}, "listpage"),
            ({"max_retries": 21}, "max_retries"),
            ({"retry_delay": -1}, "retry_delay"),
            ({"connect_timeout": 0}, "connect_timeout"),
            ({"read_timeout": 3601}, "read_timeout"),
            ({"rootdirectory": "a/../b"}, "rootdirectory"),
            ({"rootdirectory": "r" * 651}, "rootdirectory"),
            ({"ca_bundle": "/no/such/file"}, "ca_bundle"),
            ({"ca_bundle": __file__, "skipverify": True}, "ca_bundle"),
        ],
    )
    def test_refused(self, more: dict[str, Any], parameter: str) -> None:
        with pytest.raises(ParameterError) as caught:
            self.made(**more)
        assert caught.value.parameter == parameter
        assert "hidden" not in str(caught.value)
        assert "aGlkZGVu" not in str(caught.value)

    @pytest.mark.parametrize(
        ("more", "url"),
        [
            ({}, "https://account.blob.core.windows.net/some-container/f"),
            ({"realm": "core.chinacloudapi.cn"}, "https://account.blob.core.chinacloudapi.cn/some-container/f"),
            ({"serviceurl": "http://h:1/account/"}, "http://h:1/account/some-container/f"),
            ({"rootdirectory": "/r/s/"}, "https://account.blob.core.windows.net/some-container/r/s/f"),
            ({"container": "$root"}, "https://account.blob.core.windows.net/%24root/f"),
            (
                {
                    "accountname": None,
                    "accountkey": None,
                    "connectionstring": "AccountName=a;AccountKey=aGlkZGVu;EndpointSuffix=core.x",
                },
                "https://a.blob.core.x/some-container/f",
            ),
        ],
    )
    def test_where_requests_go(self, more: dict[str, Any], url: str) -> None:
        with self.made(**more) as driver:
            assert str(driver.redirect_url("/f")).partition("?")[0] == url

    def test_numbers(self) -> None:
        with self.made(chunksize=str(2 * CHUNK), copythresholdsize="0", listpage=7) as made:
            limits = made.capabilities.limits
            assert (limits.chunk_size, limits.copy_size, limits.list_page) == (2 * CHUNK, 0, 7)
            assert limits.largest_file == 50_000 * 2 * CHUNK
        with self.made(max_retries=7, retry_delay=3, connect_timeout="1.5", read_timeout=2) as made:
            service: Any = made._container.service
            retries = service._config.retry_policy
            assert (retries.total_retries, retries.read_retries, retries.connect_retries) == (7, 7, 7)
            assert 0 <= retries.get_backoff_time({"count": 0}) <= 3
            assert max(retries.get_backoff_time({"count": 50}) for _ in range(200)) <= 20
            config = service._pipeline._transport.connection_config
            assert (config.timeout, config.read_timeout, config.verify) == (1.5, 2, True)

    def test_longest_path_leaves_room_for_a_stage(self) -> None:
        for root in ("", "r" * 200, "r" * 650):
            with self.made(rootdirectory=root) as driver:
                longest = driver.capabilities.limits.longest_path
                assert len(driver._layout.data_key("/" + "p" * (longest - 1), "0" * 32)) <= 1024

    def test_skipverify_warns(self, caplog: pytest.LogCaptureFixture) -> None:
        with self.made(skipverify=True) as driver:
            service: Any = driver._container.service
            assert service._pipeline._transport.connection_config.verify is False
        assert "not verified" in caplog.text
        caplog.clear()
        with self.made(ca_bundle=__file__) as driver:
            service = driver._container.service
            assert service._pipeline._transport.connection_config.verify == __file__
        assert not caplog.text

    def test_pickle_and_factory(self) -> None:
        parameters = AzureParameters(**self.MINIMAL)
        assert pickle.loads(pickle.dumps(parameters)) == parameters
        with factory.create("azure", self.MINIMAL) as driver:
            assert isinstance(driver, AzureDriver)

    def test_missing_extra_names_the_command(self) -> None:
        program = (
            "import sys\n"
            "sys.modules['azure.storage.blob'] = sys.modules['azure.core.exceptions'] = None\n"
            "from storagedriver import factory, MissingDependencyError\n"
            "try: factory.create('azure', {})\n"
            "except MissingDependencyError as error: print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
        assert "pip install 'storagedriver[azure]'" in done.stdout


class TestSecrets:
    def test_of_a_key(self, parameters: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        with AzureDriver.from_parameters(parameters) as driver:
            driver.put_content("/f", b"x")
            driver.move("/f", "/g")
            url = str(driver.redirect_url("/g"))
            logging.getLogger("urllib3.connectionpool").debug("as it might be logged: %s", url)
            texts = [caplog.text, repr(driver), repr(driver._access), repr(driver._parameters)]
        assert "azure.core" in caplog.text
        for text in texts:
            assert parameters["accountkey"] not in text
            assert url.rpartition("sig=")[2] not in text

    def test_of_a_signature(self, parameters: dict[str, Any], dead_port: int, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        signed = {"accountkey": None, "sastoken": "sv=2025-01-05&sp=rl&sig=hidden%2Fsignature%3D"}
        for url in (f"http://127.0.0.1:{dead_port}/account", parameters["serviceurl"]):
            with AzureDriver.from_parameters({**parameters, **signed, "serviceurl": url}) as driver:
                with pytest.raises(BackendError) as caught:
                    driver.put_content("/f", b"x")
                texts = [caplog.text, repr(driver)]
            error: BaseException | None = caught.value
            while error is not None:
                texts += [str(error), repr(error)]
                error = error.__cause__ or error.__context__
            for text in texts:
                assert "hidden" not in text
        assert "urllib3" in caplog.text

    def test_loggers_are_let_alone_afterwards(self) -> None:
        names = [name for name in logging.root.manager.loggerDict if name.startswith(("azure", "urllib3", "msal"))]
        before = {name: list(logging.getLogger(name).filters) for name in names}
        AzureDriver.from_parameters(TestParameters.MINIMAL).close()
        assert {name: list(logging.getLogger(name).filters) for name in names} == before


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


class TestTLS:
    """A server with a certificate that no known authority signed."""

    @pytest.fixture
    def port(self, certificate: tuple[Path, Path]) -> Iterator[int]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        listener = socket.create_server(("127.0.0.1", 0))
        answer = (
            b"HTTP/1.1 404 Not Found\r\nx-ms-error-code: BlobNotFound\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )

        def serve() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as secure:
                        secure.recv(65536)
                        secure.sendall(answer)
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)

    def call(self, port: int, **more: Any) -> None:
        url = f"https://127.0.0.1:{port}/account"
        given = {**TestParameters.MINIMAL, "serviceurl": url, "max_retries": 0, **more}
        with AzureDriver.from_parameters(given) as driver:
            driver.get_content("/f")

    def test_unknown_authority_is_refused(self, port: int) -> None:
        with pytest.raises(BackendError, match="TLS certificate could not be verified; see ca_bundle"):
            self.call(port)

    def test_known_authority(self, port: int, certificate: tuple[Path, Path]) -> None:
        with pytest.raises(PathNotFoundError):
            self.call(port, ca_bundle=str(certificate[0]))

    @pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
    def test_not_verified(self, port: int) -> None:
        with pytest.raises(PathNotFoundError):
            self.call(port, skipverify=True)


def test_threads_that_end_leave_no_descriptor(driver: AzureDriver) -> None:
    """Neither the thread of a call nor those in which the SDK makes a batch of deletes."""

    def use(number: int) -> None:
        for name in ("a", "b"):
            driver.put_content(f"/d{number}/{name}", b"content")
        driver.delete(f"/d{number}")

    def used_in_a_thread(number: int) -> set[str]:
        thread = threading.Thread(target=use, args=(number,))
        thread.start()
        thread.join()
        return {name.name for name in Path("/dev/fd").iterdir()}

    first = used_in_a_thread(0)
    for number in range(1, 4):
        last = used_in_a_thread(number)

    assert len(last) <= len(first)


def test_documented_parameters_are_those_of_the_driver() -> None:
    page = (Path(__file__).parents[2] / "docs" / "drivers" / "azure.md").read_text(encoding="utf-8")
    for name, field in AzureParameters.model_fields.items():
        assert f"| {field.description} |" in next(
            line for line in page.splitlines() if line.startswith(f"| `{name}` |")
        )
