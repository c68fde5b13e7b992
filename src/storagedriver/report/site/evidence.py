"""How much of the evidence the page shows: enough to understand each failure, and no more than a browser opens at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from storagedriver.report.model import Check, Evidence, Result
from storagedriver.report.outcome import AGAINST
from storagedriver.report.site.pictures import Pictures

CHECKS_SHOWN = 3
"""Checks of one requirement on one target whose evidence is shown."""

PART_LIMIT = 8_000
"""Characters of a script, of a traceback, or of all calls."""

ROOM = 1_200_000
"""Characters of all the evidence."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """The evidence of one check, as it is shown.

    Attributes:
        check: The check.
        evidence: Its evidence, shortened; None if there is none, or no room for it.
        shortened: Whether something was left out.
        picture: The address of a picture of it, as a data URL; "" if there is none.
    """

    check: Check
    evidence: Evidence | None
    shortened: bool
    picture: str


class Room:
    """What is left for evidence."""

    def __init__(self, characters: int = ROOM) -> None:
        self._left = characters

    def take(self, characters: int) -> bool:
        """Whether there was room for that much; then it is taken."""
        if characters > self._left:
            return False
        self._left -= characters
        return True


def exhibits(result: Result, room: Room, pictures: Pictures) -> Iterator[Exhibit]:
    """The first checks that speak against the driver, the worst first."""
    against = [check for outcome in AGAINST for check in result.checks if check.outcome is outcome]
    for check in against[:CHECKS_SHOWN]:
        short = None if check.evidence is None else shortened(check.evidence)
        if short is None or not room.take(_length(short)):
            yield Exhibit(check, None, check.evidence is not None, "")
            continue
        picture = pictures.of(check.node_id)
        if not room.take(len(picture)):
            picture = ""
        yield Exhibit(check, short, short != check.evidence, picture)


def shortened(evidence: Evidence) -> Evidence:
    """The evidence with each of its parts cut to the limit."""
    calls: list[str] = []
    room = PART_LIMIT
    for call in evidence.calls:
        room -= len(call)
        if room < 0:
            break
        calls.append(call)
    return Evidence(
        what=_cut(evidence.what),
        expected=_cut(evidence.expected),
        seen=_cut(evidence.seen),
        calls=tuple(calls),
        reproducer=_cut(evidence.reproducer),
        traceback=_cut(evidence.traceback),
    )


def _cut(text: str) -> str:
    return text if len(text) <= PART_LIMIT else f"{text[:PART_LIMIT]}…"


def _length(evidence: Evidence) -> int:
    texts = (evidence.what, evidence.expected, evidence.seen, evidence.reproducer, evidence.traceback, *evidence.calls)
    return sum(map(len, texts))
