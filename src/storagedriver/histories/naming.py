"""Short names for contents: people compare letters, not bytes."""

from __future__ import annotations

import string
from collections.abc import Iterator

from storagedriver.histories.contents import common_length
from storagedriver.histories.model import History, Kind, Operation, Outcome

_SHOWN = 24
"""Bytes of a content that its description shows."""


class ContentNames:
    """Names of the contents of one history: a letter for each that is written, more words for what is only seen."""

    def __init__(self, history: History) -> None:
        """Name what is there at the beginning, and what is put, committed and appended, in the order of the calls."""
        self._names: dict[bytes, str] = {}
        letters = _letters()
        for content in [*history.initial.values(), *(each.argument for each in history)]:
            if content and content not in self._names:
                self._names[content] = next(letters)

    def __call__(self, content: bytes) -> str:
        """The name of a content: "A", "A+B" of one that is made of named ones, or what it looks like."""
        if not content:
            return "empty"
        if content in self._names:
            return self._names[content]
        parts = self._parts(content)
        if parts is not None:
            return "+".join(parts)
        # Half of one content and half of another are what a torn read mostly sees.
        head, tail = self._longest(content), self._longest(content[::-1], backwards=True)
        if head is None and tail is None:
            return f"{len(content):,} bytes nobody wrote"
        if head is not None and head[1] == len(content):
            return f"the first {head[1]:,} bytes of {head[0]}"
        if tail is not None and tail[1] == len(content):
            return f"the last {tail[1]:,} bytes of {tail[0]}"
        pieces = [f"{head[1]:,} bytes of {head[0]}"] if head else []
        pieces += [f"{tail[1]:,} of the end of {tail[0]}"] if tail else []
        return f"a mix ({', '.join(pieces)})"

    def described(self) -> list[str]:
        """Each name with its size and its first bytes: "A = 12 bytes b'…'"."""
        return [f"{name} = {_described(content)}" for content, name in self._names.items()]

    def _parts(self, content: bytes, depth: int = 8) -> list[str] | None:
        """The names of contents that make it one behind the other."""
        if not content:
            return []
        for known in sorted(self._names, key=len, reverse=True) if depth else []:
            if content.startswith(known):
                rest = self._parts(content[len(known) :], depth - 1)
                if rest is not None:
                    return [self._names[known], *rest]
        return None

    def _longest(self, content: bytes, *, backwards: bool = False) -> tuple[str, int] | None:
        """The named content that begins most alike, and how many bytes of it are alike."""
        best: tuple[str, int] | None = None
        for known, name in self._names.items():
            length = common_length(content, known[::-1] if backwards else known)
            if length and (best is None or length > best[1]):
                best = (name, length)
        return best


def label(operation: Operation, names: ContentNames, *, with_path: bool) -> str:
    """What an operation did and saw, in a few words: "put A", "get → nothing"."""
    words = [operation.kind.value]
    if with_path:
        words.append(operation.path)
    if operation.argument is not None:
        words.append(names(operation.argument))
    if operation.dest is not None:
        words.append(f"to {operation.dest}")
    if operation.outcome is Outcome.UNKNOWN:
        words.append("→ ?")
    elif operation.outcome is Outcome.ABSENT:
        words.append("→ nothing")
    elif isinstance(operation.result, bytes):
        words.append(f"→ {names(operation.result)}")
    elif operation.kind in {Kind.STAT, Kind.OPEN}:
        words.append(f"→ {operation.result:,} bytes")
    return " ".join(words)


def _letters() -> Iterator[str]:
    yield from string.ascii_uppercase
    number = 1
    while True:
        yield from (f"{letter}{number}" for letter in string.ascii_uppercase)
        number += 1


def _described(content: bytes) -> str:
    shown = repr(content[:_SHOWN])
    return f"{len(content):,} byte{'' if len(content) == 1 else 's'} {shown}{'…' if len(content) > _SHOWN else ''}"
