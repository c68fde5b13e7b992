"""The s3 driver against moto; with STORAGEDRIVER_TEST_S3_ENDPOINT set to a URL, against the server there.

Credentials for the latter are STORAGEDRIVER_TEST_S3_ACCESSKEY and STORAGEDRIVER_TEST_S3_SECRETKEY. Tests of what moto
alone allows, faults above all, go through a proxy in front of either.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import logging
import os
import pickle
import secrets
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError, ConnectionClosedError
from moto.server import ThreadedMotoServer

from drivers.replacing import append_while_it_is_replaced
from storagedriver import (
    BackendError,
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
    WriterStateError,
    factory,
)
from storagedriver.chunking import CHUNKS_AT_ONCE
from storagedriver.multipart_service import PartLimit
from storagedriver_drivers.s3 import S3Driver, S3Parameters, answers, multipart
from storagedriver_drivers.s3.judging import PARAMETERS, inspect
from storagedriver_drivers.s3.reading import ObjectReader

ENVIRONMENT = "STORAGEDRIVER_TEST_S3"
CHUNK = 5 << 20
BUCKET = "certified"


def given(name: str, default: str) -> str:
    return os.environ.get(f"{ENVIRONMENT}_{name}", default)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    url = os.environ.get(f"{ENVIRONMENT}_ENDPOINT")
    if url:
        yield url
        return
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def connection(endpoint: str) -> dict[str, Any]:
    return {
        "regionendpoint": endpoint,
        "accesskey": given("ACCESSKEY", "testkey"),
        "secretkey": given("SECRETKEY", "testsecret"),
    }


@pytest.fixture(scope="session")
def raw(connection: dict[str, Any]) -> Iterator[Any]:
    client = boto3.client(
        "s3",
        endpoint_url=connection["regionendpoint"],
        aws_access_key_id=connection["accesskey"],
        aws_secret_access_key=connection["secretkey"],
        region_name="us-east-1",
    )
    with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
        client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()


@pytest.fixture
def root(raw: Any) -> str:
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
def parameters(connection: dict[str, Any], root: str) -> dict[str, Any]:
    return {**PARAMETERS, **connection, "bucket": BUCKET, "rootdirectory": root, "maxretries": 1, "listpage": 1000}


@pytest.fixture
def driver(parameters: dict[str, Any]) -> Iterator[S3Driver]:
    with S3Driver.from_parameters(parameters) as made:
        yield made


class Requests:
    """Counts what a driver asks of the server."""

    def __init__(self, driver: S3Driver) -> None:
        self.operations: list[str] = []
        driver._bucket.client.meta.events.register("before-call.s3", self._count)

    def _count(self, model: Any, **_: Any) -> None:
        self.operations.append(model.name)

    def taken(self) -> Counter[str]:
        counted = Counter(self.operations)
        self.operations.clear()
        return counted


@pytest.fixture
def requests(driver: S3Driver) -> Requests:
    return Requests(driver)


def body(size: int, seed: int = 0) -> bytes:
    block = hashlib.sha256(str(seed).encode()).digest() * 1024
    return (block * (size // len(block) + 1))[:size]


def endpoint_of(driver: S3Driver) -> Any:
    """The part of boto3 that sends requests."""
    client: Any = driver._bucket.client
    return client._endpoint


class Faults:
    """Answers chosen requests of a driver by itself, or loses the answers, below boto3's retries."""

    def __init__(self, driver: S3Driver) -> None:
        self.client = driver._bucket.client
        self.endpoint = endpoint_of(driver)
        self.seen: Counter[str] = Counter()

    def answer(self, operation: str, *answers: Answer | str | None) -> None:
        """The next requests of `operation` get these in turn: "lost" does it and drops the answer; None lets it pass."""
        waiting = iter(answers)

        def intervene(request: Any, **_: Any) -> Any:
            self.seen[operation] += 1
            chosen = next(waiting, None)
            if chosen is None:
                return None
            if isinstance(chosen, Answer):
                return chosen.response(request.url)
            if chosen == "lost":
                self.endpoint.http_session.send(request)
            raise ConnectionClosedError(endpoint_url=request.url)

        self.client.meta.events.register(f"before-send.s3.{operation}", intervene)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def response(self, url: str) -> Any:
        headers: Any = HeadersDict(self.headers)
        return AWSResponse(url, self.status, headers, RawBody(self.body))


