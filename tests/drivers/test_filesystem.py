"""The filesystem driver, where the shipped suites cannot see: planted things, failing system calls, crashes, order."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import itertools
import os
import pickle
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storagedriver import (
    BackendError,
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    factory,
)
from storagedriver_drivers.filesystem import FilesystemDriver, FilesystemParameters
from storagedriver_drivers.filesystem.certification import inspect

DEADLINE = 60
"""Seconds after which a call counts as hung, many times what the slowest machine needs."""

OLD, NEW = b"old content" * 1000, b"new content!" * 1100


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the root that nothing may reach."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(b"secret")
    (folder / "deep").mkdir()
    (folder / "deep" / "secret").write_bytes(b"secret")
    return folder


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder that is flushed at once, where there is such a one: for tests of hundreds of stores."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.fixture
def driver(root: Path) -> Iterator[FilesystemDriver]:
    with FilesystemDriver.from_parameters({"rootdirectory": root}) as made:
        yield made


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def not_more_descriptors_than(before: int) -> bool:
    # Collecting takes long, so that is done only where it matters.
    if descriptors() > before:
        gc.collect()
    return descriptors() <= before


@pytest.fixture(autouse=True)
def _no_descriptor_is_left() -> Iterator[None]:
    before = descriptors()
    yield
    assert not_more_descriptors_than(before)


def left(root: Path) -> list[str]:
    return sorted(inspect({"rootdirectory": root}))


def staged(root: Path) -> list[str]:
    """Files of the staging area, and temporary files elsewhere."""
    return [name for name in left(root) if "~" in name and not (root / name).is_dir()]


def paths_of(driver: FilesystemDriver) -> list[str]:
    return [info.path for info in driver.walk("/")]


def stream(driver: FilesystemDriver, path: str, data: bytes, *, append: bool = False, commit: bool = True) -> None:
    with driver.writer(path, append=append) as writer:
        writer.write(data)
        if commit:
            writer.commit()


def read(driver: FilesystemDriver, path: str) -> bytes:
    with driver.reader(path) as reader:
        return reader.read()


def within_deadline(action: Callable[[], object]) -> BaseException | None:
    """What `action` raises; that it returns at all is asserted."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001  handed to the caller
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    assert not thread.is_alive()
    return raised[0] if raised else None


