"""SEC: security."""

from storagedriver.contract.model import STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="SEC-1",
        level=Level.MUST,
        title="No path or parameter reaches outside the root, prefix or container",
        promise=(
            "No path and no parameter reaches outside the root, prefix or container: not by traversal, not by symbolic "
            "links planted in the root, not by encoded separators."
        ),
        rationale="Paths are built from what strangers send; outside the root lie the host's files and other tenants.",
        source="prevents escapes from the root",
    ),
    Requirement(
        id="SEC-2",
        level=Level.MUST,
        title="Drivers with different roots on one backend never see each other",
        promise='Two drivers with different roots or prefixes on one backend never see each other, "p" and "p2" included.',
        rationale="Roots keep tenants apart; a prefix without its slash gives one the files of another.",
        source="prevents matches by prefix",
    ),
    Requirement(
        id="SEC-3",
        level=Level.MUST,
        title="No secret shows in a log, an error, a repr, a report or a URL",
        promise=(
            "No secret shows in a log at any level, an error, a repr or a report, nor in a URL beyond what URL-2 allows."
        ),
        rationale="Logs and reports are read by more people than may read the storage.",
        source=STRICTER,
    ),
    Requirement(
        id="SEC-4",
        level=Level.MUST,
        title="TLS is verified unless a parameter says otherwise, and then there is a warning",
        promise="Certificates are verified unless the parameter says otherwise, and then the driver warns about it.",
        rationale="An unverified connection gives credentials and content to whoever answers first.",
        source=STRICTER,
    ),
)
