"""From the checks of a run to its report: collected, written, shown. Lives in the controller alone."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest

from storagedriver import report
from storagedriver.plugin.options import Options
from storagedriver.plugin.redaction import secret_parameters
from storagedriver.plugin.targets import Plan
from storagedriver.testing.target import Target, TargetError, find_registration

_SDKS = ("boto3", "moto", "pytest-xdist")


class Results:
    """What came of the checks so far."""

    def __init__(
        self, options: Options, plans: list[Plan], targets: Mapping[str, Target], *, arguments: tuple[str, ...]
    ) -> None:
        """Begin with no checks."""
        self._options = options
        self._started = datetime.now(UTC)
        self._arguments = arguments
        self._plans = plans
        self._targets = targets
        self._collector = report.Collector(_groups(options))
        self._reasons: list[str] = []
        self._reproducers: dict[Path, str] = {}
        self._report: report.Report | None = None
        for planned in plans:
            self._collector.add_target(_described(planned, targets.get(planned.label)))

    def add(self, found: Mapping[str, Any], reproducer: Path | None, *, rerun: bool) -> None:
        """Take the outcome of one check, as the plugin put it on pytest's report.

        Args:
            found: The outcome.
            reproducer: Where its reproducer belongs.
            rerun: Whether it will be tried again: then this attempt failed.
        """
        evidence = found["evidence"]
        if reproducer is not None and evidence and evidence["reproducer"]:
            self._reproducers[reproducer] = evidence["reproducer"]
        self._collector.add_check(
            found["label"],
            report.Check(
                node_id=found["node_id"],
                requirement=found["requirement"],
                outcome=report.Outcome.FAILED if rerun else report.Outcome(found["outcome"]),
                reason=found["reason"],
                duration=found["duration"],
                evidence=report.Evidence(**{**evidence, "calls": tuple(evidence["calls"])}) if evidence else None,
            ),
        )

    def incomplete(self, reason: str) -> None:
        """Note that the run certifies nothing, and why."""
        if reason not in self._reasons:
            self._reasons.append(reason)

    def finish(self, exit_status: int) -> None:
        """Make the report, and write it where --certify-report says, with the reproducers beside it."""
        run = report.Run(
            started=self._started,
            finished=datetime.now(UTC),
            profile=self._options.profile,
            suites=tuple(self._options.suites),
            arguments=self._arguments,
            seed=None,
            complete=not self._reasons,
            exit_status=exit_status,
            incomplete_reasons=tuple(self._reasons),
        )
        self._report = self._collector.report(run, report.this_environment(_SDKS))
        if self._options.report is None:
            return
        self._options.report.parent.mkdir(parents=True, exist_ok=True)
        self._report.write(self._options.report)
        self._write_reproducers(self._options.report.with_name(f"{self._options.report.stem}-reproducers"))

    def _write_reproducers(self, folder: Path) -> None:
        if folder.is_dir():
            # Those of the last run would be taken for this one's.
            for old in folder.glob("*.py"):
                old.unlink()
            with contextlib.suppress(OSError):
                folder.rmdir()
        if self._reproducers:
            folder.mkdir(exist_ok=True)
        for path, source in self._reproducers.items():
            path.write_text(source)

    def print(self, reporter: pytest.TerminalReporter) -> None:
        """Show the table: groups by targets, failures first."""
        if self._report is None:
            return
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
        print_summary(self._report, console)
        reporter.write_line("")
        reporter.write(text.getvalue())
        if self._options.report is not None:
            reporter.write_line(f"Report: {self._options.report}")


def _groups(options: Options) -> list[str]:
    groups: list[str] = []
    for package in options.suites.values():
        groups += getattr(importlib.import_module(package), "GROUPS", ())
    return list(dict.fromkeys(groups))


def _described(planned: Plan, target: Target | None) -> report.Target:
    """A target as the report has it; one that was skipped has neither server nor parameters."""
    if target is None:
        return report.Target(label=planned.label, driver=planned.driver, distribution=_distribution(planned.driver))
    hidden = secret_parameters(target)
    with target.open() as driver:
        capabilities = {
            name: getattr(driver.capabilities, name)
            for name in driver.capabilities.__dataclass_fields__
            if name != "limits"
        }
        capabilities["limits"] = {
            name: getattr(driver.capabilities.limits, name) for name in driver.capabilities.limits.__dataclass_fields__
        }
    server = target.backend
    return report.Target(
        label=target.label,
        driver=target.registration.name,
        distribution=_distribution(target.words),
        server=None if server is None else report.Server(server.name, server.mode, server.version),
        capabilities=capabilities,
        parameters={name: "***" if name in hidden else str(value) for name, value in sorted(target.parameters.items())},
    )


def _distribution(words: str) -> str | None:
    """Name and version of the distribution that a driver comes from."""
    try:
        constructor = find_registration(words).constructor
    except TargetError:
        return None
    module = getattr(constructor, "__module__", None) or type(constructor).__module__
    owner = getattr(constructor, "__self__", None)
    module = getattr(owner, "__module__", module)
    for name in packages_distributions().get(str(module).partition(".")[0], []):
        return f"{name} {version(name)}"
    return None
