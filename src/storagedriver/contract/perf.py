"""PERF: costs that are counted in benchmarks, and never timed in tests."""

from storagedriver.contract.model import STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="PERF-1",
        level=Level.SHOULD,
        title="A reader or writer holds at most a few chunks, for any file size",
        promise="The peak memory of a reader or writer is at most a few chunks (limits.chunk_size), for any file size.",
        rationale="Memory that grows with the file times the number of clients ends the process.",
        source=STRICTER,
    ),
    Requirement(
        id="PERF-2",
        level=Level.SHOULD,
        title="The number of requests of each operation is bounded",
        promise=(
            "Requests are counted, not timed: stat at most 2; put of small content at most 2; list of n children at most "
            "n / page + 1; delete of n objects at most n / batch + the pages of their listing."
        ),
        rationale="Each request costs a round trip and money; a loop of single requests makes hours of seconds.",
        source=STRICTER,
    ),
    Requirement(
        id="PERF-3",
        level=Level.SHOULD,
        title="Cost grows with the work: no deep listing for a shallow one, no reading of what is skipped",
        promise=(
            "The cost of list does not depend on what lies deeper than the directory's children, and a reader with an "
            "offset does not read what it skips."
        ),
        rationale="The root of a large store must list as fast as that of a small one.",
        source=STRICTER,
    ),
)
