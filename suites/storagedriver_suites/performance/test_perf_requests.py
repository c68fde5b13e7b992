"""PERF: requests of calls, counted by a proxy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from storagedriver import StorageDriver
from storagedriver.report.performance import Scale, Workload
from storagedriver.testing import Subject, Tree, content, full, requirement, soak
from storagedriver_suites.performance import directories, streams
from storagedriver_suites.performance.counting import counter
from storagedriver_suites.performance.effort import EFFORTS, KIB, MIB

SMALL = 4 * KIB


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose requests are counted.

    Attributes:
        act: Makes it, given a path.
        most: Requests that the contract allows; None where it says nothing, and the report tells.
        exists: Whether there is a file of SMALL bytes at the path.
        amount: Bytes that it moves.
        operation: What the report calls it, as other checks do; empty for its own name.
    """

    act: Callable[[StorageDriver, str], object]
    most: int | None = None
    exists: bool = True
    amount: int = SMALL
    operation: str = ""


CALLS: Mapping[str, Call] = {
    "stat": Call(lambda driver, path: driver.stat(path), most=2),
    "put": Call(lambda driver, path: driver.put_content(path, content(SMALL, seed=1)), most=2, exists=False),
    "put over a file": Call(lambda driver, path: driver.put_content(path, content(SMALL, seed=2)), most=2),
    "get": Call(lambda driver, path: driver.get_content(path)),
    "read stream": Call(streams.read),
    "write stream": Call(lambda driver, path: streams.write(driver, path, MIB), exists=False, amount=MIB),
    "move": Call(lambda driver, path: driver.move(path, f"{path}-moved")),
    "delete": Call(lambda driver, path: driver.delete(path)),
}


@requirement("PERF-2", needs=["wire"])
@pytest.mark.parametrize("name", CALLS)
def test_requests_of_one_file(tree: Tree, subject: Subject, name: str) -> None:
    """Each call on one small file makes few requests, for which the contract has a number where it promises one."""
    call = CALLS[name]
    path = tree.path("directory/file")
    with counter(subject, tree.path("directory/warm")) as counted:
        if call.exists:
            counted.driver.put_content(path, content(SMALL))
        traffic = counted.of(lambda driver: call.act(driver, path))
    traffic.tell(subject, Workload(call.operation or name, Scale.BYTES, call.amount))

    if call.most is not None:
        traffic.expect_requests(call.most, f"{name} of {call.amount:,} bytes")


def _numbers(of: Callable[[str], tuple[int, ...]]) -> list[object]:
    """What each profile measures, with the profile's mark where it is more than the quick one does."""
    quick, middle, most = (of(profile) for profile in ("quick", "full", "soak"))
    return [
        number if number in quick else pytest.param(number, marks=full if number in middle else soak) for number in most
    ]


FILES = _numbers(lambda profile: EFFORTS[profile].files)


@requirement("PERF-2", needs=["wire"])
@pytest.mark.parametrize("number", FILES)
def test_list_asks_page_by_page(tree: Tree, subject: Subject, number: int) -> None:
    """A list of n children makes n / page + 1 requests at most; a driver that declares no page has one page."""
    directory = tree.path("directory")
    with counter(subject, tree.path("warm")) as counted:
        directories.fill(subject.unrecorded(), directory, number)
        traffic = counted.of(lambda driver: directories.expect_listed(driver, directory, number))
        page = counted.driver.capabilities.limits.list_page or number
    traffic.tell(subject, Workload("list", Scale.FILES, number))

    traffic.expect_requests(-(-number // page) + 1, f"list of {number:,} children in pages of {page:,}")


@requirement("PERF-2", needs=["wire"])
@pytest.mark.parametrize("number", FILES)
def test_delete_asks_no_more_than_once_a_file(tree: Tree, subject: Subject, number: int) -> None:
    """A delete of n files makes n requests at most, besides the pages of its listing and one for what is staged.

    How many a server takes in one batch is not declared: where there are batches, the report shows how few these are.
    """
    directory = tree.path("directory")
    with counter(subject, tree.path("warm")) as counted:
        directories.fill(subject.unrecorded(), directory, number)
        traffic = counted.of(lambda driver: driver.delete(directory))
        page = counted.driver.capabilities.limits.list_page or number
    traffic.tell(subject, Workload("delete", Scale.FILES, number))

    pages = -(-number // page) + 1
    # The listing of what is staged below, and of its segments, are listings too.
    traffic.expect_requests(number + 3 * pages, f"delete of {number:,} files")
