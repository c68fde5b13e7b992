"""FAULT-1: streams that go on after a failure, and those of others beside one that fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from storagedriver import BackendError, StorageDriver
from storagedriver.testing import Subject, Tree, content, expect, lengthy, requirement, size_of
from storagedriver.wire import Exchange, Injection, ResetAfter
from storagedriver_suites.behaviour.streams import expect_no_stage
from storagedriver_suites.faults.disturbances import REFUSALS
from storagedriver_suites.faults.injecting import Injector
from storagedriver_suites.faults.local_operations import close_without_commit
from storagedriver_suites.faults.served_operations import (
    CANCEL,
    COMMIT_AGAIN,
    COMMIT_APPEND_AGAIN,
    COMMIT_LARGE_AGAIN,
    COMMIT_NOTHING_AGAIN,
    CONTINUE,
    DELETE_STAGED,
    STREAM,
    STREAM_ON,
    SUSPEND,
    WRITE_AFTER_COMMIT,
    Operation,
)

pytestmark = lengthy


def _refuse_each(subject: Subject, tree: Tree, operation: Operation) -> None:
    # No trial waits for anything, and many streams at once would take a busy server longer than the driver waits.
    Injector(subject, tree, at_once=1).try_each(operation, REFUSALS)


@requirement("FAULT-1", needs=["wire"])
def test_stream_goes_on_after_a_request_that_failed(subject: Subject, tree: Tree) -> None:
    """A write that fails is followed by one of what `size` says is missing: the whole is committed, or an error is raised."""
    _refuse_each(subject, tree, STREAM_ON)


@requirement("FAULT-1", capability="append", needs=["wire"])
def test_stream_goes_on_after_a_commit_that_failed(subject: Subject, tree: Tree) -> None:
    """A commit that fails is followed by more writes and another one: all of it is committed, or an error is raised."""
    _refuse_each(subject, tree, WRITE_AFTER_COMMIT)


@requirement("FAULT-1", needs=["wire"])
@pytest.mark.parametrize(
    "operation", [COMMIT_AGAIN, COMMIT_NOTHING_AGAIN, COMMIT_LARGE_AGAIN], ids=["small", "empty", "large"]
)
def test_commit_that_failed_is_repeated(subject: Subject, tree: Tree, operation: Operation) -> None:
    """The same writer's second commit publishes all that was written, or raises: a failed one takes nothing with it."""
    _refuse_each(subject, tree, operation)


@requirement("FAULT-1", capability="append", needs=["wire"])
def test_commit_of_an_append_that_failed_is_repeated(subject: Subject, tree: Tree) -> None:
    """As the others: what was there before, and what was appended, once."""
    _refuse_each(subject, tree, COMMIT_APPEND_AGAIN)


@requirement("FAULT-1", capability="resumable_writes", needs=["wire"])
def test_refused_look_for_a_stage_is_no_absence(subject: Subject, tree: Tree) -> None:
    """Whichever request is refused of a stream that is closed and continued: it goes on where it was, or an error is raised."""
    _refuse_each(subject, tree, CONTINUE)


@requirement("FAULT-1", needs=["wire", "inspect"])
def test_cancel_that_returns_has_left_nothing(subject: Subject, tree: Tree) -> None:
    """Whichever request of a stream that is cancelled is refused: cancel raises, or nothing of the stream is left (WRITE-11)."""
    with subject.target.open() as plain:
        CANCEL.prepare(plain, tree.path("usual"))
    usual = len(_on_the_backend(subject, "usual"))
    for _, name, what in _returned_though_refused(subject, tree, CANCEL):
        left = _on_the_backend(subject, name)

        expect.equal(len(left), usual, f"how much is on the backend after {what}: {left}")


@requirement("FAULT-1", capability="resumable_writes", needs=["wire"])
def test_close_that_returns_has_kept_the_stream(subject: Subject, tree: Tree) -> None:
    """Whichever request of a stream that is closed is refused: close raises, or all of it can be continued (WRITE-10)."""
    for plain, name, what in _returned_though_refused(subject, tree, SUSPEND):
        with plain.writer(tree.path(f"{name}/file"), append=True) as writer:
            expect.equal(writer.size, size_of("chunk+1", plain), f"size to continue after {what}")
            writer.cancel()


