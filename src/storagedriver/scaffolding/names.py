"""The names of a driver, its project, its package and its classes, all made of one word that is checked first."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import keyword
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from storagedriver import factory
from storagedriver.registry import entry_points_of, suite_names
from storagedriver.scaffolding.errors import ScaffoldingError

LONGEST = 40
"""Characters of a name at most: with more, lines of the project would have to be broken elsewhere."""

_GRAMMAR = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
"""What is a name by PEP 508 and, but for the dash, an identifier; in one spelling, as two that are alike are confused."""

_RESERVED = {
    "all": "--driver=all means every driver",
    "conftest": "pytest gives it a meaning of its own",
    "noxfile": "nox gives it a meaning of its own",
    "src": "the project's folder of sources is called that",
    "test": "the standard library has a package of that name",
    "tests": "the project's folder of tests is called that",
}

_OF_THE_KIT = {"Base", "Driver", "Storage"}
"""What classes of the kit begin with: BaseDriver, DriverParameters, StorageDriver."""


@dataclass(frozen=True, slots=True)
class ProjectName:
    """The names of one driver.

    Attributes:
        driver: As in `--driver=my-store`, and the project's name in an index of packages.
        package: As in `import my_store`.
        prefix: What the names of its classes begin with: `MyStore` of `MyStoreDriver`.
    """

    driver: str
    package: str
    prefix: str

    @classmethod
    def of(cls, text: str) -> Self:
        """The names made of what somebody typed.

        Raises:
            ScaffoldingError: It is no name, or it means something else already; the hint proposes one that does not.
        """
        if (problem := _problem(text)) is None:
            return cls(driver=text, package=_package(text), prefix=_prefix(text))
        free = next((each for each in _alike(text) if _problem(each) is None), None)
        proposal = f"for example: {free}" if free else "for example the backend's own name and -driver"
        raise ScaffoldingError(
            f"{text!r} cannot be the name of a driver: {problem}", hint=f"Take another one, {proposal}"
        )


def _problem(name: str) -> str | None:
    """Why this is no name for a new driver; None if it is one."""
    if not _GRAMMAR.fullmatch(name):
        return (
            "a name consists of small letters and digits, begins with a letter, and has single dashes or underscores "
            "between its words"
        )
    if len(name) > LONGEST:
        return f"it has {len(name)} characters, and {LONGEST} are allowed"
    package = _package(name)
    if name in _RESERVED:
        return _RESERVED[name]
    if keyword.iskeyword(package):
        return f"{package} is a keyword of Python, so that its package could not be imported"
    if package in sys.stdlib_module_names:
        return f"the standard library has a module {package}, which its package would hide"
    if name in {*factory.names(), *suite_names()}:
        return f"a driver of this name is installed already{_by_whom(name)}"
    if (installed := _installed(name, package)) is not None:
        return installed
    if _prefix(name) in _OF_THE_KIT:
        return f"its classes would be called as the kit's own are, {_prefix(name)}Driver and {_prefix(name)}Parameters"
    return None


def _by_whom(driver: str) -> str:
    """The project that brings an installed driver, in words; nothing of one that was registered without."""
    for point in entry_points_of(driver):
        if point.dist is not None:
            return f" by the project {point.dist.name}"
    return ""


def _installed(name: str, package: str) -> str | None:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        pass
    else:
        return f"the project {name} is installed already"
    found = importlib.util.find_spec(package)
    # A folder of that name that happens to be on the path is a module without an origin.
    if found is not None and found.origin is not None:
        return f"a module {package} is installed already, which its package would hide"
    return None


def _alike(text: str) -> Iterator[str]:
    """Names that were perhaps meant."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[: LONGEST - len("driver-")].strip("-")
    if words:
        yield words
        yield f"{words}-driver"
        yield f"driver-{words}"


def _package(name: str) -> str:
    return name.replace("-", "_")


def _prefix(name: str) -> str:
    words = re.split("[-_]", name)
    # What is called a driver already is not called one twice: my-driver and mydriver have a MyDriver.
    words[-1] = words[-1].removesuffix("driver")
    return "".join(map(str.capitalize, filter(None, words))) or "My"
