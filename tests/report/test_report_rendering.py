"""Reports for other programs: each format says what ended how, and foreign text stays text in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from storagedriver.contract import REQUIREMENTS
from storagedriver.report import Check, Collector, Outcome, Report
from storagedriver.report.rendering import badge, github, junit, markdown, sarif
from storagedriver.report.rendering.markdown_text import block, code, table

from .example_report import BEHAVIOUR, ENVIRONMENT, all_passed, check, example, run, target
from .hostile import EVIL, FORBIDDEN, hostile
from .report_strategies import reports

Render = Callable[[Mapping[str, Report]], str]

TEXTS: dict[str, Render] = {
    "markdown": markdown.render,
    "junit": junit.render,
    "sarif": sarif.render,
    "github": github.render,
    "badge-svg": lambda given: badge.as_svg(badge.badge(given, label=EVIL)),
    "badge-json": lambda given: badge.as_json(badge.badge(given, label=EVIL)),
}


def perfect(*labels: str) -> Report:
    collector = Collector(BEHAVIOUR)
    for label in labels or ("inmemory",):
        collector.add_target(target(label))
        all_passed(collector, label)
    return collector.report(run(exit_status=0), ENVIRONMENT)


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_steers_what_shows_it(name: str) -> None:
    text = TEXTS[name]({EVIL: hostile()})

    assert not set(text) & FORBIDDEN
    text.encode("utf-8")
    commands = [line for line in text.splitlines() if re.match(r"\s*(::|##\[)", line)]
    if name == "github":
        assert {line.partition(" ")[0] for line in commands} == {"::error", "::notice"}
        assert len(commands) == len(text.splitlines())
    else:
        assert commands == []


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=30)
@given(given_report=reports())
def test_every_report_is_rendered(name: str, given_report: Report) -> None:
    """Whatever a report holds; what is XML or JSON can be read."""
    text = TEXTS[name]({"report.json": given_report})

    if name in {"junit", "badge-svg"}:
        ET.fromstring(text)
    if name in {"sarif", "badge-json"}:
        json.loads(text)


# --- Markdown


def tokens(text: str) -> list[Any]:
    """What a reader of GitHub's kind of Markdown sees in it, in one list."""
    found = []
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        found += [token, *(token.children or [])]
    return found


def test_markdown_of_others_is_text() -> None:
    seen = tokens(markdown.render({EVIL: hostile()}))

    assert {token.type for token in seen} & {"link_open", "image", "html_inline", "bullet_list_open"} == {
        "bullet_list_open"
    }
    headings = [token for token in seen if token.type == "heading_open"]
    assert [token.tag for token in headings] == ["h2"]
    html = "".join(token.content for token in seen if token.type == "html_block")
    assert set(re.findall(r"</?(\w+)", html)) == {"details", "summary", "b", "code"}
    # Mentions and references are looked for outside of code alone.
    plain = "".join(token.content for token in seen if token.type == "text")
    assert "@" not in plain
    assert "#1" not in plain
    assert "boom" not in plain


def test_markdown_says_what_is_wrong_first() -> None:
    text = markdown.render({"report.json": example()})

    assert (
        "| ❌ | `s3@seaweedfs` | `4.0` | 55 of 63 (87 %) | 3 failed, 1 errored, 1 flaky, 2 skipped, 1 not run |" in text
    )
    requirements = re.findall(r"<summary><b>\W+([A-Z]+-\d+)</b>", text)
    assert requirements == ["PATH-5", "CONT-2", "READ-7", "LIST-1", "LIST-3"]
    assert "3 driver.get_content('/check-1f2e3d/a') -> b'shorter than before'" in text
    assert REQUIREMENTS["CONT-2"].rationale in text
    assert text.index("LIST-3") < text.index("skipped: 2 requirements")
    assert "| `s3@seaweedfs` | CONF-3 | `the registration names no root parameter` |" in text


def test_markdown_of_an_incomplete_run_warns() -> None:
    text = markdown.render({"report.json": example("the run was interrupted", labels=["inmemory"])})

    assert "| ⚠️ | `inmemory` |" in text
    assert "> ⚠️ **Incomplete run, certifies nothing** (`report.json`)\n>\n> - `the run was interrupted`" in text
    assert "✅" not in text


def test_markdown_fits_a_comment() -> None:
    labels = [f"driver{number}" for number in range(40)]
    text = markdown.render({"report.json": example(labels=["inmemory", *labels])})

    assert len(text) <= markdown.LIMIT
    (left_out,) = re.findall(r"\*(\d+) more requirements that were not kept had no room here", text)
    assert len(re.findall("<summary><b>", text)) + int(left_out) == 5 * len(labels)


