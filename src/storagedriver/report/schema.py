"""The published JSON Schema of reports, and what a document must be to be read at all."""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Iterator
from typing import Any

from storagedriver.report.errors import ReportError

IDENTIFIER = "https://storagedriver.readthedocs.io/schema/report-1.schema.json"
"""Names the schema; every report carries it under "$schema"."""

_FAMILY = "https://storagedriver.readthedocs.io/schema/report-"
_FILE = "report-1.schema.json"


@functools.cache
def load() -> dict[str, Any]:
    """The schema."""
    folder = importlib.resources.files("storagedriver.report") / "schema"
    loaded: dict[str, Any] = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return loaded


def check(document: Any, *, newest: int) -> None:
    """Refuse what is no report, newer than format `newest`, or against the schema.

    Raises:
        ReportError: It is one of these, or jsonschema is not installed.
    """
    check_family(document, newest=newest)
    found = _validator_module().exceptions.best_match(_errors(document))
    if found is not None:
        raise ReportError(f"broken: {_told(found)}")


def check_family(document: Any, *, newest: int) -> None:
    """Refuse what is no report, or newer than format `newest`.

    Raises:
        ReportError: It is one of these.
    """
    named = document.get("$schema") if isinstance(document, dict) else None
    if not isinstance(named, str) or not named.startswith(_FAMILY):
        raise ReportError(f'not a storagedriver report: its "$schema" does not begin with {_FAMILY}')
    version = document.get("schema_version")
    if isinstance(version, int) and version > newest:
        raise ReportError(
            f"written by a newer storagedriver (format {version}; this one reads up to {newest}): upgrade storagedriver"
        )


def violations(document: Any) -> list[str]:
    """Everything in `document` that is against the schema, a line each that says where.

    Raises:
        ReportError: jsonschema is not installed.
    """
    return [_told(error) for error in sorted(_errors(document), key=lambda error: list(map(str, error.absolute_path)))]


def _errors(document: Any) -> Iterator[Any]:
    found: Iterator[Any] = _validator_module().Draft202012Validator(load()).iter_errors(document)
    return found


def _told(error: Any) -> str:
    message = error.message if len(error.message) <= 200 else f"{error.message[:120]}…{error.message[-79:]}"
    return f"{error.json_path.removeprefix('$.')}: {message}"


def _validator_module() -> Any:
    try:
        # Only reading needs it; making a report does not.
        import jsonschema  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        raise ReportError(
            "reading a report needs jsonschema; install it with: pip install 'storagedriver[suite]'"
        ) from missing
    return jsonschema