def python(script: str, *arguments: str | Path, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=DEADLINE * 2,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


# --- layout


@pytest.mark.parametrize("written", ["put", "stream", "append", "moved"])
def test_files_are_plain_files(driver: FilesystemDriver, root: Path, written: str) -> None:
    if written == "put":
        driver.put_content("/v2/a/file", NEW)
    elif written == "moved":
        driver.put_content("/elsewhere", NEW)
        driver.move("/elsewhere", "/v2/a/file")
    else:
        stream(driver, "/v2/a/file", NEW[:5000] if written == "append" else NEW)
        if written == "append":
            stream(driver, "/v2/a/file", NEW[5000:], append=True)

    assert (root / "v2/a/file").read_bytes() == NEW
    assert left(root) == ["v2/a/file"]
    assert stat.S_ISREG((root / "v2/a/file").lstat().st_mode)


def test_files_of_other_tools_are_files(driver: FilesystemDriver, root: Path) -> None:
    (root / "v2/a").mkdir(parents=True)
    (root / "v2/a/file").write_bytes(OLD)

    assert driver.get_content("/v2/a/file") == OLD
    assert paths_of(driver) == ["/v2", "/v2/a", "/v2/a/file"]
    stream(driver, "/v2/a/file", b"+", append=True)
    assert (root / "v2/a/file").read_bytes() == OLD + b"+"
    driver.move("/v2/a", "/b")
    assert left(root) == ["b/file"]
    driver.delete("/b/file")
    assert left(root) == []


def test_mode_is_left_to_the_umask(driver: FilesystemDriver, root: Path) -> None:
    umask = os.umask(0o027)
    try:
        driver.put_content("/d/file", b"1")
    finally:
        os.umask(umask)

    assert stat.S_IMODE((root / "d/file").stat().st_mode) == 0o640
    assert stat.S_IMODE((root / "d").stat().st_mode) == 0o750


# --- the root


@pytest.mark.parametrize("given", ["relative", "", ".", "~/store", "~", b"/bytes", 5, "/a\0b", None, [], False])
def test_root_that_means_no_folder_is_refused(given: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        FilesystemDriver.from_parameters({"rootdirectory": given})

    assert caught.value.parameter == "rootdirectory"


def test_root_is_required_and_made_by_the_first_write_alone(root: Path) -> None:
    with pytest.raises(ParameterError, match="required"):
        factory.create("filesystem", {})

    for spelling in (str(root / "a/b"), f"{root}/a/b/", f"{root}//a/./b///", root / "a/b"):
        with factory.create("filesystem", {"rootdirectory": spelling}) as driver:
            assert list(driver.list("/")) == []
            assert driver.stat("/").is_dir
            with pytest.raises(PathNotFoundError):
                driver.delete("/x")
            with pytest.raises(PathNotFoundError):
                driver.writer("/x", append=True)
            assert not root.exists()

            driver.put_content("/x", b"1")
            assert left(root) == ["a/b/x"]
            driver.delete("/x")

            # The folder that was given is the caller's: it stays when it is empty.
            assert left(root) == ["a/b"]
        shutil.rmtree(root)


def test_root_may_be_reached_through_links(tmp_path: Path, root: Path) -> None:
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    with FilesystemDriver(FilesystemParameters(rootdirectory=tmp_path / "link")) as driver:
        driver.put_content("/d/file", NEW)

        assert driver.get_content("/d/file") == NEW
    assert left(root) == ["d/file"]


def test_root_that_is_a_file_is_an_error_and_no_absence(root: Path) -> None:
    root.write_bytes(b"")
    driver = FilesystemDriver.from_parameters({"rootdirectory": root})
    for call in (lambda: driver.list("/"), lambda: driver.stat("/x"), lambda: driver.put_content("/x", b"")):
        with pytest.raises(BackendError):
            call()


def test_root_that_was_removed_meanwhile_is_made_again(driver: FilesystemDriver, root: Path) -> None:
    driver.put_content("/x", OLD)
    shutil.rmtree(root)

    assert list(driver.list("/")) == []
    driver.put_content("/x", NEW)
    assert read(driver, "/x") == NEW


def test_working_directory_has_no_say(driver: FilesystemDriver, tmp_path: Path, monkeypatch: Any) -> None:
    driver.put_content("/x", NEW)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    (tmp_path / "cwd").rmdir()

    assert driver.get_content("/x") == NEW
    driver.delete("/x")


# --- what is no file of the store


def plant(kind: str, at: Path, outside: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    if kind == "link-to-file":
        at.symlink_to(outside / "secret")
    elif kind == "link-to-directory":
        at.symlink_to(outside)
    elif kind == "link-upwards":
        at.symlink_to("../../outside")
    elif kind == "link-to-nothing":
        at.symlink_to(outside / "nothing")
    elif kind == "link-to-itself":
        at.symlink_to(at)
    elif kind == "pipe":
        os.mkfifo(at)
    else:
        with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(at.parent):
            listening.bind(at.name)


LINKS = ["link-to-file", "link-to-directory", "link-upwards", "link-to-nothing", "link-to-itself"]
THINGS = [*LINKS, "pipe", "socket"]


@pytest.fixture
def guarded(outside: Path) -> Iterator[Path]:
    """The folder outside, which is as it was at the end."""
    before = sorted(outside.rglob("*"))
    yield outside
    assert sorted(outside.rglob("*")) == before
    assert (outside / "secret").read_bytes() == (outside / "deep/secret").read_bytes() == b"secret"


@pytest.mark.parametrize("thing", THINGS)
def test_what_is_no_file_is_absent(driver: FilesystemDriver, root: Path, guarded: Path, thing: str) -> None:
    driver.put_content("/d/file", OLD)
    plant(thing, root / "d/x", guarded)

    for path in ("/d/x", "/d/x/secret", "/d/x/deep", "/d/x/deep/secret", "/d/x/new/path"):
        calls: list[Callable[[], object]] = [
            lambda path=path: driver.get_content(path),  # type: ignore[misc]
            lambda path=path: driver.reader(path),  # type: ignore[misc]
            lambda path=path: driver.stat(path),  # type: ignore[misc]
            lambda path=path: driver.list(path),  # type: ignore[misc]
            lambda path=path: driver.walk(path),  # type: ignore[misc]
            lambda path=path: driver.move(path, "/d/moved"),  # type: ignore[misc]
            lambda path=path: driver.delete(path),  # type: ignore[misc]
            lambda path=path: driver.writer(path, append=True),  # type: ignore[misc]
        ]
        for call in calls:
            assert isinstance(within_deadline(call), PathNotFoundError)
    assert driver.list("/d") == ["/d/file"]
    assert paths_of(driver) == ["/d", "/d/file"]
    assert (root / "d/x").lstat()


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("written", ["put", "stream", "move"])
def test_put_replaces_what_is_no_file(
    driver: FilesystemDriver, root: Path, guarded: Path, thing: str, written: str
) -> None:
    driver.put_content("/d/source", NEW)
    plant(thing, root / "d/x", guarded)

    actions: dict[str, Callable[[], object]] = {
        "put": lambda: driver.put_content("/d/x", NEW),
        "stream": lambda: stream(driver, "/d/x", NEW),
        "move": lambda: driver.move("/d/source", "/d/x"),
    }
    assert within_deadline(actions[written]) is None

    assert stat.S_ISREG((root / "d/x").lstat().st_mode)
    assert driver.get_content("/d/x") == NEW


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("written", ["put", "stream", "move", "move-directory"])
def test_nothing_is_written_through_what_is_no_directory(
    driver: FilesystemDriver, root: Path, guarded: Path, thing: str, written: str
) -> None:
    driver.put_content("/d/source", NEW)
    driver.put_content("/e/source", NEW)
    plant(thing, root / "d/x", guarded)
    actions: dict[str, Callable[[str], object]] = {
        "put": lambda path: driver.put_content(path, NEW),
        "stream": lambda path: stream(driver, path, NEW),
        "move": lambda path: driver.move("/d/source", path),
        "move-directory": lambda path: driver.move("/e", path),
    }

    for path in ("/d/x/secret", "/d/x/deep/secret", "/d/x/new/file"):
        error = within_deadline(lambda path=path: actions[written](path))  # type: ignore[misc]
        assert isinstance(error, PathConflictError)
        assert error.path == path

    assert driver.get_content("/d/source") == driver.get_content("/e/source") == NEW
    assert paths_of(driver) == ["/d", "/d/source", "/e", "/e/source"]
    assert staged(root) == []


@pytest.mark.parametrize("thing", THINGS)
def test_directory_moves_to_where_nothing_of_the_store_is(
    driver: FilesystemDriver, root: Path, guarded: Path, thing: str
) -> None:
    driver.put_content("/source/file", NEW)
    plant(thing, root / "dest", guarded)

    driver.move("/source", "/dest")

    assert left(root) == ["dest/file"]


@pytest.mark.parametrize("thing", THINGS)
def test_delete_of_a_directory_takes_what_is_no_file(
    driver: FilesystemDriver, root: Path, guarded: Path, thing: str
) -> None:
    driver.put_content("/d/s/file", OLD)
    plant(thing, root / "d/x", guarded)
    plant(thing, root / "d/s/x", guarded)

    assert within_deadline(lambda: driver.delete("/d")) is None

    assert left(root) == []


def test_link_in_place_of_the_staging_area_is_not_followed(driver: FilesystemDriver, root: Path, guarded: Path) -> None:
    root.mkdir()
    (root / "~staging").symlink_to(guarded)
    calls: list[Callable[[], object]] = [
        lambda: driver.put_content("/deep/secret", NEW),
        lambda: stream(driver, "/deep/secret", NEW),
    ]
    for call in calls:
        with pytest.raises(StorageDriverError):
            call()


def test_links_in_the_staging_area_are_not_followed(driver: FilesystemDriver, root: Path, guarded: Path) -> None:
    stage = root / "~staging/file"
    stage.mkdir(parents=True)
    (stage / "~stage").symlink_to(guarded / "secret")
    with pytest.raises(PathNotFoundError):
        driver.writer("/file", append=True)
    (stage / "~stage").unlink()
    name = "~" + "0" * 32
    (stage / name).symlink_to(guarded / "secret")
    (stage / "~stage").write_text(f"{name} 3\n")
    with pytest.raises(PathNotFoundError):
        driver.writer("/file", append=True)

    stream(driver, "/file", NEW)

    assert left(root) == ["file"]


def test_file_swapped_for_a_link_at_the_last_moment_is_not_followed(
    driver: FilesystemDriver, root: Path, guarded: Path, monkeypatch: Any
) -> None:
    driver.put_content("/d/file", OLD)
    look = os.stat

    def swapping(name: Any, *args: Any, **kwargs: Any) -> os.stat_result:
        found = look(name, *args, **kwargs)
        if name == "file" and not (root / "d/file").is_symlink():
            (root / "d/file").unlink()
            (root / "d/file").symlink_to(guarded / "secret")
        return found

    monkeypatch.setattr(os, "stat", swapping)

    with pytest.raises(PathNotFoundError):
        driver.get_content("/d/file")


def test_file_swapped_for_a_pipe_at_the_last_moment_does_not_hang(
    driver: FilesystemDriver, root: Path, monkeypatch: Any
) -> None:
    driver.put_content("/d/file", OLD)
    look = os.stat

    def swapping(name: Any, *args: Any, **kwargs: Any) -> os.stat_result:
        found = look(name, *args, **kwargs)
        if name == "file" and not (root / "d/file").is_fifo():
            (root / "d/file").unlink()
            os.mkfifo(root / "d/file")
        return found

    monkeypatch.setattr(os, "stat", swapping)

    assert isinstance(within_deadline(lambda: driver.get_content("/d/file")), PathNotFoundError)


def test_directory_swapped_for_a_link_again_and_again_lets_nothing_out(
    driver: FilesystemDriver, root: Path, guarded: Path
) -> None:
    driver.put_content("/d/deep/secret", b"inside")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            # The driver may make, or fill, the directory again in between.
            with contextlib.suppress(OSError):
                (root / "d").rename(root / "kept")
                (root / "d").symlink_to(guarded)
            with contextlib.suppress(OSError):
                (root / "d").unlink()
            with contextlib.suppress(OSError):
                (root / "kept").rename(root / "d")
            shutil.rmtree(root / "kept", ignore_errors=True)

    swapping = threading.Thread(target=swap)
    swapping.start()
    seen: set[bytes] = set()
    try:
        for _ in range(60):
            with contextlib.suppress(StorageDriverError):
                seen.add(driver.get_content("/d/deep/secret"))
            with contextlib.suppress(StorageDriverError):
                seen.add(b"listed" if "/d/secret" in driver.list("/d") else b"")
            with contextlib.suppress(StorageDriverError):
                stream(driver, "/d/deep/secret", b"inside")
            with contextlib.suppress(StorageDriverError):
                driver.delete("/d/secret")
    finally:
        stop.set()
        swapping.join()

    assert seen <= {b"inside", b""}


# --- names and directories of other tools

FOREIGN = [b"with space", b"~staging", b"~" + b"0" * 32, b"\xff\xfe", "näme".encode(), b"new\nline", b"a:b", b"a\\b"]


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_foreign_names_are_left_out_and_go_with_their_directory(
    driver: FilesystemDriver, root: Path, name: bytes, kind: str
) -> None:
    driver.put_content("/d/file", OLD)
    odd = os.fsencode(root / "d") + b"/" + name
    if kind == "directory":
        Path(os.fsdecode(odd)).mkdir()
        odd += b"/below"
    Path(os.fsdecode(odd)).write_bytes(b"foreign")

    assert driver.list("/d") == ["/d/file"]
    assert paths_of(driver) == ["/d", "/d/file"]
    driver.move("/d", "/e")
    assert driver.list("/e") == ["/e/file"]
    driver.delete("/e")

    assert left(root) == []


def test_foreign_paths_beyond_the_limit_are_left_out(driver: FilesystemDriver, root: Path) -> None:
    deep = "/".join(["d" * 100] * 8)
    driver.put_content(f"/{deep}/file", OLD)
    (root / deep / ("x" * 200)).write_bytes(b"")

    assert driver.list(f"/{deep}") == [f"/{deep}/file"]
    assert len(paths_of(driver)) == 9


@pytest.mark.parametrize("below", ["", "e", "e/f"])
def test_empty_directory_is_a_directory_everywhere(driver: FilesystemDriver, root: Path, below: str) -> None:
    (root / "d" / below).mkdir(parents=True)
    nested = [f"/d/{part}" for part in (below[:1], below) if part]

    assert driver.stat("/d").is_dir
    assert driver.list("/") == ["/d"]
    assert paths_of(driver) == ["/d", *dict.fromkeys(nested)]
    with pytest.raises(PathNotFoundError):
        driver.get_content("/d")
    with pytest.raises(PathConflictError):
        driver.put_content("/d", b"1")
    driver.move("/d", "/moved")
    driver.delete("/moved")
    assert left(root) == []
    with pytest.raises(PathNotFoundError):
        driver.delete("/moved")


def test_empty_parents_go_with_the_last_file(driver: FilesystemDriver, root: Path) -> None:
    (root / "d/e/f").mkdir(parents=True)
    (root / "d/beside").mkdir()
    driver.put_content("/d/e/f/file", OLD)

    driver.delete("/d/e/f/file")

    assert left(root) == ["d/beside"]


def test_failed_write_leaves_the_directories_that_were_there(
    driver: FilesystemDriver, root: Path, monkeypatch: Any
) -> None:
    (root / "d").mkdir(parents=True)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(BackendError, match="No space"):
        driver.put_content("/d/e/f/file", NEW)

    assert left(root) == ["d"]


def test_tree_deeper_than_any_path_is_deleted(driver: FilesystemDriver, root: Path) -> None:
    driver.put_content("/d/file", OLD)
    fd = os.open(root / "d", os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d", dir_fd=fd)
        fd, above = os.open("d", os.O_RDONLY, dir_fd=fd), fd
        os.close(above)
    os.close(fd)

    driver.delete("/d")

    assert left(root) == []


def test_two_names_of_one_file_move_as_two_files(driver: FilesystemDriver, root: Path) -> None:
    driver.put_content("/source", OLD)
    (root / "dest").hardlink_to(root / "source")

    driver.move("/source", "/dest")

    assert left(root) == ["dest"]
    (root / "backup").hardlink_to(root / "dest")
    stream(driver, "/dest", NEW, append=True)
    assert (root / "backup").read_bytes() == OLD
    assert driver.get_content("/dest") == OLD + NEW


@pytest.mark.parametrize("names", ["one", "two"])
def test_file_put_where_another_was_moved_from_is_not_lost(
    driver: FilesystemDriver, root: Path, monkeypatch: Any, names: str
) -> None:
    """Two move it at once; between the looks of one at source and dest the other is done, and a new file is put."""
    driver.put_content("/source", OLD)
    if names == "two":
        (root / "dest").hardlink_to(root / "source")
    look, looks = os.stat, itertools.count()

    def looking(name: Any, **more: Any) -> os.stat_result:
        if name == "dest" and next(looks) == 0:
            driver.move("/source", "/dest")
            driver.put_content("/source", NEW)
        return look(name, **more)

    monkeypatch.setattr(os, "stat", looking)
    driver.move("/source", "/dest")
    monkeypatch.undo()

    assert left(root) == ["dest"]
    assert driver.get_content("/dest") == NEW


@pytest.mark.parametrize("seconds", [-(2**33), -1, 0, 2**33, 2**40])
def test_any_time_of_another_tool_is_a_time(driver: FilesystemDriver, root: Path, seconds: int) -> None:
    driver.put_content("/file", OLD)
    try:
        os.utime(root / "file", (seconds, seconds))
    except OverflowError:
        pytest.skip("the system takes no such time")

    assert driver.stat("/file").mod_time is not None
    assert [info.size for info in driver.walk("/")] == [len(OLD)]


def test_time_does_not_go_back_with_the_clock(driver: FilesystemDriver, monkeypatch: Any) -> None:
    driver.put_content("/file", OLD)
    first = driver.stat("/file").mod_time
    assert first is not None
    assert abs(first - datetime.now(UTC)) < timedelta(minutes=1)
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)

    driver.put_content("/file", NEW)

    assert driver.stat("/file").mod_time == first


# --- reading


@pytest.mark.parametrize("meanwhile", ["put", "delete", "move", "moved-over"])
def test_open_reader_keeps_the_old_content(driver: FilesystemDriver, meanwhile: str) -> None:
    driver.put_content("/d/file", OLD)
    driver.put_content("/other", NEW)
    with driver.reader("/d/file") as reader:
        start = reader.read(10)
        actions: dict[str, Callable[[], object]] = {
            "put": lambda: driver.put_content("/d/file", NEW),
            "delete": lambda: driver.delete("/d"),
            "move": lambda: driver.move("/d/file", "/elsewhere"),
            "moved-over": lambda: driver.move("/other", "/d/file"),
        }
        actions[meanwhile]()

        assert start + reader.read() == OLD


def test_file_cut_short_while_it_is_read_is_an_error(driver: FilesystemDriver, root: Path) -> None:
    data = b"x" * 1_000_000
    driver.put_content("/file", data)
    with driver.reader("/file") as reader:
        reader.read(10)
        os.truncate(root / "file", 500_000)
        with pytest.raises(BackendError, match="cut short"):
            reader.read()


def test_file_that_grows_while_it_is_read_ends_where_it_ended(driver: FilesystemDriver, root: Path) -> None:
    driver.put_content("/file", OLD)
    with driver.reader("/file") as reader:
        with (root / "file").open("ab") as growing:
            growing.write(b"more")
        assert reader.read() == OLD


def test_reads_that_the_system_cuts_are_whole(driver: FilesystemDriver, monkeypatch: Any) -> None:
    driver.put_content("/file", OLD)
    pread = os.pread
    preadv = os.preadv
    monkeypatch.setattr(os, "pread", lambda fd, size, at: pread(fd, min(size, 1000), at))
    monkeypatch.setattr(os, "preadv", lambda fd, views, at: preadv(fd, [views[0][:1000]], at))

    assert driver.get_content("/file") == read(driver, "/file") == OLD
    stream(driver, "/file", b"", append=True)
    assert driver.get_content("/file") == OLD


# --- streams


@pytest.mark.parametrize("unsupported", ["missing", errno.EXDEV, errno.ENOSYS, errno.EINVAL, "nothing-copied"])
def test_append_copies_where_the_system_cannot(
    driver: FilesystemDriver, monkeypatch: Any, unsupported: int | str
) -> None:
    driver.put_content("/file", OLD)

    def refuse(*_: Any) -> int:
        if isinstance(unsupported, int):
            raise OSError(unsupported, os.strerror(unsupported))
        return 0

    if unsupported == "missing":
        monkeypatch.delattr(os, "copy_file_range")
    else:
        monkeypatch.setattr(os, "copy_file_range", refuse)

    stream(driver, "/file", NEW, append=True)

    assert driver.get_content("/file") == OLD + NEW


def test_writes_that_the_system_cuts_are_whole(driver: FilesystemDriver, monkeypatch: Any) -> None:
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, data[:777], at))

    driver.put_content("/put", NEW)
    stream(driver, "/stream", NEW)

    assert driver.get_content("/put") == driver.get_content("/stream") == NEW


def test_failed_write_can_be_repeated_or_left_out(driver: FilesystemDriver, monkeypatch: Any) -> None:
    pwrite = os.pwrite
    calls = 0

    def half(fd: int, data: Any, at: int) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(fd, data[:50], at)

    with driver.writer("/repeated") as repeated, driver.writer("/left-out") as left_out:
        for writer in (repeated, left_out):
            writer.write(b"start ")
            calls = 0
            monkeypatch.setattr(os, "pwrite", half)
            with pytest.raises(BackendError):
                writer.write(b"x" * 100)
            monkeypatch.setattr(os, "pwrite", pwrite)
        repeated.write(b"y" * 100)
        repeated.commit()
        left_out.commit()

    assert driver.get_content("/repeated") == b"start " + b"y" * 100
    assert driver.get_content("/left-out") == b"start "


def test_commit_after_a_failed_flush_does_not_pretend(driver: FilesystemDriver, root: Path, monkeypatch: Any) -> None:
    driver.put_content("/file", OLD)
    fsync = os.fsync

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with driver.writer("/file") as writer:
        writer.write(NEW)
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(BackendError):
            writer.commit()
        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(BackendError, match="relied upon"):
            writer.commit()
        writer.cancel()

    assert driver.get_content("/file") == OLD
    assert left(root) == ["file"]


def test_commit_after_a_failed_flush_of_the_directory_finishes(driver: FilesystemDriver, monkeypatch: Any) -> None:
    fsync = os.fsync

    def fail(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        fsync(fd)

    driver.put_content("/file", OLD)
    with driver.writer("/file") as writer:
        writer.write(NEW)
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(BackendError):
            writer.commit()
        monkeypatch.setattr(os, "fsync", fsync)
        writer.commit()

    assert driver.get_content("/file") == NEW


def test_two_that_continue_one_stage_share_no_file(driver: FilesystemDriver, root: Path) -> None:
    stream(driver, "/file", b"start ", commit=False)
    first = driver.writer("/file", append=True)
    second = driver.writer("/file", append=True)
    assert (first.size, second.size) == (6, 6)
    first.write(b"first " * 10_000)
    third = driver.writer("/file", append=True)
    second.write(b"second")
    third.write(b"third")

    second.commit()
    assert driver.get_content("/file") == b"start second"
    first.commit()
    assert driver.get_content("/file") == b"start " + b"first " * 10_000
    third.commit()

    assert driver.get_content("/file") == b"start third"
    assert left(root) == ["file"]


def test_newest_of_several_stages_counts_and_the_others_go(driver: FilesystemDriver, root: Path) -> None:
    stream(driver, "/file", b"start ", commit=False)
    first, second = driver.writer("/file", append=True), driver.writer("/file", append=True)
    first.write(b"first")
    second.write(b"second")
    second.close()
    first.close()
    second.cancel()

    with driver.writer("/file", append=True) as writer:
        assert writer.size == len(b"start first")
        writer.commit()

    assert driver.get_content("/file") == b"start first"
    assert left(root) == ["file"]


def test_cancel_of_a_closed_writer_spares_who_continues_it(driver: FilesystemDriver, root: Path) -> None:
    first = driver.writer("/file")
    first.write(b"start ")
    first.close()
    second = driver.writer("/file", append=True)
    second.write(b"end")

    first.cancel()
    second.commit()

    assert driver.get_content("/file") == b"start end"
    assert left(root) == ["file"]


@pytest.mark.parametrize("deleted", ["/d/file", "/d"])
@pytest.mark.parametrize("begun", ["new", "append", "continued"])
def test_open_writer_outlives_a_delete(driver: FilesystemDriver, root: Path, deleted: str, begun: str) -> None:
    driver.put_content("/d/file", OLD)
    if begun == "continued":
        stream(driver, "/d/file", OLD, commit=False)
    writer = driver.writer("/d/file", append=begun != "new")
    writer.write(NEW)

    driver.delete(deleted)
    with pytest.raises(PathNotFoundError):
        driver.writer("/d/file", append=True)
    writer.commit()

    assert driver.get_content("/d/file") == (NEW if begun == "new" else OLD + NEW)
    assert left(root) == ["d/file"]


def test_stage_shows_no_directory_and_no_file(driver: FilesystemDriver, root: Path) -> None:
    stream(driver, "/d/e/file", NEW, commit=False)
    with driver.writer("/d/open/file") as writer:
        writer.write(NEW)

        assert paths_of(driver) == []
        for path in ("/d", "/d/e", "/d/e/file", "/d/open"):
            with pytest.raises(PathNotFoundError):
                driver.stat(path)
        writer.cancel()
    with pytest.raises(PathNotFoundError):
        driver.delete("/d")

    assert left(root) == []


@pytest.mark.parametrize("damage", ["record", "short", "gone"])
def test_damaged_stage_is_an_error_and_can_be_ended(driver: FilesystemDriver, root: Path, damage: str) -> None:
    stream(driver, "/file", NEW, commit=False)
    (data,) = (root / "~staging/file").glob("~????????????????????????????????")
    if damage == "record":
        (root / "~staging/file/~stage").write_text("../../../etc/passwd 5\n")
    elif damage == "short":
        os.truncate(data, 5)
    else:
        data.unlink()

    with pytest.raises(PathNotFoundError if damage == "gone" else BackendError):
        driver.writer("/file", append=True)
    stream(driver, "/file", OLD)

    assert driver.get_content("/file") == OLD
    assert left(root) == ["file"]


@pytest.mark.parametrize("closing", ["commit", "close", "put"])
def test_staged_file_that_is_removed_by_another_program_is_an_error(
    driver: FilesystemDriver, root: Path, closing: str, monkeypatch: Any
) -> None:
    driver.put_content("/file", OLD)
    if closing == "put":
        settle = os.utime

        def remove(*args: Any, **kwargs: Any) -> None:
            settle(*args, **kwargs)
            shutil.rmtree(root / "~staging")

        monkeypatch.setattr(os, "utime", remove)
        with pytest.raises(BackendError, match="another program"):
            driver.put_content("/file", NEW)
    else:
        writer = driver.writer("/file")
        writer.write(NEW)
        shutil.rmtree(root / "~staging")
        with pytest.raises(BackendError, match="another program"):
            getattr(writer, closing)()
        writer.cancel()

    assert driver.get_content("/file") == OLD


@pytest.mark.parametrize("begun", ["new", "append", "continued"])
def test_forgotten_streams_leave_nothing(driver: FilesystemDriver, root: Path, begun: str) -> None:
    driver.put_content("/file", OLD)
    if begun == "continued":
        stream(driver, "/file", OLD, commit=False)
    gc.collect()  # What earlier tests forgot is not to be counted, and then missed.
    before = descriptors()
    writer = driver.writer("/file", append=begun != "new")
    writer.write(NEW)
    reader = driver.reader("/file")
    reader.read(1)

    del writer, reader
    gc.collect()

    assert descriptors() == before
    if begun == "continued":
        with driver.writer("/file", append=True) as again:
            assert again.size == len(OLD)
            again.cancel()
    assert left(root) == ["file"]


# --- mounts inside the root


@pytest.fixture
def mounted(monkeypatch: Any, root: Path) -> Path:
    """A folder of the root that the system says is another file system."""
    folder = root / "mnt"
    folder.mkdir(parents=True)
    device = folder.stat().st_ino
    rename = os.rename

    def across(name: Any, dest: Any, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if (os.fstat(src_dir_fd).st_ino == device) != (os.fstat(dst_dir_fd).st_ino == device):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(name, dest, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "rename", across)
    return folder


@pytest.mark.parametrize("written", ["put", "stream", "append"])
def test_files_are_written_to_a_mount(driver: FilesystemDriver, mounted: Path, root: Path, written: str) -> None:
    (mounted / "file").write_bytes(OLD)

    if written == "put":
        driver.put_content("/mnt/file", NEW)
    else:
        stream(driver, "/mnt/file", NEW, append=written == "append")

    assert (mounted / "file").read_bytes() == (OLD + NEW if written == "append" else NEW)
    assert left(root) == ["mnt/file"]


@pytest.mark.parametrize(("source", "dest"), [("/file", "/mnt/file"), ("/mnt/file", "/d/file")])
def test_files_move_to_and_from_a_mount(
    driver: FilesystemDriver, mounted: Path, root: Path, source: str, dest: str
) -> None:
    (root / source[1:]).write_bytes(NEW)
    (root / source[1:]).chmod(0o640)
    driver.put_content("/mnt/other", OLD)

    driver.move(source, dest)

    assert driver.get_content(dest) == NEW
    assert stat.S_IMODE((root / dest[1:]).stat().st_mode) == 0o640
    assert left(root) == sorted([dest[1:], "mnt/other"])


def test_directories_do_not_move_to_a_mount(driver: FilesystemDriver, mounted: Path, root: Path) -> None:
    driver.put_content("/d/file", NEW)

    with pytest.raises(BackendError, match="another file system"):
        driver.move("/d", "/mnt/d")

    assert left(root) == ["d/file", "mnt"]


def test_real_mount(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount")
    done = python(
        """
        import pathlib, subprocess, sys
        from storagedriver_drivers.filesystem import FilesystemDriver
        root = pathlib.Path(sys.argv[1])
        (root / "mnt").mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", root / "mnt"], check=True)
        driver = FilesystemDriver.from_parameters({"rootdirectory": root})
        driver.put_content("/mnt/a/put", b"1")
        with driver.writer("/mnt/a/put", append=True) as writer:
            writer.write(b"2")
        with driver.writer("/mnt/a/put", append=True) as writer:
            writer.write(b"3")
            writer.commit()
        driver.move("/mnt/a/put", "/b/out")
        assert driver.get_content("/b/out") == b"123"
        driver.move("/b/out", "/mnt/in")
        assert driver.get_content("/mnt/in") == b"123"
        assert [i.path for i in driver.walk("/")] == ["/mnt", "/mnt/in"]
        driver.delete("/mnt/in")
        assert list(driver.list("/")) == ["/mnt"]
        assert list(root.rglob("*")) == [root / "mnt"], list(root.rglob("*"))
        """,
        tmp_path / "store",
        prefix=("unshare", "-m"),
    )
    assert done.returncode == 0, done.stderr


# --- failing system calls

CALLS: list[tuple[Any, str]] = [
    (os, name)
    for name in (
        "open",
        "stat",
        "fstat",
        "mkdir",
        "rmdir",
        "pwrite",
        "pread",
        "preadv",
        "fsync",
        "rename",
        "unlink",
        "utime",
        "ftruncate",
        "copy_file_range",
        "scandir",
        "listdir",
    )
] + [(fcntl, "flock")]


class Faults:
    """Counts system calls, and lets the k-th fail."""

    def __init__(self, fail_at: int, code: int) -> None:
        self.count = 0
        self.failed: str | None = None
        self._fail_at = fail_at
        self._code = code

    def install(self, patch: pytest.MonkeyPatch) -> None:
        for owner, name in CALLS:
            patch.setattr(owner, name, self._faulty(name, getattr(owner, name)))

    def _faulty(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def faulty(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            # To remove or unlock what was opened cannot fail in these ways.
            if self.count == self._fail_at and not (name == "flock" and args[1] == fcntl.LOCK_UN):
                self.failed = name
                raise OSError(self._code, os.strerror(self._code))
            return call(*args, **kwargs)

        return faulty


def stage_and_commit(driver: FilesystemDriver) -> None:
    with driver.writer("/d/e/file") as writer:
        writer.write(NEW[:7000])
    with driver.writer("/d/e/file", append=True) as writer:
        writer.write(NEW[7000:])
        writer.commit()


OPERATIONS: dict[str, tuple[Callable[[FilesystemDriver], object], set[bytes | None]]] = {
    "put": (lambda driver: driver.put_content("/d/e/file", NEW), {NEW}),
    "stream": (lambda driver: stream(driver, "/d/e/file", NEW), {NEW}),
    "append": (lambda driver: stream(driver, "/d/e/file", NEW, append=True), {OLD + NEW}),
    "stage": (stage_and_commit, {NEW}),
    "get": (lambda driver: driver.get_content("/d/e/file"), {OLD}),
    "list": (lambda driver: driver.list("/d/e"), {OLD}),
    "walk": (lambda driver: list(driver.walk("/d")), {OLD}),
    "move": (lambda driver: driver.move("/source/file", "/d/e/file"), {NEW}),
    "move-away": (lambda driver: driver.move("/d/e/file", "/x/y/z"), {None}),
    "delete": (lambda driver: driver.delete("/d/e/file"), {None}),
    "delete-directory": (lambda driver: driver.delete("/d"), {None}),
}


@pytest.mark.parametrize(
    ("operation", "existing", "code"),
    [
        *((operation, "file", errno.EIO) for operation in OPERATIONS),
        *((operation, "nothing", errno.ENOSPC) for operation in ("put", "stream", "stage")),
    ],
)
def test_whichever_system_call_fails_nothing_is_lost_or_left(
    in_memory: Path, operation: str, existing: str, code: int
) -> None:
    action, new = OPERATIONS[operation]
    for fail_at in range(1, 1000):
        root = in_memory / str(fail_at)
        driver = FilesystemDriver.from_parameters({"rootdirectory": root})
        if existing == "file":
            driver.put_content("/d/e/file", OLD)
        driver.put_content("/source/file", NEW)
        old = OLD if existing == "file" else None
        open_before = descriptors()
        faults, error = Faults(fail_at, code), None
        with pytest.MonkeyPatch.context() as patch:
            faults.install(patch)
            try:
                action(driver)
            except StorageDriverError as raised:
                error = raised
        if faults.failed is None:
            assert error is None
            assert fail_at > 5
            return

        where = f"{operation} with {faults.failed}, call {fail_at}, failing: {error}"
        assert not_more_descriptors_than(open_before), where
        assert staged(root) == [], where
        found = driver.get_content("/d/e/file") if (root / "d/e/file").exists() else None
        assert found in {old} | new if error else found in new, where
        if operation == "move":
            assert found == NEW or (root / "source/file").read_bytes() == NEW, where
        if operation == "move-away":
            assert found == OLD or (root / "x/y/z").read_bytes() == OLD, where
        if error is not None:
            assert isinstance(error, BackendError), where
            assert str(in_memory) not in str(error), where
            assert isinstance(error.__cause__, OSError), where
            assert str(pickle.loads(pickle.dumps(error))) == str(error)
            gone = {PathNotFoundError} if found in new or found is None else set()
            with contextlib.suppress(*gone):
                action(driver)
            assert staged(root) == [], where
    pytest.fail("the operation never came to its end")


def test_shortage_of_descriptors_is_an_error(driver: FilesystemDriver, root: Path) -> None:
    done = python(
        """
        import os, resource, sys
        from storagedriver import BackendError
        from storagedriver_drivers.filesystem import FilesystemDriver
        driver = FilesystemDriver.from_parameters({"rootdirectory": sys.argv[1]})
        driver.put_content("/d/file", b"old")
        first = os.open("/", os.O_RDONLY)
        os.close(first)
        results = []
        for spare in range(6):
            resource.setrlimit(resource.RLIMIT_NOFILE, (first + spare, 4096))
            for call in (lambda: driver.put_content("/d/file", b"new"), lambda: driver.get_content("/d/file")):
                try:
                    call()
                    results.append("done")
                except BackendError as error:
                    results.append(error.__cause__.strerror)
        assert results[0] == results[1] == "Too many open files", results
        assert results[-2:] == ["done", "done"], results
        assert set(results) == {"done", "Too many open files"}, results
        """,
        root,
    )
    assert done.returncode == 0, done.stderr
    assert left(root) == ["d/file"]


# --- order of system calls


def traced(root: Path, calls: str) -> list[str]:
    """The system calls of `calls` on a store, as strace tells them, from a mark on."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    script = f"""
        import os, sys
        from storagedriver_drivers.filesystem import FilesystemDriver
        driver = FilesystemDriver.from_parameters({{"rootdirectory": sys.argv[1]}})
        driver.put_content("/old/file", b"old")
        os.stat("/begin-of-the-trace")if os.path.exists("/begin-of-the-trace") else None
        {calls}
        os.path.exists("/end-of-the-trace")
        """
    command = ("strace", "-f", "-y", "-s", "200", "-e", "trace=%file,%desc")
    done = python(script, root, prefix=command)
    if "PTRACE" in done.stderr or "ptrace" in done.stderr:
        pytest.skip("this user cannot trace")
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [re.sub(r"^\[pid +\d+\] ", "", line).replace(str(root), "ROOT") for line in done.stderr.splitlines()]
    first = next(number for number, line in enumerate(lines) if "begin-of-the-trace" in line)
    last = next(number for number, line in enumerate(lines) if "end-of-the-trace" in line)
    return lines[first:last]


def position(lines: list[str], pattern: str) -> int:
    found = [number for number, line in enumerate(lines) if re.search(pattern, line) and " = -1 " not in line]
    assert found, f"{pattern} is not among\n" + "\n".join(lines)
    return found[0]


@pytest.mark.parametrize("written", ["put", "stream"])
def test_content_is_flushed_before_its_name_and_the_names_before_the_return(root: Path, written: str) -> None:
    lines = traced(
        root,
        'driver.put_content("/a/b/file", b"new")'
        if written == "put"
        else 'w = driver.writer("/a/b/file"); w.write(b"new"); w.commit()',
    )

    content = position(lines, r"pwrite64\(\d+<ROOT/~staging/")
    flushed = position(lines, r"fsync\(\d+<ROOT/~staging/")
    renamed = position(lines, r"rename\w*\(.*\"~[0-9a-f]{32}\".*<ROOT/a/b>, \"file\"")
    assert content < flushed < renamed
    assert position(lines, r"mkdirat\(\d+<ROOT>, \"a\"") < position(lines, r"fsync\(\d+<ROOT>\)") < renamed
    assert position(lines, r"mkdirat\(\d+<ROOT/a>, \"b\"") < position(lines, r"fsync\(\d+<ROOT/a>\)") < renamed
    assert renamed < position(lines, r"fsync\(\d+<ROOT/a/b>\)")


def test_new_root_is_flushed_into_its_parents(tmp_path: Path) -> None:
    lines = traced(
        tmp_path,
        'FilesystemDriver.from_parameters({"rootdirectory": sys.argv[1] + "/x/y"}).put_content("/file", b"new")',
    )

    renamed = position(lines, r"rename\w*\(.*\"file\"")
    assert position(lines, r"mkdir\w*\(.*\"ROOT/x\"") < position(lines, r"fsync\(\d+<ROOT>\)") < renamed
    assert position(lines, r"mkdir\w*\(.*\"ROOT/x/y\"") < position(lines, r"fsync\(\d+<ROOT/x>\)") < renamed
    assert renamed < position(lines, r"fsync\(\d+<ROOT/x/y>\)")


def test_directory_that_another_process_made_is_flushed_with_the_first_file_in_it(root: Path) -> None:
    """That process may have been ended before it came to that, and once flushed it stays so."""
    (root / "made" / "by-another").mkdir(parents=True)
    lines = traced(
        root, 'driver.put_content("/made/by-another/1", b"1"); driver.put_content("/made/by-another/2", b"2")'
    )

    renamed = position(lines, r"rename\w*\(.*\"1\"")
    assert position(lines, r"fsync\(\d+<ROOT>\)") < position(lines, r"fsync\(\d+<ROOT/made>\)") < renamed
    assert not [line for line in lines[renamed:] if re.search(r"fsync\(\d+<ROOT(/made)?>\)", line)]


def test_directories_that_were_removed_take_no_memory(driver: FilesystemDriver, tmp_path: Path) -> None:
    """Each has a number of its own: something else takes those that become free."""

    def make_and_remove(number: int) -> None:
        driver.put_content("/made/deeper/file", b"")
        driver.delete("/made")
        driver.put_content("/made/deeper/file", b"")
        driver.delete("/made/deeper/file")
        (tmp_path / f"taken-{number}" / "too").mkdir(parents=True)

    def grown(first: int, last: int) -> int:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for number in range(first, last):
            make_and_remove(number)
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    try:
        grown(0, 50)
        assert grown(50, 250) < 200 * 50
    finally:
        tracemalloc.stop()


def test_move_flushes_both_directories(root: Path) -> None:
    lines = traced(root, 'driver.move("/old/file", "/new/file")')

    renamed = position(lines, r"rename\w*\(\d+<ROOT/old>, \"file\", \d+<ROOT/new>, \"file\"")
    assert renamed < position(lines, r"fsync\(\d+<ROOT/new>\)") < position(lines, r"fsync\(\d+<ROOT/old>\)")
    removed = position(lines, r"unlinkat\(\d+<ROOT>, \"old\", AT_REMOVEDIR")
    assert removed < max(n for n, line in enumerate(lines) if re.search(r"fsync\(\d+<ROOT>\)", line))


@pytest.mark.parametrize("path", ["/old/file", "/old"])
def test_delete_flushes_the_directories(root: Path, path: str) -> None:
    lines = traced(root, f'driver.delete("{path}")')

    removed = position(lines, r"unlinkat\(\d+<ROOT/old>, \"file\", 0")
    if path == "/old/file":
        assert removed < position(lines, r"fsync\(\d+<ROOT/old>\)")
    gone = position(lines, r"unlinkat\(\d+<ROOT>, \"old\", AT_REMOVEDIR")
    assert removed < gone < position(lines, r"fsync\(\d+<ROOT>\)")


def test_no_link_is_followed_by_any_call_below_the_root(root: Path) -> None:
    lines = traced(root, 'driver.put_content("/a/b", b"1"); driver.get_content("/a/b"); driver.list("/a")')

    opened = [line for line in lines if line.startswith("openat(") and "ROOT" in line and '"ROOT"' not in line]
    assert opened
    assert [line for line in opened if "O_NOFOLLOW" not in line] == []
    assert [line for line in lines if re.search(r'"ROOT/', line)] == []


# --- crashes

CRASH = """
import fcntl, os, signal, sys
from storagedriver_drivers.filesystem import FilesystemDriver

operation, kill_at, root = sys.argv[1], int(sys.argv[2]), sys.argv[3]
OLD, NEW = b"old content" * 1000, b"new content!" * 1100

def operate(driver):
    if operation == "put":
        driver.put_content("/d/e/file", NEW)
    elif operation == "delete":
        driver.delete("/d")
    elif operation == "move":
        driver.move("/source/file", "/d/e/file")
    elif operation == "continued":
        with driver.writer("/d/e/file", append=True) as writer:
            writer.write(NEW[5000:])
            writer.commit()
    elif operation == "staged":
        with driver.writer("/d/e/file", append=True) as writer:
            writer.write(NEW[5000:])
    else:
        with driver.writer("/d/e/file") as writer:
            writer.write(NEW)
            writer.commit()

for at in range(kill_at, 1000):
    store = f"{root}/{at}"
    driver = FilesystemDriver.from_parameters({"rootdirectory": store})
    driver.put_content("/d/e/file", OLD)
    driver.put_content("/source/file", NEW)
    if operation in ("continued", "staged"):
        with driver.writer("/d/e/file") as writer:
            writer.write(NEW[:5000])
    child = os.fork()
    if not child:
        count = 0
        def killing(call):
            def killed(*args, **kwargs):
                global count
                count += 1
                if count == at:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*args, **kwargs)
            return killed
        for owner, names in ((os, "open close mkdir rmdir pwrite fsync rename unlink utime ftruncate"), (fcntl, "flock")):
            for name in names.split():
                setattr(owner, name, killing(getattr(owner, name)))
        operate(driver)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    print(at, "killed" if killed else os.waitstatus_to_exitcode(status))
    if not killed:
        break
"""


@pytest.mark.parametrize("operation", ["put", "stream", "continued", "staged", "move", "delete"])
def test_killed_at_any_call_each_file_is_old_or_new(in_memory: Path, operation: str) -> None:
    done = python(CRASH, operation, "1", in_memory)

    assert done.returncode == 0, done.stderr
    ends = dict(line.split() for line in done.stdout.splitlines())
    assert list(ends.values())[-1] == "0"
    assert len(ends) > 5
    for at in ends:
        root = in_memory / at
        driver = FilesystemDriver.from_parameters({"rootdirectory": root})
        found = driver.get_content("/d/e/file") if (root / "d/e/file").exists() else None
        assert found in ({OLD, None} if operation == "delete" else {OLD, NEW}), at
        assert (operation, found) != ("staged", NEW), at
        if operation == "move":
            assert found == NEW or driver.get_content("/source/file") == NEW
        assert set(paths_of(driver)) <= {"/d", "/d/e", "/d/e/file", "/source", "/source/file"}
        if operation in {"continued", "staged"} and found == OLD:
            with driver.writer("/d/e/file", append=True) as writer:
                assert writer.size == 5000 or (operation == "staged" and writer.size == len(NEW)), at
                writer.write(NEW[writer.size :])
                writer.commit()
            assert driver.get_content("/d/e/file") == NEW
        # What a dead process left goes with the next put, the next stream into the path, or a delete.
        driver.put_content("/other", b"1")
        stream(driver, "/d/e/file", NEW)
        assert staged(root) == [], at
        driver.delete("/d")


@pytest.mark.parametrize("deleted", ["/d/file", "/d"])
def test_delete_removes_what_a_dead_process_left(driver: FilesystemDriver, root: Path, deleted: str) -> None:
    driver.put_content("/d/file", OLD)
    done = python(
        """
        import os, signal, sys
        from storagedriver_drivers.filesystem import FilesystemDriver
        driver = FilesystemDriver.from_parameters({"rootdirectory": sys.argv[1]})
        writer = driver.writer("/d/file")
        writer.write(b"never committed")
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        root,
    )
    assert done.returncode == -signal.SIGKILL
    assert len(staged(root)) == 1

    driver.delete(deleted)

    assert left(root) == []


def test_put_removes_what_others_left_but_not_what_they_write(driver: FilesystemDriver, root: Path) -> None:
    other = FilesystemDriver.from_parameters({"rootdirectory": root})
    writer = other.writer("/file")
    writer.write(NEW)
    stale = root / "~staging" / ("~" + "0" * 32)
    stale.write_bytes(b"of a process that was killed")
    kept = root / "~staging/~other"
    kept.write_bytes(b"of nobody knows whom")

    driver.put_content("/other", OLD)
    stream(driver, "/file", OLD)
    writer.commit()

    assert not stale.exists()
    assert kept.exists()
    assert driver.get_content("/file") == NEW


# --- several processes

HAMMER = """
import random, sys, threading
from storagedriver import PathConflictError, PathNotFoundError
from storagedriver_drivers.filesystem import FilesystemDriver
driver = FilesystemDriver.from_parameters({"rootdirectory": sys.argv[1]})
rounds = int(sys.argv[2])
failures = []

def content(path, seed):
    return f"{path} {seed} ".encode() * (seed % 500 + 1)

def whole(path, data):
    words = data[: data.index(b" ", data.index(b" ") + 1) + 1]
    return words.startswith(path.encode()) and data == words * (len(data) // len(words))

def hammer(seed):
    rng = random.Random(seed)
    try:
        for number in range(rounds):
            path = rng.choice(["/a/x", "/a/b/x", "/a/b/c/x", "/a/b/c/y", "/d/x", "/a/b"])
            data = content(path, rng.randrange(1000))
            action = rng.choice(["put", "put", "stream", "append", "delete", "delete-parent", "list", "get", "move"])
            try:
                if action == "put":
                    driver.put_content(path, data)
                elif action in ("stream", "append"):
                    with driver.writer(path) as writer:
                        writer.write(data[:10])
                        writer.write(data[10:])
                        writer.commit()
                elif action == "delete":
                    driver.delete(path)
                elif action == "delete-parent":
                    driver.delete(rng.choice(["/a", "/a/b", "/d", "/m"]))
                elif action == "list":
                    driver.list("/")
                    for info in driver.walk("/"):
                        if not info.is_dir and not info.path.startswith(("/m", "/untouched")):
                            with driver.reader(info.path) as reader:
                                assert whole(info.path, reader.read()), info
                elif action == "get":
                    assert whole(path, driver.get_content(path))
                else:
                    driver.move(rng.choice(["/a", "/a/b", path]), f"/m/{rng.randrange(5)}/moved")
            except (PathNotFoundError, PathConflictError):
                pass
            if number % 7 == 0:
                # Nobody else touches it.
                driver.put_content(f"/mine/{seed}/{number}", b"mine")
                assert driver.get_content(f"/mine/{seed}/{number}") == b"mine"
                driver.delete(f"/mine/{seed}/{number}")
    except BaseException as error:
        failures.append(repr(error))
        raise

threads = [threading.Thread(target=hammer, args=(int(sys.argv[3]) * 10 + n,)) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(1 if failures else 0)
"""


def test_processes_that_put_move_list_and_delete_in_one_tree_do_not_disturb_each_other(root: Path) -> None:
    driver = FilesystemDriver.from_parameters({"rootdirectory": root})
    driver.put_content("/untouched/deep/file", NEW)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, root, "120", str(number)],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        for number in (1, 2)
    ]
    ended = [(process.communicate(timeout=DEADLINE * 2)[1], process.returncode) for process in running]

    for told, code in ended:
        assert code == 0, told
    assert driver.get_content("/untouched/deep/file") == NEW
    assert staged(root) == []
    for path in driver.list("/"):
        driver.delete(path)
    assert left(root) in ([], ["~staging"])


def test_stream_goes_on_in_another_process(driver: FilesystemDriver, root: Path) -> None:
    stream(driver, "/d/file", NEW[:5000], commit=False)

    done = python(
        """
        import sys
        from storagedriver_drivers.filesystem import FilesystemDriver
        driver = FilesystemDriver.from_parameters({"rootdirectory": sys.argv[1]})
        with driver.writer("/d/file", append=True) as writer:
            print(writer.size)
            writer.write(b"more")
        """,
        root,
    )

    assert (done.returncode, done.stdout) == (0, "5000\n"), done.stderr
    with driver.writer("/d/file", append=True) as writer:
        assert writer.size == 5004
        writer.commit()
    assert driver.get_content("/d/file") == NEW[:5000] + b"more"
    assert left(root) == ["d/file"]


def test_driver_and_writers_are_safe_across_a_fork(root: Path) -> None:
    done = python(
        """
        import os, sys
        from storagedriver_drivers.filesystem import FilesystemDriver
        driver = FilesystemDriver.from_parameters({"rootdirectory": sys.argv[1]})
        writer = driver.writer("/stream")
        writer.write(b"parent's")
        child = os.fork()
        if not child:
            driver.put_content("/child", b"1")
            # An ordinary exit, which forgets the inherited writer.
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert driver.get_content("/child") == b"1"
        writer.commit()
        assert driver.get_content("/stream") == b"parent's"
        """,
        root,
    )
    assert done.returncode == 0, done.stderr
    assert left(root) == ["child", "stream"]


def test_directories_that_vanish_each_time_are_an_error(driver: FilesystemDriver, root: Path, monkeypatch: Any) -> None:
    driver.put_content("/file", OLD)
    rename = os.rename

    def prune(name: Any, dest: Any, **kwargs: Any) -> None:
        if dest == "target":
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        rename(name, dest, **kwargs)

    monkeypatch.setattr(os, "rename", prune)
    calls: list[Callable[[], object]] = [
        lambda: driver.put_content("/d/target", NEW),
        lambda: driver.move("/file", "/d/target"),
    ]
    for call in calls:
        with pytest.raises(BackendError, match="vanished"):
            call()

    assert left(root) == ["file"]


@pytest.mark.parametrize("call", ["put_content", "move", "writer"])
def test_directory_that_vanished_once_keeps_nothing_of_the_caller_alive(
    driver: FilesystemDriver, root: Path, monkeypatch: Any, call: str
) -> None:
    """An error that is kept would keep its frames, and with them what a caller has let go: a writer and its file."""
    driver.put_content("/file", OLD)
    vanishing = [FileNotFoundError(errno.ENOENT, "No such file or directory")]
    mkdir = os.mkdir

    def vanish(name: Any, *args: Any, **kwargs: Any) -> None:
        mkdir(name, *args, **kwargs)
        if vanishing:
            raise vanishing.pop()

    def abandon() -> None:
        writer = driver.writer("/abandoned")
        writer.write(OLD)
        monkeypatch.setattr(os, "mkdir", vanish)
        calls: dict[str, Callable[[], object]] = {
            "put_content": lambda: driver.put_content("/d/target", NEW),
            "move": lambda: driver.move("/file", "/d/target"),
            "writer": lambda: driver.writer("/d/target").cancel(),
        }
        calls[call]()

    gc.disable()
    try:
        abandon()
        names = left(root)
    finally:
        gc.enable()

    assert not vanishing
    assert names == {"put_content": ["d/target", "file"], "move": ["d/target"], "writer": ["file"]}[call]


def test_directory_moved_while_it_is_deleted_is_deleted_where_it_was(
    driver: FilesystemDriver, root: Path, monkeypatch: Any
) -> None:
    driver.put_content("/d/e/f/file", OLD)
    driver.put_content("/d/kept", OLD)
    unlink = os.unlink

    def moving(name: Any, **kwargs: Any) -> None:
        if name == "file" and (root / "d/e/f").exists():
            (root / "d/e/f").rename(root / "elsewhere")
        unlink(name, **kwargs)

    monkeypatch.setattr(os, "unlink", moving)
    driver.delete("/d")

    assert left(root) == ["elsewhere"]


# --- limits and errors


def test_longest_component_is_the_file_systems(root: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(os, "pathconf", lambda *_: 143)
    assert FilesystemDriver.from_parameters({"rootdirectory": root}).capabilities.limits.longest_component == 143
    monkeypatch.setattr(os, "pathconf", lambda *_: 1000)
    assert FilesystemDriver.from_parameters({"rootdirectory": root}).capabilities.limits.longest_component == 255

    def refuse(*_: Any) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "pathconf", refuse)
    assert FilesystemDriver.from_parameters({"rootdirectory": root}).capabilities.limits.longest_component == 255


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.EMFILE, errno.ENAMETOOLONG], ids=errno.errorcode.get)
def test_only_absence_is_not_found(driver: FilesystemDriver, root: Path, code: int, monkeypatch: Any) -> None:
    driver.put_content("/d/file", OLD)

    def refuse(name: Any, *_: Any, **__: Any) -> int:
        raise OSError(code, os.strerror(code), name)

    monkeypatch.setattr(os, "open", refuse)
    calls: list[Callable[[], object]] = [
        lambda: driver.get_content("/d/file"),
        lambda: driver.stat("/d/file"),
        lambda: driver.list("/d"),
        lambda: driver.delete("/d/file"),
        lambda: driver.move("/d/file", "/x"),
        lambda: driver.put_content("/d/file", NEW),
        lambda: driver.writer("/d/file", append=True),
        lambda: list(driver.walk("/")),
    ]
    for call in calls:
        with pytest.raises(BackendError) as caught:
            call()
        assert os.strerror(code) in str(caught.value)
        assert str(root) not in str(caught.value)
        assert isinstance(caught.value.__cause__, OSError)


def test_repr_and_parameters_name_no_content(driver: FilesystemDriver) -> None:
    assert repr(driver) == "<FilesystemDriver 'filesystem'>"
    assert FilesystemParameters.model_fields["rootdirectory"].description
