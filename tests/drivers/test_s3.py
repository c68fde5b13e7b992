"""The s3 driver against moto; with STORAGEDRIVER_TEST_S3_ENDPOINT set to a URL, against the server there.

Credentials for the latter are STORAGEDRIVER_TEST_S3_ACCESSKEY and STORAGEDRIVER_TEST_S3_SECRETKEY. Tests of what moto
alone allows, faults above all, go through a proxy in front of either.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from storagedriver import (
    BackendError,
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    UnsupportedMethodError,
    WriterStateError,
)
from storagedriver_drivers.s3 import S3Driver
from storagedriver_drivers.s3.certification import PARAMETERS, inspect

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
    return {**PARAMETERS, **connection, "bucket": BUCKET, "rootdirectory": root, "maxretries": 1}


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
        assert requests.taken() == {"ListObjectsV2": 1}
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
        assert requests.taken() == {"ListObjectsV2": 4}

    def test_foreign_keys(self, driver: S3Driver, raw: Any, root: str) -> None:
        for key in ("d/", "d/f", "d/sp ace", "d/~x", "d/ümlaut", "d/a&b<", "e/", "d/~y/z", "d/" + "n" * 256):
            raw.put_object(Bucket=BUCKET, Key=f"{root}/{key}", Body=b"1")
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
        monkeypatch.setattr("storagedriver_drivers.s3.upload.MOST_PARTS", 2)
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
        import json

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
                patched.setattr("storagedriver_drivers.s3.upload.S3Upload._end_state", lambda _: sys.exit(9))
                with pytest.raises(SystemExit):
                    writer.commit()
            with driver.writer("/f", append=True) as writer:
                assert writer.size == size + 4
                writer.write(b", and more")
                writer.commit()
            assert driver.get_content("/f") == body(size) + b"rest, and more"

    @pytest.mark.parametrize("ending", ["writer", "delete", "delete parent", "cancel"])
    @pytest.mark.parametrize("size", [3, CHUNK + 3])
    def test_what_ends_a_stage(self, driver: S3Driver, parameters: Any, root: str, ending: str, size: int) -> None:
        driver.put_content("/d/other", b"")
        driver.put_content("/d-sibling", b"")
        staged = driver.writer("/d/f")
        staged.write(body(size))
        staged.close()
        assert len(inspect(parameters)) == 3 + (size > CHUNK)
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

    def test_the_newest_stage_counts(self, driver: S3Driver, parameters: Any, root: str) -> None:
        first, second = driver.writer("/f"), driver.writer("/f")
        first.write(body(CHUNK + 1, 1))
        second.write(body(CHUNK + 2, 2))
        second.close()
        first.close()
        assert len(inspect(parameters)) == 2
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

    def test_many_pages(self, driver: S3Driver, raw: Any, root: str, requests: Requests) -> None:
        for number in range(1005):
            driver.put_content(f"/d/{number}", b"")
        requests.taken()
        assert len(driver.list("/d")) == 1005
        assert requests.taken() == {"ListObjectsV2": 2}
        driver.delete("/d")
        # One listing and one of unfinished uploads are for staged streams.
        assert requests.taken() == {"ListObjectsV2": 3, "DeleteObjects": 3, "ListMultipartUploads": 1}
        assert raw.list_objects_v2(Bucket=BUCKET, Prefix=f"{root}/")["KeyCount"] == 0


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
