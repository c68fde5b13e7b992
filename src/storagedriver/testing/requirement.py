"""The mark that ties a check to the one clause of the contract it proves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storagedriver.contract import requirement as find


def requirement(
    identifier: str, *, capability: str | None = None, without: str | None = None, needs: Sequence[str] = ()
) -> pytest.MarkDecorator:
    """Say which clause of the contract a check proves.

    Args:
        identifier: The requirement's id: "CONT-2".
        capability: Run where the driver declares this field of Capabilities; elsewhere the check is "not offered".
            The requirement's own capability counts without being named.
        without: Run only where the driver does not declare this capability: for the refusal that CAP-1 asks.
        needs: What the check needs of the registration: "inspect" (it names what lies on the backend), "root" (it has
            a root parameter), "nested-roots" (a root is a directory of the store above it), "shared" (other processes see
            the same content), "foreign" (it opens the backend as other tools see it), "second-names" (those tools can give
            a file several names), "wire" (a proxy can be put between driver and server), "requests" (that, or what is
            between driver and library). Elsewhere it is skipped with the reason.

    Raises:
        UnknownRequirementError: The contract has no such clause.
    """
    found = find(identifier)
    return pytest.mark.requirement(
        found.id, capability=capability or found.capability, without=without, needs=tuple(needs)
    )


full = pytest.mark.profile("full")
"""For checks that take seconds: run in the profiles full and soak, not in quick."""

together = pytest.mark.together
"""For a module whose checks share what is costly to make, as `pytestmark = together`: --shard keeps them in one shard."""

lengthy = pytest.mark.lengthy
"""For a module whose checks take many times as long as most, as `pytestmark = lengthy`: where several processes share the
checks, they are begun first. Those of one `lengthy(group="...")` are begun by one process."""

soak = pytest.mark.profile("soak")
"""For checks that take minutes, or gigabytes of the backend: run in the profile soak alone."""
