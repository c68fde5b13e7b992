from __future__ import annotations

import dataclasses
import io
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from storagedriver.contract import Level
from storagedriver.report import Collector, Evidence, Outcome, Report, Result
from storagedriver.report.terminal import print_summary

from .example_report import BEHAVIOUR, ENVIRONMENT, all_passed, check, example, run, target

MANY = ("inmemory", "s3@seaweedfs", "filesystem", "s3@moto", "azure@a-server-with-quite-a-long-name", "swift@ceph")


class Recording(io.TextIOWrapper):
    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")

    def text(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


def shown(report: Report, *, width: int = 80, encoding: str = "utf-8", terminal: bool = False) -> str:
    with Recording(encoding) as file:
        colours: Any = {"force_terminal": True, "color_system": "truecolor"} if terminal else {}
        print_summary(report, Console(file=file, width=width, **colours))
        return file.text()


def flat(text: str) -> str:
    return " ".join(text.split())


def only(*results: Result, label: str = "s3@moto", reasons: tuple[str, ...] = ()) -> Report:
    return Report(run(*reasons), ENVIRONMENT, (target(label),), results)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TERM"):
        monkeypatch.delenv(name, raising=False)


def test_failures_come_first_with_what_was_expected_and_seen() -> None:
    text = flat(shown(example()))
    assert text.startswith("Failed: the driver broke the promise s3@seaweedfs")
    assert "✗ CONT-2 MUST put_content replaces: shorter over longer leaves no tail (1 of 2 checks failed)" in text
    assert "content after a shorter put expected b'short', seen b'shorter than before'" in text
    assert text.index("Failed:") < text.index("Errored:") < text.index("MUSTs kept of all") < text.index("Skipped:")


def test_the_worst_level_comes_first_among_failures() -> None:
    failed = [
        Result.of_checks("s3@moto", name, [check(name, Outcome.FAILED)], title="a title", level=level, capability=None)
        for name, level in (("CONT-1", Level.SHOULD), ("CONT-2", Level.MUST))
    ]
    text = shown(only(*failed))
    assert text.index("CONT-2 MUST") < text.index("CONT-1 SHOULD")


def test_errors_of_the_kit_are_no_failures_of_the_driver() -> None:
    text = shown(example())
    errored = text.index("Errored: the kit or the server broke")
    assert errored < text.index("! READ-7 MUST") < text.index("the server did not start within 60 s")


def test_the_matrix_counts_every_group_for_every_target() -> None:
    lines = shown(example()).splitlines()
    rows = {line.split()[0]: line for line in lines if re.search(r"\d/\d", line)}
    assert re.search(r"✓ 6/6\s+✗ 5/6", rows["CONT"])
    assert re.search(r"✓ 7/7\s+! 6/7", rows["READ"])
    assert re.search(r"\u2013 0/2\s+✓ 2/2", rows["URL"])
    for words, here, there in (
        ("✗ failed", 0, 3),
        ("! errored", 0, 1),
        ("\u2013 skipped", 0, 2),
        ("\u2013 not offered", 2, 0),
    ):
        assert re.search(rf"^\s+{words}\s+{here}\s+{there}\s*$", "\n".join(lines), re.MULTILINE), words


def test_each_target_has_its_headline() -> None:
    text = flat(shown(example()))
    assert re.search(r"inmemory: MUSTs kept: \d+ of \d+ \(\d+ %\) · 2 not offered", text)
    assert re.search(r"s3@seaweedfs: MUSTs kept: \d+ of \d+ \(\d+ %\) · 3 failed · 1 errored · 1 flaky · 2 sk", text)


def test_what_was_not_judged_is_grouped_by_its_reason() -> None:
    text = flat(shown(example()))
    assert "\u2013 redirect is not declared: URL-1, URL-2 (inmemory)" in text
    assert "\u2013 the registration names no root parameter: CONF-3 (s3@seaweedfs)" in text
    assert "Not run: no check was executed \u2013 no check of it was among those that were run: WRITE-7" in text
    assert "Kept, but with checks skipped \u2013 takes 5 GiB: profile full: CONT-6 (1 of 2)" in text


def test_targets_with_the_same_gap_are_told_together() -> None:
    text = flat(shown(example(labels=("inmemory", "s3@moto", "swift@ceph"))))
    assert "the registration names no root parameter: CONF-3 (s3@moto, swift@ceph)" in text


def test_a_waived_requirement_is_shown_as_such() -> None:
    failed = Result.of_checks(
        "s3@moto", "CONT-2", [check("CONT-2", Outcome.FAILED)], title="t", level=Level.MUST, capability=None
    )
    text = flat(shown(only(dataclasses.replace(failed, outcome=Outcome.WAIVED))))
    assert "Waived: not kept, and a waiver accepts that \u2013 by its checks: 1 failed: CONT-2" in text
    assert "Failed:" not in text


def test_an_incomplete_run_ends_loudly() -> None:
    lines = shown(example("37 checks were deselected by -k", "stopped by -x")).rstrip().splitlines()
    assert lines[-3:] == [
        "! INCOMPLETE RUN: this report certifies nothing",
        "! 37 checks were deselected by -k",
        "! stopped by -x",
    ]
    assert "INCOMPLETE" not in shown(example())


def test_a_clean_run_shows_no_empty_sections() -> None:
    collector = Collector(BEHAVIOUR)
    collector.add_target(target("inmemory"))
    all_passed(collector, "inmemory")
    text = shown(collector.report(run(exit_status=0), ENVIRONMENT))
    for word in (
        "Failed",
        "Errored",
        "Flaky",
        "Skipped",
        "Not run",
        "Not offered",
        "Waived",
        "Kept, but",
        "INCOMPLETE",
    ):
        assert f"\n{word}" not in text
    assert re.search(r"MUSTs kept: (\d+) of \1 \(100 %\)\n", text)
    assert "inmemory: MUSTs" not in text


def test_a_report_without_targets_is_shown_too() -> None:
    text = shown(Report(run("no driver could be made"), ENVIRONMENT, (), ()))
    assert "certifies nothing" in text
    assert "0 checks" in text


@pytest.mark.parametrize("labels", [("inmemory", "s3@seaweedfs"), MANY], ids=["two", "six"])
@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_nothing_is_wider_than_the_console_nor_cut(width: int, labels: tuple[str, ...]) -> None:
    text = shown(example("why", labels=labels), width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    letters = re.sub(r"\s", "", text)
    for label in labels:
        assert f"{label}:MUSTskept:" in letters
    assert "put_contentreplaces:shorteroverlongerleavesnotail(1of2checksfailed)" in letters


def test_many_targets_wrap_into_tables_of_four() -> None:
    lines = shown(example(labels=MANY), width=200).splitlines()
    rows = [line for line in lines if line.startswith("CONT Whole content")]
    assert [len(re.findall(r"\d/\d", row)) for row in rows] == [4, 2]


def test_a_pipe_gets_no_colours_and_a_terminal_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in shown(example())
    assert "\x1b[1;31m" in shown(example(), terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown(example(), terminal=True))


def test_a_console_of_ascii_gets_ascii() -> None:
    text = shown(example("Käse ist aus"), encoding="ascii")
    assert "x CONT-2 MUST" in text
    assert re.search(r"\+ 7/7 +\| ! 6/7", text)
    assert "K\\xe4se" in text


def test_foreign_text_neither_styles_nor_steers_the_terminal() -> None:
    text = shown(example(), terminal=True)
    assert "[bold red]not markup[/] [/] \\x1b[2J\\u202e \\udc80 :smile: second" in text
    assert "\x1b[2J" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("field", ["label", "title", "reason", "node_id", "incomplete", "profile", "python"])
def test_foreign_text_is_harmless_wherever_it_stands(field: str) -> None:
    bad = "[/red]a\x1b]0;b\x07\ud800\nc"
    text = {name: bad if name == field else "x" for name in ("label", "title", "reason", "node_id", "incomplete")}
    checks = [
        dataclasses.replace(check("CONT-2", Outcome.ERRORED, reason=text["reason"]), node_id=text["node_id"]),
        dataclasses.replace(check("CONT-2", Outcome.SKIPPED, reason=text["reason"]), node_id=text["node_id"] + "2"),
    ]
    results = [
        Result.of_checks(text["label"], "CONT-2", checks, title=text["title"], level=Level.MUST, capability=None),
        Result.of_checks(
            text["label"],
            "CONT-3",
            [check("CONT-3", Outcome.SKIPPED, reason=text["reason"])],
            title=text["title"],
            level=Level.MUST,
            capability=None,
        ),
    ]
    report = Report(
        dataclasses.replace(run(text["incomplete"]), profile=bad if field == "profile" else "quick"),
        dataclasses.replace(ENVIRONMENT, python=bad if field == "python" else "CPython"),
        (dataclasses.replace(target("x"), label=text["label"]), target("other")),
        tuple(results),
    )
    told = shown(report)
    assert "[/red]a\\x1b]0;b\\x07\\ud800 c" in flat(told).replace("- ", "")
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", told)


def test_long_evidence_is_abbreviated_and_missing_evidence_is_told() -> None:
    def failed(name: str, evidence: Evidence | None) -> Result:
        return Result.of_checks(
            "s3@moto",
            name,
            [check(name, Outcome.FAILED, evidence=evidence)],
            title="t",
            level=Level.MUST,
            capability=None,
        )

    text = shown(
        only(
            failed("CONT-1", Evidence("w" * 5000, "e" * 5000, "s" * 5000)),
            failed("CONT-2", None),
            failed(
                "CONT-3", Evidence("", "", "", traceback="Traceback:\n  ...\nZeroDivisionError: division by zero\n")
            ),
        )
    )
    assert len(text) < 4000
    assert "…" in text
    assert "no evidence was recorded" in text
    assert "ZeroDivisionError: division by zero" in text