class RawBody(io.BytesIO):
    """A body as urllib3 would give it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture
def faults(driver: S3Driver) -> Faults:
    return Faults(driver)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii")


def error(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>said so</Message></Error>".encode()


def head(size: str) -> Answer:
    """The answer to HEAD of an object of so many bytes."""
    told = (("content-length", size), ("etag", '"x"'), ("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT"))
    return Answer(200, b"", told)


def server_of(driver: S3Driver) -> str:
    """What the server calls itself."""
    return answers.server(driver._bucket.client.list_objects_v2(Bucket=BUCKET, MaxKeys=1))


def on_seaweedfs(driver: S3Driver) -> bool:
    """Whether the server is the one whose listings take more requests."""
    return server_of(driver).startswith("SeaweedFS")


class TestWholeContent:
    @pytest.mark.parametrize("size", [0, 1, 1000])
    def test_put_and_get(self, driver: S3Driver, requests: Requests, size: int) -> None:
        driver.put_content("/a/b", body(size))
        assert requests.taken() == {"PutObject": 1}
        assert driver.get_content("/a/b") == body(size)
        assert requests.taken() == {"GetObject": 1}

    @pytest.mark.parametrize("size", [CHUNK, CHUNK + 1, 2 * CHUNK])
    def test_a_large_put_is_cut(self, driver: S3Driver, requests: Requests, parameters: Any, size: int) -> None:
        driver.put_content("/large", body(size))
        assert requests.taken()["PutObject"] == (size <= CHUNK)
        assert driver.get_content("/large") == body(size)
        assert inspect(parameters) == [f"{parameters['rootdirectory']}/large"]

    def test_absent_and_directory(self, driver: S3Driver) -> None:
        driver.put_content("/d/f", b"x")
        for path in ("/absent", "/d", "/d/f/below", "/d/"[:-1] + "x"):
            with pytest.raises(PathNotFoundError) as caught:
                driver.get_content(path)
            assert (caught.value.path, caught.value.driver_name) == (path, "s3")

    def test_the_key_is_root_and_path(self, driver: S3Driver, raw: Any, root: str) -> None:
        driver.put_content("/docker/registry", b"x")
        assert raw.get_object(Bucket=BUCKET, Key=f"{root}/docker/registry")["Body"].read() == b"x"


class TestReader:
    @pytest.mark.parametrize("offset", [0, 1, 99, 100, 101, 10_000])
    def test_offsets(self, driver: S3Driver, offset: int) -> None:
        driver.put_content("/f", body(100))
        with driver.reader("/f", offset) as stream:
            assert stream.read() == body(100)[offset:]
            assert stream.read(5) == b""

    def test_of_an_empty_file(self, driver: S3Driver) -> None:
        driver.put_content("/f", b"")
        for offset in (0, 1):
            with driver.reader("/f", offset) as stream:
                assert stream.read() == b""

    def test_opens_eagerly(self, driver: S3Driver) -> None:
        for offset in (0, 7):
            with pytest.raises(PathNotFoundError):
                driver.reader("/absent", offset)

    def test_half_read_readers_give_their_connections_back(self, driver: S3Driver) -> None:
        driver.put_content("/f", body(CHUNK))
        for _ in range(70):
            with driver.reader("/f") as stream:
                assert stream.read(10) == body(10)


class TestReaderOfWhatTheServerHides:
    """SeaweedFS says of an empty object that it is absent, where a folder had its name and a range is asked for."""

    ABSENT = (404, error("NoSuchKey"), (("server", "SeaweedFS 4.48"),))

    @pytest.mark.parametrize(("size", "found"), [("0", True), ("7", False)])
    def test_empty_object(self, driver: S3Driver, faults: Faults, size: str, found: bool) -> None:
        faults.answer("GetObject", Answer(*self.ABSENT))
        faults.answer("HeadObject", head(size))
        if found:
            with driver.reader("/f", 100) as reader:
                assert reader.read() == b""
        else:
            with pytest.raises(PathNotFoundError):
                driver.reader("/f", 100)

    @pytest.mark.parametrize(("offset", "looks"), [(100, 1), (0, 0)])
    def test_absent_object(self, driver: S3Driver, faults: Faults, requests: Requests, offset: int, looks: int) -> None:
        faults.answer("GetObject", Answer(*self.ABSENT))
        with pytest.raises(PathNotFoundError):
            driver.reader("/f", offset)
        assert requests.taken()["HeadObject"] == looks


class TestStatAndList:
    def test_stat(self, driver: S3Driver, requests: Requests) -> None:
        driver.put_content("/d/f", b"abc")
        requests.taken()
        info = driver.stat("/d/f")
        assert (info.path, info.size, info.is_dir) == ("/d/f", 3, False)
        assert info.mod_time is not None
        assert info.mod_time.utcoffset() is not None
        assert requests.taken() == {"HeadObject": 1}
        assert driver.stat("/d").is_dir
        assert requests.taken() == {"HeadObject": 1, "ListObjectsV2": 1}
        assert driver.stat("/").is_dir
        for path in ("/d/", "/d/f2", "/d/f/x", "/e", "/dd"):
            with pytest.raises(PathNotFoundError):
                driver.stat(path.rstrip("/") + ("x" if path.endswith("/") else ""))

    def test_list(self, driver: S3Driver, requests: Requests) -> None:
        for path in ("/d/a", "/d/b/c", "/d/b-x", "/d/b.x/y", "/da"):
            driver.put_content(path, b"1")
        requests.taken()
        assert driver.list("/d") == ["/d/a", "/d/b", "/d/b-x", "/d/b.x"]
        taken = requests.taken()
        assert taken == {"ListObjectsV2": 1 + (2 if on_seaweedfs(driver) else 0)}
        assert driver.list("/") == ["/d", "/da"]
        for path in ("/absent", "/d/a", "/d/b/c"):
            with pytest.raises(PathNotFoundError):
                driver.list(path)

    def test_an_empty_store(self, driver: S3Driver) -> None:
        assert driver.list("/") == []
        assert list(driver.walk("/")) == []

    def test_walk_needs_one_request_a_directory(self, driver: S3Driver, requests: Requests) -> None:
        for path in ("/folder1-v2/a", "/folder1/b", "/folder1/c/d", "/z"):
            driver.put_content(path, b"12")
        requests.taken()
        seen = [(info.path, info.size, info.is_dir) for info in driver.walk("/")]
        assert seen == [
            ("/folder1", 0, True),
            ("/folder1/b", 2, False),
            ("/folder1/c", 0, True),
            ("/folder1/c/d", 2, False),
            ("/folder1-v2", 0, True),
            ("/folder1-v2/a", 2, False),
            ("/z", 2, False),
        ]
        taken = requests.taken()
        assert taken == {"ListObjectsV2": 4 + (3 if on_seaweedfs(driver) else 0)}

    def test_foreign_keys(self, driver: S3Driver, raw: Any, root: str) -> None:
        for key in ("d/", "d/f", "d/sp ace", "d/~x", "d/ümlaut", "d/a&b<", "e/", "d/~y/z"):
            raw.put_object(Bucket=BUCKET, Key=f"{root}/{key}", Body=b"1")
        with contextlib.suppress(raw.exceptions.ClientError):
            # Some servers refuse it themselves.
            raw.put_object(Bucket=BUCKET, Key=f"{root}/d/" + "n" * 256, Body=b"1")
        assert driver.list("/d") == ["/d/f"]
        assert driver.list("/e") == []
        assert driver.stat("/e").is_dir
        assert [info.path for info in driver.walk("/")] == ["/d", "/d/f", "/e"]
        driver.delete("/d")
        driver.delete("/e")
        assert raw.list_objects_v2(Bucket=BUCKET, Prefix=f"{root}/").get("KeyCount") == 0

    @pytest.mark.parametrize("spelled", ["", "/", "r", "/r", "r/"])
    def test_roots(self, parameters: dict[str, Any], raw: Any, spelled: str) -> None:
        name = f"root-{secrets.token_hex(4)}"
        if spelled.strip("/"):
            spelled = spelled.replace("r", name)
        with S3Driver.from_parameters({**parameters, "rootdirectory": spelled}) as driver:
            driver.put_content(f"/{name}-x/f", b"1")
            assert f"/{name}-x" in driver.list("/")
            key = f"{name}/{name}-x/f" if spelled.strip("/") else f"{name}-x/f"
            assert raw.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == 1
            driver.delete(f"/{name}-x")
            with pytest.raises(raw.exceptions.ClientError):
                raw.head_object(Bucket=BUCKET, Key=key)


class TestWriter:
    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7])
    def test_sizes(self, driver: S3Driver, parameters: Any, root: str, size: int) -> None:
        content, step = body(size), 1_000_003
        with driver.writer("/d/f") as writer:
            for start in range(0, size, step):
                assert writer.write(content[start : start + step]) == len(content[start : start + step])
            assert writer.size == size
            with pytest.raises(PathNotFoundError):
                driver.stat("/d/f")
            assert driver.list("/") == []
            writer.commit()
        assert driver.get_content("/d/f") == content
        assert inspect(parameters) == [f"{root}/d/f"]

    def test_parts_are_of_one_size(self, driver: S3Driver) -> None:
        sizes: list[int] = []
        driver._bucket.client.meta.events.register(
            "before-parameter-build.s3.UploadPart", lambda params, **_: sizes.append(len(params["Body"]))
        )
        with driver.writer("/f") as writer:
            for size in (3, CHUNK - 5, 2 * CHUNK + 9, 17):
                writer.write(body(size))
            writer.commit()
        assert sizes == [CHUNK, CHUNK, CHUNK, 24]

    def test_cancel_leaves_nothing(self, driver: S3Driver, parameters: Any, root: str) -> None:
        driver.put_content("/f", b"old")
        for after_close in (False, True):
            writer = driver.writer("/f")
            writer.write(body(CHUNK + 5))
            if after_close:
                writer.close()
            writer.cancel()
            assert driver.get_content("/f") == b"old"
            assert inspect(parameters) == [f"{root}/f"]
            with pytest.raises(WriterStateError):
                writer.write(b"x")

    def test_the_last_commit_wins(self, driver: S3Driver, parameters: Any, root: str) -> None:
        first, second = driver.writer("/f"), driver.writer("/f")
        first.write(body(CHUNK + 1, 1))
        second.write(body(CHUNK + 2, 2))
        second.commit()
        assert driver.get_content("/f") == body(CHUNK + 2, 2)
        first.commit()
        assert driver.get_content("/f") == body(CHUNK + 1, 1)
        assert inspect(parameters) == [f"{root}/f"]

    def test_too_many_parts(self, driver: S3Driver, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("storagedriver_drivers.s3.target.ObjectTarget.limit", PartLimit("S3", 2))
        with driver.writer("/f") as writer:
            writer.write(body(2 * CHUNK))
            with pytest.raises(BackendError, match="larger chunksize"):
                writer.write(b"x")
            writer.commit()
        assert driver.stat("/f").size == 2 * CHUNK


class TestAppend:
    @pytest.mark.parametrize("size", [0, 10, CHUNK - 1, CHUNK, CHUNK + 3, 2 * CHUNK])
    def test_to_committed_content(self, driver: S3Driver, parameters: Any, root: str, size: int) -> None:
        driver.put_content("/f", body(size))
        with driver.writer("/f", append=True) as writer:
            assert writer.size == size
            writer.write(b"more")
            assert driver.get_content("/f") == body(size)
            writer.commit()
        assert driver.get_content("/f") == body(size) + b"more"
        assert inspect(parameters) == [f"{root}/f"]

    def test_to_nothing_or_a_directory(self, driver: S3Driver) -> None:
        driver.put_content("/d/f", b"")
        for path in ("/absent", "/d"):
            with pytest.raises(PathNotFoundError):
                driver.writer(path, append=True)

    def test_without_a_write_keeps_the_content(self, driver: S3Driver) -> None:
        driver.put_content("/f", b"kept")
        with driver.writer("/f", append=True) as writer:
            writer.commit()
        assert driver.get_content("/f") == b"kept"


class TestAppendBesideOthers:
    @pytest.mark.parametrize("size", [1000, CHUNK + 1])
    def test_file_that_is_replaced_meanwhile_is_continued(
        self, driver: S3Driver, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        """Replaced between the look at it and the copy, the new file is what the stream continues."""
        content = append_while_it_is_replaced(driver, monkeypatch, driver._bucket, "head", size)

        assert content == b"n" * size + b"end"


class TestResumption:
    def test_in_small_pieces_by_another_driver_each(self, parameters: Any, root: str) -> None:
        content, step = body(2 * CHUNK + 100), CHUNK // 2 - 1
        for start in range(0, len(content), step):
            with S3Driver.from_parameters(parameters) as driver, driver.writer("/d/f", append=start > 0) as writer:
                assert writer.size == start
                writer.write(content[start : start + step])
        with S3Driver.from_parameters(parameters) as driver:
            assert driver.list("/") == []
            with pytest.raises(PathNotFoundError):
                driver.stat("/d")
            with driver.writer("/d/f", append=True) as writer:
                assert writer.size == len(content)
                writer.commit()
            assert driver.get_content("/d/f") == content
        assert inspect(parameters) == [f"{root}/d/f"]

    def test_in_another_process(self, driver: S3Driver, parameters: dict[str, Any]) -> None:
        with driver.writer("/f") as writer:
            writer.write(b"begun, ")
        program = (
            "import json, sys\n"
            "from storagedriver import factory\n"
            "with factory.create('s3', json.load(sys.stdin)) as driver:\n"
            "    with driver.writer('/f', append=True) as writer:\n"
            "        writer.write(b'continued'); writer.commit()\n"
        )
        subprocess.run([sys.executable, "-c", program], input=json.dumps(parameters).encode(), check=True, timeout=120)
        assert driver.get_content("/f") == b"begun, continued"

    def test_a_stage_outlives_a_crash_of_who_resumed_it(self, driver: S3Driver, parameters: Any, root: str) -> None:
        with driver.writer("/f") as writer:
            writer.write(body(CHUNK + 10))
        crashed = driver.writer("/f", append=True)
        crashed.write(body(CHUNK, 1))
        with driver.writer("/f", append=True) as writer:
            assert writer.size == CHUNK + 10
            writer.write(b"end")
            writer.commit()
        assert driver.get_content("/f") == body(CHUNK + 10) + b"end"
        assert inspect(parameters) == [f"{root}/f"]

    def test_a_crash_after_publication(self, driver: S3Driver, monkeypatch: pytest.MonkeyPatch) -> None:
        for size in (10, CHUNK + 10):
            with driver.writer("/f") as writer:
                writer.write(body(size))
            writer = driver.writer("/f", append=True)
            writer.write(b"rest")
            with monkeypatch.context() as patched:
                patched.setattr("storagedriver.multipart_upload.MultipartUpload._end_state", lambda _: sys.exit(9))
                with pytest.raises(SystemExit):
                    writer.commit()
            with driver.writer("/f", append=True) as writer:
                assert writer.size == size + 4
                writer.write(b", and more")
                writer.commit()
            assert driver.get_content("/f") == body(size) + b"rest, and more"

    @pytest.mark.parametrize("ending", ["writer", "delete", "delete parent", "cancel"])
    @pytest.mark.parametrize("size", [3, CHUNK + 3])
    def test_what_ends_a_stage(  # noqa: PLR0917  fixtures
        self, driver: S3Driver, parameters: Any, root: str, raw: Any, ending: str, size: int
    ) -> None:
        driver.put_content("/d/other", b"")
        driver.put_content("/d-sibling", b"")
        staged = driver.writer("/d/f")
        staged.write(body(size))
        staged.close()
        upload = staged._upload._upload_id  # type: ignore[attr-defined]
        assert (upload is None) == (size < CHUNK)
        if ending == "writer":
            driver.writer("/d/f").cancel()
        elif ending == "delete":
            with pytest.raises(PathNotFoundError):
                driver.delete("/d/f")
        elif ending == "delete parent":
            driver.delete("/d")
        else:
            staged.cancel()
        left = {f"{root}/d-sibling"} | (set() if ending == "delete parent" else {f"{root}/d/other"})
        assert set(inspect(parameters)) == left
        if upload is not None:
            # Asked by its id: whatever the server lists, it is gone.
            with pytest.raises(raw.exceptions.ClientError):
                raw.list_parts(Bucket=BUCKET, Key=f"{root}/d/f", UploadId=upload)
        with pytest.raises(PathNotFoundError):
            driver.writer("/d/f", append=True)

    def test_siblings_keep_their_stages(self, driver: S3Driver) -> None:
        for path in ("/a", "/ab", "/a-b", "/a/b"):
            with driver.writer(path) as writer:
                writer.write(body(CHUNK + 1))
        with pytest.raises(PathNotFoundError):
            driver.delete("/a")
        for path in ("/ab", "/a-b"):
            with driver.writer(path, append=True) as writer:
                writer.commit()
            assert driver.get_content(path) == body(CHUNK + 1)

    def test_the_newest_stage_counts(self, driver: S3Driver, parameters: Any, root: str, raw: Any) -> None:
        first, second = driver.writer("/f"), driver.writer("/f")
        first.write(body(CHUNK + 1, 1))
        second.write(body(CHUNK + 2, 2))
        second.close()
        first.close()
        with pytest.raises(raw.exceptions.ClientError):
            raw.list_parts(Bucket=BUCKET, Key=f"{root}/f", UploadId=second._upload._upload_id)  # type: ignore[attr-defined]
        with driver.writer("/f", append=True) as writer:
            writer.commit()
        assert driver.get_content("/f") == body(CHUNK + 1, 1)
        second.cancel()
        assert inspect(parameters) == [f"{root}/f"]

    def test_another_chunksize_keeps_the_parts_of_one_size(self, driver: S3Driver, parameters: Any) -> None:
        with driver.writer("/f") as writer:
            writer.write(body(CHUNK + 1))
        larger = {**parameters, "chunksize": CHUNK + 1000}
        with S3Driver.from_parameters(larger) as other, other.writer("/f", append=True) as writer:
            writer.write(body(CHUNK + 5, 1))
            writer.commit()
        assert driver.get_content("/f") == body(CHUNK + 1) + body(CHUNK + 5, 1)


class TestMove:
    @pytest.mark.parametrize("size", [0, 10, CHUNK, CHUNK + 1, 2 * CHUNK + 1])
    def test_sizes(self, driver: S3Driver, parameters: Any, root: str, size: int) -> None:
        driver.put_content("/a/source_.-1", body(size))
        driver.put_content("/dest", b"old")
        driver.move("/a/source_.-1", "/dest")
        assert driver.get_content("/dest") == body(size)
        assert inspect(parameters) == [f"{root}/dest"]

    def test_refusals(self, driver: S3Driver) -> None:
        driver.put_content("/d/f", b"f")
        driver.put_content("/g", b"g")
        with pytest.raises(PathNotFoundError):
            driver.move("/absent", "/g")
        with pytest.raises(UnsupportedMethodError):
            driver.move("/d", "/e")
        with pytest.raises(PathConflictError):
            driver.move("/g", "/d")
        with pytest.raises(PathConflictError):
            driver.move("/g", "/g/h")
        driver.move("/g", "/g")
        assert driver.get_content("/g") == b"g"
        assert driver.get_content("/d/f") == b"f"


class TestDelete:
    def test_a_directory_and_no_sibling(self, driver: S3Driver) -> None:
        for path in ("/a/x", "/a/y/z", "/ab", "/a-b", "/a.b", "/a0/x"):
            driver.put_content(path, b"1")
        driver.delete("/a")
        assert driver.list("/") == ["/a-b", "/a.b", "/a0", "/ab"]
        for path in ("/a", "/a/x", "/a0/x/y"):
            with pytest.raises(PathNotFoundError):
                driver.delete(path)

    @pytest.mark.parametrize("path", ["/d", "/d/f"])
    def test_files_below_a_file_go_too(self, driver: S3Driver, path: str) -> None:
        for name in ("/d/f", "/d/f/g", "/d/f/g/h/i", "/d/f/x"):
            driver.put_content(name, b"")
        driver.delete(path)
        for name in (path, "/d/f/g", "/d/f/g/h/i", "/d/f/x"):
            with pytest.raises(PathNotFoundError):
                driver.stat(name)

    def test_many_pages(self, driver: S3Driver, raw: Any, root: str, requests: Requests) -> None:
        for number in range(1005):
            driver.put_content(f"/d/{number}", b"")
        requests.taken()
        assert len(driver.list("/d")) == 1005
        assert requests.taken() == {"ListObjectsV2": 2}
        minio = server_of(driver).startswith("MinIO")
        requests.taken()
        driver.delete("/d")
        # One listing and one of unfinished uploads are for staged streams.
        assert requests.taken() == {
            "ListObjectsV2": 4 if minio else 3,
            "DeleteObjects": 2,
            "ListMultipartUploads": 2 if minio else 1,
        }
        assert raw.list_objects_v2(Bucket=BUCKET, Prefix=f"{root}/")["KeyCount"] == 0

    def test_how_the_server_lists_unfinished_uploads_is_learned_once(
        self, driver: S3Driver, requests: Requests
    ) -> None:
        for path in ("/a", "/b"):
            driver.put_content(path, b"")
        driver.delete("/a")
        requests.taken()
        driver.delete("/b")
        assert requests.taken()["ListMultipartUploads"] == 1


class TestRedirect:
    def fetch(self, url: str, method: str) -> tuple[int, bytes]:
        request = urllib.request.Request(url, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()

    def test_get_and_head(self, driver: S3Driver) -> None:
        driver.put_content("/f", b"content")
        for method, expected in (("GET", b"content"), ("head", b"")):
            url = driver.redirect_url("/f", method=method)
            assert url is not None
            assert "testsecret" not in url
            assert "X-Amz-Expires=1200" in url
            assert self.fetch(url, method.upper()) == (200, expected)
        assert driver.redirect_url("/f", method="PUT") is None

    @pytest.mark.parametrize("expires", [0, -1, 0.5, 604_801, float("nan"), float("inf")])
    def test_bounds(self, driver: S3Driver, expires: float) -> None:
        with pytest.raises(ParameterError) as caught:
            driver.redirect_url("/f", expires=expires)
        assert caught.value.parameter == "expires"

    def test_edges(self, driver: S3Driver) -> None:
        for expires in (1, 604_800, 1.5):
            assert f"X-Amz-Expires={int(expires)}" in str(driver.redirect_url("/f", expires=expires))


class TestFaults:
    """Requests fail, answers get lost: an operation succeeds by retry or raises, and nothing is half done."""

    @pytest.fixture(autouse=True)
    def no_backoff(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)

    def test_a_body_that_breaks_off_is_resumed(self, driver: S3Driver, faults: Faults) -> None:
        driver.put_content("/f", body(1000))
        etag = driver._bucket.head(driver._layout.key("/f"))
        assert etag is not None
        cut = Answer(200, body(1000)[:400], (("content-length", "1000"), ("etag", etag.etag)))
        faults.answer("GetObject", cut, None, cut, None)
        assert driver.get_content("/f") == body(1000)
        with driver.reader("/f") as stream:
            assert stream.read() == body(1000)
        assert faults.seen["GetObject"] == 4

    def test_a_body_that_breaks_off_for_good_raises(self, driver: S3Driver, faults: Faults) -> None:
        headers = (("content-length", "1000"), ("etag", '"x"'))
        again = (("content-length", "600"), ("content-range", "bytes 400-999/1000"), ("etag", '"x"'))
        cut = [Answer(200, body(400), headers), Answer(206, b"", again)]
        faults.answer("GetObject", *cut, *cut)
        with pytest.raises(BackendError):
            driver.get_content("/f")
        with driver.reader("/f") as stream, pytest.raises(BackendError):
            stream.read()

    def test_a_file_replaced_while_it_is_read(self, driver: S3Driver, faults: Faults) -> None:
        driver.put_content("/f", body(1000))
        faults.answer("GetObject", Answer(200, body(400), (("content-length", "1000"), ("etag", '"other"'))))
        with pytest.raises(BackendError, match="replaced"):
            driver.get_content("/f")

    @pytest.mark.parametrize("offset", [1, 99, 100, 1000])
    def test_a_server_that_ignores_ranges(self, driver: S3Driver, faults: Faults, offset: int) -> None:
        faults.answer("GetObject", Answer(200, body(100), (("content-length", "100"), ("etag", '"x"'))))
        with driver.reader("/f", offset) as stream:
            assert stream.read() == body(100)[offset:]

    def test_a_server_that_sends_another_range(self, driver: S3Driver, faults: Faults) -> None:
        headers = (("content-length", "100"), ("content-range", "bytes 0-99/200"))
        faults.answer("GetObject", Answer(206, body(100), headers))
        with pytest.raises(BackendError):
            driver.reader("/f", 5)

    @pytest.mark.parametrize("operation", ["HeadObject", "GetObject"])
    def test_an_absence_without_a_body(self, driver: S3Driver, faults: Faults, operation: str) -> None:
        faults.answer(operation, Answer(404))
        with pytest.raises(PathNotFoundError):
            (driver.stat if operation == "HeadObject" else driver.get_content)("/f")

    @pytest.mark.parametrize("status", [403, 500, 503])
    def test_only_absence_is_not_found(self, driver: S3Driver, faults: Faults, status: int) -> None:
        failing = [Answer(status, error("Denied") if status == 403 else b"")] * 40
        for operation in ("HeadObject", "GetObject", "ListObjectsV2", "PutObject", "ListMultipartUploads"):
            faults.answer(operation, *failing)
        calls = [driver.stat, driver.get_content, driver.reader, driver.writer, driver.list, driver.delete, driver.walk]
        calls += [lambda path: driver.put_content(path, b""), lambda path: driver.move(path, "/g")]
        calls += [lambda path: driver.writer(path, append=True)]
        for call in calls:
            with pytest.raises(BackendError) as caught:
                call("/f")
            assert caught.value.path == "/f"
            assert caught.value.__cause__ is not None

    def test_an_absent_bucket_is_not_an_absent_file(self, parameters: dict[str, Any]) -> None:
        with S3Driver.from_parameters({**parameters, "bucket": f"absent-{secrets.token_hex(6)}"}) as driver:
            for call in (driver.stat, driver.get_content, driver.reader, driver.list, driver.delete, driver.walk):
                with pytest.raises(BackendError):
                    call("/f")
            with pytest.raises(BackendError):
                driver.writer("/f", append=True)
            with pytest.raises(BackendError):
                driver.move("/f", "/g")

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_what_may_pass_is_retried(self, driver: S3Driver, faults: Faults, status: int) -> None:
        for operation in ("PutObject", "GetObject", "DeleteObject"):
            faults.answer(operation, Answer(status))
        driver.put_content("/f", b"x")
        assert driver.get_content("/f") == b"x"
        driver.delete("/f")
        assert faults.seen == {"PutObject": 2, "GetObject": 2, "DeleteObject": 2}

    def test_retries_are_bounded(self, driver: S3Driver, faults: Faults) -> None:
        faults.answer("PutObject", *[Answer(429)] * 50)
        with pytest.raises(BackendError):
            driver.put_content("/f", b"x")
        assert faults.seen["PutObject"] == 2

    def test_a_write_that_minio_refuses_beside_a_delete_is_repeated(self, driver: S3Driver, faults: Faults) -> None:
        """It says AccessDenied of a put or a copy while the last other object of the directory goes."""
        refused = Answer(403, error("AccessDenied"), (("Server", "MinIO"),))
        faults.answer("PutObject", refused)
        faults.answer("CopyObject", refused)
        driver.put_content("/f", b"x")
        driver.move("/f", "/g")
        assert driver.get_content("/g") == b"x"
        assert (faults.seen["PutObject"], faults.seen["CopyObject"]) == (2, 2)

    @pytest.mark.parametrize(("server", "requests"), [("MinIO", 2), ("AmazonS3", 1)])
    def test_a_write_that_is_really_refused(self, driver: S3Driver, faults: Faults, server: str, requests: int) -> None:
        faults.answer("PutObject", *[Answer(403, error("AccessDenied"), (("Server", server),))] * 50)
        with pytest.raises(BackendError, match="AccessDenied"):
            driver.put_content("/f", b"x")
        assert faults.seen["PutObject"] == requests

    @pytest.mark.parametrize("size", [10, CHUNK + 10])
    def test_a_copy_with_an_error_inside_keeps_the_source(self, driver: S3Driver, faults: Faults, size: int) -> None:
        driver.put_content("/f", body(size))
        for operation in ("CopyObject", "UploadPartCopy"):
            faults.answer(operation, *[Answer(200, error("InternalError"))] * 4, Answer(200))
        for _ in range(2):
            with pytest.raises(BackendError):
                driver.move("/f", "/g")
        assert driver.get_content("/f") == body(size)
        assert driver.list("/") == ["/f"]
        assert not list(multipart.unfinished(driver._bucket, driver._layout.key("/g")))

    def test_a_completion_with_an_error_inside_raises(self, driver: S3Driver, faults: Faults) -> None:
        driver.put_content("/f", b"old")
        faults.answer("CompleteMultipartUpload", *[Answer(200, error("InternalError"))] * 2, Answer(200))
        with driver.writer("/f") as writer:
            writer.write(body(CHUNK + 1))
            for _ in range(2):
                with pytest.raises(BackendError):
                    writer.commit()
                assert driver.get_content("/f") == b"old"
            writer.commit()
        assert driver.get_content("/f") == body(CHUNK + 1)

    def test_a_completion_whose_answer_has_an_empty_etag(self, driver: S3Driver, faults: Faults) -> None:
        """Ceph's gateway answers so; whether the object is there is what counts."""
        empty = b"<CompleteMultipartUploadResult><Key>f</Key><ETag></ETag></CompleteMultipartUploadResult>"
        driver.put_content("/f", b"old")
        faults.answer("CompleteMultipartUpload", Answer(200, empty))
        with driver.writer("/f") as writer:
            writer.write(body(CHUNK + 1))
            with pytest.raises(BackendError, match="the object is not there"):
                writer.commit()
            assert driver.get_content("/f") == b"old"

            complete = driver._bucket.client.complete_multipart_upload

            def without_etag(**arguments: Any) -> Any:
                return {**complete(**arguments), "ETag": ""}

            driver._bucket.client.complete_multipart_upload = without_etag  # type: ignore[method-assign]
            writer.commit()
        assert driver.get_content("/f") == body(CHUNK + 1)

    def test_a_redirect_that_names_no_region(self, driver: S3Driver, faults: Faults) -> None:
        """boto3 would ask for the bucket's region, and where that is answered alike again and again."""
        redirect = Answer(307, headers=(("Location", "http://127.0.0.1:1/"),))
        faults.answer("GetObject", redirect)
        faults.answer("HeadBucket", *[redirect] * 100)
        with pytest.raises(BackendError, match="redirects"):
            driver.get_content("/f")
        assert faults.seen == {"GetObject": 1}

    def test_a_completion_whose_answer_is_lost(self, driver: S3Driver, faults: Faults, parameters: Any) -> None:
        gone = Answer(404, error("NoSuchUpload"))
        faults.answer("CompleteMultipartUpload", "lost", gone)
        with driver.writer("/f") as writer:
            writer.write(body(CHUNK + 1))
            writer.commit()
        assert driver.get_content("/f") == body(CHUNK + 1)

    def test_a_completion_of_an_upload_that_is_gone(self, driver: S3Driver, faults: Faults) -> None:
        driver.put_content("/f", body(CHUNK + 1))
        faults.answer("CompleteMultipartUpload", Answer(404, error("NoSuchUpload")))
        with driver.writer("/f") as writer:
            writer.write(body(CHUNK + 1))
            with pytest.raises(BackendError):
                writer.commit()
            writer.cancel()

    def test_a_write_that_failed_may_be_repeated(self, driver: S3Driver, faults: Faults) -> None:
        denied = Answer(403, error("Denied"))
        faults.answer("UploadPart", None, denied, *[None] * (CHUNKS_AT_ONCE - 2), *[None] * CHUNKS_AT_ONCE, denied)
        content = body(CHUNKS_AT_ONCE * CHUNK + 100)
        with driver.writer("/f") as writer:
            writer.write(b"start")
            with pytest.raises(BackendError):
                writer.write(content)
            assert writer.size == 5
            writer.write(content)
            with pytest.raises(BackendError):
                writer.write(content)
            writer.commit()
        assert driver.get_content("/f") == b"start" + content

    @pytest.mark.parametrize("ending", ["commit", "cancel"])
    def test_an_upload_begun_with_its_answer_lost(
        self, driver: S3Driver, faults: Faults, parameters: Any, root: str, ending: str
    ) -> None:
        faults.answer("CreateMultipartUpload", "lost")
        driver.put_content("/other", b"")
        with driver.writer("/f") as writer:
            writer.write(body(CHUNK + 1))
            getattr(writer, ending)()
        assert not list(multipart.unfinished(driver._bucket, f"{root}/f"))
        assert inspect(parameters) == ([f"{root}/f"] if ending == "commit" else []) + [f"{root}/other"]

    def test_a_batch_that_is_partly_refused(self, driver: S3Driver, faults: Faults) -> None:
        driver.put_content("/d/a", b"")
        refused = b"<DeleteResult><Error><Key>d/a</Key><Code>AccessDenied</Code></Error></DeleteResult>"
        faults.answer("DeleteObjects", Answer(200, refused))
        with pytest.raises(BackendError, match="AccessDenied"):
            driver.delete("/d")
        driver.delete("/d")
        assert driver.list("/") == []

    @pytest.mark.parametrize("times", [1, 2])
    def test_a_key_of_a_batch_that_fails_for_now(self, driver: S3Driver, faults: Faults, root: str, times: int) -> None:
        driver.put_content("/d/a", b"")
        busy = f"<DeleteResult><Error><Key>{root}/d/a</Key><Code>SlowDown</Code></Error></DeleteResult>".encode()
        faults.answer("DeleteObjects", *[Answer(200, busy)] * times)
        if times <= 1:  # The driver was made with one retry.
            driver.delete("/d")
            assert driver.list("/") == []
        else:
            with pytest.raises(BackendError, match="1 of 2 objects were not deleted: SlowDown"):
                driver.delete("/d")

    def test_a_server_that_lists_no_uploads(self, driver: S3Driver, faults: Faults, raw: Any, root: str) -> None:
        with driver.writer("/d/f") as writer:
            writer.write(body(CHUNK + 1))
        upload = writer._upload._upload_id  # type: ignore[attr-defined]
        driver.put_content("/d/g", b"")
        faults.answer("ListMultipartUploads", Answer(501, error("NotImplemented")))
        driver.delete("/d")
        with pytest.raises(raw.exceptions.ClientError):
            raw.list_parts(Bucket=BUCKET, Key=f"{root}/d/f", UploadId=upload)

    def test_a_page_that_leads_nowhere(self, driver: S3Driver, faults: Faults) -> None:
        page = b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"
        faults.answer("ListObjectsV2", Answer(200, page))
        with pytest.raises(BackendError, match="follows"):
            driver.list("/")

    def test_a_damaged_state(self, driver: S3Driver) -> None:
        state = driver._layout.state_key("/f")
        for damage in (b"", b"no json\n", b"{}\n", b"[]\n", b'{"version": 2}\n', b"no end"):
            driver._bucket.put(state, damage)
            with pytest.raises(BackendError):
                driver.writer("/f", append=True)

    def test_a_state_cut_short(self, driver: S3Driver) -> None:
        with driver.writer("/f") as writer:
            writer.write(b"twelve bytes")
        state = driver._layout.state_key("/f")
        driver._bucket.put(state, ObjectReader(driver._bucket, state).read_all()[:-1])
        with pytest.raises(BackendError, match="damaged"):
            driver.writer("/f", append=True)

    def test_a_failed_append_leaves_nothing(self, driver: S3Driver, faults: Faults, parameters: Any, root: str) -> None:
        driver.put_content("/f", body(2 * CHUNK + 1))
        faults.answer("UploadPartCopy", Answer(403, error("Denied")))
        with pytest.raises(BackendError):
            driver.writer("/f", append=True)
        assert inspect(parameters) == [f"{root}/f"]
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("s3-part-copy")]

    def test_a_dead_server(self, parameters: dict[str, Any], dead_port: int) -> None:
        endpoint = {"regionendpoint": f"http://127.0.0.1:{dead_port}"}
        with S3Driver.from_parameters({**parameters, **endpoint}) as driver, pytest.raises(BackendError) as caught:
            driver.stat("/f")
        assert "EndpointConnectionError" in caught.value.detail

    def test_a_silent_server(self, parameters: dict[str, Any]) -> None:
        silent = {"read_timeout": 0.2, "maxretries": 0}
        with socket.create_server(("127.0.0.1", 0)) as listener:
            endpoint = {"regionendpoint": f"http://127.0.0.1:{listener.getsockname()[1]}"}
            with S3Driver.from_parameters({**parameters, **endpoint, **silent}) as driver:
                with pytest.raises(BackendError) as caught:
                    driver.stat("/f")
                assert "ReadTimeoutError" in caught.value.detail


