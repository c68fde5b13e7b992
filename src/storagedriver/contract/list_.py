"""LIST: the children of a directory."""

from storagedriver.contract.model import DISTRIBUTION, DOCKER_REGISTRY, STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="LIST-1",
        level=Level.MUST,
        title="list gives the direct children, files and directories, as full paths, each once",
        promise=(
            "list gives the direct children of a directory, files and directories, as full paths, each once, without a "
            "trailing slash. That they are sorted is a SHOULD."
        ),
        rationale="Callers pass what list gives straight to the other methods.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="LIST-2",
        level=Level.MUST,
        title="`/` always lists; an absent path, or a file, raises PathNotFoundError",
        promise="list of `/` always works and is empty if the store is. Of an absent path or a file: PathNotFoundError.",
        rationale="An empty list for what is absent hides a wrong name; an error for an empty store stops a fresh one.",
        source=DISTRIBUTION,
    ),
    Requirement(
        id="LIST-3",
        level=Level.MUST,
        title="More children than one page of the backend all come",
        promise=(
            "A directory with more children than one page of the backend's listing (over 1,000; over 10,000 for Swift), "
            "files and directories mixed, is listed whole, each child once."
        ),
        rationale="Garbage collection deletes what is not listed: a lost page is lost data.",
        source="prevents lost and doubled pages",
    ),
    Requirement(
        id="LIST-4",
        level=Level.MUST,
        title="No sibling with the same prefix appears, and no directory marker as itself",
        promise=(
            "list('/a') has nothing of '/ab' or '/a-b'. A directory marker does not appear as a child or file of its own "
            "directory, and no name is empty."
        ),
        rationale="Backends list by prefix and keep markers; taken as they come, they are children that do not exist.",
        source="prevents matches by prefix and visible markers",
    ),
    Requirement(
        id="LIST-5",
        level=Level.MUST,
        title="What was written is listed, and what was deleted is not, at once",
        promise=(
            "With capability consistent_list, list and walk show every completed write, move and delete of this or "
            "another driver on the store at once. A backend that cannot do this does not declare it."
        ),
        rationale="Sizes and resume points computed from a stale listing overwrite data.",
        source=STRICTER,
        capability="consistent_list",
    ),
)
