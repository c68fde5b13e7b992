"""A bound on how much a driver does at once, for backends and systems that fail when they are asked too much."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from storagedriver.driver import StorageDriver
from storagedriver.errors import ParameterError
from storagedriver.interception import Call, InterceptedDriver

T = TypeVar("T")


class Regulator(InterceptedDriver):
    """Lets at most `limit` calls through to the driver at once; the others wait.

    A slot is held during one call alone. Open readers, writers and walks hold none between their calls, so any number
    of them may be open (WRITE-12). A call made inside another call of the same thread uses the slot of the outer one.
    """

    def __init__(self, driver: StorageDriver, limit: int) -> None:
        """Regulate `driver`.

        Args:
            driver: The driver.
            limit: The number of calls at once, at least 1.

        Raises:
            ParameterError: `limit` is not a whole number, or below 1.
        """
        if isinstance(limit, bool) or not isinstance(limit, int):
            raise ParameterError(
                f"a whole number is needed, not {type(limit).__name__}", parameter="limit", driver_name=driver.name
            )
        if limit < 1:
            raise ParameterError("at least 1 call at once is needed", parameter="limit", driver_name=driver.name)
        super().__init__(driver)
        self.limit = limit
        self._slots = threading.Semaphore(limit)
        self._this_thread = threading.local()

    def intercept(self, call: Call, proceed: Callable[[], T]) -> T:  # noqa: ARG002  every call counts the same
        if getattr(self._this_thread, "is_inside", False):
            return proceed()
        # Marked before the slot is taken and until after it is given back: the garbage collector may close a forgotten
        # reader at any moment in between, and that call must not wait for a slot, or for the semaphore, of its own thread.
        self._this_thread.is_inside = True
        try:
            with self._slots:
                return proceed()
        finally:
            self._this_thread.is_inside = False
