"""What checks that generate their examples have in common: the seed, and where failed examples are kept."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Generation:
    """What examples are generated from.

    Attributes:
        seed: With the same one the same is generated, in whatever process.
        examples: The folder in which failed examples are kept, to be tried first; None if the seed alone decides.
    """

    seed: int
    examples: Path | None

    def of(self, label: str) -> Generation:
        """The same for one target: what failed on another driver is no example for it."""
        folder = None if self.examples is None else self.examples / re.sub(r"[^A-Za-z0-9._@-]", "_", label)
        return dataclasses.replace(self, examples=folder)
