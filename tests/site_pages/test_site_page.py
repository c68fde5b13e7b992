"""The page of reports, as text: what it holds, and that foreign text stays text in it."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from report.example_report import ENVIRONMENT, TAIL, check, example, run, target
from report.hostile import EVIL, FORBIDDEN, hostile
from storagedriver import cli
from storagedriver.report import Collector, Ending, Outcome, Report, TrialKind, Trials
from storagedriver.report.site import render
from storagedriver.report.site.pictures import LARGEST

from .example_pages import at, better, large

STYLE_AND_SCRIPT = {"style", "script"}


class Page(HTMLParser):
    """What a parser of HTML sees: tags, attributes, text, and the raw text of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.raw: dict[str, str] = {}
        self._inside = ""
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in STYLE_AND_SCRIPT:
            self.raw[self._inside] = self.raw.get(self._inside, "") + data
        else:
            self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.attributes if each == name]


@pytest.fixture(scope="module")
def evil() -> str:
    return render({EVIL: hostile()}, older={f"{EVIL} before": at(hostile(), days=-1)}, title=EVIL)


def test_foreign_text_stays_text(evil: str) -> None:
    harmless = Page(render({"a.json": example("a reason")}, older={"b.json": at(example(), days=-1)}))
    page = Page(evil)

    assert not set(evil) & FORBIDDEN
    evil.encode("utf-8")
    assert set(page.tags) <= set(harmless.tags)
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert page.raw == harmless.raw
    assert "<script>alert(1)</script>" in "".join(page.words)
    assert {name for name, _ in page.attributes} <= {name for name, _ in harmless.attributes}
    assert not [name for name, _ in page.attributes if name == "style" or name.startswith("on")]


def test_links_lead_to_places_of_the_page(evil: str) -> None:
    for text in (evil, render({"a.json": example()}, older={"b.json": better()})):
        page = Page(text)
        places = page.values("id")

        assert len(set(places)) == len(places)
        assert page.values("href")
        assert {href.removeprefix("#") for href in page.values("href")} <= set(places)
        assert all(href.startswith("#") for href in page.values("href"))


@pytest.mark.parametrize(
    ("labels", "places"),
    [
        (("javascript:alert(1)", "</style>"), ("javascript:alert-1-/CONT-2", "-style-/CONT-2")),
        (("CONT", "CONT-2"), ("target:CONT/CONT-2", "target:CONT-2/CONT-2")),
        (("matrix", "a b", "a-b"), ("matrix:2/CONT-2", "a-b/CONT-2", "a-b:2/CONT-2")),
        (("s3@minio", "s3@minio:container"), ("s3@minio/CONT-2", "s3@minio:container/CONT-2")),
    ],
)
def test_each_result_has_a_place_of_its_own(labels: tuple[str, ...], places: tuple[str, ...]) -> None:
    found = Page(render({"a.json": example(labels=labels)})).values("id")

    assert set(places) <= set(found)
    assert len(set(found)) == len(found)


def test_the_policy_names_the_hashes_of_style_and_script() -> None:
    page = Page(render({"a.json": example()}))
    policy = next(value for value in page.values("content") if value.startswith("default-src"))
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))

    assert directives["default-src"] == "'none'"
    assert directives["img-src"] == "data:"
    for name, directive in (("style", "style-src"), ("script", "script-src")):
        digest = base64.b64encode(hashlib.sha256(page.raw[name].encode()).digest()).decode()
        assert directives[directive] == f"'sha256-{digest}'"


def test_the_same_reports_make_the_same_bytes() -> None:
    assert render({"a.json": example()}) == render({"a.json": example()})


def test_a_failure_is_told_with_its_evidence() -> None:
    words = "".join(Page(render({"a.json": example()})).words)

    for part in (TAIL.what, TAIL.expected, TAIL.seen, *TAIL.calls, TAIL.reproducer, TAIL.traceback):
        assert part in words
    assert "seaweedfs 4.0 as process, profile quick, seed 20260301" in words
    assert "profile full" in words


def test_what_was_tried_is_a_map_of_signs() -> None:
    page = Page(render({"a.json": example()}))
    words = " ".join("".join(page.words).split())

    assert "6 faults: 4 survived, 1 clean error, 1 violation" in words
    assert "✓✓✓3 survived" in words
    assert "✓↩✗1 survived, 1 refused, 1 violated 3: POST complete" in words
    assert "CONT-7 growth of memory 12.5 B/operation" in words
    assert "s3@seaweedfs/trials" in page.values("id")
    assert "inmemory/trials" not in page.values("id")


def test_a_page_of_reports_without_trials_has_no_map() -> None:
    page = Page(render({"a.json": example(labels=("inmemory",))}))

    assert "trials" not in page.values("id")
    assert "#trials" not in page.values("href")


