"""Secrets kept out of what a client's library logs (SEC-3)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import quote

HIDDEN = "**********"
"""What stands in a log where a secret was, as pydantic prints one."""


def _none() -> Iterable[str]:
    return ()


class LogRedaction(logging.Filter):
    """Takes secrets out of what some loggers say, from when it is made until close()."""

    def __init__(
        self,
        loggers: Sequence[str],
        secrets: Iterable[str | None],
        *,
        passing: Callable[[], Iterable[str]] = _none,
        rewrite: Callable[[str], str] = str,
    ) -> None:
        """Begin.

        Args:
            loggers: Their names: a logger that passes records on to others has to be named itself.
            secrets: What is hidden, as it is and as URLs quote it; None and empty ones are left aside.
            passing: Tells secrets of the moment, such as a token.
            rewrite: Hides what is known by its form alone, such as a signature in a URL.
        """
        super().__init__()
        known = {secret for secret in secrets if secret}
        # Longest first: one may be part of another.
        self._secrets = sorted(known | {quote(secret, safe="") for secret in known}, key=len, reverse=True)
        self._passing = passing
        self._rewrite = rewrite
        self._loggers = [logging.getLogger(name) for name in loggers]
        for logger in self._loggers:
            logger.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        redacted = self._rewrite(message)
        for secret in [*self._passing(), *self._secrets]:
            redacted = redacted.replace(secret, HIDDEN)
        if redacted != message:
            record.msg, record.args = redacted, None
        return True

    def close(self) -> None:
        """Let the loggers alone again."""
        for logger in self._loggers:
            logger.removeFilter(self)
