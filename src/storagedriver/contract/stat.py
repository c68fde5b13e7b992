"""STAT: what a path is."""

from storagedriver.contract.model import DISTRIBUTION, DOCKER_REGISTRY, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="STAT-1",
        level=Level.MUST,
        title="A file has its exact size, is_dir False, and an aware, monotone modification time",
        promise=(
            "stat of a file gives its exact size, is_dir False, and a mod_time that is aware, not before the write (with "
            "2 s of slack) and monotone over rewrites by put and by stream. A move may keep the time of the file or tell its "
            "own."
        ),
        rationale="Sizes become Content-Length and times decide what is collected as garbage; a wrong one loses data.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="STAT-2",
        level=Level.MUST,
        title="A directory is one as soon as something lies below it, and `/` always is",
        promise=(
            "stat of a path with something below it gives is_dir True, at any depth. `/` always is a directory; any other "
            "is absent once its last file has gone."
        ),
        rationale="Object stores have no directories; every driver must infer the same ones.",
        source=DISTRIBUTION,
    ),
    Requirement(
        id="STAT-3",
        level=Level.MUST,
        title="What is absent raises PathNotFoundError, a prefix of a name included",
        promise='stat of what is absent raises PathNotFoundError. A prefix of a name ("/a" of "/ab") is absent.',
        rationale="Prefix listings take '/ab' for evidence of '/a', and callers act on a thing that isn't there.",
        source="prevents matches by prefix",
    ),
)
