"""Contents compared."""

from __future__ import annotations


def common_length(left: bytes, right: bytes) -> int:
    """How many bytes two contents have in common, from the first on."""
    length = min(len(left), len(right))
    if left[:length] == right[:length]:
        return length
    return next(index for index in range(length) if left[index] != right[index])
