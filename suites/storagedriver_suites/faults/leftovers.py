"""What lies in a store's folder and belongs to nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_RANDOM = re.compile(r"[0-9a-f]{8}[0-9a-f-]*|[0-9]+|(?<=tmp)[a-z0-9_]{6,}")


def kinds(names: Iterable[str]) -> Counter[str]:
    """How many names there are of each kind: what is random in them, or counts, is left out."""
    return Counter(_RANDOM.sub("*", name) for name in names)


def left_over(names: Iterable[str], *usual: Iterable[str]) -> list[str]:
    """The kinds of names that are more than in each of the usual states."""
    expected: Counter[str] = Counter()
    for each in usual:
        expected |= kinds(each)
    return sorted((kinds(names) - expected).elements())