class TestPages:
    @pytest.mark.parametrize(("listpage", "requests_made"), [(2, 3), (5, 1), (1000, 1)])
    def test_a_listing_takes_as_many_requests_as_pages(
        self, parameters: dict[str, Any], listpage: int, requests_made: int
    ) -> None:
        with S3Driver.from_parameters({**parameters, "listpage": listpage}) as driver:
            for number in range(5):
                driver.put_content(f"/f{number}", b"")
            requests = Requests(driver)

            assert len(driver.list("/")) == 5

            assert requests.taken() == {"ListObjectsV2": requests_made}
            assert driver.capabilities.limits.list_page == listpage


class TestParameters:
    MINIMAL: ClassVar[dict[str, Any]] = {"bucket": "some-bucket", "accesskey": "AKIA", "secretkey": "hidden"}

    def made(self, **more: Any) -> S3Driver:
        return S3Driver.from_parameters({**self.MINIMAL, **more})

    @pytest.mark.parametrize(
        ("more", "parameter"),
        [
            ({"bucket": None}, "bucket"),
            ({"bucket": "a/b"}, "bucket"),
            ({"bucket": ""}, "bucket"),
            ({"buckett": "x"}, "buckett"),
            ({"secretkey": None}, "secretkey"),
            ({"accesskey": None}, "accesskey"),
            ({"accesskey": None, "secretkey": None, "sessiontoken": "t"}, "accesskey"),
            ({"accesskey": ""}, "accesskey"),
            ({"region": "not a region"}, "region"),
            ({"region": 42}, "region"),
            ({"region": "-1"}, "region"),
            ({"region": "a-"}, "region"),
            ({"region": "r" * 64}, "region"),
            ({"regionendpoint": "ftp://x"}, "regionendpoint"),
            ({"regionendpoint": "http://"}, "regionendpoint"),
            ({"regionendpoint": "http://me:hidden@host"}, "regionendpoint"),
            ({"regionendpoint": "http://host:99999"}, "regionendpoint"),
            ({"regionendpoint": "http://host?x"}, "regionendpoint"),
            ({"regionendpoint": -1}, "regionendpoint"),
            ({"regionendpoint": "http://my_host:9000"}, "regionendpoint"),
            ({"regionendpoint": "a..b"}, "regionendpoint"),
            ({"regionendpoint": f"http://{'a' * 64}.org"}, "regionendpoint"),
            ({"regionendpoint": "http://[::g]:9000"}, "regionendpoint"),
            ({"chunksize": CHUNK - 1}, "chunksize"),
            ({"chunksize": (5 << 30) + 1}, "chunksize"),
            ({"chunksize": "ten"}, "chunksize"),
            ({"chunksize": -1}, "chunksize"),
            ({"multipartcopychunksize": CHUNK - 1}, "multipartcopychunksize"),
            ({"multipartcopymaxconcurrency": 0}, "multipartcopymaxconcurrency"),
            ({"multipartcopythresholdsize": -1}, "multipartcopythresholdsize"),
            ({"multipartcopythresholdsize": (5 << 30) + 1}, "multipartcopythresholdsize"),
            ({"maxretries": -1}, "maxretries"),
            ({"maxretries": 21}, "maxretries"),
            ({"connect_timeout": 0}, "connect_timeout"),
            ({"read_timeout": 3601}, "read_timeout"),
            ({"storageclass": "GLACIER"}, "storageclass"),
            ({"objectacl": "open"}, "objectacl"),
            ({"checksum": "crc32"}, "checksum"),
            ({"keyid": "k"}, "keyid"),
            ({"secure": "perhaps"}, "secure"),
            ({"rootdirectory": "a/../b"}, "rootdirectory"),
            ({"rootdirectory": "r" * 701}, "rootdirectory"),
            ({"ca_bundle": "/no/such/file"}, "ca_bundle"),
            ({"usedualstack": True, "regionendpoint": "http://h"}, "usedualstack"),
            ({"accelerate": True, "regionendpoint": "http://h"}, "accelerate"),
            ({"accelerate": True, "forcepathstyle": True}, "accelerate"),
        ],
    )
    def test_refused(self, more: dict[str, Any], parameter: str) -> None:
        with pytest.raises(ParameterError) as caught:
            self.made(**more)
        assert caught.value.parameter == parameter
        assert "hidden" not in str(caught.value)

    @pytest.mark.parametrize(
        ("more", "url"),
        [
            ({}, "https://some-bucket.s3.amazonaws.com/f"),
            ({"region": "eu-west-1"}, "https://some-bucket.s3.eu-west-1.amazonaws.com/f"),
            ({"secure": False}, "http://some-bucket.s3.amazonaws.com/f"),
            ({"secure": "false"}, "http://some-bucket.s3.amazonaws.com/f"),
            ({"forcepathstyle": True}, "https://s3.amazonaws.com/some-bucket/f"),
            ({"usedualstack": True}, "https://some-bucket.s3.dualstack.us-east-1.amazonaws.com/f"),
            ({"accelerate": True}, "https://some-bucket.s3-accelerate.amazonaws.com/f"),
            ({"regionendpoint": "https://h:1"}, "https://h:1/some-bucket/f"),
            ({"regionendpoint": "h:1"}, "https://h:1/some-bucket/f"),
            ({"regionendpoint": "h:1/", "secure": False}, "http://h:1/some-bucket/f"),
            ({"regionendpoint": "http://[::1]:9000"}, "http://[::1]:9000/some-bucket/f"),
            ({"regionendpoint": "http://h.example.:9000"}, "http://h.example.:9000/some-bucket/f"),
            ({"regionendpoint": "http://h", "forcepathstyle": False}, "http://some-bucket.h/f"),
            ({"rootdirectory": "/r/s/"}, "https://some-bucket.s3.amazonaws.com/r/s/f"),
            ({"rootdirectory": None, "region": None}, "https://some-bucket.s3.amazonaws.com/f"),
        ],
    )
    def test_where_requests_go(self, more: dict[str, Any], url: str) -> None:
        with self.made(**more) as driver:
            assert str(driver.redirect_url("/f")).partition("?")[0] == url

    @pytest.mark.parametrize(
        ("more", "arguments"),
        [
            ({}, {"StorageClass": "STANDARD"}),
            ({"storageclass": "NONE"}, {}),
            ({"storageclass": "GLACIER_IR"}, {"StorageClass": "GLACIER_IR"}),
            ({"storageclass": "NONE", "objectacl": "private"}, {"ACL": "private"}),
            ({"storageclass": "NONE", "encrypt": "true"}, {"ServerSideEncryption": "AES256"}),
            (
                {"storageclass": "NONE", "encrypt": True, "keyid": "k"},
                {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k"},
            ),
        ],
    )
    def test_what_writes_say(self, more: dict[str, Any], arguments: dict[str, str]) -> None:
        with self.made(**more) as driver:
            assert driver._bucket.write_arguments == arguments
            for operation, call in (
                ("PutObject", lambda: driver.put_content("/f", b"")),
                ("CreateMultipartUpload", lambda: multipart.begin(driver._bucket, "f", "mark")),
                ("CopyObject", lambda: driver.move("/f", "/g")),
            ):
                faults = Faults(driver)
                sent: list[dict[str, Any]] = []
                faults.answer("HeadObject", head("1"))
                faults.answer("ListObjectsV2", Answer(200, b"<ListBucketResult/>"))
                driver._bucket.client.meta.events.register(
                    f"before-parameter-build.s3.{operation}", lambda params, into=sent, **_: into.append(dict(params))
                )
                faults.answer(operation, *[Answer(400, error("Refused"))] * 3)
                with pytest.raises((StorageDriverError, ClientError)):
                    call()
                assert arguments.items() <= sent[0].items()

    @pytest.mark.parametrize("secure", [False, True])
    @pytest.mark.parametrize("checksum", [None, "md5", "sha256"])
    def test_what_a_body_is_checked_by(self, checksum: str | None, secure: bool) -> None:
        """By Content-MD5, or by the SHA-256 in the signature, which is then there over https too."""
        content = b"some content"
        sent: list[dict[str, str]] = []

        def keep(request: Any, **_: Any) -> Any:
            sent.append({name.lower(): _text(value) for name, value in request.headers.items()})
            return Answer(200, b"", (("etag", '"x"'),)).response(request.url)

        with self.made(checksum=checksum, secure=secure) as driver:
            driver._bucket.client.meta.events.register("before-send.s3", keep)
            driver.put_content("/f", content)
            multipart.Multipart(driver._bucket, "f", "id", "mark").part(1, content)

        assert len(sent) == 2
        for headers in sent:
            if checksum == "sha256":
                assert "content-md5" not in headers
                assert headers["x-amz-content-sha256"] == hashlib.sha256(content).hexdigest()
            else:
                assert base64.b64decode(headers["content-md5"]) == hashlib.md5(content).digest()

    def test_numbers(self) -> None:
        with self.made(
            chunksize=str(CHUNK), multipartcopythresholdsize="0", maxretries=0, connect_timeout="1.5"
        ) as made:
            assert made.capabilities.limits.chunk_size == CHUNK
            assert made.capabilities.limits.copy_size == 0
            config: Any = made._bucket.client.meta.config
            assert config.connect_timeout == 1.5
            assert config.retries["total_max_attempts"] == 1

    def test_the_longest_path_leaves_room_for_a_stage(self) -> None:
        for root in ("", "r" * 200, "r" * 700):
            with self.made(rootdirectory=root) as driver:
                longest = driver.capabilities.limits.longest_path
                assert len(driver._layout.state_key("/" + "p" * (longest - 1))) <= 1024

    def test_skipverify_warns(self, caplog: pytest.LogCaptureFixture) -> None:
        with self.made(skipverify=True) as driver:
            assert endpoint_of(driver).http_session._verify is False
        assert "not verified" in caplog.text
        caplog.clear()
        with self.made() as driver:
            assert endpoint_of(driver).http_session._verify is not False
        assert not caplog.text

    def test_ca_bundle(self, tmp_path: Any) -> None:
        bundle = tmp_path / "ca.pem"
        bundle.write_text("")
        with self.made(ca_bundle=str(bundle)) as driver:
            assert endpoint_of(driver).http_session._verify == str(bundle)

    def test_pickle(self) -> None:
        parameters = S3Parameters(**self.MINIMAL)
        assert pickle.loads(pickle.dumps(parameters)) == parameters

    def test_the_factory_knows_it(self) -> None:
        with factory.create("s3", self.MINIMAL) as driver:
            assert isinstance(driver, S3Driver)

    def test_no_import_of_boto3_by_the_kit(self) -> None:
        program = "import sys, storagedriver; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60)

    def test_a_missing_extra_names_the_command(self) -> None:
        program = (
            "import sys\n"
            "sys.modules['botocore'] = sys.modules['boto3'] = None\n"
            "from storagedriver import factory, MissingDependencyError\n"
            "try: factory.create('s3', {'bucket': 'some-bucket'})\n"
            "except MissingDependencyError as error: print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
        assert "pip install 'storagedriver[s3]'" in done.stdout


class TestSecrets:
    def test_no_secret_anywhere(self, connection: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
        hidden = {"secretkey": "hidden/Secret+Key", "sessiontoken": "hidden/Session+Token=="}
        caplog.set_level(logging.DEBUG)
        given = {**connection, **hidden, "bucket": BUCKET, "maxretries": 0}
        with S3Driver.from_parameters(given) as driver:
            Faults(driver).answer("PutObject", Answer(403, error("SignatureDoesNotMatch")))
            with pytest.raises(BackendError) as caught:
                driver.put_content("/f", b"")
            with contextlib.suppress(StorageDriverError):
                driver.stat("/f")
            url = str(driver.redirect_url("/f"))
            texts = [caplog.text, repr(driver), str(caught.value), repr(caught.value), str(caught.value.__cause__)]
        assert "botocore" in caplog.text
        assert "hidden" not in url.replace("hidden%2FSession%2BToken%3D%3D", "")
        for text in texts:
            assert "hidden" not in text
        assert pickle.loads(pickle.dumps(caught.value)).path == "/f"

    def test_loggers_are_let_alone_afterwards(self) -> None:
        names = [name for name in logging.root.manager.loggerDict if name.startswith(("botocore", "urllib3"))]
        before = {name: list(logging.getLogger(name).filters) for name in names}
        S3Driver.from_parameters(TestParameters.MINIMAL).close()
        assert {name: list(logging.getLogger(name).filters) for name in names} == before
