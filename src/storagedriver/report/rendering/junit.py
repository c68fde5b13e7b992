"""Reports as JUnit XML: a suite for each target and requirement, whose properties tell the requirement.

The properties are those of the suite, as the common schema of JUnit's files knows none of a case. Skipped and not offered
checks are `skipped`, errored and flaky ones `error`. An incomplete run has an error of its own, so that no viewer shows it
as passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from storagedriver.report.foreign_text import many_lines, one_line
from storagedriver.report.model import Check, Report, Result
from storagedriver.report.outcome import Outcome
from storagedriver.report.rendering.explaining import evidence_text, rationale, why

_ELEMENTS: Mapping[Outcome, str] = {
    Outcome.FAILED: "failure",
    Outcome.ERRORED: "error",
    Outcome.FLAKY: "error",
    Outcome.SKIPPED: "skipped",
    Outcome.NOT_OFFERED: "skipped",
    Outcome.NOT_RUN: "skipped",
}


def render(reports: Mapping[str, Report]) -> str:
    """The reports, by their files."""
    root = ET.Element("testsuites", name="storagedriver")
    for name, report in reports.items():
        if not report.run.complete:
            root.append(_incomplete(name, report))
        for result in report.results:
            root.append(_suite(name, report, result))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.3f}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(name: str, report: Report, result: Result) -> ET.Element:
    suite = ET.Element("testsuite", name=f"{one_line(result.target)} {result.requirement}")
    target = next(each for each in report.targets if each.label == result.target)
    server = target.server
    properties = {
        "file": name,
        "target": result.target,
        "server": "" if server is None else server.name,
        "server.version": "" if server is None else server.version or "",
        "requirement": result.requirement,
        "level": result.level.value,
        "title": result.title,
        "rationale": rationale(result.requirement),
        "outcome": result.outcome.value,
        "profile": report.run.profile,
        "storagedriver": report.environment.storagedriver,
    }
    if result.capability is not None:
        properties["capability"] = result.capability
    _add_properties(suite, properties)
    cases = [_case(result, check) for check in result.checks] or [_no_check(result)]
    suite.extend(cases)
    _count(suite, cases, report)
    return suite


def _incomplete(name: str, report: Report) -> ET.Element:
    suite = ET.Element("testsuite", name=f"{one_line(name)} is of an incomplete run")
    _add_properties(suite, {"file": name, "profile": report.run.profile})
    cases = []
    for reason in report.run.incomplete_reasons:
        case = ET.Element("testcase", classname="storagedriver.run", name=one_line(reason), time="0.000")
        error = ET.SubElement(case, "error", type="incomplete", message=one_line(reason))
        error.text = "The report certifies nothing."
        cases.append(case)
    suite.extend(cases)
    _count(suite, cases, report)
    return suite


def _add_properties(suite: ET.Element, properties: Mapping[str, str]) -> None:
    parent = ET.SubElement(suite, "properties")
    for key, value in properties.items():
        ET.SubElement(parent, "property", name=key, value=one_line(value, limit=1000))


def _case(result: Result, check: Check) -> ET.Element:
    classname = f"{one_line(result.target)}.{result.requirement}"
    case = ET.Element(
        "testcase", classname=classname, name=one_line(check.node_id, limit=500), time=f"{check.duration:.3f}"
    )
    element = _ELEMENTS.get(check.outcome)
    if element is not None:
        # A failure of a SHOULD is no broken promise of the driver, and still no pass.
        kind = f"{result.level}.{check.outcome}"
        ended = ET.SubElement(case, element, type=kind, message=one_line(why(check), limit=500))
        ended.text = many_lines(evidence_text(check))
    return case


def _no_check(result: Result) -> ET.Element:
    case = ET.Element(
        "testcase", classname=f"{one_line(result.target)}.{result.requirement}", name="no check", time="0.000"
    )
    ET.SubElement(case, "skipped", type=f"{result.level}.{Outcome.NOT_RUN}", message="no check of it was run")
    return case


def _count(suite: ET.Element, cases: list[ET.Element], report: Report) -> None:
    suite.set("tests", str(len(cases)))
    for count, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(element) is not None for case in cases)))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
    suite.set("timestamp", report.run.started.replace(tzinfo=None).isoformat(timespec="seconds"))
