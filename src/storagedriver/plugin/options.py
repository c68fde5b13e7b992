"""What the user asks for: the command line, over variables of the environment, over the table [tool.storagedriver]."""

from __future__ import annotations

import math
import os
import random
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from storagedriver import factory
from storagedriver.contract import GROUPS, REQUIREMENTS
from storagedriver.installed import entry_points
from storagedriver.plugin.table import Table
from storagedriver.registry import BY_NAME_ONLY, CHECKS, suite_names
from storagedriver.report.shard import Shard
from storagedriver.suggestions import did_you_mean_or

EXAMPLES = Path(".hypothesis", "storagedriver")
"""Below pytest's rootdir: where failed examples are kept, a folder for each driver on its server."""

SEED_TO_WORKER = "storagedriver_seed"
"""What the controller of pytest-xdist tells its workers: the seed that it has chosen."""

_SEEDS = 1_000_000_000

ALL = "all"
COMPARING = "properties"
"""The suite that compares drivers."""

DEFAULT_TIMEOUTS = {"quick": 300.0, "full": 300.0, "soak": 1800.0}
"""Seconds after which a check counts as hung, by profile, where the user does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one run.

    Attributes:
        drivers: The drivers, as named by the user, `all` replaced by those it means.
        backends: The servers asked for; empty means auto.
        suites: The suites to run, and the package of each.
        requirements: The ids to run; None for all.
        shard: The part to run; None for the whole.
        sample: How many values of each check are run, at most; None for all.
        profile: "quick", "full" or "soak".
        report: Where the report goes; None for nowhere.
        require_backends: Whether a server that cannot run is an error.
        timeout: Seconds after which a check counts as hung.
        seed: The seed of all that is generated.
        examples: Where failed examples are kept, to be tried first; None if the user gave the seed: then nothing but it
            decides what is generated.
        compare: Whether the drivers are compared with the first.
        parameters: Parameters by driver, as given on the command line.
        table_parameters: Parameters by driver, as given in the table.
    """

    drivers: tuple[str, ...]
    backends: tuple[str, ...] = ()
    suites: Mapping[str, str] = field(default_factory=dict)
    requirements: frozenset[str] | None = None
    shard: Shard | None = None
    sample: int | None = None
    profile: str = "quick"
    report: Path | None = None
    require_backends: bool = False
    timeout: float = DEFAULT_TIMEOUTS["quick"]
    seed: int = 0
    examples: Path | None = None
    compare: bool = False
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    table_parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def parameters_of(self, driver: str) -> dict[str, Any]:
        """What the user gave for this driver: the table, then the environment, then the command line."""
        prefix = environment_prefix(driver)
        # STORAGEDRIVER_S3_FAST_REGION belongs to the driver s3_fast if there is one, not to s3.
        longer = [
            each for each in map(environment_prefix, {*self.drivers, *known_drivers()}) if len(each) > len(prefix)
        ]
        environment = {
            name.removeprefix(prefix).lower(): value
            for name, value in os.environ.items()
            if name.startswith(prefix) and name != prefix and not any(name.startswith(each) for each in longer)
        }
        return {**self.table_parameters.get(driver, {}), **environment, **self.parameters.get(driver, {})}


def environment_prefix(driver: str) -> str:
    """What the environment's variables for the parameters of a driver begin with: "STORAGEDRIVER_S3_"."""
    return f"STORAGEDRIVER_{re.sub('[^A-Za-z0-9]', '_', driver).upper()}_"


def known_drivers() -> list[str]:
    """The names of drivers that are registered or installed."""
    return sorted({*suite_names(), *factory.names()})


def read(config: pytest.Config, table: Table) -> Options:
    """The settings of this run.

    Raises:
        pytest.UsageError: One is wrong; the message names it and what would be right.
    """
    drivers = _drivers(config.getoption("storagedriver_driver") or table.words("driver"))
    profile = config.getoption("storagedriver_profile") or table.profile()
    timeout = config.getoption("storagedriver_timeout")
    timeout = table.number("check-timeout", DEFAULT_TIMEOUTS[profile]) if timeout is None else timeout
    if not timeout > 0 or math.isinf(timeout):
        raise pytest.UsageError(f"--check-timeout: {timeout} is not a number of seconds above 0")
    wanted = config.getoption("storagedriver_require_backends")
    compare = config.getoption("storagedriver_compare")
    compare = table.flag("compare") if compare is None else bool(compare)
    if compare and len(drivers) < 2:
        raise pytest.UsageError("--compare: name two drivers at least, as --driver=inmemory --driver=filesystem")
    given, seed = _seed(config, table)
    return Options(
        drivers=drivers,
        backends=_unique(_given(config.getoption("storagedriver_backends"), table, "backend")),
        suites=_suites(
            _listed(_given(config.getoption("storagedriver_suites"), table, "suite")), config.args, compare=compare
        ),
        requirements=_requirements(
            _listed(_given(config.getoption("storagedriver_requirements"), table, "requirement"))
        ),
        shard=_shard(config.getoption("storagedriver_shard")),
        sample=_sample(config.getoption("storagedriver_sample")),
        profile=profile,
        report=_report_path(config, table),
        require_backends=table.flag("require-backends") if wanted is None else bool(wanted),
        timeout=float(timeout),
        seed=seed,
        examples=None if given else config.rootpath / EXAMPLES,
        compare=compare,
        parameters=_parameters(config.getoption("storagedriver_parameters") or [], drivers),
        table_parameters=table.parameters(drivers, known_drivers()),
    )


