"""Which driver runs on which server, decided before anything is started."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from dataclasses import dataclass

import pytest

from storagedriver import backends
from storagedriver.backends.errors import BackendSetupError, BackendUnavailableError
from storagedriver.backends.model import ANY_DRIVER
from storagedriver.backends.selection import AUTO
from storagedriver.errors import MissingDependencyError
from storagedriver.plugin.options import Options
from storagedriver.registry import SuiteRegistration
from storagedriver.testing.target import TargetError, find_registration, label_of

EXTERNAL = "external"

NOTHING_HERE = "nothing can be judged here:"
"""What the message begins with if no driver can be judged on this machine; the reasons follow, a line each."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A driver to run, on a server or on none.

    Attributes:
        driver: The driver as the user named it.
        called: Its name in labels.
        backend: The server and its mode; None if it needs none.
        skipped: Why it cannot be run here; None if it can.
    """

    driver: str
    called: str
    backend: tuple[str, str] | None = None
    skipped: str | None = None

    @property
    def label(self) -> str:
        """Driver and server in a word, as Target.label."""
        return label_of(self.called, self.backend)


def plan(options: Options) -> list[Plan]:
    """Which driver runs on which server.

    Raises:
        pytest.UsageError: A driver or server is unknown, they don't fit, or none can run here.
    """
    _check_backends(options)
    plans = [each for driver in options.drivers for each in _plans_of(driver, options)]
    if options.backends and not any(each.backend or each.skipped for each in plans):
        raise pytest.UsageError(
            f"--backend {' '.join(options.backends)}: {', '.join(options.drivers)} runs on no server of the kit; "
            "leave --backend out"
        )
    _refuse_idle_backends(plans, options)
    reasons = [f"{each.label}: {each.skipped}" for each in plans if each.skipped]
    if reasons and len(reasons) == len(plans):
        raise pytest.UsageError("\n".join([NOTHING_HERE, *reasons]))
    if reasons and options.require_backends:
        raise pytest.UsageError("\n".join(["--require-backends, and not everything can run here:", *reasons]))
    return _told_apart(plans)


def _told_apart(plans: list[Plan]) -> list[Plan]:
    """With the user's whole words as names where two drivers are called alike: old:Driver and new:Driver."""
    alike = {name for name, times in Counter(each.label for each in plans).items() if times > 1}
    told = [dataclasses.replace(each, called=each.driver) if each.label in alike else each for each in plans]
    if len({each.label for each in told}) != len(told):
        twice = sorted(name for name, times in Counter(each.label for each in told).items() if times > 1)
        raise pytest.UsageError(f"--driver, --backend: {', '.join(twice)} would be judged twice; name it once")
    return told


def _check_backends(options: Options) -> None:
    for wanted in options.backends:
        if wanted == AUTO:
            continue
        try:
            backends.find(wanted)
        except BackendUnavailableError:
            continue  # Told later, with the driver it is for.
        except BackendSetupError as unknown:
            raise pytest.UsageError(f"--backend {wanted}: {unknown}") from unknown


def _plans_of(driver: str, options: Options) -> list[Plan]:
    try:
        registration = find_registration(driver)
    except TargetError as unknown:
        if isinstance(unknown.__cause__, MissingDependencyError):
            # It is known and could run elsewhere: as any other that cannot run here.
            return [Plan(driver, driver, None, unknown.__cause__.detail)]
        raise pytest.UsageError(str(unknown)) from unknown
    called = registration.name
    reason = _skip_reason(driver, registration)
    if reason:
        return [Plan(driver, called, None, f"its skip_check says: {reason}")]
    served = _served_as(registration)
    if served is None:
        externals = [wanted for wanted in options.backends if wanted.partition(":")[0] == EXTERNAL]
        return [Plan(driver, called, (EXTERNAL, EXTERNAL)) for _ in externals] or [Plan(driver, called)]
    fitting = [wanted for wanted in options.backends if wanted == AUTO or _serves(wanted, served)]
    # Servers that are named for other drivers alone leave this one its own choice.
    return [_plan_on(driver, called, served, wanted) for wanted in fitting or (None,)]


def _plan_on(driver: str, called: str, served: str, wanted: str | None) -> Plan:
    try:
        provider, mode = backends.choose(served, wanted)
    except BackendUnavailableError as unavailable:
        return Plan(driver, called, ((wanted or AUTO).partition(":")[0], ""), str(unavailable))
    except BackendSetupError as unfit:
        raise pytest.UsageError(f"--backend {wanted}: {unfit}") from unfit
    return Plan(driver, called, (provider.name, mode))


def _serves(wanted: str, served: str) -> bool:
    drivers = backends.providers()[wanted.partition(":")[0]].drivers
    return served in drivers or ANY_DRIVER in drivers


def _refuse_idle_backends(plans: list[Plan], options: Options) -> None:
    """A server that is named and that no driver runs on is a mistake.

    Raises:
        pytest.UsageError: There is one.
    """
    used = {each.backend[0] for each in plans if each.backend is not None}
    for wanted in options.backends:
        if wanted == AUTO or wanted.partition(":")[0] in used:
            continue
        for driver in options.drivers:
            with contextlib.suppress(TargetError):  # Its package is missing, as its own plan says.
                served = _served_as(find_registration(driver))
                if served is not None:
                    _plan_on(driver, driver, served, wanted)  # Says what the server serves.


def _skip_reason(driver: str, registration: SuiteRegistration) -> str | None:
    try:
        reason: object = registration.skip_check()
    except pytest.skip.Exception as skipped:
        reason = skipped.msg or "it skips without a reason"
    except (Exception, SystemExit) as failed:
        raise pytest.UsageError(f"driver {driver}: its skip_check raised {type(failed).__name__}: {failed}") from failed
    if reason is not None and not isinstance(reason, str):
        raise pytest.UsageError(
            f"driver {driver}: its skip_check returned {reason!r}; it returns a reason as a string, or None to be run"
        )
    return reason


def _served_as(registration: SuiteRegistration) -> str | None:
    """The name under which servers know the driver: the registration's, or that of the class; None if none does."""
    owner = getattr(registration.constructor, "__self__", registration.constructor)
    for name in (registration.name, getattr(owner, "name", None)):
        if isinstance(name, str) and name and backends.needed_by(name):
            return name
    return None
