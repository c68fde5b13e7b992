"""Whether every check had its turn. A run in which one had not certifies nothing, and the reasons say why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import pytest

from storagedriver.plugin.selection import Suite, requirement_of
from storagedriver.report.narrowing import deselected, left_out_of_sample, only_requirements, only_sample, only_shard
from storagedriver.report.shard import Shard

PlannedCheck = tuple[str, str, str, str]
"""A check of the profile: its target, node id and requirement, and why it is not to be run; "" if it is.

Simple values, which xdist carries."""


ELSEWHERE = "it belongs to another shard than"
"""What the reason begins with that a check is not run if --shard leaves it to another run."""


class Selection:
    """What becomes of the checks between their collection and the run.

    Lives where checks are collected: under pytest-xdist in each worker, whose controller gets the reasons.
    """

    def __init__(
        self, suites: Sequence[Suite], *, whole: bool, shard: Shard | None = None, sample: int | None = None
    ) -> None:
        """Begin; `whole` unless the user named a part of the suites himself."""
        self._shard = shard
        self._sample = sample
        self._modules = [module.resolve() for suite in suites for module in suite.modules] if whole else []
        self._kept: dict[str, bool] = {}
        self._elsewhere: set[str] = set()
        self._not_drawn: set[str] = set()
        self._checks: list[tuple[str, str, str]] = []
        self._missing: list[Path] = []

    def keep(
        self,
        collected: Iterable[pytest.Item],
        profiled: Iterable[pytest.Item],
        asked: Iterable[pytest.Item],
        drawn: Iterable[pytest.Item],
        kept: Iterable[pytest.Item],
    ) -> None:
        """Take what was collected, what the profile keeps of it, --requirement of that, --sample and --shard of that."""
        # Thousands of checks lie in few modules, and to resolve a path is to ask the file system.
        paths = {path.resolve() for path in {item.path for item in collected}}
        self._missing = [module for module in self._modules if module not in paths]
        self._kept = {item.nodeid: is_check(item) for item in kept}
        checks = {item.nodeid for item in asked if is_check(item)}
        self._not_drawn = checks - {item.nodeid for item in drawn}
        self._elsewhere = checks - self._not_drawn - self._kept.keys()
        self._checks = [
            (label, item.nodeid, clause.id)
            for item in profiled
            if (label := label_of(item)) is not None and (clause := requirement_of(item)) is not None
        ]

    def checks(
        self, final: Iterable[pytest.Item], config: pytest.Config, requirements: Collection[str] | None
    ) -> list[PlannedCheck]:
        """All checks of the profile; those that are not among `final` have the reason why."""
        names = {item.nodeid for item in final}
        by = f"deselected{_by(config)}"
        unasked = "" if requirements is None else only_requirements(requirements)

        def reason(name: str) -> str:
            if name in names:
                return ""
            if name in self._kept:
                return by
            if name in self._not_drawn and self._sample is not None:
                return only_sample(self._sample)
            return f"{ELSEWHERE} {self._shard}" if name in self._elsewhere else unasked

        return [(label, name, clause, reason(name)) for label, name, clause in self._checks]

    def reasons(self, final: Iterable[pytest.Item], config: pytest.Config) -> list[str]:
        """Why what is going to be run is not all that there is; empty if it is."""
        names = {item.nodeid for item in final}
        checks = [name for name, check in self._kept.items() if check]
        lost = [name for name in checks if name not in names]
        reasons = []
        if self._sample is not None and self._not_drawn:
            drawn = len(checks) + len(self._elsewhere)
            reasons.append(left_out_of_sample(self._sample, len(self._not_drawn), drawn + len(self._not_drawn)))
        if self._shard is not None:
            reasons.append(only_shard(self._shard, len(checks), len(checks) + len(self._elsewhere)))
        if lost:
            reasons.append(deselected(len(lost), len(checks), _by(config)))
        elif _last_failed(config):
            # pytest drops the rest of a module before anybody sees it.
            reasons.append("only the checks that failed last were run, by --lf")
        if self._missing:
            modules = ", ".join(module.name for module in self._missing)
            reasons.append(f"no check was collected from {modules}{_by(config)}")
        return reasons


class Attendance:
    """Which items were to be run and which had their turn. Lives in the controller."""

    def __init__(self) -> None:
        """Begin with none."""
        self._expected: set[str] = set()
        self._seen: set[str] = set()

    def expect(self, names: Iterable[str]) -> None:
        """Take the node ids that are going to be run."""
        self._expected.update(names)

    def see(self, name: str) -> None:
        """Note that an item ended."""
        self._seen.add(name)

    def reason(self) -> str | None:
        """How many had no turn; None if all had."""
        missing = len(self._expected - self._seen)
        return f"{missing} of {len(self._expected)} tests did not run to their end" if missing else None


def are_elsewhere(checks: Iterable[PlannedCheck]) -> bool:
    """Whether there are checks, and every one that is asked for belongs to another shard."""
    why = [reason for *_, reason in checks]
    elsewhere = [reason for reason in why if reason.startswith(ELSEWHERE)]
    return bool(elsewhere) and all(reason.startswith(("--requirement", "--sample", ELSEWHERE)) for reason in why)


def is_check(item: pytest.Item) -> bool:
    """Whether an item is judged by the plugin: it proves a requirement on a target."""
    return item.get_closest_marker("requirement") is not None and label_of(item) is not None


def label_of(item: pytest.Item) -> str | None:
    """The target that an item runs on; None if it runs on none."""
    callspec = getattr(item, "callspec", None)
    label = None if callspec is None else callspec.params.get("storagedriver_target")
    return label if isinstance(label, str) else None


def _last_failed(config: pytest.Config) -> bool:
    cache = getattr(config, "cache", None)
    return bool(getattr(config.option, "lf", False) and cache is not None and cache.get("cache/lastfailed", {}))


def _by(config: pytest.Config) -> str:
    option = config.option
    words = [
        *([f"-k {option.keyword!r}"] if option.keyword else []),
        *([f"-m {option.markexpr!r}"] if option.markexpr else []),
        *(["--deselect"] if getattr(option, "deselect", None) else []),
        *(["--ignore"] if getattr(option, "ignore", None) or getattr(option, "ignore_glob", None) else []),
        *(["--lf"] if getattr(option, "lf", False) else []),
        *(["--sw"] if getattr(option, "stepwise", False) else []),
    ]
    return f" by {', '.join(words)}" if words else " by a plugin, a conftest.py or a setting of pytest"