def _seed(config: pytest.Config, table: Table) -> tuple[bool, int]:
    """Whether the user gave a seed, and the seed."""
    option = config.getoption("storagedriver_seed")
    given = table.integer("seed") if option is None else option
    if given is not None:
        return True, int(given)
    told: Mapping[str, Any] = getattr(config, "workerinput", {})
    return False, int(told.get(SEED_TO_WORKER, random.SystemRandom().randrange(_SEEDS)))


def _given(option: list[str] | None, table: Table, key: str) -> list[str]:
    # Empty words on the command line mean none, whatever the table says.
    return table.words(key) if option is None else option


def _listed(values: Iterable[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _drivers(named: Collection[str]) -> tuple[str, ...]:
    if not named or not all(named):
        raise pytest.UsageError("--driver is empty: name one, as --driver=inmemory, or --driver=all")
    if ALL not in named:
        return _unique(named)
    drivers = _unique([*(name for name in named if name != ALL), *suite_names()])
    if not drivers:
        raise pytest.UsageError("--driver=all: no driver is registered; register_suite(...) in conftest.py does that")
    return drivers


def _suites(wanted: list[str], arguments: Sequence[str], *, compare: bool) -> dict[str, str]:
    """The packages of the chosen suites, by name; those of which a module or a check is named are chosen by that."""
    known = {point.name: point.value for point in entry_points(group=CHECKS)}
    named = [argument.partition("::")[0] for argument in arguments]
    if ALL in wanted:
        return dict(sorted(known.items()))
    for name in wanted:
        if name not in known:
            raise pytest.UsageError(
                f"--suite: no suite is called {name!r}; {did_you_mean_or(name, [*sorted(known), ALL])}"
            )
    usual = [name for name in sorted(known) if name not in BY_NAME_ONLY or (compare and name == COMPARING)]
    by_check = [
        name
        for name, package in known.items()
        if any(f"/{package}/".replace(".", "/") in f"/{path}/" for path in named)
    ]
    return {name: known[name] for name in dict.fromkeys([*(wanted or usual), *by_check])}


def _requirements(wanted: list[str]) -> frozenset[str] | None:
    for word in wanted:
        if word.upper() in GROUPS or word.upper() in REQUIREMENTS:
            continue
        group = word.upper().partition("-")[0]
        if group in GROUPS:
            known = [name for name in REQUIREMENTS if name.partition("-")[0] == group]
            raise pytest.UsageError(f"--requirement: the contract has no {word!r}; {group} has {', '.join(known)}")
        raise pytest.UsageError(
            f"--requirement: {word!r} is neither a requirement like CONT-2 nor a group; {did_you_mean_or(group, GROUPS)}"
        )
    return frozenset(word.upper() for word in wanted) or None


def _shard(given: str | None) -> Shard | None:
    if not given:
        return None
    try:
        shard = Shard.of(given.strip())
    except ValueError as wrong:
        raise pytest.UsageError(f"--shard: {wrong}; write one of 1/4 to 4/4, as --shard 2/4") from wrong
    # One of one is the whole, and its report need not be merged.
    return shard if shard.count > 1 else None


def _sample(given: int | None) -> int | None:
    if given is not None and given < 1:
        raise pytest.UsageError(f"--sample: {given} is no number of values to try; write 1 or more, as --sample 1")
    return given


def _report_path(config: pytest.Config, table: Table) -> Path | None:
    option = config.getoption("storagedriver_report")
    given = table.text("certify-report") if option is None else option
    if not given:
        return None
    # What is written in a file is meant from where that file lies.
    path = Path((config.invocation_params.dir if option is not None else table.folder) / given)
    if path.is_dir():
        raise pytest.UsageError(f"--certify-report: {given!r} is a folder; name a file in it, as {given}/report.json")
    if path.suffix != ".json":
        raise pytest.UsageError(f"--certify-report: {given!r} does not end in .json; try {given}.json")
    return path


def _parameters(given: list[str], drivers: tuple[str, ...]) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals or not name:
            # The word is not shown: what was meant as a value may be a secret.
            raise pytest.UsageError("--driver-param: write NAME=VALUE, as --driver-param bucket=tests")
        # A driver named module:callable has dots of its own, so the driver's name is what the word begins with.
        driver = max((each for each in drivers if name.startswith(f"{each}.")), key=len, default=None)
        if driver is None:
            _no_other_driver(name, drivers)
            if len(drivers) > 1:
                raise pytest.UsageError(
                    f"--driver-param: {name!r} is for which driver? With several, write DRIVER.NAME=VALUE, "
                    f"as {drivers[0]}.{name}=..."
                )
            driver = drivers[0]
        found.setdefault(driver, {})[name.removeprefix(f"{driver}.")] = value
    return found


def _no_other_driver(name: str, drivers: tuple[str, ...]) -> None:
    owner = name.rpartition(".")[0]
    if not owner:
        return
    if owner in known_drivers() or ":" in owner:
        raise pytest.UsageError(
            f"--driver-param: {name!r} is for the driver {owner}, which is not judged in this run; "
            f"add --driver={owner}, or leave it out"
        )
    raise pytest.UsageError(
        f"--driver-param: {name!r}: no driver is called {owner!r}; {did_you_mean_or(owner, drivers)}"
    )
