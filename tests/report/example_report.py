"""A report as a run would make it: two targets, every outcome, foreign text that must not be trusted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from storagedriver.contract import REQUIREMENTS
from storagedriver.report import (
    Check,
    Collector,
    Ending,
    Environment,
    Evidence,
    Figure,
    Outcome,
    Report,
    Run,
    Server,
    Target,
    TrialKind,
    Trials,
)

BEHAVIOUR = ("CAP", "PATH", "CONT", "READ", "WRITE", "STAT", "LIST", "MOVE", "DEL", "WALK", "URL", "ERR", "CONF")

STARTED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

TAIL = Evidence(
    what="content after a shorter put",
    expected="b'short'",
    seen="b'shorter than before'",
    calls=(
        "1 driver.put_content('/check-1f2e3d/a', b'longer than after') -> None",
        "2 driver.put_content('/check-1f2e3d/a', b'short') -> None",
        "3 driver.get_content('/check-1f2e3d/a') -> b'shorter than before'",
    ),
    reproducer="from storagedriver import factory\n",
    traceback="storagedriver.testing.expect.ContractViolation: content after a shorter put",
)

REQUESTS = ("1: POST uploads", "2: PUT part", "3: POST complete")

TRIALS = (
    Trials(TrialKind.FAULT, "put", "status 503", REQUESTS, (Ending.SURVIVED,) * 3),
    Trials(
        TrialKind.FAULT,
        "put",
        "reset after the request",
        REQUESTS,
        (Ending.SURVIVED, Ending.REFUSED, Ending.VIOLATED),
    ),
    Trials(TrialKind.CRASH, "move", "killed", ("1: COPY",), (Ending.SURVIVED,)),
)

FIGURES = (Figure("operations", 2000, ""), Figure("growth of memory", 12.5, "B/operation"))

HOSTILE = "[bold red]not markup[/] [/] \x1b[2J\u202e \udc80 :smile:\nsecond line"


def target(label: str) -> Target:
    driver, _, server = label.partition("@")
    return Target(
        label=label,
        driver=driver,
        distribution="storagedriver 0.1.0",
        server=Server(server, "process", "4.0") if server else None,
        capabilities={"append": True, "redirect": bool(server), "limits": {"chunk_size": 65536, "path_bytes": 900}},
        parameters={"bucket": "certify", "secretkey": "***"} if server else {},
    )


def check(requirement: str, outcome: Outcome = Outcome.PASSED, number: int = 1, **more: object) -> Check:
    node_id = (
        f"behaviour/test_{requirement.partition('-')[0].lower()}.py::test_{requirement.replace('-', '_')}_{number}"
    )
    return Check(node_id, requirement, outcome, **{"duration": 0.25, **more})  # type: ignore[arg-type]


def run(*incomplete_reasons: str, exit_status: int = 1) -> Run:
    return Run(
        started=STARTED,
        finished=STARTED + timedelta(seconds=31, milliseconds=250),
        profile="quick",
        suites=("behaviour",),
        arguments=("--driver=inmemory", "--driver=s3", "--driver-param", "secretkey=***"),
        seed=20260301,
        complete=not incomplete_reasons,
        exit_status=exit_status,
        incomplete_reasons=incomplete_reasons,
    )


ENVIRONMENT = Environment(
    storagedriver="0.1.0",
    python="CPython 3.12.4",
    platform="Linux-6.8.0-x86_64-with-glibc2.39",
    packages={"pytest": "8.3.2", "hypothesis": "6.112.0", "pydantic": "2.8.2", "boto3": "1.35.0"},
    commit="955ed4ea04f439d4fc193074e9abf4a1b6e6aed4-dirty",
)


def all_passed(collector: Collector, label: str, *, but: Collection[str] = ()) -> None:
    """Two passed checks for every requirement of the behaviour groups."""
    for name, requirement in REQUIREMENTS.items():
        if requirement.group in BEHAVIOUR and name not in but:
            for number in (1, 2):
                collector.add_check(label, check(name, number=number))


def example(*incomplete_reasons: str, labels: Collection[str] = ("inmemory", "s3@seaweedfs")) -> Report:
    """The first target keeps all that it offers; the others show every outcome."""
    collector = Collector(BEHAVIOUR)
    first, *others = labels
    collector.add_target(target(first))
    all_passed(collector, first, but={"URL-1", "URL-2"})
    for name in ("URL-1", "URL-2"):
        collector.add_check(first, check(name, Outcome.NOT_OFFERED, reason="redirect is not declared"))
    for label in others:
        collector.add_target(target(label))
        collector.add_check(label, check("CONT-7", number=3, trials=TRIALS, figures=FIGURES))
        unusual = {"PATH-5", "CONT-2", "CONT-6", "READ-7", "LIST-1", "LIST-3", "CONF-3", "MOVE-4", "MOVE-5", "WRITE-7"}
        all_passed(collector, label, but=unusual)
        collector.add_check(label, check("CONT-2", Outcome.FAILED, 1, evidence=TAIL))
        collector.add_check(label, check("CONT-2", Outcome.PASSED, 2))
        hostile = Evidence(what=HOSTILE, expected=HOSTILE, seen=HOSTILE * 20)
        collector.add_check(label, check("PATH-5", Outcome.FAILED, 1, evidence=hostile))
        collector.add_check(label, check("LIST-1", Outcome.FAILED, 1, evidence=Evidence("order", "sorted", "unsorted")))
        collector.add_check(label, check("READ-7", Outcome.ERRORED, reason="the server did not start within 60 s"))
        collector.add_check(label, check("LIST-3", Outcome.FAILED, evidence=Evidence("names", "1,001", "1,000")))
        collector.add_check(label, check("LIST-3", Outcome.PASSED))
        collector.add_check(label, check("CONF-3", Outcome.SKIPPED, reason="the registration names no root parameter"))
        collector.add_check(label, check("CONT-6", Outcome.PASSED, 1))
        collector.add_check(label, check("CONT-6", Outcome.SKIPPED, 2, reason="takes 5 GiB: profile full"))
        collector.add_check(label, check("MOVE-4", Outcome.SKIPPED, reason="takes 5 GiB: profile full"))
        collector.add_check(label, check("MOVE-5", Outcome.NOT_OFFERED, reason="move_directory is not declared"))
    return collector.report(run(*incomplete_reasons), ENVIRONMENT)