def test_many_trials_of_a_cell_are_told_as_numbers() -> None:
    many = Trials(TrialKind.CRASH, "put", "killed", ("a call",) * 300, (Ending.SURVIVED,) * 299 + (Ending.REFUSED,))
    collector = Collector(["CONT"])
    collector.add_target(target("files"))
    collector.add_check("files", check("CONT-7", trials=(many,)))

    words = "".join(Page(render({"a.json": collector.report(run(), ENVIRONMENT)})).words)

    assert "✓ 299 ↩ 1299 survived, 1 refused" in words


def test_an_incomplete_run_is_said_to_certify_nothing() -> None:
    words = "".join(Page(render({"a.json": example("it was interrupted")})).words)

    assert "incomplete run, certifies nothing" in words
    assert "it was interrupted" in words


def test_history_has_a_point_for_each_report_of_the_same_target() -> None:
    text = render({"new.json": example()}, older={"old.json": at(better(), days=-9), "odd.json": example(labels=["x"])})
    plots = re.findall(r"<svg.*?</svg>", text, re.DOTALL)

    assert [plot.count("<circle") for plot in plots] == [2, 2]
    assert re.findall(r"<title>(.*?)</title>", plots[1]) == [
        "2026-02-20, storagedriver 0.1.0: 61 of 63",
        "2026-03-01, storagedriver 0.1.0: 55 of 63",
    ]


def test_targets_of_one_label_keep_their_own_history() -> None:
    reports = {"new/disk.json": example(labels=["fs"]), "new/tmpfs.json": example(labels=["fs"])}
    text = render(reports, older={"old/tmpfs.json": at(example(labels=["fs"]), days=-9)})

    assert "fs (disk)" in text
    assert re.findall(r"Kept MUSTs of (.*?) in 2 reports", text) == ["fs (tmpfs)"]


def failing(node_ids: int, evidence: str) -> Report:
    collector = Collector(["CONT"])
    collector.add_target(target("inmemory"))
    long = type(TAIL)("what", "expected", "seen", traceback=evidence)
    for number in range(node_ids):
        collector.add_check("inmemory", check("CONT-2", Outcome.FAILED, number, evidence=long))
    return collector.report(run(), at(example(), days=0).environment)


def test_what_has_no_room_is_said_to_be_in_the_report() -> None:
    text = render({"here.json": failing(7, "x" * 100_000)})

    assert len(text) < 150_000
    assert "Not all of it is shown here: here.json has the rest." in text
    assert "4 more in here.json." in text


def test_a_large_report_makes_a_page_of_less_than_three_megabytes() -> None:
    text = render({"a.json": large()})

    assert len(text.encode()) < 3_000_000
    assert text.count('class="requirement"') == 150


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    example().write(path)
    return path


def picture_of(report: Path, content: bytes) -> None:
    from storagedriver.report.beside import reproducer_path

    failed = next(check for result in example().results for check in result.checks if check.outcome is Outcome.FAILED)
    script = reproducer_path(report, failed.node_id)
    assert script is not None
    script.parent.mkdir()
    script.with_suffix(".svg").write_bytes(content)


def test_the_extra_of_the_page_is_enough_to_make_it(written: Path, tmp_path: Path) -> None:
    """Who looks at reports need not have what runs the suites."""
    program = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(['pytest', 'hypothesis', 'rich', 'xdist'])\n"
        "from storagedriver import cli\n"
        f"sys.exit(cli.main(['site', '--out', {str(tmp_path / 'out')!r}, {str(written)!r}]))\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)

    assert (tmp_path / "out" / "index.html").is_file()


def test_the_command_writes_one_file_with_the_pictures_in_it(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    picture_of(written, svg)

    assert cli.main(["site", "--out", str(tmp_path / "out"), "--title", "Ours", str(written)]) == cli.OK

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["index.html"]
    page = Page((tmp_path / "out" / "index.html").read_text(encoding="utf-8"))
    assert page.values("src") == [f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"]
    assert "Ours" in page.words
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("content", [b"<html><svg></svg></html>", b"<svg>" + b" " * LARGEST, b""])
def test_what_is_no_picture_is_not_shown(written: Path, tmp_path: Path, content: bytes) -> None:
    picture_of(written, content)

    assert cli.main(["site", "--out", str(tmp_path), str(written)]) == cli.OK
    assert "<img" not in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_broken_report_makes_no_page(written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written.write_text(written.read_text(encoding="utf-8").replace('"4.0"', '"5.0"'), encoding="utf-8")

    assert cli.main(["site", "--out", str(tmp_path / "out"), str(written)]) == cli.FAILED
    assert "edited after it was written" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["site", "--out", str(written), str(written)]) == cli.FAILED
    assert "cannot be written" in capsys.readouterr().err


def test_without_jinja_it_says_what_to_install(
    written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    for name in [name for name in sys.modules if name.startswith("storagedriver.report.site")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)

    assert cli.main(["site", "--out", str(written.parent / "out"), str(written)]) == cli.FAILED
    assert "pip install 'storagedriver[report]'" in capsys.readouterr().err
