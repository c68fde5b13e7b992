"""--shard: which part of what was collected this run has, the others of the same command having the rest.

An item's shard follows from its name alone. So runs on machines that know nothing of each other agree, also workers of
pytest-xdist, and a new check moves no other one into another shard; the price is that shards are of one size only roughly.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import pytest

from storagedriver.plugin.accounting import label_of
from storagedriver.report.shard import Shard

LENGTHY = "lengthy"
"""The mark of modules whose checks take long; those that name one `group` in it, and follow each other, are one worker's."""

TOGETHER = "together"
"""The mark of modules whose checks share what is costly to make; they are in one shard, for each target."""


def has(shard: Shard, item: pytest.Item) -> bool:
    """Whether an item belongs to a shard."""
    digest = hashlib.sha256(_unit(item).encode("utf-8", "backslashreplace")).digest()
    return int.from_bytes(digest[:8], "big") % shard.count == shard.number - 1


def is_together(item: pytest.Item) -> bool:
    """Whether an item shares with others of its module what is costly to make."""
    return item.get_closest_marker(TOGETHER) is not None


def shared_out(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Items in the order in which so many workers of pytest-xdist are to have them: nobody waits at the end for what takes long.

    The checks that share what is costly come first: so one worker has them all, and nothing is made twice. What is lengthy is
    at the head of the parts of all workers in turn; xdist gives each an equal part of the order, one after the other.
    """
    shared = [item for item in items if is_together(item)]
    lengthy = [item for item in items if not is_together(item) and item.get_closest_marker(LENGTHY) is not None]
    groups = [list(group) for _, group in itertools.groupby(lengthy, _lengthy_group)]
    taken = {*shared, *lengthy}
    rest = [item for item in items if item not in taken]
    order: list[pytest.Item] = []
    for number in range(workers):
        # The first worker has what is shared to begin with, and so the last turn.
        head = [*(shared if number == 0 else ()), *itertools.chain(*groups[(number - 1) % workers :: workers])]
        size = (len(items) - len(order)) // (workers - number)
        light = max(0, size - len(head))
        order += [*head, *rest[:light]]
        del rest[:light]
    return [*order, *rest]


def _lengthy_group(item: pytest.Item) -> str:
    mark = item.get_closest_marker(LENGTHY)
    return item.nodeid if mark is None else mark.kwargs.get("group", item.nodeid)


def _unit(item: pytest.Item) -> str:
    return f"{item.nodeid.partition('::')[0]} {label_of(item)}" if is_together(item) else item.nodeid
