"""What URLs may be signed for, and for how long."""

from __future__ import annotations

from storagedriver.expiry import seconds_valid

PRESIGNED = {"GET": "get_object", "HEAD": "head_object"}
"""The operation that a URL is for, by HTTP method; others are not offered."""


def whole_seconds(expires: float | None) -> int:
    """How long a URL is valid, in seconds: whole ones, and never longer than asked for.

    Raises:
        ParameterError: It is out of the range that S3 takes.
    """
    return int(seconds_valid(expires))
