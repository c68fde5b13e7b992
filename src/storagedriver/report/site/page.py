"""The page: what is shown, put into the templates."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from storagedriver.contract import GROUPS, REQUIREMENTS, Level
from storagedriver.report.digest import KEY
from storagedriver.report.foreign_text import escaped, one_line
from storagedriver.report.model import Report, Result
from storagedriver.report.outcome import AGAINST, LATTICE, Outcome
from storagedriver.report.rendering.explaining import reason
from storagedriver.report.site import history, performance, pictures, trials
from storagedriver.report.site.evidence import Exhibit, Room, exhibits
from storagedriver.report.site.pictures import Pictures
from storagedriver.report.site.subjects import Subject, requirements, subjects
from storagedriver.report.tally import Tally

TITLE = "Storage drivers and the contract"

GLYPHS: Mapping[Outcome, str] = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.ERRORED: "!",
    Outcome.FLAKY: "≈",
    Outcome.WAIVED: "w",
    Outcome.SKIPPED: "\N{EN DASH}",
    Outcome.NOT_RUN: "?",
    Outcome.NOT_OFFERED: "○",
}
"""A sign for each outcome, so that none is told by its colour alone."""

ABSENT = "·"
"""The sign of a requirement that a report says nothing of."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How a requirement ended for a target.

    Attributes:
        subject: The target.
        requirement: The requirement's id.
        result: How it ended; None if the report does not have it.
        exhibits: The evidence of what speaks against the driver.
    """

    subject: Subject
    requirement: str
    result: Result | None
    exhibits: tuple[Exhibit, ...]

    @property
    def anchor(self) -> str:
        """Its place in the page."""
        return f"{self.subject.anchor}/{self.requirement}"

    @property
    def outcome(self) -> Outcome | None:
        """How it ended."""
        return None if self.result is None else self.result.outcome

    @property
    def reason(self) -> str:
        """Why it is not kept, or which of its checks say nothing; "" if there is nothing to say."""
        if self.result is None:
            return "the report does not have it"
        if self.outcome is not Outcome.PASSED:
            return one_line(reason(self.result))
        quiet = next((check for check in self.result.checks if check.outcome is not Outcome.PASSED), None)
        return "" if quiet is None else f"{quiet.outcome.words}: {one_line(quiet.reason)}"

    @property
    def counts(self) -> str:
        """Its checks: "1 failed, 11 passed"."""
        if self.result is None:
            return ""
        counts = self.result.counts
        return ", ".join(f"{counts[outcome]} {outcome.words}" for outcome in LATTICE if counts.get(outcome))


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement, and how it ended for each target.

    Attributes:
        id: Its id.
        level: What it means to break it.
        title: What it says, in a line.
        promise: The same, complete; "" for one that this version of the kit does not know.
        rationale: Why it matters; "" likewise.
        capability: The capability that it belongs to.
        cells: How it ended, target by target.
    """

    id: str
    level: Level
    title: str
    promise: str
    rationale: str
    capability: str | None
    cells: tuple[Cell, ...]

    @property
    def outcomes(self) -> list[tuple[Outcome | None, int]]:
        """How many targets it ended how for, the worst first."""
        counts = Counter(cell.outcome for cell in self.cells)
        return [(outcome, counts[outcome]) for outcome in (*LATTICE, None) if counts[outcome]]

    @property
    def differs(self) -> bool:
        """Whether it did not end the same for all targets."""
        return len(self.outcomes) > 1


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the contract.

    Attributes:
        id: Its id.
        title: What it is about.
        rows: Its requirements.
        tallies: Its MUSTs, target by target.
    """

    id: str
    title: str
    rows: tuple[Row, ...]
    tallies: tuple[Tally, ...]


def render(
    reports: Mapping[str, Report],
    *,
    older: Mapping[str, Report] | None = None,
    beside: Mapping[str, Pictures] | None = None,
    title: str = TITLE,
) -> str:
    """The page, by nothing but what is given: the same reports make the same bytes.

    Args:
        reports: What is shown, by the reports' files.
        older: Reports that tell what became of the same targets.
        beside: The pictures that lie beside reports, by the reports' files.
        title: The page's heading.
    """
    shown = subjects(reports, older or {})
    groups = tuple(_groups(shown, beside or {}))
    style, script = (_text(name) for name in ("site.css", "site.js"))
    environment = Environment(
        loader=PackageLoader("storagedriver.report.site"),
        autoescape=True,
        finalize=_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("page.html.j2").render(
        title=title,
        subjects=shown,
        groups=groups,
        count=sum(len(group.rows) for group in groups),
        against=[
            cell
            for level in Level
            for outcome in AGAINST
            for group in groups
            for row in group.rows
            for cell in row.cells
            if row.level is level and cell.outcome is outcome
        ],
        differing=[row for group in groups for row in group.rows if row.differs],
        plots=[(subject, made) for subject in shown if (made := history.plot(subject)) is not None],
        trials=tuple(trials.tried(shown)),
        ending_signs=trials.SIGNS,
        ending_words=trials.WORDS,
        performance=tuple(performance.measured(shown)),
        performance_size=(performance.WIDTH, performance.HEIGHT),
        size=(history.WIDTH, history.HEIGHT),
        outcomes=LATTICE,
        levels=tuple(Level),
        glyphs=GLYPHS,
        absent=ABSENT,
        passed=Outcome.PASSED,
        style=Markup(style),  # noqa: S704  the kit's own file
        script=Markup(script),  # noqa: S704  as above
        policy=_policy(style, script),
        digest_of=lambda report: report.to_document()[KEY],
    )
    # Half a surrogate pair is shown as an escape before it gets here; nothing else is no UTF-8.
    return text if text.endswith("\n") else f"{text}\n"


def _groups(shown: tuple[Subject, ...], beside: Mapping[str, Pictures]) -> Iterator[Group]:
    room = Room()
    for group, names in requirements(shown).items():
        results = [[each for each in subject.latest.results.values() if each.group == group] for subject in shown]
        yield Group(
            group,
            GROUPS.get(group, ""),
            tuple(_row(name, shown, beside, room) for name in names),
            tuple(Tally.of(each) for each in results),
        )


def _row(name: str, shown: tuple[Subject, ...], beside: Mapping[str, Pictures], room: Room) -> Row:
    results = [(subject, subject.latest.results.get(name)) for subject in shown]
    example = next(result for _, result in results if result is not None)
    known = REQUIREMENTS.get(name)
    return Row(
        id=name,
        level=example.level,
        title=example.title,
        promise="" if known is None else known.promise,
        rationale="" if known is None else known.rationale,
        capability=example.capability,
        cells=tuple(
            Cell(
                subject,
                name,
                result,
                () if result is None else tuple(exhibits(result, room, beside.get(subject.latest.file, pictures.NONE))),
            )
            for subject, result in results
        ),
    )


def _harmless(value: object) -> object:
    """What a template shows: every string of a report is foreign, and nothing in it steers the page."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if value.isprintable():
        return str(value)
    return "\n".join(escaped(line) for line in value.split("\n"))


def _text(name: str) -> str:
    return resources.files("storagedriver.report.site").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy: this style, this script, pictures of the page itself, and nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
