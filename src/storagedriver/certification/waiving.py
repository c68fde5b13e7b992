"""Which waivers hold, and which of them are a fault of their own: expired, unused, or for what passes by now."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from storagedriver.certification.policy import Waiver, matches
from storagedriver.certification.verdict import Finding, Rule
from storagedriver.report import Outcome, Report, Result, Target

WAIVABLE = frozenset({Outcome.FAILED, Outcome.FLAKY, Outcome.SKIPPED})
"""What a waiver can accept. Of what errored or was not run nothing is known, so that there is nothing to accept."""

NOTICE = timedelta(days=14)
"""How long before its end a waiver is spoken of."""


class Waivers:
    """The waivers of a policy in one judgement, which notes which of them were needed."""

    def __init__(self, waivers: Iterable[Waiver], today: date) -> None:
        """Begin with none needed."""
        self._waivers = tuple(waivers)
        self._today = today
        self._needed: list[Waiver] = []
        self._seen: dict[Waiver, list[Outcome]] = {each: [] for each in self._waivers}

    def accepts(self, target: Target, requirement: str, outcome: Outcome) -> bool:
        """Whether a waiver accepts that the requirement ended so; to be asked of every requirement of every target.

        One that has expired accepts nothing.
        """
        accepted = False
        for each in self._waivers:
            if each.requirement == requirement and matches(each.target, target):
                self._seen[each].append(outcome)
                if outcome in WAIVABLE and not self._expired(each):
                    self._need(each)
                    accepted = True
        return accepted

    def accepts_regression(self, target: Target, result: Result) -> bool:
        """Whether a waiver that holds accepts that a requirement got worse without failing."""
        for each in self._waivers:
            if each.requirement == result.requirement and matches(each.target, target) and not self._expired(each):
                self._need(each)
                return True
        return False

    @property
    def needed(self) -> Sequence[Waiver]:
        """Those that were needed and hold."""
        return self._needed

    def findings(self) -> Iterator[Finding]:
        """What is wrong with the waivers themselves, once every target was judged."""
        for each in self._waivers:
            message = self._fault(each)
            if message is not None:
                yield Finding(Rule.WAIVER, message, target=each.target, requirement=each.requirement)

    def notes(self) -> Iterator[str]:
        """Those that expire soon."""
        for each in self._needed:
            if each.expires - self._today <= NOTICE:
                yield f"the waiver for {each.name} expires on {each.expires}; its owner is {each.owner}"

    def _need(self, waiver: Waiver) -> None:
        if waiver not in self._needed:
            self._needed.append(waiver)

    def _expired(self, waiver: Waiver) -> bool:
        return self._today > waiver.expires

    def _fault(self, waiver: Waiver) -> str | None:
        if self._expired(waiver):
            return (
                f"the waiver for {waiver.name} expired on {waiver.expires}: repair it, or have its owner, {waiver.owner}, "
                "give it a new date and reason"
            )
        if waiver in self._needed:
            return None
        seen = self._seen[waiver]
        if not seen:
            return f"the waiver for {waiver.name} is unused, as no report has that: remove it, or correct its target"
        if set(seen) == {Outcome.PASSED}:
            return f"the waiver for {waiver.name} is for what passes by now: remove it"
        ended = ", ".join(dict.fromkeys(outcome.words for outcome in seen))
        return f"the waiver for {waiver.name} accepts nothing, as that is {ended}: remove it"


def with_waived(report: Report, waived: Mapping[str, Iterable[str]]) -> Report:
    """The report with requirements as waived that a policy accepts; its checks stay as they ended.

    Args:
        report: A report before the gate.
        waived: The ids of these requirements, by the label of the target.
    """
    accepted = {(label, name) for label, names in waived.items() for name in names}
    return dataclasses.replace(
        report,
        results=tuple(
            dataclasses.replace(each, outcome=Outcome.WAIVED) if (each.target, each.requirement) in accepted else each
            for each in report.results
        ),
    )
