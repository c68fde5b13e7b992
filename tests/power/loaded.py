"""What each run needs, imported once: the process that runs are forked from loads this module."""

from __future__ import annotations

import storagedriver.plugin.session
import storagedriver.report.terminal  # noqa: F401
from power.judging import run_job
from power.subjects import all_subjects

__all__ = ["run_job"]

all_subjects()
