"""Deleting a file, or a directory with all below it, and ending the streams staged there."""

from __future__ import annotations

import itertools
import random
import re
import time
from collections.abc import Iterable, Sequence

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.s3 import multipart, staging
from storagedriver_drivers.s3.objects import Bucket, Layout, is_minio
from storagedriver_drivers.s3.parameters import LONGEST_KEY

_BATCH = 1000
"""Keys of one DeleteObjects request; S3 takes no more."""

_MAY_PASS = frozenset({"InternalError", "OperationAborted", "ServiceUnavailable", "SlowDown", "UnknownError"})
"""Codes of one key of a batch that boto3 would repeat for a whole request. UnknownError is what Ceph's gateway says of a
key that is written at the same moment."""

_MOST_LEVELS = LONGEST_KEY // 2
"""Levels of the deepest key."""

_MOST_REPEATS = 8
"""How often the same first key is deleted and listed again: somebody writes it anew, or the server lists what is not there."""

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that a key may have and an XML document may not."""


def delete(bucket: Bucket, layout: Layout, path: str) -> None:
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
        whole = len(pending) - len(pending) % _BATCH
        remove_all(bucket, pending[:whole])
        del pending[:whole]
    if found:
        remove_all(bucket, pending)
    return found, hides


def end_streams(bucket: Bucket, layout: Layout, path: str) -> None:
    """End the staged streams of `path` and of all below it, and abort every unfinished upload there."""
    key, prefix = layout.key(path), layout.prefix(path)
    uploads = {
        upload for upload in multipart.unfinished(bucket, key) if upload[0] == key or upload[0].startswith(prefix)
    }
    states: list[str] = []
    for page in bucket.pages(layout.state_prefix(path)):
        for entry in page.get("Contents", []):
            states.append(entry["Key"])
            # A server that lists no uploads at all: those of stages are named by their states too.
            stage = staging.peek(bucket, entry["Key"]) if layout.is_state_key(entry["Key"]) else None
            if stage is not None and stage.upload_id is not None:
                uploads.add((layout.staged_key(entry["Key"]), stage.upload_id))
    remove_all(bucket, states)
    for staged_key, upload_id in sorted(uploads):
        multipart.abort(bucket, staged_key, upload_id)


def remove_all(bucket: Bucket, keys: Iterable[str]) -> None:
    """Delete objects in batches. Absent ones are no error.

    Raises:
        BackendError: The server could not delete a key of a batch.
    """
    given = list(keys)
    remaining = iter([key for key in given if not _NOT_IN_XML.search(key)])
    while batch := list(itertools.islice(remaining, _BATCH)):
        _remove_batch(bucket, batch)
    for key in given:
        if _NOT_IN_XML.search(key):
            bucket.remove(key)


def _remove_batch(bucket: Bucket, keys: Sequence[str]) -> None:
    pending = list(keys)
    for attempt in range(bucket.retries + 1):
        if attempt:
            # Exponential backoff with full jitter, as boto3's own for whole requests.
            time.sleep(random.random() * min(1 << (attempt - 1), 20) / 10)  # noqa: S311  nothing secret depends on it
        answer = bucket.client.delete_objects(
            Bucket=bucket.name, Delete={"Objects": [{"Key": key} for key in pending], "Quiet": True}
        )
        failed = [error for error in answer.get("Errors", []) if error.get("Code") != "NoSuchKey"]
        if not failed:
            return
        again = [error["Key"] for error in failed if error.get("Code") in _MAY_PASS and error.get("Key") in pending]
        if len(again) != len(failed):
            break
        pending = again
    raise BackendError(f"{len(failed)} of {len(keys)} objects were not deleted: {failed[0].get('Code', 'no code')}")
