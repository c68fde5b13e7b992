"""PATH: which paths there are, and that each names a thing of its own."""

from storagedriver.contract.model import DISTRIBUTION, DOCKER_REGISTRY, STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="PATH-1",
        level=Level.MUST,
        title="A path is `/`, or one or more components of A-Z a-z 0-9 . _ -, each after a slash",
        promise=(
            "A path is `/` or one or more times `/[A-Za-z0-9._-]+`, and the whole string is matched: a trailing newline "
            "does not pass. There is no trailing slash and no empty component."
        ),
        rationale="A path that one driver takes and another refuses ties its caller to one backend.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="PATH-2",
        level=Level.MUST,
        title="The components `.` and `..` are refused",
        promise="A path with a component `.` or `..` is an invalid path, wherever in the path it stands.",
        rationale="On a filesystem they climb out of the root directory; elsewhere they make a second name for a file.",
        source=STRICTER,
    ),
    Requirement(
        id="PATH-3",
        level=Level.MUST,
        title="`/` is valid for stat, list and walk, and invalid for everything else",
        promise=(
            "stat, list and walk take `/`. get_content, put_content, reader, writer, move (both its paths), delete and "
            "redirect_url refuse it with InvalidPathError."
        ),
        rationale="The root has no content, and a delete or move of it is a mistake that costs everything.",
        source=DISTRIBUTION,
    ),
    Requirement(
        id="PATH-4",
        level=Level.MUST,
        title="Every method refuses an invalid path with InvalidPathError before it touches the backend",
        promise=(
            "Every method, and every argument of it that is a path, is checked; the error is InvalidPathError, and no "
            "request has been made to the backend when it is raised."
        ),
        rationale="What is checked after the first request may already have read, changed or named something outside.",
        source=STRICTER,
    ),
    Requirement(
        id="PATH-5",
        level=Level.MUST,
        title="Components to 255 bytes and paths to 900 bytes work, and case is significant",
        promise=(
            "Components to 255 bytes and paths to 900 bytes work, whatever the mix of `.`, `_` and `-`, leading dots and "
            "dashes included. Case is preserved and significant. A driver whose backend cannot do this declares its own "
            "limits, or case_sensitive=False (CAP-2)."
        ),
        rationale="Names come from users and digests; a name that is cut, hidden or folded is another file's name.",
        source=STRICTER,
    ),
    Requirement(
        id="PATH-6",
        level=Level.MUST,
        title="Two different valid paths never share storage, and internal names stay out of reach",
        promise=(
            "No two valid paths name one file: not by escaping, not by case folding. No internal name (a segment, a "
            "manifest, a temporary file, a marker) can be reached, or is visible, through the interface."
        ),
        rationale="A collision overwrites another's file without an error; a visible internal name is deleted by mistake.",
        source="prevents collisions of escaped, folded and internal names",
    ),
)
