"""A baseline of our own: what the suite of the Go registry checks of a driver, by its list of checks, and no more.

One check for each of its own, with sizes, counts and names as there, in this project's interface; a check of 128 MB is one
of 10 MB, as in that suite's short mode. Run by `python -m power` with a fixture `driver`; not among the project's tests.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import random
import string
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storagedriver import InvalidOffsetError, InvalidPathError, PathNotFoundError, StorageDriver, UnsupportedMethodError
from storagedriver.errors import StorageDriverError

MEGABYTE = 1 << 20
VALID = (
    "/a",
    "/2",
    "/aa",
    "/a.a",
    "/0-9/abcdefg",
    "/abcdefg/z.75",
    "/abc/1.2.3.4.5-6_zyx/123.z/4",
    "/docker/docker-registry",
    "/123.abc",
    "/abc./abc",
    "/.abc",
    "/a--b",
    "/a-.b",
    "/_.abc",
    "/Docker/docker-registry",
    "/Abc/Cba",
)
INVALID = ("", "/", "abc", "123.abc", "//bcd", "/abc_123/")


def name(length: int = 12) -> str:
    """A random component."""
    inner = "".join(random.choices(string.ascii_lowercase + string.digits + "._-", k=length - 2))
    for separators in ("..", "--", "__", ".-", "-.", "._", "_.", "-_", "_-"):
        inner = inner.replace(separators, "x")
    return f"a{inner}z"


def path() -> str:
    """A random path of a few components."""
    return "".join(f"/{name()}" for _ in range(random.randint(1, 3)))


def data(size: int) -> bytes:
    return random.randbytes(size)


def stream(driver: StorageDriver, at: str, content: bytes, *, append: bool = False) -> None:
    with driver.writer(at, append) as writer:
        for begin in range(0, len(content), 32 * 1024):
            writer.write(content[begin : begin + 32 * 1024])
        writer.commit()


def read(driver: StorageDriver, at: str, offset: int = 0) -> bytes:
    with driver.reader(at, offset) as reader:
        return reader.read()


def absent(driver: StorageDriver, call: Callable[[], object]) -> None:
    """The call raises PathNotFoundError with the driver's name in it."""
    with pytest.raises(PathNotFoundError) as caught:
        call()
    assert driver.name in str(caught.value)


@pytest.fixture(autouse=True)
def clean(driver: StorageDriver) -> Iterator[None]:
    """Everything is deleted after a check, and then nothing is left."""
    yield
    for child in driver.list("/"):
        with contextlib.suppress(PathNotFoundError):
            driver.delete(child)
    assert list(driver.list("/")) == []


def test_root_exists(driver: StorageDriver) -> None:
    driver.list("/")


@pytest.mark.parametrize("at", VALID)
def test_valid_paths(driver: StorageDriver, at: str) -> None:
    content = data(64)
    driver.put_content(at, content)
    assert driver.get_content(at) == content


@pytest.mark.parametrize("at", INVALID)
def test_invalid_paths(driver: StorageDriver, at: str) -> None:
    for call in (lambda: driver.put_content(at, data(64)), lambda: driver.get_content(at)):
        with pytest.raises(InvalidPathError) as caught:
            call()
        assert driver.name in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"a", b"\xc3\x9f", data(32), data(MEGABYTE), b"\x80\x80\x80\x80"],
    ids=["1", "unicode", "32", "1MB", "non-utf8"],
)
def test_write_read(driver: StorageDriver, content: bytes) -> None:
    at = path()
    driver.put_content(at, content)
    assert driver.get_content(at) == content


@pytest.mark.parametrize(
    "content",
    [b"a", b"\xc3\x9f", data(32), data(MEGABYTE), b"\x80\x80\x80\x80"],
    ids=["1", "unicode", "32", "1MB", "non-utf8"],
)
def test_write_read_streams(driver: StorageDriver, content: bytes) -> None:
    at = path()
    stream(driver, at, content)
    assert read(driver, at) == content


