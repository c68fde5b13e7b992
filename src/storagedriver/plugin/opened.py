"""The drivers of this process, opened once each, and which checks apply to them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import pytest

from storagedriver.driver import StorageDriver
from storagedriver.errors import BackendError
from storagedriver.plugin.case import Case
from storagedriver.testing.target import Target

NOT_OFFERED = "not_offered"
SKIPPED = "skipped"


class OpenedTargets:
    """Drivers by label, opened when first needed."""

    def __init__(self, targets: Mapping[str, Target], skipped: Mapping[str, str], *, profile: str) -> None:
        """Serve `targets`; `skipped` says of other labels why they cannot run here."""
        self._targets = targets
        self._skipped = skipped
        self._profile = profile
        self._drivers: dict[str, StorageDriver] = {}

    def driver(self, label: str) -> StorageDriver:
        """The driver that the checks of this process share."""
        if label not in self._drivers:
            self._drivers[label] = self._targets[label].open()
        return self._drivers[label]

    def case(self, label: str) -> Case:
        """A new check on the target."""
        return Case(self._targets[label], self.driver(label), profile=self._profile)

    def applies(self, label: str, mark: pytest.Mark | None) -> tuple[str, str | None]:
        """Whether a check applies to a target: an outcome and a reason why not, or no reason."""
        if label in self._skipped:
            return SKIPPED, self._skipped[label]
        if mark is None:
            return "", None
        capabilities = self.driver(label).capabilities
        capability, without = mark.kwargs.get("capability"), mark.kwargs.get("without")
        if capability and not getattr(capabilities, capability):
            return NOT_OFFERED, f"capability {capability} is not declared"
        if without and getattr(capabilities, without):
            return NOT_OFFERED, f"capability {without} is declared, and this is the check of its refusal"
        registration = self._targets[label].registration
        for need in mark.kwargs.get("needs", ()):
            if need == "shared" and not capabilities.shared:
                return NOT_OFFERED, "capability shared is not declared: no other process sees the store"
            if need == "inspect" and registration.inspect is None:
                return SKIPPED, "register_suite was given no inspect function that names what lies on the backend"
            if need == "root" and registration.root_parameter is None:
                return SKIPPED, "register_suite was given no root_parameter with which to make empty stores"
        return "", None

    def outage(self, label: str, error: BaseException) -> str | None:
        """Why a failure is the server's and not the driver's: it answers to no driver any more."""
        target = self._targets[label]
        if target.backend is None or not isinstance(error, BackendError):
            return None
        try:
            with target.open() as fresh:
                fresh.list("/")
        except BackendError as down:
            return f"the server {target.backend.name} does not answer any more: {down}"
        except Exception:  # noqa: BLE001  the driver's fault, whatever it is
            return None
        return None

    def close(self) -> None:
        """Close the drivers, after the teardown of their registrations."""
        while self._drivers:
            label, driver = self._drivers.popitem()
            teardown = self._targets[label].registration.teardown
            try:
                if teardown is not None:
                    teardown(driver)
            finally:
                with contextlib.suppress(Exception):
                    driver.close()
