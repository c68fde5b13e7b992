"""Reading the reports that a command was given: valid ones, or a sentence for each thing that is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver.commands import output
from storagedriver.report.errors import ReportError
from storagedriver.report.model import Report
from storagedriver.report.validation import Seal, Validation


def read(paths: Iterable[str], *, sealed: bool = False) -> dict[str, Report]:
    """The reports by their files.

    Args:
        paths: The files.
        sealed: Whether a report without a digest is refused too.

    Raises:
        ReportError: A file is given twice, is no valid report, or has no digest.
    """
    found: dict[str, Report] = {}
    with output.one_by_one(list(paths), "reading reports") as each_path:
        for path in each_path:
            if path in found:
                raise ReportError(f"{path} is given twice")
            found[path] = _read(path, sealed=sealed)
    return found


def _read(path: str, *, sealed: bool) -> Report:
    validation = Validation.of(path)
    if validation.report is None:
        problems = validation.problems
        more = f" (and {len(problems) - 1} more: storagedriver validate {path})" if len(problems) > 1 else ""
        raise ReportError(f"{path}: {problems[0]}{more}")
    if sealed and validation.seal is Seal.ABSENT:
        raise ReportError(f"{path} has no digest, so there is no telling whether it was edited: run the suites again")
    return validation.report
