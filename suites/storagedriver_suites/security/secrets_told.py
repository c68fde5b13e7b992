"""Secrets, and whether they stand in what a driver logs, warns of, raises or returns."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import pickle
import traceback
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""Characters; what is shorter stands in other words by accident."""


def spellings(secret: str) -> set[str]:
    """A secret as it stands in texts, source, JSON, URLs and headers."""
    plain = {secret, secret.strip("=")}
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    encoded = base64.b64encode(secret.encode()).decode().strip("=")
    return {*plain, *quoted, repr(secret)[1:-1], json.dumps(secret)[1:-1], encoded}


def told(secrets: Iterable[str], texts: Iterable[str]) -> list[str]:
    """The texts that hold one of the secrets, with the secret hidden."""
    known = {spelling for secret in secrets if len(secret) >= SHORTEST for spelling in spellings(secret)}
    found = []
    for text in texts:
        held = [spelling for spelling in known if spelling in text]
        if held:
            found.append(_hidden(text, held))
    return found


def _hidden(text: str, held: Iterable[str]) -> str:
    longest = sorted(held, key=len, reverse=True)
    at = text.find(longest[0])
    for spelling in longest:
        text = text.replace(spelling, "<SECRET>")
    return text[max(0, at - 80) : at + 120]


@dataclass(slots=True)
class Overheard:
    """What is logged and warned of."""

    texts: list[str] = field(default_factory=list)
    caught: list[warnings.WarningMessage] = field(default_factory=list)
    _told: tuple[int, int] = (0, 0)

    def since(self) -> list[str]:
        """What was said since the last call: each record as text, with logger and level, and each warning."""
        texts, warned = self._told
        self._told = len(self.texts), len(self.caught)
        return [*self.texts[texts:], *(f"{each.category.__name__}: {each.message}" for each in self.caught[warned:])]


class _Ear(logging.Handler):
    """Keeps what any logger says, as a handler at the root would print it and as it was given."""

    def __init__(self, overheard: Overheard) -> None:
        super().__init__(logging.NOTSET)
        self._overheard = overheard
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(threadName)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            self._overheard.texts.append(self.format(record))
            # What structured handlers print beside the message.
            self._overheard.texts.append(f"{record.name} {record.__dict__!r}")


@contextlib.contextmanager
def overheard() -> Iterator[Overheard]:
    """All that any logger says at any level in the block, and all warnings. The root handler and levels are as before after."""
    heard = Overheard()
    ear = _Ear(heard)
    root = logging.getLogger()
    every = [logger for logger in list(root.manager.loggerDict.values()) if isinstance(logger, logging.Logger)]
    before = [(logger, logger.level, logger.disabled) for logger in (root, *every)]
    apart = [logger for logger in every if not logger.propagate]
    manager_disabled = root.manager.disable
    try:
        for logger, _, _ in before:
            # What has no level of its own takes the root's.
            logger.setLevel(logging.DEBUG if logger is root or logger.level else logging.NOTSET)
            logger.disabled = False
        logging.disable(logging.NOTSET)
        for logger in (root, *apart):
            logger.addHandler(ear)
        with warnings.catch_warnings(record=True) as heard.caught:
            warnings.simplefilter("always")
            yield heard
    finally:
        logging.disable(manager_disabled)
        for logger in (root, *apart):
            logger.removeHandler(ear)
        for logger, level, disabled in before:
            logger.setLevel(level)
            logger.disabled = disabled


def texts_of(error: BaseException) -> Iterator[str]:
    """All that an error can be seen by: its text, its values, those of what caused it, its traceback and its pickle."""
    yield "".join(traceback.format_exception(error))
    seen: set[int] = set()
    chain: list[BaseException] = [error]
    while chain:
        current = chain.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield f"{current}"
        yield repr(current)
        yield repr(current.args)
        yield from (str(note) for note in getattr(current, "__notes__", ()))
        chain += [each for each in (current.__cause__, current.__context__) if each is not None]
    # The driver's own error alone: what caused it does not go along.
    yield repr(vars(error))
    with contextlib.suppress(Exception):
        yield pickle.dumps(error, protocol=0).decode("latin-1")
        yield pickle.dumps(error).decode("latin-1")
