"""What the user asks for: the command line, over variables of the environment, over the table [tool.storagedriver]."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from storagedriver.contract import GROUPS, UnknownRequirementError, requirement

SUITES = "storagedriver.checks"
"""Entry points of this group name the packages whose test modules are a suite."""

_TABLE_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "driver": (str, list),
    "backend": (str, list),
    "suite": (str, list),
    "requirement": (str, list),
    "profile": str,
    "certify-report": str,
    "require-backends": bool,
    "check-timeout": (int, float),
    "parameters": dict,
}
_PROFILES = ("quick", "full", "soak")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one run.

    Attributes:
        drivers: The drivers, as named by the user.
        backends: The servers asked for; empty means auto.
        suites: The suites to run, and the package of each.
        requirements: The ids to run; None for all.
        profile: "quick", "full" or "soak".
        report: Where the report goes; None for nowhere.
        require_backends: Whether a server that cannot run is an error.
        timeout: Seconds after which a check counts as hung.
        parameters: Parameters by driver; those under "" are for the only driver.
    """

    drivers: tuple[str, ...]
    backends: tuple[str, ...] = ()
    suites: Mapping[str, str] = field(default_factory=dict)
    requirements: frozenset[str] | None = None
    profile: str = "quick"
    report: Path | None = None
    require_backends: bool = False
    timeout: float = 300
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def parameters_of(self, driver: str) -> dict[str, Any]:
        """What the user gave for this driver: the table, then the environment, then the command line."""
        prefix = f"STORAGEDRIVER_{re.sub('[^A-Za-z0-9]', '_', driver).upper()}_"
        environment = {
            name.removeprefix(prefix).lower(): value for name, value in os.environ.items() if name.startswith(prefix)
        }
        table, given = self.parameters.get(f"table:{driver}", {}), self.parameters.get(driver, {})
        return {**table, **environment, **given}


def read(config: pytest.Config, table: Mapping[str, Any]) -> Options:
    """The settings of this run.

    Raises:
        pytest.UsageError: One is wrong; the message names it and what would be right.
    """
    _check_table(table)
    drivers = _unique(config.getoption("storagedriver_driver") or _words(table.get("driver")))
    if any(not driver for driver in drivers):
        raise pytest.UsageError("--driver is empty: name one, as --driver=inmemory, or --driver=all")
    profile = config.getoption("storagedriver_profile") or table.get("profile", "quick")
    if profile not in _PROFILES:
        raise pytest.UsageError(f"[tool.storagedriver] profile: {profile!r} is none of {', '.join(_PROFILES)}")
    given = config.getoption("storagedriver_timeout")
    timeout = table.get("check-timeout", 300) if given is None else given
    if timeout <= 0:
        raise pytest.UsageError(f"--check-timeout: {timeout} is not a number of seconds above 0")
    report = config.getoption("storagedriver_report") or table.get("certify-report")
    return Options(
        drivers=drivers,
        backends=_unique(config.getoption("storagedriver_backends") or _words(table.get("backend"))),
        suites=_suites(_listed(config.getoption("storagedriver_suites") or _words(table.get("suite")))),
        requirements=_requirements(
            _listed(config.getoption("storagedriver_requirements") or _words(table.get("requirement")))
        ),
        profile=profile,
        report=_report_path(config, report) if report else None,
        require_backends=bool(
            config.getoption("storagedriver_require_backends") or table.get("require-backends", False)
        ),
        timeout=float(timeout),
        parameters=_parameters(config.getoption("storagedriver_parameters") or [], drivers, table),
    )


def _check_table(table: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if key not in _TABLE_KEYS:
            near = difflib.get_close_matches(key, _TABLE_KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_TABLE_KEYS)}"
            raise pytest.UsageError(f"pyproject.toml [tool.storagedriver]: unknown key {key!r}; {hint}")
        wanted = _TABLE_KEYS[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            kinds = wanted if isinstance(wanted, tuple) else (wanted,)
            names = " or ".join(kind.__name__ for kind in kinds)
            raise pytest.UsageError(f"pyproject.toml [tool.storagedriver]: {key} is a {names}, not {value!r}")
    for driver, parameters in table.get("parameters", {}).items():
        if not isinstance(parameters, dict):
            raise pytest.UsageError(
                f"pyproject.toml [tool.storagedriver.parameters]: {driver} is a table of parameters: "
                f"[tool.storagedriver.parameters.{driver}]"
            )


def _words(value: object) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(word) for word in value]  # type: ignore[attr-defined]  # a list


def _listed(values: Iterable[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _suites(wanted: list[str]) -> dict[str, str]:
    known = {point.name: point.value for point in entry_points(group=SUITES)}
    for name in wanted:
        if name not in known:
            raise pytest.UsageError(f"--suite: no suite {name!r}. Known: {', '.join(sorted(known))}")
    return {name: known[name] for name in wanted or sorted(known)}


def _requirements(wanted: list[str]) -> frozenset[str] | None:
    if not wanted:
        return None
    found: set[str] = set()
    for word in wanted:
        if word.upper() in GROUPS:
            found.add(word.upper())
            continue
        try:
            found.add(requirement(word.upper()).id)
        except UnknownRequirementError as unknown:
            raise pytest.UsageError(f"--requirement: {unknown}. Groups: {', '.join(GROUPS)}") from unknown
    return frozenset(found)


def _report_path(config: pytest.Config, given: str) -> Path:
    path = config.invocation_params.dir / given
    if path.suffix != ".json":
        raise pytest.UsageError(f"--certify-report: {given!r} does not end in .json")
    if path.is_dir():
        raise pytest.UsageError(f"--certify-report: {given!r} is a folder; name a file in it")
    return path


def _parameters(
    given: list[str], drivers: tuple[str, ...], table: Mapping[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, dict[str, Any]] = {
        f"table:{driver}": dict(parameters) for driver, parameters in table.get("parameters", {}).items()
    }
    for word in given:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise pytest.UsageError(f"--driver-param: {name!r} has no value; write NAME=VALUE")
        # A driver named module:callable has dots of its own, so the driver's name is what the word begins with.
        driver = next((each for each in drivers if name.startswith(f"{each}.")), None)
        if driver is None and (len(drivers) > 1 or drivers == ("all",)):
            raise pytest.UsageError(
                f"--driver-param: {name!r} is for which driver? With several, write DRIVER.NAME=VALUE, "
                f"as {drivers[0]}.{name}=..."
            )
        owner = driver or drivers[0]
        found.setdefault(owner, {})[name.removeprefix(f"{owner}.")] = value
    return found
