"""Deleting a file, or a directory with all below it, and ending the streams staged there."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.gcs import batches
from storagedriver_drivers.gcs.errors import answer_of, is_transient
from storagedriver_drivers.gcs.objects import Bucket, Layout, ObjectHead

_GONE = frozenset({404, 412})
"""What a delete is answered by where the object is gone, or replaced since it was listed."""


def delete(bucket: Bucket, layout: Layout, path: str) -> None:
    """Delete the file `path` and all below it, never a sibling; staged streams of all these end.

    What others write meanwhile stays: each object is deleted in the generation that was seen.

    Raises:
        PathNotFoundError: Nothing is there. A staged stream without a file is ended all the same.
        BackendError: Any part of it failed.
    """
    remove_below(bucket, layout.staging_prefix(path))
    file = bucket.head(layout.key(path))
    if file is not None:
        bucket.remove(file.key, file.generation)
    if not remove_below(bucket, layout.prefix(path)) and file is None:
        raise PathNotFoundError


def remove_below(bucket: Bucket, prefix: str) -> bool:
    """Delete all whose names begin with `prefix`; tells whether there was any."""
    found = False
    for page in bucket.pages(prefix):
        found = found or bool(page.entries)
        remove_all(bucket, page.entries)
    return found


def remove_all(bucket: Bucket, entries: Iterable[ObjectHead]) -> None:
    """Delete objects in batches. What is gone or replaced is no error.

    Raises:
        BackendError: The server could not delete an object of a batch, or did not tell of each. Else the library's.
    """
    remaining = iter(entries)
    while batch := list(itertools.islice(remaining, batches.MOST_CALLS)):
        if len(batch) == 1:
            bucket.remove(batch[0].key, batch[0].generation)
        else:
            _remove_batch(bucket, batch)


def _remove_batch(bucket: Bucket, batch: Sequence[ObjectHead]) -> None:
    pending = list(batch)

    def request() -> None:
        statuses = batches.delete(bucket, pending)
        refused = {
            entry: answer_of(status)
            for entry, status in zip(pending, statuses, strict=True)
            if not 200 <= status < 300 and status not in _GONE
        }
        lasting = next((error for error in refused.values() if not is_transient(error)), None)
        if lasting is not None:
            raise BackendError(f"{len(refused)} of {len(batch)} objects were not deleted") from lasting
        pending[:] = refused
        for error in refused.values():
            # What may pass is asked again, for these alone.
            raise error

    bucket.client.ask(request)
