"""All tests, part by part: the project's own, then the suites on each driver and each server that is found here.

It runs in an environment that has the project installed: `python3 ci/test.py` makes one, `nox -s tests` has one. Arguments
go on to every call of pytest; with `--require-backends` a server that is not found is a failure. `--sample=NUMBER` goes to the
parts on servers, and to a driver that was judged whole elsewhere: each check then has so many of its values there, and on
servers it is one half of the checks, drawn anew each time. Of the faulty drivers in the project's own tests it is one half too,
and all that the table of detection power does not have as rejected by the suites as they are. `--containers-in-full` stays
here: drivers on servers in containers then have all of the suite behaviour, and reports.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from waived import broken, waivers

from storagedriver.backends.errors import BackendSetupError
from storagedriver.backends.selection import find
from storagedriver.certification.policy import matches
from storagedriver.report import Report, ReportError, Server, Target

REQUIRE_BACKENDS = "--require-backends"
CONTAINERS_IN_FULL = "--containers-in-full"
SAMPLE = "--sample"
HALF_OF_MUTANTS = "--half-of-mutants"
PARALLEL = (f"--numprocesses={min(2 * (os.cpu_count() or 1), 4)}", "--dist=worksteal")
"""Two processes a core, as many always wait, for a server or for what takes its time, and no more than one server serves
well. `-n0` among the user's arguments turns it off."""
WRONG_CALL = 4
REPORTS = "certify"
"""The folder of the reports, one for each part that judges a driver."""


@dataclass(frozen=True, slots=True)
class Part:
    """One call of pytest.

    Attributes:
        title: What it proves, in the summary.
        arguments: What pytest is called with.
        server: The server it needs; None for none.
        report: The name of its report in the folder certify/; None if it judges no driver.
        suites: The suites that it runs, unless the user names others; None for those that are run unasked.
        excerpt: The groups of the contract that it is about, unless the user names suites or requirements; None for all.
            With them it leaves no report, as that would certify nothing.
        root: A folder in which the driver gets an empty one for its root directory; None leaves that to the driver.
    """

    title: str
    arguments: Sequence[str]
    server: str | None = None
    report: str | None = None
    suites: str | None = None
    excerpt: str | None = None
    root: Path | None = None

    def sampling(self, values: str) -> list[str]:
        """The arguments by which a sample does, drawn anew each time: none where a driver is to be judged whole.

        A sample does on servers, where the same driver was judged whole in another folder, and of faulty drivers that the
        suites as they are were seen to reject.
        """
        if self.report is None:
            return [f"{HALF_OF_MUTANTS}={random.randrange(1 << 32)}"]  # noqa: S311  no secret
        if self.server is None and self.root is None:
            return []
        half = [f"--shard={random.choice(HALVES)}"] if self.server is not None else []  # noqa: S311  no secret
        return [f"{SAMPLE}={values}", *half]

    @property
    def waives(self) -> bool:
        """Whether a requirement is waived of its driver on its server, so that its report has to tell what failed."""
        driver = next((word.partition("=")[2] for word in self.arguments if word.startswith("--driver=")), "")
        name, _, mode = (self.server or "").partition(":")
        label = f"{driver}@{self.server}" if name else driver
        target = Target(label, driver, server=Server(name, mode) if name else None)
        return any(matches(waiver.target, target) for waiver in waivers())


@dataclass(frozen=True, slots=True)
class Result:
    """How a part ended.

    Attributes:
        part: The part.
        status: pytest's exit status; None if it was left out because its server was not found.
        seconds: How long it took.
        waived: All that failed is waived by the policies of the gate.
    """

    part: Part
    status: int | None
    seconds: float = 0.0
    waived: bool = False


SERVED = (
    ("s3", "moto"),
    ("s3", "seaweedfs:process"),
    ("s3", "minio:process"),
    ("s3", "minio:container"),
    ("s3", "rgw:process"),
    ("s3-async", "minio:process"),
    ("azure", "azurite:process"),
    ("azure", "azurite:container"),
    ("gcs", "fake-gcs-server:process"),
    ("oss", "oss-stub:process"),
    ("swift", "swift:process"),
    ("swift", "swift:container"),
    ("swift", "rgw-swift:process"),
    ("rados", "ceph:process"),
    ("rados", "ceph:container"),
)
"""Which driver is judged on which server, and how that is run."""

TRUST = "behaviour,concurrency,durability,faults,leaks,security"
"""What a driver is trusted for, which takes minutes on a server: one server for each driver has it."""

TRUSTED = frozenset(
    {("s3", "minio:process"), ("azure", "azurite:process"), ("swift", "swift:process"), ("rados", "ceph:process")}
)
"""The drivers that have all of TRUST, and on which server."""

HALVES = ("1/2", "2/2")
"""The shards of which a sample on a server has one."""

IN_CONTAINERS = "behaviour"
"""What containers are for: the same server as a process has the other suites, and they take a minute each."""

EXCERPT_IN_CONTAINERS = "CONT,READ,LIST,MOVE,DEL,URL"
"""Groups of that suite that use each operation of a driver, and so all that an image brings and how it is reached. What
the driver makes of the answers, it has shown on the same server as a process."""


