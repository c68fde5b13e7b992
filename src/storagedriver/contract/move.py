"""MOVE: giving a file another path."""

from storagedriver.contract.model import DOCKER_REGISTRY, STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="MOVE-1",
        level=Level.MUST,
        title="The content is at dest and no longer at source; dest's old content is replaced",
        promise=(
            "After move the content, its size included, is at dest and no longer at source. What was at dest is "
            "replaced, and missing parents of dest are made."
        ),
        rationale="Uploads are published by a move; a copy left behind, or an old tail, is a wrong file under a good name.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="MOVE-2",
        level=Level.MUST,
        title="An absent source raises PathNotFoundError, and dest is untouched",
        promise="move of an absent source, or of a path below a file, raises PathNotFoundError; dest is as it was.",
        rationale="A move that clears dest before it looks at source destroys a file by a typing error.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="MOVE-3",
        level=Level.MUST,
        title="A move of a path onto itself loses nothing",
        promise="move(p, p) leaves the content whole at p and raises nothing; PathNotFoundError if nothing is at p.",
        rationale="Copy then delete, done with one name, deletes the only copy.",
        source="prevents data loss by copy and delete",
    ),
    Requirement(
        id="MOVE-4",
        level=Level.MUST,
        title="Files larger than the backend's copy limit move",
        promise="A file larger than the backend copies in one request (limits.copy_size) moves whole, copied in parts.",
        rationale="The largest files are the ones whose uploads are published by a move, and the ones nobody tests.",
        source="prevents refused or partial copies of large files",
    ),
    Requirement(
        id="MOVE-5",
        level=Level.CAP,
        title="A directory moves with all below it, or the move raises and nothing is lost",
        promise=(
            "With capability move_directory, move takes a directory with all below it, all or an error. Without it, "
            "move of a directory raises UnsupportedMethodError (CAP-1)."
        ),
        rationale="Half a directory here and half there is a state that no caller can repair.",
        source=STRICTER,
        capability="move_directory",
    ),
    Requirement(
        id="MOVE-6",
        level=Level.MUST,
        title="dest below source, or dest a directory, raises PathConflictError and loses nothing",
        promise=(
            "move with dest below source, or onto a directory, raises PathConflictError, which is a FileExistsError; "
            "source, dest and all below them are as they were. Where the driver does not move directories and source is "
            "one, it may be UnsupportedMethodError instead."
        ),
        rationale="A file that replaces a directory buries all below it; a directory moved into itself is gone.",
        source=STRICTER,
    ),
    Requirement(
        id="MOVE-7",
        level=Level.MUST,
        title="A failure in the middle leaves source or dest whole",
        promise=(
            "When move raises, the content is whole at source or at dest, and what dest held before is replaced by the "
            "whole content or not at all."
        ),
        rationale="An ignored error of the copy, followed by the delete of the source, is the end of the file.",
        source="prevents data loss by copy and delete",
    ),
)
