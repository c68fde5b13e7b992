"""What a check that did not pass means: the driver broke its promise, or the kit, the server or the check itself broke."""

from __future__ import annotations

import dataclasses
import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from storagedriver.contract import Requirement
from storagedriver.plugin import error_chains, fixtures
from storagedriver.plugin import failure as failures
from storagedriver.plugin.accounting import label_of
from storagedriver.plugin.case import Case
from storagedriver.plugin.deadline import Expired
from storagedriver.plugin.opened import NOT_OFFERED, SKIPPED, OpenedTargets
from storagedriver.plugin.options import DEFAULT_TIMEOUTS, Options
from storagedriver.plugin.redaction import Redaction, secret_parameters
from storagedriver.plugin.replay import Failure
from storagedriver.plugin.reproducer import rerun_script, script
from storagedriver.report.beside import reproducer_path
from storagedriver.systemcalls import TracingError
from storagedriver.testing.applicability import NotOffered
from storagedriver.testing.expect import ContractViolation
from storagedriver.testing.subject import InspectionError
from storagedriver.testing.target import Target

FRAMES_SHOWN = 3
_MISTAKES = (NameError, ImportError, SyntaxError, pytest.FixtureLookupError)
"""What is raised by wrong code alone, whatever a driver returns."""


@dataclasses.dataclass(frozen=True, slots=True)
class Judgement:
    """How a check ended.

    Attributes:
        outcome: As storagedriver.report.Outcome.
        reason: Why, for all but passed and failed.
        evidence: What report.Evidence is made of, for a failure.
        text: What pytest prints about it; None for what pytest prints by itself.
        exhibits: Files to write beside the report, the text of each by the ending of its name.
    """

    outcome: str
    reason: str = ""
    evidence: dict[str, Any] | None = None
    text: str | None = None
    exhibits: dict[str, str] = dataclasses.field(default_factory=dict)


