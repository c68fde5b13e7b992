"""Documents of older formats, brought to the newest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storagedriver.report import schema


def upgraded(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document in the newest format; one that is in it already, or broken, comes back as it is."""
    return _from_1(document) if schema.format_of(document) == 1 else document


def _from_1(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Checks of format 1 neither tried one by one nor measured, and targets did not tell the driver's files."""

    def check(given: Any) -> Any:
        return {**given, "trials": [], "figures": []} if isinstance(given, dict) else given

    def result(given: Any) -> Any:
        checks = given.get("checks") if isinstance(given, dict) else None
        return {**given, "checks": [check(each) for each in checks]} if isinstance(checks, list) else given

    def target(given: Any) -> Any:
        return {**given, "files": []} if isinstance(given, dict) else given

    results, targets = document.get("results"), document.get("targets")
    newer = [result(each) for each in results] if isinstance(results, list) else results
    judged = [target(each) for each in targets] if isinstance(targets, list) else targets
    return {**document, "schema_version": 2, "targets": judged, "results": newer}
