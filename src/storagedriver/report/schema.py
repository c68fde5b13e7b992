"""The published JSON Schema of reports, and what a document must be to be read at all."""

from __future__ import annotations

import functools
import importlib.resources
import json
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
    named = document.get("$schema") if isinstance(document, dict) else None
    if not isinstance(named, str) or not named.startswith(_FAMILY):
        raise ReportError(f'not a storagedriver report: its "$schema" does not begin with {_FAMILY}')
    version = document.get("schema_version")
    if isinstance(version, int) and version > newest:
        raise ReportError(
            f"written by a newer storagedriver (format {version}; this one reads up to {newest}): upgrade storagedriver"
        )
    try:
        # Only reading needs it; making a report does not.
        from jsonschema import Draft202012Validator  # noqa: PLC0415
        from jsonschema.exceptions import best_match  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        raise ReportError(
            "reading a report needs jsonschema; install it with: pip install 'storagedriver[suite]'"
        ) from missing
    found = best_match(Draft202012Validator(load()).iter_errors(document))
    if found is not None:
        message = found.message if len(found.message) <= 200 else f"{found.message[:120]}…{found.message[-79:]}"
        raise ReportError(f"broken: {found.json_path.removeprefix('$.')}: {message}")
