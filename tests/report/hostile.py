"""A report whose every text from elsewhere tries to be something else than text."""

from __future__ import annotations

import dataclasses

from storagedriver.report import (
    Check,
    Collector,
    Ending,
    Evidence,
    Figure,
    Outcome,
    Report,
    Server,
    Target,
    TrialKind,
    Trials,
)

from .example_report import ENVIRONMENT, run

EVIL = (
    "::error::boom\n"
    "  ::stop-commands::token\r\n"
    "##[error]boom\n"
    "%0A::error::boom </code></summary></details><script>alert(1)</script> <!-- ]]> <![CDATA[ & \" ' \n"
    "| a \\| b | `one` ``two`` ```three``` [x](https://example.org) ![y](https://example.org/y.png) @octocat #1\n"
    "## heading\n* item\n```\n{0} {1}\x00\x07\x1b[31m\x9b31m\u202e\u2028\u200b\udc80\ufffe\uffff\U0001fffe end"
)
FORBIDDEN = set("\x00\x07\x1b\x9b\u202e\u2028\u200b\udc80\ufffe\uffff\U0001fffe")


def hostile() -> Report:
    """Failed, errored, flaky, skipped and not offered checks, on one target, of an incomplete run."""
    evidence = Evidence(EVIL, EVIL, EVIL, calls=(EVIL, EVIL), reproducer=EVIL, traceback=EVIL)
    collector = Collector(["CONT", "URL"])
    collector.add_target(
        Target(EVIL, EVIL, EVIL, Server(EVIL, EVIL, EVIL), capabilities={EVIL: EVIL}, parameters={EVIL: EVIL})
    )
    trials = (Trials(TrialKind.FAULT, EVIL, EVIL, (EVIL,), (Ending.VIOLATED,)),)
    endings = (Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED, Outcome.NOT_OFFERED)
    for number, outcome in enumerate(endings, start=1):
        given = evidence if outcome is Outcome.FAILED else None
        collector.add_check(
            EVIL,
            Check(f"{number}{EVIL}", f"CONT-{number}", outcome, EVIL, 0.5, given, trials, (Figure(EVIL, 1, EVIL),)),
        )
    collector.add_check(EVIL, Check(f"5{EVIL}", "CONT-5", Outcome.PASSED))
    collector.add_check(EVIL, Check(f"5{EVIL}", "CONT-5", Outcome.FAILED, evidence=evidence))
    environment = dataclasses.replace(ENVIRONMENT, storagedriver=EVIL, python=EVIL, platform=EVIL, commit=EVIL)
    return collector.report(dataclasses.replace(run(EVIL), profile=EVIL, suites=(EVIL,)), environment)
