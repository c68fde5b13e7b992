"""Which server a driver is run against."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint

from storagedriver.backends.azurite import AZURITE
from storagedriver.backends.ceph import CEPH
from storagedriver.backends.containers import CONTAINER_MODE
from storagedriver.backends.errors import (
    BackendMismatchError,
    BackendSetupError,
    BackendUnavailableError,
    UnknownBackendError,
)
from storagedriver.backends.external import ExternalProvider
from storagedriver.backends.fake_gcs import FAKE_GCS_SERVER
from storagedriver.backends.minio import MINIO
from storagedriver.backends.model import ANY_DRIVER, IN_PROCESS_MODE, Provider
from storagedriver.backends.moto import MotoProvider
from storagedriver.backends.oss_stub import OSS_STUB
from storagedriver.backends.rgw import RGW, RGW_SWIFT
from storagedriver.backends.seaweedfs import SEAWEEDFS
from storagedriver.backends.swift import SWIFT
from storagedriver.installed import entry_points
from storagedriver.suggestions import did_you_mean_among

ENTRY_POINTS = "storagedriver.backends"
AUTO = "auto"

_LATER = (CONTAINER_MODE, IN_PROCESS_MODE)
"""Modes chosen by themselves only where nothing before them can run: a program that was installed starts sooner than a
container, and needs nothing pulled; an imitation proves the least."""


def providers() -> Mapping[str, Provider]:
    """All known servers by name, the preferred first: the kit's own, then those of installed packages.

    An entry point of the group `storagedriver.backends` names a Provider, or a class or function that makes one.

    Raises:
        BackendSetupError: An installed package's entry point does not load, or takes a name that is taken.
    """
    known: dict[str, Provider] = {}
    servers = (MINIO, SEAWEEDFS, RGW, AZURITE, SWIFT, RGW_SWIFT, CEPH, FAKE_GCS_SERVER, OSS_STUB)
    for own in (*servers, MotoProvider(), ExternalProvider()):
        known[own.name] = own
    for point in entry_points(group=ENTRY_POINTS):
        provider = _load(point)
        if provider.name in known:
            raise BackendSetupError(f"the entry point {point.value} takes the name {provider.name!r}, which is taken")
        known[provider.name] = provider
    return known


def _load(point: EntryPoint) -> Provider:
    try:
        loaded = point.load()
        provider: Provider = loaded() if callable(loaded) else loaded
    except Exception as error:
        raise BackendSetupError(
            f"the backend {point.name!r} of an installed package does not load: {point.value}: {error}"
        ) from error
    return provider


def find(wanted: str) -> tuple[Provider, str]:
    """The server called `wanted`, as "seaweedfs" or "seaweedfs:process", and a mode of it that can run here.

    Without a mode it is the first that can.

    Raises:
        UnknownBackendError: No server or no mode is called so.
        BackendUnavailableError: It cannot run on this machine.
    """
    return _available(*_named(wanted))


def choose(driver: str, wanted: str | None) -> tuple[Provider, str]:
    """The server and its mode to run `driver` against.

    Args:
        driver: The driver's name.
        wanted: As find() takes it; None or "auto" for the first server of this driver that can run here: as programs
            of this machine before containers, real servers before imitations.

    Raises:
        UnknownBackendError: No server or no mode is called so.
        BackendMismatchError: The server does not serve this driver, or none is known that does.
        BackendUnavailableError: It cannot run on this machine; with "auto": none can.
    """
    if wanted is None or wanted == AUTO:
        return _first_available(driver)
    provider, modes = _named(wanted)
    if driver not in provider.drivers and ANY_DRIVER not in provider.drivers:
        serving = ", ".join(each.name for each in _serving(driver))
        hint = f"for {driver} there is {serving}" if serving else f"no server is known for {driver}"
        raise BackendMismatchError(
            f"the backend {provider.name} serves {', '.join(provider.drivers)}, not {driver}; {hint}"
        )
    return _available(provider, modes)


def needed_by(driver: str) -> bool:
    """Whether a server is known for this driver: the ones that keep their files themselves need none."""
    return bool(_serving(driver))


def _serving(driver: str) -> list[Provider]:
    serving = [each for each in providers().values() if driver in each.drivers]
    return sorted(serving, key=lambda each: each.modes[0] == IN_PROCESS_MODE)


def _first_available(driver: str) -> tuple[Provider, str]:
    serving = _serving(driver)
    if not serving:
        raise BackendMismatchError(
            f"no server is known for the driver {driver}; name one with --backend, or 'external' with parameters"
        )
    ways = [(provider, mode) for provider in serving for mode in provider.modes]
    reasons: list[tuple[str, str]] = []
    for provider, mode in sorted(ways, key=lambda way: _LATER.index(way[1]) + 1 if way[1] in _LATER else 0):
        reason = provider.unavailable(mode)
        if reason is None:
            return provider, mode
        reasons.append((f"{provider.name}:{mode}", reason))
    raise _unavailable(f"no server for the driver {driver} can run here", reasons)


def _named(wanted: str) -> tuple[Provider, tuple[str, ...]]:
    name, separator, mode = wanted.partition(":")
    known = providers()
    provider = known.get(name)
    if provider is None:
        raise UnknownBackendError(
            f"no backend is called {name!r}; {did_you_mean_among(name, known, 'known backends: ')}", known=list(known)
        )
    if not separator:
        return provider, provider.modes
    if mode not in provider.modes:
        raise UnknownBackendError(
            f"the backend {name} has no mode {mode!r}; it has: {', '.join(provider.modes)}", known=provider.modes
        )
    return provider, (mode,)


def _available(provider: Provider, modes: tuple[str, ...]) -> tuple[Provider, str]:
    reasons: list[tuple[str, str]] = []
    for mode in modes:
        reason = provider.unavailable(mode)
        if reason is None:
            return provider, mode
        reasons.append((f"{provider.name}:{mode}", reason))
    raise _unavailable(f"the backend {provider.name} cannot run here", reasons)


def _unavailable(summary: str, reasons: list[tuple[str, str]]) -> BackendUnavailableError:
    lines = "; ".join(f"{name}: {reason}" for name, reason in reasons)
    return BackendUnavailableError(f"{summary}: {lines}", reasons=reasons)
