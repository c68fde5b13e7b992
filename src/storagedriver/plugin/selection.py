"""Which checks run: the suites' modules, for the chosen requirements and profile."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from storagedriver.contract import GROUPS, REQUIREMENTS, Requirement
from storagedriver.plugin.options import Options
from storagedriver.registry import PROFILES


@dataclass(frozen=True, slots=True)
class Suite:
    """A package of checks.

    Attributes:
        name: As in --suite.
        package: The package's name.
        folder: Where its test modules lie.
        groups: The groups of the contract that it judges.
    """

    name: str
    package: str
    folder: Path
    groups: Sequence[str]

    @property
    def modules(self) -> list[Path]:
        """Its test modules."""
        return sorted(self.folder.glob("test_*.py"))

    def node_id(self, path: Path) -> str | None:
        """What pytest calls a module of the suite, wherever it is installed; None if it is no module of it.

        Of a file outside the author's project pytest would not tell more than its checks' names.
        """
        if path.parent != self.folder:
            return None
        return f"{self.package.replace('.', '/')}/{path.name}"

    def located(self, argument: str) -> str:
        """An argument that is a node id of the suite, as the path that pytest finds; others as they are."""
        path, colons, rest = argument.partition("::")
        within = in_package(path, self.package)
        return argument if within is None else f"{self.folder}{within}{colons}{rest}"


def in_package(path: str, package: str) -> str | None:
    """What comes behind the folder of a package, in a path by which pytest names a module of it; None if it names none.

    Where the project's own folder lies deeper than pytest's root, pytest writes "../" before it.
    """
    bare = path
    while bare.startswith("../"):
        bare = bare.removeprefix("../")
    folder = package.replace(".", "/")
    if (bare != path and Path(path).exists()) or not f"{bare}/".startswith(f"{folder}/"):
        return None
    return bare.removeprefix(folder)


def suites(options: Options) -> list[Suite]:
    """The chosen suites.

    Raises:
        pytest.UsageError: A suite's package can't be imported, or judges a group that the contract does not have.
    """
    found = []
    for name, package in options.suites.items():
        try:
            module = importlib.import_module(package)
        except (Exception, SystemExit) as failed:
            raise pytest.UsageError(
                f"--suite: suite {name!r} cannot be imported: {type(failed).__name__}: {failed}"
            ) from failed
        folders = list(getattr(module, "__path__", ()))
        if not folders:
            raise pytest.UsageError(f"--suite: suite {name!r} is {package}, which is no package with test modules")
        groups = tuple(getattr(module, "GROUPS", ()))
        if unknown := [group for group in groups if group not in GROUPS]:
            raise pytest.UsageError(f"--suite: suite {name!r} judges {unknown[0]!r}, which is no group of the contract")
        found.append(Suite(name, package, Path(folders[0]).resolve(), groups))
    return found


def names_part_of(chosen: Iterable[Suite], config: pytest.Config) -> bool:
    """Whether the user named a suite's module or check himself; then no more than that is run."""
    roots = [suite.folder for suite in chosen]
    packages = [suite.package for suite in chosen]
    for argument in config.args:
        name = argument.partition("::")[0]
        if any(Path(config.invocation_params.dir, name).resolve().is_relative_to(root) for root in roots):
            return True
        if config.option.pyargs and any(f"{name}.".startswith(f"{package}.") for package in packages):
            return True
    return False


def requirement_of(item: pytest.Item) -> Requirement | None:
    """The clause that an item proves; None if it is no check.

    Raises:
        pytest.UsageError: The contract has no such clause.
    """
    mark = item.get_closest_marker("requirement")
    if mark is None:
        return None
    identifier = mark.args[0] if mark.args else None
    found = REQUIREMENTS.get(identifier) if isinstance(identifier, str) else None
    if found is None:
        raise pytest.UsageError(
            f"{item.nodeid}: the contract has no requirement {identifier!r}; "
            "mark checks with storagedriver.testing.requirement, which says what is near"
        )
    return found


def in_profile(item: pytest.Item, options: Options) -> bool:
    """Whether the profile keeps an item."""
    profile = item.get_closest_marker("profile")
    return profile is None or PROFILES.index(profile.args[0]) <= PROFILES.index(options.profile)


def asked_for(item: pytest.Item, options: Options) -> bool:
    """Whether --requirement keeps an item; without it items of other kinds are kept too.

    Raises:
        pytest.UsageError: The item is marked with a clause that the contract does not have.
    """
    clause = requirement_of(item)
    if options.requirements is None:
        return True
    return clause is not None and not options.requirements.isdisjoint({clause.id, clause.group})


def repeated(item: pytest.Item) -> bool:
    """Whether pytest-rerunfailures would repeat the item by itself."""
    return item.get_closest_marker("flaky") is not None
