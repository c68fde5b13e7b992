"""The oldest Python that runs this project, in words that older ones can still read.

The commands call this before they import anything else of this folder, whose syntax an older Python may refuse.
"""

import sys

OLDEST = (3, 11)
CANNOT_RUN = 4
"""Exit status of a command that cannot set itself up on this machine."""


def require() -> None:
    """End the program with one sentence if this Python is too old."""
    if sys.version_info < OLDEST:
        found = ".".join(str(number) for number in sys.version_info[:3])
        wanted = ".".join(str(number) for number in OLDEST)
        sys.stderr.write(
            "This needs Python {0} or newer, and {1} is {2}. Run it with a newer one, as: python{0} {3}\n".format(  # noqa: UP032
                wanted, sys.executable, found, sys.argv[0]
            )
        )
        sys.exit(CANNOT_RUN)
