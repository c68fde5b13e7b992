"""Taking URLs apart that users gave. No value is shown in an error: it may be a secret (CONF-1)."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split_url(given: str) -> SplitResult:
    """A URL in its parts.

    Raises:
        ValueError: It is none. Of what Python says of it nothing is kept, as that quotes it.
    """
    try:
        return urlsplit(given)
    except ValueError:
        raise ValueError("it is not a URL") from None
