"""Deleting a file, or a directory with all below it, and ending the streams staged there."""

from __future__ import annotations

import time
from collections.abc import Iterable

from storagedriver.errors import PathNotFoundError
from storagedriver.key_layout import KeyLayout
from storagedriver.multipart_upload import peeked
from storagedriver_drivers.s3 import multipart
from storagedriver_drivers.s3.answers import is_minio
from storagedriver_drivers.s3.batches import BATCH, Batch, batched, pause_before
from storagedriver_drivers.s3.objects import Bucket
from storagedriver_drivers.s3.parameters import LONGEST_KEY
from storagedriver_drivers.s3.target import opened

_MOST_LEVELS = LONGEST_KEY // 2
"""Levels of the deepest key."""

_MOST_REPEATS = 8
"""How often the same first key is deleted and listed again: somebody writes it anew, or the server lists what is not there."""


def delete(bucket: Bucket, layout: KeyLayout, path: str) -> None:
    """Delete the file `path` and all below it, never a sibling; staged streams of all these end.

    Raises:
        PathNotFoundError: Nothing is there. A staged stream without a file is ended all the same.
        BackendError: Any part of it failed.
    """
    key, prefix = layout.key(path), layout.prefix(path)
    end_streams(bucket, layout, path)
    found, hides = _delete_listed(bucket, key, prefix)
    if not found:
        if bucket.head(key) is None:
            raise PathNotFoundError
        bucket.remove(key)
    # What a deleted file hid comes to light level by level.
    repeated = 0
    for _ in range(_MOST_LEVELS if hides else 0):
        if repeated == _MOST_REPEATS or not bucket.holds(prefix):
            break
        before, (found, _) = found, _delete_listed(bucket, key, prefix)
        repeated = repeated + 1 if found == before else 0


def _delete_listed(bucket: Bucket, key: str, prefix: str) -> tuple[str | None, bool]:
    """Delete all that a listing shows below `prefix`; tells the first key, if any, and whether more may be hidden."""
    found: str | None = None
    hides = False
    # A file of the directory's own name goes with it; S3 does not mind if there is none.
    pending = [key]
    for page in bucket.pages(prefix):
        # MinIO leaves out of its listings what lies below an object, as long as that object is there.
        hides = is_minio(page)
        keys = [entry["Key"] for entry in page.get("Contents", [])]
        found = found or next(iter(keys), None)
        pending += keys
        whole = len(pending) - len(pending) % BATCH
        remove_all(bucket, pending[:whole])
        del pending[:whole]
    if found:
        remove_all(bucket, pending)
    return found, hides


def end_streams(bucket: Bucket, layout: KeyLayout, path: str) -> None:
    """End the staged streams of `path` and of all below it, and abort every unfinished upload there."""
    key, prefix = layout.key(path), layout.prefix(path)
    unfinished = multipart.unfinished(bucket, key)
    uploads = {upload for upload in unfinished if upload[0] == key or upload[0].startswith(prefix)}
    states: list[str] = []
    for page in bucket.pages(layout.staging_prefix(path)):
        for entry in page.get("Contents", []):
            states.append(entry["Key"])
            # A server that lists no uploads at all: those of stages are named by their states too.
            staged = layout.path_of_state(entry["Key"])
            stage = None if staged is None else peeked(opened(bucket, entry["Key"]))
            if staged is not None and stage is not None and stage.upload_id is not None:
                uploads.add((layout.key(staged), stage.upload_id))
    remove_all(bucket, states)
    for staged_key, upload_id in sorted(uploads):
        multipart.abort(bucket, staged_key, upload_id)


def remove_all(bucket: Bucket, keys: Iterable[str]) -> None:
    """Delete objects in batches. Absent ones are no error.

    Raises:
        BackendError: The server could not delete a key of a batch.
    """
    batches, single = batched(keys)
    for batch in batches:
        _remove_batch(bucket, batch)
    for key in single:
        bucket.remove(key)


def _remove_batch(bucket: Bucket, batch: Batch) -> None:
    for attempt in range(bucket.retries + 1):
        time.sleep(pause_before(attempt))
        if batch.is_done(bucket.client.delete_objects(Bucket=bucket.name, Delete=batch.wanted)):
            return
    raise batch.failure()