class Judge:
    """Judges the checks of one process."""

    def __init__(self, options: Options, targets: dict[str, Target], opened: OpenedTargets) -> None:
        """Judge checks on `targets`."""
        self._options = options
        self._targets = targets
        self._opened = opened

    def judge(
        self, item: pytest.Item, requirement: Requirement, call: pytest.CallInfo[None], report: pytest.TestReport
    ) -> Judgement:
        """How the check ended, by its setup or its call."""
        label = label_of(item)
        assert label is not None
        error = call.excinfo.value if call.excinfo is not None else None
        if error is None:
            # A strict xfail makes a failure of a pass: the author's mark is broken, not the driver's promise.
            return Judgement("passed")
        if isinstance(error, pytest.skip.Exception | pytest.xfail.Exception):
            by_itself = NOT_OFFERED if isinstance(error, NotOffered) else SKIPPED
            outcome, reason = item.stash.get(fixtures.SKIPPED, (by_itself, ""))
            return Judgement(outcome, reason or str(error.msg or "").strip() or "skipped without a reason")
        redact = Redaction(self._targets[label])
        judgement = self._failed(item, requirement, label, error, in_setup=call.when == "setup")
        text = None if judgement.text is None else redact(judgement.text)
        report.sections = [(name, redact(content)) for name, content in report.sections]
        return dataclasses.replace(judgement, reason=redact(judgement.reason), text=text)

    def _failed(
        self, item: pytest.Item, requirement: Requirement, label: str, error: BaseException, *, in_setup: bool
    ) -> Judgement:
        case = item.stash.get(fixtures.CASE, None)
        if isinstance(error, fixtures.ServerDownError):
            return errored(str(error))
        if case is None:
            return errored(f"the check could not begin: {_told(error)}", _where(error))
        outage = self._opened.outage(label, error)
        if outage is not None:
            return errored(outage)
        if isinstance(error, InspectionError | TracingError):
            return errored(str(error), _where(error))
        promised = isinstance(error, ContractViolation) or raised_by_driver(case, error)
        if not promised and in_setup:
            return errored(f"the check could not begin: {_told(error)}", _where(error))
        if not promised and isinstance(error, _MISTAKES) and not _in_driver(error, self._targets[label]):
            return errored(f"the check itself is broken: {_told(error)}", _where(error))
        return self._broken_promise(item, requirement, label, case, error)

    def _broken_promise(
        self, item: pytest.Item, requirement: Requirement, label: str, case: Case, error: BaseException
    ) -> Judgement:
        target = self._targets[label]
        redact = Redaction(target)
        failure = Failure(
            requirement=requirement,
            node_id=item.nodeid,
            target=target,
            recorder=case.recorder,
            error=error,
            root=case.tree.root,
            command=self._command(target, item.nodeid, case),
            seed=self._options.seed if case.subject.generated else None,
            folders=(item.config.rootpath, Path(item.config.invocation_params.dir)),
        )
        source = script(failure)
        if redact(source) != source:
            # A secret among the calls would leave a script with holes.
            source = redact(rerun_script(failure))
        hang = isinstance(error.__cause__, Expired)
        unforeseen = hang or not isinstance(error, ContractViolation)
        what, expected, seen = failures.judged(error)
        evidence = {
            "what": redact(what),
            "expected": redact(expected),
            "seen": redact(seen),
            "calls": [*failures.calls(failure), *failures.story(failure)],
            "reproducer": source,
            "traceback": redact("".join(traceback.format_exception(error))) if unforeseen else "",
        }
        where = _where(error.__cause__ if hang else error) if unforeseen else ""
        written = reproducer_path(self._options.report, failure.node_id)
        exhibits = failures.exhibits(failure)
        return Judgement("failed", "", evidence, failures.text(failure, source, written, where, exhibits), exhibits)

    def _command(self, target: Target, node: str, case: Case) -> list[str]:
        command = [f"--driver={target.words}", f"--profile={self._options.profile}"]
        if case.subject.generated:
            command.append(f"--seed={self._options.seed}")
        if case.subject.reference is not None:
            command[:0] = [f"--driver={self._options.drivers[0]}", "--compare"]
        if target.backend is not None:
            command.append(f"--backend={target.backend.name}:{target.backend.mode}")
        if self._options.timeout != DEFAULT_TIMEOUTS[self._options.profile]:
            command.append(f"--check-timeout={self._options.timeout:g}")
        # Secrets are left to the environment: STORAGEDRIVER_<DRIVER>_<PARAMETER>.
        hidden = secret_parameters(target)
        command += [f"--driver-param={name}={value}" for name, value in target.overrides.items() if name not in hidden]
        return [*command, node]


def errored(reason: str, where: str = "") -> Judgement:
    """The judgement that nothing is known about the promise."""
    lines = [f"Errored: {reason}", "Nothing is known about the driver's promise."]
    return Judgement("errored", reason, None, "\n".join([*lines, *(["Raised at:", where] if where else [])]))


def raised_by_driver(case: Case, error: BaseException) -> bool:
    """Whether one of the recorded calls raised the error, or what caused it."""
    raised = {id(each.error) for each in case.recorder.calls if each.error is not None}
    return any(id(cause) in raised for cause in error_chains.chain(error))


def _in_driver(error: BaseException, target: Target) -> bool:
    """Whether the error was raised in the driver's own package: by a driver that a check made itself."""
    constructor = target.registration.constructor
    owner = getattr(constructor, "__self__", constructor)
    package = str(getattr(owner, "__module__", "")).partition(".")[0]
    frames = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(str(name).partition(".")[0] == package for name in frames)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _where(error: BaseException | None) -> str:
    if error is None:
        return ""
    kit = os.fspath(Path(__file__).parent)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(kit)]
    return "".join(traceback.format_list(frames[-FRAMES_SHOWN:])).rstrip()
