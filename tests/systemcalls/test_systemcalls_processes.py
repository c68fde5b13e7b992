"""Operations in processes of their own: traced, failed, killed, cut short, and hung."""

from __future__ import annotations

import importlib
import operator
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storagedriver import BackendError, StorageDriver
from storagedriver.systemcalls import Injection, LocalStores, NotOnLocalFilesError, Processes, host, unavailable
from storagedriver.systemcalls.disk import recorded
from storagedriver.systemcalls.processes import TracingError
from storagedriver.systemcalls.stores import local_stores
from storagedriver.testing import ContractViolation
from storagedriver.testing.target import resolve
from storagedriver_suites.faults.judging import Judge
from storagedriver_suites.faults.local_operations import CHANGES, Operation

PUT = operator.methodcaller("put_content", "/d/file", b"x" * 100)


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    reason = unavailable()
    if reason is not None:
        pytest.skip(reason)
    with Processes() as started:
        yield started


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[LocalStores]:
    with local_stores(resolve("filesystem", folder=tmp_path)) as made:
        yield made


def test_the_calls_of_an_operation_are_seen(processes: Processes, stores: LocalStores) -> None:
    """Those of the constructor are not, nor those that are not about the store."""
    store = stores.empty()

    run = processes.run(store, PUT)

    assert (run.error, run.finished) == (None, True)
    assert {"pwrite64", "fsync", "renameat"} <= {call.name for call in run.calls}
    assert all(call.touches(str(store.folder)) for call in run.calls)
    assert store.names() == ["d/file"]


def test_an_operation_may_end_before_anybody_looks(
    stores: LocalStores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine the child has ended before its parent goes on: nothing was to be traced, and all is well."""
    store = stores.empty()
    fork = os.fork

    def fork_and_wait_for_the_end() -> int:
        child = fork()
        if child:
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        return child

    monkeypatch.setattr(os, "fork", fork_and_wait_for_the_end)

    ended = host.run(
        host.Job(
            constructor=store.constructor,
            parameters=store.parameters,
            operation=PUT,
            folder=str(store.folder),
            traced=False,
            injection=None,
            whole=False,
            largest_file=None,
            seconds=20,
        ),
        str(tmp_path / "trace"),
    )

    assert (ended.status, ended.hung, ended.failure) == (0, False, "")
    assert store.names() == ["d/file"]


def test_a_call_fails_where_it_is_told_to(processes: Processes, stores: LocalStores) -> None:
    run = processes.run(stores.empty(), PUT, injection=Injection("fsync", 1, "EIO"))

    assert isinstance(run.error, BackendError)
    assert run.injected is not None
    assert (run.injected.name, run.injected.error) == ("fsync", "EIO")


def test_a_killed_process_did_not_make_the_call(processes: Processes, stores: LocalStores) -> None:
    store = stores.empty()

    run = processes.run(store, PUT, injection=Injection("renameat", 1))

    assert not run.finished
    assert run.calls[-1].name == "renameat"
    assert "d/file" not in store.names()


def test_a_file_has_no_more_than_its_largest_size(processes: Processes, stores: LocalStores) -> None:
    run = processes.run(stores.empty(), PUT, traced=False, largest_file=50)

    assert isinstance(run.error, BackendError)


def wait(_: StorageDriver) -> None:
    time.sleep(60)


def test_an_operation_that_hangs_is_ended(stores: LocalStores) -> None:
    with Processes(seconds=0.5) as processes:
        run = processes.run(stores.empty(), wait, traced=False)

    assert run.hung
    assert not run.finished


def die(_: StorageDriver) -> None:
    # The one signal that no machine is set up to ignore, or to write an image of the memory at.
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_by_itself_is_no_success(processes: Processes, stores: LocalStores) -> None:
    """A crash in a library of the driver's, in the way that it takes an error, ends the caller's process."""
    run = processes.run(stores.empty(), die, traced=False)

    with pytest.raises(ContractViolation, match="its process died"):
        Judge(CHANGES["put"], "EIO").ending(run)


class NotThere:
    """Pickles, as what can't be made again where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return importlib.import_module, ("no_such_module",)

    def __call__(self, _: StorageDriver) -> None:
        pass


def test_an_operation_that_can_t_be_brought_there_is_told(processes: Processes, stores: LocalStores) -> None:
    with pytest.raises(TracingError, match="No module named 'no_such_module'"):
        processes.run(stores.empty(), NotThere())

    assert processes.run(stores.empty(), PUT, traced=False).finished


def test_nothing_is_left_of_the_processes(stores: LocalStores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))

    with Processes() as processes:
        assert processes.run(stores.empty(), PUT).finished
        assert list(temporary.iterdir())

    assert list(temporary.iterdir()) == []


def leave_open(_: StorageDriver, folder: str) -> None:
    globals()["left"] = Path(folder, "left").open("wb")  # noqa: SIM115


def test_descriptors_that_are_left_are_told(processes: Processes, stores: LocalStores) -> None:
    store = stores.empty()

    run = processes.run(store, _Leave(str(store.folder)), traced=False)

    assert run.descriptors == (f"{store.folder}/left",)


class _Leave:
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, driver: StorageDriver) -> None:
        leave_open(driver, self.folder)


@pytest.mark.parametrize("operation", [CHANGES["append"], CHANGES["delete a directory"]], ids=["append", "delete"])
def test_the_replay_of_a_trace_gives_what_is_in_the_folder(
    processes: Processes, stores: LocalStores, operation: Operation
) -> None:
    """Else what a loss of power leaves would be guessed."""
    before = stores.empty()
    with before.open() as driver:
        operation.arrange(driver)
    store = stores.copy(before)

    run = processes.run(store, operation.act, whole=True)

    seen = recorded(store.folder, before.folder, run.all_calls).files()
    assert seen == {name: (store.folder / name).read_bytes() for name in store.names()}


def test_a_driver_in_memory_is_not_on_local_files(tmp_path: Path) -> None:
    with pytest.raises(NotOnLocalFilesError), local_stores(resolve("inmemory", folder=tmp_path)):
        pass


def test_a_folder_of_the_users_own_is_used(tmp_path: Path) -> None:
    """A driver that is to be judged on some file system is judged there."""
    target = resolve("filesystem", folder=tmp_path, overrides={"rootdirectory": str(tmp_path)})

    with local_stores(target) as stores:
        assert stores.empty().folder.is_relative_to(tmp_path)