def _is_container(server: str) -> bool:
    return server.endswith(":container")


def _suites(driver: str, server: str) -> str | None:
    if (driver, server) in TRUSTED:
        return TRUST
    return IN_CONTAINERS if _is_container(server) else None


PARTS = (
    Part("the project's own tests", ("tests",)),
    Part("driver inmemory", ("--driver=inmemory",), report="inmemory", suites=TRUST),
    Part("driver filesystem", ("--driver=filesystem",), report="filesystem", suites=TRUST),
    Part("driver filesystem in memory", ("--driver=filesystem",), report="filesystem-tmpfs", root=Path("/dev/shm")),  # noqa: S108
    *(
        Part(
            f"driver {driver} on {server}",
            (f"--driver={driver}", f"--backend={server}"),
            server=server,
            report=f"{driver}-{server.replace(':', '-')}",
            suites=_suites(driver, server),
            excerpt=EXCERPT_IN_CONTAINERS if _is_container(server) else None,
        )
        for driver, server in SERVED
    ),
)


def main(given: Sequence[str]) -> int:
    """Run all parts, show how each ended and which servers there were, and return the exit status."""
    if any(word.split("=")[0] in {"--driver", "--backend"} for word in given):
        print("This runs every driver on every server. For one: python3 ci/certify.py " + " ".join(given))
        return WRONG_CALL
    missing = _missing_servers()
    own, given = _own_options().parse_known_args(given)
    parts = [replace(part, excerpt=None) for part in PARTS] if own.containers_in_full else PARTS
    results = [_run(part, given, missing, part.sampling(own.sample) if own.sample else ()) for part in parts]
    failed = [result for result in results if not _succeeded(result, given)]
    _show_parts(results, failed)
    _show_servers(missing)
    if failed:
        print(f"{len(failed)} of {len(results)} parts failed")
    elif all(result.status != pytest.ExitCode.OK and not result.waived for result in results):
        print("Nothing was run: the arguments select no test")
    else:
        print("No part failed")
        return 0
    return 1


def _own_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(CONTAINERS_IN_FULL, action="store_true")
    parser.add_argument(SAMPLE)
    return parser


def _missing_servers() -> dict[str, str]:
    """The servers that cannot run here, and what each lacks."""
    missing: dict[str, str] = {}
    for part in PARTS:
        if part.server is not None:
            try:
                find(part.server)
            except BackendSetupError as error:
                missing[part.server] = str(error)
    return missing


def _run(part: Part, given: Sequence[str], missing: dict[str, str], sampling: Sequence[str]) -> Result:
    if part.server in missing and REQUIRE_BACKENDS not in given:
        return Result(part, None)
    if part.root is not None and not part.root.is_dir():
        return Result(part, None)
    print(f"\n===== {part.title}", flush=True)
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        arguments = [*part.arguments]
        options = {word.split("=")[0] for word in given}
        excerpt = part.excerpt if options.isdisjoint({"--suite", "--requirement"}) else None
        if part.suites is not None and "--suite" not in options:
            arguments.append(f"--suite={part.suites}")
        if excerpt is not None:
            arguments.append(f"--requirement={excerpt}")
        arguments += sampling
        if part.root is not None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="storagedriver-", dir=part.root))
            arguments.append(f"--driver-param=rootdirectory={folder}")
        report = None if part.report is None else Path(REPORTS, f"{part.report}.json")
        if report is not None and (excerpt is not None or sampling):
            # That of an earlier run would be taken for this one's.
            report.unlink(missing_ok=True)
            report = Path(stack.enter_context(tempfile.TemporaryDirectory()), report.name) if part.waives else None
        if report is not None:
            arguments.append(f"--certify-report={report}")
        status = subprocess.run([sys.executable, "-m", "pytest", *PARALLEL, *arguments, *given], check=False).returncode
        waived = status == pytest.ExitCode.TESTS_FAILED and report is not None and _is_waived(report)
    return Result(part, status, time.monotonic() - begin, waived)


def _is_waived(report: Path) -> bool:
    try:
        return not broken(Report.read(report))
    except ReportError:
        return False


def _succeeded(result: Result, given: Sequence[str]) -> bool:
    if result.waived:
        return True
    if result.status == pytest.ExitCode.NO_TESTS_COLLECTED:
        # With arguments that select, as -k, a part may have nothing to run. Without them it has lost its tests.
        return any(word != REQUIRE_BACKENDS for word in given)
    return result.status in {None, pytest.ExitCode.OK}


def _show_parts(results: Sequence[Result], failed: Sequence[Result]) -> None:
    print("\n===== Summary")
    for result in results:
        if result.status is None:
            print(f"left out  {result.part.title}")
        else:
            ended = "FAILED" if result in failed else "waived" if result.waived else "passed"
            print(f"{ended:<9} {result.part.title} ({result.seconds:.0f} s)")


def _show_servers(missing: dict[str, str]) -> None:
    servers = [part.server for part in PARTS if part.server is not None]
    print("\nServers that ran: " + (", ".join(name for name in servers if name not in missing) or "none"))
    for reason in missing.values():
        print(f"Not found: {reason}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
