"""--shard: which part of what was collected this run has, the others of the same command having the rest.

An item's shard follows from its name alone. So runs on machines that know nothing of each other agree, also workers of
pytest-xdist, and a new check moves no other one into another shard; the price is that shards are of one size only roughly.
"""

from __future__ import annotations

import hashlib

import pytest

from storagedriver.plugin.accounting import label_of
from storagedriver.report.shard import Shard

TOGETHER = "together"
"""The mark of modules whose checks share what is costly to make; they are in one shard, for each target."""


def has(shard: Shard, item: pytest.Item) -> bool:
    """Whether an item belongs to a shard."""
    digest = hashlib.sha256(_unit(item).encode("utf-8", "backslashreplace")).digest()
    return int.from_bytes(digest[:8], "big") % shard.count == shard.number - 1


def is_together(item: pytest.Item) -> bool:
    """Whether an item shares with others of its module what is costly to make."""
    return item.get_closest_marker(TOGETHER) is not None


def _unit(item: pytest.Item) -> str:
    return f"{item.nodeid.partition('::')[0]} {label_of(item)}" if is_together(item) else item.nodeid
