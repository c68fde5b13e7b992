"""What a check tries one by one, counted for the report: faults that it injects, points where it kills, hostile inputs."""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass, field
from typing import Any


class TrialKind(enum.StrEnum):
    """What a check does to the driver in a trial."""

    FAULT = "fault"
    """A request or a system call fails."""
    CRASH = "crash"
    """The driver's process is killed."""
    POWER_FAILURE = "power failure"
    """What was not flushed is lost."""
    HOSTILE_INPUT = "hostile input"
    """Somebody tries to get what is not his."""


class Ending(enum.StrEnum):
    """How the driver came out of a trial."""

    SURVIVED = "survived"
    """The call succeeded all the same, by retry or because nothing depended on what failed."""
    REFUSED = "refused"
    """The call raised a clean error, or the input was turned away; the state is one that the contract allows."""
    VIOLATED = "violated"
    """The contract was broken."""


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
        return {
            "kind": self.kind.value,
            "operation": self.operation,
            "condition": self.condition,
            "points": [point for point, _ in self.endings],
            "endings": [ending.value for _, ending in self.endings],
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a check measured.

    Attributes:
        name: What was measured: "operations", "growth of descriptors".
        value: The number.
        unit: Its unit; empty for a count.
    """

    name: str
    value: float
    unit: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for the report."""
        return {"name": self.name, "value": self.value, "unit": self.unit}
