"""One run of one suite over one driver, in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from power.apart import begin_apart, leave
from power.states import SUITES
from power.subjects import Subject, all_subjects
from power.suite_runs import SEED, SuiteRun, run_suite
from power.verdicts import Ending, Verdict


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run.

    Attributes:
        subject: The faulty driver's key; or the name of a good driver, and where it has a choice of servers, its server: as
            `s3@minio:container`.
        suite: A suite's name, or "baseline".
        every: Run every check, and not only up to the first failure.
        seed: Of what is generated.
        good: Whether the subject is a good driver.
    """

    subject: str
    suite: str
    every: bool = False
    seed: int = SEED
    good: bool = False

    @property
    def key(self) -> str:
        """What its verdict is kept under."""
        return f"good {self.subject} seed {self.seed}" if self.good else self.subject


def run_job(job: Job, folder: Path) -> None:
    """Run it in `folder`, and leave the verdict there; for a new process, whose output goes to a file."""
    begin_apart(folder)
    leave(judge(job), folder)


def judge(job: Job) -> Verdict:
    """The verdict of a suite on a driver, in this process and its current folder, where the report is left."""
    if job.good:
        driver, _, server = job.subject.partition("@")
        arguments = (f"--backend={server}",) if server else ()
        return run_suite(SuiteRun(job.key, driver, job.suite, every=job.every, seed=job.seed, arguments=arguments))
    subject = all_subjects()[job.subject]
    run = SuiteRun(job.key, subject.mutant.register().name, job.suite, every=job.every, seed=job.seed)
    part = None if job.every else _part(job.suite, subject)
    if part is not None:
        # Most are caught by the checks of the requirement that they break, which are few.
        verdict = run_suite(run, part)
        if verdict.ending is Ending.CAUGHT:
            return verdict
    return run_suite(run)


def _part(suite: str, subject: Subject) -> list[str] | None:
    """The arguments that choose the checks of the requirements that a driver breaks; None if the suite has none."""
    if suite not in SUITES:
        return None
    groups = {requirement.partition("-")[0].lower() for requirement in subject.requirements}
    folder = Path(SUITES[suite].__path__[0])
    modules = [str(module) for group in sorted(groups) for module in sorted(folder.glob(f"test_{group}*.py"))]
    return [*modules, f"--requirement={','.join(sorted(subject.requirements))}"] if modules else None
