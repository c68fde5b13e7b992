"""The judgement: reports, a policy and a day in, a verdict out. Whatever it does not understand closes the gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from storagedriver.certification.policy import Policy, matches
from storagedriver.certification.verdict import Finding, JudgedTarget, Rule, Verdict
from storagedriver.certification.waiving import Waivers
from storagedriver.contract import GROUPS, REQUIREMENTS, Level, Requirement
from storagedriver.registry import PROFILES
from storagedriver.report import Outcome, Report, Result, Tally, Target
from storagedriver.report.environment import version
from storagedriver.report.foreign_text import one_line
from storagedriver.report.grants import Grant
from storagedriver.report.narrowing import shards_of
from storagedriver.report.outcome import AGAINST
from storagedriver.report.tally import INCOMPLETE_PASS
from storagedriver.report.validation import Seal, Validation

EXECUTED = frozenset({Outcome.PASSED, Outcome.FAILED, Outcome.FLAKY})
"""Outcomes of checks that ran to a judgement."""

_CLOSING: Mapping[Outcome, tuple[Rule, str]] = {
    Outcome.FAILED: (Rule.FAILED, "repair the driver, or add a waiver for it"),
    Outcome.ERRORED: (Rule.ERRORED, "repair what broke and run again; a waiver cannot accept what is not known"),
    Outcome.FLAKY: (Rule.FLAKY, "find out why and repair it, or add a waiver for it"),
    Outcome.SKIPPED: (Rule.SKIPPED, "make it run, or add a waiver for it"),
    Outcome.NOT_RUN: (Rule.NOT_RUN, "run the suites that judge it"),
}


_BROKEN = frozenset({Rule.FAILED, Rule.ERRORED, Rule.FLAKY, Rule.REGRESSED})
"""Rules about what was judged, and is not as it should be."""


def decide(
    policy: Policy,
    reports: Sequence[Validation],
    *,
    baselines: Sequence[Report] = (),
    commit: str | None = None,
    today: date,
) -> Verdict:
    """Judge reports by a policy.

    Args:
        policy: What they have to show.
        reports: The files, valid or not.
        baselines: The reports of before; no two of them have a target of one label.
        commit: The commit that every report has to be of, or the beginning of its name; None for any.
        today: The day by which waivers expire, and reports are too old.
    """
    waivers = Waivers(policy.waivers, today)
    findings: list[Finding] = []
    notes: list[str] = []
    judged: list[JudgedTarget] = []
    known: list[Target] = []
    before = {target.label: baseline for baseline in baselines for target in baseline.targets}
    for validation in reports:
        findings += _file(validation)
        report = validation.report
        if report is None:
            continue
        findings += _run(validation.path, report, policy)
        findings += _time_and_place(validation.path, report, policy, commit=commit, today=today)
        notes += _kit(validation.path, report)
        for target in report.targets:
            baseline = before.get(target.label)
            case = _Case(validation.path, report, target, baseline=baseline, policy=policy, waivers=waivers)
            # What broke is what a reader has to see first; what is missing may be many lines.
            findings += sorted(case.findings(), key=lambda finding: finding.rule not in _BROKEN)
            notes += case.notes()
            if baselines and baseline is None:
                notes.append(f"{target.label} ({validation.path}): no baseline has it, so nothing is compared")
            judged.append(case.judged())
            known.append(target)
    findings += [
        Finding(Rule.TARGET, f"the target {wanted} is required and in no report: {_how_to_run(wanted)}", target=wanted)
        for wanted in policy.targets
        if not any(matches(wanted, target) for target in known)
    ]
    findings += waivers.findings()
    notes += waivers.notes()
    return Verdict(tuple(findings), tuple(notes), tuple(judged), tuple(waivers.needed), policy.without_groups)


def _file(validation: Validation) -> Iterator[Finding]:
    for problem in validation.problems:
        rule = Rule.EDITED if problem.startswith("edited") else Rule.INVALID
        yield Finding(rule, f"no valid report: {problem}", validation.path)
    if validation.seal is Seal.ABSENT:
        yield Finding(
            Rule.EDITED,
            "the report has no digest, so there is no telling whether it was edited: run the suites again",
            validation.path,
        )


def _run(file: str, report: Report, policy: Policy) -> Iterator[Finding]:
    run = report.run
    for reason in run.incomplete_reasons:
        way = "merge the reports of all shards" if shards_of([reason]) else "run all checks to their end"
        yield Finding(Rule.INCOMPLETE, f"the run is not complete: {reason}; {way}", file)
    broken = any(outcome in AGAINST for each in report.results for outcome in each.counts)
    if run.complete and run.exit_status != 0 and not broken:
        yield Finding(
            Rule.UNEXPLAINED,
            f"pytest ended with {run.exit_status} although no check failed: something beside the checks did; "
            "see its output, or run the suites alone",
            file,
        )
    if run.profile not in PROFILES or PROFILES.index(run.profile) < PROFILES.index(policy.profile):
        yield Finding(
            Rule.PROFILE,
            f"the profile was {run.profile}, and {policy.profile} is required: run with --profile {policy.profile}",
            file,
        )
    for suite in policy.required_suites():
        if suite not in run.suites:
            yield Finding(
                Rule.SUITE,
                f"the suite {suite} was not run: run pytest without --suite, or name the suites that decide in the policy",
                file,
            )
    if not report.targets:
        yield Finding(Rule.NOTHING_RUN, "no driver was judged: run with --driver", file)


def _time_and_place(file: str, report: Report, policy: Policy, *, commit: str | None, today: date) -> Iterator[Finding]:
    made = report.environment.commit
    # Of a tree with changes, "-dirty" at its end, no commit is what was judged.
    if commit is not None and (made is None or made.endswith("-dirty") or not made.startswith(commit)):
        yield Finding(
            Rule.COMMIT, f"the report is of commit {made or 'unknown'}, not of {commit}: run the suites on it", file
        )
    age = (today - report.run.finished.date()).days
    if policy.max_age_days is not None and age > policy.max_age_days:
        yield Finding(
            Rule.AGE,
            f"the run ended {age} days ago, and {policy.max_age_days} are allowed: run the suites again",
            file,
        )


def _kit(file: str, report: Report) -> Iterator[str]:
    made, installed = report.environment.storagedriver, version("storagedriver")
    if made != installed:
        yield f"{file}: storagedriver {made} made the report, and the contract of {installed} is what it is judged by"


def _how_to_run(wanted: str) -> str:
    driver, _, server = wanted.partition("@")
    backend = f" --backend={server}" if server else ""
    return f"run pytest --driver={driver}{backend} --certify-report=FILE.json and give that file too"


class _Case:
    """One target of one report before the gate."""

    def __init__(
        self,
        file: str,
        report: Report,
        target: Target,
        *,
        baseline: Report | None,
        policy: Policy,
        waivers: Waivers,
    ) -> None:
        self._file = file
        self._target = target
        self._policy = policy
        self._waivers = waivers
        self._results = {each.requirement: each for each in report.of(target.label)}
        self._before = {} if baseline is None else {each.requirement: each for each in baseline.of(target.label)}
        self._trials = sum(len(each.endings) for each in report.trials_of(target.label))
        self._waived: set[str] = set()
        executed = [each for each in self._results.values() if not EXECUTED.isdisjoint(each.counts)]
        self._requirements = len(executed)
        self._checks = sum(count for each in executed for outcome, count in each.counts.items() if outcome in EXECUTED)

    def judged(self) -> JudgedTarget:
        """The target and its share, once its findings are known: until then nothing is waived."""
        return JudgedTarget(
            file=self._file,
            label=self._target.label,
            tally=self._tally(),
            checks=self._checks,
            requirements=self._requirements,
            waived=tuple(name for name in REQUIREMENTS if name in self._waived),
        )

    def _tally(self) -> Tally:
        musts = [each for each in REQUIREMENTS.values() if each.level is Level.MUST]
        results = [found for each in musts if (found := self._results.get(each.id)) is not None]
        counts = Counter(Outcome.WAIVED if each.id in self._waived else self._outcome(each) for each in musts)
        partly = sum(each.outcome is Outcome.PASSED and not INCOMPLETE_PASS.isdisjoint(each.counts) for each in results)
        return Tally(Level.MUST, dict(counts), partly)

    def _outcome(self, requirement: Requirement) -> Outcome:
        result = self._results.get(requirement.id)
        return Outcome.NOT_RUN if result is None else _by_checks(result)

    def _finding(self, rule: Rule, message: str, requirement: str | None = None) -> Finding:
        return Finding(rule, message, self._file, self._target.label, requirement)

    def findings(self) -> Iterator[Finding]:
        """What closes the gate on this target."""
        if not self._checks:
            yield self._finding(Rule.NOTHING_RUN, f"no check was executed: {self._why_nothing()}")
            for requirement in REQUIREMENTS.values():
                # A waiver for a target that did not run is neither unused nor of use.
                self._waivers.accepts(self._target, requirement.id, self._outcome(requirement))
            return
        yield from self._minimum()
        yield from self._capabilities()
        yield from self._grants()
        absent = self._absent_groups()
        for group in absent:
            number = sum(each.group == group and each.level is not Level.SHOULD for each in REQUIREMENTS.values())
            yield self._finding(
                Rule.NOT_RUN,
                f"no check of the group {group} ({GROUPS[group]}; {number} requirements) was run: run the suites that judge "
                "it, or name it in without_groups",
            )
        for requirement in REQUIREMENTS.values():
            if self._policy.decides(requirement.group) and requirement.group not in absent:
                yield from self._requirement(requirement)

    def _why_nothing(self) -> str:
        reasons = Counter(
            check.reason for each in self._results.values() for check in each.checks if check.outcome not in EXECUTED
        )
        return f"{reasons.most_common(1)[0][0]}; make it run" if reasons else "make it run"

    def _minimum(self) -> Iterator[Finding]:
        minimum = self._policy.minimum
        for what, wanted, found in (
            ("checks were executed", minimum.checks, self._checks),
            ("requirements were judged", minimum.requirements, self._requirements),
            ("trials were made", minimum.trials, self._trials),
            ("% of all MUSTs are kept", minimum.must_percent, self._tally().percent or 0),
        ):
            if found < wanted:
                space = "" if what.startswith("%") else " "
                yield self._finding(
                    Rule.MINIMUM,
                    f"{found:,}{space}{what}, and the policy wants {wanted:,}: see what was left out, or lower `minimum`",
                )

    def _capabilities(self) -> Iterator[Finding]:
        for name in self._policy.capabilities:
            if self._target.capabilities.get(name) is not True:
                yield self._finding(
                    Rule.CAPABILITY,
                    f"the capability {name} is required and not declared: add it to the driver, or remove it from the policy",
                )

    def _grants(self) -> Iterator[Finding]:
        earned = {each.name: each for each in Grant.of(self._results.values())}
        for name in self._policy.grants:
            grant = earned.get(name)
            if grant is None or not grant.granted:
                told = f"{name}: nothing of it was judged" if grant is None else _short(grant.sentence)
                yield self._finding(
                    Rule.GRANT,
                    f"a grant is required and not earned ({told}): run the suites that judge it, and keep it",
                )

    def _absent_groups(self) -> list[str]:
        present = {each.group for each in self._results.values()}
        deciding = {each.group for each in REQUIREMENTS.values() if each.level is not Level.SHOULD}
        return [each for each in GROUPS if each in deciding - present and self._policy.decides(each)]

    def _requirement(self, requirement: Requirement) -> Iterator[Finding]:
        outcome = self._outcome(requirement)
        result = self._results.get(requirement.id)
        # SHOULDs are reported alone, but what is not stable is no result at all.
        decides = requirement.level is not Level.SHOULD or outcome is Outcome.FLAKY
        waived = self._waivers.accepts(self._target, requirement.id, outcome)
        if waived:
            self._waived.add(requirement.id)
        if outcome in _CLOSING and decides:
            if not waived:
                rule, advice = _CLOSING[outcome]
                yield self._finding(
                    rule,
                    f"{requirement.id} ({requirement.level}) {_ended(outcome)}{_why(result, outcome)}"
                    f"{self._since(requirement)}: {advice}",
                    requirement.id,
                )
            return
        if outcome is Outcome.NOT_OFFERED and self._target.capabilities.get(str(requirement.capability)) is True:
            yield self._finding(
                Rule.CAPABILITY,
                f"{requirement.id} is said not to be offered, although the capability {requirement.capability} is "
                "declared: run the suites again",
                requirement.id,
            )
        if result is not None and not waived:
            yield from self._regression(requirement, result, outcome)

    def _since(self, requirement: Requirement) -> str:
        before = self._before.get(requirement.id)
        passed = before is not None and _by_checks(before) is Outcome.PASSED
        return " (it passed in the baseline)" if passed else ""

    def _regression(self, requirement: Requirement, result: Result, outcome: Outcome) -> Iterator[Finding]:
        before = self._before.get(requirement.id)
        if before is None:
            return
        passed = _passed([before])
        worse = [each for each in result.checks if each.node_id in passed and each.outcome is not Outcome.PASSED]
        lost = _by_checks(before) is Outcome.PASSED and outcome is not Outcome.PASSED
        if not (worse or lost) or self._waivers.accepts_regression(self._target, result):
            return
        message = f"{requirement.id} ({requirement.level}) passed in the baseline and {_ended(outcome)} now"
        if not lost:
            first = worse[0]
            message = (
                f"{requirement.id} ({requirement.level}) has fewer passed checks than in the baseline: {len(worse)} "
                f"{'is' if len(worse) == 1 else 'are'} not passed now, as {first.node_id}, which {_ended(first.outcome)}"
                f"{f' ({_short(first.reason)})' if first.reason else ''}"
            )
        yield self._finding(
            Rule.REGRESSED, f"{message}: repair it, add a waiver, or publish a new baseline", requirement.id
        )

    def notes(self) -> Iterator[str]:
        """What closes nothing, and is worth knowing."""
        name = f"{self._target.label} ({self._file})"
        passed = _passed(self._before.values())
        if gone := passed - {check.node_id for each in self._results.values() for check in each.checks}:
            yield f"{name}: {len(gone)} checks that passed in the baseline are gone, as {min(gone)}"
        for requirement in REQUIREMENTS.values():
            outcome = self._outcome(requirement)
            if not self._policy.decides(requirement.group):
                if outcome in AGAINST:
                    yield f"{name}: {requirement.id} {_ended(outcome)}, in a group that the policy leaves out"
            elif requirement.level is Level.SHOULD and outcome in {Outcome.FAILED, Outcome.ERRORED}:
                yield f"{name}: {requirement.id} ({requirement.level}) {_ended(outcome)}"


def _passed(results: Iterable[Result]) -> set[str]:
    return {check.node_id for each in results for check in each.checks if check.outcome is Outcome.PASSED}


def _by_checks(result: Result) -> Outcome:
    """The outcome without waivers that someone else applied: those of this policy alone count."""
    if result.outcome is not Outcome.WAIVED:
        return result.outcome
    return Result.of_checks(
        result.target,
        result.requirement,
        result.checks,
        title=result.title,
        level=result.level,
        capability=result.capability,
    ).outcome


def _ended(outcome: Outcome) -> str:
    return {
        Outcome.PASSED: "passed",
        Outcome.FAILED: "failed",
        Outcome.ERRORED: "errored",
        Outcome.FLAKY: "is flaky",
        Outcome.SKIPPED: "was skipped",
        Outcome.NOT_RUN: "was not run",
        Outcome.NOT_OFFERED: "is not offered",
        Outcome.WAIVED: "is waived",
    }[outcome]


def _why(result: Result | None, outcome: Outcome) -> str:
    if result is None:
        return ", as the report does not have it"
    first = next((check for check in result.checks if check.outcome is outcome), None)
    if first is None:
        return ""
    evidence = first.evidence
    if evidence is not None and outcome is Outcome.FAILED:
        expected, seen = _short(evidence.expected), _short(evidence.seen)
        compared = f": expected {expected}, seen {seen}" if expected or seen else ""
        return f" ({_short(evidence.what)}{compared})"
    return f" ({_short(first.reason)})" if first.reason else ""


def _short(text: str) -> str:
    """So much that the advice after it is seen."""
    return one_line(text, limit=100)
