"""The drivers of this process, opened once each, and which checks apply to them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from storagedriver.driver import Capabilities, StorageDriver
from storagedriver.errors import BackendError
from storagedriver.foreign import gives_second_names
from storagedriver.plugin.case import Case
from storagedriver.plugin.deadline import deadline
from storagedriver.registry import SuiteRegistration
from storagedriver.testing.expect import ContractViolation
from storagedriver.testing.generation import Generation
from storagedriver.testing.target import Target
from storagedriver.wire.access import NO_SERVER, WireAccess
from storagedriver.wire.library import LibraryAccess

NOT_OFFERED = "not_offered"
SKIPPED = "skipped"
REFERENCE = "reference"
WIRE = "wire"
REQUESTS = "requests"


@dataclass(frozen=True, slots=True)
class _Need:
    """What a check may need of a driver's registration, and what is said where that is not given."""

    name: str
    met: Callable[[Capabilities, SuiteRegistration], bool]
    outcome: str
    reason: str


_NEEDS = (
    _Need(
        "shared",
        lambda capabilities, _: capabilities.shared,
        NOT_OFFERED,
        "capability shared is not declared: no other process sees the store",
    ),
    _Need(
        "foreign",
        lambda capabilities, _: capabilities.shared,
        NOT_OFFERED,
        "capability shared is not declared: no other tool sees the store",
    ),
    _Need(
        "foreign",
        lambda _, registration: registration.foreign is not None,
        SKIPPED,
        "register_suite was given no foreign function that opens the backend as other tools see it",
    ),
    _Need(
        "second-names",
        lambda _, registration: gives_second_names(registration.foreign),
        NOT_OFFERED,
        "the backend has no files of two names",
    ),
    _Need(
        "inspect",
        lambda _, registration: registration.inspect is not None,
        SKIPPED,
        "register_suite was given no inspect function that names what lies on the backend",
    ),
    _Need(
        "nested-roots",
        lambda _, registration: registration.roots_nest,
        NOT_OFFERED,
        "roots_nest is not declared: in the driver's layout a root is no directory of another",
    ),
    _Need(
        "root",
        lambda _, registration: registration.root_parameter is not None,
        SKIPPED,
        "register_suite was given no root_parameter with which to make empty stores",
    ),
    _Need(
        WIRE,
        lambda _, registration: registration.wire is not NO_SERVER,
        NOT_OFFERED,
        "the driver speaks to no server",
    ),
    _Need(
        WIRE,
        lambda _, registration: registration.wire is not None,
        SKIPPED,
        "register_suite was given no wire: no proxy can be put between the driver and a server",
    ),
    _Need(
        WIRE,
        lambda _, registration: not isinstance(registration.wire, LibraryAccess),
        NOT_OFFERED,
        "the driver speaks no HTTP to its server",
    ),
    _Need(
        REQUESTS,
        lambda _, registration: registration.wire is not NO_SERVER,
        NOT_OFFERED,
        "the driver speaks to no server",
    ),
    _Need(
        REQUESTS,
        lambda _, registration: registration.wire is not None,
        SKIPPED,
        "register_suite was given no wire: nobody can be put between the driver and a server",
    ),
)


class OpenedTargets:
    """Drivers by label, opened when first needed.

    Attributes:
        down: Why no check can run on a target any more, by label.
    """

    def __init__(
        self,
        targets: Mapping[str, Target],
        skipped: Mapping[str, str],
        *,
        profile: str,
        timeout: float,
        generation: Generation,
        reference: str | None = None,
    ) -> None:
        """Serve `targets`; `skipped` says of other labels why they cannot run here.

        Args:
            targets: By label.
            skipped: Reasons by label.
            profile: "quick", "full" or "soak".
            timeout: Seconds after which a call counts as hung.
            generation: What checks that generate examples need.
            reference: The label of the target that the others are compared with; None if they are not.
        """
        self.down: dict[str, str] = {}
        self._targets = targets
        self._skipped = skipped
        self._profile = profile
        self._timeout = timeout
        self._generation = generation
        self._reference = reference
        self._drivers: dict[str, StorageDriver] = {}

    def driver(self, label: str) -> StorageDriver:
        """The driver that the checks of this process share."""
        if label not in self._drivers:
            with deadline(self._timeout, "the constructor hangs"):
                self._drivers[label] = self._targets[label].open()
        return self._drivers[label]

    def case(self, label: str) -> Case:
        """A new check on the target."""
        compared = self._reference not in {None, label}
        return Case(
            self._targets[label],
            self.driver(label),
            profile=self._profile,
            generation=self._generation.of(label),
            reference=self.driver(self._reference) if compared and self._reference is not None else None,
        )

    def applies(self, label: str, mark: pytest.Mark | None) -> tuple[str, str | None]:
        """Whether a check applies to a target: an outcome and a reason why not, or no reason."""
        if label in self._skipped:
            return SKIPPED, self._skipped[label]
        if mark is None:
            return "", None
        if (
            REFERENCE in mark.kwargs.get("needs", ())
            and self._reference is not None
            and self._reference in self._skipped
        ):
            return SKIPPED, f"{self._reference}, to be compared with, cannot run: {self._skipped[self._reference]}"
        capabilities = self.driver(label).capabilities
        capability, without = mark.kwargs.get("capability"), mark.kwargs.get("without")
        if capability and not getattr(capabilities, capability):
            return NOT_OFFERED, f"capability {capability} is not declared"
        if without and getattr(capabilities, without):
            return NOT_OFFERED, f"capability {without} is declared, and this is the check of its refusal"
        registration = self._targets[label].registration
        for name in mark.kwargs.get("needs", ()):
            for need in _NEEDS:
                if need.name == name and not need.met(capabilities, registration):
                    return need.outcome, need.reason
            if name == WIRE and isinstance(registration.wire, WireAccess):
                obstacle = registration.wire.obstacle(self._targets[label].parameters)
                if obstacle is not None:
                    return SKIPPED, obstacle
        return "", None

    def outage(self, label: str, error: BaseException) -> str | None:
        """Why a failure is the fault of a server that the kit did not start: it answers to no driver any more."""
        target = self._targets[label]
        seen = error.seen if isinstance(error, ContractViolation) else error
        if target.backend is None or target.backend.mode != "external" or not isinstance(seen, BackendError):
            return None
        try:
            with deadline(self._timeout), target.open() as fresh:
                fresh.list("/")
        except (BackendError, ContractViolation) as down:
            return f"the server {target.backend.name} does not answer any more: {down}"
        except Exception:  # noqa: BLE001  the driver's fault, whatever it is
            return None
        return None

    def close(self) -> None:
        """Close the drivers."""
        while self._drivers:
            _, driver = self._drivers.popitem()
            with contextlib.suppress(Exception), deadline(self._timeout):
                driver.close()

    def tear_down(self, label: str) -> str | None:
        """Call the teardown of the target's registration, with a driver; what went wrong with it."""
        teardown = self._targets[label].registration.teardown
        if teardown is None:
            return None
        try:
            with deadline(self._timeout, "the teardown hangs"):
                teardown(self.driver(label))
        except (Exception, SystemExit) as failed:  # noqa: BLE001  told, and the report is still written
            return f"the teardown of {label} failed: {type(failed).__name__}: {failed}"
        return None
