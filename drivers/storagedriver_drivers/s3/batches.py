"""Batch deletes: what goes into one request, and what its answer leaves to be done."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from storagedriver.errors import BackendError
from storagedriver_drivers.s3.retries import backoff

_PAUSE = 0.1
"""Seconds, at most, before a batch is asked for a second time."""

BATCH = 1000
"""Keys of one DeleteObjects request; S3 takes no more."""

_MAY_PASS = frozenset({"InternalError", "OperationAborted", "ServiceUnavailable", "SlowDown", "UnknownError"})
"""Codes of one key of a batch that boto3 would repeat for a whole request. UnknownError is what Ceph's gateway says of a
key that is written at the same moment."""

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that a key may have and an XML document may not."""


def batched(keys: Iterable[str]) -> tuple[Sequence[Batch], Sequence[str]]:
    """The batches in which keys are deleted, and those that have to be deleted one by one."""
    given = list(keys)
    remaining = iter([key for key in given if not _NOT_IN_XML.search(key)])
    batches = []
    while batch := list(itertools.islice(remaining, BATCH)):
        batches.append(Batch(batch))
    return batches, [key for key in given if _NOT_IN_XML.search(key)]


def pause_before(attempt: int) -> float:
    """Seconds to wait before a batch is asked for again, or for the first time, which is attempt 0."""
    return backoff(attempt, _PAUSE) if attempt else 0.0


class Batch:
    """Keys that are deleted by one request, and again those of them whose failure may pass."""

    def __init__(self, keys: Sequence[str]) -> None:
        """All of them are to be deleted."""
        self._keys = keys
        self._pending = list(keys)
        self._failures: Sequence[Mapping[str, Any]] = ()

    @property
    def wanted(self) -> Any:
        """What the next request asks to be deleted."""
        return {"Objects": [{"Key": key} for key in self._pending], "Quiet": True}

    def is_done(self, answer: Mapping[str, Any]) -> bool:
        """Whether the answer leaves nothing to be asked for again. Absent keys are no error.

        Raises:
            BackendError: The server could not delete a key, and will not.
        """
        self._failures = [error for error in answer.get("Errors", []) if error.get("Code") != "NoSuchKey"]
        again = [
            error["Key"]
            for error in self._failures
            if error.get("Code") in _MAY_PASS and error.get("Key") in self._pending
        ]
        if len(again) != len(self._failures):
            raise self.failure()
        self._pending = again
        return not again

    def failure(self) -> BackendError:
        """The error that tells of what was not deleted."""
        code = self._failures[0].get("Code", "no code")
        return BackendError(f"{len(self._failures)} of {len(self._keys)} objects were not deleted: {code}")
