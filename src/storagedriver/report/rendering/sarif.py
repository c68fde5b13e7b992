"""Reports as SARIF 2.1.0, as code scanning reads it: requirements are rules, what is against a driver is a result."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from storagedriver.contract import REQUIREMENTS, Level
from storagedriver.report.foreign_text import many_lines, one_line
from storagedriver.report.model import Check, Report, Result
from storagedriver.report.outcome import AGAINST
from storagedriver.report.record import moment_text
from storagedriver.report.rendering.explaining import against, evidence_text, headline, why

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
"""Where the standard has its schema."""

_SITE = "https://storagedriver.readthedocs.io"
_ARGUMENT = re.compile(r"\{([0-9]+)\}")
_SLASHES = re.compile(r"^/+")
_LEVELS: Mapping[Level, str] = {Level.MUST: "error", Level.CAP: "error", Level.SHOULD: "warning"}


def render(reports: Mapping[str, Report], *, source: str | None = None) -> str:
    """The reports, by their files, a run each.

    Args:
        reports: The reports.
        source: The file of the driver that results are shown at; the check that failed if there is none.
    """
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(name, each, source) for name, each in reports.items()]}
    return json.dumps(log, ensure_ascii=False, indent=1) + "\n"


def _run(name: str, report: Report, source: str | None) -> dict[str, Any]:
    found = list(against(report))
    rules = list(dict.fromkeys(each.requirement for each in found))
    return {
        "tool": {
            "driver": {
                "name": "storagedriver",
                "version": one_line(report.environment.storagedriver),
                "informationUri": _SITE,
                "rules": [_rule(next(each for each in found if each.requirement == rule)) for rule in rules],
            }
        },
        "automationDetails": {"id": f"storagedriver/{_automation(report)}/"},
        "invocations": [_invocation(name, report)],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(result, check, rules.index(result.requirement), source)
            for result in found
            for check in result.checks
            if check.outcome in AGAINST
        ],
        "properties": {
            "targets": {one_line(target.label): headline(report, target.label) for target in report.targets},
            "profile": one_line(report.run.profile),
            "complete": report.run.complete,
        },
    }


def _automation(report: Report) -> str:
    return quote("+".join(target.label for target in report.targets), safe="@+:", errors="backslashreplace")


def _invocation(name: str, report: Report) -> dict[str, Any]:
    run = report.run
    return {
        "executionSuccessful": run.complete,
        "exitCode": run.exit_status,
        "startTimeUtc": moment_text(run.started),
        "endTimeUtc": moment_text(run.finished),
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": f"{_plain(name)}: the run is not complete: {_plain(reason)}"}}
            for reason in run.incomplete_reasons
        ],
    }


def _rule(result: Result) -> dict[str, Any]:
    requirement = REQUIREMENTS.get(result.requirement)
    rule: dict[str, Any] = {
        "id": result.requirement,
        "name": result.requirement.replace("-", ""),
        "shortDescription": {"text": _plain(result.title)},
        "defaultConfiguration": {"level": _LEVELS[result.level]},
        "properties": {"level": result.level.value, "tags": ["storage", result.group]},
    }
    if requirement is not None:
        rule |= {
            "fullDescription": {"text": requirement.promise},
            "help": {"text": f"{requirement.promise}\n\nWhy: {requirement.rationale}"},
            "helpUri": f"{_SITE}/contract/",
        }
    return rule


def _result(result: Result, check: Check, rule: int, source: str | None) -> dict[str, Any]:
    path = source if source is not None else check.node_id.partition("::")[0]
    return {
        "ruleId": result.requirement,
        "ruleIndex": rule,
        "kind": "fail",
        "level": _LEVELS[result.level],
        "message": {
            "text": f"{result.requirement} {check.outcome.words} on {_plain(result.target)}: {_plain(why(check))}"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(path)},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": one_line(check.node_id, limit=500), "kind": "function"}],
            }
        ],
        "partialFingerprints": {"check/v1": _fingerprint(result, check)},
        "properties": {
            "target": one_line(result.target),
            "outcome": check.outcome.value,
            "evidence": many_lines(evidence_text(check)),
        },
    }


def _uri(path: str) -> str:
    """A path as a reference that names neither a scheme nor a host, whatever a check is called."""
    return _SLASHES.sub("/", quote(path, safe="/@+", errors="backslashreplace"))


def _plain(text: str) -> str:
    """Foreign text in a message, in which the format would see links and places for arguments."""
    return _ARGUMENT.sub(r"{{\1}}", one_line(text).replace("](", "] ("))


def _fingerprint(result: Result, check: Check) -> str:
    identity = f"{result.target}\n{result.requirement}\n{check.node_id}"
    return hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest()
