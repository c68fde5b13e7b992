"""URL: letting a client fetch from the backend itself."""

from storagedriver.contract.model import DISTRIBUTION, STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="URL-1",
        level=Level.MUST,
        title="redirect_url gives a URL that returns the content without credentials, until it expires",
        promise=(
            "With capability redirect, redirect_url gives a URL, or None for a method that is not offered. For GET and "
            "HEAD it returns the content with no credentials added, and it stops working after `expires` seconds."
        ),
        rationale="Large downloads go past the server by it; a URL that fails, or that never ends, defeats that.",
        source=DISTRIBUTION,
        capability="redirect",
    ),
    Requirement(
        id="URL-2",
        level=Level.MUST,
        title="The URL works outside the process, for this path and method alone, and carries no secret key",
        promise=(
            "With capability redirect, the URL can be used by a client outside the process, gives access to this path and "
            "this method alone, and carries no secret key: at most a signature, and what the protocol has beside it: the "
            "name of the key, and the token of a session."
        ),
        rationale="The URL is given to strangers, logged by proxies and kept in histories.",
        source=STRICTER,
        capability="redirect",
    ),
)
