"""Files that say what to judge by, and are wrong."""

from __future__ import annotations

from collections.abc import Sequence


class JudgingFileError(ValueError):
    """A file that says what to judge by, or whom to trust, cannot be read or means nothing, so that nothing can be judged.

    Attributes:
        path: The file, or the folder.
        problems: What is wrong with it, a sentence each, with the place.
    """

    def __init__(self, path: str, problems: Sequence[str]) -> None:
        super().__init__(path, tuple(problems))
        self.path = path
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return f"{self.path}: {'; '.join(self.problems)}"


class PolicyError(JudgingFileError):
    """A policy that cannot be read or means nothing, so that nothing can be judged by it."""
