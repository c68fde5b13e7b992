"""From the checks of a run to its report: collected, written, shown. Lives in the controller alone."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from storagedriver import driver_files, report
from storagedriver.driver import Capabilities
from storagedriver.installed import distributions_of
from storagedriver.plugin.accounting import PlannedCheck
from storagedriver.plugin.options import Options
from storagedriver.plugin.plans import Plan
from storagedriver.plugin.redaction import shown_parameters
from storagedriver.plugin.targets import Targets
from storagedriver.registry import entry_points_of
from storagedriver.report.beside import reproducer_path
from storagedriver.report.files import require_writable
from storagedriver.testing.target import Target, TargetError, find_registration

_SDKS = ("boto3", "moto", "pytest-xdist")
_WRITTEN = (".py", ".svg", ".history.json")
"""Endings of what is written beside a report."""


def check_writable(path: Path) -> None:
    """Make the report's folder, and see that a file can be written in it: before the run and not after it.

    Raises:
        pytest.UsageError: It cannot.
    """
    try:
        require_writable(path)
    except OSError as refused:
        within = refused.filename is None or Path(refused.filename).parent == path.parent
        where = "" if within else f"{refused.filename}: "
        raise pytest.UsageError(
            f"--certify-report: {path} cannot be written: {where}{refused.strerror or refused}; name another file"
        ) from refused


class Results:
    """What came of the checks so far."""

    def __init__(
        self,
        options: Options,
        plans: Sequence[Plan],
        targets: Targets,
        *,
        groups: Sequence[str],
        arguments: tuple[str, ...],
    ) -> None:
        """Begin with no checks."""
        self._options = options
        self._started = datetime.now(UTC)
        self._arguments = arguments
        self._collector = report.Collector(groups)
        self._checks: list[tuple[str, report.Check]] = []
        self._expected: dict[tuple[str, str], PlannedCheck] = {}
        self._exhibits: list[tuple[str, Mapping[str, str]]] = []
        self._reasons: list[str] = []
        self._unwritten: str | None = None
        self._report: report.Report | None = None
        for planned in plans:
            label = planned.label
            self._collector.add_target(
                _described(planned, targets.by_label.get(label), targets.capabilities.get(label))
            )

    @property
    def labels(self) -> list[str]:
        """The targets on which checks were run."""
        return list(dict.fromkeys(label for label, _ in self._checks))

    def add(self, found: Mapping[str, Any]) -> None:
        """Take the outcome of one check, as the plugin put it on pytest's report."""
        evidence = found["evidence"]
        self._exhibits.append((found["node_id"], found.get("exhibits", {})))
        self._checks.append(
            (
                found["label"],
                report.Check(
                    node_id=found["node_id"],
                    requirement=found["requirement"],
                    outcome=report.Outcome(found["outcome"]),
                    reason=found["reason"],
                    duration=max(0.0, found["duration"]),
                    evidence=report.Evidence(**{**evidence, "calls": tuple(evidence["calls"])}) if evidence else None,
                    trials=tuple(report.Trials.from_dict(each) for each in found.get("trials", ())),
                    figures=tuple(report.Figure.from_dict(each) for each in found.get("figures", ())),
                ),
            )
        )

    def expect(self, checks: Iterable[PlannedCheck]) -> None:
        """Take all checks of the profile: those without an outcome at the end were not run, and the report says so."""
        self._expected.update({(label, name): (label, name, clause, why) for label, name, clause, why in checks})

    def _left_out(self) -> Iterator[tuple[str, report.Check]]:
        judged = {(label, check.node_id) for label, check in self._checks}
        for label, name, clause, why in self._expected.values():
            if (label, name) not in judged:
                reason = why or "it did not run to its end"
                yield label, report.Check(name, clause, report.Outcome.NOT_RUN, reason)

    def amend(self, label: str, node_id: str, reason: str) -> None:
        """Take back the pass of a check whose own teardown broke afterwards."""
        for position in reversed(range(len(self._checks))):
            owner, check = self._checks[position]
            if (owner, check.node_id) == (label, node_id):
                if check.outcome is report.Outcome.PASSED:
                    errored = dataclasses.replace(check, outcome=report.Outcome.ERRORED, reason=reason)
                    self._checks[position] = (label, errored)
                return

    def incomplete(self, reason: str) -> None:
        """Note that the run certifies nothing, and why."""
        if reason not in self._reasons:
            self._reasons.append(reason)

    def finish(self, exit_status: int) -> str | None:
        """Make the report, and write it where --certify-report says, with the reproducers beside it.

        Returns:
            Why it could not be written; None if it was, or did not have to be.
        """
        for label, check in (*self._checks, *self._left_out()):
            self._collector.add_check(label, check)
        run = report.Run(
            started=self._started,
            finished=datetime.now(UTC),
            profile=self._options.profile,
            suites=tuple(self._options.suites),
            arguments=self._arguments,
            seed=self._options.seed,
            complete=not self._reasons,
            exit_status=exit_status,
            incomplete_reasons=tuple(self._reasons),
        )
        self._report = self._collector.report(run, report.this_environment(_SDKS))
        if self._options.report is None:
            return None
        try:
            self._report.write(self._options.report)
            self._write_reproducers(self._options.report.with_name(f"{self._options.report.stem}-reproducers"))
        except OSError as refused:
            name = refused.filename or self._options.report
            self._unwritten = f"the report could not be written: {name}: {refused.strerror or refused}"
        return self._unwritten

    def _write_reproducers(self, folder: Path) -> None:
        if folder.is_dir():
            # Those of the last run would be taken for this one's.
            for old in [each for ending in _WRITTEN for each in folder.glob(f"*{ending}")]:
                old.unlink()
            with contextlib.suppress(OSError):
                folder.rmdir()
        for _, check in self._checks:
            path = reproducer_path(self._options.report, check.node_id)
            if path is not None and check.evidence is not None and check.evidence.reproducer:
                folder.mkdir(exist_ok=True)
                path.write_text(check.evidence.reproducer, encoding="utf-8", errors="backslashreplace")
        for node_id, exhibits in self._exhibits:
            path = reproducer_path(self._options.report, node_id)
            if path is None:
                continue
            for ending, text in exhibits.items():
                folder.mkdir(exist_ok=True)
                path.with_suffix(ending).write_text(text, encoding="utf-8", errors="backslashreplace")

    def print(self, reporter: pytest.TerminalReporter) -> None:
        """Show the table: groups by targets, failures first."""
        if self._report is None:
            return
        if not self._checks:
            reporter.write_line("")
            reporter.write_line("storagedriver: no check was run, so nothing is certified.", red=True, bold=True)
            for reason in self._reasons:
                reporter.write_line(f"  {reason}")
        else:
            self._print_table(self._report, reporter)
        if self._unwritten is not None:
            reporter.write_line(f"ERROR: {self._unwritten}", red=True)
        elif self._options.report is not None:
            reporter.write_line(f"Report: {self._options.report}")

    @staticmethod
    def _print_table(results: report.Report, reporter: pytest.TerminalReporter) -> None:
        from rich.console import Console  # noqa: PLC0415  only where something is shown

        from storagedriver.report.terminal import print_summary  # noqa: PLC0415

        colour = reporter._tw.hasmarkup  # noqa: SLF001  pytest tells nobody else whether it writes colours
        text = io.StringIO()
        console = Console(
            file=text,
            width=max(reporter._tw.fullwidth, 60),  # noqa: SLF001
            force_terminal=colour,
            no_color=not colour,
            highlight=False,
        )
        print_summary(results, console)
        reporter.write_line("")
        reporter.write(text.getvalue())


