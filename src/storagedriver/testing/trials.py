"""What a check tries one by one, noted for the report: faults that it injects, points where it kills, hostile inputs."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from storagedriver.report import trials
from storagedriver.report.trials import Ending, TrialKind

__all__ = ["Ending", "TrialKind", "Trials"]


@dataclass(slots=True)
class Trials:
    """The trials of one operation under one condition, in their order.

    Attributes:
        kind: What is done to the driver.
        operation: What the driver was asked to do: "put", "move a directory".
        condition: What was done to it then: "connection reset after the request", "ENOSPC".
        endings: For each trial where it hit ("2: PUT object") and how it ended.
    """

    kind: TrialKind
    operation: str
    condition: str
    endings: list[tuple[str, Ending]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, point: str, ending: Ending) -> None:
        """Note how the trial at `point` ended. Threads may do it at once.

        Args:
            point: Where it hit, with its number first if there are several: "2: PUT object", "fsync(file)".
            ending: How the driver came out of it.
        """
        with self._lock:
            self.endings.append((point, ending))

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for the report."""
        points, endings = tuple(point for point, _ in self.endings), tuple(ending for _, ending in self.endings)
        return trials.Trials(self.kind, self.operation, self.condition, points, endings).to_dict()
