"""Reasons why a run is not complete that other runs can make up for: it was asked for a part of the checks.

Merging drops them once every check was run in some shard. Every other reason stays: a run that was interrupted, or broke,
is made up for by no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from storagedriver.report.shard import Shard, all_of

_SHARD = r"([1-9][0-9]{0,5}/[1-9][0-9]{0,5})"
_RUN = re.compile(rf"only shard {_SHARD} was run: [0-9]+ of [0-9]+ checks")
_MISSING = re.compile(rf"shard {_SHARD} is missing")
_NARROWED = re.compile(
    r"[0-9]+ of [0-9]+ checks were deselected\b.*|--requirement .+|--sample .+|[0-9]+ checks? of .+ ran in no shard"
    rf"|{_RUN.pattern}|{_MISSING.pattern}",
    re.DOTALL,
)


def deselected(number: int, total: int, by: str) -> str:
    """The reason if checks were deselected; `by` says by what, as " by -k 'move'"."""
    return f"{number} of {total} checks were deselected{by}"


def only_requirements(names: Iterable[str]) -> str:
    """The reason if --requirement left out the checks of the others."""
    return f"--requirement {','.join(sorted(names))}"


def only_sample(number: int) -> str:
    """The reason if --sample left out values of a check."""
    return f"--sample {number}"


def left_out_of_sample(sample: int, number: int, total: int) -> str:
    """The same, where it is told how many."""
    return f"{only_sample(sample)} left out {number} of {total} checks"


def only_shard(shard: Shard, number: int, total: int) -> str:
    """The reason if --shard left the other shards' checks to others."""
    return f"only shard {shard} was run: {number} of {total} checks"


def shard_missing(shard: Shard) -> str:
    """The reason if shards were merged without this one: it may be merged in later."""
    return f"shard {shard} is missing"


def in_no_shard(number: int, label: str) -> str:
    """The reason if shards were merged and some are missing: others may be merged in later."""
    return f"{number} check{'' if number == 1 else 's'} of {label} ran in no shard"


def is_narrowing(reason: str) -> bool:
    """Whether a reason is one of these."""
    return _NARROWED.fullmatch(reason) is not None


def shards_of(reasons: Iterable[str]) -> frozenset[Shard]:
    """The shards that a report is made of, by the reasons why it is not complete; empty if it is of none.

    Raises:
        ValueError: The reasons contradict each other.
    """
    told = list(reasons)
    run = {Shard.of(found[1]) for each in told if (found := _RUN.fullmatch(each))}
    missing = {Shard.of(found[1]) for each in told if (found := _MISSING.fullmatch(each))}
    if len({each.count for each in run | missing}) > 1 or (run and missing) or len(run) > 1:
        raise ValueError("its reasons name shards that do not fit together")
    return frozenset(run or {each for one in missing for each in all_of(one.count)} - missing)
