"""Reasons why a run is not complete that other runs can make up for: it was asked for a part of the checks.

Merging drops them once every check was run in some shard. Every other reason stays: a run that was interrupted, or broke,
is made up for by no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NARROWED = re.compile(
    r"[0-9]+ of [0-9]+ checks were deselected\b.*|--requirement .+|[0-9]+ checks? of .+ ran in no shard", re.DOTALL
)


def deselected(number: int, total: int, by: str) -> str:
    """The reason if checks were deselected; `by` says by what, as " by -k 'move'"."""
    return f"{number} of {total} checks were deselected{by}"


def only_requirements(names: Iterable[str]) -> str:
    """The reason if --requirement left out the checks of the others."""
    return f"--requirement {','.join(sorted(names))}"


def in_no_shard(number: int, label: str) -> str:
    """The reason if shards were merged and some are missing: others may be merged in later."""
    return f"{number} check{'' if number == 1 else 's'} of {label} ran in no shard"


def is_narrowing(reason: str) -> bool:
    """Whether a reason is one of these."""
    return _NARROWED.fullmatch(reason) is not None
