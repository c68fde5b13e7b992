"""The report of a run: its model and file format, the collector that makes it, and what a terminal shows of it.

`docs/report.md` describes the format. `storagedriver.report.terminal` is imported apart, as it needs rich.
"""

from storagedriver.report.collect import Collector
from storagedriver.report.environment import this_environment
from storagedriver.report.errors import ReportError
from storagedriver.report.model import (
    SCHEMA_VERSION,
    Check,
    Environment,
    Evidence,
    FilesDigest,
    Report,
    Result,
    Run,
    Server,
    Target,
)
from storagedriver.report.outcome import LATTICE, Outcome, combined
from storagedriver.report.tally import Tally
from storagedriver.report.trials import Ending, Figure, TrialKind, Trials, TrialTally

__all__ = [
    "LATTICE",
    "SCHEMA_VERSION",
    "Check",
    "Collector",
    "Ending",
    "Environment",
    "Evidence",
    "Figure",
    "FilesDigest",
    "Outcome",
    "Report",
    "ReportError",
    "Result",
    "Run",
    "Server",
    "Tally",
    "Target",
    "TrialKind",
    "TrialTally",
    "Trials",
    "combined",
    "this_environment",
]
