"""The plugin of one run: what pytest calls, in the order it calls it."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from storagedriver.contract import REQUIREMENTS
from storagedriver.plugin import failure as failures
from storagedriver.plugin import fixtures, selection
from storagedriver.plugin.deadline import deadline
from storagedriver.plugin.opened import SKIPPED, OpenedTargets
from storagedriver.plugin.options import Options
from storagedriver.plugin.redaction import Redaction, secret_parameters
from storagedriver.plugin.reproducer import Failure, script
from storagedriver.plugin.results import Results
from storagedriver.plugin.targets import Targets, plan
from storagedriver.testing.expect import ContractViolation

_WORKER_KEY = "storagedriver_targets"


class CertificationPlugin:
    """Runs the suites against the user's drivers and collects what comes of it."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        """Begin a run with these options."""
        self.config = config
        self.options = options
        self.targets = Targets()
        self.labels: list[str] = []
        self.skipped: dict[str, str] = {}
        self.folders: list[Path] = []
        self.results: Results | None = None
        self._deselected_by_us: set[str] = set()
        self._part_named = False

    @property
    def is_worker(self) -> bool:
        """Whether this is a worker of pytest-xdist, whose controller has the servers."""
        return hasattr(self.config, "workerinput")

    def prepare(self) -> None:
        """Decide on the targets, start the servers, and add the suites to what pytest collects.

        Raises:
            pytest.UsageError: Something the user gave is wrong, or a server can't run.
        """
        self._refuse_reruns()
        self.config.pluginmanager.register(fixtures, "storagedriver-fixtures")
        self.folders = selection.suite_folders(self.options)
        self._add_suites()
        plans = plan(self.options)
        self.labels = [each.label for each in plans]
        self.skipped = {each.label: each.skipped for each in plans if each.skipped}
        if self.is_worker:
            self.targets.from_controller(self.config.workerinput[_WORKER_KEY])  # type: ignore[attr-defined]  # by xdist
        elif not self.config.option.collectonly:
            self.targets.start(plans, self.options)
        self.config.stash[fixtures.OPENED] = OpenedTargets(
            self.targets.by_label, self.skipped, profile=self.options.profile
        )
        if not self.is_worker:
            self.results = Results(self.options, plans, self.targets.by_label, arguments=self._arguments())

    def _refuse_reruns(self) -> None:
        if self.options.report is not None and getattr(self.config.option, "reruns", None):
            raise pytest.UsageError(
                "--reruns with --certify-report: a check that passes only when repeated is no pass. Leave --reruns out."
            )

    def _add_suites(self) -> None:
        named = selection.names_part_of(self.folders, self.config.args, self.config.invocation_params.dir)
        self._part_named = named
        if not named:
            self.config.args.extend(path for path in selection.modules(self.folders) if path not in self.config.args)

    def _arguments(self) -> tuple[str, ...]:
        """The command line, with the values of secret parameters redacted."""
        words = [str(word) for word in self.config.invocation_params.args]
        for target in self.targets.by_label.values():
            redact = Redaction(target)
            words = [redact(word) for word in words]
        return tuple(words)

    def pytest_report_header(self) -> list[str]:
        """Say what is certified on what."""
        lines = [f"storagedriver: profile {self.options.profile}, suites {', '.join(self.options.suites)}"]
        for label in self.labels:
            target = self.targets.by_label.get(label)
            if label in self.skipped:
                lines.append(f"  {label}: skipped: {self.skipped[label]}")
            elif target is not None and target.backend is not None:
                lines.append(f"  {label}: {target.backend.name} {target.backend.version} ({target.backend.mode})")
            else:
                lines.append(f"  {label}")
        return lines

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist where the servers are."""
        node.workerinput[_WORKER_KEY] = self.targets.to_worker()

    # --- collection

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Each check runs once a target."""
        if "storagedriver_target" in metafunc.fixturenames:
            metafunc.parametrize("storagedriver_target", self.labels, indirect=True, scope="session")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what the profile and --requirement leave out."""
        kept = [item for item in items if selection.chosen(item, self.options)]
        dropped = [item for item in items if item not in set(kept)]
        if dropped:
            self._deselected_by_us = {item.nodeid for item in dropped}
            items[:] = kept
            self.config.hook.pytest_deselected(items=dropped)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note what was filtered out by -k, -m or --lf: such a run certifies nothing."""
        others = [item for item in items if item.nodeid not in self._deselected_by_us]
        if self.results is not None and others:
            self.results.incomplete(f"{len(others)} checks were deselected, by -k, -m, --lf or a node id")

    # --- running

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
        """Bound the check in time, and judge what it leaves behind as part of it."""
        case = pyfuncitem.stash.get(fixtures.CASE, None)
        if case is None:
            return (yield)
        try:
            with deadline(self.options.timeout):
                result = yield
                case.judge_leftovers()
        except BaseException:
            with deadline(self.options.timeout):
                case.clean()
            raise
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the requirement, the outcome and the evidence on pytest's report, which travels to the controller."""
        report = yield
        label, mark = item.stash.get(fixtures.LABEL, None), item.get_closest_marker("requirement")
        if label is None or mark is None or (call.when != "call" and report.passed):
            return report
        if call.when == "teardown":
            return report
        report.user_properties += [("requirement", mark.args[0]), ("driver", label)]
        outcome, reason, evidence = "passed", "", None
        if report.skipped:
            outcome, reason = item.stash.get(fixtures.SKIPPED, (SKIPPED, _skip_reason(call)))
        elif report.failed:
            outcome, reason, evidence = self._failed(item, call, report, label)
        report.storagedriver = {  # type: ignore[attr-defined]  # pytest sends attributes to the controller as they are
            "label": label,
            "node_id": _portable(item.nodeid),
            "requirement": mark.args[0],
            "outcome": outcome,
            "reason": reason,
            "duration": report.duration,
            "evidence": evidence,
        }
        return report

    def _failed(
        self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, label: str
    ) -> tuple[str, str, dict[str, Any] | None]:
        assert call.excinfo is not None
        error, case = call.excinfo.value, item.stash.get(fixtures.CASE, None)
        if call.when == "setup" or case is None:
            return "errored", f"the check could not begin: {type(error).__name__}: {error}", None
        outage = self.config.stash[fixtures.OPENED].outage(label, error)
        if outage is not None:
            return "errored", outage, None
        requirement = REQUIREMENTS[item.get_closest_marker("requirement").args[0]]  # type: ignore[union-attr]  # has one
        node = f"{item.path}::{item.nodeid.partition('::')[2]}"
        failure = Failure(
            requirement=requirement,
            node_id=_portable(item.nodeid),
            target=self.targets.by_label[label],
            recorder=case.recorder,
            error=error,
            root=case.tree.root,
            command=self._command(label, node),
        )
        source = script(failure)
        what, expected, seen = failures.judged(error)
        unforeseen = not isinstance(error, ContractViolation)
        where = "".join(traceback.format_exception(error)) if unforeseen else ""
        redact = Redaction(failure.target)
        evidence = {
            "what": what,
            "expected": redact(expected),
            "seen": redact(seen),
            "calls": failures.calls(failure),
            "reproducer": source,
            "traceback": redact(where),
        }
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        ending = "".join(traceback.format_list(frames)) if unforeseen else ""
        report.longrepr = failures.text(failure, source, self._reproducer_path(failure.node_id), ending)
        return "failed", "", evidence

    def _command(self, label: str, node: str) -> list[str]:
        target = self.targets.by_label[label]
        command = [f"--driver={target.words}", f"--profile={self.options.profile}"]
        if target.backend is not None:
            command.append(f"--backend={target.backend.name}:{target.backend.mode}")
        # Secrets are left to the environment: STORAGEDRIVER_<DRIVER>_<PARAMETER>.
        hidden = secret_parameters(target)
        command += [f"--driver-param={name}={value}" for name, value in target.overrides.items() if name not in hidden]
        return [*command, node]

    def _reproducer_path(self, node_id: str) -> Path | None:
        if self.options.report is None:
            return None
        name = re.sub(r"[^A-Za-z0-9.]+", "-", node_id.rpartition("/")[2].replace(".py", "")).strip("-")
        return Path(
            os.path.relpath(self.options.report.with_name(f"{self.options.report.stem}-reproducers") / f"{name}.py")
        )

    # --- results, in the controller

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the outcome of a check."""
        if self.results is None:
            return
        found = getattr(report, "storagedriver", None)
        if found is not None:
            path = self._reproducer_path(found["node_id"]) if found["evidence"] else None
            self.results.add(found, path, rerun=str(report.outcome) == "rerun")
        elif str(report.when) == "???":
            self.results.incomplete(f"a worker crashed while it ran {_portable(report.nodeid)}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that can't be collected makes the run incomplete."""
        if self.results is not None and report.failed:
            self.results.incomplete(f"{_portable(report.nodeid)} could not be collected")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Close the drivers, and write the report."""
        self.config.stash[fixtures.OPENED].close()
        if self.results is None or self.config.option.collectonly:
            return
        if self._part_named:
            self.results.incomplete("only a part of the suites was named on the command line")
        if self.options.requirements is not None:
            self.results.incomplete(f"--requirement {','.join(sorted(self.options.requirements))}")
        if session.shouldfail or session.shouldstop:
            self.results.incomplete(str(session.shouldfail or session.shouldstop))
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            self.results.incomplete("the run was interrupted")
        down = self.targets.failure()
        if down is not None:
            self.results.incomplete(f"a server stopped during the run: {down}")
        self.results.finish(int(exitstatus))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the table."""
        if self.results is not None and not self.config.option.collectonly:
            self.results.print(terminalreporter)

    def pytest_unconfigure(self) -> None:
        """Stop the servers."""
        self.targets.stop()


def _portable(node_id: str) -> str:
    """A node id that is the same wherever the suites are installed."""
    path, colons, rest = node_id.partition("::")
    for marker in ("storagedriver_suites/",):
        if marker in path:
            path = marker + path.partition(marker)[2]
    return f"{path}{colons}{rest}"


def _skip_reason(call: pytest.CallInfo[None]) -> str:
    error = call.excinfo.value if call.excinfo else None
    return str(getattr(error, "msg", "") or error or "skipped without a reason")
