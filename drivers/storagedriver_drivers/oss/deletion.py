"""Deleting a file, or a directory with all below it, and ending the streams staged there."""

from __future__ import annotations

import itertools
import random
import re
import time
from collections.abc import Iterable, Sequence

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.key_layout import KeyLayout
from storagedriver_drivers.oss import multipart
from storagedriver_drivers.oss.objects import Bucket

_BATCH = 1000
"""Keys of one DeleteMultipleObjects request; OSS takes no more."""

_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
"""Characters that a key may have and an XML document may not, or not as they are."""


def delete(bucket: Bucket, layout: KeyLayout, path: str) -> None:
    """Delete the file `path` and all below it, never a sibling; staged streams of all these end.

    Raises:
        PathNotFoundError: Nothing is there. A staged stream without a file is ended all the same.
        BackendError: Any part of it failed.
    """
    key, prefix = layout.key(path), layout.prefix(path)
    end_streams(bucket, layout, path)
    found = False
    # A file of the directory's own name goes with it; OSS does not mind if there is none.
    pending = [key]
    for page in bucket.pages(prefix):
        found = found or bool(page.entries)
        pending += [entry.key for entry in page.entries]
        whole = len(pending) - len(pending) % _BATCH
        remove_all(bucket, pending[:whole])
        del pending[:whole]
    if found:
        remove_all(bucket, pending)
        return
    if bucket.head(key) is None:
        raise PathNotFoundError
    bucket.remove(key)


def end_streams(bucket: Bucket, layout: KeyLayout, path: str) -> None:
    """End the staged streams of `path` and of all below it, and abort every unfinished upload there."""
    key, prefix = layout.key(path), layout.prefix(path)
    uploads = {
        upload for upload in multipart.unfinished(bucket, key) if upload[0] == key or upload[0].startswith(prefix)
    }
    for page in bucket.pages(layout.staging_prefix(path)):
        remove_all(bucket, [entry.key for entry in page.entries])
    for staged_key, upload_id in sorted(uploads):
        multipart.abort(bucket, staged_key, upload_id)


def remove_all(bucket: Bucket, keys: Iterable[str]) -> None:
    """Delete objects in batches. Absent ones are no error.

    Raises:
        BackendError: The server did not delete a key of a batch.
    """
    given = list(keys)
    remaining = iter([key for key in given if not _NOT_IN_XML.search(key)])
    while batch := list(itertools.islice(remaining, _BATCH)):
        _remove_batch(bucket, batch)
    for key in given:
        if _NOT_IN_XML.search(key):
            bucket.remove(key)


def _remove_batch(bucket: Bucket, keys: Sequence[str]) -> None:
    pending = keys
    for attempt in range(bucket.retries + 1):
        if attempt:
            # Exponential backoff with full jitter, as the SDK's own for whole requests.
            time.sleep(random.random() * min(1 << (attempt - 1), 20) / 10)  # noqa: S311  nothing secret depends on it
        # OSS names what it deleted, and says nothing of the rest.
        pending = bucket.remove_many(pending)
        if not pending:
            return
    raise BackendError(f"{len(pending)} of {len(keys)} objects were not deleted")