@given(st.text(max_size=40))
def test_a_piece_of_code_is_one_piece(text: str) -> None:
    seen = tokens(f"before {code(text)} after")

    if text.split():
        (piece,) = [token for token in seen if token.type == "code_inline"]
        assert not set(piece.content) & {"\n", "\r"}
    assert next(token.content for token in seen if token.type == "text").startswith("before ")
    assert [token.content for token in seen if token.type == "text"][-1].endswith(" after")


@given(st.text(alphabet="`\n~a >#", max_size=40))
def test_a_block_of_code_is_one_block(text: str) -> None:
    seen = tokens(f"before\n\n{block(text)}\n\nafter")

    assert [token.type for token in seen if token.type in {"fence", "paragraph_open"}] == [
        "paragraph_open",
        "fence",
        "paragraph_open",
    ]


@given(st.lists(st.text(alphabet="`|\\a ", max_size=10), min_size=2, max_size=2))
def test_a_row_of_a_table_has_its_cells(cells: list[str]) -> None:
    seen = tokens(table(["one", "two"], [[code(cell) for cell in cells]]))

    assert sum(token.type == "td_open" for token in seen) == 2


# --- JUnit


def suites(text: str) -> list[ET.Element]:
    return ET.fromstring(text).findall("testsuite")


def test_junit_has_a_suite_for_each_requirement() -> None:
    report = example()
    found = suites(junit.render({"report.json": report}))

    assert len(found) == len(report.results)
    suite = next(each for each in found if each.get("name") == "s3@seaweedfs CONT-2")
    properties = {each.get("name"): each.get("value") for each in suite.findall("properties/property")}
    assert properties == {
        "file": "report.json",
        "target": "s3@seaweedfs",
        "server": "seaweedfs",
        "server.version": "4.0",
        "requirement": "CONT-2",
        "level": "MUST",
        "title": REQUIREMENTS["CONT-2"].title,
        "rationale": REQUIREMENTS["CONT-2"].rationale,
        "outcome": "failed",
        "profile": "quick",
        "storagedriver": "0.1.0",
    }
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("type") == "MUST.failed"
    assert failure.get("message") == "content after a shorter put: expected b'short', seen b'shorter than before'"
    assert "reproducer:\nfrom storagedriver import factory" in str(failure.text)


@pytest.mark.parametrize(
    ("requirement", "element"),
    [
        ("CONT-2", "failure"),
        ("READ-7", "error"),
        ("LIST-3", "error"),
        ("CONF-3", "skipped"),
        ("MOVE-5", "skipped"),
        ("WRITE-7", "skipped"),
    ],
)
def test_junit_has_no_green_case_for_what_did_not_pass(requirement: str, element: str) -> None:
    found = suites(junit.render({"report.json": example()}))

    suite = next(each for each in found if each.get("name") == f"s3@seaweedfs {requirement}")
    assert suite.find(f"testcase/{element}") is not None


def test_junit_counts_what_it_has() -> None:
    root = ET.fromstring(junit.render({"report.json": example(), "again.json": example("cut short")}))

    for count, element in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        number = len(list(root.iter(element)))
        assert int(root.get(count, "")) == number > 0
        assert sum(int(suite.get(count, "")) for suite in root) == number
    assert sum(int(suite.get("skipped", "")) for suite in root) == len(list(root.iter("skipped")))


JUNIT: Mapping[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
        {"properties", "testcase"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"classname", "name", "time"}, {"failure", "error", "skipped"}),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
}
"""Of the schema that Jenkins' plugin for JUnit's files made common: the attributes of each element, and what is in it."""


@pytest.mark.parametrize(
    "given", [{"report.json": example("cut short")}, {EVIL: hostile()}], ids=["ordinary", "hostile"]
)
def test_junit_has_nothing_that_the_common_schema_lacks(given: Mapping[str, Report]) -> None:
    for element in ET.fromstring(junit.render(given)).iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.keys()) <= attributes
        assert {child.tag for child in element} <= children
        if element.tag == "testsuite":
            assert re.fullmatch(r"\d+\.\d{3}", element.get("time", ""))


def test_junit_of_an_incomplete_run_is_red() -> None:
    report = example("the run was interrupted", labels=["inmemory"])

    (error,) = ET.fromstring(junit.render({"report.json": report})).iter("error")
    assert (error.get("type"), error.get("message")) == ("incomplete", "the run was interrupted")


# --- SARIF


def sarif_runs(given: Mapping[str, Report], **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(sarif.render(given, **more))["runs"]
    return found


def test_sarif_has_what_is_against_the_driver() -> None:
    (found,) = sarif_runs({"report.json": example()})

    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["PATH-5", "CONT-2", "READ-7", "LIST-1", "LIST-3"]
    assert [(each["ruleId"], each["level"]) for each in found["results"]] == [(rule["id"], "error") for rule in rules]
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in found["results"])
    assert rules[1]["help"]["text"].endswith(REQUIREMENTS["CONT-2"].rationale)
    result = found["results"][1]
    assert result["message"]["text"] == (
        "CONT-2 failed on s3@seaweedfs: content after a shorter put: expected b'short', seen b'shorter than before'"
    )
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "behaviour/test_cont.py"
    assert found["invocations"][0]["executionSuccessful"] is True


