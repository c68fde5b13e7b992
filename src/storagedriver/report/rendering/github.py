"""Reports as workflow commands of GitHub Actions, which it shows beside the change: one for each requirement not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storagedriver.contract import Level
from storagedriver.report.foreign_text import one_line
from storagedriver.report.model import Report, Result
from storagedriver.report.outcome import Outcome
from storagedriver.report.rendering.explaining import against, ended, first, headline, why

_MESSAGE_LIMIT = 1_000


def render(reports: Mapping[str, Report], *, source: str | None = None) -> str:
    """The reports, by their files, as lines that GitHub Actions reads from a step's output.

    Args:
        reports: The reports.
        source: The file of the driver that annotations are shown at; none of them has a place without it.
    """
    return "".join(f"{line}\n" for name, report in reports.items() for line in _lines(name, report, source))


def _lines(name: str, report: Report, source: str | None) -> Iterator[str]:
    for reason in report.run.incomplete_reasons:
        yield command("error", f"{name}: incomplete run", f"It certifies nothing: {reason}", None)
    for result in against(report):
        yield _annotation(result, source)
    for target in report.targets:
        yield command("notice", target.label, headline(report, target.label), None)


def _annotation(result: Result, source: str | None) -> str:
    kind = "warning" if result.level is Level.SHOULD else "error"
    check = first(result)
    words = "Failed" if result.outcome is Outcome.FAILED else result.outcome.words.capitalize()
    where = "" if check is None else f" [{check.node_id}]"
    return command(
        kind,
        f"{result.requirement} ({result.level}) on {result.target}",
        f"{words}: {result.title} ({ended(result)}). {why(check)}{where}",
        source,
    )


def command(kind: str, title: str, message: str, source: str | None) -> str:
    """A workflow command: "error", "warning" or "notice", at the source if there is one; all text may be foreign."""
    properties = {"title": title} if source is None else {"file": source, "line": "1", "title": title}
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{kind} {given}::{_data(one_line(message, limit=_MESSAGE_LIMIT))}"


def _data(text: str) -> str:
    """Text after the last colons; one_line() has left no line end in it, with which another command could begin."""
    return text.replace("%", "%25")


def _property(text: str) -> str:
    """The value of a property, which a comma or a colon would end."""
    return _data(one_line(text)).replace(":", "%3A").replace(",", "%2C")
