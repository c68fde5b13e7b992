"""The plugin of one run: what pytest calls, in the order it calls it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from storagedriver.contract import REQUIREMENTS, Requirement
from storagedriver.plugin import error_chains, fixtures, sampling, selection, sharding
from storagedriver.plugin.accounting import Attendance, PlannedCheck, Selection, are_elsewhere, is_check, label_of
from storagedriver.plugin.case import Case
from storagedriver.plugin.deadline import deadline
from storagedriver.plugin.failure import FailureText
from storagedriver.plugin.judging import Judge, errored
from storagedriver.plugin.opened import REFERENCE, OpenedTargets
from storagedriver.plugin.options import SEED_TO_WORKER, Options
from storagedriver.plugin.plans import Plan, plan
from storagedriver.plugin.progress import TerminalProgress
from storagedriver.plugin.reach import Reach
from storagedriver.plugin.redaction import Redaction
from storagedriver.plugin.results import Results, check_writable
from storagedriver.plugin.targets import Targets
from storagedriver.report.narrowing import only_requirements
from storagedriver.testing.expect import ContractViolation
from storagedriver.testing.generation import Generation

_TO_WORKER = "storagedriver"
_RERUNS = (
    "with --certify-report: a check that passes only when it is repeated is no pass. "
    "Leave the repeating out, or run without a report: then such a check is shown as flaky."
)


class CertificationPlugin:
    """Runs the suites against the user's drivers and collects what comes of it."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        """Begin a run with these options."""
        self.config = config
        self.options = options
        self.targets = Targets()
        self.plans: Sequence[Plan] = ()
        self.suites: Sequence[selection.Suite] = ()
        self.part_named = False
        self.results: Results | None = None
        self._refused: str | None = None
        self._reach: Reach | None = None
        self._attendance = Attendance()
        self._elsewhere = False
        self._kept_logs: Sequence[Path] = ()

    @property
    def is_worker(self) -> bool:
        """Whether this is a worker of pytest-xdist, whose controller has the servers and the results."""
        return hasattr(self.config, "workerinput")

    def prepare(self) -> None:
        """Decide on the targets, start the servers, and add the suites to what pytest collects.

        Raises:
            pytest.UsageError: Something the user gave is wrong, or a server can't run.
        """
        self.config.stash[fixtures.TIMEOUT] = self.options.timeout
        self.config.pluginmanager.register(fixtures, "storagedriver-fixtures")
        self.suites = suites = selection.suites(self.options)
        self._add_suites()
        if self.is_worker:
            plans, data = self.config.workerinput[_TO_WORKER]  # type: ignore[attr-defined]  # by xdist
            self.plans = [Plan(*words) for words in plans]
            self.targets.from_controller(data)
        else:
            self._refuse_reruns()
            self.plans = plan(self.options)
            self._start()
        self._selection = Selection(
            suites, whole=not self.part_named, shard=self.options.shard, sample=self.options.sample
        )
        skipped = {each.label: each.skipped for each in self.plans if each.skipped}
        generation = Generation(self.options.seed, self.options.examples)
        opened = OpenedTargets(
            self.targets.by_label,
            skipped,
            profile=self.options.profile,
            timeout=self.options.timeout,
            generation=generation,
            reference=self._reference,
        )
        self.config.stash[fixtures.OPENED] = self._opened = opened
        self._judge = Judge(self.options, self.targets.by_label, opened)
        if not self.is_worker:
            groups = list(dict.fromkeys(group for suite in suites for group in suite.groups))
            self.results = Results(self.options, self.plans, self.targets, groups=groups, arguments=self._arguments())

    def _refuse_reruns(self) -> None:
        if self.options.report is None:
            return
        for option in ("reruns", "force_reruns"):
            if getattr(self.config.option, option, None):
                raise pytest.UsageError(f"--{option.replace('_', '-')} {_RERUNS}")
        try:
            by_setting = self.config.getini("reruns")
        except (KeyError, ValueError):
            return  # pytest-rerunfailures is not installed, or switched off.
        if by_setting and int(by_setting):
            raise pytest.UsageError(f"the setting reruns {_RERUNS}")

    def _add_suites(self) -> None:
        args = self.config.args
        for suite in self.suites:
            args[:] = [suite.located(argument) for argument in args]
        self.part_named = selection.names_part_of(self.suites, self.config)
        # By file: a suite is what its package has at this moment, and no pattern of the author's for names of files matters.
        if not self.part_named:
            args.extend(str(module) for suite in self.suites for module in suite.modules if str(module) not in args)

    def _start(self) -> None:
        if runs_nothing(self.config):
            return
        if self.options.report is not None:
            check_writable(self.options.report)
        self.targets.start(list(self.plans), self.options)
        if self.config.getoption("numprocesses", None) or self.config.getoption("tx", None):
            self._data = self.targets.to_worker()

    def _arguments(self) -> tuple[str, ...]:
        """The command line, with the values of secret parameters redacted."""
        words = [str(word) for word in self.config.invocation_params.args]
        for target in self.targets.by_label.values():
            redact = Redaction(target)
            words = [redact(word) for word in words]
        return tuple(words)

    def pytest_report_header(self) -> list[str]:
        """Say what is certified on what."""
        suites = ", ".join(self.options.suites)
        shard = "" if self.options.shard is None else f", shard {self.options.shard}"
        sample = "" if self.options.sample is None else f", sample of {self.options.sample}"
        of = f"{sample}{shard}"
        lines = [f"storagedriver: profile {self.options.profile}, suites {suites}, seed {self.options.seed}{of}"]
        for planned in self.plans:
            target = self.targets.by_label.get(planned.label)
            if planned.skipped:
                lines.append(f"  {planned.label}: skipped: {planned.skipped}")
            elif target is not None and target.backend is not None:
                lines.append(
                    f"  {planned.label}: {target.backend.name} {target.backend.version} ({target.backend.mode})"
                )
            else:
                lines.append(f"  {planned.label}")
        return lines

    # --- the workers of pytest-xdist, as their controller sees them

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker what to run on, and where the servers are."""
        plans = [(each.driver, each.called, each.backend, each.skipped) for each in self.plans]
        node.workerinput[_TO_WORKER] = (plans, self._data)
        node.workerinput[SEED_TO_WORKER] = self.options.seed

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Know what the workers are going to run."""
        self._attendance.expect(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker what it left out."""
        reasons, refused, checks = getattr(node, "workeroutput", {}).get(_TO_WORKER, ((), None, ()))
        self._refused = self._refused or refused
        self._expect([tuple(each) for each in checks])
        for reason in reasons:
            self._incomplete(reason)

    # --- collection

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Let pytest into the author's environment, as far as a suite lies there."""
        if self._reach is None:
            self._reach = Reach((suite.folder for suite in self.suites), self.config)
        return self._reach.ignores(collection_path)

    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
        """Call a suite's module the same wherever it is installed."""
        for suite in self.suites:
            node_id = suite.node_id(module_path.resolve())
            if node_id is not None:
                module: pytest.Module = pytest.Module.from_parent(parent, path=module_path, nodeid=node_id)
                return module
        return None

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        """Give a suite's module the plugin's own fixtures."""
        if isinstance(collector, pytest.Module) and any(
            collector.path.resolve().is_relative_to(suite.folder) for suite in self.suites
        ):
            try:
                module = collector.obj
            except Exception:  # noqa: BLE001  pytest tells it when it collects the module
                return
            fixtures.bind(module)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Each check runs once a target."""
        if "storagedriver_target" in metafunc.fixturenames:
            labels = [each.label for each in self.plans]
            metafunc.parametrize("storagedriver_target", labels, indirect=True, scope="session")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what the profile, --requirement, --sample and --shard leave out; workers begin with what takes long."""
        try:
            wanted = [item for item in items if selection.asked_for(item, self.options)]
        except pytest.UsageError as wrong:
            self._refuse(wrong, items)
            return
        profiled = [item for item in items if selection.in_profile(item, self.options) and self._is_compared(item)]
        asked = set(wanted)
        chosen = [item for item in profiled if item in asked]
        sample, shard = self.options.sample, self.options.shard
        drawn = chosen if sample is None else sampling.sampled(chosen, sample, self.options.seed)
        kept = drawn if shard is None else [item for item in drawn if sharding.has(shard, item)]
        self._selection.keep(items, profiled, chosen, drawn, kept)
        left = set(kept)
        dropped = [item for item in items if item not in left]
        for item in kept:
            clause, label = selection.requirement_of(item), label_of(item)
            if clause is not None and label is not None:
                item.user_properties += [("requirement", clause.id), ("driver", label)]
        items[:] = sharding.shared_out(kept, self._workers) if self.is_worker else kept
        if dropped:
            self.config.hook.pytest_deselected(items=dropped)

    @property
    def _workers(self) -> int:
        """How many workers of pytest-xdist there are, for one of them."""
        count: int = self.config.workerinput["workercount"]  # type: ignore[attr-defined]  # by xdist
        return count

    @property
    def _reference(self) -> str | None:
        """The label of the target that the others are compared with."""
        return self.plans[0].label if self.options.compare else None

    def _is_compared(self, item: pytest.Item) -> bool:
        """Whether an item compares nothing, or one target with another."""
        mark = item.get_closest_marker("requirement")
        if mark is None or REFERENCE not in mark.kwargs.get("needs", ()):
            return True
        return self.options.compare and label_of(item) != self._reference

    def _refuse(self, wrong: pytest.UsageError, items: list[pytest.Item]) -> None:
        if not self.is_worker:
            raise wrong
        # Raised here, it would be a traceback of the worker. The controller tells it at the end.
        self._refused = str(wrong)
        items.clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what was filtered out by -k, -m, --lf and the like: such a run certifies nothing."""
        reasons = self._selection.reasons(session.items, self.config) if self._refused is None else []
        repeated = [item.nodeid for item in session.items if is_check(item) and selection.repeated(item)]
        if repeated and self.options.report is not None and self.config.pluginmanager.hasplugin("rerunfailures"):
            self._refuse(pytest.UsageError(f"the mark flaky (on {repeated[0]}) {_RERUNS}"), session.items)
        checks = self._selection.checks(session.items, self.config, self.options.requirements)
        if self.is_worker:
            told = (reasons, self._refused, checks)
            self.config.workeroutput[_TO_WORKER] = told  # type: ignore[attr-defined]  # by xdist
            return
        self._expect(checks)
        self._attendance.expect(item.nodeid for item in session.items)
        for reason in reasons:
            self._incomplete(reason)

    def _expect(self, checks: Sequence[PlannedCheck]) -> None:
        self._elsewhere = self._elsewhere or are_elsewhere(checks)
        if self.results is not None:
            self.results.expect(checks)

    def _incomplete(self, reason: str) -> None:
        if self.results is not None:
            self.results.incomplete(reason)

    # --- running

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
        """Bound the check in time, and judge what it leaves behind as part of it."""
        case = pyfuncitem.stash.get(fixtures.CASE, None)
        if case is None:
            return (yield)
        progress = TerminalProgress(self.config, case.subject.target.label)
        case.subject.progress = progress
        try:
            # Before pytest shows how the check ended; in the folder it began in, wherever the driver went and stayed.
            with contextlib.chdir(os.curdir), progress, deadline(self.options.timeout):
                result = yield
                case.judge_leftovers()
        except BaseException:
            case.clean(min(fixtures.CLEANING_SECONDS, self.options.timeout))
            raise
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the requirement, the outcome and the evidence on pytest's report, which travels to the controller."""
        if call.excinfo is not None and label_of(item) is not None:
            error_chains.shorten(call.excinfo.value)
        report = yield
        if call.when == "teardown" and fixtures.CASE in item.stash:
            # It holds all that the check read and wrote, and pytest keeps its items to the end.
            item.stash[fixtures.CASE].recorder.forget()
            del item.stash[fixtures.CASE]
        label, clause = label_of(item), selection.requirement_of(item)
        if label is None or clause is None or (call.when != "call" and report.passed):
            return report
        clause = self._broken_by(call) or clause
        found: dict[str, Any] = {
            "label": label,
            "node_id": item.nodeid,
            "requirement": clause.id,
            "when": call.when,
            "duration": report.duration,
        }
        if call.when == "teardown":
            error = call.excinfo.value if call.excinfo else None
            reason = f"the check's own teardown broke: {type(error).__name__}: {error}"
            found["reason"] = Redaction(self.targets.by_label[label])(reason)
        else:
            judgement = self._judge.judge(item, clause, call, report)
            if judgement.text is not None and report.failed:
                report.longrepr = judgement.text
            found |= {
                "outcome": judgement.outcome,
                "reason": judgement.reason,
                "evidence": judgement.evidence,
                "exhibits": judgement.exhibits,
                **_noted(item.stash.get(fixtures.CASE, None)),
            }
        report.storagedriver = found  # type: ignore[attr-defined]  # pytest sends attributes to the controller as they are
        return report

    @staticmethod
    def _broken_by(call: pytest.CallInfo[None]) -> Requirement | None:
        """The clause that a failure itself names, where a check judges several."""
        error = call.excinfo.value if call.excinfo is not None else None
        if not isinstance(error, ContractViolation) or error.requirement is None:
            return None
        return REQUIREMENTS[error.requirement]

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show what errored as an error and not as a failure."""
        found = getattr(report, "storagedriver", None)
        if found is not None and report.failed and found.get("outcome") == "errored":
            return "error", "E", "ERROR"
        return None

    # --- results, in the controller

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the outcome of a check."""
        if self.results is None:
            return
        if report.when == "teardown":
            self._attendance.see(report.nodeid)
        found = getattr(report, "storagedriver", None)
        if found is None:
            if str(report.when) == "???":
                self.results.incomplete(f"a worker crashed while it ran {report.nodeid}")
            return
        if found["when"] == "teardown":
            self.results.amend(found["label"], found["node_id"], found["reason"])
            return
        if found["outcome"] == "failed":
            self._ask_the_server(found, report)
        if report.failed and isinstance(report.longrepr, str):
            report.longrepr = FailureText(report.longrepr)  # type: ignore[assignment]  # what pytest asks of one
        self.results.add(found)

    def _ask_the_server(self, found: dict[str, Any], report: pytest.TestReport) -> None:
        """A failure after the death of the server says nothing about the driver."""
        outage = self.targets.failure(found["label"])
        if outage is None:
            return
        self._opened.down.setdefault(found["label"], outage)
        judgement = errored(outage)
        found |= {"outcome": judgement.outcome, "reason": judgement.reason, "evidence": None, "exhibits": {}}
        if report.failed:
            report.longrepr = judgement.text

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that can't be collected makes the run incomplete."""
        if report.failed:
            self._incomplete(f"{report.nodeid} could not be collected")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Close the drivers, and write the report."""
        if self.results is None or runs_nothing(self.config) or exitstatus == pytest.ExitCode.USAGE_ERROR:
            self._opened.close()
            return
        if self._refused is not None:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            self._opened.close()
            return
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self._elsewhere:
            # Of few checks some shards have none, which is no mistake of whoever asked for them.
            session.exitstatus = pytest.ExitCode.OK
        down = self.targets.failure()
        torn = [failed for label in self.results.labels if (failed := self._tear_down(label)) is not None]
        self._opened.close()
        for reason in [*self._reasons(session, exitstatus), *([down] if down else []), *torn]:
            self.results.incomplete(reason)
        if torn and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        unwritten = self.results.finish(int(session.exitstatus))
        if unwritten is not None and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        if session.exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            self._kept_logs = self.targets.keep_logs(self._logs_folder)

    def _logs_folder(self) -> Path:
        """Where the servers' logs go after a failure: beside the report, else where pytest keeps what it remembers."""
        report = self.options.report
        if report is not None:
            return report.with_name(f"{report.stem}-servers")
        cache: pytest.Cache | None = getattr(self.config, "cache", None)
        return (
            Path(tempfile.mkdtemp(prefix="storagedriver-servers-")) if cache is None else cache.mkdir("storagedriver")
        )

    def _tear_down(self, label: str) -> str | None:
        target = self.targets.by_label.get(label)
        if target is None or label in self._opened.down:
            return None
        failed = self._opened.tear_down(label)
        return None if failed is None else Redaction(target)(failed)

    def _reasons(self, session: pytest.Session, exitstatus: int) -> list[str]:
        """Why the run certifies nothing, by what was asked for and how it ended."""
        reasons = []
        if self.part_named:
            reasons.append("only a part of the suites was named on the command line")
        if self.options.requirements is not None:
            reasons.append(only_requirements(self.options.requirements))
        if session.shouldfail or session.shouldstop:
            reasons.append(str(session.shouldfail or session.shouldstop))
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            reasons.append("the run was interrupted")
        if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            reasons.append("pytest broke")
        missing = self._attendance.reason()
        return [*reasons, *([missing] if missing else [])]

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the table."""
        if self.results is None or runs_nothing(self.config):
            return
        if self._refused is not None:
            terminalreporter.write_line(f"ERROR: {self._refused}", red=True)
            return
        self.results.print(terminalreporter)
        for log in self._kept_logs:
            terminalreporter.write_line(f"log of the server: {log}")

    def pytest_unconfigure(self) -> None:
        """Stop the servers."""
        self.targets.stop()


def _noted(case: Case | None) -> dict[str, Any]:
    """What a check tried and measured, as simple values, which xdist carries; nothing of one that did not begin."""
    if case is None:
        return {}
    redact = Redaction(case.subject.target)
    return {
        "trials": [redact.values(each.to_dict()) for each in case.subject.tried],
        "figures": [redact.values(each.to_dict()) for each in case.subject.figures],
    }


def runs_nothing(config: pytest.Config) -> bool:
    """Whether pytest only shows something: then no server is started and no report written."""
    names = ("collectonly", "showfixtures", "show_fixtures_per_test", "setupplan")
    return any(getattr(config.option, name, False) for name in names)