def test_truncate(driver: StorageDriver) -> None:
    at = path()
    for size in (MEGABYTE, 1024):
        content = data(size)
        driver.put_content(at, content)
        assert driver.get_content(at) == content


def test_read_nonexistent(driver: StorageDriver) -> None:
    absent(driver, lambda: driver.get_content(path()))


def test_write_read_large_streams(driver: StorageDriver) -> None:
    at, written, block = path(), hashlib.sha1(usedforsecurity=False), data(MEGABYTE)
    with driver.writer(at) as writer:
        for _ in range(100):
            writer.write(block)
            written.update(block)
        writer.commit()
    seen = hashlib.sha1(usedforsecurity=False)
    with driver.reader(at) as reader:
        while piece := reader.read(MEGABYTE):
            seen.update(piece)
    assert seen.digest() == written.digest()


def test_reader_with_offset(driver: StorageDriver) -> None:
    at, content = path(), data(96)
    driver.put_content(at, content)
    for offset in (0, 32, 64):
        assert read(driver, at, offset) == content[offset:]
    with pytest.raises(InvalidOffsetError) as caught:
        driver.reader(at, -1)
    assert caught.value.path == at
    assert driver.name in str(caught.value)
    with driver.reader(at, 96) as reader:
        assert reader.read(32) == b""
    with driver.reader(at, 95) as reader:
        assert len(reader.read(32)) == 1
        assert reader.read(32) == b""


@pytest.mark.parametrize("size", [32, 10 * MEGABYTE])
def test_continue_stream_append(driver: StorageDriver, size: int) -> None:
    at, chunks = path(), [data(size) for _ in range(3)]
    for number, chunk in enumerate(chunks):
        writer = driver.writer(at, append=number > 0)
        assert writer.size == number * size
        writer.write(chunk)
        if number == 2:
            writer.commit()
        writer.close()
        assert writer.size == (number + 1) * size
    assert driver.get_content(at) == b"".join(chunks)


def test_read_nonexistent_stream(driver: StorageDriver) -> None:
    for offset in (0, 64):
        at = path()
        absent(driver, lambda at=at, offset=offset: driver.reader(at, offset))  # type: ignore[misc]


@pytest.mark.parametrize("written", ["stream", "content"])
def test_write_zero_bytes_then_append(driver: StorageDriver, written: str) -> None:
    at, content = path(), data(64)
    if written == "stream":
        stream(driver, at, b"")
    else:
        driver.put_content(at, b"")
    assert driver.get_content(at) == b""
    stream(driver, at, content, append=True)
    assert driver.get_content(at) == content


def test_list(driver: StorageDriver) -> None:
    root = f"/{name()}"
    missing = f"{root}/nonexistent"
    with pytest.raises(PathNotFoundError) as caught:
        driver.list(missing)
    assert (caught.value.path, caught.value.driver_name) == (missing, driver.name)
    parent = f"{root}/{name()}"
    children = sorted({f"{parent}/{name()}" for _ in range(50)})
    for child in children:
        driver.put_content(child, data(32))
    assert list(driver.list("/")) == [root]
    assert list(driver.list(root)) == [parent]
    assert sorted(driver.list(parent)) == children


def test_move(driver: StorageDriver) -> None:
    source, dest, content = path(), path(), data(32)
    driver.put_content(source, content)
    driver.move(source, dest)
    assert driver.get_content(dest) == content
    absent(driver, lambda: driver.get_content(source))


def test_move_overwrite(driver: StorageDriver) -> None:
    source, dest, content = path(), path(), data(32)
    driver.put_content(source, content)
    driver.put_content(dest, data(64))
    driver.move(source, dest)
    assert driver.get_content(dest) == content
    absent(driver, lambda: driver.get_content(source))


def test_move_nonexistent(driver: StorageDriver) -> None:
    dest, content = path(), data(32)
    driver.put_content(dest, content)
    absent(driver, lambda: driver.move(path(), dest))
    assert driver.get_content(dest) == content


