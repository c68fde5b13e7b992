"""The rados driver against a Ceph cluster of the kit's own: what lies in the pool, what races and crashes leave."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import itertools
import json
import os
import pickle
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import pytest

from servers import need
from storagedriver import (
    BackendError,
    FileWriter,
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
    dependencies,
    factory,
)
from storagedriver.backends.ceph import CEPH, CephEndpoint
from storagedriver.backends.programs import ProgramServer
from storagedriver.dependencies import require_system
from storagedriver_drivers.rados import RadosDriver, RadosParameters, activity
from storagedriver_drivers.rados.certification import PARAMETERS, inspect
from storagedriver_drivers.rados.client import PACKAGE, Pool, Request
from storagedriver_drivers.rados.contents import Contents

CHUNK = 64 << 10
OSD = 2
"""The place of the OSD among the programs of the server."""

UNAVAILABLE = CEPH.unavailable("process")
needs_ceph = pytest.mark.skipif(UNAVAILABLE is not None, reason=str(UNAVAILABLE))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramServer]:
    need(UNAVAILABLE)
    started = CEPH.start("process", tmp_path_factory.mktemp("ceph"))
    assert isinstance(started, ProgramServer)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def cluster(server: ProgramServer) -> Iterator[Any]:
    """A connection by the vendor's own module."""
    rados = require_system("rados", package=PACKAGE, driver_name="rados")
    given = server.running.parameters
    made = rados.Rados(conffile=rados.Rados.NO_CONF_FILE, rados_id=given["username"])
    made.conf_set("mon_host", given["monhost"])
    made.conf_set("key", given["key"])
    made.connect()
    yield made
    made.shutdown()


@pytest.fixture
def parameters(server: ProgramServer) -> dict[str, Any]:
    """Of a namespace of the test's own."""
    return {
        **PARAMETERS,
        **server.running.parameters,
        "namespace": f"test-{secrets.token_hex(6)}",
        "chunksize": CHUNK,
    }


@pytest.fixture
def driver(parameters: dict[str, Any]) -> Iterator[RadosDriver]:
    with RadosDriver.from_parameters(parameters) as made:
        yield made


@pytest.fixture
def another(parameters: dict[str, Any]) -> Iterator[RadosDriver]:
    with RadosDriver.from_parameters(parameters) as made:
        yield made


class Raw:
    """The namespace of a test, by the vendor's own module."""

    def __init__(self, cluster: Any, parameters: dict[str, Any]) -> None:
        self.rados = require_system("rados", package=PACKAGE, driver_name="rados")
        self.io = cluster.open_ioctx(parameters["poolname"])
        self.io.set_namespace(parameters["namespace"])

    def names(self) -> list[str]:
        return sorted(each.key for each in self.io.list_objects())

    def chunks(self) -> list[str]:
        return [name for name in self.names() if not name.startswith(("directory:", "pending-", "stages"))]

    def map(self, name: str) -> dict[str, bytes]:
        with self.rados.ReadOpCtx() as operation:
            found, _ = self.io.get_omap_vals(operation, "", "", 10_000)
            self.io.operate_read_op(operation, name)
            return dict(found)

    def set(self, name: str, **values: str) -> None:
        self.set_all(name, values)

    def set_all(self, name: str, values: dict[str, str]) -> None:
        with self.rados.WriteOpCtx() as operation:
            self.io.set_omap(operation, tuple(values), tuple(value.encode() for value in values.values()))
            self.io.operate_write_op(operation, name)

    def notes(self) -> list[str]:
        return [oid for name in self.names() if name.startswith("pending-") for oid in self.map(name)]


