"""What URLs may be signed for, and for how long."""

from __future__ import annotations

import math

from storagedriver.errors import ParameterError

PRESIGNED = {"GET": "get_object", "HEAD": "head_object"}
"""The operation that a URL is for, by HTTP method; others are not offered."""

_DEFAULT_EXPIRY = 20 * 60
_LONGEST_EXPIRY = 7 * 24 * 60 * 60


def whole_seconds(expires: float | None) -> int:
    """How long a URL is valid, in seconds: whole ones, and never longer than asked for.

    Raises:
        ParameterError: It is out of the range that S3 takes.
    """
    seconds = _DEFAULT_EXPIRY if expires is None else expires
    if not (math.isfinite(seconds) and 1 <= seconds <= _LONGEST_EXPIRY):
        raise ParameterError(f"1 to {_LONGEST_EXPIRY} seconds", parameter="expires")
    return int(seconds)