@requirement("FAULT-1", capability="resumable_writes", needs=["wire"])
def test_delete_that_returns_has_ended_the_streams(subject: Subject, tree: Tree) -> None:
    """Whichever request of a delete is refused: it raises, or what was staged at the path cannot be continued (DEL-5)."""
    for plain, name, what in _returned_though_refused(subject, tree, DELETE_STAGED):
        expect_no_stage(plain, tree.path(f"{name}/file"), None, f"after {what}")


def _returned_though_refused(
    subject: Subject, tree: Tree, operation: Operation
) -> Iterator[tuple[StorageDriver, str, str]]:
    """Each time the operation returned with one of its requests refused: a driver to look with, the directory, and words."""
    for exchange in Injector(subject, tree).requests(operation):
        assert isinstance(exchange, Exchange)
        name = f"{exchange.number:03}"
        with subject.target.open() as plain, subject.disturbed() as target, target.open() as driver:
            operation.prepare(plain, tree.path(name))
            target.proxy.begin(Injection(fault=REFUSALS[0], at=exchange.number))
            with contextlib.suppress(BackendError):
                operation.call(driver, tree.path(name))
                yield plain, name, f"a {operation.name} that returned though its request {exchange.label} was refused"
            target.proxy.begin()
            plain.delete(tree.path(name))


def _on_the_backend(subject: Subject, directory: str) -> list[str]:
    return [name for name in subject.inspect() if f"/{directory}/" in name]


@requirement("FAULT-1", needs=["wire", "inspect"])
def test_lost_answer_of_a_stream_that_succeeds_leaves_nothing(subject: Subject, tree: Tree) -> None:
    """Whichever answer of a stream is lost: what its commit returned for is on the backend once, and no try before it is."""
    with subject.target.open() as plain:
        STREAM.prepare(plain, tree.path("usual"))
        STREAM.call(plain, tree.path("usual"))
    usual = len(_on_the_backend(subject, "usual"))
    for plain, driver, name, label in _lost_answers(subject, tree):
        with contextlib.suppress(BackendError):
            STREAM.call(driver, tree.path(name))
            left = _on_the_backend(subject, name)

            expect.equal(len(left), usual, f"how much a stream left whose answer to request {label} was lost: {left}")
        plain.delete(tree.path(name))


def _lost_answers(subject: Subject, tree: Tree) -> Iterator[tuple[StorageDriver, StorageDriver, str, str]]:
    """For each request of a stream that changes something: a driver of its own whose answer will be lost, and the directory."""
    for exchange in Injector(subject, tree).requests(STREAM):
        assert isinstance(exchange, Exchange)
        if exchange.request.method in {"GET", "HEAD"}:
            continue
        name = f"{exchange.number:03}"
        with subject.target.open() as plain, subject.disturbed() as target, target.open() as driver:
            STREAM.prepare(plain, tree.path(name))
            target.proxy.begin(Injection(fault=ResetAfter(), at=exchange.number))
            yield plain, driver, name, exchange.label
            target.proxy.begin()


@requirement("FAULT-1", capability="resumable_writes", needs=["wire"])
@pytest.mark.parametrize("name", ["file-beside", "fil", "file.x"])
def test_lost_answer_ends_no_other_stream(subject: Subject, tree: Tree, name: str) -> None:
    """Whichever answer of a stream is lost, what it does to go on leaves the stages of paths that begin alike whole."""
    for plain, driver, directory, label in _lost_answers(subject, tree):
        path = tree.path(f"{directory}/{name}")
        data = content(size_of("chunk+1", driver), seed=9)
        close_without_commit(plain, path, data)

        with contextlib.suppress(BackendError):
            STREAM.call(driver, tree.path(directory))

        what = f"a stage of {name} beside a stream whose answer to request {label} was lost"
        with plain.writer(path, append=True) as writer:
            expect.equal(writer.size, len(data), f"size of {what}")
            writer.commit()
        expect.file(plain, path, data, what)
        plain.delete(tree.path(directory))
