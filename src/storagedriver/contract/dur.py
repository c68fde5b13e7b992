"""DUR: crashes and power failures."""

from storagedriver.contract.model import STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="DUR-1",
        level=Level.MUST,
        title="Killed at any point, a new process sees each file old or new, whole",
        promise=(
            "Killed at any point (SIGKILL between any two system calls or requests), a new process sees each file with "
            "its old or its new content, whole."
        ),
        rationale="Processes are killed by deployments and by a lack of memory, always in the middle of something.",
        source="prevents short files under a final name",
    ),
    Requirement(
        id="DUR-2",
        level=Level.CAP,
        title="What returned survives a power failure",
        promise=(
            "With capability durable, file and directory (new parents too) have been flushed to the device before put, "
            "commit, move and delete return."
        ),
        rationale="Without a flush of the directory the file itself can be gone after a power failure.",
        source=STRICTER,
        capability="durable",
    ),
)
