"""Answers that come otherwise than usual: without what was asked for, in part, or of a file that was replaced."""

from __future__ import annotations

import contextlib

import pytest

from storagedriver import BackendError
from storagedriver.testing import Subject, Tree, content, expect, lengthy, not_offered, requirement, size_of
from storagedriver.wire import EmptyPages, Injection, ResumedByWhole, TruncatedBody, UnbegunBody
from storagedriver_suites.faults.disturbances import REFUSALS
from storagedriver_suites.faults.injecting import Injector, Point, hits
from storagedriver_suites.faults.served_operations import (
    DELETE,
    DELETE_LARGE,
    DELETE_TREE,
    GET,
    GET_LARGE,
    LIST,
    MOVE,
    MOVE_LARGE,
    PUT,
    PUT_LARGE,
    PUT_NEW,
    READ,
    READ_LARGE,
    STAT,
    STREAM,
    STREAM_SMALL,
    WALK,
    Operation,
)

pytestmark = lengthy


def _slug(operation: Operation) -> str:
    return operation.name.replace(" ", "-")


@requirement("FAULT-1", needs=["wire"])
@pytest.mark.parametrize("operation", [LIST, WALK, STAT, DELETE_TREE], ids=_slug)
def test_page_of_no_names_is_not_the_last(subject: Subject, tree: Tree, operation: Operation) -> None:
    """Where a page of a listing holds nothing and says that more follow, what follows is asked for (LIST-3, DEL-4)."""
    injector = Injector(subject, tree)
    fault = EmptyPages()
    if not any(hits(fault, exchange) for exchange in injector.requests(operation)):
        not_offered("it lists nothing, or in none of the ways of S3, Azure and Google")
    injector.require_unharmed(operation, fault)


@requirement("FAULT-1", needs=["wire"])
@pytest.mark.parametrize("operation", [GET, GET_LARGE, READ, READ_LARGE, LIST, WALK], ids=_slug)
def test_answer_ends_before_its_body(subject: Subject, tree: Tree, operation: Operation) -> None:
    """An answer that breaks off before its first byte is no empty file, and no empty directory."""
    Injector(subject, tree).try_each(operation, [UnbegunBody()])


@requirement("FAULT-1", needs=["wire"])
@pytest.mark.parametrize("operation", [GET, READ, STAT, LIST, WALK, MOVE, DELETE_TREE], ids=_slug)
def test_refusal_of_one_request_is_no_absence(subject: Subject, tree: Tree, operation: Operation) -> None:
    """Where just one request is refused, though all before and after it are not, nothing is taken for absent (ERR-1)."""
    Injector(subject, tree).try_each(operation, REFUSALS)


@requirement("FAULT-1", needs=["wire"])
@pytest.mark.parametrize(
    "operation", [PUT, PUT_NEW, PUT_LARGE, STREAM_SMALL, STREAM, MOVE_LARGE, DELETE, DELETE_LARGE], ids=_slug
)
def test_refusal_of_one_request_loses_nothing(subject: Subject, tree: Tree, operation: Operation) -> None:
    """Where just one request of a change is refused, what is done to undo it works: no file goes that was there (CONT-7)."""
    Injector(subject, tree, at_once=1).try_each(operation, REFUSALS[:1])


@requirement("FAULT-1", needs=["wire"])
@pytest.mark.parametrize("operation", [GET, GET_LARGE], ids=_slug)
def test_resumption_is_answered_by_the_whole(subject: Subject, tree: Tree, operation: Operation) -> None:
    """A body breaks off, and where the rest is asked for the whole comes: what came before is not there twice."""
    injector = Injector(subject, tree)
    exchanges = injector.requests(operation)
    fault = ResumedByWhole()
    points = [
        Point(fault, exchange.label, exchange.number, len(exchanges), lasting=True)
        for exchange in exchanges
        if hits(fault, exchange)
    ]
    if not points:
        not_offered("it asks for parts alone")
    injector.try_points(operation, points)


@requirement("FAULT-1", capability="atomic_put", needs=["wire"])
@pytest.mark.parametrize("new", ["chunk+1", "1000", "2*chunk+1"])
def test_read_that_breaks_off_while_the_file_is_replaced(subject: Subject, tree: Tree, new: str) -> None:
    """What is read after the connection broke is the rest of the content that the reader began with, or an error."""
    path, fault = tree.path("file"), TruncatedBody()
    reading = [each.number for each in Injector(subject, tree).requests(READ_LARGE) if hits(fault, each)]
    if not reading:
        not_offered("no answer of a reader has a body")
    with subject.target.open() as plain, subject.disturbed() as target, target.open() as driver:
        data = content(size_of("chunk+1", driver), seed=1)
        for taken in (0, 10):
            plain.put_content(path, data)
            target.proxy.begin(Injection(fault=fault, at=reading[0]))
            with driver.reader(path) as reader:
                seen = reader.read(taken)
                plain.put_content(path, content(size_of(new, driver), seed=2))
                with contextlib.suppress(BackendError):
                    seen += reader.read()
                    whole = (data,) if taken else (data, plain.get_content(path))
                    expect.true(
                        seen in whole,
                        f"a reader whose connection broke off while its file was replaced, after {taken} bytes",
                        expected=data,
                        seen=seen,
                    )
            target.proxy.begin()
