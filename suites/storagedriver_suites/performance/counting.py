"""Requests and bytes of one call, as a proxy between driver and server sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from storagedriver import StorageDriver
from storagedriver.report.performance import Statistic, Workload
from storagedriver.testing import ContractViolation, Subject
from storagedriver.wire import Exchange, FaultProxy
from storagedriver_suites.performance.timing import tell

_LINES = 12


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went over the wire.

    Attributes:
        exchanges: The requests, in their order.
    """

    exchanges: tuple[Exchange, ...]

    @property
    def requests(self) -> int:
        """How many there were, repeated ones too."""
        return len(self.exchanges)

    @property
    def sent(self) -> int:
        """Bytes to the server."""
        return sum(each.sent for each in self.exchanges)

    @property
    def received(self) -> int:
        """Bytes from the server."""
        return sum(each.received for each in self.exchanges)

    @property
    def story(self) -> list[str]:
        """The requests, a line each."""
        lines = [f"{each.label}: {each.sent:,} bytes sent, {each.received:,} received" for each in self.exchanges]
        rest = len(lines) - _LINES
        return lines if rest <= 0 else [*lines[:_LINES], f"and {rest:,} more"]

    def tell(self, subject: Subject, workload: Workload) -> None:
        """Put all of it into the report."""
        tell(subject, workload, Statistic.REQUESTS, self.requests)
        tell(subject, workload, Statistic.SENT, self.sent, "B")
        tell(subject, workload, Statistic.RECEIVED, self.received, "B")

    def expect_requests(self, most: int, what: str) -> None:
        """There were no more requests than the contract allows."""
        __tracebackhide__ = True
        if self.requests > most:
            raise ContractViolation(
                f"requests of {what}", expected=f"at most {most:,}", seen=f"{self.requests:,}", story=self.story
            )


@dataclass(frozen=True, slots=True)
class Counter:
    """A driver whose requests are counted.

    Attributes:
        driver: The driver.
        proxy: What its requests pass.
    """

    driver: StorageDriver
    proxy: FaultProxy

    def of(self, call: Callable[[StorageDriver], object]) -> Traffic:
        """The traffic of one call."""
        self.proxy.begin()
        call(self.driver)
        return Traffic(tuple(self.proxy.exchanges))


@contextmanager
def counter(subject: Subject, warm: str) -> Iterator[Counter]:
    """A driver whose requests are counted (needs wire).

    Args:
        subject: The check's.
        warm: A path that is put first: what a driver asks once, as a token or a region, is no part of a call.
    """
    # Not the impatient drivers of through_proxy(): on a busy machine their retries would be counted as the driver's habit.
    patient = replace(subject.wire, parameters={})
    with (
        FaultProxy(*patient.server(subject.parameters)) as proxy,
        subject.construct(patient.through(proxy.authority, subject.parameters)) as driver,
    ):
        driver.put_content(warm, b"warm")
        driver.stat(warm)
        yield Counter(driver, proxy)
