"""The progress of a long check, in the last line of a terminal that somebody watches."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Self

import pytest

_SECONDS_BETWEEN = 0.25
"""So seldom is the line written anew: writing it costs time of the check."""


class TerminalProgress:
    """A line that is written over and over, and gone when the check ends. See storagedriver.testing.progress.Progress."""

    def __init__(self, config: pytest.Config, label: str) -> None:
        """Begin with nothing shown.

        Args:
            config: Of the run.
            label: The target.
        """
        self._reporter = config.pluginmanager.get_plugin("terminalreporter")
        self._capture = config.pluginmanager.get_plugin("capturemanager")
        self._label = label
        self._due = time.monotonic() + _SECONDS_BETWEEN
        self._shown = False

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._reporter is None or not self._reporter.isatty or time.monotonic() < self._due:
            return
        with self._writing():
            if not self._shown:
                # The dots of the checks before stay where they are.
                self._reporter.ensure_newline()
                self._shown = True
            self._reporter.rewrite(f"{self._label}: {done:,} of {total:,} {what}", erase=True)
        self._due = time.monotonic() + _SECONDS_BETWEEN

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Take the line away."""
        if self._shown and self._reporter is not None:
            with self._writing():
                self._reporter.rewrite("", erase=True)
            self._shown = False

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self._capture.global_and_fixture_disabled() if self._capture is not None else contextlib.nullcontext():
            yield
