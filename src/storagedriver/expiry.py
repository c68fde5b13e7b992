"""How long a redirect URL is valid, for drivers that sign one (URL-1)."""

from __future__ import annotations

import math

from storagedriver.errors import ParameterError

DEFAULT_EXPIRY = 20 * 60
"""Seconds, where the caller names none."""

LONGEST_EXPIRY = 7 * 24 * 60 * 60
"""Seconds: the longest that signatures of S3, Google and Alibaba are valid, and keys that Azure delegates."""


def seconds_valid(expires: float | None) -> float:
    """How many seconds a URL is to be valid.

    Args:
        expires: What the caller asked for; None for the default.

    Raises:
        ParameterError: It is no number from 1 to LONGEST_EXPIRY.
    """
    seconds = DEFAULT_EXPIRY if expires is None else expires
    if not (math.isfinite(seconds) and 1 <= seconds <= LONGEST_EXPIRY):
        raise ParameterError(f"1 to {LONGEST_EXPIRY} seconds", parameter="expires")
    return seconds
