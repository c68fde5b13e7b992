"""FAULT: what happens when the backend or the system fails."""

from storagedriver.contract.model import STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="FAULT-1",
        level=Level.MUST,
        title="Whichever request of an operation fails, it succeeds by retry or raises, and can be repeated",
        promise=(
            "For every k: when the k-th backend request of an operation fails (the connection cut before, during or after "
            "it; 500, 503, 429; a truncated body; a slow answer; an answer lost after the server acted), the operation "
            "succeeds by retry or raises. Afterwards the state is one that CONT-7, WRITE-5, MOVE-7 and DEL-4 allow, and "
            "the same call again succeeds."
        ),
        rationale="Any request can fail, and an operation of many requests fails in its middle.",
        source=STRICTER,
    ),
    Requirement(
        id="FAULT-2",
        level=Level.MUST,
        title="Retries are bounded: a dead or silent backend gives an error within the declared timeout",
        promise="Retries are bounded in number and time; a dead or silent backend gives an error within the timeout.",
        rationale="A call that never returns holds its thread, its caller and at last the whole service.",
        source=STRICTER,
    ),
    Requirement(
        id="FAULT-3",
        level=Level.MUST,
        title="A failing system call is an error or a success, keeps the old content and leaves nothing behind",
        promise=(
            "ENOSPC, EIO, EACCES, EMFILE, EINTR and short writes give an error or a success; the old content is kept, and "
            "no temporary file is left."
        ),
        rationale="Disks fill up on ordinary days; that must not cost the files that were there before.",
        source=STRICTER,
    ),
)