def test_move_invalid(driver: StorageDriver) -> None:
    driver.put_content("/notadir", data(32))
    with pytest.raises(StorageDriverError):
        driver.move("/notadir/foo", "/notadir/bar")


def test_delete(driver: StorageDriver) -> None:
    at = path()
    driver.put_content(at, data(32))
    driver.delete(at)
    absent(driver, lambda: driver.get_content(at))


def test_redirect_url(driver: StorageDriver) -> None:
    at, content = path(), data(32)
    driver.put_content(at, content)
    for method in ("GET", "HEAD"):
        try:
            url = driver.redirect_url(at, method=method)
        except UnsupportedMethodError:
            return
        if url is None:
            return
        parts = urllib.parse.urlsplit(url)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            body = answer.read()
        assert answer.status == 200
        assert body == content if method == "GET" else answer.getheader("Content-Length") == "32"


def test_delete_nonexistent(driver: StorageDriver) -> None:
    absent(driver, lambda: driver.delete(path()))


def test_delete_folder(driver: StorageDriver) -> None:
    folder = path()
    first, *others = files = [f"{folder}/{name()}" for _ in range(3)]
    for at in files:
        driver.put_content(at, data(32))
    driver.delete(first)
    absent(driver, lambda: driver.get_content(first))
    for at in others:
        driver.get_content(at)
    driver.delete(folder)
    for at in files:
        absent(driver, lambda at=at: driver.get_content(at))  # type: ignore[misc]


def test_delete_only_deletes_subpaths(driver: StorageDriver) -> None:
    folder, inner, file = f"/{name()}", name(), name()
    files = [
        f"{folder}/{file}",
        f"{folder}/{file}suffix",
        f"{folder}/{inner}/{file}",
        f"{folder}/{inner}suffix/{file}",
    ]
    for at in files:
        driver.put_content(at, data(32))
    driver.delete(files[0])
    absent(driver, lambda: driver.get_content(files[0]))
    driver.get_content(files[1])
    driver.delete(f"{folder}/{inner}")
    absent(driver, lambda: driver.get_content(files[2]))
    driver.get_content(files[3])


def test_stat_call(driver: StorageDriver) -> None:
    folder = path()
    at = f"{folder}/{name()}"
    for each in (folder, at):
        absent(driver, lambda each=each: driver.stat(each))  # type: ignore[misc]
    driver.put_content(at, data(4096))
    info = driver.stat(at)
    assert (info.path, info.size, info.is_dir) == (at, 4096, False)
    # The backends of those tests tell whole seconds.
    time.sleep(1.1)
    driver.put_content(at, data(4096))
    again = driver.stat(at)
    assert info.mod_time is not None
    assert again.mod_time is not None
    assert again.mod_time > info.mod_time
    directory = driver.stat(folder)
    assert (directory.path, directory.size, directory.is_dir) == (folder, 0, True)


def test_put_content_multiple_times(driver: StorageDriver) -> None:
    at = path()
    for size in (4096, 2048):
        content = data(size)
        driver.put_content(at, content)
    assert driver.get_content(at) == content


def at_once(count: int, action: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as failure:  # noqa: BLE001  raised again below
            failures.append(failure)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]
    assert not any(thread.is_alive() for thread in threads)


def test_concurrent_stream_reads(driver: StorageDriver) -> None:
    at, content = path(), data(10 * MEGABYTE)
    driver.put_content(at, content)

    def one() -> None:
        offset = random.randrange(len(content))
        assert read(driver, at, offset) == content[offset:]

    at_once(10, one)


def test_concurrent_file_streams(driver: StorageDriver, tmp_path: Path) -> None:
    def one() -> None:
        at, content = path(), data(8 * MEGABYTE)
        file = tmp_path / at.replace("/", "-")
        file.write_bytes(content)
        with file.open("rb") as source, driver.writer(at) as writer:
            while block := source.read(32 * 1024):
                writer.write(block)
            writer.commit()
        assert read(driver, at) == content

    at_once(8, one)
