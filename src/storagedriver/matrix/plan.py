"""Which cells there are: by a file in TOML, or by what is installed and can run here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, ValidationError
from pydantic_core import ErrorDetails

from storagedriver import backends
from storagedriver.backends.errors import BackendSetupError, BackendUnavailableError
from storagedriver.backends.model import ANY_DRIVER
from storagedriver.certification.errors import JudgingFileError
from storagedriver.certification.policy import Text, Texts
from storagedriver.certification.toml_file import place_in, read_toml
from storagedriver.installed import entry_points
from storagedriver.matrix.cell import Cell
from storagedriver.registry import CHECKS, suite_names
from storagedriver.report.shard import all_of
from storagedriver.suggestions import did_you_mean_or

REPORTS = "certify"
"""The folder of reports where nobody says another."""

_ALL = "all"
_OWN = ("--driver", "--backend", "--suite", "--shard", "--certify-report", "--profile", "--seed", "--require-backends")
"""Options of pytest that have keys of their own, or that the matrix sets."""


class MatrixError(JudgingFileError):
    """A file that says which cells there are cannot be read or means nothing, so that nothing is run."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run.

    Attributes:
        cells: The cells, those of one run's shards one after the other.
        folder: Where pytest runs.
        reports: The folder of reports.
    """

    cells: tuple[Cell, ...]
    folder: Path
    reports: Path


def _suites(given: tuple[str, ...]) -> tuple[str, ...]:
    known = [*sorted({point.name for point in entry_points(group=CHECKS)}), _ALL]
    for name in given:
        if name not in known:
            raise ValueError(f"no suite is called {name!r}; {did_you_mean_or(name, known, 'there are ')}")
    return given


def _backends(given: tuple[str, ...]) -> tuple[str, ...]:
    for name in given:
        try:
            backends.find(name)
        except BackendUnavailableError:
            continue  # It is known, and may be elsewhere.
        except BackendSetupError as unknown:
            raise ValueError(str(unknown)) from unknown
    return given


def _arguments(given: tuple[str, ...]) -> tuple[str, ...]:
    for word in given:
        if word.partition("=")[0] in _OWN:
            raise ValueError(f"{word!r} is no argument of a cell: the matrix has a key for it, or sets it itself")
    return given


def _file_names(given: tuple[str, ...]) -> tuple[str, ...]:
    for name in given:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@+-]*", name) is None:
            raise ValueError(f"{name!r} does not make the name of a file: letters, digits and . _ @ + - do")
    return given


_Profile = Literal["quick", "full", "soak"]
_Value = Annotated[StrictBool | StrictInt | StrictFloat | str, Field(union_mode="left_to_right")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Settings(_Table):
    """What may be said for all cells, and for one of them otherwise."""

    profile: _Profile | None = None
    suites: Texts | None = None
    seed: StrictInt | None = None
    shards: Annotated[StrictInt, Field(ge=1, le=999)] | None = None
    arguments: Texts | None = None


class _Cells(_Settings):
    driver: Text
    backends: Texts = ()
    name: Text | None = None
    parameters: Mapping[str, _Value] = Field(default_factory=dict)


class _File(_Settings):
    reports: Text = REPORTS
    cells: Annotated[tuple[_Cells, ...], Field(min_length=1)]


def load(path: str | os.PathLike[str]) -> Plan:
    """The plan in a file. Its folder is where pytest runs, and its paths are meant from there.

    Raises:
        MatrixError: It cannot be read, is not TOML, has a key that is not known, or a value that means nothing.
    """
    name = os.fspath(path)
    try:
        file = _File.model_validate(read_toml(name, error=MatrixError))
    except ValidationError as wrong:
        raise MatrixError(name, [_told(each) for each in wrong.errors()]) from None
    folder = Path(name).resolve().parent
    found: list[Cell] = []
    problems: list[str] = []
    for number, table in enumerate(file.cells):
        try:
            found += _cells_of(table, file)
        except ValueError as wrong:
            problems.append(f"cells[{number}].{wrong}")
    # The reports of two would be one file, whether or not one of them has shards.
    names = [each.name for each in found if each.shard is None or each.shard.number == 1]
    problems += [
        f"there are two cells {each}; give one a name" for each in dict.fromkeys(names) if names.count(each) > 1
    ]
    if problems:
        raise MatrixError(name, problems)
    return Plan(tuple(found), folder, folder / file.reports)


def found_here(folder: Path) -> Plan:
    """A cell for each registered driver: on each server for it that can run here, or on none if it needs none."""
    cells = [
        Cell(name=_name(driver, served and served.partition(":")[0]), driver=driver, options=_server(served))
        for driver in suite_names()
        for served in _servers(driver)
    ]
    return Plan(tuple(cells), folder, folder / REPORTS)


def _cells_of(table: _Cells, file: _File) -> list[Cell]:
    """The cells of a table.

    Raises:
        ValueError: A value means nothing; the message begins with the key.
    """
    profile, suites, seed, shards, arguments = (
        getattr(file if getattr(table, key) is None else table, key)
        for key in ("profile", "suites", "seed", "shards", "arguments")
    )
    for key, check, given in (
        ("suites", _suites, suites),
        ("arguments", _arguments, arguments),
        ("backends", _backends, table.backends),
        ("name", _file_names, () if table.name is None else (table.name,)),
    ):
        try:
            check(given or ())
        except ValueError as wrong:
            raise ValueError(f"{key}: {wrong}") from wrong
    options = (
        *([f"--suite={','.join(suites)}"] if suites else []),
        *([f"--profile={profile}"] if profile else []),
        *([f"--seed={seed}"] if seed is not None else []),
        *(arguments or ()),
    )
    parameters = tuple((name, _text(value)) for name, value in table.parameters.items())
    found = []
    for served in table.backends or (None,):
        name = _name(table.name or table.driver, served if len(table.backends) > 1 or table.name is None else None)
        cell = Cell(name=name, driver=table.driver, options=(*_server(served), *options), parameters=parameters)
        found += [cell.part(each) for each in all_of(shards)] if (shards or 1) > 1 else [cell]
    return found


def _name(driver: str, served: str | None) -> str:
    words = driver if served is None else f"{driver}-{served}"
    return re.sub(r"[^A-Za-z0-9._@+-]+", "-", words).strip("-.") or "cell"


def _server(served: str | None) -> tuple[str, ...]:
    return () if served is None else (f"--backend={served}",)


def _servers(driver: str) -> list[str | None]:
    if not backends.needed_by(driver):
        return [None]
    ways: list[str | None] = []
    for provider in backends.providers().values():
        if driver in provider.drivers and ANY_DRIVER not in provider.drivers:
            mode = next((mode for mode in provider.modes if provider.unavailable(mode) is None), None)
            ways += [] if mode is None else [f"{provider.name}:{mode}"]
    return ways


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _told(error: ErrorDetails) -> str:
    place = place_in(each for each in error["loc"] if each not in {"bool", "int", "float", "str"})
    match error["type"]:
        case "extra_forbidden":
            fields = _Cells if error["loc"][0] == "cells" else _File
            return f"{place}: unknown key; {did_you_mean_or(str(error['loc'][-1]), list(fields.model_fields), 'there are ')}"
        case "missing":
            return f"{place}: missing"
        case "value_error":
            message = error["msg"].removeprefix("Value error, ")
        case _:
            message = f"{error['msg'][:1].lower()}{error['msg'][1:]}"
    return f"{place}: {message}" if place else message