@pytest.fixture
def raw(cluster: Any, parameters: dict[str, Any]) -> Iterator[Raw]:
    made = Raw(cluster, parameters)
    yield made
    made.io.close()


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts what drivers ask of the cluster."""
    counted: Counter[str] = Counter()

    def count(name: str) -> None:
        asked: Callable[..., Any] = getattr(Pool, name)

        def counting(*arguments: Any, **named: Any) -> Any:
            counted[name] += 1
            return asked(*arguments, **named)

        monkeypatch.setattr(Pool, name, counting)

    for name in ("change", "read_map", "page", "attribute", "begin_write", "begin_read", "begin_removal", "names"):
        count(name)
    return counted


def body(size: int, seed: int = 0) -> bytes:
    block = hashlib.sha256(str(seed).encode()).digest() * 1024
    return (block * (size // len(block) + 1))[:size]


def stream(driver: RadosDriver, path: str, content: bytes, *, append: bool = False, commit: bool = True) -> None:
    with driver.writer(path, append=append) as writer:
        writer.write(content)
        if commit:
            writer.commit()


class TestLayout:
    def test_a_file_is_an_entry_and_objects(self, driver: RadosDriver, raw: Raw) -> None:
        content = body(2 * CHUNK + 7)
        driver.put_content("/d/f", content)

        entry = json.loads(raw.map("directory:/d")["f"])["file"]
        (whole, count, holder), (tail, one, _) = entry["segments"]
        assert (entry["size"], entry["chunk"], count, one, tail) == (len(content), CHUNK, 2, 1, f"{whole}t")
        assert raw.chunks() == [f"{whole}-0", f"{whole}-1", f"{tail}-0"]
        assert b"".join(raw.io.read(name, CHUNK + 1) for name in raw.chunks()) == content
        assert raw.io.get_xattr(f"{whole}-0", "size") == str(len(content)).encode()
        assert {raw.io.get_xattr(name, "path") for name in raw.chunks()} == {b"/d/f"}
        assert json.loads(raw.map(f"{whole}-0")["holders"]) == [[holder, "/d/f"]]
        assert "directory" in json.loads(raw.map("directory:/")["d"])
        assert raw.map("directory:/d")["!state"] == b"open"
        assert raw.notes() == []

    def test_each_write_is_of_new_objects_and_the_old_ones_go(self, driver: RadosDriver, raw: Raw) -> None:
        driver.put_content("/f", body(CHUNK + 1))
        before = raw.chunks()
        driver.put_content("/f", body(10))
        assert len(raw.chunks()) == 1
        assert not set(raw.chunks()) & set(before)
        assert raw.notes() == []

    def test_an_emptied_directory_goes_with_its_parents(self, driver: RadosDriver, raw: Raw) -> None:
        driver.put_content("/a/b/c/f", b"1")
        driver.put_content("/a/g", b"1")
        driver.delete("/a/b/c/f")
        assert [name for name in raw.names() if name.startswith("directory:")] == ["directory:/", "directory:/a"]
        driver.move("/a/g", "/g")
        assert [name for name in raw.names() if name.startswith("directory:")] == ["directory:/"]

    def test_empty_file_has_no_objects(self, driver: RadosDriver, raw: Raw) -> None:
        driver.put_content("/f", b"")
        assert raw.chunks() == []
        assert driver.get_content("/f") == b""

    def test_root_directory_is_part_of_the_names(self, parameters: dict[str, Any], raw: Raw) -> None:
        with RadosDriver.from_parameters({**parameters, "rootdirectory": "/docker/x"}) as driver:
            driver.put_content("/v2/f", b"1")
        assert "f" in raw.map("directory:/docker/x/v2")
        with RadosDriver.from_parameters(parameters) as driver:
            assert driver.get_content("/docker/x/v2/f") == b"1"

    def test_an_append_shares_whole_chunks(self, driver: RadosDriver, raw: Raw) -> None:
        driver.put_content("/f", body(2 * CHUNK + 5))
        before = set(raw.chunks())
        stream(driver, "/f", b"more", append=True)
        assert driver.get_content("/f") == body(2 * CHUNK + 5) + b"more"
        assert len(before & set(raw.chunks())) == 2
        assert len(raw.chunks()) == 3
        assert raw.notes() == []

    def test_a_stage_is_out_of_reach(self, driver: RadosDriver, raw: Raw) -> None:
        stream(driver, "/d/f", body(CHUNK + 1), commit=False)
        assert list(raw.map("stages")) == ["/d/f"]
        assert driver.list("/") == []
        driver.writer("/d/f").cancel()
        assert raw.chunks() == []
        assert raw.notes() == []

    def test_a_stage_of_many_rounds_leaves_no_rests(self, driver: RadosDriver, raw: Raw) -> None:
        stream(driver, "/f", b"", commit=False)
        for number in range(6):
            stream(driver, "/f", body(CHUNK // 2, number), append=True, commit=False)
        assert len(raw.chunks()) == 3
        stream(driver, "/f", b"", append=True)
        assert driver.get_content("/f") == b"".join(body(CHUNK // 2, number) for number in range(6))
        assert len(raw.chunks()) == 3
        assert raw.map("stages") == {}
        assert raw.notes() == []

    def test_foreign_names_are_passed_over_and_deleted(self, driver: RadosDriver, raw: Raw) -> None:
        driver.put_content("/d/f", b"1")
        raw.set_all("directory:/d", {"sp ace": "what", "~x": '{"directory":"1"}', "n" * 256: "x"})
        assert driver.list("/d") == ["/d/f"]
        assert [info.path for info in driver.walk("/")] == ["/d", "/d/f"]
        driver.delete("/d")
        assert raw.chunks() == []
        assert driver.list("/") == []

    def test_a_damaged_entry_is_an_error(self, driver: RadosDriver, raw: Raw) -> None:
        driver.put_content("/d/f", b"1")
        raw.set("directory:/d", f="{")
        for call in (driver.get_content, driver.stat, driver.reader):
            with pytest.raises(BackendError, match="damaged"):
                call("/d/f")
        with pytest.raises(BackendError, match="damaged"):
            driver.list("/d")
        driver.delete("/d")
        assert driver.list("/") == []

    def test_a_missing_object_is_an_error(self, driver: RadosDriver, raw: Raw) -> None:
        driver.put_content("/f", body(3 * CHUNK))
        raw.io.remove_object(raw.chunks()[1])
        with pytest.raises(BackendError, match="replaced or deleted"):
            driver.get_content("/f")
        with pytest.raises(BackendError, match="replaced or deleted"):
            driver.reader("/f").read()

    def test_a_short_object_is_an_error(self, driver: RadosDriver, raw: Raw) -> None:
        driver.put_content("/f", body(3 * CHUNK))
        raw.io.trunc(raw.chunks()[1], 10)
        with pytest.raises(BackendError, match="short"):
            driver.get_content("/f")


class TestRequests:
    def test_counts(self, driver: RadosDriver, requests: Counter[str]) -> None:
        driver.put_content("/d/other", b"1")

        def taken(call: Callable[[], object]) -> int:
            requests.clear()
            call()
            return requests.total()

        assert taken(lambda: driver.put_content("/d/f", b"1")) == 5
        assert taken(lambda: driver.put_content("/d/f", b"2")) == 7
        assert taken(lambda: driver.get_content("/d/f")) == 2
        assert taken(lambda: driver.stat("/d/f")) == 1
        assert taken(lambda: driver.stat("/d")) == 2
        assert taken(lambda: driver.list("/d")) == 2
        assert taken(lambda: driver.move("/d/f", "/d/g")) == 9
        assert taken(lambda: driver.delete("/d/g")) == 8
        with contextlib.suppress(PathNotFoundError):
            assert taken(lambda: driver.stat("/absent")) == 1

    def test_a_read_from_an_offset_skips_what_lies_before(self, driver: RadosDriver, requests: Counter[str]) -> None:
        driver.put_content("/f", body(20 * CHUNK))
        requests.clear()
        with driver.reader("/f", 19 * CHUNK + 1) as reader:
            assert reader.read() == body(20 * CHUNK)[19 * CHUNK + 1 :]
        assert requests["begin_read"] == 1

    def test_concurrency_is_the_bound(self, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        running = 0
        most: list[int] = []
        begin = Contents.begin_write

        class Watched:
            def __init__(self, request: Request) -> None:
                self.request = request

            def result(self) -> object:
                nonlocal running
                running -= 1
                return self.request.result()

        def counting(*arguments: Any, **named: Any) -> Any:
            nonlocal running
            running += 1
            most.append(running)
            return Watched(begin(*arguments, **named))

        monkeypatch.setattr(Contents, "begin_write", counting)
        for concurrency in (1, 3):
            most.clear()
            with RadosDriver.from_parameters({**parameters, "concurrency": concurrency}) as driver:
                driver.put_content("/f", body(10 * CHUNK))
            assert max(most) == concurrency


class TestMemory:
    SIZE: ClassVar[int] = 48 << 20

    def test_streams_are_not_held_whole(self, driver: RadosDriver) -> None:
        block = body(1 << 20)
        driver.list("/")
        tracemalloc.start()
        try:
            with driver.writer("/f") as writer:
                for _ in range(self.SIZE // len(block)):
                    writer.write(block)
                writer.commit()
            with driver.reader("/f") as reader:
                while reader.read(1 << 16):
                    pass
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < self.SIZE // 4


class TestRaces:
    def test_a_put_beside_the_delete_of_the_last_file_is_never_lost(
        self, driver: RadosDriver, another: RadosDriver
    ) -> None:
        with ThreadPoolExecutor(2) as pool:
            for number in range(120):
                old, new = f"/a/b/old{number}", f"/a/b/new{number}"
                driver.put_content(old, b"1")
                waiting = [pool.submit(driver.delete, old), pool.submit(another.put_content, new, b"2")]
                for done in waiting:
                    done.result()
                assert driver.get_content(new) == b"2"
                assert [info.path for info in driver.walk("/")] == ["/a", "/a/b", new]
                driver.delete("/a")
                assert driver.list("/") == []

    def test_directories_come_and_go_at_once(self, driver: RadosDriver, another: RadosDriver) -> None:
        """Each thread puts, checks and deletes files of its own in directories that all share."""

        def work(mine: RadosDriver, name: str) -> None:
            for number in range(25):
                path = f"/t/{'x/' * (number % 3)}y/{name}"
                mine.put_content(path, name.encode())
                assert mine.get_content(path) == name.encode()
                assert path in mine.list(path.rpartition("/")[0])
                assert path in [info.path for info in mine.walk("/")]
                mine.delete(path)
                with pytest.raises(PathNotFoundError):
                    mine.stat(path)

        with ThreadPoolExecutor(6) as pool:
            waiting = [pool.submit(work, (driver, another)[number % 2], f"n{number}") for number in range(6)]
            for done in waiting:
                done.result()
        assert driver.list("/") == []

    def test_a_put_beside_the_delete_of_the_tree(self, driver: RadosDriver, another: RadosDriver) -> None:
        """Who put after the delete, or beside it, is found by its directories, or is gone whole."""
        with ThreadPoolExecutor(2) as pool:
            for number in range(60):
                driver.put_content("/a/b/old", b"1")
                path = f"/a/b/c/new{number}"
                waiting = [pool.submit(driver.delete, "/a"), pool.submit(another.put_content, path, b"2")]
                for done in waiting:
                    done.result()
                walked = [info.path for info in driver.walk("/")]
                assert walked in ([], ["/a", "/a/b", "/a/b/c", path])
                with contextlib.suppress(PathNotFoundError):
                    assert driver.get_content(path) == b"2"
                    assert walked
                    driver.delete("/a")

    def test_many_put_one_path(self, driver: RadosDriver, another: RadosDriver, raw: Raw) -> None:
        def work(number: int) -> None:
            (driver, another)[number % 2].put_content("/d/f", body(CHUNK + number, number))

        with ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(work, number) for number in range(40)]:
                done.result()
        content = driver.get_content("/d/f")
        assert content == body(len(content), len(content) - CHUNK)
        assert len(raw.chunks()) == 2
        assert raw.notes() == []

    def test_get_beside_put_is_whole(self, driver: RadosDriver, another: RadosDriver) -> None:
        driver.put_content("/f", body(3 * CHUNK))
        stop = threading.Event()

        def work() -> None:
            for number in range(60):
                another.put_content("/f", body(3 * CHUNK + number, number))
            stop.set()

        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(work)
            while not stop.is_set():
                content = driver.get_content("/f")
                number = len(content) - 3 * CHUNK
                assert content in (body(len(content), number), body(3 * CHUNK))
            done.result()

    def test_one_of_two_deletes_finds_the_file(self, driver: RadosDriver, another: RadosDriver) -> None:
        def delete(mine: RadosDriver) -> bool:
            try:
                mine.delete("/d/f")
            except PathNotFoundError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            for _ in range(40):
                driver.put_content("/d/f", b"1")
                assert sorted(pool.map(delete, (driver, another))) == [False, True]

    def test_a_reader_of_what_is_replaced_raises_or_is_whole(self, driver: RadosDriver) -> None:
        content = body(40 * CHUNK)
        driver.put_content("/f", content)
        with driver.reader("/f") as reader:
            found = reader.read(10)
            driver.put_content("/f", b"other")
            pieces: list[bytes] = []
            with pytest.raises(BackendError, match="replaced or deleted"):
                pieces.extend(iter(lambda: reader.read(CHUNK), b""))
        assert content.startswith(found + b"".join(pieces))

    def test_moves_at_once_keep_one(self, driver: RadosDriver, another: RadosDriver, raw: Raw) -> None:
        def move(mine: RadosDriver, dest: str) -> None:
            with contextlib.suppress(PathNotFoundError):
                mine.move("/s/f", dest)

        with ThreadPoolExecutor(2) as pool:
            for number in range(40):
                driver.put_content("/s/f", body(CHUNK + 1, number))
                waiting = [pool.submit(move, driver, "/a/f"), pool.submit(move, another, "/b/f")]
                for done in waiting:
                    done.result()
                with pytest.raises(PathNotFoundError):
                    driver.stat("/s/f")
                found = [path for path in ("/a/f", "/b/f") if path in [info.path for info in driver.walk("/")]]
                assert found
                for path in found:
                    assert driver.get_content(path) == body(CHUNK + 1, number)
                    driver.delete(path)
        assert raw.chunks() == []


class TestWhatOthersLeft:
    """States of directories in which a process may die, made by hand."""

    @pytest.mark.parametrize("state", ["opening:1", "closing:1"])
    @pytest.mark.parametrize("named", [True, False])
    def test_a_half_made_directory(self, driver: RadosDriver, raw: Raw, state: str, named: bool) -> None:
        driver.put_content("/beside", b"1")
        raw.set_all("directory:/d", {"!state": state, "!change": "1"})
        if named:
            raw.set("directory:/", d='{"directory":"1"}')
        for call in (driver.stat, driver.list, driver.get_content):
            with pytest.raises(PathNotFoundError):
                call("/d")
        driver.put_content("/d/f", b"1")
        assert [info.path for info in driver.walk("/")] == ["/beside", "/d", "/d/f"]
        driver.delete("/d")
        assert driver.list("/") == ["/beside"]
        assert "directory:/d" not in raw.names()

    @pytest.mark.parametrize("state", [None, "opening:1", "closing:1"])
    @pytest.mark.parametrize("call", ["put", "move", "delete"])
    def test_a_name_of_no_directory(self, driver: RadosDriver, raw: Raw, state: str | None, call: str) -> None:
        driver.put_content("/beside", b"1")
        raw.set("directory:/", d='{"directory":"1"}')
        if state:
            raw.set_all("directory:/d", {"!state": state, "!change": "1"})
        if call == "put":
            driver.put_content("/d", b"2")
            assert driver.list("/") == ["/beside", "/d"]
        elif call == "move":
            driver.move("/beside", "/d")
            assert driver.list("/") == ["/d"]
        else:
            with pytest.raises(PathNotFoundError):
                driver.delete("/d")
            assert driver.list("/") == ["/beside"]
        assert "directory:/d" not in raw.names()

    def test_a_move_that_broke_off(self, driver: RadosDriver, raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
        """Both paths have the file then; the end of one leaves the other whole."""
        content = body(2 * CHUNK + 1)
        for first, second in (("/a/f", "/b/f"), ("/b/f", "/a/f")):
            driver.put_content("/a/f", content)
            with monkeypatch.context() as patched:
                patched.setattr(type(driver._store.directories), "swap", lambda *_: 1 / 0)
                with pytest.raises(ZeroDivisionError):
                    driver.move("/a/f", "/b/f")
            assert driver.get_content("/a/f") == driver.get_content("/b/f") == content
            driver.delete(first)
            assert driver.get_content(second) == content
            assert driver.collect_orphans(0) == 0
            assert driver.get_content(second) == content
            driver.put_content(second, b"")
            driver.delete(second)
            assert raw.chunks() == []
            assert raw.notes() == []


WRITE_AND_DIE = """
import json, os, sys
from storagedriver_drivers.rados import RadosDriver
driver = RadosDriver.from_parameters(json.loads(sys.stdin.read()))
if sys.argv[1] == "stage":
    with driver.writer("/d/staged") as writer:
        writer.write(bytes(200_000))
