"""ERR: errors."""

from storagedriver.contract.model import STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="ERR-1",
        level=Level.MUST,
        title="Only the absence of a thing is PathNotFoundError",
        promise=(
            "Only absence is PathNotFoundError. A refusal (403), a failure of the server (5xx), a timeout and wrong "
            "credentials are BackendError, in every method and on every page."
        ),
        rationale="Callers treat 'not found' as a fact: they upload anew, or delete what refers to it.",
        source="prevents outages taken for absence",
    ),
    Requirement(
        id="ERR-2",
        level=Level.MUST,
        title="Errors name the driver and the caller's path, keep the cause, pickle, and hold no secret",
        promise=(
            "Every error carries the driver's name and the caller's own path (not the backend's key), chains its cause, "
            "survives pickling, and holds no secret; nor does repr(driver)."
        ),
        rationale="Errors are logged, sent between processes and pasted into bug reports.",
        source=STRICTER,
    ),
    Requirement(
        id="ERR-3",
        level=Level.MUST,
        title="No failure of the backend is swallowed",
        promise=(
            "A failure of the backend is raised or repaired: in a batch, in a page after the first, in a body that breaks "
            "off, in an answer of 200 with an error inside, and after the last retry."
        ),
        rationale="A swallowed failure is a success that did not happen: lost files, short lists, half deletes.",
        source="prevents swallowed errors",
    ),
)
