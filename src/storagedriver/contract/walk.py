"""WALK: a whole tree, in one order."""

from storagedriver.contract.model import DISTRIBUTION, STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="WALK-1",
        level=Level.MUST,
        title="Every file and directory below the path, each once, in pre-order by component",
        promise=(
            "walk gives every file and directory below the path, each once, in pre-order, in the order of paths compared "
            "component by component. The starting directory itself is not among them; inferred directories are. The order "
            "is the same in every driver, and what is told of each is what stat tells."
        ),
        rationale="Paging by the last name seen drops names when the order is another one than the pager believes.",
        source=STRICTER,
    ),
    Requirement(
        id="WALK-2",
        level=Level.MUST,
        title="start_after resumes exactly after a path; a walk can prune and stop early",
        promise=(
            "start_after resumes exactly after the named path, which need not exist. The caller can prune a directory, "
            "which never prunes siblings whose names begin alike, and can stop early; no connection stays open."
        ),
        rationale="Catalogues are paged and large trees are skipped this way; a lost name is a repository that vanished.",
        source=DISTRIBUTION,
    ),
    Requirement(
        id="WALK-3",
        level=Level.MUST,
        title="What is deleted during the walk causes no error; an absent start raises PathNotFoundError",
        promise=(
            "What is deleted during the walk may come or be skipped, without an error, and what is untouched comes. A walk of an "
            "absent path or of a file raises PathNotFoundError; a walk of `/` never does."
        ),
        rationale="Trees change while they are walked; garbage collection must neither crash nor end early and happy.",
        source=STRICTER,
    ),
)
