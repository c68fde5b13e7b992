"""What the client repeats that boto3 would not."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from storagedriver_drivers.s3.answers import is_minio

_TOO_MANY_REQUESTS = 429

_LONGEST_BACKOFF = 20
"""Of any unit."""

_MOST_REFUSALS = 3
"""How often a write that MinIO refuses is repeated: a real refusal is to be told soon."""

_REFUSAL_PAUSE = 0.02
"""Seconds, at most, before the first of these."""


def backoff(attempt: int, unit: float) -> float:
    """Seconds to wait before `attempt`, from 1 on: exponential with full jitter, as boto3's own, in multiples of `unit` seconds."""
    return random.random() * min(1 << (attempt - 1), _LONGEST_BACKOFF) * unit  # noqa: S311  nothing secret depends on it


class Repeats:
    """Answers the event that asks whether a request is to be made again, and after how many seconds."""

    def __init__(self, maxretries: int) -> None:
        """Repeat at most so often."""
        self._maxretries = maxretries

    def too_many_requests(self, response: Any, attempts: int, **_: Any) -> float | None:
        """Repeat what was answered by a bare 429: boto3's standard mode knows throttling by error code alone."""
        if response is None or response[0].status_code != _TOO_MANY_REQUESTS or attempts > self._maxretries:
            return None
        return backoff(attempts, 1.0)

    def refused_by_a_race(self, response: Any, attempts: int, **_: Any) -> float | None:
        """Repeat a write that MinIO refuses: it says AccessDenied where the last other object of a directory goes meanwhile.

        It removes the folder that it keeps the object in while it moves the new one there (CONC-3).
        """
        refused = response is not None and _is_refused_by_minio(response[1])
        if not refused or attempts > min(self._maxretries, _MOST_REFUSALS):
            return None
        return backoff(attempts, _REFUSAL_PAUSE)

    def bodies_that_are_short(self, response: Any, attempts: int, operation: Any, **_: Any) -> float | None:
        """Repeat what was answered by less than announced: where that is nothing, boto3 takes it for a document of nothing."""
        short = response is not None and is_short(response[0], operation)
        return backoff(attempts, 1.0) if short and attempts <= self._maxretries else None


def is_short(answer: Any, operation: Any) -> bool:
    """Whether the body of an answer that was read whole is shorter than its head says."""
    if operation.has_streaming_output or operation.http.get("method") == "HEAD":
        return False
    announced = answer.headers.get("Content-Length", "")
    return announced.isdecimal() and len(answer.content) < int(announced)


def _is_refused_by_minio(answer: Mapping[str, Any]) -> bool:
    return answer.get("Error", {}).get("Code") == "AccessDenied" and is_minio(answer)
