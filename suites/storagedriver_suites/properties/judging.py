"""Judgements that name the requirement they are of, and count it."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from storagedriver import InvalidPathError, StorageDriver, StorageDriverError
from storagedriver.testing import ContractViolation
from storagedriver.testing.expect import Kinds

T = TypeVar("T")


@functools.cache  # As many as there are requirements.
def violation_of(requirement: str) -> type[ContractViolation]:
    """The class of violations of one requirement: what Hypothesis tells failures apart by."""
    return type(f"ViolationOf_{requirement.replace('-', '_')}", (ContractViolation,), {})


class Judge:
    """Judges the calls of one history.

    Attributes:
        judged: How often each requirement was judged.
    """

    def __init__(self, driver: StorageDriver, judged: Counter[str]) -> None:
        """Judge calls on `driver`, and count in `judged`."""
        self._driver_name = driver.name
        self.judged = judged

    def violated(
        self,
        requirement: str,
        what: str,
        *,
        expected: object,
        seen: object,
        comparable: bool = False,
        kinds: Kinds | None = None,
    ) -> ContractViolation:
        """The violation, to be raised."""
        return violation_of(requirement)(
            what, expected=expected, seen=seen, comparable=comparable, kinds=kinds, requirement=requirement
        )

    def equal(self, requirement: str, seen: object, expected: object, what: str) -> None:
        """`seen` equals `expected`."""
        self.judged[requirement] += 1
        if seen != expected:
            raise self.violated(requirement, what, expected=expected, seen=seen, comparable=True)

    def true(self, requirement: str, condition: object, what: str, *, expected: object, seen: object) -> None:
        """`condition` holds."""
        self.judged[requirement] += 1
        if not condition:
            raise self.violated(requirement, what, expected=expected, seen=seen)

    def returns(self, requirement: str, action: Callable[[], T], what: str) -> T:
        """What `action` returns; it may not raise."""
        self.judged[requirement] += 1
        try:
            return action()
        except Exception as error:
            # A valid path that is refused is a matter of its own, whatever the call was for.
            broken = "PATH-5" if isinstance(error, InvalidPathError) else requirement
            raise self.violated(broken, what, expected="no error", seen=error) from error

    def raises(
        self, requirement: str, kinds: Kinds, action: Callable[[], object], what: str, *, path: str | None = None
    ) -> None:
        """`action` raises one of `kinds`, and the error carries driver and path (ERR-2)."""
        self.judged[requirement] += 1
        try:
            action()
        except kinds as error:
            if path is not None:
                self._carries(error, path, what)
        except Exception as error:
            raise self.violated(requirement, what, expected=_names(kinds), seen=error, kinds=kinds) from error
        else:
            raise self.violated(requirement, what, expected=_names(kinds), seen="no error", kinds=kinds)

    def refused(self, requirement: str, action: Callable[[], object], what: str) -> bool:
        """Whether `action` is refused by an error of the kit's; one of another kind breaks the requirement."""
        self.judged[requirement] += 1
        try:
            action()
        except StorageDriverError:
            return True
        except Exception as error:
            raise self.violated(requirement, what, expected="no error, or a refusal", seen=error) from error
        return False

    def _carries(self, error: BaseException, path: str, what: str) -> None:
        self.equal("ERR-2", getattr(error, "path", None), path, f"path that the error carries: {what}")
        self.true(
            "ERR-2",
            getattr(error, "driver_name", None) == self._driver_name,
            f"driver that the error names: {what}",
            expected=self._driver_name,
            seen=getattr(error, "driver_name", None),
        )


def _names(kinds: Kinds) -> str:
    every = kinds if isinstance(kinds, tuple) else (kinds,)
    return " or ".join(kind.__name__ for kind in every)
