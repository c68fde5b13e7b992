"""What files may hold after two that changed them at the same time."""

from __future__ import annotations

from collections.abc import Sequence

from storagedriver.testing import ContractViolation, expect

Found = bytes | None
"""The content of a file; None where there is none."""


def expect_one_of(seen: Found, orders: Sequence[Found], what: str, story: Sequence[str] = ()) -> None:
    """A file holds what one of the orders leaves there.

    Raises:
        ContractViolation: It holds something else.
    """
    __tracebackhide__ = True
    if seen not in orders:
        raise ContractViolation(what, expected=" or ".join(map(_told, orders)), seen=_told(seen), story=story)


def _told(found: Found) -> str:
    return "no file" if found is None else expect.abbreviated(found)
