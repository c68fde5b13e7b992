"""DEL: removing files and directories."""

from storagedriver.contract.model import DISTRIBUTION, DOCKER_REGISTRY, STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="DEL-1",
        level=Level.MUST,
        title="delete removes a file, or a directory with all below it, over many pages",
        promise=(
            "delete removes a file, or a directory with all below it, also over many pages of the backend. Then get, "
            "stat and list of it, and of all that lay below, raise PathNotFoundError."
        ),
        rationale="What is said to be deleted and is still there is found again by a listing, or by an auditor.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="DEL-2",
        level=Level.MUST,
        title="delete of `/a` never touches `/ab`, `/a-b`, `/a.b` or `/a0`",
        promise="delete removes the path and what lies below it, and nothing whose name merely begins alike.",
        rationale="Backends delete by prefix; without the slash the neighbours go too.",
        source="prevents matches by prefix",
    ),
    Requirement(
        id="DEL-3",
        level=Level.MUST,
        title="delete of what is absent raises PathNotFoundError",
        promise=(
            "delete of an absent path raises PathNotFoundError: also where a sibling begins with its name, and below a "
            "path that is a file."
        ),
        rationale="A delete that says yes to a wrong name leaves the thing there, and its caller content.",
        source=DISTRIBUTION,
    ),
    Requirement(
        id="DEL-4",
        level=Level.MUST,
        title="A failed page or a partly failed batch is an error, not a silent rest",
        promise="When one page of the listing or one name of a batch fails, delete raises; calling it again can finish.",
        rationale="A batch answers 200 with errors inside; taken as success, the rest stays for ever.",
        source="prevents swallowed errors",
    ),
    Requirement(
        id="DEL-5",
        level=Level.MUST,
        title="Staged uploads and segments below the path go too",
        promise=(
            "delete of a path or of its parent also removes what unfinished streams staged there (WRITE-10). Where nothing but "
            "that is there, it may say PathNotFoundError, and removes it all the same."
        ),
        rationale="A stage that outlives its directory is paid for, and comes back to life with the next append.",
        source=STRICTER,
    ),
)
