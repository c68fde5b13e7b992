"""LEAK: what a driver uses is given back, however its streams end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storagedriver.testing import ContractViolation, Subject, Tree, requirement, together
from storagedriver_suites.leaks.growth import Growth
from storagedriver_suites.leaks.holdings import Resource, untold
from storagedriver_suites.leaks.measuring import Measured, Runs, measured
from storagedriver_suites.leaks.operations import OPERATIONS, slug

pytestmark = together


@pytest.fixture(scope="module")
def measurements() -> Runs[Measured]:
    """The runs of this module's checks."""
    return Runs(measured)


def _amount(resource: Resource, number: float) -> str:
    if not resource.in_bytes:
        return f"{number:,.2f}".rstrip("0").rstrip(".")
    return f"{number:,.0f} bytes"


def _expect_no_growth(subject: Subject, growth: Growth, resource: Resource) -> None:
    """There is no more of the resource than before the operations."""
    __tracebackhide__ = True
    subject.measured("operations", growth.operations)
    if resource.in_bytes:
        subject.measured(f"growth of {resource}", round(growth.per_operation(resource), 1), "B/operation")
    else:
        subject.measured(f"growth of {resource}", growth.total(resource))
    if not growth.grows(resource):
        return
    guilty = growth.guilty(resource)
    worst = f": each {guilty[0][0]!r} leaves {_amount(resource, guilty[0][1])}" if guilty else ""
    raise ContractViolation(
        f"{resource} after {growth.operations:,} operations",
        expected=f"as before them: {_amount(resource, growth.amounts[resource][0])}",
        seen=f"{_amount(resource, growth.total(resource))} more{worst}",
        story=[
            f"after each round: {', '.join(_amount(resource, amount) for amount in growth.amounts[resource])}",
            *(f"each {kind!r} leaves {_amount(resource, left)}" for kind, left in guilty),
            *growth.more(resource),
        ],
    )


def _told(resource: Resource) -> None:
    reason = untold(resource)
    if reason is not None:
        pytest.skip(reason)


@requirement("LEAK-1")
@pytest.mark.parametrize("resource", Resource, ids=lambda resource: slug(str(resource)))
def test_resource_is_where_it_was(
    tree: Tree, subject: Subject, measurements: Runs[Measured], resource: Resource
) -> None:
    """After rounds of every kind of operation, finished, failed and abandoned, a process holds no more than before."""
    _told(resource)

    growth = measurements.of(subject, tree).growth

    _expect_no_growth(subject, growth, resource)


def _guilty_of(names: Sequence[str]) -> str:
    """Which kinds of operations left these names."""
    found = {
        kind: sum(f"/{slug(kind)}/" in f"/{name}/" for name in names) for kind in (each.kind for each in OPERATIONS)
    }
    return ", ".join(f"{count} by {kind!r}" for kind, count in found.items() if count)


@requirement("LEAK-1", needs=["inspect"])
def test_nothing_is_left_on_the_backend(tree: Tree, subject: Subject, measurements: Runs[Measured]) -> None:
    """No unfinished upload, no segment, no staged file stays of what was cancelled, or abandoned and then deleted."""
    done = measurements.of(subject, tree)

    subject.measured("operations", done.growth.operations)
    left = done.left or ()
    subject.measured("left on the backend", len(left))
    if left:
        raise ContractViolation(
            f"what is left on the backend after {done.growth.operations:,} operations that undid what they did",
            expected="nothing",
            seen=f"{len(left):,}: {_guilty_of(left) or left[0]}",
            story=[*left[:20]],
        )