def _described(planned: Plan, target: Target | None, capabilities: Capabilities | None) -> report.Target:
    """A target as the report has it; one that was skipped has neither server nor parameters."""
    distribution = _distribution(planned.driver)
    if target is None or capabilities is None:
        return report.Target(label=planned.label, driver=planned.driver, distribution=distribution)
    server = target.backend
    return report.Target(
        label=planned.label,
        driver=target.registration.name,
        distribution=distribution,
        server=None if server is None else report.Server(server.name, server.mode, server.version),
        capabilities=dataclasses.asdict(capabilities),
        parameters=shown_parameters(target),
        files=_files(planned.driver),
    )


def _files(words: str) -> tuple[report.FilesDigest, ...]:
    """The driver's files, for whoever certifies them afterwards; none where nothing installed or imported names them."""
    if ":" not in words and not entry_points_of(words):
        # To read of all distributions anew that none has it takes longer than most checks.
        return ()
    try:
        found = driver_files.of_driver(words)
    except driver_files.DriverFilesError:
        return ()
    return found.subjects


def _distribution(words: str) -> str | None:
    """Name and version of the distribution that a driver comes from."""
    try:
        constructor = find_registration(words).constructor
    except TargetError:
        return None
    module = getattr(constructor, "__module__", None) or type(constructor).__module__
    owner = getattr(constructor, "__self__", None)
    package = str(getattr(owner, "__module__", module)).partition(".")[0]
    # Of an editable installation nothing tells the packages, but the driver is registered by it.
    for point in entry_points_of(words):
        if point.dist is not None and point.module.partition(".")[0] == package:
            return f"{point.dist.name} {point.dist.version}"
    for name in distributions_of(package):
        with contextlib.suppress(PackageNotFoundError):
            return f"{name} {version(name)}"
    return None
