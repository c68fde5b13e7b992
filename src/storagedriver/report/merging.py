"""One report out of several: of shards, each of which ran a part of the checks on the same targets."""

from __future__ import annotations

import dataclasses
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storagedriver.contract import REQUIREMENTS
from storagedriver.report.collect import settled
from storagedriver.report.errors import ReportError
from storagedriver.report.model import Check, Environment, Report, Result, Run, Target
from storagedriver.report.narrowing import in_no_shard, is_narrowing, shard_missing, shards_of
from storagedriver.report.outcome import Outcome
from storagedriver.report.shard import Shard, all_of, named

WORST_FIRST = (3, 2, 4, 1, 5, 0)
"""Exit statuses of pytest: broken, interrupted, wrong usage, failures, nothing collected, all passed."""

_SAME_RUN = ("profile",)
_SAME_ENVIRONMENT = ("storagedriver", "python", "packages", "commit")
_SAME_TARGET = ("driver", "distribution", "server", "capabilities", "files")
"""Fields of a target in which shards must not differ. Parameters may: each shard has a folder and a port of its own."""


def merged(shards: Mapping[str, Report]) -> Report:
    """The report on what the shards ran together; they are named, by their files, in whatever is told of them.

    A check that ran in several shards counts once: if it ended in more than one way it is flaky. One that ran in none is
    not run. The whole is complete if every check was run somewhere, and no shard was cut short by anything else than the
    choice of its checks.

    Shards that --shard made are more than parts of some kind: it is known which there have to be. One that is missing makes
    the whole incomplete, and one that is there twice, or is of another run, is refused.

    Raises:
        ReportError: The shards are not of one kit, profile, environment and set of targets, or there are none; or those of
            --shard are not of one run.
    """
    if not shards:
        raise ReportError("there is nothing to merge")
    names, reports = list(shards), list(shards.values())
    for name, report in list(shards.items())[1:]:
        _require_same(names[0], reports[0], name, report)
    missing = _missing(shards)
    targets = tuple(_target([_of(report, each.label) for report in reports]) for each in reports[0].targets)
    results = tuple(result for target in targets for result in _results(target.label, reports))
    return Report(_run(shards, results, missing), _environment(reports), targets, results)


def _require_same(first: str, one: Report, name: str, other: Report) -> None:
    pairs: list[tuple[str, Any, Any]] = [
        *((field, getattr(one.run, field), getattr(other.run, field)) for field in _SAME_RUN),
        *(
            (
                "kit version" if field == "storagedriver" else field,
                getattr(one.environment, field),
                getattr(other.environment, field),
            )
            for field in _SAME_ENVIRONMENT
        ),
        ("set of targets", sorted(each.label for each in one.targets), sorted(each.label for each in other.targets)),
    ]
    for what, before, after in pairs:
        if before != after:
            raise ReportError(
                f"{name} has another {what} than {first}: {_told(after)}, not {_told(before)}; merge shards of one run"
            )
    for target in one.targets:
        for field in _SAME_TARGET:
            before, after = getattr(target, field), getattr(_of(other, target.label), field)
            if before != after:
                raise ReportError(
                    f"{name} has another {field} of {target.label} than {first}: {_told(after)}, not {_told(before)}; "
                    "merge shards of one run"
                )


def _missing(shards: Mapping[str, Report]) -> list[Shard]:
    """The shards of the run that are not among these; none if it was not --shard that made the parts.

    Raises:
        ReportError: They are not of one run, or one is there twice.
    """
    parts = {name: _shards(name, report) for name, report in shards.items()}
    first = next((name for name, held in parts.items() if held), None)
    if first is None:
        return []
    owners: dict[Shard, str] = {}
    count = min(parts[first]).count
    for name, held in parts.items():
        if not held:
            raise ReportError(f"{name} is no shard, and {first} is {named(parts[first])}; merge shards of one run")
        if min(held).count != count:
            raise ReportError(f"{name} is {named(held)}, and {first} {named(parts[first])}; merge shards of one run")
        for shard in sorted(held):
            other = owners.setdefault(shard, name)
            if other != name:
                raise ReportError(f"{name} and {other} are both shard {shard}; leave one of them out")
    whole = [name for name, report in shards.items() if all(map(is_narrowing, report.run.incomplete_reasons))]
    for name in whole[1:]:
        _require_same_checks(whole[0], shards[whole[0]], name, shards[name])
    return [each for each in all_of(count) if each not in owners]


