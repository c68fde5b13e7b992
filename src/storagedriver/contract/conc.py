"""CONC: concurrency."""

from storagedriver.contract.model import STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="CONC-1",
        level=Level.MUST,
        title="Every method may be called from many threads at once",
        promise=(
            "Every method of one driver may be called from many threads at once; none hangs, crashes or mixes results. A "
            "reader, writer or walk may go on in another thread than the one it was opened in, in one at a time. A thread "
            "that calls may be one that runs an event loop."
        ),
        rationale="Servers share one driver between all their requests, and await each call in whichever thread is free.",
        source=STRICTER,
    ),
    Requirement(
        id="CONC-2",
        level=Level.MUST,
        title="Every read is some complete write; histories are linearizable where that is declared",
        promise=(
            "Every concurrent read is some complete write. With capability linearizable, histories of concurrent get, put, "
            "commit, delete and stat are linearizable per path; with capability atomic_move, moves join them. Without "
            "atomic_move a reader may see both paths or, for a moment, the copy alone, and never neither."
        ),
        rationale="A read that fits no order of the writes means that two callers can each be right and disagree.",
        source=STRICTER,
    ),
    Requirement(
        id="CONC-3",
        level=Level.MUST,
        title="Concurrent writes, lists and deletes in one tree lose nothing untouched and crash nothing",
        promise="While some write and delete in a tree, others list and walk it: nothing untouched is lost, nothing crashes.",
        rationale="Removing an empty parent while another writes into it, or a listing that meets a gap, loses files.",
        source="prevents races between writes, lists and deletes",
    ),
    Requirement(
        id="CONC-4",
        level=Level.SHOULD,
        title="A driver works after a fork or says that it does not; its parameters can be pickled for spawn",
        promise=(
            "A driver made before a fork works in the child, or does not declare fork_safe. Its parameters can be pickled "
            "and make a working driver in a spawned process."
        ),
        rationale="Connections and locks shared with a parent give hangs and other people's answers.",
        source=STRICTER,
    ),
)
