"""What each run of an altered driver needs, but for the driver: imported once, by the process that runs are forked from."""

from __future__ import annotations

import storagedriver.plugin.session
import storagedriver.report.terminal  # noqa: F401
from power.mutation import run_altered
from power.reached import run_reaching

__all__ = ["run_altered", "run_reaching"]