def _shards(name: str, report: Report) -> frozenset[Shard]:
    try:
        return shards_of(report.run.incomplete_reasons)
    except ValueError as wrong:
        raise ReportError(f"{name}: {wrong}") from wrong


def _require_same_checks(first: str, one: Report, name: str, other: Report) -> None:
    """Each shard names the checks of all, so that a shard of another choice of suites or checks is found out."""
    known, found = ({(label, check.node_id) for label, check in _checks(report)} for report in (one, other))
    for here, there, strange in ((name, first, found - known), (first, name, known - found)):
        if strange:
            label, node_id = min(strange)
            more = f" and {len(strange) - 1:,} more" if len(strange) > 1 else ""
            raise ReportError(
                f"{here} names checks that {there} does not: {_told(node_id)} on {label}{more}; merge shards of one run"
            )


def _checks(report: Report) -> Iterator[tuple[str, Check]]:
    return ((result.target, check) for result in report.results for check in result.checks)


def _told(value: Any) -> str:
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _of(report: Report, label: str) -> Target:
    return next(each for each in report.targets if each.label == label)


def _target(same: Sequence[Target]) -> Target:
    names = dict.fromkeys(name for each in same for name in each.parameters)
    parameters = {
        name: " | ".join(dict.fromkeys(each.parameters[name] for each in same if name in each.parameters))
        for name in names
    }
    return dataclasses.replace(same[0], parameters=parameters)


def _results(label: str, reports: Sequence[Report]) -> list[Result]:
    attempts: dict[str, list[Check]] = {}
    known: dict[str, Result] = {}
    for report in reports:
        for result in report.of(label):
            known.setdefault(result.requirement, result)
            for check in result.checks:
                attempts.setdefault(check.node_id, []).append(check)
    proved: dict[str, list[Check]] = {name: [] for name in known}
    for each in attempts.values():
        check = _settled(each)
        proved[check.requirement].append(check)
    order = {name: position for position, name in enumerate(REQUIREMENTS)}
    return [
        Result.of_checks(
            label,
            name,
            proved[name],
            title=known[name].title,
            level=known[name].level,
            capability=known[name].capability,
        )
        for name in sorted(known, key=lambda name: order.get(name, len(order)))
    ]


def _settled(attempts: Sequence[Check]) -> Check:
    """What the shards say of one check together; those that did not run it have no say.

    A check may judge several requirements, and belongs to the one that it saw broken.
    """
    ran = [each for each in attempts if each.outcome is not Outcome.NOT_RUN] or attempts[:1]
    broken = next((each for each in ran if each.outcome is not Outcome.PASSED), ran[0])
    return dataclasses.replace(settled(ran), requirement=broken.requirement)


def _run(shards: Mapping[str, Report], results: Sequence[Result], missing: Sequence[Shard]) -> Run:
    runs = [report.run for report in shards.values()]
    seeds = {run.seed for run in runs}
    statuses = [run.exit_status for run in runs]
    reasons = _reasons(shards, results, missing)
    return Run(
        started=min(run.started for run in runs),
        finished=max(run.finished for run in runs),
        profile=runs[0].profile,
        suites=tuple(dict.fromkeys(suite for run in runs for suite in run.suites)),
        arguments=tuple(shlex.join(run.arguments) for run in runs),
        seed=seeds.pop() if len(seeds) == 1 else None,
        complete=not reasons,
        exit_status=next((each for each in WORST_FIRST if each in statuses), max(statuses)),
        incomplete_reasons=tuple(reasons),
    )


def _reasons(shards: Mapping[str, Report], results: Sequence[Result], missing: Sequence[Shard]) -> list[str]:
    reasons = [
        f"{name}: {reason}"
        for name, report in shards.items()
        for reason in report.run.incomplete_reasons
        if not is_narrowing(reason)
    ]
    left = Counter(result.target for result in results for each in result.checks if each.outcome is Outcome.NOT_RUN)
    return [
        *reasons,
        *(shard_missing(each) for each in missing),
        *(in_no_shard(number, label) for label, number in left.items()),
    ]


def _environment(reports: Sequence[Report]) -> Environment:
    platforms = dict.fromkeys(report.environment.platform for report in reports)
    return dataclasses.replace(reports[0].environment, platform=" | ".join(platforms))