writer = driver.writer("/d/f")
writer.write(bytes(1_000_000))
writer._upload._writes.finish()
os._exit(0)
"""


WRITE_AND_WAIT = """
import json, sys
from storagedriver_drivers.rados import RadosDriver
driver = RadosDriver.from_parameters(json.loads(sys.stdin.readline()))
writer = driver.writer("/d/f")
writer.write(bytes(1_000_000))
writer._upload._writes.finish()
print("written", flush=True)
sys.stdin.readline()
writer.commit()
driver.close()
"""


class TestProcesses:
    def test_this_one_lives(self) -> None:
        assert not activity.has_ended(activity.identity())

    def test_one_that_ended_and_one_that_did_not(self) -> None:
        told = "from storagedriver_drivers.rados import activity; print(activity.identity(), flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", told], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            owner = process.stdout.readline().strip()
            assert not activity.has_ended(owner)
            process.stdin.write("\n")
        assert activity.has_ended(owner)

    def test_a_number_that_another_has_by_now_is_not_the_same_process(self) -> None:
        *place, number, start = activity.identity().split("|")
        assert activity.has_ended("|".join([*place, number, f"{start}0"]))

    @pytest.mark.parametrize("owner", ["", "nonsense", "elsewhere|boot|pid:[1]|1|1", "|||x|"])
    def test_of_others_nobody_can_tell(self, owner: str) -> None:
        assert not activity.has_ended(owner)


class TestOrphans:
    def test_what_a_dead_process_left_goes_with_the_path(
        self, driver: RadosDriver, raw: Raw, parameters: dict[str, Any]
    ) -> None:
        driver.put_content("/beside", b"1")
        given = json.dumps({name: value for name, value in parameters.items() if value is not None})
        subprocess.run([sys.executable, "-c", WRITE_AND_DIE, "no"], input=given, text=True, check=True, timeout=60)
        driver.delete("/beside")
        assert len(raw.chunks()) >= 15
        with pytest.raises(PathNotFoundError):
            driver.delete("/d")
        assert raw.chunks() == []
        assert raw.notes() == []

    def test_what_a_live_process_writes_outlives_a_delete(
        self, driver: RadosDriver, raw: Raw, parameters: dict[str, Any]
    ) -> None:
        """Whether it is this one or another."""
        given = json.dumps({name: value for name, value in parameters.items() if value is not None})
        here = driver.writer("/d/g")
        here.write(body(3 * CHUNK))
        with subprocess.Popen(
            [sys.executable, "-c", WRITE_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as there:
            assert there.stdin is not None
            assert there.stdout is not None
            there.stdin.write(given + "\n")
            there.stdin.flush()
            assert there.stdout.readline() == "written\n"
            with pytest.raises(PathNotFoundError):
                driver.delete("/d")
            there.stdin.write("\n")
            there.stdin.flush()
            assert there.wait(60) == 0
        here.commit()
        assert driver.get_content("/d/f") == bytes(1_000_000)
        assert driver.get_content("/d/g") == body(3 * CHUNK)
        driver.delete("/d")
        assert raw.chunks() == []
        assert raw.notes() == []

    @pytest.mark.parametrize("call", ["put", "delete", "move"])
    def test_what_a_failed_call_left_goes_with_the_path(
        self, driver: RadosDriver, raw: Raw, monkeypatch: pytest.MonkeyPatch, call: str
    ) -> None:
        driver.put_content("/d/f", body(3 * CHUNK + 1))
        driver.put_content("/d/beside", b"1")
        calls: dict[str, Callable[[], None]] = {
            "put": lambda: driver.put_content("/d/f", b"2"),
            "delete": lambda: driver.delete("/d/f"),
            "move": lambda: driver.move("/d/f", "/d/e/f"),
        }
        with monkeypatch.context() as patched:
            patched.setattr(Contents, "release", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                calls[call]()
        assert len(raw.chunks()) > 4
        driver.delete("/d")
        assert raw.chunks() == []
        assert raw.notes() == []

    @pytest.mark.parametrize("stage", ["stage", "no-stage"])
    def test_a_writer_that_died(self, driver: RadosDriver, raw: Raw, parameters: dict[str, Any], stage: str) -> None:
        driver.put_content("/beside", body(CHUNK + 1))
        given = json.dumps({name: value for name, value in parameters.items() if value is not None})
        subprocess.run([sys.executable, "-c", WRITE_AND_DIE, stage], input=given, text=True, check=True, timeout=60)
        assert len(raw.chunks()) > 15
        assert driver.collect_orphans(3600) == 0
        assert driver.collect_orphans(0) == 1
        assert driver.collect_orphans(0) == 0
        assert driver.get_content("/beside") == body(CHUNK + 1)
        if stage == "stage":
            stream(driver, "/d/staged", b"1", append=True)
            assert driver.stat("/d/staged").size == 200_001
            driver.delete("/d")
        assert len(raw.chunks()) == 2
        assert raw.notes() == []

    @pytest.mark.parametrize("call", ["put", "delete", "delete-directory"])
    def test_a_removal_that_broke_off(
        self, driver: RadosDriver, raw: Raw, monkeypatch: pytest.MonkeyPatch, call: str
    ) -> None:
        driver.put_content("/d/f", body(3 * CHUNK + 1))
        calls: dict[str, Callable[[], None]] = {
            "put": lambda: driver.put_content("/d/f", b""),
            "delete": lambda: driver.delete("/d/f"),
            "delete-directory": lambda: driver.delete("/d"),
        }
        with monkeypatch.context() as patched:
            patched.setattr(Contents, "release", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                calls[call]()
        assert len(raw.chunks()) == 4
        assert driver.collect_orphans(0) == 1
        assert raw.chunks() == []
        assert raw.notes() == []

    def test_a_commit_that_finds_its_content_collected_fails(self, driver: RadosDriver) -> None:
        driver.put_content("/f", b"old")
        with driver.writer("/f") as writer:
            writer.write(body(3 * CHUNK + 1))
            assert driver.collect_orphans(0) == 1
            with pytest.raises(BackendError, match="collected"):
                writer.commit()
        assert driver.get_content("/f") == b"old"

    @pytest.mark.parametrize("append", [True, False])
    @pytest.mark.parametrize("ends", ["close of the driver", "delete", "another writer"])
    def test_a_forgotten_writer(
        self, driver: RadosDriver, another: RadosDriver, raw: Raw, ends: str, append: bool
    ) -> None:
        driver.put_content("/f", body(2 * CHUNK))
        driver.put_content("/g", b"")
        open_all_the_time = another.writer("/open")
        open_all_the_time.write(body(CHUNK))
        writer: FileWriter | None = another.writer("/f", append=append)
        assert writer is not None
        writer.write(body(3 * CHUNK + 1))
        assert len(raw.chunks()) > 2
        writer = None
        gc.collect()
        if ends == "close of the driver":
            another.close()
        elif ends == "delete":
            another.delete("/g")
        else:
            another.writer("/g").cancel()
        assert driver.get_content("/f") == body(2 * CHUNK)
        if ends != "close of the driver":
            open_all_the_time.commit()
            assert driver.get_content("/open") == body(CHUNK)
            driver.delete("/open")
        assert len(raw.chunks()) == 2
        assert raw.notes() == []
        driver.delete("/f")
        assert raw.chunks() == []

    def test_what_is_in_use_is_let_alone(self, driver: RadosDriver, raw: Raw) -> None:
        driver.put_content("/f", body(2 * CHUNK))
        driver.move("/f", "/d/f")
        stream(driver, "/d/f", b"1", append=True, commit=False)
        raw.set_all("pending-0", {name.rpartition("-")[0].rstrip("t"): "damaged" for name in raw.chunks()})
        assert driver.collect_orphans(0) == 0
        assert driver.get_content("/d/f") == body(2 * CHUNK)
        stream(driver, "/d/f", b"2", append=True)
        assert driver.get_content("/d/f") == body(2 * CHUNK) + b"12"


class TestFailures:
    @pytest.mark.parametrize("failing", [0, 1, 3, 5])
    def test_a_write_that_failed_is_repeated(
        self, driver: RadosDriver, monkeypatch: pytest.MonkeyPatch, failing: int
    ) -> None:
        begin = Contents.begin_write
        count = 0

        def sometimes(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            request = begin(*arguments, **named)
            if count == failing + 1:
                request.result()

                def fail() -> Any:
                    raise BackendError("said so")

                request.result = fail  # type: ignore[method-assign]
            return request

        monkeypatch.setattr(Contents, "begin_write", sometimes)
        content = body(6 * CHUNK + 9)
        failures = 0
        with driver.writer("/f") as writer:
            for start in range(0, len(content), CHUNK):
                try:
                    writer.write(content[start : start + CHUNK])
                except BackendError:
                    failures += 1
                    writer.write(content[start : start + CHUNK])
            try:
                writer.commit()
            except BackendError:
                failures += 1
                writer.commit()
        assert failures == 1
        assert driver.get_content("/f") == content

    def test_a_failed_put_leaves_the_old_content_and_nothing_else(
        self, driver: RadosDriver, raw: Raw, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        driver.put_content("/f", b"old")

        def fail(*_: Any, **__: Any) -> Any:
            raise BackendError("said so")

        with monkeypatch.context() as patched:
            patched.setattr(type(driver._store.directories), "replace", fail)
            with pytest.raises(BackendError, match="said so"):
                driver.put_content("/f", body(3 * CHUNK))
        assert driver.get_content("/f") == b"old"
        assert len(raw.chunks()) == 1

    @pytest.mark.parametrize("fault", [*itertools.product(range(7), (True, False))], ids=str)
    @pytest.mark.parametrize("call", ["put", "commit", "close", "append", "move", "move-away", "delete"])
    def test_lost_answers(
        self, driver: RadosDriver, raw: Raw, monkeypatch: pytest.MonkeyPatch, call: str, fault: tuple[int, bool]
    ) -> None:
        """Whatever change is lost, or only its answer, files are old or new, and the same call succeeds then."""
        lost, applied = fault
        old, new = body(CHUNK + 1, 1), body(2 * CHUNK + 5, 2)
        driver.put_content("/d/f", old)
        calls: dict[str, Callable[[], None]] = {
            "put": lambda: driver.put_content("/d/f", new),
            "commit": lambda: stream(driver, "/d/f", new),
            "close": lambda: stream(driver, "/d/f", new, commit=False),
            "append": lambda: stream(driver, "/d/f", b"+", append=True),
            "move": lambda: driver.move("/d/f", "/d/g"),
            "move-away": lambda: driver.move("/d/f", "/e/g"),
            "delete": lambda: driver.delete("/d/f"),
        }
        change, count = Pool.change, 0

        def losing(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            answer = change(*arguments, **named) if applied or count != lost + 1 else None
            if count == lost + 1:
                raise BackendError("the answer was lost")
            return answer

        def seen(path: str) -> bytes | None:
            try:
                return driver.get_content(path)
            except PathNotFoundError:
                return None

        with monkeypatch.context() as patched:
            patched.setattr(Pool, "change", losing)
            failed = False
            try:
                calls[call]()
            except BackendError:
                failed = True
        if not failed:
            assert count <= lost
            return
        found = [seen(path) for path in ("/d/f", "/d/g", "/e/g")]
        allowed: dict[str, list[list[bytes | None]]] = {
            "put": [[old, None, None], [new, None, None]],
            "commit": [[old, None, None], [new, None, None]],
            "close": [[old, None, None]],
            "append": [[old, None, None], [old + b"+", None, None]],
            "move": [[old, None, None], [None, old, None]],
            "move-away": [[old, None, None], [old, None, old], [None, None, old]],
            "delete": [[old, None, None], [None, None, None]],
        }
        assert found in allowed[call]
        driver.collect_orphans(0)
        assert [seen(path) for path in ("/d/f", "/d/g", "/e/g")] == found

        if found[0] is not None:
            calls[call]()
        for path in ("/d", "/e"):
            with contextlib.suppress(PathNotFoundError):
                driver.delete(path)
        driver.collect_orphans(0)
        assert raw.chunks() == []
        assert driver.list("/") == []

    def test_a_silent_osd_is_an_error_in_time(self, parameters: dict[str, Any], server: ProgramServer) -> None:
        with RadosDriver.from_parameters({**parameters, "rados_osd_op_timeout": 1}) as driver:
            driver.put_content("/f", body(3 * CHUNK))
            osd = server.programs.processes[OSD].pid
            os.kill(osd, signal.SIGSTOP)
            try:
                for call in (driver.get_content, driver.stat, driver.list, driver.delete):
                    begun = time.monotonic()
                    with pytest.raises(BackendError, match="did not answer in time") as caught:
                        call("/f")
                    assert time.monotonic() - begun < 5
                    assert caught.value.path == "/f"
            finally:
                os.kill(osd, signal.SIGCONT)
            assert driver.get_content("/f") == body(3 * CHUNK)


class TestConnection:
    def test_a_pool_that_does_not_exist(self, parameters: dict[str, Any]) -> None:
        with RadosDriver.from_parameters({**parameters, "poolname": "nowhere"}) as driver:
            for call in (driver.get_content, driver.stat, driver.delete, driver.list):
                with pytest.raises(BackendError, match=r"'nowhere' does not exist.*ceph osd pool create nowhere"):
                    call("/f")

    def test_a_pool_that_is_made_later_is_found(self, parameters: dict[str, Any], server: ProgramServer) -> None:
        endpoint = server.endpoint
        assert isinstance(endpoint, CephEndpoint)
        with RadosDriver.from_parameters({**parameters, "poolname": "later"}) as driver:
            with pytest.raises(BackendError):
                driver.list("/")
            assert endpoint.cluster.problem("ceph", "osd", "pool", "create", "later", "8", "8") is None
            deadline = time.monotonic() + 20
            while True:
                try:
                    assert driver.list("/") == []
                    break
                except BackendError:
                    assert time.monotonic() < deadline

    @pytest.mark.parametrize(
        "wrong",
        [
            {"key": "AQBGvAZpAAAAABAAxzDwzRKyFBnGzqAeYnYvVQ=="},
            {"key": "hidden-and-malformed"},
            {"username": "nobody"},
            {"key": None, "keyring": "empty"},
        ],
        ids="-".join,
    )
    def test_wrong_credentials(
        self, parameters: dict[str, Any], wrong: dict[str, Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        if "keyring" in wrong:
            wrong = {**wrong, "keyring": str(tmp_path / "keyring")}
            (tmp_path / "keyring").write_text("")
        given = {**parameters, **wrong}
        with RadosDriver.from_parameters(given) as driver:
            for call in (driver.get_content, driver.stat, driver.delete, driver.list):
                with pytest.raises(BackendError) as caught:
                    call("/f")
                assert f"client.{given['username']}" in str(caught.value)
                assert caught.value.__cause__ is not None
        printed = "".join(capfd.readouterr())
        for text in (printed, str(caught.value), repr(caught.value), str(caught.value.__cause__), repr(driver)):
            assert "hidden" not in text
            assert str(parameters["key"]) not in text
        assert pickle.loads(pickle.dumps(caught.value)).path == "/f"

    def test_no_server(self, parameters: dict[str, Any]) -> None:
        given = {**parameters, "monhost": "v1:127.0.0.1:1", "client_mount_timeout": 1}
        with RadosDriver.from_parameters(given) as driver:
            begun = time.monotonic()
            with pytest.raises(BackendError, match="ETIMEDOUT"):
                driver.get_content("/f")
            assert 0.5 < time.monotonic() - begun < 5

    @needs_ceph
    def test_no_cluster_is_known(self) -> None:
        with (
            RadosDriver.from_parameters({"poolname": "p", "clustername": "unheard-of"}) as driver,
            pytest.raises(BackendError, match=r"/etc/ceph/unheard-of\.conf is not there; give monhost or conffile"),
        ):
            driver.list("/")

    def test_keyring_and_conffile(self, parameters: dict[str, Any], tmp_path: Path) -> None:
        keyring, conf = tmp_path / "keyring", tmp_path / "ceph.conf"
        keyring.write_text(f"[client.admin]\nkey = {parameters['key']}\n")
        conf.write_text(f"[global]\nmon_host = {parameters['monhost']}\n")
        given = {**parameters, "key": None, "keyring": str(keyring), "monhost": None, "conffile": str(conf)}
        with RadosDriver.from_parameters(given) as driver:
            assert driver.list("/") == []

    def test_timeouts_reach_librados(self, parameters: dict[str, Any]) -> None:
        timeouts = {"client_mount_timeout": 7, "rados_mon_op_timeout": 8, "rados_osd_op_timeout": 9}
        with RadosDriver.from_parameters({**parameters, **timeouts}) as driver:
            driver.list("/")
            for name, seconds in timeouts.items():
                assert float(driver._pool._cluster.conf_get(name)) == seconds

    def test_namespaces_are_apart(self, driver: RadosDriver, parameters: dict[str, Any]) -> None:
        driver.put_content("/f", b"1")
        with RadosDriver.from_parameters({**parameters, "namespace": "other"}) as other:
            assert other.list("/") == []

    def test_the_capabilities_of_the_page_are_enough(self, parameters: dict[str, Any], cluster: Any) -> None:
        page = (Path(__file__).parents[2] / "docs" / "drivers" / "rados.md").read_text(encoding="utf-8")
        assert "`mon 'allow r'` and\n`osd 'allow rw pool=<poolname>'`" in page
        capabilities = ["mon", "allow r", "osd", f"allow rw pool={parameters['poolname']}"]
        command = {"prefix": "auth get-or-create", "entity": "client.least", "caps": capabilities, "format": "json"}
        status, printed, said = cluster.mon_command(json.dumps(command), b"")
        assert status == 0, said
        key = json.loads(printed)[0]["key"]
        with RadosDriver.from_parameters({**parameters, "username": "least", "key": key}) as driver:
            driver.put_content("/d/f", body(CHUNK + 1))
            stream(driver, "/d/f", b"1", append=True)
            driver.move("/d/f", "/e/f")
            assert driver.get_content("/e/f") == body(CHUNK + 1) + b"1"
            assert driver.collect_orphans(0) == 0
            driver.delete("/e")
            assert driver.list("/") == []

    def test_the_page_tells_each_parameter(self) -> None:
        page = (Path(__file__).parents[2] / "docs" / "drivers" / "rados.md").read_text(encoding="utf-8")
        told = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (.*) \|$", page, re.MULTILINE))
        assert told == {name: field.description for name, field in RadosParameters.model_fields.items()}

    def test_the_user_may_be_written_either_way(self, parameters: dict[str, Any]) -> None:
        with RadosDriver.from_parameters({**parameters, "username": "client.admin"}) as driver:
            assert driver.list("/") == []

    def test_closing_twice_and_unused(self, parameters: dict[str, Any]) -> None:
        unused = RadosDriver.from_parameters(parameters)
        unused.close()
        unused.close()
        used = RadosDriver.from_parameters(parameters)
        used.list("/")
        used.close()
        used.close()

    def test_many_drivers_leave_no_threads(self, parameters: dict[str, Any]) -> None:
        def threads() -> int:
            return len(list(Path("/proc/self/task").iterdir()))

        with RadosDriver.from_parameters(parameters) as first:
            first.list("/")
        before = threads()
        for _ in range(5):
            with RadosDriver.from_parameters(parameters) as each:
                each.put_content("/f", b"1")
        assert threads() <= before + 2

    def test_one_connection_for_threads_that_begin_together(self, driver: RadosDriver) -> None:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(driver.list, ["/"] * 8)) == [[]] * 8


class TestConflicts:
    def test_names_the_path_of_the_caller(self, parameters: dict[str, Any]) -> None:
        with RadosDriver.from_parameters({**parameters, "rootdirectory": "r"}) as driver:
            driver.put_content("/f", b"1")
            driver.put_content("/d/x", b"2")
            calls: list[tuple[Callable[[], object], str]] = [
                (lambda: driver.put_content("/f/x/y", b""), "/f/x/y"),
                (lambda: driver.put_content("/d", b""), "/d"),
                (lambda: driver.move("/f", "/d"), "/d"),
                (lambda: driver.move("/d/x", "/f/below"), "/f/below"),
            ]
            for call, path in calls:
                with pytest.raises(PathConflictError) as caught:
                    call()
                assert caught.value.path == path
            with pytest.raises(UnsupportedMethodError):
                driver.move("/d", "/e")
            assert [info.path for info in driver.walk("/")] == ["/d", "/d/x", "/f"]
            assert not [name for name in inspect({**parameters, "rootdirectory": "r"}, "/f/x") if "directory" in name]


class TestParameters:
    MINIMAL: ClassVar[dict[str, Any]] = {"poolname": "p", "monhost": "127.0.0.1", "key": "hidden"}

    @pytest.mark.parametrize(
        ("more", "parameter"),
        [
            ({"poolname": None}, "poolname"),
            ({"poolname": ""}, "poolname"),
            ({"poolname": "a b"}, "poolname"),
            ({"pool": "p"}, "pool"),
            ({"username": ""}, "username"),
            ({"username": "a b"}, "username"),
            ({"username": "client."}, "username"),
            ({"key": ""}, "key"),
            ({"keyring": "/no/such/file"}, "keyring"),
            ({"key": None, "keyring": "/no/such/file"}, "keyring"),
            ({"monhost": ""}, "monhost"),
            ({"monhost": "a b"}, "monhost"),
            ({"conffile": "/no/such/file"}, "conffile"),
            ({"clustername": "../x"}, "clustername"),
            ({"namespace": "a\nb"}, "namespace"),
            ({"chunksize": 4095}, "chunksize"),
            ({"chunksize": (64 << 20) + 1}, "chunksize"),
            ({"chunksize": "many"}, "chunksize"),
            ({"concurrency": 0}, "concurrency"),
            ({"concurrency": 65}, "concurrency"),
            ({"client_mount_timeout": 0}, "client_mount_timeout"),
            ({"rados_mon_op_timeout": 3601}, "rados_mon_op_timeout"),
            ({"rados_osd_op_timeout": 1.5}, "rados_osd_op_timeout"),
            ({"rootdirectory": "a/../b"}, "rootdirectory"),
            ({"rootdirectory": "r" * 701}, "rootdirectory"),
        ],
    )
    def test_refused(self, more: dict[str, Any], parameter: str) -> None:
        with pytest.raises(ParameterError) as caught:
            RadosDriver.from_parameters({**self.MINIMAL, **more})
        assert caught.value.parameter == parameter
        assert "hidden" not in str(caught.value)

    def test_pickle(self) -> None:
        parameters = RadosParameters(**self.MINIMAL)
        assert pickle.loads(pickle.dumps(parameters)) == parameters

    @needs_ceph
    def test_the_factory_knows_it_and_asks_nothing(self) -> None:
        with factory.create("rados", self.MINIMAL) as driver:
            assert isinstance(driver, RadosDriver)
            assert "hidden" not in repr(driver)

    def test_a_missing_module_names_the_command(self, tmp_path: Path) -> None:
        program = (
            "import pathlib\n"
            "from storagedriver import dependencies, factory, MissingDependencyError\n"
            f"dependencies.SYSTEM_FOLDER = pathlib.Path({str(tmp_path)!r})\n"
            "try: factory.create('rados', {'poolname': 'p'})\n"
            "except MissingDependencyError as error: print(error)\n"
        )

        def said() -> str:
            done = subprocess.run(
                [sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True
            )
            return done.stdout

        assert "apt install python3-rados" in said()
        (tmp_path / "rados.cpython-27-nowhere.so").touch()
        assert f"not for Python {sys.version_info[0]}.{sys.version_info[1]}" in said()

    def test_nothing_else_of_the_systems_folder_is_imported(self) -> None:
        program = (
            "import sys\n"
            "from storagedriver import dependencies\n"
            "try: dependencies.require_system('rados', package='python3-rados', driver_name='rados')\n"
            "except dependencies.MissingDependencyError: pass\n"
            f"sys.exit({str(dependencies.SYSTEM_FOLDER)!r} in sys.path and sys.prefix != sys.base_prefix)\n"
        )
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_errors_are_of_the_interface(driver: RadosDriver) -> None:
    """Nothing of librados passes through: neither as a type, nor as an absence."""
    driver.put_content("/d/f", b"1")
    for call in (driver.get_content, driver.stat, driver.list, driver.delete):
        with pytest.raises(StorageDriverError) as caught:
            call("/d/absent")
        assert type(caught.value) is PathNotFoundError
        assert (caught.value.driver_name, caught.value.path) == ("rados", "/d/absent")
