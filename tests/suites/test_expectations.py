"""What a check says that was broken: short enough to be read, and telling what matters."""

from __future__ import annotations

import pytest

from storagedriver.testing import ContractViolation, expect

MANY = [f"/d/{number:03}" for number in range(40)]


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (MANY[:7] + MANY[8:], "without '/d/007'"),
        ([*MANY, "/d/x"], "with '/d/x'"),
        ([*MANY[5:], "/d/x"], "without '/d/000', '/d/001', '/d/002' and 2 more; with '/d/x'"),
        (MANY[::-1], "in another order"),
        ([*MANY, MANY[3]], "some more often than others"),
        ([], "without '/d/000', '/d/001', '/d/002' and 37 more"),
    ],
)
def test_long_lists_are_told_by_their_difference(seen: list[str], told: str) -> None:
    """Both are too long to be compared by eye."""
    with pytest.raises(ContractViolation) as broken:
        expect.equal(seen, MANY, "children of /d")

    assert broken.value.what == f"children of /d ({told})"


def test_short_lists_speak_for_themselves() -> None:
    with pytest.raises(ContractViolation) as broken:
        expect.equal(["/a"], ["/a", "/b"], "children of /")

    assert broken.value.what == "children of /"
