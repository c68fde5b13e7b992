"""What changed between two reports, requirement by requirement and check by check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from storagedriver.contract import REQUIREMENTS
from storagedriver.report.model import Report
from storagedriver.report.outcome import AGAINST, Outcome


class Kind(StrEnum):
    """What became of a requirement or a check.

    Attributes:
        REGRESSED: It passed and does no more, or speaks against the driver where it said nothing before. A skip of what
            passed is a regression too: nothing is known any more.
        REPAIRED: It did not pass and does now.
        CHANGED: It ended in another way, neither of which is a pass or news against the driver.
        NEW: The old report does not have it.
        GONE: The new report does not have it.
    """

    REGRESSED = "regressed"
    REPAIRED = "repaired"
    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        kind: What it means.
        target: The target's label.
        requirement: The requirement's id.
        check: The check's node id; None if it is the requirement that changed.
        before: How it ended in the old report; None if that does not have it.
        after: The same for the new report.
    """

    kind: Kind
    target: str
    requirement: str
    check: str | None
    before: Outcome | None
    after: Outcome | None

    @classmethod
    def between(
        cls, target: str, requirement: str, check: str | None, before: Outcome | None, after: Outcome | None
    ) -> Self | None:
        """The change from one outcome to another; None if there is none."""
        found = kind(before, after)
        return None if found is None else cls(found, target, requirement, check, before, after)


def kind(before: Outcome | None, after: Outcome | None) -> Kind | None:
    """What it means that something ended in one way and then in another; None if nothing changed."""
    if before is after:
        return None
    if before is None:
        return Kind.NEW
    if after is None:
        return Kind.GONE
    if after is Outcome.PASSED:
        return Kind.REPAIRED
    if before is Outcome.PASSED or (after in AGAINST and before not in AGAINST):
        return Kind.REGRESSED
    return Kind.CHANGED


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two reports.

    Attributes:
        requirements: Changes of requirements, target by target in the order of the contract.
        checks: Changes of checks, in the same order.
        new_targets: Targets of the new report alone.
        gone_targets: Targets of the old report alone.
    """

    requirements: tuple[Change, ...]
    checks: tuple[Change, ...]
    new_targets: tuple[str, ...]
    gone_targets: tuple[str, ...]

    @classmethod
    def of(cls, old: Report, new: Report) -> Self:
        """Compare two reports. Targets are the same if their labels are, checks if their node ids are."""
        before, after = _by_requirement(old), _by_requirement(new)
        checks_before, checks_after = _by_check(old), _by_check(new)
        labels, old_labels = [each.label for each in new.targets], [each.label for each in old.targets]
        return cls(
            requirements=_changes(before, after),
            checks=_changes(checks_before, checks_after),
            new_targets=tuple(label for label in labels if label not in old_labels),
            gone_targets=tuple(label for label in old_labels if label not in labels),
        )

    def of_kind(self, wanted: Kind) -> tuple[Change, ...]:
        """The requirements that changed so, then the checks."""
        return tuple(each for each in (*self.requirements, *self.checks) if each.kind is wanted)

    @property
    def lost(self) -> tuple[Change, ...]:
        """Requirements that passed and of which the new report says nothing: whether they are kept is not known."""
        return tuple(each for each in self.requirements if each.kind is Kind.GONE and each.before is Outcome.PASSED)

    @property
    def regressed(self) -> bool:
        """Whether anything is worse than before: a requirement or a check regressed, or a kept requirement is gone."""
        return bool(self.of_kind(Kind.REGRESSED) or self.lost)


_Key = tuple[str, str, str | None]


def _by_requirement(report: Report) -> dict[_Key, Outcome]:
    return {(each.target, each.requirement, None): each.outcome for each in report.results}


def _by_check(report: Report) -> dict[_Key, Outcome]:
    return {
        (each.target, each.requirement, check.node_id): check.outcome
        for each in report.results
        for check in each.checks
    }


def _changes(before: Mapping[_Key, Outcome], after: Mapping[_Key, Outcome]) -> tuple[Change, ...]:
    order = {name: position for position, name in enumerate(REQUIREMENTS)}
    labels = dict.fromkeys(label for label, _, _ in (*after, *before))
    targets = {label: position for position, label in enumerate(labels)}
    keys = sorted(
        dict.fromkeys((*before, *after)),
        key=lambda key: (targets[key[0]], order.get(key[1], len(order)), key[1], key[2] or ""),
    )
    found = (Change.between(*key, before.get(key), after.get(key)) for key in keys)
    return tuple(each for each in found if each is not None)
