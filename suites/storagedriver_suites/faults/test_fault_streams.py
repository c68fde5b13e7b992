"""FAULT-1: streams that go on after a failure, and those of others beside one that fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import pytest

from storagedriver import BackendError, PathNotFoundError, StorageDriver
from storagedriver.testing import Subject, Tree, content, expect, requirement, size_of
from storagedriver.wire import Answered, Exchange, Fault, Injection, ResetAfter
from storagedriver_suites.behaviour.streams import expect_no_stage
from storagedriver_suites.faults.injecting import Injector
from storagedriver_suites.faults.local_operations import close_without_commit
from storagedriver_suites.faults.served_operations import (
    CANCEL,
    DELETE_STAGED,
    STREAM,
    STREAM_ON,
    SUSPEND,
    WRITE_AFTER_COMMIT,
    Operation,
)

REFUSALS: Sequence[Fault] = (Answered("403 Forbidden"), Answered("400 Bad Request"))
"""Answers that tell of no failure that passes: a driver that makes its requests again gives up here."""


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


@requirement("FAULT-1", needs=["wire", "inspect"])
def test_cancel_that_returns_has_left_nothing(subject: Subject, tree: Tree) -> None:
    """Whichever request of a stream that is cancelled is refused: cancel raises, or nothing of the stream is left (WRITE-11)."""
    for exchange in Injector(subject, tree).requests(CANCEL):
        assert isinstance(exchange, Exchange)
        directory = tree.path(f"{exchange.number:03}")
        with subject.target.open() as plain:
            CANCEL.prepare(plain, directory)
        before = subject.inspect()
        with _refused(subject, CANCEL, directory, exchange.number) as (_, refused):
            if not refused:
                what = f"what is on the backend after a cancelled stream of which request {exchange.label} was refused"
                expect.equal(subject.inspect(), before, what)


@requirement("FAULT-1", capability="resumable_writes", needs=["wire"])
def test_close_that_returns_has_kept_the_stream(subject: Subject, tree: Tree) -> None:
    """Whichever request of a stream that is closed is refused: close raises, or all of it can be continued (WRITE-10)."""
    for exchange in Injector(subject, tree).requests(SUSPEND):
        assert isinstance(exchange, Exchange)
        directory = tree.path(f"{exchange.number:03}")
        with _refused(subject, SUSPEND, directory, exchange.number) as (plain, refused):
            if refused:
                continue
            with plain.writer(f"{directory}/file", append=True) as writer:
                what = f"a stream whose close returned though request {exchange.label} was refused"
                expect.equal(writer.size, size_of("chunk+1", plain), f"size of {what}")
                writer.cancel()


@requirement("FAULT-1", capability="resumable_writes", needs=["wire"])
def test_delete_that_returns_has_ended_the_streams(subject: Subject, tree: Tree) -> None:
    """Whichever request of a delete is refused: it raises, or what was staged at the path cannot be continued (DEL-5)."""
    for exchange in Injector(subject, tree).requests(DELETE_STAGED):
        assert isinstance(exchange, Exchange)
        directory = tree.path(f"{exchange.number:03}")
        with _refused(subject, DELETE_STAGED, directory, exchange.number) as (plain, refused):
            if not refused:
                what = f"a stream at a path whose delete returned though request {exchange.label} was refused"
                expect_no_stage(plain, f"{directory}/file", None, what)


@requirement("FAULT-1", needs=["wire", "inspect"])
def test_lost_answer_of_a_stream_that_succeeds_leaves_nothing(subject: Subject, tree: Tree) -> None:
    """Whichever answer of a stream is lost: what its commit returned for is on the backend once, and no try before it is."""
    with subject.target.open() as plain:
        STREAM.prepare(plain, tree.path("usual"))
        STREAM.call(plain, tree.path("usual"))
    usual = sum("/usual/" in name for name in subject.inspect())
    for exchange in Injector(subject, tree).requests(STREAM):
        assert isinstance(exchange, Exchange)
        if exchange.request.method in {"GET", "HEAD"}:
            continue
        directory = tree.path(f"{exchange.number:03}")
        with subject.target.open() as plain, subject.disturbed() as target, target.open() as driver:
            STREAM.prepare(plain, directory)
            target.proxy.begin(Injection(fault=ResetAfter(), at=exchange.number))
            with contextlib.suppress(BackendError):
                STREAM.call(driver, directory)
                left = [name for name in subject.inspect() if f"/{exchange.number:03}/" in name]
                what = f"how much a stream left whose answer to request {exchange.label} was lost: {left}"
                expect.equal(len(left), usual, what)
            target.proxy.begin()
            plain.delete(directory)


@contextlib.contextmanager
def _refused(
    subject: Subject, operation: Operation, directory: str, number: int
) -> Iterator[tuple[StorageDriver, bool]]:
    """An operation of which a request was refused: a driver to look with, and whether it raised."""
    with subject.target.open() as plain, subject.disturbed() as target, target.open() as driver:
        operation.prepare(plain, directory)
        target.proxy.begin(Injection(fault=REFUSALS[0], at=number))
        raised = False
        try:
            operation.call(driver, directory)
        except BackendError:
            raised = True
        finally:
            target.proxy.begin()
        yield plain, raised
        with contextlib.suppress(PathNotFoundError):
            plain.delete(directory)


@requirement("FAULT-1", capability="resumable_writes", needs=["wire"])
@pytest.mark.parametrize("name", ["file-beside", "fil", "file.x"])
def test_lost_answer_ends_no_other_stream(subject: Subject, tree: Tree, name: str) -> None:
    """Whichever answer of a stream is lost, what it does to go on leaves the stages of paths that begin alike whole."""
    for exchange in Injector(subject, tree).requests(STREAM):
        assert isinstance(exchange, Exchange)
        if exchange.request.method in {"GET", "HEAD"}:
            continue
        directory = tree.path(f"{exchange.number:03}")
        with subject.target.open() as plain, subject.disturbed() as target, target.open() as driver:
            STREAM.prepare(plain, directory)
            data = content(size_of("chunk+1", driver), seed=9)
            close_without_commit(plain, f"{directory}/{name}", data)

            target.proxy.begin(Injection(fault=ResetAfter(), at=exchange.number))
            with contextlib.suppress(BackendError):
                STREAM.call(driver, directory)
            target.proxy.begin()

            what = f"a stage of {name} beside a stream whose answer to request {exchange.label} was lost"
            with plain.writer(f"{directory}/{name}", append=True) as writer:
                expect.equal(writer.size, len(data), f"size of {what}")
                writer.commit()
            expect.file(plain, f"{directory}/{name}", data, what)
            plain.delete(directory)
