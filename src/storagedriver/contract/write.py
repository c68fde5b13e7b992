"""WRITE: streams in."""

from storagedriver.contract.model import DISTRIBUTION, DOCKER_REGISTRY, STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="WRITE-1",
        level=Level.MUST,
        title="Nothing of a stream is visible before commit",
        promise=(
            "With capability atomic_write nothing is visible before commit(): a new path is PathNotFoundError, an old "
            "one is its old content, for every method. A driver without the capability says so by not declaring it."
        ),
        rationale="Half a file that is visible is read, listed and copied as if it were the file.",
        source=STRICTER,
        capability="atomic_write",
    ),
    Requirement(
        id="WRITE-2",
        level=Level.MUST,
        title="After commit the content is exactly the bytes written, however they were cut",
        promise=(
            "After commit() the content is what was written, in order: as many tiny writes, one huge write, or empty "
            "writes among them. write() takes all it is given and returns the length of this one write in bytes."
        ),
        rationale="Callers write in whatever pieces a network gives them; the pieces must not show.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="WRITE-3",
        level=Level.MUST,
        title="append=True continues the staged stream of the path, else its committed content",
        promise=(
            "With capability append, writer(path, append=True) continues the staged stream of that path if there is one "
            "(WRITE-10), else the committed content. With neither it raises PathNotFoundError. It works over a zero-byte "
            "file too."
        ),
        rationale="An upload that is continued must not lose or double what was sent; one that is gone must not start anew.",
        source=DISTRIBUTION,
        capability="append",
    ),
    Requirement(
        id="WRITE-4",
        level=Level.MUST,
        title="size counts from the start of the file, the appended-to part included",
        promise="writer.size is what the file's size would be if it were committed now, from the moment it is opened.",
        rationale="Clients are told by it where to continue an upload; a wrong size puts a hole or an overlap in the file.",
        source=DISTRIBUTION,
    ),
    Requirement(
        id="WRITE-5",
        level=Level.MUST,
        title="cancel removes what was staged and nothing else; a finished writer raises WriterStateError",
        promise=(
            "cancel() removes all that this stream staged and leaves the committed content that was there before. "
            "cancel after commit, write or commit after close, commit after cancel, and a second commit raise "
            "WriterStateError, which is a ValueError, and change nothing. cancel after close works. A writer whose write or "
            "commit failed stays open, to be cancelled or closed."
        ),
        rationale="Clean-up code calls these in any order; a wrong one must neither publish nor destroy anything.",
        source=STRICTER,
    ),
    Requirement(
        id="WRITE-6",
        level=Level.MUST,
        title="close without commit publishes nothing; the context manager closes, or cancels on an exception",
        promise=(
            "close() without commit() publishes nothing, ever. Leaving the context manager closes the writer; with an "
            "exception it cancels it."
        ),
        rationale="Most writers that are closed without a commit belong to a client that broke off: half a file.",
        source=DISTRIBUTION,
    ),
    Requirement(
        id="WRITE-7",
        level=Level.MUST,
        title="A stream larger than memory is written in bounded memory",
        promise="The memory that a writer holds does not grow with the file: at most a few chunks (PERF-1).",
        rationale="Layers and backups are larger than memory; one upload must not take down the process.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="WRITE-8",
        level=Level.MUST,
        title="Of two writers of one path the last commit wins, whole",
        promise="When several writers of one path commit, the content is that of the last commit, with no byte of another.",
        rationale="Temporary files and parts that two writers share make a file that neither wrote.",
        source="prevents shared staging areas",
    ),
    Requirement(
        id="WRITE-9",
        level=Level.MUST,
        title="commit without a write makes a zero-byte file, or keeps the appended-to content",
        promise=(
            "commit() of a writer to which nothing was written makes a zero-byte file; with append it keeps the content "
            "that it continued."
        ),
        rationale="Empty files are ordinary files; an upload of no parts is what many backends refuse.",
        source="prevents refused empty uploads",
    ),
    Requirement(
        id="WRITE-10",
        level=Level.MUST,
        title="A closed, uncommitted stream is continued by writer(path, append=True), in another process too",
        promise=(
            "With capability resumable_writes, what a closed, uncommitted writer staged is continued by writer(path, "
            "append=True), in another process too if the store is shared, with the right size, any number of times, and "
            "in pieces smaller than the backend's smallest part. The stage that was closed last counts. writer(path), cancel, and "
            "delete of the path or of a parent end it. Without the capability close() discards what was staged."
        ),
        rationale="In a registry each request of an upload may reach another process; without this, uploads start over.",
        source=DISTRIBUTION,
        capability="resumable_writes",
    ),
    Requirement(
        id="WRITE-11",
        level=Level.MUST,
        title="Nothing stays behind after cancel or failure",
        promise=(
            "After cancel(), and after a stream that failed was cancelled, the backend holds no temporary file, no "
            "unfinished multipart upload and no segment of it. What WRITE-10 keeps after close() is the one exception."
        ),
        rationale="What stays behind is paid for, is never cleaned up, and slows down or breaks later uploads.",
        source="prevents orphaned uploads and temporary files",
    ),
    Requirement(
        id="WRITE-12",
        level=Level.MUST,
        title="A writer may be fed from a reader of the same driver",
        promise=(
            "A writer may be fed from a reader of the same driver, and other calls may be made while streams are open: no "
            "lock or slot is held across a caller's code."
        ),
        rationale="Copying is done this way; a lock held between two calls hangs the copy, or everybody.",
        source="prevents deadlocks",
    ),
)
