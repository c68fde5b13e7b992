"""What is said of a requirement or a check that was not kept, the same in every rendering; foreign text is as it came."""

from __future__ import annotations

from collections.abc import Iterator

from storagedriver.contract import REQUIREMENTS, Level
from storagedriver.report.model import Check, Report, Result
from storagedriver.report.outcome import AGAINST, Outcome
from storagedriver.report.tally import Tally


def against(report: Report) -> Iterator[Result]:
    """Results that speak against a driver: MUSTs first, each level target by target in the order of the contract."""
    for level in Level:
        yield from (each for each in report.results if each.level is level and each.outcome in AGAINST)


def first(result: Result) -> Check | None:
    """The first check that ended as the requirement did."""
    return next((check for check in result.checks if check.outcome is result.outcome), None)


def why(check: Check | None) -> str:
    """Why a check ended as it did, in a line or a few: "content: expected b'1', seen b'2'"."""
    if check is None:
        return "no check of it was run"
    evidence = check.evidence
    if evidence is None:
        return check.reason or "no evidence was recorded"
    if evidence.expected or evidence.seen:
        told = f"{evidence.what}: expected {evidence.expected}, seen {evidence.seen}"
    else:
        told = evidence.what or next(
            iter(reversed(evidence.traceback.strip().splitlines())), "no evidence was recorded"
        )
    return f"{check.reason}: {told}" if check.reason else told


def reason(result: Result) -> str:
    """Why a requirement that nothing speaks against is not kept."""
    if result.outcome is Outcome.WAIVED:
        counts = ", ".join(f"{count} {ending.words}" for ending, count in result.counts.items())
        return f"by its checks: {counts or 'not run'}"
    return why(first(result))


def evidence_text(check: Check) -> str:
    """All that is known of a failure: what was judged, the calls, the traceback and the script that reproduces it."""
    evidence = check.evidence
    if evidence is None:
        return check.reason
    parts = [why(check)]
    if evidence.calls:
        parts.append("\n".join(["calls:", *(f"  {call}" for call in evidence.calls)]))
    if evidence.traceback:
        parts.append(evidence.traceback.rstrip())
    if evidence.reproducer:
        parts.append(f"reproducer:\n{evidence.reproducer.rstrip()}")
    return "\n\n".join(parts)


def rationale(requirement: str) -> str:
    """Why the contract has a requirement; "" for one of another version of the kit."""
    known = REQUIREMENTS.get(requirement)
    return "" if known is None else known.rationale


def headline(report: Report, label: str) -> str:
    """The headline of one target; of an incomplete run it says that first."""
    sentence = Tally.of(report.of(label)).sentence
    return sentence if report.run.complete else f"INCOMPLETE RUN, certifies nothing · {sentence}"


def ended(result: Result) -> str:
    """How many checks of a requirement ended as it did: "failed: 2 of 3 checks"."""
    if not result.checks:
        return result.outcome.words
    checks = f"{len(result.checks)} check{'' if len(result.checks) == 1 else 's'}"
    return f"{result.outcome.words}: {result.counts.get(result.outcome, 0)} of {checks}"
