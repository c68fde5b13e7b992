"""The folder of reports, and which cells it has: those with a receipt that fits what they would run, and their report."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storagedriver.matrix.cell import Cell
from storagedriver.matrix.running import CellRun, Ending
from storagedriver.report import Report, ReportError
from storagedriver.report.digest import KEY
from storagedriver.report.files import parse_json, read_json, write_json, write_text
from storagedriver.report.merging import merged

_RECEIPTS = ".matrix"
_LOGS = "logs"


@dataclass(frozen=True, slots=True)
class Kept:
    """A cell that was run before, or has just been.

    Attributes:
        ending: Passed or failed.
        report: Its report.
    """

    ending: Ending
    report: Report


class Reports:
    """The reports of cells in a folder."""

    def __init__(self, folder: Path) -> None:
        """Look at this folder, which need not be there yet."""
        self.folder = folder

    def path(self, cell: Cell) -> Path:
        """Where the report of a cell is, or will be."""
        return self.folder / cell.report

    def log(self, cell: Cell) -> Path:
        """Where the output of a cell is, or will be."""
        return (self.folder / _LOGS / cell.report).with_suffix(".log")

    def find(self, cell: Cell, identity: str) -> Kept | None:
        """The cell, if it was run to its end by the same files and options, and its report is as it was written."""
        try:
            receipt = read_json(self._receipt(cell))
            report = Report.read(self.path(cell))
            digest = read_json(self.path(cell)).get(KEY)
        except ReportError:
            return None
        if not isinstance(receipt, dict) or (receipt.get("identity"), receipt.get("report")) != (identity, digest):
            return None
        return Kept(Ending.FAILED if receipt.get("ending") == Ending.FAILED else Ending.PASSED, report)

    def keep(self, cell: Cell, identity: str, run: CellRun) -> Kept | None:
        """Write what came of a cell: its output, what lies beside the report, the report, and at last the receipt.

        Returns:
            The cell; None if there is no report of it, and then there is none of before either.

        Raises:
            OSError: It cannot be written.
            ReportError: The report cannot be read.
        """
        self._forget(cell)
        write_text(self.log(cell), run.log)
        if run.report is None:
            return None
        path = self.path(cell)
        for name, content in run.beside.items():
            place = path.parent / f"{path.stem}{name}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        document: Mapping[str, Any] = parse_json(run.report, what="a report")
        report = Report.from_document(document)
        write_json(path, document)
        receipt = {"identity": identity, "report": document.get(KEY), "ending": run.ending.value}
        write_json(self._receipt(cell), receipt)
        return Kept(run.ending, report)

    def merge(self, shards: Sequence[Cell]) -> Report:
        """Put the reports of all shards of a run together, and write the whole.

        Raises:
            OSError: It cannot be written.
            ReportError: They are not of one run, or one is missing.
        """
        whole = merged({str(self.path(each)): Report.read(self.path(each)) for each in shards})
        whole.write(self.whole(shards[0]))
        return whole

    def whole(self, shard: Cell) -> Path:
        """Where the whole is that a shard belongs to."""
        return self.folder / f"{shard.name}.json"

    def _receipt(self, cell: Cell) -> Path:
        return self.folder / _RECEIPTS / cell.report

    def _forget(self, cell: Cell) -> None:
        path = self.path(cell)
        doomed = [self._receipt(cell), path]
        if cell.shard is not None:
            doomed.append(self.whole(cell))
        for each in doomed:
            each.unlink(missing_ok=True)
        for folder in path.parent.glob(f"{path.stem}-*"):
            if folder.name in {f"{path.stem}-reproducers", f"{path.stem}-servers"}:
                shutil.rmtree(folder)