def test_sarif_tells_two_results_apart_and_the_same_one_again() -> None:
    prints = [
        each["partialFingerprints"]["check/v1"]
        for found in sarif_runs(
            {"1.json": example(labels=["inmemory", "a", "b"]), "2.json": example(labels=["inmemory", "a"])}
        )
        for each in found["results"]
    ]

    assert len(prints) == 15
    assert len(set(prints)) == 10


def test_sarif_of_an_incomplete_run_says_so() -> None:
    (found,) = sarif_runs({"report.json": example("the run was interrupted")})

    invocation = found["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "the run was interrupted" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_shows_results_at_the_drivers_file() -> None:
    (found,) = sarif_runs({"report.json": example()}, source="src/my driver.py")

    assert {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in found["results"]} == {
        "src/my%20driver.py"
    }


@pytest.mark.parametrize(
    "name", ["https://example.org/x.py", "javascript:alert(1)", "//example.org/x.py", "a b/\udc80?#%.py"]
)
def test_sarif_refers_to_nothing_elsewhere(name: str) -> None:
    collector = Collector(())
    collector.add_target(target("inmemory"))
    collector.add_check("inmemory", Check(f"{name}::test", "CONT-2", Outcome.FAILED))
    (found,) = sarif_runs({"report.json": collector.report(run(), ENVIRONMENT)})

    uri = found["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert re.fullmatch(r"[A-Za-z0-9/@+._~%-]+", uri)


def test_sarif_of_others_has_neither_links_nor_arguments() -> None:
    (found,) = sarif_runs({EVIL: hostile()})

    for each in found["results"]:
        assert "](" not in each["message"]["text"]
        assert not re.search(r"(?<!\{)\{\d+\}", each["message"]["text"])


# --- GitHub


def test_annotations_are_by_level() -> None:
    collector = Collector(())
    collector.add_target(target("inmemory"))
    collector.add_check("inmemory", check("FOR-2", Outcome.FAILED))
    collector.add_check("inmemory", check("CONT-2", Outcome.FAILED))
    text = github.render({"report.json": collector.report(run(), ENVIRONMENT)}, source="src/a,b.py")

    assert [line.partition("::Failed")[0] for line in text.splitlines()[:2]] == [
        "::error file=src/a%2Cb.py,line=1,title=CONT-2 (MUST) on inmemory",
        "::warning file=src/a%2Cb.py,line=1,title=FOR-2 (SHOULD) on inmemory",
    ]
    assert text.splitlines()[2] == "::notice title=inmemory::MUSTs kept: 0 of 1 (0 %25) · 1 failed"


def test_annotations_of_others_end_where_they_end() -> None:
    for line in github.render({EVIL: hostile()}).splitlines():
        properties = re.fullmatch(r"::(?:error|warning|notice) (.*?)::(.*)", line)
        assert properties is not None
        assert re.fullmatch(r"title=[^:,]*", properties[1])
        assert "%0A" not in properties[2]


# --- badges


@pytest.mark.parametrize(
    ("report", "message", "colour"),
    [
        (perfect(), "63/63 MUSTs kept", "brightgreen"),
        (perfect("a", "b"), "63/63 MUSTs kept at least, 2 targets", "brightgreen"),
        (example(labels=["inmemory"]), "61/63 MUSTs kept", "yellow"),
        (example(), "55/63 MUSTs kept at least, 2 targets", "red"),
        (example("cut short", labels=["inmemory"]), "incomplete run", "lightgrey"),
        (Report(run(), ENVIRONMENT, (), ()), "nothing kept", "lightgrey"),
        (Report(run(), ENVIRONMENT, (target("inmemory"),), ()), "nothing kept", "lightgrey"),
    ],
)
def test_a_badge_is_green_for_all_alone(report: Report, message: str, colour: str) -> None:
    made = badge.badge({"report.json": report})

    assert (made.message, made.colour) == (message, colour)
    document = json.loads(badge.as_json(made))
    assert document == {
        "schemaVersion": 1,
        "label": "storage driver contract",
        "message": message,
        "color": colour,
        "isError": colour in {"red", "lightgrey"},
    }
    svg = ET.fromstring(badge.as_svg(made))
    texts = [each.text for each in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["storage driver contract", message]


def test_one_incomplete_run_spoils_a_badge() -> None:
    assert badge.badge({"1.json": perfect(), "2.json": example("cut short", labels=["a"])}).message == "incomplete run"


def test_a_badge_fetches_nothing() -> None:
    text = badge.as_svg(badge.badge({"report.json": perfect()}))

    assert re.findall(r'https?://[^"]*', text) == ["http://www.w3.org/2000/svg"]
    assert "href" not in text
