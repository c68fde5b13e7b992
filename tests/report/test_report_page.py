"""The HTML page: whole without a script, harmless whatever a driver says, and small."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from certification.judged import whole
from report.example_report import example
from report.hostile import EVIL, FORBIDDEN, hostile
from storagedriver.contract import REQUIREMENTS
from storagedriver.report import Outcome, Report
from storagedriver.report.page import render

VOID = {"meta", "input", "br"}


class Outline(HTMLParser):
    """The elements of a page, with their text; an element that is not closed as it should be is an error."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]] = self.texts.get(self._open[-1], "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(*reports: Report, history: list[Report] | None = None) -> Outline:
    return Outline(
        render(
            {f"certify/{number}.json": each for number, each in enumerate(reports)},
            {f"old/{number}.json": each for number, each in enumerate(history or [])},
        )
    )


def test_every_requirement_can_be_linked_to_on_every_target() -> None:
    outline = page_of(whole("inmemory", "s3@minio"))

    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for name in REQUIREMENTS:
        assert {name, f"{name}--inmemory", f"{name}--s3-minio-process"} <= set(ids)
    links = [attributes["href"] for attributes in outline.all("a")]
    assert {link for link in links if link} <= {f"#{each}" for each in ids}


def test_matrix_counts_what_is_kept_and_says_it_in_words() -> None:
    text = render({"r.json": whole(but={"CONT-2": Outcome.FAILED})})

    kept = sum(each.level == "MUST" for each in REQUIREMENTS.values())
    assert re.search(r"✗</span> 5/6<span class=\"unseen\">, failed</span>", text)
    assert f"✗</span> {kept - 1}/{kept}<span" in text


def test_evidence_of_a_failure_is_there_without_a_script() -> None:
    outline = page_of(example())

    assert "b'shorter than before'" in outline.texts["p"]
    assert "driver.put_content('/check-1f2e3d/a', b'short')" in outline.texts["pre"]
    assert "from storagedriver import factory" in outline.texts["pre"]


def test_what_differs_between_targets_is_listed_without_a_script() -> None:
    differing = whole("inmemory", but={"CONT-2": Outcome.FAILED, "DEL-1": Outcome.FAILED})
    text = render({"a.json": whole("s3@minio"), "b.json": differing})

    listed = text.partition('id="differences"')[2].partition("</section>")[0]
    assert re.findall(r"href=\"#([A-Z]+-\d+)\"", listed) == ["CONT-2", "DEL-1"]
    assert "1 failed, 1 passed" in listed


def test_same_target_in_two_reports_is_two_columns() -> None:
    outline = page_of(whole(), whole())

    sections = [attributes.get("id") for attributes in outline.all("section") if attributes.get("class") == "target"]
    assert sections == ["target-inmemory-0", "target-inmemory-1"]
    assert "inmemory [0]" in outline.texts["a"]
    assert "inmemory [1]" in outline.texts["a"]


def test_history_is_plotted_in_the_order_of_time() -> None:
    now, before = whole(), whole(but={"CONT-2": Outcome.FAILED})
    earlier = dataclasses.replace(
        before,
        run=dataclasses.replace(
            before.run, started=now.run.started - timedelta(days=9), finished=now.run.finished - timedelta(days=9)
        ),
    )
    outline = page_of(now, history=[earlier, whole("s3@minio")])

    assert len(outline.all("circle")) == 2
    days = re.findall(r"\d{4}-\d\d-\d\d(?=, storagedriver)", outline.texts["li"])
    assert days == sorted(days)
    assert len(set(days)) == 2


def test_incomplete_run_says_so_first() -> None:
    outline = page_of(hostile())

    assert "INCOMPLETE RUN" in outline.texts["b"]


def test_what_drivers_say_stays_text() -> None:
    text = render({f"{EVIL}.json": hostile()}, {"old.json": hostile()})
    outline = Outline(text)

    assert not FORBIDDEN & set(text)
    assert len(outline.all("script")) == len(outline.all("style")) == 1
    for tag, attributes in outline.elements:
        assert tag not in {"img", "iframe", "object", "embed", "link", "base"}
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "style", "action"}]
        assert (attributes.get("href") or "#").startswith("#")


def test_policy_lets_in_the_pages_own_style_and_script_alone() -> None:
    outline = page_of(hostile())

    (policy,) = [each["content"] for each in outline.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    allowed = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(outline.texts[tag].encode()).digest()).decode()
        assert allowed[f"{tag}-src"] == f"'sha256-{digest}'"
    assert allowed["default-src"] == "'none'"


def test_many_targets_are_no_large_page() -> None:
    """20 drivers, every requirement, failures among them."""
    reports = {
        f"{number}.json": whole(f"driver{number}@server", but={"CONT-2": Outcome.FAILED, "MOVE-1": Outcome.SKIPPED})
        for number in range(20)
    }

    assert len(render(reports).encode()) < 3_000_000


def test_same_reports_make_the_same_page() -> None:
    assert render({"r.json": example()}) == render({"r.json": example()})


@pytest.mark.parametrize("told", ["promise", "rationale"])
def test_contract_is_told_beside_each_requirement(told: str) -> None:
    texts = page_of(whole()).texts["p"]

    assert all(getattr(each, told) in texts for each in REQUIREMENTS.values())
