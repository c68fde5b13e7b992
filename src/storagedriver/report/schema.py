"""The published JSON Schemas of reports, one for each format, and what a document must be to be read at all."""

from __future__ import annotations

import functools
import importlib
import importlib.resources
import json
from collections.abc import Iterator, Mapping
from typing import Any

from storagedriver.report.errors import ReportError

VERSION = 2
"""The version of the format that this package writes, and the newest that it reads."""

_FAMILY = "https://storagedriver.readthedocs.io/schema/report-"

IDENTIFIER = f"{_FAMILY}{VERSION}.schema.json"
"""Names the schema; every report carries it under "$schema"."""


@functools.cache
def load(version: int = VERSION) -> dict[str, Any]:
    """The schema of a format."""
    folder = importlib.resources.files("storagedriver.report") / "schema"
    loaded: dict[str, Any] = json.loads((folder / f"report-{version}.schema.json").read_text(encoding="utf-8"))
    return loaded


def format_of(document: Mapping[str, Any]) -> int:
    """The format that a document says it has; the newest if it says none that ever was."""
    version = document.get("schema_version")
    # True is equal to 1.
    return version if type(version) is int and 1 <= version < VERSION else VERSION


def check(document: Any) -> None:
    """Refuse what is no report, newer than the newest format, or against the schema of its own.

    Raises:
        ReportError: It is one of these, or a package that tells is not installed.
    """
    check_family(document)
    if _is_valid(document):
        return
    found = _module("jsonschema").exceptions.best_match(_errors(document))
    if found is not None:
        raise ReportError(f"broken: {_told(found)}")


def check_family(document: Any) -> None:
    """Refuse what is no report, or newer than the newest format.

    Raises:
        ReportError: It is one of these.
    """
    named = document.get("$schema") if isinstance(document, dict) else None
    if not isinstance(named, str) or not named.startswith(_FAMILY):
        raise ReportError(f'not a storagedriver report: its "$schema" does not begin with {_FAMILY}')
    version = document.get("schema_version")
    if isinstance(version, int) and version > VERSION:
        raise ReportError(
            f"written by a newer storagedriver (format {version}; this one reads up to {VERSION}): upgrade storagedriver"
        )


def violations(document: Any) -> list[str]:
    """Everything in `document` that is against the schema, a line each that says where.

    Raises:
        ReportError: A package that tells is not installed.
    """
    if _is_valid(document):
        return []
    return [_told(error) for error in sorted(_errors(document), key=lambda error: list(map(str, error.absolute_path)))]


def _is_valid(document: Any) -> bool:
    """Whether the schema has nothing against it; False also where that cannot be told so.

    jsonschema says best what is wrong, and takes half a second for a report; jsonschema-rs takes a millisecond.
    """
    validator = _module("jsonschema_rs").Draft202012Validator(load(format_of(document)))
    try:
        return bool(validator.is_valid(document))
    except UnicodeEncodeError:
        # JSON may hold half of a surrogate pair, as names of files do that are no UTF-8.
        return False


def _errors(document: Any) -> Iterator[Any]:
    found: Iterator[Any] = _module("jsonschema").Draft202012Validator(load(format_of(document))).iter_errors(document)
    return found


def _told(error: Any) -> str:
    message = error.message if len(error.message) <= 200 else f"{error.message[:120]}…{error.message[-79:]}"
    return f"{error.json_path.removeprefix('$.')}: {message}"


def _module(name: str) -> Any:
    try:
        # Only reading needs it; making a report does not.
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        package = name.replace("_", "-")
        raise ReportError(
            f"reading a report needs {package}; install it with: pip install 'storagedriver[suite]'"
        ) from missing
