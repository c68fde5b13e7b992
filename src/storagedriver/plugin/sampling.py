"""--sample: of each check a few of its values, so that all that is promised is tried in a fraction of the time.

Which values follows from the seed and from their names alone: so the workers of pytest-xdist agree, and runs with other seeds
try other values.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import pytest

from storagedriver.plugin.accounting import is_check, label_of


def sampled(items: Iterable[pytest.Item], number: int, seed: int) -> list[pytest.Item]:
    """The items that are kept, in their order: of each check on each target at most `number`, and all that is no check."""
    items = list(items)
    values: dict[tuple[str, str | None], list[pytest.Item]] = defaultdict(list)
    for item in items:
        if is_check(item):
            values[item.nodeid.partition("[")[0], label_of(item)].append(item)
    left_out = {item for each in values.values() for item in sorted(each, key=lambda item: _rank(item, seed))[number:]}
    return [item for item in items if item not in left_out]


def _rank(item: pytest.Item, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {item.nodeid}".encode("utf-8", "backslashreplace")).digest()
