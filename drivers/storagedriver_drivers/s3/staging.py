"""Staged streams: what a closed, uncommitted writer leaves to be continued, by any process (WRITE-10).

The whole chunks of a stream lie in a multipart upload, which S3 keeps; the rest and the list of parts lie in one
state object, whose body is a line of JSON and then the bytes that do not fill a chunk yet.
"""

from __future__ import annotations

from storagedriver.multipart_stage import Stage, encoded, parsed
from storagedriver.staged_state import damaged, read_header
from storagedriver_drivers.s3 import multipart
from storagedriver_drivers.s3.errors import is_absent
from storagedriver_drivers.s3.objects import Bucket
from storagedriver_drivers.s3.reading import ObjectReader


def save(bucket: Bucket, state_key: str, stage: Stage, tail: bytes | bytearray) -> str:
    """Write the state object, over one that may be there; returns its ETag, which no other stage has."""
    return bucket.put(state_key, encoded(stage, tail))


def load(bucket: Bucket, state_key: str) -> tuple[Stage, bytes] | None:
    """The newest stage with its tail; None if there is none."""
    opened = _open(bucket, state_key)
    if opened is None:
        return None
    stage, tail, reader = opened
    tail += reader.read_all()
    if len(tail) != stage.tail_size:
        raise damaged("its size is not the one it names")
    return stage, tail


def peek(bucket: Bucket, state_key: str) -> Stage | None:
    """The newest stage without its tail; None if there is none."""
    opened = _open(bucket, state_key)
    if opened is None:
        return None
    stage, _, reader = opened
    reader.close()
    return stage


def end(bucket: Bucket, state_key: str, key: str) -> None:
    """Forget the stage of a path, if there is one, with all it keeps on the server."""
    stage = peek(bucket, state_key)
    if stage is None:
        return
    bucket.remove(state_key)
    if stage.upload_id is not None:
        multipart.abort(bucket, key, stage.upload_id)


def _open(bucket: Bucket, state_key: str) -> tuple[Stage, bytes, ObjectReader] | None:
    try:
        reader = ObjectReader(bucket, state_key)
    except Exception as error:
        if is_absent(error):
            return None
        raise
    try:
        header, tail = read_header(reader)
        return parsed(header, reader.etag), tail, reader
    except BaseException:
        reader.close()
        raise
