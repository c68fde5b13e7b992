"""What a requirement is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """What a broken requirement means for a driver.

    MUST decides certification. SHOULD is reported. CAP is a promise that is made by declaring the capability alone.
    """

    MUST = "MUST"
    SHOULD = "SHOULD"
    CAP = "CAP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One numbered clause of the contract.

    Attributes:
        id: Its group and number: "CONT-2".
        level: What it means to break it.
        title: What is promised, in one line.
        promise: The same, complete and exact.
        rationale: Why it matters; shown when a check fails.
        source: Where it comes from: a published interface, this project, or the kind of bug it prevents.
        capability: The field of `storagedriver.Capabilities` that gates it; with level MUST it is a MUST where that
            is declared. None if it binds every driver.
    """

    id: str
    level: Level
    title: str
    promise: str
    rationale: str
    source: str
    capability: str | None = None

    @property
    def group(self) -> str:
        """The id's first part: "CONT"."""
        return self.id.rpartition("-")[0]

    @property
    def number(self) -> int:
        """The id's second part, from 1."""
        return int(self.id.rpartition("-")[2])


DOCKER_REGISTRY = "Docker registry StorageDriver"
DISTRIBUTION = "Distribution interface"
STRICTER = "stricter here"
