"""Making a certificate: only of what a gate let pass, and only about the files that were judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from storagedriver.certificates.errors import RefusedError
from storagedriver.certificates.statement import (
    FORMAT,
    Certificate,
    CertifiedPolicy,
    CertifiedReport,
    CertifiedTarget,
    CertifiedWaiver,
    Statement,
)
from storagedriver.certification import Policy, Verdict, Waiver
from storagedriver.driver_files import Files, same_distribution
from storagedriver.report import FilesDigest, Outcome, Report, Target
from storagedriver.report.digest import KEY
from storagedriver.report.environment import version
from storagedriver.report.outcome import AGAINST


def issue(
    verdict: Verdict,
    reports: Mapping[str, Report],
    *,
    policy: Policy,
    policy_file: tuple[str, str],
    files: Mapping[str, Files],
    made_at: datetime,
    valid: timedelta,
) -> Statement:
    """The statement that a gate let pass.

    Args:
        verdict: What the gate said.
        reports: The reports that it judged, by their files, each with a digest.
        policy: What it judged by.
        policy_file: The name of the policy's file, and the SHA-256 of it in hexadecimal.
        files: The files of each driver, by its name.
        made_at: Now; UTC.
        valid: How long it is said. It ends before, with the last day of the first waiver that was needed.

    Raises:
        RefusedError: The gate is closed, two reports have files of one name, or the files of a driver are not those
            that were judged.
    """
    if not verdict.passed:
        raise RefusedError("the gate is closed, so there is nothing to certify")
    names = [Path(path).name for path in reports]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise RefusedError(f"two of the reports are called {twice}; give them names of their own")
    for path, report in reports.items():
        for target in report.targets:
            _require_same(path, target, files[target.driver])
    certificate = Certificate(
        format=FORMAT,
        storagedriver=version("storagedriver") or "unknown",
        made_at=made_at,
        expires_at=_end(made_at + valid, verdict.waived),
        policy=CertifiedPolicy(policy_file[0], policy_file[1], policy.profile, policy.without_groups),
        reports=tuple(_report(path, report, verdict, files) for path, report in reports.items()),
        waivers=tuple(
            CertifiedWaiver(
                each.target, each.requirement, each.owner, each.reason, each.expires.isoformat(), each.issue
            )
            for each in verdict.waived
        ),
    )
    subjects: dict[FilesDigest, None] = dict.fromkeys(
        subject for report in reports.values() for target in report.targets for subject in files[target.driver].subjects
    )
    passed, warned = _requirements(verdict, reports)
    return Statement(tuple(subjects), certificate, tuple(passed), tuple(warned))


def _require_same(path: str, target: Target, files: Files) -> None:
    if files.driver is not None and files.driver != target.driver:
        raise RefusedError(
            f"{path} is about the driver {target.driver}, and the files are those of {files.driver}: certify it by itself"
        )
    # Files that are of no distribution may be what one was installed from; there is no telling by their name.
    if files.distribution is not None and not same_distribution(files.distribution, target.distribution):
        raise RefusedError(
            f"{path}: {target.label} came from {target.distribution or 'no distribution'}, and the files are of "
            f"{files.distribution}: run the suites on these"
        )
    for subject in files.subjects:
        same = (each for each in target.files if (each.name, each.method) == (subject.name, subject.method))
        judged = next(same, None)
        if judged is not None and judged.sha256 != subject.sha256:
            raise RefusedError(
                f"{path}: {target.label} was judged with another {subject.name} than the one here (sha256 "
                f"{judged.sha256[:16]}, not {subject.sha256[:16]}): run the suites on this one"
            )


def _end(latest: datetime, waivers: Sequence[Waiver]) -> datetime:
    """The end of the day on which the first waiver ends, if that is before `latest`."""
    first = min((each.expires for each in waivers), default=date.max)
    return latest if first >= latest.date() else datetime.combine(first + timedelta(days=1), time(), UTC)


def _report(path: str, report: Report, verdict: Verdict, files: Mapping[str, Files]) -> CertifiedReport:
    judged = {each.label: each for each in verdict.targets if each.file == path}
    return CertifiedReport(
        name=Path(path).name,
        digest=str(report.to_document()[KEY]),
        profile=report.run.profile,
        suites=report.run.suites,
        storagedriver=report.environment.storagedriver,
        commit=report.environment.commit,
        finished=report.run.finished,
        targets=tuple(
            CertifiedTarget(
                label=target.label,
                driver=target.driver,
                distribution=target.distribution,
                server=target.server,
                capabilities=tuple(name for name, declared in target.capabilities.items() if declared is True),
                kept=judged[target.label].tally.kept,
                total=judged[target.label].tally.total,
                waived=judged[target.label].waived,
                files=tuple(each.sha256 for each in files[target.driver].subjects),
            )
            for target in report.targets
        ),
    )


def _requirements(verdict: Verdict, reports: Mapping[str, Report]) -> tuple[Sequence[str], Sequence[str]]:
    """What is kept; and what is waived, or is not kept and decided nothing. Each by label and id, once."""
    waived = {(each.file, each.label): frozenset(each.waived) for each in verdict.targets}
    passed: dict[str, None] = {}
    warned: dict[str, None] = {}
    for path, report in reports.items():
        for result in report.results:
            name = f"{result.target} {result.requirement}"
            if result.requirement in waived[path, result.target]:
                warned[name] = None
            elif result.outcome is Outcome.PASSED:
                passed[name] = None
            elif result.outcome in AGAINST:
                # A SHOULD, or of a group that the policy leaves out: nothing else lets the gate open.
                warned[name] = None
    return [name for name in passed if name not in warned], list(warned)
