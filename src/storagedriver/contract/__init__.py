"""The contract: what every driver promises, as numbered requirements.

The suites test each one, a report names them, and a certificate counts them. `docs/contract.md` is made of this.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from types import MappingProxyType

from storagedriver.contract import (
    cap,
    conc,
    conf,
    cont,
    delete,
    dur,
    err,
    fault,
    foreign,
    leak,
    list_,
    move,
    path,
    perf,
    read,
    sec,
    stat,
    url,
    walk,
    write,
)
from storagedriver.contract.model import Level, Requirement

__all__ = ["GROUPS", "REQUIREMENTS", "Level", "Requirement", "UnknownRequirementError", "requirement"]

_MODULES = {
    "Capabilities": cap,
    "Paths": path,
    "Whole content": cont,
    "Streams out": read,
    "Streams in": write,
    "Stat": stat,
    "List": list_,
    "Move": move,
    "Delete": delete,
    "Walk": walk,
    "Redirect URLs": url,
    "Errors": err,
    "Parameters and factory": conf,
    "Concurrency": conc,
    "Faults": fault,
    "Crash and power": dur,
    "Leaks": leak,
    "Security": sec,
    "Foreign data": foreign,
    "Performance": perf,
}

REQUIREMENTS: Mapping[str, Requirement] = MappingProxyType(
    {each.id: each for module in _MODULES.values() for each in module.REQUIREMENTS}
)
"""Every requirement by its id, in the order of the contract."""

GROUPS: Mapping[str, str] = MappingProxyType(
    {module.REQUIREMENTS[0].group: title for title, module in _MODULES.items()}
)
"""The title of each group by its id, in the order of the contract: "CONT" is "Whole content"."""


def in_order(groups: Collection[str]) -> list[str]:
    """Groups in the order of the contract; those that this version of it does not have come last."""
    return [group for group in GROUPS if group in groups] + sorted(set(groups) - set(GROUPS))


class UnknownRequirementError(LookupError):
    """The contract has no such requirement.

    Attributes:
        identifier: What was asked for.
        near: Ids that look alike, the nearest first.
    """

    def __init__(self, identifier: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(identifier, near)
        self.identifier = identifier
        self.near = near

    def __str__(self) -> str:
        hint = f"did you mean {' or '.join(self.near)}?" if self.near else f"groups are {', '.join(GROUPS)}"
        return f"the contract has no requirement {self.identifier!r}; {hint}"


def requirement(identifier: str) -> Requirement:
    """The requirement with this id.

    Raises:
        UnknownRequirementError: There is none; the error lists near matches.
    """
    found = REQUIREMENTS.get(identifier)
    if found is None:
        text = str(identifier)
        near = difflib.get_close_matches(text.strip().upper().replace("_", "-"), REQUIREMENTS, n=3, cutoff=0.6)
        raise UnknownRequirementError(text, tuple(near))
    return found
