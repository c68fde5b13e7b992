"""PERF: cost grows with the work. What crosses the wire is judged; times are told, with the exponent that fits them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from storagedriver import StorageDriver
from storagedriver.report.performance import Scale, Statistic, Workload
from storagedriver.testing import ContractViolation, Subject, Tree, content, expect, not_offered, requirement
from storagedriver_suites.performance import directories, streams
from storagedriver_suites.performance.counting import counter
from storagedriver_suites.performance.effort import EFFORTS, KIB, MIB, Effort
from storagedriver_suites.performance.timing import Durations, repeated, tell, tell_durations, tell_growth, tell_work

FILE = 4 * MIB
TAIL = 4 * KIB
OVERHEAD = 64 * KIB
"""Bytes that heads of answers, and the last piece of what is read ahead, may take."""


# --- counted


@requirement("PERF-3", needs=["wire"])
@pytest.mark.parametrize("offset", [FILE // 2, FILE - TAIL], ids=["half", "end"])
def test_reader_does_not_read_what_it_skips(tree: Tree, subject: Subject, offset: int) -> None:
    """A reader from an offset on transfers what comes after it, in two requests at most."""
    path = tree.path("file")
    with counter(subject, tree.path("warm")) as counted:
        streams.write(subject.unrecorded(), path, FILE)
        traffic = counted.of(lambda driver: streams.expect_read(driver, path, FILE, offset=offset))
    rest = FILE - offset
    traffic.tell(subject, Workload("read from offset", Scale.BYTES, rest))

    if traffic.received > rest + OVERHEAD:
        raise ContractViolation(
            f"bytes received for a read of the last {rest:,} of {FILE:,}",
            expected=f"at most {rest + OVERHEAD:,}",
            seen=f"{traffic.received:,}",
            story=traffic.story,
        )
    traffic.expect_requests(2, f"a read of the last {rest:,} of {FILE:,} bytes")


@requirement("PERF-3", needs=["wire"])
def test_list_does_not_go_deeper(tree: Tree, subject: Subject) -> None:
    """A list of directories makes the same requests whether there is one file in each of them or many."""
    shallow, deep = tree.paths("shallow", "deep")
    children, inside = 5, 40
    with counter(subject, tree.path("warm")) as counted:
        plain = subject.unrecorded()
        directories.fill(plain, shallow, children, depth=1)
        for child in range(children):
            directories.fill(plain, f"{deep}/{child:06}", inside, depth=1)
        few = counted.of(lambda driver: directories.expect_listed(driver, shallow, children))
        many = counted.of(lambda driver: directories.expect_listed(driver, deep, children))
    few.tell(subject, Workload("list of directories", Scale.FILES, children))
    many.tell(subject, Workload("list of directories", Scale.FILES, children * inside))

    if many.requests > few.requests or many.received > few.received + OVERHEAD // 16:
        raise ContractViolation(
            f"list of {children} directories with {inside} files in each",
            expected=f"as with one file in each: {few.requests} requests, {few.received:,} bytes received",
            seen=f"{many.requests} requests, {many.received:,} bytes received",
            story=many.story,
        )


# --- measured


def _allowed(driver: StorageDriver, sizes: Iterable[int]) -> Sequence[int]:
    """The sizes that a file of the driver may have, with room for what is appended to it."""
    largest = driver.capabilities.limits.largest_file
    allowed = [size for size in sizes if largest is None or size <= largest // 2]
    if not allowed:
        pytest.skip("files are not that large, as the driver declares")
    return allowed


@requirement("PERF-3")
@pytest.mark.parametrize("operation", ["put", "get"])
def test_whole_content_by_size(tree: Tree, subject: Subject, operation: str) -> None:
    """Put and get of whole content, from nothing to megabytes."""
    driver, effort = subject.unrecorded(), EFFORTS[subject.profile]
    medians: dict[int, float] = {}
    for size in _allowed(driver, effort.sizes):
        path, data = tree.path(f"file-{size}"), content(size)
        driver.put_content(path, data)
        if operation == "put":
            taken = repeated(lambda _, path=path, data=data: driver.put_content(path, data), effort)  # type: ignore[misc]
        else:
            taken = repeated(lambda _, path=path: driver.get_content(path), effort)  # type: ignore[misc]
        expect.equal(driver.get_content(path), data, f"content of {size:,} bytes after the last {operation}")
        medians[size] = taken.median
        tell_work(subject, Workload(operation, Scale.BYTES, size), taken)
    tell_growth(subject, operation, Scale.BYTES, medians)


STREAMS: Mapping[str, Callable[[StorageDriver, str, int], object]] = {
    "write stream": streams.write,
    "read stream": lambda driver, path, _: streams.read(driver, path),
    "read from middle": lambda driver, path, size: streams.read(driver, path, offset=size // 2),
    "append": lambda driver, path, _: streams.write(driver, path, TAIL, append=True),
}


@requirement("PERF-3")
@pytest.mark.parametrize("operation", STREAMS)
def test_streams_by_size(tree: Tree, subject: Subject, operation: str) -> None:
    """Streams of growing size: written, read, read from their middle on, and continued by a few bytes."""
    driver, effort = subject.unrecorded(), EFFORTS[subject.profile]
    if operation == "append" and not driver.capabilities.append:
        not_offered("the driver does not declare append")
    medians: dict[int, float] = {}
    for size in _allowed(driver, effort.streams):
        path = tree.path(f"file-{size}")
        streams.write(driver, path, size)
        taken = repeated(lambda _, path=path, size=size: STREAMS[operation](driver, path, size), effort)  # type: ignore[misc]
        appended = TAIL * (len(taken.seconds) + 1) if operation == "append" else 0
        expect.equal(driver.stat(path).size, size + appended, f"size after the last {operation}")
        driver.delete(path)
        medians[size] = taken.median
        # The others do not move all of what the file holds.
        told = tell_work if operation in {"write stream", "read stream"} else tell_durations
        told(subject, Workload(operation, Scale.BYTES, size), taken)
    tell_growth(subject, operation, Scale.BYTES, medians)


@requirement("PERF-3")
def test_directories_by_number_of_files(tree: Tree, subject: Subject) -> None:
    """List, walk and delete of directories with growing numbers of files."""
    driver, effort = subject.unrecorded(), EFFORTS[subject.profile]
    medians: dict[str, dict[int, float]] = {"list": {}, "walk": {}, "delete": {}}
    for number in effort.files:
        directory = tree.path(f"directory-{number}")
        directories.fill(driver, directory, number)
        looks: Mapping[str, Callable[[StorageDriver, str, int], object]] = {
            "list": directories.expect_listed,
            "walk": directories.expect_walked,
        }
        for operation, look in looks.items():
            taken = repeated(
                lambda _, look=look, directory=directory, number=number: look(driver, directory, number),  # type: ignore[misc]
                effort,
            )
            medians[operation][number] = taken.median
            tell_work(subject, Workload(operation, Scale.FILES, number), taken)
        began = time.perf_counter()
        driver.delete(directory)
        taken = Durations((time.perf_counter() - began,))
        medians["delete"][number] = taken.median
        tell_work(subject, Workload("delete", Scale.FILES, number), taken)
    for operation, by_number in medians.items():
        tell_growth(subject, operation, Scale.FILES, by_number)


@requirement("PERF-3")
@pytest.mark.parametrize("operation", ["put", "get"])
def test_calls_by_number_of_clients(tree: Tree, subject: Subject, operation: str) -> None:
    """Small files put and got by growing numbers of threads: the duration of a call, and the files of all in a second."""
    driver, effort = subject.unrecorded(), EFFORTS[subject.profile]
    data = content(TAIL)
    for clients in effort.clients:
        paths = tree.paths(*(f"client-{number}" for number in range(clients)))
        for path in paths:
            driver.put_content(path, data)
        durations, seconds = _together(
            lambda path: driver.put_content(path, data) if operation == "put" else driver.get_content(path),
            paths,
            effort,
        )
        for path in paths:
            expect.equal(driver.get_content(path), data, f"content after {clients} clients")
        workload = Workload(f"{operation} of 4 KiB", Scale.CLIENTS, clients)
        tell_durations(subject, workload, durations)
        tell(subject, workload, Statistic.THROUGHPUT, len(durations.seconds) / seconds, "calls/s")


def _together(call: Callable[[str], object], paths: list[str], effort: Effort) -> tuple[Durations, float]:
    """The durations of the calls of all clients, each with a file of its own, and the seconds that they took together."""
    began = time.perf_counter()
    deadline = began + effort.seconds

    def client(path: str) -> list[float]:
        taken: list[float] = []
        while not taken or (len(taken) < effort.most and time.perf_counter() < deadline):
            began = time.perf_counter()
            call(path)
            taken.append(time.perf_counter() - began)
        return taken

    with ThreadPoolExecutor(len(paths)) as pool:
        taken = list(pool.map(client, paths))
    return Durations(tuple(itertools.chain.from_iterable(taken))), time.perf_counter() - began
